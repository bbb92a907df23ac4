/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/json.h"
#include "base/json_check.h"

static void only_rfc_8259_is_json(void **state) {
    (void)state;
    static const struct {
        struct str text;
        bool ok;
        const char *why;
    } rows[] = {
        {STR("{}"), true, "empty map"},
        {STR(" [1, -2.5e+3, true, false, null, \"x\"] \n"), true, "every kind"},
        {STR("\"\\u00e9\\ud83d\\ude00\\n\\/\""), true, "escapes"},
        {STR("0"), true, "a bare number"},
        {STR("-0"), true, "minus zero"},
        {STR("null"), true, "a bare null"},
        {STR("9223372036854775807"), true, "largest integer"},
        {STR("1e308"), true, "large real"},
        {STR("{\"a\":1,\"b\":{\"a\":1}}"), true, "the same name in two maps"},
        {STR(""), false, "nothing"},
        {STR("   "), false, "only blanks"},
        {STR("NaN"), false, "NaN"},
        {STR("[NaN]"), false, "NaN in a list"},
        {STR("Infinity"), false, "Infinity"},
        {STR("-Infinity"), false, "-Infinity"},
        {STR("nul"), false, "half a word"},
        {STR("True"), false, "capital"},
        {STR("01"), false, "leading zero"},
        {STR("+1"), false, "plus"},
        {STR(".5"), false, "no digit before the point"},
        {STR("1."), false, "no digit behind the point"},
        {STR("1e"), false, "no exponent"},
        {STR("0x10"), false, "hexadecimal"},
        {STR("9223372036854775808"), false, "integer beyond 64 bits"},
        {STR("1e999"), false, "real beyond double"},
        {STR("'x'"), false, "single quotes"},
        {STR("{a:1}"), false, "bare name"},
        {STR("{\"a\":1,}"), false, "comma at the end of a map"},
        {STR("[1,]"), false, "comma at the end of a list"},
        {STR("[,1]"), false, "comma at the start"},
        {STR("[1 2]"), false, "no comma"},
        {STR("{\"a\" 1}"), false, "no colon"},
        {STR("{1:2}"), false, "a number for a name"},
        {STR("[1}"), false, "wrong end"},
        {STR("[1"), false, "no end"},
        {STR("1 2"), false, "two values"},
        {STR("[] x"), false, "something behind"},
        {STR("/* */1"), false, "comment"},
        {STR("\xef\xbb\xbf{}"), false, "byte order mark"},
        {STR("\"a\nb\""), false, "control byte"},
        {STR("\"a\0b\""), false, "NUL byte"},
        {STR("\"\\u0000\""), false, "U+0000"},
        {STR("\"\\x41\""), false, "no such escape"},
        {STR("\"\\u12g4\""), false, "no hexadecimal"},
        {STR("\"\\ud800\""), false, "lone surrogate"},
        {STR("\"\\ud800\\u0041\""), false, "half a pair"},
        {STR("\"\\udc00\""), false, "low surrogate first"},
        {STR("\"\xc0\xaf\""), false, "overlong UTF-8"},
        {STR("\"\xed\xa0\x80\""), false, "surrogate in UTF-8"},
        {STR("\"\xff\""), false, "no UTF-8"},
        {STR("{\"a\":1,\"a\":2}"), false, "name twice"},
        {STR("{\"a\":1,\"\\u0061\":2}"), false, "name twice, once escaped"},
        {STR("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}"), false, "name twice, once as a pair"},
        {STR("{\"a\":1,\"b\":[{\"a\":1}],\"a\":2}"), false, "name twice, a map between"},
        {STR("{\"\":1,\"\":2}"), false, "the empty name twice"},
    };
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct str s = unit_exact(rows[i].text);
        struct json *j = NULL;
        struct err e = {0};
        check_row((json_parse(s, 1000, &j, &e) == RC_OK) == rows[i].ok, rows[i].why);
        check_row(rows[i].ok || (!j && e.text[0]), rows[i].why);
        json_free(j);
        free((char *)s.p);
    }
}

static void no_truncation_is_json(void **state) {
    (void)state;
    struct str whole = STR("{\"a\\u00e9\":[1,-2.5e+3,true,null,\"\\ud83d\\ude00\xe2\x82\xac\"],\"b\":{}}");

    for (size_t n = 0; n < whole.n; n++) {
        struct str s = unit_exact(str_sub(whole, 0, n));
        assert_int_not_equal(json_check(s, false, NULL), RC_OK);
        free((char *)s.p);
    }
    assert_int_equal(json_check(whole, false, NULL), RC_OK);
}

