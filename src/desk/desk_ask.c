/* SPDX-License-Identifier: ISC
 *
 * desk_ask.c - questions: lists and single objects as JSON
 *
 * Takes   who asks, a filter or a reference.
 * Gives   what that person may see and nothing else.
 *
 * Shapes (tocsin-api(7)); times are RFC 3339 UTC or null, priorities "P1".."P5":
 *
 * list kind=events      [{ref, org, state, priority, priority_computed, title, count, first_seen, last_seen, received_at, rule, class,
 *                         src_ip, user, host, assessor, incident, disposition, reporter}]
 * list kind=incidents   [{ref, org, state, priority, priority_computed, title, summary, class, declared_at, owner, personal_data, events,
 *                         provisional, exercise}]
 * list kind=notices     [{id, uuid, org, object, to, via, address, state, attempts, rung, queued_at, next_try_at, sent_at, code}]
 * list kind=actions     [{ref, org, state, type, text, owner, due_at, effect_criterion, incident}]
 *   filter: kind, org, state, address (src_ip), since (RFC 3339 or a duration such as 24h), priority (P1 to P5: and what is more urgent), open=1, undecided=1, mine=1, object, limit (100)
 * show EV-...           the row of the list + {occurred_at, claimed_at, decided_at, level, correlation, suggestion,
 *                         inputs: {impact, need, data, scope, outcome, activity, confidence, floor, score, level, urgency},
 *                         assessments: [{stage, at, by, decision, criteria, confidence, rationale}], stamps, notes, notices, ladder,
 *                         raws: [{at, peer, transport, sha256, body}], timeline: [{at, recorded_at, actor, verb, text}]}
 * show INC-...          the row + {description of every milestone (acknowledged_at ...), root_cause, closing_statement, close_requester, close_approver, events: [row],
 *                         tasks, lessons, controls, actions, facts, reviews, assessments, stamps, notes, notices, ladder, timeline}
 */
#include <string.h>

#include "desk/desk_ask.h"

uint32_t ask_roles(const struct desk *d, const struct actor *who, int64_t org, int64_t now) {
    return act_roles(d, who, org, now);
}

/* Events: those who work with them, and the auditor; a reporter sees their own. */
bool ask_sees_event(uint32_t roles, const struct actor *who, int64_t reporter) {
    const uint32_t all = ROLE_BIT(ROLE_ISO) | ROLE_BIT(ROLE_DEPUTY) | ROLE_BIT(ROLE_ANALYST) | ROLE_BIT(ROLE_AUDITOR) | ROLE_BIT(ROLE_SYSTEM) | ROLE_BIT(ROLE_MANAGEMENT);
    return (roles & all) || (roles && who->person && reporter == who->person->db_id);
}

bool ask_sees_incident(uint32_t roles, const struct actor *who, const struct incident *i) {
    const uint32_t all = ROLE_BIT(ROLE_ISO) | ROLE_BIT(ROLE_DEPUTY) | ROLE_BIT(ROLE_ANALYST) | ROLE_BIT(ROLE_AUDITOR) | ROLE_BIT(ROLE_SYSTEM);
    if (roles & all)
        return true;
    if ((roles & ROLE_BIT(ROLE_MANAGEMENT)) && i->worst_priority <= 2)
        return true;
    if ((roles & ROLE_BIT(ROLE_DPO)) && !str_is(i->personal_data, "no"))
        return true;
    return who->person && i->owner_id == who->person->db_id;
}

void ask_priority(struct jw *w, const char *key, int p) {
    char text[4] = {'P', (char)('0' + p), '\0'};
    jw_kv_text(w, key, p ? text : NULL);
}

static void class_of(struct jw *w, struct str cls, struct str type) {
    char both[96];
    snprintf(both, sizeof both, "%.*s/%.*s", STR_FMT(cls), STR_FMT(type));
    jw_kv_text(w, "class", both);
}

static const char *word_or_null(int w) {
    return w < 0 ? NULL : word_name((enum word_id)w);
}

void ask_event_members(struct jw *w, const struct event *ev) {
    jw_kv_str(w, "ref", ev->ref);
    jw_kv_str(w, "org", ev->org_slug);
    jw_kv_text(w, "state", state_name(ev->state));
    ask_priority(w, "priority", ev->priority);
    ask_priority(w, "priority_computed", ev->out.priority);
    jw_kv_str(w, "title", ev->title);
    jw_kv_int(w, "count", ev->count);
    jw_kv_time(w, "first_seen", ev->first_seen);
    jw_kv_time(w, "last_seen", ev->last_seen);
    jw_kv_time(w, "received_at", ev->received_at);
    jw_kv_str(w, "rule", ev->rule);
    class_of(w, ev->rsit_class, ev->rsit_type);
    jw_kv_str(w, "src_ip", ev->src_ip);
    jw_kv_str(w, "user", ev->user);
    jw_kv_str(w, "host", ev->host);
    jw_kv_str(w, "assessor", ev->assessor);
    jw_kv_str(w, "incident", ev->incident_ref);
    jw_kv_text(w, "disposition", word_or_null(ev->disposition));
    jw_kv_str(w, "reporter", ev->reporter);
}

