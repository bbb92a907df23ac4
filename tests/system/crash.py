#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""crash.py - each role is killed in turn under mixed load; a sender's ledger on another file system is the judge

Acknowledged deliveries are all in the record (lost = 0), nothing is there that was never sent (unexpected = 0), the record is intact,
and every event that owes a notice had it sent. With --early the daemon acknowledges before it commits: then the same test has to
find a loss, which shows that it can.
"""
import base64
import hashlib
import hmac
import http.client
import json
import os
import random
import signal
import socket
import sqlite3
import sys
import tempfile
import threading
import time
from pathlib import Path

from lab import BUILD, Lab, fail

EARLY = "--early" in sys.argv
CYCLES = int(os.environ.get("TOCSIN_CYCLES", "20"))
KEY = base64.b64decode("c2VjcmV0LW9mLXRoZS1zY2FubmVyLTMyLWJ5dGVzISE=")
SEED = int(os.environ.get("TOCSIN_SEED", "1"))


class Sender(threading.Thread):
    """Posts deliveries one after the other and writes down what it tried and what was acknowledged."""

    def __init__(self, lab, ledger, number):
        super().__init__(daemon=True)
        self.lab, self.ledger, self.number, self.over = lab, ledger, number, threading.Event()
        self.tried, self.acked, self.unknown = [], [], 0

    def run(self):
        n = 0
        conn = None
        while not self.over.is_set():
            n += 1
            ident = f"msg_{self.number}_{n}"
            body = json.dumps({"summary": f"finding {ident}", "severity": "high" if n % 50 == 0 else "low", "dedup": ident}).encode()
            stamp = str(int(time.time()))
            mac = base64.b64encode(hmac.new(KEY, f"{ident}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
            head = {"webhook-id": ident, "webhook-timestamp": stamp, "webhook-signature": "v1," + mac, "Content-Type": "application/json"}
            self.ledger.write(f"try {ident}\n")
            self.ledger.flush()
            self.tried.append(ident)
            try:
                if conn is None:
                    conn = http.client.HTTPConnection("127.0.0.1", self.lab.ports["http"], timeout=10)
                conn.request("POST", "/v1/in/scanner", body, head)
                status = conn.getresponse()
                status.read()
                if 200 <= status.status < 300:
                    self.ledger.write(f"ack {ident}\n")
                    self.ledger.flush()
                    self.acked.append(ident)
            except (OSError, http.client.HTTPException):
                self.unknown += 1
                conn = None
                self.over.wait(0.01)


def syslog(lab, over):
    """Lines beside the deliveries, so that every role has something to do when it dies."""
    rng, n = random.Random(SEED), 0
    while not over.is_set():
        try:
            with socket.create_connection(("127.0.0.1", lab.ports["tcp"]), timeout=5) as s:
                while not over.is_set():
                    n += 1
                    who = f"192.0.2.{rng.randrange(1, 255)}"
                    s.sendall(f"<38>Oct 11 22:14:15 gw sshd[{n % 30000}]: Failed password for root from {who} port {n % 60000} ssh2\n".encode() * 20)
                    over.wait(0.002)
        except OSError:
            over.wait(0.01)


def stored(lab):
    db = sqlite3.connect(f"file:{lab.dir}/state/tocsin.db?mode=ro", uri=True)
    rows = {r[0] for r in db.execute("SELECT delivery_id FROM delivery WHERE webhook='scanner'")}
    titles = {r[0] for r in db.execute("SELECT title FROM event WHERE title LIKE 'finding %'")}
    db.close()
    return rows, titles


def main():
    rng = random.Random(SEED)
    where = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with Lab("crash") as lab, tempfile.NamedTemporaryFile("w", dir=where, prefix="tocsin-ledger.") as ledger:
        lab.smtp()
        lab.configure().start(program="tests/system/tocsind_early" if EARLY else "tocsind")
        over = threading.Event()
        noise = threading.Thread(target=syslog, args=(lab, over), daemon=True)
        senders = [Sender(lab, ledger, i) for i in range(2)]
        noise.start()
        for s in senders:
            s.start()
        order = ["desk", "ingest", "notify"] if not EARLY else ["desk"]
        for cycle in range(CYCLES):
            before = sum(len(s.acked) for s in senders)
            lab.wait("deliveries go on", lambda: sum(len(s.acked) for s in senders) > before + 20, 30)
            role = order[cycle % len(order)]
            pid = lab.wait(f"{role} runs", lambda: lab.children().get(role), 30)
            over.wait(rng.random() * 0.1)
            os.kill(pid, signal.SIGKILL)
            lab.wait(f"{role} runs again", lambda: lab.children().get(role, pid) != pid and lab.children().get(role), 30)
        lab.wait("deliveries go on", lambda: sum(len(s.acked) for s in senders) > before + 40, 30)
        for s in senders:
            s.over.set()
        for s in senders:
            s.join(15)
        over.set()
        noise.join(15)
        lab.wait("the desk answers", lambda: lab.tocsin("status", check=False).returncode == 0, 30)
        urgent = lab.wait("notices are all out", lambda: not [n for n in lab.json("list", "notices", "--limit", "1000") if n["state"] in ("queued", "sending", "failed")] or None, 60)
        intact = lab.tocsin("verify", check=False)
        lab.stop()
        kept, titles = stored(lab)
        tried = {i for s in senders for i in s.tried}
        acked = {i for s in senders for i in s.acked}
        lost, unexpected = acked - kept, kept - tried
        titleless = {i for i in acked if f"finding {i}" not in titles}
        print(f"seed {SEED}: {CYCLES} kills, {len(tried)} tried, {len(acked)} acknowledged, {len(kept)} stored: lost {len(lost)}, unexpected {len(unexpected)}, "
              f"acknowledged without an event {len(titleless)}; verify: exit {intact.returncode}")
        if EARLY:
            if not lost and not titleless:
                fail("acknowledging before the commit lost nothing: this test cannot fail")
            return
        if lost or unexpected or titleless:
            fail(f"lost {sorted(lost)[:5]} unexpected {sorted(unexpected)[:5]} without event {sorted(titleless)[:5]}")
        if intact.returncode or not urgent:
            fail(intact.stdout + intact.stderr)


main()
