/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/digest.h"
#include "base/err.h"
#include "base/esc.h"

typedef bool (*esc_fn)(struct buf *b, struct str s);

static void every_sink_shows_and_never_acts(void **state) {
    (void)state;
    static const struct {
        esc_fn fn;
        struct str in;
        const char *want, *why;
    } rows[] = {
        {esc_term, STR("plain \xc3\xa9"), "plain \xc3\xa9", "text stays"},
        {esc_term, STR("\x1b[31m"), "\\x1B[31m", "escape sequence"},
        {esc_term, STR("a\tb\r\n"), "a\\x09b\\x0D\\x0A", "tab and line ends"},
        {esc_term, STR("\x7f"), "\\x7F", "DEL"},
        {esc_term, STR("\xc2\x9b"), "\\xC2\\x9B", "C1 CSI"},
        {esc_term, STR("\xe2\x80\xae"), "\\xE2\\x80\\xAE", "right-to-left override"},
        {esc_term, STR("\xe2\x81\xa6"), "\\xE2\\x81\\xA6", "isolate"},
        {esc_term, STR("\xe2\x80\x8f"), "\\xE2\\x80\\x8F", "right-to-left mark"},
        {esc_term, STR("\xe2\x80\xa8"), "\\xE2\\x80\\xA8", "line separator"},
        {esc_term, STR("\xff\xc3"), "\\xFF\\xC3", "no UTF-8, and cut off"},
        {esc_term, STR("a\0b"), "a\\x00b", "NUL"},
        {esc_term, STR("\\x41"), "\\x41", "a backslash is left alone"},
        {esc_quoted, STR("a\"b\\c\n"), "\"a\\\"b\\\\c\\x0A\"", "quoted"},
        {esc_html, STR("<a href='x'>&\"\x1b"), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;\\x1B", "html"},
        {esc_csv, STR("plain"), "plain", "csv needs nothing"},
        {esc_csv, STR("a,b"), "\"a,b\"", "csv comma"},
        {esc_csv, STR("a\"b"), "\"a\"\"b\"", "csv quote"},
        {esc_csv, STR("=1+1"), "\"'=1+1\"", "csv formula"},
        {esc_csv, STR("-1"), "\"'-1\"", "csv minus"},
        {esc_csv, STR("@x"), "\"'@x\"", "csv at"},
        {esc_csv, STR("a\nb"), "\"a\\x0Ab\"", "csv newline"},
        {esc_tsv, STR("a\tb"), "a\\x09b", "tsv"},
        {esc_json, STR("a\"\\\n\xff\x01"), "\"a\\\"\\\\\\u000a\xef\xbf\xbd\\u0001\"", "json"},
        {esc_json, STR("\xe2\x80\xae"), "\"\\u202e\"", "json bidi"},
        {esc_json, STR_NONE, "\"\"", "json of nothing"},
    };
    struct buf b;

    buf_init(&b, 4096);
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct str in = unit_exact(rows[i].in);
        buf_reset(&b);
        check_row(rows[i].fn(&b, in), rows[i].why);
        if (!str_is(buf_view(&b), rows[i].want))
            fail_msg("%s: got %s", rows[i].why, buf_cstr(&b));
        free((char *)in.p);
    }
    buf_fini(&b);
}

static void a_sink_that_runs_over_says_so(void **state) {
    (void)state;
    static const esc_fn fns[] = {esc_term, esc_quoted, esc_html, esc_csv, esc_tsv, esc_json, esc_header};
    struct str in = STR("\x1b\x1b\x1b\x1b, \"long enough text for every sink\"");

    for (size_t i = 0; i < ARRAY_N(fns); i++)
        for (size_t max = 0; max < 20; max++) {
            struct buf b;
            buf_init(&b, max);
            assert_false(fns[i](&b, in));
            assert_true(b.n <= max);
            buf_fini(&b);
        }
}

/* No line but a continuation, none longer than 76 (the first has the header's name before it). */
static void header_is_safe(const char *text) {
    const char *line = text;

    for (const char *nl; (nl = strstr(line, "\r\n")); line = nl + 2) {
        assert_true(nl - line <= 76);
        assert_int_equal(nl[2], ' ');
    }
    assert_true(strlen(line) <= 76);
    for (const char *p = text; *p; p++) {
        if (*p == '\r')
            assert_int_equal(p[1], '\n');
        else if (*p == '\n')
            assert_true(p > text && p[-1] == '\r' && p[1] == ' ');
        else
            assert_true(*p >= 0x20 && *p < 0x7f);
    }
}

static void a_header_cannot_be_broken_out_of(void **state) {
    (void)state;
    static const struct str rows[] = {
        STR("Subject"),
        STR("hi\r\nBcc: evil@example.test"),
        STR("\n.\n"),
        STR("caf\xc3\xa9"),
        STR("=?UTF-8?B?aGk=?="),
        STR("\xff\xfe\0"),
        STR("a very long subject of plain words that has to be folded somewhere because it is longer than seventy-six columns "
            "are"),
        STR("averyveryverylongwordwithoutanyblankinitwhichnofoldcanbreakanywhereatallsoitmustbeencodedinsteadofleftasitis"),
        STR("\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\xf0"
            "\x9f\x92\xa9"
            "\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9\xf0\x9f\x92\xa9"),
        STR(" leading"),
        STR("trailing "),
        STR(""),
    };
    struct buf b;

    buf_init(&b, 65536);
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        buf_reset(&b);
        assert_true(esc_header(&b, rows[i]));
        header_is_safe(buf_cstr(&b));
    }
    buf_reset(&b);
    esc_header(&b, STR("caf\xc3\xa9"));
    assert_string_equal(buf_cstr(&b), "=?UTF-8?B?Y2Fmw6k=?=");
    buf_reset(&b);
    esc_header(&b, STR("plain subject"));
    assert_string_equal(buf_cstr(&b), "plain subject");
    buf_fini(&b);
}

