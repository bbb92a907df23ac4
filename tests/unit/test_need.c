/* SPDX-License-Identifier: ISC
 *
 * test_need.c - the literals of regular expressions
 */
#include "unit.h"

#include "detect/need.h"
#include "detect/regex.h"

static void literals_are_what_cannot_be_missing(void **state) {
    static const struct {
        const char *pattern, *want; /* joined by a blank; "-" is none */
        bool caseless;
    } rows[] = {
        {"needle", "needle", false},
        {"^needle$", "needle", false},
        {"a needle\\.exe", "a needle.exe", false}, /* one literal */
        {"needles?", "needle", false},
        {"needles*", "needle", false},
        {"needles+x", "needles", false},
        {"ab|cd", "ab|cd", false},
        {"ab|c", "-", false},
        {"x(?:ab|cd)y", "ab|cd", false},
        {"x(ab|cd)?y", "-", false},
        {"x(ab|cd)*yz", "yz", false},
        {"x(ab|cd){0,3}yz", "yz", false},
        {"x(abc|def){1,3}yz", "abc|def", false},
        {"a.*needle", "needle", false},
        {"[a-z]+needle[]x]more", "needle", false},
        {"[[:alpha:]]needle", "needle", false},
        {"\\bneedle\\b", "needle", false},
        {"\\d\\d", "-", false},
        {"\\x41bc", "-", false},
        {"\\Qneedle\\E", "-", false},
        {"(?x)nee dle", "-", false},
        {"(?=needle)n", "-", false},
        {"(?!needle)more", "more", false},
        {"(?#needle)more", "-", false},
        {"(?i)monkey", "mon", false},
        {"monkey", "mon", true},
        {"sks", "-", true},
        {"a{2}bcd", "bcd", false},
        {"n\xc3\xa9" "edle", "edle", false},
        {"a{,3}bcd", "bcd", false},
        {"ab\\", "-", false},
        {"", "-", false},
        {"|needle", "-", false},
    };
    struct arena a;

    (void)state;
    arena_init(&a, 1 << 20);
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct need n = need_of_regex(&a, str_of(rows[i].pattern), rows[i].caseless);
        char got[200] = "";
        for (size_t k = 0; n.known && k < n.n; k++)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s%.*s", k ? "|" : "", STR_FMT(n.v[k]));
        if (!n.known)
            snprintf(got, sizeof got, "-");
        if (strcmp(got, rows[i].want) != 0)
            fail_msg("%s gives %s, not %s", rows[i].pattern, got, rows[i].want);
    }
    arena_fini(&a);
}

static uint32_t next(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* What a pattern matches holds one of its literals, whatever the pattern is made of. */
static void no_text_that_matches_lacks_them(void **state) {
    static const char *const parts[] = {"a", "b", "ab", "K", "s", "\\.", "\\d", "[ab]", "[^]a]", "(", "(?:", "(?i)", "(?i:", ")", "|", "*", "+", "?",
                                        "{0,2}", "{1,2}", "{2}", ".", "^", "$", "\\b", "\\\\", "(?=", "(?!", "?", ".*", "-", "{", "}"};
    static const char *const bits[] = {"a", "b", "ab", "K", "k", "s", "S", ".", "1", "-", "\xc5\xbf", "\xe2\x84\xaa", "\\", "{", "}", " "};
    struct regex_scratch *scratch = regex_scratch_new();
    uint32_t seed = 7;
    size_t tried = 0, matched = 0, known = 0;

    (void)state;
    for (int i = 0; i < 60000; i++) {
        char pattern[128] = "", text[128], why[160];
        struct arena a;
        bool fold = next(&seed) & 1;
        for (uint32_t k = 2 + next(&seed) % 9; k; k--)
            snprintf(pattern + strlen(pattern), sizeof pattern - strlen(pattern), "%s", parts[next(&seed) % ARRAY_N(parts)]);
        struct pcre2_real_code_8 *re = regex_new(str_of(pattern), fold ? REGEX_CASELESS : 0, why, sizeof why);
        if (!re)
            continue;
        arena_init(&a, 1 << 20);
        struct need n = need_of_regex(&a, str_of(pattern), fold);
        tried++;
        known += n.known;
        for (int t = 0; n.known && t < 12; t++) {
            *text = 0;
            for (uint32_t k = next(&seed) % 9; k; k--)
                snprintf(text + strlen(text), sizeof text - strlen(text), "%s", bits[next(&seed) % ARRAY_N(bits)]);
            if (regex_match(scratch, re, str_of(text)) != REGEX_YES)
                continue;
            matched++;
            bool found = false;
            for (size_t k = 0; k < n.n && !found; k++) {
                char low[128];
                size_t len = n.v[k].n;
                for (size_t c = 0; c <= len; c++)
                    low[c] = (char)(n.v[k].p[c] >= 'A' && n.v[k].p[c] <= 'Z' ? n.v[k].p[c] | 0x20 : n.v[k].p[c]);
                found = glob_find(str_of(text), str_n(low, len), false) != SIZE_MAX;
            }
            if (!found)
                fail_msg("%s (%s) matches %s", pattern, fold ? "i" : "", text);
        }
        arena_fini(&a);
        regex_free(re);
    }
    print_message("%zu patterns, %zu with literals, %zu matches\n", tried, known, matched);
    assert_true(matched > 500);
    regex_scratch_free(scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_are_what_cannot_be_missing),
        cmocka_unit_test(no_text_that_matches_lacks_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
