#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# stock: 6.12
# smp: yes
# chips: mpl3115,mpl3115-b,sen66
# timeout: 900
#
# The netlink family refuses what makes no sense, says why and what is to
# blame, and nothing has changed then.

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

build=$(dirname "$0")/../../build
cityhub=$build/cityhub
bad=$build/tools/nl-bad
events=$(mktemp)

# Numbers of include/uapi/linux/cityhub.h.
hub_get=1 member_get=2 tick_get=3 arm=4 disarm=5 stats_get=6
hub_set=10 sync_set=11 slot_new=12 slot_del=13
member_id=1 slot_number=1 slot_since=2
capture_generation=1 capture_member=2 capture_start=3
hub_period=2 hub_phase=14 hub_clock=15 hub_policy=16
sync_bound=1 sync_valid=2

# u32 N, u64 N: as hex in the byte order of the machine
u32() {
	local hex

	printf -v hex %08x "$1"
	echo "${hex:6:2}${hex:4:2}${hex:2:2}${hex:0:2}"
}

u64() {
	echo "$(u32 $(($1 & 0xffffffff)))$(u32 $(($1 >> 32 & 0xffffffff)))"
}

# state: what a request might have changed: captures, gate, slot
state() {
	local hub

	hub=$("$cityhub" show --json)
	echo "${hub/\"epoch_ns\"*\"captures\"/}"
	"$cityhub" show "$ticked" --json
}

# refused NAME ERRNO BLAME MESSAGE REQUEST...: and the state is the one before
refused() {
	local name=$1 want="errno=$2${3:+ $3}" text=$4 answer

	shift 4
	answer=$("$bad" "$@" 2>&1)
	is "$name" "${answer%% msg=*}" "$want"
	like "$name: the reason" "${answer#* msg=}" "$text"
	is "$name: nothing changed" "$(state)" "$before"
}

# A dump points at nothing before Linux 6.10.
blame() {
	[ "$VM_KERNEL" != 6.12 ] || echo "attr=$1"
}

