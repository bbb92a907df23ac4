/* SPDX-License-Identifier: ISC
 *
 * desk_learn.c - notes, tasks, causes, lessons, control effects, actions, the review's signature; and what the closing guards ask
 *
 * Takes   an incident (or event) and the arguments of the command.
 * Gives   one row each, in the audit line of the command.
 */
#include <string.h>

#include "desk/desk_verbs.h"

static struct store *st(const struct act *a) {
    return a->d->store;
}

static bool on_event(const struct act *a) {
    return a->ev.id != 0;
}

enum rc learn_note(struct act *a) {
    int64_t id = query_insert(st(a), Q_NOTE_ADD, "itiiis", audit_next(st(a)), on_event(a) ? "event" : "incident", on_event(a) ? a->ev.id : a->inc.id, a->now, act_actor(a),
                              act_arg(a, "text"));
    audit_touch(st(a), REC_note, id);
    return RC_OK;
}

enum rc learn_assign(struct act *a) {
    const struct person *p;
    enum rc rc = act_person(a, act_arg(a, "to"), &p);
    if (rc)
        return rc;
    if (!person_roles(p, (uint16_t)desk_org_index(a->d, a->org), a->now))
        return err_set(a->e, RC_INVALID, "%s has no role in this organisation", p->login);
    a->inc.owner_id = p->db_id;
    a->inc.owner = str_of(p->login);
    rows_incident_save(st(a), &a->inc);
    act_said(a, "%.*s is %s's now.", STR_FMT(a->inc.ref), p->login);
    return RC_OK;
}

enum rc learn_priority(struct act *a) {
    enum rc rc = respond_priority(a, act_arg(a, "priority"));
    if (!rc)
        rows_incident_save(st(a), &a->inc);
    return rc;
}

enum rc learn_task(struct act *a) {
    static const char *const phases[] = {"assess", "contain", "eradicate", "recover", "communicate", "learn"};
    struct str phase = act_arg(a, "phase"), who = act_arg(a, "to"), due = arg_get(a->args, "due");
    const struct person *p = NULL;
    int64_t due_at = 0;
    enum rc rc = str_absent(who) ? RC_OK : act_person(a, who, &p);
    bool known = str_absent(phase);
    for (size_t i = 0; i < 6; i++)
        known |= str_is(phase, phases[i]);
    if (rc)
        return rc;
    if (!known)
        return err_set(a->e, RC_INVALID, "a phase is assess, contain, eradicate, recover, communicate or learn");
    if (!str_absent(due) && !act_time(a, due, &due_at))
        return err_set(a->e, RC_INVALID, "due is a day, a time such as 2026-11-22T12:00:00Z, or a duration such as 2h");
    int64_t id = query_insert(st(a), Q_TASK_ADD, "iisszz", audit_next(st(a)), a->inc.id, str_absent(phase) ? STR("contain") : phase, act_arg(a, "text"), p ? p->db_id : (int64_t)0, due_at);
    audit_touch(st(a), REC_task, id);
    act_said(a, "Task %lld.", (long long)id);
    return RC_OK;
}

enum rc learn_task_done(struct act *a) {
    uint64_t id;
    if (!str_u64(act_arg(a, "task"), INT64_MAX, &id))
        return err_set(a->e, RC_INVALID, "which task? a number");
    if (!query_changed(st(a), Q_TASK_DONE, "iiiis", (int64_t)id, audit_next(st(a)), a->inc.id, a->now, act_arg(a, "note")))
        return err_set(a->e, RC_NOTFOUND, "%.*s has no open task %llu", STR_FMT(a->inc.ref), (unsigned long long)id);
    audit_touch(st(a), REC_task, (int64_t)id);
    return RC_OK;
}

static enum rc set_cause(struct act *a) {
    struct str code = act_arg(a, "root_cause_code"), text = act_arg(a, "root_cause_text"), why = act_arg(a, "root_cause_justification");
    const struct rootcause *r = rootcause_find(code);
    if (!r)
        return err_set(a->e, RC_INVALID, "\"%.*s\" is no root cause code", STR_FMT(code));
    a->inc.root_cause_code = str_of(r->code);
    if (!str_absent(text))
        a->inc.root_cause_text = text;
    if (!str_absent(why))
        learn_fact_set(a, "root_cause_justification", why);
    return RC_OK;
}

enum rc learn_cause(struct act *a) {
    enum rc rc = set_cause(a);
    if (!rc)
        rows_incident_save(st(a), &a->inc);
    return rc;
}

