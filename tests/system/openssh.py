#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""openssh.py - a real server's log through a real TCP listener: every line accounted for, exactly the attackers found, exact counts"""
import os
import re
from collections import defaultdict
from datetime import datetime
from pathlib import Path

from lab import Lab, balanced, fail, skip

CORPUS = Path(os.environ.get("TOCSIN_CORPORA", "")) / "loghub" / "raw" / "OpenSSH_2k.log"


def attackers(lines):
    """Addresses with five or more "Failed password" lines within ten minutes, and how many such lines each has in all windows."""
    seen = defaultdict(list)
    for line in lines:
        m = re.search(r"sshd\[\d+\]: (?:message repeated (\d+) times: \[ )?Failed password for .* from (\S+) port \d+ ssh2", line)
        if m:
            at = datetime.strptime("2015 " + line[:15], "%Y %b %d %H:%M:%S").timestamp()
            seen[m[2]] += [at] * int(m[1] or 1)
    return {ip: len(t) for ip, t in seen.items() if any(t[i + 4] - t[i] <= 600 for i in range(len(t) - 4))}


def main():
    if not CORPUS.is_file():
        skip("the corpora are not here")
    data = CORPUS.read_bytes()
    data += b"" if data.endswith(b"\n") else b"\n"
    lines = data.decode("utf-8", "replace").splitlines()
    want = attackers(lines)
    with Lab("openssh") as lab:
        lab.smtp()
        lab.configure()
        conf = lab.conf / "tocsin.yaml"
        conf.write_text(conf.read_text().replace(f'{{kind: tcp, address: "127.0.0.1:{lab.ports["tcp"]}"}}',
                                                 f'{{kind: tcp, address: "127.0.0.1:{lab.ports["tcp"]}", time: event}}'))
        lab.start()
        lab.tcp(data)
        account = lab.settled(tcp=len(lines))["tcp"]
        events = lab.json("list", "events", "--all", "--limit", "1000")
        guess = {e["src_ip"]: e["count"] for e in events if e["class"] == "intrusion-attempts/brute-force" and "guessing" in e["title"].lower()}
        print(f"{account['received']} lines: {account['harmless']} harmless, {account['stored']} stored, {account['folded']} folded; {len(events)} events; "
              f"{len(guess)} addresses guess passwords")
        if account["received"] != len(lines) or not balanced(account):
            fail(f"the account does not balance: {account}")
        if set(guess) != set(want):
            fail(f"missing {sorted(set(want) - set(guess))}, too many {sorted(set(guess) - set(want))}")
        wrong = {ip: (guess[ip], n) for ip, n in want.items() if guess[ip] != n}
        if wrong:
            fail(f"counts are off (found, wanted): {wrong}")
        if len(events) >= 100:
            fail(f"{len(events)} events")
        mails = defaultdict(int)
        while (line := lab.mail.next(1)) is not None:
            mails[Path(line.split()[3]).read_text(errors="replace").split("Subject: ")[1].splitlines()[0]] += 1
        if any(n > 1 for n in mails.values()):
            fail(f"more than one mail for an event: {dict(mails)}")
        if lab.tocsin("verify", check=False).returncode:
            fail("the record is not intact")


main()
