# SPDX-License-Identifier: ISC
"""part_hole.py - the far side of notices is a black hole: whoever connects hears nothing, whoever comes next is not let in

The same daemon twice for each kind of far side, one that answers and one that does not: the intake and the client in turn, while news has to be told.
"""
import contextlib
import json
import socket
import time

from common import LINES, ROUNDS, Tocsind, account, ask, pushed, ratio, spread, traffic


@contextlib.contextmanager
def black_hole():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(0)
        yield s.getsockname()[1]


class Told(Tocsind):
    """Whose notices go to `port`, by webhook or by mail."""

    def __init__(self, name, kind, port):
        super().__init__(name, 300, hook=False, extra="" if kind == "webhook" else f'mail: {{server: "smtp://127.0.0.1:{port}", from: tocsin@example.test, tls: none}}\n')
        self.kind, self.hook_port = kind, port

    def prepare(self):
        super().prepare()
        if self.kind == "smtp":
            roster = (self.conf / "roster.yaml").read_text().replace("channels: [webhook]", "channels: [email]")
            (self.conf / "roster.yaml").write_text(roster)


def news(lab, tag, n=20):
    """Events of P2, about which people are told at once."""
    lab.tcp("".join(f"<38>1 - gw sudo 411 - - {tag}u{k} : 3 incorrect password attempts ; TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/sh\n" for k in range(n)).encode())


def status_ms(lab, n=20):
    took = []
    for _ in range(n):
        begun = time.monotonic()
        ask(lab, "/v1/status")
        took.append((time.monotonic() - begun) * 1e3)
    return sorted(took)[n // 2]


def outbox(lab):
    return json.loads(ask(lab, "/v1/status"))["record"]["outbox"]


def pair(kind, path, good_port, hole):
    rows, client = {"reachable": [], "dead": []}, {"reachable": [], "dead": []}
    with Told(f"{kind}-good", kind, good_port) as good, Told(f"{kind}-dead", kind, hole) as bad:
        both = (("reachable", good.up()), ("dead", bad.up()))
        for _, lab in both:
            pushed(lab, "t", path, LINES)
        for r in range(ROUNDS):
            for name, lab in both if r % 2 else both[::-1]:
                before = account(lab, "tcp")["received"]
                news(lab, f"r{r}")
                lab.settled(tcp=before + 20)
                rows[name].append(pushed(lab, "t", path, 2 * LINES, 2))
                client[name].append(status_ms(lab))
        waiting = {name: outbox(lab) for name, lab in both}
        for _, lab in both:
            lab.stop()
    return {"rate_dead_to_reachable": ratio(rows["dead"], rows["reachable"], "rate"), "cpu_dead_to_reachable": ratio(rows["dead"], rows["reachable"], "cpu"),
            "client_ms": {k: spread(v) for k, v in client.items()}, "outbox": waiting}


def run(scratch, out):
    mix = traffic(scratch, "mix", LINES, "-s", "1")
    out["hole"] = {}
    with black_hole() as hole, Tocsind("sinks", 0) as keeper:
        keeper.spawn_sink("-q")
        out["hole"]["webhook"] = pair("webhook", mix, keeper.hook_port, hole)
        try:
            keeper.smtp()
        except SystemExit:
            out["missing"]["smtp"] = "python3-aiosmtpd is not installed: no mail server to compare with"
            return
        out["hole"]["smtp"] = pair("smtp", mix, keeper.smtp_port, hole)
