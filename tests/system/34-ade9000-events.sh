#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# chips: ade9000
# timeout: 900
#
# Dips, swells, overcurrents and lost crossings of the ADE9000 as IIO events,
# against the world that has them, and the faults around its two lines.

here=$(dirname "$0")
# shellcheck source=tests/system/lib.sh
. "$here/lib.sh"
work=$(mktemp -d)
dev=ade9000-meter

# grid V1 V2 V3 A3: the world is like that from now on; its instant in $since
grid() {
	local v1=$1 v2=$2 v3=$3 a3=$4

	printf '%s\n' t_s,l1_v,l1_a,l1_pf,l1_hz,l2_v,l2_a,l2_pf,l2_hz,l3_v,l3_a,l3_pf,l3_hz \
		"0,$v1,2,1,50,$v2,2,1,50,$v3,$a3,1,50" \
		"100000,$v1,2,1,50,$v2,2,1,50,$v3,$a3,1,50" > "$work/world.csv"
	since=$(raw_ns)
	world_scenario "$work/world.csv"
}

# attribute CHANNEL ATTRIBUTE: the file, on older and on newer kernels
attribute() {
	local file

	iio_find $dev
	for file in "$iio_found/events/in_$1"*"_$2" "$iio_found/events/in_alt$1"*"_$2"; do
		[ ! -e "$file" ] || { echo "$file"; return; }
	done
	return 1
}

# set CHANNEL ATTRIBUTE VALUE
set_event() {
	echo "$3" > "$(attribute "$1" "$2")"
}

