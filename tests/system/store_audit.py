# SPDX-License-Identifier: GPL-2.0-only
"""What the campaigns look for in a store that was left without an end."""
import json
import os
import sqlite3
import types


def off(db):
    """What does not add up, as texts."""
    for name, diff in db.execute(
            "SELECT name, captured - reduced - raw - pending - ifnull((SELECT"
            " sum(n) FROM dropped WHERE sensor = name), 0) FROM sensor"):
        if diff:
            yield f"sensor {name} is off by {diff}"
    for name, diff in db.execute(
            "SELECT name, made - acknowledged - ifnull((SELECT sum(n) FROM"
            " expired WHERE sink = name), 0) - (SELECT count(*) FROM batch"
            " WHERE id > cursor) + ifnull((SELECT sum(last - first + 1) FROM"
            " ahead WHERE sink = name), 0) FROM sink"):
        if diff:
            yield f"sink {name} is off by {diff}"
    for boot, n, low, high in db.execute(
            "SELECT boot, count(*), min(seq), max(seq) FROM batch GROUP BY boot"):
        if high - low + 1 != n:
            yield f"gaps: {n} batches of boot {boot} from {low} to {high}"


def crash(db):
    return db.execute("SELECT ifnull(sum(n), 0) FROM dropped WHERE reason ="
                      " 'crash'").fetchone()[0]


def audit(path, fail):
    db = sqlite3.connect(path)
    if (sound := db.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
        fail("the store is damaged:", sound)
    for what in off(db):
        fail(what)
    order = [r for r, in db.execute("SELECT from_ns FROM batch b JOIN layout l ON"
                                    " l.id = layout WHERE l.body LIKE '%\"slow\"%'"
                                    " ORDER BY b.id")]
    if order != sorted(order):
        fail("out of order")
    found = types.SimpleNamespace(
        crash=crash(db),
        pending=db.execute("SELECT ifnull(sum(pending), 0) FROM sensor").fetchone()[0],
        batches=db.execute("SELECT count(*) FROM batch").fetchone()[0],
        newest_ns=db.execute("SELECT ifnull(max(from_ns + length_ns), 0)"
                             " FROM batch").fetchone()[0])
    db.close()
    return found


def begun(path):
    """Has it its tables?"""
    if not os.path.exists(path):
        return False
    db = sqlite3.connect(path)
    version = db.execute("PRAGMA user_version").fetchone()[0]
    db.close()
    return version > 0


def energy(path):
    db = sqlite3.connect(path)
    taken = db.execute("SELECT ifnull(sum(taken), 0) FROM energy").fetchone()[0]
    db.close()
    return taken


def batches(path):
    """By (boot, seq): begin and sensor."""
    db = sqlite3.connect(path)
    rows = {(u, s): (f, json.loads(l)["sensor"]) for u, s, f, l in db.execute(
        "SELECT uuid, seq, from_ns, body FROM (SELECT o.uuid, b.seq, b.from_ns,"
        " l.body FROM batch b JOIN boot o ON o.id = b.boot JOIN layout l ON"
        " l.id = b.layout)")}
    db.close()
    return rows


def check_energy(path, newest, fail):
    """What is kept of an index is not less than what was published of it."""
    db = sqlite3.connect(path)
    for sensor, channel, taken, returned in db.execute(
            "SELECT sensor, channel, taken, returned FROM energy"):
        for name, value in ((channel, taken), (channel + "-returned", returned)):
            # Published is what decimals are worth writing.
            if value + 1e-3 < newest.get((sensor, name), 0):
                fail(sensor, name, "was published as", newest[sensor, name],
                     "and is kept as", value)
    db.close()
