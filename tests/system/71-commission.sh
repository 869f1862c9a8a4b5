#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
# chips: ade9000,sen66
#
# cityhub commission names clamps that are mounted wrong and keeps the record;
# faults and selftest say what they find, and leave a capture alone; watch keeps
# to its terminal and gives it back; refusals say what to do.

# shellcheck disable=SC2317 # called through ok
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/daemon.sh
. "$(dirname "$0")/daemon.sh"
cityhub=$top/build/cityhub
work=$(mktemp -d)

# load PF1 PF2 PF3: power factors the meter sees from now on
load() {
	printf '%s\n' t_s,l1_v,l1_a,l1_pf,l1_hz,l2_v,l2_a,l2_pf,l2_hz,l3_v,l3_a,l3_pf,l3_hz \
		"0,230,2.5,$1,50,230,4,$2,50,230,3,$3,50" \
		"100000,230,2.5,$1,50,230,4,$2,50,230,3,$3,50" > "$work/world.csv"
	world_scenario "$work/world.csv"
	sleep 2
}

# commission ARGUMENT...: its report as one line, and the exit status
commission() {
	"$cityhub" commission --record "$work/record.json" "$@" 2>&1 |
		tr -s ' \n' ' '
	return "${PIPESTATUS[0]}"
}

# field EXPRESSION: of the record, as r
field() {
	python3 -c "import json; r = json.load(open('$work/record.json')); print(($1))"
}

load 0.95 1 0.9
said=$(commission --hub lamp-7 --lat 48.2082 --lon 16.3738 --height 4.5 \
	--serial sen66=A1B2 --calibration ade9000-meter=CAL-9 --by smith)
is "clamps that are right" $? 0
like "are called so" "$said" "clamps are right on L1 L2 L3"
is "what was given is in the record" \
	"$(field "r['hub']['id'], r['location']['lat'], r['sensors']['sen66']['serial'], r['sensors']['ade9000-meter']['calibration'], r['by']")" \
	"('lamp-7', 48.2082, 'A1B2', 'CAL-9', 'smith')"
is "and what was measured" \
	"$(field "r['right'], [round(p['active_w']) for p in r['sensors']['ade9000-meter']['clamps']['phases']]")" \
	"(True, [546, 920, 621])"

load 0.95 1 -0.9
said=$(commission --serial ade9000-meter=M77)
is "a clamp the wrong way round" $? 1
like "is named" "$said" "the clamp of L3 is reversed -> .*turn the clamp of L3"
like "what can kill is told first" "${said%%the clamp of L3*}" \
	"before anybody touches a clamp: supply off, locked out and measured dead"
fails "the others are not" grep -q "clamp of L[12] is" <<< "$said"
is "the record keeps what it had" \
	"$(field "r['hub']['id'], r['sensors']['ade9000-meter']['calibration'], r['sensors']['ade9000-meter']['serial'], r['right']")" \
	"('lamp-7', 'CAL-9', 'M77', False)"

# Each current lags by a third of a turn: it is that of the next phase.
load -0.5 -0.5 -0.5
said=$(commission --check)
is "clamps on the wires of other phases" $? 1
for pair in "1 2" "2 3" "3 1"; do
	like "are named, L${pair% *}" "$said" \
		"clamp of input L${pair% *} is on the wire of L${pair#* }"
done
is "--check writes nothing" "$(field "r['sensors']['ade9000-meter']['clamps']['phases'][0]['on_wire']")" 1

sed 's/,4,/,0.01,/g' -i "$work/world.csv"
sed 's/-0\.5/1/g' -i "$work/world.csv"
world_scenario "$work/world.csv"
sleep 2
like "without a load" "$(commission --check)" \
	"clamps are right on L1 L3 .*L2 has less than 20 VA"
"$cityhub" commission --check --json > "$work/json"
is "a program is told the same" "$(python3 -c "
import json
d = json.load(open('$work/json'))
print(d['healthy'], [f['part'] for f in d['findings'] if 'L2 has less' in f['finding']])")" \
	"True ['sensor ade9000-meter']"

