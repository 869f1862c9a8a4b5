#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compare what an ade9000-wave buffer delivered with the truth log.

usage: wave_compare.py [--columns 0,1,...] [--lost] [--skip N]
		       [--report] [--gate SD,P99,MAX] [--honest NS] BUFFER TRUTH

BUFFER holds scans of big-endian s32, one for each column, padding, and an s64
stamp (monotonic_raw); TRUTH is the log of the virtual hub. Every scan must be
a sample of the truth, in order and only once; unless --lost allows gaps, no
sample may be missing but those at the end that were still in the chip. Prints
one line with what was found, for the test to judge:

delivered N missing M tail T error_ns P50 P95 MAX first_ns E

The errors are those of the stamps after the first N scans (--skip); --report,
--gate and --honest: see stamp_stats.py.
"""
import argparse
import struct
import sys

import stamp_stats


def read_truth(path, columns):
    with open(path, encoding="ascii") as log:
        for line in log:
            if line.startswith("#"):
                continue
            numbers = [int(number) for number in line.split(",")]
            yield numbers[0], tuple(numbers[1 + c] for c in columns)


def read_buffer(path, words):
    pad = words % 2 * 4
    scan = struct.Struct(f">{words}i{pad}x")
    size = scan.size + 8
    with open(path, "rb") as data:
        while len(raw := data.read(size)) == size:
            yield scan.unpack_from(raw), int.from_bytes(
                raw[-8:], sys.byteorder, signed=True)


def fail(text):
    print(text)
    sys.exit(1)


def compare(scans, truth, lossy):
    """Return the errors of the stamps, and how many samples are missing."""
    errors, stamps, missing = [], [], 0
    for number, (values, stamp) in enumerate(scans):
        for instant, true_values in truth:
            if true_values == values:
                break
            missing += 1
            if not lossy:
                fail(f"scan {number} is {values}, should be {true_values}")
        else:
            fail(f"scan {number}, {values}, is not in the rest of the truth")
        stamps.append(stamp)
        errors.append(stamp - instant)
    stamp_stats.check_order(stamps)
    return errors, missing


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--columns", default="0,1,2,3,4,5")
    parser.add_argument("--lost", action="store_true")
    parser.add_argument("--skip", type=int, default=0)
    parser.add_argument("buffer")
    parser.add_argument("truth")
    stamp_stats.add_arguments(parser)
    args = parser.parse_args()

    columns = [int(c) for c in args.columns.split(",")]
    truth = read_truth(args.truth, columns)
    errors, missing = compare(read_buffer(args.buffer, len(columns)), truth,
                              args.lost)
    tail = sum(1 for _ in truth)
    judged = sorted(abs(e) for e in errors[args.skip:])
    if not judged:
        fail(f"only {len(errors)} scans")
    print(f"delivered {len(errors)} missing {missing} tail {tail} error_ns "
          f"{judged[len(judged) // 2]} {judged[len(judged) * 95 // 100]} "
          f"{judged[-1]} first_ns {errors[0]}")
    stamp_stats.judge(errors[args.skip:], args)


main()
