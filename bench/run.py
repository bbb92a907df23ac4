#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""run.py - `make bench`: tocsind against the limit program, in turn in one run, so that only ratios matter

Takes   BENCH_LINES (default 1000000), BENCH_ROUNDS (5), BENCH_JSON (a file for the figures), BENCH_SMTP=dead (an SMTP server that
        never answers, for comparison).
Gives   median (min-max) of lines/s with nothing lost, CPU seconds per million lines, peak memory, ratios to the limit; UDP at a
        rate without loss; the desk's commit latency (p50, p99) while list, show, verify, backup and a report run.
"""
import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "system"))
from lab import BUILD, Lab, Lines, free_port  # noqa: E402

LINES = int(os.environ.get("BENCH_LINES", "1000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
GEN, BLAST, LIMIT = (str(BUILD / "bench" / p) for p in ("gen", "blast", "limit"))
TICK = os.sysconf("SC_CLK_TCK")


def cpu_of(pids):
    total = 0
    for p in pids:
        try:
            f = Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(f[11]) + int(f[12])
        except OSError:
            pass
    return total / TICK


def peak_of(pids):
    out = {}
    for name, p in pids.items():
        try:
            out[name] = int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{p}/status").read_text())[1]) / 1024
        except (OSError, TypeError):
            pass
    return out


def spread(values, digits=2):
    return {"median": round(statistics.median(values), digits), "min": round(min(values), digits), "max": round(max(values), digits)}


def show(s, unit=""):
    return f"{s['median']:,} ({s['min']:,}-{s['max']:,}){unit}"


def blast(*argv):
    return json.loads(subprocess.run([BLAST, *argv], check=True, capture_output=True, text=True, timeout=300).stdout)


def limit(kind, path, *options, rate=None):
    port = free_port()
    p = subprocess.Popen([LIMIT, f"-{kind}", str(port), *options], stdout=subprocess.PIPE)
    lines = Lines(p.stdout.fileno(), "limit")
    assert lines.next(10) == "READY"
    blast(f"-{kind}", f"127.0.0.1:{port}", *(["-r", str(rate)] if rate else []), path)
    got = json.loads(lines.next(60))
    p.wait(10)
    return got


def received(lab, transport):
    return lab.json("status")[0]["intake"][transport]


def pushed(lab, kind, path, count, rate=None):
    """Sends the file, waits until every line is in the account, gives wall and CPU seconds."""
    pids = list(lab.children().values()) + [lab.daemon.pid]
    name = {"t": "tcp", "u": "udp", "x": "unix"}[kind]
    before, cpu = received(lab, name), cpu_of(pids)
    start = time.monotonic()
    blast(f"-{kind}", f"127.0.0.1:{lab.ports[name]}", *(["-r", str(rate)] if rate else []), path)
    sent = time.monotonic()

    def all_in():
        now = received(lab, name)
        done = now["received"] + now["kernel"] - before["received"] - before["kernel"]
        settled = now["received"] == now["harmless"] + now["folded"] + now["stored"] + now["shed"]
        return now if done >= count and settled else None

    now = lab.wait(f"{count} lines in the account", all_in, 120)
    delta = {k: now[k] - before[k] for k in now if isinstance(now[k], int)}
    # TCP: blast ends when tocsind has read the last byte and closed; that, not our asking, is the end
    return {"wall": (sent if kind == "t" else time.monotonic()) - start, "cpu": cpu_of(pids) - cpu, "account": delta}


def commit_latency(lab, busy):
    """p50 and p99 of the desk's commits, by its own histogram, over the time busy() takes."""
    busy()
    m = lab.json("status")[0].get("desk", {})
    return {k: m.get(k) for k in ("commit_p50_ms", "commit_p99_ms", "commits")}


def webhook_free_lab():
    lab = Lab("bench")
    lab.smtp_port = None
    return lab


