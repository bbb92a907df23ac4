/* SPDX-License-Identifier: ISC
 *
 * test_window.c - the ring of stamps, and what a stretch of it amounts to
 */
#include "unit.h"

#include <string.h>

#include "detect/correlate_acc.h"

static uint32_t dice(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

static void stamps_come_back_in_order_however_they_came(void **state) {
    (void)state;
    for (uint32_t round = 1; round < 50; round++) {
        struct window w;
        struct stamp v[200];
        size_t n = 0;
        uint32_t seed = round;

        window_init(&w);
        for (uint32_t i = 0; i < 200; i++) {
            struct stamp s = {dice(&seed) % 50, round % 2 ? 1 + dice(&seed) % 3 : 1, 0, round % 3 ? 0 : i};
            size_t at = n++;
            for (; at > 0 && v[at - 1].t > s.t; at--)
                v[at] = v[at - 1];
            v[at] = s;
            assert_int_equal(window_add(&w, s), at);
            if (i % 7 == 6) {
                window_drop(&w, 2);
                memmove(v, v + 2, (n -= 2) * sizeof v[0]);
            }
            assert_int_equal(w.n, n);
            for (size_t k = 0; k < n; k++) {
                struct stamp got = window_at(&w, (uint32_t)k);
                assert_true(got.t == v[k].t && got.weight == v[k].weight && got.value == v[k].value);
            }
        }
        window_fini(&w);
    }
}

static void a_plain_time_costs_four_bytes_and_four_nothing(void **state) {
    struct window w;

    (void)state;
    window_init(&w);
    window_add(&w, (struct stamp){1, 1, 0, 0});
    window_add(&w, (struct stamp){2, 1, 0, 0});
    window_add(&w, (struct stamp){3, 1, 0, 0});
    window_add(&w, (struct stamp){3, 1, 0, 0});
    assert_int_equal(window_bytes(&w), 0);
    window_add(&w, (struct stamp){3, 1, 0, 0});
    assert_int_equal(window_bytes(&w), 8 * 4);
    window_add(&w, (struct stamp){4, 2, 0, 0});
    assert_true(w.is_wide);
    assert_int_equal(window_at(&w, 0).weight, 1);
    assert_int_equal(window_at(&w, 5).weight, 2);
    window_fini(&w);
    window_add(&w, (struct stamp){1, 1, 2, 77}); /* and so does one that is more */
    assert_int_equal(window_bytes(&w), 0);
    assert_true(window_at(&w, 0).value == 77);
    window_add(&w, (struct stamp){0, 1, 1, 78});
    assert_true(window_at(&w, 0).value == 78 && window_at(&w, 1).value == 77 && window_at(&w, 1).ref == 2);
    window_fini(&w);
}

static void times_far_apart_stay_what_they_are(void **state) {
    static const int64_t t[] = {INT64_C(1795320000000000), 5, INT64_C(1795320000000001), INT64_C(1795316000000000), -7, INT64_C(1795324294967295), 6};
    struct window w;

    (void)state;
    for (size_t n = 1; n <= ARRAY_N(t); n++) {
        int64_t sum = 0, got = 0;
        window_init(&w);
        for (size_t i = 0; i < n; i++) {
            window_add(&w, (struct stamp){t[i], 1, 0, 0});
            sum += t[i] / 2;
        }
        for (uint32_t i = 0; i < w.n; i++) {
            got += window_time(&w, i) / 2;
            assert_true(i == 0 || window_time(&w, i - 1) <= window_time(&w, i));
        }
        assert_true(w.n == n && got == sum);
        window_drop(&w, 1);
        window_add(&w, (struct stamp){t[0] + US_PER_H, 1, 0, 0});
        assert_true(window_time(&w, w.n - 1) == t[0] + US_PER_H || n > 5);
        window_fini(&w);
    }
}

static void numbers_are_decimal_and_nothing_else(void **state) {
    static const struct {
        const char *text;
        bool good;
        double v;
    } rows[] = {{"12.5", true, 12.5},  {"-3", true, -3},    {"+7", true, 7},      {" 4 ", true, 4},  {"1e3", true, 1000},
                {".5", true, 0.5},     {"5.", true, 5},     {"0x10", false, 0},   {"nan", false, 0}, {"inf", false, 0},
                {"1e999", false, 0},   {"", false, 0},      {"12,5", false, 0},   {"1 2", false, 0}, {"-", false, 0},
                {"1e", false, 0},      {"--1", false, 0}};
    double v;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        bool good = corr_number(str_of(rows[i].text), &v);
        check_row(good == rows[i].good && (!good || (v > rows[i].v - 1e-9 && v < rows[i].v + 1e-9)), rows[i].text);
    }
}

