# SPDX-License-Identifier: ISC
"""common.py - what every part of `make bench` measures with: a tocsind of so many rules, the limit program, traffic, medians

Keeps   every process it starts until the run is over, and ends each by its own id.
"""
import contextlib
import http.client
import json
import os
import re
import select
import shutil
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "system"))
import rules  # noqa: E402
from lab import BUILD, SRC, Lab, Lines, balanced, free_port  # noqa: E402

QUICK = os.environ.get("BENCH_QUICK", "") not in ("", "0")
LINES = int(os.environ.get("BENCH_LINES", "20000" if QUICK else "1000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "1" if QUICK else "5"))
GEN, BLAST, LIMIT, SINK, FILL = (str(BUILD / "bench" / p) for p in ("gen", "blast", "limit", "sink", "fill"))
TICK = os.sysconf("SC_CLK_TCK")
NAMES = {"t": "tcp", "u": "udp"}
SECRET = "aWRhcy1zZWNyZXQtZm9yLW1lYXN1cmluZy1vbmx5ISE="

ROSTER = """orgs:
  - {{slug: main, name: Example GmbH, tz: Europe/Berlin}}
people:
  - login: iso
    name: Ida Iso
    email: iso@example.test
    webhook: "http://127.0.0.1:{port}/alarm"
    webhook_secret_file: ida.secret
    channels: [webhook]
    function: iso
    roles: [{{org: main, role: iso, from: 2026-01-01, reason: appointed by the management board}}]
  - login: dep
    name: Dan Deputy
    email: dep@example.test
    function: iso
    roles: [{{org: main, role: deputy, from: 2026-01-01, reason: appointed by the management board}}]
  - login: boss
    name: Bea Boss
    email: boss@example.test
    function: management
    roles: [{{org: main, role: management, from: 2026-01-01, reason: managing director}}]
"""


class Missing(Exception):
    """A peer that cannot be measured here, and why."""


# ---- figures
def spread(values, digits=2):
    values = sorted(values)
    cut = (lambda v: round(v)) if digits == 0 else (lambda v: round(v, digits))
    return {"median": cut(statistics.median(values)), "min": cut(values[0]), "max": cut(values[-1])}


def show(s):
    return f"{s['median']:,} ({s['min']:,}-{s['max']:,})" if s else "-"


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * p))] if values else None


def figures_of(rows):
    """The plain numbers are the medians; beside them the spread, and what was not as it should be."""
    out = {"lines_s": None, "cpu_s_per_m": None}
    if rows:
        rate, cpu = spread((r["lines"] / r["seconds"] for r in rows), 0), spread((r["cpu"] / r["lines"] * 1e6 for r in rows), 3)
        out = {"lines_s": rate["median"], "cpu_s_per_m": cpu["median"], "lines": rows[0]["lines"], "spread": {"lines_s": rate, "cpu_s_per_m": cpu}}
        lost = sum(r.get("lost", 0) for r in rows)
        if lost:
            out["lost"] = lost
    return out


def ratio(rows, others, key, digits=3):
    """Round by round, so that a slow minute of the machine is in both: rows / others of "rate" or "cpu"."""
    value = {"rate": lambda r: r["lines"] / r["seconds"], "cpu": lambda r: r["cpu"] / r["lines"]}[key]
    pairs = [(value(a), value(b)) for a, b in zip(rows, others)]
    return spread([a / b for a, b in pairs if b], digits) if pairs else None