directory=$(echo /sys/bus/i2c/devices/*-0060/iio:device*)
ticked=${directory##*device}
other=$(echo /sys/bus/i2c/devices/*-0061/iio:device*)
other=${other##*device}
free=$(iio_name sen66)
free=${free##*device}
echo cityhub-0 > "$directory/trigger/current_trigger"
for file in "$directory"/scan_elements/*_en; do
	echo 1 > "$file"
done
echo 1 > "$directory/buffer/enable"
t=$(u32 "$ticked")
before=$(state)

refused "unknown attribute" EINVAL attr=9 "[Uu]nknown attribute" \
	"$arm" "$capture_member=$t" "9=$t"
refused "attribute of an operation without any" EINVAL attr=1 "" "$hub_get" "1=$t"
refused "attribute of a dump without any" EINVAL attr=1 "" "$stats_get,dump" "1=$t"
refused "attribute of another operation" EINVAL "attr=$capture_generation" "" \
	"$arm" "$capture_member=$t" "$capture_generation=$t"
refused "member too short" EINVAL "attr=$capture_member" "length" \
	"$arm" "$capture_member=0000"
refused "member too long" EINVAL "attr=$capture_member" "length" \
	"$arm" "$capture_member=$t$t"
refused "start given twice" EINVAL "attr=$capture_start" "twice" \
	"$arm" "$capture_member=$t" "$capture_start=$(u64 $((1 << 62)))" \
	"$capture_start=$(u64 $((1 << 62)))"
refused "generation given twice" EINVAL "attr=$capture_generation" "twice" \
	"$disarm" "$capture_generation=$(u32 1)" "$capture_generation=$(u32 1)"
refused "member of member-get given twice" EINVAL "attr=$member_id" "twice" \
	"$member_get" "$member_id=$t" "$member_id=$t"
refused "slot of a dump given twice" EINVAL "$(blame $slot_number)" "twice" \
	"$tick_get,dump" "$slot_number=$(u32 0)" "$slot_number=$(u32 0)"
refused "a clock that is not synchronised" ETIME "" "not known to be synchronised" \
	"$arm" "$capture_member=$t"
refused "period of 1 us" ERANGE "attr=$hub_period" "range" \
	"$hub_set" "$hub_period=$(u64 1000)"
refused "period of a day" ERANGE "attr=$hub_period" "range" \
	"$hub_set" "$hub_period=$(u64 86400000000000)"
refused "phase of a period" ERANGE "attr=$hub_phase" "less than the period" \
	"$hub_set" "$hub_phase=$(u64 1000000000)"
refused "phase and a smaller period" ERANGE "attr=$hub_phase" "less than the period" \
	"$hub_set" "$hub_period=$(u64 500000000)" "$hub_phase=$(u64 500000000)"
refused "period given twice" EINVAL "attr=$hub_period" "twice" \
	"$hub_set" "$hub_period=$(u64 2000000000)" "$hub_period=$(u64 2000000000)"
refused "no such clock" ERANGE "attr=$hub_clock" "range" "$hub_set" "$hub_clock=$(u32 2)"
refused "no such policy" ERANGE "attr=$hub_policy" "range" "$hub_set" "$hub_policy=$(u32 2)"
refused "TAI whose offset is 0" EAGAIN "attr=$hub_clock" "TAI offset" \
	"$hub_set" "$hub_clock=$(u32 1)"
refused "a setting that is none" EINVAL "attr=$hub_get" "" "$hub_set" "$hub_get=$(u32 1)"
refused "sync for two days" ERANGE "attr=$sync_valid" "range" \
	"$sync_set" "$sync_bound=$(u64 1)" "$sync_valid=$(u64 172800000000000)"
refused "sync without a bound" EINVAL "missing=$sync_bound" "largest error" \
	"$sync_set" "$sync_valid=$(u64 1)"
refused "sync without an end" EINVAL "missing=$sync_valid" "how long" \
	"$sync_set" "$sync_bound=$(u64 1)"
refused "start too short" EINVAL "attr=$capture_start" "length" \
	"$arm" "$capture_member=$t" "$capture_start=$t"
refused "member out of range" ERANGE "attr=$capture_member" "range" \
	"$arm" "$capture_member=ffffffff"
refused "second member out of range" ERANGE "attr=$capture_member" "range" \
	"$arm" "$capture_member=$t" "$capture_member=ffffffff"
refused "start 0" ERANGE "attr=$capture_start" "range" \
	"$arm" "$capture_member=$t" "$capture_start=$(u64 0)"
refused "start above s64" ERANGE "attr=$capture_start" "range" \
	"$arm" "$capture_member=$t" "$capture_start=ffffffffffffffff"
refused "start in the past" ERANGE "attr=$capture_start" "past" \
	"$arm" "$capture_member=$t" "$capture_start=$(u64 1)"
refused "start in two days" ERANGE "attr=$capture_start" "day" \
	"$arm" "$capture_member=$t" \
	"$capture_start=$(u64 $((($(date +%s) + 172800) * 1000000000)))"
refused "unknown member" ENODEV "attr=$capture_member" "no such member" \
	"$arm" "$capture_member=$t" "$capture_member=$(u32 77)"
refused "a device that is no member" ENODEV "attr=$capture_member" \
	"no such member" "$arm" "$capture_member=$(u32 "$other")"
refused "a member named twice" EINVAL "attr=$capture_member" "twice" \
	"$arm" "$capture_member=$t" "$capture_member=$t"
refused "a member not primed" EAGAIN "attr=$capture_member" "not primed" \
	"$arm" "$capture_member=$t" "$capture_member=$(u32 "$free")"
refused "no member" EINVAL "missing=$capture_member" "no member" "$arm"
many=()
for n in {0..64}; do
	many+=("$capture_member=$(u32 $((n + 1000)))")
done
refused "65 members" ENOBUFS "attr=$capture_member" "too many" "$arm" "${many[@]}"
refused "no generation" EINVAL "missing=$capture_generation" "which capture" \
	"$disarm"
refused "generation 0" ERANGE "attr=$capture_generation" "range" \
	"$disarm" "$capture_generation=$(u32 0)"
refused "unknown capture" ENOENT "attr=$capture_generation" "no such capture" \
	"$disarm" "$capture_generation=$(u32 9)"
refused "member-get without an id" EINVAL "missing=$member_id" "which member" \
	"$member_get"
refused "member-get of an unknown id" ENODEV "attr=$member_id" "no such member" \
	"$member_get" "$member_id=$(u32 77)"
refused "a dump of members with an id" EINVAL "$(blame $member_id)" "all members" \
	"$member_get,dump" "$member_id=$t"
refused "slot 64" ERANGE "attr=$slot_number" "range" \
	"$tick_get,dump" "$slot_number=$(u32 64)"
refused "slot 63 of 8" ENOENT "$(blame $slot_number)" "no such slot" \
	"$tick_get,dump" "$slot_number=$(u32 63)"
refused "an index without its slot" EINVAL "$(blame $slot_since)" "slot" \
	"$tick_get,dump" "$slot_since=$(u64 0)"
refused "a slot there is" EEXIST "attr=$slot_number" "already" \
	"$slot_new" "$slot_number=$(u32 7)"
refused "a slot beyond the last" ERANGE "attr=$slot_number" "range" \
	"$slot_new" "$slot_number=$(u32 64)"
refused "slot-del without a number" EINVAL "missing=$slot_number" "which slot" \
	"$slot_del"
refused "slot-del of none" ENOENT "attr=$slot_number" "no such slot" \
	"$slot_del" "$slot_number=$(u32 8)"
refused "slot-del of one in use" EBUSY "attr=$slot_number" "a device" \
	"$slot_del" "$slot_number=$(u32 0)"
refused "slot of slot-new given twice" EINVAL "attr=$slot_number" "twice" \
	"$slot_new" "$slot_number=$(u32 9)" "$slot_number=$(u32 9)"
like "an unknown operation" "$("$bad" 99 2>&1)" "errno=EOPNOTSUPP"
like "a notification is no request" "$("$bad" 7 2>&1)" "errno=EOPNOTSUPP"

# Without privilege.
like "arm without privilege" "$(as_nobody "$bad" "$arm" "$capture_member=$t" 2>&1)" \
	"^errno=EPERM"
like "disarm without privilege" \
	"$(as_nobody "$bad" "$disarm" "$capture_generation=$(u32 1)" 2>&1)" "^errno=EPERM"
like "hub-set without privilege" \
	"$(as_nobody "$bad" "$hub_set" "$hub_policy=$(u32 1)" 2>&1)" "^errno=EPERM"
like "sync-set without privilege" \
	"$(as_nobody "$bad" "$sync_set" "$sync_valid=$(u64 0)" 2>&1)" "^errno=EPERM"
like "slot-new without privilege" "$(as_nobody "$bad" "$slot_new" 2>&1)" "^errno=EPERM"
like "slot-del without privilege" \
	"$(as_nobody "$bad" "$slot_del" "$slot_number=$(u32 1)" 2>&1)" "^errno=EPERM"
message=$(as_nobody "$cityhub" arm "$ticked" 2>&1)
is "the command is refused" $? 3
like "and says what is needed" "$message" "CAP_NET_ADMIN"
ok "anyone may list" as_nobody "$cityhub" list
ok "anyone may see the hub" as_nobody "$cityhub" show
ok "anyone may see the counters" as_nobody "$cityhub" stats
ok "anyone may read ticks" eval 'as_nobody "$bad" "$tick_get,dump"; test $? = 1'

# slots: how many there are, as the hub and as IIO say
slots() {
	"$cityhub" show --json | sed 's/.*"slots":\([0-9]*\).*/\1/'
	cat /sys/bus/iio/devices/trigger*/name | grep -c '^cityhub-'
}

