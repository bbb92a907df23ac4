#!/usr/bin/python3
# SPDX-License-Identifier: ISC
#
# corr_oracle.py - correlations, reckoned a second time without any cleverness
#
# Takes   the path of tocsind, a seed and how many sequences; makes rules and events by chance (every type, condition, group, alias,
#         chain; ties, boundaries, late events, values that are no numbers).
# Gives   exit status 1 and the first difference when `tocsind explain` says something else than the model below. The model keeps
#         every event and looks at everything again at each step; it knows the words of tocsin-rules(5) and nothing of the program.
#
# corr_oracle.py [TOCSIND [SEED [ROUNDS]]]. All sequences of a round run through one process, one after the other in time, so that a hundred cost as much as one.
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from decimal import Decimal, InvalidOperation

LATENESS = 600
# Two of these are one to tocsin's aliases; by --input=events they are two.
SPELT = {"g": "user", "h": "User", "u": "TargetUserName", "v": "sc-bytes"}
T0 = 1767225600  # 2026-01-01T00:00:00Z


def stamp(t):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(T0 + t))


# ---- the model

def number(v):
    if v is None or isinstance(v, bool):
        return None
    try:
        d = Decimal(str(v).strip())
    except InvalidOperation:
        return None
    return d if d.is_finite() else None


OPS = {"gt": lambda a, b: a > b, "gte": lambda a, b: a >= b, "lt": lambda a, b: a < b, "lte": lambda a, b: a <= b,
       "eq": lambda a, b: a == b, "neq": lambda a, b: a != b}


class Ev:
    def __init__(self, t, ref, value, counts=1):
        self.t, self.ref, self.value, self.counts = t, ref, value, counts


class Group:
    def __init__(self):
        self.evs, self.alarm, self.due, self.lag = [], None, None, 0
        self.heard = None
        self.begun = None  # of a listed group: where its window began


