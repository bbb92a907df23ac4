#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""pack.py - data test: what the shipped pack makes of single lines

Takes   tests/data/pack/NAME.lines: the first part of a class, or - for no event; a tab; a syslog message without its header.
Gives   a line for each that is otherwise. The lines stand hours apart, so that no correlation adds to them.

A new case is a line.
"""
import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

SRC, BUILD = Path(os.environ["srcdir"]), Path(os.environ["builddir"])
wrong = total = 0
for table in sorted((SRC / "tests" / "data" / "pack").glob("*.lines")):
    rows = [line.split("\t", 1) for line in table.read_text().splitlines() if line and not line.startswith("#")]
    start = datetime(2026, 1, 1)
    text = "".join(f"<13>{start + timedelta(hours=2 * i):%b %e %H:%M:%S} gw {line}\n" for i, (_, line) in enumerate(rows))
    p = subprocess.run([str(BUILD / "tocsind"), "explain", "--json", "-c", str(SRC / "etc" / "tocsin.yaml"), "-"], input=text, capture_output=True, text=True)
    out = [json.loads(line) for line in p.stdout.splitlines()]
    if len(out) != len(rows):
        sys.exit(f"{table.name}: {len(rows)} lines in, {len(out)} out: {p.stderr}")
    total += len(rows)
    for (want, line), got in zip(rows, out):
        found = got["event"]["class"].split("/")[0] if got["event"] else "-"
        if found != want:
            wrong += 1
            print(f"{table.name}: {line}: wanted {want}, found {found}: {[s['title'] for s in got['sightings']]}")
if not total:
    sys.exit("no lines to try")
print(f"{total} lines, {wrong} wrong")
sys.exit(wrong > 0)
