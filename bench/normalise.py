# SPDX-License-Identifier: ISC
"""normalise.py - what the peers make fields with: 31 patterns for what gen.c writes, as a rulebase of liblognorm and as a patterndb of syslog-ng

rsyslog leaves a blank in front of the text of an RFC 3164 message and none in front of RFC 5424's, so each of its rules stands there for both; syslog-ng
takes the blank away, and its other patterns are of the same programs.
"""
from xml.sax.saxutils import escape

RULES = [
    "Accepted publickey for %user:word% from %src:ipv4% port %port:number% ssh2: %key:rest%",
    "pam_unix(sshd:session): session opened for user %user:char-to:(%(uid=%uid:number%) by (uid=%by:number%)",
    "%-:whitespace%%user:word% : TTY=%tty:word% ; PWD=%pwd:word% ; USER=%run:word% ; COMMAND=%command:rest%",
    "%user:word% : %n:number% incorrect password attempts ; TTY=%tty:word% ; PWD=%pwd:word% ; USER=%run:word% ; COMMAND=%command:rest%",
    "(%user:char-to:)%) CMD (%command:rest%",
    "[%-:whitespace%%up:char-to:]%] %text:rest%",
    "[%up:char-to:]%] %text:rest%",
    "%src:ipv4% - - [%stamp:char-to:]%] \"%method:word% %path:word% HTTP/1.1\" %status:number% %size:number% %referer:quoted-string% %agent:quoted-string%",
    "connect from %name:char-to:[%[%src:ipv4%]",
    "disconnect from %name:char-to:[%[%src:ipv4%]",
    "%queue:char-to:\\x3a%: from=<%from:char-to:>%>, size=%size:number%, nrcpt=%rcpt:number% (queue active)",
    "client @%client:word% %src:ipv4%#%port:number% (%zone:char-to:)%): query: %name:word% IN A %flags:word% (%server:char-to:)%)",
    "Failed password for %user:word% from %src:ipv4% port %port:number% ssh2",
    "Invalid user %user:word% from %src:ipv4% port %port:number%",
    "Started %unit:rest%",
]

PATTERNS = {
    "sshd": [
        "Accepted publickey for @ESTRING:user: @from @IPv4:src@ port @NUMBER:port@ ssh2: @ANYSTRING:key@",
        "Accepted password for @ESTRING:user: @from @IPv4:src@ port @NUMBER:port@ ssh2",
        "pam_unix(sshd:session): session opened for user @ESTRING:user:(@uid=@NUMBER:uid@) by (uid=@NUMBER:by@)",
        "pam_unix(sshd:session): session closed for user @ANYSTRING:user@",
        "Failed password for invalid user @ESTRING:user: @from @IPv4:src@ port @NUMBER:port@ ssh2",
        "Failed password for @ESTRING:user: @from @IPv4:src@ port @NUMBER:port@ ssh2",
        "Invalid user @ESTRING:user: @from @IPv4:src@ port @NUMBER:port@",
        "Connection closed by @IPv4:src@ port @NUMBER:port@",
        "Received disconnect from @IPv4:src@ port @NUMBER:port@:@ANYSTRING:text@",
    ],
    "sudo": [
        "@ESTRING:user: : TTY=@@ESTRING:tty: @; PWD=@ESTRING:pwd: @; USER=@ESTRING:run: @; COMMAND=@ANYSTRING:command@",
        "@ESTRING:user: : @@NUMBER:n@ incorrect password attempts ; TTY=@ESTRING:tty: @; PWD=@ESTRING:pwd: @; USER=@ESTRING:run: @; COMMAND=@ANYSTRING:command@",
        "@ESTRING:user: : user NOT in sudoers ; TTY=@@ESTRING:tty: @; PWD=@ESTRING:pwd: @; USER=@ESTRING:run: @; COMMAND=@ANYSTRING:command@",
    ],
    "CRON": ["(@ESTRING:user:)@ CMD (@ANYSTRING:command@", "(@ESTRING:user:)@ END (@ANYSTRING:command@", "(@ESTRING:user:)@ RELOAD (@ANYSTRING:command@"],
    "kernel": ["[@ESTRING:up:]@ @ANYSTRING:text@", "device @ESTRING:device: @entered promiscuous mode"],
    "nginx": [
        "@IPv4:src@ - - [@ESTRING:stamp:]@ \"@ESTRING:method: @@ESTRING:path: @HTTP/1.1\" @NUMBER:status@ @NUMBER:size@ \"@ESTRING:referer:\"@ \"@ESTRING:agent:\"@",
        "@IPv4:src@ - @ESTRING:user: @[@ESTRING:stamp:]@ \"@ESTRING:method: @@ESTRING:path: @HTTP/1.1\" @NUMBER:status@ @NUMBER:size@ \"@ESTRING:referer:\"@ \"@ESTRING:agent:\"@",
    ],
    "postfix/smtpd": ["connect from @ESTRING:name:[@@IPv4:src@]", "disconnect from @ESTRING:name:[@@IPv4:src@]@ANYSTRING:text@",
                      "lost connection after @ESTRING:step: @from @ESTRING:name:[@@IPv4:src@]"],
    "postfix/qmgr": ["@ESTRING:queue::@ from=<@ESTRING:from:>@, size=@NUMBER:size@, nrcpt=@NUMBER:rcpt@ (queue active)", "@ESTRING:queue::@ removed"],
    "named": [
        "client @@@ESTRING:client: @@IPv4:src@#@NUMBER:port@ (@ESTRING:zone:)@: query: @ESTRING:name: @IN A @ESTRING:flags: @(@ESTRING:server:)@",
        "client @@@ESTRING:client: @@IPv4:src@#@NUMBER:port@: @ANYSTRING:text@",
        "zone @ESTRING:zone::@ @ANYSTRING:text@",
    ],
    "systemd": ["Started @ANYSTRING:unit@", "Stopped @ANYSTRING:unit@", "Starting @ANYSTRING:unit@", "Reloading @ANYSTRING:unit@"],
}


def rulebase():
    both = [r if r.startswith("%-:whitespace%") else "%-:whitespace%" + r for r in RULES] + RULES + ["(%user:char-to:)%) END (%command:rest%"]
    return "version=2\n" + "".join(f"rule=:{r}\n" for r in both)


def patterndb():
    out, n = ['<?xml version="1.0" encoding="UTF-8"?>', '<patterndb version="4" pub_date="2026-11-22">'], 0
    for program, patterns in PATTERNS.items():
        out.append(f'<ruleset name="{program}" id="bench-{program.replace("/", "-")}"><pattern>{program}</pattern><rules>')
        for p in patterns:
            n += 1
            out.append(f'<rule provider="bench" id="bench-{n}" class="system"><patterns><pattern>{escape(p)}</pattern></patterns></rule>')
        out.append("</rules></ruleset>")
    assert n == 31, n
    return "\n".join([*out, "</patterndb>", ""])
