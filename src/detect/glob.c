/* SPDX-License-Identifier: ISC
 *
 * glob.c - Sigma's string values: wildcards, backslashes, letters without case
 *
 * Takes   values as the rule's author wrote them, and texts of strangers.
 * Gives   whether a text matches; and the literal that must stand in it, for the prefilter.
 * Keeps   nothing but what it puts into the caller's arena.
 */
#include "detect/glob.h"

#include <string.h>

#define RAW_BYTE 0x110000u /* a byte that begins no UTF-8 sequence */

struct fold_range {
    uint32_t from, to; /* capital letters; step 2 where capitals and small letters alternate */
    uint32_t step;
    int32_t delta;
};

static const struct fold_range folds[] = {
#define FOLD(from, to, step, delta) {from, to, step, delta},
#include "detect/fold.def"
#undef FOLD
};

static inline unsigned char lower(unsigned char c) {
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c | 0x20) : c;
}

uint32_t glob_fold(uint32_t rune) {
    if (rune < 0x80)
        return lower((unsigned char)rune);
    for (size_t i = 0; i < sizeof folds / sizeof *folds; i++) {
        const struct fold_range *f = &folds[i];
        if (rune < f->from)
            return rune; /* the table ascends */
        if (rune <= f->to && (rune - f->from) % f->step == 0)
            return (uint32_t)((int32_t)rune + f->delta);
    }
    return rune;
}

/* One character of a text; never past its end, never 0 bytes. */
static size_t next_rune(struct str s, uint32_t *rune) {
    if ((unsigned char)s.p[0] < 0x80) {
        *rune = (unsigned char)s.p[0];
        return 1;
    }
    size_t n = str_rune(s, rune);
    if (n == 0) {
        *rune = RAW_BYTE + (unsigned char)s.p[0];
        return 1;
    }
    return n;
}

bool draft_parse(struct arena *a, struct str value, struct draft *d) {
    d->n = 0;
    d->t = arena_alloc(a, (value.n + 1) * sizeof *d->t);
    if (!d->t)
        return false;
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        char next = i + 1 < value.n ? value.p[i + 1] : 0;
        if (c == '\\' && (next == '\\' || next == '*' || next == '?')) {
            d->t[d->n++] = (unsigned char)next;
            i++;
        } else if (c == '*') {
            if (d->n == 0 || d->t[d->n - 1] != GLOB_STAR) /* two stars say no more than one */
                d->t[d->n++] = GLOB_STAR;
        } else {
            d->t[d->n++] = c == '?' ? (uint32_t)GLOB_ONE : c;
        }
    }
    return true;
}

bool draft_bytes(struct arena *a, const void *p, size_t n, struct draft *d) {
    const unsigned char *b = p;
    d->n = n;
    d->t = arena_alloc(a, (n + 1) * sizeof *d->t);
    for (size_t i = 0; d->t && i < n; i++)
        d->t[i] = b[i];
    return d->t != NULL;
}

bool draft_star(struct arena *a, const struct draft *d, bool front, bool behind, struct draft *out) {
    struct draft r = {arena_alloc(a, (d->n + 2) * sizeof *r.t), 0};
    if (!r.t)
        return false;
    if (front && !(d->n && d->t[0] == GLOB_STAR))
        r.t[r.n++] = GLOB_STAR;
    if (d->n)
        memcpy(r.t + r.n, d->t, d->n * sizeof *r.t);
    r.n += d->n;
    if (behind && !(r.n && r.t[r.n - 1] == GLOB_STAR))
        r.t[r.n++] = GLOB_STAR;
    *out = r;
    return true;
}

bool draft_plain(const struct draft *d) {
    for (size_t i = 0; i < d->n; i++)
        if (d->t[i] > 0xff)
            return false;
    return true;
}

static struct str run_text(struct arena *a, const uint32_t *t, size_t n, bool fold) {
    char *p = arena_alloc(a, n + 1);
    if (!p)
        return STR_NONE;
    for (size_t i = 0; i < n; i++)
        p[i] = (char)(fold ? lower((unsigned char)t[i]) : (unsigned char)t[i]);
    return str_n(p, n);
}

struct str draft_text(struct arena *a, const struct draft *d) {
    return run_text(a, d->t, d->n, false);
}

struct str draft_literal(struct arena *a, const struct draft *d, bool cased) {
    size_t best = 0, best_n = 0, run = 0;
    for (size_t i = 0; i <= d->n; i++) {
        if (i < d->n && d->t[i] <= (cased ? 0xffu : 0x7fu)) {
            run++;
            continue;
        }
        if (run > best_n) {
            best = i - run;
            best_n = run;
        }
        run = 0;
    }
    return best_n ? run_text(a, d->t + best, best_n, false) : STR_NONE;
}

static bool literal_run(const struct draft *d, size_t from, size_t to, bool cased) {
    for (size_t i = from; i < to; i++)
        if (d->t[i] > (cased ? 0xffu : 0x7fu))
            return false;
    return true;
}

