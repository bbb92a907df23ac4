#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""channels.py - e-mail with STARTTLS and AUTH, refused without a trusted certificate; signed webhooks; the next channel when one is dead"""
import json
import subprocess
from pathlib import Path

from lab import ROSTER, Lab, fail, need

HOOK_SECRET = "whsec_dGhlLXNpZ25pbmctc2VjcmV0LW9mLWlkYS1pc28hISE="
ATTACK = [f"Failed password for root from 192.0.2.7 port {40000 + n} ssh2" for n in range(6)] + ["Accepted password for root from 192.0.2.7 port 40031 ssh2"]


def certificate(folder):
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(cert), "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
    cert.chmod(0o644)
    return cert, key


def secret(lab, name, text):
    path = lab.conf / name
    path.touch(0o600)
    path.write_text(text + "\n")
    return name


def sent(lab, who, channel):
    return [n for n in lab.json("list", "notices") if n["to"] == who and n["via"] == channel and n["state"] == "sent"]


def tls():
    with Lab("tls") as lab:
        lab.conf.mkdir()
        cert, key = certificate(lab.dir)
        lab.smtp("--tls", str(cert), str(key), "--auth", "tocsin", "pass word:with$signs")
        secret(lab, "mail.secret", "pass word:with$signs")
        mail = f'mail: {{server: "smtp://localhost:{lab.smtp_port}", from: tocsin@example.test, user: tocsin, password_file: mail.secret, tls: required, ca_file: %s}}\n'
        lab.configure(mail=False, extra=mail % cert).start()
        lab.tocsin("notify", "test", "iso")
        line = lab.mail.next(20)
        if not line or "iso@example.test" not in line:
            fail(f"no test message over TLS: {line}\n{lab.tail()}")
        print("STARTTLS and AUTH:", line.split()[2])
        for where in [lab.dir / "tocsind.log", *(lab.dir / "state").iterdir()]:
            if where.is_file() and b"pass word:with" in where.read_bytes():
                fail(f"the password stands in {where}")
        lab.stop()
        # another certificate: the server cannot be trusted, so nothing is said to it, least of all the password
        (lab.dir / "other").mkdir()
        other, _ = certificate(lab.dir / "other")
        lab.configure(mail=False, extra=mail % other).start()
        lab.tocsin("notify", "test", "iso")
        notice = lab.wait("the attempt fails", lambda: [n for n in lab.json("list", "notices") if n["attempts"] and n["state"] != "sent"])[0]
        print("untrusted certificate:", notice["code"])
        if lab.mail.next(0.5):
            fail("mail went to a server whose certificate is not trusted")


def hooks():
    with Lab("hooks") as lab:
        lab.conf.mkdir()
        lab.smtp("--mode", "refuse")
        lab.hook(HOOK_SECRET, "--fail", "1")
        secret(lab, "ida.secret", HOOK_SECRET)
        roster = ROSTER.replace("email: iso@example.test", f'email: iso@example.test\n    webhook: "http://127.0.0.1:{lab.hook_port}/alarm"\n    webhook_secret_file: ida.secret\n'
                                                            "    channels: [email, webhook]", 1)
        policy = "ladders:\n  P2: {steps: [{after: 0, who: [iso]}, {after: 1h, who: [deputy]}, {after: 2h, who: [management]}], repeat: 1d}\n"
        lab.configure(policy=policy, roster=roster, extra="webhook_out: {insecure_http: yes, private_addresses: yes}\n").start()
        for text in ATTACK:
            lab.logger(text, "tcp")
        # the mailbox is dead, so the webhook takes over and, meanwhile, the next rungs are told; the first request got a 503
        first = lab.hook_lines.next(30)
        second = first and lab.hook_lines.until(lambda line: line.split()[3] == first.split()[3], 60)
        if not second:
            fail(f"the webhook did not take over from the mailbox that is refused: {first}\n{lab.tail()}")
        a, b = first.split(), second.split()
        request = json.loads(Path(b[4]).read_text())
        event = json.loads(request["body"])
        print("webhook:", b[2], event["type"], event["subject"], "after", a[2], "and 503, same id:", a[3] == b[3])
        if b[2] != "good" or a[3] != b[3] or event["subject"] != "EV-2026-000002" or "cloudevents" not in request["headers"]["Content-Type"]:
            fail(json.dumps(request)[:600])
        lab.wait("the record knows that it was sent", lambda: sent(lab, "iso", "webhook"))
        if lab.tocsin("verify", check=False).returncode:
            fail("the record is not intact")


need("openssl")
tls()
hooks()
