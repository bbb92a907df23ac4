/* SPDX-License-Identifier: ISC
 *
 * desk_int.h - what the files of the desk share
 *
 * A change is: desk_begin, work, desk_end. In between every failure of the store is sticky (store.h); what goes out of the process
 * (watch lines, carried notices) is held back until the commit.
 */
#ifndef TOCSIN_DESK_DESK_INT_H
#define TOCSIN_DESK_DESK_INT_H

#include <stdio.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/table.h"
#include "case/assess.h"
#include "case/flow.h"
#include "case/guard.h"
#include "desk/desk.h"
#include "escalate/wording.h"
#include "store/rows.h"

#define PRINCIPAL_SYSTEM INT64_C(1) /* as wide as every "i" of a statement */
#define PRINCIPAL_ROOT 2
#define ALERTS_MAX 64      /* correlations one sighting can touch */
#define OBSERVED_EVERY US_PER_MIN
#define PENDING_SCAN 2048  /* raws looked at when a correlation fires */
#define OUTBOX_ROUND 32    /* notices handed out a tick */
#define IN_FLIGHT_MAX 256
#define LADDER_ROUND 64
#define REQUEST_KEPT (24 * US_PER_H)

struct work; /* desk_work.c */

#define LATENCY_CLASSES 24
struct latency { /* desk_latency.c */
    uint64_t n[LATENCY_CLASSES + 1], count;
    int64_t sum, max; /* us */
};
int64_t latency_at(const struct latency *l, unsigned mille);
void latency_json(const struct latency *l, struct jw *w);
void latency_metrics(const struct latency *l, struct buf *b);

#define STORMS_MAX 4096
struct storm { /* of a rule and an organisation: events made in an hour */
    uint64_t key;
    int64_t hour;
    uint64_t made;
};

struct desk {
    struct store *store;
    char *database, *domain, *tlp;
    struct desk_conf conf;
    struct desk_ops ops;
    void *ctx;
    struct desk_generation g;
    bool configured, paused, dead, ballast_gone;
    bool stuck; /* the last transaction could not begin: somebody else holds the record */
    char pause_why[160];
    struct correlator *corr;
    struct str *org_names; /* as the correlator knows them */
    struct storm storms[STORMS_MAX];
    uint64_t windows_said; /* a bit per bound that was reached and told of */
    struct {               /* desk_corr.c: the pieces of the record */
        int64_t seq;                          /* the last row of the journal */
        int64_t picture, first, picture_bytes; /* the whole one: its number, where its journal begins, its size */
        int64_t taking, taking_first, taken;   /* the one being taken, 0: none */
        int64_t bytes;                        /* of the journal from `first` on */
        bool shapes_due;
    } windows;
    struct prints { /* desk_prints.c */
        uint64_t *v;
        size_t cap, n;
        bool known, over;
    } prints;
    struct { /* of the last source that was asked for */
        int64_t source;
        int trust;
    } trust;
    struct { /* desk_pending.c: lines that no event claims yet */
        int64_t room, at, n;
    } aside;
    int64_t folded_to; /* up to here the journal's folds stand in their rows */
    struct table *sources; /* "org\0name" -> id of the source row */
    size_t rows;           /* of the open group commit */
    struct err broken;     /* what the last group commit failed with when it was ended by somebody else */
    struct lives *live;    /* desk_live.h */
    uint8_t line_stored[BATCH_LINES_MAX / 8 + 1]; /* a bit per line of the present batch */
    size_t kept_ops; /* of the journal of windows, when the present frame began */
    struct arena scratch;  /* of one call */
    struct arena batch;    /* of one group commit */
    struct buf watch;      /* lines for after the commit */
    int64_t next_due, expired_at, space_at, silent_at, overdue_at, deadline_at;
    int64_t *heard;           /* per source of the roster: when it spoke, 0 = not since it was written down */
    bool heard_any;
    int64_t listening;        /* since when we can have heard anybody */
    struct work *work;
    struct untold *untold; /* what became of notices and could not be recorded yet */
    size_t nuntold;
    struct notice leaving[OUTBOX_ROUND]; /* taken in the open transaction */
    size_t nleaving;
    struct latency latency; /* of group commits */
    struct {
        uint64_t sightings, unknown_rule, events, folded, alerts, decisions, refused, carried, sent, failed, dead, commit_failed, quiet_folds, stormed, not_kept;
    } n;
};

