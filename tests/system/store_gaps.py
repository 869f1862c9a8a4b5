# SPDX-License-Identifier: GPL-2.0-only
"""Is there a gap between the seconds that a store holds?

usage: store_gaps.py STORE: of one sensor and two runs of the daemon; prints "no
gap", or where they are.
"""
import sqlite3
import sys

db = sqlite3.connect(sys.argv[1])
begins = [b for (b,) in db.execute(
    "SELECT from_ns - offset_ns FROM batch ORDER BY id")]
gaps = [(a, b) for a, b in zip(begins, begins[1:]) if b - a != 10**9]
# One is where the daemon was started again.
print("no gap" if len(begins) > 8 and len(gaps) <= 1 else f"{begins} {gaps}")
