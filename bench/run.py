#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""run.py - `make bench`: tocsind beside the limit program and other programs of its kind, in turn in one run, so that only ratios matter

Takes   BENCH_ONLY (parts, all by default: see PARTS), BENCH_ROUNDS (5), BENCH_LINES (1000000), BENCH_JSON (a file for the figures), BENCH_PEERS (a folder of
        unpacked packages), BENCH_QUICK=1 (a smoke run of under a minute), BENCH_FULL=1 (10 M stored events, too). bench/README.md says how to read it.
Gives   the figures of every part as median (min-max) and, at the end, each goal beside what was measured. Status 1 when a line was lost or a part failed.
"""
import json
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

import common
import goals
import part_flood
import part_hole
import part_latency
import part_memory
import part_people
import part_stored
import part_tcp
import part_udp

PARTS = {"tcp": part_tcp.run, "udp": part_udp.run, "flood": part_flood.run, "groups": part_flood.run_groups, "latency": part_latency.run, "people": part_people.run,
         "memory": part_memory.run, "start": part_memory.start, "hole": part_hole.run,
         "stored": part_stored.run}


def machine():
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "?")
    return {"cpus": os.cpu_count(), "model": model, "kernel": os.uname().release, "load_before": os.getloadavg()[0]}


def main():
    only = os.environ.get("BENCH_ONLY", "").replace(" ", "")
    names = only.split(",") if only else list(PARTS)
    unknown = [n for n in names if n not in PARTS]
    if unknown:
        raise SystemExit(f"BENCH_ONLY knows {', '.join(PARTS)}; not {', '.join(unknown)}")
    out = {"machine": machine(), "lines": common.LINES, "rounds": common.ROUNDS, "limit": {}, "tocsind": {}, "peers": {}, "missing": {}, "seconds": {}, "failed": {}}
    with tempfile.TemporaryDirectory(prefix="tocsin-bench.") as folder:
        for name in names:
            begun = time.monotonic()
            try:
                PARTS[name](Path(folder), out)
            except (Exception, SystemExit) as why:  # the other parts are still worth having
                traceback.print_exc()
                out["failed"][name] = str(why)[:500]
            out["seconds"][name] = round(time.monotonic() - begun, 1)
            print(f"  ({name}: {out['seconds'][name]} s)", flush=True)
    goals.report(out)
    if os.environ.get("BENCH_JSON"):
        Path(os.environ["BENCH_JSON"]).write_text(json.dumps(out, indent=1) + "\n")
    sys.exit(1 if out["failed"] else 0)


if __name__ == "__main__":
    main()
