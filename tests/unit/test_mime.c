/* SPDX-License-Identifier: ISC
 * test_mime.c - promises of notify/mime.h
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "notify/mime.h"

static const int64_t now = INT64_C(1792000000) * US_PER_S;

static char *make(const struct carry *c)
{
    struct buf b;
    struct err e = {0};
    buf_init(&b, 1u << 20);
    assert_int_equal(mime_make(c, "tocsin@example.test", now, "BOUNDARY", &b, &e), RC_OK);
    char *s = buf_take(&b);
    buf_fini(&b);
    return s;
}

/* Whatever a stranger puts into texts: every line ends in CRLF, is at most 998 long, and none is a lone dot. */
static void assert_wire(const char *s)
{
    size_t line = 0;
    for (size_t i = 0; s[i]; i++) {
        if (s[i] == '\n') {
            assert_true(i > 0 && s[i - 1] == '\r');
            assert_false(line == 2 && s[i - 2] == '.');
            line = 0;
            continue;
        }
        if (s[i] == '\r') assert_int_equal(s[i + 1], '\n');
        assert_true(++line <= 998);
    }
}

static void hostile_text_reaches_no_header_and_ends_no_message(void **state)
{
    (void)state;
    struct carry c = {.id = 1, .to_login = STR("iso"), .address = STR("iso@example.test"), .subject = STR("EV-1: hi\r\nBcc: evil@example.test\n"),
                      .headers = STR("Auto-Submitted: auto-generated\nX-Bad\rName: x\nX-Tocsin-State: a\rb\n"),
                      .body_text = STR("one\n.\n\r.\r\nFrom here\n\xff\x00tail = \n"), .body_html = STR("<p>.\n.</p>")};
    char *s = make(&c);
    assert_wire(s);
    assert_null(strstr(s, "\r\nBcc:"));
    assert_null(strstr(s, "X-Bad"));
    assert_non_null(strstr(s, "\r\nAuto-Submitted: auto-generated\r\n"));
    assert_non_null(strstr(s, "\r\n=2E\r\n"));
    assert_non_null(strstr(s, "\r\n=46rom here\r\n"));
    assert_non_null(strstr(s, "=FF=00tail =3D=20\r\n"));
    free(s);
}

static void a_long_line_is_broken_softly_and_reads_back_whole(void **state)
{
    (void)state;
    char text[4000];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)(i % 251 + (i % 251 == '\n' || i % 251 == '\r'));
    struct buf b, back;
    buf_init(&b, 1u << 20);
    buf_init(&back, 1u << 20);
    mime_qp(&b, str_n(text, sizeof text));
    size_t col = 0;
    for (size_t i = 0; i < b.n; i++) {
        if (b.p[i] == '\r') continue;
        if (b.p[i] == '\n') {
            col = 0;
            continue;
        }
        assert_true(++col <= 76);
        if (b.p[i] != '=') {
            buf_c(&back, b.p[i]);
        } else if (b.p[i + 1] == '\r') {
            continue;
        } else {
            unsigned v = 0;
            for (int k = 1; k <= 2; k++) {
                char h = b.p[i + (size_t)k];
                v = v * 16 + (unsigned)(h <= '9' ? h - '0' : h - 'A' + 10);
            }
            buf_c(&back, (char)v);
            i += 2, col += 2;
        }
    }
    assert_int_equal(back.n, sizeof text);
    assert_memory_equal(back.p, text, sizeof text);
    buf_fini(&b);
    buf_fini(&back);
}

static void only_plain_addresses_are_addresses(void **state)
{
    (void)state;
    static const struct { const char *s; bool ok; } t[] = {
        {"iso@example.test", true}, {"a.b+c@x-1.example", true}, {"root@localhost", true}, {"", false}, {"@x", false}, {"a@", false},
        {"a b@x", false}, {"a@x>\r\nRCPT TO:<evil@x", false}, {"a..b@x", false}, {".a@x", false}, {"a.@x", false}, {"a@x..y", false},
        {"a@[127.0.0.1]", false}, {"\"a\"@x", false}, {"a@b@c", false}, {"a\xc3\xa4@x", false}, {"a@x.", false},
    };
    for (size_t i = 0; i < sizeof t / sizeof *t; i++)
        if (mime_address(str_of(t[i].s)) != t[i].ok) fail_msg("%s", t[i].s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_text_reaches_no_header_and_ends_no_message),
        cmocka_unit_test(a_long_line_is_broken_softly_and_reads_back_whole),
        cmocka_unit_test(only_plain_addresses_are_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
