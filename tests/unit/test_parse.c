/* SPDX-License-Identifier: ISC
 *
 * test_parse.c - what holds for every format: repeats, times, and that no byte behind the message is looked at
 */
#include "unit.h"

#include "base/buf.h"
#include "base/file.h"
#include "parse/parse.h"

static struct message m;

static void parse(struct str raw) {
    m.raw = raw;
    m.flags = 0;
    parse_message(&m);
}

static void a_repeated_message_counts_and_its_text_is_the_inner_one(void **state) {
    (void)state;
    parse(STR("<38>Oct 11 22:14:15 gw sshd[411]: message repeated 5 times: [ Failed password for root]"));
    assert_int_equal(m.repeat, 5);
    assert_str(m.text, "Failed password for root");
    assert_str(m.msg, "message repeated 5 times: [ Failed password for root]");
    assert_str(m.program, "sshd");
    parse(STR("<38>Oct 11 22:14:15 gw last message repeated 3 times"));
    assert_int_equal(m.repeat, 3);
    parse(STR("<38>Oct 11 22:14:15 gw a: message repeated 99999999999 times: [ x]"));
    assert_int_equal(m.repeat, 1);
    parse(STR("<38>Oct 11 22:14:15 gw a: message repeated 0 times: [ x]"));
    assert_int_equal(m.repeat, 1);
    parse(STR("<38>Oct 11 22:14:15 gw a: message repeated 2 times: [ x"));
    assert_int_equal(m.repeat, 1);
}

/* rsyslog's RSYSLOG_SyslogProtocol23Format writes "- -  Failed ...": the second blank belongs to MSG, not to what sshd said. */
static void the_blank_that_rsyslog_puts_before_a_text_hides_nothing(void **state) {
    (void)state;
    parse(STR("<38>1 2026-10-11T22:14:15Z gw sshd 411 - -  Failed password for root from 192.0.2.7 port 40022 ssh2"));
    assert_true(m.valid);
    assert_str(m.msg, " Failed password for root from 192.0.2.7 port 40022 ssh2");
    assert_str(m.text, "Failed password for root from 192.0.2.7 port 40022 ssh2");
}

static int64_t at(const char *rfc3339) {
    int64_t us;

    assert_true(time_parse(str_of(rfc3339), &us, NULL));
    return us;
}

