/* SPDX-License-Identifier: ISC
 *
 * body_journal.c - systemd's journal export format: a line KEY=value for each field
 *
 * Takes   __REALTIME_TIMESTAMP=...\nMESSAGE=...\n; a value with newlines in it as KEY\n, its length (eight bytes, least significant first),
 *         its bytes, \n. Newlines that a relay wrote as #012 are newlines.
 * Gives   a field per line.
 */
#include "parse/body.h"
#include "parse/format.h"

#include <string.h>

static struct str line(struct str *s, bool octal) {
    size_t n = octal ? str_find(*s, STR("#012")) : str_chr(*s, '\n');
    struct str l = str_sub(*s, 0, n);

    *s = n == SIZE_MAX ? str_sub(*s, s->n, s->n) : str_sub(*s, n + (octal ? 4 : 1), s->n);
    return l;
}

/* The value behind a line that was a name alone. */
static bool binary(struct str *s, struct str *value) {
    uint64_t n = 0;

    if (s->n < 8)
        return false;
    for (int i = 7; i >= 0; i--)
        n = n << 8 | (unsigned char)s->p[i];
    if (n > s->n - 8)
        return false;
    *value = str_sub(*s, 8, 8 + (size_t)n);
    *s = str_sub(*s, 9 + (size_t)n, s->n);
    return true;
}

size_t body_journal(struct message *m, struct str s) {
    bool octal = str_chr(s, '\n') == SIZE_MAX && str_find(s, STR("#012")) != SIZE_MAX;
    size_t added = 0;
    struct str value;

    while (s.n && body_room(m)) {
        struct str l = line(&s, octal);
        size_t eq = str_chr(l, '=');
        if (eq != SIZE_MAX && eq)
            added += body_put(m, str_sub(l, 0, eq), str_sub(l, eq + 1, l.n), 0);
        else if (eq == SIZE_MAX && l.n && !octal && binary(&s, &value))
            added += body_put(m, l, value, 0);
        else if (l.n)
            break;
    }
    return added;
}
