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


def explained(messages, name):
    """All in one run: to make the rules takes longer than to ask them."""
    p = subprocess.run([*explain, "-"], input=b"".join(m + b"\0" for m in messages), capture_output=True)
    out = [json.loads(line) for line in p.stdout.splitlines()]
    if len(out) != len(messages):
        sys.exit(f"{name}: {len(messages)} messages in, {len(out)} out: {p.stderr.decode(errors='replace')}")
    return out


cases = sorted((SRC / "tests" / "parse").glob("*.in"))
for case, got in zip(cases, explained([c.read_bytes() for c in cases], "tests/parse")):
    want = json.loads(case.with_suffix(".want").read_text())
    wrong = {f"{part}.{key}": (got[part].get(key), value) for part in want for key, value in want[part].items() if got[part].get(key) != value}
    wrong |= {"raw": "changed"} if base64.b64decode(got["raw_b64"]) != case.read_bytes() else {}
    if wrong or set(got["fields"]) != set(want["fields"]):
        failed += 1
        print(f"{case.name}: (found, wanted) {wrong} fields {got['fields']}")
for table in sorted((SRC / "tests" / "parse").glob("*.jsonl")):
    rows = [json.loads(line) for line in table.read_text().splitlines()]
    for row, got in zip(rows, explained([r["raw"].encode() for r in rows], table.name)):
        wrong = {key: (got["parse"][key], value) for key, value in row["parse"].items() if got["parse"][key] != value}
        wrong |= {"raw": "changed"} if base64.b64decode(got["raw_b64"]) != row["raw"].encode() else {}
        if wrong:
            failed += 1
            print(f"{table.name}: {row['why']}: {row['raw']!r}: (found, wanted) {wrong}")
    cases += rows
print(f"{len(cases) - failed} of {len(cases)} cases")
sys.exit(1 if failed or not cases else 0)
