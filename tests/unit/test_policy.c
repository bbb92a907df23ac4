/* SPDX-License-Identifier: ISC
 *
 * test_policy.c - ladders, targets, who is next, and when a notice is tried again
 */
#include "unit.h"

#include "base/clock.h"
#include "base/file.h"
#include "escalate/policy.h"

#define R(name) ROLE_BIT(ROLE_##name)

static struct errs es;

static enum rc load(const char *yaml, struct policy *p) {
    struct tree **trees = NULL;
    struct err e = {0};
    size_t n = 0;
    enum rc rc;

    memset(&es, 0, sizeof es);
    if (tree_from_yaml("policy.yaml", str_of(yaml), &trees, &n, &e) != RC_OK)
        fail_msg("%s", e.text);
    rc = policy_load((const struct tree *const *)trees, n, p, &es);
    for (size_t i = 0; i < n; i++)
        tree_free(trees[i]);
    free(trees);
    return rc;
}

static void the_defaults_are_those_of_the_process(void **state) {
    struct policy p;
    (void)state;

    policy_default(&p);
    assert_int_equal(p.ladders[1].n, 5);
    assert_true(p.ladders[1].steps[0].all_channels);
    assert_true(p.ladders[1].steps[1].inform);
    assert_int_equal(p.ladders[1].steps[3].who, R(DEPUTY));
    assert_int_equal(p.ladders[1].steps[3].after, 10 * US_PER_MIN);
    assert_int_equal(p.ladders[1].repeat, 15 * US_PER_MIN);
    assert_int_equal(p.ladders[2].steps[3].after, 60 * US_PER_MIN);
    assert_int_equal(p.ladders[2].steps[4].who, R(MANAGEMENT));
    assert_int_equal(p.ladders[4].n, 0);
    assert_int_equal(p.ladders[5].n, 0);
    assert_int_equal(p.targets[2].decide, 2 * US_PER_H);
    assert_int_equal(p.targets[3].decide, 12 * US_PER_H);
}

static void the_shipped_file_says_the_same_as_the_defaults(void **state) {
    const char *dir = getenv("srcdir");
    struct policy file, built;
    struct buf text;
    struct err e = {0};
    char path[512];
    (void)state;

    (void)snprintf(path, sizeof path, "%s/etc/policy/default.yaml", dir ? dir : ".");
    buf_init(&text, 1 << 16);
    assert_int_equal(file_read(path, 1 << 16, &text, &e), RC_OK);
    memset(&file, 0, sizeof file);
    assert_int_equal(load(buf_cstr(&text), &file), RC_OK);
    policy_default(&built);
    for (int i = 1; i <= 5; i++) {
        assert_int_equal(file.ladders[i].n, built.ladders[i].n);
        assert_int_equal(file.ladders[i].repeat, built.ladders[i].repeat);
        for (size_t s = 0; s < built.ladders[i].n; s++) {
            const struct ladder_step *a = &file.ladders[i].steps[s], *b = &built.ladders[i].steps[s];
            assert_true(a->after == b->after && a->who == b->who && a->all_channels == b->all_channels && a->inform == b->inform);
        }
        assert_memory_equal(&file.targets[i], &built.targets[i], sizeof file.targets[i]);
    }
    assert_true(file.dedup == built.dedup && file.review_due == built.review_due && file.reopen_window == built.reopen_window &&
                file.ack_reminder == built.ack_reminder);
    buf_fini(&text);
}

static void a_file_changes_only_what_it_says(void **state) {
    struct policy p, d;
    (void)state;

    policy_default(&d);
    assert_int_equal(
        load("ladders:\n"
             "  P2: {steps: [{after: 0, who: iso}, {after: 20s, who: [deputy]}, {after: 40s, who: [management]}], repeat: 1m}\n"
             "  P4: {steps: [{who: [iso], channels: all}]}\n"
             "targets: {P2: {ack: 10s}}\ndedup: 5m\n",
             &p),
        RC_OK);
    assert_int_equal(p.ladders[2].n, 3);
    assert_int_equal(p.ladders[2].steps[1].after, 20 * US_PER_S);
    assert_int_equal(p.ladders[2].repeat, US_PER_MIN);
    assert_int_equal(p.ladders[4].n, 1);
    assert_int_equal(p.ladders[4].repeat, 0);
    assert_int_equal(p.ladders[1].n, d.ladders[1].n);
    assert_int_equal(p.targets[2].ack, 10 * US_PER_S);
    assert_int_equal(p.targets[2].decide, d.targets[2].decide);
    assert_int_equal(p.dedup, 5 * US_PER_MIN);
    assert_int_equal(p.review_due, d.review_due);
    assert_int_equal(load("ladders: {P1: {steps: []}}\n", &p), RC_OK); /* a ladder can be taken away */
    assert_int_equal(p.ladders[1].n, 0);
}

