/* SPDX-License-Identifier: ISC
 *
 * test_flow.c - the machines are exactly the table: every (state, verb, role) is walked against tests/data/transitions.tsv
 */
#include "unit.h"

#include "base/file.h"
#include "case/flow.h"
#include "case/guard.h"

#define ROWS_MAX 200

struct row { /* one line of the table */
    struct str machine, id, from, to, verb, roles, required, guards, stamps, notify;
};
static struct row rows[ROWS_MAX];
static size_t nrows;
static struct buf text;

static const char *const machines[MACHINE__COUNT] = {"event", "incident", "notification"};

static int setup(void **state) {
    const char *dir = getenv("srcdir");
    char path[512];
    struct err e = {0};
    (void)state;

    (void)snprintf(path, sizeof path, "%s/tests/data/transitions.tsv", dir ? dir : ".");
    buf_init(&text, 1 << 20);
    if (file_read(path, 1 << 20, &text, &e) != RC_OK) {
        print_error("%s\n", e.text);
        return -1;
    }
    for (struct str rest = buf_view(&text); rest.n;) {
        struct str l = str_cut(&rest, '\n');
        struct str *cols[] = {&rows[nrows].machine, &rows[nrows].id,    &rows[nrows].from,     &rows[nrows].to,
                              &rows[nrows].verb,    &rows[nrows].roles, &rows[nrows].required, &rows[nrows].guards,
                              &rows[nrows].stamps,  &rows[nrows].notify};

        if (l.n == 0 || l.p[0] == '#')
            continue;
        for (size_t i = 0; i < ARRAY_N(cols); i++)
            *cols[i] = str_cut(&l, '\t');
        nrows++;
    }
    return nrows > 70 ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    buf_fini(&text);
    return 0;
}

static bool listed(struct str list, const char *word) {
    while (list.n)
        if (str_is(str_cut(&list, ','), word))
            return true;
    return false;
}

static const struct row *wanted(enum machine m, enum state from, struct str verb) {
    for (size_t i = 0; i < nrows; i++)
        if (str_is(rows[i].machine, machines[m]) && str_eq(rows[i].verb, verb) && listed(rows[i].from, state_name(from)))
            return &rows[i];
    return NULL;
}

/* Every state of a machine, STATE_NONE among them. */
static bool state_of(enum machine m, int s) {
    return s == STATE_NONE || state_machine((enum state)s) == m;
}

static void check_cell(enum machine m, enum state from, struct str verb, int role) {
    const struct row *w = wanted(m, from, verb);
    const struct step *got = NULL;
    struct err e = {0};
    enum rc rc = flow_allow(m, from, verb, ROLE_BIT(role), &got, &e);
    enum rc want = !w ? RC_CONFLICT : listed(w->roles, role_name((enum role)role)) ? RC_OK : RC_DENIED;

    if (rc != want)
        fail_msg("%s, %s, %.*s, %s: %s, wanted %s", machines[m], state_name(from), STR_FMT(verb), role_name((enum role)role),
                 rc_word(rc), rc_word(want));
    if (rc == RC_OK) {
        assert_str(w->to, state_name(got->to));
        assert_true(str_starts(str_of(got->id), w->id));
    } else {
        assert_null(got);
        assert_true(e.text[0] != '\0');
    }
}

static void every_state_verb_and_role_is_as_the_table_says(void **state) {
    size_t cells = 0;
    (void)state;

    for (int m = 0; m < MACHINE__COUNT; m++)
        for (int s = 0; s < STATE__COUNT; s++)
            for (size_t i = 0; state_of((enum machine)m, s) && i < nrows; i++)
                for (int role = 0; role < ROLE__COUNT; role++, cells++)
                    check_cell((enum machine)m, (enum state)s, rows[i].verb, role);
    print_message("%d cells\n", (int)cells);
}

