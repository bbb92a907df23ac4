/* SPDX-License-Identifier: ISC
 *
 * test_allow.c - how much one source may have
 */
#include "unit.h"

#include "intake/allow.h"

static struct allow_key key(const char *address) {
    struct allow_key k;

    assert_true(allow_text_key(str_of(address), &k));
    return k;
}

static void a_source_is_an_address_or_a_64(void **state) {
    static const struct {
        const char *a, *b;
        bool same;
    } rows[] = {
        {"192.0.2.1:1", "192.0.2.1:2", true},
        {"192.0.2.1:1", "192.0.2.2:1", false},
        {"[2001:db8::1]:1", "[2001:db8::ffff]:1", true},
        {"[2001:db8::1]:1", "[2001:db8:0:1::1]:1", false},
        {"[::ffff:192.0.2.1]:1", "192.0.2.1:9", true},
    };
    struct allow_key k;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct allow_key a = key(rows[i].a), b = key(rows[i].b);
        check_row((memcmp(&a, &b, sizeof a) == 0) == rows[i].same, rows[i].a);
    }
    assert_false(allow_text_key(STR_NONE, &k));
    assert_false(allow_text_key(STR("nonsense"), &k));
}

static void connections_are_limited_in_all_and_per_source(void **state) {
    struct allow *a = allow_new(3, 2);
    struct allow_key one = key("192.0.2.1:1"), two = key("192.0.2.2:1");

    (void)state;
    assert_true(allow_enter(a, &one));
    assert_true(allow_enter(a, &one));
    assert_false(allow_enter(a, &one));
    assert_true(allow_enter(a, &two));
    assert_false(allow_enter(a, &two));
    assert_false(allow_enter(a, NULL));
    allow_left(a, &one);
    assert_true(allow_enter(a, NULL));
    assert_int_equal(allow_count(a), 3);
    allow_left(a, NULL);
    allow_left(a, &two);
    allow_left(a, &one);
    assert_int_equal(allow_count(a), 0);
    allow_free(a);
}

static void failures_come_back_with_time(void **state) {
    struct allow *a = allow_new(1, 1);
    struct allow_key one = key("192.0.2.1:1"), two = key("192.0.2.2:1");

    (void)state;
    for (int i = 0; i < ALLOW_FAILS; i++)
        assert_true(allow_fail(a, &one, 1000));
    assert_false(allow_fail(a, &one, 1000));
    assert_true(allow_fail(a, &two, 1000));
    assert_false(allow_fail(a, &one, 999 + ALLOW_FAIL_US));
    assert_true(allow_fail(a, &one, 1000 + ALLOW_FAIL_US));
    assert_false(allow_fail(a, &one, 1000 + ALLOW_FAIL_US));
    assert_true(allow_fail(a, &one, 1000 + 100 * ALLOW_FAIL_US));
    allow_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_is_an_address_or_a_64),
        cmocka_unit_test(connections_are_limited_in_all_and_per_source),
        cmocka_unit_test(failures_come_back_with_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
