# SPDX-License-Identifier: ISC
"""part_people.py - what a commit and the answer to a webhook take at 200,000 lines a second: alone, and while people work all the time

Working people: list, show, verify, status, backup and reports, one after the other without a pause, each by somebody of their own.
"""
import base64
import hashlib
import hmac
import http.client
import re
import select
import threading
import time
from pathlib import Path

from common import LINES, QUICK, Tocsind, ask, percentile, pushed, traffic

KEY = b"secret-of-the-scanner-32-bytes!!"  # lab.py's scanner.secret
RATE = 20000 if QUICK else 200000


class Probe(threading.Thread):
    """Signed webhooks, one after the other: each is answered when it is committed, so its round trip is what a sender waits for."""

    def __init__(self, lab):
        super().__init__()
        self.lab, self.over, self.took = lab, threading.Event(), []

    def run(self):
        c = http.client.HTTPConnection("127.0.0.1", self.lab.ports["http"], timeout=60)
        body = b'{"title":"bench","severity":"low","dedup_key":"bench"}'
        while not self.over.is_set():
            ident, stamp = f"bench-{time.monotonic_ns()}", str(int(time.time()))
            mac = base64.b64encode(hmac.new(KEY, f"{ident}.{stamp}.".encode() + body, hashlib.sha256).digest()).decode()
            head = {"webhook-id": ident, "webhook-timestamp": stamp, "webhook-signature": "v1," + mac, "Content-Type": "application/json"}
            begun = time.monotonic()
            c.request("POST", "/v1/in/scanner", body, head)
            answer = c.getresponse()
            answer.read()
            if answer.status != 202:
                raise SystemExit(f"a webhook was answered {answer.status}")
            self.took.append((time.monotonic() - begun) * 1e3)
            select.select([], [], [], 0.005)

    def end(self):
        self.over.set()
        self.join()
        return {"p50": round(percentile(self.took, 0.5), 2), "p99": round(percentile(self.took, 0.99), 2), "max": round(max(self.took), 2), "n": len(self.took)}


class Person(threading.Thread):
    def __init__(self, lab, *argv, who=None, each=None):
        super().__init__()
        self.lab, self.argv, self.who, self.each, self.over, self.n = lab, argv, who, each, threading.Event(), 0

    def run(self):
        while not self.over.is_set():
            self.n += 1
            extra = self.each(self.n) if self.each else []
            self.lab.tocsin(*self.argv, *extra, who=self.who, check=False)
            for p in extra:
                Path(p).unlink(missing_ok=True)

    def end(self):
        self.over.set()
        self.join()
        return self.n


def commits(lab):
    return {m[1]: int(m[2]) for m in re.finditer(r'tocsin_db_commit_duration_seconds_bucket\{le="([^"]+)"\} (\d+)', ask(lab, "/metrics"))}


def commit_percentiles(before, after):
    """The bound of the class that it lies in: never less than it was."""
    n = {le: after[le] - before[le] for le in after}
    at = {}
    for name, p in (("p50", 0.5), ("p99", 0.99)):
        at[name] = next((float(le) * 1e3 for le, seen in n.items() if seen >= n["+Inf"] * p and le != "+Inf"), None)
    return {**at, "n": n["+Inf"]}


def busy(lab, ref):
    return [Person(lab, "list", "events", "--all", who="iso"), Person(lab, "show", ref, who="iso"), Person(lab, "verify"), Person(lab, "status"),
            Person(lab, "backup", each=lambda n: [str(lab.dir / "state" / f"bench{n}.db")]), Person(lab, "report", "bench: a person reports", who="iso")]


def run(scratch, out):
    mix = traffic(scratch, "mix", LINES, "-s", "1")
    out["people_ms"] = {}
    with Tocsind("people", 300) as lab:
        lab.up()
        pushed(lab, "t", mix, LINES)
        ref = (lab.json("list", "events", "--all") or [{"ref": "EV-1"}])[0]["ref"]
        for name in ("alone", "people_at_work"):
            workers = [] if name == "alone" else busy(lab, ref)
            for w in workers:
                w.start()
            before, probe = commits(lab), Probe(lab)
            probe.start()
            row = pushed(lab, "t", mix, LINES, rate=RATE)
            got = {"webhook": probe.end(), "commit": commit_percentiles(before, commits(lab)), "sent_lines_s": round(row["sent_s"])}
            for w in workers:
                got.setdefault("calls", {})[w.argv[0]] = w.end()
            out["people_ms"][name] = got
        out["people_ms"]["verify"] = "intact" if lab.tocsin("verify", check=False).returncode == 0 else "NOT INTACT"
        lab.stop()
