#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compare what an IIO buffer gave with the truth log of a simulated chip.

usage: truth_compare.py FORMAT CAPTURE TRUTH [--levels] [--bound NS]
			[--last-bound NS] [--missing N|any] [--settle N]
			[--report] [--gate SD,P99,MAX] [--honest NS]

FORMAT is the struct format of a scan, the stamp (monotonic_raw) last. Every
scan must be one sample of the log, in order, with equal values: the sample
whose instant is nearest. Samples of the log between the first and the last
scan that were not captured must be --missing (default 0).
--bound: no stamp may be further off, after the first --settle scans.
--last-bound: nor the last one further than this.
--report, --gate and --honest: see stamp_stats.py; after the first --settle scans.
--levels: the log holds decibels, the scans micropascal.
Prints scans, missing samples and the largest error. Stamps must go up.
"""

import argparse
import bisect
import math
import struct
import sys

import stamp_stats


def read_truth(path):
    with open(path, encoding="ascii") as log:
        rows = [line.split(",") for line in log if line[0].isdigit()]
    return [(int(row[0]), tuple(int(cell) for cell in row[1:])) for row in rows]


def read_capture(path, layout):
    with open(path, "rb") as capture:
        data = capture.read()
    whole = len(data) - len(data) % struct.calcsize(layout)
    return [(scan[-1], scan[:-1])
            for scan in struct.iter_unpack(layout, data[:whole])]


def nearest(instants, stamp):
    at = bisect.bisect(instants, stamp)
    return min((i for i in (at - 1, at) if 0 <= i < len(instants)),
               key=lambda i: abs(instants[i] - stamp))


def compare(scans, truth, args):
    instants = [instant for instant, _ in truth]
    last, missing, worst, errors = None, 0, 0, []
    stamp_stats.check_order([stamp for stamp, _ in scans])
    for number, (stamp, values) in enumerate(scans):
        at = nearest(instants, stamp)
        if last is not None:
            if at <= last:
                sys.exit(f"scan {number}: sample {at} after {last}")
            missing += at - last - 1
        last = at
        if args.levels:
            values = tuple(round(20 * math.log10(v / 20)) for v in values)
        if values != truth[at][1]:
            sys.exit(f"scan {number}: {values}, truth {truth[at][1]}")
        error = stamp - instants[at]
        if args.verbose:
            print(number, error)
        if number < args.settle:
            continue
        errors.append(error)
        if abs(error) > abs(worst):
            worst = error
    print(f"scans {len(scans)} missing {missing} worst_ns {worst}")
    if args.missing not in ("any", str(missing)):
        sys.exit(f"{missing} samples missing, expected {args.missing}")
    if abs(worst) > args.bound:
        sys.exit(f"a stamp is off by {worst} ns, bound {args.bound} ns")
    if abs(error) > args.last_bound:
        sys.exit(f"last stamp off by {error} ns, bound {args.last_bound} ns")
    if errors:
        stamp_stats.judge(errors, args)
    elif args.gate or args.honest:
        sys.exit(f"{len(scans)} scans, none to be judged")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("layout")
    parser.add_argument("capture")
    parser.add_argument("truth")
    parser.add_argument("--levels", action="store_true")
    parser.add_argument("--bound", type=int, default=sys.maxsize)
    parser.add_argument("--last-bound", type=int, default=sys.maxsize)
    parser.add_argument("--missing", default="0")
    parser.add_argument("--settle", type=int, default=0)
    parser.add_argument("--verbose", action="store_true")
    stamp_stats.add_arguments(parser)
    args = parser.parse_args()
    scans = read_capture(args.capture, args.layout)
    truth = read_truth(args.truth)
    if not scans or not truth:
        sys.exit(f"{len(scans)} scans, {len(truth)} samples in the log")
    compare(scans, truth, args)


if __name__ == "__main__":
    main()
