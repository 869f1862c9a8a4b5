#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compare what iio_generic_buffer printed with the truth log of a chip.

usage: generic_compare.py SYSFS-DIRECTORY OUTPUT TRUTH [--levels]

All channels were on, the stamp (monotonic_raw) comes last. Each line must be
the sample of the log whose instant is nearest, each value its code times the
scale of the channel as the tool reckons it, in floats, to the last digit. With
--levels the log holds decibels, the channel micropascal; these are compared.
"""
import math
import pathlib
import re
import struct
import sys


def single(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def channels(device):
    """Scale and offset of each channel, in the order of the scan."""
    found = []
    for file in device.glob("scan_elements/*_index"):
        name = file.name[:-len("_index")]
        if name == "in_timestamp":
            continue
        kind = re.match(r"in_[a-z]+", name)[0]
        parts = []
        for what, none in (("scale", 1), ("offset", 0)):
            for stem in (name, re.sub(r"\d+$", "", name), kind):
                path = device / f"{stem}_{what}"
                if path.exists():
                    parts.append(float(path.read_text()))
                    break
            else:
                parts.append(none)
        found.append((int(file.read_text()), *parts))
    return [channel[1:] for channel in sorted(found)]


def printed(code, scale, offset):
    return f"{single(single(single(code) + single(offset)) * single(scale)):05f}"


def main():
    device, levels = pathlib.Path(sys.argv[1]), "--levels" in sys.argv
    scales = channels(device)
    with open(sys.argv[3], encoding="ascii") as log:
        truth = [tuple(map(int, line.split(","))) for line in log
                 if line[0].isdigit()]
    lines = 0
    with open(sys.argv[2], encoding="ascii") as file:
        for line in file:
            if not re.match(r"-?\d+\.\d+ ", line):
                continue
            *values, stamp = line.split()
            row = min(truth, key=lambda row: abs(row[0] - int(stamp)))
            if levels:
                scale = scales[0][0]
                values = [round(20 * math.log10(float(v) / scale / 20))
                          for v in values]
                want = list(row[1:])
            else:
                want = [printed(code, *channel)
                        for code, channel in zip(row[1:], scales, strict=True)]
            if values != want:
                sys.exit(f"line {lines}: {values}, truth {want}")
            lines += 1
    print(f"{lines} lines")
    if not lines:
        sys.exit("nothing to compare")


main()