def main():
    work = Path(os.environ.get("TMPDIR", "/tmp")) / f"tocsin-bench.{os.getpid()}"
    work.mkdir()
    path = str(work / "lines.txt")
    with open(path, "wb") as f:
        subprocess.run([GEN, "-n", str(LINES), "-s", "1"], check=True, stdout=f)
    figures = {"lines": LINES, "rounds": ROUNDS, "bytes_per_line": round(os.path.getsize(path) / LINES, 1), "limit": {}, "tocsind": {}}
    with webhook_free_lab() as lab:
        if os.environ.get("BENCH_SMTP") == "dead":
            lab.smtp_port = free_port()
        lab.configure().start()
        lim, our = [], []
        for r in range(ROUNDS):
            a, b = limit("t", path), pushed(lab, "t", path, LINES)
            assert a["lines"] == LINES and b["account"]["received"] == LINES and not b["account"]["shed"], (a, b)
            lim.append(a)
            our.append(b)
            print(f"  round {r + 1}: limit {LINES / a['seconds']:,.0f} lines/s, tocsind {LINES / b['wall']:,.0f} lines/s, "
                  f"{b['cpu'] / LINES * 1e6:.2f} CPU s per million", flush=True)
        for name, rows, wall in (("limit", lim, "seconds"), ("tocsind", our, "wall")):
            figures[name]["tcp"] = {"lines_s": spread([LINES / x[wall] for x in rows], 0), "cpu_s_per_m": spread([x["cpu"] / LINES * 1e6 for x in rows], 3)}
        figures["ratio"] = {"tcp_lines_s": spread([a["seconds"] / b["wall"] for a, b in zip(lim, our)], 3),
                            "tcp_cpu": spread([b["cpu"] / a["cpu"] for a, b in zip(lim, our)], 1)}
        figures["udp"] = []
        for rate in (100000, 200000, 300000, 400000):
            got = pushed(lab, "u", path, LINES, rate)
            figures["udp"].append({"rate": rate, "received": got["account"]["received"], "kernel_drops": got["account"]["kernel"],
                                   "cpu_s_per_m": round(got["cpu"] / LINES * 1e6, 2)})
        latency(lab, path, figures)
        figures["memory_mib"] = {k: round(v, 1) for k, v in peak_of(lab.children()).items()}
        figures["verify"] = lab.tocsin("verify", check=False).returncode
        lab.stop()
    for f in work.iterdir():
        f.unlink()
    work.rmdir()
    report(figures)


def latency(lab, path, figures):
    """Commit latency while list, show, verify, backup and a status report run beside the load."""
    base = lab.json("status")[0].get("desk", {})
    stop = threading.Event()

    def people():
        n = 0
        while not stop.is_set():
            n += 1
            lab.tocsin("list", "events", "--all", check=False)
            lab.tocsin("show", "EV-1", check=False)
            lab.tocsin("verify", check=False)
            lab.tocsin("backup", str(lab.dir / "state" / f"bench{n}.db"), check=False)
            lab.tocsin("status", check=False)

    t = threading.Thread(target=people)
    t.start()
    for _ in range(3):
        pushed(lab, "t", path, LINES)
    stop.set()
    t.join()
    now = lab.json("status")[0].get("desk", {})
    figures["commit_ms"] = {"alone": base, "busy": now}


def report(f):
    print(f"\n  {f['lines']:,} lines of {f['bytes_per_line']} bytes, {f['rounds']} rounds in turn: median (min-max)")
    for name in ("limit", "tocsind"):
        print(f"  {name:8} TCP {show(f[name]['tcp']['lines_s'], ' lines/s')}, CPU s per million {show(f[name]['tcp']['cpu_s_per_m'])}")
    print(f"  ratio to the limit: rate {show(f['ratio']['tcp_lines_s'])}, CPU {show(f['ratio']['tcp_cpu'])}")
    for u in f["udp"]:
        print(f"  UDP at {u['rate']:,}/s: received {u['received']:,}, dropped by the kernel {u['kernel_drops']:,}, CPU s per million {u['cpu_s_per_m']}")
    print(f"  commits: {json.dumps(f['commit_ms'])}")
    print(f"  peak memory, MiB: {f['memory_mib']}")
    if os.environ.get("BENCH_JSON"):
        Path(os.environ["BENCH_JSON"]).write_text(json.dumps(f, indent=1) + "\n")


main()
