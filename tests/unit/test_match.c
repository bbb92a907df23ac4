/* SPDX-License-Identifier: ISC
 *
 * test_match.c - which rules a message matches, and in words why not
 */
#include "sigma_help.h"

#define TWO                                                                                                                      \
    "title: a\nlogsource: {product: linux}\ndetection:\n  s: [needle]\n  condition: s\n---\ntitle: b\nlogsource: {product: "     \
    "linux}\n"                                                                                                                   \
    "detection:\n  s: {user: root, message|contains: need}\n  f: {src_ip|cidr: 10.0.0.0/8}\n  condition: s and not f\n"

static void hits_ascend_and_more_than_asked_for_are_counted(void **state) {
    struct message m;
    uint32_t hits[4];
    struct err e = {0};

    (void)state;
    struct ruleset *rs = help_rules(TWO);
    assert_int_equal(ruleset_prefilter_make(rs, NULL, &e), RC_OK);
    struct matcher *mt = matcher_new(rs, true);
    help_message(&m, "x", "a needle");
    message_add(&m, F_USER, STR_NONE, STR("ROOT"), 0);
    assert_int_equal(match_scan(mt, &m), 2);
    assert_true(m.tags.w[0]);
    assert_int_equal(match_eval(mt, &m, hits, 4), 2);
    assert_true(hits[0] == 0 && hits[1] == 1);
    assert_int_equal(match_eval(mt, &m, hits, 1), 1);
    assert_int_equal(matcher_stats(mt)->hits_dropped, 1);
    help_message(&m, "x", "hay");
    assert_int_equal(match_scan(mt, &m), 0);
    assert_int_equal(match_eval(mt, &m, hits, 4), 0);
    assert_int_equal(matcher_stats(mt)->scanned, 2);
    matcher_free(mt);
    matcher_free(NULL);
    ruleset_free(rs);
}

static void hundreds_of_candidates_still_ascend(void **state) {
    struct buf yaml;
    struct message m;
    static uint32_t hits[400];

    (void)state;
    buf_init(&yaml, 1 << 20);
    for (int i = 0; i < 300; i++)
        buf_printf(&yaml, "---\ntitle: r%d\nlogsource: {product: %s}\ndetection:\n  s: [needle]\n  condition: s\n", i,
                   i % 3 ? "linux" : "linux, service: syslog");
    struct ruleset *rs = help_rules(buf_cstr(&yaml));
    struct matcher *mt = matcher_new(rs, true);
    help_message(&m, "x", "needle");
    match_scan(mt, &m);
    assert_int_equal(match_eval(mt, &m, hits, 400), 300);
    for (uint32_t i = 0; i < 300; i++)
        assert_int_equal(hits[i], i);
    matcher_free(mt);
    ruleset_free(rs);
    buf_fini(&yaml);
}

#define SENDER_RULE(source) "---\ntitle: '" source "'\nlogsource: {" source "}\ndetection:\n  s: [needle]\n  condition: s\n"

