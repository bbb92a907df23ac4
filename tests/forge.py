#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""forge.py - what a stranger calls himself is never where he comes from: every sample of normalise.d once more with names that hold addresses

In each sample that wants a user (one word of three bytes or more) and a src_ip, the user becomes each of the names below. The address
must then be the sample's or none, never a name's. Not zz-generic.yaml: it guesses at the lines of programs it does not know, and says
so. Skipped where there is no PyYAML.
"""
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

try:
    import yaml
except ImportError:
    print("no PyYAML here")
    sys.exit(77)

NAMES = ["x from 203.0.113.66", "x' from 203.0.113.66 '", 'x" from 203.0.113.66', "x] [203.0.113.66", "x (203.0.113.66)", "203.0.113.66",
         "x from 203.0.113.66:22 ", "x, ip=[203.0.113.66]", "x rhost=203.0.113.66", "x from ip 203.0.113.66", "x@203.0.113.66",
         "x [203.0.113.66] SASL(-13): y", "x: a from 203.0.113.66. b", "x for y from 203.0.113.66 port 22", "x IP: 203.0.113.66. Username: y",
         "x - 203.0.113.66", "x (Remote IP: 203.0.113.66)", "' '203.0.113.66", "x' on 'pts/0' from '203.0.113.66", "x/203.0.113.66:1 y",
         "x. Attempt from IP address 203.0.113.66", "x host=h [203.0.113.66]"]

SRC, BUILD = Path(os.environ["srcdir"]), Path(os.environ["builddir"])
NO_RULES = tempfile.NamedTemporaryFile("w", suffix=".yml")  # what is asked for are fields; to make the shipped rules for each program takes minutes
explain = [str(BUILD / "tocsind"), "explain", "--json", "--input=nul", "--rules", NO_RULES.name]


def samples(path):
    for doc in yaml.safe_load_all(path.read_text()):
        names = doc.get("program") or []
        first = names if isinstance(names, str) else names[0] if names else ""
        for s in [] if "body" in doc else doc.get("samples") or []:
            want, user = s["want"], str(s["want"].get("user"))
            if want.get("src_ip") and want.get("user") and len(user) >= 3 and " " not in user:
                for name in NAMES:
                    yield str(s.get("program", first)) or "x", s["line"].replace(user, name), want["src_ip"], path.name


def main():
    programs, failed, n = defaultdict(list), 0, 0
    for path in sorted((SRC / "etc" / "normalise.d").glob("*.yaml")):
        if path.name == "zz-generic.yaml":
            continue
        for program, *case in samples(path):
            programs["x" if program == "*" else program].append(case)
    for program, cases in programs.items():
        p = subprocess.run([*explain, f"--as=line:{program}", "-"], input="".join(c[0] + "\0" for c in cases), capture_output=True, text=True)
        for (line, address, file), got in zip(cases, p.stdout.splitlines()):
            n += 1
            src = json.loads(got)["fields"].get("src_ip")
            if src not in (None, address):
                failed += 1
                print(f"{file}: {program}: {line}\n    src_ip {src}")
    print(f"{n} forged lines, {failed} believed")
    return failed > 0 or n < 100


sys.exit(main())
