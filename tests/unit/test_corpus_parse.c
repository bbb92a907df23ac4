/* SPDX-License-Identifier: ISC
 *
 * test_corpus_parse.c - real headers of the corpora: every field that is asserted there must be read so; skipped without the corpora
 */
#include "unit.h"

#include "base/file.h"
#include "base/json.h"
#include "parse/parse.h"

#define CORPUS_MAX (64u << 20)

static struct message m;
static size_t asked, wrong;

static void differs(const struct json *c, const char *key, struct str want, struct str got) {
    if (++wrong <= 20)
        print_error("%.*s: %s: wanted \"%.*s\"%s, got \"%.*s\"%s\n", STR_FMT(json_get_text(c, "id")), key, STR_FMT(want), want.p ? "" : " (absent)",
                    STR_FMT(got), got.p ? "" : " (absent)");
}

static void text_field(const struct json *c, const struct json *want, const char *key, struct str got) {
    const struct json *v = json_get(want, key);

    if (!v)
        return; /* not asserted; null asserts absence */
    asked++;
    if (str_absent(json_text(v)) != str_absent(got) || !str_eq(json_text(v), got))
        differs(c, key, json_text(v), got);
}

static void number_field(const struct json *c, const struct json *want, const char *key, int got) {
    const struct json *v = json_get(want, key);

    if (!v || json_kind(v) != JSON_INT)
        return;
    asked++;
    if (json_int(v, -2) != got)
        differs(c, key, STR("a number"), STR("another"));
}

static void one(const struct json *c) {
    const struct json *want = json_get(json_get(c, "expect"), "parse");

    m.raw = json_get_text(c, "raw");
    m.arrived = INT64_C(1700000000000000);
    m.flags = 0;
    if (!want || !m.raw.p || !str_is(json_get_text(c, "transport"), "syslog"))
        return;
    parse_message(&m);
    bool valid = json_bool(json_get(want, "valid"), true);
    asked++;
    if (m.valid != valid || (!valid && m.dialect == DIALECT_RFC5424) || (valid && !str_is(json_get_text(want, "dialect"), dialect_name(m.dialect))))
        differs(c, "valid", json_get_text(want, "dialect"), str_of(dialect_name(m.dialect)));
    if (!valid)
        return;
    number_field(c, want, "pri", m.pri);
    number_field(c, want, "version", m.version);
    text_field(c, want, "host", m.host);
    text_field(c, want, "app", m.app);
    text_field(c, want, "procid", m.procid);
    text_field(c, want, "msgid", m.msgid);
    text_field(c, want, "msg", m.msg_bom ? str_n(m.msg.p - 3, m.msg.n + 3) : m.msg);
    if (m.dialect == DIALECT_RFC5424)
        text_field(c, want, "ts", m.ts.text);
}

static bool corpus(const char *name) {
    const char *dir = getenv("TOCSIN_CORPORA"), *src = getenv("srcdir");
    char path[1024];
    struct buf b;
    struct err e = {0};

    if (dir)
        snprintf(path, sizeof path, "%s/%s", dir, name);
    else
        snprintf(path, sizeof path, "%s/../shared/corpora/%s", src ? src : ".", name);
    buf_init(&b, CORPUS_MAX);
    bool there = file_read(path, CORPUS_MAX, &b, &e) == RC_OK;
    struct str rest = buf_view(&b);
    while (there && !str_absent(rest)) {
        struct str line = str_cut(&rest, '\n');
        struct json *j;
        if (line.n == 0)
            continue;
        if (json_parse(line, 1 << 20, &j, &e) != RC_OK)
            fail_msg("%s: %s", name, e.text);
        one(j);
        json_free(j);
    }
    buf_fini(&b);
    return there;
}

static void every_asserted_header_field_of_the_corpora_is_read(void **state) {
    static const char *const names[] = {"go-syslog/go-syslog-public.jsonl", "loghub/OpenSSH.jsonl", "loghub/Linux.jsonl", "fail2ban/fail2ban-public.jsonl"};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(names); i++)
        if (!corpus(names[i])) {
            print_message("skipped: the corpora are not there (%s)\n", names[i]);
            exit(77);
        }
    print_message("%zu asserted, %zu wrong\n", asked, wrong);
    assert_true(asked > 19000);
    assert_int_equal(wrong, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_asserted_header_field_of_the_corpora_is_read)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
