/* SPDX-License-Identifier: ISC
 *
 * body_pairs.c - key=value, as firewalls, Go programs and the kernel write it
 *
 * Takes   `date=2026-10-11 devname="gw" user="bob \"x\""`, `IN=eth0 OUT= SRC=192.0.2.1 DF SYN`, `a=1, b=2`.
 * Gives   a field per pair. A quoted value ends at its quote, whatever stands in it: who writes quotes escapes those of others. A bare
 *         one ends at a blank, so that a name with a blank in it can forge a pair behind it; that is the format's weakness. Of
 *         two pairs of one name the first counts; where from two names say differently, normalise_body believes none
 *         behind a bare user.
 */
#include "parse/body_pairs.h"

#include "parse/body.h"
#include "parse/format.h"

#include <string.h>

static bool name_char(char c) {
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '-' || c == '.' || c == '@' || c == '/';
}

size_t pair_name(struct str s) {
    size_t n = 0;

    if (s.n == 0 || is_digit(s.p[0]) || s.p[0] == '-' || s.p[0] == '.' || s.p[0] == '/')
        return 0;
    while (n < s.n && n < 64 && name_char(s.p[n]))
        n++;
    return n < s.n && s.p[n] == '=' ? n : 0;
}

/* A quoted value up to its closing quote; one that is never closed reaches to the end. */
static size_t quoted(struct str s, struct pair *p) {
    size_t n = 1;

    p->quote = s.p[0];
    for (; n < s.n && s.p[n] != p->quote; n++)
        if (s.p[n] == '\\' && n + 1 < s.n) {
            p->escaped = true;
            n++;
        }
    p->value = str_sub(s, 1, n);
    return n < s.n ? n + 1 : n;
}

/* Up to a blank, or a comma or semicolon with a blank, a pair or nothing behind it. */
static size_t bare(struct str s, struct pair *p) {
    size_t n = 0;

    for (; n < s.n && s.p[n] != ' ' && s.p[n] != '\t'; n++)
        if ((s.p[n] == ',' || s.p[n] == ';') && (n + 1 == s.n || s.p[n + 1] == ' ' || pair_name(str_sub(s, n + 1, s.n))))
            break;
    p->value = str_sub(s, 0, n);
    return n;
}

bool pair_next(struct str *s, struct pair *p) {
    while (s->n) {
        size_t n = 0;
        while (n < s->n && memchr(" \t,;[(\r\n", s->p[n], 8))
            n++;
        *s = str_sub(*s, n, s->n);
        n = pair_name(*s);
        if (n == 0) {
            while (n < s->n && s->p[n] != ' ' && s->p[n] != '\t' && s->p[n] != ',')
                n++;
            *s = str_sub(*s, n, s->n);
            continue;
        }
        *p = (struct pair){.name = str_sub(*s, 0, n)};
        *s = str_sub(*s, n + 1, s->n);
        bool quote = s->n && (s->p[0] == '"' || s->p[0] == '\'');
        *s = str_sub(*s, quote ? quoted(*s, p) : bare(*s, p), s->n);
        return true;
    }
    return false;
}

bool pair_value(struct message *m, const struct pair *p, struct str *value) {
    size_t n = 0;

    *value = p->value;
    if (!p->escaped)
        return true;
    char *out = message_spare(m, p->value.n);
    if (!out)
        return false;
    for (size_t i = 0; i < p->value.n; i++) {
        char next = i + 1 < p->value.n ? p->value.p[i + 1] : '\0';
        if (p->value.p[i] == '\\' && (next == '\\' || next == '"' || next == '\''))
            i++; /* others stay: C:\new is a path */
        out[n++] = p->value.p[i];
    }
    *value = body_keep(m, out, p->value.n, n);
    return true;
}

/* A packet filter's line: what stands before "IN=" is the rule's own prefix. */
static struct str behind_prefix(struct message *m, struct str s, size_t *added) {
    size_t at = str_find(str_sub(s, 0, 256), STR("IN="));

    if (at == SIZE_MAX || at == 0 || s.p[at - 1] == '_' || str_find(str_sub(s, at, s.n), STR(" OUT=")) == SIZE_MAX || pair_name(s))
        return s;
    struct str before = str_sub(s, 0, at);
    size_t stamp = before.p[0] == '[' && before.n > 1 && (is_digit(before.p[1]) || before.p[1] == ' ') ? str_chr(before, ']') + 1 : 0;
    before = str_trim(str_sub(before, stamp, before.n));
    if (before.n)
        *added += body_put(m, STR("prefix"), before, 0);
    return str_sub(s, at, s.n);
}

size_t body_pairs(struct message *m, struct str s) {
    size_t added = 0;
    struct pair p;
    struct str value;

    s = behind_prefix(m, s, &added);
    while (pair_next(&s, &p) && body_room(m))
        if (pair_value(m, &p, &value))
            added += body_put(m, p.name, value, 0);
    return added;
}
