/* SPDX-License-Identifier: ISC
 *
 * desk_owe.c - ladders: who must know by when, as rows (process.md 3, house.md 9 "who is told")
 *
 * Takes   a ladder's start and what stops it.
 * Gives   notices for each rung as it falls due: late ones once and in order, one transaction a tick.
 * Keeps   nothing in memory: how far a ladder has come is in its row.
 */
#include <string.h>

#include "base/log.h"
#include "desk/desk_live.h"

#define PEOPLE_MAX 64

struct rung { /* a ladder row */
    int64_t id, object_id, org, started, next;
    int priority;
    int64_t step, loops;
    bool event, hurry; /* hurry: nobody has been asked yet who could answer, so the next rungs do not wait for their time */
};

static void read_rung(struct store *s, enum stmt q, struct rung *r) {
    *r = (struct rung){.id = query_int(s, q, 0), .object_id = query_int(s, q, 2), .org = query_int(s, q, 3), .priority = (int)query_int(s, q, 4),
                       .started = query_int(s, q, 5), .step = query_int(s, q, 6), .loops = query_int(s, q, 7), .next = query_int(s, q, 8),
                       .event = str_is(query_str(s, q, 1, NULL), "event"), .hurry = query_int(s, q, 9) != 0};
}

void owe_ladder(struct desk *d, const char *object, int64_t id, int64_t org, int priority, int64_t now) {
    const struct ladder *l = &d->g.policy->ladders[priority];
    size_t step;
    int64_t due;
    if (!ladder_next(l, now, 0, 0, &step, &due))
        return;
    query_do(d->store, Q_LADDER_ADD, "tiiiii", object, id, org, (int64_t)priority, now, due);
    desk_due_at(d, due);
}

static void duration_text(int64_t us, char out[32]) {
    int64_t min = (us + US_PER_MIN - 1) / US_PER_MIN;
    if (us < US_PER_MIN)
        snprintf(out, 32, "%lld s", (long long)((us + US_PER_S - 1) / US_PER_S));
    else if (min < 120)
        snprintf(out, 32, "%lld min", (long long)min);
    else
        snprintf(out, 32, "%lld h", (long long)(min / 60));
}

static const char *who_label(uint32_t who) {
    static const enum role order[] = {ROLE_ISO, ROLE_DEPUTY, ROLE_MANAGEMENT, ROLE_DPO, ROLE_ANALYST};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (who & ROLE_BIT(order[i]))
            return role_label(order[i]);
    return "somebody else";
}

void owe_stop(struct desk *d, const char *object, int64_t id, const char *why, int64_t now, struct buf *said) {
    if (query_row(d->store, Q_LADDER_OF, "ti", object, id)) {
        struct rung r;
        size_t step;
        int64_t due;
        char in[32];
        read_rung(d->store, Q_LADDER_OF, &r);
        query_end(d->store, Q_LADDER_OF);
        const struct ladder *l = &d->g.policy->ladders[r.priority];
        if (said && ladder_next(l, r.started, (size_t)r.step, (uint32_t)r.loops, &step, &due)) {
            duration_text(due > now ? due - now : 0, in);
            buf_printf(said, "Escalation stopped (%s would have been told in %s).\n", who_label(l->steps[step].who), in);
        }
        query_do(d->store, Q_LADDER_STOP, "tiit", object, id, now, why);
    }
    outbox_cancel(d, object, id, now);
}

/* ---- a rung */

/* Who was asked before and has not answered: the label of the last asking rung. */
static const char *silent_before(const struct ladder *l, size_t step, bool looping) {
    const char *who = NULL;
    for (size_t i = 0; i < l->n && (i < step || looping); i++)
        if (!l->steps[i].inform && !(l->steps[i].who & l->steps[step].who))
            who = who_label(l->steps[i].who);
    return who;
}

static enum wording_why why_of(const struct ladder *l, size_t step, bool looping) {
    if (l->steps[step].inform)
        return WHY_INFORM;
    uint32_t asked = 0;
    for (size_t i = 0; i < l->n && (i < step || looping); i++)
        if (!l->steps[i].inform)
            asked |= l->steps[i].who;
    if (!asked)
        return WHY_NEW;
    return asked & l->steps[step].who ? WHY_AGAIN : WHY_NO_ANSWER;
}

