# SPDX-License-Identifier: ISC
"""part_flood.py - every line relevant: attackers who come back, and a million who come once; and how the number of correlation groups tells

Each pass ends with a balanced account: over TCP the sender is made to wait, nothing is lost, nothing shed.
"""
import contextlib

from common import LINES, QUICK, ROUNDS, Tocsind, figures_of, memory_of, metric, pushed, rules, spread, told_all, traffic

SOURCES = 5000 if QUICK else 1000000
SIZES = (1000, 5000) if QUICK else (1000, 10000, 100000, 1000000)
PACKS = {"300": 300, "shipped": None}


def recurring(scratch, labs, out):
    path = traffic(scratch, "flood", LINES, "-s", "3", "-p", "1000")
    rows = {n: [] for n in labs}
    for lab in labs.values():
        pushed(lab, "t", path, LINES)
    for _ in range(ROUNDS):
        for n, lab in labs.items():
            rows[n].append(pushed(lab, "t", path, LINES))
    for n in labs:
        out.setdefault("recurring", {})[n] = figures_of(rows[n])


def once(scratch, labs, out):
    """Nobody comes twice, neither in a pass nor in the next one."""
    lines = SOURCES * 10 // 9  # one in ten is sudo's and has no source
    for n, lab in labs.items():
        rows = []
        for r in range(1 if n == "shipped" else min(ROUNDS, 3)):
            path = traffic(scratch, f"once{r}", lines, "-s", str(5 + r), "-p", "1000", "-d", "-k", str(SOURCES), "-a", str(100000 + r * SOURCES))
            rows.append(pushed(lab, "t", path, lines, seconds=300))
        out.setdefault("million_sources", {})[n] = {**figures_of(rows), "stored": sum(r["stored"] for r in rows), "folded": sum(r["folded"] for r in rows),
                                                   "shed": sum(r["shed"] for r in rows), "evicted": metric(lab, "tocsin_correlation_evicted_total"),
                                                   "database_mib": round(metric(lab, "tocsin_database_bytes") / 2**20, 1), "memory_mib": memory_of(lab)["all"]}


def run(scratch, out):
    out["flood"] = made = {}
    with contextlib.ExitStack() as stack:
        labs = {n: stack.enter_context(Tocsind(f"flood{n}", size)).up() for n, size in PACKS.items()}
        recurring(scratch, labs, made)
        once(scratch, labs, made)
        for n, lab in labs.items():
            made["million_sources"][n]["webhooks"] = told_all(lab, 120)
            lab.stop()
    for key in ("lines_s", "cpu_s_per_m"):
        made[key] = made["recurring"]["300"][key]


# ---- groups
def one_rule():
    """One correlation that never fires, over one rule whose sightings join its event, as the shipped ones do: what is measured is keeping count."""
    one = rules.twelve()[0].replace(", entity: [src_ip, host]", ", joins: bench-count")
    return "---\n".join([one, rules.correlation(2, "bench-count", "Counted", "  type: event_count\n  rules: [bench-failed]\n  group-by: [src_ip]\n"
                                                              "  timespan: 1h\n  condition: {gte: 100000}\n")])


def groups(scratch, n):
    """All n groups are there (each attacker in turn), then lines of attackers at random."""
    every = traffic(scratch, f"groups{n}", n, "-s", "9", "-p", "1000", "-f", "-d", "-k", str(n), "-a", "200000")
    anyone = traffic(scratch, f"any{n}", LINES // 2, "-s", "10", "-p", "1000", "-f", "-k", str(n), "-a", "200000")
    with Tocsind(f"groups{n}", 2, text=one_rule(), hook=False) as lab:
        lab.up()
        before = memory_of(lab)["desk"]["rss"]
        pushed(lab, "t", every, n, seconds=300)
        rows = [pushed(lab, "t", anyone, LINES // 2, seconds=300) for _ in range(min(ROUNDS, 3))]
        held, size, after = metric(lab, "tocsin_correlation_groups"), metric(lab, "tocsin_correlation_bytes"), memory_of(lab)["desk"]["rss"]
        lab.stop()
    return {**figures_of(rows), "groups": round(held), "bytes_a_group": round(size / held, 1) if held else None,
            "resident_bytes_a_group": round((after - before) * 2**20 / held) if held else None}


def cap(scratch):
    """A hard cap: what is beyond it is evicted and counted, one by one."""
    most, lines = (1000, 4000) if QUICK else (50000, 200000)
    path = traffic(scratch, "cap", lines, "-s", "11", "-p", "1000", "-f", "-d", "-k", str(lines), "-a", "300000")
    with Tocsind("cap", 2, text=one_rule(), extra=f"max_groups: {most}\n", hook=False) as lab:
        lab.up()
        pushed(lab, "t", path, lines, seconds=120)
        held, evicted = metric(lab, "tocsin_correlation_groups"), metric(lab, "tocsin_correlation_evicted_total")
        lab.stop()
    return {"max_groups": most, "made": lines, "held": round(held), "evicted": round(evicted), "exact": lines == held + evicted}


def run_groups(scratch, out):
    out["groups"] = {str(n): groups(scratch, n) for n in SIZES}
    first, last = out["groups"][str(SIZES[0])], out["groups"][str(SIZES[-1])]
    out["groups"]["rate_last_to_first"] = round(last["lines_s"] / first["lines_s"], 3)
    out["groups"]["cpu_last_to_first"] = round(last["cpu_s_per_m"] / first["cpu_s_per_m"], 3)
    out["groups"]["cap"] = cap(scratch)
