# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # a test sets kernel
#
# For the tests of scripts/vm itself.

cd "$(dirname "$0")/../.." || exit
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work

# vm ARG...: status in $status, output in $work/out and $work/err
vm() {
	status=0
	VM_OUT=$work/share scripts/vm --kernel "$kernel" --no-hub --no-sim "$@" \
		> "$work/out" 2> "$work/err" || status=$?
}

# says TEXT: did scripts/vm say so?
says() {
	grep -q -- "$1" "$work/err" || {
		cat "$work/err"
		return 1
	}
}

bugs='for bug; do
	insmod "$VM_MODULES/tests/vm-selftest/vm-selftest.ko" bug=$bug || exit
	rmmod vm-selftest
done'

# reports BUG...: the kernel reports what is planted, and that fails the run
reports() {
	# The overrun comes last: a report of KASAN switches lockdep off.
	vm -- sh -c "$bugs" sh lock leak warn shift object "$@" overrun
	is "reports of the kernel fail the run" "$status" 125
	ok "a warning is seen" says "vm-selftest: planted"
	ok "an overrun is seen by KASAN" says "KASAN: slab-out-of-bounds"
	ok "a wrong shift is seen by UBSAN" says "UBSAN: shift-out-of-bounds"
	ok "a lock cycle is seen by lockdep" says "possible circular locking"
	ok "a leak is seen by kmemleak" says "unreferenced object"
	ok "a timer that is freed is seen" says "ODEBUG: free active"
}
