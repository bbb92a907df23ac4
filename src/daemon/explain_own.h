/* SPDX-License-Identifier: ISC
 *
 * explain_own.h - what the files of explain share
 */
#ifndef TOCSIN_DAEMON_EXPLAIN_OWN_H
#define TOCSIN_DAEMON_EXPLAIN_OWN_H

#include "base/arena.h"
#include "base/buf.h"
#include "daemon/pipeline.h"
#include "detect/correlate.h"

#define EXPLAIN_ALERTS_MAX 1000000 /* at the end of the input the windows of all groups close */

struct explain_alert { /* a correlation that fired or folded at this message */
    uint32_t rule;
    bool fired, closed; /* closed: a window did; the message only came after */
    uint64_t count;
    double value;
    int64_t at;
    const struct field *fields; /* group first, then those of the sighting that did it */
    size_t ngroup, nfields;
};
struct explain_event { /* what the message makes or joins */
    uint32_t rule;
    const struct field *fields;
    size_t nfields;
    struct prio_in in;
    struct prio_out out;
    int severity;
    char fingerprint[33];
};
struct explained { /* one message and all that was made of it */
    uint64_t n;
    struct str whole; /* the bytes as received; message.raw may be cut */
    struct message m;
    uint32_t hits[PIPELINE_HITS_MAX];
    size_t nhits;
    struct sighting sightings[PIPELINE_HITS_MAX];
    struct sighting_one ones[PIPELINE_HITS_MAX];
    struct explain_alert *alerts;
    size_t nalerts, alerts_cap;
    struct explain_event event;
    bool has_event;
};
struct explainer {
    const struct generation *g;
    struct pipeline pipe;
    struct correlator *corr;
    struct arena arena;  /* of one message */
    int64_t now, last;   /* the run; the message before */
    int64_t clock;       /* the latest time of a message: what closes windows */
    bool bad;            /* some input was not what it was said to be */
    struct explained x;
};

/* explain.c: each of a few lines, judged, is said by `say` (one JSON value); correlations begin with empty windows. */
typedef void (*explain_say_fn)(struct explainer *ex, void *ctx, struct buf *json);
enum rc explain_each(const struct generation *g, struct str lines, explain_say_fn say, void *ctx, struct buf *json, struct err *e);
/* explain.c: stamps as the message gives them; out has room for TIME_TEXT + 8. false when there is none. */
bool explain_stamp(const struct message *m, char out[48]);
/* explain_event.c: an object of fields as a message. False and e filled when it is no object. */
bool explain_fields(struct explainer *ex, struct str line, struct message *m, struct err *e);
/* explain_json.c, explain_text.c: one message each. text: of explain_text, a key of its own unless absent. */
void explain_json(const struct explainer *ex, struct str text, struct buf *out);
void explain_text(struct explainer *ex, struct buf *out);

#endif
