#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# chips: mpl3115,sen66
# timeout: 900
#
# Members are taken from their drivers and sockets are closed while others dump,
# arm and listen. What is left behind shows at the end: modules that cannot be
# unloaded, leaks, reports. VM_RACES makes more of it, best on two processors.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

build=$(dirname "$0")/../../build
races=${VM_RACES-30}
ticked=$(basename /sys/bus/i2c/devices/*-0060)
free=$(basename /sys/bus/i2c/devices/*-006b)

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
finish