sed 's/,\(2\.5\|3\),/,0.01,/g' -i "$work/world.csv"
world_scenario "$work/world.csv"
sleep 2
commission > /dev/null
is "without any load nothing is recorded as right" "$(field "r['right']")" None
cp "$work/record.json" "$work/before"
fails "a latitude that is none" "$cityhub" commission --record "$work/record.json" --lat 91
fails "a file that is no record" "$cityhub" commission --record "$work/world.csv"
is "nothing is written then" "$(cmp "$work/before" "$work/record.json")" ""

# Faults, by what the drivers counted
is "no fault" "$("$cityhub" faults --store "$work/none" | grep -v ledger)" "no fault counted"

# Selftest: what is free is tried, what is captured is not
iio_scan sen66 on
iio_set sen66 buffer/enable 1
said=$("$cityhub" selftest | tr -s ' \n' ' ')
like "what is captured is left alone" "$said" "sensor sen66 captured at this moment"
like "what is not is read" "$said" "OK sensor ade9000-meter [0-9]+ channels read"
like "and the hub asked" "$said" "OK hub answers three requests .*OK hub events"
iio_set sen66 buffer/enable 0
sim_set sen66 nack 4000000000
"$cityhub" selftest > "$work/said"
is "a chip that is gone fails it" $? 1
like "by name" "$(tr -s ' \n' ' ' < "$work/said")" \
	"FAULT sensor sen66 [0-9]+ of [0-9]+ channels cannot be read"
sim_set sen66 nack 0

# Who has no privilege, and names what is not there
message=$(as_nobody "$cityhub" set --period 2 2>&1)
is "set without privilege: exit status" $? 3
like "says what is needed" "$message" "CAP_NET_ADMIN is needed -> run it with sudo"
message=$("$cityhub" show lamp 2>&1)
is "a member that is none: exit status" $? 3
like "says where to look" "$message" "no member is called 'lamp' .cityhub list"
message=$("$cityhub" disarm 77 2>&1)
is "a capture that is none: exit status" $? 3
like "says where to look" "$message" "no such capture -> .cityhub show"
message=$("$cityhub" arm --sooner 2>&1)
is "an option that is none: exit status" $? 2
like "is named, once" "$message" "^cityhub arm: no option '--sooner'"
like "what is set is shown" "$("$cityhub" set --policy any --json)" \
	'^\{"period_ns":1000000000,.*"policy":"any"'
slot='{"slot":60,"trigger":"cityhub-60","member":null,"name":null}'
is "a slot that is made is shown" "$("$cityhub" slot add 60 --json)" "$slot"
is "and one that goes, to programs" "$("$cityhub" slot delete 60 --json)" "$slot"
is "80 columns are enough for counters" "$("$cityhub" stats | awk 'length > 80')" ""

# Watching, on a terminal
daemon_conf_devices sen66 ade9000-meter
chmod 700 "$daemon_dir"
echo "control = { socket = \"$daemon_dir/control\"; };" >> "$daemon_dir/conf"
"$cityhub" watch --store "$daemon_store" --json sen66 > "$work/early" 2> "$work/err" &
early=$!
sleep 1
daemon_start
wait_for 20 said "ade9000-meter: capturing"
sleep 4
kill "$early"
wait "$early"
like "a store that comes later is found" "$(tail -n 1 "$work/early")" '"seq":.*"sensor":"sen66"'
# watch SCRIPT: what the terminal shows
watch() {
	TERM=vt100 LC_ALL=C.UTF-8 python3 "$top/tests/system/watch_pty.py" \
		"$cityhub" watch --store "$daemon_store" "${@:2}" <<< "$1"
}

watch $'wait 4\nsize 50 9\nkey x\nkey \\x03' > "$work/seen"
screen=$(sed '/^== size/,$d' "$work/seen")
like "the hub and its clock" "$screen" "hub test   clock NOT SYNCHRONISED   store up"
like "a sensor with rate, age, bound, coverage, counters" "$screen" \
	"sen66 +1 Hz +[0-9.]+ s +[0-9.]+ [mu]s +100% +0 +[0-9]+ +[1-9]"