static const struct {
    const char *yaml, *says, *why;
} wrong[] = {
    {"ladders: {P6: {steps: []}}\n", "P1, P2", "no such priority"},
    {"ladders: P1\n", "map", "not a map"},
    {"ladders: {P1: {steps: [{who: [boss]}]}}\n", "boss", "no such role"},
    {"ladders: {P1: {steps: [{after: 0}]}}\n", "who is missing", "nobody named"},
    {"ladders: {P1: {steps: [{who: [analyst]}, {after: 1m, who: [management]}]}}\n", "can be asked", "IT is told, never asked"},
    {"ladders: {P1: {steps: [{who: [system], inform: yes}, {who: [iso]}]}}\n", "only people", "a machine cannot be told"},
    {"ladders: {P1: {steps: [{after: 5m, who: [iso]}, {after: 1m, who: [deputy]}, {after: 9m, who: [management]}]}}\n",
     "order of time", "back in time"},
    {"ladders: {P1: {steps: [{who: [iso]}, {after: 1m, who: [deputy]}, {after: 2m, who: [dpo]}]}}\n", "comes management",
     "somebody between"},
    {"ladders: {P1: {steps: [{who: [iso]}, {after: 1m, who: [deputy]}]}}\n", "management must come after",
     "ends with the deputy"},
    {"ladders: {P1: {steps: [{who: [iso], inform: yes}]}}\n", "asks nobody", "nobody is asked"},
    {"ladders: {P1: {stepps: []}}\n", "did you mean", "a typo"},
    {"targets: {P2: {decide: 13h}}\n", "12h", "too late for an early warning"},
    {"dedup: soon\n", "dedup", "no duration"},
};

static void what_makes_no_ladder_is_refused_with_its_place(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(wrong); i++) {
        struct policy p;
        char line[1024] = "";

        check_row(load(wrong[i].yaml, &p) == RC_CONFIG, wrong[i].why);
        check_row(es.n > 0, wrong[i].why);
        (void)err_format(&es.v[0], line, sizeof line);
        if (!strstr(line, wrong[i].says))
            fail_msg("%s: %s", wrong[i].why, line);
        if (strncmp(wrong[i].yaml, "targets", 7) != 0)
            check_row(strncmp(line, "policy.yaml:1:", 14) == 0, line);
    }
}

/* ---- who is next */

static void check_next(const struct ladder *l, size_t *done, uint32_t *loops, size_t want_step, int64_t want_due) {
    size_t step = 99;
    int64_t due = -1;

    assert_true(ladder_next(l, 1000, *done, *loops, &step, &due));
    assert_int_equal(step, want_step);
    assert_int_equal(due - 1000, want_due);
    *loops = ladder_loops(*loops, *done, step);
    *done = step + 1;
}

static void a_ladder_goes_up_and_then_asks_each_rung_again(void **state) {
    struct policy p;
    size_t done = 0;
    uint32_t loops = 0;
    (void)state;

    policy_default(&p);
    check_next(&p.ladders[1], &done, &loops, 0, 0);
    check_next(&p.ladders[1], &done, &loops, 1, 0);
    check_next(&p.ladders[1], &done, &loops, 2, 5 * US_PER_MIN);
    check_next(&p.ladders[1], &done, &loops, 3, 10 * US_PER_MIN);
    check_next(&p.ladders[1], &done, &loops, 4, 15 * US_PER_MIN);
    for (int64_t k = 1; k <= 3; k++) { /* ISO, deputy, management: each once, all at the same time */
        check_next(&p.ladders[1], &done, &loops, 0, (15 + 15 * k) * US_PER_MIN);
        check_next(&p.ladders[1], &done, &loops, 3, (15 + 15 * k) * US_PER_MIN);
        check_next(&p.ladders[1], &done, &loops, 4, (15 + 15 * k) * US_PER_MIN);
        assert_int_equal(loops, k);
    }
}

static void silence_leads_to_somebody_else_not_to_the_same_again(void **state) {
    struct policy p;
    size_t next = 99;
    int64_t due = 0;
    (void)state;

    policy_default(&p);
    assert_true(ladder_rise(&p.ladders[2], 1000, 0, &next, &due)); /* not the reminder, not who is only told */
    assert_int_equal(next, 3);
    assert_int_equal(due, 1000 + 60 * US_PER_MIN);
    assert_true(ladder_rise(&p.ladders[2], 1000, 3, &next, &due));
    assert_int_equal(next, 4);
    assert_false(ladder_rise(&p.ladders[2], 1000, 4, &next, &due));
    assert_false(ladder_rise(&p.ladders[5], 1000, 0, &next, &due));
}

