#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Capture waveforms for long, and compare each set with the truth log.

usage: wave_campaign.py SECONDS RATE CHANNELS

Runs in a test kernel (scripts/vm), as root. CHANNELS is 6 or 7, RATE 8000 or
32000. Every set the chip took must come once, in order and as it was; those of
the last ring may still be in the chip. Prints a line each minute of virtual
time and one at the end; the exit status is 0 if not one set was lost, doubled,
torn or misordered.
"""
import collections
import pathlib
import struct
import sys

SIM = pathlib.Path("/sys/kernel/debug/cityhub-sim/ade9000")
NAMES = ["current0", "voltage0", "current1", "voltage1", "current2",
         "voltage2", "current3"]


def find_device():
    for name in pathlib.Path("/sys/bus/iio/devices").glob("iio:device*/name"):
        if name.read_text(encoding="ascii").strip() == "ade9000-wave":
            return name.parent
    sys.exit("no ade9000-wave")


def setup(device, rate, channels):
    (SIM / "truth_capacity").write_text(str(16 * rate), encoding="ascii")
    (device / "sampling_frequency").write_text(str(rate), encoding="ascii")
    for path in (device / "scan_elements").glob("*_en"):
        path.write_text("0", encoding="ascii")
    for name in NAMES[:channels] + ["timestamp"]:
        path = device / "scan_elements" / f"in_{name}_en"
        path.write_text("1", encoding="ascii")
    (device / "current_timestamp_clock").write_text("monotonic_raw",
                                                    encoding="ascii")
    (device / "buffer/length").write_text("8192", encoding="ascii")
    (device / "buffer/watermark").write_text("128", encoding="ascii")
    (SIM / "truth").read_text(encoding="ascii")


def new_truth(waiting, channels):
    with open(SIM / "truth", encoding="ascii") as log:
        for line in log:
            if not line.startswith("#"):
                numbers = line.split(",")
                waiting.append((tuple(map(int, numbers[1:1 + channels])),
                                int(numbers[0])))


def check(done, values, stamp, last, waiting):
    """Return the error of the stamp of a set, or end with what is wrong."""
    if not waiting:
        sys.exit(f"set {done}: {values} was never taken")
    true_values, instant = waiting.popleft()
    if values != true_values:
        sys.exit(f"set {done} is {values}, should be {true_values}")
    if stamp <= last:
        sys.exit(f"set {done}: time goes back from {last} to {stamp}")
    return abs(stamp - instant)


def compare(node, scan, total, rate, channels):
    waiting, done, last, worst = collections.deque(), 0, 0, 0
    while done < total:
        raw = node.read(128 * scan.size)
        # What is in the buffer is in the log.
        if len(waiting) < 128 * 2:
            new_truth(waiting, channels)
        for values in scan.iter_unpack(raw):
            stamp = int.from_bytes(struct.pack(">q", values[-1]),
                                   sys.byteorder, signed=True)
            error = check(done, values[:channels], stamp, last, waiting)
            worst = max(worst, error if done > rate else 0)
            last = stamp
            done += 1
            if done % (60 * rate) == 0:
                print(f"{done // rate} s, {done} sets, stamps right to "
                      f"{worst} ns", flush=True)
    return done, worst


def main():
    seconds, rate, channels = (int(arg) for arg in sys.argv[1:4])
    device = find_device()
    setup(device, rate, channels)
    pad = channels % 2 * 4
    scan = struct.Struct(f">{channels}i{pad}xq")
    (device / "buffer/enable").write_text("1", encoding="ascii")
    with open(f"/dev/{device.name}", "rb", buffering=0) as node:
        done, worst = compare(node, scan, seconds * rate, rate, channels)
    (device / "buffer/enable").write_text("0", encoding="ascii")
    (device / "sampling_frequency").write_text("8000", encoding="ascii")
    lost = int((SIM / "truth_lost").read_text(encoding="ascii"))
    if lost:
        sys.exit(f"the log lost {lost}")
    print(f"{done} sets of {channels} channels at {rate} Hz: none lost, doubled,"
          f" torn or misordered, stamps right to {worst} ns")


main()