# ---- the daemon
class Control(http.client.HTTPConnection):
    """The control socket, without starting a program for every question."""

    def __init__(self, path):
        super().__init__("localhost", timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(120)
        self.sock.connect(self.path)


def ask(lab, path, token=None):
    c = Control(lab.socket)
    with contextlib.closing(c):
        c.request("GET", path, headers={"Authorization": "Bearer " + token} if token else {})
        return c.getresponse().read().decode()


def account(lab, transport):
    return next(a for a in json.loads(ask(lab, "/v1/status"))["intake"] if a["transport"] == transport)


def processes(lab):
    return {"parent": lab.daemon.pid, **lab.children()}


def cpu_of_pids(pids):
    total = 0
    for p in pids:
        f = Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(f[11]) + int(f[12])
    return total / TICK


def cpu_of(lab):
    return cpu_of_pids(processes(lab).values())


def memory_of(lab):
    """MiB of each role: resident now, at its peak, and its fair share of what is shared."""
    out = {}
    for name, p in processes(lab).items():
        status, smaps = Path(f"/proc/{p}/status").read_text(), Path(f"/proc/{p}/smaps_rollup").read_text()
        kib = {"rss": re.search(r"VmRSS:\s+(\d+)", status), "peak": re.search(r"VmHWM:\s+(\d+)", status), "pss": re.search(r"\nPss:\s+(\d+)", smaps)}
        out[name] = {k: round(int(m[1]) / 1024, 1) for k, m in kib.items()}
    out["all"] = {k: round(sum(r[k] for r in out.values()), 1) for k in ("rss", "peak", "pss")}
    return out


class Tocsind(Lab):
    """A tocsind with a pack of n rules (None: the pack it is shipped with) whose webhooks go to a counting sink; the policy is the shipped one."""

    def __init__(self, name, n, extra="", hook=True, text=None, listen=False):
        super().__init__(f"bench-{name}")
        self.n, self.extra, self.text, self.hooked, self.listen = n, extra, text, hook, listen  # listen: who reads hook_lines, and does so all the time

    def up(self, seconds=120, **kw):
        if self.hooked and not hasattr(self, "hook_port"):
            self.spawn_sink(*([] if self.listen else ["-q"]))
        for attempt in range(3):
            self.prepare()
            begun = time.monotonic()
            try:
                self.start(seconds=seconds, **kw)
                break
            except SystemExit as why:  # between asking for a free port and using it somebody else may take it
                if "Address already in use" not in str(why) or attempt == 2:
                    raise
                self.ports = {"udp": free_port(socket.SOCK_DGRAM), "tcp": free_port(), "http": free_port()}
        self.start_s = time.monotonic() - begun
        if self.n is not None and metric(self, "tocsin_rules_refused"):
            raise SystemExit("a rule was refused: " + self.tail(10))
        return self

    def spawn_sink(self, *options):
        _, self.hook_lines = self.spawn([SINK, "-s", SECRET, *options])
        self.hook_port = int(self.hook_lines.next(20).split()[1])

    def prepare(self):
        self.conf.mkdir(exist_ok=True)
        if self.n is not None:
            (self.conf / "rules.d").mkdir(exist_ok=True)
            (self.conf / "rules.d" / "bench.yml").write_text(self.text or rules.pack(self.n) or "# none\n")
        secret = self.conf / "ida.secret"
        secret.touch(0o600)
        secret.write_text("whsec_" + SECRET + "\n")
        self.configure(policy=(SRC / "etc" / "policy" / "default.yaml").read_text(), roster=ROSTER.format(port=getattr(self, "hook_port", 9)), mail=False,
                       extra="webhook_out: {insecure_http: yes, private_addresses: yes}\n" + self.extra)

    def hooks(self):
        """How many webhooks came, each signed as it should be."""
        if (line := self.hook_lines.next(0.01)) is not None and not self.listen:
            raise SystemExit("a webhook that is not signed as it should be: " + line[:200])
        c = http.client.HTTPConnection("127.0.0.1", self.hook_port, timeout=20)
        with contextlib.closing(c):
            c.request("GET", "/")
            return int(c.getresponse().read())


def metric(lab, name):
    return sum(float(v) for v in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", ask(lab, "/metrics"), re.M))


def told_all(lab, seconds=60):
    """Waits until the sink has as many webhooks as the record says were sent, and none is owed. Gives their number."""
    def done():
        outbox = json.loads(ask(lab, "/v1/status"))["record"]["outbox"]
        return metric(lab, "tocsin_notices_sent_total") <= lab.hooks() and not outbox
    wait_for("webhooks that are owed", done, seconds, 0.05)
    return lab.hooks()


def blast(*argv):
    return json.loads(subprocess.run([BLAST, *argv], check=True, capture_output=True, text=True, timeout=300).stdout)


def limit(kind, path, count, rounds=1, rate=None):
    """One pass of the program that only reads and counts."""
    port = free_port(socket.SOCK_STREAM if kind == "t" else socket.SOCK_DGRAM)
    p = subprocess.Popen([LIMIT, f"-{kind}", str(port), *([] if kind == "t" else ["-n", str(count)])], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        lines = Lines(p.stdout.fileno(), "limit")
        if lines.next(10) != "READY":
            raise SystemExit("the limit program does not start")
        sent = blast(f"-{kind}", f"127.0.0.1:{port}", "-c", str(rounds), *(["-n", str(count)] if kind == "u" else []), *(["-r", str(rate)] if rate else []), path)
        got = json.loads(lines.next(60))
        p.wait(10)
    finally:
        p.stdout.close()
        if p.poll() is None:
            p.kill()
            p.wait()
    return {"lines": got["lines"], "seconds": got["seconds"], "cpu": got["cpu"], "lost": count - got["lines"], "kernel": got["drops"], "sent_s": sent["lines"] / sent["seconds"]}


def pushed(lab, kind, path, count, rounds=1, rate=None, seconds=180):
    """Sends the file and waits until every line is in a balanced account: committed, acknowledged, nothing lost and nothing shed."""
    before, cpu, start = account(lab, NAMES[kind]), cpu_of(lab), time.monotonic()
    sent = blast(f"-{kind}", f"127.0.0.1:{lab.ports[NAMES[kind]]}", "-c", str(rounds), *(["-n", str(count)] if kind == "u" else []), *(["-r", str(rate)] if rate else []), path)
    wall = time.monotonic() - start
    until = start + seconds
    while True:
        now = account(lab, NAMES[kind])
        if now["received"] + now["kernel"] - before["received"] - before["kernel"] >= count and balanced(now):
            break
        if time.monotonic() > until:
            raise SystemExit(f"{count} lines are not in a balanced account after {seconds} s: {now}\n{lab.tail(10)}")
        select.select([], [], [], 0.004)
    settled = time.monotonic() - start
    got = {k: now[k] - before[k] for k in now if isinstance(now[k], int)}
    if got["received"] + got["kernel"] != count or got["shed"] or (kind == "t" and got["kernel"]):
        raise SystemExit(f"lines are missing: sent {count}, account {got}")
    return {"lines": got["received"], "seconds": settled, "wall": wall, "cpu": cpu_of(lab) - cpu, "sent_s": sent["lines"] / sent["seconds"], **got}


def traffic(folder, name, lines=LINES, *options):
    path = folder / name
    if not path.exists():
        with open(path, "wb") as f:
            subprocess.run([GEN, "-n", str(lines), "-w", "25", *options], check=True, stdout=f)
    return str(path)


def wait_for(what, probe, seconds=30.0, step=0.005):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        got = probe()
        if got:
            return got
        select.select([], [], [], step)
    raise SystemExit(f"waited {seconds:.0f} s in vain for: {what}")


def which(*names):
    """A program on PATH, in the system's folders, or in a folder of unpacked packages (BENCH_PEERS)."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin"
    if os.environ.get("BENCH_PEERS"):
        path += ":" + ":".join(os.path.join(os.environ["BENCH_PEERS"], d) for d in ("usr/sbin", "usr/bin"))
    return next((found for n in names if (found := shutil.which(n, path=path))), None)
