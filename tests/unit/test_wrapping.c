/* SPDX-License-Identifier: ISC
 *
 * test_wrapping.c - the stamps in front of programs' own lines
 */
#include "unit.h"

#include "parse/wrapping.h"

static const struct {
    const char *line, *text;
} rows[] = {
    {"2024-05-01 10:00:00 text", "text"},
    {"2024-05-01T10:00:00.123+02:00 text", "text"},
    {"2024-05-01 10:00:00,123 - text", "text"},
    {"[2024-05-01 10:00:00 +0200]: text", "text"},
    {"[2024-05-01 10:00:00]text", "text"},
    {"[2024/05/01 10:00:00.123456,  3] text", "text"},
    {"2024/05/01 10:00:00 [error] text", "[error] text"},
    {"Wed May 01 10:00:00 2024 [pid 3] text", "[pid 3] text"},
    {"Wed May  1 10:00:00.123 text", "text"},
    {"[Wed May 01 10:00:00.123456 2024] [error] text", "[error] text"},
    {"[22-Jan-2024 22:28:21 +0200]: text", "text"},
    {"01-May-2024 10:00:00.123 text", "text"},
    {"[01/May/2024:10:00:00 +0000] text", "text"},
    {"01/05/2024 - 10:00:00: text", "text"},
    {"5/1/2024 9:00:00 AM text", "text"},
    {"May-01-24 10:00:00 text", "text"},
    {"240501 10:00:00 text", "text"},
    {"240501  9:00:00 text", "text"},
    {"01.05.2024 10:00:00 text", "text"},
    {"May 1, 2024 9:00:00 AM text", "text"},
    {"10:00:00.123 | text", "text"},
    {"@400000005a3b2c1d0a0b0c0d text", "text"},
    {"2024-05-01 10:00:00 UTC text", "text"},
    {"2024-05-01  1:00:00 text", "text"},
    {"2024-05-01 10:00:00 UTC:192.0.2.1(5):text", "192.0.2.1(5):text"},
    {"2024-05-01 10:00:00 UTCx text", "UTCx text"},
    {"Wed, 01 May 2024 10:00:00 +0200 text", "text"},
    {"2024:05:01-10:00:00: text", "text"},
    {"05/01/2024-10:00:00.123456  text", "text"},
    /* and these have none */
    {"text 2024-05-01 10:00:00", NULL},
    {"10:00:00", NULL},
    {"10:00:00x y", NULL},
    {"[10:00:00 text", NULL},
    {"1714550400 text", NULL},
    {"192.0.2.1 text", NULL},
    {"[client 192.0.2.1] text", NULL},
    {"", NULL},
};

static void what_a_program_says_begins_behind_its_stamp(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str s = str_of(rows[i].line);
        size_t n = wrapping_stamp(s);
        if (!rows[i].text ? n != 0 : !str_is(str_sub(s, n, s.n), rows[i].text))
            fail_msg("\"%s\": %zu", rows[i].line, n);
    }
}

static void no_truncation_reads_beyond_the_end(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t n = 0, all = strlen(rows[i].line); n <= all; n++) {
            char *exact = malloc(n ? n : 1);
            assert_non_null(exact);
            memcpy(exact, rows[i].line, n);
            assert_true(wrapping_stamp(str_n(exact, n)) <= n);
            free(exact);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_program_says_begins_behind_its_stamp),
        cmocka_unit_test(no_truncation_reads_beyond_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