/* Bytes to code points, so that ? is one character and letters beyond ASCII can be folded. */
static bool make_general(struct arena *a, const struct draft *d, bool cased, struct glob *g) {
    uint32_t *tok = arena_alloc(a, (d->n + 1) * sizeof *tok);
    if (!tok)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < d->n;) {
        if (d->t[i] > 0xff) {
            tok[n++] = d->t[i++];
            continue;
        }
        char bytes[4];
        size_t have = 0;
        while (have < 4 && i + have < d->n && d->t[i + have] <= 0xff) {
            bytes[have] = (char)d->t[i + have];
            have++;
        }
        uint32_t rune;
        i += next_rune(str_n(bytes, have), &rune);
        tok[n++] = cased || rune >= RAW_BYTE ? rune : glob_fold(rune);
    }
    g->shape = GLOB_GENERAL;
    g->tok = tok;
    g->ntok = n;
    return true;
}

bool glob_make(struct arena *a, const struct draft *d, bool cased, struct glob *g) {
    size_t from = 0, to = d->n;
    bool front = d->n && d->t[0] == GLOB_STAR, behind = d->n > front && d->t[d->n - 1] == GLOB_STAR;
    memset(g, 0, sizeof *g);
    g->cased = cased;
    from += front;
    to -= behind;
    if (!literal_run(d, from, to, cased))
        return make_general(a, d, cased, g);
    g->shape = front ? (behind || from == to ? GLOB_CONTAINS : GLOB_SUFFIX) : behind ? GLOB_PREFIX : GLOB_EXACT;
    g->lit = run_text(a, d->t + from, to - from, !cased);
    return g->lit.p != NULL;
}

static bool same(const char *text, struct str lit, bool cased) {
    if (cased)
        return lit.n == 0 || memcmp(text, lit.p, lit.n) == 0;
    for (size_t i = 0; i < lit.n; i++)
        if (lower((unsigned char)text[i]) != (unsigned char)lit.p[i])
            return false;
    return true;
}

/* By the byte at `rare` of the literal. */
static size_t find_by(struct str text, struct str lit, size_t rare) {
    if (text.n < lit.n)
        return SIZE_MAX;
    const char *p = text.p + rare, *end = text.p + text.n - (lit.n - 1 - rare);
    while (p < end && (p = memchr(p, (unsigned char)lit.p[rare], (size_t)(end - p)))) {
        if (same(p - rare, lit, false))
            return (size_t)(p - rare - text.p);
        p++;
    }
    return SIZE_MAX;
}

size_t glob_find(struct str text, struct str lit, bool cased) {
    if (lit.n == 0)
        return 0;
    if (cased)
        return str_find(text, lit);
    size_t rare = 0; /* what is no letter is found by one byte, and stands less often than most */
    while (rare < lit.n && ((lit.p[rare] >= 'a' && lit.p[rare] <= 'z') || lit.p[rare] == ' '))
        rare++;
    if (rare < lit.n)
        return find_by(text, lit, rare);
    for (size_t i = 0; i + lit.n <= text.n; i++)
        if (lower((unsigned char)text.p[i]) == (unsigned char)lit.p[0] && same(text.p + i, lit, false))
            return i;
    return SIZE_MAX;
}

static bool mark_fits(uint32_t tok, uint32_t rune, bool cased) {
    if (tok == GLOB_ONE)
        return true;
    if (tok == GLOB_DASH)
        return rune == '-' || rune == '/' || (rune >= 0x2013 && rune <= 0x2015);
    return tok == (cased || rune >= RAW_BYTE ? rune : glob_fold(rune));
}

/* Greedy with one place to come back to: a later star makes an earlier one's choice final, so no stack is needed. */
static bool match_general(const struct glob *g, struct str text) {
    size_t t = 0, at = 0, star = SIZE_MAX, star_at = 0;
    while (at < text.n) {
        uint32_t rune;
        size_t n = next_rune(str_sub(text, at, text.n), &rune);
        if (t < g->ntok && g->tok[t] == GLOB_STAR) {
            star = t++;
            star_at = at;
        } else if (t < g->ntok && mark_fits(g->tok[t], rune, g->cased)) {
            t++;
            at += n;
        } else if (star != SIZE_MAX) {
            star_at += next_rune(str_sub(text, star_at, text.n), &rune);
            at = star_at;
            t = star + 1;
        } else {
            return false;
        }
    }
    while (t < g->ntok && g->tok[t] == GLOB_STAR)
        t++;
    return t == g->ntok;
}

bool glob_match(const struct glob *g, struct str text) {
    switch (g->shape) {
    case GLOB_EXACT:
        return text.n == g->lit.n && same(text.p, g->lit, g->cased);
    case GLOB_PREFIX:
        return text.n >= g->lit.n && same(text.p, g->lit, g->cased);
    case GLOB_SUFFIX:
        return text.n >= g->lit.n && (g->lit.n == 0 || same(text.p + text.n - g->lit.n, g->lit, g->cased));
    case GLOB_CONTAINS:
        return glob_find(text, g->lit, g->cased) != SIZE_MAX;
    case GLOB_GENERAL:
        break;
    }
    return match_general(g, text);
}

bool glob_equal(struct str a, struct str b, bool cased) {
    if (cased)
        return str_eq(a, b);
    while (a.n && b.n) {
        uint32_t ra, rb;
        size_t na = next_rune(a, &ra), nb = next_rune(b, &rb);
        if (ra != rb && (ra >= RAW_BYTE || rb >= RAW_BYTE || glob_fold(ra) != glob_fold(rb)))
            return false;
        a = str_sub(a, na, a.n);
        b = str_sub(b, nb, b.n);
    }
    return a.n == 0 && b.n == 0;
}
