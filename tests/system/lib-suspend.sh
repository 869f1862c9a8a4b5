# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# For tests in which the system suspends.

power=/sys/power
delay=/sys/module/suspend/parameters/pm_test_delay

# suspend_prepare: once, before the first suspend
suspend_prepare() {
	[ -e $power/pm_test ] && [ -e $delay ] || return
	# What the host shares goes through these devices on QEMU only.
	[ "$VM_KERNEL" = uml ] ||
		insmod "$VM_MODULES/tests/vm-selftest/vm-keep.ko"
}

# suspend LEVEL SECONDS: processes are frozen and, if LEVEL is "devices", the
# devices asleep for so long; time goes on
suspend() {
	echo "$1" > $power/pm_test &&
	echo "$2" > $delay &&
	echo freeze > $power/state
}

# suspend_all SECONDS: to memory, the clocks stand still
suspend_all() {
	echo none > $power/pm_test &&
	echo "+$1" > /sys/class/rtc/rtc0/wakealarm &&
	echo mem > $power/state
}
