/* SPDX-License-Identifier: ISC
 *
 * rfc5424.c - RFC 5424 exactly, or not at all
 *
 * Takes   what stands behind a good PRI.
 * Gives   the header with NILVALUE as absence, and true; or false when one byte is off.
 */
#include "parse/format.h"
#include "parse/stamp.h"

#include <string.h>

/* HOSTNAME, APP-NAME, PROCID, MSGID: 1..max bytes of PRINTUSASCII and a blank; NILVALUE is absent. */
static bool token(struct str *s, size_t max, struct str *out) {
    size_t n = 0;

    while (n < s->n && s->p[n] > ' ' && s->p[n] < 127)
        n++;
    if (n == 0 || n > max || n == s->n || s->p[n] != ' ')
        return false;
    *out = n == 1 && s->p[0] == '-' ? STR_NONE : str_sub(*s, 0, n);
    *s = str_sub(*s, n + 1, s->n);
    return true;
}

/* VERSION: one to three digits, the first no zero. */
static bool version(struct str *s, int16_t *out) {
    size_t n = 0;
    int v = 0;

    for (; n < s->n && n < 4 && is_digit(s->p[n]); n++)
        v = v * 10 + (s->p[n] - '0');
    if (n == 0 || n > 3 || s->p[0] == '0' || n == s->n || s->p[n] != ' ')
        return false;
    *out = (int16_t)v;
    *s = str_sub(*s, n + 1, s->n);
    return true;
}

static bool stamp(struct str *s, struct msg_time *t) {
    size_t n = 1;

    if (s->n == 0)
        return false;
    if (s->p[0] == '-')
        *t = (struct msg_time){0};
    else
        n = stamp_rfc5424(*s, t);
    if (n == 0 || n >= s->n || s->p[n] != ' ')
        return false;
    *s = str_sub(*s, n + 1, s->n);
    return true;
}

static bool structured(struct str *s, struct str *sd) {
    bool nil = s->n && s->p[0] == '-';
    size_t n = nil ? 1 : sd_length(*s);

    *sd = nil ? STR_NONE : str_sub(*s, 0, n);
    *s = str_sub(*s, n, s->n);
    return n && (s->n == 0 || s->p[0] == ' ');
}

/* MSG: with a BOM it promises UTF-8, and the promise is held; without, it is any octets. */
static bool body(struct str s, struct str *msg, bool *bom) {
    s = str_sub(s, 1, s.n);
    *bom = str_starts(s, STR("\xef\xbb\xbf"));
    if (*bom) {
        s = str_sub(s, 3, s.n);
        if (!str_utf8(s))
            return false;
    }
    *msg = s.n || *bom ? s : STR_NONE;
    return true;
}

bool rfc5424_parse(struct message *m, struct str rest, enum pri_kind pri) {
    int16_t v;

    if (pri != PRI_GOOD || !version(&rest, &v)) /* before all that has to be cleared: most lines are of the older kind */
        return false;
    struct str host, app, procid, msgid, sd, msg;
    struct msg_time ts;
    bool bom;
    if (!stamp(&rest, &ts) || !token(&rest, 255, &host) || !token(&rest, 48, &app) ||
        !token(&rest, 128, &procid) || !token(&rest, 32, &msgid) || !structured(&rest, &sd) || !body(rest, &msg, &bom))
        return false;
    m->version = v;
    m->ts = ts;
    m->host = host;
    m->app = app;
    m->procid = procid;
    m->msgid = msgid;
    m->sd = sd;
    m->msg = msg;
    m->msg_bom = bom;
    m->valid = true;
    return true;
}
