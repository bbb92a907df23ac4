/* SPDX-License-Identifier: ISC
 *
 * cisco.c - what Cisco's systems write in front of their time stamp
 *
 * Takes   what stands behind the PRI when that is no stamp itself, or behind a relay's header.
 * Gives   stamp and name. IOS writes "SEQUENCE: [NAME: ]STAMP: %FACILITY-5-MNEMONIC: text", NX-OS ": [NAME : ]STAMP: %...",
 *         IOS XR "SEQUENCE: [NAME ]NODE:STAMP: process[1]: %...", ASA with EMBLEM ":STAMP: %ASA-...".
 */
#include "parse/cisco.h"

#include "parse/format.h"
#include "parse/stamp.h"
#include "parse/tag.h"

#define WORDS 5 /* before the stamp */

static size_t ends_in_colon(struct str s, struct msg_time *t) {
    size_t n = stamp_bsd(s, t);

    if (n == 0)
        n = stamp_iso(s, t);
    return n && n + 1 < s.n && s.p[n] == ':' && s.p[n + 1] == ' ' ? n : 0;
}

/* "RP/0/RSP0/CPU0:", "0/RP0/CPU0:", "LC/0/1/CPU0:" */
static size_t node(struct str s) {
    size_t n = 0, slashes = 0;

    for (; n < s.n && n < 24 && s.p[n] != ':' && s.p[n] != ' '; n++)
        slashes += s.p[n] == '/';
    return slashes >= 2 && n < s.n && s.p[n] == ':' ? n + 1 : 0;
}

static bool digits(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]))
            return false;
    return s.n > 0;
}

/* One word in front of the stamp: a number is a sequence, anything else the name, of which there is one. */
static bool word(struct str s, size_t *n, struct str *host) {
    size_t end = 0;

    while (end < s.n && s.p[end] != ' ')
        end++;
    struct str w = str_sub(s, 0, end);
    bool colon = w.n && w.p[w.n - 1] == ':';
    w.n -= colon;
    *n = end + 1;
    if (w.n == 0 || (colon && digits(w)))
        return true;
    if (!str_absent(*host) || tag_host(w) != w.n)
        return false;
    *host = w;
    return true;
}

size_t cisco_head(struct str s, struct msg_time *t, struct str *host) {
    size_t i = s.n && s.p[0] == ':' && !(s.n > 1 && s.p[1] == ' '), n;

    *host = STR_NONE;
    for (int k = 0; k <= WORDS && i < s.n; k++) {
        struct str rest = str_sub(s, i, s.n);
        if ((n = ends_in_colon(rest, t)))
            return i + n;
        if ((n = node(rest)) && (ends_in_colon(str_sub(rest, n, rest.n), t)))
            return i + n + ends_in_colon(str_sub(rest, n, rest.n), t);
        if (!word(rest, &n, host))
            return 0;
        i += n;
    }
    return 0;
}
