/* SPDX-License-Identifier: ISC
 *
 * wording.h - what a notice says: subject, headers, text, HTML, JSON; pure
 *
 * What happened, since when, what is asked of you by when, how to answer, what happens if nobody does. One constant subject per
 * object, so that clients thread; TLP on top; log text only in the body, escaped for each sink; management gets impact and owner,
 * never raw lines (ecosystem.md 1.6).
 */
#ifndef TOCSIN_ESCALATE_WORDING_H
#define TOCSIN_ESCALATE_WORDING_H

#include "base/buf.h"
#include "base/err.h"
#include "base/zone.h"
#include "model/person.h"
#include "model/record.h"

enum wording_why { WHY_NEW, WHY_AGAIN, WHY_NO_ANSWER, WHY_INFORM, WHY_STATE, WHY_ALL_CLEAR, WHY_APPROVAL, WHY_TEST, WHY_CHANNEL_DEAD };

struct wording_in {
    enum wording_why why;
    const struct event *event;       /* or NULL */
    const struct incident *incident; /* or NULL */
    const struct person *to;
    uint32_t to_roles;
    const char *silent;              /* who has not answered ("iso"), or NULL */
    int64_t now, since, next_due;    /* next_due: when the next rung is told, 0 = none */
    const char *next_who;            /* label of the next rung, or NULL */
    const char *state_text;          /* WHY_STATE: what changed */
    struct str sample;               /* a raw line to show (not to management), or absent */
    struct str first;                /* the rule's "what to do first", or absent */
    const struct zone *zone;
    const char *tlp;                 /* "AMBER+STRICT" */
    const char *domain;              /* for Message-ID and List-Id */
    struct str uuid;
};
struct wording_out { /* init by the caller */
    struct buf subject, headers, text, html, json;
};
/* RC_LIMIT when a part became too long. json: CloudEvents 1.0 structured (io.tocsin.event.escalated, ...). */
enum rc wording_make(const struct wording_in *in, struct wording_out *out);

#endif
