/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/clock.h"

static void every_day_of_four_centuries_goes_there_and_back(void **state) {
    (void)state;
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    struct civil c = {.year = 1900, .mon = 1, .day = 1};
    int64_t us = civil_to_us(&c);
    int weekday = 0; /* a Monday */

    for (; c.year < 2301; us += US_PER_DAY, weekday = (weekday + 1) % 7) {
        struct civil back;
        assert_int_equal(civil_to_us(&c), us);
        civil_from_us(us + US_PER_DAY - 1, &back);
        assert_true(back.year == c.year && back.mon == c.mon && back.day == c.day && back.hour == 23 && back.us == 999999);
        assert_int_equal(civil_weekday(us), weekday);
        bool leap = (c.year % 4 == 0 && c.year % 100 != 0) || c.year % 400 == 0;
        if (++c.day > days[c.mon - 1] + (leap && c.mon == 2)) {
            c.day = 1;
            if (++c.mon > 12) {
                c.mon = 1;
                c.year++;
            }
        }
    }
}

static void impossible_times_are_refused(void **state) {
    (void)state;
    static const struct {
        struct civil c;
        bool ok;
        const char *why;
    } rows[] = {
        {{2024, 2, 29, 0, 0, 0, 0}, true, "leap day"},
        {{2023, 2, 29, 0, 0, 0, 0}, false, "no leap day"},
        {{1900, 2, 29, 0, 0, 0, 0}, false, "1900 had none"},
        {{2000, 2, 29, 0, 0, 0, 0}, true, "2000 had one"},
        {{0, 1, 1, 0, 0, 0, 0}, false, "year 0"},
        {{10000, 1, 1, 0, 0, 0, 0}, false, "five digits"},
        {{2024, 13, 1, 0, 0, 0, 0}, false, "month 13"},
        {{2024, 4, 31, 0, 0, 0, 0}, false, "31 April"},
        {{2024, 1, 0, 0, 0, 0, 0}, false, "day 0"},
        {{2024, 1, 1, 24, 0, 0, 0}, false, "hour 24"},
        {{2024, 1, 1, 23, 59, 60, 0}, true, "leap second"},
        {{2024, 1, 1, 23, 59, 61, 0}, false, "two leap seconds"},
        {{2024, 1, 1, 0, 0, 0, 1000000}, false, "a whole second of us"},
        {{2024, 1, 1, -1, 0, 0, 0}, false, "minus"},
    };
    for (size_t i = 0; i < ARRAY_N(rows); i++)
        check_row(civil_valid(&rows[i].c) == rows[i].ok, rows[i].why);
    assert_int_equal(civil_to_us(&(struct civil){2016, 12, 31, 23, 59, 60, 0}),
                     civil_to_us(&(struct civil){2016, 12, 31, 23, 59, 59, 0}));
}

static void times_are_written_as_rfc_3339(void **state) {
    (void)state;
    char out[TIME_TEXT];

    assert_string_equal(time_format(0, 0, out), "1970-01-01T00:00:00Z");
    assert_string_equal(time_format(-1, 6, out), "1969-12-31T23:59:59.999999Z");
    assert_string_equal(time_format(INT64_C(1795319320123456), 6, out), "2026-11-22T03:48:40.123456Z");
    assert_string_equal(time_format(INT64_C(1795319320123456), 3, out), "2026-11-22T03:48:40.123Z");
    /* the ends of the scale fit the buffer */
    assert_true(strlen(time_format(INT64_MAX, 6, out)) < TIME_TEXT);
    assert_true(strlen(time_format(INT64_MIN, 6, out)) < TIME_TEXT);
}

static void times_are_read_as_rfc_3339(void **state) {
    (void)state;
    static const struct {
        const char *text, *utc, *why; /* utc NULL: refused */
        int offset;
    } rows[] = {
        {"2003-10-11T22:14:15.003Z", "2003-10-11T22:14:15.003000Z", "RFC 5424's example", 0},
        {"2003-08-24T05:14:15.000003-07:00", "2003-08-24T12:14:15.000003Z", "west", -420},
        {"2026-11-22t03:48:40+05:30", "2026-11-21T22:18:40.000000Z", "half hour, small t", 330},
        {"2026-11-22 03:48:40Z", "2026-11-22T03:48:40.000000Z", "blank for T", 0},
        {"2026-11-22T03:48:40.123456789Z", "2026-11-22T03:48:40.123456Z", "nanoseconds are cut", 0},
        {"2026-11-22T03:48:40.1Z", "2026-11-22T03:48:40.100000Z", "tenths", 0},
        {"2016-12-31T23:59:60Z", "2016-12-31T23:59:59.000000Z", "leap second", 0},
        {"2026-11-22T03:48:40", NULL, "no offset", 0},
        {"2026-11-22T03:48:40.Z", NULL, "no fraction", 0},
        {"2026-11-22T03:48:40Zx", NULL, "something behind", 0},
        {"2026-02-30T03:48:40Z", NULL, "30 February", 0},
        {"2026-11-22T24:00:00Z", NULL, "hour 24", 0},
        {"2026-11-22T03:48:40+24:00", NULL, "offset of a day", 0},
        {"2026-11-22T03:48:40+0530", NULL, "no colon", 0},
        {"26-11-22T03:48:40Z", NULL, "two digits of year", 0},
        {"2026-1-22T03:48:40Z", NULL, "one digit of month", 0},
        {"+026-11-22T03:48:40Z", NULL, "sign in a number", 0},
        {"", NULL, "nothing", 0},
    };
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct str s = unit_exact(str_of(rows[i].text));
        int64_t us = 0;
        int offset = 0;
        char out[TIME_TEXT];
        check_row(time_parse(s, &us, &offset) == (rows[i].utc != NULL), rows[i].why);
        if (rows[i].utc) {
            check_row(strcmp(time_format(us, 6, out), rows[i].utc) == 0, rows[i].why);
            check_row(offset == rows[i].offset, rows[i].why);
        }
        free((char *)s.p);
    }
    /* no truncation is a time, and none is read beyond its end */
    struct str whole = STR("2003-10-11T22:14:15+01:00");
    for (size_t n = 0; n < whole.n; n++) {
        struct str s = unit_exact(str_sub(whole, 0, n));
        int64_t us;
        assert_false(time_parse(s, &us, NULL));
        free((char *)s.p);
    }
}

static void the_clocks_run(void **state) {
    (void)state;
    assert_true(clock_now() > civil_to_us(&(struct civil){2020, 1, 1, 0, 0, 0, 0}));
    int64_t a = clock_mono();
    assert_true(clock_mono() >= a);
    assert_int_equal(civil_yearday(&(struct civil){2024, 12, 31, 0, 0, 0, 0}), 365);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_day_of_four_centuries_goes_there_and_back),
        cmocka_unit_test(impossible_times_are_refused),
        cmocka_unit_test(times_are_written_as_rfc_3339),
        cmocka_unit_test(times_are_read_as_rfc_3339),
        cmocka_unit_test(the_clocks_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