static void depth_and_size_have_limits(void **state) {
    (void)state;
    char deep[100001];
    struct json *j = NULL;
    struct err e = {0};

    memset(deep, '[', sizeof deep - 1);
    deep[sizeof deep - 1] = '\0';
    assert_int_equal(json_parse(str_of(deep), sizeof deep, &j, &e), RC_LIMIT);
    for (int depth = 31; depth <= 33; depth++) {
        struct buf b;
        buf_init(&b, 100);
        for (int i = 0; i < depth; i++)
            buf_c(&b, '[');
        for (int i = 0; i < depth; i++)
            buf_c(&b, ']');
        assert_int_equal(json_parse(buf_view(&b), 100, &j, &e), depth <= JSON_DEPTH_MAX ? RC_OK : RC_LIMIT);
        json_free(j);
        buf_fini(&b);
    }
    assert_int_equal(json_parse(STR("[1,2]"), 4, &j, &e), RC_LIMIT);
    assert_int_equal(json_parse(STR("[1,2]"), 5, &j, &e), RC_OK);
    json_free(j);
}

static void many_members_are_no_burden_and_have_a_limit(void **state) {
    (void)state;
    struct buf b;
    struct err e = {0};

    buf_init(&b, 4 << 20);
    for (int n = JSON_MEMBERS_MAX; n <= JSON_MEMBERS_MAX + 1; n++) {
        buf_reset(&b);
        for (int i = 0; i < n; i++)
            buf_printf(&b, "%c\"k%d\":0", i ? ',' : '{', i);
        buf_c(&b, '}');
        assert_int_equal(json_check(buf_view(&b), false, &e), n == JSON_MEMBERS_MAX ? RC_OK : RC_LIMIT);
    }
    buf_fini(&b);
}

static void a_mistake_is_named_with_its_place(void **state) {
    (void)state;
    struct err e = {0};

    assert_int_equal(json_check(STR("{\n  \"a\": 1,\n  \"a\": 2\n}"), false, &e), RC_INVALID);
    assert_int_equal(e.line, 3);
    assert_int_equal(e.col, 3);
    assert_non_null(strstr(e.text, "twice"));
}

static void values_are_read_as_what_they_are(void **state) {
    (void)state;
    struct json *j = NULL;

    assert_int_equal(json_parse(STR("{\"s\":\"a\\\"b\",\"i\":-7,\"r\":2.50,\"t\":true,\"n\":null,\"l\":[1,{\"x\":\"y\"}],\"a/"
                                    "b\":1,\"m~n\":2,\"\":3}"),
                                1000, &j, NULL),
                     RC_OK);
    assert_str(json_get_text(j, "s"), "a\"b");
    assert_true(str_absent(json_get_text(j, "i")));
    assert_true(str_absent(json_get_text(j, "nowhere")));
    assert_int_equal(json_int(json_get(j, "i"), 0), -7);
    assert_int_equal(json_int(json_get(j, "s"), 42), 42);
    assert_true(json_real(json_get(j, "r")) > 2.4);
    assert_true(json_bool(json_get(j, "t"), false));
    assert_true(json_bool(json_get(j, "i"), true));
    assert_int_equal(json_kind(json_get(j, "n")), JSON_NULL);
    assert_int_equal(json_kind(NULL), JSON_NULL);
    assert_int_equal(json_count(json_get(j, "l")), 2);
    assert_int_equal(json_count(j), 9);
    assert_null(json_at(json_get(j, "l"), 2));
    /* RFC 6901 */
    assert_str(json_text(json_pointer(j, STR("/l/1/x"))), "y");
    assert_int_equal(json_int(json_pointer(j, STR("/a~1b")), 0), 1);
    assert_int_equal(json_int(json_pointer(j, STR("/m~0n")), 0), 2);
    assert_int_equal(json_int(json_pointer(j, STR("/")), 0), 3);
    assert_ptr_equal(json_pointer(j, STR("")), j);
    static const char *const nothing[] = {"l", "/l/01", "/l/-", "/l/2", "/l/1/x/y", "/m~2n", "/m~", "/nowhere/x"};
    for (size_t i = 0; i < ARRAY_N(nothing); i++)
        assert_null(json_pointer(j, str_of(nothing[i])));
    struct buf b;
    buf_init(&b, 1000);
    json_scalar(json_get(j, "r"), &b);
    buf_c(&b, ' ');
    json_scalar(json_get(j, "s"), &b);
    buf_c(&b, ' ');
    json_scalar(json_get(j, "l"), &b);
    buf_c(&b, ' ');
    json_scalar(json_get(j, "n"), &b);
    assert_str(buf_view(&b), "2.50 a\"b [1,{\"x\":\"y\"}] null");
    buf_fini(&b);
    json_free(j);
}

