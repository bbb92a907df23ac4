/* SPDX-License-Identifier: ISC
 *
 * desk_show.c - one object with everything around it, what is possible next, what is missing to close
 *
 * Takes   a reference.
 * Gives   JSON (shapes in desk_ask.c).
 */
#include <string.h>

#include "desk/desk_ask.h"
#include "desk/desk_live.h"

static const char *const stamp_names[] = {"kind", "at", "recorded_at", "by", "note", "skipped", "superseded_at"};
static const char *const note_names[] = {"at", "by", "text"};
static const char *const assessment_names[] = {"stage", "at", "by", "decision", "criteria", "confidence", "rationale"};
static const char *const raw_names[] = {"at", "time", "peer", "transport", "sha256", "skewed", "cut", "body"};
static const char *const notice_names[] = {"uuid", "to", "via", "state", "attempts", "rung", "queued_at", "sent_at", "code"};
static const char *const ladder_names[] = {"priority", "started_at", "step", "repeats", "next_at", "stopped_at", "stop_reason"};
static const char *const timeline_names[] = {"at", "recorded_at", "actor", "verb", "text"};

static void list(struct desk *d, struct jw *w, const char *key, enum stmt q, const char *const *names, const char *types, int64_t id) {
    jw_key(w, key);
    ask_rows(d, w, q, names, types, "i", id);
}

static void inputs(struct jw *w, const struct prio_in *in, const struct prio_out *out) {
    jw_key(w, "inputs");
    jw_map(w);
    jw_key(w, "impact");
    jw_list(w);
    for (int i = 0; i < 3; i++)
        jw_int(w, in->impact[i]);
    jw_list_end(w);
    jw_key(w, "need");
    jw_list(w);
    for (int i = 0; i < 3; i++)
        jw_int(w, in->need[i]);
    jw_list_end(w);
    jw_kv_int(w, "data", in->data);
    jw_kv_int(w, "scope", in->scope);
    jw_kv_text(w, "outcome", word_name((enum word_id)in->outcome));
    jw_kv_text(w, "activity", word_name((enum word_id)in->activity));
    jw_kv_int(w, "confidence", in->confidence);
    jw_kv_int(w, "floor", in->floor);
    jw_kv_int(w, "score", out->score);
    jw_kv_int(w, "level", out->level);
    jw_kv_int(w, "urgency", out->urgency);
    jw_map_end(w);
}

static void around_event(struct desk *d, struct jw *w, const struct event *ev) {
    list(d, w, "assessments", Q_ASSESSMENTS_EV, assessment_names, "itssjis", ev->id);
    list(d, w, "stamps", Q_STAMPS_EV, stamp_names, "sttssit", ev->id);
    list(d, w, "notes", Q_NOTES_EV, note_names, "tss", ev->id);
    list(d, w, "notices", Q_NOTICES_EV, notice_names, "ssssiitts", ev->id);
    list(d, w, "ladder", Q_LADDERS_EV, ladder_names, "itiitts", ev->id);
    list(d, w, "timeline", Q_TIMELINE_EV, timeline_names, "ttsss", ev->id);
}

static enum rc show_event(struct desk *d, const struct actor *who, int64_t id, int64_t now, struct jw *w, struct err *e) {
    struct event ev;
    if (!rows_event_load(d->store, id, &d->scratch, &ev))
        return err_set(e, RC_IO, "the event cannot be read");
    uint32_t roles = ask_roles(d, who, ev.org_id, now);
    if (!ask_sees_event(roles, who, ev.reporter_id))
        return err_set(e, RC_DENIED, "you may not see %.*s", STR_FMT(ev.ref));
    jw_map(w);
    ask_event_members(w, &ev);
    jw_kv_time(w, "occurred_at", ev.occurred_at);
    jw_kv_time(w, "claimed_at", ev.claimed_at);
    jw_kv_time(w, "decided_at", ev.decided_at);
    jw_kv_text(w, "level", ev.level < 0 ? NULL : word_name((enum word_id)ev.level));
    jw_kv_str(w, "correlation", ev.correlation);
    jw_key(w, "suggestion");
    if (query_row(d->store, Q_EVENT_SUGGESTION, "i", id))
        jw_str(w, query_str(d->store, Q_EVENT_SUGGESTION, 0, &d->scratch));
    else
        jw_null(w);
    query_end(d->store, Q_EVENT_SUGGESTION);
    inputs(w, &ev.in, &ev.out);
    around_event(d, w, &ev);
    if (roles & ~(ROLE_BIT(ROLE_MANAGEMENT) | ROLE_BIT(ROLE_REPORTER) | ROLE_BIT(ROLE_ADMIN)))
        list(d, w, "raws", Q_RAWS_OF, raw_names, "ttsssBBb", id);
    jw_map_end(w);
    return RC_OK;
}

