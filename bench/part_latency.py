# SPDX-License-Identifier: ISC
"""part_latency.py - from a line that is sent to the webhook that is received, idle and under load; and where the time goes

Each probe is a line that makes a new event of P2, about which the shipped policy tells the officer at once. Its legs: until the desk has it (the event's
received_at), until the notice is queued, until the far side has the webhook, which can only be after the commit. The next probe waits for the one before.
"""
import calendar
import json
import random
import select
import socket
import subprocess
import threading
import time

from common import BLAST, LINES, QUICK, Tocsind, ask, metric, percentile, pushed, traffic, wait_for

LOADS = (0, 20000) if QUICK else (0, 50000, 200000, 500000)
PROBES = 20 if QUICK else 300


class Load:
    """Harmless and relevant lines at a rate, until it is ended."""

    def __init__(self, lab, path, rate):
        self.p = None
        if rate:
            self.p = subprocess.Popen([BLAST, "-t", f"127.0.0.1:{lab.ports['tcp']}", "-c", str(rate * 120 // LINES + 1), "-r", str(rate), path],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.p:
            self.p.kill()
            self.p.wait()


def one_probe(lab, s, name):
    """(sent, received) on the monotonic clock; the sink notes its own time."""
    line = f"<38>1 - gw sudo 411 - - {name} : 3 incorrect password attempts ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/sh\n".encode()
    sent = time.monotonic()
    s.sendall(line)
    until = sent + 20
    while time.monotonic() < until:
        got = lab.hook_lines.next(until - time.monotonic())
        if got is None:
            break
        if name in got:
            word = got.split(" ", 3)
            if word[2] != "good":
                raise SystemExit("a webhook with a bad signature")
            return sent, float(word[1])
    raise SystemExit(f"no webhook for {name} within 20 s\n{lab.tail(10)}")



def under(lab, path, rate, tag):
    dice, took = random.Random(rate), []
    with Load(lab, path, rate), socket.create_connection(("127.0.0.1", lab.ports["tcp"])) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        select.select([], [], [], 0.3 if rate else 0.05)
        before, begun = metric(lab, "tocsin_messages_received_total"), time.monotonic()
        for k in range(PROBES):
            took.append(one_probe(lab, s, f"{tag}{k:04d}x"))
            select.select([], [], [], dice.uniform(0.001, 0.008))
        reached = (metric(lab, "tocsin_messages_received_total") - before) / (time.monotonic() - begun)
    ms = [(b - a) * 1e3 for a, b in took]
    row = {"p50": round(percentile(ms, 0.5), 2), "p99": round(percentile(ms, 0.99), 2), "max": round(max(ms), 2), "probes": len(ms), "lines_s": round(reached)}
    return {**row, "legs": legs(lab, took)}


def seconds_of(stamp):
    """2026-11-22T10:22:41.483582Z as seconds of the real clock."""
    return calendar.timegm(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S")) + float("0" + stamp[19:-1])


def legs(lab, took):
    """Medians and p99 from the record's own times: line sent, notice queued (in the transaction that makes the event), webhook received."""
    shift = time.time() - time.monotonic()
    rows = sorted(lab.json("list", "notices", "--limit", str(len(took))), key=lambda r: r["id"])[-len(took):]
    if len(rows) != len(took):
        return None
    queued = [(seconds_of(r["queued_at"]) - shift - a) * 1e3 for r, (a, _) in zip(rows, took)]
    rest = [(b - seconds_of(r["queued_at"]) + shift) * 1e3 for r, (_, b) in zip(rows, took)]
    return {name: {"p50": round(percentile(v, 0.5), 2), "p99": round(percentile(v, 0.99), 2)} for name, v in (("sent_to_queued", queued), ("queued_to_received", rest))}


def drained(lab, job):
    """The sink's lines are read meanwhile: it must not wait for us."""
    over = threading.Event()

    def read():
        while lab.hook_lines.next(0.1) is not None or not over.is_set():
            pass

    reader = threading.Thread(target=read)
    reader.start()
    job()
    wait_for("what the mix owes", lambda: not json.loads(ask(lab, "/v1/status"))["record"]["outbox"], 60, 0.05)
    over.set()
    reader.join()


def run(scratch, out):
    mix = traffic(scratch, "mix", LINES, "-s", "1")
    out["latency_ms"] = made = {}
    with Tocsind("latency", 300, listen=True) as lab:
        lab.up()
        drained(lab, lambda: pushed(lab, "t", mix, LINES))  # its events are there already: only the probes' are new
        for rate in LOADS:
            made[f"{rate}" if rate else "idle"] = under(lab, mix, rate, f"probe{rate}n")
            print(f"  latency at {rate:,}/s: {made[str(rate) if rate else 'idle']}", flush=True)
        made["load"] = made[str(LOADS[-1])]
        lab.stop()
