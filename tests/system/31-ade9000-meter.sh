#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# chips: ade9000
# long: yes
# timeout: 1500
#
# The metering device of the ADE9000 against the world it measures.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
here=$(dirname "$0")
work=$(mktemp -d)
dev=ade9000-meter

# A world that stands still; L3 feeds energy back.
cat > "$work/world.csv" <<'END'
t_s,l1_v,l1_a,l1_pf,l1_hz,l2_v,l2_a,l2_pf,l2_hz,l3_v,l3_a,l3_pf,l3_hz,l1_vthd,l1_ithd,temp_c
0,230.1,2.5,0.9,50.02,229.4,10.25,1,50.02,231.7,4,-0.8,50.02,0.021,0.093,31.4
100000,230.1,2.5,0.9,50.02,229.4,10.25,1,50.02,231.7,4,-0.8,50.02,0.021,0.093,31.4
END

# by_label LABEL: print the value times scale of the channel with that label
by_label() {
	iio_find $dev && iio_value "$iio_found" "$1"
}

# expected LABEL: what the channel should be, in units of the IIO ABI
expected() {
	awk -v label="$1" 'BEGIN {
		v["L1"] = 230.1; a["L1"] = 2.5; pf["L1"] = 0.9
		v["L2"] = 229.4; a["L2"] = 10.25; pf["L2"] = 1
		v["L3"] = 231.7; a["L3"] = 4; pf["L3"] = -0.8
		p = substr(label, 1, 2)
		va = v[p] * a[p] * 1000
		want["voltage"] = v[p] * 1000
		want["current"] = a[p] * 1000
		want["active-power"] = va * pf[p]
		want["reactive-power"] = va * sqrt(1 - pf[p] * pf[p])
		want["apparent-power"] = va
		want["frequency"] = 50.02 * 2 * atan2(0, -1)
		printf "%.9g\n", want[substr(label, 4)]
	}'
}

# One code is 0.0107 mV, 0.0026 mA, 3.8 mW; a code of the period is 30 urad/s.
# Two codes each for power, which the chip multiplies from rounded values.
tolerance() {
	case $1 in
	*-voltage) echo 0.011 ;;
	*-current) echo 0.0027 ;;
	*-power) echo 7.6 ;;
	*-frequency) echo 0.00004 ;;
	esac
}

bind() {
	echo spi0.0 > /sys/bus/spi/drivers/cityhub-ade9000/"$1"
}

world_scenario "$work/world.csv"
sleep 2
for phase in L1 L2 L3; do
	for quantity in voltage current active-power reactive-power \
			apparent-power frequency; do
		label=$phase-$quantity
		near "$label" "$(by_label $label)" "$(expected $label)" \
			"$(tolerance $label)"
	done
done
like "frequency in hertz" \
	"$(cat "$(iio_dir $dev)"/in_*voltage0*frequency)" '^50\.0200'

# extra ATTRIBUTE: of a channel whose name depends on the kernel
extra() {
	local file

	for file in "$(iio_dir $dev)"/in_$1; do
		cat "$file"
	done
}

near "power factor of L1" "$(extra 'power0*_powerfactor')" 0.9 0.000001
near "power factor of L3, which feeds back" "$(extra 'power2*_powerfactor')" \
	-0.8 0.000001
near "distortion of a voltage" "$(extra '*voltage0*_thd')" 0.021 0.000001
near "distortion of a current" "$(extra '*current0*_thd')" 0.093 0.000001
near "temperature of the chip, in steps of 0.3 degrees" "$(extra temp_input)" \
	31400 160

# The clock of the angles makes 20472 steps of a turn of 50.02 Hz.
phase() {
	awk -v turns="$1" 'BEGIN { printf "%.6f\n", turns * 2 * atan2(0, -1) }'
}

lag() {
	awk -v pf="$1" 'BEGIN { printf "%.6f\n", atan2(sqrt(1 - pf * pf), pf) }'
}

near "phase from L1 to L2" "$(by_label L1-L2-voltage-phase)" \
	"$(phase 0.3333333)" 0.0004
near "phase from L1 to L3" "$(by_label L1-L3-voltage-phase)" \
	"$(phase 0.6666667)" 0.0004
near "the current of L1 lags" "$(by_label L1-current-phase)" "$(lag 0.9)" 0.0004
near "that of L3 is turned round" "$(by_label L3-current-phase)" "$(lag -0.8)" \
	0.0004

# Calibration: 1 % more voltage, and some watts of the power off.
watts=$(awk 'BEGIN { print 232.401 * 2.5 * 0.9 * 1000 - 3794.770877 }')
voltage0=$(basename "$(echo "$(iio_dir $dev)"/in_*voltage0*_calibscale)")
power0=$(basename "$(echo "$(iio_dir $dev)"/in_power0*_calibbias)")
iio_set $dev "$voltage0" 1.01
near "a gain comes back" "$(iio_get $dev "$voltage0")" 1.01 0.00000001
iio_set $dev "$power0" -1000
near "a gain is applied" "$(by_label L1-voltage)" 232401 0.02
near "an offset is applied" "$(by_label L1-active-power)" "$watts" 8
echo "io 1 1000" > $sim/ade9000/bus_fault
fails "a gain that does not reach the chip is refused" \
	iio_set $dev "$voltage0" 1.1
