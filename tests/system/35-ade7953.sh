#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# chips: ade7953,ade7953-i2c
# long: yes
# timeout: 1500
#
# The ADE7953 on both buses against the world and the truth log of the chip:
# direct reads, windows, events, faults.

here=$(dirname "$0")
# shellcheck source=tests/system/lib.sh
. "$here/lib.sh"
work=$(mktemp -d)

# grid V A PF A2 PF2: the world is like that from now on
grid() {
	printf '%s\n' t_s,l1_v,l1_a,l1_pf,l1_hz,l2_a,l2_pf \
		"0,$1,$2,$3,50.02,$4,$5" "100000,$1,$2,$3,50.02,$4,$5" \
		> "$work/world.csv"
	since=$(raw_ns)
	world_scenario "$work/world.csv"
}

# device SPI|I2C: print the iio:deviceN on that bus
device() {
	local dir

	for dir in "$iio"/iio:device*; do
		[ "$(< "$dir/name")" = ade7953 ] || continue
		case $(readlink -f "$dir") in
		*/spi*) [ "$1" = SPI ] || continue ;;
		*) [ "$1" = I2C ] || continue ;;
		esac
		echo "$dir"
	done
}

# by_label LABEL: print the value times scale of the channel with that label
by_label() {
	iio_value "$dir" "$1"
}

watts() {
	awk "BEGIN { print $* }"
}

# count COUNTER: what the hub says of the device
count() {
	member_count "\"id\":$id," "$1"
}

# one BUS CHIP: all that both buses have in common
one() {
	local bus=$1 before

	chip=$2
	dir=$(device "$bus")
	id=${dir##*iio:device}
	ok "$bus: the chip is bound" test -n "$dir"
	near "$bus: voltage" "$(by_label A-voltage)" 230100 0.1
	near "$bus: current" "$(by_label A-current)" 12500 0.02
	near "$bus: the other current" "$(by_label B-current)" 4200 0.02
	near "$bus: active power" "$(by_label A-active-power)" \
		"$(watts 230.1 '*' 12.5 '*' 900)" 20
	near "$bus: power fed back" "$(by_label B-active-power)" \
		"$(watts 230.1 '*' 4.2 '*' -800)" 20
	near "$bus: reactive power" "$(by_label A-reactive-power)" \
		"$(watts 230.1 '*' 12500 '*' 'sqrt(1 - 0.81)')" 20
	near "$bus: apparent power" "$(by_label A-apparent-power)" \
		"$(watts 230.1 '*' 12500)" 20
	near "$bus: power factor" "$(cat "$dir"/in_power0*_powerfactor)" 0.9 0.0001
	# Its sign is that of the reactive power.
	near "$bus: power factor of B" "$(cat "$dir"/in_power1*_powerfactor)" \
		0.8 0.0001
	# A step of the period is 0.011 Hz.
	near "$bus: frequency in hertz" "$(cat "$dir"/in_*voltage0*_frequency)" \
		50.02 0.012
	before=$(by_label A-energy)
	sleep 20
	# Windows are 100 half cycles of 50.02 Hz: 20 or 21 of them have ended. A
	# code is 0.095 J, and a window cuts off one at most.
	ok "$bus: 20 s of energy, in whole windows" awk "BEGIN {
		joules = $(by_label A-energy) - $before
		windows = joules / (230.1 * 12.5 * 0.9 / 1.0004)
		error = windows - int(windows + 0.5)
		print windows
		exit !(windows > 19.9 && windows < 21.1 && error * error < 1e-5) }"
	ok "$bus: energy fed back is negative" \
		awk "BEGIN { exit !($(by_label B-energy) < 0) }"
	windows "$bus"
}

# capture_start: all channels into $work/buffer, with the truth
capture_start() {
	for file in "$dir"/scan_elements/*_en; do
		echo 1 > "$file"
	done
	echo monotonic_raw > "$dir/current_timestamp_clock"
	cat "$sim/$chip/truth" > /dev/null
	: > "$work/truth"
	echo 64 > "$dir/buffer/length"
	echo 1 > "$dir/buffer/enable"
	cat "/dev/${dir##*/}" > "$work/buffer" &
	reader=$!
}

# take_truth: what the chip found up to now, behind the rest
take_truth() {
	grep -v '^#' "$sim/$chip/truth" >> "$work/truth"
}

# capture_stop NAME: what is pushed at the end of each window is what the chip
# found in it
capture_stop() {
	echo 0 > "$dir/buffer/enable"
	take_truth
	sleep 0.1
	kill $reader
	wait $reader 2>/dev/null
	windows=$(python3 "$here/window_compare.py" "$dir" "$work/buffer" "$work/truth")
	ok "$1: windows are those of the chip, at their instants" test $? = 0
	note "$windows"
}

