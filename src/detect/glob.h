/* SPDX-License-Identifier: ISC
 *
 * glob.h - Sigma's string values: wildcards, backslashes, letters without case
 *
 * A value is first a draft, a run of bytes and wildcard marks that modifiers transform; then it is frozen into the cheapest shape
 * that says the same. Without case: a pattern of ASCII folds ASCII only (so that the prefilter, which folds ASCII, never decides
 * otherwise); the other letters of a pattern fold by Unicode's simple folding (fold.def).
 */
#ifndef TOCSIN_DETECT_GLOB_H
#define TOCSIN_DETECT_GLOB_H

#include "base/arena.h"

enum glob_mark {                         /* above every byte and every code point */
                 GLOB_STAR = 0x40000000, /* any run, empty too */
                 GLOB_ONE,               /* one character */
                 GLOB_DASH               /* - / and the dashes U+2013 U+2014 U+2015 (windash) */
};

struct draft { /* bytes 0..255 and marks */
    uint32_t *t;
    size_t n;
};

enum glob_shape { GLOB_EXACT, GLOB_PREFIX, GLOB_SUFFIX, GLOB_CONTAINS, GLOB_GENERAL };

struct glob {
    enum glob_shape shape;
    bool cased;
    struct str lit;      /* all shapes but GLOB_GENERAL; ASCII letters in lower case unless cased */
    const uint32_t *tok; /* GLOB_GENERAL: code points (folded unless cased), 0x110000 + byte where there is none, marks */
    size_t ntok;
};

/* Reads a value by the specification's backslash rules. false without memory. */
bool draft_parse(struct arena *a, struct str value, struct draft *d);
bool draft_bytes(struct arena *a, const void *p, size_t n, struct draft *d);
/* A copy with a star in front and/or behind; none is added where one stands already. */
bool draft_star(struct arena *a, const struct draft *d, bool front, bool behind, struct draft *out);
bool draft_plain(const struct draft *d); /* no marks */
/* The bytes of a plain draft, in the arena. */
struct str draft_text(struct arena *a, const struct draft *d);
/* The longest run of bytes that stands in every text the draft matches (ASCII only unless cased); absent when there is none. */
struct str draft_literal(struct arena *a, const struct draft *d, bool cased);

bool glob_make(struct arena *a, const struct draft *d, bool cased, struct glob *g);
bool glob_match(const struct glob *g, struct str text);

uint32_t glob_fold(uint32_t rune); /* Unicode simple folding, one to one */
bool glob_equal(struct str a, struct str b, bool cased);
size_t glob_find(struct str text, struct str lit, bool cased); /* lit in lower case unless cased; index or SIZE_MAX */

#endif
