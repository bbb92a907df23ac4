#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""parse.py - data tests: each NAME.in of tests/parse, byte for byte one message, gives the header and the fields of NAME.want

A new case is two files, or a line of a .jsonl file where only the header is asked for: {"why":..., "raw":..., "parse":{...}}.
A key that is not named is not asked for.
"""
import base64
import json
import os
import subprocess
import sys
from pathlib import Path

SRC, BUILD = Path(os.environ["srcdir"]), Path(os.environ["builddir"])
failed = 0
explain = [str(BUILD / "tocsind"), "explain", "--json", "--input=nul", "-c", str(SRC / "etc" / "tocsin.yaml")]
cases = sorted((SRC / "tests" / "parse").glob("*.in"))
for case in cases:
    want = json.loads(case.with_suffix(".want").read_text())
    p = subprocess.run([*explain, str(case)], capture_output=True, text=True)
    got = json.loads(p.stdout)
    wrong = {f"{part}.{key}": (got[part].get(key), value) for part in want for key, value in want[part].items() if got[part].get(key) != value}
    wrong |= {"raw": "changed"} if base64.b64decode(got["raw_b64"]) != case.read_bytes() else {}
    if wrong or set(got["fields"]) != set(want["fields"]):
        failed += 1
        print(f"{case.name}: (found, wanted) {wrong} fields {got['fields']}\n{p.stderr}")
for table in sorted((SRC / "tests" / "parse").glob("*.jsonl")):
    rows = [json.loads(line) for line in table.read_text().splitlines()]
    p = subprocess.run([*explain, "-"], input="".join(r["raw"] + "\0" for r in rows), capture_output=True, text=True)
    out = [json.loads(line) for line in p.stdout.splitlines()]
    if len(out) != len(rows):
        sys.exit(f"{table.name}: {len(rows)} messages in, {len(out)} out: {p.stderr}")
    for row, got in zip(rows, out):
        wrong = {key: (got["parse"][key], value) for key, value in row["parse"].items() if got["parse"][key] != value}
        wrong |= {"raw": "changed"} if base64.b64decode(got["raw_b64"]) != row["raw"].encode() else {}
        if wrong:
            failed += 1
            print(f"{table.name}: {row['why']}: {row['raw']!r}: (found, wanted) {wrong}")
    cases += rows
print(f"{len(cases) - failed} of {len(cases)} cases")
sys.exit(1 if failed or not cases else 0)
