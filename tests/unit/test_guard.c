/* SPDX-License-Identifier: ISC
 *
 * test_guard.c - each guard in force, met and missing
 */
#include "unit.h"

#include "base/clock.h"
#include "case/guard.h"

#define R(name) ROLE_BIT(ROLE_##name)
#define NOW (INT64_C(1791756855) * US_PER_S)

struct on { /* what a case changes in a world where everything is in order */
    struct facts f;
    struct event ev;
    struct incident inc;
};

static void in_order(struct on *w) {
    memset(w, 0, sizeof *w);
    w->ev = (struct event){.assessor_id = 1, .state = EV_ASSESSING, .priority = 4, .out = {.priority = 4}};
    w->inc = (struct incident){.owner_id = 1,
                               .priority = 3,
                               .worst_priority = 3,
                               .root_cause_code = STR("RC.CRED"),
                               .personal_data = STR("no"),
                               .close_requested_by = 1,
                               .close_requested_at = NOW - US_PER_H,
                               .closed_at = NOW - US_PER_DAY};
    w->f = (struct facts){.event = &w->ev,
                          .incident = &w->inc,
                          .actor_id = 2,
                          .now = NOW,
                          .roles = R(DEPUTY),
                          .lessons = 1,
                          .actions = 1,
                          .control_effects = 1,
                          .pir_signed = true,
                          .target_open = true,
                          .target_same_org = true,
                          .skipped = 1,
                          .skip_reasons = 1,
                          .reopen_window = 90 * US_PER_DAY,
                          .disposition = DISP_FALSE_POSITIVE,
                          .management_available = 1};
}

static enum guard_state judged(const struct on *w, enum guard g) {
    struct guard_result r[GUARD__COUNT];
    struct err e = {0};
    size_t n = 0;
    enum rc rc = guard_check(GUARD_BIT(g), &w->f, r, &n, &e);

    assert_int_equal(n, 1);
    assert_int_equal(rc, r[0].state == GUARD_MISSING ? RC_REFUSED : RC_OK);
    if (rc != RC_OK)
        assert_non_null(strstr(e.text, r[0].code));
    return r[0].state;
}

