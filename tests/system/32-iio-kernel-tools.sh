#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: host
#
# The tools of the kernel, tools/iio of linux-source-6.1, on each of our devices:
# what iio_generic_buffer prints is what the chip measured to the last digit, and
# iio_event_monitor tells the events of each device that has any.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/system/lib.sh
. "$here/lib.sh"
build=$here/../../build/tools

# compile TOOL: with the headers of user space, which fit Linux 6.1
compile() {
	gcc -O2 -D_GNU_SOURCE -o "$build/$1" "$2/$1.c" "$2/iio_utils.c"
}

if [ -z "${VM_KERNEL-}" ]; then
	# shellcheck source=scripts/vm.d/common.sh
	. "$here/../../scripts/vm.d/common.sh"
	source=$(kernel_source)/tools/iio || exit
	mkdir -p "$build"
	for tool in iio_generic_buffer iio_event_monitor; do
		compile $tool "$source" || die "$tool of $source does not build"
	done
	exec "$here/../../scripts/vm" --kernel uml \
		--chips sen66,pcba-dbm,ade9000,ade7953 -- \
		bash "$here/32-iio-kernel-tools.sh"
fi

work=$(mktemp -d)

# grid L1_V NOISE_DBA: the world is like that from now on
grid() {
	printf '%s\n' t_s,l1_v,l1_a,l1_pf,l1_hz,l2_v,l2_a,l2_pf,l2_hz,noise_dba \
		"0,$1,2,1,50,229,3,1,50,$2" "100000,$1,2,1,50,229,3,1,50,$2" \
		> "$work/world.csv"
	world_scenario "$work/world.csv"
}

# generic DEVICE SCANS ARGUMENT...: as many scans into $work/DEVICE
# shellcheck disable=SC2317 # called through ok
generic() {
	local dev=$1 scans=$2

	shift 2
	iio_set "$dev" current_timestamp_clock monotonic_raw
	# Its exit status means nothing.
	"$build/iio_generic_buffer" -n "$dev" -A -c "$scans" -l 1 "$@" \
		> "$work/all" 2> "$work/error"
	grep -E '^-?[0-9]+\.[0-9]+ ' "$work/all" > "$work/$dev"
	[ "$(wc -l < "$work/$dev")" = "$scans" ] || {
		wc -l "$work/$dev"
		cat "$work/error"
		return 1
	}
}

# right DEVICE CHIP [OPTION]: what was printed is in the truth log
right() {
	sim_truth "$2" > "$work/truth"
	ok "$1: to the last digit what the chip measured" python3 \
		"$here/generic_compare.py" "$(iio_dir "$1")" "$work/$1" "$work/truth" \
		"${@:3}"
}

# told DEVICE CHANNEL DIRECTION: the monitor has said so
# shellcheck disable=SC2317 # called through ok
told() {
	wait_for 5 grep -E "^Event: time: [0-9]+, type: [a-z]*$2.* direction: $3" \
		"$work/$1.events"
}

# monitor DEVICE: in the background, into $work/DEVICE.events
monitor() {
	"$build/iio_event_monitor" "$1" > "$work/$1.events" 2>&1 &
}

grid 230 60
sleep 3
for chip in sen66 pcba-dbm ade9000; do
	sim_truth $chip > /dev/null
done
ok "sen66: iio_generic_buffer captures" generic sen66 8 -g
right sen66 sen66
ok "pcba-dbm: iio_generic_buffer captures" generic pcba-dbm 8 -g
right pcba-dbm pcba-dbm --levels
ok "ade9000-wave: iio_generic_buffer captures" generic ade9000-wave 2000 -g
right ade9000-wave ade9000
ok "ade9000-meter: iio_generic_buffer captures" \
	generic ade9000-meter 3 -t cityhub-0
like "ade9000-meter: in millivolts" " $(tail -n 1 "$work/ade9000-meter")" \
	' (229999|2300[01][0-9])\.[0-9]+ '
ok "ade7953: iio_generic_buffer captures" generic ade7953 3 -g
like "ade7953: in millivolts" " $(tail -n 1 "$work/ade7953")" \
	' (2299[6-9][0-9]|2300[0-3][0-9])\.[0-9]+ '

# A level of 80 dBA, and 200 V on L1.
iio_find ade9000-meter
scale=$(< "$iio_found/in_voltage_scale")
for file in "$iio_found"/events/in_*voltage*_thresh_falling_value; do
	awk -v scale="$scale" 'BEGIN { printf "%d", 200000 / scale }' > "$file"
done
for file in "$iio_found"/events/in_*voltage0*_thresh_falling_en; do
	echo 1 > "$file"
done
iio_find ade7953
for file in "$iio_found"/events/in_*voltage0*_thresh_falling_value; do
	channel=${file##*/}
	scale=$(< "$iio_found/${channel%_thresh*}_scale")
	awk -v scale="$scale" 'BEGIN { printf "%d", 200000 / scale }' > "$file"
	echo 1 > "${file%value}en"
done
iio_set pcba-dbm events/in_pressure_thresh_rising_value 200000
iio_set pcba-dbm events/in_pressure_thresh_rising_en 1
for dev in ade9000-meter ade7953 pcba-dbm; do
	monitor $dev
done
sleep 3
fails "nothing is told before it happens" grep -h Event "$work"/*.events
grid 180 85
ok "ade9000-meter: iio_event_monitor tells a dip" told ade9000-meter voltage falling
ok "ade7953: iio_event_monitor tells a sag" told ade7953 voltage falling
ok "pcba-dbm: iio_event_monitor tells a level" told pcba-dbm pressure rising

rm -r "$work"
finish
