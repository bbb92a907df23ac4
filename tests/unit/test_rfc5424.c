/* SPDX-License-Identifier: ISC
 *
 * test_rfc5424.c - RFC 5424 exactly, or not at all
 */
#include "unit.h"

#include "parse/parse.h"

static struct message m;

static void parse(const char *raw) {
    memset(&m, 0xa5, sizeof m); /* what the caller has not set is set by the parser */
    m.spare = NULL;
    m.raw = str_of(raw);
    m.arrived = 1;
    m.flags = 0;
    m.spare = NULL;
    parse_message(&m);
}

static void every_header_field_is_where_it_stands(void **state) {
    (void)state;
    parse("<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog 8710 ID47 [id@32473 a=\"1\" b=\"x\\\"y\\\\z\\]\"][e@1] \xef\xbb\xbfhello w\xc3\xb6rld");
    assert_int_equal(m.dialect, DIALECT_RFC5424);
    assert_true(m.valid);
    assert_int_equal(m.pri, 165);
    assert_int_equal(m.version, 1);
    assert_str(m.ts.text, "2003-10-11T22:14:15.003Z");
    assert_true(m.ts.present && m.ts.has_year && m.ts.has_zone && m.ts.zone_z && m.ts.has_frac);
    assert_int_equal(m.ts.civil.us, 3000);
    assert_str(m.host, "mymachine.example.com");
    assert_str(m.app, "evntslog");
    assert_str(m.procid, "8710");
    assert_str(m.msgid, "ID47");
    assert_str(m.sd, "[id@32473 a=\"1\" b=\"x\\\"y\\\\z\\]\"][e@1]");
    assert_true(m.msg_bom);
    assert_str(m.msg, "hello w\xc3\xb6rld");
    assert_str(m.text, "hello w\xc3\xb6rld");
    assert_str(m.program, "evntslog");
    assert_int_equal(m.repeat, 1);
    assert_int_equal(m.nfields, 0);
}

static void a_nilvalue_is_absence(void **state) {
    (void)state;
    parse("<0>999 - - - - - -");
    assert_int_equal(m.dialect, DIALECT_RFC5424);
    assert_true(m.valid && !m.ts.present);
    assert_int_equal(m.pri, 0);
    assert_int_equal(m.version, 999);
    assert_true(str_absent(m.host) && str_absent(m.app) && str_absent(m.procid) && str_absent(m.msgid) && str_absent(m.sd) &&
                str_absent(m.msg) && str_absent(m.program) && str_absent(m.text));
    assert_int_equal(m.time, 1); /* the arrival, and ts says that the message gave none */
    parse("<0>1 - - - - - - ");
    assert_true(m.valid && str_absent(m.msg));
}

