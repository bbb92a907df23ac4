#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""mutate.py - 100,000 mutated lines and requests: no crash, no leak, and every valid line sent in between is in the account"""
import os
import random
import socket
import subprocess
from pathlib import Path

from lab import BUILD, Lab, balanced, fail

N = int(os.environ.get("TOCSIN_MUTATIONS", "100000"))
SEED = int(os.environ.get("TOCSIN_SEED", "1"))
BAD = [b"\0", b"\xff", b"\xed\xa0\x80", b"\xc0\xaf", b"\x1b[2J", b"%s%n", b"<", b">", b"[", b"]", b'"', b"\\", b"9" * 400, b" ", b"\r", b"1 ", b"\xe2\x80\xae"]
REQUESTS = [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"POST /v1/in/scanner HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
            b"POST /v1/in/scanner HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"]


def mutate(rng, line):
    out = bytearray(line)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(out) + 1)
        what = rng.randrange(5)
        if what == 0:
            out[at:at] = rng.choice(BAD)
        elif what == 1:
            del out[at:at + rng.randrange(1, 20)]
        elif what == 2 and out:
            out[at % len(out)] = rng.randrange(256)
        elif what == 3:
            out[at:at] = out[:rng.randrange(len(out) + 1)]
        else:
            out = out[:at] or bytearray(b"x")
    return bytes(out).replace(b"\n", b"\x0b")[:4000]


def numbers(lab):
    """Descriptors and resident KiB per role."""
    out = {}
    for role, pid in lab.children().items():
        rss = [x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if x.startswith("VmRSS")][0].split()[1]
        out[role] = (len(os.listdir(f"/proc/{pid}/fd")), int(rss))
    return out


def http(lab, rng, count):
    for _ in range(count):
        try:
            with socket.create_connection(("127.0.0.1", lab.ports["http"]), timeout=5) as s:
                s.sendall(mutate(rng, rng.choice(REQUESTS)))
                s.shutdown(socket.SHUT_WR)
                while s.recv(4096):
                    pass
        except OSError:
            pass


def main():
    rng = random.Random(SEED)
    good = subprocess.run([str(BUILD / "bench" / "gen"), "-n", "20000", "-s", "3", "-p", "200"], check=True, capture_output=True).stdout.splitlines()
    with Lab("mutate") as lab:
        lab.configure(mail=False).start()
        pids = lab.children()
        requests = N // 20
        lines, valid, first = N - requests, 0, None
        sent, batch = 0, []
        while sent < lines:
            for _ in range(1000):
                # digits and a blank would be read as an octet count, rightly; a CR before the LF is framing, and an empty line is none
                batch.append(mutate(rng, rng.choice(good)).lstrip(b"0123456789").rstrip(b"\r\0") or b"x")
                sent += 1
                if rng.randrange(10) == 0:
                    batch.append(rng.choice(good))
                    valid += 1
            lab.tcp(b"<14>begin\n" + b"\n".join(batch) + b"\n")
            valid += 1
            batch = []
            http(lab, rng, requests // (lines // 1000 + 1))
            if first is None:
                first = numbers(lab)
        account = lab.settled(tcp=sent + valid)["tcp"]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for n in range(2000):
                s.sendto(mutate(rng, rng.choice(good)) or b"x", ("127.0.0.1", lab.ports["udp"]))
        udp = lab.settled(udp=2000)["udp"]
        last = numbers(lab)
        # the address sanitizer keeps what was freed; it finds leaks itself, when the roles leave
        sanitized = "sanitizers" in subprocess.run([str(BUILD / "tocsind"), "-V"], capture_output=True, text=True).stdout
        print(f"seed {SEED}: {sent} mutated and {valid} valid lines, {requests} requests, 2000 datagrams; tcp {account}; (descriptors, KiB): {first} -> {last}")
        if lab.children() != pids:
            fail(f"a role died: {pids} became {lab.children()}\n{lab.tail()}")
        if account["received"] != sent + valid or not balanced(account) or udp["received"] + udp["kernel"] != 2000:
            fail(f"wanted {sent + valid} lines: {account} {udp}")
        for role in first:
            if last[role][0] > first[role][0] + 4:
                fail(f"{role} leaks descriptors: {first[role]} -> {last[role]}")
            if last[role][1] > first[role][1] * 1.5 + 32768 and not sanitized:
                fail(f"{role} grows: {first[role]} -> {last[role]}")
        if lab.tocsin("verify", check=False).returncode:
            fail("the record is not intact")
        if lab.stop() != 0:
            fail("the daemon did not leave with 0\n" + lab.tail())


main()
