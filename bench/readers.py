# SPDX-License-Identifier: ISC
"""readers.py - peers that read a file and end: SEC, fail2ban-regex, CrowdSec. Their start is in the figure, as it is in their use

Each gets the first lines of the same traffic, as many as it reads in a few seconds.
"""
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from common import QUICK, Missing, free_port, which

COUNT = {"sec": 50000, "fail2ban": 50000, "crowdsec": 10000}
WORDS = ("Failed password for \\S+ from (\\S+)", "Invalid user \\S+ from (\\S+)", "(\\S+) : \\d+ incorrect password attempts", "Accepted password for \\S+ from (\\S+)",
         "(\\S+) : user NOT in sudoers", "(\\S+) : command not allowed", "new user: name=(\\S+)", "(\\S+)\\[\\d+\\]: segfault at ", "exiting on (signal 15)",
         "(\\S+) .*/etc/passwd", "(\\S+) .*\\.\\./\\.\\./", "(\\S+) .*sqlmap/")


def first_lines(folder, path, n):
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / "lines"
    if not out.exists():
        with open(path, "rb") as f, open(out, "wb") as o:
            for _ in range(n):
                o.write(re.sub(rb"^<\d+>(1 )?", b"", f.readline()))  # as such a file holds them
    return out, sum(1 for _ in open(out, "rb"))


def timed(argv, **kw):
    begun = time.monotonic()
    p = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **kw)
    text = p.stdout.read().decode("utf-8", "replace")
    _, status, used = os.wait4(p.pid, 0)
    p.returncode = os.waitstatus_to_exitcode(status)
    p.stdout.close()
    return {"seconds": time.monotonic() - begun, "cpu": used.ru_utime + used.ru_stime, "peak_mib": round(used.ru_maxrss / 1024, 1)}, text, p.returncode


def lines_of(name):
    return COUNT[name] // (10 if QUICK else 1)


def sec(folder, path):
    program = which("sec")
    if not program:
        raise Missing("sec is not installed")
    lines, n = first_lines(folder, path, lines_of("sec"))
    (folder / "conf").write_text("".join(
        f"type=SingleWithThreshold\nptype=RegExp\npattern={w}\ndesc=rule {i} $1\naction=write {folder}/alerts $1\nwindow=60\nthresh=5\n\n" for i, w in enumerate(WORDS)))
    row, text, status = timed([program, f"--conf={folder}/conf", f"--input={lines}", "--notail", "--fromstart", "--debug=4"])
    if status:
        raise Missing("ended with an error: " + text[-200:])
    return {**row, "lines": n}


def fail2ban(folder, path):
    program = which("fail2ban-regex")
    filters = next((f for f in (Path(os.environ.get("BENCH_PEERS", "/")) / "etc/fail2ban/filter.d/sshd.conf", Path("/etc/fail2ban/filter.d/sshd.conf")) if f.exists()), None)
    if not program or not filters:
        raise Missing("fail2ban-regex is not installed")
    lines, n = first_lines(folder, path, lines_of("fail2ban"))
    row, text, _ = timed([program, "--print-no-missed", "--print-no-ignored", str(lines), str(filters)])
    seen = re.search(r"Lines: (\d+) lines, \d+ ignored, (\d+) matched", text)
    if not seen:
        raise Missing("says nothing of lines: " + text[-200:])
    return {**row, "lines": n, "lost": n - int(seen[1])}


# ---- CrowdSec: one-shot over a file, with the scenarios that Debian ships, without its central API
PARSERS = {"s00-raw": ["syslog-logs"], "s01-parse": ["sshd-logs", "nginx-logs"], "s02-enrich": ["dateparse-enrich", "http-logs"]}
SCENARIOS = ("ssh-bf", "ssh-slow-bf", "http-bad-user-agent", "http-probing", "http-sensitive-files", "http-sqli-probing", "http-xss-probing", "http-crawl-non_statics",
             "http-backdoors-attempts", "http-generic-bf")


