/* SPDX-License-Identifier: ISC
 *
 * desk_respond.c - what people do about incidents (process.md 2.3)
 *
 * Takes   an incident, loaded; the arguments of the command.
 * Gives   its milestones, owner, priority; its ladder started and stopped; what a merge or a rejection does to others.
 */
#include <string.h>

#include "desk/desk_verbs.h"

/* ---- shared */

void respond_stage(struct act *a, int64_t event, int64_t incident, int stage, const char *decision) {
    struct buf criteria;
    buf_init(&criteria, 4096);
    const struct prio_in *in = event ? &a->ev.in : &a->inc.in;
    assess_criteria(in, event ? &a->ev.out : &a->inc.out, &criteria);
    struct str rationale = act_arg(a, "rationale");
    const struct person *second = roster_person(a->d->g.roster, act_arg(a, "second"));
    int64_t second_id = second && second != a->who->person ? second->db_id : 0;
    int64_t id = query_insert(a->d->store, event ? Q_ASSESSMENT_ADD : Q_ASSESSMENT_ADD_INC, "iidiinssisz", audit_next(a->d->store), event ? event : incident, stage,
                              a->now, act_actor(a), str_of(decision), buf_view(&criteria), (int64_t)in->confidence, str_absent(rationale) ? STR("") : rationale, second_id);
    audit_touch(a->d->store, REC_assessment, id);
    buf_fini(&criteria);
}

static enum rc small_number(struct act *a, const char *name, int lo, int hi, uint8_t *out) {
    struct str v = act_arg(a, name);
    uint64_t n;
    if (str_absent(v))
        return RC_OK;
    if (!str_u64(v, (uint64_t)hi, &n) || (int)n < lo)
        return err_set(a->e, RC_INVALID, "%s is a number from %d to %d", name, lo, hi);
    *out = (uint8_t)n;
    return RC_OK;
}

static enum rc one_word(struct act *a, const char *name, enum word_list list, uint8_t *out) {
    struct str v = act_arg(a, name);
    int w = str_absent(v) ? *out : word_find(list, v);
    if (w < 0)
        return err_set(a->e, RC_INVALID, "\"%.*s\" is no %s", STR_FMT(v), name);
    *out = (uint8_t)w;
    return RC_OK;
}

enum rc respond_inputs(struct act *a, struct prio_in *in) {
    enum rc rc;
    if ((rc = small_number(a, "impact_c", 0, 4, &in->impact[0])) || (rc = small_number(a, "impact_i", 0, 4, &in->impact[1])) ||
        (rc = small_number(a, "impact_a", 0, 4, &in->impact[2])) || (rc = small_number(a, "data", 0, 4, &in->data)) ||
        (rc = small_number(a, "scope", 0, 3, &in->scope)) || (rc = one_word(a, "outcome", WORDS_outcome, &in->outcome)) ||
        (rc = one_word(a, "activity", WORDS_activity, &in->activity)))
        return rc;
    return RC_OK;
}

static bool ladder_needed(const struct incident *i) {
    return i->state == INC_DECLARED;
}

/* A person's priority beats the computed one; downwards it needs a reason, from P1/P2 downwards a second person too (process.md 4). */
enum rc respond_priority(struct act *a, struct str text) {
    struct incident *i = &a->inc;
    uint64_t p;
    if (text.n == 2 && (text.p[0] == 'P' || text.p[0] == 'p'))
        text = str_sub(text, 1, 2);
    if (!str_u64(text, 5, &p) || !p)
        return err_set(a->e, RC_INVALID, "a priority is P1 to P5");
    bool lower = (int)p > i->priority;
    if (((int)p > i->out.priority || lower) && !act_has(a, "reason"))
        return err_set(a->e, RC_INVALID, "a lower priority needs a reason");
    if (lower && !(a->roles & (ROLE_BIT(ROLE_ISO) | ROLE_BIT(ROLE_DEPUTY) | ROLE_BIT(ROLE_MANAGEMENT))))
        return err_set(a->e, RC_DENIED, "only the ISO, the deputy or management lower a priority");
    if (lower && i->priority <= 2 && !a->facts.second_person_roles)
        return err_set(a->e, RC_REFUSED, "lowering P1 or P2 needs a second person (second)");
    if ((int)p > i->out.priority)
        i->priority_reason = act_arg(a, "reason");
    int old = i->priority;
    i->priority = (int)p;
    i->worst_priority = i->priority < i->worst_priority ? i->priority : i->worst_priority;
    jw_kv_int(&a->line.w, "priority_from", old);
    jw_kv_int(&a->line.w, "priority_to", i->priority);
    if (i->priority != old && ladder_needed(i)) {
        owe_stop(a->d, "incident", i->id, "priority changed", a->now, NULL);
        owe_ladder(a->d, "incident", i->id, i->org_id, i->priority, a->now);
    }
    return RC_OK;
}