void ask_incident_members(struct desk *d, struct jw *w, const struct incident *i) {
    jw_kv_str(w, "ref", i->ref);
    jw_kv_str(w, "org", i->org_slug);
    jw_kv_text(w, "state", state_name(i->state));
    ask_priority(w, "priority", i->priority);
    ask_priority(w, "priority_computed", i->out.priority);
    jw_kv_str(w, "title", i->title);
    jw_kv_str(w, "summary", i->summary);
    class_of(w, i->rsit_class, i->rsit_type);
    jw_kv_time(w, "declared_at", i->declared_at);
    jw_kv_str(w, "owner", i->owner);
    jw_kv_str(w, "personal_data", i->personal_data);
    jw_kv_text(w, "disposition", word_or_null(i->disposition));
    jw_kv_int(w, "event_count", query_number(d->store, 0, Q_EVENT_COUNT_OF, "i", i->id));
    jw_kv_bool(w, "provisional", i->provisional);
    jw_kv_bool(w, "exercise", i->exercise);
}

/* ---- lists */

struct wanted { /* a filter, read */
    struct str org, state, address, object;
    int64_t since, limit;
    int priority; /* as urgent as that, or more */
    bool open, undecided, mine;
};

static bool yes(struct str v) {
    return str_is(v, "1") || str_is(v, "yes") || str_is(v, "true");
}

static enum rc read_filter(const struct args *f, int64_t now, struct wanted *q, struct err *e) {
    struct str since = arg_get(f, "since"), limit = arg_get(f, "limit"), priority = arg_get(f, "priority");
    uint64_t n;
    int64_t ago;
    *q = (struct wanted){.org = arg_get(f, "org"), .state = arg_get(f, "state"), .address = arg_get(f, "address"), .object = arg_get(f, "object"), .limit = 100,
                         .priority = 5, .open = yes(arg_get(f, "open")), .undecided = yes(arg_get(f, "undecided")), .mine = yes(arg_get(f, "mine"))};
    if (!str_absent(since) && str_duration(since, &ago))
        q->since = now - ago;
    else if (!str_absent(since) && !time_parse(since, &q->since, NULL))
        return err_set(e, RC_INVALID, "since is a time or a duration such as 24h");
    if (!str_absent(limit) && (!str_u64(limit, 10000, &n) || !n))
        return err_set(e, RC_INVALID, "limit is a number from 1 to 10000");
    if (!str_absent(priority) && (priority.n != 2 || (priority.p[0] | 32) != 'p' || priority.p[1] < '1' || priority.p[1] > '0' + 5))
        return err_set(e, RC_INVALID, "priority is P1 to P5; what is more urgent is listed with it");
    if (!str_absent(priority))
        q->priority = priority.p[1] - '0';
    if (!str_absent(limit))
        q->limit = (int64_t)n;
    return RC_OK;
}

static bool fits_org(const struct wanted *q, struct str slug) {
    return str_absent(q->org) || str_eq(q->org, slug);
}

static int64_t me(const struct actor *who) {
    return who->person ? who->person->db_id : who->id;
}

static bool event_fits(const struct wanted *q, const struct actor *who, const struct event *ev) {
    bool undecided = ev->state == EV_NEW || ev->state == EV_ASSESSING || ev->state == EV_WAITING;
    return fits_org(q, ev->org_slug) && (str_absent(q->state) || str_is(q->state, state_name(ev->state))) &&
           (str_absent(q->address) || str_eq(q->address, ev->src_ip)) && (!(q->open || q->undecided) || undecided) && (!q->mine || ev->assessor_id == me(who)) &&
           ev->last_seen >= q->since && ev->priority <= q->priority;
}

