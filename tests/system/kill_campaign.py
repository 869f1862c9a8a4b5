# SPDX-License-Identifier: GPL-2.0-only
"""Kill cityhubd -9 at random moments and audit what it leaves.

usage: kill_campaign.py TOP ROUNDS SEED

It replays recordings at 40 times their speed to a broker of our own. After
each kill: what was committed is there, unchanged; numbers have no gaps; both
equations of the ledger hold. At the end: every batch of the store arrived,
repetitions are the same, first arrivals are in order, live ones and those of a
backlog each.
"""
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

top, rounds, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
sys.path.insert(0, f"{top}/tests/system")
import store_audit  # noqa: E402
rng = random.Random(seed)
work = tempfile.mkdtemp(prefix="cityhub-kill.", dir=os.environ.get("TMPDIR", "/var/tmp"))
store, record = f"{work}/store.db", f"{work}/record"
port = 20000 + os.getpid() % 20000


def fail(*what):
    sys.exit(" ".join(str(w) for w in what) + f"; seed {seed}, see {work}")


def broker():
    with open(f"{work}/mosquitto.conf", "w") as f:
        f.write(f"listener {port} 127.0.0.1\nallow_anonymous true\n"
                "max_queued_messages 0\nmax_inflight_messages 0\n")
    return subprocess.Popen(["mosquitto", "-c", f"{work}/mosquitto.conf"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def until(seconds, what, *args):
    end = time.monotonic() + seconds
    while not what(*args):
        if time.monotonic() > end:
            fail("waited in vain for", what.__name__)
        time.sleep(0.05)


def broker_is_up():
    return subprocess.run(["mosquitto_pub", "-p", str(port), "-t", "up", "-n"],
                          stderr=subprocess.DEVNULL).returncode == 0


def daemon():
    with open(f"{work}/log", "ab") as log:
        return subprocess.Popen([f"{top}/build/cityhubd", "--config",
                                 f"{work}/conf"], stderr=log)


def newest():
    """The newest committed batch, seen by a reader beside the daemon."""
    try:
        db = sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=2)
        row = db.execute("SELECT id, seq, body FROM batch ORDER BY id DESC"
                         " LIMIT 1").fetchone()
        db.close()
        return row
    except sqlite3.Error:
        return None


def audit(committed):
    """On a copy: opening the store would mend it before the daemon does."""
    for tail in "", "-wal":
        if os.path.exists(store + tail):
            shutil.copy(store + tail, f"{work}/copy.db{tail}")
    db = sqlite3.connect(f"{work}/copy.db")
    if not committed and not db.execute("PRAGMA user_version").fetchone()[0]:
        return set(), 0     # killed before the store had its tables
    for what in store_audit.off(db):
        fail(what)
    for row in committed:
        if db.execute("SELECT seq, body FROM batch WHERE id = ?",
                      row[:1]).fetchone() != row[1:]:
            fail("committed batch", row[0], "is lost or changed")
    keys = {s for s, in db.execute("SELECT seq FROM batch")}
    crash = store_audit.crash(db)
    db.close()
    os.unlink(f"{work}/copy.db")
    return keys, crash


def received():
    first, order, lines = {}, [], 0
    with open(record) as f:
        for line in f:
            b = json.loads(line)
            lines += 1
            kept = first.setdefault(b["seq"], b)
            if kept is b:
                order.append(b["seq"])
            elif kept != b:
                fail("seq", b["seq"], "came twice and differs")
    # Live ones may overtake a backlog; each of the two is in order.
    live = backlog = 0
    for seq in order:
        if seq > live:
            live = seq
        elif seq > backlog:
            backlog = seq
        else:
            fail("out of order:", seq, "after", live, "and", backlog)
    return set(first), lines


def index():
    """The energy index in the order of its results."""
    with open(record) as f:
        by_seq = {b["seq"]: b["results"][0]["last"] for b in map(json.loads, f)
                  if b["sensor"] == "meter"}
    return [by_seq[seq] for seq in sorted(by_seq)]


def all_there(keys):
    return keys <= received()[0]


os.mkdir(f"{work}/recording")
subprocess.run([sys.executable, f"{top}/tests/system/make_recording.py",
                f"{work}/recording"], check=True)
with open(f"{work}/conf", "w") as f:
    f.write(f'hub = {{ id = "kill"; }};\n'
            f'capture = {{ replay = "{work}/recording"; replay_speed = 40.0; }};\n'
            f'store = {{ path = "{store}"; commit_s = 0.2; allow_tmpfs = true; }};\n'
            f'mqtt = {{ host = "127.0.0.1"; port = {port}; tls = false; }};\n')
mosquitto = broker()
until(20, broker_is_up)
with open(record, "wb") as out:
    subscriber = subprocess.Popen(
        ["mosquitto_sub", "-p", str(port), "-q", "1", "-c", "-i", "audit", "-t",
         "cityhub/v1/kill/data/#"], stdout=out)
    committed, crash = [], 0
    for n in range(rounds):
        p = daemon()
        time.sleep(rng.uniform(0, 0.7))
        row = newest()
        time.sleep(rng.uniform(0, 0.05))
        if p.poll() is not None:
            fail("round", n, "it ended by itself:", p.returncode)
        p.send_signal(signal.SIGKILL)
        p.wait()
        if row:
            committed = committed[-20:] + [row]
        if os.path.exists(store):
            keys, crash = audit(committed)
        if n % 100 == 99:
            print(f"{n + 1} of {rounds}: {len(keys)} batches", flush=True)
    p = daemon()
    time.sleep(2)
    p.terminate()
    if p.wait() != 0:
        fail("the end is not in order:", p.returncode)
    keys, crash = audit(committed)
    until(60, all_there, keys)
    time.sleep(0.5)
    subscriber.terminate()
    subscriber.wait()
mosquitto.terminate()
mosquitto.wait()
got, lines = received()
energy = index()
if energy != sorted(energy) or energy[-1] <= 0:
    fail("the energy index went back, or did not come on")
if got != keys:
    fail("strange batches arrived:", len(got - keys))
if rounds >= 20 and (len(keys) < 10 * rounds or lines == len(got) or not crash):
    fail("too little happened:", len(keys), "batches,", lines, "messages,", crash,
         "values were pending at a kill")
print(f"{rounds} kills: {len(keys)} batches stored, all arrived, {lines - len(got)}"
      f" of them twice; {crash} values pended at a kill and are in the ledger;"
      f" energy came to {energy[-1]} Wh and never went back")
shutil.rmtree(work)