/* ---- declare */

static enum rc tri(struct act *a, const char *name, struct str *out) {
    struct str v = act_arg(a, name);
    if (str_absent(v))
        return RC_OK;
    if (!str_is(v, "no") && !str_is(v, "unknown") && !str_is(v, "yes"))
        return err_set(a->e, RC_INVALID, "%s is no, unknown or yes", name);
    *out = v;
    return RC_OK;
}

static void from_event(struct incident *i, const struct event *ev) {
    i->title = ev->title;
    i->rsit_class = ev->rsit_class;
    i->rsit_type = ev->rsit_type;
    i->in = ev->in;
    i->occurred_at = ev->occurred_at;
    i->detected_at = ev->received_at;
}

enum rc respond_declare(struct act *a) {
    struct desk *d = a->d;
    const struct rsit *r = rsit_parse(act_arg(a, "class"));
    char ref[32];
    struct incident *i = &a->inc;
    *i = (struct incident){.org_id = a->org, .state = INC_DECLARED, .state_since = a->now, .personal_data = STR("unknown"), .disposition = -1, .declared_at = a->now,
                           .detected_at = a->now, .rsit_class = STR("other"), .rsit_type = STR("undetermined"),
                           .in = {.impact = {1, 1, 1}, .need = {2, 2, 2}, .outcome = OUTCOME_UNKNOWN, .activity = ACTIVITY_UNKNOWN, .confidence = 90}};
    if (a->ev.id)
        from_event(i, &a->ev);
    if (!str_absent(act_arg(a, "class")) && !r)
        return err_set(a->e, RC_INVALID, "\"%.*s\" is no class/type of the taxonomy", STR_FMT(act_arg(a, "class")));
    if (r) {
        i->rsit_class = str_of(r->cls);
        i->rsit_type = str_of(r->type);
    }
    i->in.confidence = i->in.confidence < 90 ? 90 : i->in.confidence; /* a human statement */
    enum rc rc = respond_inputs(a, &i->in);
    if (!rc)
        rc = tri(a, "personal_data", &i->personal_data);
    if (rc)
        return rc;
    if (act_has(a, "title"))
        i->title = act_arg(a, "title");
    i->summary = act_has(a, "summary") ? act_arg(a, "summary") : act_has(a, "rationale") ? act_arg(a, "rationale") : i->title;
    i->exercise = str_is(act_arg(a, "exercise"), "yes");
    priority_compute(&i->in, false, &i->out);
    i->priority = i->out.priority;
    if (a->ev.id && a->ev.priority < i->priority)
        i->priority = a->ev.priority;
    i->worst_priority = i->priority;
    desk_ref(d, a->org, "INC", 4, a->now, ref);
    i->ref = arena_str(a->out->arena, str_of(ref));
    rows_incident_add(d->store, i);
    static const char *const kinds[] = {"declared_at", "detected_at", "potential_aware_at"};
    int64_t at[] = {a->now, i->detected_at, i->detected_at};
    for (size_t k = 0; k < 3; k++)
        desk_stamp(d, "incident", i->id, kinds[k], at[k], a->now, act_actor(a), STR_NONE, false);
    struct line l;
    line_open(&l);
    jw_kv_text(&l.w, "new", "declared");
    jw_kv_int(&l.w, "priority", i->priority);
    jw_kv_str(&l.w, "text", i->summary);
    if (a->ev.id)
        jw_kv_str(&l.w, "event", a->ev.ref);
    line_close(d, &l, a->now, a->org, act_actor(a), "incident.declare", i->ref);
    owe_ladder(d, "incident", i->id, a->org, i->priority, a->now);
    static const struct step besides = {.notify = "dpo_pd", .to = INC_DECLARED}; /* the ladder tells the others of I1 */
    owe_notify(d, &besides, NULL, i, act_actor(a), "declare", a->now);
    a->out->made = i->ref;
    act_said(a, "%.*s is declared, P%d. Whoever must know is told.", STR_FMT(i->ref), i->priority);
    desk_watch(d, a->now, a->org, "incident", i->ref, "declare", "declared", i->priority, i->title);
    return store_failed(d->store, a->e);
}