#define A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A48 A32 "aaaaaaaaaaaaaaaa"
#define A128 A32 A32 A32 A32
#define A255 A128 A32 A32 A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void what_is_off_by_one_byte_is_no_rfc5424(void **state) {
    static const struct {
        const char *why, *raw;
        bool valid;
    } t[] = {
        {"the longest of everything", "<191>999 2018-12-31T23:59:59.999999-23:59 " A255 " " A48 " " A128 " " A32 " - x", true},
        {"host of 256", "<1>1 - " A255 "a - - - -", false},
        {"app of 49", "<1>1 - - " A48 "a - - -", false},
        {"procid of 129", "<1>1 - - - " A128 "a - -", false},
        {"msgid of 33", "<1>1 - - - - " A32 "a -", false},
        {"pri above 191", "<192>1 - - - - - -", false},
        {"pri with a leading zero", "<01>1 - - - - - -", false},
        {"empty pri", "<>1 - - - - - -", false},
        {"negative pri", "<-1>1 - - - - - -", false},
        {"pri of many digits", "<99999999999>1 - - - - - -", false},
        {"version 0", "<1>0 - - - - - -", false},
        {"version of 4 digits", "<1>1000 - - - - - -", false},
        {"no version", "<1> - - - - - -", false},
        {"two blanks", "<1>1  - - - - - -", false},
        {"a tab for a blank", "<1>1\t- - - - - -", false},
        {"no structured data", "<1>1 - - - - -", false},
        {"text at once behind the structured data", "<1>1 - - - - - -x", false},
        {"seven digits of fraction", "<1>1 2003-10-11T22:14:15.0000001Z - - - - -", false},
        {"fraction of no digit", "<1>1 2003-10-11T22:14:15.Z - - - - -", false},
        {"no zone", "<1>1 2003-10-11T22:14:15 - - - - -", false},
        {"small t", "<1>1 2003-10-11t22:14:15Z - - - - -", false},
        {"small z", "<1>1 2003-10-11T22:14:15z - - - - -", false},
        {"leap second", "<1>1 2016-12-31T23:59:60Z - - - - -", false},
        {"30 February", "<1>1 2004-02-30T00:00:00Z - - - - -", false},
        {"29 February of a leap year", "<1>1 2004-02-29T00:00:00Z - - - - -", true},
        {"29 February of another", "<1>1 2003-02-29T00:00:00Z - - - - -", false},
        {"hour 24", "<1>1 2003-10-11T24:00:00Z - - - - -", false},
        {"offset of 24 hours", "<1>1 2003-10-11T22:14:15+24:00 - - - - -", false},
        {"offset without colon", "<1>1 2003-10-11T22:14:15+0200 - - - - -", false},
        {"umlaut in host", "<1>1 - h\xc3\xb6st - - - -", false},
        {"element without parameters", "<1>1 - - - - - [a]", true},
        {"the same parameter twice", "<1>1 - - - - - [a x=\"1\" x=\"2\"]", true},
        {"the same id twice", "<1>1 - - - - - [a x=\"1\"][a y=\"2\"]", false},
        {"id of 32", "<1>1 - - - - - [" A32 "]", true},
        {"id of 33", "<1>1 - - - - - [" A32 "a]", false},
        {"no id", "<1>1 - - - - - []", false},
        {"blank between elements", "<1>1 - - - - - [a] [b]", true /* the second is the message */},
        {"a bare ] in a value", "<1>1 - - - - - [a x=\"]\"]", false},
        {"a bare quote in a value", "<1>1 - - - - - [a x=\"\"\"]", false},
        {"an escape of something else is two bytes", "<1>1 - - - - - [a x=\"\\n\"]", true},
        {"a backslash at the end of a value", "<1>1 - - - - - [a x=\"\\\\\"]", true},
        {"an open value", "<1>1 - - - - - [a x=\"1", false},
        {"an escaped quote is not the end", "<1>1 - - - - - [a x=\"1\\\"]", false},
        {"invalid UTF-8 in a value", "<1>1 - - - - - [a x=\"\xff\"]", false},
        {"an equals sign in an id", "<1>1 - - - - - [a=b]", false},
        {"a BOM and then no UTF-8", "<1>1 - - - - - - \xef\xbb\xbf\xff", false},
        {"no BOM and no UTF-8", "<1>1 - - - - - - \xff\xfe", true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        parse(t[i].raw);
        check_row((m.dialect == DIALECT_RFC5424) == t[i].valid, t[i].why);
        check_row(m.valid == t[i].valid, t[i].why);
        check_row(str_eq(m.raw, str_of(t[i].raw)), t[i].why);
    }
}

struct visited {
    char text[256];
    size_t n;
};

static void on_param(void *ctx, struct str id, struct str name, struct str value) {
    struct visited *v = ctx;

    v->n += (size_t)snprintf(v->text + v->n, sizeof v->text - v->n, "%.*s.%.*s=%.*s;", STR_FMT(id), STR_FMT(name), STR_FMT(value));
}

static void parameters_are_visited_in_order_and_unescaped(void **state) {
    struct visited v = {.n = 0};

    (void)state;
    parse_sd(STR("[a x=\"1\" x=\"\\\"q\\]\\\\\" y=\"\\n\"][b][c@9 z=\"\"]"), on_param, &v);
    assert_string_equal(v.text, "a.x=1;a.x=\"q]\\;a.y=\\n;b.=;c@9.z=;");
}

static void a_twin_is_found_among_any_number_of_elements(void **state) {
    static char raw[65536] = "<1>1 - - - - - ";
    size_t n = strlen(raw);

    (void)state;
    for (int i = 0; i < 2000; i++) {
        n += (size_t)snprintf(raw + n, sizeof raw - n, "[e%d]", i);
        if (i % 97 && i > 20)
            continue;
        parse(raw);
        assert_true(m.valid);
        snprintf(raw + n, sizeof raw - n, "[e%d]", i / 2);
        parse(raw);
        assert_false(m.valid);
        raw[n] = '\0';
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_header_field_is_where_it_stands),
        cmocka_unit_test(a_nilvalue_is_absence),
        cmocka_unit_test(what_is_off_by_one_byte_is_no_rfc5424),
        cmocka_unit_test(parameters_are_visited_in_order_and_unescaped),
        cmocka_unit_test(a_twin_is_found_among_any_number_of_elements),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