# made OPERATION NUMBER...: how often it was done
made() {
	local operation=$1 n count=0

	for n in "${@:2}"; do
		"$bad" "$operation" "$slot_number=$(u32 "$n")" > /dev/null
		[ $? != 1 ] || count=$((count + 1))
	done
	echo "$count"
}

is "8 slots" "$(slots)" $'8\n8'
# User-Mode Linux has interrupt numbers for some 30 triggers.
if [ "$VM_KERNEL" != uml ]; then
	is "all slots there can be are made" "$(made "$slot_new" {8..63})" 56
	is "and are there" "$(slots)" $'64\n64'
	like "one more is refused" "$("$bad" "$slot_new")" "ENOSPC.*all slots"
	is "they go" "$(made "$slot_del" {62..8})" 55
else
	is "the last is made" "$(made "$slot_new" 63)" 1
fi
is "nine slots" "$(slots)" $'9\n9'
echo cityhub-63 > "/sys/bus/iio/devices/iio:device$other/trigger/current_trigger"
like "the last serves a device" "$("$cityhub" show "$other" --json)" '"slot":63'
like "and is in use" "$("$bad" "$slot_del" "$slot_number=$(u32 63)")" "EBUSY"
echo > "/sys/bus/iio/devices/iio:device$other/trigger/current_trigger"
# Whom a slot let in last may still be on its way.
sleep 0.1
is "all but the one in use can go" "$(made "$slot_del" {0..7} 63) $(slots)" $'8 1\n1'
is "and be made anew" "$(made "$slot_new" 5)" 1
"$bad" "$slot_new" > /dev/null
is "with gaps" "$(cat /sys/bus/iio/devices/trigger*/name | grep '^cityhub-' |
	sort | paste -sd ' ')" "cityhub-0 cityhub-1 cityhub-5"
