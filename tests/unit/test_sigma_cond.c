/* SPDX-License-Identifier: ISC
 *
 * test_sigma_cond.c - conditions: grammar, precedence, what is refused
 */
#include "sigma_help.h"

#define SELECTIONS "  a: {A: x}\n  b: {B: x}\n  c1: {C: x}\n  c2: {D: x}\n  _h: {H: x}\n"

/* fields: letters that are "x" in the event: A to a, B to b, C to c1, D to c2, H to _h */
static bool holds(const char *condition, const char *fields) {
    char yaml[2048], event[256] = "{";
    struct help_event ev;

    snprintf(yaml, sizeof yaml, "title: t\nlogsource: {product: linux}\ndetection:\n" SELECTIONS "  condition: %s\n", condition);
    for (const char *f = fields; *f; f++)
        snprintf(event + strlen(event), sizeof event - strlen(event), "%s\"%c\":\"x\"", f == fields ? "" : ",", *f);
    snprintf(event + strlen(event), sizeof event - strlen(event), "}");
    struct ruleset *rs = help_rules(yaml);
    help_event_open(&ev, str_of(event));
    bool hit = help_hits(rs, &ev.m);
    help_event_close(&ev);
    ruleset_free(rs);
    return hit;
}

static void conditions_mean_what_the_grammar_says(void **state) {
    static const struct {
        const char *condition, *yes, *no; /* space-separated sets of fields; "-" is none */
    } rows[] = {
        {"a", "A AB", "- B"},
        {"a and b", "AB", "A B -"},
        {"a or b", "A B AB", "- C"},
        {"not a", "- B", "A"},
        {"not not a", "A", "-"},
        {"a or b and c1", "A BC ABC", "B C -"},
        {"(a or b) and c1", "AC BC", "A ABD"},
        {"a and not b", "A", "AB B"},
        {"not a and b", "B", "- AB"},
        {"not (a or b)", "- C", "A B"},
        {"not a or b", "- AB B", "A"},
        {"a and (b or (c1 and not c2))", "AB AC ABCD", "A ACD B"},
        {"1 of c*", "C D CD", "A -"},
        {"any of c*", "C", "A"},
        {"all of c*", "CD", "C D"},
        {"2 of c*", "CD", "C"},
        {"2 of them", "AB CD ABC", "A AH"},
        {"1 of them", "A D", "- H"},
        {"all of them", "ABCD ABCDH", "ABC H"},
        {"1 of _*", "H", "A"},
        {"_h", "H", "A"},
        {"1 of c1", "C", "D"},
        {"all of c* and not 1 of a*", "CD", "ACD C"},
        {"1 of *1", "C", "D A"},
        {"a AND NOT b", "A", "AB"},
        {"((((((((a))))))))", "A", "B"},
        {"[a, b]", "A B", "C"},
        {"[a and b, c1]", "AB C", "A B"},
        {"[a or b, c1 and c2]", "A B CD", "C"},
        {"a and b or c1 and c2", "AB CD", "AC BD"},
        {"not 1 of c* and a", "A", "AC AD -"},
        {"'  a   and\tb '", "AB", "A"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++)
        for (int want = 0; want < 2; want++) {
            struct str sets = str_of(want ? rows[i].yes : rows[i].no);
            while (!str_absent(sets)) {
                char fields[16];
                struct str one = str_cut(&sets, ' ');
                str_copy(fields, sizeof fields, str_is(one, "-") ? STR("") : one);
                if (holds(rows[i].condition, fields) != (want == 1))
                    fail_msg("\"%s\" on %s is not %d", rows[i].condition, fields, want);
            }
        }
}

static void what_makes_no_sense_is_refused_with_a_reason(void **state) {
    static const struct {
        const char *condition, *says;
    } rows[] = {
        {"''", "it ends"},
        {"a and", "it ends"},
        {"(a", "a ) is missing"},
        {"a)", "expected, not \")\""},
        {"a b", "expected, not \"b\""},
        {"d", "no selection \"d\""},
        {"1 of d*", "no selection is called"},
        {"3 of c*", "more selections than there are"},
        {"0 of c*", "stands before"},
        {"x of c*", "stands before"},
        {"1 of", "stands behind"},
        {"and", "expected"},
        {"a | count() > 5", "obsolete"},
        {"[]", "empty"},
        {"[[a]]", "a text"},
        {"not", "it ends"},
        {"not not not not not not not not not not not not not not not not not not not not not not not not not not not not not "
         "not not not not a",
         "too deeply"},
        {"((((((((((((((((((((((((((((((((((a))))))))))))))))))))))))))))))))))", "too deeply"},
    };
    char yaml[2048];
    static struct errs es;

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        snprintf(yaml, sizeof yaml, "title: t\nlogsource: {product: linux}\ndetection:\n" SELECTIONS "  condition: %s\n",
                 rows[i].condition);
        assert_null(help_load(yaml, 0, &es));
        if (es.n != 1 || !strstr(es.v[0].text, rows[i].says) || es.v[0].line != 9)
            fail_msg("\"%s\": said %d: %s", rows[i].condition, es.v[0].line, es.v[0].text);
    }
}

static void a_long_chain_is_no_deep_one(void **state) {
    static char condition[40000];
    size_t n = 0;

    (void)state;
    for (int i = 0; i < 2000; i++)
        n += (size_t)snprintf(condition + n, sizeof condition - n, "%sa and b", i ? " or " : "");
    char *yaml = malloc(n + 300);
    assert_non_null(yaml);
    snprintf(yaml, n + 300, "title: t\nlogsource: {product: linux}\ndetection:\n" SELECTIONS "  condition: %s\n", condition);
    ruleset_free(help_rules(yaml));
    free(yaml);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_mean_what_the_grammar_says),
        cmocka_unit_test(what_makes_no_sense_is_refused_with_a_reason),
        cmocka_unit_test(a_long_chain_is_no_deep_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
