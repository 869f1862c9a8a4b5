#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# chips: mpl3115,sen66
#
# The clock is set while a capture runs and while one waits: ticks go on on
# the grid within two periods, no number comes twice, stamps are in order, and
# who listens is told.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

build=$(dirname "$0")/../../build
cityhub=$build/cityhub
ticks=$build/tools/hub-ticks
clock=$build/tools/hub-clock
work=$(mktemp -d)
second=1000000000
free_bytes=32

ticked=$(echo /sys/bus/i2c/devices/*-0060/iio:device*)
free=$(iio_dir sen66)
id=${ticked##*device}
free_id=${free##*device}

# value KEY: from cityhub show
value() {
	"$cityhub" show --json | grep -o "\"$1\":[^,}]*" | head -n 1 | cut -d : -f 2
}

# start DIRECTORY FILE: buffer on, scans into FILE
start() {
	local file

	for file in "$1"/scan_elements/*_en; do
		echo 1 > "$file"
	done
	echo boottime > "$1/current_timestamp_clock"
	echo 1024 > "$1/buffer/length"
	echo 1 > "$1/buffer/enable"
	cat "/dev/${1##*/}" > "$2" &
	readers+=("$!")
}

# stamps FILE BYTES: the stamps of the scans in it
stamps() {
	od -A n -v -t d8 -w"$2" "$1" | awk '{ print $NF }'
}

# ordered NAME FILE BYTES: and none twice
ordered() {
	is "$1" "$(stamps "$2" "$3" | awk 'NR > 1 && $1 <= before { bad++ }
		{ before = $1 } END { print (NR > 3) " " bad + 0 }')" "1 0"
}

readers=()
echo cityhub-0 > "$ticked/trigger/current_trigger"
"$build/tools/hub-events" 70000 > "$work/events" &
listener=$!
wait_for 10 grep -q ready "$work/events"
start "$ticked" "$work/scans"
start "$free" "$work/free"

# Whether it may be armed.
fails "unsynchronised: arm is refused" "$cityhub" arm "$id"
ok "NTP says that it is synchronised" "$clock" sync 1500
ok "the command hands that in" "$cityhub" arm "$id" "$free_id"
is "with the bound" "$(value sync_bound_ns)" 1500000
ok "disarm" "$cityhub" disarm
"$clock" unsync
ok "what was handed in holds a minute" "$cityhub" arm "$id"
ok "disarm" "$cityhub" disarm
sleep 61
is "and no longer" "$(value synchronised)" false
fails "then arm is refused" "$cityhub" arm "$id"
# A capture may belong to whoever armed it, however that one ends.
"$cityhub" arm "$id" "$free_id" --force --hold > "$work/held" &
holder=$!
ok "arm and hold" wait_for 10 grep -q generation "$work/held"
is "a capture that is held is there" "$("$cityhub" list --json |
	grep -o '"gate":"open"' | wc -l)" 2
kill -9 "$holder"
wait "$holder" 2> /dev/null
is "and ends with who held it" "$("$cityhub" list --json |
	grep -o '"gate":"closed"' | wc -l)" 2

ok "policy: any" "$cityhub" set --policy any
ok "then it is not asked" "$cityhub" arm "$id" "$free_id"

# Live capture, the clock is set four times.
epoch=$(value set_count)
epochs=()
realigned=$(value realigned)
for step in 1 -1 3600 -3600; do
	sleep 3.3
	ok "the clock is set by $step s" "$clock" step "$((step * second))"
	sleep 3.4
	now=$(date +%s%N)
	is "$step s: no tick is far behind the clock" \
		"$(($(value next_due_ns) - now < 2 * second))" 1
	epochs+=("$(value set_count)")
done
is "each step aligned the grid" "$(($(value realigned) - realigned))" 4
ok "each began an epoch of the clock" test "$(value set_count)" -ge $((epoch + 4))
stats=$("$cityhub" stats --json | tr '{' '\n' | grep "^\"id\":$free_id,")
like "the free-running member has stamps of this epoch" "$stats" \
	"\"clock_epoch\":$(value set_count)\\}"
like "and its estimator a period of a second" "$stats" \
	"\"period_ps\":(99|100)[0-9]{10},|\"period_ps\":1000[0-9]{9},"
