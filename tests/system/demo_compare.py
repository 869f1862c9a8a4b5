#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compare what a subscriber got with what the simulated chips measured.

usage: demo_compare.py RECORD DIRECTORY

RECORD holds messages as JSON lines, DIRECTORY the logs truth-sen66,
truth-pcba-dbm and readings-ade9000. Each window of one sample must be a row of
the log, all its values within one step of the chip, in the order of the log.
There must be enough of each quantity, and it must have changed.
"""
import json
import math
import pathlib
import sys

# Windows of one sample; a host that is late makes some of two, and of none.
WANTED = 10
SQRT_HALF = math.sqrt(0.5)
RMS_FULL, POWER_FULL = 52702092, 20694066
VOLTS = SQRT_HALF * 801
AMPERES = SQRT_HALF * 196.078
# For what JSON rounds.
SLACK = 1e-6

CHIPS = {
    "sen66": ("truth-sen66", {
        ("pm1", ""): ("pm1_lsb", 0.1), ("pm2p5", ""): ("pm2p5_lsb", 0.1),
        ("pm4", ""): ("pm4_lsb", 0.1), ("pm10", ""): ("pm10_lsb", 0.1),
        ("rh", ""): ("rh_lsb", 0.01), ("temperature", ""): ("temp_lsb", 0.005),
        ("voc_index", ""): ("voc_lsb", 0.1),
        ("nox_index", ""): ("nox_lsb", 0.1), ("co2", ""): ("co2_ppm", 1)}),
    "pcba-dbm": ("truth-pcba-dbm", {("sound_level", ""): ("level_db", 1)}),
    "ade9000-meter": ("readings-ade9000", {
        (quantity, phase): (f"{phase.lower()}_{column}", step)
        for phase in ("L1", "L2", "L3")
        for quantity, column, step in (
            ("voltage", "vrms", VOLTS / RMS_FULL),
            ("current", "irms", AMPERES / RMS_FULL),
            ("active_power", "watt", VOLTS * AMPERES / POWER_FULL),
            ("reactive_power", "var", VOLTS * AMPERES / POWER_FULL),
            ("apparent_power", "va", VOLTS * AMPERES / POWER_FULL))}),
}
ENERGY_WH = VOLTS * AMPERES / POWER_FULL / 8000 / 3600
# The step of the high word, in which the driver counts.
ENERGY_STEP_WH = ENERGY_WH * 8192


def read_log(path):
    rows, names = [], []
    for line in path.read_text(encoding="ascii").splitlines():
        if line.startswith("#"):
            names = line[2:].split(",")
        else:
            rows.append(dict(zip(names, map(int, line.split(",")))))
    return rows


def values(message):
    return {(r["quantity"], r.get("phase") or ""): r
            for r in message["results"] if r["count"]}


def fits(results, row, columns):
    return all(abs(results[key]["last"] - row[column] * step)
               <= step * (1 + SLACK) + SLACK
               for key, (column, step) in columns.items() if key in results)


def match(messages, rows, columns):
    """Yield (message, row) in order; a message without a row ends it all."""
    at = 0
    for message in messages:
        results = values(message)
        while at < len(rows) and not fits(results, rows[at], columns):
            at += 1
        if at == len(rows):
            sys.exit(f"{message['sensor']} #{message['seq']}: the chip never "
                     f"measured { {k: r['last'] for k, r in results.items()} }")
        yield message, rows[at]
        at += 1


def check_energy(pairs, rows):
    """Energy is that of the chip, at most one reading behind."""
    before = dict(zip((row["t_raw_ns"] for row in rows[1:]), rows))
    for message, row in pairs:
        # None to compare the first reading with, if it is behind.
        if row["t_raw_ns"] not in before:
            continue
        for phase in ("L1", "L2", "L3"):
            got = values(message)["energy", phase]["last"]
            column = f"{phase.lower()}_energy"
            want = [r[column] * ENERGY_WH
                    for r in (row, before[row["t_raw_ns"]])]
            slack = 2 * ENERGY_STEP_WH + 1e-6 * abs(got)
            if not min(want) - slack <= got <= max(want) + slack:
                sys.exit(f"{phase} energy #{message['seq']}: {got} Wh, the "
                         f"chip counted {want}")


def main():
    record, logs = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    messages = [json.loads(line) for line in record.read_text().splitlines()]
    # What came twice counts once.
    messages = list({(m["boot"], m["seq"]): m for m in messages}.values())
    messages.sort(key=lambda m: (m["boot"], m["seq"]))
    seen = {}
    for sensor, (log, columns) in CHIPS.items():
        rows = read_log(logs / log)
        pairs = list(match([m for m in messages if m["sensor"] == sensor and
                            max(r["count"] for r in m["results"]) == 1],
                           rows, columns))
        if sensor == "ade9000-meter":
            check_energy(pairs, rows)
        for message, _ in pairs:
            for (quantity, phase), result in values(message).items():
                seen.setdefault((quantity, phase), []).append(result["last"])
    for key in (("pm2p5", ""), ("co2", ""), ("sound_level", ""),
                ("voltage", "L1"), ("active_power", "L1"), ("energy", "L1")):
        got = seen.get(key, [])
        print(f"{key[0]}: {len(got)} readings, {len(set(got))} distinct")
        if len(got) < WANTED or len(set(got)) < 2:
            sys.exit("too few")


main()
