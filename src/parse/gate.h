/* SPDX-License-Identifier: ISC
 *
 * gate.h - which literals of many patterns a text holds, found in one pass; inside the room only
 *
 * A pattern that begins with anything can be ruled out by what it must hold somewhere: "one of these words" is a clause, and a
 * pattern needs all of its clauses. All clauses of all patterns that share a gate are looked for at once (Aho-Corasick).
 */
#ifndef TOCSIN_PARSE_GATE_H
#define TOCSIN_PARSE_GATE_H

#include "base/arena.h"

struct pattern;
struct gate;

#define GATE_WORDS 4
struct gate_set { /* of clauses */
    uint64_t w[GATE_WORDS];
};

#define GATE_STARTS 96   /* things that follow "anything" in some pattern */
#define GATE_TEXT 1024   /* longer texts: where such a thing may begin is not kept */
struct gate_hits {
    struct gate_set have;                        /* the clauses that hold */
    struct str text;                             /* in this text */
    bool places;                                 /* and, in a short one, */
    uint64_t at[GATE_TEXT / 64][GATE_STARTS];    /* where the things may begin: a bit a byte */
};

/* Builds one for n patterns, of which the first `open` begin with anything; need[i] becomes what pattern i needs, and their "anything"s know what to look for. NULL without memory.
 * What does not fit is not needed: a gate rules out less then, never more. */
struct gate *gate_new(struct pattern *const *p, size_t open, size_t n, struct gate_set *need, struct arena *a);
/* Words of which every match of the pattern holds one; their number, 0 when there are none or more than max. */
size_t gate_clause(const struct pattern *p, struct str *out, size_t max);
void gate_scan(const struct gate *g, struct str s, struct gate_hits *out);
/* The first place from `from` on (the last up to `to`) where thing `start` may begin, as places in h->text; SIZE_MAX when there is none. */
size_t gate_next(const struct gate_hits *h, unsigned start, size_t from);
size_t gate_last(const struct gate_hits *h, unsigned start, size_t to);

static inline bool gate_open(const struct gate_set *need, const struct gate_set *have) {
    return ((need->w[0] & ~have->w[0]) | (need->w[1] & ~have->w[1]) | (need->w[2] & ~have->w[2]) | (need->w[3] & ~have->w[3])) == 0;
}

#endif