static void written_json_is_read_back(void **state) {
    (void)state;
    struct buf b;
    struct jw w;
    struct json *j = NULL;

    buf_init(&b, 10000);
    jw_init(&w, &b);
    jw_map(&w);
    jw_kv_str(&w, "s", str_n("a\x1b\xff", 3));
    jw_kv_text(&w, "none", NULL);
    jw_kv_int(&w, "i", INT64_MIN);
    jw_kv_bool(&w, "b", true);
    jw_kv_time(&w, "t", INT64_C(1795319320000000));
    jw_kv_time(&w, "never", 0);
    jw_key(&w, "raw");
    jw_bytes(&w, str_n("\xff\x00", 2));
    jw_key(&w, "l");
    jw_list(&w);
    jw_int(&w, 1);
    jw_list(&w);
    jw_list_end(&w);
    jw_map(&w);
    jw_map_end(&w);
    jw_raw(&w, STR("[2]"));
    jw_list_end(&w);
    jw_key_str(&w, STR("k\""));
    jw_null(&w);
    jw_map_end(&w);
    assert_str(
        buf_view(&b),
        "{\"s\":\"a\\u001b\xef\xbf\xbd\",\"none\":null,\"i\":-9223372036854775808,\"b\":true,\"t\":\"2026-11-22T03:48:40Z\","
        "\"never\":null,\"raw\":{\"b64\":\"/wA=\"},\"l\":[1,[],{},[2]],\"k\\\"\":null}");
    assert_int_equal(json_parse(buf_view(&b), 10000, &j, NULL), RC_OK);
    json_free(j);
    /* a level too deep is a failure, not a wrong comma */
    buf_reset(&b);
    jw_init(&w, &b);
    for (int i = 0; i < 70; i++)
        jw_list(&w);
    assert_true(b.over);
    buf_fini(&b);
}

/* A byte in a log line must not make the whole list of events unreadable. */
static void a_nul_does_not_hide_the_rest(void **state) {
    (void)state;
    struct buf b;
    struct jw w;
    struct json *j = NULL;
    struct err e = {0};

    buf_init(&b, 4096);
    jw_init(&w, &b);
    jw_map(&w);
    jw_kv_str(&w, "user", str_n("a\0b", 3));
    jw_key(&w, "body");
    jw_bytes(&w, str_n("a\0b", 3));
    jw_map_end(&w);
    assert_int_equal(json_parse(buf_view(&b), 4096, &j, &e), RC_OK);
    assert_string_equal(buf_cstr(&b), "{\"user\":\"a\xef\xbf\xbd" "b\",\"body\":{\"b64\":\"YQBi\"}}");
    json_free(j);
    buf_fini(&b);
}

static void a_zero_is_let_into_values_when_asked_for_and_never_into_names(void **state) {
    struct json *j = NULL;

    (void)state;
    assert_int_equal(json_parse_zeros(STR("{\"a\":\"x\\u0000y\"}"), 100, true, &j, NULL), RC_OK);
    assert_int_equal(json_get_text(j, "a").n, 3);
    json_free(j);
    assert_int_not_equal(json_parse_zeros(STR("{\"a\\u0000\":\"x\"}"), 100, true, &j, NULL), RC_OK);
    assert_int_not_equal(json_parse(STR("{\"a\":\"x\\u0000y\"}"), 100, &j, NULL), RC_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zero_is_let_into_values_when_asked_for_and_never_into_names),
        cmocka_unit_test(only_rfc_8259_is_json),
        cmocka_unit_test(no_truncation_is_json),
        cmocka_unit_test(depth_and_size_have_limits),
        cmocka_unit_test(many_members_are_no_burden_and_have_a_limit),
        cmocka_unit_test(a_mistake_is_named_with_its_place),
        cmocka_unit_test(values_are_read_as_what_they_are),
        cmocka_unit_test(written_json_is_read_back),
        cmocka_unit_test(a_nul_does_not_hide_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