static void task_open(struct on *w) {
    w->f.open_tasks = 1;
}
static void milestone_missing(struct on *w) {
    w->f.milestones_missing = 1;
}
static void no_cause(struct on *w) {
    w->inc.root_cause_code = STR_NONE;
}
static void cause_unknown(struct on *w) {
    w->inc.root_cause_code = STR("RC.UNKNOWN");
}
static void cause_unknown_justified(struct on *w) {
    cause_unknown(w), w->f.root_cause_justified = true;
}
static void no_lesson(struct on *w) {
    w->f.lessons = 0;
}
static void no_lesson_with_reason(struct on *w) {
    w->f.lessons = 0, w->f.lesson_none_reason = true;
}
static void review_unsigned(struct on *w) {
    w->f.pir_mandatory = true, w->f.pir_signed = false;
}
static void obligation_open(struct on *w) {
    w->f.obligations_open = 1;
}
static void no_action(struct on *w) {
    w->f.actions = 0;
}
static void no_action_with_reason(struct on *w) {
    w->f.actions = 0, w->f.action_none_reason = true;
}
static void no_control(struct on *w) {
    w->f.control_effects = 0;
}
static void requester_approves(struct on *w) {
    w->f.actor_id = 1;
}
static void nobody_requested(struct on *w) {
    w->inc.close_requested_by = 0;
}
static void requester_a_day_later(struct on *w) {
    w->f.actor_id = 1, w->f.compensating = true, w->inc.close_requested_at = NOW - US_PER_DAY;
}
static void requester_too_soon(struct on *w) {
    w->f.actor_id = 1, w->f.compensating = true, w->inc.close_requested_at = NOW - US_PER_DAY + 1;
}
static void owner_approves_p3(struct on *w) {
    w->inc.owner_id = 2;
}
static void owner_approves_p2(struct on *w) {
    w->inc.owner_id = 2, w->inc.priority = 2;
}
static void owner_approves_what_was_p2(struct on *w) {
    w->inc.owner_id = 2, w->inc.worst_priority = 2;
}
static void p1_by_deputy(struct on *w) {
    w->inc.priority = 1;
}
static void p1_by_deputy_who_worked(struct on *w) {
    w->inc.priority = 1, w->f.worked_on = true;
}
static void p1_by_management(struct on *w) {
    w->inc.priority = 1, w->f.worked_on = true, w->f.roles = R(MANAGEMENT);
}
static void analyst(struct on *w) {
    w->f.roles = R(ANALYST);
}
static void own_analyst(struct on *w) {
    w->f.roles = R(ANALYST), w->f.actor_id = 1;
}
static void by_itself(struct on *w) {
    w->f.system = true, w->f.roles = R(SYSTEM), w->f.actor_id = 0;
}
static void by_itself_due(struct on *w) {
    by_itself(w), w->f.pir_mandatory = true;
}
static void p2_event(struct on *w) {
    w->ev.priority = w->ev.out.priority = 2;
}
static void p2_event_lowered(struct on *w) {
    w->ev.priority = 4, w->ev.out.priority = 2, w->f.roles = R(ANALYST);
}
static void p2_event_analyst(struct on *w) {
    p2_event(w), w->f.roles = R(ANALYST);
}
static void p1_event(struct on *w) {
    w->ev.priority = w->ev.out.priority = 1;
}
static void p1_event_second(struct on *w) {
    p1_event(w), w->f.second_person_roles = R(ISO);
}
static void p1_event_second_analyst(struct on *w) {
    p1_event(w), w->f.second_person_roles = R(ANALYST);
}
static void weakness(struct on *w) {
    w->f.disposition = DISP_WEAKNESS;
}
static void weakness_known(struct on *w) {
    weakness(w), w->f.has_vulnerability = true;
}
static void near_miss(struct on *w) {
    w->f.disposition = DISP_NEAR_MISS;
}
static void near_miss_learned(struct on *w) {
    near_miss(w), w->f.has_lesson = true;
}
static void own_dismissal(struct on *w) {
    p2_event_analyst(w), w->f.actor_id = 1, w->ev.state = EV_DISMISSED;
}
static void others_dismissal(struct on *w) {
    p2_event_analyst(w), w->ev.state = EV_DISMISSED;
}
static void other_org(struct on *w) {
    w->f.target_same_org = false;
}
static void itself(struct on *w) {
    w->f.target_self = true;
}
static void circle(struct on *w) {
    w->f.target_cycle = true;
}
static void target_closed(struct on *w) {
    w->f.target_open = false;
}
static void analyst_delegated(struct on *w) {
    w->f.roles = R(ANALYST), w->f.delegated = true;
}
static void analyst_delegated_p2(struct on *w) {
    analyst_delegated(w), w->inc.priority = 2;
}
static void analyst_p4(struct on *w) {
    w->f.roles = R(ANALYST), w->inc.priority = 4;
}
static void analyst_p2(struct on *w) {
    w->f.roles = R(ANALYST), w->inc.priority = 2;
}
static void skip_without_reason(struct on *w) {
    w->f.skipped = 2;
}
static void review_due(struct on *w) {
    w->f.pir_mandatory = true;
}
static void p2(struct on *w) {
    w->inc.priority = 2;
}
static void p2_second(struct on *w) {
    w->inc.priority = 2, w->f.second_person_roles = R(MANAGEMENT);
}
static void long_closed(struct on *w) {
    w->inc.closed_at = NOW - 91 * US_PER_DAY;
}
static void long_closed_management(struct on *w) {
    long_closed(w), w->f.roles = R(MANAGEMENT);
}

