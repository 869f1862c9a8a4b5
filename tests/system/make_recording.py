# SPDX-License-Identifier: GPL-2.0-only
"""Write recordings of sensors that count, and of a meter, as cityhubd would.

usage: make_recording.py DIRECTORY
"""
import json
import struct
import sys

SENSORS = {"slow": (1, 1), "air": (10, 1), "wave": (400, 40), "meter": (1, 1)}
SECONDS = 30


def meaning(name, unit="1", reduce=0):
    return {"channel": name, "quantity": name, "unit": unit, "phase": "",
            "decimals": 3, "offset": 0.0, "factor": 1.0, "reduce": reduce,
            "step": 0.0, "unknown": None}


def number(bits, signed, **more):
    return {"bits": bits, "storage": bits, "shift": 0, "signed": signed,
            "big_endian": False, **more}


for name, (rate, block) in SENSORS.items():
    head = {"schema": "cityhub.recording/1", "name": name, "rate_hz": float(rate),
            "clock": 0, "block_scans": block,
            "scan": [number(32, True, meaning=meaning("energy", "Wh", 2))
                     if name == "meter" else
                     number(32, False, meaning=meaning("count")),
                     number(64, True)]}
    with open(f"{sys.argv[1]}/{name}.rec", "wb") as f:
        f.write(json.dumps(head, separators=(",", ":")).encode() + b"\n")
        for first in range(0, rate * SECONDS, block):
            stamps = [7_000_000_000 + n * 10**9 // rate
                      for n in range(first, first + block)]
            f.write(struct.pack("<qQ", stamps[-1], 16 * block))
            for n, stamp in enumerate(stamps, first):
                f.write(struct.pack("<I4xq", n, stamp))
