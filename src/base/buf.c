/* SPDX-License-Identifier: ISC
 *
 * buf.c - a growing run of bytes with a limit
 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t max) {
    /* one byte is always left for the NUL of buf_cstr */
    *b = (struct buf){.max = max < SIZE_MAX ? max : SIZE_MAX - 1};
}

void buf_fini(struct buf *b) {
    free(b->p);
    *b = (struct buf){.max = b->max};
}

void buf_reset(struct buf *b) {
    b->n = 0;
    b->over = false;
}

/* Room for n more bytes and a NUL. */
static bool reserve(struct buf *b, size_t n) {
    if (b->n > b->max || n > b->max - b->n) {
        b->over = true;
        return false;
    }
    size_t need = b->n + n + 1;
    if (need <= b->cap)
        return true;
    size_t cap = b->cap < 64 ? 64 : b->cap;
    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    if (cap > b->max + 1)
        cap = b->max + 1;
    char *p = realloc(b->p, cap);
    if (!p) {
        b->over = true;
        return false;
    }
    b->p = p;
    b->cap = cap;
    return true;
}

bool buf_add(struct buf *b, const void *p, size_t n) {
    if (!reserve(b, n))
        return false;
    if (n)
        memcpy(b->p + b->n, p, n);
    b->n += n;
    return true;
}

bool buf_str(struct buf *b, struct str s) {
    return buf_add(b, s.p, s.n);
}

bool buf_text(struct buf *b, const char *cstr) {
    return buf_str(b, str_of(cstr));
}

bool buf_c(struct buf *b, char c) {
    return buf_add(b, &c, 1);
}

bool buf_printf(struct buf *b, const char *fmt, ...) {
    va_list ap;
    char small[256];

    va_start(ap, fmt);
    int n = vsnprintf(small, sizeof small, fmt, ap);
    va_end(ap);
    if (n < 0) {
        b->over = true;
        return false;
    }
    if ((size_t)n < sizeof small)
        return buf_add(b, small, (size_t)n);
    if (!reserve(b, (size_t)n))
        return false;
    va_start(ap, fmt);
    vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->n += (size_t)n;
    return true;
}

void buf_drop(struct buf *b, size_t n) {
    if (n >= b->n) {
        b->n = 0;
    } else if (n) {
        memmove(b->p, b->p + n, b->n - n);
        b->n -= n;
    }
}

struct str buf_view(const struct buf *b) {
    return (struct str){b->p ? b->p : "", b->n};
}

char *buf_take(struct buf *b) {
    char *p = NULL;

    if (!b->over && reserve(b, 0)) {
        p = b->p;
        p[b->n] = '\0';
        b->p = NULL;
    }
    buf_fini(b);
    return p;
}

const char *buf_cstr(struct buf *b) {
    if (b->over || b->n == 0 || !reserve(b, 0))
        return "";
    b->p[b->n] = '\0';
    return b->p;
}