# codes LABEL VALUE: what a value in milli-units is as a raw one
codes() {
	local file label scale

	iio_find $dev
	for file in "$iio_found"/in_*_label; do
		read -r label < "$file"
		[ "$label" = "$1" ] || continue
		label=${file##*/in_}
		read -r scale < "$iio_found/in_${label%%[!a-z]*}_scale"
		awk -v value="$2" -v scale="$scale" \
			'BEGIN { printf "%d\n", value / scale }'
	done
}

# listen: from now on events go to $work/events
listen() {
	python3 "$here/event_log.py" "/dev/$(iio_name $dev)" > "$work/events" &
	listener=$!
	wait_for 5 grep -q ready "$work/events"
}

# expect NAME WHAT [LEAST-MS MOST-MS]: events since the world last changed
expect() {
	local name=$1 want=$2 came

	came=$(awk -v from="${seen-1}" 'NR > from { print $1, $2, $3 }' "$work/events" |
		paste -sd ,)
	is "$name" "$came" "$want"
	last=$(tail -n 1 "$work/events" | awk '{ print $4 }')
	seen=$(wc -l < "$work/events")
	[ $# = 4 ] || return 0
	ok "$name: its instant, $(((last - since) / 1000000)) ms later" \
		test $((last - since)) -ge $(($3 * 1000000)) \
		-a $((last - since)) -le $(($4 * 1000000))
}

count() {
	member_count "\"name\":\"$dev\"" "$1"
}

bind() {
	echo spi0.0 > /sys/bus/spi/drivers/cityhub-ade9000/"$1"
}

grid 230 230 230 2
iio_set $dev current_timestamp_clock monotonic_raw
# So that the hub knows its counters.
iio_set $dev trigger/current_trigger cityhub-0
sleep 3
dip=$(codes L1-voltage 200000) swell=$(codes L1-voltage 253000)
over=$(codes L1-current 8000)
set_event voltage thresh_falling_value "$dip"
set_event voltage thresh_falling_period 0.06
set_event voltage thresh_rising_value "$swell"
set_event voltage thresh_rising_period 0.02
set_event current thresh_rising_value "$over"
set_event anglvel thresh_falling_period 0.1
is "a level comes back in steps of 32 codes" \
	"$(< "$(attribute voltage thresh_falling_value)")" $((dip / 32 * 32))
like "a time comes back" \
	"$(< "$(attribute voltage thresh_falling_period)")" '^0\.06'
fails "a level above the register is refused" \
	set_event voltage thresh_rising_value 2000000000
fails "a level below 0 is refused" set_event voltage thresh_falling_value -1
fails "no time at all is refused" set_event voltage thresh_falling_period 0
fails "a time above the register is refused" \
	set_event anglvel thresh_falling_period 60
echo "io 1 1000" > $sim/ade9000/bus_fault
fails "a level that does not reach the chip is refused" \
	set_event current thresh_rising_value $((over / 2))
fails "nor is an event that does not told to tell" \
	set_event voltage1 thresh_falling_en 1
echo none > $sim/ade9000/bus_fault
is "the level is as before" "$(< "$(attribute current thresh_rising_value)")" \
	$((over / 32 * 32))
is "and the event is off" "$(< "$(attribute voltage1 thresh_falling_en)")" 0
is "nothing is told by default" "$(< "$(attribute voltage0 thresh_falling_en)")" 0

listen
set_event voltage0 thresh_falling_en 1
set_event voltage1 thresh_rising_en 1
set_event current2 thresh_rising_en 1
set_event current3 thresh_rising_en 1
is "it is told to tell" "$(< "$(attribute voltage0 thresh_falling_en)")" 1
sleep 1.2
expect "all is well" ""

grid 180 180 230 2
sleep 1
expect "a dip of L1; that of L2 is not asked for" "voltage 0 falling" 55 85
sleep 2
grid 230 230 230 2
sleep 1
expect "it lasts and ends without another word" ""
grid 180 230 230 2
sleep 1
expect "the next dip" "voltage 0 falling" 55 85
grid 230 260 230 2
sleep 1
expect "a swell of L2" "voltage 1 rising" 10 45
grid 230 230 230 9
sleep 3
expect "an overcurrent of L3, and of the neutral only what flows there" \
	"current 2 rising" 0 25
grid 230 230 230 12
sleep 2.5
expect "it lasts and is told of no more" "current 3 rising"
grid 230 230 230 2
sleep 3
grid 230 230 230 9
sleep 1
expect "the next overcurrent" "current 2 rising" 0 25
grid 230 230 230 2

# One that is not asked for meanwhile, and not told of later either.
set_event anglvel0 thresh_falling_en 1
set_event voltage0 thresh_falling_en 0
sleep 1.5
expect "no event that is not asked for" ""
grid 0 230 230 2
sleep 5
expect "L1 is lost, once" "anglvel 0 falling" 90 125
grid 230 230 230 2
sleep 3
grid 0 230 230 2
sleep 1
expect "and is lost again" "anglvel 0 falling" 90 125
grid 230 230 230 2
sleep 3

set_event voltage0 thresh_falling_en 1
sleep 1
expect "what was before it was asked for is not told" ""

# What was set survives a reset of the chip, which nothing is told of.
before=$(count invalid)
sim_set ade9000 reset 1
sleep 0.01
fails "no value of a chip that was reset" cat "$(iio_dir $dev)"/in_*voltage0*_raw
sleep 1
ok "it was restored within a second" test "$(count invalid)" -gt "$before"
sleep 2
expect "no event of a chip that settles" ""
# That of L2 is in the status from now on: nobody asks for it.
grid 180 180 230 2
sleep 1
expect "levels, times and masks are as before" "voltage 0 falling" 55 85
grid 230 230 230 2
sleep 1

# Lines that nobody can release.
for line in 0 1; do
	sim_set ade9000 irq_stuck $((1 << line))
	before=$(awk '/ade9000/ { n += $2 } END { print n }' /proc/interrupts)
	sleep 5
	now=$(awk '/ade9000/ { n += $2 } END { print n }' /proc/interrupts)
	sim_set ade9000 irq_stuck 0
	note "irq$line stuck: $(((now - before) / 5)) interrupts per second"
	ok "a stuck irq$line does not take the processor" \
		test $((now - before)) -le 750
	grid 180 230 230 2
	sleep 1
	seen=$(grep -n "voltage 0 falling" "$work/events" | tail -n 1 | cut -d: -f1)
	seen=$((seen - 1))
	expect "it is served again when it is free" "voltage 0 falling"
	grid 230 230 230 2
	sleep 1
done
fails "no interrupt was given up" eval "dmesg | grep 'nobody cared'"

bind unbind
wait $listener
is "unbind ends the listener" "$(tail -n 1 "$work/events")" gone

rm -r "$work"
finish