def crowdsec_home(folder, share, port):
    """A configuration of its own: nothing of the system's is read or written."""
    etc = folder / "etc"
    shutil.copytree(share / "hub", folder / "hub")
    shutil.copytree(share / "data", folder / "data")
    for d in ("patterns", "notifications", "scenarios", "collections", "postoverflows", *(f"parsers/{p}" for p in PARSERS)):
        (etc / d).mkdir(parents=True)
    (folder / "plugins").mkdir()
    for pattern in (share.parents[2] / "etc/crowdsec/patterns").glob("*"):
        shutil.copy(pattern, etc / "patterns")
    for stage, names in PARSERS.items():
        for n in names:
            item = folder / "hub/parsers" / stage / "crowdsecurity" / f"{n}.yaml"
            if item.exists():
                (etc / "parsers" / stage / f"{n}.yaml").symlink_to(item)
    for n in SCENARIOS:
        (etc / "scenarios" / f"{n}.yaml").symlink_to(folder / "hub/scenarios/crowdsecurity" / f"{n}.yaml")
    (etc / "simulation.yaml").write_text("simulation: false\n")
    (etc / "profiles.yaml").write_text("name: ban\nfilters: [Alert.Remediation == true]\ndecisions: [{type: ban, duration: 4h}]\non_success: break\n")
    for empty in ("acquis.yaml", "credentials.yaml"):
        (etc / empty).touch(0o600)
    conf = {"common": {"daemonize": False, "log_media": "stdout", "log_level": "warning", "log_dir": str(folder), "working_dir": str(folder)},
            "config_paths": {"config_dir": f"{etc}/", "data_dir": f"{folder}/data/", "simulation_path": f"{etc}/simulation.yaml", "hub_dir": f"{folder}/hub/",
                             "index_path": f"{folder}/hub/.index.json", "notification_dir": f"{etc}/notifications/", "plugin_dir": f"{folder}/plugins/"},
            "crowdsec_service": {"acquisition_path": f"{etc}/acquis.yaml", "parser_routines": 1}, "cscli": {"output": "human"},
            "db_config": {"log_level": "info", "type": "sqlite", "db_path": f"{folder}/data/crowdsec.db"}, "plugin_config": {"user": "nobody", "group": "nogroup"},
            "api": {"client": {"credentials_path": f"{etc}/credentials.yaml"},
                    "server": {"log_level": "warning", "listen_uri": f"127.0.0.1:{port}", "profiles_path": f"{etc}/profiles.yaml", "trusted_ips": ["127.0.0.1"]}},
            "prometheus": {"enabled": False}}
    (etc / "config.yaml").write_text(json.dumps(conf))  # JSON is YAML


def crowdsec(folder, path):
    program, cscli = which("crowdsec"), which("cscli")
    if not program or not cscli:
        raise Missing("crowdsec is not installed")
    share = Path(program).resolve().parents[1] / "share/crowdsec"
    if not (share / "hub").is_dir():
        raise Missing("crowdsec is there, the scenarios of Debian's package are not")
    lines, n = first_lines(folder, path, lines_of("crowdsec"))
    home = folder / "home"
    shutil.rmtree(home, ignore_errors=True)
    crowdsec_home(home, share, free_port())
    conf = str(home / "etc/config.yaml")
    _, text, status = timed([cscli, "-c", conf, "machines", "add", "bench", "-a", "-f", str(home / "etc/credentials.yaml")])
    if status:
        raise Missing("cscli fails: " + text[-200:])
    row, text, status = timed([program, "-c", conf, "-dsn", f"file://{lines}", "-type", "syslog", "-no-capi"])
    if status:
        raise Missing("ended with an error: " + text[-200:])
    return {**row, "lines": n}


READERS = {"sec": sec, "fail2ban": fail2ban, "crowdsec": crowdsec}