class Rule:
    """One correlation. expr: a Python function of (seen -> bool) pairs, see boolean()."""

    def __init__(self, d, world):
        self.__dict__.update(d)
        self.world, self.groups = world, {}
        self.closes = self.negated or any(op in ("lt", "lte", "eq", "neq") for op in self.cond)
        self.silence = self.type == "event_count" and not any(
            all(OPS[op](n, v) for op, v in self.cond.items()) for n in range(1, 200)) and all(OPS[op](0, v) for op, v in self.cond.items())

    # -- what a window amounts to

    def measure(self, evs):
        vals = [e.value for e in evs]
        if self.type == "event_count":
            return sum(e.counts for e in evs)
        if self.type == "value_count":
            return len(set(vals))
        if self.type in ("temporal", "temporal_ordered"):
            return len({e.ref for e in evs})
        if not vals:
            return None
        if self.type == "value_sum":
            return sum(vals)
        if self.type == "value_avg":
            return sum(vals) / len(vals)
        vals.sort()
        if self.type == "value_median":
            return (vals[(len(vals) - 1) // 2] + vals[len(vals) // 2]) / 2
        return vals[max(1, math.ceil(Decimal(self.percentile) * len(vals) / 100)) - 1]

    def ordered(self, evs, must):
        """Do the rules of `must` stand in evs in this order?"""
        k = 0
        for e in evs:
            if k < len(must) and e.ref == must[k]:
                k += 1
        return k == len(must)

    def holds(self, evs, closed):
        m = self.measure(evs)
        if m is None:
            return None
        if self.expr is not None:
            seen = {e.ref for e in evs}
            if not boolean(self.expr, seen, closed)[0]:
                return None
            if self.type == "temporal_ordered" and not self.ordered(evs, self.positive):
                return None
            return m if self.type == "temporal" else (len(self.positive) if not closed else m)
        if self.cond:
            return m if all(OPS[op](m, v) for op, v in self.cond.items()) else None
        if self.type == "temporal_ordered":
            return m if self.ordered(evs, list(range(len(self.refs)))) else None
        return m if m >= len(self.refs) else None

    # -- feeding

    def feed(self, ref, t, fields, reminder=False):
        if reminder and not self.type.startswith("temporal"):
            return
        key = []
        for name in self.by:
            v = fields.get(self.aliases.get(name, {}).get(ref, name))
            if v is None:
                return
            key.append(str(v))
        value = None
        if self.field:
            got = [fields.get(f) for f in self.field]
            if any(v is None for v in got):
                return
            value = tuple(str(v) for v in got)
            if self.type != "value_count":
                value = number(got[0])
                if value is None:
                    return
        key = tuple(key)
        self.step(key, self.groups.setdefault(key, Group()), Ev(t, ref, value, 0 if reminder else 1), fields, reminder)

    def put(self, g, e):
        if g.evs and e.t < max(g.evs[-1].t, e.t) - self.span - LATENESS:
            return None
        i = len(g.evs)
        while i and g.evs[i - 1].t > e.t:
            i -= 1
        g.evs.insert(i, e)
        return i

    def look(self, g, i):
        """The first span that holds event i, ends at an event and makes the condition true."""
        t = g.evs[i].t
        for hi in range(i, len(g.evs)):
            if g.evs[hi].t > t + self.span:
                break
            window = [e for e in g.evs[:hi + 1] if e.t >= g.evs[hi].t - self.span]
            m = self.holds(window, False)
            if m is not None:
                return window, m
        return None, None

    def step(self, key, g, e, fields, reminder):
        if self.silence:
            g.alarm = None
            if g.due is None or e.t > g.heard:
                g.heard, g.due = e.t, max(e.t, self.world.clock) + self.span
                g.lag = max(0, self.world.clock - e.t)
            return
        if g.alarm and (e.t >= g.alarm[2] if g.alarm[2] is not None else e.t > g.alarm[1] + self.span):
            g.alarm, g.evs = None, []
        if g.alarm:
            if e.t < g.alarm[0] - self.span:
                return
            held = False
            if self.chained and not self.closes:
                i = self.put(g, e)
                held = i is not None and self.look(g, i)[0] is not None
            if reminder:
                return
            g.alarm[1] = max(g.alarm[1], e.t)
            if held:
                self.world.pass_on(self, e.t, fields, True)
            return
        i = self.put(g, e)
        if i is None:
            return
        if not self.closes:
            window, m = self.look(g, i)
            if window:
                self.fire(key, g, window, m, e.t, fields)
            return
        g.lag = max(0, self.world.clock - e.t)
        if g.due is None and (self.expr is None or e.ref in self.positive):
            g.due = max(e.t, self.world.clock) + self.span
        if self.expr is not None and self.type == "temporal":
            end = g.evs[-1].t
            window = [x for x in g.evs if x.t >= end - self.span]
            m = self.holds(window, False)
            if m is not None and boolean(self.expr, {x.ref for x in window}, False)[0]:
                self.fire(key, g, window, m, e.t, fields)
                g.evs, g.due = [], None

    def fire(self, key, g, window, m, at, fields):
        first, last = window[0].t, window[-1].t
        g.alarm = [first, last, at + self.suppress if self.suppress else None]
        self.world.say(self, key, sum(e.counts for e in window), m)
        self.world.pass_on(self, at, fields, False)

    def close(self, key, g, final):
        fields = dict(zip(self.by, key))
        if self.silence:
            g.due = None
            g.alarm = [g.heard, g.heard, None]
            self.world.say(self, key, 0, 0)
            self.world.pass_on(self, g.heard + self.span, fields, False)
            return
        if self.expr is not None:
            starts = [i for i, e in enumerate(g.evs) if e.ref in self.positive]
            begin = starts[0]
            t = g.evs[begin].t
        else:
            begin = 0
            t = g.evs[0].t if g.evs else g.begun
            if g.begun is not None and g.begun < t <= g.begun + self.span:
                t = g.begun
        end = t + self.span
        window = [e for e in g.evs[begin:] if e.t <= end]
        behind = [e for e in g.evs[begin:] if e.t > end]
        m = self.holds(window, True)
        g.due = None
        fired = None
        if m is not None:
            first = window[0].t if window else t
            last = window[-1].t if window else t
            g.alarm = [first, last, end + self.suppress if self.suppress else None]
            fired = (sum(e.counts for e in window), m)
            g.evs = behind
            while g.evs and (g.evs[0].t < g.alarm[2] if g.alarm[2] is not None else g.evs[0].t <= g.alarm[1] + self.span):
                g.alarm[1] = max(g.alarm[1], g.evs.pop(0).t)
            if g.evs:
                g.alarm = None
        elif self.expr is not None:
            g.evs = g.evs[begin + 1:]
        else:
            g.evs = behind
        nexts = [e for e in g.evs if self.expr is None or e.ref in self.positive]
        if nexts:
            g.due = nexts[0].t + self.span + g.lag
        if g.begun is not None:
            g.begun = end
            if not nexts and not g.alarm and not final:
                g.begun = max(end, self.world.clock - self.span)
                g.due = g.begun + self.span
        if fired:
            self.world.say(self, key, *fired)
            self.world.pass_on(self, end, fields, False)


def boolean(x, seen, closed):
    """(what holds whatever comes, what may still hold)"""
    if isinstance(x, int):
        return (True, True) if x in seen else (False, not closed)
    if x[0] == "not":
        a, b = boolean(x[1], seen, closed)
        return not b, not a
    p, q = boolean(x[1], seen, closed), boolean(x[2], seen, closed)
    return (p[0] and q[0], p[1] and q[1]) if x[0] == "and" else (p[0] or q[0], p[1] or q[1])


class World:
    def __init__(self, bases, rules):
        self.clock = None
        self.rules = [Rule(r, self) for r in rules]
        self.by_name = {r.name: r for r in self.rules}
        self.bases = bases
        self.parents = {}
        for r in sorted(self.rules, key=lambda r: r.depth):
            for k, ref in enumerate(r.refs):
                self.parents.setdefault(ref, []).append((r, k))
        for r in self.rules:
            r.shown = not self.parents.get(r.name) or any(p.generate for p, _ in self.parents[r.name])
            r.chained = any(p.type.startswith("temporal") for p, _ in self.parents.get(r.name, []))
        self.said = []

    def say(self, rule, key, count, m):
        if not rule.shown:
            return
        self.said.append((rule.name, tuple(zip(rule.by, key)), count, round(float(m), 6)))

    def pass_on(self, rule, t, fields, reminder):
        for p, k in self.parents.get(rule.name, []):
            p.feed(k, t, fields, reminder)

    def due(self, limit):
        best = None
        for r in self.rules:
            for key, g in r.groups.items():
                if g.due is not None and (limit is None or g.due < limit):
                    place = (g.due, -g.lag, r.order)
                    if best is None or place < best[4]:
                        best = (g.due, r, key, g, place)
        return best

    def close(self, limit, final=False):
        clock = self.clock
        while True:
            b = self.due(limit)
            if not b:
                break
            if final:
                self.clock = b[0]
            b[1].close(b[2], b[3], final)
        self.clock = clock

    def expect(self):
        for r in self.rules:
            for key in r.expect:
                g = r.groups.setdefault((key,), Group())
                g.begun = g.heard = self.clock
                g.due = self.clock + r.span

    def event(self, t, fields, last):
        self.said = []
        first = self.clock is None
        self.clock = t if first else max(self.clock, t)
        if first:
            self.expect()
        self.close(self.clock)
        for base in self.bases:
            if fields.get("kind") == base or fields.get("also") == base:
                for p, k in self.parents.get(base, []):
                    p.feed(k, t, fields)
        if last:
            self.close(None, True)
        return sorted(self.said)


# ---- chance

def expression(rnd, n):
    """A condition over rules 0..n-1: its tree, its text for names."""
    def tree(depth, neg):
        x = rnd.random()
        if depth == 0 or x < 0.3:
            return rnd.randrange(n)
        if x < 0.5:
            return ("not", tree(depth - 1, not neg))
        return (rnd.choice(["and", "and", "or"]), tree(depth - 1, neg), tree(depth - 1, neg))

    def positives(x, neg, out):
        if isinstance(x, int):
            if not neg:
                out.add(x)
        elif x[0] == "not":
            positives(x[1], not neg, out)
        else:
            positives(x[1], neg, out)
            positives(x[2], neg, out)
        return out

    while True:
        t = tree(3, False)
        p = positives(t, False, set())
        if p:
            return t, p


def has_not(x):
    return not isinstance(x, int) and (x[0] == "not" or has_not(x[1]) or has_not(x[2]) if x[0] != "not" else True)


def text_of(x, names):
    if isinstance(x, int):
        return names[x]
    if x[0] == "not":
        return "not " + (names[x[1]] if isinstance(x[1], int) else "(" + text_of(x[1], names) + ")")
    return "(%s %s %s)" % (text_of(x[1], names), x[0], text_of(x[2], names))


TYPES = ["event_count", "event_count", "value_count", "temporal", "temporal", "temporal_ordered", "value_sum", "value_avg",
         "value_percentile", "value_median"]


def make_rule(rnd, name, refs, depth):
    r = {"name": name, "refs": refs, "depth": depth, "type": rnd.choice(TYPES), "cond": {}, "expr": None, "positive": [],
         "negated": False, "percentile": 50, "field": [], "by": rnd.choice([["g"], ["g"], ["g", "h"], []]), "aliases": {},
         "span": rnd.choice([10, 60, 60, 60, 120, 300, 3600]), "suppress": 0, "expect": [], "generate": rnd.random() < 0.3}
    ty = r["type"]
    if ty.startswith("temporal"):
        if len(r["refs"]) < 2:
            r["type"] = ty = "event_count"
    else:
        r["refs"] = r["refs"][:rnd.choice([1, 1, 2])]
    if ty.startswith("temporal"):
        n = len(r["refs"])
        how = rnd.random()
        if ty == "temporal" and how < 0.25:
            r["cond"] = {"gte": rnd.randint(1, n)}
        elif ty == "temporal" and how < 0.35:
            r["cond"] = {rnd.choice(["lt", "eq", "lte", "neq"]): rnd.randint(1, n)}
        elif ty == "temporal" and how < 0.7:
            r["expr"], p = expression(rnd, n)
            r["positive"] = sorted(p)
            r["negated"] = has_not(r["expr"])
        elif ty == "temporal_ordered" and how < 0.4:
            neg = rnd.sample(range(n), rnd.randint(0, n - 1))
            parts = [("not", i) if i in neg else i for i in range(n)]
            x = parts[0]
            for q in parts[1:]:
                x = ("and", x, q)
            r["expr"], r["positive"], r["negated"] = x, [i for i in range(n) if i not in neg], bool(neg)
        if ty == "temporal_ordered" and r["expr"] is None:
            r["positive"] = list(range(n))
    else:
        n = rnd.choice([1, 2, 3, 3, 4, 5])
        if ty.startswith("value_") and ty != "value_count":
            n = rnd.choice(["0.3", "5", "7.5", "12", "-2", "20"])
        how = rnd.random()
        low, high = rnd.choice(["gt", "gte", "gte"]), rnd.choice(["lt", "lte", "eq", "neq"])
        if how < 0.6:
            r["cond"] = {low: n}
        elif how < 0.85:
            r["cond"] = {high: n}
        else:
            r["cond"] = {low: n, rnd.choice(["lt", "lte"]): (n + 3 if isinstance(n, int) else "30")}
        if ty == "event_count" and rnd.random() < 0.12:
            r["cond"] = rnd.choice([{"lt": 1}, {"eq": 0}, {"lte": 0}])
        if ty == "value_count":
            r["field"] = rnd.choice([["u"], ["u"], ["u", "h"]])
        elif ty.startswith("value_"):
            r["field"] = ["v"]
            r["percentile"] = rnd.choice([1, 25, 50, 90, 95, 99, 100, 0]) if ty == "value_percentile" else 50
    if r["by"] == ["g"] and rnd.random() < 0.25:
        r["by"] = ["who"]
        r["aliases"] = {"who": {k: rnd.choice(["g", "h"]) for k in range(len(r["refs"]))}}
    if rnd.random() < 0.15:
        r["suppress"] = rnd.choice([30, 200])
    closing = r["negated"] or any(op in ("lt", "lte", "eq", "neq") for op in r["cond"])
    if closing and r["expr"] is None and len(r["by"]) == 1 and rnd.random() < 0.2:
        r["expect"] = ["x", "nobody"]
    for op in r["cond"]:
        r["cond"][op] = number(r["cond"][op])
    return r


def rule_yaml(r, rnd):
    c = {"type": r["type"], "rules": r["refs"] if len(r["refs"]) > 1 or rnd.random() < 0.5 else r["refs"][0],
         "timespan": "%dm" % (r["span"] // 60) if r["span"] % 60 == 0 and rnd.random() < 0.5 else "%ds" % r["span"]}
    if r["by"]:
        c["group-by"] = [SPELT.get(f, f) for f in r["by"]]
    if r["expr"] is not None:
        c["condition"] = text_of(r["expr"], r["refs"])
    elif r["cond"]:
        c["condition"] = {op: float(v) if v % 1 else int(v) for op, v in r["cond"].items()}
        if r["field"]:
            fields = [SPELT[f] for f in r["field"]]
            c["condition"]["field"] = fields if len(fields) > 1 else fields[0]
        if r["type"] == "value_percentile":
            c["condition"]["percentile"] = r["percentile"]
    if r["aliases"]:
        c["aliases"] = {a: {r["refs"][k]: SPELT[f] for k, f in m.items()} for a, m in r["aliases"].items()}
    if r["generate"]:
        c["generate"] = True
    doc = {"title": r["name"], "name": r["name"], "correlation": c}
    tocsin = {}
    if r["suppress"]:
        tocsin["suppress"] = "%ds" % r["suppress"]
    if r["expect"]:
        tocsin["expect"] = r["expect"]
    if tocsin:
        doc["tocsin"] = tocsin
    return json.dumps(doc)


def sequence(rnd, i, start):
    bases = ["s%d-%s" % (i, c) for c in "abc"]
    rules = []
    for k in range(rnd.randint(2, 4)):
        refs = rnd.sample(bases, rnd.randint(1, 3))
        rules.append(make_rule(rnd, "s%d-r%d" % (i, k), refs, 1))
    if rnd.random() < 0.6:
        inner = rnd.choice(rules)
        refs = [inner["name"], rnd.choice(bases)]
        rnd.shuffle(refs)
        rules.append(make_rule(rnd, "s%d-chain" % i, refs, 2))
        if rnd.random() < 0.3:
            rules.append(make_rule(rnd, "s%d-chain2" % i, ["s%d-chain" % i, rnd.choice(bases)], 3))
    # events
    spans = [r["span"] for r in rules]
    late = rnd.random() < 0.4
    values = ["1", "2.5", "0.1", "0.2", "7", "12", "-3", "20", " 4 ", "1e1"]
    evs, t = [], start
    for _ in range(rnd.randint(8, 45)):
        s = rnd.choice(spans)
        t += rnd.choice([0, 0, 1, 1, 5, 10, 15, 29, 30, 31, s // 2, s - 1, s, s, s + 1, 2 * s])
        at = t - rnd.choice([1, 10, 45, 60, 100, 400, 599, 700]) if late and rnd.random() < 0.2 and t > start + 900 else t
        e = {"kind": rnd.choice(bases + bases + ["other"]), "g": rnd.choice("xxyz"), "h": rnd.choice("xy"), "u": rnd.choice("abcde"),
             "v": rnd.choice(values)}
        if rnd.random() < 0.1:
            e["also"] = rnd.choice(bases)
        if rnd.random() < 0.1:
            del e[rnd.choice(["g", "h", "u", "v"])]
        elif rnd.random() < 0.2:
            e["v"] = rnd.choice([3, 2.25, -1, "many", "", "0x10", None, "nan"])
        evs.append((at, e))
    return bases, rules, evs, t


def yaml_docs(rnd, bases, rules):
    docs = [json.dumps({"title": b, "name": b, "logsource": {"product": "any"},
                        "detection": {"s": {"kind": b}, "t": {"also": b}, "condition": "s or t"}}) for b in bases]
    docs += [rule_yaml(r, rnd) for r in rules]
    rnd.shuffle(docs)
    return docs


# ---- the two side by side

def explain(tocsind, docs, evs, folder):
    rules, lines = os.path.join(folder, "rules"), os.path.join(folder, "events")
    os.makedirs(rules, exist_ok=True)
    half = len(docs) // 2
    for name, part in (("one.yml", docs[:half]), ("two.yml", docs[half:])):
        with open(os.path.join(rules, name), "w") as f:
            f.write("\n---\n".join(part) + "\n")
    with open(lines, "w") as f:
        for t, e in evs:
            f.write(json.dumps({"@timestamp": stamp(t), **{SPELT.get(k, k): v for k, v in e.items()}}) + "\n")
    p = subprocess.run([tocsind, "explain", "--json", "--input=events", "--any-logsource", "--rules", rules, lines], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
    if p.returncode:
        sys.exit("tocsind explain: status %d\n%s" % (p.returncode, p.stderr.decode()[:2000]))
    ours = {v: k for k, v in SPELT.items()}
    out = []
    for line in p.stdout.decode().splitlines():
        out.append(sorted((a["rule"], tuple((ours.get(k, k), v) for k, v in a["group"].items()), a["count"], round(float(a["value"]), 6))
                          for a in json.loads(line)["alerts"]))
    return out


def run(tocsind, seed, count, single=None):
    bases, rules, evs, docs, t = [], [], [], [], 0
    where = []
    for i in range(count):
        rnd = random.Random(seed * 1000003 + i)
        b, r, e, end = sequence(rnd, i, t)
        t = end + 10 * 86400
        if single is not None and i != single:
            continue
        docs += yaml_docs(rnd, b, r)
        bases += b
        rules += r
        evs += e
        where += [i] * len(e)
    with tempfile.TemporaryDirectory() as folder:
        got = explain(tocsind, docs, evs, folder)
    order = [json.loads(d)["name"] for d in docs]  # rules that one event matches are seen in the order of their files
    world = World(sorted(bases, key=order.index), rules)
    for r in world.rules:
        r.order = order.index(r.name)
    alerts = 0
    for n, (t, e) in enumerate(evs):
        want = world.event(t, e, n == len(evs) - 1)
        alerts += len(want)
        if n >= len(got) or want != got[n]:
            print("seed %d, sequence %d, event %d of all (%s %s):" % (seed, where[n], n + 1, stamp(t), json.dumps(e)))
            have = got[n] if n < len(got) else []
            for a in want:
                if a not in have:
                    print("  missing  %s" % (a,))
            for a in have:
                if a not in want:
                    print("  too much %s" % (a,))
            return None
    return alerts


def main():
    tocsind = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.environ.get("builddir", "."), "tocsind")
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    rounds = int(sys.argv[3]) if len(sys.argv) > 3 else 8
    total = 0
    for k in range(rounds):
        alerts = run(tocsind, seed + k, 60)
        if alerts is None:
            return 1
        total += alerts
    print("%d sequences, %d alerts: as reckoned" % (60 * rounds, total))
    return 0


if __name__ == "__main__":
    sys.exit(main())
