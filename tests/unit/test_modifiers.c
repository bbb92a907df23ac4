/* SPDX-License-Identifier: ISC
 *
 * test_modifiers.c - what values mean with and without modifiers
 */
#include "sigma_help.h"

#include "detect/modifiers.h"

static const struct {
    const char *body, *event;
    bool want;
    const char *why;
} rows[] = {
    {"    A: x", "{\"A\":\"X\"}", true, "case does not count"},
    {"    A: x", "{\"a\":\"x\"}", false, "but it does in field names"},
    {"    A: x", "{}", false, "an absent field is not x"},
    {"    A|cased: x", "{\"A\":\"X\"}", false, "cased"},
    {"    A|cased: x", "{\"A\":\"x\"}", true, "cased"},
    {"    A: äÖ", "{\"A\":\"Äö\"}", true, "letters beyond ASCII fold"},
    {"    A|contains: 'ΣΊΣΥΦΟΣ'", "{\"A\":\"ὦ σίσυφος!\"}", true, "both small sigmas are one letter"},
    {"    A: ss", "{\"A\":\"ß\"}", false, "simple folding is one to one"},
    {"    A: k", "{\"A\":\"\\u212a\"}", false, "ASCII folds ASCII only"},
    {"    A: 'a*z'", "{\"A\":\"abcz\"}", true, "star"},
    {"    A: 'a*z'", "{\"A\":\"az\"}", true, "star is empty too"},
    {"    A: 'a*z'", "{\"A\":\"azb\"}", false, "anchored"},
    {"    A: '*a*b*c*'", "{\"A\":\"xxaxxbxxcxx\"}", true, "many stars"},
    {"    A: '*aab'", "{\"A\":\"aaab\"}", true, "back to the star"},
    {"    A: 'a?c'", "{\"A\":\"aäc\"}", true, "? is one character, not one byte"},
    {"    A: 'a?c'", "{\"A\":\"ac\"}", false, "? is not none"},
    {"    A: 'a\\*c'", "{\"A\":\"a*c\"}", true, "escaped star"},
    {"    A: 'a\\*c'", "{\"A\":\"abc\"}", false, "escaped star"},
    {"    A: 'a\\?c'", "{\"A\":\"a?c\"}", true, "escaped question mark"},
    {"    A: 'a\\b'", "{\"A\":\"a\\\\b\"}", true, "single backslash"},
    {"    A: 'a\\\\b'", "{\"A\":\"a\\\\b\"}", true, "double backslash is one"},
    {"    A: 'a\\\\*'", "{\"A\":\"a\\\\xyz\"}", true, "backslash, then a wildcard"},
    {"    A: 'a\\\\\\*'", "{\"A\":\"a\\\\*\"}", true, "backslash, then a star as it is"},
    {"    A: 'a\\\\\\*'", "{\"A\":\"a\\\\x\"}", false, "backslash, then a star as it is"},
    {"    A: 'a\\\\\\\\b'", "{\"A\":\"a\\\\\\\\b\"}", true, "four are two"},
    {"    A: 'a\\\\\\b'", "{\"A\":\"a\\\\\\\\b\"}", true, "three are two"},
    {"    A: '*'", "{\"A\":\"\"}", true, "a star is anything that is there"},
    {"    A: '*'", "{}", false, "a star is not absence"},
    {"    A|contains: bc", "{\"A\":\"aBCd\"}", true, "contains"},
    {"    A|contains: 'b*d'", "{\"A\":\"abxxdy\"}", true, "contains with a star inside"},
    {"    A|startswith: ab", "{\"A\":\"abc\"}", true, "startswith"},
    {"    A|startswith: bc", "{\"A\":\"abc\"}", false, "startswith"},
    {"    A|endswith: bc", "{\"A\":\"abc\"}", true, "endswith"},
    {"    A|endswith: 'xbc'", "{\"A\":\"bc\"}", false, "longer than the text"},
    {"    A|endswith: '\\cmd.exe'", "{\"A\":\"C:\\\\x\\\\CMD.exe\"}", true, "endswith a path"},
    {"    A|contains:\n      - a\n      - b", "{\"A\":\"xbx\"}", true, "any of a list"},
    {"    A|contains|all:\n      - a\n      - b", "{\"A\":\"xbx\"}", false, "all of a list"},
    {"    A|contains|all:\n      - a\n      - b", "{\"A\":\"xbax\"}", true, "all of a list"},
    {"    A|all|contains:\n      - a\n      - b", "{\"A\":\"xbax\"}", true, "in this order too"},
    {"    A|contains|all:\n      - a\n      - b", "{\"A\":[\"a\",\"b\"]}", true, "a field that stands twice: any of its values"},
    {"    A: b", "{\"A\":[\"a\",\"b\"]}", true, "a field that stands twice: any of its values"},
    {"    A: 5", "{\"A\":5}", true, "number and number"},
    {"    A: 5", "{\"A\":\"5\"}", true, "number and text"},
    {"    A: 5", "{\"A\":5.0}", true, "the same number"},
    {"    A: 5", "{\"A\":\"5.0\"}", false, "as a text it is another"},
    {"    A: '5'", "{\"A\":5}", true, "quoted"},
    {"    A|re: '^a.c$'", "{\"A\":\"abc\"}", true, "re"},
    {"    A|re: '^a.c$'", "{\"A\":\"ABC\"}", false, "re: case counts"},
    {"    A|re|i: '^a.c$'", "{\"A\":\"ABC\"}", true, "re|i"},
    {"    A|re: 'b+'", "{\"A\":\"abbc\"}", true, "re is found anywhere"},
    {"    A|re: '^b'", "{\"A\":\"a\\nb\"}", false, "^ is the beginning"},
    {"    A|re|m: '^b'", "{\"A\":\"a\\nb\"}", true, "re|m"},
    {"    A|re: 'a.b'", "{\"A\":\"a\\nb\"}", false, ". is no newline"},
    {"    A|re|s: 'a.b'", "{\"A\":\"a\\nb\"}", true, "re|s"},
    {"    A|re:\n      - '^x'\n      - 'y$'", "{\"A\":\"ay\"}", true, "list of re"},
    {"    A|re|contains: '^b'", "{\"A\":\"ab\"}", false, "contains adds nothing to re"},
    {"    A|cidr: 192.0.2.0/24", "{\"A\":\"192.0.2.255\"}", true, "cidr"},
    {"    A|cidr: 192.0.2.0/24", "{\"A\":\"192.0.3.0\"}", false, "cidr"},
    {"    A|cidr: 192.0.2.0/25", "{\"A\":\"192.0.2.128\"}", false, "a bit within a byte"},
    {"    A|cidr: 0.0.0.0/0", "{\"A\":\"8.8.8.8\"}", true, "everything"},
    {"    A|cidr: 0.0.0.0/0", "{\"A\":\"2001:db8::1\"}", false, "but of its family"},
    {"    A|cidr: 2001:db8::/32", "{\"A\":\"2001:DB8:1::\"}", true, "v6"},
    {"    A|cidr: 2001:db8::/33", "{\"A\":\"2001:db8:8000::\"}", false, "v6"},
    {"    A|cidr: 192.0.2.1", "{\"A\":\"::ffff:192.0.2.1\"}", true, "one address; mapped is the same"},
    {"    A|cidr: 192.0.2.0/24", "{\"A\":\"host\"}", false, "no address"},
    {"    A|cidr: 192.0.2.0/24", "{\"A\":\"192.0.2.1 \"}", false, "no address"},
    {"    A|lt: 5", "{\"A\":4}", true, "lt"},
    {"    A|lt: 5", "{\"A\":5}", false, "lt"},
    {"    A|lte: 5", "{\"A\":\"5\"}", true, "lte"},
    {"    A|gt: 5", "{\"A\":5.5}", true, "gt"},
    {"    A|gte: -1", "{\"A\":-1}", true, "gte"},
    {"    A|gte: 1", "{\"A\":\"x\"}", false, "no number"},
    {"    A|gte: 1", "{\"A\":\"0x10\"}", false, "no decimal number"},
    {"    A|gte: 1", "{}", false, "absent"},
    {"    A|neq: 5", "{\"A\":6}", true, "neq"},
    {"    A|neq: 5", "{\"A\":5}", false, "neq"},
    {"    A|neq:\n      - 5\n      - 6", "{\"A\":6}", false, "neq: none of them"},
    {"    A|neq: 5", "{}", true, "what is absent differs"},
    {"    A|exists: true", "{\"A\":\"\"}", true, "exists"},
    {"    A|exists: true", "{\"A\":null}", true, "null is there"},
    {"    A|exists: true", "{}", false, "exists"},
    {"    A|exists: false", "{}", true, "exists"},
    {"    A|exists: no", "{\"A\":1}", false, "exists"},
    {"    A: null", "{}", true, "null: absent"},
    {"    A: null", "{\"A\":null}", true, "null: null"},
    {"    A: null", "{\"A\":\"\"}", false, "null: not empty"},
    {"    A: 'null'", "{\"A\":\"null\"}", true, "the word in quotes"},
    {"    A:", "{}", true, "nothing is null"},
    {"    A: ''", "{\"A\":\"\"}", true, "empty"},
    {"    A: ''", "{}", false, "empty is there"},
    {"    A: ''", "{\"A\":null}", false, "empty is not null"},
    {"    A|contains|windash: ' -enc '", "{\"A\":\"p /enc x\"}", true, "windash"},
    {"    A|contains|windash: ' -enc '",
     "{\"A\":\"p \xe2\x80\x93"
     "enc x\"}",
     true, "windash: en dash"},
    {"    A|windash|contains: ' -a-b'", "{\"A\":\"p /a-b\"}", true, "the dash within a word stays"},
    {"    A|windash|contains: ' -a-b'", "{\"A\":\"p /a/b\"}", false, "the dash within a word stays"},
    {"    A|base64: foobar", "{\"A\":\"Zm9vYmFy\"}", true, "base64"},
    {"    A|base64offset|contains: foobar", "{\"A\":\"eHhmb29iYXJ5eQ==\"}", true, "offset 2"},
    {"    A|base64offset|contains: foobar", "{\"A\":\"eGZvb2Jhcnl5\"}", true, "offset 1"},
    {"    A|base64offset|contains: foobar", "{\"A\":\"Zm9vYmFyeXk=\"}", true, "offset 0"},
    {"    A|base64offset|contains: foobar", "{\"A\":\"Zm9vYmF6\"}", false, "another word"},
    {"    A|wide|base64offset|contains: ping", "{\"A\":\"cABpAG4AZwA=\"}", true, "wide"},
    {"    A|utf16be|base64: ab", "{\"A\":\"AGEAYg==\"}", true, "utf16be"},
    {"    A|utf16|base64: a", "{\"A\":\"//5hAA==\"}", true, "utf16 has a mark"},
    {"    A|utf16le|base64: \xf0\x9f\x98\x80", "{\"A\":\"PdgA3g==\"}", true, "surrogates"},
    {"    A|fieldref: B", "{\"A\":\"x\",\"B\":\"X\"}", true, "fieldref"},
    {"    A|fieldref: B", "{\"A\":\"x\",\"B\":\"y\"}", false, "fieldref"},
    {"    A|fieldref: B", "{\"A\":\"x\"}", false, "fieldref: absent"},
    {"    A|fieldref|cased: B", "{\"A\":\"x\",\"B\":\"X\"}", false, "fieldref|cased"},
    {"    A|fieldref|endswith: B", "{\"A\":\"ax\",\"B\":\"X\"}", true, "fieldref|endswith"},
    {"    A|fieldref|startswith: B", "{\"A\":\"ax\",\"B\":\"A\"}", true, "fieldref|startswith"},
    {"    A|fieldref|endswith: B", "{\"A\":\"x\",\"B\":\"ax\"}", false, "longer than the field"},
    {"    A|fieldref|contains: B", "{\"A\":\"axb\",\"B\":\"x\"}", true, "fieldref|contains"},
    {"    A|fieldref|neq: B", "{\"A\":\"x\",\"B\":\"y\"}", true, "fieldref|neq"},
    {"    A|hour: 22", "{\"A\":\"2026-11-22T22:14:15+01:00\"}", true, "hour, as written"},
    {"    A|hour|gte: 22", "{\"A\":\"2026-11-22T23:14:15Z\"}", true, "compared"},
    {"    A|minute: 4", "{\"A\":\"2026-11-22T23:04:15Z\"}", true, "minute"},
    {"    A|day: 22", "{\"A\":\"2026-11-22T23:04:15Z\"}", true, "day"},
    {"    A|month: 11", "{\"A\":\"2026-11-22T23:04:15Z\"}", true, "month"},
    {"    A|year: 2026", "{\"A\":\"2026-11-22T23:04:15Z\"}", true, "year"},
    {"    A|week: 47", "{\"A\":\"2026-11-22T23:04:15Z\"}", true, "week"},
    {"    A|week: 53", "{\"A\":\"2021-01-01T00:00:00Z\"}", true, "week of last year"},
    {"    A|week: 1", "{\"A\":\"2024-12-30T00:00:00Z\"}", true, "week of next year"},
    {"    A|week: 53", "{\"A\":\"2026-12-31T00:00:00Z\"}", true, "week 53"},
    {"    A|hour: 22", "{\"A\":\"soon\"}", false, "no time"},
    {"    - A: x\n    - B: y", "{\"B\":\"y\"}", true, "a list of maps is or"},
    {"    - A: x\n      B: y\n    - C: z", "{\"A\":\"x\"}", false, "a map is and"},
    {"    - needle\n    - A: x", "{\"A\":\"x\"}", true, "keyword or map"},
    {"    - needle\n    - A: x", "{\"message\":\"a NEEDLE!\"}", true, "keyword or map"},
    {"    - 'ne*le'", "{\"message\":\"a needle!\"}", true, "keyword with wildcard"},
    {"    - 'C:\\x'", "{\"B\":\"C:\\\\X\"}", true, "a keyword is found in decoded values"},
    {"    '|all':\n      - a1\n      - b2", "{\"message\":\"b2 a1\"}", true, "keywords|all"},
    {"    '|all':\n      - a1\n      - b2", "{\"message\":\"b2\"}", false, "keywords|all"},
    {"    '|re': 'a[12]'", "{\"message\":\"xa2\"}", true, "keyword re"},
    {"    needle", "{\"message\":\"needle\"}", true, "one keyword"},
    {"    User: x", "{\"username\":\"X\"}", true, "two names of one field"},
    {"    username: x", "{\"user\":\"y\",\"username\":\"X\"}", true, "the exact name first"},
    {"    username: y", "{\"user\":\"y\",\"username\":\"X\"}", false, "the exact name first"},
    {"    A: []", "{\"B\":1}", true, "an empty list is no value"},
    {"    A: []", "{\"A\":1}", false, "an empty list is no value"},
    {"    A: ['', null]", "{}", true, "null in a list"},
    {"    A: true", "{\"A\":true}", true, "a boolean"},
    {"    A: yes", "{\"A\":true}", true, "a boolean in YAML's words"},
    {"    A: yes", "{\"A\":\"yes\"}", true, "or the word itself"},
    {"    A: 'yes'", "{\"A\":true}", false, "a text is no boolean"},
    {"    A: 0x17", "{\"A\":23}", true, "a number in hex"},
    {"    A: '0x17'", "{\"A\":\"0X17\"}", true, "a text that looks like one"},
    {"    A: 1.5", "{\"A\":1.50}", true, "decimals"},
    {"    A|gte: 1.5", "{\"A\":\"1.5\"}", true, "decimals compared"},
    {"    A|lt: -3", "{\"A\":-3.5}", true, "below zero"},
    {"    A|cidr: 10.0.0.0/255.0.0.0", "{\"A\":\"10.9.8.7\"}", true, "a mask"},
    {"    A|cidr: ['10.0.0.0/8', '2001:db8::/32']", "{\"A\":\"2001:DB8::1\"}", true, "a list of networks"},
    {"    A|cidr: 10.1.2.3", "{\"A\":\"10.1.2.3\"}", true, "one address"},
    {"    A|windash|contains|all: [' -a ', ' /b ']", "{\"A\":\"x /a -b y\"}", true, "windash|contains|all"},
    {"    A|all|contains: [a, b]", "{\"A\":\"xbax\"}", true, "all|contains"},
    {"    A|contains|cased: aB", "{\"A\":\"xaBx\"}", true, "contains|cased"},
    {"    A|contains|cased: aB", "{\"A\":\"xABx\"}", false, "contains|cased"},
    {"    A|cased|startswith: aB", "{\"A\":\"ABx\"}", false, "cased|startswith"},
    {"    A|re|i|s: 'A.B'", "{\"A\":\"xa\\nbx\"}", true, "re|i|s"},
    {"    A|re|m: '^b$'", "{\"A\":\"a\\nb\\nc\"}", true, "re|m"},
    {"    A|re|contains: 'a.c'", "{\"A\":\"xabcx\"}", true, "re|contains"},
    {"    A|wide: 'a*'", "{\"A\":\"a\\u0000bc\"}", true, "wide keeps wildcards"},
    {"    A|contains: 4", "{\"A\":\"x4y\"}", true, "a number in a text"},
    {"    A|neq: [x, y]", "{\"A\":\"z\"}", true, "none of them"},
    {"    A|neq: [x, y]", "{\"A\":\"y\"}", false, "one of them"},
    {"    A|neq|contains: x", "{\"A\":\"axb\"}", false, "neq|contains"},
    {"    - [needle, pin]\n    - [[A: x]]", "{\"message\":\"a pin\"}", true, "lists in lists are or"},
    {"    - [needle, pin]\n    - [[A: x]]", "{\"A\":\"x\"}", true, "lists in lists are or"},
    {"    - [needle, pin]\n    - [[A: x]]", "{\"A\":\"y\"}", false, "lists in lists are or"},
    {"    A|expand: '\\%a%'", "{\"A\":\"%a%\"}", true, "an escaped percent"},
    {"    A|hour: 22", "{\"A\":\"2026-11-22 22:14:15.123\"}", true, "a stamp without a zone"},
    {"    A|year: 2026", "{\"A\":\"2026-11-22\"}", true, "a day"},
    {"    A|hour: 0", "{\"A\":\"2026-11-22\"}", false, "a day has no hour"},
    {"    A|month|lte: 6", "{\"A\":\"2026-11-22\"}", false, "month compared"},
    {"    A: 'a\\\\*b'", "{\"A\":\"a\\\\xb\"}", true, "a backslash and a wildcard"},
    {"    A: 'a\\*b'", "{\"A\":\"axb\"}", false, "an escaped wildcard"},
    {"    'a b.c[0]': x", "{\"a b.c[0]\":\"X\"}", true, "a name with anything in it"},
};

