#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""rfc5424.py - a recogniser written from the ABNF of RFC 5424 section 6 alone, against the daemon, over generated and damaged messages

Both must agree on what is RFC 5424, and then on every field; what is none must not be called so; every byte is kept.
TOCSIN_SEED and TOCSIN_MESSAGES make other and longer runs.
"""
import base64
import calendar
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SRC, BUILD = Path(os.environ["srcdir"]), Path(os.environ["builddir"])
SEED, N = int(os.environ.get("TOCSIN_SEED", "1")), int(os.environ.get("TOCSIN_MESSAGES", "6000"))
NILVALUE, BOM = b"-", b"\xef\xbb\xbf"

# ---- the grammar (RFC 5424 6), rule by rule
PRI = rb"<(?P<pri>0|[1-9][0-9]{0,2})>"  # 6.2.1: no leading zeros
VERSION = rb"(?P<version>[1-9][0-9]{0,2})"
FULL_DATE = rb"(?P<y>[0-9]{4})-(?P<mo>0[1-9]|1[0-2])-(?P<d>0[1-9]|[12][0-9]|3[01])"
PARTIAL_TIME = rb"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
TIME_OFFSET = rb"(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
TIMESTAMP = rb"(?P<ts>-|" + FULL_DATE + rb"T" + PARTIAL_TIME + TIME_OFFSET + rb")"
HEADER = re.compile(PRI + VERSION + rb" " + TIMESTAMP + rb" (?P<host>[!-~]{1,255}) (?P<app>[!-~]{1,48}) (?P<procid>[!-~]{1,128}) (?P<msgid>[!-~]{1,32}) ")
SD_NAME = rb'[!#-<>-\\^-~]{1,32}'  # PRINTUSASCII except '=', SP, ']', '"'
PARAM = re.compile(rb' (' + SD_NAME + rb')="((?:[^"\\\]]|\\(?:["\\\]])|\\(?!["\\\]]))*)"', re.S)
ELEMENT_ID = re.compile(rb"\[(" + SD_NAME + rb")")


def utf8(b):
    try:
        b.decode("utf-8", "strict")
        return True
    except UnicodeDecodeError:
        return False


def recognise(raw):
    """The fields, or None when it is no SYSLOG-MSG."""
    m = HEADER.match(raw)
    if not m or int(m["pri"]) > 191:
        return None
    if m["y"] and int(m["d"]) > (calendar.monthrange(int(m["y"]) or 2000, int(m["mo"]))[1]):
        return None
    at, sd = m.end(), None
    if raw[at:at + 1] == NILVALUE:
        at += 1
    else:
        sd = {}
        while e := ELEMENT_ID.match(raw, at):
            name, at, params = e[1].decode(), e.end(), {}
            if name in sd:  # 6.3.2: not more than once
                return None
            while p := PARAM.match(raw, at):
                value = raw[p.start(2):p.end(2)]
                if not utf8(value):
                    return None
                params.setdefault(p[1].decode(), []).append(re.sub(rb'\\(["\\\]])', rb"\1", value).decode())
                at = p.end()
            if raw[at:at + 1] != b"]":
                return None
            sd[name] = {k: v[0] if len(v) == 1 else v for k, v in params.items()}
            at += 1
        if not sd:
            return None
    msg = None
    if at < len(raw):
        if raw[at:at + 1] != b" ":
            return None
        msg = raw[at + 1:] or None
        if msg and msg.startswith(BOM) and not utf8(msg):
            return None
    text = {k: None if m[k] == NILVALUE else m[k].decode() for k in ("ts", "host", "app", "procid", "msgid")}
    return {"pri": int(m["pri"]), "version": int(m["version"]), **text, "sd": sd, "msg": msg}


# ---- generated messages
def token(rng, most):
    n = rng.choice([1, 2, 5, 12, most - 1, most]) if rng.random() < 0.98 else most + 1
    return bytes(rng.choice(b"abcXYZ019-_.:/<>[]\"=\\!~") for _ in range(n)) if rng.random() < 0.8 else NILVALUE


def stamp(rng):
    if rng.random() < 0.2:
        return NILVALUE
    year, month, day = rng.choice([1, 1970, 1999, 2000, 2024, 2026, 9999]), rng.randrange(0, 14), rng.choice([0, 1, 28, 29, 30, 31, 32, rng.randrange(1, 29)])
    if rng.random() < 0.95:
        month, day = min(max(month, 1), 12), min(max(day, 1), 28)
    clock = f"{rng.choice([0, 9, 23, 23, 24] if rng.random() < 0.05 else [0, 9, 23]):02}:{rng.choice([0, 59]):02}:{rng.choice([0, 30, 59] if rng.random() < 0.9 else [60, 61]):02}"
    frac = "." + "123456789"[:rng.choice([1, 3, 6, 6, 6, 6, 6, 7])] if rng.random() < 0.5 else ""
    zone = rng.choice(["Z", "Z", "+02:00", "-07:00", "+23:59", "-00:00", "+14:00"] if rng.random() < 0.97 else ["", "z", "+24:00", "+0200", "+02", "+02:60"])
    return f"{year:04}-{month:02}-{day:02}{rng.choice('TTTTTTTTt ') if rng.random() < 0.1 else 'T'}{clock}{frac}{zone}".encode()


def text(rng, most=40):
    words = [b"a", b" ", b"Failed", b"\xc3\xa4", b"\xe2\x82\xac", b"\xf0\x9f\x98\x80", b"\n", b"\t", b"'", b"[", b"{", b"<13>", b"1"]
    if rng.random() < 0.02:
        words += [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xe2\x82", b"\xf4\x90\x80\x80"]
    return b"".join(rng.choice(words) for _ in range(rng.randrange(most)))


def structured(rng):
    if rng.random() < 0.4:
        return NILVALUE
    out = b""
    if rng.random() < 0.02:
        return b"".join(b"[e%d]" % i for i in rng.choices(range(10000), k=3)) + b"".join(b"[f%d a=\"\"]" % i for i in range(rng.choice([9, 70, 500])))
    for _ in range(rng.choice([1, 2, 3, 12])):
        sd_id = b"%s%d@32473" % (rng.choice([b"id", b"ex", b"\\", b"a" * 24]), rng.randrange(5 if rng.random() < 0.02 else 100000))
        params = b""
        for _ in range(rng.randrange(4)):
            value = re.sub(rb'(["\\\]])', rb"\\\1", text(rng, 8) + rng.choice([b"", b'"', b"\\", b"]", b"\\\\"]))
            params += b" %s=\"%s\"" % (rng.choice([b"a", b"b", b"n" * 32, b"n" * 33] if rng.random() < 0.02 else [b"a", b"b", b"c"]), rng.choice([value, value, b"\\n\\x" + value]))
        out += b"[" + sd_id + params + b"]"
    return out


def message(rng):
    pri = rng.choice([0, 1, 13, 34, 165, 191] if rng.random() < 0.95 else [192, 999])
    head = b"<%d>%d " % (pri, rng.choice([1, 1, 1, 2, 99, 999] if rng.random() < 0.95 else [0, 1000]))
    out = head + b" ".join([stamp(rng), token(rng, 255), token(rng, 48), token(rng, 128), token(rng, 32), structured(rng)])
    if rng.random() < 0.8:
        out += b" " + (BOM if rng.random() < 0.4 else b"") + text(rng)
    return out


def damage(rng, raw):
    out = bytearray(raw)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(out) + 1)
        what = rng.randrange(4)
        if what == 0:
            out[at:at] = rng.choice([b" ", b"-", b"<", b">", b"[", b"]", b'"', b"\\", b"=", b"\x7f", b"\x01", b"\xc3", BOM, b"0", b"T", b":", b"."])
        elif what == 1:
            del out[at:at + rng.randrange(1, 3)]
        elif what == 2 and out:
            out[at % len(out)] = rng.randrange(1, 256)
        else:
            out = out[:at]
    return bytes(out).replace(b"\0", b"")


def explain(raws):
    with tempfile.NamedTemporaryFile(prefix="tocsin-rfc5424.") as f:
        f.write(b"".join(r + b"\0" for r in raws))
        f.flush()
        p = subprocess.run([str(BUILD / "tocsind"), "explain", "--json", "--input=nul", "-c", str(SRC / "etc" / "tocsin.yaml"), f.name], capture_output=True)
    out = [json.loads(x) for x in p.stdout.splitlines()]
    if len(out) != len(raws):
        sys.exit(f"{len(raws)} messages in, {len(out)} out\n{p.stderr.decode(errors='replace')}")
    return out


def bytes_of(v):
    return base64.b64decode(v["b64"]) if isinstance(v, dict) and set(v) == {"b64"} else v.encode() if isinstance(v, str) else v


def main():
    rng = random.Random(SEED)
    raws = [message(rng) for _ in range(N // 2)]
    raws += [damage(rng, rng.choice(raws)) for _ in range(N - len(raws))]
    valid = failed = 0
    for raw, got in zip(raws, explain(raws)):
        want, parse = recognise(raw), got["parse"]
        valid += want is not None
        wrong = [] if base64.b64decode(got["raw_b64"]) == raw else ["raw"]
        if (want is not None) != (parse["dialect"] == "rfc5424"):
            wrong.append("dialect")
        elif want:
            wrong += [k for k in want if (bytes_of(parse[k]) if k == "msg" else parse[k]) != want[k]] + ([] if parse["valid"] else ["valid"])
        if wrong:
            failed += 1
            if failed <= 10:
                print(f"{wrong}: {raw!r}\n  wanted {want}\n  got    {parse}")
    print(f"seed {SEED}: {len(raws)} messages, {valid} of them RFC 5424, {failed} read wrong")
    sys.exit(1 if failed or valid < N // 10 or valid > N * 9 // 10 else 0)


main()
