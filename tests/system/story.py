#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""story.py - the whole main job with the installed programs, each claim beside what was observed

An attack comes in over UDP, TCP, a unix socket and a signed webhook, mixed into harmless traffic; people are told by mail; the
incident is worked to its close by two people; the record proves itself. Exit status 0 only if each claim was observed.
"""
import base64
import email
import email.policy
import hashlib
import hmac
import json
import subprocess
import sys
import time
from pathlib import Path

from lab import BUILD, Lab, balanced, fail

HARMLESS = 6000
ATTACKER = "192.0.2.7"
claims = []


def claim(text, ok, *observed):
    claims.append((text, bool(ok)))
    print(f"\n  {'ok  ' if ok else 'FAIL'} {text}")
    for block in observed:
        for line in str(block).rstrip().splitlines():
            print("       | " + line)


def act(lab, who, *words):
    p = lab.tocsin(*words, who=who, check=False)
    print(f"\n  $ tocsin {' '.join(w if ' ' not in w else repr(w) for w in words)}    # {who}, exit {p.returncode}")
    for line in (p.stdout + p.stderr).rstrip().splitlines():
        print("       | " + line)
    claims.append((f"{who}: tocsin {words[0]} ends with 0", p.returncode == 0))
    return p


def headers(path, names):
    m = email.message_from_bytes(Path(path).read_bytes(), policy=email.policy.default)
    return m, "\n".join(f"{n}: {m[n]}" for n in names if m[n])


def webhook(lab):
    body = json.dumps({"summary": "Malware found on ws-14", "details": "Eicar-Signature in /tmp/x", "severity": "high", "dedup": "ws-14-eicar", "host": "ws-14",
                       "meta": {"user": "bob"}})
    key = base64.b64decode("c2VjcmV0LW9mLXRoZS1zY2FubmVyLTMyLWJ5dGVzISE=")
    ident, stamp = "msg_story_1", str(int(time.time()))
    mac = base64.b64encode(hmac.new(key, f"{ident}.{stamp}.{body}".encode(), hashlib.sha256).digest()).decode()
    url = f"http://127.0.0.1:{lab.ports['http']}/v1/in/scanner"
    argv = ["curl", "-sS", "-w", "\nHTTP %{http_code}", "-H", f"webhook-id: {ident}", "-H", f"webhook-timestamp: {stamp}", "-H",
            f"webhook-signature: v1,{mac}", "-H", "Content-Type: application/json", "--data-binary", body, url]
    first = subprocess.run(argv, capture_output=True, text=True, timeout=20).stdout
    again = subprocess.run(argv, capture_output=True, text=True, timeout=20).stdout
    argv[argv.index(f"webhook-signature: v1,{mac}")] = "webhook-signature: v1," + base64.b64encode(bytes(32)).decode()
    forged = subprocess.run(argv, capture_output=True, text=True, timeout=20).stdout
    claim("a signed webhook is answered 202 once its event is in the record, the same delivery the same way, a forged one 401",
          "HTTP 202" in first and first == again and "HTTP 401" in forged, first, again, forged)


def attack(lab):
    made = subprocess.run([str(BUILD / "bench" / "gen"), "-n", str(HARMLESS), "-s", "7", "-p", "0"], check=True, capture_output=True).stdout
    half = made.index(b"\n", len(made) // 2) + 1
    lab.tcp(made[:half])
    for n, how in enumerate(["udp", "tcp", "unix", "udp", "tcp", "unix"]):
        lab.logger(f"Failed password for root from {ATTACKER} port {40022 + n} ssh2", how)
    lab.tcp(made[half:])
    lab.wait("six failed passwords in one event", lambda: any(e["count"] == 6 for e in lab.json("list", "events")))
    webhook(lab)
    before = lab.mail.next(0.5)
    events = lab.json("list", "events")
    guess = [e for e in events if e.get("src_ip") == ATTACKER]
    claim("the password guessing is ONE event with its exact count, P4, and no mail went out for it",
          len(guess) == 1 and guess[0]["count"] == 6 and guess[0]["priority"] == "P4" and before is None,
          lab.tocsin("list", "events").stdout, f"mail so far: {before or 'none'}")
    start = time.monotonic()
    lab.logger(f"Accepted password for root from {ATTACKER} port 40031 ssh2", "tcp", pid=431)
    first = lab.mail.next(15)
    return start, first


def mails(lab, start, first):
    if not first:
        fail("no mail within 15 s\n" + lab.tail())
    _, at, rcpt, path = first.split()
    delay = float(at) - start
    message, shown = headers(path, ["From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted", "List-Id",
                                    "X-Tocsin-Event", "Importance"])
    text = message.get_body(("plain",)).get_content()
    claim("the root login after it is an event of P2, and the ISO gets this mail (as the SMTP server received it)",
          rcpt == "iso@example.test" and "P2" in message["Subject"] and ATTACKER in text and message.is_multipart(),
          shown, "", "\n".join(text.splitlines()[:14]))
    second = lab.mail.next(15)
    seen = second.split() if second else ["-"] * 4
    shown = headers(seen[3], ["To", "Subject", "In-Reply-To"])[1] if second else "nothing"
    claim("the ISO stays silent: the deputy is told", seen[2] == "dep@example.test", shown)
    return delay


def harmless(lab):
    events = lab.json("list", "events")
    wanted = {ATTACKER}
    strange = [e for e in events if e.get("src_ip") not in wanted and e.get("host") != "ws-14"]
    account = {t: a for t, a in lab.settled(tcp=HARMLESS + 2, udp=2, unixgram=2).items() if a["received"]}
    total = sum(a["received"] for a in account.values())
    claim(f"no event comes from the {HARMLESS} harmless lines, and the account of all {total} messages balances",
          not strange and all(balanced(a) for a in account.values()) and sum(a["harmless"] for a in account.values()) >= HARMLESS,
          "\n".join(f"{t}: " + " ".join(f"{k}={a[k]}" for k in ("received", "harmless", "stored", "folded", "shed", "kernel")) for t, a in account.items()))


def work(lab):
    login = [e for e in lab.json("list", "events") if e["priority"] == "P2"][0]["ref"]
    act(lab, "iso", "claim", login)
    act(lab, "iso", "promote", login, "--rationale", "root logged in after guessing: C2", "--personal-data", "unknown",
        "--summary", "A stranger logged in as root on the gateway")
    inc = lab.json("list", "incidents")[0]["ref"]
    act(lab, "iso", "ack", inc)
    act(lab, "iso", "confirm", inc, "--rationale", "the session is not ours")
    act(lab, "iso", "contain", inc, "--note", "address blocked, root sessions ended", "--evidence-waiver", "auth log is in the record")
    act(lab, "iso", "eradicate", inc, "--note", "password login switched off, password changed")
    act(lab, "iso", "recover", inc, "--note", "gateway rebuilt from image", "--verified-by", "dep")
    act(lab, "dep", "review", inc, "--root-cause", "RC.CRED", "--cause-text", "a weak root password was reachable from outside", "--lesson",
        "no password logins on gateways", "--control", "A.8.5=failed", "--action", "keys only on every gateway", "--action-owner", "iso",
        "--action-due", "2027-03-31", "--effect", "no password login in 90 days of logs")
    act(lab, "iso", "check-close", inc)
    act(lab, "iso", "close", inc, "--statement", "cause removed, no data left the gateway")
    alone = lab.tocsin("approve", inc, "--note", "fine by me", who="iso", check=False)
    claim("who asked for the close cannot approve it (four eyes)", alone.returncode != 0, f"exit {alone.returncode}", alone.stdout + alone.stderr)
    act(lab, "dep", "approve", inc, "--note", "agreed")
    shown = lab.tocsin("show", inc, who="iso").stdout
    stamps = ["declare", "ack", "confirm", "contain", "eradicate", "recover", "review", "close", "approve"]
    claim("the incident is closed and shows its whole timeline", "closed" in shown and all(w in shown for w in stamps), shown)
    return inc


def record(lab):
    ok = lab.tocsin("verify", check=False)
    claim("the record is intact", ok.returncode == 0, f"exit {ok.returncode}", ok.stdout)
    lab.tocsin("backup", str(lab.dir / "state" / "copy.db"))
    copy = lab.dir / "altered.db"
    data = bytearray((lab.dir / "state" / "copy.db").read_bytes())
    at = data.rindex(b"agreed") if b"agreed" in data else data.rindex(b"root")
    data[at] ^= 0x01
    copy.write_bytes(data)
    good = subprocess.run([str(BUILD / "tocsind"), "verify", str(lab.dir / "state" / "copy.db")], capture_output=True, text=True)
    bad = subprocess.run([str(BUILD / "tocsind"), "verify", str(copy)], capture_output=True, text=True)
    claim("offline, a copy is intact; with one byte altered the row is named", good.returncode == 0 and bad.returncode == 7,
          f"exit {good.returncode}: {good.stdout}{good.stderr}", f"byte {at}, exit {bad.returncode}: {bad.stdout}{bad.stderr}")


def main():
    begun = time.monotonic()
    with Lab("story") as lab:
        lab.smtp()
        lab.configure().start()
        print(f"  tocsind runs in {lab.dir}: syslog on 127.0.0.1:{lab.ports['udp']}/udp, :{lab.ports['tcp']}/tcp, a unix socket; webhooks on :{lab.ports['http']}")
        start, first = attack(lab)
        delay = mails(lab, start, first)
        harmless(lab)
        work(lab)
        record(lab)
        status = lab.stop()
        claim("SIGTERM: everything is drained and the daemon leaves with 0", status == 0, f"exit {status}")
    failed = [t for t, ok in claims if not ok]
    print(f"\n  from the last log line to the mail: {delay * 1000:.0f} ms     the story took {time.monotonic() - begun:.1f} s")
    print(f"  {len(claims) - len(failed)} of {len(claims)} claims were observed")
    for t in failed:
        print("  FAILED: " + t)
    if not failed:
        print("\n  Try: ./build/tocsin help    ./build/tocsind explain --help    ./quickstart test")
    return 1 if failed else 0


sys.exit(main())