static const struct {
    enum guard guard;
    void (*change)(struct on *w);
    enum guard_state want;
    const char *why;
} cases[] = {
    {GUARD_G1, NULL, GUARD_MET, "no task is open"},
    {GUARD_G1, task_open, GUARD_MISSING, "a task is open"},
    {GUARD_G2, NULL, GUARD_MET, "all stamped"},
    {GUARD_G2, milestone_missing, GUARD_MISSING, "one is not"},
    {GUARD_G3, NULL, GUARD_MET, "a cause is set"},
    {GUARD_G3, no_cause, GUARD_MISSING, "none is"},
    {GUARD_G3, cause_unknown, GUARD_MISSING, "unknown without a justification"},
    {GUARD_G3, cause_unknown_justified, GUARD_MET, "unknown with one"},
    {GUARD_G4, NULL, GUARD_MET, "a lesson is there"},
    {GUARD_G4, no_lesson, GUARD_MISSING, "no lesson and no reason"},
    {GUARD_G4, no_lesson_with_reason, GUARD_MET, "a reason for none"},
    {GUARD_G4, review_unsigned, GUARD_MISSING, "a mandatory review is not signed"},
    {GUARD_G5, NULL, GUARD_MET, "nothing owed to authorities"},
    {GUARD_G5, obligation_open, GUARD_MISSING, "something is"},
    {GUARD_G6, NULL, GUARD_NOT_ASKED, "not in force"},
    {GUARD_G7, NULL, GUARD_NOT_ASKED, "not in force"},
    {GUARD_G8, NULL, GUARD_MET, "an action"},
    {GUARD_G8, no_action, GUARD_MISSING, "none and no reason"},
    {GUARD_G8, no_action_with_reason, GUARD_MET, "a reason for none"},
    {GUARD_G9, NULL, GUARD_MET, "another person"},
    {GUARD_G9, requester_approves, GUARD_MISSING, "the same person"},
    {GUARD_G9, nobody_requested, GUARD_MISSING, "nobody asked"},
    {GUARD_G9, requester_a_day_later, GUARD_WAIVED, "small organisation, a day later"},
    {GUARD_G9, requester_too_soon, GUARD_MISSING, "small organisation, too soon"},
    {GUARD_G9, owner_approves_p3, GUARD_MET, "the owner may approve P3"},
    {GUARD_G9, owner_approves_p2, GUARD_MISSING, "the owner may not approve P2"},
    {GUARD_G9, owner_approves_what_was_p2, GUARD_MISSING, "nor what was P2 once"},
    {GUARD_G9, p1_by_deputy, GUARD_MET, "P1 by a deputy who did not work on it"},
    {GUARD_G9, p1_by_deputy_who_worked, GUARD_MISSING, "P1 by a deputy who did"},
    {GUARD_G9, p1_by_management, GUARD_MET, "P1 by management"},
    {GUARD_G10, NULL, GUARD_NOT_ASKED, "not in force"},
    {GUARD_G11, NULL, GUARD_MET, "a control's effect is recorded"},
    {GUARD_G11, no_control, GUARD_MISSING, "none is"},
    {GUARD_G12, NULL, GUARD_NOT_ASKED, "not in force"},
    {GUARD_OWN_CLAIM, NULL, GUARD_MET, "the deputy releases anybody's"},
    {GUARD_OWN_CLAIM, analyst, GUARD_MISSING, "an analyst not another's"},
    {GUARD_OWN_CLAIM, own_analyst, GUARD_MET, "an analyst their own"},
    {GUARD_APPROVED_RULE, NULL, GUARD_MET, "a person decides"},
    {GUARD_APPROVED_RULE, by_itself, GUARD_MISSING, "tocsin does not decide"},
    {GUARD_DISMISS, analyst, GUARD_MET, "an analyst dismisses P4"},
    {GUARD_DISMISS, p2_event_analyst, GUARD_MISSING, "not P2"},
    {GUARD_DISMISS, p2_event_lowered, GUARD_MISSING, "nor what was computed as P2"},
    {GUARD_DISMISS, p2_event, GUARD_MET, "the deputy dismisses P2"},
    {GUARD_DISMISS, p1_event, GUARD_MISSING, "not P1 alone"},
    {GUARD_DISMISS, p1_event_second, GUARD_MET, "P1 with a second person"},
    {GUARD_DISMISS, p1_event_second_analyst, GUARD_MISSING, "an analyst is no second person"},
    {GUARD_DISPOSITION, NULL, GUARD_MET, "false positive needs nothing more"},
    {GUARD_DISPOSITION, weakness, GUARD_MISSING, "a weakness must be recorded"},
    {GUARD_DISPOSITION, weakness_known, GUARD_MET, "and is"},
    {GUARD_DISPOSITION, near_miss, GUARD_MISSING, "a near miss teaches"},
    {GUARD_DISPOSITION, near_miss_learned, GUARD_MET, "and did"},
    {GUARD_REOPEN_OTHER, own_dismissal, GUARD_MISSING, "one's own P2 dismissal"},
    {GUARD_REOPEN_OTHER, others_dismissal, GUARD_MET, "another's"},
    {GUARD_TARGET, NULL, GUARD_MET, "fits"},
    {GUARD_TARGET, other_org, GUARD_MISSING, "another organisation"},
    {GUARD_TARGET, itself, GUARD_MISSING, "itself"},
    {GUARD_TARGET, circle, GUARD_MISSING, "a circle"},
    {GUARD_TARGET_OPEN, NULL, GUARD_MET, "open"},
    {GUARD_TARGET_OPEN, target_closed, GUARD_MISSING, "closed"},
    {GUARD_ACK, NULL, GUARD_MET, "the deputy"},
    {GUARD_ACK, analyst, GUARD_MISSING, "an analyst without delegation"},
    {GUARD_ACK, analyst_delegated, GUARD_MET, "with it"},
    {GUARD_ACK, analyst_delegated_p2, GUARD_MISSING, "but not P2"},
    {GUARD_CONFIRM, analyst, GUARD_MISSING, "an analyst not P3"},
    {GUARD_CONFIRM, analyst_p4, GUARD_MET, "but P4"},
    {GUARD_SKIP, analyst, GUARD_MET, "an analyst P3"},
    {GUARD_SKIP, analyst_p2, GUARD_MISSING, "not P2"},
    {GUARD_SKIP_REASONS, NULL, GUARD_MET, "one reason for one"},
    {GUARD_SKIP_REASONS, skip_without_reason, GUARD_MISSING, "one reason for two"},
    {GUARD_REVIEW_AUTO, NULL, GUARD_MET, "a person opens any review"},
    {GUARD_REVIEW_AUTO, by_itself, GUARD_MISSING, "tocsin not"},
    {GUARD_REVIEW_AUTO, by_itself_due, GUARD_MET, "unless it is mandatory"},
    {GUARD_SHORT_CLOSE, NULL, GUARD_MET, "no review needed"},
    {GUARD_SHORT_CLOSE, review_due, GUARD_MISSING, "one is"},
    {GUARD_REJECT, NULL, GUARD_MET, "the deputy rejects P3"},
    {GUARD_REJECT, analyst, GUARD_MISSING, "an analyst not P3"},
    {GUARD_REJECT, analyst_p4, GUARD_MET, "but P4"},
    {GUARD_REJECT, p2, GUARD_MISSING, "P2 needs a second person"},
    {GUARD_REJECT, p2_second, GUARD_MET, "and has one"},
    {GUARD_REOPEN_WINDOW, NULL, GUARD_MET, "closed yesterday"},
    {GUARD_REOPEN_WINDOW, long_closed, GUARD_MISSING, "closed long ago"},
    {GUARD_REOPEN_WINDOW, long_closed_management, GUARD_MET, "management may"},
};

