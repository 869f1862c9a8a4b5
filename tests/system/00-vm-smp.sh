#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: none
# smp: host
#
# The debug kernel with two processors notices what it is there for.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/lib-vm.sh
. "$(dirname "$0")/lib-vm.sh"

kernel=smp
reports sleep
ok "sleep in atomic context is seen" says "sleeping function called from invalid"
vm -- sh -c 'nproc; grep -c "\.resolution: 1 nsecs" /proc/timer_list'
is "two processors with timers that are exact" \
	"$(paste -sd " " "$work/out")" "2 8"
is "a good run says nothing" "$(< "$work/err")" ""
finish
