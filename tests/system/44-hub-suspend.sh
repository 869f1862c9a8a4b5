#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# stock: 6.1
# smp: yes
# chips: mpl3115,sen66,pcba-dbm
#
# The system suspends under a capture: the grid stops before the members do,
# and goes on at the next tick of UTC after they are back; each tick that did
# not come is counted, and who listens is told. Judged on the numbers and the
# instants of the ticks: what a slow machine skips is counted as well.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/lib-suspend.sh
. "$(dirname "$0")/lib-suspend.sh"

build=$(dirname "$0")/../../build
cityhub=$build/cityhub
ticks=$build/tools/hub-ticks
join=$build/tools/hub-join
work=$(mktemp -d)
second=1000000000
asleep=5

ticked=$(echo /sys/bus/i2c/devices/*-0060/iio:device*)
sen66=$(iio_dir sen66)
dbm=$(iio_dir pcba-dbm)
id=${ticked##*device}

# value KEY: from cityhub show
value() {
	"$cityhub" show --json | grep -o "\"$1\":[^,}]*" | head -n 1 | cut -d : -f 2
}

# counter DIRECTORY KEY: of a member
counter() {
	member_count "\"id\":${1##*device}," "$2"
}

# start DIRECTORY NAME CLOCK: buffer on, scans into a file
start() {
	local file

	for file in "$1"/scan_elements/*_en; do
		echo 1 > "$file"
	done
	echo "$3" > "$1/current_timestamp_clock"
	echo 1024 > "$1/buffer/length"
	echo 1 > "$1/buffer/enable"
	cat "/dev/${1##*/}" > "$work/$2" 2> "$work/$2.error" &
	readers+=("$!")
}

# stop DIRECTORY: buffer off; what was read stays
stop() {
	kill "${readers[0]}"
	wait "${readers[0]}" 2> /dev/null
	readers=("${readers[@]:1}")
	echo 0 > "$1/buffer/enable"
}

hub_events() {
	grep -c ^hub "$work/events"
}

# look: the state of the grid before or after a suspend, into $skipped,
# $offset (UTC less the monotonic clock) and $next (place in the ring)
look() {
	skipped=$(value skipped)
	offset=$(value realtime_ns)
	next=$("$ticks" 0 | sed -n 's/^next //p')
}

# field KEY LINE: a value of a line KEY=VALUE...
field() {
	[[ " $2 " =~ " $1="([0-9]*) ]] && echo "${BASH_REMATCH[1]}"
}

# summary OFFSET_BEFORE OFFSET_AFTER: of the ticks on standard input (index,
# number, generation, due, fire, state): the numbers missing, in all and most
# at once; ticks that are not the number of their instant on the grid, that
# fired before they were due (the clock of uml has steps of 256 ns), and that
# fired when the next was due
summary() {
	awk -v offset="$1" -v after="$2" -v second=$second '
		/^next/ { exit }
		{ n++ }
		n > 1 {
			gap = $2 - number - 1
			missing += gap
			if (gap > most)
				most = gap
			if (gap > 2)
				offset = after
			if ($4 - due != (gap + 1) * second)
				off++
		}
		{
			if ($4 !~ /000000000$/)
				off++
			late = $5 + offset - $4
			early += late < -1000
			overdue += late >= second
			number = $2
			due = $4
		}
		END { printf "ticks=%d missing=%d most=%d off=%d early=%d overdue=%d\n",
			n, missing, most, off, early, overdue }'
}

# asleep NAME SECONDS COMMAND...: suspend under the capture that runs
asleep() {
	local name=$1 seconds=$2 from before offset_before told got
	local samples_sen66 samples_dbm

	shift 2
	look
	from=$next before=$skipped offset_before=$offset told=$(hub_events)
	sleep 2.2
	samples_sen66=$(counter "$sen66" pushed)
	samples_dbm=$(counter "$dbm" pushed)
	ok "$name: the system suspends" "$@"
	sleep 4.3
	look
	got=$("$ticks" 0 "$from" | summary "$offset_before" "$offset")
	note "$name: $got"
	ok "$name: no tick reached a member that was asleep" \
		test "$(field most "$got")" -ge $((seconds - 1))
	is "$name: each tick that did not come is counted" \
		"$((skipped - before))" "$(field missing "$got")"
	like "$name: the others are on the grid, none early, none overdue" "$got" \
		"ticks=([4-9]|[1-9][0-9]).* off=0 early=0 overdue=0$"
	ok "$name: it is announced" test "$(hub_events)" -gt "$told"
	ok "$name: sen66 goes on" \
		test "$(counter "$sen66" pushed)" -gt "$samples_sen66"
	ok "$name: pcba-dbm goes on" \
		test "$(counter "$dbm" pushed)" -gt "$samples_dbm"
}

readers=()
ok "this kernel can try to suspend" suspend_prepare || finish
echo cityhub-0 > "$ticked/trigger/current_trigger"
stdbuf -oL "$build/tools/hub-events" 600000 > "$work/events" &
listener=$!
wait_for 10 grep -q ready "$work/events"
# Ticks are in the monotonic clock, and so must be what is joined with them: the
# others move against it when the system sleeps.
start "$ticked" ticked monotonic
start "$sen66" sen66 boottime
start "$dbm" dbm boottime
ok "arm" "$cityhub" arm --force "$id" "${sen66##*device}" "${dbm##*device}"

asleep "processes frozen" $asleep suspend freezer $asleep
asleep "devices asleep" $asleep suspend devices $asleep
asleep "devices asleep again" $asleep suspend devices $asleep
# Only uml can lose its clocks and come back: QEMU would lose its shares.
[ "$VM_KERNEL" != uml ] ||
	asleep "suspended to memory" $asleep suspend_all $asleep
ok "disarm" "$cityhub" disarm

# A capture that should have started while the system slept.
asked=$(($(date +%s) + 3))
ok "arm for an instant to come" "$cityhub" arm --force --start "$asked" "$id"
ok "the system sleeps over it" suspend devices $asleep
sleep 2.2
generation=$(value generation)
"$ticks" 0 | awk -v g="$generation" '$3 == g' > "$work/waited"
is "its first tick is the one that was said" \
	"$(awk '{ print $2; exit }' "$work/waited")" "$(value first_tick)"
is "due when that was said" \
	"$(awk '{ print $4; exit }' "$work/waited")" "$(value start_ns)"
ok "not while the system slept" \
	test "$(($(value start_ns) / second - asked))" -ge 1
ok "disarm" "$cityhub" disarm
# For the reader of the last scan.
sleep 1.2
stop "$ticked"
joined=$("$join" 0 monotonic 16 < "$work/ticked")
note "$joined"
like "every scan of the ticked member has its tick" "$joined" \
	" unticked=0 later=0 unread=0 "
is "every tick served has its scan" "$(field scans "$joined")" \
	"$(field "done" "$joined")"
stop "$sen66"
stop "$dbm"

# With nobody on, nothing fires after a suspend either. The timer ends with the
# first tick that finds nobody.
sleep 2.2
fired=$(value fired)
ok "the system suspends with no member on" suspend devices 1
sleep 2.2
is "no tick fires for nobody" "$(value fired)" "$fired"
echo > "$ticked/trigger/current_trigger"
kill "$listener"
finish
