# SPDX-License-Identifier: ISC
"""goals.py - each goal beside what was measured: met, not met, or not measured"""
import tell
from common import QUICK

# what, where its figure stands, how it is compared, the bound
GOALS = [
    ("TCP, 300 rules: rate to rsyslog + mmnormalize", ("ratios", "300", "rsyslog_normalize", "rate", "median"), ">=", 6),
    ("TCP, 300 rules: lines/s (25 x the 105,000/s of OSSEC's analysisd elsewhere)", ("tocsind", "tcp", "300", "lines_s"), ">=", 2625000),
    ("TCP, 300 rules: CPU to rsyslog + mmnormalize", ("ratios", "300", "rsyslog_normalize", "cpu", "median"), "<=", 0.14),
    ("TCP, 300 rules: CPU to rsyslog to a file", ("ratios", "300", "rsyslog_file", "cpu", "median"), "<=", 0.25),
    ("no rules: rate to the limit program", ("ratios", "0", "limit", "rate", "median"), ">=", 0.25),
    ("rules 12 to 3,000: CPU", ("ratios", "3000", "12", "cpu", "median"), "<=", 1.4),
    ("start with 3,000 rules from the cache, s", ("start_s", "cached_3000", "median"), "<=", 0.1),
    ("UDP at 2.5 x the highest no-loss rate of rsyslog + mmnormalize: runs with loss", ("tocsind", "udp", "runs_with_loss"), "<=", 0),
    ("UDP: the account with what the kernel dropped is exact (1 = yes)", ("tocsind", "udp", "flat_out", "exact"), ">=", 1),
    ("flood, recurring attackers, 300 rules: lines/s", ("flood", "recurring", "300", "lines_s"), ">=", 1000000),
    ("flood, recurring attackers, shipped pack: lines/s", ("flood", "recurring", "shipped", "lines_s"), ">=", 1000000),
    ("flood, a million sources, 300 rules: lines/s, nothing lost", ("flood", "million_sources", "300", "lines_s"), ">=", 100000),
    ("flood, a million sources, shipped pack: lines/s, nothing lost", ("flood", "million_sources", "shipped", "lines_s"), ">=", 100000),
    ("groups 1 k to 1 M: rate", ("groups", "rate_last_to_first"), ">=", 0.7),
    ("bytes a group at 1 M", ("groups", "1000000", "bytes_a_group"), "<=", 128),
    ("groups: made = held + evicted at a hard cap (1 = yes)", ("groups", "cap", "exact"), ">=", 1),
    ("line to webhook, idle: p99 ms", ("latency_ms", "idle", "p99"), "<=", 5),
    ("line to webhook at 500,000 lines/s: p50 ms", ("latency_ms", "500000", "p50"), "<=", 1),
    ("line to webhook at 500,000 lines/s: p99 ms", ("latency_ms", "500000", "p99"), "<=", 20),
    ("memory idle, 300 rules: MiB", ("memory", "idle_300", "fair"), "<=", 32),
    ("memory at the peak, 3,000 rules and 100 k groups: MiB", ("memory", "peak_3000_groups", "peak_fair"), "<=", 128),
    ("stored events 100 k to the largest: insert CPU", ("stored", "growth", "insert_cpu"), "<=", 4),
    ("lists by address, incident, last 100 at the largest: worst p50 ms", ("stored", "p50_ms_worst"), "<=", 1),
    ("webhook target black-holed: rate", ("hole", "webhook", "rate_dead_to_reachable", "median"), ">=", 0.95),
    ("mail server black-holed: rate", ("hole", "smtp", "rate_dead_to_reachable", "median"), ">=", 0.95),
]


def judge(out):
    rows = []
    for text, path, how, bound in GOALS:
        value = tell.at(out, *path)
        met = None if value is None else value >= bound if how == ">=" else value <= bound
        rows.append({"goal": text, "wanted": f"{how} {bound:,}", "measured": value, "met": met})
    return rows


def report(out):
    tell.tell(out)
    out["goals"] = judge(out)
    if QUICK:
        print("\nA smoke run: it shows that the bench works; its figures mean nothing.")
    print(f"\n{'goal':82} {'wanted':>12} {'measured':>12}")
    for r in out["goals"]:
        if r["measured"] is not None:
            print(f"{r['goal']:82} {r['wanted']:>12} {r['measured']:>12,}  {'met' if r['met'] else 'NOT MET'}")
    skipped = sum(r["met"] is None for r in out["goals"])
    if skipped:
        print(f"({skipped} more were not measured in this run)")
    if "stored" in out:
        print(f"(the largest number of stored events was {out['stored']['largest']['events']:,}; BENCH_FULL=1 goes on to 10,000,000)")
    for name, why in out["failed"].items():
        print(f"FAILED {name}: {why}")
