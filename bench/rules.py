# SPDX-License-Identifier: ISC
"""rules.py - rule packs of any size for measuring: twelve that see what gen.c makes, the others like those of a real pack but silent

Takes   a number of rules; 0 gives none at all.
Gives   Sigma YAML. The first twelve are in every pack, so that packs of different size find the same things: wrong passwords (counted per address; an alert
        of P4), names that do not exist (the same), sudo refused (an event of P2 a host and user, so that somebody is told by webhook), a login after guessing.
        The others are literals, pairs and lists of words, and a few regular expressions; some look at one program only. Seeded: the same every time.
"""
import random

HEAD = ("title: {title}\nid: 00000000-0000-5000-8000-{n:012d}\nname: {name}\nstatus: test\ndescription: Made for measuring.\nauthor: tocsin\n"
        "date: 2026-11-22\n")
TAIL = "level: {level}\ntocsin: {{class: {cls}, outcome: {outcome}, activity: ongoing, impact: {impact}, title: \"{title}\"{more}}}\n"
PROGRAMS = ("sshd", "sudo", "cron", "nginx", "named", "kernel")
SYLLABLES = "ba ce di fo gu ha je ki lo mu na pe qui ro su ta ve wi xo zy".split()


def detection(n, name, title, service, body, level="low", cls="intrusion-attempts/brute-force", outcome="attempted", impact="{c: 1, i: 1, a: 0}", more=""):
    source = f"logsource: {{product: linux, service: {service}}}\n" if service else "logsource: {product: linux}\n"
    return (HEAD.format(title=title, n=n, name=name) + source + "detection:\n" + body + "  condition: words\n"
            + TAIL.format(level=level, cls=cls, outcome=outcome, impact=impact, title=title, more=more))


def correlation(n, name, title, body, level="medium", cls="intrusion-attempts/brute-force", outcome="attempted", impact="{c: 1, i: 1, a: 0}", more=", event: yes"):
    return HEAD.format(title=title, n=n, name=name) + "correlation:\n" + body + TAIL.format(level=level, cls=cls, outcome=outcome, impact=impact, title=title, more=more)


def words(*texts):
    return "  words:\n    message|contains: [" + ", ".join(f'"{t}"' for t in texts) + "]\n"


def twelve():
    count = "  type: event_count\n  rules: [{rule}]\n  group-by: [src_ip]\n  timespan: 10m\n  condition: {{gte: {n}}}\n"
    return [
        detection(1, "bench-failed", "Wrong password from {src_ip}", "sshd", words("Failed password for "), more=", entity: [src_ip, host]"),
        correlation(2, "bench-guessing", "Guessing from {src_ip}", count.format(rule="bench-failed", n=5)),
        detection(3, "bench-invalid", "Unknown name from {src_ip}", "sshd", words("Invalid user ")),
        correlation(4, "bench-names", "Names tried from {src_ip}", count.format(rule="bench-invalid", n=10)),
        detection(5, "bench-sudo", "sudo refused to {user} on {host}", "sudo", words(" incorrect password attempts"), "critical", "intrusions/privileged-account-compromise",
                  "success", "{c: 3, i: 3, a: 3}", ", entity: [host, user]"),
        detection(6, "bench-accepted", "Login of {user} from {src_ip}", "sshd", words("Accepted password for "), "informational", "other/undetermined", "unknown",
                  "{c: 0, i: 0, a: 0}"),
        correlation(7, "bench-inside", "Login after guessing from {src_ip}", "  type: temporal_ordered\n  rules: [bench-guessing, bench-accepted]\n  group-by: [src_ip]\n"
                    "  timespan: 1h\n", "critical", "intrusions/privileged-account-compromise", "success", "{c: 3, i: 3, a: 3}"),
        detection(8, "bench-denied", "Refused to {user}", "sudo", words("user NOT in sudoers", "command not allowed")),
        detection(9, "bench-account", "Account made", "", words("new user: name=", "new group: name=")),
        detection(10, "bench-crash", "Crash", "kernel", words("segfault at ", "general protection fault"), cls="availability/outage"),
        detection(11, "bench-away", "Log stopped", "", words("exiting on signal 15", "Audit daemon is no longer auditing")),
        detection(12, "bench-scan", "Scanner", "nginx", words("/etc/passwd", "../../", "sqlmap/"), cls="intrusion-attempts/exploit"),
    ]


def silent(n, dice):
    """One that no line of gen.c fulfils."""
    def word():
        return "".join(dice.choice(SYLLABLES) for _ in range(dice.randint(3, 5)))

    kind = dice.random()
    service = dice.choice(PROGRAMS) if dice.random() < 0.4 else ""
    if kind < 0.6:
        body = words(f"{word()} {word()}")
    elif kind < 0.75:
        body = words(*(f"/{word()}/{word()}.php" for _ in range(4)))
    elif kind < 0.9:
        body = f"  words:\n    message|contains|all: [\"{word()}=\", \"{word()}\"]\n"
    else:
        body = f"  words:\n    message|re: '{word()}[0-9]{{1,5}} (failed|denied) for [a-z]+'\n"
    return detection(n, f"bench-silent-{n}", f"Made for measuring {n}", service, body, more=", event: yes")


def pack(n):
    dice = random.Random(42)
    return "---\n".join(twelve()[:n] + [silent(k, dice) for k in range(13, n + 1)])
