#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# chips: pcba-dbm
#
# Each register of the PCBA-DBM against the simulated module, by the rows of
# pcba-dbm-matrix.tsv; thresholds as events; what a reset and a stuck line do.

here=$(dirname "$0")
# shellcheck source=tests/system/lib.sh
. "$here/lib.sh"
# shellcheck source=tests/system/lib-polled.sh
. "$here/lib-polled.sh"
# shellcheck source=tests/system/lib-suspend.sh
. "$here/lib-suspend.sh"
dev=pcba-dbm
# shellcheck disable=SC2034 # lib-polled.sh uses it
layout='<I4xq'
driver=/sys/bus/i2c/drivers/cityhub-pcba-dbm
wait_for 5 iio_name $dev
device=$(i2c_device)

# peek REGISTER MASK: what the module has
peek() {
	sim_set $dev peek $(($1))
	printf '0x%02x\n' $(($(< "$sim/$dev/peek") & $2))
}

# become VERSION: bind to such a module
become() {
	[ "$1" != "$version" ] || return 0
	[ ! -e "$driver/$device" ] || echo "$device" > $driver/unbind
	version=$1
	sim_set $dev version $(($1))
	echo "$device" > $driver/bind 2>/dev/null
}

# event DIRECTION VALUE|off
event() {
	local dir=thresh_$1 on=0

	[ "$2" = off ] || {
		iio_set $dev "events/in_pressure_${dir}_value" "$2"
		on=1
	}
	iio_set $dev "events/in_pressure_${dir}_en" $on
}

# noise DBA: from now on
noise() {
	world t_s,noise_dba "0,$1"
}

decibel() {
	awk -v upa="$1" 'BEGIN { printf "0x%02x\n", 20 * log(upa / 20) / log(10) + 0.5 }'
}

row() {
	local register=$1 mask=$2 want=$3 action=$4 what=$6 got

	read -ra words <<< "${5/#-/}"
	case $action in
	version)
		got=refused
		[ ! -e "$driver/$device" ] || got=binds
		is "$version $what" "$got" "${words[0]}"
		;;
	set) iio_set $dev "${words[0]}" "${words[1]}" ;;
	# Least and most are undefined until a level came.
	raw) sleep 0.3; want=$(decibel "$(iio_get $dev "${words[0]}")") ;;
	event) event "${words[@]}" ;;
	capture) iio_set $dev buffer/enable 1 ;;
	esac
	is "$version $register $what" "$(peek "$register" "$mask")" "$want"
	case $action in
	event) event "${words[0]}" off ;;
	capture) iio_set $dev buffer/enable 0 ;;
	esac
}

matrix() {
	local wanted rows=0 missing

	iio_scan $dev on
	while IFS=$'\t' read -r wanted register mask want action arguments what; do
		case $wanted in '#'* | '') continue ;; esac
		rows=$((rows + 1))
		become "$wanted"
		iio_scan $dev on 2>/dev/null
		row "$register" "$mask" "$want" "$action" "$arguments" "$what"
	done < "$here/pcba-dbm-matrix.tsv"
	ok "there were rows" test $rows -ge 30

	missing=$(awk '
		FILENAME ~ /left-out/ { named[$1] = 1; next }
		FILENAME ~ /tsv$/ { named[$2] = 1; next }
		/^#define PCBA_DBM_[A-Z_]+\t+0x[0-9a-f]+$/ && $2 !~ /VERSION_/ &&
			!($3 in named) { print $2 }' "$here"/pcba-dbm-matrix*.tsv \
		"$here/../../kernel/noise/pcba_dbm.h")
	is "every register is in a row or has a reason" "$missing" ""
}

settings() {
	become 0x81
	like "the average of an external microphone is exponential" \
		"$(iio_get $dev in_pressure_label)" '^LA$'
	is "gain" "$(iio_get $dev in_pressure_hardwaregain)" "9.000000 dB"
	for value in 0.25 48 -0.5 -1; do
		ok "no gain of $value dB" \
			refuses in_pressure_hardwaregain $value "Invalid argument"
	done
	become 0x32
	is "spectrum" "$(sed -n '1p;64,65p;$p' "/sys/kernel/debug/iio/$(iio_name $dev)/spectrum" |
		paste -sd ,)" "0-125 200,7875-8000 137,0-500 136,7500-8000 121"
	fails "a MEMS module has no gain" iio_get $dev in_pressure_hardwaregain
	become 0x31
	fails "nor this one a spectrum" \
		test -e "/sys/kernel/debug/iio/$(iio_name $dev)/spectrum"
	is "filters" "$(iio_get $dev in_pressure_filter_type_available)" "Z A C"
	ok "no other" refuses in_pressure_filter_type B "Invalid argument"
	noise 60
	iio_set $dev in_pressure_integration_time 0.1
	iio_set $dev in_pressure_filter_type C
	is "a level right after that is C-weighted, and so are least and most" \
		"$(iio_get $dev in_pressure_label) $(sleep 0.2; decibel "$(iio_get $dev in_pressure_raw)"
		decibel "$(iio_get $dev in_pressure_peak_raw)"
		decibel "$(iio_get $dev in_pressure_trough_raw)")" "LCeq 0x40
