#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# stock: 6.12
# chips: mpl3115-d0,mpl3115-d1,mpl3115-d2,mpl3115-d3,mpl3115-d4,mpl3115-d5,mpl3115-d6,mpl3115-d7,mpl3115-e0,mpl3115-e1,mpl3115-e2,mpl3115-e3,mpl3115-e4,mpl3115-e5,mpl3115-e6,mpl3115-e7,mpl3115-f0,mpl3115-f1,mpl3115-f2,mpl3115-f3,mpl3115-f4,mpl3115-f5,mpl3115-f6,mpl3115-f7,mpl3115-g0,mpl3115-g1,mpl3115-g2,mpl3115-g3,mpl3115-g4,mpl3115-g5,mpl3115-g6,mpl3115-g7
# timeout: 900
#
# Many members: one request opens all gates on one tick, or none. On a stock
# kernel 32 of them; User-Mode Linux has interrupt numbers for 20.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

build=$(dirname "$0")/../../build
cityhub=$build/cityhub
work=$(mktemp -d)
many=32
[ "$VM_KERNEL" != uml ] || many=20

new_slots() {
	local n

	for ((n = 8; n < many; n++)); do
		"$build/tools/nl-bad" 12 > /dev/null
		[ $? = 1 ] || return 1
	done
}

# One channel and the stamp: 16 bytes, the stamp last.
prepare() {
	local dir=$1 slot=$2

	echo "cityhub-$slot" > "$dir/trigger/current_trigger" &&
	echo monotonic > "$dir/current_timestamp_clock" &&
	echo 1 > "$dir/scan_elements/in_pressure_en" &&
	echo 0 > "$dir/scan_elements/in_temp_en" &&
	echo 1 > "$dir/scan_elements/in_timestamp_en" &&
	echo 64 > "$dir/buffer/length"
}

# gates: how many are open
gates() {
	"$cityhub" list --json | grep -o '"gate":"open"' | wc -l
}

ok "there are $many slots" new_slots
# One bus reads them all, one after the other.
ok "a period in which that can be done" "$cityhub" set --period 5
dirs=() ids=()
for device in "$iio"/iio:device*; do
	[ "${#ids[@]}" -lt "$many" ] || break
	dirs+=("$device")
	ids+=("${device##*device}")
done
is "$many devices" "${#ids[@]}" "$many"
all=yes
for n in "${!dirs[@]}"; do
	prepare "${dirs[n]}" "$n" || all="no: ${dirs[n]}"
done
is "all join" "$all" yes
# The 17th stays off.
for n in "${!dirs[@]}"; do
	[ "$n" = 16 ] || echo 1 > "${dirs[n]}/buffer/enable"
done
refusal=$("$cityhub" arm --force "${ids[@]}" 2>&1)
is "with the 17th not primed it is refused" $? 3
like "and named" "$refusal" \
	"^cityhub arm: member ${ids[16]} \(mpl3115\): member is not primed"
is "nothing opens" "$(gates)" 0
echo 1 > "${dirs[16]}/buffer/enable"
# Scans of before are not wanted.
for n in "${!dirs[@]}"; do
	dd if="/dev/iio:device${ids[n]}" of=/dev/null bs=1k iflag=nonblock 2> /dev/null
done
ok "with it one request is enough" eval \
	'"$cityhub" arm --force "${ids[@]}" --json > "$work/armed"'
is "all gates are open" "$(gates)" "$many"
first=$(grep -o '"first_tick":[0-9]*' "$work/armed" | cut -d : -f 2)
generation=$(grep -o '"generation":[0-9]*' "$work/armed" | head -n 1 | cut -d : -f 2)
sleep 11
for n in "${!dirs[@]}"; do
	"$build/tools/hub-ticks" "$n" | awk -v g="$generation" \
		'NF == 6 && $3 == g { print $2, $5, $6; exit }'
done > "$work/first"
note "$(sort "$work/first" | uniq -c)"
is "all rings begin the capture with the first tick it named" \
	"$(cut -d ' ' -f 1 "$work/first" | sort -u)" "$first"
is "$many of them" "$(wc -l < "$work/first")" "$many"
is "fired at one instant" "$(cut -d ' ' -f 2 "$work/first" | sort -u | wc -l)" 1
is "every member served it" "$(cut -d ' ' -f 3 "$work/first" | sort -u)" served
ok "disarm" "$cityhub" disarm

# What members make of it: the first stamp of each at or after that instant.
fire=$(head -n 1 "$work/first" | cut -d ' ' -f 2)
for n in "${!dirs[@]}"; do
	dd if="/dev/iio:device${ids[n]}" bs=4k iflag=nonblock 2> /dev/null |
		od -An -v -t d8 -w16 | awk -v fire="$fire" '$2 >= fire { print $2 - fire; exit }'
done | sort -n > "$work/spread"
is "each has a scan of it" "$(wc -l < "$work/spread")" "$many"
note "first stamps, ns after the tick: first $(head -n 1 "$work/spread")," \
	"last $(tail -n 1 "$work/spread")"
ok "all were stamped within a period" test "$(tail -n 1 "$work/spread")" -lt 5000000000
for dir in "${dirs[@]}"; do
	echo 0 > "$dir/buffer/enable"
	echo > "$dir/trigger/current_trigger"
done
finish
