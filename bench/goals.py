# SPDX-License-Identifier: ISC
"""goals.py - tells the figures of a run, then each goal beside what was measured"""
from common import show


def at(out, *path):
    for key in path:
        out = out.get(key) if isinstance(out, dict) else None
    return out


def rate_line(name, f):
    s = f.get("spread", {})
    note = f"  LOST {f['lost']:,}" if f.get("lost") else ""
    print(f"  {name:22} {show(s.get('lines_s')):>34} lines/s   CPU s per million {show(s.get('cpu_s_per_m'))}{note}")


def ratios_told(out):
    """300 rules to everybody, no rules to the limit, every pack to that of 12; the others stand in the file of figures."""
    for n, row in out.get("ratios", {}).items():
        for other, r in row.items():
            if n == "300" or other == "12" or (n, other) == ("0", "limit"):
                yield n, other, r


def tell_tcp(out):
    if not at(out, "tocsind", "tcp"):
        return
    print(f"\nTCP, the same {out['lines']:,} lines to each in turn, {out['rounds']} rounds: median (min-max)")
    if at(out, "limit", "tcp"):
        rate_line("limit (read, count)", out["limit"]["tcp"])
    for n, f in out["tocsind"]["tcp"].items():
        rate_line(f"tocsind, {n}{'' if n == 'shipped' else ' rules'}", f)
    for n, f in out["peers"].items():
        for kind in ("tcp", "file"):
            if kind in f:
                rate_line(n + (" (a file)" if kind == "file" else ""), f[kind])
    for n, why in out["missing"].items():
        print(f"  {n:22} not measured: {why}")
    for n, other, r in ratios_told(out):
        print(f"  {n + ' to ' + other:30} rate x {show(r['rate'])}   CPU x {show(r['cpu'])}")
    if out.get("webhooks"):
        print("  webhooks received, signed:", ", ".join(f"{k}: {v:,}" for k, v in out["webhooks"].items()))


# goal, where the figure stands, ">=" or "<=", bound
GOALS = [
    ("TCP, 300 rules: rate to rsyslog + mmnormalize", ("ratios", "300", "rsyslog_normalize", "rate", "median"), ">=", 6),
    ("TCP, 300 rules: CPU to rsyslog + mmnormalize", ("ratios", "300", "rsyslog_normalize", "cpu", "median"), "<=", 0.14),
    ("TCP, 300 rules: CPU to rsyslog to a file", ("ratios", "300", "rsyslog_file", "cpu", "median"), "<=", 0.25),
    ("TCP, 300 rules: rate to 105,000 lines/s (OSSEC analysisd there)", ("tocsind", "tcp", "300", "lines_s"), ">=", 25 * 105000),
    ("no rules: rate to the limit program", ("ratios", "0", "limit", "rate", "median"), ">=", 0.25),
    ("rules 12 to 3,000: CPU", ("ratios", "3000", "12", "cpu", "median"), "<=", 1.4),
]


def report(out):
    tell_tcp(out)
    rows = []
    for text, path, how, bound in GOALS:
        value = at(out, *path)
        met = None if not isinstance(value, (int, float)) else value >= bound if how == ">=" else value <= bound
        rows.append({"goal": text, "wanted": f"{how} {bound:,}", "measured": value, "met": met})
    out["goals"] = rows
    print(f"\n{'goal':78} {'wanted':>14} {'measured':>14}")
    for r in rows:
        measured = "-" if r["measured"] is None else f"{r['measured']:,}"
        print(f"{r['goal']:78} {r['wanted']:>14} {measured:>14}  {'not measured' if r['met'] is None else 'met' if r['met'] else 'NOT MET'}")
    for name, why in out["failed"].items():
        print(f"FAILED {name}: {why}")
