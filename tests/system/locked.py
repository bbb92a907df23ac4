#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""locked.py - while somebody else holds the record's lock nothing is given up: ingest keeps it until the record is free"""
import sqlite3

from lab import Lab, fail

LINES = 200


def main():
    with Lab("locked") as lab:
        lab.configure(mail=False)
        lab.start()
        other = sqlite3.connect(next((lab.dir / "state").glob("*.db")), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        lab.tcp(b"<38>Oct 11 22:14:15 gw sshd[1]: Failed password for root from 192.0.2.7 port 1 ssh2\n" * LINES)
        lab.wait("the desk finds the record locked", lambda: "database is locked" in (lab.dir / "tocsind.log").read_text())
        other.execute("ROLLBACK")
        other.close()
        tcp = lab.settled(tcp=LINES)["tcp"]
        print("after the lock:", tcp)
        if tcp["shed"] or tcp["stored"] + tcp["folded"] != LINES:
            fail(f"lines were given up: {tcp}")
        event = [e for e in lab.json("list", "events") if e["src_ip"] == "192.0.2.7"][0]
        if event["count"] != LINES or lab.tocsin("verify", check=False).returncode:
            fail(f"{event}")
        lab.stop()


main()
