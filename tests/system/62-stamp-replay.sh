#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: host
#
# stamp-replay: what it takes and refuses, that 32 bits give what 64 bits give,
# what an update costs, and the estimator in it on nonsense.
# STAMP_SEEDS=20 compares every trace, not only the first of each profile.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$(dirname "$0")/../.." || exit
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
replay=build/stamp-replay

# replay TEXT [OPTION...]: output, complaints and exit status, one after another
replay() {
	local text=$1

	shift
	# shellcheck disable=SC2059
	printf -- "$text" | $replay --period-ns 1000000 "$@" 2>&1
	echo "exit $?"
}

# refuses TEXT WORDS: a bad line: exit status 2 and a complaint with WORDS
refuses() {
	local out

	out=$(replay "$1")
	echo "$out"
	[[ $out == *"$2"*"exit 2" ]]
}

one_line_each() {
	[ "$(replay '# a trace\n\n1 5000000 # first\n0 5000001\n1 6000000 -1\n2 8000000 9000' |
		wc -l)" = 5 ]
}

stamps_and_sources() {
	local out

	out=$(replay '0 1\n1 5000000\n' | cut -d ' ' -f 3 | tr '\n' ' ')
	[ "$out" = "none irq  " ] || { echo "sources: $out"; return 1; }
	replay '1 5000000 1000\n' | grep -q ' poll$'
}

# The line comes although no end of the input is in sight.
line_at_once() {
	(echo "1 5000000"; sleep 5) | $replay -p 1000000 --line-buffered |
		timeout 3 head -n 1 | grep -q .
}

option_refused() {
	local status=0

	$replay "$@" < /dev/null > "$work/out" 2>&1 || status=$?
	cat "$work/out"
	[ "$status" = 2 ] && [ -s "$work/out" ]
}

full_disk() {
	local status=0

	echo "1 5000000" | $replay -p 1000000 > /dev/full 2> "$work/err" ||
		status=$?
	[ "$status" = 1 ] && grep -q 'No space' "$work/err"
}

# period TRACE: what its first line says
period() {
	sed -n '1s/.*--period-ns //p' "$1"
}

# The median interrupt is 13 us late, the best the filter can do is 0.1 us.
stamps_are_good() {
	local trace=$work/traces/100hz-0.trace period

	period=$(period "$trace")
	$replay -p "$period" < "$trace" |
		paste -d ' ' - "$work/traces/100hz-0.truth" |
		awk '$4 != "-" { e = substr($1, 6) - substr($4, 6)
				 n++; sum += e; square += e * e }
			END { sd = sqrt(square / n - (sum / n) ^ 2)
			      print n, sum / n, sd; exit !(n == 5000 && sd < 250) }'
}

same_on_32_bits() {
	local trace seed period n=0

	for trace in "$work"/traces/*.trace; do
		seed=${trace##*-}
		[ "${seed%.trace}" -lt "${STAMP_SEEDS:-1}" ] || continue
		period=$(period "$trace")
		$replay -p "$period" < "$trace" > "$work/64" &&
			qemu-arm build/armhf/stamp-replay -p "$period" \
				< "$trace" > "$work/32" || return
		cmp "$work/64" "$work/32" || return
		n=$((n + $(wc -l < "$work/64")))
	done
	echo "$n lines are the same"
	[ "$n" -gt 100000 ]
}

# What makes the most work: jumps ahead and back, repeats, brackets, gaps.
odd_trace() {
	local i t=34560000000000000

	for i in $(seq 60); do
		t=$((t + 10000000))
		echo "1 $((t + i % 7 * 3000))"
		case $((i % 6)) in
		0) echo "1 $((t + 40000))" ;;
		1) t=$((t + 30000000)) ;;
		2) echo "1 $((t + 50000)) 70000" ;;
		3) echo "300 $((t += 3000000000))" ;;
		4) echo "1 $((t - 1000000000))" ;;
		5) echo "1 $((t += 60000000000))" ;;
		esac
	done
}

# instructions TRACE PERIOD: the most that one update takes
instructions() {
	rm -rf "$work/callgrind"
	mkdir "$work/callgrind"
	valgrind -q --tool=callgrind --collect-atstart=no \
		--toggle-collect=cityhub_stamp_update \
		--dump-before=cityhub_stamp_update \
		--callgrind-out-file="$work/callgrind/out" \
		"$replay" -p "$2" < "$1" > /dev/null || return
	cat "$work/callgrind"/out* | awk '/^totals:/ && $2 > most { most = $2 }
		END { print most + 0 }'
}

cost() {
	local limit most name trace

	limit=$(sed -n 's/^#define CITYHUB_STAMP_INSTRUCTIONS_MAX[^0-9]*\([0-9]*\).*/\1/p' \
		kernel/include/cityhub/stamp.h)
	[ -n "$limit" ] || { echo "no limit in stamp.h"; return 1; }
	odd_trace > "$work/odd"
	for name in missing watermark polled odd; do
		trace=$work/part
		if [ "$name" = odd ]; then
			cp "$work/odd" "$trace"
		else
			head -n 150 "$work/traces/$name-0.trace" > "$trace"
		fi
		most=$(instructions "$trace" 10000000) || return
		echo "$name: up to $most instructions, limit $limit"
		[ "$most" -gt 100 ] && [ "$most" -le "$limit" ] || return
	done
}

# Rows of two profiles are enough: no change of the estimator spares them.
table_is_current() {
	local row

	build/stamp-bench table 100hz 1hz | tail -n 2 > "$work/rows" || return
	while IFS= read -r row; do
		grep -qF -- "$row" Documentation/time.rst || {
			echo "not in Documentation/time.rst, see make bench-stamps:"
			echo "$row"
			return 1
		}
	done < "$work/rows"
}

make -s build/stamp-replay build/stamp-bench || exit
build/stamp-bench traces "$work/traces" || exit

ok "a line for each observation, none for comments" one_line_each
ok "where a stamp comes from is told" stamps_and_sources
ok "with --line-buffered a line comes at once" line_at_once
ok "a word for a number is refused" refuses '1 5000000\n1 x\n' \
	"line 2: irq_ns 'x'"
ok "a negative count is refused" refuses '-1 5000000\n' "new_samples '-1'"
ok "an instant beyond 64 bits is refused" \
	refuses '1 9223372036854775808\n' "line 1: irq_ns"
ok "a negative bracket is refused" refuses '1 5 -2\n' "max_late_ns '-2'"
ok "a line cut short is refused" refuses '1\n' "irq_ns is missing"
ok "a field too many is refused" refuses '1 2 3 4\n' "'4' is too much"
ok "binary is refused" refuses '1\0 5000000\n' "NUL"
ok "no period is refused" option_refused
ok "a period out of range is refused" option_refused -p 999
ok "a tolerance out of range is refused" option_refused -p 1000 -t 50001
ok "an argument is refused" option_refused -p 1000 file
ok "a full disk is told" full_disk
ok "stamps are far better than interrupts" stamps_are_good
ok "32 bits give what 64 bits give: build" make -s B=build/armhf \
	CROSS_COMPILE=arm-linux-gnueabihf- LDFLAGS=-static \
	build/armhf/stamp-replay
ok "32 bits give what 64 bits give" same_on_32_bits
ok "an update takes no more instructions than stated" cost
ok "the table in the documentation is what is measured" table_is_current
ok "the fuzz test: build" make -s SANITIZE=1 build/asan/fuzz-stamp
ok "nonsense does no harm" build/asan/fuzz-stamp "${FUZZ_UPDATES:-300000}"
finish