windows() {
	capture_start
	sleep 12.3
	capture_stop "$1"
	is "$1: and all are counted" "$(count pushed)" \
		"$(sed -E 's/^([0-9]+) .*/\1/' <<< "$windows")"
	is "$1: no fault" "$(count lost)$(count bus_error)$(count invalid)" 000
}

# sag_before_end: for 0.3 s from 65 ms before the end of a window on, so that it
# is told at the last half cycle before that, and the end comes before the chip
# is asked. Half cycles are those of 50.02 Hz.
sag_before_end() {
	local s

	take_truth
	s=$(tail -n 1 "$work/truth" | python3 -c '
import sys, time
end = int(sys.stdin.readline().split(",")[0])
now = time.clock_gettime_ns(time.CLOCK_MONOTONIC_RAW)
while end < now + 1000000000:
    end += 100 * 9996001
print(end - now - 65000000)')
	awk -v s="$((s / 1000))" 'BEGIN {
		print "t_s,l1_v,l1_a,l1_pf,l1_hz,l2_a,l2_pf"
		rest = "12.5,0.9,50.02,4.2,-0.8"
		s /= 1000000
		printf "0,230.1,%s\n%.6f,230.1,%s\n", rest, s, rest
		printf "%.6f,180,%s\n%.6f,180,%s\n", s + 0.0001, rest, s + 0.3, rest
		printf "%.6f,230.1,%s\n100000,230.1,%s\n", s + 0.3001, rest, rest
	}' > "$work/world.csv"
	world_scenario "$work/world.csv"
	sleep 3
}

