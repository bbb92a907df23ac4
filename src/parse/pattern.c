/* SPDX-License-Identifier: ISC
 *
 * pattern.c - a compiled line of normalise.d walked along a text
 *
 * Takes   a pattern and a text.
 * Gives   captures as spans of the text.
 * Keeps   nothing between matches. Backtracking is bounded by the caller's budget, recursion by PATTERN_DEPTH.
 */
#include "parse/pattern.h"

#include "parse/addr.h"
#include "parse/gate.h"
#include "parse/lead.h"
#include "parse/pattern_op.h"

#include <string.h>

#define ADDRESS_WORK 8 /* bytes' worth of search that looking for an address costs */

struct walk {
    const struct pattern *p;
    struct str s;
    long *budget;
    struct captures *out;
    bool plain;
    const struct pattern_nothing *none;
    const struct gate_hits *hits;
    size_t shift; /* where s begins in the text of hits */
};

static bool literal_at(const struct walk *w, struct str lit, size_t at) {
    const char *s = w->s.p + at;

    if (lit.n > w->s.n - at)
        return false;
    if (!w->p->nocase)
        return memcmp(s, lit.p, lit.n) == 0;
    for (size_t i = 0; i < lit.n; i++) {
        char c = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] | 0x20) : s[i];
        if (c != lit.p[i])
            return false;
    }
    return true;
}

bool pattern_is_nothing(const struct pattern_nothing *none, struct str value) {
    for (size_t i = 0; i < none->n; i++)
        if (none->v[i].n == value.n && str_eqi(none->v[i], value))
            return true;
    return false;
}

static bool from(struct walk *w, size_t op, size_t at);

/* Keeps a capture and goes on; forgets it again when the rest does not match. */
static bool keep(struct walk *w, const struct op *o, uint16_t id, struct str name, struct str value, size_t next, size_t at) {
    size_t before = w->out->n;

    if (o->keep && w->none && pattern_is_nothing(w->none, value))
        return false;
    /* an empty text is a fact (a user name of no bytes was sent); an empty anything else is a gap in the pattern */
    if (o->keep && (value.n || o->kind == OP_TEXT || o->kind == OP_QSTR) && w->out->n < PATTERN_CAPTURES)
        w->out->v[w->out->n++] = (struct capture){id, o->capture, name, value};
    if (from(w, next, at))
        return true;
    w->out->n = before;
    return false;
}

static bool span(struct walk *w, size_t i, size_t at, size_t end) {
    const struct op *o = &w->p->ops[i];

    return keep(w, o, o->id, o->text, str_sub(w->s, at, end), i + 1, end);
}

static bool may_follow(const struct walk *w, const struct op *o, size_t at) {
    unsigned char c;

    if (!o->follow || at == w->s.n)
        return true;
    c = (unsigned char)w->s.p[at];
    if (!(o->follow[c / 64] >> c % 64 & 1))
        return false;
    return o[1].kind != OP_LITERAL || literal_at(w, o[1].text, at);
}

/* TEXT where the places are known at which what follows may begin. */
static bool greedy_places(struct walk *w, size_t i, size_t at) {
    unsigned start = w->p->ops[i].start - 1u;
    size_t end = w->s.n + w->shift;

    while ((end = gate_last(w->hits, start, end)) != SIZE_MAX && end >= at + w->shift) {
        if (--*w->budget < 0)
            return false;
        if (end - w->shift < w->s.n && span(w, i, at, end - w->shift))
            return true;
        if (end-- == 0)
            return false;
    }
    return false;
}

static bool lazy_places(struct walk *w, size_t i, size_t at) {
    unsigned start = w->p->ops[i].start - 1u;
    size_t end = at + w->shift;

    for (; (end = gate_next(w->hits, start, end)) != SIZE_MAX && end - w->shift < w->s.n; end++) {
        if (--*w->budget < 0)
            return false;
        if (span(w, i, at, end - w->shift))
            return true;
    }
    return false;
}