/* A rune is never torn apart between two encoded words (RFC 2047, section 5). */
static void encoded_words_hold_whole_runes(void **state) {
    (void)state;
    struct buf in, b, out;

    buf_init(&in, 4096);
    for (int i = 0; i < 50; i++)
        buf_text(&in, i % 3 ? "\xe2\x82\xac" : "x");
    buf_init(&b, 4096);
    buf_init(&out, 4096);
    assert_true(esc_header(&b, buf_view(&in)));
    for (struct str rest = buf_view(&b); rest.n;) {
        size_t from = str_find(rest, STR("?B?")), to = str_find(rest, STR("?="));
        size_t before = out.n;
        assert_true(base64_parse(str_sub(rest, from + 3, to), &out));
        assert_true(str_utf8(str_sub(buf_view(&out), before, out.n)));
        rest = str_trim(str_sub(rest, to + 2, rest.n));
    }
    assert_true(str_eq(buf_view(&in), buf_view(&out)));
    buf_fini(&in);
    buf_fini(&b);
    buf_fini(&out);
}

static void a_sentence_holds_no_control_bytes(void **state) {
    (void)state;
    struct err e = {.file = "x.yaml", .line = 3};

    assert_int_equal(err_set(&e, RC_INVALID, "bad \"%s\"", "a\n\x1b[1m\xc2\x9b\xff\xe2\x80\xae"), RC_INVALID);
    assert_string_equal(e.text, "bad \"a??[1m??\?\?\?\?\"");
    assert_string_equal(e.file, "x.yaml");
    char out[300];
    assert_string_equal(err_format(&e, out, sizeof out), "x.yaml:3: bad \"a??[1m??\?\?\?\?\"");
    err_at(&e, RC_CONFIG, "y\n.yaml", 1, 2, "%s", "no");
    assert_string_equal(err_format(&e, out, sizeof out), "y?.yaml:1:2: no");
    err_at(&e, RC_CONFIG, e.file, 4, 5, "wrapped: %s", e.text);
    assert_string_equal(err_format(&e, out, sizeof out), "y?.yaml:4:5: wrapped: no");
    err_clear(&e);
    assert_string_equal(err_format(&e, out, sizeof out), "");
    assert_int_equal(err_set(NULL, RC_IO, "nobody asked"), RC_IO);
}

static void a_long_sentence_is_cut(void **state) {
    (void)state;
    struct err e = {0};
    char big[2000];

    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    err_set(&e, RC_INVALID, "%s", big);
    assert_int_equal(strlen(e.text), sizeof e.text - 1);
    err_hint(&e, "%s", big);
    assert_int_equal(strlen(e.hint), sizeof e.hint - 1);
    memset(big, 0, sizeof big);
    for (size_t i = 0; i + 2 < sizeof big; i += 2)
        memcpy(big + i, "\xc3\xa9", 2);
    err_set(&e, RC_INVALID, "x%s", big); /* cut within a rune: what is left of it is no longer UTF-8 */
    assert_true(str_utf8(str_of(e.text)));
}

static void every_rc_has_a_word_a_status_and_an_exit(void **state) {
    (void)state;
    for (int rc = 0; rc < RC__COUNT; rc++) {
        assert_true(strlen(rc_word((enum rc)rc)) > 0);
        assert_true(rc_http((enum rc)rc) >= 200 && rc_http((enum rc)rc) <= 503);
        for (int other = 0; other < rc; other++)
            assert_string_not_equal(rc_word((enum rc)rc), rc_word((enum rc)other));
    }
    assert_int_equal(rc_exit(RC_NOTFOUND), 3);
    assert_string_equal(rc_word((enum rc)999), "io");
}

static void the_list_of_errors_is_bounded_and_counts_the_rest(void **state) {
    (void)state;
    struct errs *es = calloc(1, sizeof *es);
    struct err e = {0};

    assert_non_null(es);
    err_set(&e, RC_CONFIG, "one");
    for (unsigned i = 0; i < ERRS_MAX + 3; i++)
        errs_add(es, &e);
    assert_int_equal(es->n, ERRS_MAX);
    assert_int_equal(es->dropped, 3);
    errs_add(NULL, &e);
    free(es);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sink_shows_and_never_acts),
        cmocka_unit_test(a_sink_that_runs_over_says_so),
        cmocka_unit_test(a_header_cannot_be_broken_out_of),
        cmocka_unit_test(encoded_words_hold_whole_runes),
        cmocka_unit_test(a_sentence_holds_no_control_bytes),
        cmocka_unit_test(a_long_sentence_is_cut),
        cmocka_unit_test(every_rc_has_a_word_a_status_and_an_exit),
        cmocka_unit_test(the_list_of_errors_is_bounded_and_counts_the_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
