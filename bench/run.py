#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""run.py - `make bench`: tocsind beside the limit program, in turn in one run, so that only ratios matter

Takes   BENCH_LINES (2000000 a pass, over UDP a quarter), BENCH_ROUNDS (5), BENCH_RATES (UDP, datagrams a second), BENCH_JSON (a file for the figures),
        BENCH_ONLY (of tcp,udp,rules,latency,mail; all by default).
Gives   median (min-max): lines/s, CPU seconds per million lines over all roles, ratios to the limit; UDP at several rates with what the
        kernel dropped; growth with the number of rules; what commits and answers take alone and while people work; all of it beside a mail server that
        never answers; peak memory. Every pass ends with a balanced account: nothing is lost, nothing shed, or the run fails.

Two rates are given for tocsind: `read`, until the last line was read and examined (the sender sees the connection closed), and
`settled`, until everything that a rule saw is committed and acknowledged, found out by asking: the honest one, and never flattering.
Over UDP the rate that was really sent stands beside the one asked for: above it, nothing is said about tocsind.
"""
import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import os
import re
import select
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "system"))
from lab import BUILD, Lab, Lines, balanced, free_port  # noqa: E402

LINES = int(os.environ.get("BENCH_LINES", "2000000"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
RATES = [int(r) for r in os.environ.get("BENCH_RATES", "50000,100000,200000,300000,500000").split(",")]
ONLY = os.environ.get("BENCH_ONLY", "tcp,udp,rules,latency,mail").split(",")
GEN, BLAST, LIMIT = (str(BUILD / "bench" / p) for p in ("gen", "blast", "limit"))
TICK = os.sysconf("SC_CLK_TCK")
NAMES = {"t": "tcp", "u": "udp"}
KEY = b"secret-of-the-scanner-32-bytes!!"  # lab.py's scanner.secret


# ---- measuring
class Control(http.client.HTTPConnection):
    """The control socket, without starting a program for every question."""

    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


def ask(lab, path):
    c = Control(lab.socket)
    with contextlib.closing(c):
        c.request("GET", path)
        return c.getresponse().read().decode()


def account(lab, transport):
    return next(a for a in json.loads(ask(lab, "/v1/status"))["intake"] if a["transport"] == transport)


def cpu_of(lab):
    total = 0
    for p in [lab.daemon.pid, *lab.children().values()]:
        f = Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(f[11]) + int(f[12])
    return total / TICK


def memory_of(lab):
    return {name: round(int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{p}/status").read_text())[1]) / 1024, 1)
            for name, p in {"parent": lab.daemon.pid, **lab.children()}.items()}


def spread(values, digits=2):
    values = list(values)
    cut = (lambda v: round(v)) if digits == 0 else (lambda v: round(v, digits))
    return {"median": cut(statistics.median(values)), "min": cut(min(values)), "max": cut(max(values))}


def show(s):
    return f"{s['median']:,} ({s['min']:,}-{s['max']:,})"


def percentile(values, p):
    values = sorted(values)
    return values[min(len(values) - 1, int(len(values) * p))]


def blast(*argv):
    return json.loads(subprocess.run([BLAST, *argv], check=True, capture_output=True, text=True, timeout=300).stdout)


def limit(kind, path, count=LINES, rate=None):
    port = free_port(socket.SOCK_STREAM if kind == "t" else socket.SOCK_DGRAM)
    p = subprocess.Popen([LIMIT, f"-{kind}", str(port), *([] if kind == "t" else ["-n", str(count)])], stdout=subprocess.PIPE)
    lines = Lines(p.stdout.fileno(), "limit")
    if lines.next(10) != "READY":
        raise SystemExit("the limit program does not start")
    sent = blast(f"-{kind}", f"127.0.0.1:{port}", *(["-r", str(rate)] if rate else []), path)
    got = json.loads(lines.next(60))
    p.wait(10)
    return {"wall": got["seconds"], "cpu": got["cpu"], "received": got["lines"], "kernel": got["drops"], "settled": got["seconds"], "sent_s": sent["lines"] / sent["seconds"]}


def pushed(lab, kind, path, count=LINES, rate=None):
    """Sends the file and waits until every line is in a balanced account."""
    before, cpu, start = account(lab, NAMES[kind]), cpu_of(lab), time.monotonic()
    sent = blast(f"-{kind}", f"127.0.0.1:{lab.ports[NAMES[kind]]}", *(["-r", str(rate)] if rate else []), path)
    wall = time.monotonic() - start

    def whole():
        now = account(lab, NAMES[kind])
        return now if now["received"] + now["kernel"] - before["received"] - before["kernel"] >= count and balanced(now) else None

    now = lab.wait(f"{count} lines in a balanced account", whole, 120)
    settled = time.monotonic() - start
    got = {k: now[k] - before[k] for k in now if isinstance(now[k], int)}
    if got["received"] + got["kernel"] != count or got["shed"] or (kind == "t" and got["kernel"]):
        raise SystemExit(f"lines are missing: sent {count}, account {got}")
    return {"wall": wall, "settled": settled, "cpu": cpu_of(lab) - cpu, "sent_s": sent["lines"] / sent["seconds"], **got}


def figures_of(rows, count=LINES):
    return {"lines_s": spread((r["received"] / r["settled"] for r in rows), 0), "read_lines_s": spread((r["received"] / r["wall"] for r in rows), 0),
            "cpu_s_per_m": spread((r["cpu"] / count * 1e6 for r in rows), 3)}


# ---- the parts
def traffic(work, name, *options):
    path = work / name
    with open(path, "wb") as f:
        subprocess.run([GEN, *options], check=True, stdout=f)
    return str(path)


def tcp(lab, files, out):
    """The limit, harmless lines, the mix with 2 % of security relevant lines: in turn. Then every line relevant."""
    rows = {"limit": [], "harmless": [], "mix": [], "flood": []}
    for r in range(ROUNDS):
        rows["limit"].append(limit("t", files["mix"]))
        rows["harmless"].append(pushed(lab, "t", files["harmless"]))
        rows["mix"].append(pushed(lab, "t", files["mix"]))
        rows["flood"].append(pushed(lab, "t", files["flood"], LINES // 10))
        print(f"  round {r + 1}: " + ", ".join(f"{k} {v[-1]['received'] / v[-1]['settled']:,.0f}/s" for k, v in rows.items()), flush=True)
    out["limit"]["tcp"] = figures_of(rows["limit"])
    out["tocsind"]["tcp"] = figures_of(rows["mix"])
    out["tocsind"]["tcp_harmless"] = figures_of(rows["harmless"])
    out["tocsind"]["tcp_flood"] = figures_of(rows["flood"], LINES // 10)
    out["tocsind"]["tcp_harmless"]["rate_to_limit"] = spread((a["wall"] / b["wall"] for a, b in zip(rows["limit"], rows["harmless"])), 3)
    out["tocsind"]["tcp"]["rate_to_limit"] = spread((a["wall"] / b["settled"] for a, b in zip(rows["limit"], rows["mix"])), 3)
    out["tocsind"]["tcp"]["cpu_to_limit"] = spread((b["cpu"] / a["cpu"] for a, b in zip(rows["limit"], rows["mix"])), 1)


def udp(lab, files, out):
    out["limit"]["udp"], out["tocsind"]["udp"] = {}, {}
    count = LINES // 4
    for rate in RATES:
        for name, row in (("limit", limit("u", files["udp"], count, rate)), ("tocsind", pushed(lab, "u", files["udp"], count, rate))):
            out[name]["udp"][str(rate)] = {"sent_lines_s": round(row["sent_s"]), "received": row["received"], "kernel_drops": row["kernel"], "cpu_s_per_m": round(row["cpu"] / count * 1e6, 2)}


def rule_of(n):
    return (f"title: Made for measuring {n}\nid: 00000000-0000-5000-8000-{n:012d}\nstatus: test\ndescription: One word that no line holds.\n"
            f"author: tocsin\ndate: 2026-11-22\nlogsource: {{product: linux}}\ndetection:\n  word:\n    message|contains: \"bench-{n * 7919:08x}-{n % 97}\"\n"
            f"  condition: word\nlevel: low\ntocsin: {{class: other/undetermined}}\n")


def rules(files, out):
    """12, 300 and 3,000 rules beside those that are shipped, in turn."""
    sizes = (12, 300, 3000)
    rows, started = {n: [] for n in sizes}, {}
    with contextlib.ExitStack() as stack:
        labs = {n: stack.enter_context(Lab(f"rules{n}")) for n in sizes}
        for n, lab in labs.items():
            lab.configure(mail=False, rules="---\n".join(rule_of(i) for i in range(n)))
            begun = time.monotonic()
            lab.start(seconds=120)
            started[n] = time.monotonic() - begun
        for _ in range(ROUNDS):
            for n, lab in labs.items():
                rows[n].append(pushed(lab, "t", files["harmless"]))
        out["rules"] = {str(n): {**figures_of(rows[n]), "start_s": round(started[n], 2), "memory_mib": memory_of(labs[n])} for n in sizes}
        for n in sizes[1:]:
            out["rules"][str(n)]["cpu_to_12"] = spread((a["cpu"] / b["cpu"] for a, b in zip(rows[n], rows[12])), 2)
        for lab in labs.values():
            lab.stop()


# ---- latency
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
            self.took.append(time.monotonic() - begun)
            select.select([], [], [], 0.005)

    def end(self):
        self.over.set()
        self.join()
        return {"p50": round(percentile(self.took, 0.5) * 1e3, 2), "p99": round(percentile(self.took, 0.99) * 1e3, 2),
                "max": round(max(self.took) * 1e3, 2), "n": len(self.took)}


def commits(lab):
    return {m[1]: int(m[2]) for m in re.finditer(r'tocsin_db_commit_duration_seconds_bucket\{le="([^"]+)"\} (\d+)', ask(lab, "/metrics"))}


def commit_percentiles(before, after):
    """The bound of the class that it lies in: never less than it was."""
    n = {le: after[le] - before[le] for le in after}
    at = {}
    for name, p in (("p50", 0.5), ("p99", 0.99)):
        at[name] = next((float(le) * 1e3 for le, seen in n.items() if seen >= n["+Inf"] * p and le != "+Inf"), None)
    return {**at, "n": n["+Inf"]}


class People(threading.Thread):
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


def latency(lab, files, out):
    """Commits and webhooks under 200,000 lines a second: alone, then while list, show, verify, backup, status and a report run all the time."""
    ref = (lab.json("list", "events", "--all") or [{"ref": "EV-1"}])[0]["ref"]
    out["latency_ms"] = {}
    for name in ("alone", "people_at_work"):
        workers = [] if name == "alone" else [
            People(lab, "list", "events", "--all", who="iso"), People(lab, "show", ref, who="iso"), People(lab, "verify"), People(lab, "status"),
            People(lab, "backup", each=lambda n: [str(lab.dir / "state" / f"bench{n}.db")]), People(lab, "report", "bench: a person reports", who="iso")]
        for w in workers:
            w.start()
        before, probe = commits(lab), Probe(lab)
        probe.start()
        row = pushed(lab, "t", files["mix"], LINES, 200000)
        got = {"webhook": probe.end(), "commit": commit_percentiles(before, commits(lab)), "sent_lines_s": round(LINES / row["wall"])}
        for w in workers:
            got.setdefault("calls", {})[w.argv[0]] = w.end()
        out["latency_ms"][name] = got


# ---- mail
@contextlib.contextmanager
def black_hole():
    """An SMTP server that lets one connect and never says a word; whoever comes next is not even let in."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(0)
        yield s.getsockname()[1]