enum rc verb_declare(struct act *a) {
    const struct step *s = NULL;
    enum rc rc = flow_allow(MACHINE_INCIDENT, STATE_NONE, STR("declare"), a->roles, &s, a->e);
    if (!rc && !flow_required(s, act_has, a, a->e))
        rc = RC_INVALID;
    if (!rc)
        rc = guard_check(s->guards, &a->facts, NULL, NULL, a->e);
    if (!rc)
        rc = respond_declare(a);
    return rc;
}

/* ---- milestones */

static enum rc acked(struct act *a) {
    const struct person *owner = a->who->person;
    struct str name = act_arg(a, "owner");
    enum rc rc = str_absent(name) ? RC_OK : act_person(a, name, &owner);
    if (rc)
        return rc;
    a->inc.owner_id = owner ? owner->db_id : act_actor(a);
    a->inc.owner = owner ? str_of(owner->login) : a->who->login;
    owe_stop(a->d, "incident", a->inc.id, "acknowledged", a->now, &a->out->said);
    outbox_acked(a->d, a->inc.id, act_actor(a), a->now);
    return RC_OK;
}

static enum rc confirmed(struct act *a) {
    respond_stage(a, 0, a->inc.id, 2, "incident");
    enum rc rc = tri(a, "personal_data", &a->inc.personal_data);
    return rc || !act_has(a, "priority") ? rc : respond_priority(a, act_arg(a, "priority"));
}

static const char *const milestone_kinds[] = {"contained_at", "eradicated_at", "recovered_at"};

static enum rc recovered(struct act *a) {
    learn_fact_set(a, "recovery_verified_by", act_arg(a, "verified_by"));
    return RC_OK;
}

static enum rc skip_before(struct act *a) {
    a->facts.skipped = a->inc.state == INC_INVESTIGATING ? 2 : 1;
    for (size_t i = 0; i < a->args->n; i++) { /* given twice, or once with ';' between */
        struct str rest = a->args->v[i].value;
        if (strcmp(a->args->v[i].name, "skip_reason") && strcmp(a->args->v[i].name, "reason"))
            continue;
        while (!str_absent(rest))
            a->facts.skip_reasons += str_trim(str_cut(&rest, ';')).n > 0;
    }
    return RC_OK;
}

static enum rc skipped(struct act *a) {
    for (int i = a->facts.skipped == 2 ? 0 : 1; i < 2; i++)
        desk_stamp(a->d, "incident", a->inc.id, milestone_kinds[i], a->now, a->now, act_actor(a), act_arg(a, "skip_reason"), true);
    return RC_OK;
}

/* What had been achieved is not any more; the old stamps stay, marked. */
static void back_to_investigating(struct act *a) {
    for (size_t i = 0; i < 3; i++)
        for (int64_t id; (id = query_number(a->d->store, 0, Q_STAMP_LIVE, "tit", "incident", a->inc.id, milestone_kinds[i])) && !store_failed(a->d->store, NULL);) {
            query_do(a->d->store, Q_STAMP_SUPERSEDE, "iii", id, audit_next(a->d->store), a->now);
            audit_touch(a->d->store, REC_stamp, id);
        }
    a->inc.contained_at = a->inc.eradicated_at = a->inc.recovered_at = a->inc.review_opened_at = 0;
    a->inc.close_requested_at = a->inc.close_requested_by = a->inc.close_approved_by = a->inc.closed_at = 0;
    a->inc.sod_exception = STR_NONE;
}

