/* SPDX-License-Identifier: ISC
 *
 * desk_decide.c - what people decide about events (process.md 2.2)
 *
 * Takes   an event, loaded and settled; the arguments of the command.
 * Gives   its new assessor, disposition, incident or twin; the assessment of stage 1; its ladder stopped or started again.
 */
#include <string.h>

#include "base/rng.h"
#include "desk/desk_verbs.h"

static void stop_ladder(struct act *a, const char *why) {
    owe_stop(a->d, "event", a->ev.id, why, a->now, &a->out->said);
}

static enum rc claimed(struct act *a) {
    a->ev.assessor_id = act_actor(a);
    a->ev.assessor = a->who->login;
    stop_ladder(a, "claimed");
    return RC_OK;
}

static enum rc released(struct act *a) {
    a->ev.assessor_id = 0;
    a->ev.claimed_at = 0;
    if (a->ev.priority <= 2)
        owe_ladder(a->d, "event", a->ev.id, a->org, a->ev.priority, a->now);
    return RC_OK;
}

static enum rc promoted(struct act *a) {
    stop_ladder(a, "promoted");
    if (!a->ev.assessor_id)
        a->ev.assessor_id = act_actor(a);
    enum rc rc = respond_declare(a);
    if (rc)
        return rc;
    a->ev.incident_id = a->inc.id;
    respond_stage(a, a->ev.id, 0, 1, "incident");
    return RC_OK;
}

/* ---- link */

static enum rc target_incident(struct act *a, const char *arg, int64_t *id) {
    enum rc rc = act_find(a->d, a->who, MACHINE_INCIDENT, act_arg(a, arg), arg_get(a->args, "org"), a->now, id, a->e);
    if (rc)
        return rc;
    if (!rows_incident_load(a->d->store, *id, &a->d->scratch, &a->inc))
        return err_set(a->e, RC_IO, "the incident cannot be read");
    a->facts.target_same_org = a->inc.org_id == a->org;
    a->facts.target_open = a->inc.state >= INC_DECLARED && a->inc.state <= INC_REVIEW;
    return RC_OK;
}

static enum rc link_before(struct act *a) {
    int64_t id;
    return target_incident(a, "incident", &id);
}

static enum rc linked(struct act *a) {
    stop_ladder(a, "linked");
    if (!a->ev.assessor_id)
        a->ev.assessor_id = act_actor(a);
    a->ev.incident_id = a->inc.id;
    respond_stage(a, a->ev.id, 0, 1, "incident");
    if (a->ev.priority < a->inc.priority) { /* automatic: upwards only */
        struct line l;
        line_open(&l);
        jw_kv_int(&l.w, "from", a->inc.priority);
        jw_kv_int(&l.w, "to", a->ev.priority);
        a->inc.priority = a->ev.priority;
        a->inc.worst_priority = a->ev.priority < a->inc.worst_priority ? a->ev.priority : a->inc.worst_priority;
        rows_incident_save(a->d->store, &a->inc);
        line_close(a->d, &l, a->now, a->org, act_actor(a), "incident.raise", a->inc.ref);
        static const struct step besides = {.notify = "iso", .to = EV_INCIDENT};
        owe_notify(a->d, &besides, NULL, &a->inc, act_actor(a), "its priority rose", a->now);
    }
    a->out->made = arena_str(a->out->arena, a->inc.ref);
    return RC_OK;
}

/* ---- dismiss */

static enum rc dismiss_before(struct act *a) {
    a->facts.disposition = word_find(WORDS_disposition, act_arg(a, "disposition"));
    if (a->facts.disposition < 0)
        return err_set(a->e, RC_INVALID, "\"%.*s\" is no disposition: false_positive, benign_authorised, informational, below_criteria, near_miss, weakness, "
                                         "improvement, transferred, exercise, not_security", STR_FMT(act_arg(a, "disposition")));
    a->facts.has_vulnerability = act_has(a, "vulnerability");
    a->facts.has_lesson = act_has(a, "lesson") || query_number(a->d->store, 0, Q_LESSONS_OF_EVENT, "i", a->ev.id) > 0;
    return RC_OK;
}

static void weakness(struct act *a) {
    char ref[32];
    desk_ref(a->d, a->org, "VUL", 4, a->now, ref);
    int64_t id = query_insert(a->d->store, Q_VULNERABILITY_ADD, "itis", audit_next(a->d->store), ref, a->org, act_arg(a, "vulnerability"));
    audit_touch(a->d->store, REC_vulnerability, id);
    desk_stamp(a->d, "vulnerability", id, "reported_at", a->at, a->now, act_actor(a), STR_NONE, false);
    act_said(a, "Recorded as %s.", ref);
}

static enum rc dismissed(struct act *a) {
    stop_ladder(a, "dismissed");
    a->ev.disposition = a->facts.disposition;
    respond_stage(a, a->ev.id, 0, 1, "not_incident");
    if (act_has(a, "vulnerability"))
        weakness(a);
    if (act_has(a, "lesson")) {
        int64_t id = query_insert(a->d->store, Q_LESSON_ADD, "iizztsii", audit_next(a->d->store), a->org, (int64_t)0, a->ev.id, "detection",
                                  act_arg(a, "lesson"), a->now, act_actor(a));
        audit_touch(a->d->store, REC_lesson, id);
    }
    return RC_OK;
}

/* ---- duplicate */

