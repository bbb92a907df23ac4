/* SPDX-License-Identifier: ISC
 *
 * test_rule_about.c - rules as a person calls them, and those that were refused
 */
#include "sigma_help.h"

#include "detect/refused.h"
#include "detect/rule_about.h"

#define DET(title, id, source) "---\ntitle: " title "\nid: " id "\nlogsource: {" source "}\ndetection:\n  s: [needle]\n  condition: s\n"
#define CORR(title, id, of) \
    "---\ntitle: " title "\nid: " id "\ncorrelation: {type: event_count, rules: [" of "], group-by: [user], timespan: 5m, condition: {gte: 2}}\n"

static const char rules[] = "title: First\nname: alpha\nid: 0a0a0a0a-1\nlogsource: {product: linux}\ndetection:\n  s: [needle]\n  condition: s\n"
    DET("Second", "0a0a0a0a-2", "product: linux, service: sshd") DET("Gamma", "0b0b0b0b-3", "product: zxspectrum, category: process_creation")
    CORR("Of alpha", "c1", "alpha") CORR("Of windows", "c2", "0b0b0b0b-3") CORR("Of that", "c3", "c2")
    "---\ntitle: Site\nid: f1\nlogsource: {product: linux}\nfilter: {rules: [alpha], s: [bench], condition: s}\n";

static struct ruleset *rs;

static int begin(void **state) {
    static struct errs es;

    (void)state;
    rs = help_load(rules, 0, &es);
    if (es.n)
        fail_msg("%s", es.v[0].text);
    assert_non_null(rs);
    return 0;
}

static int end(void **state) {
    (void)state;
    ruleset_free(rs);
    return 0;
}

static void a_rule_is_found_by_what_people_call_it(void **state) {
    static const struct {
        const char *what;
        enum rc rc;
        uint32_t rule;
    } rows[] = {{"0a0a0a0a-1", RC_OK, 0}, {"alpha", RC_OK, 0}, {"first", RC_OK, 0},        {"SECOND", RC_OK, 1},      {"0b0b", RC_OK, 2},
                {"0a0a0a0a", RC_CONFLICT, 0}, {"0b0", RC_NOTFOUND, 0}, {"", RC_NOTFOUND, 0}, {"Frist", RC_NOTFOUND, 0}};
    struct err e;
    uint32_t at;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        e = (struct err){0};
        at = 99;
        check_row(rule_about_find(rs, str_of(rows[i].what), &at, &e) == rows[i].rc, rows[i].what);
        check_row(rows[i].rc != RC_OK || at == rows[i].rule, rows[i].what);
        check_row(rows[i].rc == RC_OK || (e.text[0] && e.hint[0]), rows[i].what);
    }
    assert_non_null(strstr(e.hint, "First"));
}

static void who_has_to_do_with_it_is_known(void **state) {
    uint32_t v[4];
    struct buf b;

    (void)state;
    assert_int_equal(rule_about_parents(rs, 0, v, 4), 1);
    assert_true(str_is(rule_info(rs, v[0])->id, "c1"));
    assert_int_equal(rule_about_parents(rs, 1, v, 4), 0);
    assert_int_equal(rule_about_filters(rs, 0, v, 4), 1);
    assert_true(str_is(filter_info(rs, v[0])->title, "Site"));
    assert_int_equal(rule_about_filters(rs, 1, v, 4), 0);
    buf_init(&b, 100);
    rule_about_source(rs, 1, &b);
    assert_true(str_is(buf_view(&b), "linux/-/sshd"));
    buf_fini(&b);
}

static void a_correlation_of_what_never_comes_never_fires_here(void **state) {
    struct buf b;

    (void)state;
    assert_int_equal(rule_info(rs, 2)->status, RULE_NOT_HERE);
    assert_int_equal(rule_info(rs, 3)->status, RULE_LOADED);
    assert_int_equal(rule_info(rs, 4)->status, RULE_NOT_HERE);
    assert_int_equal(rule_info(rs, 5)->status, RULE_NOT_HERE); /* it counts one that counts it */
    buf_init(&b, 100);
    rule_about_why(rule_info(rs, 5), &b);
    assert_true(str_is(buf_view(&b), "no source carries zxspectrum"));
    buf_reset(&b);
    rule_about_why(rule_info(rs, 3), &b);
    assert_int_equal(b.n, 0);
    buf_fini(&b);
}

static void what_was_refused_is_known_by_its_document(void **state) {
    struct tree **docs = NULL;
    size_t n = 0;
    struct err e = {0};
    struct refused r;
    struct buf b;

    (void)state;
    assert_int_equal(tree_from_yaml("x.yml", str_of(rules), &docs, &n, &e), RC_OK);
    buf_init(&b, 1 << 16);
    err_at(&e, RC_CONFIG, "x.yml", 12, 3, "no such thing");
    err_hint(&e, "this one");
    refused_add(&b, docs, n, &e);
    e = (struct err){0};
    err_at(&e, RC_CHECK, "y.yml", 2, 1, "the sample");
    refused_add(&b, docs, n, &e);
    struct str rest = buf_view(&b);
    assert_true(refused_next(&rest, &r));
    assert_true(!r.sample && str_is(r.id, "0a0a0a0a-2") && str_is(r.title, "Second") && r.line == 12 && r.col == 3 && str_is(r.hint, "this one"));
    assert_true(refused_next(&rest, &r));
    assert_true(r.sample && str_absent(r.id) && str_is(r.file, "y.yml"));
    assert_false(refused_next(&rest, &r));
    for (size_t i = 0; i < b.n; i++) { /* every truncation: records or nothing, never beyond the end */
        char *p = malloc(i + 1);
        memcpy(p + 1, b.p, i);
        struct str cut = str_n(p + 1, i);
        size_t got = 0;
        while (refused_next(&cut, &r))
            got++;
        assert_true(got < 2);
        free(p);
    }
    while (n)
        tree_free(docs[--n]);
    free(docs);
    buf_fini(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_is_found_by_what_people_call_it),
        cmocka_unit_test(who_has_to_do_with_it_is_known),
        cmocka_unit_test(a_correlation_of_what_never_comes_never_fires_here),
        cmocka_unit_test(what_was_refused_is_known_by_its_document),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
