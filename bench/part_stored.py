# SPDX-License-Identifier: ISC
"""part_stored.py - what the number of stored events does to the next one and to the lists people look at: see fill.c

BENCH_FULL=1 goes on to ten million (a quarter of an hour or more, and about 20 GB).
"""
import json
import os
import subprocess

from common import FILL, QUICK

SIZES = [1000, 5000] if QUICK else [1000, 10000, 100000, 1000000]
FULL = os.environ.get("BENCH_FULL", "") not in ("", "0")
LISTS = ("address", "incident", "last")


def growth(a, b):
    return {"from": a["events"], "to": b["events"], "insert_cpu": round(b["cpu_us"] / a["cpu_us"], 2), **{n: round(b[n]["p50"] / max(a[n]["p50"], 1), 2) for n in LISTS}}


def run(scratch, out):
    sizes = [*SIZES, *([10000000] if FULL else [])]
    folder = scratch / "stored"
    folder.mkdir()
    p = subprocess.run([FILL, "-d", str(folder / "record.db"), *map(str, sizes)], check=True, stdout=subprocess.PIPE, text=True, timeout=7200)
    rows = [json.loads(line) for line in p.stdout.splitlines()]
    for f in folder.iterdir():
        f.unlink()
    at = {r["events"]: r for r in rows}
    base = at.get(100000, rows[0])
    out["stored"] = {"sizes": {str(r["events"]): r for r in rows}, "growth": growth(base, rows[-1]), "largest": rows[-1]}
    if len(rows) > 2:
        out["stored"]["growth_last_step"] = growth(rows[-2], rows[-1])
    out["stored"]["p50_ms_worst"] = round(max(rows[-1][n]["p50"] for n in LISTS) / 1e3, 3)