0x40
0x40"
	iio_set $dev in_pressure_integration_time 10
	since=$(raw_ns)
	timeout 1 sh -c 'echo Z > "$1"' sh "$(iio_dir $dev)/in_pressure_filter_type"
	ok "who waits for a new weighting can be stopped" \
		test $(($(raw_ns) - since)) -lt 2000000000
	is "it is set all the same" "$(iio_get $dev in_pressure_filter_type)" Z
	iio_set $dev in_pressure_integration_time 0.1
	iio_set $dev in_pressure_filter_type A
	noise 70
	sleep 0.3
	noise 50
	sleep 0.3
	is "most" "$(decibel "$(iio_get $dev in_pressure_peak_raw)")" 0x46
	is "least" "$(decibel "$(iio_get $dev in_pressure_trough_raw)")" 0x32
	iio_set $dev in_pressure_peak_raw 0
	fails "undefined until the next level" iio_get $dev in_pressure_peak_raw
	sleep 0.2
	is "both begin anew" "$(decibel "$(iio_get $dev in_pressure_peak_raw)")" 0x32
}

# listen: from now on events go to $work/events
listen() {
	iio_set $dev current_timestamp_clock monotonic_raw
	python3 "$here/event_log.py" "/dev/$(iio_name $dev)" > "$work/events" &
	listener=$!
	wait_for 5 grep -q ready "$work/events"
	seen=1
}

# expect NAME WHAT...: events since the last look; $last is its instant
expect() {
	local came

	came=$(awk -v from="$seen" 'NR > from { print $1, $2, $3 }' "$work/events" |
		paste -sd ,)
	is "$1" "$came" "$2"
	last=$(tail -n 1 "$work/events" | awk '{ print $4 }')
	seen=$(wc -l < "$work/events")
}

# soon NAME: the last event came within two averaging times of the change
soon() {
	ok "$1: after $(((last - since) / 1000000)) ms" \
		test $((last - since)) -ge 0 -a $((last - since)) -le 220000000
}

# change DBA: the noise from now on
change() {
	since=$(raw_ns)
	noise "$1"
	sleep 1
}

# thresholds NAME: rising and falling events, whatever serves them
thresholds() {
	change 81
	expect "$1: above" "$up"
	soon "$1"
	change 82
	expect "$1: it is told once" ""
	change 60
	expect "$1: within again" ""
	change 39
	expect "$1: below" "$down"
	soon "$1"
	change 60
	change 85
	expect "$1: above again" "$up"
	change 60
	expect "$1: nothing more" ""
}

events() {
	up="pressure 0 rising" down="pressure 0 falling"
	noise 60
	iio_set $dev in_pressure_integration_time 0.1
	sleep 1
	listen
	event rising 200000
	event falling 2000
	is "a threshold comes back as a level" \
		"$(iio_get $dev events/in_pressure_thresh_rising_value)" 200000
	ok "no threshold louder than any level" \
		refuses events/in_pressure_thresh_rising_value 200000001 "Invalid argument"
	ok "none without pressure" \
		refuses events/in_pressure_thresh_falling_value 0 "Invalid argument"
	thresholds "the module compares"
	capture_start 1
	sleep 1
	thresholds "the buffer is on"
	capture_stop
	thresholds "the buffer is off again"
	event falling off
	change 39
	expect "one that is off is not told" ""
	sim_set $dev reset 1
	sleep 3
	change 85
	expect "a module that was reset tells of levels again" "$up"
	ok "the reset is counted" test "$(count invalid)" -ge 1
	event rising off
	change 60
	change 85
	expect "none when both are off" ""
	kill $listener
}

interrupts() {
	awk '$NF == "pcba-dbm" { for (i = 2; i < NF; i++) n += $i } END { print n + 0 }' \
		/proc/interrupts
}

# stuck NAME: a line that stays low
stuck() {
	local before

	sim_set $dev irq_stuck 1
	before=$(interrupts)
	sleep 5
	before=$((($(interrupts) - before) / 5))
	sim_set $dev irq_stuck 0
	ok "$1: a stuck line does not take the processor, $before interrupts per second" \
		test "$before" -le 20
}

# A reset in mid-capture with the slowest way to notice it: a large watermark.
reset() {
	local before lost

	iio_set $dev in_pressure_integration_time 0.125
	before=$(count invalid)
	capture_start 80
	sleep 15
	sim_set $dev reset 1
	since=$(raw_ns)
	for _ in 1 2 3; do
		sleep 1
		[ "$(count invalid)" = "$before" ] || break
	done
	ok "a reset is counted within 3 s" test "$(count invalid)" -gt "$before"
	is "and the settings are there again" "$(peek 0x06 0x0e) $(peek 0x08 0xff) $(peek 0x05 0xff)" \
		"0x0a 0x7d 0x55"
	sleep 30
	lost=$(count lost)
	capture_stop
	ok "levels before and after, $lost lost" compare --levels --missing any
}

transfers() {
	cat "$sim/$dev/bus_transfers"
}

# asleep NAME: a level beyond, told each averaging time, while the system sleeps
asleep() {
	local before

	before=$(transfers)
	ok "$1: the system suspends" suspend devices 10
	before=$(($(transfers) - before))
	ok "$1: it is left alone meanwhile, $before transfers" \
		test "$before" -le 60
}

sleeps() {
	local before

	iio_set $dev in_pressure_integration_time 0.1
	noise 85
	event rising 200000
	sleep 1
	asleep "events"
	before=$(interrupts)
	sleep 1
	ok "events: it is heard again" test "$(interrupts)" -gt "$before"
	capture_start 1
	asleep "events and the buffer"
	capture_stop
	event rising off
}

version=''
become 0x31
noise 57
sleep 1
matrix
become 0x31
settings
events
ok "suspend can be tried" suspend_prepare
sleeps
reset
stuck "nobody listens"
event rising 200000
stuck "events"
event rising off
capture_start 1
stuck "the buffer"
capture_stop
finish
