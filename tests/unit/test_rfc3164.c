/* SPDX-License-Identifier: ISC
 *
 * test_rfc3164.c - BSD syslog as it is found in the wild
 */
#include "unit.h"

#include "parse/parse.h"

static struct message m;

static void parse(const char *raw) {
    memset(&m, 0xa5, sizeof m);
    m.raw = str_of(raw);
    m.arrived = 1;
    m.flags = 0;
    m.spare = NULL;
    parse_message(&m);
}

#define NO NULL /* absent */

static bool same(struct str got, const char *want) {
    return want ? str_is(got, want) : str_absent(got);
}

static void real_headers_are_read(void **state) {
    static const struct {
        const char *why, *raw, *ts, *host, *app, *pid, *program, *msg;
    } t[] = {
        {"the RFC's own", "<34>Oct 11 22:14:15 mymachine su: 'su root' failed", "Oct 11 22:14:15", "mymachine", "su", NO, "su", "'su root' failed"},
        {"a file without PRI", "Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user", "Dec 10 06:55:46", "LabSZ", "sshd", "24200", "sshd", "Invalid user"},
        {"one blank before the day", "Feb 7 16:01:07 h sshd[1]: x", "Feb 7 16:01:07", "h", "sshd", "1", "sshd", "x"},
        {"two blanks before the day", "Feb  7 16:01:07 h sshd[1]: x", "Feb  7 16:01:07", "h", "sshd", "1", "sshd", "x"},
        {"a zero before the day", "Jul 05 18:22:44 h sshd[1]: x", "Jul 05 18:22:44", "h", "sshd", "1", "sshd", "x"},
        {"year behind the day", "<13>Oct 11 2003 22:14:15 h a: x", "Oct 11 2003 22:14:15", "h", "a", NO, "a", "x"},
        {"year before the month", "<13>2003 Oct 11 22:14:15 h a: x", "2003 Oct 11 22:14:15", "h", "a", NO, "a", "x"},
        {"year behind the time", "<13>Oct 11 22:14:15 2003 h a: x", "Oct 11 22:14:15 2003", "h", "a", NO, "a", "x"},
        {"fraction", "<13>Oct 11 22:14:15.123 h a: x", "Oct 11 22:14:15.123", "h", "a", NO, "a", "x"},
        {"zone word", "<13>Oct 11 22:14:15 UTC h a: x", "Oct 11 22:14:15 UTC", "h", "a", NO, "a", "x"},
        {"zone offset", "<13>Oct 11 22:14:15 +0200 h a: x", "Oct 11 22:14:15 +0200", "h", "a", NO, "a", "x"},
        {"weekday", "<13>Sat Oct 11 22:14:15 h a: x", "Sat Oct 11 22:14:15", "h", "a", NO, "a", "x"},
        {"ISO stamp", "<13>2003-10-11T22:14:15.003+02:00 h a[7]: x", "2003-10-11T22:14:15.003+02:00", "h", "a", "7", "a", "x"},
        {"ISO stamp of a file", "2003-10-11T22:14:15.003004+02:00 h a[7]: x", "2003-10-11T22:14:15.003004+02:00", "h", "a", "7", "a", "x"},
        {"ISO stamp with a blank and a comma", "<13>2003-10-11 22:14:15,003 h a: x", "2003-10-11 22:14:15,003", "h", "a", NO, "a", "x"},
        {"seconds since 1970", "<13>1386543323.5 h a: x", "1386543323.5", "h", "a", NO, "a", "x"},
        {"older PAM", "Jun 14 15:16:01 combo sshd(pam_unix)[19939]: authentication failure; rhost=192.0.2.4 ", "Jun 14 15:16:01", "combo",
         "sshd(pam_unix)", "19939", "sshd", "authentication failure; rhost=192.0.2.4"},
        {"no host on /dev/log", "<38>Oct 11 22:14:15 sshd[411]: x", "Oct 11 22:14:15", NO, "sshd", "411", "sshd", "x"},
        {"no host, no pid", "<38>Oct 11 22:14:15 su: x", "Oct 11 22:14:15", NO, "su", NO, "su", "x"},
        {"bracketed tag", "Mar  3 00:17:22 [sshd]: User root", "Mar  3 00:17:22", NO, "sshd", NO, "sshd", "User root"},
        {"bracketed tag without colon", "Jun 25 23:53:34 [sshd] User root", "Jun 25 23:53:34", NO, "sshd", NO, "sshd", "User root"},
        {"no colon", "Jan 10 00:00:00 h proftpd[12345] gw (192.0.2.1): x", "Jan 10 00:00:00", "h", "proftpd", "12345", "proftpd", "gw (192.0.2.1): x"},
        {"slashes", "<22>Oct 11 22:14:15 h postfix/smtpd[9]: x", "Oct 11 22:14:15", "h", "postfix/smtpd", "9", "postfix/smtpd", "x"},
        {"a path", "<22>Oct 11 22:14:15 h /usr/sbin/cron[9]: x", "Oct 11 22:14:15", "h", "/usr/sbin/cron", "9", "cron", "x"},
        {"a tag of two words", "Jun 19 04:09:11 combo syslogd 1.4.1: restart.", "Jun 19 04:09:11", "combo", "syslogd 1.4.1", NO, "syslogd", "restart."},
        {"login's tag", "Jul  7 08:06:15 combo  -- root[2421]: ROOT LOGIN ON tty2", "Jul  7 08:06:15", "combo", "-- root", "2421", "--", "ROOT LOGIN ON tty2"},
        {"IPv6 host", "<13>Oct 11 22:14:15 2001:db8::1 a: x", "Oct 11 22:14:15", "2001:db8::1", "a", NO, "a", "x"},
        {"IPv6 host in brackets", "<13>Oct 11 22:14:15 [2001:db8::1] a: x", "Oct 11 22:14:15", "[2001:db8::1]", "a", NO, "a", "x"},
        {"IPv4 host", "<13>Oct 11 22:14:15 192.0.2.1 a: x", "Oct 11 22:14:15", "192.0.2.1", "a", NO, "a", "x"},
        {"no tag at all", "<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!", "Feb  5 17:32:18", "10.0.0.99", NO, NO, NO, "Use the BFG!"},
        {"a colon that ends no tag", "<13>Feb  5 17:32:18 h see https://example.com now", "Feb  5 17:32:18", "h", NO, NO, NO,
         "see https://example.com now"},
        {"many blanks and no host", "Mar 11 22:52:12   lighttpd[53690]: (mod) x", "Mar 11 22:52:12", NO, "lighttpd", "53690", "lighttpd", "(mod) x"},
        {"Cisco IOS", "<189>29: *Mar  1 18:48:50.483 UTC: %SYS-5-CONFIG_I: Configured", "*Mar  1 18:48:50.483 UTC", NO, "%SYS-5-CONFIG_I", NO,
         "%SYS-5-CONFIG_I", "Configured"},
        {"Cisco ASA with a device id", "<166>Jan 31 2020 12:00:00 fw : %ASA-6-302013: Built", "Jan 31 2020 12:00:00", "fw", "%ASA-6-302013", NO,
         "%ASA-6-302013", "Built"},
        {"no text", "<13>Oct 11 22:14:15 h a[1]:", "Oct 11 22:14:15", "h", "a", "1", "a", NO},
        {"carriage return", "<13>Oct 11 22:14:15 h a: x\r", "Oct 11 22:14:15", "h", "a", NO, "a", "x"},
        {"syslogd speaks without a tag", "Oct 11 22:14:15 last message repeated 3 times", "Oct 11 22:14:15", NO, NO, NO, NO,
         "last message repeated 3 times"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        parse(t[i].raw);
        check_row(m.dialect == DIALECT_RFC3164 && m.valid, t[i].why);
        check_row(same(m.ts.text, t[i].ts), t[i].why);
        check_row(same(m.host, t[i].host), t[i].why);
        check_row(same(m.app, t[i].app), t[i].why);
        check_row(same(m.procid, t[i].pid), t[i].why);
        check_row(same(m.program, t[i].program), t[i].why);
        check_row(same(m.msg, t[i].msg), t[i].why);
    }
}

static void what_has_no_stamp_is_not_valid(void **state) {
    (void)state;
    parse("<38>sshd[411]: Failed password");
    assert_int_equal(m.dialect, DIALECT_RFC3164);
    assert_false(m.valid);
    assert_str(m.program, "sshd");
    assert_str(m.msg, "Failed password");
    parse("<13>hello world");
    assert_int_equal(m.dialect, DIALECT_TEXT);
    assert_false(m.valid);
    assert_int_equal(m.pri, 13);
    assert_str(m.text, "hello world");
}

static void an_application_s_own_line_is_text(void **state) {
    static const char *const t[] = {
        "2013-01-04 17:03:46 login authenticator failed for h ([192.0.2.33]) [192.0.2.74]: 535",
        "1386543323.000      4 192.0.2.227 TCP_DENIED/403 4099 GET http://x/ - HIER_NONE/- text/html",
        "[Sat Jun 01 02:17:42 2013] [error] [client 192.0.2.1] x",
        "192.0.2.78 - - [20/Jan/2015:19:53:28 +0100] \"\" 400 47",
        "srv sshd[1]: Failed password",
        "Oct 11 22:14:15x h a: x",
        "Oct 32 22:14:15 h a: x",
        "Oct 11 24:14:15 h a: x",
        "2020-04-09T14:04:00.667Z: Failed Login: username=admin",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        parse(t[i]);
        check_row(m.dialect == DIALECT_TEXT && str_absent(m.host) && str_absent(m.app), t[i]);
        check_row(str_absent(m.ts.text) || str_starts(str_of(t[i] + (t[i][0] == '[')), m.ts.text), t[i]); /* its own, at the front */
        check_row(str_is(m.text, t[i]) && m.valid, t[i]);
    }
}

static void a_bad_pri_is_skipped_and_the_rest_still_read(void **state) {
    static const char *const t[] = {"<999>", "<192>", "<013>", "<2147483648>", "<99999999999>"};
    char raw[128];

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        snprintf(raw, sizeof raw, "%sOct 11 22:14:15 gw sshd[1]: x", t[i]);
        parse(raw);
        check_row(!m.valid && m.pri == -1 && m.dialect == DIALECT_RFC3164 && str_is(m.program, "sshd"), t[i]);
    }
}

