/* SPDX-License-Identifier: ISC
 *
 * framing.c - where one message ends and the next begins in a stream
 */
#include "intake/framing.h"

#include <string.h>

#define DIGITS_MAX 8 /* of FRAMING_COUNT_MAX */

void framing_init(struct framing *f, size_t limit) {
    *f = (struct framing){.limit = limit};
}

static size_t at_most(size_t a, size_t b) {
    return a < b ? a : b;
}

/* ---- octet counting */

enum count { COUNT_OK, COUNT_MORE, COUNT_BAD };

/* "123 ": the number in *count, its length with the space in *head. `strict`: a '<' must follow. */
static enum count read_count(const char *p, size_t n, bool strict, size_t *count, size_t *head) {
    size_t i = 0, v = 0;

    if (n && (p[0] < '1' || p[0] > '9'))
        return COUNT_BAD;
    for (; i < n && i <= DIGITS_MAX && p[i] >= '0' && p[i] <= '9'; i++)
        v = v * 10 + (size_t)(p[i] - '0');
    if (i > DIGITS_MAX || v > FRAMING_COUNT_MAX)
        return COUNT_BAD;
    if (i == n)
        return COUNT_MORE;
    if (p[i] != ' ')
        return COUNT_BAD;
    if (strict && i + 1 == n)
        return COUNT_MORE;
    if (strict && p[i + 1] != '<')
        return COUNT_BAD;
    *count = v;
    *head = i + 1;
    return COUNT_OK;
}

/* A frame of `count` octets behind `head`; at eof what there is of it, marked as cut. */
static size_t next_counted(struct framing *f, const char *p, size_t n, bool eof, size_t head, size_t count, struct framed *out) {
    size_t whole = head + count, kept = at_most(count, f->limit);

    if (n < head + kept) {
        if (!eof)
            return 0;
        kept = n - head;
        whole = n;
    }
    if (kept)
        *out = (struct framed){str_n(p + head, kept), kept < count};
    size_t used = at_most(whole, n);
    f->skip = whole - used;
    return used;
}

/* ---- by a delimiter */

/* Index of the byte that ends the message, n when it is not there. `*wait`: it may be the last byte, more would tell. */
static size_t find_end(struct framing *f, const char *p, size_t n) {
    bool lines = f->mode == FRAMING_LINES || f->mode == FRAMING_COUNTED;
    const char *from = p + f->seen, *lf = memchr(from, '\n', n - f->seen);

    if (lines)
        return lf ? (size_t)(lf - p) : n;
    for (const char *at = from; at < p + n; at++) {
        bool last = at + 1 == p + n, pri = !last && at[1] == '<';
        if (*at == '\n' && (f->mode == FRAMING_OPEN || pri)) {
            f->mode = FRAMING_LINES;
            return (size_t)(at - p);
        }
        if (*at == '\0' && (f->mode == FRAMING_NUL || pri || last)) {
            f->mode = FRAMING_NUL;
            return (size_t)(at - p);
        }
    }
    /* A newline at the very end in NUL mode is looked at again with what follows it. */
    return n;
}

static size_t next_delimited(struct framing *f, const char *p, size_t n, bool eof, struct framed *out) {
    size_t end = find_end(f, p, n);
    bool found = end < n;

    if (!found && !eof && !f->drop && n <= f->limit + 1) {
        f->seen = n && f->mode == FRAMING_NUL && p[n - 1] == '\n' ? n - 1 : n;
        return 0;
    }
    size_t len = end;
    if (found && len && p[end] == '\n' && p[len - 1] == '\r')
        len--;
    if (len && !f->drop)
        *out = (struct framed){str_n(p, at_most(len, f->limit)), len > f->limit};
    f->drop = !found && !eof;
    f->by_line = f->by_line && f->drop;
    f->seen = 0;
    return found ? end + 1 : n;
}

/* Rules of a connection whose first bytes are here: true when it is known by now. */
static bool settle(struct framing *f, const char *p, size_t n, bool eof) {
    size_t count, head;

    if (f->mode != FRAMING_OPEN || f->seen || f->drop)
        return true;
    enum count c = read_count(p, n, true, &count, &head);
    if (c == COUNT_OK)
        f->mode = FRAMING_COUNTED;
    return c != COUNT_MORE || eof;
}

size_t framing_next(struct framing *f, const char *p, size_t n, bool eof, struct framed *out) {
    size_t count, head;

    *out = (struct framed){STR_NONE, false};
    if (n == 0)
        return 0;
    if (f->skip) {
        size_t used = at_most(f->skip, n);
        f->skip -= used;
        return used;
    }
    if (!settle(f, p, n, eof))
        return 0;
    if (f->mode != FRAMING_COUNTED || f->drop || f->by_line)
        return next_delimited(f, p, n, eof, out);
    if (*p == '\n' || *p == '\r' || *p == '\0' || *p == ' ')
        return 1;
    enum count c = read_count(p, n, false, &count, &head);
    if (c == COUNT_OK)
        return next_counted(f, p, n, eof, head, count, out);
    if (c == COUNT_MORE && !eof)
        return 0;
    f->bad++;
    f->by_line = true;
    return next_delimited(f, p, n, eof, out);
}
