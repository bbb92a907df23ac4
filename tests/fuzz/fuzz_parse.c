/* SPDX-License-Identifier: ISC
 *
 * fuzz_parse.c - headers: every span lies in the message, and what is valid RFC 5424 can be visited
 */
#include "parse/parse.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static struct message m;

static void within(struct str part, struct str whole) {
    if (part.p && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
        abort();
}

static void on_param(void *ctx, struct str id, struct str name, struct str value) {
    size_t *n = ctx;

    if (id.n == 0 || id.n > 32 || name.n > 32)
        abort();
    *n += value.n;
}

static void check(struct str raw) {
    size_t values = 0;

    within(m.host, raw);
    within(m.app, raw);
    within(m.procid, raw);
    within(m.msgid, raw);
    within(m.sd, raw);
    within(m.msg, raw);
    within(m.text, raw);
    within(m.program, raw);
    within(m.ts.text, raw);
    if (m.pri > 191 || m.pri < -1 || m.repeat == 0 || (m.dialect == DIALECT_RFC5424 && (!m.valid || m.version < 1 || m.version > 999)))
        abort();
    parse_sd(m.sd, on_param, &values);
    if (values > m.sd.n)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    m.raw = str_n(p, n);
    m.arrived = INT64_C(1700000000000000);
    m.flags = 0;
    parse_message(&m);
    check(m.raw);
    parse_time(&m, NULL, TIME_EVENT, 0, 0);
    parse_line(&m, str_sub(m.raw, 0, 20)); /* any bytes for a name */
    check(m.raw);
    parse_time(&m, NULL, TIME_SKEW, 600 * US_PER_S, 0);
    return 0;
}
