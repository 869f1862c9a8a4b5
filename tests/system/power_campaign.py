# SPDX-License-Identifier: GPL-2.0-only
"""Cut the power of a VM in which cityhubd works, and audit what is on its disk.

usage: power_campaign.py TOP CUTS SEED

cityhubd replays recordings in a stock kernel, with its store on ext4 on a
virtual disk; its results come out line by line as they are published. QEMU is
killed at random moments. QEMU logs each write and each flush of the disk, so
that the power cut is one: all that was flushed is there, of what was written
since then each page or not, by chance. The same disk boots again, and so on.

After each cut: ext4 recovers by its journal; the store is sound; both equations
of the ledger hold; numbers have no gaps; what was published is there,
unchanged. What was lost is at most a commit interval and what pended, and it is
in the ledger from the next start on. No energy index ever goes back.
"""
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

top, cuts, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rng = random.Random(seed)
work = tempfile.mkdtemp(prefix="cityhub-power.", dir=os.environ.get("TMPDIR", "/var/tmp"))
disk, log = f"{work}/disk", f"{work}/disk.log"
COMMIT_S, WINDOW_S, SIZE_MB = 1.0, 1.0, 48
# A window comes 0.35 s after its end; so long may a machine full of emulators
# keep the daemon or the line on its way waiting.
GRACE_S, SLACK_S = 0.35, 2.0
BOOT_S = 600
WITHIN = 6
SECTOR = 512
# What flash writes at once. The superblock of ext4 does not survive less.
PAGE = 4096
FLUSH, FUA, DISCARD = 1, 2, 4

sys.path.insert(0, f"{top}/tests/system")
import store_audit  # noqa: E402

GUEST = """
modprobe virtio_blk && modprobe ext4 || exit
mkdir /disk
mount -t ext4 /dev/vda /disk || exit
cp -r {work}/recording /run/recording
echo "clock $(date +%s.%N)"
exec {top}/build/cityhubd --config {work}/conf 2>&1
"""
CONF = """
hub = {{ id = "power"; }};
capture = {{ replay = "/run/recording"; replay_speed = 1.0; window_s = {window}; }};
store = {{ path = "/disk/store.db"; mount = "/disk"; commit_s = {commit}; }};
sinks = ( {{ type = "stdout"; }} );
"""


def fail(*what):
    sys.exit(" ".join(str(w) for w in what) + f"; seed {seed}, see {work}")


def entries(path):
    """Of a log of QEMU's blklogwrites, the last one may be torn."""
    with open(path, "rb") as f:
        head = f.read(SECTOR)
        if len(head) < 28:
            return
        size = struct.unpack("<QQQI", head[:28])[3] or SECTOR
        f.seek(size)
        while len(head := f.read(size)) == size:
            sector, n, flags, _ = struct.unpack("<QQQQ", head[:32])
            if not n and not flags:
                return
            data = b"" if flags & DISCARD else f.read(n * size)
            if not flags & DISCARD and len(data) != n * size:
                return
            yield sector * size, data, flags, n * size