def break_ins(lab, first, n=10):
    """Something of which people are told at once."""
    words = ["Failed password for root"] * 6 + ["Accepted password for root"]
    text = "".join(f"<38>1 - gw sshd 411 - - {w} from 192.0.2.{first + k} port {40000 + i} ssh2\n" for k in range(n) for i, w in enumerate(words))
    want = account(lab, "tcp")["received"] + n * len(words)
    lab.tcp(text.encode())
    lab.settled(tcp=want)


def status_ms(lab, n=40):
    took = []
    for _ in range(n):
        begun = time.monotonic()
        lab.tocsin("status")
        took.append((time.monotonic() - begun) * 1e3)
    return statistics.median(took)


def mail(files, out):
    """The same daemon twice, one with a mail server, one with a black hole: intake and the client, in turn."""
    rows, client = {"reachable": [], "dead": []}, {"reachable": [], "dead": []}
    with black_hole() as hole, Lab("mail") as good, Lab("dead") as bad:
        good.smtp()
        bad.smtp_port = hole
        for lab in (good, bad):
            lab.configure().start()
            pushed(lab, "t", files["mix"])
        for r in range(ROUNDS):
            for name, lab in (("reachable", good), ("dead", bad)):
                break_ins(lab, 10 * r)
                rows[name].append(pushed(lab, "t", files["mix"]))
                client[name].append(status_ms(lab))
        waiting = {name: json.loads(ask(lab, "/v1/status"))["record"]["outbox"] for name, lab in (("reachable", good), ("dead", bad))}
        out["mail"] = {"rate_dead_to_reachable": spread((a["settled"] / b["settled"] for a, b in zip(rows["reachable"], rows["dead"])), 3),
                       "client_ms": {k: spread(v, 1) for k, v in client.items()},
                       "client_dead_to_reachable": spread((b / a for a, b in zip(client["reachable"], client["dead"])), 3), "outbox": waiting}
        for lab in (good, bad):
            lab.stop()


