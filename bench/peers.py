# SPDX-License-Identifier: ISC
"""peers.py - other programs that read the same lines: how each is configured, started, fed, checked and ended

A peer is measured when its program is found (on PATH, in /usr/sbin, or below BENCH_PEERS, a folder of unpacked packages) and told to be absent otherwise. Each
runs with the rights of whoever runs the bench, in a scratch folder, on loopback and a free port; its output is counted: lines in = lines out, or the
figure is marked with what it lost.
"""
import os
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

import normalise
from common import Missing, blast, cpu_of_pids, free_port, which

# the words of the twelve `contains` filters: those of rules.twelve()
WORDS = ("Failed password for ", "Invalid user ", " incorrect password attempts", "Accepted password for ", "user NOT in sudoers", "command not allowed",
         "new user: name=", "segfault at ", "exiting on signal 15", "/etc/passwd", "../../", "sqlmap/")


def count_lines(path):
    total = 0
    with open(path, "rb", buffering=0) as f:
        while chunk := f.read(1 << 20):
            total += chunk.count(b"\n")
    return total


class Server:
    """A peer that listens: started, fed over a socket, awaited until its file stops growing."""

    ready_seconds = 15

    def __init__(self, folder, kind):
        self.dir, self.kind, self.out = Path(folder), kind, Path(folder) / "out"
        self.dir.mkdir(parents=True, exist_ok=True)
        self.port = free_port(socket.SOCK_DGRAM if kind == "u" else socket.SOCK_STREAM)
        self.out.unlink(missing_ok=True)
        self.log = open(self.dir / "log", "wb")
        self.p = subprocess.Popen(self.argv(), stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, env=dict(os.environ, **self.env()), cwd=self.dir)
        self.wait_listening()

    def env(self):
        return {}

    def inode(self):
        """The kernel's line about our socket: (inode, bytes waiting, drops)."""
        want = f"0100007F:{self.port:04X}"
        for line in Path("/proc/net/" + ("udp" if self.kind == "u" else "tcp")).read_text().splitlines()[1:]:
            w = line.split()
            if w[1] == want and (self.kind == "u" or w[3] == "0A"):
                return int(w[4].split(":")[1], 16), int(w[12]) if self.kind == "u" else 0
        return None

    def wait_listening(self):
        until = time.monotonic() + self.ready_seconds
        while not self.inode():
            if self.p.poll() is not None or time.monotonic() > until:
                why = (self.dir / "log").read_text(errors="replace").strip().splitlines()[-3:]
                self.close()
                raise Missing("does not start: " + " / ".join(why))
            select.select([], [], [], 0.01)

    def size(self):
        try:
            return self.out.stat().st_size
        except FileNotFoundError:
            return 0

    def feed(self, path, count, rounds=1, rate=None, seconds=60):
        cpu, start = cpu_of_pids([self.p.pid]), time.monotonic()
        sent = blast(f"-{self.kind}", f"127.0.0.1:{self.port}", "-c", str(rounds), *(["-n", str(count)] if self.kind == "u" else []), *(["-r", str(rate)] if rate else []), path)
        size, last = -1, time.monotonic()
        lines = 0
        while time.monotonic() < start + seconds:  # over when nothing has been written for a while
            now = self.size()
            if now != size:
                size, last = now, time.monotonic()
            elif time.monotonic() - last > (0.25 if now else 3):
                lines = count_lines(self.out) if now else 0
                if lines >= count or time.monotonic() - last > 1.5:
                    break
            select.select([], [], [], 0.003)
        used = cpu_of_pids([self.p.pid]) - cpu
        return {"lines": lines or 1, "seconds": last - start, "cpu": used, "lost": count - lines, "kernel": (self.inode() or (0, 0))[1], "sent_s": sent["lines"] / sent["seconds"]}

    def close(self):
        if self.p.poll() is None:
            self.p.send_signal(signal.SIGTERM)
            try:
                self.p.wait(15)
            except subprocess.TimeoutExpired:
                self.p.kill()
                self.p.wait()
        self.log.close()
        self.out.unlink(missing_ok=True)