static struct stamp number(int64_t t, double d) {
    struct stamp s = {t, 1, 0, 0};
    memcpy(&s.value, &d, sizeof d);
    return s;
}

static bool holds(enum corr_type type, enum corr_op op, double bound, double percentile, const double *v, size_t n, double *value) {
    struct corr c = {.type = type, .nrefs = 1, .nfields = 1, .percentile = percentile, .bounds = {{op, bound}}, .nbounds = 1};
    struct acc a;
    struct window w;

    window_init(&w);
    assert_true(acc_init(&a, &c));
    for (size_t i = 0; i < n; i++) {
        struct stamp s = number((int64_t)i, v[i]);
        window_add(&w, s);
        assert_true(acc_add(&a, &s));
    }
    bool yes = acc_holds(&a, &w, 0, (uint32_t)n, false, value);
    for (size_t i = 0; i < n; i++) { /* what went in comes out to the last millionth */
        struct stamp s = number((int64_t)i, v[i]);
        acc_drop(&a, &s);
    }
    assert_true(a.sum == 0 && a.events == 0);
    acc_fini(&a);
    window_fini(&w);
    return yes;
}

static void sums_ranks_and_middles_are_exact(void **state) {
    static const double tenths[] = {0.1, 0.2}, ten[] = {10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, big[] = {1e15, 0.25, -1e15};
    double v;

    (void)state;
    assert_true(holds(CORR_VALUE_SUM, CORR_EQ, 0.3, 50, tenths, 2, &v));
    assert_true(holds(CORR_VALUE_SUM, CORR_EQ, 0.25, 50, big, 3, &v));
    assert_true(holds(CORR_VALUE_AVG, CORR_EQ, 5.5, 50, ten, 10, &v));
    assert_true(holds(CORR_VALUE_MEDIAN, CORR_EQ, 5.5, 50, ten, 10, &v));
    assert_true(holds(CORR_VALUE_PERCENTILE, CORR_EQ, 5, 50, ten, 10, &v));
    assert_true(holds(CORR_VALUE_PERCENTILE, CORR_EQ, 9, 90, ten, 10, &v));
    assert_true(holds(CORR_VALUE_PERCENTILE, CORR_EQ, 10, 91, ten, 10, &v));
    assert_true(holds(CORR_VALUE_PERCENTILE, CORR_EQ, 1, 0, ten, 10, &v));
    assert_true(holds(CORR_VALUE_PERCENTILE, CORR_EQ, 10, 100, ten, 10, &v));
    assert_false(holds(CORR_VALUE_SUM, CORR_LT, 5, 50, ten, 0, &v)); /* of nothing nothing is said */
}

static void values_go_out_as_they_came_in(void **state) {
    struct corr c = {.type = CORR_VALUE_COUNT, .nrefs = 1, .nfields = 1};
    struct acc a;
    uint32_t seed = 7, counts[300] = {0}, kinds = 0;
    uint64_t in[2000];
    size_t from = 0;

    (void)state;
    assert_true(acc_init(&a, &c));
    for (size_t i = 0; i < 2000; i++) {
        in[i] = dice(&seed) % 300 * (i % 2 ? 64 : 1) % 300;
        struct stamp s = {0, 1, 0, in[i]};
        assert_true(acc_add(&a, &s));
        kinds += counts[in[i]]++ == 0;
        while (i - from > 150) {
            struct stamp old = {0, 1, 0, in[from]};
            acc_drop(&a, &old);
            kinds -= --counts[in[from++]] == 0;
        }
        assert_int_equal(acc_kinds(&a), kinds);
    }
    acc_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stamps_come_back_in_order_however_they_came),
        cmocka_unit_test(a_plain_time_costs_four_bytes_and_four_nothing),
        cmocka_unit_test(times_far_apart_stay_what_they_are),
        cmocka_unit_test(numbers_are_decimal_and_nothing_else),
        cmocka_unit_test(sums_ranks_and_middles_are_exact),
        cmocka_unit_test(values_go_out_as_they_came_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
