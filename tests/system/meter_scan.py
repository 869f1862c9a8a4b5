#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Print the last scan of an IIO buffer with all channels on.

usage: meter_scan.py SYSFS-DIRECTORY BUFFER

One line per channel: label (or name), value times scale of the last scan, and
how much the value grew per scan from the first to the last.
"""
import pathlib
import re
import sys


def read(path):
    return path.read_text(encoding="ascii").strip()


def channels(device):
    """Yield (name, offset, bytes, byte order, signed) in the order of the scan."""
    found = []
    for path in (device / "scan_elements").glob("*_index"):
        stem = path.name[:-len("_index")]
        kind = read(path.with_name(stem + "_type"))
        order, sign, bits = re.match(r"(\w)e:(\w)\d+/(\d+)", kind).groups()
        found.append((int(read(path)), stem, int(bits) // 8,
                      "big" if order == "b" else "little", sign == "s"))
    at = 0
    for _, stem, size, order, signed in sorted(found):
        at = -(-at // size) * size
        yield stem, at, size, order, signed
        at += size


def scale(device, stem):
    for name in (stem, re.sub(r"\d.*", "", stem)):
        path = device / (name + "_scale")
        if path.exists():
            return float(read(path))
    return 1


def main():
    device, data = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    layout = list(channels(device))
    size = -(-(layout[-1][1] + layout[-1][2]) // 8) * 8
    raw = data.read_bytes()
    scans = [raw[i:i + size] for i in range(0, len(raw) - size + 1, size)]
    for stem, at, width, order, signed in layout:
        values = [int.from_bytes(scan[at:at + width], order, signed=signed)
                  for scan in scans]
        label = device / (stem + "_label")
        factor = scale(device, stem)
        print(read(label) if label.exists() else stem,
              f"{values[-1] * factor:.9g}",
              f"{(values[-1] - values[0]) * factor / (len(values) - 1):.9g}")


main()
