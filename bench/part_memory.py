# SPDX-License-Identifier: ISC
"""part_memory.py - how much memory each role holds, idle and at its peak; and how long a start takes with 3,000 rules, without and with the cache

Resident pages that roles share (program, libraries, the sealed rules) are counted once: `fair` is each role's proportional share (PSS); `peak_fair` adds
what a role had resident at its peak beyond what it has now.
"""
import select

from common import LINES, QUICK, ROUNDS, Tocsind, memory_of, metric, pushed, spread, traffic

GROUPS = 2000 if QUICK else 100000


def told(lab):
    m = memory_of(lab)
    everything = m["all"]
    return {"mib": m, "fair": everything["pss"], "peak_fair": round(everything["pss"] + everything["peak"] - everything["rss"], 1)}


def run(scratch, out):
    out["memory"] = made = {}
    for name, n in (("idle_300", 300), ("idle_shipped", None)):
        with Tocsind(name, n) as lab:
            lab.up()
            select.select([], [], [], 1.0)  # what only the start needed is given back by now
            made[name] = told(lab)
            lab.stop()
    mix = traffic(scratch, "mix", LINES, "-s", "1")
    wrong = traffic(scratch, "keys", GROUPS, "-s", "21", "-p", "1000", "-f", "-d", "-k", str(GROUPS), "-a", "4000000")
    with Tocsind("peak", 3000) as lab:
        lab.up()
        pushed(lab, "t", wrong, GROUPS)
        pushed(lab, "t", mix, LINES)
        made["peak_3000_groups"] = {**told(lab), "groups": round(metric(lab, "tocsin_correlation_groups"))}
        lab.stop()


# ---- start
def start(scratch, out):
    cold, warm = [], []
    for r in range(min(ROUNDS, 3)):
        with Tocsind(f"start{r}", 3000) as lab:
            cold.append(lab.up().start_s)
            lab.stop()
            for _ in range(2):
                warm.append(lab.up().start_s)
                lab.stop()
    with Tocsind("start-shipped", None) as lab:
        shipped = [lab.up().start_s]
        lab.stop()
        shipped.append(lab.up().start_s)
        lab.stop()
    out["start_s"] = {"cold_3000": spread(cold, 3), "cached_3000": spread(warm, 3), "cold_shipped": round(shipped[0], 3), "cached_shipped": round(shipped[1], 3)}
