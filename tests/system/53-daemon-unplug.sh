#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# chips: sen66,pcba-dbm
#
# A sensor that goes and comes back, and a buffer that someone switches off: all
# of it by what the kernel tells, not because it is looked for now and then.

# shellcheck disable=SC2317 # called through ok
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/daemon.sh
. "$(dirname "$0")/daemon.sh"

count() {
	grep -c "sen66: capturing" "$daemon_log"
}

captures_again() {
	[ "$(count)" -gt "$before" ]
}

# driver unbind|bind
driver() {
	echo "$sen66" > "/sys/bus/i2c/drivers/cityhub-sen6x/$1"
}

# dbm_driver unbind|bind
dbm_driver() {
	echo "$dbm" > "/sys/bus/i2c/drivers/cityhub-pcba-dbm/$1"
}

sen66=$(basename "$(readlink -f "$(iio_dir sen66)/..")")
dbm=$(basename "$(readlink -f "$(iio_dir pcba-dbm)/..")")
daemon_conf_devices sen66
sed -i 's/rescan_s = 1.0/rescan_s = 3600.0/' "$daemon_dir/conf"
daemon_start
says "captured" 10 "sen66: capturing"
sleep 3

before=$(count)
iio_set sen66 buffer/enable 0
says "a buffer switched off is noticed" 4 \
	"sen66: was switched off by another program; switching it on again .1 times"
ok "and switched on again" wait_for 1 captures_again
sleep 3

# It writes to the buffer before it is told that someone else has it.
before=$(count)
timeout 2 iio_readdev -u local: -b 4 -s 4 sen66 > "$daemon_dir/readdev" 2>&1
ok "iio_readdev does not get the device" [ $? -ne 0 ]
note "$(head -c 300 "$daemon_dir/readdev")"
says "but what it did is noticed" 4 "switching it on again .2 times"
ok "and undone" wait_for 1 captures_again
sleep 3

before=$(count)
driver unbind
says "a device that goes is noticed" 3 "sen66: is gone; trying again"
sleep 2
driver bind
ok "and captured when it is back" wait_for 3 captures_again
sleep 3
daemon_stop
is "SIGTERM ends it in order" $? 0
ok "the ledger adds up" ledger
is "order is kept, and a break costs seconds" "$(python3 - "$daemon_store" <<-'END'
	import sqlite3, sys
	db = sqlite3.connect(sys.argv[1])
	from_s = [f for f, in db.execute(
	    "SELECT from_ns / 1000000000 FROM batch ORDER BY id")]
	db.close()
	gaps = [b - a - 1 for a, b in zip(from_s, from_s[1:])]
	print(from_s == sorted(from_s) and max(gaps) <= 6 or gaps)
END
)" True
is "one sensor, under one name" "$(ledger_get "[s['sensor'] for s in l['sensors']]")" "['sen66']"

# Each gets the number that the other had.
daemon_store=$daemon_dir/swapped.db
: > "$daemon_log"
daemon_conf
sed -i 's/rescan_s = 1.0/rescan_s = 3600.0/' "$daemon_dir/conf"
daemon_start
says "two are captured" 10 "pcba-dbm: capturing"
sleep 3
before=$(count)
was=$(iio_dir sen66)
driver unbind
dbm_driver unbind
dbm_driver bind
driver bind
ok "captured again when they changed places" wait_for 10 captures_again
fails "which they did" [ "$(iio_dir sen66)" = "$was" ]
sleep 4
daemon_stop
is "each has its own results" "$(python3 - "$daemon_store" <<-'END'
	import sqlite3, sys
	db = sqlite3.connect(sys.argv[1])
	print(db.execute("SELECT count(*) FROM layout").fetchone()[0])
	db.close()
END
)" 2
ok "their ledger adds up" ledger
finish
