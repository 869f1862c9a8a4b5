#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# hub: no
# chips: sen66
#
# The disk of the store is full for a while, cannot be written, is not mounted:
# cityhubd says what is wrong and what to do, and loses nothing, also while the
# clock is set. So does a file that results go to.

# shellcheck disable=SC2317 # called through says
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/daemon.sh
. "$(dirname "$0")/daemon.sh"

disk=$daemon_dir/disk
daemon_store=$disk/store.db
clock_set=$top/build/tools/clock-set

writes_again() {
	[ "$(grep -c "store: writing again" "$daemon_log")" -ge "$1" ]
}

mkdir "$disk"
cat > "$daemon_dir/conf" <<END
store = { path = "$daemon_store"; mount = "$disk"; allow_tmpfs = true; };
END
daemon_start
wait "$daemon_pid"
is "a partition that is not mounted is refused" $? 1
ok "with a remedy" said "nothing is mounted on $disk: mount the partition"
mount -t tmpfs -o size=2m none "$disk"
daemon_start
says "then it is taken" 10 "sen66: capturing"
ok "bounded by what there is" said "no room for store.max_mb = 256: [12] MB are used at most"
daemon_stop

: > "$daemon_log"
daemon_start
says "captured" 10 "sen66: capturing"
sleep 3
dd if=/dev/zero of="$disk/fill" bs=4k 2> /dev/null
says "a full disk" 20 "store: cannot write: database or disk is full; .*free the disk"
kill -HUP "$daemon_pid"
says "no reload now" 5 "the store cannot be written, and what waits for it would be lost"
"$clock_set" step 3600
sleep 2
"$clock_set" step -3600
sleep 2
is "steps of the clock meanwhile were noticed" \
	"$(grep -c 'clock: was set by' "$daemon_log")" 2
rm "$disk/fill"
ok "it writes again by itself" wait_for 5 writes_again 1
sleep 2
daemon_stop
is "SIGTERM ends it in order" $? 0
ok "the ledger adds up" ledger
is "nothing was dropped" \
	"$(ledger_get "sum(s['dropped_store'] + s['dropped_crash'] for s in l['sensors'])")" 0
is "and nothing left out" \
	"$(python3 "$top/tests/system/store_gaps.py" "$daemon_store")" "no gap"

: > "$daemon_log"
small=$daemon_dir/small
mkdir "$small"
mount -t tmpfs -o size=16k none "$small"
cat >> "$daemon_dir/conf" <<END
sinks = ( { type = "file"; path = "$small/results.json"; } );
END

# lines NUMBER: so many results are in the file
lines() {
	[ "$(wc -l < "$small/results.json")" -ge "$1" ]
}

waits() {
	[ "$(ledger_get "l['sinks'][0]['waiting']")" -ge "$1" ]
}

daemon_start
says "results go to a file" 5 "file: writing to $small/results.json"
says "until its disk is full" 60 "file: cannot write $small/results.json: No space left on device; free the disk, or lower rotate_mb or keep; all is kept in the store"
ok "then they wait" wait_for 30 waits 3
full=$(wc -l < "$small/results.json")
mount -o remount,size=4m "$small"
ok "until there is room" wait_for 70 lines $((full + 5))
daemon_kill
tail -c 300 "$small/results.json" > "$small/torn"
truncate -s -1 "$small/torn"
cat "$small/torn" >> "$small/results.json"
daemon_start
says "a torn line" 5 "the last line of $small/results.json was not whole, cut off"
ok "and it goes on" wait_for 20 lines $((full + 8))
daemon_stop
ok "the ledger adds up again" ledger
is "each result is in the file, in order" "$(python3 - "$small/results.json" "$daemon_store" <<-'END'
	import json, sqlite3, sys
	seen = [json.loads(line)["seq"] for line in open(sys.argv[1])]
	order = list(dict.fromkeys(seen))
	db = sqlite3.connect(sys.argv[2])
	stored = [s for s, in db.execute("SELECT seq FROM batch ORDER BY id")]
	db.close()
	twice = len(seen) - len(order)
	print("yes" if order == stored and twice <= 20 else
	      (len(stored), len(order), twice, order == sorted(order)))
END
)" yes

mount --bind "$disk" "$disk"
mount -o remount,bind,ro "$disk"
: > "$daemon_log"
daemon_start
wait "$daemon_pid"
is "a disk that cannot be written is refused" $? 1
ok "with what to look at" said \
	"cannot be opened: .*is not mounted read-only|readonly database; see that the disk .*can be written" ||
	note "$(< "$daemon_log")"
finish
