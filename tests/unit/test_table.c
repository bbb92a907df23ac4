/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/table.h"

static void what_was_added_is_found_until_removed(void **state) {
    (void)state;
    struct table *t = table_new(100, sizeof(int), NULL, NULL);
    bool fresh = false;
    int *v = table_get(t, STR("a"), &fresh);

    assert_true(fresh);
    assert_int_equal(*v, 0);
    *v = 7;
    v = table_get(t, STR("a"), &fresh);
    assert_false(fresh);
    assert_int_equal(*v, 7);
    assert_null(table_find(t, STR("b")));
    assert_true(table_remove(t, STR("a")));
    assert_false(table_remove(t, STR("a")));
    assert_null(table_find(t, STR("a")));
    v = table_get(t, STR("a"), &fresh);
    assert_int_equal(*v, 0); /* zeroed again */
    table_free(t);
    table_free(NULL);
}

struct dropped {
    int count;
    char last[8];
};

static void note_drop(void *ctx, struct str key, void *value) {
    struct dropped *d = ctx;

    (void)value;
    d->count++;
    str_copy(d->last, sizeof d->last, key);
}

static void the_one_unseen_longest_makes_room(void **state) {
    (void)state;
    struct dropped d = {0};
    struct table *t = table_new(3, sizeof(int), note_drop, &d);

    table_get(t, STR("a"), NULL);
    table_get(t, STR("b"), NULL);
    table_get(t, STR("c"), NULL);
    assert_non_null(table_find(t, STR("a"))); /* seen again: b is the oldest now */
    table_get(t, STR("d"), NULL);
    assert_string_equal(d.last, "b");
    assert_int_equal(table_evicted(t), 1);
    assert_int_equal(table_count(t), 3);
    assert_null(table_find(t, STR("b")));
    assert_non_null(table_find(t, STR("a")));
    table_free(t);
    assert_int_equal(d.count, 4);
}

static void sum_up(void *ctx, struct str key, void *value) {
    long *sum = ctx;

    (void)key;
    *sum += *(int *)value;
}

/* Against a model: an array of what must be there. Adding, removing and finding in an order drawn from a fixed seed. */
static void a_long_walk_agrees_with_an_array(void **state) {
    (void)state;
    enum { KEYS = 600, STEPS = 60000 };
    static int model[KEYS];
    struct table *t = table_new(100000, sizeof(int), NULL, NULL);
    uint32_t seed = 1;
    size_t count = 0;

    for (int step = 0; step < STEPS; step++) {
        seed = seed * 1664525 + 1013904223;
        int k = (int)((seed >> 8) % KEYS);
        char key[16];
        snprintf(key, sizeof key, "key-%d", k);
        int *v = table_find(t, str_of(key));
        assert_int_equal(v ? *v : 0, model[k]);
        if (seed >> 31) {
            count += model[k] == 0;
            v = table_get(t, str_of(key), NULL);
            *v = model[k] = step + 1;
        } else if (seed >> 30 & 1) {
            assert_int_equal(table_remove(t, str_of(key)), model[k] != 0);
            count -= model[k] != 0;
            model[k] = 0;
        }
        assert_int_equal(table_count(t), count);
    }
    long sum = 0, want = 0;
    table_each(t, sum_up, &sum);
    for (int k = 0; k < KEYS; k++)
        want += model[k];
    assert_int_equal(sum, want);
    assert_int_equal(table_evicted(t), 0);
    table_free(t);
}

static void a_full_table_stays_at_its_limit(void **state) {
    (void)state;
    struct table *t = table_new(50, 0, NULL, NULL);

    for (int i = 0; i < 5000; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        assert_non_null(table_get(t, str_of(key), NULL));
        assert_non_null(table_find(t, str_of(key)));
    }
    assert_int_equal(table_count(t), 50);
    assert_int_equal(table_evicted(t), 4950);
    for (int i = 4950; i < 5000; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        assert_non_null(table_find(t, str_of(key)));
    }
    table_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_added_is_found_until_removed),
        cmocka_unit_test(the_one_unseen_longest_makes_room),
        cmocka_unit_test(a_long_walk_agrees_with_an_array),
        cmocka_unit_test(a_full_table_stays_at_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