static void what_is_remembered_of_a_sender_is_what_his_header_says(void **state) {
    static const struct {
        const char *program, *text;
        int pri;
        enum transport transport;
        enum body body;
        size_t want;
    } rows[] = {
        {"x", "needle", -1, TRANSPORT_UDP, BODY_NONE, 0},
        {"x", "%%01BGP/3/X needle", -1, TRANSPORT_UDP, BODY_NONE, 1}, /* huawei, by its text */
        {"x", "needle", 9 << 3, TRANSPORT_UDP, BODY_NONE, 1},        /* cron, by its facility */
        {"x", "needle", 9 << 3 | 6, TRANSPORT_UDP, BODY_NONE, 1},
        {"x", "needle", 1 << 3, TRANSPORT_UDP, BODY_NONE, 0},
        {"x", "needle", 9 << 3, TRANSPORT_HTTP, BODY_NONE, 0},
        {"sshd", "needle", 1 << 3, TRANSPORT_UDP, BODY_NONE, 1},
        {"SSHD", "needle", 1 << 3, TRANSPORT_UDP, BODY_NONE, 1},
        {"own", "needle", 1 << 3, TRANSPORT_UDP, BODY_NONE, 1},
        {"Own", "needle", 1 << 3, TRANSPORT_UDP, BODY_NONE, 1},
        {"own2", "needle", 1 << 3, TRANSPORT_UDP, BODY_NONE, 0},
        {NULL, "needle", 1 << 3, TRANSPORT_UDP, BODY_NONE, 0},
        {"x", "needle", 1 << 3, TRANSPORT_UDP, BODY_ACCESS, 1},
        {"a-program-with-a-name-that-is-longer-than-others", "needle", 9 << 3, TRANSPORT_UDP, BODY_NONE, 1},
    };
    static struct errs es;
    struct ruleset *rs = help_load(SENDER_RULE("product: huawei") SENDER_RULE("service: cron") SENDER_RULE("service: sshd")
                                       SENDER_RULE("service: own") SENDER_RULE("category: webserver"),
                                   0, &es);
    struct err e = {0};
    struct message m;

    (void)state;
    assert_non_null(rs);
    assert_int_equal(ruleset_prefilter_make(rs, NULL, &e), RC_OK);
    struct matcher *mt = matcher_new(rs, true);
    for (size_t i = 0; i < 3 * ARRAY_N(rows); i++) {
        size_t r = i * 5 % ARRAY_N(rows); /* in another order, each three times */
        help_message(&m, rows[r].program, rows[r].text);
        m.pri = (int16_t)rows[r].pri;
        m.transport = (uint8_t)rows[r].transport;
        m.body = (uint8_t)rows[r].body;
        struct tagset tags;
        size_t got = match_scan(mt, &m);
        tags = m.tags;
        struct matcher *fresh = matcher_new(rs, true);
        assert_int_equal(match_scan(fresh, &m), got);
        assert_memory_equal(&tags, &m.tags, sizeof tags);
        matcher_free(fresh);
        if (got != rows[r].want)
            fail_msg("row %zu: %zu candidates", r, got);
    }
    matcher_free(mt);
    ruleset_free(rs);
}

static void why_not_is_said_in_words(void **state) {
    static const struct {
        const char *text, *user, *ip, *want;
    } rows[] = {
        {"a needle", "bob", NULL, "s: user wanted 'root', found 'bob'"},
        {"a needle", NULL, NULL, "s: user wanted 'root', and there is no such field"},
        {"hay", "root", NULL, "s: message|contains wanted 'need', found 'hay'"},
        {"a needle", "root", "10.1.2.3", "\"not\" holds"},
        {"a needle\033[2J", "\033]0;x\a", NULL, "found '\\x1B"},
    };

    (void)state;
    struct ruleset *rs = help_rules(TWO);
    struct matcher *mt = matcher_new(rs, true);
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct message m;
        struct buf out;

        buf_init(&out, 4096);
        help_message(&m, "x", rows[i].text);
        if (rows[i].user)
            message_add(&m, F_USER, STR_NONE, str_of(rows[i].user), 0);
        if (rows[i].ip)
            message_add(&m, F_SRC_IP, STR_NONE, str_of(rows[i].ip), 0);
        match_scan(mt, &m);
        assert_true(match_why_not(mt, &m, 1, &out));
        if (!strstr(buf_cstr(&out), rows[i].want))
            fail_msg("%s, not %s", buf_cstr(&out), rows[i].want);
        buf_fini(&out);
    }
    struct message m;
    struct buf out;
    buf_init(&out, 4096);
    help_message(&m, "x", "a needle");
    match_scan(mt, &m);
    assert_false(match_why_not(mt, &m, 0, &out)); /* it matched */
    assert_false(match_why_not(mt, &m, 99, &out));
    buf_fini(&out);
    matcher_free(mt);
    ruleset_free(rs);
}