static void milestones(struct jw *w, const struct incident *i) {
    const struct {
        const char *name;
        int64_t at;
    } t[] = {{"occurred_at", i->occurred_at},     {"detected_at", i->detected_at},   {"acknowledged_at", i->acknowledged_at},
             {"confirmed_at", i->confirmed_at},   {"contained_at", i->contained_at}, {"eradicated_at", i->eradicated_at},
             {"recovered_at", i->recovered_at},   {"review_opened_at", i->review_opened_at}, {"close_requested_at", i->close_requested_at},
             {"closed_at", i->closed_at},         {"rejected_at", i->rejected_at},   {"reopened_at", i->reopened_at}};
    for (size_t k = 0; k < sizeof t / sizeof t[0]; k++)
        jw_kv_time(w, t[k].name, t[k].at);
}

static void events_of(struct desk *d, struct jw *w, int64_t incident) {
    int64_t ids[256];
    size_t n = 0;
    for (bool more = query_row(d->store, Q_EVENTS_OF_INCIDENT, "i", incident); more; more = query_next(d->store, Q_EVENTS_OF_INCIDENT))
        if (n < 256)
            ids[n++] = query_int(d->store, Q_EVENTS_OF_INCIDENT, 0);
    jw_key(w, "events");
    jw_list(w);
    for (size_t i = 0; i < n; i++) {
        struct event ev;
        if (!rows_event_load(d->store, ids[i], &d->scratch, &ev))
            continue;
        jw_map(w);
        ask_event_members(w, &ev);
        jw_map_end(w);
    }
    jw_list_end(w);
}

static void around_incident(struct desk *d, struct jw *w, const struct incident *i) {
    static const char *const tasks[] = {"id", "phase", "text", "assignee", "due_at", "state", "done_at", "result"};
    static const char *const lessons[] = {"at", "by", "category", "text"};
    static const char *const controls[] = {"control", "effect", "note"};
    static const char *const actions[] = {"ref", "state", "text", "owner", "due_at", "effect_criterion"};
    static const char *const facts[] = {"key", "value", "at", "by", "version"};
    static const char *const reviews[] = {"kind", "due_at", "chair", "participants", "signed_at", "signed_by"};
    events_of(d, w, i->id);
    list(d, w, "tasks", Q_TASKS_OF, tasks, "issststs", i->id);
    list(d, w, "lessons", Q_LESSONS_OF, lessons, "tsss", i->id);
    list(d, w, "controls", Q_CONTROLS_OF, controls, "sss", i->id);
    list(d, w, "actions", Q_ACTIONS_OF, actions, "ssssts", i->id);
    list(d, w, "facts", Q_FACTS_OF, facts, "sstsi", i->id);
    list(d, w, "reviews", Q_REVIEWS_OF, reviews, "stssts", i->id);
    list(d, w, "assessments", Q_ASSESSMENTS_INC, assessment_names, "itssjis", i->id);
    list(d, w, "stamps", Q_STAMPS_INC, stamp_names, "sttssit", i->id);
    list(d, w, "notes", Q_NOTES_INC, note_names, "tss", i->id);
    list(d, w, "notices", Q_NOTICES_INC, notice_names, "ssssiitts", i->id);
    list(d, w, "ladder", Q_LADDERS_INC, ladder_names, "itiitts", i->id);
    list(d, w, "timeline", Q_TIMELINE_INC, timeline_names, "ttsss", i->id);
}

