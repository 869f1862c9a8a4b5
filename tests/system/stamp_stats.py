# SPDX-License-Identifier: GPL-2.0-only
"""How far stamps are off, for the scripts that compare with a truth log.

What all stamps are off by is the least latency, which nobody can see from
inside; errors are judged after removing their mean, and bounds as they are.
"""
import math
import sys


def add_arguments(parser):
    parser.add_argument("--gate", metavar="SD,P99,MAX",
                        help="ns the errors may have, the mean removed")
    parser.add_argument("--report", action="store_true",
                        help="say how far stamps are off, judge nothing")
    parser.add_argument("--honest", type=int, metavar="BOUND",
                        help="95 %% of the errors must be within this, in ns")


def check_order(stamps):
    """Stamps of one buffer go up, whatever the clock of the device."""
    for number, (before, stamp) in enumerate(zip(stamps, stamps[1:]), 1):
        if stamp <= before:
            sys.exit(f"scan {number}: stamp {stamp} after {before}")


def judge(errors, args):
    """Print what was asked for of @errors, and end if it is not met."""
    if not (args.report or args.gate or args.honest is not None):
        return
    mean = sum(errors) / len(errors)
    off = sorted(abs(error - mean) for error in errors)
    sd = math.sqrt(sum(value * value for value in off) / len(off))
    got = (sd, off[len(off) * 99 // 100], off[-1])
    print("stamps {} mean_ns {:.0f} sd_ns {:.0f} p99_ns {:.0f} max_ns {:.0f}".format(
        len(off), mean, *got))
    if args.honest is not None:
        covered = sum(abs(error) <= args.honest for error in errors)
        print(f"within {args.honest} ns: {100 * covered / len(errors):.2f} %")
        if covered < 0.95 * len(errors):
            sys.exit("the bound is not honest")
    if args.gate:
        gates = [float(gate) for gate in args.gate.split(",")]
        for name, value, gate in zip(("sd", "p99", "max"), got, gates):
            if value > gate:
                sys.exit(f"{name} {value:.0f} ns, gate {gate:.0f} ns")
