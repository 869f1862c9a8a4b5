#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# stock: 6.1
# chips: pcba-dbm
#
# The instants of the PCBA-DBM, whose only exact ones are those of an interrupt
# each 90 entries, delivered by a loaded host.

here=$(dirname "$0")
# shellcheck source=tests/system/lib.sh
. "$here/lib.sh"
# shellcheck source=tests/system/lib-polled.sh
. "$here/lib-polled.sh"
# lib-polled.sh uses both
# shellcheck disable=SC2034
dev=pcba-dbm layout='<I4xq'

# capture SECONDS WATERMARK
capture() {
	local t rows=()

	for ((t = 0; t < 300; t++)); do
		rows+=("$t,$((40 + t * 37 % 53))")
	done
	world t_s,noise_dba "${rows[@]}"
	capture_start "$2"
	sleep "$1"
	capture_stop
}

wait_for 5 iio_name $dev
iio_set $dev in_pressure_integration_time 0.05
sim_set $dev clock_ppb 50000
sim_set $dev clock_walk_ppb 20
sim_set $dev clock_noise_ns 50
sim_set $dev irq_profile loaded
if [ "$VM_KERNEL" = uml ]; then
	# An interrupt each 4.5 s; 256 of them to settle, that is 23040 entries.
	# The gates are those of 0.2 Hz, 1.5, 5 and 18 us, and 0.3 us.
	capture 1800 90
	ok "every entry once" compare --levels
	ok "with the instant of the interrupts" \
		compare --levels --settle 23040 --gate 1800,5300,18300
	note "$(compare --levels --settle 23040 --report --honest 1000000) bound $bound"
	is "none lost" "$(count lost invalid)" "0 0"
	is "source of the stamps" "$(count stamp)" irq
else
	capture 20 90
	reported --levels --settle 100
fi
finish