static void no_step_is_there_that_the_table_does_not_have(void **state) {
    (void)state;
    for (size_t i = 0; flow_at(i); i++) {
        const struct step *s = flow_at(i);

        check_row(wanted(s->machine, s->from, str_of(s->verb)) != NULL, s->id);
        check_row(flow_find(s->machine, s->from, str_of(s->verb)) == s, s->id); /* (state, verb) names one step */
        check_row(s->to != STATE_NONE && state_machine(s->to) == s->machine, s->id);
    }
}

/* What the table asks for and the desk fills in itself, because the record, the rule or the actor says it. */
static const char *const filled[] = {"org",
                                     "source",
                                     "title",
                                     "raw_ref|body",
                                     "suppression_rule_id",
                                     "assessor",
                                     "answer_due",
                                     "assessment",
                                     "rsit",
                                     "impact_c",
                                     "impact_i",
                                     "impact_a",
                                     "personal_data",
                                     "incident_id",
                                     "rule_id",
                                     "of_event_id",
                                     "detection_source",
                                     "event_ids|no_event_reason",
                                     "owner",
                                     "priority",
                                     "chair",
                                     "participants",
                                     "review_due",
                                     "pir_id",
                                     "into_incident_id",
                                     "rule",
                                     "recipient",
                                     "channel",
                                     "content_level",
                                     "transport_code"};

static bool word_in(const char *list, struct str word) {
    for (struct str rest = str_of(list); rest.n;)
        if (str_eq(str_cut(&rest, ' '), word))
            return true;
    return false;
}

static bool is_filled(struct str word) {
    for (size_t i = 0; i < ARRAY_N(filled); i++)
        if (str_is(word, filled[i]))
            return true;
    return false;
}

static void what_the_table_requires_is_asked_for_or_filled_in(void **state) {
    (void)state;
    for (size_t i = 0; flow_at(i); i++) {
        const struct step *s = flow_at(i);
        struct str rest = wanted(s->machine, s->from, str_of(s->verb))->required;

        while (rest.n) {
            size_t open = str_chr(rest, '('), comma = str_chr(rest, ',');
            struct str word;

            if (open != SIZE_MAX && open < comma) { /* assessment(decision=..., rationale, ...) */
                word = str_sub(rest, 0, open);
                rest = str_sub(rest, str_chr(rest, ')') + 1, rest.n);
                (void)str_cut(&rest, ',');
            } else {
                word = str_cut(&rest, ',');
            }
            if (!str_is(word, "-") && !word_in(s->required, word) && !is_filled(word))
                fail_msg("%s %s does not ask for %.*s", s->id, s->verb, STR_FMT(word));
        }
    }
}

static void every_stamp_of_the_table_is_made(void **state) {
    (void)state;
    for (size_t i = 0; flow_at(i); i++) {
        const struct step *s = flow_at(i);
        struct str want = wanted(s->machine, s->from, str_of(s->verb))->stamps;

        for (struct str rest = str_of(s->stamp); rest.n;) {
            struct str stamp = str_cut(&rest, ' ');
            check_row(str_find(want, stamp) != SIZE_MAX, s->id);
        }
        check_row(s->stamp[0] != '\0', s->id);
    }
}

static const char *const told[] = {"iso",
                                   "iso_p1p2",
                                   "iso_raise",
                                   "management_p1",
                                   "management_p1p2",
                                   "management_escalated",
                                   "dpo_pd",
                                   "reporter",
                                   "owner",
                                   "owner_raise",
                                   "target_owner",
                                   "assessor",
                                   "assessor_raise",
                                   "queue",
                                   "party",
                                   "participants",
                                   "watchers",
                                   "stakeholders",
                                   "approver",
                                   "everyone",
                                   "next_channel"};

static void who_is_told_is_one_of_the_words(void **state) {
    (void)state;
    for (size_t i = 0; flow_at(i); i++)
        for (struct str rest = str_of(flow_at(i)->notify); rest.n;) {
            struct str word = str_cut(&rest, ' ');
            bool known = false;

            for (size_t k = 0; k < ARRAY_N(told); k++)
                known = known || str_is(word, told[k]);
            check_row(known, flow_at(i)->id);
        }
}