def cut(before, done, path):
    """The disk as a cut after these writes leaves it; @before: as it was then."""
    last = max((i for i, e in enumerate(done) if e[2] & FLUSH), default=-1)
    lost = kept = 0
    shutil.copyfile(before, path)
    with open(path, "r+b") as f:
        for i, (at, data, flags, n) in enumerate(done):
            if flags & DISCARD:
                continue
            # What is in a flush request itself follows it.
            sure = i < last or flags & FUA
            for page in range(at // PAGE, (at + n + PAGE - 1) // PAGE):
                if not sure and rng.random() < 0.5:
                    lost += 1
                    continue
                begin, end = max(at, page * PAGE), min(at + n, (page + 1) * PAGE)
                f.seek(begin)
                f.write(data[begin - at:end - at])
                kept += not sure
    return len(done), lost, kept


def recovered(image):
    """The store on that disk, after its journal, in a file beside it."""
    copy, db = f"{work}/copy", f"{work}/store.db"
    shutil.copyfile(image, copy)
    r = subprocess.run(["e2fsck", "-p", copy], capture_output=True, text=True)
    if r.returncode > 1:
        fail("the file system needs more than its journal:", r.stdout, r.stderr)
    for tail in "", "-wal":
        if os.path.exists(db + tail):
            os.unlink(db + tail)
        subprocess.run(["debugfs", "-R", f"dump /store.db{tail} {db}{tail}", copy],
                       capture_output=True, check=True)
    return db


def qemu_of(pid):
    """The QEMU that scripts/vm has started, by its parents."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open(f"/proc/{entry}/stat") as f:
                name, rest = f.read().rsplit(")", 1)
        except OSError:
            continue
        if int(rest.split()[1]) == pid and "qemu-system" in name:
            return int(entry)
    return None


class Run:
    """One boot: what came out of it, until its power is cut."""

    def __init__(self):
        self.results, self.said = [], []
        self.clock = None
        self.ready = threading.Event()
        env = {**os.environ, "TMPDIR": f"{work}/run", "VM_OUT": f"{work}/out"}
        os.makedirs(f"{work}/run", exist_ok=True)
        os.makedirs(f"{work}/none", exist_ok=True)
        self.vm = subprocess.Popen(
            [f"{top}/scripts/vm", "--kernel", os.environ.get("CITYHUB_POWER_KERNEL", "6.1"),
             "--modules", f"{work}/none", "--disk", disk, "--timeout", "900", "--",
             "bash", f"{work}/guest"],
            env=env, cwd=work, stdout=subprocess.PIPE,
            stderr=open(f"{work}/vm.log", "w"))
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.vm.stdout:
            now = time.monotonic()
            text = line.decode(errors="replace").strip()
            if text.startswith("{"):
                try:
                    self.results.append(json.loads(text))
                    self.ready.set()
                    continue
                except json.JSONDecodeError:
                    pass        # the power went within the line
            if text.startswith("clock "):
                self.clock = float(text.split()[1]) - now
            else:
                self.said.append(text)
        self.ready.set()

    def cut(self, seconds):
        """Returns UTC of the guest when its power went."""
        if not self.ready.wait(BOOT_S) or not self.results:
            self.vm.terminate()
            fail("nothing came out:", "\n".join(self.said))
        time.sleep(seconds)
        qemu = qemu_of(self.vm.pid)
        if not qemu:
            fail("the VM ended by itself:", "\n".join(self.said))
        os.kill(qemu, signal.SIGKILL)
        at = time.monotonic() + self.clock
        self.vm.wait()
        self.reader.join()
        shutil.rmtree(f"{work}/run", ignore_errors=True)
        return at


def cut_within(done, newest):
    """Cuts at other moments of the same run, where something was not flushed.

    What had been published by then is not known. Returns the pages lost.
    """
    moments = [i for i, e in enumerate(done) if not e[2] & FLUSH]
    gone, taken = 0, 0
    for end in sorted(rng.sample(moments, min(WITHIN, len(moments)))):
        gone += cut(f"{work}/before", done[:end + 1], f"{work}/within")[1]
        path = recovered(f"{work}/within")
        if not store_audit.begun(path):
            continue
        store_audit.audit(path, fail)
        store_audit.check_energy(path, newest, fail)
        now = store_audit.energy(path)
        if now < taken:
            fail("energy went back from", taken, "to", now, "after", end, "writes")
        taken = now
    return gone


def check_energy(results, newest):
    """@newest: by channel, over all boots."""
    for b in results:
        for r in b["results"]:
            if not r["quantity"].startswith("energy"):
                continue
            name = b["sensor"], r["channel"]
            if r["last"] < newest.get(name, 0):
                fail(name, "went back from", newest[name], "to", r["last"],
                     "at", b["seq"])
            newest[name] = r["last"]


def check_published(path, results):
    stored = store_audit.batches(path)
    for b in results:
        row = stored.get((b["boot"], b["seq"]))
        if row != (b["from_ns"], b["sensor"]):
            fail("published and not in the store:", b["boot"], b["seq"], row)


def main():
    os.mkdir(f"{work}/recording")
    subprocess.run([sys.executable, f"{top}/tests/system/make_recording.py",
                    f"{work}/recording"], check=True)
    with open(f"{work}/conf", "w") as f:
        f.write(CONF.format(window=WINDOW_S, commit=COMMIT_S))
    with open(f"{work}/guest", "w") as f:
        f.write(GUEST.format(work=work, top=top))
    with open(disk, "wb") as f:
        f.truncate(SIZE_MB << 20)
    subprocess.run(["mkfs.ext4", "-q", "-E", "lazy_itable_init=0", disk], check=True)
    newest, worst, batches, lost, crash, due = {}, 0, 0, 0, 0, 0
    for n in range(cuts):
        shutil.copyfile(disk, f"{work}/before")
        with open(log, "wb"):
            pass
        run = Run()
        at = run.cut(rng.uniform(0, 6))
        done = list(entries(log))
        more = cut_within(done, newest)
        writes, gone, kept = cut(f"{work}/before", done, disk)
        path = recovered(disk)
        a = store_audit.audit(path, fail)
        check_published(path, run.results)
        check_energy(run.results, newest)
        store_audit.check_energy(path, newest, fail)
        told = sum("the last run did not end in order" in s for s in run.said)
        if a.crash != crash + due or told != bool(due):
            fail(f"cut {n}: {due} values pended; then the ledger had {a.crash - crash}",
                 f"and {told} messages")
        crash, due = a.crash, a.pending
        late = at - a.newest_ns / 1e9
        worst = max(worst, late)
        if late > COMMIT_S + WINDOW_S + GRACE_S + SLACK_S:
            fail(f"cut {n}: the newest result ended {late:.2f} s before it")
        batches += len(run.results)
        lost += gone + more
        print(f"cut {n + 1} of {cuts}: {len(run.results)} published, {a.batches} stored, "
              f"the newest ended {late:.2f} s before; {writes} writes, of those after the "
              f"last flush {gone} pages lost and {kept} kept; {a.pending} values pended",
              flush=True)
    if batches < 4 * cuts or not newest or max(newest.values()) <= 0:
        fail("too little happened:", batches, "batches", newest)
    print(f"{cuts} power cuts and {cuts * WITHIN} more from their logs: {batches} results "
          f"published, all stored; {lost} pages lost; "
          f"the newest ended {worst:.2f} s before the cut at most; "
          f"{crash} values pended at a cut and are in the ledger; energy never went back")


main()
shutil.rmtree(work)