static void a_stamp_without_a_year_gets_the_nearest(void **state) {
    static const struct {
        const char *why, *raw, *arrived, *want;
    } t[] = {
        {"this year", "Oct 11 22:14:15 h a: x", "2026-10-11T23:00:00Z", "2026-10-11T22:14:15Z"},
        {"December in January", "Dec 31 23:59:59 h a: x", "2027-01-01T00:00:05Z", "2026-12-31T23:59:59Z"},
        {"January in December", "Jan  1 00:00:03 h a: x", "2026-12-31T23:59:59Z", "2027-01-01T00:00:03Z"},
        {"29 February", "Feb 29 12:00:00 h a: x", "2027-02-01T00:00:00Z", "2028-02-29T12:00:00Z"},
        {"its own zone", "<13>Oct 11 22:14:15 +0200 h a: x", "2026-10-11T23:00:00Z", "2026-10-11T20:14:15Z"},
        {"its own year", "<13>Oct 11 2003 22:14:15 h a: x", "2026-10-11T23:00:00Z", "2003-10-11T22:14:15Z"},
        {"a fraction", "<13>1 2003-10-11T22:14:15.000003-07:00 - - - - -", "2026-10-11T23:00:00Z", "2003-10-12T05:14:15.000003Z"},
        {"none at all", "<13>1 - - - - - -", "2026-10-11T23:00:00Z", "2026-10-11T23:00:00Z"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        m.arrived = at(t[i].arrived);
        parse(str_of(t[i].raw));
        parse_time(&m, NULL, TIME_EVENT, 0, 0);
        check_row(m.time == at(t[i].want), t[i].why);
        check_row(!(m.flags & MSG_SKEWED), t[i].why);
    }
}

static void a_clock_that_is_off_gives_way_to_the_arrival(void **state) {
    (void)state;
    m.arrived = at("2026-10-11T23:00:00Z");
    parse(STR("Oct 11 22:50:00 h a: x"));
    parse_time(&m, NULL, TIME_SKEW, 10 * US_PER_MIN, 0);
    assert_int_equal(m.time, at("2026-10-11T22:50:00Z"));
    assert_false(m.flags & MSG_SKEWED);
    parse(STR("Oct 11 22:49:59 h a: x"));
    parse_time(&m, NULL, TIME_SKEW, 10 * US_PER_MIN, 0);
    assert_int_equal(m.time, m.arrived);
    assert_true(m.flags & MSG_SKEWED);
    parse(STR("Oct 11 22:50:00 h a: x"));
    parse_time(&m, NULL, TIME_RECEIVE, 0, 0);
    assert_int_equal(m.time, m.arrived);
    parse(STR("Oct 11 22:50:00 h a: x"));
    parse_time(&m, NULL, TIME_EVENT, 0, 2004);
    assert_int_equal(m.time, at("2004-10-11T22:50:00Z"));
}

static struct zone *zone_at(const char *name) {
    char path[256];
    struct buf b;
    struct zone *z = NULL;

    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    buf_init(&b, 1 << 20);
    if (file_read(path, 1 << 20, &b, NULL) == RC_OK)
        z = zone_parse(buf_view(&b));
    buf_fini(&b);
    return z;
}

static void a_local_stamp_is_resolved_on_the_days_the_clock_is_changed(void **state) {
    static const struct {
        const char *why, *raw, *arrived, *want;
    } t[] = {
        {"winter", "Jan  2 03:04:05 h a: x", "2026-01-02T03:00:00Z", "2026-01-02T02:04:05Z"},
        {"summer", "Jul  2 03:04:05 h a: x", "2026-07-02T03:00:00Z", "2026-07-02T01:04:05Z"},
        {"in the gap: where the clock went on", "Mar 29 02:30:00 h a: x", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z"},
        {"in the fold: the first of the two", "Oct 25 02:30:00 h a: x", "2026-10-25T01:31:00Z", "2026-10-25T00:30:00Z"},
        {"in the fold, with a zone: that one", "<13>2026-10-25T02:30:00+01:00 h a: x", "2026-10-25T01:31:00Z", "2026-10-25T01:30:00Z"},
        {"last year's December by the local clock", "Dec 31 23:59:59 h a: x", "2026-12-31T23:30:00Z", "2026-12-31T22:59:59Z"},
        {"this year's January, which is December in UTC", "Jan  1 00:30:00 h a: x", "2026-12-31T23:31:00Z", "2026-12-31T23:30:00Z"},
        {"29 February of the next leap year", "Feb 29 12:00:00 h a: x", "2028-02-29T12:00:00Z", "2028-02-29T11:00:00Z"},
    };
    struct zone *z = zone_at("Europe/Berlin");

    (void)state;
    if (!z)
        skip(); /* no tzdata here */
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        m.arrived = at(t[i].arrived);
        parse(str_of(t[i].raw));
        parse_time(&m, z, TIME_EVENT, 0, 0);
        check_row(m.time == at(t[i].want), t[i].why);
    }
    zone_free(z);
}

/* Every quarter of an hour of a year, in zones with gaps and folds of all kinds: an instant comes out, and it is near. */
static void no_local_time_is_lost(void **state) {
    static const char *const zones[] = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia"};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(zones); i++) {
        struct zone *z = zone_at(zones[i]);
        for (int64_t us = at("2026-01-01T00:00:00Z"); z && us < at("2027-01-01T00:00:00Z"); us += 15 * US_PER_MIN) {
            m = (struct message){.arrived = us, .ts = {.present = true, .has_year = true}};
            civil_from_us(us, &m.ts.civil);
            parse_time(&m, z, TIME_EVENT, 0, 0);
            int64_t off = m.time - us;
            assert_true(off > -16 * US_PER_H && off < 16 * US_PER_H && !(m.flags & MSG_SKEWED));
        }
        zone_free(z);
    }
}

