# SPDX-License-Identifier: GPL-2.0-only
"""What a receiver makes of a capture over steps of the clock.

usage: clock_compare.py RECORD CLOCKS LEDGER SCHEMAS

RECORD: the data messages, CLOCKS: the clock messages, a line of JSON each;
LEDGER: the output of cityhub ledger --json; SCHEMAS: their directory.
"""
import collections
import json
import sys

import jsonschema

record, clocks, ledger, schemas = sys.argv[1:]
# Sensors with a period of their own, and the step of their samples.
PERIODS = {"sen66": 1.0, "ade9000-wave": 1 / 8000}


def fail(*what):
    sys.exit(" ".join(str(w) for w in what))


def checker(name):
    with open(f"{schemas}/cityhub-{name}-1.json") as f:
        return jsonschema.Draft202012Validator(json.load(f))


def lines(path):
    with open(path) as f:
        return [json.loads(line) for line in f if line.strip()]


def right_offset(log, boot, begin_ns):
    """The rule of Documentation/schema/cityhub-clock-1.json."""
    for e in log:
        if (e["boot"] == boot and e["sync"] == "synchronised"
                and e["from_ns"] >= begin_ns):
            return e["offset_ns"]
    return None


def boottime(batch, ns):
    return ns - batch["offset_ns"]


def distinct(batches):
    """By key; what came twice may only have a better date."""
    by_key = {}
    for b in batches:
        key = b["hub"], b["boot"], b["seq"]
        a = by_key.setdefault(key, b)
        if boottime(a, a["from_ns"]) != boottime(b, b["from_ns"]):
            fail("seq", b["seq"], "came twice and differs")
        by_key[key] = b
    return [by_key[k] for k in sorted(by_key)]


def check_sensor(name, batches, reduced):
    counted = sum(r["count"] for b in batches for r in b["results"])
    if counted != reduced:
        fail(name, "ledger", reduced, "received", counted)
    last = None
    samples = 0
    for b in batches:
        r = max(b["results"], key=lambda r: r["count"])
        at = boottime(b, r["instant_ns"])
        if not b["from_ns"] <= r["instant_ns"] < b["to_ns"]:
            fail(name, b["seq"], "instant outside of its window")
        if last is not None and at <= last:
            fail(name, b["seq"], "out of order by", last - at, "ns")
        if last is None:
            first = at
        else:
            samples += r["count"]
        last = at
    if name in PERIODS:
        expected = (last - first) / 1e9 / PERIODS[name]
        print(f"{name}: {samples} samples, {expected:.3f} periods")
        if abs(samples - expected) > 0.5:
            fail(name, "lost or doubled")


def check_dates(batches, log):
    final = log[-1]["offset_ns"]
    states = collections.Counter(b["sync"] for b in batches)
    print(dict(states))
    for state, least in ("unsynchronised", 60), ("synchronised", 10), \
            ("redated", 20):
        if states[state] < least:
            fail("only", states[state], state)
    wrong = collections.Counter()
    for b in batches:
        offset = b["offset_ns"]
        if b["sync"] == "unsynchronised":
            if b["bound_ns"] is not None:
                fail(b["seq"], "unsynchronised with a bound")
            offset = right_offset(log, b["boot"], boottime(b, b["from_ns"]))
        elif b["bound_ns"] is None:
            fail(b["seq"], b["sync"], "without a bound")
        wrong[(offset or 0) - final] += 1
    # The second sync was half a second off the first: two dates, no other.
    print({k / 1e9: n for k, n in wrong.items()})
    for by in wrong:
        if min(abs(by), abs(by - 500000000)) > 20000000:
            fail(wrong[by], "batches are dated wrong by", by / 1e9, "s")


batches = distinct(lines(record))
seqs = [b["seq"] for b in batches]
if seqs != list(range(seqs[0], seqs[0] + len(seqs))):
    fail("the sequence has gaps")
log = lines(clocks)[-1]["log"]
for e in log:
    print(e)
for message in lines(clocks):
    checker("clock").validate(message)
for b in batches[::5]:
    checker("batch").validate(b)
with open(ledger) as f:
    reduced = {s["sensor"]: s["reduced"] for s in json.load(f)["sensors"]}
by_sensor = collections.defaultdict(list)
for b in batches:
    by_sensor[b["sensor"]].append(b)
if set(by_sensor) != set(reduced) or len(reduced) < 5:
    fail("sensors", sorted(by_sensor), sorted(reduced))
for name in reduced:
    check_sensor(name, by_sensor[name], reduced[name])
steps = sum("step" in b["flags"] for b in by_sensor["sen66"])
if steps < 7:
    fail("only", steps, "windows of sen66 say that the clock was set")
check_dates(batches, log)
