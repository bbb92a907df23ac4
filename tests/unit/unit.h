/* SPDX-License-Identifier: ISC
 *
 * unit.h - what every unit test starts with: cmocka in the order it wants, and bytes in blocks of exactly their size
 */
#ifndef TOCSIN_TESTS_UNIT_H
#define TOCSIN_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

#define ARRAY_N(a) (sizeof(a) / sizeof *(a))

/* Says which row of a table failed. */
#define check_row(ok, why)                                                                                                           \
    do {                                                                                                                             \
        if (!(ok))                                                                                                                   \
            fail_msg("%s: %s", (why), #ok);                                                                                          \
    } while (0)

#define assert_str(got, want) unit_assert_str((got), (want), __FILE__, __LINE__)

static inline void unit_assert_str(struct str got, const char *want, const char *file, int line) {
    if (!str_is(got, want)) {
        print_error("got \"%.*s\"%s, wanted \"%s\"\n", STR_FMT(got), got.p ? "" : " (absent)", want);
        _fail(file, line);
    }
}

/* A copy with nothing behind its last byte, so that ASan sees the first byte read too far. Free .p yourself. */
static inline struct str unit_exact(struct str s) {
    char *p = malloc(s.n ? s.n : 1);

    assert_non_null(p);
    if (s.n)
        memcpy(p, s.p, s.n);
    return (struct str){p, s.n};
}

#endif
