#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""score.py - how much of real messages is read right, and what the shipped pack sees in them: `make score`

Drives `tocsind explain --json`, and a live daemon for the framing, over the corpora ($TOCSIN_CORPORA), and prints a table: right of
how many, in per cent, against the goal; the same again with every address, pid and port changed, and the gap between the two.

    score.py [--json FILE] [--detail ROW]...    ROW: a key of the table, or "all"
"""
import argparse
import base64
import collections
import ipaddress
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent / "system"))
from lab import BUILD, SRC, Lab, balanced, skip  # noqa: E402
import score_pack  # noqa: E402
from score_change import Change  # noqa: E402
from score_rules import BROKEN  # noqa: E402

CORPORA = Path(os.environ.get("TOCSIN_CORPORA") or SRC / "../shared/corpora")
SEED = int(os.environ.get("TOCSIN_SEED", "1"))
LINES = ["fail2ban/fail2ban-public.jsonl", "loghub/OpenSSH.jsonl", "loghub/Linux.jsonl", "loghub/Apache.jsonl", "loghub/Proxifier.jsonl",
         "go-syslog/go-syslog-public.jsonl"]
UNSCORED = ("strict_only", "disputed", "lenient", "implementation_specific")
ROWS = [("bytes", "bytes kept unchanged", 100), ("rfc5424", "valid RFC 5424, all fields", 100), ("rfc3164", "RFC 3164 and kin, all fields", 97),
        ("live", "bytes kept unchanged, over UDP, TCP, unix", 100), ("invalid", "invalid RFC 5424 not taken as RFC 5424", 100), ("framing", "framing vectors over TCP", 100), ("splits", "framing in random splits", 100),
        ("src_ip", "src_ip right, of asserted", 98), ("src_ip_given", "src_ip right, of given", 99.5), ("src_ip_stands", "src_ip given stands in the line", 100),
        ("user", "user right, of asserted", 95), ("user_given", "user right, of given", 99), ("time", "time and host of the syslog header", 99.5),
        ("line_time", "time of a program's own line", 99.5), ("sigma", "Sigma vectors", 100), ("rules", "rule files load", 100),
        ("broken", "broken rules refused, with the place", 100), ("prefilter", "prefilter on = off", 100), *score_pack.ROWS]
# what an address, pid or port may touch
CHANGED = ("bytes", "rfc3164", "src_ip", "src_ip_given", "src_ip_stands", "user", "user_given", "time", "line_time", *score_pack.CHANGED)
LOGS = ("loghub/OpenSSH", "loghub/Linux")  # of which whole attacks are known


class Table:
    def __init__(self):
        self.right, self.all, self.given, self.fails = collections.Counter(), collections.Counter(), collections.Counter(), collections.defaultdict(list)

    def add(self, row, good, case="", want=None, got=None, raw=None):
        self.all[row] += 1
        self.right[row] += bool(good)
        if not good:
            self.fails[row].append((case, want, got, raw))

    def percent(self, row):
        return 100.0 * self.right[row] / self.all[row] if self.all[row] else None


# ---- explain

def configuration(tmp):
    """What is shipped, in the zone that the corpora were read in."""
    shutil.copytree(SRC / "etc", tmp / "etc")
    path = tmp / "etc" / "tocsin.yaml"
    path.write_text(path.read_text() + "\nzone: Europe/Zurich\n")
    return path


def explain(raws, words=(), delim=b"\n"):
    argv = [str(BUILD / "tocsind"), "explain", "--json", "-c", str(CONFIG), *words]
    if delim == b"\0":
        argv.append("--input=nul")
    with tempfile.NamedTemporaryFile(prefix="tocsin-score.") as f:
        f.write(b"".join(r + delim for r in raws))
        f.flush()
        p = subprocess.run([*argv, f.name], capture_output=True)
    out = [json.loads(x) for x in p.stdout.splitlines()]
    if len(out) != len(raws):
        raise SystemExit(f"FAIL: {' '.join(argv)}: {len(raws)} messages in, {len(out)} out\n{p.stderr.decode(errors='replace')[:2000]}")
    return out


def explain_all(raws, words=()):
    """Any bytes: NUL ends a message where no message has one, LF where none of them has that. What has both is None."""
    out = [None] * len(raws)
    for delim in (b"\0", b"\n"):
        idx = [i for i, r in enumerate(raws) if out[i] is None and delim not in r]
        for i, o in zip(idx, explain([raws[i] for i in idx], words, delim) if idx else []):
            out[i] = o
    return out


# ---- cases

def cases(name):
    with open(CORPORA / name, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.strip()]


def raw_of(case):
    return base64.b64decode(case["raw_b64"]) if "raw_b64" in case else case["raw"].encode("utf-8", "surrogateescape")


def change_case(case, ch):
    new = json.loads(json.dumps(case))
    if "raw" in new:
        new["raw"] = ch.text(new["raw"])
    else:
        new["raw_b64"] = base64.b64encode(ch.text(raw_of(case).decode("latin-1")).encode("latin-1")).decode()
    expect = new["expect"]
    if "parse" in expect:
        expect["parse"] = ch.expect(expect["parse"])
    for key in ("src_ip", "host", "src_host", "user"):
        if isinstance(expect.get("fields", {}).get(key), str):
            expect["fields"][key] = ch.text(expect["fields"][key])
    if "wrap" in new:
        new["wrap"] = {k: ch.text(v) for k, v in new["wrap"].items()}
    return new


def scored(case):
    return not any(case.get(k) or case["expect"].get(k) or case["expect"].get("parse", {}).get(k) for k in UNSCORED)


def same(want, got):
    if isinstance(got, dict) and set(got) == {"b64"}:
        return isinstance(want, str) and base64.b64decode(got["b64"]) == want.encode("utf-8", "surrogateescape")
    if isinstance(want, dict) and isinstance(got, dict):
        return set(want) == set(got) and all(same(want[k], got[k]) for k in want)
    return want == got


def address(text):
    try:
        at = ipaddress.ip_address(text)
    except (ValueError, TypeError):
        return text
    return at.ipv4_mapped or at if at.version == 6 else at


# ---- one line

def score_parse(t, case, got):
    want, parse = case["expect"]["parse"], got["parse"]
    if want.get("valid") is False:
        t.add("invalid", parse["dialect"] != "rfc5424", case["id"], "not rfc5424", parse["dialect"], case.get("raw"))
        return
    wrong = {k: (v, parse.get(k)) for k, v in want.items() if k in ("dialect", "pri", "version", "ts", "host", "app", "procid", "msgid", "sd", "msg") and not same(v, parse.get(k))}
    t.add("rfc5424" if want.get("dialect") == "rfc5424" else "rfc3164", not wrong and parse["valid"], case["id"], {k: v[0] for k, v in wrong.items()},
          {k: v[1] for k, v in wrong.items()}, case.get("raw"))
    for key in ("ts", "host"):
        if key in want:
            t.add("time", same(want[key], parse.get(key)), case["id"], want[key], parse.get(key), case.get("raw"))


def time_right(want, ref, got):
    """A stamp without a year is judged without it: which year it was depends on the day of the run."""
    if not got["time"]:
        return False, None
    text = got["time"].replace("Z", "+00:00")
    at = datetime.fromisoformat(text).astimezone(ZoneInfo(ref["tz"])).replace(tzinfo=None, microsecond=0)
    meant = datetime.fromisoformat(re.sub(r"-(\d)(?=[T-])", r"-0\1", want)).replace(microsecond=0)
    if meant.tzinfo:
        meant = meant.astimezone(ZoneInfo(ref["tz"])).replace(tzinfo=None)
    if (got["parse"]["ts"] or "").startswith("-"):
        # and without the hour that summer time moves, which depends on the year
        return abs((at.replace(year=2004) - meant.replace(year=2004)).total_seconds()) in (0, 3600), at.isoformat()
    return at == meant, at.isoformat()


def score_fields(t, case, got, line):
    want, fields = case["expect"].get("fields") or {}, got["fields"]
    raw = raw_of(case)
    if "time" in want:
        good, at = time_right(want["time"], want.get("time_ref") or {"tz": "UTC"}, got)
        t.add("line_time" if line else "time", good, case["id"], want["time"], at, case.get("raw"))
    if "host" in want and not line:
        t.add("time", same(want["host"], got["parse"]["host"]), case["id"], want["host"], got["parse"]["host"], case.get("raw"))
    if "src_ip" in want and want["src_ip"] is not None:
        good = address(want["src_ip"]) == address(fields.get("src_ip"))
        t.add("src_ip", good, case["id"], want["src_ip"], fields.get("src_ip"), case.get("raw"))
        if fields.get("src_ip") is not None:
            t.given["src_ip"] += 1
            t.add("src_ip_given", good, case["id"], want["src_ip"], fields["src_ip"], case.get("raw"))
    if isinstance(fields.get("src_ip"), str):
        t.add("src_ip_stands", fields["src_ip"].encode() in raw or fields["src_ip"] in json.dumps(case), case["id"], "an address of the line", fields["src_ip"], case.get("raw"))
    users = want.get("user_any") or ([want["user"]] if want.get("user") is not None else None)
    if users:
        good = fields.get("user") in users
        t.add("user", good, case["id"], users, fields.get("user"), case.get("raw"))
        if fields.get("user") is not None:
            t.given["user"] += 1
            t.add("user_given", good, case["id"], users, fields["user"], case.get("raw"))


def wrapped(case):
    """A line as a sender would put it on the wire, where the case says how."""
    w = case["wrap"]
    return f"<86>Aug 14 12:00:00 {w['host']} {w['app']}{'[' + w['pid'] + ']' if w.get('pid') else ''}: {w['msg']}".encode()


def score_lines(t, all_cases, hooks):
    groups, ratings = collections.defaultdict(list), collections.defaultdict(list)
    for case in all_cases:
        if case["transport"] == "syslog":
            groups[()].append((case, raw_of(case), False))
        elif case["transport"] == "line" and "wrap" in case:
            groups[()].append((case, wrapped(case), True))
        if case["transport"] == "line":
            groups[(f"--as=line:{case['program']}",)].append((case, raw_of(case), False))
    for words, group in groups.items():
        for (case, raw, wrap), got in zip(group, explain_all([raw for _, raw, _ in group], words)):
            if got is None:
                continue
            t.add("bytes", base64.b64decode(got["raw_b64"]) == raw, case["id"], raw, got["raw_b64"])
            if not scored(case):
                continue
            if wrap:
                want = {"dialect": "rfc3164", "host": case["wrap"]["host"], "app": case["wrap"]["app"], "procid": case["wrap"].get("pid"), "msg": case["wrap"]["msg"].rstrip()}
                score_parse(t, {**case, "raw": raw.decode(), "expect": {"parse": want}}, got)
            elif "parse" in case["expect"] and not words:
                score_parse(t, case, got)
            if wrap or "wrap" not in case:
                score_fields(t, case, got, bool(words))
                score_pack.score_case(t, case, got, ratings)
    score_pack.score_hooks(t, hooks, explain_all, raw_of, ratings)
    score_pack.score_order(t, ratings)
    score_pack.score_attacks(t, {name: [c for c in all_cases if c["id"].startswith(name)] for name in LOGS}, explain_all, raw_of)


def score_bytes(t):
    """Everything else there is, as lines and as bodies."""
    bodies = [raw_of(c) for c in cases("webhooks/webhooks-public.jsonl")]
    for folder in ("fail2ban/logs", "loghub/raw"):
        for path in sorted((CORPORA / folder).iterdir()):
            bodies += path.read_bytes().split(b"\n")
    for raw, got in zip(bodies, explain_all(bodies)):
        if got:
            t.add("bytes", base64.b64decode(got["raw_b64"]) == raw, "body", raw, got["raw_b64"])


# ---- framing, live

EVERY = """title: Every message
id: 11111111-2222-4333-8444-555555555551
logsource: {product: linux}
detection: {sel: {message|exists: true}, none: {message|exists: false}, condition: sel or none}
level: high
tocsin: {class: intrusion-attempts/brute-force, entity: [message]}
"""


def counted(data):
    """The whole frames of octet counting at the front of data (RFC 6587), read by nothing of ours."""
    out = []
    while m := re.match(rb"([1-9]\d{0,8}) ", data):
        n = int(m[1])
        if len(data) < m.end() + n:
            break
        out.append(data[m.end():m.end() + n])
        data = data[m.end() + n:]
    return out


def streams(rng):
    """Generated ones: (bytes, frames), counted and by newline."""
    for k in range(12):
        frames = [f"<{rng.randrange(192)}>1 - h{k} app {i} - - ".encode() + bytes(rng.choice(b"abc <>[]1 :\xc3\xa4") for _ in range(rng.randrange(1, 300))) for i in range(rng.randrange(1, 12))]
        frames = [f.rstrip() + b"." for f in frames]
        yield b"".join(b"%d " % len(f) + f for f in frames), frames
        yield b"".join(f + rng.choice([b"\n", b"\r\n"]) for f in frames), frames
        yield b"".join(f + b"\0" for f in frames), frames


def send_split(lab, data, rng):
    cuts = sorted(rng.randrange(len(data) + 1) for _ in range(rng.randrange(1, 12))) if rng else []
    with socket.create_connection(("127.0.0.1", lab.ports["tcp"])) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for a, b in zip([0, *cuts], [*cuts, len(data)]):
            s.sendall(data[a:b])
        s.shutdown(socket.SHUT_WR)
        s.settimeout(30)
        while s.recv(4096):
            pass


def received(lab):
    return sum(a["received"] for a in lab.account().values())


def stored(lab, last, least):
    """What came since: `least` is how many must have been received by then, as the account may be a moment old."""
    import sqlite3

    lab.wait("all of them in a balanced account", lambda: received(lab) >= least and all(balanced(a) for a in lab.account().values()), 60)
    db = sqlite3.connect(f"file:{lab.dir}/state/tocsin.db?mode=ro", uri=True)
    rows = db.execute("SELECT id, body FROM raw WHERE id > ? AND rule = '11111111-2222-4333-8444-555555555551'", (last,)).fetchall()
    db.close()
    return max([last, *(r[0] for r in rows)]), [r[1] for r in rows]


def score_live(t, lab, last, rng):
    """Bytes of the corpora over every transport, as they lie in the record."""
    raws = {raw_of(c) for name in LINES for c in cases(name) if c["transport"] == "syslog"}
    raws = [r for r in sorted(raws) if r.startswith(b"<") and r == r.rstrip(b"\n\r\0 ") and len(r) < 4000]
    others = sorted({raw_of(c) for name in LINES for c in cases(name) if c["transport"] != "stream"})
    raws += [r for r in rng.sample(others, 900) if r and b"\n" not in r and not r[:1].isdigit() and r == r.rstrip(b"\n\r\0 ")]
    # what says the same (or nothing) is folded, and only its first and last are kept
    raws = list({r.split(b": ", 1)[-1]: r for r in raws if not r.endswith(b"-")}.values())

    def counted_tcp(part):
        lab.tcp(b"".join(b"%d " % len(r) + r for r in sorted(part, key=lambda r: not r.startswith(b"<"))))

    def udp(part):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for r in part:
                s.sendto(r, ("127.0.0.1", lab.ports["udp"]))

    def unixgram(part):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            s.connect(str(lab.dir / "run" / "log.sock"))
            for r in part:
                s.send(r)

    for k, send in enumerate((counted_tcp, udp, unixgram)):
        for at in range(k, len(raws), 300):
            part = raws[at:at + 300:3]
            if send is counted_tcp and not any(r.startswith(b"<") for r in part):
                part = [b"<13>."] + part
            least = received(lab) + len(part)
            send(part)
            last, got = stored(lab, last, least)
            left = collections.Counter(got)
            left.subtract(part)
            for r in part:
                t.add("live", left[r] >= 0, send.__name__, r, None)
    return last


def score_framing(t):
    rng = random.Random(SEED)
    work = []
    for case in cases("go-syslog/go-syslog-public.jsonl"):
        if case["transport"] == "stream" and scored(case):
            n = sum(not f["error"] for f in case["expect"]["parse"]["frames"])
            work.append((case["id"], raw_of(case), counted(raw_of(case))[:n]))
    with Lab("score") as lab:
        lab.configure(mail=False, rules=EVERY).start()
        last = score_live(t, lab, 0, rng)
        for name, data, frames in [*((n, d, f) for n, d, f in work), *(("generated", d, f) for d, f in streams(rng))]:
            for row, times in (("framing", 1), ("splits", 5)):
                for _ in range(times):
                    least = received(lab) + len(frames)
                    send_split(lab, data, rng if row == "splits" else None)
                    last, got = stored(lab, last, least)
                    # what is no frame is kept, too: as messages behind the good ones
                    left = collections.Counter(got)
                    left.subtract(frames)
                    whole = all(n >= 0 for n in left.values()) and (name != "generated" or sum(left.values()) == 0)
                    t.add(row, whole, name, frames, got, data)


# ---- rules

def place(text, path):
    return re.search(re.escape(str(path)) + r":\d+:\d+: \S", text)


def tocsind_rules(path, events=None):
    argv = [str(BUILD / "tocsind"), "explain", "--json", "--any-logsource", "--rules", str(path), "--input=events", "-"]
    return subprocess.run(argv, input=events or "", capture_output=True, text=True)


def score_sigma(t, tmp):
    by_rule = collections.defaultdict(list)
    for case in cases("sigma/sigma-spec-vectors.jsonl"):
        if not any(case["expect"].get(k) or case.get(k) for k in UNSCORED):
            by_rule[case["rule"]].append(case)
    for text, group in by_rule.items():
        path = tmp / "rule.yml"
        path.write_text(text)
        p = tocsind_rules(path, "".join(json.dumps(c["event"]) + "\n" for c in group))
        out = [json.loads(x) for x in p.stdout.splitlines()]
        for i, case in enumerate(group):
            got = bool(out[i]["sightings"]) if i < len(out) else p.stderr[:300]
            t.add("sigma", got is case["expect"]["match"], case["id"], case["expect"]["match"], got, case["rule"])


def score_rules(t, tmp):
    for path in sorted((CORPORA / "sigma" / "rules").rglob("*.yml")):
        p = tocsind_rules(path)
        t.add("rules", p.returncode == 0, path.name, 0, p.stderr[:300])
    for why, text in BROKEN:
        path = tmp / "broken.yml"
        path.write_text(text)
        p = tocsind_rules(path)
        t.add("broken", p.returncode == 78 and place(p.stderr, path), why, "78 and FILE:LINE:COLUMN: reason", f"{p.returncode}: {p.stderr[:300]}", text)


def score_prefilter(t):
    test = BUILD / "tests" / "unit" / "test_prefilter"
    if not test.exists():
        return
    p = subprocess.run([str(test)], capture_output=True, text=True, env=dict(os.environ, srcdir=str(SRC), TOCSIN_CORPORA=str(CORPORA)))
    t.add("prefilter", p.returncode == 0, "tests/unit/test_prefilter", 0, (p.stdout + p.stderr)[-2000:])


# ---- the table

def show(plain, changed, out=sys.stdout):
    print(f"{'':14}{'what':42}{'right':>7}{'of':>7}{'%':>9}{'goal':>7}  met   changed     gap", file=out)
    met = True
    for key, what, goal in ROWS:
        p, c = plain.percent(key), changed.percent(key) if key in CHANGED else None
        if p is None:
            print(f"{key:14}{what:42}{'-':>7}{'-':>7}{'-':>9}{goal:>7}  not asked", file=out)
            continue
        good = p >= goal and (c is None or p - c < 1)
        met = met and good
        gap = f"{c:9.2f}{p - c:8.2f}" if c is not None else ""
        print(f"{key:14}{what:42}{plain.right[key]:>7g}{plain.all[key]:>7}{p:>9.2f}{goal:>7}  {'yes' if good else 'NO':4}{gap}", file=out)
    return met


def detail(rows, plain, changed):
    for name, t in (("plain", plain), ("changed", changed)):
        for key in t.fails:
            if key in rows or "all" in rows:
                known = {case for case, *_ in plain.fails[key]} if t is changed else set()  # what is new with other addresses is worth a line
                for case, want, got, raw in t.fails[key]:
                    if case in known:
                        continue
                    print(f"--- {key} ({name}) {case}\n    raw    {raw!r}\n    wanted {want!r}\n    got    {got!r}")


def main():
    global CONFIG
    a = argparse.ArgumentParser(usage=__doc__)
    a.add_argument("--json", metavar="FILE")
    a.add_argument("--detail", metavar="ROW", action="append", default=[])
    a.add_argument("--only", choices=("lines", "framing", "rules"), help="a part of it")
    o = a.parse_args()
    if not (CORPORA / "README.md").exists():
        skip(f"the corpora are not in {CORPORA} (TOCSIN_CORPORA)")
    if not (BUILD / "tocsind").exists():
        skip("tocsind is not built")
    plain, changed, ch = Table(), Table(), Change(SEED)
    with tempfile.TemporaryDirectory(prefix="tocsin-score.") as tmp:
        CONFIG = configuration(Path(tmp))
        if o.only in (None, "lines"):
            everything = [c for name in LINES for c in cases(name)]
            hooks = cases("webhooks/webhooks-public.jsonl")
            score_lines(plain, everything, hooks)
            score_pack.score_repeated(plain, everything, explain_all)
            score_bytes(plain)
            score_lines(changed, [change_case(c, ch) for c in everything], [change_case(c, ch) for c in hooks])
        if o.only in (None, "framing"):
            score_framing(plain)
        if o.only in (None, "rules"):
            score_sigma(plain, Path(tmp))
            score_rules(plain, Path(tmp))
            score_prefilter(plain)
    detail(o.detail, plain, changed)
    met = show(plain, changed)
    if o.json:
        table = {key: {"what": what, "right": plain.right[key], "of": plain.all[key], "percent": plain.percent(key), "goal": goal,
                       "changed_percent": changed.percent(key) if key in CHANGED else None} for key, what, goal in ROWS}
        Path(o.json).write_text(json.dumps({"at": datetime.now(timezone.utc).isoformat(timespec="seconds"), "seed": SEED, "met": met, "rows": table}, indent=1) + "\n")


main()
