#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: host
#
# The kernel's own tool for netlink specifications, tools/net/ynl of Linux 6.12,
# reads the spec as it is, does every operation of it and gets its events.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)

if [ -z "${VM_KERNEL-}" ]; then
	# shellcheck source=scripts/vm.d/common.sh
	. "$root/scripts/vm.d/common.sh"
	VM_YNL=$(ynl_tools) || exit
	export VM_YNL
	exec "$root/scripts/vm" --kernel uml --chips sen66,mpl3115 -- \
		bash "$root/tests/system/42-hub-ynl.sh"
fi

spec=$root/Documentation/netlink/specs/cityhub.yaml
out=$(mktemp)
heard=$(mktemp)

cli() {
	"$VM_YNL/tools/net/ynl/cli.py" --spec "$spec" --no-schema --output-json "$@"
}

# ynl ARGUMENT...: its answer into $out
ynl() {
	cli "$@" > "$out" 2>&1 || {
		cat "$out"
		return 1
	}
}

# listen GROUP SECONDS: in the background, into $heard; not together with an
# operation, where this release of the tool stumbles over an event that comes
# before the answer
listen() {
	cli --subscribe "$1" --sleep "$2" > "$heard" &
	listener=$!
	sleep 1
}

# get EXPRESSION [FILE]: of an answer or of events, as the variable a
get() {
	python3 -c 'import json, sys
a = json.load(open(sys.argv[2]))
print(eval(sys.argv[1]))' "$1" "${2-$out}"
}

# did OPERATION ARGUMENT...: and remember that it was done
did() {
	done_ops+=("$1")
	ok "$1" ynl "${@:2}"
}

done_ops=()
directory=$(echo /sys/bus/i2c/devices/*-0060/iio:device*)
ticked=${directory##*device}
free=$(iio_name sen66)
free=${free##*device}
echo cityhub-0 > "$directory/trigger/current_trigger"
for file in "$directory"/scan_elements/*_en; do
	echo 1 > "$file"
done
echo 1 > "$directory/buffer/enable"
iio_scan sen66 on
echo 1 > "$(iio_dir sen66)/buffer/enable"

ok "the spec is what the schema of the kernel asks for" \
	"$VM_YNL/tools/net/ynl/cli.py" --spec "$spec" \
	--schema "$VM_YNL/Documentation/netlink/genetlink.yaml" --list-ops
did hub-get --do hub-get
is "a new hub has 8 slots" "$(get 'a["slots"]')" 8
did member-get --do member-get --json "{\"id\": $ticked}"
is "a member by its id" "$(get 'a["name"], a["kind"], a["slot"]')" \
	"('mpl3115', 'ticked', 0)"
did member-get --dump member-get
both=$(printf '%s\n' "$ticked" "$free" | sort -n | paste -sd , |
	sed 's/.*/[&]/; s/,/, /')
is "both members" "$(get 'sorted(m["id"] for m in a)')" "$both"
did sync-set --do sync-set --json '{"bound-ns": 1000000, "valid-ns": 60000000000}'
listen monitor 4
did hub-set --do hub-set --json '{"period-ns": 500000000}'
did slot-new --do slot-new --json '{}'
is "gets the lowest number" "$(get 'a["number"]')" 8
ok "the trigger is there" grep -qx cityhub-8 /sys/bus/iio/devices/trigger*/name
did slot-del --do slot-del --json '{"number": 8}'
fails "the trigger is gone" grep -qx cityhub-8 /sys/bus/iio/devices/trigger*/name
did arm --do arm --json "{\"member\": [$ticked, $free]}"
generation=$(get 'a["generation"]')
wait $listener
is "what the hub did is announced, with the whole object" \
	"$(get '[(m["msg"]["slots"], m["msg"]["period-ns"], len(m["msg"].get("capture", [])))
	for m in a if m["name"] == "hub-ntf"]' "$heard")" \
	"[(8, 500000000, 0), (9, 500000000, 0), (8, 500000000, 0), (8, 500000000, 1)]"
is "members too" "$(get 'sorted({m["msg"]["id"] for m in a
	if m["name"] == "member-ntf" and m["msg"]["gate"] == "open"})' "$heard")" \
	"$both"
is "in sequence" "$(get 'all(y["msg"]["sequence"] == x["msg"]["sequence"] + 1
	for x, y in zip(a, a[1:]))' "$heard")" True
sleep 3
did tick-get --dump tick-get --json '{"number": 0}'
ok "ticks of the capture" test \
	"$(get 'len([t for t in a[0]["tick"] if t.get("generation")])')" -ge 4
did stats-get --dump stats-get
is "the hub first" "$(get 'a[0]["hub"]["slots-on"], "member" in a[0]')" \
	"(1, False)"
is "then the members, with counters and stamp state" \
	"$(get 'sorted((s["member"]["name"], "ticks" in s["member"], "counters" in s["member"], s["member"].get("stamp", {}).get("latency-min-ns")) for s in a[1:])' |
		tr -d ' ')" \
	"[('mpl3115',True,False,None),('sen66',False,True,0)]"

# Faults: a bus error and its end, an overrun, a buffer switched off while armed.
listen fault 14
sim_set sen66 nack 3
sleep 3
sim_set mpl3115 transfer_ns 700000000
sleep 3
sim_set mpl3115 transfer_ns -1
sleep 3
echo 0 > "$(iio_dir sen66)/buffer/enable"
wait $listener
# kinds NAME: what was told of a member
kinds() {
	get "sorted({k for m in a if m['msg']['name'] == '$1' for k in m['msg']['kinds']})" \
		"$heard"
}

like "bus error, buffer off while armed, recovered" "$(kinds sen66)" \
	"'bus-error', 'cut'.*'recovered'"
like "overrun" "$(kinds mpl3115)" "'overrun'"
is "in sequence" "$(get 'all(y["msg"]["sequence"] == x["msg"]["sequence"] + 1
	for x, y in zip(a, a[1:]))' "$heard")" True
did disarm --do disarm --json "{\"generation\": $generation}"
is "answers with the counters at the stop" \
	"$(get 'sorted(s["name"] for s in a["stats"])')" "['mpl3115', 'sen66']"
echo 0 > "$directory/buffer/enable"
# The removal of a member is an event that has no operation.
listen monitor 3
device=$(basename /sys/bus/i2c/devices/*-006b)
echo "$device" > /sys/bus/i2c/drivers/cityhub-sen6x/unbind
wait $listener
like "a member that is gone" "$(get '[m["name"] for m in a]' "$heard")" "member-del-ntf"

# Nothing of the spec was left out.
ok "list of operations" ynl --list-ops
is "every operation was done" \
	"$(sed 's/ .*//' "$out" | sort | paste -sd ' ')" \
	"$(printf '%s\n' "${done_ops[@]}" | sort -u | paste -sd ' ')"
echo > "$directory/trigger/current_trigger"
finish
