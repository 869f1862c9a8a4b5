#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# chips: sen66
#
# A sensor that goes and comes back, and a buffer that someone switches off.

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

sen66=$(basename "$(readlink -f "$(iio_dir sen66)/..")")
daemon_conf
daemon_start
says "captured" 10 "sen66: capturing"
sleep 3

before=$(count)
iio_set sen66 buffer/enable 0
says "a buffer switched off is noticed" 10 \
	"sen66: was switched off by another program; trying again"
ok "and switched on again" wait_for 10 captures_again
sleep 3

before=$(count)
driver unbind
says "a device that goes is noticed" 10 "sen66: is gone; trying again"
sleep 2
driver bind
ok "and captured when it is back" wait_for 15 captures_again
sleep 3
daemon_stop
is "SIGTERM ends it in order" $? 0
ok "the ledger adds up" ledger
is "one sensor, under one name" "$(ledger_get "[s['sensor'] for s in l['sensors']]")" "['sen66']"
finish
