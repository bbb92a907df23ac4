/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/zone.h"

static bool load_bytes(const char *name, struct buf *b) {
    char path[256];

    buf_init(b, 1 << 20);
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    return file_read(path, 1 << 20, b, NULL) == RC_OK;
}

static struct zone *load(const char *name) {
    struct buf b;
    struct zone *z = NULL;

    if (load_bytes(name, &b)) {
        z = zone_parse(buf_view(&b));
        assert_non_null(z);
    }
    buf_fini(&b);
    return z;
}

static int64_t utc(const char *text) {
    int64_t us = 0;

    assert_true(time_parse(str_of(text), &us, NULL));
    return us;
}

static void local_times_become_instants_and_back(void **state) {
    (void)state;
    static const struct {
        const char *zone, *local, *utc, *back, *why; /* back: what the clock shows at that instant, NULL = local */
    } rows[] = {
        {"Europe/Berlin", "2020-12-25T12:17:00Z", "2020-12-25T11:17:00Z", NULL, "winter"},
        {"Europe/Berlin", "2027-03-29T22:30:00Z", "2027-03-29T20:30:00Z", NULL, "summer"},
        {"Europe/Berlin", "2026-03-29T01:59:59Z", "2026-03-29T00:59:59Z", NULL, "the last second before the gap"},
        {"Europe/Berlin", "2026-03-29T02:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z",
         "in the gap: where the clock went on"},
        {"Europe/Berlin", "2026-03-29T02:00:00Z", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z", "the gap's first second"},
        {"Europe/Berlin", "2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z", NULL, "behind the gap"},
        {"Europe/Berlin", "2026-10-25T01:59:59Z", "2026-10-24T23:59:59Z", NULL, "before the fold"},
        {"Europe/Berlin", "2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z", NULL, "in the fold: the first of the two"},
        {"Europe/Berlin", "2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z", NULL, "behind the fold"},
        {"Europe/Berlin", "2090-07-01T12:00:00Z", "2090-07-01T10:00:00Z", NULL, "by the rule of the footer, summer"},
        {"Europe/Berlin", "2090-01-01T12:00:00Z", "2090-01-01T11:00:00Z", NULL, "by the rule of the footer, winter"},
        {"Europe/Berlin", "2090-03-26T02:30:00Z", "2090-03-26T01:00:00Z", "2090-03-26T03:00:00Z", "a gap by the rule"},
        {"Europe/Berlin", "2090-10-29T02:30:00Z", "2090-10-29T00:30:00Z", NULL, "a fold by the rule"},
        {"Asia/Kolkata", "2026-11-23T14:00:00Z", "2026-11-23T08:30:00Z", NULL, "half an hour"},
        {"America/New_York", "2026-03-08T02:30:00Z", "2026-03-08T07:00:00Z", "2026-03-08T03:00:00Z", "a gap west of Greenwich"},
        {"America/New_York", "2026-11-01T01:30:00Z", "2026-11-01T05:30:00Z", NULL, "a fold west of Greenwich"},
        {"Australia/Lord_Howe", "2026-04-05T01:45:00Z", "2026-04-04T14:45:00Z", NULL, "a fold of half an hour, south"},
        {"Australia/Sydney", "2070-01-01T12:00:00Z", "2070-01-01T01:00:00Z", NULL, "southern summer by the rule"},
        {"Pacific/Apia", "2011-12-30T12:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T00:00:00Z", "a day that was left out"},
        {"UTC", "2026-11-22T03:48:40Z", "2026-11-22T03:48:40Z", NULL, "no transitions at all"},
    };
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct zone *z = load(rows[i].zone);
        if (!z)
            skip(); /* no tzdata here */
        struct civil local, back;
        char out[TIME_TEXT];
        civil_from_us(utc(rows[i].local), &local);
        int64_t us = zone_to_us(z, &local);
        if (us != utc(rows[i].utc))
            fail_msg("%s: got %s", rows[i].why, time_format(us, 0, out));
        zone_from_us(z, us, &back);
        check_row(civil_to_us(&back) == utc(rows[i].back ? rows[i].back : rows[i].local), rows[i].why);
        zone_free(z);
    }
}

static void no_zone_is_utc(void **state) {
    (void)state;
    struct civil c = {2026, 11, 22, 3, 48, 40, 5};

    assert_int_equal(zone_offset(NULL, 0), 0);
    assert_int_equal(zone_to_us(NULL, &c), civil_to_us(&c));
    zone_free(NULL);
}

static void the_ends_of_time_do_not_overflow(void **state) {
    (void)state;
    struct zone *z = load("Europe/Berlin");
    struct civil c;

    if (!z)
        skip();
    zone_offset(z, INT64_MAX);
    zone_offset(z, INT64_MIN);
    zone_from_us(z, INT64_MAX, &c);
    zone_from_us(z, INT64_MIN, &c);
    assert_int_equal(zone_to_us(z, &(struct civil){1, 1, 1, 0, 0, 0, 0}),
                     civil_to_us(&(struct civil){1, 1, 1, 0, 0, 0, 0}) - 3208 * US_PER_S);
    zone_free(z);
}

static void a_cut_or_damaged_file_is_refused_or_whole(void **state) {
    (void)state;
    struct buf b;

    if (!load_bytes("Europe/Berlin", &b))
        skip();
    for (size_t n = 0; n < b.n; n++) {
        struct str s = unit_exact(str_sub(buf_view(&b), 0, n));
        struct zone *z = zone_parse(s);
        assert_null(z);
        free((char *)s.p);
    }
    /* every byte changed in turn: what is still accepted must still be safe to ask */
    for (size_t i = 0; i < b.n; i++)
        for (int bit = 0; bit < 8; bit += 7) {
            struct str s = unit_exact(buf_view(&b));
            ((char *)(uintptr_t)s.p)[i] ^= (char)(1 << bit);
            struct zone *z = zone_parse(s);
            free((char *)s.p);
            if (z) {
                zone_offset(z, utc("2026-07-01T00:00:00Z"));
                zone_to_us(z, &(struct civil){2090, 3, 26, 2, 30, 0, 0});
            }
            zone_free(z);
        }
    buf_fini(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(local_times_become_instants_and_back),
        cmocka_unit_test(no_zone_is_utc),
        cmocka_unit_test(the_ends_of_time_do_not_overflow),
        cmocka_unit_test(a_cut_or_damaged_file_is_refused_or_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
