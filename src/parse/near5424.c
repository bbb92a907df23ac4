/* SPDX-License-Identifier: ISC
 *
 * near5424.c - what was meant as RFC 5424 and is not: its header is still worth reading, as syslog of the older kind, never as valid
 *
 * Takes   what stands behind a good PRI: "1 " and a time stamp.
 * Gives   stamp, host, app, procid and msgid as they stand; what looks like structured data is skipped to where the text begins.
 *         Cisco's Meraki writes seconds since 1970 there and then only its name.
 */
#include "parse/format.h"
#include "parse/stamp.h"

static bool word(struct str *s, struct str *out) {
    size_t n = 0;

    while (n < s->n && s->p[n] != ' ')
        n++;
    if (n == 0 || n == s->n)
        return false;
    *out = n == 1 && s->p[0] == '-' ? STR_NONE : str_sub(*s, 0, n);
    *s = str_sub(*s, n + 1, s->n);
    return true;
}

/* The length of what looks like structured data, quotes heeded; 0 when it has no end. */
static size_t structured(struct str s) {
    bool quoted = false, inside = false;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' && inside && !(s.p[i - 1] == '\\' && quoted))
            quoted = !quoted;
        else if (!quoted && s.p[i] == '[')
            inside = true;
        else if (!quoted && s.p[i] == ']')
            inside = false;
        if (!inside && !quoted && (i + 1 == s.n || s.p[i + 1] != '['))
            return i + 1;
    }
    return 0;
}

/* MSGID is there when NILVALUE or structured data follow it. */
static struct str read_msgid(struct message *m, struct str s) {
    struct str rest = s, id;

    if (!word(&rest, &id))
        return s;
    bool follows = rest.n && (rest.p[0] == '[' || (rest.p[0] == '-' && (rest.n == 1 || rest.p[1] == ' ')));
    if (!str_absent(id) && !follows)
        return s;
    m->msgid = id;
    return rest;
}

static struct str skip_data(struct str s) {
    size_t n = 0;

    if (s.n && s.p[0] == '-' && (s.n == 1 || s.p[1] == ' '))
        n = 1;
    else if (s.n && s.p[0] == '[')
        n = structured(s);
    while (n && n < s.n && s.p[n] == ' ')
        n++;
    return n < s.n || (s.n && s.p[0] == '-') ? str_sub(s, n, s.n) : s; /* nothing but data: that is what it says, then */
}

bool near5424_parse(struct message *m, struct str rest, enum pri_kind pri) {
    size_t n = 0;

    while (n < rest.n && n < 4 && is_digit(rest.p[n]))
        n++;
    if (pri != PRI_GOOD || n == 0 || n > 3 || n == rest.n || rest.p[n] != ' ')
        return false;
    struct str host, app = STR_NONE, procid = STR_NONE;
    struct msg_time t;
    rest = str_sub(rest, n + 1, rest.n);
    bool epoch = !(n = stamp_iso(rest, &t)) && (n = stamp_epoch(rest, &t));
    if (n == 0 || n == rest.n || rest.p[n] != ' ')
        return false;
    rest = str_sub(rest, n + 1, rest.n);
    if (!word(&rest, &host) || (!epoch && (!word(&rest, &app) || !word(&rest, &procid))))
        return false;
    m->ts = t;
    m->host = host;
    m->app = app;
    m->procid = procid;
    if (!epoch)
        rest = skip_data(read_msgid(m, rest));
    m->msg = rest.n ? rest : STR_NONE;
    return true;
}
