#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# chips: pcba-dbm,sen66,ade9000,ade7953,ade7953-i2c
# timeout: 1500
#
# Each bus transfer of probe, direct read, buffer enable, streaming and disable
# fails in turn, for each driver: it ends, with an error or with retries that are
# counted, and all is as before. VM_FAULTS says how many of a phase at most; all
# are `make campaign-bus`.

here=$(dirname "$0")
# shellcheck source=tests/system/lib.sh
. "$here/lib.sh"
# shellcheck source=tests/system/lib-sim.sh
. "$here/lib-sim.sh"
most=${VM_FAULTS:-4}

# faults CHIP BUS DEVICE DRIVER SECONDS: its points become ours
faults() {
	local line

	while IFS= read -r line; do
		case $line in
		'ok '*) point ok "${line#* - }" ;;
		'not ok '*) point "not ok" "${line#* - }" ;;
		1..*) ended=yes ;;
		*) note "${line#\# }" ;;
		esac
	done < <(python3 "$here/bus_faults.py" "$here/../../build/cityhub" "$@" \
		"$most" 2>&1)
	is "$1: all phases" "$ended" yes
	ended=no
}

ended=no
faults pcba-dbm i2c "$bus-0048" cityhub-pcba-dbm 1
faults sen66 i2c "$bus-006b" cityhub-sen6x 3
faults ade7953 spi spi0.1 cityhub-ade7953 2
faults ade7953-i2c i2c "$bus-0038" cityhub-ade7953-i2c 2
faults ade9000 spi spi0.0 cityhub-ade9000 1
fails "no interrupt was given up" eval "dmesg | grep 'nobody cared'"
finish