/* "iso, deputy" */
static void add_name(struct buf *b, const char *login) {
    buf_printf(b, "%s%s", b->n ? ", " : "told: ", login);
}

static size_t tell(struct desk *d, const struct rung *r, const struct ladder *l, size_t step, struct notice_in *in, int64_t now, struct buf *names) {
    const struct person *people[PEOPLE_MAX];
    int org = desk_org_index(d, r->org);
    size_t n = org < 0 ? 0 : ladder_people(&l->steps[step], d->g.roster, (uint16_t)org, now, people, PEOPLE_MAX), told = 0;
    for (size_t i = 0; i < n; i++) {
        bool all = l->steps[step].all_channels;
        size_t before = told;
        for (int c = 0; c < (all ? people[i]->nchannels : 1); c++)
            told += outbox_add(d, people[i], all ? people[i]->channels[c] : -1, r->org, in, now) != 0;
        if (told > before)
            add_name(names, people[i]->login);
    }
    return told;
}

static bool load_object(struct desk *d, const struct rung *r, struct event *ev, struct incident *inc, struct notice_in *in) {
    if (r->event ? !rows_event_load(d->store, r->object_id, &d->scratch, ev) : !rows_incident_load(d->store, r->object_id, &d->scratch, inc))
        return false;
    in->event = r->event ? ev : NULL;
    in->incident = r->event ? NULL : inc;
    in->urgency = r->event ? ev->priority : inc->priority;
    return true;
}

/* Does one step of one ladder. false: nothing more is due for it now. */
static bool climb(struct desk *d, struct rung *r, int64_t now) {
    const struct ladder *l = &d->g.policy->ladders[r->priority];
    size_t step, next;
    int64_t due, next_due = 0;
    struct event ev;
    struct incident inc;
    struct notice_in in = {0};
    if (!ladder_next(l, r->started, (size_t)r->step, (uint32_t)r->loops, &step, &due) || !load_object(d, r, &ev, &inc, &in)) {
        query_do(d->store, Q_LADDER_AT, "iiind", r->id, r->step, r->loops, 0);
        return false;
    }
    bool wrapped = (size_t)r->step >= l->n || step < (size_t)r->step;
    if (wrapped) /* repeats that were slept through are asked for once, not once each */
        for (r->loops++; l->repeat && due + l->repeat <= now; due += l->repeat)
            r->loops++;
    r->step = (int64_t)step + 1;
    bool more = ladder_next(l, r->started, (size_t)r->step, (uint32_t)r->loops, &next, &next_due);
    in.why = why_of(l, step, r->loops > 0);
    in.silent = in.why == WHY_NO_ANSWER ? silent_before(l, step, r->loops > 0) : NULL;
    in.rung = (int)step + 1;
    in.since = r->started;
    size_t up;
    if (r->loops == 0 && ladder_rise(l, r->started, step, &up, &in.next_due)) /* not the next reminder: who else is asked */
        in.next_who = who_label(l->steps[up].who);
    else
        in.next_due = 0;
    struct buf names;
    buf_init(&names, 1000);
    size_t told = tell(d, r, l, step, &in, now, &names);
    struct str ref = r->event ? ev.ref : inc.ref;
    struct line line;
    line_open(&line);
    jw_kv_int(&line.w, "rung", in.rung);
    jw_kv_int(&line.w, "told", (int64_t)told);
    jw_kv_text(&line.w, "text", told ? buf_cstr(&names) : "nobody could be told: the next rung follows at once");
    line_close(d, &line, now, r->org, PRINCIPAL_SYSTEM, "ladder.step", ref);
    buf_fini(&names);
    if (!told && !l->steps[step].inform)
        log_at(LOG_ALERT_, "owe", "%.*s: nobody to tell at rung %d (%s): going on at once", STR_FMT(ref), in.rung, who_label(l->steps[step].who));
    if (!l->steps[step].inform)
        r->hurry = !told;
    if (r->hurry && more && r->loops == 0)
        next_due = now;
    r->next = more ? next_due : 0;
    query_do(d->store, Q_LADDER_AT, "iiizd", r->id, r->step, r->loops, r->next, (int)r->hurry);
    return more && r->next <= now;
}