static enum rc load_incident(struct desk *d, const struct actor *who, int64_t id, int64_t now, struct incident *i, struct err *e) {
    if (!rows_incident_load(d->store, id, &d->scratch, i))
        return err_set(e, RC_IO, "the incident cannot be read");
    if (!ask_sees_incident(ask_roles(d, who, i->org_id, now), who, i))
        return err_set(e, RC_DENIED, "you may not see %.*s", STR_FMT(i->ref));
    return RC_OK;
}

static enum rc show_incident(struct desk *d, const struct actor *who, int64_t id, int64_t now, struct jw *w, struct err *e) {
    struct incident i;
    enum rc rc = load_incident(d, who, id, now, &i, e);
    if (rc)
        return rc;
    jw_map(w);
    ask_incident_members(d, w, &i);
    milestones(w, &i);
    jw_kv_str(w, "root_cause", i.root_cause_code);
    jw_kv_str(w, "root_cause_text", i.root_cause_text);
    jw_kv_str(w, "priority_reason", i.priority_reason);
    jw_kv_str(w, "closing_statement", i.closing_statement);
    jw_kv_str(w, "close_requester", i.close_requester);
    jw_kv_str(w, "close_approver", i.close_approver);
    jw_kv_str(w, "sod_exception", i.sod_exception);
    jw_kv_int(w, "reopen_count", i.reopen_count);
    jw_key(w, "merged_into");
    if (i.merged_into && query_row(d->store, Q_INCIDENT_REF, "i", i.merged_into))
        jw_str(w, query_str(d->store, Q_INCIDENT_REF, 0, &d->scratch));
    else
        jw_null(w);
    query_end(d->store, Q_INCIDENT_REF);
    inputs(w, &i.in, &i.out);
    around_incident(d, w, &i);
    jw_map_end(w);
    return RC_OK;
}

enum rc desk_show(struct desk *d, const struct actor *who, enum machine m, struct str ref, int64_t now, struct buf *json, struct err *e) {
    int64_t id = 0;
    struct jw w;
    enum rc rc = ask_begin(d, now, e);
    if (rc)
        return rc;
    jw_init(&w, json);
    rc = act_find(d, who, m, ref, STR_NONE, now, &id, e);
    if (!rc && m == MACHINE_EVENT && live_has_lines(d, id)) { /* its last lines are written when somebody looks */
        store_rollback(d->store);
        if (!(rc = desk_begin(d, e)))
            live_flush_one(d, id);
        rc = rc ? rc : desk_end_same(d, RC_OK, e);
        if (rc || (rc = ask_begin(d, now, e)))
            return rc;
    }
    if (!rc)
        rc = m == MACHINE_EVENT ? show_event(d, who, id, now, &w, e) : show_incident(d, who, id, now, &w, e);
    return ask_end(d, rc, json, e);
}

/* ---- next: [{verb, to, needs, command}] */

