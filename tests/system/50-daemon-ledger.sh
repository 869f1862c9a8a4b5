#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernel: uml
#
# All sensors to a broker that is away for 20 s, and a daemon that is killed
# meanwhile and once more with the broker there: no committed reading is lost,
# and the ledger adds up. A planted uncounted drop is seen.

# shellcheck disable=SC2317 # called through ok

# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/daemon.sh
. "$(dirname "$0")/daemon.sh"

record=$daemon_dir/record

# compare: everything in the store is in the record; what came twice is the
# same twice
compare() {
	python3 - "$daemon_store" "$record" <<-'END'
		import collections, json, sqlite3, sys
		db = sqlite3.connect(sys.argv[1])
		stored = {(h, u, s) for h, u, s in db.execute(
		    "SELECT hub, uuid, seq FROM batch JOIN boot ON boot.id = boot")}
		got = collections.defaultdict(set)
		lines = 0
		for line in open(sys.argv[2]):
		    b = json.loads(line)
		    got[b["hub"], b["boot"], b["seq"]].add(line)
		    lines += 1
		print(f"stored {len(stored)}, received {lines}, distinct {len(got)}")
		if lines == len(got):
		    sys.exit("nothing came twice: the second kill showed nothing")
		missing = stored - set(got)
		unlike = [k for k, v in got.items() if len(v) > 1]
		strange = set(got) - stored
		if missing or unlike or strange:
		    sys.exit(f"missing {len(missing)} unlike {len(unlike)} "
		             f"strange {len(strange)}")
		seqs = sorted(s for _, _, s in stored)
		if seqs != list(range(seqs[0], seqs[0] + len(seqs))):
		    sys.exit("the sequence has gaps")
	END
}

# quantities: at least 10 readings of each, two distinct values at least
quantities() {
	python3 - "$record" <<-'END'
		import collections, json, sys
		values = collections.defaultdict(list)
		for line in open(sys.argv[1]):
		    for r in json.loads(line)["results"]:
		        v = r["mean"] if r["mean"] is not None else r["last"]
		        values[r["quantity"]].append(v)
		for q in ("pm2p5", "co2", "temperature", "sound_level", "voltage",
		          "current", "active_power", "frequency", "energy"):
		    v = values[q]
		    print(q, len(v), len(set(v)), v[:1], v[-1:])
		    if len(v) < 10 or (q != "frequency" and len(set(v)) < 2):
		        sys.exit(f"{q}: too few")
	END
}

schema() {
	python3 - "$record" "$top/Documentation/schema/cityhub-batch-1.json" <<-'END'
		import json, jsonschema, sys
		check = jsonschema.Draft202012Validator(json.load(open(sys.argv[2])))
		for n, line in enumerate(open(sys.argv[1])):
		    if n % 5 == 0:
		        check.validate(json.loads(line))
	END
}

all_captured() {
	[ "$(ledger_get "len([s for s in l['sensors'] if s['captured']])")" -ge 5 ]
}

nothing_waits() {
	[ "$(ledger_get "l['sinks'][0]['waiting']")" -le 5 ]
}

daemon_conf_broker
broker_start
"$top/build/cityhub" watch --broker "127.0.0.1:$daemon_port" --hub test \
	--record "$record" --plain > "$daemon_dir/watch" 2>&1 &
watch_pid=$!
sleep 1
daemon_start
ok "every sensor is captured" wait_for 20 all_captured
sleep 15
broker_stop
sleep 8
daemon_kill
daemon_start
sleep 12
ok "results wait while the broker is away" \
	[ "$(ledger_get "l['sinks'][0]['waiting']")" -gt 20 ]
broker_start
ok "the backlog drains" wait_for 30 nothing_waits
sleep 3
daemon_kill	# what was acknowledged since the last commit comes again
daemon_start
sleep 4
daemon_stop
is "SIGTERM ends it in order" $? 0
sleep 1
kill "$watch_pid"
wait "$watch_pid" 2>/dev/null
ok "the ledger adds up" ledger
is "nothing waits" "$(ledger_get "l['sinks'][0]['waiting']")" 0
is "nothing expired" "$(ledger_get "l['sinks'][0]['expired_size']")" 0
is "what pended at the kill is accounted for" \
	"$(ledger_get "sum(s['dropped_crash'] for s in l['sensors']) > 0")" True
ok "no committed reading is lost, repeated ones are the same" compare
note "$(compare)"
ok "readings of every quantity" quantities
ok "messages keep to the schema" schema

# What nobody counted.
rm -f "$daemon_store"*
: > "$daemon_log"
export CITYHUB_TEST_DROP_EVERY=5
daemon_program=$top/build/faults/cityhubd
daemon_start
says "the daemon sees an uncounted drop" 20 "ledger: does not add up: sensor"
daemon_stop
fails "cityhub ledger sees it too" ledger
broker_stop
finish
