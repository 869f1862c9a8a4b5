#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# smp: yes
# chips: ade9000,ade7953-i2c
#
# The energy chips go on while the system sleeps: nobody speaks to them then,
# and afterwards all they measured is taken or counted as lost. Stamps are in
# boottime, which goes on as well. That nobody speaks to them shows on two
# processors only: on one, what is busy with waiting lets no thread run.

here=$(dirname "$0")
# shellcheck source=tests/system/lib.sh
. "$here/lib.sh"
# shellcheck source=tests/system/lib-suspend.sh
. "$here/lib-suspend.sh"
work=$(mktemp -d)
wave=$(iio_dir ade9000-wave)
meter=$(iio_dir ade9000-meter)
ade7953=$(iio_dir ade7953)

# counter DIRECTORY KEY: of a member
counter() {
	member_count "\"id\":${1##*device}," "$2"
}

# start DIRECTORY CHANNEL: buffer on with two words and the stamp at most, scans
# into a file
start() {
	local file

	for file in "$1"/scan_elements/in_$2_en "$1"/scan_elements/in_timestamp_en; do
		echo 1 > "$file"
	done
	echo boottime > "$1/current_timestamp_clock"
	echo 32768 > "$1/buffer/length"
	echo "$3" > "$1/buffer/watermark"
	echo 1 > "$1/buffer/enable"
	cat "/dev/${1##*/}" > "$work/${1##*/}" &
	readers+=("$!")
}

# missing DIRECTORY PERIOD-NS: samples that are missing between those that came,
# by their stamps; "disorder" when these go back
missing() {
	python3 - "$work/${1##*/}" "$2" <<'END'
import struct, sys

data = open(sys.argv[1], "rb").read()
stamps = [s[0] for s in struct.iter_unpack("=8xq", data[:len(data) // 16 * 16])]
if any(b <= a for a, b in zip(stamps, stamps[1:])):
    print("disorder")
else:
    print(round((stamps[-1] - stamps[0]) / int(sys.argv[2])) + 1 - len(stamps))
END
}

joules() {
	awk -v raw="$(cat "$meter"/in_energy0*_raw)" \
		-v scale="$(cat "$meter"/in_energy*scale)" 'BEGIN { printf "%.1f\n", raw * scale }'
}

boottime_ms() {
	python3 -c 'import time; print(time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000000)'
}

transfers() {
	echo $(($(< $sim/ade9000/bus_transfers) + $(< $sim/ade7953-i2c/bus_transfers)))
}

# accounted NAME DIRECTORY PERIOD-NS SLACK: what is missing is counted
accounted() {
	local gone lost

	gone=$(missing "$2" "$3")
	lost=$(counter "$2" lost)
	ok "$1: $gone missing, $lost counted as lost" \
		test $((gone - lost)) -ge "-$4" -a $((gone - lost)) -le "$4"
}

# asleep NAME COMMAND...: suspend while both are captured
asleep() {
	local name=$1 before

	shift
	before=$(transfers)
	ok "$name: the system suspends" "$@"
	before=$(($(transfers) - before))
	ok "$name: nobody speaks to them meanwhile, $before transfers" \
		test "$before" -le 600
	before="$(counter "$wave" pushed) $(counter "$ade7953" pushed)"
	sleep 4.3
	ok "$name: waveforms come again" \
		test "$(counter "$wave" pushed)" -gt $((${before% *} + 24000))
	ok "$name: and windows" \
		test "$(counter "$ade7953" pushed)" -ge $((${before#* } + 3))
	# Each time a page or less of what was not complete is not counted.
	accounted "$name: waveforms" "$wave" 125000 64
	accounted "$name: windows" "$ade7953" 999600100 1
}

printf '%s\n' t_s,l1_v,l1_a,l1_pf,l1_hz 0,230,10,1,50.02 100000,230,10,1,50.02 \
	> "$work/world.csv"
world_scenario "$work/world.csv"
ok "suspend can be tried" suspend_prepare
# So that the hub knows its counters.
echo cityhub-0 > "$meter/trigger/current_trigger"
readers=()
start "$wave" voltage0 128
start "$ade7953" '*voltage0*' 1
sleep 5
lost=$(counter "$meter" lost)
since=$(boottime_ms) energy=$(joules)
asleep "devices asleep" suspend devices 10
asleep "devices asleep again" suspend devices 10
elapsed=$(($(boottime_ms) - since))
like "energy of $elapsed ms is there, to two windows" \
	"$(awk -v got="$(joules)" -v before="$energy" -v ms=$elapsed 'BEGIN {
		off = (got - before) / 2300 - ms / 1000
		print(off * off <= 4 ? "there" : off) }')" '^there$'
is "and none is lost" "$(counter "$meter" lost)" "$lost"
if [ "$VM_KERNEL" = uml ]; then
	# The registers of the ADE9000 would have gone round.
	asleep "suspended to memory" suspend_all 300
	lost=$(($(counter "$meter" lost) - lost))
	ok "and its energy is counted as lost, $lost s" \
		test $lost -ge 299 -a $lost -le 303
fi
is "no sample did not fit" \
	"$(counter "$wave" fifo_full) $(counter "$ade7953" fifo_full)" "0 0"
echo 0 > "$wave/buffer/enable"
echo 0 > "$ade7953/buffer/enable"
kill "${readers[@]}"
rm -r "$work"
finish
