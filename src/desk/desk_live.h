/* SPDX-License-Identifier: ISC
 *
 * desk_live.h - the events that sightings fold into now, in memory; private to the desk
 *
 * A sighting of such an event costs a look-up and an addition. Its count is in the record with the commit that acknowledges it all the
 * same: in the journal, a few bytes an event and commit.
 */
#ifndef TOCSIN_DESK_DESK_LIVE_H
#define TOCSIN_DESK_DESK_LIVE_H

#include "desk/desk_int.h"

#define ASSESSED_MAX 8
#define FOLD_EVERY (US_PER_S / 5)

struct live_sum {
    int64_t count, first, last;
    bool any;
};

struct kept_line;
struct live { /* an event, and what the record says of it as long as nobody decides anything */
    int64_t event;
    int64_t last; /* seen: also what is not in the record yet */
    int state, incident; /* incident: of its state, -1 none */
    uint64_t host, rule; /* hashes */
    char incident_ref[32], disposition[32];
    struct {
        const struct asset *asset;
        struct prio_in in; /* of the rule */
        int64_t source;
    } assessed[ASSESSED_MAX]; /* by which it did not become more urgent */
    uint8_t nassessed;
    /* desk_live.c */
    struct live_sum fold, journal; /* not in its row; not in the journal either */
    int64_t since;
    int32_t raws; /* lines in the record, counted to `samples`; -1 = not known */
    uint32_t frame;
    bool dirty, prune;
    struct kept_line *lines; /* a ring: the last ones */
    uint32_t nlines, nkept, kept_at;
};

struct lives *lives_new(void);
void lives_free(struct lives *v);
struct live *live_of(struct desk *d, int64_t event); /* NULL without memory */
/* By what the fingerprint is made of. */
struct live *live_find(struct desk *d, const struct claim *c, const struct rule_info *whose);
void live_name(struct desk *d, const struct claim *c, const struct rule_info *whose, struct live *l);
void live_fold(struct desk *d, struct live *l, int64_t count, int64_t first, int64_t last, int64_t now);
/* One of its lines: true when it is in the record now, false when it will be unless later ones take its place. */
bool live_line(struct desk *d, struct live *l, int64_t org, int64_t source, struct str rule, const struct sighting_line *line);
/* Of the present frame: */
void live_frame(struct desk *d); /* it begins */
void live_undo(struct desk *d);  /* it is refused */
/* Into the open transaction: */
void live_flush_one(struct desk *d, int64_t event);
void live_flush(struct desk *d, bool lines);
void live_commit(struct desk *d, int64_t now, bool all, struct buf *journal); /* at the end of a group */
void live_recover(struct desk *d);                                            /* what was journaled and then lost from memory */
bool live_pending(const struct desk *d);
int64_t live_due(const struct desk *d);
void live_forget(struct desk *d); /* somebody decided something: the record is asked again. Counts are written already */
void live_end(struct desk *d);    /* everything is written, and nothing known any more */
bool live_has_lines(const struct desk *d, int64_t event);
void live_lost(struct desk *d);   /* all of it is void: the record knows */

#endif
