#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: host
# long: yes
#
# scripts/vm itself: what it passes through, and that it notices every bug the
# module vm-selftest plants.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/lib-vm.sh
. "$(dirname "$0")/lib-vm.sh"

pass_through() {
	DEMO_WORD='two words' vm -- sh -c 'printf "%s\n" "$1" "$DEMO_WORD" "$PWD"
		printf "\033[1mbold\r\n"
		echo kept > "$VM_OUT/file"
		touch written-in-the-guest && exit 42' sh 'it is "quoted"'
	is "$kernel: the exit status comes through" "$status" 42
	is "$kernel: the output comes through to the byte" "$(od -c "$work/out")" \
		"$(printf '%s\n' 'it is "quoted"' 'two words' "$PWD" \
			$'\033[1mbold\r' | od -c)"
	is "$kernel: what is under VM_OUT stays" "$(< "$work/share/file")" kept
	fails "$kernel: nothing else does" test -e written-in-the-guest
	is "$kernel: a good run says nothing" "$(< "$work/err")" ""
}

endings() {
	vm -- sh -c "$bugs" sh stuck
	is "a module that stays fails the run" "$status" 125
	ok "it is named" says "vm_selftest cannot be unloaded"
	vm -- sh -c "$bugs" sh oops
	is "an oops fails the run" "$status" 125
	ok "its log is shown" says bug_oops
	vm --timeout 15 -- sleep infinity
	is "a hang fails the run" "$status" 125
	ok "it is called one" says "no end after 15 s"
}

clocks() {
	local start

	vm --real-time -- sh -c 'date +%s'
	ok "the clock can be the host's" \
		test $(($(< "$work/out") - EPOCHSECONDS)) -ge -120
	start=$SECONDS
	vm -- sh -c 'date +%s; sleep 86400; date +%s'
	is "a day passes" \
		"$(($(tail -n 1 "$work/out") - $(head -n 1 "$work/out")))" 86400
	ok "in less than five minutes" test $((SECONDS - start)) -lt 300
}

interrupted() {
	local pid

	set -m
	# In the background of a script the signal would be ignored.
	VM_OUT=$work/share env --default-signal=INT scripts/vm --kernel uml --no-hub --no-sim \
		-- sh -c 'touch "$VM_OUT/started"; sleep infinity' &
	pid=$!
	set +m
	ok "a long run starts" wait_for 200 test -e "$work/share/started"
	kill -INT "$pid"
	wait "$pid"
	is "an interrupt ends it" $? 130
	fails "nothing of it is left" pgrep -f "init=$PWD/scripts/.*$work"
}

# The package busybox removes busybox-static: its program needs libraries that
# the first file system has not, and the cache would keep it.
busybox_not_static() {
	mkdir "$work/bin"
	cp /bin/true "$work/bin/busybox"
	PATH=$work/bin:$PATH vm -- true
	is "a busybox that is not static is refused" "$status" 125
	ok "with the remedy" says "not static: run scripts/setup"
}

kernel=uml
pass_through
kernel=6.1
pass_through
busybox_not_static
kernel=uml
reports
endings
clocks
interrupted
finish
