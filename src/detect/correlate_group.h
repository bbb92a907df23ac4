/* SPDX-License-Identifier: ISC
 *
 * correlate_group.h - the state of one group of one correlation; private to correlate*.c
 */
#ifndef TOCSIN_DETECT_CORRELATE_GROUP_H
#define TOCSIN_DETECT_CORRELATE_GROUP_H

#include "detect/correlate.h"
#include "detect/rule.h"
#include "detect/window.h"

#define LATENESS (10 * US_PER_MIN)
#define KEY_VALUE_MAX 128 /* a longer value of a group-by field stands in the key as its digest */
#define GROUP_KEY_MAX (7 + 8 * (KEY_VALUE_MAX + 4))
#define STATE_MAX (4u << 20)

struct distinct { /* a value of value_count */
    uint64_t hash;
    int64_t last;
};

struct group {
    struct group *prev, *next;             /* of all groups, for expiry */
    struct group *dirty_prev, *dirty_next; /* of those that changed */
    char *key;                             /* as in the table: rule u32, organisation u16, values */
    size_t key_n;
    uint32_t rule;
    bool dirty, saved, dead;
    bool open;           /* fired, and folding */
    int64_t idle;        /* when expiry first found it untouched; 0 = touched since */
    int64_t until;       /* silence by `suppress`; 0 = until the window has drained */
    int64_t first, last; /* of the alert that is open */
    uint64_t seed[2];
    struct window win;
    struct distinct *vals;
    uint32_t nvals, vals_cap;
};

enum step { STEP_NONE, STEP_LATE, STEP_FOLDED, STEP_FIRED };
struct seen { /* one time of a sighting as a correlation sees it */
    int64_t t;
    uint32_t weight, ref;
    uint64_t value; /* hash, for value_count */
    bool reminder;  /* a correlation below still holds: counts nothing */
};
struct fired {
    struct window_span span;
    bool holds; /* the condition holds at this time, fired or folded */
};

bool group_init(struct group *g, const struct rule *r, uint32_t rule, struct str key, const uint64_t seed[2]);
void group_fini(struct group *g);
bool group_time_sane(int64_t t); /* within some ten thousand years: no sum of it overflows */
enum step group_step(struct group *g, const struct rule *r, const struct seen *s, struct fired *out);
int64_t group_drained(const struct group *g, const struct rule *r); /* when nothing of it matters any more */
bool group_pack(const struct group *g, struct buf *b);
bool group_unpack(struct group *g, const struct rule *r, struct str state); /* g as group_init left it */

#endif