static enum rc add_lesson(struct act *a, struct str text) {
    static const char *const categories[] = {"plan", "control", "detection", "awareness", "risk", "supplier", "tool", "role"};
    struct str c = act_arg(a, "category");
    bool known = str_absent(c);
    for (size_t i = 0; i < 8; i++)
        known |= str_is(c, categories[i]);
    if (!known)
        return err_set(a->e, RC_INVALID, "a category is plan, control, detection, awareness, risk, supplier, tool or role");
    int64_t id = query_insert(st(a), Q_LESSON_ADD, "iizzssii", audit_next(st(a)), a->org, a->inc.id, a->ev.id, str_absent(c) ? STR("control") : c, text, a->now, act_actor(a));
    audit_touch(st(a), REC_lesson, id);
    return RC_OK;
}

enum rc learn_lesson(struct act *a) {
    return add_lesson(a, act_arg(a, "text"));
}

static enum rc add_control(struct act *a, struct str control, struct str effect) {
    static const char *const effects[] = {"prevented", "detected", "limited", "failed", "absent", "bypassed"};
    bool known = false;
    for (size_t i = 0; i < 6; i++)
        known |= str_is(effect, effects[i]);
    if (!known || !control.n)
        return err_set(a->e, RC_INVALID, "a control effect is CONTROL with prevented, detected, limited, failed, absent or bypassed");
    if (query_number(st(a), 0, Q_CONTROL_HAS, "iss", a->inc.id, control, effect))
        return RC_OK;
    int64_t id = query_insert(st(a), Q_CONTROL_ADD, "iisss", audit_next(st(a)), a->inc.id, control, effect, act_arg(a, "control_note"));
    audit_touch(st(a), REC_control_effect, id);
    return RC_OK;
}

enum rc learn_control(struct act *a) {
    return add_control(a, act_arg(a, "control"), act_arg(a, "effect"));
}

/* With owner, due and effect it is agreed at once when whoever asks may approve; else it is proposed. */
static enum rc add_action(struct act *a, struct str text) {
    const struct person *owner = NULL;
    struct str name = act_arg(a, "action_owner"), due = act_arg(a, "action_due"), effect = act_arg(a, "action_effect"), type = act_arg(a, "type");
    int64_t due_at = 0;
    char ref[32];
    enum rc rc;
    if (str_absent(name))
        name = act_arg(a, "owner");
    if (str_absent(due))
        due = act_arg(a, "due");
    if (str_absent(effect))
        effect = act_arg(a, "effect_criterion");
    if (!str_absent(name) && (rc = act_person(a, name, &owner)))
        return rc;
    if (!str_absent(due) && !act_time(a, due, &due_at))
        return err_set(a->e, RC_INVALID, "due is a day, a time such as 2026-11-22T12:00:00Z, or a duration such as 14d");
    if (str_absent(type))
        type = STR("corrective");
    bool agreed = owner && due_at && !str_absent(effect) && (a->roles & (ROLE_BIT(ROLE_ISO) | ROLE_BIT(ROLE_DEPUTY) | ROLE_BIT(ROLE_MANAGEMENT)));
    desk_ref(a->d, a->org, "ACT", 4, a->now, ref);
    int64_t id = query_insert(st(a), Q_ACTION_ADD, "itizsssstzzs", audit_next(st(a)), ref, a->org, a->inc.id, type, STR("incident"), a->inc.root_cause_code, text,
                              agreed ? "approved" : "proposed", owner ? owner->db_id : (int64_t)0, due_at, effect);
    audit_touch(st(a), REC_action, id);
    desk_stamp(a->d, "action", id, "proposed_at", a->now, a->now, act_actor(a), STR_NONE, false);
    if (agreed)
        desk_stamp(a->d, "action", id, "approved_at", a->now, a->now, act_actor(a), STR_NONE, false);
    a->out->made = arena_str(a->out->arena, str_of(ref));
    act_said(a, "%s is %s.", ref, agreed ? "agreed" : "proposed: it counts when it has an owner, a due date and an effect criterion");
    return RC_OK;
}

enum rc learn_action(struct act *a) {
    return add_action(a, act_arg(a, "text"));
}

void learn_fact_set(struct act *a, const char *key, struct str value) {
    int64_t v = query_number(st(a), 0, Q_FACT_VERSION, "it", a->inc.id, key) + 1;
    int64_t id = query_insert(st(a), Q_FACT_ADD, "iitsiii", audit_next(st(a)), a->inc.id, key, str_absent(value) ? STR("") : value, a->now, act_actor(a), v);
    audit_touch(st(a), REC_incident_fact, id);
}

enum rc learn_fact(struct act *a) {
    char key[64];
    if (!str_copy(key, sizeof key, act_arg(a, "key")))
        return err_set(a->e, RC_INVALID, "the name of a fact has at most 63 bytes");
    learn_fact_set(a, key, act_arg(a, "value"));
    return RC_OK;
}

static void sign(struct act *a) {
    int64_t id = query_number(st(a), 0, Q_PIR_OPEN, "i", a->inc.id);
    if (!id)
        return;
    query_do(st(a), Q_PIR_SIGN, "iiii", id, audit_next(st(a)), a->now, act_actor(a));
    audit_touch(st(a), REC_pir, id);
}

