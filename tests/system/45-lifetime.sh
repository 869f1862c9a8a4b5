#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# stock: 6.1
# smp: yes
# chips: sen66,pcba-dbm,ade9000,mpl3115,mpl3115-b,bmp280
# timeout: 3600
#
# Devices go, the hub's module is to go, and the system suspends, while others
# are at work on them: readers are told, nothing is left and the kernel reports
# nothing. VM_SEED and VM_ROUNDS choose what happens, and how often.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/lib-suspend.sh
. "$(dirname "$0")/lib-suspend.sh"

lifetime=$(dirname "$0")/../../build/tools/lifetime
# The gate repeats itself; other seeds are for campaigns.
seed=${VM_SEED:-1}
# All pairs of what is done and what it is done to come in the first 20.
rounds=${VM_ROUNDS:-24}
LIFETIME_CHIPS=chips=$(sed -n 's/^# chips: //p' "$0")
export LIFETIME_CHIPS

ok "this kernel can try to suspend" suspend_prepare
note "VM_SEED=$seed VM_ROUNDS=$rounds"
"$lifetime" "$seed" "$rounds" > "$VM_OUT/lifetime" 2>&1
status=$?
sed 's/^/# /' "$VM_OUT/lifetime"
is "$rounds rounds with seed $seed" "$status" 0
fails "nobody was told wrong, nothing was left" grep FAIL "$VM_OUT/lifetime"
like "readers were told" "$(tail -n 1 "$VM_OUT/lifetime")" "told=[1-9]"
finish