like "a slot in a gap has no ticks" \
	"$("$bad" "$tick_get,dump" "$slot_number=$(u32 3)" 2>&1)" "ENOENT"

# The same by the command.
slot() {
	"$cityhub" slot "$@"
}

like "the command lists what there is, and for whom" "$(slot list --json)" \
	'^\[\{"slot":0,"trigger":"cityhub-0","member":[0-9]+,"name":"mpl3115"\},\{"slot":1,"trigger":"cityhub-1","member":null,"name":null\},\{"slot":5,[^{]*\}\]$'
is "it makes the lowest there is none of" "$(slot add --json)" \
	'{"slot":2,"trigger":"cityhub-2","member":null,"name":null}'
ok "and one by its number" slot add 7
refusal=$(slot add cityhub-7 2>&1)
is "one that there is is refused" $? 3
like "with what to do" "$refusal" "already -> .cityhub slot list"
refusal=$(slot delete cityhub-0 2>&1)
is "one in use stays" $? 3
like "with what to do" "$refusal" "device has the slot.* -> switch its buffer off"
refusal=$(as_nobody "$cityhub" slot delete 7 2>&1)
is "without privilege all stay" $? 3
like "with what to do" "$refusal" "sudo"
ok "anyone may list them" as_nobody "$cityhub" slot list
ok "it takes away by name and by number" eval 'slot delete cityhub-7 && slot delete 2'
is "those are gone" "$(slot list --json | grep -o '"slot":[0-9]*' | paste -sd ' ')" \
	'"slot":0 "slot":1 "slot":5'
for wrong in "" more "add x" "add 3 4" delete "delete -1" "list 3"; do
	read -ra words <<< "$wrong"
	slot "${words[@]}" > /dev/null 2>&1
	is "'slot $wrong' is wrong usage" $? 2
done

# With it, and right; listeners are told.
as_nobody "$build/tools/hub-events" 10000 > "$events" &
wait_for 10 grep -q ready "$events"
ok "arm" "$cityhub" arm --force "$ticked"
before=$(state)
refused "hub-set while something is armed" EBUSY "" "disarm it first" \
	"$hub_set" "$hub_period=$(u64 2000000000)"
refused "a member in another capture" EBUSY "attr=$capture_member" "already" \
	"$arm" "$capture_member=$t"
fails "the module stays while a trigger is in use" rmmod cityhub
ok "disarm" "$cityhub" disarm
echo 0 > "$directory/buffer/enable"
wait %1
is "arm, disarm and the buffer are announced" "$(sed 's/ epoch=.*//' "$events")" "ready
hub lost=0
member id=$ticked lost=0 gate=1 primed=1
hub lost=0
member id=$ticked lost=0 gate=2 primed=1
member id=$ticked lost=0 gate=0 primed=0"
fails "and while a device points at it" rmmod cityhub
echo > "$directory/trigger/current_trigger"
ok "and goes when it is free" rmmod cityhub
"$cityhub" show 2>/dev/null
is "without the module: exit status 4" $? 4
like "list says so" "$("$cityhub" list)" "not loaded"
finish
