/* SPDX-License-Identifier: ISC
 *
 * flow.h - the state machines of event, incident and notification as one static table (process/transitions.tsv)
 *
 * flow.def holds the rows: STEP(machine, id, from, verb, to, roles, required, guards, stamp, notify). State changes only through a
 * row of this table; a test walks every (state, verb, role).
 */
#ifndef TOCSIN_CASE_FLOW_H
#define TOCSIN_CASE_FLOW_H

#include "base/err.h"
#include "model/vocab.h"

struct step {
    enum machine machine;
    const char *id;        /* "E4", "I12" */
    enum state from, to;   /* STATE_NONE = "-"; one row per from-state */
    const char *verb;      /* "claim" */
    uint32_t roles;        /* ROLE_BIT() mask */
    const char *required;  /* data that must be given: "disposition rationale"; alternatives with |: "root_cause_code lesson|lesson_none_reason" */
    uint64_t guards;       /* GUARD_BIT() of guard.h */
    const char *stamp;     /* kinds of stamp recorded, space-separated: "acknowledged_at" */
    const char *notify;    /* who else is told, words of process.md: "management_p1p2 reporter owner watchers approver" or "" */
};

/* The row for this verb in this state, or NULL. */
const struct step *flow_find(enum machine m, enum state from, struct str verb);
const struct step *flow_at(size_t i); /* every row in order, NULL behind the last */
/* One place that says whether these roles may: RC_CONFLICT when the state has no such step (the sentence names the verbs it has),
 * RC_DENIED when the roles do not suffice (the sentence names who may). */
enum rc flow_allow(enum machine m, enum state from, struct str verb, uint32_t roles, const struct step **out, struct err *e);
/* The verbs possible from here for these roles (for "next"), in the table's order; gives their number. */
size_t flow_next(enum machine m, enum state from, uint32_t roles, const struct step **out, size_t max);
/* Missing required data by name, given the names that are there; false and an entry in e when one is missing. */
bool flow_required(const struct step *s, bool (*has)(void *ctx, const char *name), void *ctx, struct err *e);

#endif
