#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: none
# stock: uml
# chips: sen55,sen66,sen50,sen54,sen62,sen63c,sen65,sen68,sen69c
# timeout: 900
#
# SEN5x and SEN6x: each command the driver uses, through sysfs and compared
# with what the simulated chip has then; all of it again after a loss of power
# and after suspend; SEN55 in captures; each member of the family. The rows are
# in sen6x-matrix.tsv, what is left out in sen6x-matrix-left-out.tsv.

here=$(dirname "$0")
# shellcheck source=tests/system/lib.sh
. "$here/lib.sh"
# shellcheck source=tests/system/lib-polled.sh
. "$here/lib-polled.sh"
# shellcheck source=tests/system/lib-suspend.sh
. "$here/lib-suspend.sh"
driver=/sys/bus/i2c/drivers/cityhub-sen6x
columns=t_s,pm1_ugm3,pm2p5_ugm3,pm4_ugm3,pm10_ugm3,temp_c,rh_pct,co2_ppm,voc_index,nox_index,hcho_ppb

# peek CHIP COMMAND WORD|runs: what the chip has, into $got; forks are slow here
peek() {
	local at=$3

	[ "$at" != runs ] || at=0x100000
	echo $((($2 << 4) + at)) > "$sim/$1/peek"
	read -r got < "$sim/$1/peek"
	printf -v got 0x%x "$got"
}

# measures: a direct read succeeds
measures() {
	wait_for 30 iio_get "$dev" in_massconcentration_pm1_raw
}

bind_anew() {
	local device

	device=$(i2c_device)
	echo "$device" > $driver/unbind && echo "$device" > $driver/bind
	wait_for 40 iio_name "$dev"
}

# fault: until it is told, which takes a minute at most
fault() {
	iio_scan "$dev" on
	iio_set "$dev" buffer/enable 1
	sleep 3
	sim_set "$dev" status 16
	sleep 62
	sim_set "$dev" status 0
	iio_set "$dev" buffer/enable 0
}

# act ACTION ARGUMENT...: do what the row says
act() {
	local action=$1

	shift
	case $action in
	bind) bind_anew ;;
	fault) fault ;;
	read) iio_get "$dev" "$1" > /dev/null ;;
	set | kept) measures && iio_set "$dev" "$1" "${*:2}" ;;
	forced) sleep 185; iio_set "$dev" "$1" "$2" ;;
	none) ;;
	*) echo "no action $action"; false ;;
	esac
}

# row COMMAND WORD WANT ACTION ARGUMENTS WHAT: one row of the table, for $dev
row() {
	local before words

	[ "$5" != - ] || set -- "$1" "$2" "$3" "$4" '' "$6"
	IFS=' ' read -ra words <<< "$5"
	[ "$4" != bind ] || set -- "$1" "$2" 0x1 "$4" '' "$6"
	peek "$dev" "$1" "$2"
	before=$got
	[ "$4" != bind ] || { sim_set "$dev" reset 1; sleep 0.2; }
	act "$4" "${words[@]}" || note "$dev: $4 $5 failed"
	peek "$dev" "$1" "$2"
	case $3 in
	+1) is "$dev $1 $6" $((got)) $((before + 1)) ;;
	+) ok "$dev $1 $6" test $((got)) -gt $((before)) ;;
	*) is "$dev $1 $6" "$got" "$3" ;;
	esac
}

# rows: all of $dev
rows() {
	while IFS=$'\t' read -r chip command word want action arguments what; do
		[ "$chip" = "$dev" ] || continue
		rows=$((rows + 1))
		row "$command" "$word" "$want" "$action" "$arguments" "$what"
	done < "$here/sen6x-matrix.tsv"
}

