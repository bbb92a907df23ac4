# SPDX-License-Identifier: ISC
"""part_udp.py - the highest rate at which nothing is lost, of each; then tocsind at 2.5 times that of rsyslog with mmnormalize, and flat out

A rate is asked of the sender; a trial in which it did not reach 95 % of it says nothing. At every rate tocsind's account must say to the datagram
what became of them: sent = received + dropped by the kernel.
"""
import contextlib

import peers
from common import LINES, QUICK, ROUNDS, Missing, Tocsind, limit, pushed, spread, traffic

RATES = (20000,) if QUICK else (50000, 80000, 100000, 130000, 160000, 200000, 250000, 300000, 350000, 400000, 500000, 600000, 700000, 800000, 900000, 1000000)
SECONDS = 0.5 if QUICK else 4
SHORT = 0.5 if QUICK else 2  # of those that no goal is measured by
NAMES = ("rsyslog_file", "rsyslog_normalize", "syslog_ng_file", "syslog_ng_patterndb")


def rounds_of(count):
    return count // LINES + 1


def highest(name, trial):
    """By bisection over RATES; the one found is tried once more, and the next lower ones when that fails. Gives the rate and the row of its trial."""
    low, high, best = -1, len(RATES), None

    def holds(i):
        nonlocal best
        row = trial(RATES[i])
        able = row["sent_s"] >= 0.95 * RATES[i]
        print(f"  udp {name}: {RATES[i]:,}/s: lost {row['lost']:,}" + ("" if able else f" (sent only {row['sent_s']:,.0f}/s)"), flush=True)
        if able and row["lost"] == 0:
            best = {**row, "rate": RATES[i]}
            return True
        return False

    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            low = middle
        else:
            high = middle
    while low >= 0 and not holds(low):
        low -= 1
    return best if low >= 0 else None


def told(row):
    if not row:
        return {"lines_s": 0, "cpu_s_per_m": None}
    return {"lines_s": row["rate"], "cpu_s_per_m": round(row["cpu"] / row["lines"] * 1e6, 2), "lines": row["lines"]}


def peer_trial(folder, name, path):
    seconds = SECONDS if name == "rsyslog_normalize" else SHORT

    def trial(rate):
        with contextlib.closing(peers.started(name, folder / f"{name}-udp", "u")) as s:
            return s.feed(path, int(rate * seconds), rounds_of(int(rate * seconds)), rate)
    return trial


def exact(lab, path, count, rate=None):
    row = pushed(lab, "u", path, count, rounds_of(count), rate)  # ends the run when the account is not exact
    return {**row, "lost": row["kernel"]}


def run(scratch, out):
    mix = traffic(scratch, "mix", LINES, "-s", "1")
    for name in NAMES:
        try:
            out["peers"].setdefault(name, {})["udp"] = told(highest(name, peer_trial(scratch, name, mix)))
        except Missing as why:
            out["missing"][name] = str(why)
    out["limit"]["udp"] = told(highest("limit", lambda rate: limit("u", mix, int(rate * SHORT), rounds_of(int(rate * SHORT)), rate)))
    with Tocsind("udp", 300) as lab:
        lab.up()
        pushed(lab, "t", mix, LINES)
        u = out["tocsind"]["udp"] = told(highest("tocsind", lambda rate: exact(lab, mix, int(rate * SECONDS), rate)))
        base = out["peers"].get("rsyslog_normalize", {}).get("udp", {}).get("lines_s")
        if base:
            wanted = int(2.5 * base)
            rows = [exact(lab, mix, int(wanted * SECONDS), wanted) for _ in range(ROUNDS)]
            u["at_2_5_normalize"] = {"asked_lines_s": wanted, "sent_lines_s": spread((r["sent_s"] for r in rows), 0), "kernel_drops": [r["kernel"] for r in rows],
                                     "cpu_s_per_m": spread((r["cpu"] / r["lines"] * 1e6 for r in rows)), "times": round(u["lines_s"] / base, 2),
                                     "runs_without_loss": sum(r["kernel"] == 0 for r in rows), "runs": len(rows)}
            u["runs_with_loss"] = sum(r["kernel"] > 0 or r["sent_s"] < 0.95 * wanted for r in rows)  # a sender that is too slow proves nothing
        flat = exact(lab, mix, int(RATES[-1] * SECONDS))
        u["flat_out"] = {"sent": int(RATES[-1] * SECONDS), "sent_lines_s": round(flat["sent_s"]), "received": flat["received"], "kernel_drops": flat["kernel"], "exact": True}
        lab.stop()