/* TEXT and WORD: the longest first, down to lo. */
static bool greedy(struct walk *w, size_t i, size_t at, size_t lo, size_t hi) {
    const struct op *o = &w->p->ops[i];

    for (size_t end = hi + 1; end-- > lo;) {
        if (--*w->budget < 0)
            return false;
        if (may_follow(w, o, end) && span(w, i, at, end))
            return true;
    }
    return false;
}

static bool lazy(struct walk *w, size_t i, size_t at) {
    const struct op *o = &w->p->ops[i];

    for (size_t end = o[1].kind == OP_END ? w->s.n : at; end <= w->s.n; end++) {
        if (--*w->budget < 0)
            return false;
        if (may_follow(w, o, end) && span(w, i, at, end))
            return true;
    }
    return false;
}

static bool word(struct walk *w, size_t i, size_t at) {
    size_t hi = at;

    while (hi < w->s.n && w->s.p[hi] != ' ' && w->s.p[hi] != '\t')
        hi++;
    *w->budget -= (long)(hi - at);
    return hi > at && greedy(w, i, at, at + 1, hi);
}

static bool digit(char c) {
    return c >= '0' && c <= '9';
}

static bool name_char(char c) {
    return digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || (unsigned char)c >= 0x80 || (c && strchr("_.-@+$\\/", c));
}

static bool user(struct walk *w, size_t i, size_t at) {
    size_t end = at;

    while (end < w->s.n && name_char(w->s.p[end]))
        end++;
    *w->budget -= (long)(end - at);
    while (end > at && w->s.p[end - 1] == '.')
        end--;
    return end > at && w->s.p[at] != '/' && span(w, i, at, end); /* else it is a path */
}

static bool digits(struct walk *w, size_t i, size_t at, size_t max) {
    size_t end = at + (max > 5 && at < w->s.n && w->s.p[at] == '-');
    size_t first = end;

    while (end < w->s.n && end - first < max && digit(w->s.p[end]))
        end++;
    uint64_t v = 0;
    if (end == first || (max == 5 && !str_u64(str_sub(w->s, first, end), 65535, &v)))
        return false;
    return span(w, i, at, end);
}

static bool hex(struct walk *w, size_t i, size_t at) {
    size_t end = at;

    while (end < w->s.n && (digit(w->s.p[end]) || ((w->s.p[end] | 0x20) >= 'a' && (w->s.p[end] | 0x20) <= 'f')))
        end++;
    *w->budget -= (long)(end - at);
    return end > at && (end - at) % 2 == 0 && span(w, i, at, end);
}

/* May what follows an address be a port that reads like a part of it? A ':' where the whole is no address; else only where the
 * pattern itself says ':' or '.'. */
static bool port_behind(const struct op *next, bool whole, struct str rest) {
    bool says = next->kind == OP_LITERAL && (next->text.p[0] == ':' || next->text.p[0] == '.');

    return says || (!whole && rest.n && next->kind == OP_CHOICE && memchr(rest.p, ':', rest.n < 8 ? rest.n : 8));
}

static bool address(struct walk *w, size_t i, size_t at, bool or_name) {
    const struct op *o = &w->p->ops[i];
    struct str rest = str_sub(w->s, at, w->s.n), value;
    size_t n = addr_length(rest, &value);

    *w->budget -= ADDRESS_WORK;
    if (n && keep(w, o, o->id, o->text, value, i + 1, at + n))
        return true;
    if (port_behind(&o[1], n > 0, rest) && (n = addr_before_port(rest, &value)) > 0)
        return keep(w, o, o->id, o->text, value, i + 1, at + n);
    if (n)
        return false;
    n = or_name ? host_name_length(rest) : 0;
    *w->budget -= (long)n / 8;
    if (n == 0)
        return false;
    bool src = o->id == F_SRC_IP;
    return keep(w, o, src ? F_SRC_HOST : F_OTHER, src ? str_of(field_name(F_SRC_HOST)) : STR("dst_host"), str_sub(rest, 0, n), i + 1, at + n);
}

