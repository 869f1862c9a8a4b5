#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# stock: 6.1
# smp: yes
# chips: mpl3115,mpl3115-b,mpl3115-c,bmp280,sen66
#
# Members are taken from their drivers and sockets are closed while others dump,
# arm and listen; a member goes off between the two looks of arm; the module
# goes while devices attach to its triggers. What is left behind shows at the
# end: modules that cannot be unloaded, leaks, reports. The last two need two
# processors. VM_RACES and VM_SEED choose how many there are, and which.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

build=$(dirname "$0")/../../build
ticked=$(basename /sys/bus/i2c/devices/*-0060)
free=$(basename /sys/bus/i2c/devices/*-006b)
few=30 unloads=0
[ "$VM_KERNEL" = uml ] || few=500 unloads=100
races=${VM_RACES-$few}

note "VM_RACES=$races VM_SEED=${VM_SEED-1}"
result=$("$build/tools/hub-race" "$races" "${VM_SEED-1}" "mpl3115/$ticked=0" \
	"cityhub-sen6x/$free=-1")
is "$races removals" $? 0
note "$result"
like "dumps, captures and events went on" "$result" \
	"dumps=[1-9].* armed=[1-9].* events=[1-9]"
like "no capture is left" "$result" "captures=0$"
ok "both members are there again" eval 'test -e /sys/bus/i2c/devices/$ticked/driver &&
	test -e /sys/bus/i2c/devices/$free/driver'
ok "the hub answers" "$build/cityhub" show

# ---- a slot is to go while its member does ----------------------------------

# attach DIRECTORY SLOT: its trigger
attach() {
	echo "cityhub-$2" > "$1/trigger/current_trigger"
}

prime() {
	local file

	attach "$1" "$2"
	for file in "$1"/scan_elements/*_en; do
		echo 1 > "$file"
	done
	echo 1 > "$1/buffer/enable"
	ids+=("${1##*device}")
}

leave() {
	echo 0 > "$1/buffer/enable"
	echo > "$1/trigger/current_trigger"
}

device=$(echo "/sys/bus/i2c/devices/$ticked"/iio:device*)
for other in "$iio"/iio:device*; do
	[ ! -e "$other/trigger/current_trigger" ] ||
		[ "${other##*/}" = "${device##*/}" ] || break
done
ids=()
prime "$device" 0
insmod "$VM_MODULES/tests/vm-selftest/vm-linger.ko" ms=3000
echo "$ticked" > /sys/bus/i2c/drivers/mpl3115/unbind &
ok "the member has left the bus" wait_for 2 eval '! test -e "$iio/${device##*/}"'
fails "its slot does not go while its buffer is on" "$build/cityhub" slot delete 0
fails "nor is it for another device" attach "$other" 0
wait
rmmod vm-linger
ok "the slot goes when the member has gone" "$build/cityhub" slot delete 0
ok "and is made again" "$build/cityhub" slot add 0
ok "as the member is" \
	eval 'echo "$ticked" > /sys/bus/i2c/drivers/mpl3115/bind'

# ---- the last step of arm fails --------------------------------------------

# attached FUNCTION: call it with each device that has a trigger and a number
attached() {
	local device n=0

	for device in "$iio"/iio:device*; do
		[ ! -e "$device/trigger/current_trigger" ] ||
			"$1" "$device" $((n++))
	done
}

if [ "$VM_KERNEL" != uml ]; then
	ids=()
	lead=$(iio_name sen66)
	iio_scan sen66 on
	attached prime
	result=$("$build/tools/hub-late" 20 "${lead##*device}" "${ids[@]}")
	is "a member that goes off in the middle of arm: all or nothing" $? 0
	note "$result"
	like "it went off after it was checked, before the gates opened" "$result" \
		" late=20$"
	iio_set sen66 buffer/enable 0
	attached leave
fi

# ---- the module goes while devices attach ----------------------------------

device=$(echo "/sys/bus/i2c/devices/$ticked"/iio:device*)
attach_on() {
	while [ ! -e "$VM_OUT/enough" ]; do
		echo cityhub-0 > "$device/trigger/current_trigger"
		echo > "$device/trigger/current_trigger"
	done 2> /dev/null
}

# unload_often: how often the module went
unload_often() {
	local i gone=0

	for ((i = 0; i < unloads; i++)); do
		rmmod cityhub 2> /dev/null || continue
		gone=$((gone + 1))
		insmod "$VM_MODULES/kernel/hub/cityhub.ko" || return
	done
	echo $gone
}

if [ "$unloads" != 0 ]; then
	rm -f "$VM_OUT/enough"
	attach_on &
	gone=$(unload_often)
	touch "$VM_OUT/enough"
	wait
	echo > "$device/trigger/current_trigger"
	note "$gone of $unloads unloads"
	ok "the module goes at times while a device attaches" test "$gone" -gt 0
	ok "and comes back" "$build/cityhub" show
fi
finish
