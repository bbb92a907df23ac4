#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""mail_away.py - an SMTP server that is not there, fails for a while, or drops the line: mail is late, never lost, and the rest goes on"""
from lab import Lab, fail, free_port

ATTACK = [f"Failed password for root from 192.0.2.7 port {40000 + n} ssh2" for n in range(6)] + ["Accepted password for root from 192.0.2.7 port 40031 ssh2"]


def attack(lab):
    for text in ATTACK:
        lab.logger(text, "tcp")


def away():
    with Lab("away") as lab:
        lab.smtp_port = free_port()
        lab.configure().start()
        attack(lab)
        notice = lab.wait("a first failure", lambda: [n for n in lab.json("list", "notices") if n["attempts"] >= 1])[0]
        if not [e for e in lab.json("list", "events") if e["priority"] == "P2"]:
            fail("no event of P2")
        print(f"unreachable: {notice['state']} after {notice['attempts']} attempt(s): {notice['code']}")
        lab.stop()
        p, mail = lab.smtp("--port", str(lab.smtp_port))
        lab.start()
        line = mail.until(lambda text: "iso@example.test" in text, 60)
        if not line:
            fail(f"no mail after the server came: {line}")
        lab.wait("the notice is sent", lambda: [n for n in lab.json("list", "notices") if n["state"] == "sent"])
        if lab.tocsin("verify", check=False).returncode:
            fail("the record is not intact")


def stubborn(mode, times):
    with Lab(mode) as lab:
        lab.smtp("--mode", mode, "--fail", str(times))
        lab.configure().start()
        attack(lab)
        line = lab.mail.until(lambda text: "iso@example.test" in text, 60)
        if not line:
            fail(f"{mode}: no mail after {times} failures: {line}\n{lab.tail()}")
        sent = lab.wait("the notice is sent", lambda: [n for n in lab.json("list", "notices") if n["state"] == "sent" and n["to"] == "iso"])[0]
        print(f"{mode}: sent after {sent['attempts']} attempts: {sent['code']}")
        if sent["attempts"] != times + 1:
            fail(f"{sent['attempts']} attempts")


away()
stubborn("tempfail", 1)
stubborn("drop", 1)