/* ---- desk.c */
enum rc desk_begin(struct desk *d, struct err *e); /* ends an open group commit first, so that reads see what was written */
enum rc desk_end(struct desk *d, enum rc rc, struct err *e); /* commits when rc is RC_OK, else rolls back; gives what to return */
enum rc desk_end_same(struct desk *d, enum rc rc, struct err *e); /* the same of what changes no event's state, words or priority */
void desk_forget_sources(struct desk *d); /* rows made in what was undone are not there */
void desk_due_at(struct desk *d, int64_t at);      /* something is due then */
void desk_watch(struct desk *d, int64_t now, int64_t org, const char *kind, struct str ref, const char *verb, const char *state, int priority, struct str title);
enum rc desk_flush(struct desk *d, int64_t now, struct err *e);    /* ends the open group; then every row is as it was counted */
enum rc desk_catch_up(struct desk *d, int64_t now, struct err *e); /* ends it; rows may lag FOLD_EVERY behind the journal */
const struct org *desk_org(const struct desk *d, int64_t id); /* of the roster; NULL when it left */
int desk_org_index(const struct desk *d, int64_t id);         /* -1 */
const struct person *desk_person(const struct desk *d, int64_t principal);

/* ---- desk_audit.c: lines with JSON */
struct line {
    struct buf b;
    struct jw w;
};
void line_open(struct line *l);
void line_close(struct desk *d, struct line *l, int64_t now, int64_t org, int64_t actor, const char *action, struct str object);
void desk_ref(struct desk *d, int64_t org, const char *kind, int width, int64_t now, char out[32]); /* "EV-2026-000123" */
void desk_stamp(struct desk *d, const char *object, int64_t id, const char *kind, int64_t at, int64_t now, int64_t by, struct str note, bool na);

/* ---- desk_people.c */
enum rc people_reconcile(struct desk *d, int64_t now, struct err *e);
int64_t people_source(struct desk *d, int org, const char *kind, struct str name, int64_t now);

/* ---- desk_fold.c: counts between audit lines */
void fold_write(struct desk *d, int64_t event, int64_t count, int64_t first, int64_t last, int64_t since); /* -> fold row */
void fold_prune(struct desk *d, int64_t event);
void fold_settle(struct desk *d, int64_t event, int64_t now);    /* fold row -> event row, one `observed` audit line */
void fold_settle_due(struct desk *d, int64_t now, int64_t older_than, size_t max);
int64_t fold_raw(struct desk *d, int64_t event, int64_t org, int64_t source, struct str rule, struct str fields, const struct sighting_line *l);
void fold_raws_accounted(struct desk *d, int64_t event); /* marks the event's raws as audited, renews count and digest in its row */

/* ---- desk_pending.c: lines aside */
void pending_pack(const struct sighting *s, struct buf *b);
struct str pending_value(struct str packed, enum field_id id);
bool pending_room(struct desk *d, int64_t now); /* may one more be kept? */
void pending_added(struct desk *d, int64_t org);
void pending_claim(struct desk *d, const struct alert *al, int64_t event, int64_t org);

