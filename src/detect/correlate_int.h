/* SPDX-License-Identifier: ISC
 *
 * correlate_int.h - the correlator itself; private to correlate.c and correlate_journal.c
 */
#ifndef TOCSIN_DETECT_CORRELATE_INT_H
#define TOCSIN_DETECT_CORRELATE_INT_H

#include "base/pack.h"
#include "detect/correlate_store.h"
#include "detect/ruleset_link.h"

struct writing { /* a piece of the journal, or of a picture: rules and organisations are named in it once */
    struct buf b;
    uint32_t *named; /* per rule, then per organisation: the piece in which it was last named */
    uint32_t piece;
    int64_t now, t; /* as last written */
    bool on, seeded;
};

struct correlator {
    const struct ruleset *rs;
    struct groups groups;
    const struct str *orgs;
    size_t norgs;
    uint64_t seed[2]; /* of the hashes of values, saved with them */
    bool seeded;      /* by the record */
    bool closes, expected;
    bool exact; /* what is fed is known by its own names only */
    struct corr_stats stats;
    struct buf state;
    struct writing ops, picture; /* correlate_journal.c */
    struct buf piece;            /* of the picture, for the caller to write */
    bool *blind;                 /* while the journal is played back: the correlations that do not see it; NULL: all do */
};

enum journal_op { JOURNAL_CLOSE = 'C', JOURNAL_EXPECT = 'E', JOURNAL_RESUME = 'R' };

bool journal_init(struct correlator *c);
void journal_fini(struct correlator *c);
void journal_sighting(struct correlator *c, const struct sighting *s, int64_t now);
void journal_op(struct correlator *c, enum journal_op op, int64_t now);
struct str corr_unpack_value(struct unpack *u); /* one value of a key */

#endif
