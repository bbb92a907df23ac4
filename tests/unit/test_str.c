/* SPDX-License-Identifier: ISC */
#include "unit.h"

static void absent_and_empty_differ(void **state) {
    (void)state;
    assert_true(str_absent(STR_NONE));
    assert_true(str_absent(str_of(NULL)));
    assert_false(str_absent(STR("")));
    assert_true(str_eq(STR_NONE, STR("")));
}

static void comparing_looks_at_every_byte(void **state) {
    (void)state;
    assert_true(str_eq(str_n("a\0b", 3), str_n("a\0b", 3)));
    assert_false(str_eq(str_n("a\0b", 3), str_n("a\0c", 3)));
    assert_true(str_is(STR("abc"), "abc"));
    assert_false(str_is(STR("ab"), "abc"));
    assert_true(str_eqi(STR("SSHd"), STR("sshD")));
    assert_false(str_eqi(STR("\xc4"), STR("\xe4"))); /* ASCII only */
    assert_false(str_eqi(STR("@"), STR("`")));       /* differ in bit 5 but are no letters */
    assert_true(str_cmp(STR("ab"), STR("abc")) < 0);
    assert_true(str_cmp(STR("b"), STR("abc")) > 0);
    assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
    assert_int_equal(str_cmp(STR_NONE, STR("")), 0);
}

static void cutting_never_leaves_the_string(void **state) {
    (void)state;
    struct str s = STR("a,,b");

    assert_str(str_cut(&s, ','), "a");
    assert_str(str_cut(&s, ','), "");
    assert_str(str_cut(&s, ','), "b");
    assert_true(str_absent(s));
    s = STR("a,");
    assert_str(str_cut(&s, ','), "a");
    assert_false(str_absent(s));
    assert_int_equal(s.n, 0);
    assert_str(str_sub(STR("hello"), 1, 3), "el");
    assert_str(str_sub(STR("hello"), 3, 99), "lo");
    assert_str(str_sub(STR("hello"), 4, 2), "");
    assert_str(str_trim(STR(" \t\r\nx y\n ")), "x y");
    assert_str(str_trim(STR(" \n")), "");
    assert_true(str_starts(STR("abc"), STR("")));
    assert_false(str_starts(STR("a"), STR("abc")));
    assert_true(str_ends(STR("abc"), STR("bc")));
    assert_false(str_ends(STR("c"), STR("bc")));
    assert_int_equal(str_find(STR("abcabc"), STR("ca")), 2);
    assert_int_equal(str_find(STR("abc"), STR("abcd")), SIZE_MAX);
    assert_int_equal(str_find(STR("abc"), STR("")), 0);
    assert_int_equal(str_chr(STR_NONE, 'x'), SIZE_MAX);
}

static void numbers_are_exact_or_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *why;
        bool ok;
        int64_t value;
    } rows[] = {
        {"0", "zero", true, 0},
        {"-1", "minus", true, -1},
        {"007", "leading zeros", true, 7},
        {"9223372036854775807", "largest", true, INT64_MAX},
        {"9223372036854775808", "one more", false, 0},
        {"-9223372036854775808", "smallest", true, INT64_MIN},
        {"-9223372036854775809", "one less", false, 0},
        {"18446744073709551616", "wraps at 64 bits", false, 0},
        {"", "nothing", false, 0},
        {"-", "a sign alone", false, 0},
        {"+1", "plus", false, 0},
        {" 1", "blank before", false, 0},
        {"1 ", "blank behind", false, 0},
        {"0x10", "hexadecimal", false, 0},
        {"1e3", "exponent", false, 0},
    };
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        int64_t v = 0;
        check_row(str_i64(str_of(rows[i].text), &v) == rows[i].ok, rows[i].why);
        check_row(v == rows[i].value, rows[i].why);
    }
    uint64_t u = 7;
    assert_true(str_u64(STR("514"), 65535, &u));
    assert_int_equal(u, 514);
    assert_false(str_u64(STR("65536"), 65535, &u));
    assert_int_equal(u, 514); /* a refused value changes nothing */
}

static void durations_mean_what_people_write(void **state) {
    (void)state;
    static const struct {
        const char *text, *why;
        int64_t us; /* -1 refused */
    } rows[] = {
        {"90", "bare seconds", 90000000},
        {"5m", "minutes", 300000000},
        {"1h30m", "two parts", 5400000000},
        {"250ms", "small", 250000},
        {"7d", "days", 604800000000},
        {"2w", "weeks", 1209600000000},
        {"0", "zero", 0},
        {"", "nothing", -1},
        {"m", "no number", -1},
        {"5x", "no unit of ours", -1},
        {"5m ", "blank", -1},
        {"-5m", "minus", -1},
        {"1h 30m", "inner blank", -1},
        {"9999999999999w", "too long", -1},
        {"1.5h", "no fractions", -1},
    };
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        int64_t us = -1;
        check_row(str_duration(str_of(rows[i].text), &us) == (rows[i].us >= 0), rows[i].why);
        check_row(us == rows[i].us, rows[i].why);
    }
}

