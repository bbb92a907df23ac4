/* SPDX-License-Identifier: ISC
 *
 * test_stamp.c - the time of a program's own line, in the many ways programs write it
 */
#include "unit.h"

#include "parse/parse.h"

static struct message m;

static void parse(struct str raw) {
    memset(&m, 0xa5, sizeof m);
    m.raw = raw;
    m.arrived = INT64_C(1790000000000000); /* 2026-09-21 */
    m.flags = 0;
    m.spare = NULL;
    parse_line(&m, STR("p"));
    parse_time(&m, NULL, TIME_EVENT, 0, 0);
}

static void every_way_of_writing_is_read(void **state) {
    static const struct {
        const char *raw, *want;
    } t[] = {
        {"2026-01-02T03:04:05.678Z x", "2026-01-02T03:04:05.678Z"},
        {"2026-01-02T03:04:05.678901234+01:00 x", "2026-01-02T02:04:05.678901Z"},
        {"2026-01-02T03:04:05+0100 I ACCESS x", "2026-01-02T02:04:05Z"},
        {"2026-01-02 03:04:05,678 fail2ban.filter [7]: INFO x", "2026-01-02T03:04:05.678Z"},
        {"2026-01-02 03:04:05.678 CET [77] LOG:  x", "2026-01-02T02:04:05.678Z"},
        {"2026-01-02 03:04:05.678 UTC [77] LOG:  x", "2026-01-02T03:04:05.678Z"},
        {"2026-01-02 03:04:05 +0100 [error] x", "2026-01-02T02:04:05Z"},
        {"2026-01-02  3:04:05 139845235329792 [Warning] x", "2026-01-02T03:04:05Z"},
        {"2026-01-02 03:04:05: (mod_auth.c.525) x", "2026-01-02T03:04:05Z"},
        {"[2026-01-02 03:04:05] NOTICE[77] chan_sip.c: x", "2026-01-02T03:04:05Z"},
        {"[2026-01-02T03:04:05.678+01:00][error] x", "2026-01-02T02:04:05.678Z"},
        {"[Fri Jan 02 03:04:05.678901 2026] [auth_basic:error] [pid 7] x", "2026-01-02T03:04:05.678901Z"},
        {"[Fri Jan 02 03:04:05 2026] [error] x", "2026-01-02T03:04:05Z"},
        {"Fri Jan  2 03:04:05 2026 [pid 7] [user] FAIL LOGIN: x", "2026-01-02T03:04:05Z"},
        {"Fri Jan  2 03:04:05 CET 2026 x", "2026-01-02T02:04:05Z"},
        {"[CEST Aug  2 03:04:05] error    : x", "2026-08-02T01:04:05Z"},
        {"Aug  2 03:04:05 HORDE [error] x", "2026-08-02T03:04:05Z"},
        {"Jan 02 2026 03:04:05 x", "2026-01-02T03:04:05Z"},
        {"Jan 02, 2026 3:04:05 PM org.apache.Thing x", "2026-01-02T15:04:05Z"},
        {"Jan 02, 2026 12:04:05 AM org.apache.Thing x", "2026-01-02T00:04:05Z"},
        {"02-Jan-2026 03:04:05.678 queries: info: x", "2026-01-02T03:04:05.678Z"},
        {"[02-Jan-2026 03:04:05 UTC] PHP Warning:  x", "2026-01-02T03:04:05Z"},
        {"[02-Jan-2026 03:04:05 +0100]: <abc> IMAP Error: x", "2026-01-02T02:04:05Z"},
        {"Jan-02-26 03:04:05 [SSL-out] x", "2026-01-02T03:04:05Z"},
        {"Fri, 02 Jan 2026 03:04:05 +0100 x", "2026-01-02T02:04:05Z"},
        {"77:M 02 Jan 2026 03:04:05.678 * x", "2026-01-02T03:04:05.678Z"},
        {"2026/01/02 03:04:05 [error] 7#7: *1 x", "2026-01-02T03:04:05Z"},
        {"[2026/01/02 03:04:05.678901,  2] ../source3/auth/auth.c:1(x)", "2026-01-02T03:04:05.678901Z"},
        {"2026/01/02 03:04:05| x", "2026-01-02T03:04:05Z"},
        {"192.0.2.1 - - [02/Jan/2026:03:04:05 +0100] \"GET / HTTP/1.1\" 200 1", "2026-01-02T02:04:05Z"},
        {"192.0.2.1 - a [01/Jan/2000:00:00:00 +0000] [02/Jan/2026:03:04:05 +0100] \"GET / HTTP/1.1\" 200 1", "2026-01-02T02:04:05Z"},
        {"www.example.org:80 192.0.2.1 - - [02/Jan/2026:03:04:05 -0500] \"\" 400 1", "2026-01-02T08:04:05Z"},
        {"192.0.2.1 -  -  [02/janv./2026:03:04:05 +0100] \"GET /\" 401 1", "2026-01-02T02:04:05Z"},
        {"E [02/Jan/2026:03:04:05 +0100] [Client 7] x", "2026-01-02T02:04:05Z"},
        {"2026.01.02 03:04:05 x", "2026-01-02T03:04:05Z"},
        {"2026:01:02-03:04:05: '192.0.2.1' 2 failed login attempts", "2026-01-02T03:04:05Z"},
        {"2026-01-02-03.04.05.678901 x", "2026-01-02T03:04:05.678901Z"},
        {"20260102 03:04:05 x", "2026-01-02T03:04:05Z"},
        {"20260102-03:04:05:678|x|7|y", "2026-01-02T03:04:05.678Z"},
        {"20260102T030405Z x", "2026-01-02T03:04:05Z"},
        {"260102  3:04:05 [Warning] x", "2026-01-02T03:04:05Z"},
        {"260102 030405 148 INFO x", "2026-01-02T03:04:05Z"},
        {"26/01/02 03:04:05 INFO x", "2026-01-02T03:04:05Z"},
        {"02.01.2026 03:04:05 x", "2026-01-02T03:04:05Z"},
        {"01/02/2026 03:04:05 [LOGIN_ERROR] x", "2026-01-02T03:04:05Z"},
        {"31/12/2025 03:04:05 x", "2025-12-31T03:04:05Z"},
        {"1/2/2026 3:04:05 PM x", "2026-01-02T15:04:05Z"},
        {"01/02/2026-03:04:05.678901  [**] [1:2:3] x", "2026-01-02T03:04:05.678901Z"},
        {"08/02-03:04:05.678901 [**] [1:2:3] x", "2026-08-02T03:04:05.678901Z"},
        {"08-02 03:04:05.678901 [WARN] [SOFIA] x", "2026-08-02T03:04:05.678901Z"},
        {"W0802 03:04:05.678901       7 file.go:12] x", "2026-08-02T03:04:05.678901Z"},
        {"1767323045.678    120 192.0.2.1 TCP_DENIED/403 x", "2026-01-02T03:04:05.678Z"},
        {"[1767323045] nsd[7]: info: x", "2026-01-02T03:04:05Z"},
        {"1767323045678 x", "2026-01-02T03:04:05.678Z"},
        {"@40000000695735af2ae30ac4 tcpserver: x", "2026-01-02T03:04:05Z"},
        {"WARN  [2026-01-02 03:04:05,678] org.example: x", "2026-01-02T03:04:05.678Z"},
        {"[error] 2026-01-02 03:04:05 x", "2026-01-02T03:04:05Z"},
        {"<W>2026-01-02 03:04:05.678 1 => <7:x(-1)> x", "2026-01-02T03:04:05.678Z"},
        {"level=warn ts=2026-01-02T03:04:05.678Z caller=x", "2026-01-02T03:04:05.678Z"},
        {"time=\"2026-01-02T03:04:05+01:00\" level=error msg=\"x\"", "2026-01-02T02:04:05Z"},
        {"logger=context userId=0 orgId=0 uname= t=2026-01-02T03:04:05.678901Z level=info x", "2026-01-02T03:04:05.678901Z"},
        {"{\"time\":\"2026-01-02T03:04:05+01:00\",\"msg\":\"at 2020-01-01 00:00:00\"}", "2026-01-02T02:04:05Z"},
        {"{\"level\":\"error\",\"x\":{\"time\":\"2020-01-01T00:00:00Z\"},\"ts\":1767323045.678,\"a\":\"\\\"ts\\\":1\"}", "2026-01-02T03:04:05.678Z"},
        {"{\"t\":{\"$date\":\"2026-01-02T03:04:05.678+00:00\"},\"s\":\"I\"}", "2026-01-02T03:04:05.678Z"},
        {"{\"timestamp\": 1767323045678}", "2026-01-02T03:04:05.678Z"},
        {"L 01/02/2026 - 03:04:05: Bad Rcon: x", "2026-01-02T03:04:05Z"},
        {"2026.01.02 03:04:05 LOG3[28228:140093368055552]: x", "2026-01-02T03:04:05Z"},
        {"02-01-2026 03:04:05 +0100 PROXY.3128 00004 - x", "2026-01-02T02:04:05Z"},
        {"[18/Jan/2026 06:41:25] x", "2026-01-18T06:41:25Z"},
        {"78017 00cff -- none -- - 2026-01-02T03:04:05+00:00 WARN (4): x", "2026-01-02T03:04:05Z"},
        {"=INFO REPORT==== 2026-01-02 03:04:05 ===", "2026-01-02T03:04:05Z"},
        {"[1b3c:0002-0d10]  02.01.2026 03:04:05   smtp: x", "2026-01-02T03:04:05Z"},
        {"2026-01-02 03:04:05.008 +01:00 [WRN] x", "2026-01-02T02:04:05.008Z"},
        {"date=2026-01-02 time=03:04:05 devname=\"fw1\" x", "2026-01-02T03:04:05Z"},
        {"type=USER_AUTH msg=audit(1767323045.678:9): pid=7 x", "2026-01-02T03:04:05.678Z"},
        {"node=gw type=USER_AUTH msg=audit(1767323045.678:9): pid=7 x", "2026-01-02T03:04:05.678Z"},
    };
    char got[TIME_TEXT];

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        int64_t want;
        parse(unit_exact(str_of(t[i].raw)));
        assert_true(time_parse(str_of(t[i].want), &want, NULL));
        if (!m.ts.present || m.time != want)
            fail_msg("%s: wanted %s, got %s", t[i].raw, t[i].want, m.ts.present ? time_format(m.time, 6, got) : "none");
        check_row(m.ts.text.p >= m.raw.p && m.ts.text.p + m.ts.text.n <= m.raw.p + m.raw.n, t[i].raw);
        free((char *)(uintptr_t)m.raw.p);
    }
}

