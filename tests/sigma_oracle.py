#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""sigma_oracle.py - an evaluator of Sigma written from the specification alone, against tocsind on thousands of rule x event pairs

The rules are made by a seeded generator (every modifier and chain, wildcards and backslashes, null, lists, keywords, every form of
condition), and are the published ones where the corpora are there; the events are made from the rules, so that they match or nearly do.
Every rule of a batch meets every event of it.

usage: sigma_oracle.py [SEED [BATCHES]]      SIGMA_KEEP=FOLDER keeps the files of batches that differ
"""
import base64
import ipaddress
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import yaml
except ImportError:
    print("skipped: python3-yaml is not here")
    sys.exit(77)

SRC, BUILD = Path(os.environ.get("srcdir", ".")), Path(os.environ.get("builddir", "build"))
CORPORA = Path(os.environ.get("TOCSIN_CORPORA", SRC / ".." / "shared" / "corpora"))
STAR, ONE = object(), object()

# --- the evaluator: values


def read_string(s):
    """A value as written to a list of characters and wildcards: a backslash escapes * ? and itself, and else stands for itself."""
    out, i = [], 0
    while i < len(s):
        if s[i] == "\\" and s[i + 1:i + 2] in ("*", "?", "\\"):
            out.append(s[i + 1])
            i += 2
            continue
        out.append(STAR if s[i] == "*" else ONE if s[i] == "?" else s[i])
        i += 1
    return out


def plain(tokens):
    if any(t is STAR or t is ONE for t in tokens):
        raise ValueError("wildcards")
    return "".join(tokens)


def as_regex(tokens, cased):
    text = "".join(".*" if t is STAR else "." if t is ONE else re.escape(t) for t in tokens)
    return re.compile(r"\A(?:" + text + r")\Z", re.DOTALL | (0 if cased else re.IGNORECASE))


def windash(tokens):
    """Every combination of the dashes in front of a word."""
    def word(t):
        return isinstance(t, str) and (t.isalnum() or t == "_")
    at = [i for i, t in enumerate(tokens) if t in ("-", "/") and i + 1 < len(tokens) and word(tokens[i + 1]) and not (i and word(tokens[i - 1]))]
    all_of = [list(tokens)]
    for i in at:
        all_of = [v[:i] + [d] + v[i + 1:] for v in all_of for d in "-/\u2013\u2014\u2015"]
    return all_of


def base64offset(raw):
    for i in range(3):
        code = base64.b64encode(b" " * i + raw).decode()
        yield list(code[(0, 2, 3)[i]:(None, -3, -2)[(len(raw) + i) % 3]])


def scalar(x):
    return "true" if x is True else "false" if x is False else x if isinstance(x, str) else json.dumps(x)


class Item:
    """field|mod|mod: values"""

    def __init__(self, key, value):
        self.field, *mods = key.split("|") if key is not None else ("",)
        self.keyword = not self.field
        self.all = "all" in mods
        self.negate = "neq" in mods
        values = value if isinstance(value, list) else [value]
        self.values = [(None, None)] if not values else [self.make(v, [m for m in mods if m not in ("all", "neq")]) for v in values]
        self.values = [v if isinstance(v, list) else [v] for v in self.values]  # one may have become several, any of which will do

    def make(self, v, mods):
        kind, cased, flags, part, shape = "text", False, 0, None, ""
        if mods == [] and not self.keyword and (v is None or isinstance(v, (bool, int, float))):
            return ("null", None) if v is None else ("value", v)
        drafts = [(read_string(scalar(v)), scalar(v))] if v is not None else None
        for m in mods:
            if m in ("contains", "startswith", "endswith"):
                shape = m
                if kind == "text":
                    drafts = [(([STAR] if m != "startswith" else []) + t + ([STAR] if m != "endswith" else []), r) for t, r in drafts]
            elif m == "windash":
                drafts = [(w, r) for t, r in drafts for w in windash(t)]
            elif m in ("wide", "utf16le", "utf16be", "utf16"):
                code = "utf-16be" if m == "utf16be" else "utf-16le"
                mark = b"\xff\xfe" if m == "utf16" else b""
                drafts = [(list((mark + plain(t).encode(code)).decode("latin-1")), "bytes") for t, r in drafts]
            elif m in ("base64", "base64offset"):
                raw = [plain(t).encode("latin-1" if r == "bytes" else "utf-8") for t, r in drafts]
                drafts = [(list(base64.b64encode(b).decode()), "") for b in raw] if m == "base64" else [(t, "") for b in raw for t in base64offset(b)]
            elif m == "cased":
                cased = True
            elif m in ("i", "m", "s"):
                flags |= {"i": re.I, "m": re.M, "s": re.S}[m]
            elif m in ("minute", "hour", "day", "week", "month", "year"):
                part = m
            else:
                kind = m
        if kind == "exists":
            return ("exists", v)
        if kind == "re":
            return ("re", re.compile(drafts[0][1], flags))
        if kind == "cidr":
            return ("cidr", ipaddress.ip_network(drafts[0][1]))
        if kind in ("lt", "lte", "gt", "gte"):
            return ("number", kind, float(v), part)
        if kind == "fieldref":
            return ("ref", v, shape, cased)
        if part:
            return ("part", part, v)
        if self.keyword:
            drafts = [([STAR] + t + [STAR], r) for t, r in drafts]
        return [("glob", as_regex(t, cased)) for t, r in drafts]

    def one(self, v, x, event):
        """One value of the rule against one of the event."""
        if v[0] in ("null", "exists"):
            return False
        if v[0] == "value":
            want = v[1]
            if isinstance(want, bool):
                return scalar(want) == scalar(x).lower()
            if isinstance(x, (int, float)) and not isinstance(x, bool):
                return float(x) == float(want)
            return scalar(x).lower() == scalar(want).lower()
        text = scalar(x)
        if v[0] == "glob":
            return bool(v[1].match(text))
        if v[0] == "re":
            return bool(v[1].search(text))
        if v[0] == "cidr":
            try:
                a = ipaddress.ip_address(text)
                return a.version == v[1].version and a in v[1]
            except ValueError:
                return False
        if v[0] in ("number", "part"):
            if v[0] == "part" or v[3]:
                text = date_part(text, v[1] if v[0] == "part" else v[3])
            if v[0] == "part":
                return text is not None and int(text) == v[2]
            if text is None or not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text):
                return False
            a, b = float(text), v[2]
            return {"lt": a < b, "lte": a <= b, "gt": a > b, "gte": a >= b}[v[1]]
        if v[0] == "ref":
            fold = (lambda s: s) if v[3] else str.lower
            how = {"": str.__eq__, "contains": str.__contains__, "startswith": str.startswith, "endswith": str.endswith}[v[2]]
            return any(how(fold(text), fold(scalar(y))) for y in look(event, v[1]) if y is not None)
        raise AssertionError(v)

    def value(self, v, event):
        if self.keyword:
            return any(self.one(v, x, event) for x in texts(event))
        found = look(event, self.field)
        if v[0] in ("null", None):
            return all(x is None for x in found)
        if v[0] == "exists":
            return bool(found) == v[1]
        return any(self.one(v, x, event) for x in found if x is not None)

    def holds(self, event):
        return (all if self.all else any)(any(self.value(v, event) for v in group) for group in self.values) != self.negate


def date_part(text, part):
    m = re.match(r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d))?", text)
    if not m or (part in ("minute", "hour") and m[4] is None):
        return None
    import datetime
    day = datetime.date(int(m[1]), int(m[2]), int(m[3]))
    return str({"year": day.year, "month": day.month, "day": day.day, "week": day.isocalendar()[1],
                "hour": int(m[4] or 0), "minute": int(m[5] or 0)}[part])


def look(event, field):
    found = [x for name, x in event if name == field]
    if found or not isinstance(event, Line):
        return found
    return [x for name, x in event if ALIASES.get(name.lower(), name) == ALIASES.get(field.lower(), field)]


def texts(event):
    """What keywords are searched in: the whole of it and every value."""
    if isinstance(event, Line):
        return [event.text] + ([scalar(x) for _, x in event if x is not None] if event.decoded else [])
    values = [scalar(x) for _, x in event if x is not None]
    return values + ["\n".join(values) + "\n"]


class Line(list):
    """The fields tocsind made of a line: what they are called elsewhere counts, too."""


def read_aliases():
    text = (SRC / "src" / "model" / "fields.def").read_text()
    ours = dict(re.findall(r'^FIELD\((\w+),\s*"([^"]+)"\)', text, re.M))
    return {theirs.lower(): ours[ident] for ident, theirs in re.findall(r'^ALIAS\((\w+),\s*"([^"]+)"\)', text, re.M)}


ALIASES = read_aliases()


def flatten(obj, path=""):
    if isinstance(obj, dict):
        return [pair for k, v in obj.items() for pair in flatten(v, path + "." + k if path else k)]
    if isinstance(obj, list):
        return [pair for v in obj for pair in flatten(v, path)]
    return [(path, obj)]


# --- selections and conditions


def selection(node):
    if isinstance(node, dict):
        items = [Item(k, v) for k, v in node.items()]
        return lambda e: all(i.holds(e) for i in items)
    if isinstance(node, list) and any(isinstance(x, (dict, list)) for x in node):
        parts = [selection(x) for x in node]
        return lambda e: any(p(e) for p in parts)
    item = Item(None, node)
    return item.holds


def condition(text, sels):
    words = re.findall(r"[()]|[^\s()]+", text)

    def peek(i=0):
        return words[i].lower() if i < len(words) else ""

    def prim():
        if peek() == "(":
            words.pop(0)
            f = either()
            assert words.pop(0) == ")"
            return f
        if peek(1) == "of":
            how, _, pattern = words.pop(0).lower(), words.pop(0), words.pop(0)
            names = [n for n in sels if (pattern.lower() == "them" and not n.startswith("_")) or
                     (pattern.lower() != "them" and re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), n))]
            need = len(names) if how == "all" else 1 if how == "any" else int(how)
            return lambda e: sum(sels[n](e) for n in names) >= need
        return sels[words.pop(0)]

    def negation():
        if peek() == "not":
            words.pop(0)
            f = negation()
            return lambda e: not f(e)
        return prim()

    def both():
        parts = [negation()]
        while peek() == "and":
            words.pop(0)
            parts.append(negation())
        return lambda e: all(p(e) for p in parts)

    def either():
        parts = [both()]
        while peek() == "or":
            words.pop(0)
            parts.append(both())
        return lambda e: any(p(e) for p in parts)

    f = either()
    assert not words, words
    return f


def rule(doc):
    d = doc["detection"]
    sels = {k: selection(v) for k, v in d.items() if k != "condition"}
    conds = d["condition"] if isinstance(d["condition"], list) else [d["condition"]]
    parts = [condition(c, sels) for c in conds]
    return lambda e: any(p(e) for p in parts)


# --- the generator

WORDS = ["cmd.exe", "C:\\Windows\\System32\\x", "-enc", "/tmp/a b", "Ärger", "100%", "a.b", "admin", "root", "POWERSHELL", "x'y", 'say "hi"', "\\\\srv\\c$",
         "naïve", "ЖЁ", "日本", "(ab)", "[x]", "a+b", "^", "$HOME", "http://e.example/?q=1&r=2", "new\nline", "tab\tbed", "  two", "é", "🙂", "0", "500", "-7", "1.5"]
FIELDS = ["A", "B", "CommandLine", "user", "User", "src_ip", "http.status", "with space", "br[0]", "Ünï", "c-uri", "cs-uri-query"]
TEXT_CHAINS = ["", "contains", "startswith", "endswith", "cased", "contains|cased", "cased|endswith", "windash", "windash|contains", "contains|windash",
               "startswith|windash", "neq", "neq|contains", "contains|neq", "cased|neq"]
CODES = ["base64", "base64offset", "base64offset|contains", "wide|base64offset|contains", "utf16le|base64", "utf16be|base64offset|contains", "utf16|base64", "wide",
         "utf16le|contains", "base64|contains", "wide|base64"]


class Maker:
    def __init__(self, seed):
        self.r = random.Random(seed)

    def word(self):
        return "".join(self.r.choice(WORDS) for _ in range(self.r.choice((1, 1, 1, 2, 3))))

    def escaped(self, s):
        return re.sub(r"([*?\\])", r"\\\1", s) if self.r.random() < .5 else re.sub(r"([*?])", r"\\\1", s)

    def pattern(self):
        s = self.word()
        out = self.escaped(s) if not s.endswith("\\") else s
        for _ in range(self.r.choice((0, 0, 0, 1, 1, 2))):
            i = self.r.randrange(len(out) + 1)
            out = out[:i] + self.r.choice(("*", "?", "*", "\\*", "\\?", "\\\\*", "\\\\\\*", "\\\\", "\\", "**")) + out[i:]
        return out

    def some(self, make):
        n = self.r.choice((1, 1, 2, 3))
        return make() if n == 1 and self.r.random() < .7 else [make() for _ in range(n)]

    def item(self):
        r = self.r
        field, what = r.choice(FIELDS), r.randrange(16)
        if what < 6:
            mods = r.choice(TEXT_CHAINS)
            value = self.some(self.pattern)
            if isinstance(value, list) and r.random() < .4:
                mods = r.choice((mods + "|all" if mods else "all", "all|" + mods if mods else "all"))
            return field + ("|" + mods if mods else ""), value
        if what == 6:
            return field + "|" + r.choice(CODES) + r.choice(("", "", "|all")), self.some(lambda: r.choice(("ping", "Invoke-X", "http://", "cmd /c")))
        if what == 7:
            return field, self.some(lambda: r.choice((5, 500, -7, 1.5, 0, True, False, None, "", "5")))
        if what == 8:
            return field + "|" + r.choice(("lt", "lte", "gt", "gte", "lt|neq", "neq|gte")), self.some(lambda: r.choice((5, 500, -7, 1.5, 0)))
        if what == 9:
            return field + "|" + r.choice(("re", "re|i", "re|m", "re|s", "re|i|m|s", "re|contains", "re|neq")), self.some(
                lambda: r.choice(("a.c", "^ad+min$", "ro{2}t", "[a-c]x?", "(foo|bar)+z", "\\d{2,3}", "x.y", "^line$", "C:\\\\W", "a|b", "\\.exe$", "enc\\b")))
        if what == 10:
            return field + "|" + r.choice(("cidr", "cidr", "cidr|neq")), self.some(lambda: r.choice(("192.0.2.0/24", "10.0.0.0/8", "2001:db8::/32", "198.51.100.7", "::1/128", "203.0.113.128/25")))
        if what == 11:
            return field + "|exists", r.choice((True, False))
        if what == 12:
            return field + "|fieldref" + r.choice(("", "|contains", "|startswith", "|endswith", "|cased", "|neq")), r.choice(FIELDS)
        if what == 13:
            part = r.choice(("minute", "hour", "day", "week", "month", "year"))
            return field + "|" + part + r.choice(("", "", "|gte", "|lt")), r.choice((0, 1, 5, 12, 22, 47, 53, 2026))
        if what == 14:
            return field, r.choice((None, "", [], ["", None], [None, "x"]))
        return field, self.some(lambda: r.choice((self.word, self.pattern))())

    def keywords(self):
        mods = self.r.choice(("", "", "|all", "|re", "|contains", "|cased"))
        if mods == "|re":
            return {mods: ["a.c", "ro+t"]}
        value = [self.pattern() for _ in range(self.r.choice((1, 2, 3)))]
        return {mods: value} if mods else self.r.choice((value, value[0]))

    def selection(self):
        kind = self.r.randrange(8)
        if kind == 0:
            return self.keywords()
        if kind == 1:
            return [dict(self.item() for _ in range(self.r.choice((1, 2)))) for _ in range(self.r.choice((1, 2, 3)))]
        if kind == 2:
            return [self.pattern(), dict([self.item()])]
        return dict(self.item() for _ in range(self.r.choice((1, 1, 2, 3))))

    def condition(self, names, depth=0):
        r = self.r
        if depth > 2 or r.random() < .35:
            return r.choice(names)
        what = r.randrange(9)
        if what < 2:
            return f"{self.condition(names, depth + 1)} {r.choice(('and', 'AND'))} {self.condition(names, depth + 1)}"
        if what < 4:
            return f"{self.condition(names, depth + 1)} or {self.condition(names, depth + 1)}"
        if what == 4:
            return f"not {self.condition(names, depth + 1)}"
        if what == 5:
            return f"({self.condition(names, depth + 1)})"
        pattern = r.choice(["them", "sel*", "*1", "sel_*"] if "sel_1" in names else ["them"])
        if pattern == "*1" and not any(n.endswith("1") for n in names):
            pattern = "them"
        return f"{r.choice(('1', 'any', 'all'))} of {pattern}"

    def rule(self, i):
        names = ["sel_1", "sel_2", "other", "_hidden"][:self.r.choice((1, 1, 2, 3, 4))]
        d = {n: self.selection() for n in names}
        d["condition"] = self.condition(names) if self.r.random() < .9 else [self.condition(names) for _ in range(2)]
        return {"title": f"made {i}", "id": f"r{i}", "logsource": {"product": "linux"}, "detection": d}

    # --- events

    def case(self, s):
        return "".join(self.r.choice((c.lower(), c.upper())) if len(c.lower()) == len(c.upper()) == 1 and c.lower().upper() == c.upper() else c for c in s)

    def fit(self, key, value):
        """A value that may satisfy the item, or not quite."""
        r = self.r
        field, *mods = key.split("|") if key else ("",)
        v = r.choice(value) if isinstance(value, list) and value else value
        if isinstance(value, list) and "all" in mods and all(isinstance(x, str) for x in value):
            v = r.choice(("", " ", "*")).join(value)
        if v is None or v == []:
            return r.choice((None, "", "x"))
        if "exists" in mods:
            return r.choice((None, "", "x", 0))
        if {"lt", "lte", "gt", "gte"} & set(mods) and not {"hour", "minute", "day", "week", "month", "year"} & set(mods):
            return r.choice((v, v + 1, v - 1, str(v), v + .5, "x", f"{v}x", True))
        if {"hour", "minute", "day", "week", "month", "year"} & set(mods):
            return r.choice(("2026-11-22T22:05:00Z", "2026-01-05 12:47:13.5", "2020-12-31", "22:05", "2021-01-01T00:00:00+05:00", "2026-05-12T05:12:00Z"))
        if "cidr" in mods:
            return r.choice(("192.0.2.7", "10.255.0.1", "2001:DB8::7", "198.51.100.7", "::1", "203.0.113.127", "203.0.113.128", "192.0.2.256", "11.0.0.0", "192.0.2.7:80", "2001:db9::"))
        if "fieldref" in mods:
            return r.choice(("x", "Axb", "AXB", "b"))
        if "re" in mods:
            return r.choice(("abc", "a\nc", "addmin", "ADMIN", "xroot", "bx", "foobarz", "12", "x\ny", "one\nline\ntwo", "C:\\Windows", "a.EXE", "a.exe", "-enc x", "b"))
        if not isinstance(v, str):
            return r.choice((v, str(v), scalar(v), v if isinstance(v, bool) else v + 1, v if isinstance(v, bool) else float(v)))
        if {"base64", "base64offset", "wide", "utf16", "utf16le", "utf16be"} & set(mods):
            raw = v.encode()
            for m in mods:
                if m in ("wide", "utf16le"):
                    raw = v.encode("utf-16le")
                elif m == "utf16be":
                    raw = v.encode("utf-16be")
                elif m == "utf16":
                    raw = b"\xff\xfe" + v.encode("utf-16le")
            if "base64" in mods:
                return base64.b64encode(raw).decode() + r.choice(("", "", "x"))
            if "base64offset" in mods:
                full = base64.b64encode(r.choice((b"", b"a", b"ab", b"abc")) + raw + r.choice((b"", b"z"))).decode()
                return r.choice((full, full, list_text(next(base64offset(raw)))))
            return raw.decode("latin-1") + r.choice(("", "y"))
        tokens = read_string(v)
        out = "".join(r.choice(("", "x", "a b", "*", "\\")) if t is STAR else r.choice(("x", "?", "é", "\\")) if t is ONE else t for t in tokens)
        if "windash" in mods or r.random() < .1:
            out = re.sub(r"(?<!\w)[-/](?=\w)", lambda m: r.choice(("-", "/", "\u2013", "\u2014", "\u2015", "+")), out)
        if r.random() < .5:
            out = self.case(out)
        if not field or "contains" in mods or "startswith" in mods or r.random() < .1:
            out += r.choice(("", " tail", "\n"))
        if not field or "contains" in mods or "endswith" in mods or r.random() < .1:
            out = r.choice(("", "head ")) + out
        if r.random() < .3 and out:  # near
            i = r.randrange(len(out))
            out = r.choice((out[:i] + out[i + 1:], out[:i] + "~" + out[i + 1:], out + "!", out[1:], out[:i] + out[i] + out[i:]))
        return out

    def items(self, node):
        if isinstance(node, dict):
            return list(node.items())
        if isinstance(node, list) and any(isinstance(x, (dict, list)) for x in node):
            return self.items(self.r.choice(node))
        return [("", node)]

    def event(self, doc):
        r, e = self.r, {}
        for name, sel in doc["detection"].items():
            if name == "condition" or r.random() < .2:
                continue
            for key, value in self.items(sel):
                if r.random() < .07:
                    continue
                got = self.fit(key, value)
                field = key.split("|")[0] or r.choice(("message", "A", "note"))
                if r.random() < .08 and got is not None:
                    got = r.sample([got, "other", "7"], 3)
                e[field] = got
                if "fieldref" in key and r.random() < .9:
                    e[value] = r.choice(("x", "X", "Axb", "B", got if not isinstance(got, list) else "x"))
        if r.random() < .2:
            e[r.choice(FIELDS)] = r.choice(("x", None, 5, ["p", "q"], "USER"))
        if r.random() < .1 and e:
            k = r.choice(list(e))
            e[r.choice((k.lower(), k.upper()))] = e[k]  # of another spelling: another field
        return nest(e) if r.random() < .2 else e


def list_text(tokens):
    return "".join(tokens)


def nest(e):
    """http.status as http: {status: ...}"""
    out = {}
    for k, v in e.items():
        if k == "http.status" and "http" not in e:
            out["http"] = {"status": v}
        else:
            out[k] = v
    return out


# --- comparing


def run(docs, events, folder, extra=()):
    rules = folder / "rules.yml"
    rules.write_text("---\n".join(yaml.safe_dump(d, sort_keys=False, allow_unicode=True) for d in docs))
    p = subprocess.run([str(BUILD / "tocsind"), "explain", "--json", "--any-logsource", "--rules", str(rules), *extra, "-"],
                       input="".join(e + "\n" for e in events).encode(), capture_output=True)
    out = [json.loads(line) for line in p.stdout.splitlines()]
    if len(out) != len(events):
        sys.exit(f"{len(events)} events in, {len(out)} out: {p.stderr.decode()[:2000]}")
    return out


def differ(docs, events, folder):
    judges = [(d["id"], rule(d)) for d in docs]
    got = run(docs, [json.dumps(e, ensure_ascii=False) for e in events], folder, ("--input=events",))
    wrong, hits = 0, 0
    for e, g in zip(events, got):
        flat, said = flatten(e), {s["rule"] for s in g["sightings"]}
        for (ident, judge), doc in zip(judges, docs):
            want = judge(flat)
            hits += want
            if want != (ident in said):
                wrong += 1
                if wrong <= 5:
                    print(f"wanted {want}: {json.dumps(e, ensure_ascii=False)}\n{yaml.safe_dump(doc['detection'], sort_keys=False, allow_unicode=True)}")
    return len(docs) * len(events), hits, wrong


def made(maker, first, n):
    docs = []
    while len(docs) < n:
        doc = maker.rule(first + len(docs))
        try:
            rule(doc)
            docs.append(yaml.safe_load(yaml.safe_dump(doc, allow_unicode=True)))
        except (ValueError, re.error, AssertionError, KeyError):
            continue  # the generator's own slip: wildcards in an encoded value
    return docs


def published():
    docs = []
    for path in sorted((CORPORA / "sigma" / "rules").rglob("*.yml")):
        d = next(yaml.safe_load_all(path.read_text()))
        if d.get("status") not in ("deprecated", "unsupported"):
            docs.append(d)
    return docs


def lines():
    """Real lines: (program or None, the line)."""
    for name, program in (("OpenSSH_2k.log", None), ("Linux_2k.log", None), ("Apache_2k.log", "apache2")):
        path = CORPORA / "loghub" / "raw" / name
        if path.exists():
            yield program, path.read_text(errors="surrogateescape").splitlines()[::12]
    path = CORPORA / "fail2ban" / "fail2ban-public.jsonl"
    cases = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    for program in sorted({c["program"] for c in cases if c["transport"] == "line"}):
        yield program, [c["raw"] for c in cases if c["program"] == program and "raw" in c]
    yield None, [c["raw"] for c in cases if c["transport"] == "syslog" and "raw" in c]


def real_lines(docs, folder):
    judges, pairs, hits, wrong = [(d["id"], rule(d)) for d in docs], 0, 0, 0
    for program, some in lines() if docs else ():
        some = [s for s in some if s and "\n" not in s and "\0" not in s]
        got = run(docs, some, folder, ("-c", str(SRC / "etc" / "tocsin.yaml"), *([f"--as=line:{program}"] if program else [])))
        for raw, g in zip(some, got):
            e = Line(flatten({k: v for k, v in g["fields"].items()}))
            msg = g["parse"]["msg"]
            e.text = (msg if isinstance(msg, str) else raw).lstrip(" ")
            e.decoded = False
            if not look(e, "message"):
                e.append(("message", e.text))
            said = {s["rule"] for s in g["sightings"]}
            for ident, judge in judges:
                want = judge(e)
                pairs, hits = pairs + 1, hits + want
                if want != (ident in said):
                    wrong += 1
                    if wrong <= 5:
                        print(f"wanted {want} of {ident}: {raw}\n{list(e)}")
    return pairs, hits, wrong


def main():
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    batches = int(sys.argv[2]) if len(sys.argv) > 2 else 6
    maker, total, hits, wrong = Maker(seed), 0, 0, 0
    with tempfile.TemporaryDirectory() as tmp:
        for b in range(batches):
            docs = made(maker, 1000 * b, 40)
            events = [maker.event(d) for d in docs for _ in range(8)]
            n = differ(docs, events, Path(tmp))
            total, hits, wrong = total + n[0], hits + n[1], wrong + n[2]
        print(f"seed {seed}: {total} pairs of made rules, {hits} match, {wrong} differ")
        docs, pairs = published(), [0, 0, 0]
        for i in range(0, len(docs), 40):
            some = docs[i:i + 40]
            n = differ(some, [maker.event(d) for d in some for _ in range(6)], Path(tmp))
            pairs = [a + c for a, c in zip(pairs, n)]
        print(f"{len(docs)} published rules: {pairs[0]} pairs, {pairs[1]} match, {pairs[2]} differ" if docs else "no published rules here")
        real = real_lines(docs, Path(tmp))
        print(f"real lines: {real[0]} pairs, {real[1]} match, {real[2]} differ")
    sys.exit(1 if wrong + pairs[2] + real[2] else 0)


main()
