/* SPDX-License-Identifier: ISC
 *
 * pipeline.h - one message through parse, normalise and match; used by the ingest role, by explain and by the scene harness alike
 */
#ifndef TOCSIN_DAEMON_PIPELINE_H
#define TOCSIN_DAEMON_PIPELINE_H

#include "daemon/config.h"
#include "daemon/repeats.h"
#include "detect/match.h"
#include "model/sighting.h"

#define PIPELINE_HITS_MAX 64

struct pipeline {
    const struct generation *g;
    struct matcher *matcher;
    struct repeats *repeats;
    struct spare spare; /* what the message in hand had decoded: gone with the next */
    bool always_fields; /* explain: make fields even when no rule is a candidate */
    uint64_t scanned, candidates, normalised;
};
enum rc pipeline_init(struct pipeline *p, const struct generation *g, bool prefilter, struct err *e);
void pipeline_fini(struct pipeline *p);

/* m->raw, arrived, peer, transport, source, org, flags set by the caller; fields of m hold until the next message. listener: time policy (may be NULL: skew, 10 min).
 * Gives the number of rules hit (indexes in hits). No allocation. */
size_t pipeline_line(struct pipeline *p, struct message *m, const struct listen_conf *listener, uint32_t hits[PIPELINE_HITS_MAX]);
/* The same for a message whose header is there already (explain: a line of a known program). */
size_t pipeline_parsed(struct pipeline *p, struct message *m, const struct listen_conf *listener, uint32_t hits[PIPELINE_HITS_MAX]);
/* A message whose fields are made already (webhook dialect, --input=events). */
size_t pipeline_fields(struct pipeline *p, struct message *m, uint32_t hits[PIPELINE_HITS_MAX]);
/* One rule's sighting of one message: picks the fields the rule wants. times/weights point into s1. */
struct sighting_one {
    int64_t time;
    uint32_t weight;
};
void pipeline_sighting(const struct pipeline *p, const struct message *m, uint32_t rule, struct sighting_one *s1, struct sighting *out);

#endif
