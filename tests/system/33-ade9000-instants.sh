#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# stock: 6.1
# chips: ade9000
#
# The instants of the ADE9000 on a loaded host, against the truth log: pages of
# 16 and of 128 sample sets. The gates are 0.10, 0.30 and 0.8 us, and 0.3 us.

here=$(dirname "$0")
# shellcheck source=tests/system/lib.sh
. "$here/lib.sh"
work=$(mktemp -d)
dev=ade9000-wave

# capture WATERMARK SECONDS [CLOCK]: one phase, which keeps the log short
capture() {
	local name

	iio_set $dev current_timestamp_clock "${3-monotonic_raw}"
	iio_scan $dev off
	for name in current0 voltage0 timestamp; do
		iio_set $dev "scan_elements/in_${name}_en" 1
	done
	iio_set $dev buffer/length 4096
	iio_set $dev buffer/watermark "$1"
	sim_truth ade9000 > /dev/null
	iio_set $dev buffer/enable 1
	cat "/dev/$(iio_name $dev)" > "$work/buffer" &
	reader=$!
	sleep "$2"
	bound=$(count bound_ns)
	iio_set $dev buffer/enable 0
	sleep 0.1
	kill $reader
	wait $reader 2>/dev/null
	sim_truth ade9000 > "$work/truth"
}

compare() {
	python3 "$here/wave_compare.py" --columns 0,1 "$@" "$work/buffer" \
		"$work/truth"
}

count() {
	member_count "\"name\":\"$dev\"" "$1"
}

# right PROFILE WATERMARK SECONDS SETTLE: 256 interrupts to settle
right() {
	sim_set ade9000 irq_profile "$1"
	sim_set ade9000 seed 3
	capture "$2" "$3"
	ok "$1, pages of $2: right to the gates" \
		compare --skip "$4" --gate 400,600,1100
	note "$(compare --skip "$4" --report), bound $bound"
}

sim_set ade9000 truth_capacity 200000
sim_set ade9000 clock_ppb 150000
sim_set ade9000 clock_walk_ppb 20
sim_set ade9000 clock_noise_ns 50
if [ "$VM_KERNEL" = uml ]; then
	right loaded 16 4 4096
	right loaded 128 8 32768
	right hostile 128 8 32768
	capture 128 2 boottime
	ok "in boottime, each sample once and in order" compare
	is "no truth was lost" "$(< $sim/ade9000/truth_lost)" 0
else
	sim_set ade9000 irq_profile loaded
	capture 128 3
	compare --lost --skip 8000 --report > "$work/found"
	note "$(< "$work/found")"
	ok "the buffer is in order and of the chip" test -s "$work/found"
fi
rm -r "$work"
finish
