#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""SenML packs, read by json and cbor2 and resolved as RFC 8428 section 4.6
says, against our own JSON of the same batches: every value there and right."""
import io
import json
import math
import sys

LABELS = {-1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs",
          0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb", 5: "s", 6: "t", 7: "ut"}
# RFC 8428 section 12.1 and RFC 8798: to those from ours.
UNITS = {"ug/m3": ("kg/m3", 1e-9), "ppm": ("/", 1e-6), "%": ("%RH", 1),
         "Wh": ("J", 3600), "dB(A)": ("dB", 1), "1": (None, 1)}


def packs(kind, file):
    if kind == "json":
        return [json.loads(line) for line in file]
    import cbor2
    data = io.BytesIO(file.read())
    out = []
    while data.tell() < len(data.getvalue()):
        pack = cbor2.load(data)
        out.append([{LABELS[k]: v for k, v in r.items()} for r in pack])
    return out


def resolve(pack):
    bn, bt, bu, bv = "", 0, None, 0
    for r in pack:
        bn, bt = r.get("bn", bn), r.get("bt", bt)
        bu, bv = r.get("bu", bu), r.get("bv", bv)
        assert set(r) <= {"bn", "bt", "bu", "bv", "n", "u", "v", "vs", "t"}, r
        v = r["vs"] if "vs" in r else float(r["v"]) + float(bv)
        yield bn + r.get("n", ""), float(bt) + float(r.get("t", 0)), \
            r.get("u", bu), v


def main(kind, ours, senml):
    got = {}
    for pack in packs(kind, open(senml, "rb")):
        for name, t, unit, v in resolve(pack):
            assert (name, round(t, 3)) not in got, (name, t, "came twice")
            got[name, round(t, 3)] = (unit, v)
    batches = sorted(v for (n, _), (_, v) in got.items() if n.endswith("/batches"))
    bounds = [v for (n, _), (u, v) in got.items() if n.endswith("/bound")]
    assert bounds and all(abs(b - 801e-6) < 1e-6 for b in bounds), bounds
    checked, worst, seqs = 0, 0, []
    for line in open(ours):
        b = json.loads(line)
        seqs.append(b["seq"])
        for r in b["results"]:
            counter = r["mean"] is None
            unit, factor = UNITS.get(r["unit"], (r["unit"], 1))
            want = r["last"] if counter else r["mean"]
            name = f'{b["hub"]}/{b["sensor"]}/{r["channel"]}'
            u, v = got.pop((name, round(b["from_ns"] / 1e9, 3)))
            assert u == unit, (name, u, unit)
            largest = 7 if counter else \
                max(abs(r[k]) for k in ("mean", "min", "max", "rms"))
            # Else a twentieth of what the chip resolves, as fake_batches.h has
            # it; counters to their course within the minute, some 7 Wh.
            room = max(2.1e-5 * largest, {"ug/m3": .005, "%": .0005, "ppm": .05,
                       "Cel": 5e-5, "1": .005, "dB(A)": .005}.get(r["unit"], 5e-4))
            off = abs(v / factor - want)
            assert off <= room, (name, b["from_ns"], v, want * factor)
            worst = max(worst, off / max(largest, 1))
            checked += 1
            for k in ("min", "max", "rms"):
                extra = got.pop((f"{name}/{k}", round(b["from_ns"] / 1e9, 3)), None)
                if extra:
                    assert abs(extra[1] / factor - r[k]) <= room, (name, k)
                    checked += 1
                elif not counter:
                    assert math.isclose(abs(r[k]), abs(r["mean"]),
                                        abs_tol=room), (name, k, "left out")
            extra = got.pop((f"{name}/difference",
                             round(b["from_ns"] / 1e9, 3)), None)
            assert (extra is None) == (r["difference"] is None), (name, extra)
            if extra:
                assert extra[0] == unit, (name, extra)
                assert abs(extra[1] / factor - r["difference"]) <= room, \
                    (name, extra, r["difference"] * factor)
                checked += 1
    left = [n for n, _ in got if not n.endswith(("/batches", "/bound"))]
    assert not left, left[:3]
    counts = sum(int(v.rsplit(":", 1)[1]) for v in batches)
    assert counts == len(seqs), (counts, len(seqs))
    print(f"{checked} values, {len(seqs)} batches, worst {worst:.1e} of the largest")


main(*sys.argv[1:])
