# SPDX-License-Identifier: ISC
"""score_change.py - the same lines with every address, pid and port changed, consistently and by a seed

A reader of meaning reads them as before; one that has learned lines by heart does not. What is valid stays valid, private stays
private, loopback stays loopback, two addresses of one network stay in one network, and equal stays equal.
"""
import hashlib
import ipaddress
import re

V4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d{1,3}(?!\d))")  # "192.0.2.1.40022" is one with its port
V6 = re.compile(r"(?:(?<=IPv6:)|(?<![\w:.]))(?=[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:)[0-9A-Fa-f:]{3,39}(?![\w:.])")
PID = re.compile(r"(?<=[\w)@]\[)\d{2,7}(?=\])")
PORT = re.compile(r"(?<=\bport )\d{2,5}\b|(?<=\b[SD]PT=)\d{2,5}\b|(?<=\bport=)\d{2,5}\b")


class Change:
    def __init__(self, seed):
        self.seed = str(seed).encode()

    def number(self, what, of, below):
        return int.from_bytes(hashlib.blake2b(f"{what} {of}".encode(), key=self.seed, digest_size=8).digest(), "big") % below

    def v4(self, text):
        part = [int(x) for x in text.split(".")]
        if any(p > 255 or str(p) != t for p, t in zip(part, text.split("."))) or part[0] in (0, 127) or part[0] >= 224:
            return text
        a, b, c, d = part
        if a == 10:
            head = [10, self.number("b", (a, b), 254) + 1]
        elif (a, b) == (192, 168) or (a == 172 and 16 <= b < 32) or (a, b) == (169, 254):
            head = [a, b]
        else:
            head = [(self.number("a", a, 97) + 11), self.number("b", (a, b), 256)]
        return ".".join(map(str, [*head, self.number("c", (a, b, c), 256), self.number("d", (a, b, c, d), 254) + 1]))

    def v6(self, text):
        try:
            at = ipaddress.IPv6Address(text)
        except ValueError:
            return text
        if at.is_loopback or at.is_unspecified or at.ipv4_mapped or text.count(":") < 2:
            return text
        words = at.exploded.split(":")
        new = words[:1] if at.is_link_local or at.is_private else [f"{0x2001 + self.number('6', words[0], 4000):x}"]
        for i in range(1, 8):
            new.append("0" if words[i] == "0000" else f"{self.number('6', words[:i + 1], 65534) + 1:x}")
        return str(ipaddress.IPv6Address(":".join(new)))

    def pid(self, text):
        return str(self.number("pid", text, 60000) + 100)

    def port(self, text):
        return str(self.number("port", text, 60000) + 1024) if int(text) > 1023 else text

    def text(self, s):
        s = V6.sub(lambda m: self.v6(m[0]), s)
        s = V4.sub(lambda m: self.v4(m[0]), s)
        s = PID.sub(lambda m: self.pid(m[0]), s)
        return PORT.sub(lambda m: self.port(m[0]), s)

    def expect(self, parse):
        """Header fields: a process id stands alone, what it was in the line tells the bracket."""
        out = {k: self.text(v) if isinstance(v, str) and k in ("host", "msg") else v for k, v in parse.items()}
        if isinstance(out.get("procid"), str) and re.fullmatch(r"\d{2,7}", out["procid"]) and out.get("dialect") == "rfc3164":
            out["procid"] = self.pid(out["procid"])
        return out