static void every_guard_judges_as_the_process_says(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(cases); i++) {
        struct on w;

        in_order(&w);
        if (cases[i].change)
            cases[i].change(&w);
        if (judged(&w, cases[i].guard) != cases[i].want)
            fail_msg("%s (case %d)", cases[i].why, (int)i);
    }
}

static void every_guard_in_force_has_a_case_that_refuses(void **state) {
    (void)state;
    for (int g = 0; g < GUARD__COUNT; g++) {
        struct on w;
        bool refused = false;

        in_order(&w);
        for (size_t i = 0; i < ARRAY_N(cases); i++)
            refused = refused || ((int)cases[i].guard == g && cases[i].want == GUARD_MISSING);
        if (judged(&w, (enum guard)g) != GUARD_NOT_ASKED && !refused)
            fail_msg("guard %d has none", g);
    }
}

static void the_first_missing_guard_is_the_one_that_is_told(void **state) {
    struct on w;
    struct err e = {0};
    struct guard_result r[GUARD__COUNT];
    size_t n = 0;
    (void)state;

    in_order(&w);
    w.f.open_tasks = 2;
    w.f.control_effects = 0;
    assert_int_equal(guard_check(GUARD_BIT(GUARD_G1) | GUARD_BIT(GUARD_G3) | GUARD_BIT(GUARD_G11), &w.f, r, &n, &e), RC_REFUSED);
    assert_int_equal(n, 3);
    assert_non_null(strstr(e.text, "G1"));
    assert_int_equal(r[2].state, GUARD_MISSING);
    assert_int_equal(guard_check(GUARD_BIT(GUARD_G3), &w.f, NULL, NULL, NULL), RC_OK);
}

static void without_a_case_nothing_that_matters_is_met(void **state) {
    const struct facts nothing = {0};
    static const enum guard must[] = {GUARD_G3,        GUARD_G4,      GUARD_G8,  GUARD_G9,           GUARD_G11,
                                      GUARD_OWN_CLAIM, GUARD_DISMISS, GUARD_ACK, GUARD_REOPEN_WINDOW};
    (void)state;

    for (size_t i = 0; i < ARRAY_N(must); i++)
        assert_int_equal(guard_check(GUARD_BIT(must[i]), &nothing, NULL, NULL, NULL), RC_REFUSED);
}

