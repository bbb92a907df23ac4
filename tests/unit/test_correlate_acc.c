/* SPDX-License-Identifier: ISC
 *
 * test_correlate_acc.c - what a stretch of stamps amounts to
 */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "detect/correlate_acc.h"

#define N 40

static uint32_t seed = 20261122;

static uint32_t chance(uint32_t n) {
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static int by_value(const void *x, const void *y) {
    double a = *(const double *)x, b = *(const double *)y;
    return a < b ? -1 : a > b;
}

/* As the manual says it: every number as often as it weighs, in order. */
static double plain(const struct corr *c, const struct window *w, uint32_t from, uint32_t to, size_t *n) {
    static double v[N * 4];
    *n = 0;
    for (uint32_t i = from; i < to; i++) {
        struct stamp s = window_at(w, i);
        for (uint32_t k = 0; k < s.weight; k++)
            memcpy(&v[(*n)++], &s.value, sizeof v[0]);
    }
    if (*n == 0)
        return 0;
    qsort(v, *n, sizeof v[0], by_value);
    if (c->type == CORR_VALUE_MEDIAN)
        return (v[(*n - 1) / 2] + v[*n / 2]) / 2;
    size_t rank = 1;
    while ((double)rank * 100 < c->percentile * (double)*n)
        rank++;
    return v[rank - 1];
}

static bool beyond(const struct corr_bound *b, double v) {
    switch (b->op) {
    case CORR_GT:
        return v > b->v;
    case CORR_GTE:
        return v >= b->v;
    case CORR_LT:
        return v < b->v;
    case CORR_LTE:
        return v <= b->v;
    case CORR_EQ:
        return v == b->v;
    default:
        return v != b->v;
    }
}

static void put(struct acc *a, struct window *w, int64_t t) {
    double v = (double)chance(12) / 2 - 2;
    struct stamp s = {.t = t, .weight = chance(4) ? 1 : chance(4)};
    memcpy(&s.value, &v, sizeof v);
    assert_true(window_add(w, s) >= 0);
    assert_true(acc_add(a, &s));
}

static void one_stretch(enum corr_type type) {
    struct corr c = {.type = type, .percentile = (double)chance(101), .nbounds = 1 + chance(2)};
    struct window w;
    struct acc a;
    uint32_t from = 0;
    for (size_t i = 0; i < c.nbounds; i++)
        c.bounds[i] = (struct corr_bound){(enum corr_op)chance(CORR_OP__COUNT), (double)chance(12) / 4};
    window_init(&w);
    assert_true(acc_init(&a, &c));
    for (int i = 0; i < N; i++) {
        size_t n;
        double value = 0;
        bool want = true;
        put(&a, &w, i);
        for (; from + 1 < w.n && chance(3) == 0; from++) {
            struct stamp s = window_at(&w, from);
            acc_drop(&a, &s);
        }
        double is = plain(&c, &w, from, w.n, &n);
        for (size_t k = 0; k < c.nbounds; k++)
            want = want && n && beyond(&c.bounds[k], is);
        assert_int_equal(acc_holds(&a, &w, from, w.n, true, &value), want);
        if (want)
            assert_true(value == is);
    }
    acc_fini(&a);
    window_fini(&w);
}

static void percentiles_agree_with_a_plain_reckoning(void **state) {
    (void)state;
    for (int i = 0; i < 3000; i++)
        one_stretch(i & 1 ? CORR_VALUE_PERCENTILE : CORR_VALUE_MEDIAN);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(percentiles_agree_with_a_plain_reckoning)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