# ---- telling
def report(f):
    print(f"\n{f['lines']:,} lines of {f['bytes_per_line']} bytes a pass, {f['rounds']} rounds in turn; median (min-max)")
    if "tcp" in f["limit"]:
        t = f["tocsind"]
        print(f"TCP        limit    {show(f['limit']['tcp']['lines_s'])} lines/s, CPU s per million {show(f['limit']['tcp']['cpu_s_per_m'])}")
        for name, key in (("harmless", "tcp_harmless"), ("2 % mix", "tcp"), ("all hits", "tcp_flood")):
            print(f"           {name:8} {show(t[key]['lines_s'])} lines/s settled, {show(t[key]['read_lines_s'])} read, "
                  f"CPU s per million {show(t[key]['cpu_s_per_m'])}")
        print(f"           of the limit's rate: harmless {show(t['tcp_harmless']['rate_to_limit'])}, mix {show(t['tcp']['rate_to_limit'])}; "
              f"CPU of the mix {show(t['tcp']['cpu_to_limit'])} times the limit's")
    for rate, u in f["tocsind"].get("udp", {}).items():
        lim = f["limit"]["udp"][rate]
        print(f"UDP        {int(rate):,}/s (sent {u['sent_lines_s']:,}): dropped by the kernel {u['kernel_drops']:,} (limit {lim['kernel_drops']:,}), "
              f"CPU s per million {u['cpu_s_per_m']} (limit {lim['cpu_s_per_m']})")
    for n, r in f.get("rules", {}).items():
        print(f"rules      {int(n):,} more: {show(r['lines_s'])} lines/s, CPU s per million {show(r['cpu_s_per_m'])}"
              + (f", {show(r['cpu_to_12'])} times that of 12" if "cpu_to_12" in r else "") + f"; start {r['start_s']} s; MiB {r['memory_mib']}")
    for name, g in f.get("latency_ms", {}).items():
        print(f"latency ms {name}: commit p50 {g['commit']['p50']} p99 {g['commit']['p99']} of {g['commit']['n']}; webhook answered p50 {g['webhook']['p50']} "
              f"p99 {g['webhook']['p99']} max {g['webhook']['max']} of {g['webhook']['n']}; at {g['sent_lines_s']:,} lines/s; calls {g.get('calls', {})}")
    if "mail" in f:
        m = f["mail"]
        print(f"mail       dead server to reachable: intake {show(m['rate_dead_to_reachable'])}, client {show(m['client_dead_to_reachable'])}; outbox {m['outbox']}")
    print(f"memory     peak MiB {f.get('memory_mib')}; verify: {f.get('verify')}")
    if os.environ.get("BENCH_JSON"):
        Path(os.environ["BENCH_JSON"]).write_text(json.dumps(f, indent=1) + "\n")


