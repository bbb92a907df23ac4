# SPDX-License-Identifier: ISC
"""score_rules.py - rules that are broken, one way each: every one must be refused with file:line:column and a reason"""

HEAD = """title: A rule
id: 11111111-2222-4333-8444-555555555555
logsource: {product: linux}
"""


def rule(detection, head=HEAD, tail="level: low\n"):
    return head + "detection:\n" + "".join("  " + line + "\n" for line in detection.splitlines()) + tail


def correlation(body, title="title: Many\nid: 21111111-2222-4333-8444-555555555555\n"):
    base = rule("sel:\n  a: b\ncondition: sel").replace("title: A rule\n", "title: A rule\nname: base\n")
    return base + "---\n" + title + "correlation:\n" + "".join("  " + line + "\n" for line in body.splitlines()) + "level: high\n"


BROKEN = [
    ("no YAML: a bracket is not closed", "title: [one\ndetection: {\n"),
    ("no YAML: a tabulator indents", "title: A rule\ndetection:\n\tsel:\n\t\ta: b\n"),
    ("not a map", "- title\n- detection\n"),
    ("a key twice", rule("sel:\n  a: b\n  a: c\ncondition: sel")),
    ("an alias", "title: &t A rule\nid: 11111111-2222-4333-8444-555555555555\nlogsource: {product: linux}\ndescription: *t\ndetection: {sel: {a: b}, condition: sel}\n"),
    ("no title", rule("sel:\n  a: b\ncondition: sel", "id: 11111111-2222-4333-8444-555555555555\nlogsource: {product: linux}\n")),
    ("the title is a list", rule("sel:\n  a: b\ncondition: sel", "title: [a, b]\nlogsource: {product: linux}\n")),
    ("no detection", HEAD),
    ("the detection is a text", HEAD + "detection: sel\n"),
    ("the detection is empty", HEAD + "detection: {}\n"),
    ("no condition", rule("sel:\n  a: b")),
    ("a condition and nothing to ask", rule("condition: sel")),
    ("the condition is empty", rule("sel:\n  a: b\ncondition: ''")),
    ("the condition is a map", rule("sel:\n  a: b\ncondition: {sel: 1}")),
    ("an unknown selection", rule("sel:\n  a: b\ncondition: sel and other")),
    ("a bracket too few", rule("sel:\n  a: b\ncondition: (sel")),
    ("a bracket too many", rule("sel:\n  a: b\ncondition: sel)")),
    ("an operator at the end", rule("sel:\n  a: b\ncondition: sel and")),
    ("an operator at the front", rule("sel:\n  a: b\ncondition: or sel")),
    ("two names without an operator", rule("sel:\n  a: b\noth:\n  c: d\ncondition: sel oth")),
    ("not of nothing", rule("sel:\n  a: b\ncondition: sel and not")),
    ("of nothing", rule("sel:\n  a: b\ncondition: 1 of")),
    ("a quantifier that finds nothing", rule("sel:\n  a: b\ncondition: 1 of filter_*")),
    ("an aggregation of old", rule("sel:\n  a: b\ncondition: sel | count() by c > 5")),
    ("an unknown modifier", rule("sel:\n  a|contain: b\ncondition: sel")),
    ("an empty modifier", rule("sel:\n  a|: b\ncondition: sel")),
    ("a regular expression that does not compile", rule("sel:\n  a|re: '(b'\ncondition: sel")),
    ("a flag of re without re", rule("sel:\n  a|i: b\ncondition: sel")),
    ("a network that is none", rule("sel:\n  a|cidr: 192.0.2.0/33\ncondition: sel")),
    ("a network with host bits of text", rule("sel:\n  a|cidr: gateway\ncondition: sel")),
    ("a comparison with a word", rule("sel:\n  a|gt: many\ncondition: sel")),
    ("exists of a word", rule("sel:\n  a|exists: maybe\ncondition: sel")),
    ("a value that is a map", rule("sel:\n  a: {b: c}\ncondition: sel")),
    ("an unknown level", rule("sel:\n  a: b\ncondition: sel", tail="level: urgent\n")),
    ("an unknown status", rule("sel:\n  a: b\ncondition: sel", tail="status: finished\nlevel: low\n")),
    ("no logsource", rule("sel:\n  a: b\ncondition: sel", "title: A rule\nid: 11111111-2222-4333-8444-555555555555\n")),
    ("the logsource is a text", rule("sel:\n  a: b\ncondition: sel", "title: A rule\nid: 11111111-2222-4333-8444-555555555555\nlogsource: linux\n")),
    ("the logsource names nothing", rule("sel:\n  a: b\ncondition: sel", "title: A rule\nid: 11111111-2222-4333-8444-555555555555\nlogsource: {}\n")),
    ("two rules with one id", rule("sel:\n  a: b\ncondition: sel") + "---\n" + rule("sel:\n  c: d\ncondition: sel")),
    ("a correlation without a type", correlation("rules: [base]\ngroup-by: [c]\ntimespan: 5m\ncondition: {gte: 5}")),
    ("a correlation of an unknown type", correlation("type: event_sum\nrules: [base]\ngroup-by: [c]\ntimespan: 5m\ncondition: {gte: 5}")),
    ("a correlation of unknown rules", correlation("type: event_count\nrules: [other]\ngroup-by: [c]\ntimespan: 5m\ncondition: {gte: 5}")),
    ("a correlation without rules", correlation("type: event_count\ngroup-by: [c]\ntimespan: 5m\ncondition: {gte: 5}")),
    ("a correlation without a timespan", correlation("type: event_count\nrules: [base]\ngroup-by: [c]\ncondition: {gte: 5}")),
    ("a timespan without a unit", correlation("type: event_count\nrules: [base]\ngroup-by: [c]\ntimespan: 5\ncondition: {gte: 5}")),
    ("a timespan of nothing", correlation("type: event_count\nrules: [base]\ngroup-by: [c]\ntimespan: 0s\ncondition: {gte: 5}")),
    ("a count without a condition", correlation("type: event_count\nrules: [base]\ngroup-by: [c]\ntimespan: 5m")),
    ("a count that is a word", correlation("type: event_count\nrules: [base]\ngroup-by: [c]\ntimespan: 5m\ncondition: {gte: many}")),
    ("an unknown comparison", correlation("type: event_count\nrules: [base]\ngroup-by: [c]\ntimespan: 5m\ncondition: {more: 5}")),
    ("values without a field", correlation("type: value_count\nrules: [base]\ngroup-by: [c]\ntimespan: 5m\ncondition: {gte: 5}")),
]
