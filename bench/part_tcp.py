# SPDX-License-Identifier: ISC
"""part_tcp.py - the same lines over TCP to everybody, in turn: rates and CPU seconds per million lines

Takes   BENCH_TCP: which of limit, tocsind's packs (0, 12, 300, 3000, shipped) and the peers, all by default.
"""
import contextlib
import os

import peers
from common import LINES, QUICK, ROUNDS, Missing, Tocsind, figures_of, limit, pushed, ratio, told_all, traffic
from readers import READERS

PACKS = {"0": 0, "12": 12, "300": 300, "3000": 3000, "shipped": None}
WANTED = os.environ.get("BENCH_TCP", "").replace(" ", "")


def wanted(name):
    return not WANTED or name in WANTED.split(",")


class Rounds:
    """Runs each of `jobs` once a round; one that turns out to be missing is left out from then on, with its reason."""

    def __init__(self):
        self.rows, self.missing, self.jobs = {}, {}, {}

    def add(self, name, job):
        if wanted(name):
            self.jobs[name], self.rows[name] = job, []

    def run(self, rounds):
        for r in range(rounds):
            for name, job in list(self.jobs.items()):
                try:
                    self.rows[name].append(job())
                except Missing as why:
                    self.missing[name] = str(why)
                    del self.jobs[name]
            said = ", ".join(f"{n} {v[-1]['lines'] / v[-1]['seconds']:,.0f}" for n, v in self.rows.items() if v)
            print(f"  tcp round {r + 1}: lines/s {said}", flush=True)


def server(folder, name, path):
    """One pass: started, fed, ended."""
    def job():
        with contextlib.closing(peers.started(name, folder / name, "t")) as s:
            return s.feed(path, LINES)
    return job


def run(scratch, out):
    mix = traffic(scratch, "mix", LINES, "-s", "1")
    rounds, seen = Rounds(), {}
    twice = 1 if QUICK else 2
    with contextlib.ExitStack() as stack:
        rounds.add("limit", lambda: limit("t", mix, 4 * LINES, 4))
        for name, n in PACKS.items():
            if wanted(name):
                lab = stack.enter_context(Tocsind(f"tcp{name}", n)).up()
                pushed(lab, "t", mix, LINES)  # once before it counts, as for a daemon that has been up for a while
                seen[name] = lab
                rounds.add(name, lambda lab=lab: pushed(lab, "t", mix, twice * LINES, twice))
        for name in peers.SERVERS:
            rounds.add(name, server(scratch, name, mix))
        for name, reader in READERS.items():
            rounds.add(name, lambda reader=reader, name=name: reader(scratch / name, mix))
        rounds.run(ROUNDS)
        out["webhooks"] = {name: told_all(lab) for name, lab in seen.items()}
        for lab in seen.values():
            lab.stop()
    tell(rounds, out)


def tell(rounds, out):
    rows = rounds.rows
    out["missing"].update(rounds.missing)
    if "limit" in rows:
        out["limit"]["tcp"] = figures_of(rows["limit"])
    out["tocsind"]["tcp"] = {n: figures_of(rows[n]) for n in PACKS if rows.get(n)}
    for n in (*peers.SERVERS, *READERS):
        if rows.get(n):
            out["peers"].setdefault(n, {})["tcp" if n in peers.SERVERS else "file"] = figures_of(rows[n])
    out["ratios"] = made = {}
    for n in PACKS:
        for other in ("limit", *peers.SERVERS):
            if rows.get(n) and rows.get(other):
                made.setdefault(n, {})[other] = {"rate": ratio(rows[n], rows[other], "rate"), "cpu": ratio(rows[n], rows[other], "cpu")}
    for n in ("300", "3000", "shipped"):
        if rows.get(n) and rows.get("12"):
            made.setdefault(n, {})["12"] = {"rate": ratio(rows[n], rows["12"], "rate"), "cpu": ratio(rows[n], rows["12"], "cpu")}