void owe_hurry(struct desk *d, int64_t notice, int64_t now) {
    query_do(d->store, Q_LADDER_HURRY, "ii", notice, now);
    desk_due_at(d, now);
}

static bool owe_due(struct desk *d, int64_t now) {
    return query_number(d->store, INT64_MAX, Q_LADDER_FIRST, "") <= now;
}

static size_t rungs_due(struct desk *d, int64_t now, struct rung due[LADDER_ROUND]) {
    size_t n = 0;
    for (bool more = query_row(d->store, Q_LADDERS_DUE, "ii", now, (int64_t)LADDER_ROUND); more; more = query_next(d->store, Q_LADDERS_DUE))
        read_rung(d->store, Q_LADDERS_DUE, &due[n++]);
    return n;
}

static void climb_all(struct desk *d, struct rung *due, size_t n, int64_t now) {
    for (size_t i = 0; i < n; i++)
        for (int steps = 0; steps < LADDER_STEPS_MAX && climb(d, &due[i], now); steps++)
            ;
}

/* What a group of sightings owes at once is told with its commit: between a line and its notice there is one, not three. What fails here
 * is left to owe_tick, and costs the group nothing. */
void owe_group(struct desk *d, int64_t now) {
    struct rung due[LADDER_ROUND];
    struct err e;
    err_clear(&e);
    if (!d->configured || !owe_due(d, now))
        return;
    arena_reset(&d->scratch);
    size_t n = rungs_due(d, now, due);
    for (size_t i = 0; i < n; i++) /* a notice says how often it was seen */
        if (due[i].event)
            live_flush_one(d, due[i].object_id);
    store_part(d->store);
    climb_all(d, due, n, now);
    outbox_take(d, now);
    if (store_part_end(d->store, &e)) {
        outbox_leave(d, false);
        log_err("owe", "ladders: %s: trying again", e.text);
    }
}

void owe_tick(struct desk *d, int64_t now) {
    struct rung due[LADDER_ROUND];
    struct err e;
    err_clear(&e);
    if (!owe_due(d, now) || desk_begin(d, &e))
        return;
    climb_all(d, due, rungs_due(d, now, due), now);
    if (desk_end(d, RC_OK, &e))
        log_err("owe", "ladders: %s: trying again", e.text);
}

/* ---- who else is told of a change (flow.def, column notify) */

struct told { /* people told once, whatever number of words names them */
    const struct person *v[PEOPLE_MAX];
    size_t n;
};

static void add_person(struct told *t, const struct person *p) {
    for (size_t i = 0; i < t->n; i++)
        if (t->v[i] == p)
            return;
    if (p && t->n < PEOPLE_MAX)
        t->v[t->n++] = p;
}

static void add_role(struct desk *d, struct told *t, int64_t org, uint32_t who, int64_t now) {
    const struct person *p[PEOPLE_MAX];
    struct ladder_step s = {.who = who};
    int i = desk_org_index(d, org);
    size_t n = i < 0 ? 0 : ladder_people(&s, d->g.roster, (uint16_t)i, now, p, PEOPLE_MAX);
    for (size_t k = 0; k < n; k++)
        add_person(t, p[k]);
}

static void add_rows(struct desk *d, struct told *t, enum stmt q, int64_t id) {
    for (bool more = query_row(d->store, q, "i", id); more; more = query_next(d->store, q))
        add_person(t, desk_person(d, query_int(d->store, q, 0)));
}