# ---- rsyslog
class Rsyslog(Server):
    program = "rsyslogd"
    tcp_module = "imtcp"
    template = 'template(name="out" type="string" string="%timereported:::date-rfc3339% %hostname% %syslogtag%%msg%\\n")\n'
    actions = '  action(type="omfile" file="{out}" template="out")\n'
    modules = ""

    def argv(self):
        program = which(self.program)
        if not program:
            raise Missing("rsyslogd is not installed")
        module = {"t": self.tcp_module, "u": "imudp"}[self.kind]
        option = ' rcvbufSize="64m"' if self.kind == "u" else ""
        (self.dir / "rulebase").write_text(normalise.rulebase())
        (self.dir / "conf").write_text(
            f'global(workDirectory="{self.dir}")\nmodule(load="{module}")\n{self.modules}{self.template}'
            f'input(type="{module}" port="{self.port}" address="127.0.0.1" ruleset="in"{option})\n'
            f'ruleset(name="in") {{\n{self.actions.format(out=self.out, dir=self.dir)}}}\n')
        return [program, "-n", "-f", str(self.dir / "conf"), "-i", str(self.dir / "pid")]


class RsyslogNormalize(Rsyslog):
    tcp_module = "imptcp"
    modules = 'module(load="mmnormalize")\n'
    template = ('template(name="out" type="string" string="{\\"time\\":\\"%timereported:::date-rfc3339%\\",\\"host\\":\\"%hostname:::json%\\",'
                '\\"program\\":\\"%programname:::json%\\",\\"fields\\":%$!all-json%}\\n")\n')
    actions = '  action(type="mmnormalize" rulebase="{dir}/rulebase")\n  action(type="omfile" file="{out}" template="out")\n'


class RsyslogContains(RsyslogNormalize):
    actions = RsyslogNormalize.actions + "".join(f'  if $msg contains "{w}" then action(type="omfile" file="{{dir}}/alerts" template="out")\n' for w in WORDS)


# ---- syslog-ng
class SyslogNg(Server):
    program = "syslog-ng"
    parser, template = "", ""

    def env(self):
        root = Path(which("syslog-ng")).resolve().parents[2]
        return {} if str(root) == "/" else {"LD_LIBRARY_PATH": str(root / "usr/lib/syslog-ng")}

    def argv(self):
        program = which(self.program)
        if not program:
            raise Missing("syslog-ng is not installed (Debian installs either it or rsyslog: see bench/README.md)")
        (self.dir / "patterndb.xml").write_text(normalise.patterndb())
        udp = " so-rcvbuf(67108864)" if self.kind == "u" else " max-connections(10)"
        (self.dir / "conf").write_text(
            "@version: 3.38\noptions { stats-freq(0); keep-hostname(yes); use-dns(no); dns-cache(no); log-fifo-size(200000); };\n"
            f'source s {{ network(transport("{"udp" if self.kind == "u" else "tcp"}") ip("127.0.0.1") port({self.port}) flags(syslog-protocol) log-iw-size(100000) '
            f"log-fetch-limit(1000){udp}); }};\n"
            f'destination d {{ file("{self.out}"{self.template}); }};\n'
            f"log {{ source(s); {self.parser.format(dir=self.dir)} destination(d); flags(flow-control); }};\n")
        modules = sorted((Path(program).resolve().parents[2] / "usr/lib/syslog-ng").glob("[0-9]*"))
        return [program, "-F", "--no-caps", *(["--module-path", str(modules[0])] if modules else []), "-f", str(self.dir / "conf"), "-R", str(self.dir / "persist"),
                "-p", str(self.dir / "pid"), "-c", str(self.dir / "ctl")]


class SyslogNgPatterndb(SyslogNg):
    parser = 'parser {{ db-parser(file("{dir}/patterndb.xml")); }};'
    template = ' template("$(format-json --scope rfc5424 --scope nv-pairs)\\n")'


SERVERS = {"rsyslog_file": Rsyslog, "rsyslog_normalize": RsyslogNormalize, "rsyslog_contains": RsyslogContains, "syslog_ng_file": SyslogNg, "syslog_ng_patterndb": SyslogNgPatterndb}


def started(name, folder, kind):
    """Tried again: between asking for a free port and using it somebody else may take it."""
    for attempt in range(2):
        try:
            return SERVERS[name](folder, kind)
        except Missing:
            if attempt or not which(SERVERS[name].program):
                raise
    return None
