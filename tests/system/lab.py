# SPDX-License-Identifier: ISC
"""lab.py - a scratch folder with a real tocsind, real senders and real receivers, for system tests and the quickstart

Nothing here sleeps: what is waited for is a line of a program's output, an answer of the API, or the end of a process, each with a
deadline. Every process started is ended by its own id.
"""
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
SRC = HERE.parent.parent
BUILD = Path(os.environ.get("builddir") or os.environ.get("TOCSIN_BUILD") or SRC / "build").resolve()
PYTHON = "/usr/bin/python3"
CASEWORK = {"list", "show", "next", "check-close", "watch"}


def skip(why):
    print("SKIP:", why)
    sys.exit(77)


def fail(why):
    raise SystemExit("FAIL: " + why)


def need(*programs):
    for p in programs:
        if not shutil.which(p):
            skip(f"{p} is not installed")


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def balanced(a):
    return a["received"] == a["harmless"] + a["stored"] + a["folded"] + a["shed"]


class Lines:
    """The lines of a pipe, waited for with a deadline."""

    def __init__(self, fd, name):
        self.fd, self.name, self.held, self.seen = fd, name, b"", []

    def next(self, seconds=10.0):
        until = time.monotonic() + seconds
        while b"\n" not in self.held:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                return None
            got = os.read(self.fd, 65536)
            if not got:
                return None
            self.held += got
        line, self.held = self.held.split(b"\n", 1)
        text = line.decode("utf-8", "replace")
        self.seen.append(text)
        return text

    def until(self, wanted, seconds=10.0):
        end = time.monotonic() + seconds
        while (line := self.next(end - time.monotonic())) is not None:
            if wanted(line):
                return line
        return None


