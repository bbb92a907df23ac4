/* SPDX-License-Identifier: ISC
 *
 * regex_literal.c - a literal that stands in every text a regular expression matches
 *
 * Takes   a pattern that PCRE2 has accepted.
 * Gives   a run of plain characters outside of everything optional; of alternatives one each. Whatever is not understood here makes
 *         an end of a run, or of the whole attempt: to know nothing is always right.
 * Keeps   nothing. Recurses on parentheses, DEPTH_MAX deep.
 */
#include "detect/need.h"

#include <string.h>

#define DEPTH_MAX 16

struct walk {
    struct arena *a;
    const char *p, *end;
    bool fold; /* letters without case: k and s have relatives beyond ASCII, and are no literals then */
    bool lost; /* something was met that is not understood */
    int depth;
};

enum atom { ATOM_CHAR, ATOM_OTHER, ATOM_GROUP };

struct run {
    char *v;
    size_t n;
};

static struct need alternatives(struct walk *w);

static bool at(const struct walk *w, const char *what) {
    size_t n = strlen(what);
    return (size_t)(w->end - w->p) >= n && memcmp(w->p, what, n) == 0;
}

/* Behind the [. */
static void skip_class(struct walk *w) {
    if (w->p < w->end && *w->p == '^')
        w->p++;
    if (w->p < w->end && *w->p == ']')
        w->p++;
    while (w->p < w->end && *w->p != ']') {
        if (at(w, "[:") || at(w, "[.") || at(w, "[=")) {
            char kind = w->p[1];
            for (w->p += 2; w->p + 1 < w->end && (w->p[0] != kind || w->p[1] != ']');)
                w->p++;
            w->p++;
        } else if (*w->p == '\\') {
            w->lost = w->lost || w->p + 1 == w->end || w->p[1] == 'Q' || w->p[1] == 'E';
            w->p++;
        }
        w->p += w->p < w->end;
    }
    w->p += w->p < w->end;
}

/* Behind the backslash. Only escapes of one letter; those that take more behind them are not understood. */
static enum atom escape(struct walk *w, char *out) {
    char c = w->p < w->end ? *w->p++ : 0;
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    *out = c;
    if (!letter && c > 0)
        return ATOM_CHAR;
    w->lost = w->lost || !c || !strchr("dDwWsSbBAzZGhHvVRXntrfae", c);
    return ATOM_OTHER;
}

/* Behind the (. */
static enum atom group(struct walk *w, struct need *need) {
    bool counts = true;
    if (at(w, "*"))
        w->lost = true;
    if (at(w, "?#")) {
        while (w->p < w->end && *w->p != ')')
            w->p++;
        w->p += w->p < w->end;
        w->lost = true; /* does a quantifier behind it belong to what stands before? */
        return ATOM_OTHER;
    }
    if (at(w, "?")) {
        const char *from = ++w->p;
        while (w->p < w->end && strchr("imsn-", *w->p))
            w->p++;
        w->fold = w->fold || memchr(from, 'i', (size_t)(w->p - from));
        if (at(w, ")")) { /* flags from here on */
            w->p++;
            return ATOM_OTHER;
        }
        counts = at(w, ":");
        if (!counts && !at(w, "=") && !at(w, "!"))
            w->lost = true;
        w->p += w->p < w->end;
    }
    if (++w->depth > DEPTH_MAX)
        w->lost = true;
    if (!w->lost)
        *need = alternatives(w);
    w->depth--;
    if (!counts)
        memset(need, 0, sizeof *need);
    w->p += w->p < w->end; /* the ) */
    return ATOM_GROUP;
}

static enum atom atom(struct walk *w, char *c, struct need *need) {
    *c = *w->p++;
    switch (*c) {
    case '\\':
        return escape(w, c);
    case '[':
        skip_class(w);
        return ATOM_OTHER;
    case '(':
        return group(w, need);
    case '.':
    case '^':
    case '$':
        return ATOM_OTHER;
    default:
        return ATOM_CHAR;
    }
}

/* 1: once. 0: perhaps not at all. 2: at least once, perhaps more. */
static int quantifier(struct walk *w) {
    int times = 1;
    if (w->p == w->end)
        return 1;
    if (*w->p == '*' || *w->p == '?') {
        times = 0;
        w->p++;
    } else if (*w->p == '+') {
        times = 2;
        w->p++;
    } else if (*w->p == '{' && w->p + 1 < w->end && (w->p[1] == ',' || w->p[1] == ' ' || (w->p[1] >= '0' && w->p[1] <= '9'))) {
        times = w->p[1] >= '1' && w->p[1] <= '9' ? 2 : 0;
        while (w->p < w->end && *w->p != '}')
            w->p++;
        w->p += w->p < w->end;
    } else {
        return 1;
    }
    if (w->p < w->end && (*w->p == '?' || *w->p == '+')) /* lazy, possessive */
        w->p++;
    return times;
}

static void flush(struct walk *w, struct run *r, struct need *best) {
    struct need n = need_one(w->a, arena_str(w->a, str_n(r->v, r->n)));
    need_and(best, &n);
    r->n = 0;
}

static bool plain(const struct walk *w, char c) {
    return c > 0 && !(w->fold && strchr("kKsS", c));
}

static struct need sequence(struct walk *w) {
    struct need best = {0};
    struct run r = {arena_alloc(w->a, (size_t)(w->end - w->p) + 1), 0};
    w->lost = w->lost || !r.v;
    while (!w->lost && w->p < w->end && *w->p != '|' && *w->p != ')') {
        struct need inner = {0};
        char c;
        enum atom kind = atom(w, &c, &inner);
        int times = quantifier(w);
        if (kind == ATOM_CHAR && times && plain(w, c))
            r.v[r.n++] = c;
        if (kind != ATOM_CHAR || times != 1 || !plain(w, c))
            flush(w, &r, &best);
        if (kind == ATOM_GROUP && times)
            need_and(&best, &inner);
    }
    if (r.v)
        flush(w, &r, &best);
    return best;
}

static struct need alternatives(struct walk *w) {
    struct need all = sequence(w);
    while (!w->lost && at(w, "|")) {
        w->p++;
        struct need more = sequence(w);
        need_or(w->a, &all, &more);
    }
    return all;
}

struct need need_of_regex(struct arena *a, struct str pattern, bool caseless) {
    static const struct need nothing;
    struct walk w = {a, pattern.p, pattern.p + pattern.n, caseless, false, 0};
    w.fold = w.fold || str_find(pattern, STR("(?")) != SIZE_MAX; /* a flag may stand behind what it does not change: to be sure */
    struct need n = alternatives(&w);
    return w.lost || w.p != w.end ? nothing : n;
}
