# SPDX-License-Identifier: ISC
"""tell.py - the figures of a run for people"""
from common import show


def at(out, *path):
    for key in path:
        out = out.get(key) if isinstance(out, dict) else None
    return out


def rate_line(name, f):
    s = f.get("spread", {})
    note = f"  LOST {f['lost']:,}" if f.get("lost") else ""
    print(f"  {name:28} {show(s.get('lines_s')):>36} lines/s   CPU s per million {show(s.get('cpu_s_per_m'))}{note}")


def ratios_told(out):
    """300 rules to everybody, no rules to the limit, every pack to that of 12; the others stand in the file of figures."""
    for n, row in out.get("ratios", {}).items():
        for other, r in row.items():
            if n == "300" or other == "12" or (n, other) == ("0", "limit"):
                yield n, other, r


def tcp(out):
    if not at(out, "tocsind", "tcp"):
        return
    print(f"\nTCP: the same {out['lines']:,} lines to each in turn, {out['rounds']} rounds; median (min-max)")
    if at(out, "limit", "tcp"):
        rate_line("limit (read, count)", out["limit"]["tcp"])
    for n, f in out["tocsind"]["tcp"].items():
        rate_line(f"tocsind, {n}" + (" rules" if n.isdigit() else " pack"), f)
    for n, f in out["peers"].items():
        for kind in ("tcp", "file"):
            if kind in f:
                rate_line(n + (" (a file)" if kind == "file" else ""), f[kind])
    for n, other, r in ratios_told(out):
        print(f"  {n + ' to ' + other:28} rate x {show(r['rate'])}   CPU x {show(r['cpu'])}")
    if out.get("webhooks"):
        print("  webhooks sent, signed and received:", ", ".join(f"{k}: {v:,}" for k, v in out["webhooks"].items()))


def udp(out):
    rows = {"limit": at(out, "limit", "udp"), "tocsind, 300 rules": at(out, "tocsind", "udp"), **{n: f.get("udp") for n, f in out["peers"].items()}}
    if not any(rows.values()):
        return
    print("\nUDP: highest rate without a loss, and the CPU it took")
    for n, f in rows.items():
        if f:
            print(f"  {n:28} {f['lines_s']:>12,} lines/s   CPU s per million {f['cpu_s_per_m']}")
    u = rows["tocsind, 300 rules"] or {}
    if "at_2_5_normalize" in u:
        a = u["at_2_5_normalize"]
        print(f"  tocsind at 2.5 times rsyslog + mmnormalize: asked {a['asked_lines_s']:,}/s, sent {show(a['sent_lines_s'])}; {a['runs_without_loss']} of {a['runs']} runs without loss, "
              f"dropped by the kernel {a['kernel_drops']}")
    if "flat_out" in u:
        a = u["flat_out"]
        print(f"  tocsind flat out: sent {a['sent']:,} at {a['sent_lines_s']:,}/s = received {a['received']:,} + dropped by the kernel {a['kernel_drops']:,}")


def flood(out):
    for key, title in (("recurring", "every line relevant, 200 attackers who come back"), ("million_sources", "every line relevant, nobody comes twice")):
        if at(out, "flood", key):
            print(f"\nFlood: {title}")
            for n, f in out["flood"][key].items():
                rate_line(f"tocsind, {n}" + (" rules" if n.isdigit() else " pack"), f)
                if "stored" in f:
                    print(f"    stored {f['stored']:,}, folded {f['folded']:,}, shed {f['shed']:,}, groups evicted {f['evicted']:,.0f}, database {f['database_mib']:,} MiB, "
                          f"resident at the peak {f['memory_mib']['peak']} MiB, webhooks {f['webhooks']:,}")


def groups(out):
    if not out.get("groups"):
        return
    print("\nGroups of a correlation, every line one of them")
    for n, f in out["groups"].items():
        if n.isdigit():
            rate_line(f"{int(n):,} groups", f)
            print(f"    bytes a group {f['bytes_a_group']}; resident {f['resident_bytes_a_group']}")
    c = out["groups"]["cap"]
    print(f"  cap {c['max_groups']:,}: made {c['made']:,} = held {c['held']:,} + evicted {c['evicted']:,}: {'exact' if c['exact'] else 'NOT EXACT'}")


def latency(out):
    if not out.get("latency_ms"):
        return
    print("\nLatency, ms: line sent, event committed, webhook received")
    for name, f in out["latency_ms"].items():
        if name != "load":
            print(f"  {name if name == 'idle' else format(int(name), ',') + ' lines/s':18} p50 {f['p50']:>7} p99 {f['p99']:>7} max {f['max']:>7}   of {f['probes']}, at {f['lines_s']:,} lines/s; legs {f['legs']}")


def people(out):
    for name, f in out.get("people_ms", {}).items():
        if name == "verify":
            print(f"  the record afterwards: {f}")
        else:
            print(f"{'' if name != 'alone' else chr(10)}Webhooks in, {name.replace('_', ' ')}, ms: commit p50 {f['commit']['p50']} p99 {f['commit']['p99']}; answered p50 {f['webhook']['p50']} "
                  f"p99 {f['webhook']['p99']} max {f['webhook']['max']} of {f['webhook']['n']}; at {f['sent_lines_s']:,} lines/s; calls {f.get('calls', {})}")


def others(out):
    if out.get("memory"):
        print("\nMemory, MiB (what roles share counted once)")
        for name, f in out["memory"].items():
            roles = ", ".join(f"{r} {m['pss']}" for r, m in f["mib"].items() if r != "all")
            print(f"  {name:22} {f['fair']:>7} now, {f['peak_fair']:>7} at the peak ({roles})")
    if out.get("start_s"):
        s = out["start_s"]
        print(f"\nStart, s: 3,000 rules cold {show(s['cold_3000'])}, from the cache {show(s['cached_3000'])}; shipped pack {s['cold_shipped']}, {s['cached_shipped']}")
    for kind, f in out.get("hole", {}).items():
        print(f"\nBlack hole, {kind}: dead to reachable: rate x {show(f['rate_dead_to_reachable'])}, CPU x {show(f['cpu_dead_to_reachable'])}; status ms {f['client_ms']}; outbox {f['outbox']}")
    if out.get("stored"):
        print("\nStored events: CPU us of one more; us of lists, p50/p99")
        for n, f in out["stored"]["sizes"].items():
            lists = ", ".join(f"{k} {f[k]['p50']}/{f[k]['p99']}" for k in ("address", "incident", "last"))
            print(f"  {int(n):>12,}: {f['cpu_us']:>7} ({f['wall_us']} of the clock); {lists}; {f['database_mib']:,} MiB")
        print(f"  growth: {out['stored']['growth']}")


def tell(out):
    for part in (tcp, udp, flood, groups, latency, people, others):
        part(out)
    if out["missing"]:
        print()
    for n, why in out["missing"].items():
        print(f"not measured: {n}: {why}")