/* The client's word for a verb of the machine. */
static const char *command_word(const char *verb) {
    static const struct {
        const char *verb, *word;
    } words[] = {{"recover_skip", "skip"}, {"open_review", "review"}, {"request_close", "close"}, {"close_short", "close"}, {"approve_close", "approve"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!strcmp(words[i].verb, verb))
            return words[i].word;
    return verb;
}

static void next_rows(struct jw *w, enum machine m, enum state s, uint32_t roles, struct str ref) {
    const struct step *steps[32];
    size_t n = flow_next(m, s, roles, steps, 32);
    jw_list(w);
    for (size_t i = 0; i < n; i++) {
        char command[120];
        snprintf(command, sizeof command, "tocsin %s %.*s", command_word(steps[i]->verb), STR_FMT(ref));
        jw_map(w);
        jw_kv_text(w, "verb", steps[i]->verb);
        jw_kv_text(w, "to", state_name(steps[i]->to));
        jw_kv_text(w, "needs", steps[i]->required);
        jw_kv_text(w, "command", command);
        jw_map_end(w);
    }
    jw_list_end(w);
}

enum rc desk_next(struct desk *d, const struct actor *who, enum machine m, struct str ref, int64_t now, struct buf *json, struct err *e) {
    int64_t id = 0;
    struct jw w;
    struct event ev;
    struct incident i;
    enum rc rc = ask_begin(d, now, e);
    if (rc)
        return rc;
    jw_init(&w, json);
    rc = act_find(d, who, m, ref, STR_NONE, now, &id, e);
    if (!rc && m == MACHINE_EVENT && rows_event_load(d->store, id, &d->scratch, &ev))
        next_rows(&w, m, ev.state, ask_roles(d, who, ev.org_id, now), ev.ref);
    else if (!rc && !(rc = load_incident(d, who, id, now, &i, e)))
        next_rows(&w, m, i.state, ask_roles(d, who, i.org_id, now), i.ref);
    return ask_end(d, rc, json, e);
}

/* The one or two commands that carry the case forward from here. */
void act_next(struct act *a) {
    static const struct {
        enum state s;
        const char *verb, *rest;
    } next[] = {
        {EV_NEW, "claim", ""},
        {EV_ASSESSING, "promote", " --rationale ..."},
        {EV_ASSESSING, "dismiss", " DISPOSITION --rationale ..."},
        {EV_WAITING, "resume", " --answer ..."},
        {INC_DECLARED, "ack", ""},
        {INC_ACKNOWLEDGED, "confirm", " --rationale ..."},
        {INC_INVESTIGATING, "contain", " --note ..."},
        {INC_CONTAINED, "eradicate", " --note ..."},
        {INC_ERADICATED, "recover", " --note ... --verified-by ..."},
        {INC_RECOVERED, "review", ""},
    };
    enum state s = a->inc.id ? a->inc.state : a->ev.id ? a->ev.state : STATE_NONE;
    struct str ref = a->inc.id ? a->inc.ref : a->ev.ref;
    for (size_t i = 0; i < sizeof next / sizeof next[0]; i++)
        if (next[i].s == s)
            buf_printf(&a->out->next, "tocsin %s %.*s%s\n", next[i].verb, STR_FMT(ref), next[i].rest);
    if (s == INC_REVIEW)
        buf_printf(&a->out->next, "tocsin %s %.*s\n", a->inc.close_requested_by ? "approve" : "check-close", STR_FMT(ref));
}

/* ---- check-close: [{guard, state, text}] */

enum rc desk_check_close(struct desk *d, const struct actor *who, struct str ref, int64_t now, struct buf *json, struct err *e) {
    static const char *const states[] = {[GUARD_MET] = "met", [GUARD_MISSING] = "missing", [GUARD_WAIVED] = "waived", [GUARD_NOT_ASKED] = "not yet asked"};
    struct guard_result r[12];
    struct act a = {.d = d, .who = who, .now = now, .e = e};
    int64_t id = 0;
    struct jw w;
    enum rc rc = ask_begin(d, now, e);
    if (rc)
        return rc;
    rc = act_find(d, who, MACHINE_INCIDENT, ref, STR_NONE, now, &id, e);
    if (!rc && !(rc = load_incident(d, who, id, now, &a.inc, e))) {
        const struct org *o = desk_org(d, a.inc.org_id);
        a.facts.incident = &a.inc;
        a.facts.actor_id = act_actor(&a);
        a.facts.roles = ask_roles(d, who, a.inc.org_id, now);
        a.facts.now = now;
        a.facts.compensating = o && o->compensating;
        act_facts(&a);
        size_t n = guard_closing(&a.facts, r);
        jw_init(&w, json);
        jw_list(&w);
        for (size_t i = 0; i < n; i++) {
            jw_map(&w);
            jw_kv_text(&w, "guard", r[i].code);
            jw_kv_text(&w, "state", states[r[i].state]);
            jw_kv_text(&w, "text", r[i].text);
            jw_map_end(&w);
        }
        jw_list_end(&w);
    }
    return ask_end(d, rc, json, e);
}
