/* SPDX-License-Identifier: ISC
 *
 * desk.h - the only door to the record: one function = one transaction + its audit line + its outbox rows
 *
 * The desk owns the store, the windows (correlator), the schedule (ladders, outbox) and the people. It has no socket and no clock:
 * what goes out is handed to the ops below, time comes as `now`. Everything is single-threaded and re-entered only from the loop.
 */
#ifndef TOCSIN_DESK_DESK_H
#define TOCSIN_DESK_DESK_H

#include "base/arena.h"
#include "detect/correlate.h"
#include "escalate/policy.h"
#include "link/codec.h"
#include "model/record.h"

struct desk;

struct desk_conf {
    const char *database;   /* path, or ":memory:" */
    uint64_t free_floor;    /* bytes; below it intake stops (default max(64 MiB, 5 %) when 0) */
    uint64_t ballast;       /* bytes, default 32 MiB; 0 = none */
    const char *domain;     /* for Message-ID */
    const char *tlp;        /* "AMBER+STRICT" */
    int64_t max_groups;     /* correlation groups, default 1 M */
    int64_t samples;        /* raws kept per event: first and last this many each, default 20 */
};

struct desk_ops { /* what the desk hands out; all may be NULL */
    void (*carry)(void *ctx, const struct carry *c);                   /* a notice is due: to the notify role, and to the next one when that dies */
    void (*pause)(void *ctx, bool paused, const char *why);            /* free-space floor */
    void (*watch)(void *ctx, struct str json_line);                    /* one line per change, for `tocsin watch` */
    void (*fired)(void *ctx, struct str rule, int64_t last);           /* a correlation fired; last: time of the sighting that made it */
};

/* Opens (creates, migrates) the database. `now` for the audit line of the opening. */
enum rc desk_open(const struct desk_conf *conf, const struct desk_ops *ops, void *ctx, int64_t now, struct desk **out, struct err *e);
void desk_close(struct desk *d, int64_t now);

/* A configuration generation: borrowed until the next call. Reconciles roster and assets into dated, audited bindings; restores the
 * windows; policy and rules take effect from here. The first call comes before any sighting. */
struct desk_generation {
    uint32_t number;
    const struct ruleset *rules;
    struct roster *roster; /* db ids are filled in */
    const struct policy *policy;
    const struct zone *zone;
    struct str digest;     /* hex of the image: config_change rows */
};
enum rc desk_configure(struct desk *d, const struct desk_generation *g, int64_t now, struct err *e);

/* ---- from ingest: group commit. Sightings go into the open transaction; desk_commit ends it (2000 rows or 5 ms: the role decides by
 * desk_rows) and only then may the acks be sent. On RC_IO at commit nothing is acknowledged (F4). */
enum rc desk_batch(struct desk *d, const struct batch *b, int64_t now, struct ack *ack, struct err *e);
enum rc desk_delivery(struct desk *d, const struct delivery *dv, int64_t now, struct arena *a, struct ack *ack, struct err *e);
size_t desk_rows(const struct desk *d); /* rows in the open transaction, 0 = none open */
enum rc desk_commit(struct desk *d, int64_t now, struct err *e);
void desk_took(struct desk *d, int64_t us); /* how long a commit took, for the status and the metrics */

/* ---- from notify */
enum rc desk_carried(struct desk *d, const struct carried *c, int64_t now, struct err *e);
/* Listed sources said something, be it harmless: silence is counted from here. Written down before silence is looked for. */
void desk_heard(struct desk *d, const struct hearing *h);

/* ---- the schedule: ladders, outbox, silent sources, decision targets, window expiry, free space, slices of long work. Does what is
 * due, gives when to call next (us UTC). */
int64_t desk_tick(struct desk *d, int64_t now);
int64_t desk_due(const struct desk *d); /* when to call it next, as known now: sooner after a batch or a command that owes something */