/* ---- desk_report.c */
struct claim { /* somebody or something says that something happened */
    int org;                       /* index in the roster */
    int64_t source;
    const struct rule_info *rule;
    struct str correlation;        /* rule id, or absent */
    const struct field *fields;    /* entities and title */
    size_t nfields;
    const struct str *entity;      /* names of the fields of the fingerprint; NULL = rule->entity */
    size_t nentity;
    int64_t count, first, last;
    bool only_fold;                /* may not make an event */
    bool counted;                  /* a correlation's: the sightings behind it stand in the event already */
    bool storms;                   /* of a rule: many new ones become one */
    const struct rule_info *joins; /* the correlation whose event it makes or joins; NULL = its rule's own */
    struct str title;              /* absent = by the rule's pattern */
    int64_t reporter;              /* principal, 0 = a machine */
    bool human;
};
/* Folds into an open event or makes one: its id, 0 when it had nowhere to go. ref gets its reference when made or when asked. */
/* What a correlation said, as a claim; 0: it makes no event. The new one is told of in the audit when report_account is called. */
int64_t report_alert(struct desk *d, const struct alert *al, int64_t source, int64_t now, bool *made);
void report_account(struct desk *d, int64_t event, int64_t now);
int64_t report_claim(struct desk *d, const struct claim *c, int64_t now, bool *made);
/* Who said it says that it is over: its event when that is still open, else 0; and, when its body is stored, a note on it. It is for a person
 * to decide. */
int64_t report_resolved(struct desk *d, const struct claim *c);
void report_resolved_note(struct desk *d, const struct claim *c, int64_t event, int64_t now);
/* ---- desk_event.c: makes one */
int64_t report_event(struct desk *d, const struct claim *c, struct str fp, struct str suggestion, int64_t now);
const struct asset *report_asset(struct desk *d, const struct claim *c, struct str host); /* which it is about; NULL: none that is listed */
/* Parts of it that desk_raise.c needs, too: priority of an event by a claim, its stage 0 row, its title and an entity as they stand in its row. */
void report_assess(struct desk *d, const struct claim *c, struct event *ev);
void report_assessment(struct desk *d, const struct claim *c, const struct event *ev, int64_t now);
struct str report_title(struct desk *d, const struct claim *c);
struct str report_entity(const struct claim *c, enum field_id id);
struct str report_field(const struct field *f, size_t n, enum field_id id);

/* ---- desk_prints.c: of what there is an event that is not over */
bool prints_may(struct desk *d, struct str fp); /* false: there is none with this fingerprint */
void prints_add(struct desk *d, struct str fp);
void prints_forget(struct desk *d);

/* ---- desk_storm.c: too many new ones */
bool storm_full(struct desk *d, const struct claim *c, int64_t now); /* a new one would be one too many, unless it is urgent */
bool storm_over(struct desk *d, const struct claim *c, int64_t now); /* counts it, unless it is one too many */
void storm_claim(struct desk *d, const struct claim *c, struct claim *out);

/* ---- desk_raise.c: more urgent than before */
void raise_again(struct desk *d, const struct claim *c, int64_t id, int64_t now);     /* the same on another asset */
void raise_take_over(struct desk *d, const struct claim *c, int64_t id, int64_t now); /* the correlation that it counts for fired */

/* ---- desk_owe.c: ladders; desk_outbox.c: notices */
void owe_ladder(struct desk *d, const char *object, int64_t id, int64_t org, int priority, int64_t now);
/* Stops it and cancels what it still had queued; tells who would have been told next (for `said`), "" when none ran. */
void owe_stop(struct desk *d, const char *object, int64_t id, const char *why, int64_t now, struct buf *said);
void owe_hurry(struct desk *d, int64_t notice, int64_t now); /* its ladder goes on at once */
void owe_tick(struct desk *d, int64_t now);
void owe_group(struct desk *d, int64_t now); /* in the open group: outbox_leave follows its commit */
/* Tells those words of flow.def's notify column name. */
void owe_notify(struct desk *d, const struct step *s, const struct event *ev, const struct incident *inc, int64_t actor, const char *what, int64_t now);
struct notice_in {
    enum wording_why why;
    const struct event *event;
    const struct incident *incident;
    int rung;
    const char *silent, *next_who, *state_text;
    int64_t since, next_due;
    int urgency;
};
/* One notice to a person over one channel (-1: the preferred). 0 when the person has no address there. */
int64_t outbox_add(struct desk *d, const struct person *p, int channel, int64_t org, const struct notice_in *in, int64_t now);
void outbox_cancel(struct desk *d, const char *object, int64_t id, int64_t now);
void outbox_acked(struct desk *d, int64_t incident, int64_t person, int64_t now); /* what was sent to this person is answered (N7) */
void outbox_tick(struct desk *d, int64_t now);
void outbox_take(struct desk *d, int64_t now);     /* into the open transaction: the next ones are being sent */
void outbox_leave(struct desk *d, bool durable);   /* after it: the carrier has them; or they were never taken */
void outbox_recover(struct desk *d, int64_t now); /* sending -> queued */
bool outbox_has(const struct person *p, int channel);
struct untold { /* desk_outbox.c: at most IN_FLIGHT_MAX, more are not under way */
    struct carried c;
    char code[200];
};

