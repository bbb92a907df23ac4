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

/* Builds one for n patterns; need[i] becomes what pattern i needs. NULL without memory. What does not fit is not needed: a gate rules
 * out less then, never more. */
struct gate *gate_new(const struct pattern *const *p, size_t n, struct gate_set *need, struct arena *a);
/* The clauses that hold in s. */
struct gate_set gate_scan(const struct gate *g, struct str s);

static inline bool gate_open(const struct gate_set *need, const struct gate_set *have) {
    return ((need->w[0] & ~have->w[0]) | (need->w[1] & ~have->w[1]) | (need->w[2] & ~have->w[2]) | (need->w[3] & ~have->w[3])) == 0;
}

#endif
