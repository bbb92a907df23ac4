/* SPDX-License-Identifier: ISC
 *
 * correlate_group.h - the state of one group of one correlation; private to correlate*.c
 *
 * Two kinds of correlation: what holds as soon as there is enough of it is decided at the sighting, over the span that ends there.
 * What more sightings could still change (lt, lte, eq, neq, not) is decided when its window closes: a timespan after the sighting that
 * opened it, or, when that came late, after it came.
 */
#ifndef TOCSIN_DETECT_CORRELATE_GROUP_H
#define TOCSIN_DETECT_CORRELATE_GROUP_H

#include "base/clock.h"
#include "detect/correlate.h"
#include "detect/correlate_acc.h"

#define LATENESS (10 * US_PER_MIN)
#define KEY_VALUE_MAX 256 /* a longer value of a group-by field stands in the key as its digest */
#define GROUP_KEY_MAX (CORR_FIELDS_MAX * (KEY_VALUE_MAX + 3))
#define STATE_MAX (4u << 20)
#define NEVER INT64_MAX

struct alarm { /* what fired, and folds */
    int64_t first, last;
    int64_t until; /* silence by `suppress`; 0 = until the window has drained */
};

struct more { /* of all groups in which there is anything to be reckoned */
    struct acc acc;    /* of the stamps from win.lo on */
    int64_t due;       /* when the window closes; NEVER = none is open */
    int64_t from;      /* where it began, when nothing has been seen in it; of silence: when it was heard last */
    int64_t lag;       /* how much later than its time the last sighting came */
    uint32_t heap_at;  /* in the correlator's heap, from 1; 0 = not there */
    int64_t start[];   /* temporal_ordered: the latest beginning of a run of the first k + 1 rules */
};

struct group {
    struct group *chain, *newer, *older; /* same bucket; by when it was touched */
    struct alarm *alarm; /* NULL: has not fired */
    struct more *more;   /* NULL: what it has seen cannot be enough yet */
    struct window win;
    uint32_t rule : 24, taken : 1, listed : 1; /* taken: groups_picture() */
    uint32_t idle; /* seconds: when expiry first found it untouched; 0 = touched since */
    uint16_t key_n, org;
    char key[]; /* values of the group-by fields, each with its length */
};

enum step { STEP_NONE, STEP_LATE, STEP_FOLDED, STEP_FIRED };
struct seen { /* one time of a sighting as a correlation sees it */
    int64_t t;
    uint32_t weight, ref;
    uint64_t value;
    bool reminder; /* a correlation below still holds: counts nothing */
};
struct fired {
    uint64_t count;
    int64_t first, last;
    int64_t at; /* when it was decided */
    double value;
    bool holds;    /* the condition holds at this time, fired or folded */
    uint64_t lost; /* stamps that had to make room */
    struct {       /* what stood behind the window that closed, and folds into what fired */
        uint64_t count;
        int64_t first, last;
    } tail;
};

bool group_init(struct group *g, const struct rule *r);
void group_fini(struct group *g);
size_t group_bytes(const struct group *g);
bool group_time_sane(int64_t t); /* no sum of it overflows */
/* chained: a correlation above wants to know whether it still holds while it folds. */
enum step group_step(struct group *g, const struct rule *r, const struct seen *s, int64_t now, bool chained, struct fired *out);
int64_t group_due(const struct group *g); /* NEVER: no window is open */
/* The window that is due closes. STEP_FIRED or STEP_NONE; the next one may be due already. final: nothing more comes. */
enum step group_close(struct group *g, const struct rule *r, int64_t now, bool final, struct fired *out);
void group_watch(struct group *g, const struct rule *r, int64_t from); /* a listed group: from here on, seen or not */
int64_t group_drained(const struct group *g, const struct rule *r); /* when nothing of it matters any more */
/* After a time in which nobody listened no window closes before it has had its chance: silence a timespan, others a little. */
void group_resume(struct group *g, const struct rule *r, int64_t now);

/* correlate_close.c */
enum step group_step_closing(struct group *g, const struct rule *r, const struct seen *s, int64_t now, struct fired *out);
/* correlate_state.c */
bool group_pack(const struct group *g, const struct rule *r, struct buf *b);
bool group_unpack(struct group *g, const struct rule *r, struct str state); /* g as group_init left it */

/* correlate_room.c */
uint32_t group_stamps_max(const struct corr *c);
bool group_room(struct group *g, const struct rule *r, int64_t t, struct fired *out); /* false: t is older than all that matters */
int64_t group_merge(struct group *g, const struct corr *c, const struct stamp *s);    /* into the stamp before it */

/* shared by them */
void group_acc_in(struct group *g, uint32_t i); /* stamp i into, or out of, what the span that ends at the newest amounts to */
void group_acc_out(struct group *g, uint32_t i);
enum step group_fire(struct group *g, const struct rule *r, int64_t at, const struct fired *out);
struct more *group_more(struct group *g, const struct rule *r); /* NULL without memory */
int64_t group_put(struct group *g, const struct rule *r, const struct seen *s, struct fired *out); /* index, or -1: too late */
void group_rebuild(struct group *g, const struct rule *r); /* what is known of the stamps, from the stamps */
/* Is a run complete at a stamp of [from, to) that is not before `least`? At the first such. */
bool group_ordered(const struct window *w, const struct corr *c, uint32_t from, uint32_t to, uint32_t least, uint32_t *at);

#endif
