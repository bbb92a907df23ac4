/* SPDX-License-Identifier: ISC
 *
 * test_quick.c - the short way that most headers take comes out where the long one does
 *
 * Takes   lines of many shapes, and each of them damaged in ways without number (from a fixed seed), in blocks of exactly their size.
 */
#include "unit.h"

#include "parse/parse.h"

#include <stdlib.h>
#include <string.h>

#define DAMAGED 6000 /* of each line */
#define LINE_BYTES 512

static const char *const lines[] = {
    "<38>Oct 11 22:14:15 gw sshd[411]: Failed password for root from 192.0.2.7 port 40022 ssh2",
    "<38>Oct  1 22:14:15 host01 postfix/smtpd[411]: connect from mail.example.com[192.0.2.7]",
    "<6>Feb 29 00:00:00 db1 kernel: [   12.345] eth0: link is up",
    "<13>Feb 30 00:00:00 db1 kernel: no such day",
    "<13>Dec 31 23:59:60 db1 su[1]: a leap second",
    "<13>Apr 31 23:59:59 192.0.2.1 su: no such day",
    "<13>Nov 22 10:00:00 2026 x su[1]: a year",
    "<13>Nov 22 10:00:00 2001:db8::1 su[1]: IPv6",
    "<13>Nov 22 10:00:00 CET su[1]: a zone",
    "<13>Nov 22 10:00:00.123 x su[1]: a fraction",
    "<13>Nov 22 10:00:00 auth.info su[1]: no host",
    "<13>Nov 22 10:00:00 notice su[1]: no host",
    "<13>Nov 22 10:00:00 local0 su[1]: a host after all",
    "<13>Nov 22 10:00:00 last message repeated 3 times",
    "<13>Nov 22 10:00:00 x last message repeated 3 times",
    "<13>Nov 22 10:00:00 x message repeated 3 times: [ a]",
    "<13>Nov 22 10:00:00 x su[1]: message repeated 3 times: [ Failed password for root]",
    "<13>Nov 22 10:00:00 x CEF: 0|V|P|1|1|N|3|src=192.0.2.1",
    "<13>Nov 22 10:00:00 x CEF:0|V|P|1|1|N|3|src=192.0.2.1",
    "<13>Nov 22 10:00:00 x : %ASA-6-302013: Built",
    "<13>Nov 22 10:00:00 x %ASA-6-302013: Built",
    "<13>Nov 22 10:00:00 Message forwarded from x: su: y",
    "<13>Nov 22 10:00:00 x /usr/sbin/cron[1]:   blanks   \t\r",
    "<13>Nov 22 10:00:00 x krb5kdc[411](info): AS_REQ",
    "<13>Nov 22 10:00:00 x sshd(pam_unix)[411]: session opened",
    "<13>Nov 22 10:00:00 x sogod [411]: y",
    "<13>Nov 22 10:00:00 x a::b: y",
    "<13>Nov 22 10:00:00 x ab: c:d: y",
    "<13>Nov 22 10:00:00 x app-1  | 2026-11-22T10:00:00.123456789Z stdout F text",
    "<13>Nov 22 10:00:00 x docker[1]: web-1  | text",
    "<13>Nov 22 10:00:00 x docker[1]: 2026-11-22T10:00:00.123456789Z stdout F text",
    "<13>Nov 22 10:00:00 x y[1]: {\"a\":1}",
    "<13>Nov 22 10:00:00 x y[1]: 192.0.2.1 - - [11/Oct/2026:22:14:15 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"-\"",
    "<13>Nov 22 10:00:00 x y[1]:",
    "<13>Nov 22 10:00:00 x y[1]: ",
    "<38>1 2026-10-11T22:14:15.003Z gw sshd 411 - [meta@32473 seq=\"1\" zone=\"d\\\"mz\"] Failed password for root",
    "<38>1 2026-10-11T22:14:15+02:00 gw sshd 411 ID47 - \xef\xbb\xbftext",
    "<0>1 2026-02-29T22:14:15Z - - - - -",
};

static bool same(struct str a, struct str b) {
    return a.p == b.p && a.n == b.n;
}

static void compare(struct str line) {
    static struct message a, b;

    a.raw = b.raw = line;
    a.arrived = b.arrived = 1;
    parse_message(&a);
    parse_message_plain(&b);
    bool ok = a.repeat == b.repeat && a.dialect == b.dialect && a.valid == b.valid && a.pri == b.pri && a.version == b.version && a.body == b.body &&
              same(a.host, b.host) && same(a.app, b.app) && same(a.procid, b.procid) && same(a.msgid, b.msgid) && same(a.sd, b.sd) &&
              same(a.msg, b.msg) && a.msg_bom == b.msg_bom && same(a.program, b.program) && same(a.text, b.text) &&
              memcmp(&a.ts.civil, &b.ts.civil, sizeof a.ts.civil) == 0 && a.ts.present == b.ts.present && a.ts.has_year == b.ts.has_year &&
              a.ts.has_zone == b.ts.has_zone && a.ts.has_frac == b.ts.has_frac && a.ts.offset_min == b.ts.offset_min &&
              a.ts.zone_z == b.ts.zone_z && same(a.ts.text, b.ts.text);
    if (!ok)
        fail_msg("the two ways differ: %.*s", STR_FMT(line));
}

static void compare_exact(const char *p, size_t n) {
    char *own = malloc(n ? n : 1);

    assert_non_null(own);
    memcpy(own, p, n);
    compare(str_n(own, n));
    free(own);
}

static void every_shape_and_every_beginning_of_it(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(lines); i++)
        for (size_t n = 0; n <= strlen(lines[i]); n++)
            compare_exact(lines[i], n);
}

static uint64_t seed = 1;

static size_t draw(size_t below) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (size_t)(seed >> 11) % below;
}

static size_t damage(char *p, size_t n) {
    static const char likely[] = " :[]<>-.0123456789aAlLTZ+/|\"=%*@\t\r\x80";
    size_t at = draw(n < 64 ? n : 64);

    switch (draw(4)) {
    case 0:
        memmove(p + at, p + at + 1, n - at - 1);
        return n - 1;
    case 1:
        memmove(p + at + 1, p + at, n - at);
        p[at] = likely[draw(sizeof likely - 1)];
        return n + 1;
    case 2:
        p[at] = p[draw(n)];
        return n;
    default:
        p[at] = likely[draw(sizeof likely - 1)];
        return n;
    }
}

static void whatever_is_done_to_a_line(void **state) {
    char buf[LINE_BYTES];

    (void)state;
    for (size_t i = 0; i < ARRAY_N(lines); i++)
        for (size_t k = 0; k < DAMAGED; k++) {
            size_t n = strlen(lines[i]);
            memcpy(buf, lines[i], n);
            for (size_t times = 1 + draw(3); times; times--)
                n = damage(buf, n);
            compare_exact(buf, n);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_shape_and_every_beginning_of_it),
        cmocka_unit_test(whatever_is_done_to_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