static void what_is_no_time_is_not_taken_for_one(void **state) {
    static const char *const t[] = {
        "", "x", "WARNING: Authentication attempt from 192.0.2.1 failed.", "12:57:32.907 [exec-10] WARN x", "2026-13-02 03:04:05 x",
        "2026-02-30 03:04:05 x", "2026-01-02 24:04:05 x", "12345678901 x", "0123456789 x", "call 1767323045 now", "[    7.678901] kernel: x",
        "192.0.2.1 - - [02/Foo/2026:03:04:05 +0100] x", "@3000000069573331 x", "{\"a\":{\"time\":1767323045}}", "{\"time\":\"soon\"}",
        "version 2026.01.02", "13/13/2026 03:04:05 x", "20269999 99:99:99",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        parse(str_of(t[i]));
        if (m.ts.present)
            fail_msg("%s: \"%.*s\"", t[i], STR_FMT(m.ts.text));
        check_row(m.time == m.arrived, t[i]);
    }
}

/* Every truncation of every template's like, in a block of exactly its size. */
static void no_byte_behind_the_line_is_looked_at(void **state) {
    static const char *const t[] = {
        "[Fri Jan 02 03:04:05.678901 2026] x", "Jan 02, 2026 12:04:05 AM x", "Fri, 02 Jan 2026 03:04:05 +0100", "20260102T030405Z",
        "node=gw type=A msg=audit(1767323045.678:9): x", "{\"a\":\"\\\"\",\"t\":{\"$date\":\"2026-01-02T03:04:05.678+00:00\"}}",
        "@40000000695733312ae30ac4 x", "[CET Jan  2 03:04:05] x", "192.0.2.1 - - [02/Jan/2026:03:04:05 +0100] \"G\"", "77:M 02 Jan 2026 03:04:05.678 *",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++)
        for (size_t n = 0; n <= strlen(t[i]); n++) {
            struct str raw = unit_exact(str_n(t[i], n));
            parse(raw);
            free((char *)(uintptr_t)raw.p);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_of_writing_is_read),
        cmocka_unit_test(what_is_no_time_is_not_taken_for_one),
        cmocka_unit_test(no_byte_behind_the_line_is_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