# expect NAME WHAT [LEAST-MS MOST-MS]: events since the last time
expect() {
	local name=$1 want=$2 came last

	came=$(awk -v from="${seen-1}" 'NR > from { print $1, $2, $3 }' \
		"$work/events" | paste -sd ,)
	is "$name" "$came" "$want"
	last=$(tail -n 1 "$work/events" | awk '{ print $4 }')
	seen=$(wc -l < "$work/events")
	[ $# = 4 ] || return 0
	ok "$name: its instant, $(((last - since) / 1000000)) ms later" \
		test $((last - since)) -ge $(($3 * 1000000)) \
		-a $((last - since)) -le $(($4 * 1000000))
}

# event NAME VALUE
event() {
	local file

	for file in "$dir"/events/in_$1; do
		echo "$2" > "$file"
	done
}

# codes VALUE CHANNEL: a value in milli-units as a raw one
codes() {
	awk -v value="$1" -v scale="$(cat "$(compgen -G "$dir/in_$2_scale")")" \
		'BEGIN { printf "%d\n", value / scale }'
}

grid 230.1 12.5 0.9 4.2 -0.8
sleep 3
one SPI ade7953
one I2C ade7953-i2c

# The chip of the I2C bus on, where asking takes long.
event '*voltage0*_thresh_falling_value' "$(codes 200000 '*voltage0*')"
event '*voltage0*_thresh_falling_period' 0.06
event '*voltage0*_thresh_falling_en' 1
sleep 2
capture_start
sleep 8
sim_set "$chip" transfer_ns 11000000
sag_before_end
sim_set "$chip" transfer_ns -1
sleep 3
capture_stop "a sag just before the end of a window"
event '*voltage0*_thresh_falling_en' 0

# stuck BUS: a line that nobody can release
stuck() {
	local before

	before=$(awk '/ade7953/ { n += $2 } END { print n }' /proc/interrupts)
	sim_set "$chip" irq_stuck 1
	sleep 5
	sim_set "$chip" irq_stuck 0
	ok "$1: a stuck line does not take the processor" \
		test $(($(awk '/ade7953/ { n += $2 } END { print n }' \
			/proc/interrupts) - before)) -le 600
}

# Asking takes longer than a sample there.
stuck I2C

# reset_unseen NAME FAULT: the transfer in which the chip tells of its reset,
# for which it has 66 ms, fails
reset_unseen() {
	local before

	sim_set "$chip" reset 1
	echo "$2" > "$sim/$chip/bus_fault"
	sleep 6
	near "$1: the chip is exact again" "$(by_label A-voltage)" 230100 0.1
	before=$(by_label A-energy)
	sleep 3
	ok "$1: and its windows end" \
		awk "BEGIN { exit !($(by_label A-energy) > $before) }"
}

reset_unseen "the status was lost on the wire" "timeout 1"
reset_unseen "that of B was not read" "nack 2 3"

# Its supply has just come on.
device=$(basename "$(readlink -f "$dir/..")")
echo "$device" > /sys/bus/i2c/drivers/cityhub-ade7953-i2c/unbind
sim_set "$chip" reset 1
ok "a chip that starts up is waited for" \
	eval "echo $device > /sys/bus/i2c/drivers/cityhub-ade7953-i2c/bind"

dir=$(device SPI) chip=ade7953 id=${dir##*iio:device}
event '*voltage0*_thresh_falling_value' "$(codes 200000 '*voltage0*')"
event '*voltage0*_thresh_falling_period' 0.06
event '*voltage0*_thresh_rising_value' "$(codes 253000 '*voltage0*')"
event '*current*_thresh_rising_value' "$(codes 20000 '*current0*')"
like "a time comes back" \
	"$(cat "$dir"/events/in_*voltage0*_thresh_falling_period)" '^0\.06'
fails "no time at all is refused" event '*voltage0*_thresh_falling_period' 0
fails "a time above the register is refused" \
	event '*voltage0*_thresh_falling_period' 2.6
fails "a level above the register is refused" \
	event '*voltage0*_thresh_rising_value' 2000000000
echo "io 1 1000" > "$sim/$chip/bus_fault"
fails "a level that does not reach the chip is refused" \
	event '*voltage0*_thresh_rising_value' "$(codes 240000 '*voltage0*')"
fails "so is a time" event '*voltage0*_thresh_falling_period' 0.1
fails "and to be told" event '*voltage0*_thresh_rising_en' 1
echo none > "$sim/$chip/bus_fault"
# The channel is named in other ways by other kernels.
is "what was before holds" \
	"$(cd "$dir/events" && cat in_*voltage0*_thresh_rising_en) $(cut -c 1-4 \
		"$dir"/events/in_*voltage0*_thresh_falling_period)" "0 0.06"
near "the level too" "$(cat "$dir"/events/in_*voltage0*_thresh_rising_value)" \
	"$(codes 253000 '*voltage0*')" 2
echo monotonic_raw > "$dir/current_timestamp_clock"
python3 "$here/event_log.py" "/dev/${dir##*/}" > "$work/events" &
listener=$!
wait_for 5 grep -q ready "$work/events"
event '*voltage0*_thresh_falling_en' 1
event '*voltage0*_thresh_rising_en' 1
event '*current1*_thresh_rising_en' 1
sleep 3
expect "all is well" ""
grid 180 12.5 0.9 4.2 1
sleep 4
expect "a sag, told once" "voltage 0 falling" 50 75
grid 230.1 12.5 0.9 4.2 1
sleep 3
grid 260 12.5 0.9 4.2 1
sleep 4
expect "an over-voltage, told once" "voltage 0 rising" 0 15
grid 230.1 12.5 0.9 25 1
sleep 4
# It has no line of its own: the end of the window tells.
expect "an overcurrent of B, told once" "current 1 rising" 0 1100
grid 230.1 25 0.9 4.2 1
sleep 4
expect "one of A is not asked for" ""
grid 0 12.5 0.9 4.2 1
sleep 3
expect "no voltage at all is a sag" "voltage 0 falling" 50 75
near "and is read as 0" "$(by_label A-voltage)" 0 0.1
grid 230.1 12.5 0.9 4.2 1
sleep 4

# Faults
before=$(count invalid)
sim_set $chip reset 1
sleep 3
ok "a reset is noticed and counted" test "$(count invalid)" -gt "$before"
near "and the chip is exact again" "$(by_label A-voltage)" 230100 0.1
grid 180 12.5 0.9 4.2 1
sleep 3
expect "with its events" "voltage 0 falling" 50 75
grid 230.1 12.5 0.9 4.2 1
sleep 3
# The look that finds it comes after two windows, when nothing else is awaited.
event '*current1*_thresh_rising_en' 0
sleep 3
before=$(count lost)
grid 0 0 1 0 1
sleep 8
grid 230.1 12.5 0.9 4.2 1
sleep 3
is "a window that waits for the mains is not lost" "$(count lost)" "$before"
sim_set $chip irq_lost 1
sleep 6
ok "a lost interrupt costs a window that is counted" \
	test "$(count lost)" -gt "$before"
stuck SPI

# What firmware says of the board.
echo spi0.0 > /sys/bus/spi/drivers/cityhub-ade7953/unbind
wait $listener
is "unbind ends the listener" "$(tail -n 1 "$work/events")" gone
printf '%s\n' adi,current-b-pga-gain=3 > "$sim/$chip/properties"
fails "a gain the chip does not have is refused" \
	eval "echo spi0.0 > /sys/bus/spi/drivers/cityhub-ade7953/bind"
printf '%s\n' adi,voltage-ratio-milli=1602000 adi,current-b-pga-gain=2 \
	adi,line-frequency-hz=60 adi,no-load-range=1000 \
	> "$sim/$chip/properties"
ok "another board" \
	eval "echo spi0.0 > /sys/bus/spi/drivers/cityhub-ade7953/bind"
sleep 1
dir=$(device SPI)
near "has another divider" "$(by_label A-voltage)" 460200 0.2
near "and gain" "$(by_label B-current)" 4200 0.02
# 1/1000 of full scale is 19.6 W here.
grid 230.1 0.02 0.9 4.2 1
sleep 1
is "what is below the no-load level is none" "$(by_label A-active-power)" 0

rm -r "$work"
finish
