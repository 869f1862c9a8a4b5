#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compare the windows an ade7953 buffer delivered with the truth log.

usage: window_compare.py SYSFS-DIRECTORY BUFFER TRUTH

All channels are on and stamps are monotonic_raw. The energies grow from scan to
scan by exactly what the chip found in the window, each window comes once and in
order, and the stamps are right to 100 us after the first. Prints how many scans
there were and the largest error of a stamp in ns.
"""
import pathlib
import re
import sys


def channels(device):
    """Yield (label or name, offset, bytes, signed) in the order of the scan."""
    found = []
    for path in (device / "scan_elements").glob("*_index"):
        stem = path.name[:-len("_index")]
        kind = path.with_name(stem + "_type").read_text(encoding="ascii")
        sign, bits = re.match(r"\w+:(\w)\d+/(\d+)", kind).groups()
        label = device / (stem + "_label")
        name = label.read_text(encoding="ascii").strip() if label.exists() else stem
        found.append((int(path.read_text(encoding="ascii")), name,
                      int(bits) // 8, sign == "s"))
    at = 0
    for _, name, size, signed in sorted(found):
        at = -(-at // size) * size
        yield name, at, size, signed
        at += size


def read_scans(device, path):
    layout = list(channels(device))
    size = -(-(layout[-1][1] + layout[-1][2]) // 8) * 8
    raw = path.read_bytes()
    for start in range(0, len(raw) - size + 1, size):
        scan = raw[start:start + size]
        yield {name: int.from_bytes(scan[at:at + width], sys.byteorder,
                                    signed=signed)
               for name, at, width, signed in layout}


ENERGIES = [f"{circuit}-{kind}energy" for circuit in "AB"
            for kind in ("", "reactive-", "apparent-")]


def main():
    device, data, log = (pathlib.Path(name) for name in sys.argv[1:4])
    scans = list(read_scans(device, data))
    truth = [[int(number) for number in line.split(",")]
             for line in log.read_text(encoding="ascii").splitlines()]
    if len(scans) < 10:
        sys.exit(f"only {len(scans)} scans")
    if len(truth) != len(scans):
        sys.exit(f"{len(scans)} scans of {len(truth)} windows")
    worst = 0
    for number in range(1, len(scans)):
        instant, _, *energies = truth[number]
        grown = [scans[number][name] - scans[number - 1][name]
                 for name in ENERGIES]
        if grown != energies:
            sys.exit(f"window {number}: {grown}, the chip found {energies}")
        worst = max(worst, abs(scans[number]["in_timestamp"] - instant))
    print(len(scans), "windows, stamps right to", worst, "ns")
    if worst > 100000:
        sys.exit(1)


main()