static void add_word(struct desk *d, struct told *t, struct str word, const struct event *ev, const struct incident *inc, int64_t now) {
    int64_t org = ev ? ev->org_id : inc->org_id;
    int prio = ev ? ev->priority : inc->worst_priority < inc->priority ? inc->worst_priority : inc->priority;
    if (str_is(word, "management") || (str_is(word, "management_p1p2") ? prio <= 2 : str_is(word, "management_p1") && prio == 1))
        add_role(d, t, org, ROLE_BIT(ROLE_MANAGEMENT), now);
    else if (str_is(word, "iso") || (str_is(word, "iso_p1p2") && prio <= 2))
        add_role(d, t, org, ROLE_BIT(ROLE_ISO), now);
    else if (str_is(word, "dpo_pd") && inc && !str_is(inc->personal_data, "no"))
        add_role(d, t, org, ROLE_BIT(ROLE_DPO), now);
    else if (str_is(word, "approver") && inc && inc->state == INC_REVIEW)
        add_role(d, t, org, inc->worst_priority == 1 ? ROLE_BIT(ROLE_MANAGEMENT) : ROLE_BIT(ROLE_DEPUTY) | ROLE_BIT(ROLE_ISO), now);
    else if (str_is(word, "approver") && inc)
        add_person(t, desk_person(d, inc->close_approved_by));
    else if ((str_is(word, "owner") || str_is(word, "watchers") || str_is(word, "owner_raise")) && inc)
        add_person(t, desk_person(d, inc->owner_id));
    else if (str_is(word, "target_owner") && inc)
        add_person(t, desk_person(d, query_number(d->store, 0, Q_INCIDENT_OWNER, "i", inc->merged_into)));
    else if (str_is(word, "assessor") || str_is(word, "assessor_raise"))
        add_person(t, ev ? desk_person(d, ev->assessor_id) : NULL);
    else if (str_is(word, "reporter") && ev)
        add_person(t, desk_person(d, ev->reporter_id));
    else if (str_is(word, "reporter"))
        add_rows(d, t, Q_REPORTERS_OF, inc->id);
    else if (str_is(word, "everyone") && inc)
        add_rows(d, t, Q_TOLD_BEFORE, inc->id);
    else if (str_is(word, "management_escalated") && inc && query_number(d->store, 0, Q_MANAGEMENT_TOLD, "i", inc->id))
        add_role(d, t, org, ROLE_BIT(ROLE_MANAGEMENT), now);
}

void owe_notify(struct desk *d, const struct step *s, const struct event *ev, const struct incident *inc, int64_t actor, const char *what, int64_t now) {
    struct told t = {.n = 0};
    struct incident of;
    if (!s || !*s->notify || !d->g.roster)
        return;
    /* the owner of the incident an event belongs to */
    if (!inc && ev && ev->incident_id && rows_incident_load(d->store, ev->incident_id, &d->scratch, &of))
        add_word(d, &t, strstr(s->notify, "owner") ? STR("owner") : STR(""), ev, &of, now);
    struct str rest = str_of(s->notify);
    while (rest.n)
        add_word(d, &t, str_cut(&rest, ' '), ev, inc, now);
    char text[160];
    struct str who = STR_NONE;
    const struct person *by = desk_person(d, actor);
    if (by)
        who = str_of(by->login);
    snprintf(text, sizeof text, "%s (%s%s%.*s)", state_name(ev ? ev->state : inc->state), what, who.n ? " by " : "", STR_FMT(who));
    struct notice_in in = {.why = s->to == INC_REJECTED ? WHY_ALL_CLEAR : strstr(s->notify, "approver") && s->to == INC_REVIEW ? WHY_APPROVAL : WHY_STATE,
                           .event = ev, .incident = inc, .state_text = text, .since = now, .urgency = ev ? ev->priority : inc->priority};
    struct buf names;
    buf_init(&names, 1000);
    for (size_t i = 0; i < t.n; i++) /* whoever did it knows */
        if (t.v[i]->db_id != actor && outbox_add(d, t.v[i], -1, ev ? ev->org_id : inc->org_id, &in, now))
            add_name(&names, t.v[i]->login);
    struct line line;
    line_open(&line);
    jw_kv_text(&line.w, "text", buf_cstr(&names));
    if (!names.n) {
        buf_fini(&line.b);
        buf_fini(&names);
        return;
    }
    buf_fini(&names);
    line_close(d, &line, now, ev ? ev->org_id : inc->org_id, PRINCIPAL_SYSTEM, "notification.enqueue", ev ? ev->ref : inc->ref);
}
