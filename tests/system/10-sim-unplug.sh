#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# stock: 6.1
# smp: yes
# hub: no
#
# Unloading the virtual hub unplugs its chips under running captures.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

devices="ade9000-wave pcba-dbm sen66"

# capture NAME: read its buffer until there is no more
capture() {
	iio_scan "$1" on
	iio_set "$1" buffer/length 4096
	iio_set "$1" buffer/enable 1 || return
	LC_ALL=C cat "/dev/$(iio_name "$1")" > "/tmp/$1.data" \
		2> "/tmp/$1.error" &
}

# ended NAME: with the error a reader of a removed device gets
ended() {
	grep -q 'No such device' "/tmp/$1.error"
}

for round in 1 2; do
	for name in $devices; do
		ok "round $round: $name is captured" capture "$name"
	done
	# Gone without power for an instant, in the middle of it.
	sleep 3
	for name in ade9000 pcba-dbm sen66; do
		sim_set "$name" reset 1
	done
	sleep 1
	ok "round $round: unplugged" rmmod cityhub_sim
	for name in $devices; do
		ok "round $round: $name had data" test -s "/tmp/$name.data"
		ok "round $round: its reader is told" wait_for 5 ended "$name"
		fails "round $round: it is gone" iio_name "$name"
	done
	# The debug kernels let go of names some seconds late.
	ok "round $round: the name is free" wait_for 10 test ! -e \
		/sys/bus/platform/drivers/cityhub-sim
	ok "round $round: plugged in again" \
		insmod "$VM_MODULES/tests/sim/cityhub-sim.ko"
	for name in $devices; do
		ok "round $round: $name is back" wait_for 10 iio_name "$name"
	done
done
finish
