# SPDX-License-Identifier: ISC
"""score_pack.py - what the shipped pack sees in the corpora, and where it stays quiet: the lower half of the table of score.py

Takes   cases with labels (a label that is null is never scored) and what explain said of them.
Gives   recall by tier, class, order of severity, false alarms, alerts of attack logs: rows of the table.

A webhook's body is given to explain as it is (--input=nul): the rules see its fields as they see those of a delivery. Attack logs are
    attacks, scans    a source of loghub with 8 or more lines called security events within 10 minutes, in the whole log as it stands
    repeated          one line of fail2ban's failed logins ten times, from an address that nothing else in the run has
"""
import collections
import ipaddress
import itertools
import re
from datetime import datetime

TIERS = {"linux": "recall_linux", "web": "recall_web", "app": "recall_app", "webhook": "recall_hook"}
ROWS = [("recall_linux", "security events seen, Linux", 98), ("recall_web", "security events seen, web", 96), ("recall_app", "security events seen, applications", 92),
        ("recall_hook", "security events seen, webhooks", 92), ("class", "class right (first part), of those seen", 98), ("order", "severity ordered as rated (a tie is half)", 85),
        ("quiet", "harmless lines without an event", 99.99), ("no_incident", "harmless lines without P1 to P3", 100),
        ("attacks", "attack logs: alert with the source, attacks", 92), ("scans", "attack logs: alert with the source, scans", 88),
        ("repeated", "a failed login ten times: alert", 92)]
CHANGED = ("recall_linux", "recall_web", "recall_app", "recall_hook", "class", "quiet", "no_incident", "attacks", "scans")
URGENT = ("P1", "P2", "P3")
FEW, WINDOW = 8, 600  # lines of one source within seconds: then it is an attack


def first(cls):
    return (cls or "").split("/")[0]


def brief(got):
    """What a failure is shown with."""
    ev = got["event"]
    return {"event": ev and {k: ev.get(k) for k in ("class", "severity", "priority", "src_ip", "user")}, "sightings": [s["title"] for s in got["sightings"]],
            "fields": dict(list(got["fields"].items())[:12])}


def score_case(t, case, got, ratings):
    """One case, however it was given to explain."""
    want, ev = case["expect"], got["event"]
    says, row = want.get("is_security_event"), TIERS.get(case["tier"])
    if says is True and row:
        t.add(row, ev is not None, case["id"], want.get("class") or "an event", brief(got), case.get("raw"))
        if ev and want.get("class"):
            t.add("class", first(ev["class"]) == first(want["class"]), case["id"], want["class"], brief(got), case.get("raw"))
        scale = "hint" if want.get("severity_hint") is not None else "rank" + case["program"] if want.get("severity_rank") is not None else None
        if scale:
            ratings[scale].append((want.get("severity_hint") if scale == "hint" else want["severity_rank"], ev["severity"] if ev else 0, case["id"]))
    elif says is False:
        t.add("quiet", ev is None, case["id"], None, brief(got), case.get("raw"))
        t.add("no_incident", not ev or ev["priority"] not in URGENT, case["id"], None, brief(got), case.get("raw"))


def score_order(t, ratings):
    """Of every two that are rated apart on one scale: is the worse one worse for us, too? Equal groups are counted, not paired one by one."""
    halves = collections.Counter()
    for scale, rated in ratings.items():
        groups, example = collections.Counter((r, s) for r, s, _ in rated), {(r, s): i for r, s, i in rated}
        for (a, n), (b, m) in itertools.combinations(groups.items(), 2):
            if a[0] == b[0]:
                continue
            low, high = sorted((a, b))
            halves["all"] += 2 * n * m
            halves["right"] += n * m * (2 if high[1] > low[1] else 1 if high[1] == low[1] else 0)
            if high[1] <= low[1]:
                t.fails["order"].append((f"{scale}: {n * m} pairs such as {example[high]} and {example[low]}", f"{high[0]} > {low[0]}", f"{high[1]} and {low[1]}", None))
    if halves["all"]:
        t.all["order"], t.right["order"] = halves["all"] // 2, halves["right"] / 2


def score_hooks(t, hooks, explain_all, raw_of, ratings):
    for case, got in zip(hooks, explain_all([raw_of(c) for c in hooks])):
        if got:
            score_case(t, case, got, ratings)


# ---- attack logs

def source_of(case):
    return (case["expect"].get("fields") or {}).get("src_ip")


def stamp(got):
    return datetime.fromisoformat(got["time"].replace("Z", "+00:00")).timestamp() if got["time"] else None


def dense(times):
    times = sorted(x for x in times if x is not None)
    return any(b - a <= WINDOW for a, b in zip(times, times[FEW - 1:]))


def same_address(a, b):
    try:
        return ipaddress.ip_address(a) == ipaddress.ip_address(b)
    except (ValueError, TypeError):
        return a is not None and a == b


def score_log(t, name, log, explain_all, raw_of):
    """A real log in one go: who stands in it densely enough must have been called."""
    seen, kind, called = collections.defaultdict(list), collections.defaultdict(collections.Counter), set()
    for case, got in zip(log, explain_all([raw_of(c) for c in log])):
        if got is None:
            continue
        called.update(a["src_ip"] for a in got["alerts"])
        if case["expect"].get("is_security_event") and source_of(case):
            seen[source_of(case)].append(stamp(got))
            kind[source_of(case)][first(case["expect"].get("class"))] += 1
    for src, times in seen.items():
        if dense(times):
            t.add("scans" if kind[src].most_common(1)[0][0] == "information-gathering" else "attacks", any(same_address(src, c) for c in called), f"{name} {src}", f"an alert from {src}", "none from it", None)


def alone(case, i):
    """The line from an address of its own, or nothing when its address does not stand in it as it is."""
    src, raw = source_of(case), case.get("raw")
    if not raw or not src or "wrap" in case or "\n" in raw:
        return None
    new = f"2a02:db8:{i + 1:x}::7" if ":" in src else f"45.{80 + i // 250}.{i % 250}.7"
    line, n = re.subn(r"(?<![0-9A-Fa-f:.])" + re.escape(src) + r"(?![0-9A-Fa-f:]|\.\d)", new, raw)
    return (new, line.encode()) if n else None


def score_repeated(t, all_cases, explain_all):
    groups = collections.defaultdict(list)
    for i, case in enumerate(all_cases):
        if case["expect"].get("is_security_event") and case["id"].startswith("fail2ban/") and case["tier"] in TIERS and first(case["expect"].get("class")) == "intrusion-attempts":
            if it := alone(case, i):
                groups[() if case["transport"] == "syslog" else (f"--as=line:{case['program']}",)].append((case, *it))
    for words, group in groups.items():
        out = explain_all([line for _, _, line in group for _ in range(10)], words)
        for k, (case, src, line) in enumerate(group):
            got = out[10 * k:10 * k + 10]
            good = any(same_address(a["src_ip"], src) for g in got if g for a in g["alerts"])
            t.add("repeated", good, case["id"], f"an alert from {src}", brief(got[0]), line)


def score_attacks(t, logs, explain_all, raw_of):
    for name, log in logs.items():
        score_log(t, name, log, explain_all, raw_of)
