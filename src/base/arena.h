/* SPDX-License-Identifier: ISC
 *
 * arena.h - memory that is given back all at once
 *
 * For everything that belongs to one message, one batch or one request: no malloc per piece, no free per piece. Blocks are kept
 * over arena_reset, so a steady load allocates nothing.
 */
#ifndef TOCSIN_BASE_ARENA_H
#define TOCSIN_BASE_ARENA_H

#include "base/str.h"

struct arena_block;
struct arena {
    struct arena_block *first, *at;
    size_t used;  /* bytes handed out since the last reset */
    size_t limit; /* arena_alloc gives NULL beyond it */
};

void arena_init(struct arena *a, size_t limit);
void arena_fini(struct arena *a);
void arena_reset(struct arena *a);
void *arena_alloc(struct arena *a, size_t n); /* zeroed, aligned for anything; NULL at the limit or without memory */
struct str arena_str(struct arena *a, struct str s); /* a copy, NUL-terminated behind its n bytes; absent stays absent; STR_NONE on failure */
char *arena_cstr(struct arena *a, struct str s);     /* the same as a C string; NULL on failure */

#endif
