# SPDX-License-Identifier: ISC
"""readers.py - peers that read a file and end: SEC, fail2ban-regex, CrowdSec. Their start is in the figure, as it is in their use

Each gets the first lines of the same traffic, as many as it reads in a few seconds.
"""
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from common import QUICK, Missing, which

COUNT = {"sec": 50000, "fail2ban": 50000, "crowdsec": 10000}
WORDS = ("Failed password for \\S+ from (\\S+)", "Invalid user \\S+ from (\\S+)", "(\\S+) : \\d+ incorrect password attempts", "Accepted password for \\S+ from (\\S+)",
         "(\\S+) : user NOT in sudoers", "(\\S+) : command not allowed", "new user: name=(\\S+)", "(\\S+)\\[\\d+\\]: segfault at ", "exiting on (signal 15)",
         "(\\S+) .*/etc/passwd", "(\\S+) .*\\.\\./\\.\\./", "(\\S+) .*sqlmap/")


def first_lines(folder, path, n):
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "lines"
    if not out.exists():
        with open(path, "rb") as f, open(out, "wb") as o:
            for _ in range(n):
                o.write(re.sub(rb"^<\d+>(1 )?", b"", f.readline()))  # as such a file holds them
    return out, sum(1 for _ in open(out, "rb"))


def timed(argv, **kw):
    begun = time.monotonic()
    p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kw)
    text = p.stdout.read().decode("utf-8", "replace")
    _, status, used = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    p.stdout.close()
    return {"seconds": time.monotonic() - begun, "cpu": used.ru_utime + used.ru_stime, "peak_mib": round(used.ru_maxrss / 1024, 1)}, text, p.returncode


def lines_of(name):
    return COUNT[name] // (10 if QUICK else 1)


def sec(folder, path):
    program = which("sec")
    if not program:
        raise Missing("sec is not installed")
    lines, n = first_lines(folder, path, lines_of("sec"))
    (folder / "conf").write_text("".join(
        f"type=SingleWithThreshold\nptype=RegExp\npattern={w}\ndesc=rule {i} $1\naction=write {folder}/alerts $1\nwindow=60\nthresh=5\n\n" for i, w in enumerate(WORDS)))
    row, text, status = timed([program, f"--conf={folder}/conf", f"--input={lines}", "--notail", "--fromstart", "--debug=4"])
    if status:
        raise Missing("ended with an error: " + text[-200:])
    return {**row, "lines": n}


def fail2ban(folder, path):
    program = which("fail2ban-regex")
    filters = next((f for f in (Path(os.environ.get("BENCH_PEERS", "/")) / "etc/fail2ban/filter.d/sshd.conf", Path("/etc/fail2ban/filter.d/sshd.conf")) if f.exists()), None)
    if not program or not filters:
        raise Missing("fail2ban-regex is not installed")
    lines, n = first_lines(folder, path, lines_of("fail2ban"))
    row, text, _ = timed([program, "--print-no-missed", "--print-no-ignored", str(lines), str(filters)])
    seen = re.search(r"Lines: (\d+) lines, \d+ ignored, (\d+) matched", text)
    if not seen:
        raise Missing("says nothing of lines: " + text[-200:])
    return {**row, "lines": n, "lost": n - int(seen[1])}


READERS = {"sec": sec, "fail2ban": fail2ban}
