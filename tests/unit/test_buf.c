/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/arena.h"
#include "base/buf.h"

static void what_does_not_fit_is_refused_as_a_whole(void **state) {
    (void)state;
    struct buf b;

    buf_init(&b, 8);
    assert_true(buf_text(&b, "12345"));
    assert_false(buf_text(&b, "6789"));
    assert_true(b.over);
    assert_str(buf_view(&b), "12345");
    assert_string_equal(buf_cstr(&b), ""); /* a text that is over is not shown */
    buf_reset(&b);
    assert_false(b.over);
    assert_true(buf_text(&b, "12345678"));
    assert_string_equal(buf_cstr(&b), "12345678");
    assert_false(buf_c(&b, '9'));
    buf_fini(&b);
}

static void an_empty_buffer_has_a_view_and_a_text(void **state) {
    (void)state;
    struct buf b;

    buf_init(&b, 0);
    assert_non_null(buf_view(&b).p);
    assert_string_equal(buf_cstr(&b), "");
    char *taken = buf_take(&b);
    assert_string_equal(taken, "");
    free(taken);
    buf_fini(&b);
}

static void printf_grows_to_what_it_needs(void **state) {
    (void)state;
    struct buf b;

    buf_init(&b, 4096);
    assert_true(buf_printf(&b, "%d:", 7));
    assert_true(buf_printf(&b, "%0*d", 1000, 5));
    assert_int_equal(b.n, 1002);
    assert_int_equal(b.p[1001], '5');
    assert_false(buf_printf(&b, "%0*d", 4000, 5));
    assert_int_equal(b.n, 1002);
    buf_fini(&b);
}

static void dropping_keeps_the_rest(void **state) {
    (void)state;
    struct buf b;

    buf_init(&b, 100);
    buf_text(&b, "abcdef");
    buf_drop(&b, 2);
    assert_str(buf_view(&b), "cdef");
    buf_drop(&b, 0);
    buf_drop(&b, 99);
    assert_int_equal(b.n, 0);
    buf_text(&b, "x");
    char *taken = buf_take(&b);
    assert_string_equal(taken, "x");
    assert_int_equal(b.n, 0);
    free(taken);
    buf_text(&b, "too late");
    b.over = true;
    assert_null(buf_take(&b));
    buf_fini(&b);
}

static void an_arena_hands_out_zeroed_aligned_memory_up_to_its_limit(void **state) {
    (void)state;
    struct arena a;

    arena_init(&a, 200000);
    for (size_t n = 0; n < 100; n++) {
        unsigned char *p = arena_alloc(&a, n);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xff, n);
    }
    assert_non_null(arena_alloc(&a, 100000)); /* larger than a block */
    assert_null(arena_alloc(&a, 100000));
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_non_null(arena_alloc(&a, 1000));
    arena_reset(&a);
    assert_int_equal(a.used, 0);
    unsigned char *p = arena_alloc(&a, 99);
    for (size_t i = 0; i < 99; i++)
        assert_int_equal(p[i], 0); /* again, though the block was used before */
    arena_fini(&a);
}

static void a_steady_load_reuses_the_blocks(void **state) {
    (void)state;
    struct arena a;
    void *first = NULL;

    arena_init(&a, 1 << 20);
    for (int round = 0; round < 3; round++) {
        void *p = arena_alloc(&a, 50000);
        assert_non_null(arena_alloc(&a, 50000));
        assert_non_null(arena_alloc(&a, 50000));
        if (!first)
            first = p;
        assert_ptr_equal(p, first);
        arena_reset(&a);
    }
    arena_fini(&a);
}

static void arena_copies_are_terminated(void **state) {
    (void)state;
    struct arena a;

    arena_init(&a, 64);
    struct str s = arena_str(&a, str_n("abc", 2));
    assert_str(s, "ab");
    assert_int_equal(s.p[2], '\0');
    assert_true(str_absent(arena_str(&a, STR_NONE)));
    assert_false(str_absent(arena_str(&a, STR(""))));
    assert_null(arena_cstr(&a, str_n("0123456789012345678901234567890123456789012345678901234567890123456789", 70)));
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_fit_is_refused_as_a_whole),
        cmocka_unit_test(an_empty_buffer_has_a_view_and_a_text),
        cmocka_unit_test(printf_grows_to_what_it_needs),
        cmocka_unit_test(dropping_keeps_the_rest),
        cmocka_unit_test(an_arena_hands_out_zeroed_aligned_memory_up_to_its_limit),
        cmocka_unit_test(a_steady_load_reuses_the_blocks),
        cmocka_unit_test(arena_copies_are_terminated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
