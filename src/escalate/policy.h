/* SPDX-License-Identifier: ISC
 *
 * policy.h - who must know by when: ladders and targets as data (etc/policy/NAME.yaml), and who is on duty; pure
 *
 * Files of etc/policy:
 *   ladders:
 *     P1: {steps: [{after: 0, who: [iso], channels: all}, {after: 0, who: [management], inform: yes}, {after: 5m, who: [iso]}, {after: 10m, who: [deputy]},
 *          {after: 15m, who: [management]}], repeat: 15m}
 *     P2: ...   P3: ...     (P4, P5: none by default: digest)
 *   targets:  {P1: {ack: 15m, decide: 30m, contain: 4h, recover: 24h}, ...}
 *   dedup: 24h       window (since the last) in which sightings of the same fingerprint fold into an open event
 *   new_events: 1000  of P4 and P5 that a rule makes in an hour in an organisation; what is beyond that is counted in one event
 *   review_due: 14d
 */
#ifndef TOCSIN_ESCALATE_POLICY_H
#define TOCSIN_ESCALATE_POLICY_H

#include "base/tree.h"
#include "model/person.h"

#define LADDER_STEPS_MAX 16

struct ladder_step {
    int64_t after;    /* us since the ladder started */
    uint32_t who;     /* ROLE_BIT mask */
    bool all_channels;
    bool inform;      /* told, not asked: no reminder, no acknowledgement wanted */
};
struct ladder {
    struct ladder_step steps[LADDER_STEPS_MAX];
    size_t n;         /* 0 = no ladder for this priority */
    int64_t repeat;   /* us after the last step: all rungs again and again; 0 = never */
};
struct targets {
    int64_t ack, decide, contain, recover, update;
};
struct policy {
    struct ladder ladders[6]; /* [1]..[5] */
    struct targets targets[6];
    int64_t dedup, new_events, review_due, reopen_window, ack_reminder;
};

enum rc policy_load(const struct tree *const *docs, size_t n, struct policy *out, struct errs *es); /* defaults first, files over them */
void policy_default(struct policy *out);

/* Roster and assets: people.yaml, assets.yaml, sources. Memory belongs to the roster. Checks addresses (RFC 5321 addr-spec, no quoting),
 * hard role conflicts of process.md 3, and that somebody is iso and management in every organisation. */
enum rc roster_load(const struct tree *const *docs, size_t n, struct roster *out, struct errs *es);
void roster_fini(struct roster *r);

/* The step after `done` steps (index of the last one done + 1, 0 at the start) and `loops` repeats of a ladder started at `start`: index and
 * due time. false: there is none. In a repeat every rung is asked once, all at the same time: steps that only inform, or ask whom an
 * earlier step asks, are passed over. Whoever does the step sets done = *step + 1, and loops + 1 when *step < the old done (ladder_loops). */
bool ladder_next(const struct ladder *l, int64_t start, size_t done, uint32_t loops, size_t *step, int64_t *due);
static inline uint32_t ladder_loops(uint32_t loops, size_t done, size_t step) {
    return step < done ? loops + 1 : loops;
}
/* Who is asked when all who were asked up to `step` stay silent: the first later step that asks a role not asked until then, for the
 * sentence "what happens if nobody does". false: nobody else is left. */
bool ladder_rise(const struct ladder *l, int64_t start, size_t step, size_t *next, int64_t *due);
/* Persons to be told at this step, each once, in the roster's order, only those whose binding is in force at now and who are not
 * absent; gives their number. When nobody holds the role, 0: the caller goes on to the next step at once, loudly. */
size_t ladder_people(const struct ladder_step *s, const struct roster *r, uint16_t org, int64_t now, const struct person **out, size_t max);

/* Retry schedule of a notice: 5 s x 2^n, full jitter by `rnd` (0..2^32-1), cap 15 min. attempts counts those made. */
int64_t retry_delay(int attempts, uint32_t rnd);
bool retry_hand_over(int attempts, int64_t first_failed, int64_t now); /* 3 failures or 5 minutes: next channel */
bool retry_give_up(int priority, int64_t queued, int64_t now);         /* 24 h for P1/P2, else 72 h */

#endif
