/* SPDX-License-Identifier: ISC
 *
 * buf.h - a growing run of bytes with a limit
 *
 * Everything appended beyond `max`, or when memory is out, is refused as a whole and sets `over`; callers check once at the end.
 */
#ifndef TOCSIN_BASE_BUF_H
#define TOCSIN_BASE_BUF_H

#include "base/str.h"

struct buf {
    char *p;
    size_t n, cap, max;
    bool over;
};

void buf_init(struct buf *b, size_t max);
void buf_fini(struct buf *b);
void buf_reset(struct buf *b); /* n = 0, over = false, keeps the memory */
bool buf_add(struct buf *b, const void *p, size_t n);
bool buf_str(struct buf *b, struct str s);
bool buf_text(struct buf *b, const char *cstr);
bool buf_c(struct buf *b, char c);
bool buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_drop(struct buf *b, size_t n);   /* forgets the first n bytes */
struct str buf_view(const struct buf *b); /* borrowed until the next change */
char *buf_take(struct buf *b);            /* NUL-terminated heap string, yours to free; NULL when over; b is empty afterwards */
const char *buf_cstr(struct buf *b);      /* NUL-terminated view, "" when empty or over */

#endif