static void sizes_are_powers_of_two(void **state) {
    (void)state;
    uint64_t v = 0;

    assert_true(str_size(STR("64KiB"), &v) && v == 65536);
    assert_true(str_size(STR("8MiB"), &v) && v == 8388608);
    assert_true(str_size(STR("512"), &v) && v == 512);
    assert_true(str_size(STR("1GiB"), &v) && v == 1073741824);
    assert_false(str_size(STR("1GiB1"), &v));
    assert_false(str_size(STR("99999999999TiB"), &v));
    assert_false(str_size(STR("kb"), &v));
}

static void utf8_is_judged_as_rfc_3629_says(void **state) {
    (void)state;
    static const struct {
        const char *bytes, *why;
        bool ok;
    } rows[] = {
        {"plain ascii text longer than eight", "ascii", true},
        {"\xc3\xa9", "two bytes", true},
        {"\xe2\x82\xac", "three", true},
        {"\xf0\x9f\x92\xa9", "four", true},
        {"\xf4\x8f\xbf\xbf", "U+10FFFF", true},
        {"\xf4\x90\x80\x80", "beyond U+10FFFF", false},
        {"\xc0\xaf", "overlong slash", false},
        {"\xe0\x80\xaf", "overlong in three", false},
        {"\xf0\x80\x80\xaf", "overlong in four", false},
        {"\xed\xa0\x80", "surrogate", false},
        {"\xed\x9f\xbf", "just before the surrogates", true},
        {"\x80", "continuation alone", false},
        {"\xff", "never", false},
        {"abcdefgh\xe2\x82", "cut off behind eight ascii", false},
        {"\xe2\x28\xa1", "bad second", false},
        {"\xf0\x9f\x92\x28", "bad fourth", false},
    };
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct str s = unit_exact(str_of(rows[i].bytes));
        check_row(str_utf8(s) == rows[i].ok, rows[i].why);
        free((char *)s.p);
    }
    /* every truncation of a long rune is refused, in a block of exactly its size */
    for (size_t n = 1; n < 4; n++) {
        struct str s = unit_exact(str_n("\xf0\x9f\x92\xa9", n));
        assert_false(str_utf8(s));
        assert_int_equal(str_rune(s, NULL), 0);
        free((char *)s.p);
    }
    uint32_t rune = 0;
    assert_int_equal(str_rune(STR("\xf0\x9f\x92\xa9x"), &rune), 4);
    assert_int_equal(rune, 0x1f4a9);
    assert_int_equal(str_rune(STR_NONE, &rune), 0);
}

/* The reference implementation's vectors for SipHash-1-3 with key 00..0f and input 00, 01, ... */
static void siphash_gives_known_values(void **state) {
    (void)state;
    const uint64_t key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
    unsigned char in[16];

    for (unsigned i = 0; i < sizeof in; i++)
        in[i] = (unsigned char)i;
    assert_int_equal(str_siphash(key, str_n(in, 0)), UINT64_C(0xabac0158050fc4dc));
    assert_int_equal(str_siphash(key, str_n(in, 1)), UINT64_C(0xc9f49bf37d57ca93));
    assert_int_equal(str_siphash(key, str_n(in, 2)), UINT64_C(0x82cb9b024dc7d44d));
    assert_int_equal(str_siphash(key, str_n(in, 3)), UINT64_C(0x8bf80ab8e7ddf7fb));
    assert_int_equal(str_hash(STR("x")), str_hash(str_n("xy", 1)));
    assert_int_not_equal(str_hash(STR("x")), str_hash(STR("y")));
}

static void copies_are_terminated_and_say_when_cut(void **state) {
    (void)state;
    char out[4] = "???";

    assert_true(str_copy(out, sizeof out, STR("abc")));
    assert_string_equal(out, "abc");
    assert_false(str_copy(out, sizeof out, STR("abcd")));
    assert_string_equal(out, "abc");
    assert_true(str_copy(out, sizeof out, STR_NONE));
    assert_string_equal(out, "");
    assert_false(str_copy(out, 0, STR("a")));
    char *p = str_dup(str_n("a\0b", 3));
    assert_memory_equal(p, "a\0b", 4);
    free(p);
}

static void the_word_that_was_meant_is_found(void **state) {
    (void)state;
    static const char *const words[] = {"email", "listen", "workers", "id"};

    assert_string_equal(str_nearest(STR("emial"), words, 4), "email");
    assert_string_equal(str_nearest(STR("worker"), words, 4), "workers");
    assert_string_equal(str_nearest(STR("lisen"), words, 4), "listen");
    assert_null(str_nearest(STR("password"), words, 4));
    assert_null(str_nearest(STR("xx"), words, 4));
    assert_null(str_nearest(STR_NONE, words, 4));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_and_empty_differ),
        cmocka_unit_test(comparing_looks_at_every_byte),
        cmocka_unit_test(cutting_never_leaves_the_string),
        cmocka_unit_test(numbers_are_exact_or_refused),
        cmocka_unit_test(durations_mean_what_people_write),
        cmocka_unit_test(sizes_are_powers_of_two),
        cmocka_unit_test(utf8_is_judged_as_rfc_3629_says),
        cmocka_unit_test(siphash_gives_known_values),
        cmocka_unit_test(copies_are_terminated_and_say_when_cut),
        cmocka_unit_test(the_word_that_was_meant_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