static void check_close_lists_all_twelve(void **state) {
    struct on w;
    struct guard_result r[12];
    (void)state;

    in_order(&w);
    assert_int_equal(guard_closing(&w.f, r), 12);
    for (int i = 0; i < 12; i++) {
        char code[16];

        (void)snprintf(code, sizeof code, "G%d", i + 1);
        assert_string_equal(r[i].code, code);
        assert_true(r[i].text[0] != '\0');
    }
    w.inc.close_requested_by = 0;
    (void)guard_closing(&w.f, r);
    assert_int_equal(r[8].state, GUARD_MET); /* no review mandatory: no second person */
    w.f.pir_mandatory = true;
    (void)guard_closing(&w.f, r);
    assert_int_equal(r[8].state, GUARD_NOT_ASKED); /* stands in nobody's way before closing is asked for */
}

static void a_close_that_was_approved_stays_so_whoever_looks(void **state) {
    struct on w;
    struct guard_result r[12];
    (void)state;

    in_order(&w);
    requester_approves(&w);
    (void)guard_closing(&w.f, r);
    assert_int_equal(r[8].state, GUARD_MISSING);
    w.inc.close_approved_by = 5;
    (void)guard_closing(&w.f, r);
    assert_int_equal(r[8].state, GUARD_MET);
    w.inc.sod_exception = STR("waived: nobody else was there");
    (void)guard_closing(&w.f, r);
    assert_int_equal(r[8].state, GUARD_WAIVED);
}

static void a_refusal_says_what_helps(void **state) {
    struct on w;
    struct err e = {0};
    (void)state;

    in_order(&w);
    w.inc.ref = STR("INC-2026-0007");
    w.f.open_tasks = 1;
    assert_int_equal(guard_check(GUARD_BIT(GUARD_G1), &w.f, NULL, NULL, &e), RC_REFUSED);
    assert_string_equal(e.hint, "tocsin check-close INC-2026-0007 lists what is missing");
    requester_approves(&w);
    assert_int_equal(guard_check(GUARD_BIT(GUARD_G9), &w.f, NULL, NULL, &e), RC_REFUSED);
    assert_non_null(strstr(e.hint, "another ISO, the deputy or management"));
    w.inc.priority = w.inc.worst_priority = 1;
    assert_int_equal(guard_check(GUARD_BIT(GUARD_G9), &w.f, NULL, NULL, &e), RC_REFUSED);
    assert_non_null(strstr(e.hint, "management approves"));
    w.inc.close_requested_by = 0;
    assert_int_equal(guard_check(GUARD_BIT(GUARD_G9), &w.f, NULL, NULL, &e), RC_REFUSED);
    assert_string_equal(e.hint, "ask first: tocsin close INC-2026-0007");
}

static void a_review_is_mandatory_for_what_was_serious(void **state) {
    struct on w;
    (void)state;

    in_order(&w);
    assert_false(guard_pir_mandatory(&w.inc, false, false));
    assert_true(guard_pir_mandatory(&w.inc, true, false));
    assert_true(guard_pir_mandatory(&w.inc, false, true));
    w.inc.worst_priority = 2;
    assert_true(guard_pir_mandatory(&w.inc, false, false));
    in_order(&w);
    w.inc.personal_data = STR("yes");
    assert_true(guard_pir_mandatory(&w.inc, false, false));
    in_order(&w);
    w.inc.reopen_count = 1;
    assert_true(guard_pir_mandatory(&w.inc, false, false));
    in_order(&w);
    w.inc.exercise = true;
    assert_true(guard_pir_mandatory(&w.inc, false, false));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_guard_judges_as_the_process_says),
        cmocka_unit_test(every_guard_in_force_has_a_case_that_refuses),
        cmocka_unit_test(the_first_missing_guard_is_the_one_that_is_told),
        cmocka_unit_test(without_a_case_nothing_that_matters_is_met),
        cmocka_unit_test(check_close_lists_all_twelve),
        cmocka_unit_test(a_close_that_was_approved_stays_so_whoever_looks),
        cmocka_unit_test(a_refusal_says_what_helps),
        cmocka_unit_test(a_review_is_mandatory_for_what_was_serious),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
