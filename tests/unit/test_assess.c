/* SPDX-License-Identifier: ISC
 *
 * test_assess.c - stage 0, fingerprints and titles
 */
#include "unit.h"

#include "case/assess.h"

static void an_unknown_asset_needs_what_is_normal(void **state) {
    const struct prio_in rule = {.impact = {1, 1, 0}, .confidence = 90};
    const struct asset gw = {.key = "gw", .need = {3, 4, 1}, .data = 2};
    struct prio_in in;
    (void)state;

    assess_inputs(&rule, NULL, 100, &in);
    assert_int_equal(in.need[0], 2);
    assert_int_equal(in.data, 0);
    assert_int_equal(in.confidence, 90);
    assess_inputs(&rule, &gw, 50, &in);
    assert_int_equal(in.need[1], 4);
    assert_int_equal(in.data, 2);
    assert_int_equal(in.confidence, 45);
    assess_inputs(&rule, &gw, 500, &in); /* nobody is trusted more than wholly */
    assert_int_equal(in.confidence, 90);
}

static void independent_rules_make_surer_but_never_certain(void **state) {
    static const struct {
        int c[4];
        size_t n;
        int want;
        const char *why;
    } rows[] = {
        {{0}, 0, 0, "nobody says anything"},     {{70}, 1, 70, "one rule is as sure as it is"},
        {{50, 50}, 2, 75, "two halves"},         {{80, 50}, 2, 90, "order is nothing"},
        {{90, 90, 90}, 3, 95, "never above 95"}, {{0, 0, 40}, 3, 40, "nothing adds nothing"},
        {{100, 0}, 2, 95, "certain with doubt"}, {{-5, 300}, 2, 95, "wild values are bounded"},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_N(rows); i++)
        if (assess_confidence(rows[i].c, rows[i].n) != rows[i].want)
            fail_msg("%s: %d", rows[i].why, assess_confidence(rows[i].c, rows[i].n));
}

static void severity_rises_with_level_and_outcome(void **state) {
    (void)state;
    for (int l = LEVEL_INFORMATIONAL; l <= LEVEL_CRITICAL; l++)
        for (int o = OUTCOME_BLOCKED; o <= OUTCOME_SUCCESS; o++) {
            assert_in_range(assess_severity(l, o), 0, 15);
            if (l > LEVEL_INFORMATIONAL)
                assert_true(assess_severity(l, o) > assess_severity(l - 1, o));
            if (o > OUTCOME_BLOCKED)
                assert_true(assess_severity(l, o) >= assess_severity(l, o - 1));
        }
    assert_int_equal(assess_severity(LEVEL_CRITICAL, OUTCOME_SUCCESS), 15);
    assert_int_equal(assess_severity(LEVEL_INFORMATIONAL, OUTCOME_BLOCKED), 0);
    assert_in_range(assess_severity(-1, 1000), 0, 15);
}

static void criteria_name_what_is_met(void **state) {
    static const struct {
        struct prio_in in;
        const char *want, *why;
    } rows[] = {
        {{{1, 1, 0}, {3, 3, 3}, 2, 0, OUTCOME_ATTEMPTED, ACTIVITY_ONGOING, 90, 0}, "[]", "an attempt meets none"},
        {{{3, 3, 3}, {2, 2, 2}, 0, 0, OUTCOME_SUCCESS, ACTIVITY_UNKNOWN, 90, 3}, "[\"C2\"]", "somebody got in"},
        {{{3, 3, 3}, {3, 3, 3}, 2, 0, OUTCOME_SUCCESS, ACTIVITY_UNKNOWN, 90, 3},
         "[\"C1\",\"C2\",\"C3\"]",
         "got in where it matters"},
        {{{0, 0, 2}, {2, 2, 3}, 0, 0, OUTCOME_SUSPECTED, ACTIVITY_UNKNOWN, 90, 0}, "[\"C1\"]", "down where it matters"},
    };
    (void)state;

    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct prio_out out;
        struct buf b;

        buf_init(&b, 100);
        priority_compute(&rows[i].in, true, &out);
        check_row(assess_criteria(&rows[i].in, &out, &b) == (strlen(rows[i].want) > 2), rows[i].why);
        check_row(str_is(buf_view(&b), rows[i].want), rows[i].why);
        buf_fini(&b);
    }
}

static const struct field attack[] = {
    {F_SRC_IP, 0, {NULL, 0}, {"192.0.2.7", 9}},
    {F_USER, 0, {NULL, 0}, {"root", 4}},
    {F_OTHER, 0, {"shop", 4}, {"x", 1}},
};

