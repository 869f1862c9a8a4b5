#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml 6.12
# smp: yes
# chips: mpl3115,mpl3115-b,mpl3115-c,bmp280,ade9000
#
# Four members on one grid, three of them with drivers that know nothing of
# the hub: each scan has its tick, a slow member costs only itself, and arm is
# all or nothing.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

build=$(dirname "$0")/../../build
cityhub=$build/cityhub
join=$build/tools/hub-join
work=$(mktemp -d)

# device_at ADDRESS: directory of the IIO device of a chip on the I2C bus
device_at() {
	echo /sys/bus/i2c/devices/*-"$1"/iio:device*
}

# Which in-tree drivers have a triggered buffer depends on the kernel.
if [ "$VM_KERNEL" = 6.12 ]; then
	devices=("$(device_at 0076)" "$(device_at 0060)" "$(device_at 0061)")
else
	devices=("$(device_at 0060)" "$(device_at 0061)" "$(device_at 0062)")
fi
devices+=("$(iio_dir ade9000-meter)")
slow=3

id_of() {
	echo "${1##*device}"
}

# One channel and the stamp make 16 bytes on all of them.
prepare() {
	local channels=("${devices[$1]}"/scan_elements/*_en) file

	echo "cityhub-$1" > "${devices[$1]}/trigger/current_trigger" || return
	echo boottime > "${devices[$1]}/current_timestamp_clock" || return
	for file in "${channels[@]}"; do
		echo 0 > "$file"
	done
	for file in "${channels[@]}"; do
		case $file in
		*timestamp_en) ;;
		*) echo 1 > "$file" && break ;;
		esac
	done
	echo 1 > "${devices[$1]}/scan_elements/in_timestamp_en" || return
	echo 256 > "${devices[$1]}/buffer/length"
}

# Not through ok: the reader would hold its pipe, and be the child of another.
start() {
	echo 1 > "${devices[$1]}/buffer/enable" || return
	cat "/dev/iio:device$(id_of "${devices[$1]}")" > "$work/scans$1" &
	readers[$1]=$!
	ok "member $1 is primed" grep -q 1 "${devices[$1]}/buffer/enable"
}

# What was read stays; a reader that is killed between two reads loses none.
stop() {
	kill "${readers[$1]}" 2>/dev/null
	wait "${readers[$1]}" 2>/dev/null
	echo 0 > "${devices[$1]}/buffer/enable"
}

# stat_of N KEY: a counter of a member
stat_of() {
	"$cityhub" stats --json | tr '{' '\n' |
		sed -n "s/^\"id\":${ids[$1]},.*\"$2\":\([0-9]*\).*/\1/p"
}

declare -A got

