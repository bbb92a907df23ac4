/* SPDX-License-Identifier: ISC
 *
 * body_cef.c - ArcSight's Common Event Format
 *
 * Takes   CEF:0|Vendor|Product|Version|Class|Name|Severity|key=value key=value
 * Gives   the header under its own names, the extension under its keys; what csNLabel and its kin name a second time by that label.
 *         A value reaches to the blank before the next key; a key is letters, digits and _.-[] in front of a bare '='. What a sender
 *         does not escape (a user name with " src=192.0.2.1" in it) cannot be told from the real thing: of two the first counts, and of two
 *         addresses none that stands behind the name (normalise_body).
 */
#include "parse/body_cef.h"

#include "parse/body.h"
#include "parse/format.h"

#include <string.h>

static bool key_char(char c) {
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '.' || c == '-' || c == '[' || c == ']';
}

bool cef_value(struct message *m, struct str s, struct str *value) {
    size_t n = 0;

    *value = s;
    if (str_chr(s, '\\') == SIZE_MAX)
        return true;
    char *out = message_spare(m, s.n);
    if (!out)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i], next = i + 1 < s.n ? s.p[i + 1] : '\0';
        if (c == '\\' && (next == '\\' || next == '=' || next == '|')) {
            out[n++] = next;
            i++;
        } else if (c == '\\' && (next == 'n' || next == 'r')) {
            out[n++] = next == 'n' ? '\n' : '\r';
            i++;
        } else {
            out[n++] = c; /* not the format's: a path of somebody who does not escape */
        }
    }
    *value = body_keep(m, out, s.n, n);
    return true;
}

bool cef_header(struct str *s, struct str *field) {
    for (size_t i = 0; i < s->n; i++) {
        if (s->p[i] == '\\' && i + 1 < s->n)
            i++;
        else if (s->p[i] == '|') {
            *field = str_sub(*s, 0, i);
            *s = str_sub(*s, i + 1, s->n);
            return true;
        }
    }
    *field = *s;
    *s = str_sub(*s, s->n, s->n);
    return field->n > 0;
}

/* The key whose bare '=' stands at e, and which has a blank in front, not before `from`; 0 when there is none. */
static size_t key_before(struct str s, size_t from, size_t e) {
    size_t k = e;

    while (k > from && e - k < 64 && key_char(s.p[k - 1]))
        k--;
    return k < e && (k == 0 || s.p[k - 1] == ' ' || s.p[k - 1] == '\t') ? e - k : 0;
}

static size_t next_key(struct str s, size_t from, size_t *e) {
    for (size_t i = from; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] == '=') {
            size_t n = key_before(s, from, i);
            if (n && (i - n > from || from == 0)) { /* a value's first word is no key: "cs1=aGk= cs2=" */
                *e = i;
                return n;
            }
        }
    }
    return 0;
}

static struct str without_blanks(struct str s) {
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '\n'))
        s.n--;
    return s;
}

size_t cef_extension(struct message *m, struct str s) {
    size_t e = 0, next_e = 0, added = 0, key;
    struct str value;

    while (s.n && s.p[0] == ' ')
        s = str_sub(s, 1, s.n);
    for (key = next_key(s, 0, &e); key && body_room(m);) {
        size_t next = next_key(s, e + 1, &next_e), end = next ? next_e - next : s.n;
        if (cef_value(m, without_blanks(str_sub(s, e + 1, end)), &value))
            added += body_put(m, str_sub(s, e - key, e), value, 0);
        key = next;
        e = next_e;
    }
    return added;
}

size_t cef_labels(struct message *m, size_t from) {
    size_t to = m->nfields, added = 0;

    for (size_t i = from; i < to; i++) {
        struct str label = m->fields[i].name;
        if (!str_ends(label, STR("Label")) || m->fields[i].value.n == 0)
            continue;
        label.n -= sizeof "Label" - 1;
        for (size_t k = from; k < to; k++)
            if (str_eq(m->fields[k].name, label)) {
                added += body_put(m, m->fields[i].value, m->fields[k].value, 0);
                break;
            }
    }
    return added;
}

size_t body_cef(struct message *m, struct str s) {
    static const char *const names[] = {"CEFVersion", "DeviceVendor", "DeviceProduct", "DeviceVersion", "DeviceEventClassID", "Name", "Severity"};
    size_t from = m->nfields, added = 0, at = str_find(s, STR("CEF:"));
    struct str field, value;

    s = str_trim(str_sub(s, at == SIZE_MAX ? s.n : at + 4, s.n));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!cef_header(&s, &field) || !cef_value(m, str_trim(field), &value))
            return added;
        if (value.n)
            added += body_put(m, str_of(names[i]), value, 0);
        if (i == 4 && value.n)
            added += body_put(m, STR("SignatureID"), value, 0);
    }
    added += cef_extension(m, s);
    return added + cef_labels(m, from);
}