static void broken_rfc5424_is_kept_whole_and_never_valid(void **state) {
    static const char *const t[] = {"<1>1 - - - - -", "<29>1 2006-01-02T15:04:05Z+07:00 - - - - -",
                                    "<1>10 -- - - - -", "<1>1"};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        parse(t[i]);
        check_row(m.dialect == DIALECT_TEXT && !m.valid && m.version == -1 && !m.ts.present, t[i]);
        check_row(str_ends(str_of(t[i]), m.text) && m.text.n > 0, t[i]);
    }
}

static void what_was_meant_as_rfc5424_keeps_what_it_says(void **state) {
    (void)state;
    parse("<165>1 2003-10-11T22:14:15Z h a 7 - [x");
    assert_true(m.dialect == DIALECT_RFC3164 && !m.valid && m.version == -1 && m.pri == 165);
    assert_str(m.ts.text, "2003-10-11T22:14:15Z");
    assert_str(m.host, "h");
    assert_str(m.program, "a");
    assert_str(m.text, "[x");
    assert_true(str_absent(m.sd) && str_absent(m.msgid));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_headers_are_read),
        cmocka_unit_test(what_has_no_stamp_is_not_valid),
        cmocka_unit_test(an_application_s_own_line_is_text),
        cmocka_unit_test(a_bad_pri_is_skipped_and_the_rest_still_read),
        cmocka_unit_test(broken_rfc5424_is_kept_whole_and_never_valid),
        cmocka_unit_test(what_was_meant_as_rfc5424_keeps_what_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
