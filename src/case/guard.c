/* SPDX-License-Identifier: ISC
 *
 * guard.c - conditions of a step, judged on facts that the desk collected
 *
 * Takes   facts; nothing else is looked at.
 * Gives   met, missing, waived or not yet asked, each with its sentence.
 * Keeps   nothing.
 */
#include "case/guard.h"

#include "base/clock.h"

#include <stdio.h>

#define BOTH_ISO (ROLE_BIT(ROLE_ISO) | ROLE_BIT(ROLE_DEPUTY))
#define DECIDERS (BOTH_ISO | ROLE_BIT(ROLE_MANAGEMENT))

typedef enum guard_state (*guard_fn)(const struct facts *f);

static enum guard_state met(bool yes) {
    return yes ? GUARD_MET : GUARD_MISSING;
}

static bool any(const struct facts *f, uint32_t roles) {
    return (f->roles & roles) != 0;
}

/* The more urgent of two priorities; 0 is none. */
static int urgent(int a, int b) {
    return a && (!b || a < b) ? a : b;
}

/* The most urgent it has ever been: lowering the priority must not make closing easier. */
static int worst(const struct incident *i) {
    return urgent(i->worst_priority, i->priority);
}

/* The table speaks of the computed priority; one that a person raised counts as well. No event: the strictest. */
static int event_priority(const struct facts *f) {
    return f->event ? urgent(f->event->out.priority, f->event->priority) : 1;
}

static int incident_priority(const struct facts *f) {
    return f->incident ? f->incident->priority : 1;
}

static bool second_person(const struct facts *f) {
    return ((uint32_t)f->second_person_roles & DECIDERS) != 0;
}

static enum guard_state no_open_task(const struct facts *f) {
    return met(f->open_tasks == 0);
}

static enum guard_state milestones(const struct facts *f) {
    return met(f->milestones_missing == 0);
}

static enum guard_state root_cause(const struct facts *f) {
    if (!f->incident || f->incident->root_cause_code.n == 0)
        return GUARD_MISSING;
    return met(!str_is(f->incident->root_cause_code, "RC.UNKNOWN") || f->root_cause_justified);
}

static enum guard_state review(const struct facts *f) {
    return met((f->lessons > 0 || f->lesson_none_reason) && (!f->pir_mandatory || f->pir_signed));
}

static enum guard_state obligations(const struct facts *f) {
    return met(f->obligations_open == 0);
}

static enum guard_state actions(const struct facts *f) {
    return met(f->actions > 0 || f->action_none_reason);
}

static enum guard_state control_effect(const struct facts *f) {
    return met(f->control_effects > 0);
}

/* process.md 2.3 "Four eyes". A small organisation (sod_mode: compensating) may let the same person approve a day later. */
static enum guard_state four_eyes(const struct facts *f) {
    const struct incident *i = f->incident;
    int w;
    bool other;

    if (!i || i->close_requested_by == 0)
        return GUARD_MISSING;
    w = worst(i);
    other = f->actor_id != 0 && f->actor_id != i->close_requested_by && !(w <= 2 && f->actor_id == i->owner_id);
    if (other && w == 1)
        other = any(f, ROLE_BIT(ROLE_MANAGEMENT)) || (any(f, BOTH_ISO) && !f->worked_on);
    if (other)
        return GUARD_MET;
    return f->compensating && f->now - i->close_requested_at >= US_PER_DAY ? GUARD_WAIVED : GUARD_MISSING;
}

static enum guard_state own_claim(const struct facts *f) {
    return met(any(f, BOTH_ISO) || (f->event && f->actor_id != 0 && f->event->assessor_id == f->actor_id));
}

static enum guard_state approved_rule(const struct facts *f) {
    return met(!f->system);
}

static enum guard_state may_dismiss(const struct facts *f) {
    int p = event_priority(f);
    return met(p >= 3 || (any(f, BOTH_ISO) && (p == 2 || second_person(f))));
}

static enum guard_state disposition_complete(const struct facts *f) {
    if (f->disposition == DISP_WEAKNESS)
        return met(f->has_vulnerability);
    return met(f->disposition != DISP_NEAR_MISS || f->has_lesson);
}

static enum guard_state reopen_other(const struct facts *f) {
    bool own = f->event && f->actor_id != 0 && f->event->assessor_id == f->actor_id && f->event->state == EV_DISMISSED;
    return met(any(f, BOTH_ISO) || event_priority(f) > 2 || !own);
}

static enum guard_state target(const struct facts *f) {
    return met(f->target_same_org && !f->target_self && !f->target_cycle);
}

static enum guard_state target_open(const struct facts *f) {
    return met(f->target_open);
}

static enum guard_state may_ack(const struct facts *f) {
    return met(any(f, DECIDERS) || (incident_priority(f) >= 3 && f->delegated));
}

static enum guard_state may_confirm(const struct facts *f) {
    return met(any(f, BOTH_ISO) || incident_priority(f) >= 4);
}

static enum guard_state may_skip(const struct facts *f) {
    return met(any(f, BOTH_ISO) || incident_priority(f) >= 3);
}

static enum guard_state skip_reasons(const struct facts *f) {
    return met(f->skipped > 0 && f->skip_reasons >= f->skipped);
}

static enum guard_state review_auto(const struct facts *f) {
    return met(!f->system || f->pir_mandatory);
}

static enum guard_state short_close(const struct facts *f) {
    return met(!f->pir_mandatory);
}

