#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""disk_full.py - below the floor of free space intake stops and says so, control goes on, and when space returns it recovers alone

The state folder is a small file system of its own, in a mount namespace that ends with this test.
"""
import json
import os
import subprocess
import sys

from lab import Lab, balanced, fail, skip


def post(lab, ident):
    body = json.dumps({"summary": f"finding {ident}", "severity": "low", "dedup": ident})
    p = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %header{retry-after}", "-H", f"Authorization: Bearer {TOKEN}", "-H", f"Idempotency-Key: {ident}",
                        "--data-binary", body, f"http://127.0.0.1:{lab.ports['http']}/v1/in/bearer"], capture_output=True, text=True, timeout=30)
    return p.stdout.split()


TOKEN = "a-long-random-word-for-the-test-of-the-disk"


def main():
    if os.environ.get("TOCSIN_UNSHARED") != "1":
        probe = subprocess.run(["unshare", "-m", "sh", "-c", "mount -t tmpfs none /mnt"], capture_output=True)
        if probe.returncode:
            skip("needs the right to mount a file system of its own")
        os.execvpe("unshare", ["unshare", "-m", sys.executable, os.path.abspath(__file__)], dict(os.environ, TOCSIN_UNSHARED="1"))
    with Lab("disk") as lab:
        (lab.dir / "state").mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "none", str(lab.dir / "state")], check=True)
        lab.conf.mkdir()
        (lab.conf / "bearer.secret").touch(0o600)
        (lab.conf / "bearer.secret").write_text(TOKEN + "\n")
        lab.configure(mail=False)
        conf = lab.conf / "tocsin.yaml"
        conf.write_text(conf.read_text().replace("free_floor: 1MiB", "free_floor: 12MiB").replace("ballast: 1MiB", "ballast: 4MiB")
                        .replace("webhooks:\n", "webhooks:\n  - {name: bearer, auth: bearer, secret_file: bearer.secret}\n"))
        lab.start()
        if post(lab, "before")[0] != "202":
            fail("a webhook is refused before the disk is full")
        lab.tcp(b"<38>Oct 11 22:14:15 gw sshd[1]: Failed password for root from 192.0.2.7 port 1 ssh2\n" * 100)
        filler = lab.dir / "state" / "filler"
        with open(filler, "wb") as f:
            free = os.statvfs(lab.dir / "state")
            f.write(b"x" * (free.f_bavail * free.f_frsize - (6 << 20)))
        answer = lab.wait("webhooks are refused", lambda: (a := post(lab, "during"))[0] == "503" and a)
        status = lab.json("status")[0]
        print("below the floor:", answer, "status says ready =", status["ready"])
        if len(answer) < 2 or status["ready"]:
            fail(f"no Retry-After, or still ready: {answer} {status}")
        lab.tocsin("list", "events")
        shed = lab.wait("datagrams are counted as shed", lambda: lab.logger("Failed password for root from 192.0.2.7 port 2 ssh2", "udp") or lab.account()["udp"]["shed"])
        filler.unlink()
        lab.wait("webhooks are taken again", lambda: post(lab, "after")[0] == "202")
        event = [e for e in lab.json("list", "events") if e["src_ip"] == "192.0.2.7"][0]
        account = lab.settled(tcp=100)
        print(f"recovered: event of {event['count']}, {shed} datagrams shed and counted")
        if event["count"] < 100 or not all(balanced(a) for a in account.values()) or not lab.json("status")[0]["ready"]:
            fail(f"{event} {account}")
        if lab.tocsin("verify", check=False).returncode:
            fail("the record is not intact")
        lab.stop()


main()
