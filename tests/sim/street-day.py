#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Print the default scenario: one working day at a lamp post on a busy street.

tests/sim/street-day.csv is what this prints. Time 0 is local midnight; the
last row equals the first, so that days follow each other without a step.

traffic   two rush hours (around 07:45 and 17:30), a plateau between them,
          nearly none at 03:00; most other things follow from it
PM, NOx   follow the traffic half an hour late; worst in the still air of the
          morning; PM1 < PM2.5 < PM4 < PM10
CO2, VOC  a little above the background with the traffic
T, RH     coldest at 05:00, warmest at 15:00; the humidity goes against it
noise     40 dB(A) at night, 68 to 72 at rush hour
L1        lamp and its electronics: on from dusk to dawn, dimmed at midnight
L2        charge point: used in the morning, over noon and in the evening
L3        kiosk: cooling around the clock, lights and ovens by day
voltage   falls with the load of the quarter; frequency wanders about 50 Hz

A row every two minutes. Each quantity also goes up in one row and down in the
next by a small amount, so that no minute is quite like the one before.
"""
import math

STEP_S = 120
DAY_S = 86400


def hill(hour, centre, width):
    """Bell over the clock face, 1 at its centre."""
    away = (hour - centre + 12) % 24 - 12
    return math.exp(-((away / width) ** 2))


def traffic(hour):
    return (0.06 + hill(hour, 7.75, 1.2) + 0.9 * hill(hour, 17.5, 1.6)
            + 0.5 * hill(hour, 12.5, 3.5) + 0.2 * hill(hour, 21, 2))


def daily(hour, warmest):
    return math.cos((hour - warmest) / 24 * 2 * math.pi)


def ramp(hour, start, end, minutes=10):
    """1 from start to end, with short edges; end may lie after midnight."""
    length = (end - start) % 24
    into = (hour - start) % 24
    edge = minutes / 60
    return max(0.0, min(1.0, into / edge, (length - into) / edge))


def air(hour):
    late = traffic(hour - 0.5)
    still = 1 + 0.6 * hill(hour, 6.5, 3)
    pm = 4 + 9 * late * still
    temp = 14.5 + 5.5 * daily(hour, 15)
    return {
        "pm1_ugm3": 0.62 * pm,
        "pm2p5_ugm3": 0.85 * pm,
        "pm4_ugm3": 1.0 * pm,
        "pm10_ugm3": 1.25 * pm + 4 * late,
        "temp_c": temp,
        "rh_pct": 62 - 16 * daily(hour, 15),
        "co2_ppm": 424 + 60 * late * still,
        "voc_index": 85 + 60 * late,
        "nox_index": 3 + 28 * late,
        "pressure_hpa": 1011 + 1.6 * math.cos((hour - 10) / 12 * 2 * math.pi),
        "noise_dba": 40 + 30 * (1 - math.exp(-2.4 * traffic(hour))),
    }


def loads(hour):
    lamp = ramp(hour, 17.8, 6.8) * (1 - 0.5 * ramp(hour, 0.0, 5.0))
    charge = (ramp(hour, 8.2, 10.1) + 0.7 * ramp(hour, 12.0, 13.4)
              + ramp(hour, 18.3, 22.2))
    kiosk = 0.4 + ramp(hour, 6.0, 19.0) * (1 + 0.6 * hill(hour, 12.3, 1.2))
    return (0.15 + 0.55 * lamp, 0.08 + 15.5 * charge, 0.6 + 3.2 * kiosk)


def power(hour):
    amps = loads(hour)
    quarter = 2.4 * hill(hour, 19, 3) + 1.4 * hill(hour, 12, 3)
    hertz = 50 + 0.015 * math.sin(hour * 2.9) + 0.008 * math.sin(hour * 11.3)
    row = {}
    for n, (amp, factor) in enumerate(zip(amps, (0.93, 0.985, 0.88)), 1):
        row[f"l{n}_v"] = 231.2 - 0.4 * n - quarter - 0.06 * amp
        row[f"l{n}_a"] = amp
        row[f"l{n}_pf"] = factor
        row[f"l{n}_hz"] = hertz
    return row


# Decimals, and by how much a row differs from its neighbours.
SHAPE = {
    "pm": (2, 0.6), "temp": (3, 0.12), "rh": (2, 0.4), "co2": (1, 6),
    "voc": (1, 3), "nox": (1, 1), "pressure": (3, 0.05), "noise": (1, 5),
    "v": (2, 0.5), "a": (3, 0.02), "pf": (3, 0.004), "hz": (4, 0.004),
}


def shape(name):
    first, last = name.split("_")[0], name.split("_")[-1]
    return SHAPE["pm" if first.startswith("pm") else
                 first if first in SHAPE else last]


def main():
    names = None
    for t in range(0, DAY_S + 1, STEP_S):
        hour = t % DAY_S / 3600
        sign = 1 if t // STEP_S % 2 else -1
        row = {**air(hour), **power(hour)}
        if names is None:
            names = list(row)
            print("# SPDX-License-Identifier: GPL-2.0-only")
            print("# Made by street-day.py, which tells what it is.")
            print(",".join(["t_s", *names]))
        cells = [f"{row[n] + sign * shape(n)[1] / 2:.{shape(n)[0]}f}"
                 for n in names]
        print(",".join([str(t), *cells]))


if __name__ == "__main__":
    main()
