# SPDX-License-Identifier: GPL-2.0-only
"""Write recordings of a street: air, and a converter with mains and microphones.

usage: operation_recording.py DIRECTORY

The mains of "wave" is 230 V, 50 Hz, with a dip of L1 to 60 % for 0.2 s in the
third second. Microphones say 12345678 all the time: nothing else does.
"""
import json
import math
import struct
import sys

SECONDS = 4
RATE = 4000
SECRET = 12345678


def channel(name, quantity, unit, phase="", factor=1.0, reduce=0):
    return {"bits": 32, "storage": 32, "shift": 0, "signed": True, "big_endian": False,
            "meaning": {"channel": name, "quantity": quantity, "unit": unit,
                        "phase": phase, "decimals": 3, "offset": 0.0, "factor": factor,
                        "reduce": reduce, "step": 0.0, "unknown": None}}


def write(name, rate, block, channels, sample):
    n = len(channels)
    stamp = {"bits": 64, "storage": 64, "shift": 0, "signed": True, "big_endian": False}
    head = {"schema": "cityhub.recording/1", "name": name, "rate_hz": float(rate),
            "clock": 0, "block_scans": block, "scan": channels + [stamp]}
    form = f"<{n}i{'4x' if n % 2 else ''}q"
    with open(f"{sys.argv[1]}/{name}.rec", "wb") as f:
        f.write(json.dumps(head, separators=(",", ":")).encode() + b"\n")
        for first in range(0, rate * SECONDS, block):
            stamps = [7_000_000_000 + k * 10**9 // rate for k in range(first, first + block)]
            f.write(struct.pack("<qQ", stamps[-1], struct.calcsize(form) * block))
            for k, at in enumerate(stamps, first):
                f.write(struct.pack(form, *sample(k), at))


def wave(k):
    volts = [230 * math.sqrt(2) * math.sin(2 * math.pi * (50 * k / RATE - p / 3))
             for p in range(3)]
    if 2.5 <= k / RATE < 2.7:
        volts[0] *= 0.6
    return [SECRET, *(round(v * 1000) for v in volts), SECRET, SECRET]


write("air", 10, 1, [channel("temp", "temperature", "Cel", factor=0.001),
                     channel("LAeq", "sound_level", "dB(A)", factor=1e-6, reduce=1)],
      lambda k: (21000 + k % 10, 20_000_000))
write("wave", RATE, RATE // 10,
      [channel("mic-left", "voltage", "V")] +
      [channel(f"V{w}", "voltage", "V", f"L{p}", 0.001)
       for p, w in enumerate("ABC", 1)] +
      [channel("pressure", "pressure", "hPa"), channel("voltage7", "voltage", "V")],
      wave)
write("ear", RATE, RATE // 10, [channel("LAeq", "sound_level", "dB(A)", reduce=1)],
      lambda k: (SECRET,))
