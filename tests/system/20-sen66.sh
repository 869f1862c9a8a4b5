#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# stock: 6.1
# smp: yes
# chips: sen66
#
# The SEN66 driver against the simulated chip and its truth log.

here=$(dirname "$0")
# shellcheck source=tests/system/lib.sh
. "$here/lib.sh"
# shellcheck source=tests/system/lib-polled.sh
. "$here/lib-polled.sh"
dev=sen66
layout='<4H4hH6xq'
columns=t_s,pm1_ugm3,pm2p5_ugm3,pm4_ugm3,pm10_ugm3,temp_c,rh_pct,co2_ppm,voc_index,nox_index

# Two polls of 21 ms and a rest make a bracket; a host that is emulated is
# later. Stock kernels run in real time, so they get the short way.
limit=60000000 seconds=60
[ "$VM_KERNEL" = uml ] || limit=120000000 seconds=20

# reads ATTRIBUTE VALUE SCALE: a direct read gives the value, within one step
reads() {
	local raw

	raw=$(iio_get $dev "$1_raw")
	ok "$1: $raw is $2" awk -v raw="$raw" -v want="$2" -v scale="$3" '
		BEGIN { d = raw - want / scale; exit !(d >= -1 && d <= 1) }'
	is "$1: scale" "$(iio_get $dev "$1_scale" | sed -E 's/0+$//; s/\.$//')" "$3"
}

direct() {
	wait_for 5 iio_name $dev
	world "$columns" 0,5.24,8.4,9.96,12.04,-3.1,48.255,612.4,100,12
	like "NOx is not known yet" \
		"$(cat "$(iio_dir $dev)/in_concentration1_raw" 2>&1)" 'No data available'
	sleep 13
	reads in_massconcentration_pm1 5.24 0.1
	reads in_massconcentration_pm2p5 8.4 0.1
	reads in_massconcentration_pm4 9.96 0.1
	reads in_massconcentration_pm10 12.04 0.1
	reads in_humidityrelative 48255 10
	reads in_temp -3100 5
	reads in_concentration0 100 0.1
	reads in_concentration1 12 0.1
	reads in_concentration_co2 0.06124 0.0001
	is "labels of the gas indices" \
		"$(iio_get $dev in_concentration0_label) $(iio_get $dev in_concentration1_label)" \
		"voc-index nox-index"
	is "sampling frequency" "$(iio_get $dev sampling_frequency)" 1
}

# A moving world: no two samples are alike.
moving_world() {
	world "$columns" 0,5,8,9,12,-10,20,400,10,10 \
		600,105,208,309,412,50,80,1600,310,210
}

capture() {
	moving_world
	sim_set $dev clock_ppb 5000000
	capture_start
	sleep "$seconds"
	fails "no direct read while the buffer is on" iio_get $dev in_temp_raw
	capture_stop
	ok "every sample, with its values and its instant" \
		compare --bound "$limit" --last-bound "$bound" --settle 10
	ok "one per second" [ "$(stat -c %s "$work/buffer")" -ge $(((seconds - 3) * 32)) ]
	is "all were pushed, none lost" "$(count fifo_full gated lost invalid)" "0 0 0 0"
	is "source of the stamps" "$(count stamp)" poll
	sim_set $dev clock_ppb 0
}

some_channels() {
	iio_scan $dev off
	iio_set $dev scan_elements/in_temp_en 1
	iio_set $dev scan_elements/in_timestamp_en 1
	iio_set $dev buffer/enable 1
	is "one channel and the stamp are 16 bytes" \
		"$(timeout 10 head -c 32 "/dev/$(iio_name $dev)" | wc -c)" 32
	iio_set $dev buffer/enable 0
}

short_faults() {
	local bus crc

	bus=$(count bus_error) crc=$(count crc_error)
	capture_start
	sleep 5.2
	sim_set $dev nack 2
	sleep 3
	sim_set $dev crc_error 2
	sleep 5
	capture_stop
	is "two messages not acknowledged are counted" "$(($(count bus_error) - bus))" 2
	is "two wrong checksums are counted" "$(($(count crc_error) - crc))" 2
	ok "and no sample is lost" compare --last-bound "$limit"
}

long_fault() {
	local lost

	lost=$(count lost)
	capture_start
	sleep 5
	sim_set $dev nack 1000000
	sleep 6.5
	sim_set $dev nack 0
	sleep 5
	capture_stop
	lost=$(($(count lost) - lost))
	ok "a bus that is dead for 6.5 s costs samples" [ $lost -ge 5 ]
	ok "$lost lost, as many as are missing" compare --missing $lost --last-bound "$limit"
}

chip_reset() {
	local before

	before=$(count invalid)
	capture_start
	sleep 4.5
	sim_set $dev reset 1
	sleep 9
	capture_stop
	is "silence is counted" "$(($(count invalid) - before))" 1
	ok "measuring again" [ "$(stat -c %s "$work/buffer")" -ge $((6 * 32)) ]
	ok "values before and after" compare --missing any --last-bound "$limit"
	sleep 12
	ok "a direct read" iio_get $dev in_temp_raw
	sim_set $dev reset 1
	sleep 0.2
	fails "a direct read after a reset" iio_get $dev in_temp_raw
	sleep 1.3
	ok "has set it measuring again" iio_get $dev in_temp_raw
}

tools() {
	like "iio_info" "$(iio_info 2>&1)" 'sen66 \(buffer capable\)'
	is "iio_readdev" "$(timeout 30 iio_readdev -T 9000 -b 2 -s 4 $dev | wc -c)" 128
	ok "iio_attr" iio_attr -c $dev temp raw
}

direct
capture
short_faults
tools
if [ "$VM_KERNEL" = uml ]; then
	some_channels
	long_fault
	chip_reset
fi
unplug cityhub-sen6x
finish
