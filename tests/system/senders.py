#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""senders.py - what real senders send arrives whole: rsyslog over TCP (newline, octet-counted), UDP and both formats"""
import shutil
import socket
import subprocess

from lab import Lab, skip

FORMS = [("tcp", "RSYSLOG_SyslogProtocol23Format", "octet-counted"), ("tcp", "RSYSLOG_SyslogProtocol23Format", "traditional"),
         ("tcp", "RSYSLOG_TraditionalForwardFormat", "traditional"), ("tcp", "RSYSLOG_ForwardFormat", "octet-counted"),
         ("udp", "RSYSLOG_TraditionalForwardFormat", "traditional")]
N = 500


def main():
    if not shutil.which("rsyslogd", path="/usr/sbin:/usr/bin:/sbin:/bin"):
        skip("rsyslog is not installed")
    with Lab("senders") as lab:
        lab.configure(mail=False).start()
        want = {"tcp": 0, "udp": 0}
        for i, (proto, template, framing) in enumerate(FORMS):
            sock, conf = lab.dir / f"in{i}.sock", lab.dir / f"rsyslog{i}.conf"
            conf.write_text(f'module(load="imuxsock" SysSock.Use="off")\ninput(type="imuxsock" Socket="{sock}" CreatePath="on" UseSysTimeStamp="off" RateLimit.Interval="0")\n'
                            f'global(workDirectory="{lab.dir}")\naction(type="omfwd" target="127.0.0.1" port="{lab.ports[proto]}" protocol="{proto}" '
                            f'template="{template}" TCP_Framing="{framing}" action.resumeRetryCount="-1")\n')
            p = subprocess.Popen(["/usr/sbin/rsyslogd", "-n", "-f", str(conf), "-i", str(lab.dir / f"rs{i}.pid")], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=open(lab.dir / f"rs{i}.log", "wb"))
            lab.procs.append(p)
            lab.wait("rsyslog listens", sock.exists)
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                s.connect(str(sock))
                for n in range(N):
                    s.send(f"<38>Oct 11 22:14:15 sshd[{n}]: Failed password for root from 198.51.100.{i + 1} port {n} ssh2".encode())
            # every sender has a host name of its own choosing; what counts is its address and its number of lines
            found = lab.wait(f"{N} lines of {template} over {proto}, {framing}",
                             lambda: [e for e in lab.json("list", "events") if e["src_ip"] == f"198.51.100.{i + 1}" and e["count"] == N], 30)
            print(f"{proto} {framing} {template}: {found[0]['count']} of {N}")
            want[proto] += N
            p.terminate()
            p.wait(20)
        account = lab.settled(**want)
        print({t: account[t]["received"] for t in want})


main()