enum rc learn_sign_review(struct act *a) {
    if (a->inc.state != INC_REVIEW)
        return err_set(a->e, RC_CONFLICT, "%.*s is not in review", STR_FMT(a->inc.ref));
    sign(a);
    return RC_OK;
}

enum rc learn_absence(struct act *a) {
    const struct person *p = a->who->person;
    struct str name = act_arg(a, "who");
    int64_t from, to;
    enum rc rc = str_absent(name) ? RC_OK : act_person(a, name, &p);
    if (rc)
        return rc;
    if (!p || (p != a->who->person && !(a->roles & (ROLE_BIT(ROLE_ISO) | ROLE_BIT(ROLE_DEPUTY) | ROLE_BIT(ROLE_MANAGEMENT)))))
        return err_set(a->e, RC_DENIED, "you may say only when you yourself are away");
    if (!act_time(a, arg_get(a->args, "from"), &from) || !act_time(a, arg_get(a->args, "to"), &to) || to <= from)
        return err_set(a->e, RC_INVALID, "from and to are days or times, to the later one");
    int64_t id = query_insert(st(a), Q_ABSENCE_ADD, "iiiii", audit_next(st(a)), a->org, p->db_id, from, to);
    audit_touch(st(a), REC_absence, id);
    for (size_t i = 0; i < a->d->g.roster->npeople; i++)
        if (&a->d->g.roster->people[i] == p) {
            a->d->g.roster->people[i].absent_from = from;
            a->d->g.roster->people[i].absent_to = to;
        }
    return RC_OK;
}

/* Asking to close is the ISO's signature under the review, once it taught something. "A.8.5:failed" is a control with its effect. */
enum rc learn_closing_data(struct act *a) {
    struct str control = act_arg(a, "control"), effect = act_arg(a, "effect");
    enum rc rc = RC_OK;
    if (act_has(a, "root_cause_code"))
        rc = set_cause(a);
    if (!rc && act_has(a, "lesson"))
        rc = add_lesson(a, act_arg(a, "lesson"));
    if (!rc && act_has(a, "lesson_none_reason"))
        learn_fact_set(a, "lesson_none_reason", act_arg(a, "lesson_none_reason"));
    if (!rc && !str_absent(control)) {
        struct str rest = control, head = str_cut(&rest, ':');
        rc = add_control(a, head, str_absent(rest) ? effect : rest);
    }
    if (!rc && act_has(a, "action"))
        rc = add_action(a, act_arg(a, "action"));
    if (!rc && act_has(a, "action_none_reason"))
        learn_fact_set(a, "action_none_reason", act_arg(a, "action_none_reason"));
    if (!rc && a->inc.state == INC_REVIEW)
        sign(a);
    return rc;
}

/* ---- what the guards ask */

static int count(struct act *a, enum stmt q) {
    return (int)query_number(st(a), 0, q, "i", a->inc.id);
}

static bool fact(struct act *a, const char *key) {
    return query_number(st(a), 0, Q_FACT_VERSION, "it", a->inc.id, key) > 0;
}

void act_facts(struct act *a) {
    static const char *const milestones[] = {"acknowledged_at", "confirmed_at", "contained_at", "eradicated_at", "recovered_at"};
    struct facts *f = &a->facts;
    f->open_tasks = count(a, Q_TASKS_OPEN);
    f->milestones_missing = 0;
    for (size_t i = 0; i < 5; i++)
        f->milestones_missing += !query_number(st(a), 0, Q_STAMP_LIVE, "tit", "incident", a->inc.id, milestones[i]);
    f->root_cause_justified = fact(a, "root_cause_justification");
    f->obligations_open = count(a, Q_OBLIGATIONS_OPEN);
    f->pir_mandatory = guard_pir_mandatory(&a->inc, count(a, Q_OBLIGATIONS_EVER) > 0, false);
    f->pir_signed = count(a, Q_PIRS_SIGNED) > 0;
    f->lessons = count(a, Q_LESSONS);
    f->lesson_none_reason = fact(a, "lesson_none_reason");
    f->actions = count(a, Q_ACTIONS_AGREED);
    f->action_none_reason = fact(a, "action_none_reason");
    f->control_effects = count(a, Q_CONTROLS);
    f->worked_on = a->inc.owner_id == act_actor(a) || query_number(st(a), 0, Q_WORKED_ON, "ii", a->inc.id, act_actor(a)) > 0;
}

static const struct extra extras[] = {
#define VERB(machine, verb, roles, required, fn, help) {MACHINE_##machine, verb, roles, required, fn, help},
#include "desk/verbs.def"
#undef VERB
};

const struct extra *extra_find(enum machine m, struct str verb) {
    for (size_t i = 0; i < sizeof extras / sizeof extras[0]; i++)
        if (extras[i].machine == m && str_is(verb, extras[i].verb))
            return &extras[i];
    return NULL;
}