/* Of the statement's ids, from the newest on, those that fit; `shown` of them there are already. */
static int64_t list_walk(struct desk *d, const struct actor *who, const struct wanted *q, enum stmt walk, int priority, int64_t shown, int64_t now, struct jw *w) {
    int64_t before = INT64_MAX;
    while (shown < q->limit) {
        int64_t ids[64];
        size_t n = 0;
        bool more = walk == Q_EVENTS_FROM ? query_row(d->store, walk, "is", before, q->address)
                  : walk == Q_EVENTS_OPEN ? query_row(d->store, walk, "ii", before, (int64_t)priority)
                                          : query_row(d->store, walk, "i", before);
        for (; more; more = query_next(d->store, walk))
            ids[n++] = query_int(d->store, walk, 0);
        for (size_t i = 0; i < n && shown < q->limit; i++) {
            struct event ev;
            arena_reset(&d->scratch);
            if (!rows_event_load(d->store, ids[i], &d->scratch, &ev) || !event_fits(q, who, &ev) ||
                !ask_sees_event(ask_roles(d, who, ev.org_id, now), who, ev.reporter_id))
                continue;
            jw_map(w);
            ask_event_members(w, &ev);
            jw_map_end(w);
            shown++;
        }
        if (n < 64)
            break;
        before = ids[n - 1];
    }
    return shown;
}

/* What is undecided: the most urgent first, so that noise never pushes it out of the list. Else the newest first. */
static void list_events(struct desk *d, const struct actor *who, const struct wanted *q, int64_t now, struct jw *w) {
    int64_t shown = 0;
    if (!str_absent(q->address))
        list_walk(d, who, q, Q_EVENTS_FROM, 0, 0, now, w);
    else if (!q->open && !q->undecided)
        list_walk(d, who, q, Q_EVENTS, 0, 0, now, w);
    else
        for (int p = 1; p <= q->priority; p++)
            shown = list_walk(d, who, q, Q_EVENTS_OPEN, p, shown, now, w);
}

static bool incident_fits(const struct wanted *q, const struct actor *who, const struct incident *i) {
    bool open = i->state >= INC_DECLARED && i->state <= INC_REVIEW;
    return fits_org(q, i->org_slug) && (str_absent(q->state) || str_is(q->state, state_name(i->state))) && (!q->open || open) &&
           (!q->undecided || i->state == INC_DECLARED) && (!q->mine || i->owner_id == me(who)) && i->declared_at >= q->since &&
           i->priority <= q->priority;
}

static void list_incidents(struct desk *d, const struct actor *who, const struct wanted *q, int64_t now, struct jw *w) {
    int64_t before = INT64_MAX, shown = 0;
    while (shown < q->limit) {
        int64_t ids[64];
        size_t n = 0;
        for (bool more = query_row(d->store, Q_INCIDENTS, "i", before); more; more = query_next(d->store, Q_INCIDENTS))
            ids[n++] = query_int(d->store, Q_INCIDENTS, 0);
        for (size_t i = 0; i < n && shown < q->limit; i++) {
            struct incident inc;
            arena_reset(&d->scratch);
            if (!rows_incident_load(d->store, ids[i], &d->scratch, &inc) || !incident_fits(q, who, &inc) ||
                !ask_sees_incident(ask_roles(d, who, inc.org_id, now), who, &inc))
                continue;
            jw_map(w);
            ask_incident_members(d, w, &inc);
            jw_map_end(w);
            shown++;
        }
        if (n < 64)
            return;
        before = ids[n - 1];
    }
}

/* Columns of Q_NOTICES and its kin, by name. */
static void notice_row(struct desk *d, enum stmt q, struct jw *w) {
    static const char *const names[] = {"id", "uuid", "org", "object", "to", "via", "address", "state", "attempts", "rung", "code"};
    static const char *const times[] = {"queued_at", "next_try_at", "sent_at"};
    jw_map(w);
    for (int i = 0; i < 11; i++) {
        jw_key(w, names[i]);
        if (i == 0 || i == 8 || i == 9)
            jw_int(w, query_int(d->store, q, i));
        else
            jw_str(w, query_str(d->store, q, i, NULL));
    }
    for (int i = 0; i < 3; i++)
        jw_kv_time(w, times[i], query_int(d->store, q, 11 + i));
    jw_map_end(w);
}

static void list_notices(struct desk *d, const struct actor *who, const struct wanted *q, int64_t now, struct jw *w) {
    int64_t shown = 0;
    const uint32_t may = ROLE_BIT(ROLE_ISO) | ROLE_BIT(ROLE_DEPUTY) | ROLE_BIT(ROLE_AUDITOR) | ROLE_BIT(ROLE_ADMIN) | ROLE_BIT(ROLE_SYSTEM) | ROLE_BIT(ROLE_ANALYST);
    for (bool more = query_row(d->store, Q_NOTICES, ""); more && shown < q->limit; more = query_next(d->store, Q_NOTICES)) {
        bool own = str_eq(query_str(d->store, Q_NOTICES, 4, NULL), who->login);
        bool fits = fits_org(q, query_str(d->store, Q_NOTICES, 2, NULL)) && (str_absent(q->state) || str_eq(q->state, query_str(d->store, Q_NOTICES, 7, NULL))) &&
                    (str_absent(q->object) || str_eqi(q->object, query_str(d->store, Q_NOTICES, 3, NULL))) && (!q->mine || own) &&
                    query_int(d->store, Q_NOTICES, 11) >= q->since;
        if (!fits || !(own || (ask_roles(d, who, query_int(d->store, Q_NOTICES, 14), now) & may)))
            continue;
        notice_row(d, Q_NOTICES, w);
        shown++;
    }
    query_end(d->store, Q_NOTICES);
}