static enum guard_state may_reject(const struct facts *f) {
    int p = incident_priority(f);
    return met(p >= 4 || (any(f, BOTH_ISO) && (p == 3 || second_person(f))));
}

static enum guard_state reopen_window(const struct facts *f) {
    return met(any(f, ROLE_BIT(ROLE_MANAGEMENT)) || (f->incident && f->now - f->incident->closed_at <= f->reopen_window));
}

static const struct {
    const char *code, *met, *missing;
    bool in_force;
} rows[GUARD__COUNT] = {
#define GUARD(id, code, met, missing, in_force) [id] = {code, met, missing, in_force},
#include "case/guards.def"
#undef GUARD
};

/* NULL: not yet asked */
static const guard_fn judges[GUARD__COUNT] = {
    [GUARD_G1] = no_open_task,
    [GUARD_G2] = milestones,
    [GUARD_G3] = root_cause,
    [GUARD_G4] = review,
    [GUARD_G5] = obligations,
    [GUARD_G8] = actions,
    [GUARD_G9] = four_eyes,
    [GUARD_G11] = control_effect,
    [GUARD_OWN_CLAIM] = own_claim,
    [GUARD_APPROVED_RULE] = approved_rule,
    [GUARD_DISMISS] = may_dismiss,
    [GUARD_DISPOSITION] = disposition_complete,
    [GUARD_REOPEN_OTHER] = reopen_other,
    [GUARD_TARGET] = target,
    [GUARD_TARGET_OPEN] = target_open,
    [GUARD_ACK] = may_ack,
    [GUARD_CONFIRM] = may_confirm,
    [GUARD_SKIP] = may_skip,
    [GUARD_SKIP_REASONS] = skip_reasons,
    [GUARD_REVIEW_AUTO] = review_auto,
    [GUARD_SHORT_CLOSE] = short_close,
    [GUARD_REJECT] = may_reject,
    [GUARD_REOPEN_WINDOW] = reopen_window,
};

static void judge(enum guard g, const struct facts *f, struct guard_result *r) {
    const char *text;

    r->guard = g;
    r->code = rows[g].code;
    r->state = rows[g].in_force ? judges[g](f) : GUARD_NOT_ASKED;
    text = r->state == GUARD_MET ? rows[g].met : rows[g].missing;
    if (r->state == GUARD_WAIVED)
        text = "waived: the organisation lets the same person approve a day later, and management is told";
    (void)snprintf(r->text, sizeof r->text, "%s", text);
}

/* What helps: for the closing checklist the list of all that is missing, for four eyes who else may approve. */
static void hint(enum guard g, const struct facts *f, struct err *e) {
    const struct incident *i = f->incident;

    if (!i || !e || g > GUARD_G12)
        return;
    if (g != GUARD_G9)
        err_hint(e, "tocsin check-close %.*s lists what is missing", STR_FMT(i->ref));
    else if (i->close_requested_by == 0)
        err_hint(e, "ask first: tocsin close %.*s", STR_FMT(i->ref));
    else
        err_hint(e, "%s, then: tocsin approve %.*s%s",
                 worst(i) == 1   ? "management approves, or an ISO or deputy who did not work on it"
                 : worst(i) == 2 ? "an ISO, deputy or management approves who neither asked nor owns it"
                                 : "another ISO, the deputy or management approves",
                 STR_FMT(i->ref), f->compensating ? " (the same person: a day after asking)" : "");
}

enum rc guard_check(uint64_t mask, const struct facts *f, struct guard_result *results, size_t *n, struct err *e) {
    enum rc rc = RC_OK;
    size_t done = 0;

    for (int g = 0; g < GUARD__COUNT; g++) {
        struct guard_result r;

        if (!(mask & GUARD_BIT(g)))
            continue;
        judge((enum guard)g, f, &r);
        if (r.state == GUARD_MISSING && rc == RC_OK) {
            rc = err_set(e, RC_REFUSED, "%s: %s", r.code, r.text);
            hint((enum guard)g, f, e);
        }
        if (results)
            results[done] = r;
        done++;
    }
    if (n)
        *n = done;
    return rc;
}

size_t guard_closing(const struct facts *f, struct guard_result out[12]) {
    for (int g = GUARD_G1; g <= GUARD_G12; g++)
        judge((enum guard)g, f, &out[g - GUARD_G1]);
    /* Four eyes can be judged only once somebody has asked to close; before, it stands in nobody's way. */
    if (f->incident && f->incident->close_requested_by == 0) {
        struct guard_result *r = &out[GUARD_G9 - GUARD_G1];

        r->state = f->pir_mandatory ? GUARD_NOT_ASKED : GUARD_MET;
        (void)snprintf(r->text, sizeof r->text, "%s",
                       f->pir_mandatory ? "a second person approves when closing has been requested"
                                        : "no second person needed: no review is mandatory");
    }
    if (f->incident && f->incident->close_approved_by != 0) { /* it is done: whoever looks at it now changes nothing */
        struct guard_result *r = &out[GUARD_G9 - GUARD_G1];
        bool waived = f->incident->sod_exception.n > 0;

        r->state = waived ? GUARD_WAIVED : GUARD_MET;
        (void)snprintf(r->text, sizeof r->text, "%.*s",
                       STR_FMT(waived ? f->incident->sod_exception : STR("a second person approved")));
    }
    return 12;
}

bool guard_pir_mandatory(const struct incident *inc, bool obligation_ever, bool recurrence) {
    return worst(inc) <= 2 || obligation_ever || recurrence || inc->reopen_count > 0 || inc->exercise ||
           str_is(inc->personal_data, "yes");
}
