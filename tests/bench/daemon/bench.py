# SPDX-License-Identifier: GPL-2.0-only
"""What cityhubd costs, as a table and as JSON in BUILD/bench.json.

usage: bench.py BUILD [HOURS]

Figures are ratios of one run on one machine, or counted bytes. A store that
holds HOURS (default 24) of a full hub is sent to a broker of our own over TLS
while sensors are replayed at their own speed.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

build = os.path.abspath(sys.argv[1])
hours = float(sys.argv[2]) if len(sys.argv) > 2 else 24
top = os.path.abspath(f"{os.path.dirname(__file__)}/../../..")
work = tempfile.mkdtemp(prefix="cityhub-bench.", dir="/var/tmp")
port = 20000 + os.getpid() % 20000
figures = {}


def tell(key, value, what, wanted=None, unit=""):
    """@wanted: ("<=" or ">=", bound)"""
    verdict = ""
    if wanted:
        good = value <= wanted[1] if wanted[0] == "<=" else value >= wanted[1]
        verdict = f"{wanted[0]} {wanted[1]:g}: {'yes' if good else 'NO'}"
    figures[key] = {"value": round(value, 3), "unit": unit, "what": what,
                    **({"wanted": " ".join(map(str, wanted)), "met": good}
                       if wanted else {})}
    print(f"{what:58} {value:10.2f} {unit:12} {verdict}", flush=True)


def stages():
    out = subprocess.run([f"{build}/pipeline-bench"], check=True, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    ns = {k: float(v) for k, v in (line.split() for line in out.splitlines())}
    for name, value in ns.items():
        tell(f"ns_{name}", value, f"{name}, per sample", unit="ns")
    whole = ns["decode+units+window"] + ns["pack+json"]
    tell("pipeline_to_read", whole / ns["read"],
         "decode, window, pack and JSON to read() of a file", ("<=", 2), "times")
    tell("convert_to_decode", ns["iio_channel_convert"] / ns["decode"],
         "iio_channel_convert to our decode", (">=", 4), "times")


def run(*args, **more):
    subprocess.run(args, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, **more)


def certificates():
    for name in "ca", "broker":
        run("openssl", "req", "-x509" if name == "ca" else "-new", "-newkey", "ec",
            "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
            "-keyout", f"{work}/{name}.key", "-out",
            f"{work}/{name}.{'crt' if name == 'ca' else 'csr'}")
    with open(f"{work}/ext", "w") as f:
        f.write("subjectAltName=IP:127.0.0.1\n")
    run("openssl", "x509", "-req", "-in", f"{work}/broker.csr", "-CA",
        f"{work}/ca.crt", "-CAkey", f"{work}/ca.key", "-CAcreateserial",
        "-extfile", f"{work}/ext", "-out", f"{work}/broker.crt")


def broker():
    with open(f"{work}/mosquitto.conf", "w") as f:
        f.write(f"listener {port} 127.0.0.1\ncafile {work}/ca.crt\n"
                f"certfile {work}/broker.crt\nkeyfile {work}/broker.key\n"
                "allow_anonymous true\nmax_queued_messages 0\n"
                "max_inflight_messages 0\nuser root\n")
    p = subprocess.Popen(["mosquitto", "-c", f"{work}/mosquitto.conf"],
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(1)
    return p


def ledger():
    out = subprocess.run([f"{build}/cityhub", "ledger", "--json", "--store",
                          f"{work}/store.db"], stdout=subprocess.PIPE, text=True)
    return json.loads(out.stdout)["sinks"][0] if out.returncode == 0 else None


def proc(pid, name, key):
    with open(f"/proc/{pid}/{name}") as f:
        for line in f:
            if line.startswith(key):
                return int(line.split()[1])
    return 0


def private_mb(pid, kind):
    return proc(pid, "smaps_rollup", f"Private_{kind}:") * 1024 / 1e6


def latencies(path, since, until):
    """Of live results, s: from the end of the window to the subscriber."""
    seen = []
    with open(path) as f:
        for line in f:
            at, _, payload = line.partition("|")
            if '"sensor":"slow"' not in payload and '"sensor":"air"' not in payload:
                continue
            b = json.loads(payload)
            if since <= float(at) < until:
                seen.append(float(at) - b["to_ns"] / 1e9)
    return seen


def body_bytes():
    import sqlite3
    db = sqlite3.connect(f"file:{work}/store.db?mode=ro", uri=True)
    return db.execute("SELECT ifnull(sum(length(body)), 0) FROM batch").fetchone()[0]


def backlog():
    certificates()
    mosquitto = broker()
    os.mkdir(f"{work}/recording")
    run(sys.executable, f"{top}/tests/system/make_recording.py", f"{work}/recording")
    run(f"{build}/tools/store-fill", f"{work}/store.db", str(int(hours * 3600)))
    with open(f"{work}/conf", "w") as f:
        f.write(f'hub = {{ id = "lamp-0815"; }};\n'
                f'capture = {{ replay = "{work}/recording"; replay_speed = 1.0; }};\n'
                f'store = {{ path = "{work}/store.db"; max_mb = 4000.0; allow_tmpfs = true; }};\n'
                f'mqtt = {{ host = "127.0.0.1"; port = {port}; backlog_per_s = 0.0;\n'
                f' ca_file = "{work}/ca.crt"; }};\n')
    got = open(f"{work}/got", "w")
    subscriber = subprocess.Popen(
        ["mosquitto_sub", "-p", str(port), "--cafile", f"{work}/ca.crt", "-h", "127.0.0.1",
         "-q", "1", "-t", "cityhub/v1/lamp-0815/data/slow", "-t",
         "cityhub/v1/lamp-0815/data/air", "-F", "%U|%p"], stdout=got)
    time.sleep(0.5)
    log = open(f"{work}/log", "w")
    daemon = subprocess.Popen([f"{build}/cityhubd", "--config", f"{work}/conf"],
                              stderr=log)
    start, sent = time.time(), 0
    while True:
        time.sleep(1)
        sink = ledger()
        if sink:
            sent = sink["acknowledged"]
        if sink and sink["waiting"] < 100:
            break
        if daemon.poll() is not None:
            sys.exit(f"cityhubd ended: see {work}/log")
        if time.time() - start > 1800:
            break
    took = time.time() - start
    tell("backlog_hours", hours, "a backlog of a full hub (4 sensors, 1 s)", unit="h")
    tell("backlog_speed", sent / 4 / took, "is replayed, times real time",
         (">=", 50), "times")
    tell("private_dirty_mb", private_mb(daemon.pid, "Dirty"),
         "private memory then, TLS connected", ("<=", 4), "MB")
    tell("private_clean_mb", private_mb(daemon.pid, "Clean"),
         "and of files that no other program uses, now or yet", unit="MB")
    end = time.time()
    written, stored = proc(daemon.pid, "io", "write_bytes:"), body_bytes()
    time.sleep(30)
    during = latencies(f"{work}/got", start + 5, end - 1)
    alone = latencies(f"{work}/got", end + 3, time.time())
    tell("flash_per_payload",
         (proc(daemon.pid, "io", "write_bytes:") - written) /
         max(1, body_bytes() - stored),
         "bytes to the disk for a byte of results, 3 small sensors", ("<=", 2), "times")
    if during and alone:
        tell("live_alone_s", statistics.median(alone), "latency of live results alone, median",
             unit="s")
        tell("live_backlog_s", statistics.median(during),
             "latency of live results beside the backlog, median", unit="s")
        tell("live_backlog_worst_s", max(during), "and the worst of them", unit="s")
    daemon.terminate()
    daemon.wait()
    subscriber.terminate()
    mosquitto.terminate()


stages()
backlog()
with open(f"{build}/bench.json", "w") as f:
    json.dump(figures, f, indent=1)
print(f"as JSON: {build}/bench.json")
subprocess.run(["rm", "-rf", work], check=True)