static enum rc regressed(struct act *a) {
    back_to_investigating(a);
    return RC_OK;
}

static enum rc reinstated(struct act *a) {
    a->inc.disposition = -1;
    a->inc.rejected_at = 0;
    a->inc.merged_into = 0;
    back_to_investigating(a);
    return RC_OK;
}

static enum rc reopened(struct act *a) {
    back_to_investigating(a);
    a->inc.reopen_count++;
    return RC_OK;
}

/* ---- review and closing */

static enum rc review_before(struct act *a) {
    act_facts(a);
    return RC_OK;
}

static enum rc reviewed(struct act *a) {
    struct str chair = act_arg(a, "chair"), due = act_arg(a, "review_due");
    int64_t at = a->now + a->d->g.policy->review_due;
    if (!str_absent(due) && !act_time(a, due, &at))
        return err_set(a->e, RC_INVALID, "review_due is a day, a time or a duration such as 14d");
    int64_t id = query_insert(a->d->store, Q_PIR_ADD, "iitiss", audit_next(a->d->store), a->inc.id, a->facts.pir_mandatory ? "full" : "short", at,
                              str_absent(chair) ? a->who->login : chair, act_arg(a, "participants"));
    audit_touch(a->d->store, REC_pir, id);
    return learn_closing_data(a);
}

static enum rc closing_before(struct act *a) {
    enum rc rc = learn_closing_data(a);
    if (rc)
        return rc;
    act_facts(a);
    return RC_OK;
}

static enum rc close_requested(struct act *a) {
    a->inc.close_requested_by = act_actor(a);
    a->inc.closing_statement = act_arg(a, "closing_statement");
    act_said(a, "A second person must approve: tocsin approve %.*s", STR_FMT(a->inc.ref));
    return RC_OK;
}

static void closed(struct act *a) {
    owe_stop(a->d, "incident", a->inc.id, "closed", a->now, NULL);
}

static enum rc close_approved(struct act *a) {
    struct guard_result r[12];
    size_t n = 0;
    guard_check(GUARD_BIT(GUARD_G9), &a->facts, r, &n, NULL);
    a->inc.close_approved_by = act_actor(a);
    if (n && r[0].state == GUARD_WAIVED) {
        a->inc.sod_exception = arena_str(&a->d->scratch, str_of(r[0].text));
        jw_kv_text(&a->line.w, "waived", r[0].text);
        a->also.words = "management";
        a->also.what = "approved by the one who asked: nobody else was there for a day";
    }
    closed(a);
    return RC_OK;
}

static enum rc closed_short(struct act *a) {
    a->inc.close_requested_by = act_actor(a);
    a->inc.close_requested_at = a->now;
    closed(a);
    return RC_OK;
}

/* ---- reject and merge */

static enum rc reject_before(struct act *a) {
    a->facts.disposition = word_find(WORDS_disposition, act_arg(a, "disposition"));
    return a->facts.disposition < 0 ? err_set(a->e, RC_INVALID, "\"%.*s\" is no disposition", STR_FMT(act_arg(a, "disposition"))) : RC_OK;
}

static void cascade(struct act *a, int64_t id) {
    struct event ev;
    struct line l;
    fold_settle(a->d, id, a->now);
    if (!rows_event_load(a->d->store, id, &a->d->scratch, &ev) || ev.state != EV_INCIDENT)
        return;
    ev.state = EV_DISMISSED;
    ev.state_since = ev.decided_at = a->now;
    ev.disposition = a->facts.disposition;
    ev.incident_id = 0;
    rows_event_save(a->d->store, &ev);
    desk_stamp(a->d, "event", id, "decided_at", a->now, a->now, PRINCIPAL_SYSTEM, STR_NONE, false);
    line_open(&l);
    jw_kv_text(&l.w, "old", "incident");
    jw_kv_text(&l.w, "new", "dismissed");
    jw_kv_str(&l.w, "because", a->inc.ref);
    line_close(a->d, &l, a->now, ev.org_id, PRINCIPAL_SYSTEM, "event.cascade_reject", ev.ref);
}