like "a value with what it did lately" "$screen" "co2 +[0-9.]+ ppm +▁.*█"
like "the ledger" "$screen" "ledger captured [0-9 ]+ = reduced"
screen=$(sed '1,/^== size/d; /^== key x/,$d' "$work/seen")
is "a smaller terminal is kept to" \
	"$([ "$(LC_ALL=C.UTF-8 wc -L <<< "$screen")" -lt 50 ] && wc -l <<< "$screen")" 9
like "with a line for each sensor" "$screen" \
	"ade9000-meter .*sen66 |sen66 .*ade9000-meter "
is "a key draws the same anew" "$(sed '1,/^== key x/d; /^== key/,$d' "$work/seen" | head -n 1)" \
	"$(head -n 1 <<< "$screen")"
is "Ctrl-C gives the terminal back" "$(sed '1,/^== end/d; /^after/d' "$work/seen")" \
	$'status 0\nterminal restored'
like "and says what came" "$(tail -n 1 "$work/seen")" "received [0-9]+, missing 0, duplicates 0"
is "so does a signal" "$(watch $'wait 2\nsignal SIGTERM' sen66 | sed '1,/^== end/d; /^after/d')" \
	$'status 0\nterminal restored'
like "one sensor only" "$(watch $'wait 3\nkey q' sen66 | tr -d '\n')" \
	"SENSOR.*sen66 .*ledger .*status 0"

# In a pipe, and without privilege
"$cityhub" watch --store "$daemon_store" --seconds 3 --json sen66 2> "$work/err" > "$work/json"
is "lines for programs" "$(python3 -c "
import json
seen = [json.loads(line) for line in open('$work/json')]
print({b['sensor'] for b in seen}, len(seen) > 2)")" "{'sen66'} True"
# Who names neither store nor socket gets those of the daemon, and not what an
# earlier one left where they are by default.
mkdir -p /var/lib/cityhub
cp "$daemon_store" /var/lib/cityhub/store.db
cp "$daemon_store-wal" /var/lib/cityhub/store.db-wal
sleep 3
# newest ARGUMENT...: end of the newest result of sen66 that watch shows
newest() {
	"$cityhub" watch --seconds 2 --json "$@" sen66 2> "$work/err" | python3 -c "
import json, sys
print(max(json.loads(line)['to_ns'] for line in sys.stdin))"
}
# captured ARGUMENT...: samples of sen66 in the ledger
captured() {
	"$cityhub" ledger --json "$@" | python3 -c "
import json, sys
print(next(s['captured'] for s in json.load(sys.stdin)['sensors'] if s['sensor'] == 'sen66'))"
}
ok "watch finds the store of the daemon" [ "$(newest)" -gt \
	"$(newest --store /var/lib/cityhub/store.db)" ]
ok "ledger, too" [ "$(captured)" -gt \
	"$(captured --store /var/lib/cityhub/store.db)" ]
rm /var/lib/cityhub/store.db*
like "faults, too" "$("$cityhub" faults --json)" '"store":true'
like "tap finds its socket" "$("$cityhub" tap --json)" '"sen66"'
message=$(as_nobody "$cityhub" ledger --store "$daemon_store" 2>&1)
is "a store one may not read: exit status" $? 3
like "says whom it is for" "$message" "root and the group cityhub"
is "watching without privilege shows what the kernel counts" \
	"$(as_nobody "$cityhub" watch --store "$daemon_store" --seconds 3 --json |
		tail -n 1 | python3 -c "
import json, sys
seen = json.load(sys.stdin)
print([(s['sensor'], round(s['rate_hz']), s['lost']) for s in seen])")" \
	"[('sen66', 1, 0), ('ade9000-meter', 1, 0)]"
daemon_stop
rm -r "$work"
finish