static void values_mean_what_the_specification_says(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++)
        if (help_try(rows[i].body, rows[i].event) != rows[i].want)
            fail_msg("%s: %s on %s", rows[i].why, rows[i].body, rows[i].event);
}

static void a_mistake_is_told_with_its_place(void **state) {
    static const struct {
        const char *body, *text;
        int line;
    } bad[] = {
        {"    A|contians: x", "did you mean \"contains\"", 5},
        {"    A|re: '('", "regular expression", 5},
        {"    A|cidr: 10.0.0.0/33", "bits", 5},
        {"    A|cidr: ten", "network", 5},
        {"    A|lt: x", "number", 5},
        {"    A|exists: maybe", "true or false", 5},
        {"    A|base64: 'a*'", "wildcards", 5},
        {"    A|i: x", "behind re", 5},
        {"    A|re|cidr: x", "together", 5},
        {"    A|contains: null", "null", 5},
        {"    A|: x", "no modifier", 5},
        {"    []", "is empty", 5},
        {"    A|exists: 'true'", "true or false", 5},
        {"    A|exists|contains: true", "texts", 5},
        {"    A|contains|exists: true", "alone", 5},
        {"    A|neq|exists: true", "alone", 5},
        {"    A|cidr: 10.0.0.1/8", "not a network", 5},
        {"    A|cidr: 10.0.0.0/255.0.255.0", "bits", 5},
        {"    A|contains|cidr: 10.0.0.0/8", "together", 5},
        {"    A|contains|gt: 1", "together", 5},
        {"    A|re|cased: x", "minds case", 5},
        {"    A|re: '(?<=a)b'", "looking behind", 5},
        {"    A|re: '(?<!a)b'", "looking behind", 5},
        {"    A|re|windash: x", "texts only", 5},
        {"    A|fieldref: 'B*'", "wildcards", 5},
        {"    A|hour: soon", "number", 5},
        {"    A|gt: [1, x]", "number", 5},
        {"    A|gt: true", "number", 5},
        {"    A|wide: null", "null", 5},
        {"    A:\n      B: x", "no list or map", 6},
        {"    A: [[x]]", "no list or map", 5},
        {"    A|base64offset: a", "too short", 5},
        {"    '|exists': true", "needs a field", 5},
        {"    {}", "is empty", 5},
    };
    char yaml[1024];
    static struct errs es;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(bad); i++) {
        snprintf(yaml, sizeof yaml,
                 "title: t\nlogsource: {product: linux}\ndetection:\n  selection:\n%s\n  condition: selection\n", bad[i].body);
        struct ruleset *rs = help_load(yaml, 0, &es);
        check_row(rs == NULL && es.n == 1, bad[i].body);
        if (!strstr(es.v[0].text, bad[i].text) || es.v[0].line != bad[i].line || es.v[0].col < 1 ||
            strcmp(es.v[0].file, "test.yml") != 0)
            fail_msg("%s: said %s:%d:%d: %s", bad[i].body, es.v[0].file, es.v[0].line, es.v[0].col, es.v[0].text);
    }
}

