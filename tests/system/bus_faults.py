#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Each bus transfer of a phase of a driver fails in turn.

usage: bus_faults.py CITYHUB CHIP BUS DEVICE DRIVER SECONDS [MOST]

For the simulated CHIP at DEVICE on BUS (i2c or spi): the transfers of probe,
direct read, buffer enable, streaming (SECONDS of it) and disable are counted,
and then each fails, alone and with all that follow it; of more than MOST only
that many, evenly spread. A phase has to end, with an error or with retries that
are counted, and what comes after it is as before. TAP on standard output.
"""

import errno
import glob
import json
import os
import subprocess
import sys
import time

KINDS = {"i2c": ("nack", "timeout", "remote"), "spi": ("io", "timeout")}
# What a driver may say when its bus fails.
ERRORS = {errno.ENXIO, errno.EREMOTEIO, errno.EIO, errno.ETIMEDOUT,
          errno.ENODATA, errno.EAGAIN, errno.ENODEV, errno.EBUSY}
EVER = 1000000
SETTINGS = ("_scale", "_label", "_calibscale", "_calibbias", "_offset",
            "sampling_frequency", "_time", "_type", "_en", "_value", "_period")


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read().strip()


def write(path, value):
    """Return the error, or 0."""
    try:
        fd = os.open(path, os.O_WRONLY)
    except OSError as err:
        return err.errno
    try:
        os.write(fd, str(value).encode())
        return 0
    except OSError as err:
        return err.errno
    finally:
        os.close(fd)


class Chip:
    """One chip, its driver and its IIO devices."""

    def __init__(self, cityhub, chip, bus, device, driver):
        self.cityhub = cityhub
        self.chip = chip
        self.sim = f"/sys/kernel/debug/cityhub-sim/{chip}"
        self.path = f"/sys/bus/{bus}/devices/{device}"
        self.driver = f"/sys/bus/{bus}/drivers/{driver}"
        self.device = device
        self.kinds = KINDS[bus]

    def bind(self):
        return write(f"{self.driver}/bind", self.device)

    def unbind(self):
        return write(f"{self.driver}/unbind", self.device)

    def bound(self):
        return os.path.exists(f"{self.driver}/{self.device}")

    def iio(self):
        return sorted(glob.glob(f"{self.path}/iio:device*"))

    def transfers(self):
        return int(read(f"{self.sim}/bus_transfers"))

    def fail(self, kind, nth, run):
        err = write(f"{self.sim}/bus_fault", f"{kind} {nth} {run}")
        assert not err, err

    def heal(self):
        """Return whether a fault was still to come."""
        left = read(f"{self.sim}/bus_fault")
        write(f"{self.sim}/bus_fault", "none")
        return left

    def counted(self):
        """All failures that were counted, of all its devices."""
        out = subprocess.run([self.cityhub, "stats", "--json"], check=True,
                             capture_output=True).stdout
        names = {read(f"{iio}/name") for iio in self.iio()}
        total = 0

        def walk(node):
            nonlocal total
            if isinstance(node, list):
                for item in node:
                    walk(item)
            elif isinstance(node, dict):
                if node.get("name") in names:
                    total += sum(int(node.get(key) or 0) for key in
                                 ("bus_error", "crc_error", "invalid", "lost"))
                for item in node.values():
                    walk(item)
        walk(json.loads(out))
        return total

    def settings(self):
        """What is set, and must not change."""
        state = {}
        for iio in self.iio():
            for path in glob.glob(f"{iio}/*") + glob.glob(f"{iio}/events/*"):
                if path.endswith(SETTINGS):
                    key = read(f"{iio}/name") + path[len(iio):]
                    try:
                        state[key] = read(path)
                    except OSError as err:
                        state[key] = err.errno
        return state


class Tap:
    def __init__(self, prefix):
        self.prefix, self.points, self.bad = prefix, 0, 0

    def ok(self, good, name, *notes):
        self.points += 1
        self.bad += not good
        print(f"{'ok' if good else 'not ok'} {self.points} - "
              f"{self.prefix}: {name}", flush=True)
        if not good:
            for note in notes[:20]:
                print(f"# {note}", flush=True)


def spread(count, most):
    """1 to COUNT, or MOST of them."""
    if count <= most:
        return range(1, count + 1)
    return sorted({1 + i * (count - 1) // (most - 1) for i in range(most)})


def cases(chip, count, most):
    """(kind, nth, run) for each transfer: alone, and with all that follow."""
    for i, nth in enumerate(spread(count, most)):
        yield chip.kinds[i % len(chip.kinds)], nth, 1
        yield chip.kinds[(i + 1) % len(chip.kinds)], nth, EVER
        yield "corrupt", nth, 1


def hold_channels(iio):
    for path in glob.glob(f"{iio}/scan_elements/*_en"):
        write(path, 1)
    write(f"{iio}/buffer/length", 4096)


def enable(iio, on):
    return write(f"{iio}/buffer/enable", on)


def wait_iio(chip, least):
    for _ in range(50):
        if len(chip.iio()) >= least:
            break
        time.sleep(0.1)
    time.sleep(0.5)


def phase_probe(chip, tap, most):
    devices = len(chip.iio())
    chip.unbind()
    start = chip.transfers()
    err = chip.bind()
    count = chip.transfers() - start
    wrong = [] if not err else [f"bind: {err}"]
    wait_iio(chip, devices)
    before = chip.settings()
    for kind, nth, run in cases(chip, count, most):
        chip.unbind()
        if chip.iio():
            wrong.append("a device is left behind")
        chip.fail(kind, nth, run)
        err = chip.bind()
        hit = chip.heal()
        what = f"{kind} {nth} {run}: "
        if run == 1 and hit != "none":
            wrong.append(what + "not reached")
        # A driver that cannot bind does not make bind fail on all kernels.
        if not chip.bound() and chip.iio():
            wrong.append(what + "a device without a driver")
        # The last one may have been of the interrupt handler.
        if run == EVER and nth < count and chip.bound():
            wrong.append(what + "bound on a dead bus")
        if not chip.bound() and chip.bind():
            wrong.append(what + "cannot be bound afterwards")
    wait_iio(chip, devices)
    after = chip.settings()
    tap.ok(not wrong, f"probe, {count} transfers", *wrong)
    tap.ok(after == before, "settings are as before",
           *(f"{key}: {before.get(key)} {after.get(key)}"
             for key in before | after if before.get(key) != after.get(key)))


def values(chip):
    found = []
    for iio in chip.iio():
        raws = sorted(glob.glob(f"{iio}/in_*_raw"))
        found += raws[:3] + raws[-1:]
        found += glob.glob(f"{iio}/in_temp_raw") + glob.glob(f"{iio}/in_powerfactor*")[:1]
    return sorted(set(found))


def get(path):
    try:
        read(path)
        return 0
    except OSError as err:
        return err.errno


def settled(path, chip):
    """The error of a read after the fault is over.

    SEN66 answers nothing while it works on a command whose failure the driver
    saw, up to 1.4 s (a stop), and has no values right after a start.
    """
    err = get(path)
    if err and chip == "sen66":
        time.sleep(2.5)
        err = get(path)
    return err


def phase_direct(chip, tap, most):
    wrong, total, silent = [], 0, 0
    counted = chip.counted()
    for path in values(chip):
        start = chip.transfers()
        err = get(path)
        count = chip.transfers() - start
        total += count
        if err and settled(path, chip.chip):
            wrong.append(f"{path}: {err}")
        for kind, nth, run in cases(chip, count, most):
            chip.fail(kind, nth, run)
            err = get(path)
            left = chip.heal()
            what = f"{os.path.basename(path)} {kind} {nth} {run}: "
            if err and err not in ERRORS:
                wrong.append(what + f"error {err}")
            if run == EVER and not err and not left.endswith(str(EVER)):
                wrong.append(what + "a value from a dead bus")
            silent += not err and run == 1 and kind != "corrupt" and left == "none"
            again = settled(path, chip.chip)
            if again:
                wrong.append(what + f"then error {again}")
    counted = chip.counted() - counted
    tap.ok(not wrong, f"direct reads, {total} transfers", *wrong)
    tap.ok(counted >= silent, f"{silent} retries, {counted} failures counted")


def phase_enable(chip, iio, tap, most):
    name = read(f"{iio}/name")
    wrong, silent = [], 0
    hold_channels(iio)
    counted = chip.counted()
    start = chip.transfers()
    err = enable(iio, 1)
    count = chip.transfers() - start
    enable(iio, 0)
    if err:
        wrong.append(f"enable: {err}")
    for kind, nth, run in cases(chip, count, most):
        chip.fail(kind, nth, run)
        err = enable(iio, 1)
        left = chip.heal()
        what = f"{kind} {nth} {run}: "
        if err and err not in ERRORS:
            wrong.append(what + f"error {err}")
        silent += not err and run == 1 and kind != "corrupt" and left == "none"
        if read(f"{iio}/buffer/enable") != str(int(not err)):
            wrong.append(what + "is not what was said")
        enable(iio, 0)
        err = enable(iio, 1)
        if err:
            wrong.append(what + f"then error {err}")
        enable(iio, 0)
    counted = chip.counted() - counted
    tap.ok(not wrong, f"{name}: enable, {count} transfers", *wrong)
    tap.ok(counted >= silent,
           f"{name}: enable, {silent} retries, {counted} failures counted")


def drain(fd, seconds):
    """Read for that long; the number of bytes."""
    got, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            data = os.read(fd, 65536)
            got += len(data)
            if len(data) == 65536:
                continue
        except BlockingIOError:
            pass
        time.sleep(0.05)
    return got


def phase_stream(chip, iio, tap, seconds, most):
    name = read(f"{iio}/name")
    wrong = []
    hold_channels(iio)
    fd = os.open(f"/dev/{os.path.basename(iio)}", os.O_RDONLY | os.O_NONBLOCK)
    enable(iio, 1)
    drain(fd, seconds)
    start = chip.transfers()
    drain(fd, seconds)
    count = chip.transfers() - start
    counted, faults = chip.counted(), 0
    for i, nth in enumerate(spread(count, most)):
        kind = (*chip.kinds, "corrupt")[i % (len(chip.kinds) + 1)]
        chip.fail(kind, nth, 1)
        drain(fd, seconds)
        if chip.heal() != "none":
            continue
        faults += kind != "corrupt"
    # A timeout lasts.
    drain(fd, 1.5)
    noted = chip.counted() - counted
    # Dead for a while: it comes back by itself.
    chip.fail(chip.kinds[0], 1, EVER)
    drain(fd, seconds)
    chip.heal()
    drain(fd, seconds + 3)
    got = drain(fd, seconds + 1)
    if not got:
        wrong.append("nothing comes after a dead bus")
    if enable(iio, 0):
        wrong.append("cannot be switched off")
    os.close(fd)
    tap.ok(not wrong, f"{name}: streaming, {count} transfers in {seconds} s", *wrong)
    tap.ok(noted >= faults > 0,
           f"{name}: streaming, {faults} faults, {noted} counted")


def phase_disable(chip, iio, tap, most):
    name = read(f"{iio}/name")
    wrong = []
    enable(iio, 1)
    time.sleep(0.3)
    start = chip.transfers()
    enable(iio, 0)
    count = chip.transfers() - start
    for kind, nth, run in cases(chip, count, most):
        enable(iio, 1)
        time.sleep(0.3)
        chip.fail(kind, nth, run)
        err = enable(iio, 0)
        chip.heal()
        what = f"{kind} {nth} {run}: "
        if err or read(f"{iio}/buffer/enable") != "0":
            wrong.append(what + f"stays on, error {err}")
        fd = os.open(f"/dev/{os.path.basename(iio)}", os.O_RDONLY | os.O_NONBLOCK)
        if enable(iio, 1):
            wrong.append(what + "cannot be switched on again")
        if kind == "corrupt" and not drain(fd, 4):
            wrong.append(what + "nothing comes afterwards")
        enable(iio, 0)
        os.close(fd)
    tap.ok(not wrong, f"{name}: disable, {count} transfers", *wrong)


def main():
    cityhub, name, bus, device, driver = sys.argv[1:6]
    seconds, most = float(sys.argv[6]), int((sys.argv[7:] or ["1000"])[0])
    chip = Chip(cityhub, name, bus, device, driver)
    tap = Tap(name)
    wait_iio(chip, 1)
    time.sleep(3)
    phase_probe(chip, tap, most)
    time.sleep(3)
    for iio in chip.iio():
        # So that the hub knows its counters, and ticks what does not run free.
        if glob.glob(f"{iio}/trigger/current_trigger"):
            write(f"{iio}/trigger/current_trigger", "cityhub-0")
        hold_channels(iio)
        enable(iio, 1)
        time.sleep(0.2)
        enable(iio, 0)
    time.sleep(3)
    before = chip.settings()
    phase_direct(chip, tap, most)
    for iio in chip.iio():
        phase_enable(chip, iio, tap, most)
        phase_stream(chip, iio, tap, seconds, min(most, 24))
        phase_disable(chip, iio, tap, most)
    time.sleep(3)
    tap.ok(chip.settings() == before, "settings are as before")
    print(f"1..{tap.points}")
    return tap.bad > 0


sys.exit(main())