static void a_program_s_own_line_keeps_its_stamp(void **state) {
    (void)state;
    m.raw = STR("[2012-02-13 17:21:54] NOTICE x");
    m.flags = 0;
    parse_line(&m, STR("/usr/sbin/asterisk"));
    assert_str(m.program, "asterisk");
    assert_str(m.ts.text, "2012-02-13 17:21:54");
    assert_str(m.text, "[2012-02-13 17:21:54] NOTICE x");
    assert_int_equal(m.dialect, DIALECT_TEXT);
}

static bool inside(struct str part, struct str whole) {
    return str_absent(part) || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

/* Every truncation, and every message with one byte changed, in a block of exactly its size. */
static void no_byte_behind_the_message_is_looked_at(void **state) {
    static const char *const t[] = {
        "<165>1 2003-10-11T22:14:15.003Z host evntslog 8710 ID47 [id@32473 a=\"1\" b=\"x\\\"y\"][e@1] \xef\xbb\xbfhello",
        "<38>Oct 11 22:14:15 gw sshd(pam_unix)[411]: message repeated 5 times: [ Failed password]",
        "<189>29: *Mar  1 18:48:50.483 UTC: %SYS-5-CONFIG_I: Configured",
        "<13>Sat Oct 11 22:14:15 2003 [2001:db8::1] -- root[1]: x",
        "2003-10-11T22:14:15.003004+02:00 h syslogd 1.4.1: x",
        "<13>1386543323.5 h last message repeated 3 times",
        "<38>1 2026-01-02T03:04:05.678Z h1 sshd 4711 ID [x@1 a=\"[b]\"] --- last message repeated 2 times ---",
        "<189>: gw1 : 2026 Jan  2 03:04:05.678 CET: %ETHPORT-5-IF_UP: up",
        "<189>29: gw1 RP/0/RSP0/CPU0:Jan  2 03:04:05.678 UTC: config[65710]: %MGBL-SYS-5-CONFIG_I : x",
        "<189>Jan  2 03:04:06 192.0.2.9 29: *Jan  2 03:04:05.678: %SYS-5-CONFIG_I: x",
        "<38>Jan  2 03:04:05 Message forwarded from aix1: sshd[4711]: x",
        "<38>Jan  2 03:04:05 <auth.info> h1 notice Microsoft Word[4711]: x",
        "<38>Microsoft Word[4711]",
        "<14>Jan  2 03:04:05 fw1: %ASA-6-302013: MSWinEventLog\t1",
        "<38>gw1 sshd[4711]: x",
    };
    static const char poison[] = "\0 <>[]:\"\\=9-\xff";

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++)
        for (size_t n = 0; n <= strlen(t[i]); n++)
            for (size_t c = 0; c < sizeof poison; c++) {
                struct str raw = unit_exact(str_n(t[i], n));
                if (n && c)
                    ((char *)(uintptr_t)raw.p)[n - 1] = poison[c - 1];
                parse(raw);
                parse_time(&m, NULL, TIME_EVENT, 0, 0);
                assert_true(inside(m.host, raw) && inside(m.app, raw) && inside(m.procid, raw) && inside(m.msgid, raw) && inside(m.sd, raw) &&
                            inside(m.msg, raw) && inside(m.text, raw) && inside(m.program, raw) && inside(m.ts.text, raw));
                free((char *)(uintptr_t)raw.p);
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_repeated_message_counts_and_its_text_is_the_inner_one),
        cmocka_unit_test(the_blank_that_rsyslog_puts_before_a_text_hides_nothing),
        cmocka_unit_test(a_stamp_without_a_year_gets_the_nearest),
        cmocka_unit_test(a_clock_that_is_off_gives_way_to_the_arrival),
        cmocka_unit_test(a_local_stamp_is_resolved_on_the_days_the_clock_is_changed),
        cmocka_unit_test(no_local_time_is_lost),
        cmocka_unit_test(a_program_s_own_line_keeps_its_stamp),
        cmocka_unit_test(no_byte_behind_the_message_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