/* ---- from people. Every change goes through desk_do: it finds the object, its machine's row for the verb, checks role, required
 * data and guards, changes state, stamps, audits, owes notices, commits. */
struct actor {
    int64_t id;            /* principal; 0 = nobody known */
    const struct person *person; /* NULL for root or tocsin itself */
    struct str login;
    bool admin;            /* uid 0: admin, never ISO */
    bool system;
};
struct arg {
    const char *name;
    struct str value;
};
struct args {
    struct arg v[32];
    size_t n;
};
struct str arg_get(const struct args *a, const char *name); /* absent when not given */

struct answer { /* init buffers before; memory of strs is the arena's */
    struct arena *arena;
    struct str ref;        /* the object's reference */
    struct str state;      /* the new state's word */
    struct str made;       /* what came into being: "INC-2026-0001", "EV-..." or absent */
    struct buf said;       /* sentences for a person: "Escalation stopped (the deputy would have been told in 11 min)." one per line */
    struct buf next;       /* the next sensible commands, one per line: "tocsin contain INC-2026-0001 --note ..." */
};
/* verb: of flow.def, or of verbs.def of the desk for what is no transition (note, assign, task add/done, action add, lesson add, control add,
 * evidence waiver, absence, ...). ref: "EV-2026-000012", "INC-7", or a bare number (machine says which). request_id: the same within 24 h
 * gives the same answer again; absent = none. */
enum rc desk_do(struct desk *d, const struct actor *who, enum machine m, struct str ref, const char *verb, const struct args *args,
                struct str request_id, int64_t now, struct answer *out, struct err *e);

/* ---- questions: JSON straight into a buf (the API's shapes, documented in tocsin-api(7)); what `who` may not see is not there */
enum rc desk_list(struct desk *d, const struct actor *who, const struct args *filter, int64_t now, struct buf *json, struct err *e);
enum rc desk_show(struct desk *d, const struct actor *who, enum machine m, struct str ref, int64_t now, struct buf *json, struct err *e);
enum rc desk_status(struct desk *d, const struct actor *who, int64_t now, struct buf *json, struct err *e);
enum rc desk_next(struct desk *d, const struct actor *who, enum machine m, struct str ref, int64_t now, struct buf *json, struct err *e);
enum rc desk_check_close(struct desk *d, const struct actor *who, struct str ref, int64_t now, struct buf *json, struct err *e);
void desk_metrics(struct desk *d, int64_t now, struct buf *prometheus);
bool desk_ready(const struct desk *d); /* configured, not read-only, above the floor */
struct str desk_self_check(struct desk *d); /* quick_check at start after an unclean stop */

/* ---- long work, in bounded slices between commits (desk_tick): the answer comes through `done`, with JSON */
typedef void (*desk_done_fn)(void *ctx, enum rc rc, struct str json, const struct err *e);
enum rc desk_verify(struct desk *d, const struct actor *who, int64_t now, desk_done_fn done, void *ctx, struct err *e);
enum rc desk_backup(struct desk *d, const struct actor *who, const char *file, int64_t now, desk_done_fn done, void *ctx, struct err *e);
bool desk_busy(const struct desk *d); /* long work is under way: call desk_tick again soon */

/* Tokens were made or revoked: into the audit chain with whose they are and what they are called, never what they are. */
struct token_change {
    struct str login, id; /* id: the digits it is listed under */
};
enum rc desk_tokens_changed(struct desk *d, const struct actor *who, bool made, const struct token_change *v, size_t n, int64_t now, struct err *e);

/* tocsin notify test WHO */
enum rc desk_notify_test(struct desk *d, const struct actor *who, struct str login, int64_t now, struct answer *out, struct err *e);
/* who may report (A.6.8): makes an event of a human source */
enum rc desk_report(struct desk *d, const struct actor *who, const struct args *args, struct str request_id, int64_t now, struct answer *out, struct err *e);

#endif