# still WHEN: what was set is in the chip
still() {
	local command word want action wrong='' last=none
	declare -A now

	while IFS=$'\t' read -r chip command word want action _; do
		[ "$chip" = "$dev" ] || continue
		[ "$action" = none ] || last=$action
		[ "$last" != kept ] || now[$command.$word]=$want
	done < "$here/sen6x-matrix.tsv"
	for word in "${!now[@]}"; do
		peek "$dev" "${word%.*}" "${word#*.}"
		[ "$got" = "${now[$word]}" ] || wrong="$wrong $word"
	done
	ok "$dev: ${#now[@]} words are looked at" test ${#now[@]} -ge 19
	is "$dev: settings are back after $1" "$wrong" ""
}

# comes_back: what was set survives the chip
comes_back() {
	measures
	sim_set "$dev" reset 1
	sleep 0.2
	iio_get "$dev" in_temp_raw > /dev/null 2>&1
	sleep 0.2
	still "a loss of power"
	capture_start
	sleep 4.5
	before=$(count invalid)
	size=$(stat -c %s "$work/buffer")
	sim_set "$dev" reset 1
	sleep 3
	ok "$dev: samples again three seconds after a reset in a capture" \
		test "$(stat -c %s "$work/buffer")" -gt "$size"
	is "$dev: which is counted" "$(($(count invalid) - before))" 1
	capture_stop
	still "a reset in a capture"
	sim_set "$dev" reset 1
	suspend devices 1
	still "a suspend"
	ok "$dev: and measures" measures
}

# fails_with NAME ERROR FILE VALUE: sysfs refuses it so
fails_with() {
	ok "$1" refuses "$3" "$4" "$2"
}

refusals() {
	fails_with "a tuning out of range" Invalid in_concentration0_tuning "99 13 14 181 9 231"
	fails_with "a tuning that is short" Invalid in_concentration0_tuning "99 13 14"
	fails_with "a tuning that is long" Invalid in_concentration0_tuning "99 13 14 181 51 231 1"
	fails_with "what is fixed for NOx" Invalid in_concentration1_tuning "2 13 13 721 50 229"
	fails_with "a state that is short" Invalid in_concentration0_algorithm_state 0123456789abcde
	fails_with "a state that is long" Invalid in_concentration0_algorithm_state 0123456789abcdef0
	fails_with "a state that is no number" Invalid in_concentration0_algorithm_state 0123456789abcdeg
	fails_with "a negative factor" Invalid in_temp_calibscale -1
	iio_scan "$dev" on
	iio_set "$dev" buffer/enable 1
	fails_with "what needs an idle chip while the buffer is on" busy \
		in_concentration0_tuning "100 12 12 180 50 230"
	like "the state can be read all the same" \
		"$(iio_get "$dev" in_concentration0_algorithm_state)" '^[0-9a-f]{16}$'
	iio_set "$dev" buffer/enable 0
}

# SEN66 only.
refusals_co2() {
	fails_with "a pressure out of range" Invalid out_pressure_raw 1201
	fails_with "an altitude out of range" Invalid in_concentration_co2_altitude 3001
	fails_with "a calibration too early" temporarily calibration_forced_value 500
	iio_set "$dev" buffer/enable 1
	ok "the pressure while the buffer is on" iio_set "$dev" out_pressure_raw 990
	peek "$dev" 0x6720 0
	is "gets to the chip" "$got" 0x3de
	iio_set "$dev" buffer/enable 0
	# The three minutes a calibration needs are to be those just before it.
	sleep 185
	iio_set "$dev" heater_enable 1
	is "it heats" "$(iio_get "$dev" heater_enable)" 1
	fails_with "no calibration while it rests" temporarily \
		calibration_forced_value 500
	like "and cannot be read" "$(iio_get "$dev" in_temp_raw 2>&1)" busy
	sleep 1.1
	is "for a second" "$(iio_get "$dev" heater_enable)" 0
	sleep 20
	ok "and measures then" iio_get "$dev" in_temp_raw
	sleep 185
	echo 1000 > "$(iio_dir "$dev")/../power/autosuspend_delay_ms"
	ok "it sleeps" \
		wait_for 10 grep -q suspended "$(iio_dir "$dev")/../power/runtime_status"
	fails_with "no calibration of one that slept" temporarily \
		calibration_forced_value 500
	echo -1 > "$(iio_dir "$dev")/../power/autosuspend_delay_ms"
}

# values CHANNEL...: what is read is what the chip took, word by word
values() {
	local name word file dir

	measures
	sleep "$warm"
	dir=$(iio_dir "$dev")
	sim_truth "$dev" | tail -n 1 | tr , '\n' | tail -n +2 > "$work/words"
	for name; do
		read -r word <&3
		[ "$name" != - ] || continue
		{ read -r file < "$dir/${name}_raw"; } 2>/dev/null || file=unknown
		is "$dev: $name" "$file" "$word"
	done 3< "$work/words"
}

numbers() {
	is "$dev: numbers by size, in tenths" "$(for i in 3 4 5 6 7; do
		iio_get "$dev" in_concentration${i}_raw
	done | xargs)" "312 364 588 700 840"
	is "$dev: labels" "$(cat "$(iio_dir "$dev")"/in_concentration[3-7]_label | xargs)" \
		"number-pm0p5 number-pm1 number-pm2p5 number-pm4 number-pm10"
}