echo none > $sim/ade9000/bus_fault
near "the one before holds" "$(iio_get $dev "$voltage0")" 1.01 0.00000001
fails "a gain of 3 is refused" iio_set $dev "$voltage0" 3
fails "a gain of 0 is refused" iio_set $dev "$voltage0" 0
sim_set ade9000 reset 1
sleep 4
near "both are kept over a reset of the chip" "$(by_label L1-active-power)" \
	"$watts" 8
iio_set $dev "$voltage0" 1
iio_set $dev "$power0" 0
# The window it was taken back in is to be over.
sleep 1.5

# Energy: twenty windows of a second each, signed.
before=$(by_label L1-energy) before3=$(by_label L3-energy)
sleep 20
near "20 s of energy, in joules" \
	"$(awk "BEGIN { print $(by_label L1-energy) - $before }")" \
	"$(awk 'BEGIN { print 230.1 * 2.5 * 0.9 * 20 }')" 0.1
near "20 s of energy fed back" \
	"$(awk "BEGIN { print $(by_label L3-energy) - $before3 }")" \
	"$(awk 'BEGIN { print -231.7 * 4 * 0.8 * 20 }')" 0.1

# Faults
sim_set ade9000 crc_error 2
near "a wrong checksum is read again" "$(by_label L1-voltage)" 230100 0.011
sim_set ade9000 crc_error 100
fails "no value when all checksums are wrong" \
	cat "$(iio_dir $dev)/in_energy0_raw" "$(iio_dir $dev)/in_current0_raw" \
	"$(iio_dir $dev)/in_current1_raw"
sim_set ade9000 crc_error 0
before=$(by_label L1-energy)
sim_set ade9000 reset 1
sleep 4
near "right again after a reset of the chip" "$(by_label L2-voltage)" 229400 \
	0.011
ok "and energy did not go back" \
	awk "BEGIN { exit !($(by_label L1-energy) > $before) }"

# interrupted BEFORE: there was another interrupt
interrupted() {
	[ "$(interrupts)" != "$1" ]
}

interrupts() {
	awk '/ade9000-irq0/ { print $2 }' /proc/interrupts
}

# The chip is reset after it was asked which interrupt it is, and before its
# energies are read: they are 0 then.
before=$(by_label L1-energy) n=$(interrupts)
sim_set ade9000 transfer_ns 40000000
wait_for 5 interrupted "$n"
sleep 0.1
sim_set ade9000 reset 1
sleep 2
sim_set ade9000 transfer_ns -1
sleep 2
ok "nor when the reset comes while it is read" \
	awk "BEGIN { exit !($(by_label L1-energy) >= $before) }"

# Scans
iio_scan $dev on
iio_set $dev current_timestamp_clock monotonic_raw
iio_set $dev trigger/current_trigger cityhub-0
iio_set $dev buffer/length 64
iio_set $dev buffer/enable 1
cat "/dev/$(iio_name $dev)" > "$work/buffer" &
reader=$!
sleep 10.5
# Seven scans and more, each of 20 words, three energies and a stamp
scans=$(($(stat -c %s "$work/buffer") / 112))
ok "a scan each second" test $scans -ge 10 -a $scans -le 11
scan=$(python3 "$here/meter_scan.py" "$(iio_dir $dev)" "$work/buffer")
for phase in L1 L2 L3; do
	for quantity in voltage current active-power reactive-power \
			apparent-power frequency; do
		label=$phase-$quantity
		near "scan: $label" \
			"$(awk -v label=$label '$1 == label { print $2 }' \
			   <<< "$scan")" "$(expected $label)" \
			"$(tolerance $label)"
	done
done
near "scan: energy per second" \
	"$(awk '$1 == "L1-energy" { print $3 }' <<< "$scan")" \
	"$(awk 'BEGIN { print 230.1 * 2.5 * 0.9 }')" 0.01

bind unbind
wait $reader
is "unbind ends the reader" $? 1
# A line that is held gives no second edge, and its instant would be torn.
sim_set ade9000 irq_edge 1
fails "an interrupt said to be an edge is refused" bind bind
ok "and the log says why" eval \
	"dmesg | grep -q 'cityhub-ade9000.*must be level-triggered'"
sim_set ade9000 irq_edge 0
ok "bind again" bind bind
near "and it measures" "$(by_label L1-voltage)" 230100 0.011

# What firmware says of the board.
bind unbind
echo adi,wiring=star > "$sim/ade9000/properties"
fails "a wiring the chip does not know is refused" bind bind
ok "and the log names it" eval "dmesg | grep -q 'wiring star is unknown'"
printf '%s\n' adi,wiring=3-wire-delta adi,voltage-ratio-milli=1602000 \
	adi,current-pga-gain=4 > "$sim/ade9000/properties"
ok "another board" bind bind
near "twice the divider" "$(by_label L1-voltage)" 460200 0.03
near "a gain that the scale knows" "$(by_label L1-current)" 2500 0.0027
# A - C: the angle between them is a third of a turn.
near "the voltage of a delta" "$(by_label L2-voltage)" "$(awk 'BEGIN {
	v = 230.1 * 230.1 + 231.7 * 231.7 + 230.1 * 231.7
	printf "%.3f\n", 2000 * sqrt(v) }')" 0.05

rm -r "$work"
finish