/* ---- desk_do.c and its verbs */
struct act { /* one desk_do under way */
    struct desk *d;
    const struct actor *who;
    const struct args *args;
    struct answer *out;
    struct err *e;
    int64_t now, at;    /* at: when it was so, if back-dated */
    int64_t org;
    uint32_t roles;
    const struct step *step;
    struct event ev;     /* loaded when the object is one */
    struct incident inc;
    struct facts facts;
    struct line line;    /* of the audit: effects add members */
    struct str note;     /* what the person said, for the stamp */
    struct {
        const char *words, *what; /* who is told besides those of the step's notify column, and of what; or NULL */
    } also;
};
typedef enum rc (*effect_fn)(struct act *a);
struct effect {
    enum machine machine;
    const char *verb;
    effect_fn before; /* fills facts, looks at arguments; may be NULL */
    effect_fn after;  /* changes ev or inc beyond the state; may be NULL */
};
const struct effect *effect_find(enum machine m, struct str verb);
const struct effect *decide_effect(struct str verb); /* of an event */
struct extra { /* verbs.def: what is no transition */
    enum machine machine;
    const char *verb;
    uint32_t roles;
    const char *required;
    effect_fn fn;
    const char *help;
};
const struct extra *extra_find(enum machine m, struct str verb);
struct str act_arg(const struct act *a, const char *name); /* with its aliases */
bool act_has(void *ctx, const char *name);
int64_t act_actor(const struct act *a);
/* RFC 3339, a day (its beginning in the daemon's zone), or a duration from now such as 14d. */
bool act_time(const struct act *a, struct str text, int64_t *us);
enum rc act_person(struct act *a, struct str login, const struct person **out); /* RC_NOTFOUND with a sentence */
enum rc act_find(struct desk *d, const struct actor *who, enum machine m, struct str ref, struct str org, int64_t now, int64_t *id, struct err *e);
uint32_t act_roles(const struct desk *d, const struct actor *who, int64_t org, int64_t now);
void act_facts(struct act *a); /* what G1..G12 ask about a->inc */
void act_said(struct act *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void act_next(struct act *a); /* the next sensible commands */
/* Declares an incident; a->ev is its event when it has one. Sets a->inc and a->out->made. */
enum rc respond_declare(struct act *a);

/* ---- desk_corr.c: correlation windows */
enum rc windows_new(struct desk *d, struct err *e);     /* from the record, for the present rules */
void windows_begin(struct desk *d, int64_t now);        /* the first configuration of this life, or another */
void journal_seq(struct desk *d);                       /* the number of the last row of the journal, from the record */
enum rc windows_undo(struct desk *d);                   /* what the present frame counted */
void windows_save(struct desk *d, struct str folds);    /* what changed, into the open transaction */
void windows_picture(struct desk *d);                   /* all of it, so that the journal is not needed any more */
void windows_tick(struct desk *d, int64_t now);         /* those that are due close */

/* ---- desk_work.c */
bool work_step(struct desk *d, int64_t now);
void work_free(struct desk *d);

/* ---- desk_silence.c: listed sources */
void silent_tick(struct desk *d, int64_t now);
void deadline_tick(struct desk *d, int64_t now);
void heard_save(struct desk *d); /* writes down who was heard */

/* ---- desk_space.c: free space, ballast */
void space_open(struct desk *d);
void space_tick(struct desk *d, int64_t now);
void space_full(struct desk *d);

#endif