static enum rc duplicate_before(struct act *a) {
    struct event of;
    int64_t id, up;
    enum rc rc = act_find(a->d, a->who, MACHINE_EVENT, act_arg(a, "of_event"), arg_get(a->args, "org"), a->now, &id, a->e);
    if (rc)
        return rc;
    if (!rows_event_load(a->d->store, id, &a->d->scratch, &of))
        return err_set(a->e, RC_IO, "the event cannot be read");
    a->facts.target_same_org = of.org_id == a->org;
    a->facts.target_self = id == a->ev.id;
    up = of.duplicate_of;
    for (int i = 0; up && i < 64 && !a->facts.target_cycle; i++) {
        a->facts.target_cycle = up == a->ev.id;
        up = query_number(a->d->store, 0, Q_EVENT_TWIN, "i", up);
    }
    a->ev.duplicate_of = id;
    return RC_OK;
}

static enum rc duplicated(struct act *a) {
    stop_ladder(a, "duplicate");
    return RC_OK;
}

/* ---- back again */

static enum rc reopened(struct act *a) {
    a->ev.disposition = -1;
    a->ev.duplicate_of = 0;
    a->ev.decided_at = 0;
    a->ev.assessor_id = act_actor(a);
    query_do(a->d->store, Q_EVENT_REOPENED, "i", a->ev.id);
    return RC_OK;
}

static enum rc unlinked(struct act *a) {
    a->ev.incident_id = 0;
    a->ev.decided_at = 0;
    a->ev.assessor_id = act_actor(a);
    return RC_OK;
}

static const struct effect effects[] = {
    {MACHINE_EVENT, "claim", NULL, claimed},
    {MACHINE_EVENT, "release", NULL, released},
    {MACHINE_EVENT, "ask", NULL, NULL},
    {MACHINE_EVENT, "resume", NULL, NULL},
    {MACHINE_EVENT, "promote", NULL, promoted},
    {MACHINE_EVENT, "link", link_before, linked},
    {MACHINE_EVENT, "dismiss", dismiss_before, dismissed},
    {MACHINE_EVENT, "duplicate", duplicate_before, duplicated},
    {MACHINE_EVENT, "reopen", NULL, reopened},
    {MACHINE_EVENT, "unlink", NULL, unlinked},
};

const struct effect *decide_effect(struct str verb) {
    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++)
        if (str_is(verb, effects[i].verb))
            return &effects[i];
    return NULL;
}

/* ---- a person reports (A.6.8): an event of a human source, to be assessed like any other */

enum rc verb_report(struct act *a) {
    struct desk *d = a->d;
    struct str title = act_arg(a, "title"), text = act_arg(a, "text");
    if (!a->roles)
        return err_set(a->e, RC_DENIED, "only people of the organisation report to it");
    if (str_absent(title))
        return err_set(a->e, RC_INVALID, "a report needs a title");
    arena_reset(&d->batch);
    const struct rsit *r = rsit_parse(act_arg(a, "class"));
    struct rule_info ri = {.kind = RULE_DETECTION, .id = STR("human.report"), .title = title, .level = LEVEL_MEDIUM, .rsit = r ? r : rsit_undetermined(), .makes_event = true,
                           .in = {.impact = {1, 1, 1}, .outcome = OUTCOME_UNKNOWN, .activity = ACTIVITY_UNKNOWN, .confidence = 90}};
    enum rc rc = respond_inputs(a, &ri.in);
    if (rc)
        return rc;
    char unique[33];
    rng_hex(unique, 16); /* two people who report alike report twice: merging is a person's decision */
    static const struct str entity[] = {{"dedup_key", 9}};
    struct field f[4] = {{.id = F_DEDUP, .value = str_of(unique)}, {.id = F_HOST, .value = act_arg(a, "host")}, {.id = F_USER, .value = act_arg(a, "user")}, {.id = F_SRC_IP, .value = act_arg(a, "src_ip")}};
    int org = desk_org_index(d, a->org);
    struct claim c = {.org = org, .source = people_source(d, org, "human", STR("people"), a->now), .rule = &ri, .fields = f, .nfields = 4, .entity = entity, .nentity = 1,
                      .count = 1, .first = a->now, .last = a->now, .title = title, .reporter = act_actor(a), .human = true};
    bool made;
    struct err ignored;
    if (str_absent(arg_get(a->args, "at")) || !act_time(a, arg_get(a->args, "at"), &c.first) || c.first > a->now)
        c.first = a->now;
    int64_t id = report_claim(d, &c, a->now, &made);
    if (!id || !rows_event_load(d->store, id, &d->scratch, &a->ev))
        return store_failed(d->store, &ignored) ? store_failed(d->store, a->e) : err_set(a->e, RC_IO, "the event could not be made");
    if (!str_absent(text)) {
        struct sighting_line l = {.raw = text, .arrived = a->now, .time = c.first, .transport = TRANSPORT_INTERNAL};
        fold_raw(d, id, a->org, c.source, ri.id, STR_NONE, &l);
    }
    fold_raws_accounted(d, id);
    line_open(&a->line);
    jw_kv_text(&a->line.w, "new", "new");
    jw_kv_str(&a->line.w, "title", title);
    line_close(d, &a->line, a->now, a->org, act_actor(a), "event.ingest", a->ev.ref);
    a->out->made = arena_str(a->out->arena, a->ev.ref);
    act_said(a, "Thank you. It is recorded as %.*s; you will hear what became of it.", STR_FMT(a->ev.ref));
    return RC_OK;
}
