/* SPDX-License-Identifier: ISC
 *
 * ingest.h - what role_ingest.c (lines) and ingest_hook.c (webhooks) share; nobody else includes it
 */
#ifndef TOCSIN_DAEMON_INGEST_H
#define TOCSIN_DAEMON_INGEST_H

#include "base/arena.h"
#include "daemon/batch.h"
#include "daemon/flight.h"
#include "daemon/heard.h"
#include "daemon/pipeline.h"
#include "daemon/role.h"
#include "daemon/tally.h"
#include "intake/intake.h"

struct ingest_hook;

struct ingest {
    struct role_loop *role;
    struct event_base *base;
    const struct generation *g; /* in force; NULL before the first swap */
    struct pipeline now, next;  /* next: prepared, not yet in force */
    bool has_now, has_next;
    uint64_t scanned, candidates, normalised; /* of pipelines that are gone */
    struct batcher *batch;
    uint32_t hits[PIPELINE_HITS_MAX]; /* of the message in hand: here, because a hardened build would clear it for each */
    uint64_t batch_lines[TRANSPORT__COUNT];
    bool held, waits; /* the batch is older than it would get if the desk kept up; nothing else is to be read, and it waits for the desk */
    struct heard *heard, *heard_next; /* of now and next */
    struct tally *tally, *tally_next;    /* of now and next */
    unsigned ticks;
    struct flight flight;
    struct intake *intake;
    struct ingest_hook *hook;
    struct event *flush, *age, *stats, *grace;
    bool paused;   /* the desk cannot store */
    bool behind;   /* more in flight than allowed: streams wait, until half of it is gone */
    bool blocked;  /* twice as much: everything waits, until it is down to what is allowed */
    bool stopping;
    struct account by[TRANSPORT__COUNT]; /* harmless, stored, folded, shed of refused frames, and all of HTTP; the rest is intake's */
    struct ingest_stats told;            /* as last sent to the desk */
    int *socket_fd;                      /* sockets waiting for their generation */
    uint32_t *socket_index;
    size_t sockets;
    bool sockets_fresh; /* the next sockets replace those in use */
};

/* Books lines of a frame that was acknowledged (a NULL: it never will be). */
void ingest_account(struct account *by, const struct ack *a, size_t transport, uint64_t lines);
uint16_t ingest_org(const struct generation *g, const char *slug); /* index; the first when slug is NULL */
void ingest_hold(struct ingest *in); /* reads on, or not, as things are now */
void ingest_flush(struct ingest *in);
bool ingest_accepting(const struct ingest *in); /* a webhook may come in: there is a desk that can store, and room in flight */
void ingest_leave(struct ingest *in);  /* when stopping: leaves when nothing is under way any more */

/* ---- ingest_hook.c */
struct ingest_hook *ingest_hook_new(struct ingest *in);
void ingest_hook_free(struct ingest_hook *h);
enum rc ingest_hook_prepare(struct ingest_hook *h, struct generation *g, struct err *e); /* are the secrets usable? */
void ingest_hook_swap(struct ingest_hook *h);                  /* as in->g says */
void ingest_hook_listen(struct ingest_hook *h, int fd);        /* takes it */
void ingest_hook_unlisten(struct ingest_hook *h);
uint64_t ingest_hook_connections(const struct ingest_hook *h);  /* accepted so far */
size_t ingest_hook_waiting(const struct ingest_hook *h);       /* requests not answered */
void ingest_hook_tick(struct ingest_hook *h, int64_t now);     /* answers those that waited too long */

#endif