static void closing_asks_every_guard_of_closing(void **state) {
    uint64_t closing = 0;
    (void)state;

    for (int g = GUARD_G1; g <= GUARD_G12; g++)
        if (g != GUARD_G9)
            closing |= GUARD_BIT(g);
    assert_true((flow_find(MACHINE_INCIDENT, INC_REVIEW, STR("request_close"))->guards & closing) == closing);
    assert_true((flow_find(MACHINE_INCIDENT, INC_RECOVERED, STR("close_short"))->guards & closing) == closing);
    assert_true(flow_find(MACHINE_INCIDENT, INC_REVIEW, STR("approve_close"))->guards & GUARD_BIT(GUARD_G9));
}

static void a_refusal_says_what_is_possible_and_who_may(void **state) {
    const struct step *s;
    struct err e = {0};
    (void)state;

    assert_int_equal(flow_allow(MACHINE_EVENT, EV_DISMISSED, STR("claim"), ROLE_BIT(ROLE_ISO), &s, &e), RC_CONFLICT);
    assert_non_null(strstr(e.text, "dismissed"));
    assert_non_null(strstr(e.hint, "reopen"));
    memset(&e, 0, sizeof e);
    assert_int_equal(flow_allow(MACHINE_INCIDENT, INC_REVIEW, STR("approve_close"), ROLE_BIT(ROLE_ANALYST), &s, &e), RC_DENIED);
    assert_non_null(strstr(e.text, "Information Security Officer, Deputy ISO or Management"));
}

static void next_lists_what_these_roles_may_do(void **state) {
    const struct step *steps[32];
    size_t n = flow_next(MACHINE_EVENT, EV_NEW, ROLE_BIT(ROLE_ANALYST), steps, 32);
    (void)state;

    assert_int_equal(n, 4);
    assert_string_equal(steps[0]->verb, "claim");
    assert_int_equal(flow_next(MACHINE_EVENT, EV_NEW, ROLE_BIT(ROLE_AUDITOR), steps, 32), 0);
    assert_int_equal(flow_next(MACHINE_EVENT, EV_NEW, ROLE_BIT(ROLE_ANALYST), steps, 2), 2);
}

struct given {
    const char *words;
};

static bool has_word(void *ctx, const char *name) {
    return word_in(((const struct given *)ctx)->words, str_of(name));
}

static bool enough(const struct step *s, const char *words, struct err *e) {
    struct given g = {words};
    return flow_required(s, has_word, &g, e);
}

static void one_of_the_alternatives_is_enough(void **state) {
    const struct step *s = flow_find(MACHINE_INCIDENT, INC_RECOVERED, STR("close_short"));
    struct err e = {0};
    (void)state;

    assert_true(enough(s, "root_cause_code lesson_none_reason", &e));
    assert_true(enough(s, "root_cause_code lesson", &e));
    assert_false(enough(s, "lesson", &e));
    assert_int_equal(e.rc, RC_INVALID);
    assert_non_null(strstr(e.text, "root_cause_code"));
    assert_false(enough(s, "root_cause_code", &e));
    assert_non_null(strstr(e.text, "lesson|lesson_none_reason"));
    assert_true(enough(flow_find(MACHINE_EVENT, EV_NEW, STR("claim")), "", &e));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_state_verb_and_role_is_as_the_table_says),
        cmocka_unit_test(no_step_is_there_that_the_table_does_not_have),
        cmocka_unit_test(what_the_table_requires_is_asked_for_or_filled_in),
        cmocka_unit_test(every_stamp_of_the_table_is_made),
        cmocka_unit_test(who_is_told_is_one_of_the_words),
        cmocka_unit_test(closing_asks_every_guard_of_closing),
        cmocka_unit_test(a_refusal_says_what_is_possible_and_who_may),
        cmocka_unit_test(next_lists_what_these_roles_may_do),
        cmocka_unit_test(one_of_the_alternatives_is_enough),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
