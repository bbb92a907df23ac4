/* SPDX-License-Identifier: ISC
 *
 * correlate.h - windows over sightings: counts, values, sequences, sums, absence (semantics.md 5.3)
 *
 * Pure: time comes with the sightings, and as `now` for what is decided when a window closes. True sliding windows: a ring of the last
 * times per group; late stamps inserted in order within the allowed lateness. After firing a group folds silently until its window has
 * drained (timespan without a further match), or for `suppress`. A sighting without a group-by field does not count, a counter does.
 * Bounded groups: the one unseen longest goes.
 */
#ifndef TOCSIN_DETECT_CORRELATE_H
#define TOCSIN_DETECT_CORRELATE_H

#include "detect/ruleset.h"
#include "model/sighting.h"

struct correlator;

struct alert {     /* a correlation that fired, or that folds further sightings into what it fired before */
    uint32_t rule; /* index of the correlation rule */
    bool fired;    /* true: at this sighting; false: folds into the alert open for this group */
    uint16_t org;
    uint64_t count;            /* fired: events in the window that made it fire (all of them); folding: how many more */
    double value;              /* fired: what the condition was compared with: events, different values, rules, a sum */
    int64_t first, last;       /* of the contributing events */
    int64_t at;                /* when it was decided: the time of the sighting, or the close of the window */
    const struct field *group; /* group-by fields with their values */
    size_t ngroup;
    const struct sighting *by; /* the sighting that did it: entities, title fields, raw lines; NULL when a window closed */
    uint32_t depth;            /* of chained correlations */
};
typedef void (*alert_fn)(void *ctx, const struct alert *a);

typedef void (*corr_save_fn)(void *ctx, struct str rule_id, struct str key, struct str state);

struct correlator *correlator_new(const struct ruleset *rs, size_t max_groups); /* borrows rs */
void correlator_free(struct correlator *c);
/* Names of the organisations, so that what is saved does not depend on their order. Borrowed; without, their index is their name. */
void correlator_orgs(struct correlator *c, const struct str *slugs, size_t n);
void correlate(struct correlator *c, const struct sighting *s, int64_t now, alert_fn fn, void *ctx);
/* Windows that were due before `now` close. Call it before correlate() with the same now, and at correlator_due(). */
void correlator_close(struct correlator *c, int64_t now, alert_fn fn, void *ctx);
void correlator_close_all(struct correlator *c, alert_fn fn, void *ctx); /* nothing more comes */
int64_t correlator_due(const struct correlator *c);                      /* the next close; INT64_MAX = none */
bool correlator_closes(const struct correlator *c);                      /* some correlation is decided at a close */
/* The groups that rules list (tocsin: expect) are watched from now on; those that are watched already go on. */
void correlator_expect(struct correlator *c, int64_t now);
/* After restoring, when nobody listened for a while: no absence is believed that only we have slept through. */
void correlator_resume(struct correlator *c, int64_t now);
/* True when some correlation names this rule. */
bool correlator_wants(const struct correlator *c, uint32_t rule);
/* What stands in the record: a picture of all groups, taken bit by bit, and a journal of what changed them since it was begun, to be
 * written in the transaction of the sightings. Played back in order they give the same groups. */
void correlator_journal(struct correlator *c, bool on);       /* begin, or stop, keeping one */
struct str correlator_ops(const struct correlator *c);        /* what the journal holds; borrowed */
void correlator_ops_cut(struct correlator *c, size_t n);      /* keeps its first n bytes; 0: the next piece begins */
void correlator_ops_carry(struct correlator *c, struct str ops); /* of one that is given up for this one: played back, and still to be written */
bool correlator_replay(struct correlator *c, struct str piece); /* of a journal or a picture; false: not all of it made sense */
/* A journal that may have been written under other rules is played back between these two: shapes as correlator_shapes gave them then. */
void correlator_shapes(const struct correlator *c, struct buf *out);
bool correlator_replay_for(struct correlator *c, struct str shapes); /* false without memory */
void correlator_replay_end(struct correlator *c);
void correlator_picture(struct correlator *c);                /* begins one */
/* Goes on with it: at most `max` groups. Gives what there is to write, for the caller to write before the next call; *done when it is whole. */
struct str correlator_picture_step(struct correlator *c, size_t max, bool *done);
void correlator_save(struct correlator *c, corr_save_fn save, void *ctx); /* visits every group */
/* One group as correlator_save gave it; unknown rules and malformed states are skipped (false). */
bool correlator_restore(struct correlator *c, struct str rule_id, struct str key, struct str state);
/* Forgets groups whose windows drained before `now` and that stood untouched as long between two visits; visits at most max. */
void correlator_expire(struct correlator *c, int64_t now, size_t max);

struct corr_stats {
    uint64_t fed, fired, folded, missing_group, evicted, groups, late;
    uint64_t no_number; /* sightings whose value is no number */
    uint64_t bounded;   /* stamps that had to make room: what is counted may be less than what was */
    uint64_t bytes, closed;
};
const struct corr_stats *correlator_stats(const struct correlator *c);

#endif