void ask_rows(struct desk *d, struct jw *w, enum stmt q, const char *const *names, const char *types, const char *fmt, int64_t id) {
    jw_list(w);
    for (bool more = *fmt ? query_row(d->store, q, fmt, id) : query_row(d->store, q, ""); more; more = query_next(d->store, q)) {
        jw_map(w);
        for (int i = 0; types[i]; i++) {
            jw_key(w, names[i]);
            if (query_null(d->store, q, i))
                jw_null(w);
            else if (types[i] == 'i')
                jw_int(w, query_int(d->store, q, i));
            else if (types[i] == 'B')
                jw_bool(w, query_int(d->store, q, i) != 0);
            else if (types[i] == 't')
                jw_time(w, query_int(d->store, q, i));
            else if (types[i] == 'j')
                jw_raw(w, query_str(d->store, q, i, NULL));
            else if (types[i] == 'b')
                jw_bytes(w, query_str(d->store, q, i, NULL));
            else
                jw_str(w, query_str(d->store, q, i, NULL));
        }
        jw_map_end(w);
    }
    jw_list_end(w);
}

static void list_actions(struct desk *d, const struct actor *who, const struct wanted *q, int64_t now, struct jw *w) {
    static const char *const names[] = {"ref", "org", "state", "type", "text", "owner", "effect_criterion", "incident"};
    for (bool more = query_row(d->store, Q_ACTIONS, ""); more; more = query_next(d->store, Q_ACTIONS)) {
        bool own = str_eq(query_str(d->store, Q_ACTIONS, 5, NULL), who->login);
        if (!fits_org(q, query_str(d->store, Q_ACTIONS, 1, NULL)) || (q->mine && !own) ||
            (!str_absent(q->state) && !str_eq(q->state, query_str(d->store, Q_ACTIONS, 2, NULL))) ||
            !(own || (ask_roles(d, who, query_int(d->store, Q_ACTIONS, 9), now) & ~ROLE_BIT(ROLE_REPORTER) & ~ROLE_BIT(ROLE_ADMIN))))
            continue;
        jw_map(w);
        for (int i = 0; i < 8; i++)
            jw_kv_str(w, names[i], query_str(d->store, Q_ACTIONS, i, NULL));
        jw_kv_time(w, "due_at", query_int(d->store, Q_ACTIONS, 8));
        jw_map_end(w);
    }
}

/* Reading sees what was written: the open group is ended first. */
enum rc ask_begin(struct desk *d, int64_t now, struct err *e) {
    if (!d->configured)
        return err_set(e, RC_BUSY, "not configured yet");
    if (d->dead)
        return err_set(e, RC_IO, "the record is closed after an error");
    desk_flush(d, now, NULL);
    arena_reset(&d->scratch);
    return store_begin(d->store, e); /* it is rolled back: nothing of ours may be written in it */
}

enum rc ask_end(struct desk *d, enum rc rc, struct buf *json, struct err *e) {
    struct err mine;
    enum rc failed = store_failed(d->store, &mine);
    store_rollback(d->store); /* nothing was changed */
    if (!rc && failed && e)
        *e = mine;
    if (!rc && !failed && json->over)
        return err_set(e, RC_LIMIT, "the answer is too long: ask for less");
    return rc ? rc : failed;
}

enum rc desk_list(struct desk *d, const struct actor *who, const struct args *filter, int64_t now, struct buf *json, struct err *e) {
    static const struct {
        const char *kind;
        void (*fn)(struct desk *, const struct actor *, const struct wanted *, int64_t, struct jw *);
    } kinds[] = {{"events", list_events}, {"incidents", list_incidents}, {"notices", list_notices}, {"actions", list_actions}};
    struct str kind = arg_get(filter, "kind");
    struct wanted q;
    struct jw w;
    enum rc rc = read_filter(filter, now, &q, e);
    if (rc)
        return rc;
    if ((rc = ask_begin(d, now, e)))
        return rc;
    rc = err_set(e, RC_INVALID, "kind is events, incidents, notices or actions");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (str_is(kind, kinds[i].kind) || (str_absent(kind) && !i)) {
            err_clear(e);
            rc = RC_OK;
            jw_init(&w, json);
            jw_list(&w);
            kinds[i].fn(d, who, &q, now, &w);
            jw_list_end(&w);
            break;
        }
    return ask_end(d, rc, json, e);
}
