#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# smp: yes
# chips: mpl3115,sen66
#
# What a hub has to bear: memory that is short at each step of a request, a
# listener that sleeps through a storm of events, and requests that make no
# sense. VM_FUZZ_MESSAGES and VM_FUZZ_SEED make more of the last: make fuzz-netlink.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

build=$(dirname "$0")/../../build
cityhub=$build/cityhub
fail=/sys/kernel/debug/failslab
work=$(mktemp -d)

prime() {
	iio_scan "$1" on && echo 1 > "$(iio_dir "$1")/buffer/enable"
}

echo cityhub-0 > "$(iio_dir mpl3115)/trigger/current_trigger"
ok "two members are primed" eval 'prime mpl3115 && prime sen66'
ids=()
for name in mpl3115 sen66; do
	id=$(iio_name $name)
	ids+=("${id##*device}")
done

# ---- each allocation fails in turn ------------------------------------------

echo N > $fail/ignore-gfp-wait
echo 0 > $fail/verbose
# refused LEAST OPERATION [MEMBER...]: at least so many allocations were there
# to fail
refused() {
	local result status

	result=$("$build/tools/hub-fail" "${@:2}" 2>&1)
	status=$?
	note "$2: $result"
	is "$2, each allocation failing in turn: all or nothing" "$status" 0
	ok "$2: allocations failed" test \
		"$(sed -n 's/.*refused=\([0-9]*\).*/\1/p' <<< "$result")" -ge "$1"
	like "$2: and it is done when none does" "$result" "done=[1-9]"
}

refused 4 arm "${ids[@]}"
refused 2 disarm "${ids[@]}"
refused 5 slot-new

# ---- a listener that sleeps -------------------------------------------------

"$build/tools/hub-events" 3000 monitor 10000 > "$work/events" &
listener=$!
wait_for 10 grep -q ready "$work/events"
read -r before after <<< "$("$build/tools/hub-storm" 3000)"
sleep 11
read -r _ end <<< "$("$build/tools/hub-storm" 2)"
wait $listener
first=$(sed -n '2s/ .*//p' "$work/events")
lost=$(sed -n 's/^[0-9]* lost .*lost=\([0-9]*\).*/\1/p' "$work/events" |
	paste -sd +)
heard=$(grep -Ec '^[0-9]+ (hub|member|gone) .*[0-9]$' "$work/events")
note "sequence $first to $end, heard $heard, lost $lost"
is "the storm makes its events" $((after - before)) 3000
ok "a listener that sleeps through it misses some" test $((lost)) -gt 1000
is "and knows exactly how many" $((heard + lost)) $((end - first + 1))
is "it is told once" "$(grep -c ' lost ' "$work/events")" 1
is "the state comes after that: the hub and all members" \
	"$(sed -n '/ lost /,$p' "$work/events" | grep again |
		sed 's/^[0-9]* //; s/ .*//' | paste -sd ' ')" \
	"hub member member"
is "events go on after it" \
	"$(tail -n 2 "$work/events" | cut -d ' ' -f 1,2 | paste -sd ' ')" \
	"$((end - 1)) hub $end hub"

# ---- requests that make no sense --------------------------------------------

messages=${VM_FUZZ_MESSAGES-10000}
ok "$messages requests, right, nearly right and noise" eval \
	'"$build/tools/fuzz-netlink" "$messages" "${VM_FUZZ_SEED-1}" "${ids[@]}" \
		> "$work/fuzz"'
note "$(< "$work/fuzz")"
# Numbers of the operations that take requests.
taken=yes
for cmd in 1 2 3 4 5 6 10 11 12 13; do
	grep -Eq "^$cmd taken=[1-9][0-9]* refused=[1-9]" "$work/fuzz" || taken="no: $cmd"
done
is "each operation was taken at times and refused at times" "$taken" yes
ok "the hub answers" "$cityhub" show
ok "members go" eval 'for name in mpl3115 sen66; do
	echo 0 > "$(iio_dir $name)/buffer/enable" || exit; done'
# generations: of the captures in force
generations() {
	"$cityhub" show --json | grep -o '"generation":[0-9]*' | cut -d : -f 2
}

for generation in $(generations); do
	ok "what is left can be disarmed" "$cityhub" disarm "$generation"
done
is "then there is none" "$(generations)" ""
echo > "$(iio_dir mpl3115)/trigger/current_trigger"
finish
