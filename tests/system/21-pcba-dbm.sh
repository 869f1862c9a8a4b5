#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# stock: 6.1
# smp: yes
# chips: pcba-dbm
#
# The PCBA-DBM driver against the simulated module and its truth log.

here=$(dirname "$0")
# shellcheck source=tests/system/lib.sh
. "$here/lib.sh"
# shellcheck source=tests/system/lib-polled.sh
. "$here/lib-polled.sh"
dev=pcba-dbm
# shellcheck disable=SC2034 # lib-polled.sh uses it
layout='<I4xq'

# Polls are some milliseconds apart; a host that is emulated is later. Stock
# kernels run in real time, so they get the short way.
limit=8000000 seconds=120
[ "$VM_KERNEL" = uml ] || limit=60000000 seconds=20

# Levels that change all the time and never repeat soon.
moving_world() {
	local t rows=()

	for ((t = 0; t < 300; t++)); do
		rows+=("$t,$((40 + t * 37 % 53))")
	done
	world t_s,noise_dba "${rows[@]}"
}

decibel() {
	awk -v upa="$1" 'BEGIN { printf "%d", 20 * log(upa / 20) / log(10) + 0.5 }'
}

interrupts() {
	awk '$NF == "pcba-dbm" { for (i = 2; i < NF; i++) n += $i } END { print n + 0 }' \
		/proc/interrupts
}

direct() {
	wait_for 5 iio_name $dev
	world t_s,noise_dba 0,63
	sleep 2.5
	is "a direct read" "$(decibel "$(iio_get $dev in_pressure_raw)")" 63
	is "scale: micropascal to kilopascal" "$(iio_get $dev in_pressure_scale)" \
		0.000000001
	is "label" "$(iio_get $dev in_pressure_label)" LAeq
	is "averaging time" "$(iio_get $dev in_pressure_integration_time)" 1.000000
	is "its range" "$(iio_get $dev in_pressure_integration_time_available)" \
		"[0.010000 0.001000 10.000000]"
	is "sampling frequency" "$(iio_get $dev sampling_frequency)" 1.000000000
}

averaging_time() {
	local value

	for value in 0.009 10.001 0.1255 -1; do
		ok "no averaging time of $value s" \
			refuses in_pressure_integration_time "$value" "Invalid argument"
	done
	ok "10 s" iio_set $dev in_pressure_integration_time 10
	ok "0.049 s" iio_set $dev in_pressure_integration_time 0.049
	ok "too short for the buffer" refuses buffer/enable 1 "Invalid argument"
	ok "0.125 s" iio_set $dev in_pressure_integration_time 0.125
	is "sampling frequency follows" "$(iio_get $dev sampling_frequency)" 8.000000000
}

by_seconds() {
	moving_world
	iio_set $dev in_pressure_integration_time 1
	sim_set $dev clock_ppb 3000000
	capture_start 1
	sleep "$seconds"
	fails "no direct read while the buffer is on" iio_get $dev in_pressure_raw
	ok "nor another averaging time" \
		refuses in_pressure_integration_time 2 "Device or resource busy"
	is "hwfifo" "$(iio_get $dev buffer/hwfifo_enabled) $(iio_get $dev buffer/hwfifo_watermark)" "1 1"
	capture_stop
	ok "every entry once, with its instant" \
		compare --levels --bound "$limit" --last-bound "$bound" --settle 8
	ok "one per second" [ "$(stat -c %s "$work/buffer")" -ge $(((seconds - 3) * 16)) ]
	is "none lost" "$(count lost fifo_full invalid bus_error)" "0 0 0 0"
	is "source of the stamps" "$(count stamp)" poll
	is "hwfifo is off again" "$(iio_get $dev buffer/hwfifo_enabled)" 0
}

# 90 entries of 125 ms: an interrupt each 11.25 s.
by_interrupt() {
	local before

	before=$(interrupts)
	moving_world
	iio_set $dev in_pressure_integration_time 0.125
	capture_start 200
	is "watermark is what the history can do" \
		"$(iio_get $dev buffer/hwfifo_watermark)" 90
	sleep 60
	capture_stop
	ok "$(($(interrupts) - before)) interrupts" [ $(($(interrupts) - before)) -ge 4 ]
	ok "every entry once" \
		compare --levels --bound "$limit" --last-bound "$bound" --settle 8
	is "none lost" "$(count lost invalid)" "0 0"
}

lost_interrupts() {
	before=$(interrupts)
	capture_start 90
	sim_set $dev irq_lost 2
	sleep 40
	capture_stop
	ok "interrupts were lost" [ $(($(interrupts) - before)) -le 2 ]
	ok "but no entry" compare --levels --last-bound "$limit"
	is "none counted as lost" "$(count lost)" 0
}

slow_bus() {
	local lost

	lost=$(count lost)
	sim_set $dev transfer_ns 20000000
	capture_start 1
	sleep 30
	capture_stop
	sim_set $dev transfer_ns -1
	lost=$(($(count lost) - lost))
	ok "20 ms for each transfer: torn reads are seen, $lost lost" \
		compare --levels --missing "$lost"
}

short_fault() {
	local bus

	bus=$(count bus_error)
	capture_start 1
	sleep 4
	sim_set $dev nack 2
	sleep 4
	capture_stop
	is "two messages not acknowledged are counted" "$(($(count bus_error) - bus))" 2
	ok "and no entry is lost" compare --levels
}

# Longer than the history is: 100 entries of 125 ms.
long_fault() {
	local lost

	lost=$(count lost)
	capture_start 1
	sleep 5
	sim_set $dev nack 1000000
	sleep 14
	sim_set $dev nack 0
	sleep 5
	capture_stop
	lost=$(($(count lost) - lost))
	ok "a bus that is dead for 14 s costs entries" [ "$lost" -gt 5 ]
	ok "$lost lost, as many as are missing" compare --levels --missing "$lost"
}

module_reset() {
	local before

	before=$(count invalid)
	capture_start 1
	sleep 4
	sim_set $dev reset 1
	sleep 10
	capture_stop
	ok "a reset is counted" [ "$(($(count invalid) - before))" -ge 1 ]
	ok "entries before and after" compare --levels --missing any
	ok "every 125 ms again" [ "$(stat -c %s "$work/buffer")" -ge $((80 * 16)) ]
}

tools() {
	like "iio_info" "$(iio_info 2>&1)" 'pcba-dbm \(buffer capable\)'
	is "iio_readdev" \
		"$(timeout 30 iio_readdev -T 9000 -b 4 -s 8 $dev | wc -c)" 128
	ok "iio_attr" iio_attr -c $dev pressure raw
}

direct
averaging_time
by_seconds
iio_set $dev in_pressure_integration_time 0.125
sim_set $dev clock_ppb -2000000
short_fault
tools
if [ "$VM_KERNEL" = uml ]; then
	by_interrupt
	lost_interrupts
	slow_bus
	long_fault
	module_reset
fi
unplug cityhub-pcba-dbm

# A line that is held gives no second edge, and its instant would be torn.
device=$(i2c_device) driver=/sys/bus/i2c/drivers/cityhub-pcba-dbm
echo "$device" > $driver/unbind
sim_set $dev irq_edge 1
fails "an interrupt said to be an edge is refused" \
	eval "echo $device > $driver/bind"
ok "and the log says why" eval \
	"dmesg | grep -q 'cityhub-pcba-dbm.*must be level-triggered'"
sim_set $dev irq_edge 0
ok "as a level it is taken" eval "echo $device > $driver/bind"
finish
