/* SPDX-License-Identifier: ISC
 *
 * body_leef.c - QRadar's Log Event Extended Format
 *
 * Takes   LEEF:1.0|Vendor|Product|Version|EventID|key=value<TAB>key=value, LEEF:2.0|...|EventID|delimiter|key=value...
 * Gives   the header under the names CEF has for it, and EventID; the attributes under their keys. The delimiter is a character or its
 *         hexadecimal number (x5E, 0x5E), a tab when there is none; tabs that a relay wrote as #011 are tabs, and where it made blanks of
 *         them the attributes are read as CEF's extension is.
 */
#include "parse/body.h"
#include "parse/body_cef.h"
#include "parse/format.h"

#include <string.h>

/* "^", "x5E", "0x5e"; empty is a tab. False when it is no delimiter but attributes already. */
static bool delimiter(struct str s, char *c) {
    *c = '\t';
    if (s.n <= 1) {
        *c = s.n ? s.p[0] : '\t';
        return true;
    }
    struct str digits = str_starts(s, STR("0x")) ? str_sub(s, 2, s.n) : s.p[0] == 'x' ? str_sub(s, 1, s.n) : STR_NONE;
    int v = 0;
    if (digits.n == 0 || digits.n > 4)
        return false;
    for (size_t i = 0; i < digits.n; i++) {
        if (hex_digit(digits.p[i]) < 0)
            return false;
        v = v * 16 + hex_digit(digits.p[i]);
    }
    *c = (char)v;
    return v > 0 && v < 256;
}

/* Up to the next bare delimiter; *skip is how long that is. */
static size_t attribute(struct str s, char c, bool octal, size_t *skip) {
    size_t n = 0;

    *skip = octal ? 4 : 1;
    for (; n < s.n; n++) {
        if (s.p[n] == '\\' && n + 1 < s.n && s.p[n + 1] == c)
            n++;
        else if (octal ? str_starts(str_sub(s, n, n + 4), STR("#011")) : s.p[n] == c)
            return n;
    }
    return s.n;
}

static bool unescaped(struct message *m, struct str s, char c, struct str *value) {
    size_t n = 0;

    *value = s;
    if (str_chr(s, '\\') == SIZE_MAX)
        return true;
    char *out = message_spare(m, s.n);
    if (!out)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char next = i + 1 < s.n ? s.p[i + 1] : '\0';
        if (s.p[i] == '\\' && (next == '\\' || next == '=' || next == '|' || (next == c && i + 1 < s.n)))
            i++; /* no others: DOMAIN\name is common */
        out[n++] = s.p[i];
    }
    *value = body_keep(m, out, s.n, n);
    return true;
}

static size_t attributes(struct message *m, struct str s, char c) {
    bool octal = c == '\t' && str_chr(s, '\t') == SIZE_MAX && str_find(s, STR("#011")) != SIZE_MAX;
    size_t added = 0, skip;
    struct str value;

    if (c == '\t' && !octal && str_chr(s, '\t') == SIZE_MAX)
        return cef_extension(m, s);
    while (s.n && body_room(m)) {
        size_t n = attribute(s, c, octal, &skip), eq = str_chr(str_sub(s, 0, n), '=');
        struct str key = eq < n ? str_trim(str_sub(s, 0, eq)) : STR_NONE;
        if (key.n && unescaped(m, str_trim(str_sub(s, eq + 1, n)), c, &value))
            added += body_put(m, key, value, 0);
        s = str_sub(s, n + skip, s.n);
    }
    return added;
}

size_t body_leef(struct message *m, struct str s) {
    static const char *const names[] = {"LEEFVersion", "DeviceVendor", "DeviceProduct", "DeviceVersion", "EventID"};
    size_t from = m->nfields, added = 0, at = str_find(s, STR("LEEF:"));
    struct str field, value, rest;
    bool two = false;
    char c = '\t';

    s = str_sub(s, at == SIZE_MAX ? s.n : at + 5, s.n);
    while (s.n && s.p[0] == ' ')
        s = str_sub(s, 1, s.n);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!cef_header(&s, &field) || !cef_value(m, str_trim(field), &value))
            return added;
        two |= i == 0 && str_starts(value, STR("2"));
        if (value.n)
            added += body_put(m, str_of(names[i]), value, 0);
        if (i == 4 && value.n)
            added += body_put(m, STR("DeviceEventClassID"), value, 0);
    }
    rest = s;
    if (two && cef_header(&rest, &field) && delimiter(field, &c))
        s = rest;
    else if (s.n && s.p[0] == '|') /* 1.0 with the empty sixth field of 2.0 */
        s = str_sub(s, 1, s.n);
    added += attributes(m, s, c);
    return added + cef_labels(m, from);
}