static enum rc rejected(struct act *a) {
    int64_t ids[256];
    size_t n = 0;
    for (bool more = query_row(a->d->store, Q_EVENTS_OF_INCIDENT, "i", a->inc.id); more; more = query_next(a->d->store, Q_EVENTS_OF_INCIDENT))
        if (n < 256)
            ids[n++] = query_int(a->d->store, Q_EVENTS_OF_INCIDENT, 0);
    for (size_t i = 0; i < n; i++)
        cascade(a, ids[i]);
    a->inc.disposition = a->facts.disposition;
    respond_stage(a, 0, a->inc.id, 2, "not_incident");
    owe_stop(a->d, "incident", a->inc.id, "rejected", a->now, &a->out->said);
    return RC_OK;
}

static enum rc merge_before(struct act *a) {
    int64_t id;
    struct incident into;
    enum rc rc = act_find(a->d, a->who, MACHINE_INCIDENT, act_arg(a, "into_incident"), arg_get(a->args, "org"), a->now, &id, a->e);
    if (rc)
        return rc;
    if (!rows_incident_load(a->d->store, id, &a->d->scratch, &into))
        return err_set(a->e, RC_IO, "the incident cannot be read");
    a->facts.target_same_org = into.org_id == a->org;
    a->facts.target_self = id == a->inc.id;
    a->facts.target_open = into.state >= INC_DECLARED && into.state <= INC_REVIEW;
    a->inc.merged_into = id; /* the target is open, so it is merged into nothing: no cycle can be */
    return RC_OK;
}

static int64_t earlier(int64_t x, int64_t y) {
    return !x || (y && y < x) ? y : x;
}

static enum rc merged(struct act *a) {
    struct incident into;
    struct line l;
    if (!rows_incident_load(a->d->store, a->inc.merged_into, &a->d->scratch, &into))
        return err_set(a->e, RC_IO, "the incident cannot be read");
    line_open(&l);
    into.occurred_at = earlier(into.occurred_at, a->inc.occurred_at);
    into.detected_at = earlier(into.detected_at, a->inc.detected_at);
    into.priority = a->inc.priority < into.priority ? a->inc.priority : into.priority;
    into.worst_priority = a->inc.worst_priority < into.worst_priority ? a->inc.worst_priority : into.worst_priority;
    rows_incident_save(a->d->store, &into);
    jw_kv_str(&l.w, "takes_in", a->inc.ref);
    line_close(a->d, &l, a->now, a->org, act_actor(a), "incident.take_in", into.ref);
    owe_stop(a->d, "incident", a->inc.id, "merged", a->now, &a->out->said);
    a->out->made = arena_str(a->out->arena, into.ref);
    return RC_OK;
}

static const struct effect effects[] = {
    {MACHINE_INCIDENT, "ack", NULL, acked},
    {MACHINE_INCIDENT, "confirm", NULL, confirmed},
    {MACHINE_INCIDENT, "contain", NULL, NULL},
    {MACHINE_INCIDENT, "eradicate", NULL, NULL},
    {MACHINE_INCIDENT, "recover", NULL, recovered},
    {MACHINE_INCIDENT, "recover_skip", skip_before, skipped},
    {MACHINE_INCIDENT, "regress", NULL, regressed},
    {MACHINE_INCIDENT, "open_review", review_before, reviewed},
    {MACHINE_INCIDENT, "request_close", closing_before, close_requested},
    {MACHINE_INCIDENT, "close_short", closing_before, closed_short},
    {MACHINE_INCIDENT, "approve_close", review_before, close_approved},
    {MACHINE_INCIDENT, "reject", reject_before, rejected},
    {MACHINE_INCIDENT, "reinstate", NULL, reinstated},
    {MACHINE_INCIDENT, "merge", merge_before, merged},
    {MACHINE_INCIDENT, "unmerge", NULL, reinstated},
    {MACHINE_INCIDENT, "not_resolved", NULL, regressed},
    {MACHINE_INCIDENT, "reopen", NULL, reopened},
};

const struct effect *effect_find(enum machine m, struct str verb) {
    if (m == MACHINE_EVENT)
        return decide_effect(verb);
    for (size_t i = 0; i < sizeof effects / sizeof effects[0]; i++)
        if (str_is(verb, effects[i].verb))
            return &effects[i];
    return NULL;
}
