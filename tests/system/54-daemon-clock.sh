#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
#
# The clock is set by +-1 s and +-1 h while every sensor is captured, stored
# and sent, then synchronised: no reading is lost, doubled or out of order, the
# ledger adds up, and what went out before the sync can be dated by the log of
# the clock. What waits meanwhile goes out dated right. All the while there are
# sinks that are away in other ways, and a subscriber that does not read.

# shellcheck disable=SC2317 # called through ok
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/daemon.sh
. "$(dirname "$0")/daemon.sh"

record=$daemon_dir/record
clocks=$daemon_dir/clocks
clock_set=$top/build/tools/clock-set

# waiting SINK: so many of its batches are not acknowledged
waiting() {
	ledger_get "[s['waiting'] for s in l['sinks'] if s['sink'] == '$1'][0]"
}

nothing_waits() {
	[ "$(waiting mqtt)" -le 5 ]
}

# file_has_all: nearly every result is in the file; looked for now and then, for
# it takes time
file_has_all() {
	for _ in {1..30}; do
		sleep 3
		[ "$(waiting file)" -gt 5 ] || return 0
	done
	return 1
}

# seqs: of the results on standard input, each once
seqs() {
	grep -o '"seq":[0-9]*' | sort -t : -n -k 2 | uniq | sha256sum
}

# hub_is true|false: does the hub think that the clock is synchronised?
hub_is() {
	"$top/build/cityhub" show --json | grep -qE "\"synchronised\": *$1"
}

compare() {
	ledger --json > "$daemon_dir/ledger"
	python3 "$top/tests/system/clock_compare.py" "$record" "$clocks" \
		"$daemon_dir/ledger" "$top/Documentation/schema"
}

ok "the clock of the test kernel is not synchronised" "$clock_set" unsync
silent_port=$((daemon_port + 1)) hole_port=$((daemon_port + 2))
full=$daemon_dir/full
mkdir "$full"
mount -t tmpfs -o size=16k none "$full"
daemon_conf_broker
away='type = "mqtt"; tls = false; drain_s = 0.0; host ='
cat >> "$daemon_dir/conf" <<-END
	sinks = (
	  { name = "silent"; $away "127.0.0.1"; port = $silent_port; },
	  { name = "hole"; $away "127.0.0.1"; port = $hole_port; },
	  { name = "nameless"; $away "broker.invalid"; },
	  { type = "file"; path = "$full/results.json"; } );
END
for kind in silent hole; do
	port=${kind}_port
	python3 "$top/tests/system/bad_broker.py" $kind "${!port}" > "$daemon_dir/$kind" &
	bad_pids="${bad_pids-} $!"
	wait_for 10 grep -q ready "$daemon_dir/$kind"
done
broker_start
mosquitto_sub -p "$daemon_port" -q 1 -c -i slow -t 'cityhub/v1/test/data/#' \
	> "$daemon_dir/slow" &
slow_pid=$!
"$top/build/cityhub" watch --broker "127.0.0.1:$daemon_port" --hub test \
	--record "$record" --plain > "$daemon_dir/watch" 2>&1 &
watch_pid=$!
mosquitto_sub -p "$daemon_port" -q 1 -c -i clocks -t cityhub/v1/test/clock \
	> "$clocks" &
sub_pid=$!
sleep 1
kill -STOP "$slow_pid"
daemon_start
sleep 7
for by in 1 -1 3600 -3600; do
	"$clock_set" step "$by"
	sleep 3.3
done
says "a broker without an address" 5 "nameless: .*no address for this name"
says "one that is black-holed" 15 "hole: .*no answer"
says "one that acknowledges nothing" 25 "silent: .*takes messages and acknowledges none"
says "a file whose disk is full" 5 "file: cannot write .*No space left on device"
is "each step was noticed" "$(grep -c 'clock: was set by' "$daemon_log")" 4
# The clock is set right, and then said to be so.
"$clock_set" step -7.25
"$clock_set" sync 2000
says "the first sync" 5 "clock: synchronised, within 0.00[0-9]+ s"
sleep 4
ok "the hub is told" hub_is "true"
broker_stop
"$clock_set" step 3600
sleep 4
ok "and that it is no longer so" hub_is "false"
"$clock_set" step -3600.5
sleep 3
"$clock_set" sync 3000
sleep 3
broker_start
sleep 2
ok "the backlog drains" wait_for 30 nothing_waits
mount -o remount,size=8m "$full"
kill -CONT "$slow_pid"
ok "and the file is written when its disk has room" file_has_all
sleep 2
daemon_stop
is "SIGTERM ends it in order" $? 0
for sink in silent hole nameless; do
	is "all waits for $sink" "$(waiting $sink)" \
		"$(ledger_get "[s['made'] for s in l['sinks'] if s['sink'] == '$sink'][0]")"
done
sleep 1
is "who did not read has all, as who did, and the file" \
	"$(seqs < "$daemon_dir/slow")$(seqs < "$full/results.json")" \
	"$(seqs < "$record")$(seqs < "$record")"
# shellcheck disable=SC2086 # several
kill $bad_pids "$slow_pid"
kill "$watch_pid" "$sub_pid"
wait "$watch_pid" "$sub_pid" 2> /dev/null
ok "the ledger adds up" ledger
ok "nothing lost, doubled or out of order, all dated right" compare
note "$(compare)"
broker_stop
finish
