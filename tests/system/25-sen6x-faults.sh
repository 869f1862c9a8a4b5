#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: none
# stock: uml
# chips: sen55
# timeout: 900
#
# Each transfer of a SEN55 fails in turn, in probe, direct read, setting,
# capture and unbind: not acknowledged, timed out, spoilt. It is an error or it
# is counted, and the driver goes on afterwards. Long operations take the kinds
# in turn; CITYHUB_ALL_FAULTS=1 takes each kind at each transfer.

here=$(dirname "$0")
# shellcheck source=tests/system/lib.sh
. "$here/lib.sh"
# shellcheck source=tests/system/lib-polled.sh
. "$here/lib-polled.sh"
# shellcheck disable=SC2034 # lib-polled.sh uses it
dev=sen55 layout='<4H4hq'
driver=/sys/bus/i2c/drivers/cityhub-sen6x
kinds=(nack timeout corrupt)

transfers() {
	cat "$sim/$dev/bus_transfers"
}

# faults: failed transfers and answers that make no sense, so far
faults() {
	local n=0 counter

	for counter in $(count bus_error crc_error invalid); do
		n=$((n + counter))
	done
	echo $n
}

healthy() {
	iio_name $dev > /dev/null || echo "$device" > $driver/bind
	wait_for 6 iio_get $dev in_temp_raw
}

# one KIND N COMMAND...: the Nth transfer of the command fails; into $silent and
# $broken
one() {
	local kind=$1 n=$2 before=0 what=$1:$2

	shift 2
	[ "$1" = probe ] || before=$(faults)
	echo "$kind $n" > "$sim/$dev/bus_fault"
	if "$@" > /dev/null 2>&1; then
		# A start that was lost shows when there are no samples.
		healthy
		[ "$(faults)" -gt "$before" ] || silent="$silent $what"
	fi
	echo none > "$sim/$dev/bus_fault"
	healthy || broken="$broken $what"
}

# each NAME EXPECTED COMMAND...: every transfer of it fails; EXPECTED are those
# nobody need hear of
each() {
	local name=$1 expected=$2 n i kind silent='' broken=''

	shift 2
	healthy
	n=$(transfers)
	"$@" > /dev/null 2>&1
	n=$(($(transfers) - n))
	healthy
	ok "$name: $n transfers" test "$n" -ge 2
	for ((i = 1; i <= n; i++)); do
		if [ -n "${CITYHUB_ALL_FAULTS-}" ] || [ "$n" -le 8 ]; then
			for kind in "${kinds[@]}"; do
				one "$kind" $i "$@"
			done
		else
			one "${kinds[i % 3]}" $i "$@"
		fi
	done
	silent=$(tr ' ' '\n' <<< "$silent" | grep -vxE "$expected" | xargs)
	is "$name: an error, or a count" "$silent" ""
	is "$name: and it goes on" "$broken" ""
}

# dead NAME COMMAND...: the bus goes away in the middle of it, for good
dead() {
	local name=$1 i wrong=''

	shift
	for i in 1 2 3 5 8; do
		echo "nack $i 1000000" > "$sim/$dev/bus_fault"
		timeout 60 "$@" > /dev/null 2>&1
		[ $? != 124 ] || wrong="$wrong hang:$i"
		echo none > "$sim/$dev/bus_fault"
		healthy || wrong="$wrong $i"
	done
	is "$name: a bus that goes away" "$wrong" ""
}

# shellcheck disable=SC2317 # called through one
{
probe() {
	! iio_name "$dev" > /dev/null || echo "$device" > "$driver/unbind"
	echo "$device" > "$driver/bind"
}

setting() {
	iio_set "$dev" in_concentration0_tuning "100 12 12 180 50 230"
}

live() {
	iio_set "$dev" in_temp_calibbias 20
}

capture() {
	iio_scan "$dev" on
	iio_set "$dev" buffer/enable 1 || return
	sleep 2.2
	iio_set "$dev" buffer/enable 0
}
}

ok "it has a driver" wait_for 10 iio_name "$dev"
if [ ! -e "$sim/$dev/bus_fault" ]; then
	skip "faults of single transfers" "the virtual hub has none"
	finish
fi
device=$(i2c_device)
# What stops a chip that may idle is sent blindly; so is the last of a chip
# that goes: nobody is left to tell.
each probe '.*:[1-4]' probe
each "a direct read" none iio_get $dev in_temp_raw
each "a setting that stops it" none setting
each "a setting at any time" none live
each "a capture" none capture
for operation in probe setting live capture; do
	dead "$operation" "$operation"
done
dead "a direct read" iio_get $dev in_temp_raw
rm -r "$work"
finish