static void a_text_that_is_not_utf8_is_matched_as_bytes(void **state) {
    struct message m;

    (void)state;
    struct ruleset *rs = help_rules("title: t\nlogsource: {product: linux}\ndetection:\n  s: ['a?b*ö']\n  condition: s\n");
    help_message(&m, "x",
                 "\xff a\x80"
                 "b\xfe\xc3\x96\xc3");
    assert_true(help_hits(rs, &m));
    for (size_t n = 0; n < 8; n++) { /* every truncation, in a block of its size */
        struct str cut = unit_exact(str_sub(m.raw, 0, n));
        struct message t;
        help_message(&t, "x", "");
        t.raw = t.text = cut;
        assert_int_equal(help_hits(rs, &t), n == m.raw.n - 1);
        free((char *)(uintptr_t)cut.p);
    }
    ruleset_free(rs);
}

static void rule_of(struct buf *yaml, const char *item, const char *const *values, size_t n) {
    buf_printf(yaml, "---\ntitle: t\nlogsource: {product: linux}\ndetection:\n  s:\n    %s\n", item);
    for (size_t i = 0; i < n; i++)
        buf_printf(yaml, "      - %s\n", values[i]);
    buf_text(yaml, "  condition: s\n");
}

/* A list of many values is one rule, and each of them alone, asked without a look at pairs of bytes, another: they agree on whatever text. */
static void a_long_list_holds_as_its_values_do_one_by_one(void **state) {
    static const char *const values[] = {"'aB'", "'b'", "'*a*1'", "'ab*ba'", "'A?b'", "'cab'", "\"\303\244b\"", "1", "true", "'c '"};
    static const char *const items[] = {"user:", "user|contains:", "user|startswith:", "user|contains|cased:"};
    static const char *const words[] = {"a", "b", "A", "B", "c", "C", "1", " ", "\xc3\xa4", "\xc3\x84", "true"};
    uint32_t seed = 3, hits[16];
    size_t some = 0;

    (void)state;
    for (size_t k = 0; k < ARRAY_N(items); k++) {
        struct buf yaml;
        buf_init(&yaml, 1 << 16);
        rule_of(&yaml, items[k], values, ARRAY_N(values));
        for (size_t i = 0; i < ARRAY_N(values); i++)
            rule_of(&yaml, items[k], &values[i], 1);
        struct ruleset *rs = help_rules(buf_cstr(&yaml));
        struct matcher *mt = matcher_new(rs, false);
        for (int round = 0; round < 4000; round++) {
            char text[64] = "";
            struct message m;
            size_t len = 0;
            for (uint32_t n = (seed = seed * 1664525u + 1013904223u) >> 29; n > 0; n--) {
                seed = seed * 1664525u + 1013904223u;
                len += (size_t)snprintf(text + len, sizeof text - len, "%s", words[(seed >> 8) % ARRAY_N(words)]);
            }
            help_message(&m, "p", "said");
            m.fields[m.nfields++] = (struct field){F_USER, FIELD_DERIVED, STR_NONE, str_of(text)};
            match_scan(mt, &m);
            size_t n = match_eval(mt, &m, hits, ARRAY_N(hits));
            if (n && (hits[0] != 0 || n < 2))
                fail_msg("%s of \"%s\": %zu rules, the first is %u", items[k], text, n, hits[0]);
            some += n > 0;
        }
        matcher_free(mt);
        ruleset_free(rs);
        buf_fini(&yaml);
    }
    assert_true(some > 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hits_ascend_and_more_than_asked_for_are_counted),
        cmocka_unit_test(hundreds_of_candidates_still_ascend),
        cmocka_unit_test(what_is_remembered_of_a_sender_is_what_his_header_says),
        cmocka_unit_test(why_not_is_said_in_words),
        cmocka_unit_test(a_text_that_is_not_utf8_is_matched_as_bytes),
        cmocka_unit_test(a_long_list_holds_as_its_values_do_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