class Lab:
    def __init__(self, name="lab", keep=None):
        self.dir = Path(keep or tempfile.mkdtemp(prefix=f"tocsin-{name}."))
        self.dir.mkdir(parents=True, exist_ok=True)
        self.dir.chmod(0o755)
        self.keep, self.procs, self.tokens = keep, [], {}
        self.ports = {"udp": free_port(socket.SOCK_DGRAM), "tcp": free_port(), "http": free_port()}
        self.daemon, self.smtp_port, self.log = None, None, None
        self.conf = self.dir / "etc"
        self.options = {}

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.close(failed=kind is not None and not (kind is SystemExit and value.code in (0, 77)))

    # ---- receivers
    def spawn(self, argv, **kw):
        p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **kw)
        self.procs.append(p)
        return p, Lines(p.stdout.fileno(), argv[0])

    def smtp(self, *options, where="mail"):
        p, lines = self.spawn([PYTHON, str(HERE / "smtp_sink.py"), str(self.dir / where), *options], stderr=subprocess.DEVNULL)
        ready = lines.next(20)
        if not ready or not ready.startswith("READY"):
            skip("no SMTP server: python3-aiosmtpd is not installed")
        self.smtp_port, self.mail = int(ready.split()[1]), lines
        return p, lines

    def hook(self, secret, *options):
        p, lines = self.spawn([PYTHON, str(HERE / "hook_sink.py"), str(self.dir / "hooks"), secret, *options])
        self.hook_port, self.hook_lines = int(lines.next(20).split()[1]), lines
        return p, lines

    # ---- configuration
    def configure(self, policy=None, roster=None, extra="", mail=True, rules=None):
        self.conf.mkdir(exist_ok=True)
        (self.dir / "state").mkdir(exist_ok=True)
        for part in ("rules.d", "normalise.d", "dialects.d"):
            if not (self.conf / part).exists():
                shutil.copytree(SRC / "etc" / part, self.conf / part)
        if rules is not None:
            (self.conf / "rules.d" / "test.yml").write_text(rules)
        (self.conf / "policy").mkdir(exist_ok=True)
        (self.conf / "policy" / "demo.yaml").write_text(policy or POLICY)
        (self.conf / "roster.yaml").write_text(roster or ROSTER)
        secret = self.conf / "scanner.secret"
        secret.write_text("whsec_" + "c2VjcmV0LW9mLXRoZS1zY2FubmVyLTMyLWJ5dGVzISE=" + "\n")
        secret.chmod(0o600)
        run = self.dir / "run"
        text = f"""state: {self.dir}/state
run: {run}
domain: tocsin.example.test
ballast: 1MiB
free_floor: 1MiB
listen:
  - {{kind: udp, address: "127.0.0.1:{self.ports['udp']}"}}
  - {{kind: tcp, address: "127.0.0.1:{self.ports['tcp']}"}}
  - {{kind: unixgram, address: {run}/log.sock}}
  - {{kind: unix, address: {run}/stream.sock}}
  - {{kind: http, address: "127.0.0.1:{self.ports['http']}"}}
webhooks:
  - {{name: scanner, auth: standard, secret_file: scanner.secret}}
"""
        if mail and self.smtp_port:
            text += f"mail: {{server: \"smtp://127.0.0.1:{self.smtp_port}\", from: tocsin@example.test, tls: none}}\n"
        (self.conf / "tocsin.yaml").write_text(text + extra)
        return self

    # ---- the daemon
    def start(self, argv_extra=(), env=None, seconds=30, program="tocsind"):
        r, w = os.pipe()
        self.log = open(self.dir / "tocsind.log", "ab")
        e = dict(os.environ, **(env or {}))
        self.daemon = subprocess.Popen([str(BUILD / program), "-c", str(self.conf / "tocsin.yaml"), "--ready-fd", str(w), *argv_extra],
                                       stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, pass_fds=[w], env=e)
        os.close(w)
        line = Lines(r, "ready").next(seconds)
        os.close(r)
        if line != "READY":
            fail("tocsind did not become ready; its log:\n" + self.tail())
        return self

    def tail(self, n=30):
        return "\n".join((self.dir / "tocsind.log").read_text(errors="replace").splitlines()[-n:])

    def stop(self, sig=signal.SIGTERM, seconds=20):
        if not self.daemon:
            return None
        self.daemon.send_signal(sig)
        status = self.daemon.wait(seconds)
        self.daemon = None
        return status

    def children(self):
        """Process ids of the roles by name."""
        out = {}
        for d in Path("/proc").iterdir():
            if not d.name.isdigit():
                continue
            try:
                stat = (d / "stat").read_text()
                if int(stat.rsplit(")", 1)[1].split()[1]) != self.daemon.pid:
                    continue
                for a in (d / "cmdline").read_bytes().split(b"\0"):
                    if a.startswith(b"--role="):
                        out[a.decode()[7:]] = int(d.name)
            except (OSError, ValueError):
                continue
        return out

    def close(self, failed=False):
        for p in ([self.daemon] if self.daemon else []) + self.procs:
            if p.poll() is None:
                p.terminate()
        for p in ([self.daemon] if self.daemon else []) + self.procs:
            try:
                p.wait(15)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
        if failed:
            print("---- the daemon's last lines\n" + (self.tail() if self.log else "(never started)"))
        if not self.keep:
            shutil.rmtree(self.dir, ignore_errors=True)

    # ---- people
    @property
    def socket(self):
        return str(self.dir / "run" / "control.sock")

    def tocsin(self, *argv, who=None, check=True, stdin=None):
        # a home of its own: a token that somebody keeps in theirs is for another daemon
        env = dict(os.environ, TOCSIN_SOCKET=self.socket, NO_COLOR="1", TOCSIN_NO_PROMPT="1", HOME=str(self.dir))
        for name in ("TOCSIN_TOKEN_FILE", "XDG_CONFIG_HOME"):
            env.pop(name, None)
        if not who and argv[0] in CASEWORK:  # root runs the daemon and reads no cases: ask as the officer
            who = "iso"
        if who:
            if who not in self.tokens:
                self.token(who)
            env["TOCSIN_TOKEN_FILE"] = str(self.tokens[who])
        p = subprocess.run([str(BUILD / "tocsin"), *argv], env=env, capture_output=True, text=True, input=stdin,
                           stdin=None if stdin is not None else subprocess.DEVNULL, timeout=60)
        if check and p.returncode:
            fail(f"tocsin {' '.join(argv)} (as {who or 'admin'}) ended with {p.returncode}:\n{p.stdout}{p.stderr}")
        return p

    def json(self, *argv, who=None):
        p = self.tocsin(*argv, "--json", who=who, check=False)
        if p.returncode not in (0, 7):  # 7: answered, and found something
            fail(f"tocsin {' '.join(argv)} ended with {p.returncode}:\n{p.stdout}{p.stderr}")
        return json.loads(p.stdout)

    def account(self):
        """The account per transport, {"tcp": {"received": ...}}; balanced() says whether it does."""
        return {a["transport"]: a for a in self.json("status")[0]["intake"]}

    def settled(self, **received):
        """Waits until each transport named has received (or the kernel dropped) that many and nothing is in flight."""
        def probe():
            now = self.account()
            whole = all(now[t]["received"] + now[t]["kernel"] >= n for t, n in received.items())
            return now if whole and all(balanced(a) for a in now.values()) else None
        return self.wait(f"{received} in a balanced account", probe, 120)

    def token(self, login):
        out = self.tocsin("token", "add", login).stdout
        words = [w for w in out.split() if w.startswith("tok_")]
        if not words:
            fail("tocsin token add printed no token: " + out)
        path = self.dir / f"{login}.token"
        path.touch(0o600)
        path.write_text(words[0] + "\n")
        self.tokens[login] = path

    def wait(self, what, probe, seconds=15.0):
        """Asks again until probe() gives something true. The asking is a round trip to a program, so it does not spin."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            got = probe()
            if got:
                return got
            select.select([], [], [], 0.02)
        fail(f"waited {seconds:.0f} s in vain for: {what}\n{self.tail(10)}")

    # ---- senders
    def tcp(self, data):
        with socket.create_connection(("127.0.0.1", self.ports["tcp"])) as s:
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            s.settimeout(60)
            while s.recv(4096):
                pass

    def logger(self, text, how="udp", tag="sshd", pid=411, pri="auth.info"):
        argv = ["logger", "--id=%d" % pid, "-t", tag, "-p", pri]
        if how == "unix":
            argv += ["-u", str(self.dir / "run" / "log.sock")]
        else:
            argv += ["-n", "127.0.0.1", "-P", str(self.ports[how]), "--rfc3164", "-d" if how == "udp" else "-T"]
        subprocess.run([*argv, "--", text], check=True, stdin=subprocess.DEVNULL)


POLICY = """ladders:
  P1: {steps: [{after: 0, who: [iso], channels: all}, {after: 3s, who: [deputy]}, {after: 6s, who: [management]}], repeat: 1h}
  P2: {steps: [{after: 0, who: [iso], channels: all}, {after: 3s, who: [deputy]}, {after: 1h, who: [management]}], repeat: 1h}
"""

ROSTER = """orgs:
  - {slug: main, name: Example GmbH, tz: Europe/Berlin}
people:
  - login: iso
    name: Ida Iso
    email: iso@example.test
    function: iso
    roles: [{org: main, role: iso, from: 2026-01-01, reason: appointed by the management board}]
  - login: dep
    name: Dan Deputy
    email: dep@example.test
    function: iso
    roles: [{org: main, role: deputy, from: 2026-01-01, reason: appointed by the management board}]
  - login: boss
    name: Bea Boss
    email: boss@example.test
    function: management
    roles: [{org: main, role: management, from: 2026-01-01, reason: managing director}]
assets:
  - {key: gw, name: VPN gateway, org: main, need: {c: 3, i: 3, a: 3}, data: 2}
"""