def main():
    with Lab("bench-traffic") as scratch:  # a folder that is cleared away whatever happens
        files = {"mix": traffic(scratch.dir, "mix", "-n", str(LINES), "-s", "1"), "harmless": traffic(scratch.dir, "harmless", "-n", str(LINES), "-s", "2", "-p", "0"),
                 "udp": traffic(scratch.dir, "udp", "-n", str(LINES // 4), "-s", "4"),
                 "flood": traffic(scratch.dir, "flood", "-n", str(LINES // 10), "-s", "3", "-p", "1000")}
        f = {"lines": LINES, "rounds": ROUNDS, "bytes_per_line": round(os.path.getsize(files["mix"]) / LINES, 1), "limit": {}, "tocsind": {}}
        with Lab("bench") as lab:
            lab.configure(mail=False).start()
            if "tcp" in ONLY:
                tcp(lab, files, f)
            if "udp" in ONLY:
                udp(lab, files, f)
            if "latency" in ONLY:
                latency(lab, files, f)
            f["memory_mib"] = memory_of(lab)
            f["verify"] = "intact" if lab.tocsin("verify", check=False).returncode == 0 else "NOT INTACT"
            lab.stop()
        if "rules" in ONLY:
            rules(files, f)
        if "mail" in ONLY:
            mail(files, f)
    report(f)


main()