static void a_regex_that_explodes_gives_up_and_is_counted(void **state) {
    static char text[20000];
    struct message m;
    uint32_t hits[4];

    (void)state;
    struct ruleset *rs = help_rules(
        "title: t\nlogsource: {product: linux}\ndetection:\n  s:\n    message|re: '^(a+)+(b+)+(a|aa)+$'\n  condition: s\n");
    struct matcher *mt = matcher_new(rs, true);
    memset(text, 'a', sizeof text - 2);
    text[sizeof text - 2] = '!';
    help_message(&m, "x", text);
    match_scan(mt, &m);
    assert_int_equal(match_eval(mt, &m, hits, 4), 0);
    assert_int_equal(matcher_stats(mt)->regex_limit, 1);
    matcher_free(mt);
    ruleset_free(rs);
}

static void numbers_are_decimal_and_whole_texts(void **state) {
    double x;

    (void)state;
    assert_true(modifiers_number(STR("-1.5e3"), &x) && x == -1500);
    assert_false(modifiers_number(STR(""), &x));
    assert_false(modifiers_number(STR("-"), &x));
    assert_false(modifiers_number(STR("1 "), &x));
    assert_false(modifiers_number(STR("nan"), &x));
    assert_false(modifiers_number(STR("1e"), &x));
    assert_false(modifiers_number((struct str){"1\0002", 3}, &x));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_mean_what_the_specification_says),
        cmocka_unit_test(a_mistake_is_told_with_its_place),
        cmocka_unit_test(a_regex_that_explodes_gives_up_and_is_counted),
        cmocka_unit_test(numbers_are_decimal_and_whole_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