"$ticks" 0 | awk -v g="$(value generation)" '$3 == g' > "$work/ticks"
ok "disarm" "$cityhub" disarm
# Fields: index, number, generation, due, fire, state.
is "no number comes twice" "$(awk '$2 <= last { bad++ } { last = $2 }
	END { print (NR > 20) " " bad + 0 }' "$work/ticks")" "1 0"
is "every tick is due on the grid" "$(awk '$4 !~ /000000000$/' "$work/ticks")" ""
is "no wait is longer than two periods" "$(awk 'NR > 1 && $5 - last > 2.05e9
	{ last = $5 }' "$work/ticks")" ""
# A tick fires when it is due: due less fire is the clock, which was set.
is "the ticks saw four steps" "$(awk 'NR > 1 && ($4 - $5 - clock)^2 > 1e16 { n++ }
	{ clock = $4 - $5 } END { print n }' "$work/ticks")" 4

# A capture that waits for an instant starts there in the new time.
# shown KEY: from what was shown then
shown() {
	sed "s/.*\"$1\":\\([0-9-]*\\).*/\\1/" "$work/shown"
}

# waits STEP: arm for 20 s ahead, and set the clock by STEP meanwhile
waits() {
	local asked due start first before

	asked=$(($(date +%s) + 20))
	before=$(stat -c %s "$work/free")
	ok "arm for $asked" "$cityhub" arm "$id" "$free_id" --start "$asked.5"
	sleep 2.2
	"$clock" step "$(($1 * second))"
	sleep 1.5
	"$cityhub" show --json > "$work/shown"
	due=$(shown start_ns)
	first=$(shown first_tick)
	if [ "$1" -lt 18 ]; then
		is "step of $1 s: the first tick is the first at or after it" \
			"$due" "$(((asked + 1) * second))"
		is "no sample yet" "$(stat -c %s "$work/free")" "$before"
	else
		ok "step of $1 s over it: it starts at once" \
			test $((due - (asked + 1) * second)) -gt 0
	fi
	sleep $((23 - $1 > 3 ? 23 - $1 : 3))
	is "the tick that was said is the first" "$("$ticks" 0 |
		awk -v g="$(shown generation)" '$3 == g { print $2; exit }')" "$first"
	# The stamp of the first scan delivered, less the start, in boottime.
	start=$((due + $(shown boottime_ns) - $(shown realtime_ns)))
	first=$(tail -c +$((before + 1)) "$work/free" |
		od -A n -v -t d8 -w"$free_bytes" | awk 'NR == 1 { print $NF }')
	like "the free-running member starts within its second" \
		"$((first - start))" "^[0-9]{1,9}$"
	ok "disarm" "$cityhub" disarm
}

waits 7
waits -6
waits 60

ordered "scans of the ticked member are in order" "$work/scans" 16
ordered "scans of the free-running member are in order" "$work/free" "$free_bytes"

# A grid in TAI. The buffer off and on again: in no capture, all ticks pass.
echo 0 > "$ticked/buffer/enable"
echo 1 > "$ticked/buffer/enable"
fails "TAI is refused while its offset is 0" "$cityhub" set --clock tai
ok "the offset is set" "$clock" tai 37
ok "a grid in TAI, every 2 s" "$cityhub" set --clock tai --period 2 --phase 0.5
sleep 5
is "TAI ticks are due at odd seconds of UTC and a half" \
	"$("$ticks" 0 | awk '/^next/ { print substr(due, length(due) - 9) % 2000000000 }
		{ due = $4 }')" 1500000000
ok "back to UTC" "$cityhub" set --clock utc --period 1 --phase 0

kill "${readers[@]}"
wait "${readers[@]}"
echo 0 > "$ticked/buffer/enable"
echo 0 > "$free/buffer/enable"
echo > "$ticked/trigger/current_trigger"
wait "$listener"
hub_events=$(grep -c ^hub "$work/events")
ok "steps were announced ($hub_events hub events)" test "$hub_events" -ge 12
for step in "${!epochs[@]}"; do
	ok "epoch $((step + 1)) of the clock among them" \
		grep -q "^hub .*epoch=${epochs[step]}$" "$work/events"
done
ok "so was the free-running member" grep -q "^member id=$free_id .*primed=1" \
	"$work/events"
ok "also when it was switched off" grep -q "^member id=$free_id .*primed=0" \
	"$work/events"
ok "the other left its trigger" grep -q "^gone id=$id " "$work/events"
is "no event was lost" "$(grep -v ready "$work/events" | grep -vc "lost=0")" 0
finish