# The world moves: no two samples are alike.
captures() {
	world "$columns" 0,5,8,9,12,-10,20,400,10,10,5 \
		600,105,208,309,412,50,80,1600,310,210,90
	capture_start
	sleep 20
	before=$(count invalid)
	# As a daemon cannot: that would be refused on SEN6x.
	ok "cleaning the fan in a capture" iio_set "$dev" start_cleaning 1
	sleep 25
	capture_stop
	ok "$dev: every sample before and after, with its instant" \
		compare --settle 10 --last-bound 60000000
	is "$dev: what it does not take meanwhile is not lost" \
		"$(count fifo_full lost) $(($(count invalid) - before))" "0 0 0"
	iio_set "$dev" cleaning_period 15
	capture_start
	sleep 45
	capture_stop
	ok "$dev: and by itself" compare --settle 10 --last-bound 60000000
	ok "$dev: twenty samples less" \
		test "$(stat -c %s "$work/buffer")" -lt $((30 * 24))
	is "$dev: nor then" "$(count fifo_full lost) $(($(count invalid) - before))" "0 0 0"
	iio_set "$dev" cleaning_period 604800
	python3 - "$work/buffer" <<'END'
import struct, sys

data = open(sys.argv[1], "rb").read()
scans = list(struct.iter_unpack("<4H4hq", data[:len(data) // 24 * 24]))
sys.exit(any(-1 in scan[4:8] for scan in scans))
END
	is "$dev: no 0xffff in a signed channel" $? 0
}

# A start after a sleep is one of a warm chip that forgot the VOC index.
sleeps() {
	local power state

	power=$(iio_dir "$dev")/../power
	is "$dev: it never sleeps by itself" "$(< "$power/runtime_status")" active
	state=$(iio_get "$dev" in_concentration0_algorithm_state)
	echo 2000 > "$power/autosuspend_delay_ms"
	ok "$dev: but does when told" \
		wait_for 10 grep -q suspended "$power/runtime_status"
	peek "$dev" 0x0021 0
	is "$dev: it idles" "$got" 0x0
	ok "$dev: a reading wakes it" iio_get "$dev" in_temp_raw
	is "$dev: with the state of the VOC index it had" \
		"$(iio_get "$dev" in_concentration0_algorithm_state | cut -c 1-12)" \
		"$(cut -c 1-12 <<< "$state")"
	# Neither a stop nor a start that fails is the end.
	echo "nack 1 1000000" > "$sim/$dev/bus_fault"
	sleep 3.5
	is "$dev: one that cannot be stopped is awake" \
		"$(< "$power/runtime_status")" active
	echo none > "$sim/$dev/bus_fault"
	ok "$dev: it is stopped later" \
		wait_for 10 grep -q suspended "$power/runtime_status"
	echo "nack 1 1000000" > "$sim/$dev/bus_fault"
	like "$dev: one that cannot be started is busy" \
		"$(iio_get "$dev" in_temp_raw 2>&1)" busy
	echo none > "$sim/$dev/bus_fault"
	ok "$dev: it is started later" wait_for 10 iio_get "$dev" in_temp_raw
	echo -1 > "$power/autosuspend_delay_ms"
}

particles="in_massconcentration_pm1 in_massconcentration_pm2p5 in_massconcentration_pm4 in_massconcentration_pm10"
air="$particles in_humidityrelative in_temp"
constant=0,5.24,8.4,9.96,12.04,-3.1,48.255,612.4,100,12,15.3

# What warms up slowest, formaldehyde, takes a minute.
warm=61
ok "suspend can be tried" suspend_prepare
for dev in sen50 sen54 sen55 sen62 sen63c sen65 sen66 sen68 sen69c; do
	wait_for 60 iio_name $dev || ok "$dev has a driver" false
done
rows=0
world "$columns" $constant
dev=sen55 layout='<4H4hq'
like "NOx is not known at first, as 0xffff" \
	"$(bind_anew; sim_set $dev reset 1; sleep 0.2; iio_get $dev in_temp_raw 2> /dev/null
	sleep 1.5; iio_get $dev in_concentration1_raw 2>&1)" 'No data available'
# shellcheck disable=SC2086 # a list of names
values $air in_concentration0 in_concentration1
numbers
is "$dev: typical size, nm" "$(iio_get $dev in_distance_raw) $(iio_get $dev in_distance_scale)" \
	"520 0.000000001"
captures
rows
comes_back
refusals
sleeps

world "$columns" $constant
dev=sen66 layout='<4H4hH6xq'
# shellcheck disable=SC2086
values $air in_concentration0 in_concentration1 in_concentration_co2
numbers
rows
sleep 30
comes_back
refusals
refusals_co2
ok "there were rows" test $rows -ge 74

sleep $warm
warm=0
# shellcheck disable=SC2086
{
	dev=sen50; values $particles
	dev=sen54; values $air in_concentration0
	dev=sen62; values $air
	dev=sen63c; values $air in_concentration_co2
	dev=sen65; values $air in_concentration0 in_concentration1
	dev=sen68; values $air in_concentration0 in_concentration1 in_concentration2
	dev=sen69c; values $air in_concentration0 in_concentration1 \
		in_concentration2 in_concentration_co2
}
is "hcho is in per cent" "$(iio_get sen68 in_concentration2_scale)" 0.000000010
fails "SEN50 has no temperature" iio_get sen50 in_temp_raw
fails "SEN62 has no heated CO2" iio_get sen62 calibration_auto_enable

# The CO2 sensor of SEN63C reports a fault when it is started too soon.
dev=sen63c
iio_set $dev calibration_auto_enable 0
like "SEN63C rests" "$(iio_get $dev in_temp_raw 2>&1)" busy
sleep 25
ok "for 24 s" iio_get $dev in_temp_raw
peek $dev 0x6711 0
is "and was told" "$got" 0x0

# Every command in the sources is in one of the two tables.
missing=$(awk '
	FILENAME ~ /tsv$/ { named[$1] = named[$2] = 1; next }
	/^#define SEN[56]X_CMD_/ && !($3 in named) { print $3 }' \
	"$here"/sen6x-matrix*.tsv "$here/../../kernel/environment/sen6x.h")
is "every command is in a row or has a reason" "$missing" ""
rm -r "$work"
finish
