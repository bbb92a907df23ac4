#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""parse.py - data tests: each NAME.in of tests/parse, byte for byte one message, gives the header and the fields of NAME.want

A new case is two files. A key that NAME.want does not name is not asked for.
"""
import base64
import json
import os
import subprocess
import sys
from pathlib import Path

SRC, BUILD = Path(os.environ["srcdir"]), Path(os.environ["builddir"])
failed = 0
cases = sorted((SRC / "tests" / "parse").glob("*.in"))
for case in cases:
    want = json.loads(case.with_suffix(".want").read_text())
    p = subprocess.run([str(BUILD / "tocsind"), "explain", "--json", "--input=nul", "-c", str(SRC / "etc" / "tocsin.yaml"), str(case)], capture_output=True, text=True)
    got = json.loads(p.stdout)
    wrong = {f"{part}.{key}": (got[part].get(key), value) for part in want for key, value in want[part].items() if got[part].get(key) != value}
    wrong |= {"raw": "changed"} if base64.b64decode(got["raw_b64"]) != case.read_bytes() else {}
    if wrong or set(got["fields"]) != set(want["fields"]):
        failed += 1
        print(f"{case.name}: (found, wanted) {wrong} fields {got['fields']}\n{p.stderr}")
print(f"{len(cases) - failed} of {len(cases)} cases")
sys.exit(1 if failed or not cases else 0)