# joined N [SINCE]: join the scans of a member and its ticks, into $got
joined() {
	local result pair

	result=$("$join" "$1" boottime 16 "${2-0}" < "$work/scans$1") || return
	note "member $1: $result"
	got=()
	for pair in ${result//../ last=}; do
		got[${pair%%=*}]=${pair#*=}
	done
}

ids=()
for n in 0 1 2 3; do
	ids+=("$(id_of "${devices[n]}")")
done

for n in 0 1 2 3; do
	ok "member $n joins the hub" prepare "$n"
done
fails "a slot serves one device only" \
	eval 'echo cityhub-0 > "${devices[1]}/trigger/current_trigger"'
is "all four are members" "$("$cityhub" list --json |
	grep -o '"kind":"ticked"' | wc -l)" 4

# The metering chip has no readings before it has settled.
sleep 3

# Arm is all or nothing.
for n in 0 1 2; do
	start "$n"
done
refusal=$("$cityhub" arm "${ids[@]}" 2>&1)
is "arming with a member that is not primed is refused" $? 3
name=$(< "${devices[3]}/name")
like "and names it" "$refusal" "^cityhub arm: member ${ids[3]} \($name\): member is not primed: its buffer is off"
is "and opens no gate" "$("$cityhub" list --json | grep -c '"gate":"open"')" 0
start 3
refusal=$("$cityhub" arm "${ids[@]}" 2>&1)
is "without a synchronised clock it is refused" $? 3
like "which says why" "$refusal" "not known to be synchronised.*--force"
is "and opens no gate then" "$("$cityhub" list --json | grep -c '"gate":"open"')" 0
ok "now it can be armed" eval '"$cityhub" arm "${ids[@]}" --force --json > "$work/armed"'
first=$(grep -o '"first_tick":[0-9]*' "$work/armed" | cut -d : -f 2)
refusal=$("$cityhub" arm "${ids[1]}" 2>&1)
like "a member is in one capture at a time" "$refusal" "member is in a capture already"
sleep 12.3
ok "disarm" eval '"$cityhub" disarm --json > "$work/disarmed"'
sleep 2
for n in 0 1 2 3; do
	stop "$n"
done

# Every scan has its tick; all members have the same ones.
for n in 0 1 2 3; do
	joined "$n" || point "not ok" "member $n can be joined"
	ok "member $n: a dozen scans" test "${got[scans]}" -ge 11
	is "member $n: every scan has its tick" \
		"${got[ticked]}/${got[unticked]}/${got[later]}" "${got[scans]}/0/0"
	is "member $n: every tick served has its scan" "${got[done]}" "${got[scans]}"
	is "member $n: no overrun" "${got[overrun]}" 0
	is "member $n: no hole" "${got[holes]}" 0
	is "member $n: fired = done" "$(stat_of "$n" ticks_fired)" \
		"$(stat_of "$n" ticks_done)"
	[ "$n" != 0 ] || last=${got[last]}
	is "member $n: the last tick is that of all" "${got[last]}" "$last"
done
ok "after disarm the gates kept ticks" test "$(stat_of 3 ticks_gated)" -gt 0
joined 3
ok "the first tick of the capture is in it" test "${got[numbers]}" -le "$first"

# A slow member: its transfers take so long that it cannot keep up.
before=$(stat_of "$slow" ticks_overrun)
base=()
for n in 0 1 2 3; do
	base+=("$(stat_of "$n" ticks_fired)")
done
sim_set ade9000 transfer_ns 700000000
for n in 0 1 2 3; do
	start "$n"
done
ok "arm with a slow member" "$cityhub" arm --force "${ids[@]}"
sleep 12.3
ok "disarm" "$cityhub" disarm
sim_set ade9000 transfer_ns 0
sleep 3
for n in 0 1 2 3; do
	stop "$n"
done
for n in 0 1 2; do
	joined "$n" "${base[$n]}"
	is "member $n lost no tick" "${got[ticked]}/${got[overrun]}/${got[holes]}" \
		"${got[scans]}/0/0"
	ok "member $n went on" test "${got[scans]}" -ge 11
done
joined "$slow" "${base[$slow]}"
ok "the slow member overran" test "${got[overrun]}" -gt 2
is "its overruns are counted" "$(stat_of "$slow" ticks_overrun)" \
	"$((before + got[overrun]))"
is "its scans have their ticks all the same" "${got[ticked]}/${got[unticked]}" \
	"${got[scans]}/0"
is "fired = done + overrun + aborted" "$(stat_of "$slow" ticks_fired)" \
	"$(($(stat_of "$slow" ticks_done) + $(stat_of "$slow" ticks_overrun) +
		$(stat_of "$slow" ticks_aborted)))"

# hub KEY: from cityhub show
hub() {
	"$cityhub" show --json | grep -o "\"$1\":[^,}]*" | head -n 1 | cut -d : -f 2
}

# A grid that is set anew while its timer sleeps: the first tick said comes.
set_and_arm() {
	local skipped

	start 0
	ok "a grid of 10 ms" "$cityhub" set --period 0.01 --policy any
	skipped=$(hub skipped)
	ok "armed right after" "$cityhub" arm "${ids[0]}"
	sleep 0.5
	is "the first ticks are not skipped" "$(hub skipped)" "$skipped"
	ok "disarm" "$cityhub" disarm
	stop 0
	ok "back to 1 s" "$cityhub" set --period 1
}

# NTP slews the clock between arm and start: the first sample comes within its
# period of 125 us and what is slewed in the last 10 ms.
start_under_slew() {
	local wave asked off

	wave=$(iio_dir ade9000-wave)
	asked=$(($(date +%s) + 8))
	iio_scan ade9000-wave off
	iio_set ade9000-wave scan_elements/in_current0_en 1
	iio_set ade9000-wave scan_elements/in_timestamp_en 1
	iio_set ade9000-wave current_timestamp_clock realtime
	iio_set ade9000-wave buffer/length 65536
	iio_set ade9000-wave buffer/enable 1
	ok "a start in the future" "$cityhub" arm "$(id_of "$wave")" --start "$asked"
	"$build/tools/hub-clock" slew 500
	head -c 16 "/dev/${wave##*/}" > "$work/wave"
	"$build/tools/hub-clock" slew 0
	iio_set ade9000-wave buffer/enable 0
	off=$(($(od -A n -j 8 -N 8 -t d8 "$work/wave") - asked * 1000000000))
	ok "the first sample is at the start in UTC ($off ns after)" \
		test "$off" -ge -6000 -a "$off" -le 140000
}

if [ "$VM_KERNEL" = uml ]; then
	set_and_arm
	start_under_slew
fi

fails "the module stays while a trigger is in use" rmmod cityhub
for n in 0 1 2 3; do
	echo > "${devices[$n]}/trigger/current_trigger"
done
finish