/* From a '"' to the next; with escapes, to the next that has no backslash in front. */
static bool quoted(struct walk *w, size_t i, size_t at, bool escapes) {
    const struct op *o = &w->p->ops[i];
    size_t end = at + 1;

    if (at >= w->s.n || w->s.p[at] != '"')
        return false;
    while (end < w->s.n && w->s.p[end] != '"')
        end += 1 + (escapes && w->s.p[end] == '\\');
    *w->budget -= (long)(end - at);
    if (end >= w->s.n)
        return false;
    return keep(w, o, o->id, o->text, str_sub(w->s, at + 1, end), i + 1, end + 1);
}

static bool until(struct walk *w, size_t i, size_t at) {
    struct str set = w->p->ops[i].set;
    size_t end = at;

    while (end < w->s.n && !memchr(set.p, w->s.p[end], set.n))
        end++;
    *w->budget -= (long)(end - at);
    return span(w, i, at, end);
}

static bool json(struct walk *w, size_t i, size_t at) {
    if (at >= w->s.n || w->s.p[at] != '{')
        return false;
    for (size_t end = w->s.n; end > at; end--) {
        if (--*w->budget < 0)
            return false;
        if (w->s.p[end - 1] == '}' && span(w, i, at, end))
            return true;
    }
    return false;
}

/* A word begins here. */
static bool edge(const struct walk *w, size_t at) {
    char c = at ? w->s.p[at - 1] : ' ';

    return !digit(c) && c != '_' && !((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool any_of(struct walk *w, const struct op *o, size_t at) {
    size_t n = o->branches;
    const uint16_t *which = o->lead && !w->plain ? lead_at(o->lead, str_sub(w->s, at, w->s.n), &n) : NULL;

    for (size_t b = 0; b < n; b++)
        if (from(w, o->branch[which ? which[b] : b], at))
            return true;
    return false;
}

/* From operation i at byte `at` to the end. Every capture and choice recurses once: PATTERN_DEPTH at most. */
static bool from(struct walk *w, size_t i, size_t at) {
    for (;;) {
        const struct op *o = &w->p->ops[i];

        if (--*w->budget < 0)
            return false;
        switch ((enum op_kind)o->kind) {
        case OP_END: return at == w->s.n;
        case OP_JUMP: i = o->to; continue;
        case OP_EDGE:
            if (!edge(w, at))
                return false;
            i++;
            continue;
        case OP_LITERAL:
            if (!literal_at(w, o->text, at))
                return false;
            at += o->text.n;
            i++;
            continue;
        case OP_PAIRS: return greedy(w, i, at, at, w->s.n);
        case OP_TEXT: return o->start && w->hits ? greedy_places(w, i, at) : greedy(w, i, at, at, w->s.n);
        case OP_LAZY: return o->start && w->hits ? lazy_places(w, i, at) : lazy(w, i, at);
        case OP_WORD: return word(w, i, at);
        case OP_USER: return user(w, i, at);
        case OP_IP: return address(w, i, at, false);
        case OP_ADDR: return address(w, i, at, true);
        case OP_PORT: return digits(w, i, at, 5);
        case OP_INT: return digits(w, i, at, 20);
        case OP_HEX: return hex(w, i, at);
        case OP_QUOTED: return quoted(w, i, at, false);
        case OP_QSTR: return quoted(w, i, at, true);
        case OP_UNTIL: return until(w, i, at);
        case OP_JSON: return json(w, i, at);
        case OP_CHOICE: return any_of(w, o, at);
        }
        return false;
    }
}

static bool match(struct walk w) {
    w.out->n = 0;
    return from(&w, 0, 0);
}

bool pattern_match(const struct pattern *p, struct str s, struct pattern_help help, long *budget, struct captures *out) {
    size_t shift = help.hits ? (size_t)(s.p - help.hits->text.p) : 0;

    return match((struct walk){p, s, budget, out, false, help.none, help.hits && help.hits->places ? help.hits : NULL, shift});
}

bool pattern_match_plain(const struct pattern *p, struct str s, const struct pattern_nothing *none, long *budget, struct captures *out) {
    return match((struct walk){.p = p, .s = s, .budget = budget, .out = out, .plain = true, .none = none});
}