static void a_ladder_ends_where_nothing_repeats(void **state) {
    struct ladder l = {{{0, R(ISO), false, false}, {10, R(ISO), false, true}}, 2, 0};
    size_t step = 99, done = 0;
    int64_t due = 0;
    uint32_t loops = 0;
    (void)state;

    assert_false(ladder_next(&l, 0, 2, 0, &step, &due));
    l.repeat = 5;
    check_next(&l, &done, &loops, 0, 0);
    check_next(&l, &done, &loops, 1, 10);
    check_next(&l, &done, &loops, 0, 15);
    check_next(&l, &done, &loops, 0, 20);
    assert_int_equal(loops, 2);
    l.steps[0].inform = true; /* nobody to ask again */
    assert_false(ladder_next(&l, 0, 2, 0, &step, &due));
    l.n = 0;
    assert_false(ladder_next(&l, 0, 0, 0, &step, &due));
}

static void who_is_away_or_out_of_office_is_passed_over(void **state) {
    static const struct binding iso[] = {{0, ROLE_ISO, 0, 500, "", NULL}, {0, ROLE_DEPUTY, 0, 0, "", NULL}},
                                other[] = {{1, ROLE_ISO, 0, 0, "", NULL}};
    struct person people[] = {{.login = "a", .bindings = iso, .nbindings = 2},
                              {.login = "b", .bindings = other, .nbindings = 1},
                              {.login = "c", .bindings = iso, .nbindings = 1, .absent_from = 100, .absent_to = 200}};
    const struct roster r = {.people = people, .npeople = 3};
    const struct ladder_step both = {0, R(ISO) | R(DEPUTY), false, false}, one = {0, R(ISO), false, false};
    const struct person *out[4];
    (void)state;

    assert_int_equal(ladder_people(&both, &r, 0, 50, out, 4), 2); /* each once, though a holds both */
    assert_string_equal(out[0]->login, "a");
    assert_string_equal(out[1]->login, "c");
    assert_int_equal(ladder_people(&one, &r, 0, 100, out, 4), 1);
    assert_int_equal(ladder_people(&one, &r, 0, 200, out, 4), 2);
    assert_int_equal(ladder_people(&one, &r, 0, 500, out, 4), 0);
    assert_int_equal(ladder_people(&one, &r, 1, 500, out, 4), 1);
    assert_int_equal(ladder_people(&both, &r, 0, 50, out, 1), 1);
}

/* ---- retries */

static void a_retry_waits_longer_each_time_up_to_a_quarter_of_an_hour(void **state) {
    int64_t before = 0;
    (void)state;

    for (int n = 1; n < 100; n++) {
        int64_t most = retry_delay(n, UINT32_MAX), least = retry_delay(n, 0);

        assert_true(most >= before && most <= 15 * US_PER_MIN);
        assert_int_equal(least, US_PER_S);
        assert_true(retry_delay(n, 1u << 31) <= most);
        before = most;
    }
    assert_int_equal(retry_delay(1, UINT32_MAX), 5 * US_PER_S);
    assert_int_equal(retry_delay(2, UINT32_MAX), 10 * US_PER_S);
    assert_int_equal(before, 15 * US_PER_MIN);
}

static void another_channel_takes_over_after_three_failures_or_five_minutes(void **state) {
    (void)state;
    assert_false(retry_hand_over(2, 1000, 1000));
    assert_true(retry_hand_over(3, 1000, 1000));
    assert_true(retry_hand_over(1, 1000, 1000 + 5 * US_PER_MIN));
    assert_false(retry_hand_over(1, 1000, 999 + 5 * US_PER_MIN));
    assert_false(retry_hand_over(0, 0, 5 * US_PER_DAY)); /* never failed */
}

static void urgent_notices_are_given_up_after_a_day_others_after_three(void **state) {
    (void)state;
    assert_false(retry_give_up(1, 0, US_PER_DAY - 1));
    assert_true(retry_give_up(2, 0, US_PER_DAY));
    assert_false(retry_give_up(3, 0, US_PER_DAY));
    assert_true(retry_give_up(3, 0, 3 * US_PER_DAY));
    assert_false(retry_give_up(0, 0, 2 * US_PER_DAY));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_are_those_of_the_process),
        cmocka_unit_test(the_shipped_file_says_the_same_as_the_defaults),
        cmocka_unit_test(a_file_changes_only_what_it_says),
        cmocka_unit_test(what_makes_no_ladder_is_refused_with_its_place),
        cmocka_unit_test(a_ladder_goes_up_and_then_asks_each_rung_again),
        cmocka_unit_test(silence_leads_to_somebody_else_not_to_the_same_again),
        cmocka_unit_test(a_ladder_ends_where_nothing_repeats),
        cmocka_unit_test(who_is_away_or_out_of_office_is_passed_over),
        cmocka_unit_test(a_retry_waits_longer_each_time_up_to_a_quarter_of_an_hour),
        cmocka_unit_test(another_channel_takes_over_after_three_failures_or_five_minutes),
        cmocka_unit_test(urgent_notices_are_given_up_after_a_day_others_after_three),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
