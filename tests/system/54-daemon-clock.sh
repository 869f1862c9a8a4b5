#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
#
# The clock is set by +-1 s and +-1 h while every sensor is captured, stored
# and sent, then synchronised: no reading is lost, doubled or out of order, the
# ledger adds up, and what went out before the sync can be dated by the log of
# the clock. What waits meanwhile goes out dated right.

# shellcheck disable=SC2317 # called through ok
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/daemon.sh
. "$(dirname "$0")/daemon.sh"

record=$daemon_dir/record
clocks=$daemon_dir/clocks
clock_set=$top/build/tools/clock-set

nothing_waits() {
	[ "$(ledger_get "l['sinks'][0]['waiting']")" -le 5 ]
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
daemon_conf_broker
broker_start
"$top/build/cityhub" watch --broker "127.0.0.1:$daemon_port" --hub test \
	--record "$record" --plain > "$daemon_dir/watch" 2>&1 &
watch_pid=$!
mosquitto_sub -p "$daemon_port" -q 1 -c -i clocks -t cityhub/v1/test/clock \
	> "$clocks" &
sub_pid=$!
sleep 1
daemon_start
sleep 7
for by in 1 -1 3600 -3600; do
	"$clock_set" step "$by"
	sleep 3.3
done
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
sleep 2
daemon_stop
is "SIGTERM ends it in order" $? 0
sleep 1
kill "$watch_pid" "$sub_pid"
wait "$watch_pid" "$sub_pid" 2> /dev/null
ok "the ledger adds up" ledger
ok "nothing lost, doubled or out of order, all dated right" compare
note "$(compare)"
broker_stop
finish