static void print_of(const struct str *names, size_t n, const struct field *f, size_t nf, char out[33]) {
    fingerprint_of(STR("rule-1"), STR("main"), names, n, f, nf, out);
}

static void the_same_entity_gives_the_same_fingerprint(void **state) {
    const struct str by[] = {STR("src_ip"), STR("user")}, alias[] = {STR("source.ip"), STR("username")},
                     other[] = {STR("src_ip")};
    const struct field swapped[] = {attack[2], attack[1], attack[0]};
    char a[33], b[33];
    (void)state;

    print_of(by, 2, attack, 3, a);
    assert_int_equal(strlen(a), 32);
    print_of(by, 2, swapped, 3, b);
    assert_string_equal(a, b);
    print_of(alias, 2, attack, 3, b);
    assert_string_equal(a, b);
    print_of(other, 1, attack, 3, b);
    assert_string_not_equal(a, b);
    fingerprint_of(STR("rule-1"), STR("other"), by, 2, attack, 3, b);
    assert_string_not_equal(a, b);
    fingerprint_of(STR("rule-1m"), STR("ain"), by, 2, attack, 3, b); /* pieces are hashed with their lengths */
    assert_string_not_equal(a, b);
}

static void a_value_of_one_field_is_none_of_another(void **state) {
    const struct str by[] = {STR("src_ip"), STR("host")};
    const struct field one[] = {{F_SRC_IP, 0, {NULL, 0}, {"x", 1}}}, two[] = {{F_HOST, 0, {NULL, 0}, {"x", 1}}};
    char a[33], b[33];
    (void)state;

    print_of(by, 2, one, 1, a);
    print_of(by, 2, two, 1, b);
    assert_string_not_equal(a, b);
}

static void check_title(const char *pattern, const struct field *f, size_t n, const char *want) {
    struct buf b;

    buf_init(&b, 4096);
    title_render(str_of(pattern), f, n, &b);
    assert_str(buf_view(&b), want);
    assert_false(b.over);
    buf_fini(&b);
}

static void a_title_is_filled_in_once(void **state) {
    const struct field tricky[] = {{F_USER, 0, {NULL, 0}, {"{src_ip}", 8}}, {F_SRC_IP, 0, {NULL, 0}, {"192.0.2.7", 9}}};
    (void)state;

    check_title("Password guessing from {src_ip}", attack, 3, "Password guessing from 192.0.2.7");
    check_title("{user} on {host}", attack, 3, "root on ?");
    check_title("{shop}, {nothing}", attack, 3, "x, ?");
    check_title("{user}", tricky, 2, "{src_ip}"); /* what a stranger is called is no pattern */
    check_title("open { brace", attack, 3, "open { brace");
    check_title("} {user", attack, 3, "} {user");
    check_title("", attack, 3, "");
}

static void a_title_stays_on_one_line_and_short(void **state) {
    char big[300], pattern[1200] = "";
    const struct field f[] = {{F_USER, 0, {NULL, 0}, {"a\r\nBcc: eve\x1b[31m", 16}}, {F_HOST, 0, {NULL, 0}, {big, 300}}};
    struct buf b;
    (void)state;

    memset(big, 'h', sizeof big);
    check_title("{user}", f, 2, "a\\x0D\\x0ABcc: eve\\x1B[31m");
    for (size_t i = 0; i < 100; i++)
        memcpy(pattern + 7 * i, "{host}-", 8);
    buf_init(&b, 4096);
    title_render(str_of("{host}"), f, 2, &b);
    assert_int_equal(b.n, 80);
    assert_true(str_ends(buf_view(&b), STR("...")));
    buf_reset(&b);
    title_render(str_of(pattern), f, 2, &b);
    assert_int_equal(b.n, 200);
    buf_fini(&b);
    for (int i = 0; i < 150; i++)
        memcpy(big + 2 * i, "\xc3\xa4", 2);
    buf_init(&b, 4096);
    title_render(str_of("x{host}{host}{host}{host}"), f, 2, &b);
    assert_true(str_utf8(buf_view(&b))); /* never cut inside a letter */
    buf_fini(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_asset_needs_what_is_normal),
        cmocka_unit_test(independent_rules_make_surer_but_never_certain),
        cmocka_unit_test(severity_rises_with_level_and_outcome),
        cmocka_unit_test(criteria_name_what_is_met),
        cmocka_unit_test(the_same_entity_gives_the_same_fingerprint),
        cmocka_unit_test(a_value_of_one_field_is_none_of_another),
        cmocka_unit_test(a_title_is_filled_in_once),
        cmocka_unit_test(a_title_stays_on_one_line_and_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
