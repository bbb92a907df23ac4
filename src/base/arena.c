/* SPDX-License-Identifier: ISC
 *
 * arena.c - memory that is given back all at once
 *
 * Keeps   a chain of blocks; `at` is the one being filled, those behind it are empty and waiting.
 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK ((size_t)64 << 10)
#define ARENA_ALIGN alignof(max_align_t)

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    alignas(max_align_t) unsigned char bytes[];
};

void arena_init(struct arena *a, size_t limit) {
    *a = (struct arena){.limit = limit};
}

void arena_fini(struct arena *a) {
    for (struct arena_block *b = a->first, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    arena_init(a, a->limit);
}

void arena_reset(struct arena *a) {
    for (struct arena_block *b = a->first; b; b = b->next)
        b->used = 0;
    a->at = a->first;
    a->used = 0;
}

static struct arena_block *block_new(size_t n) {
    size_t size = n > ARENA_BLOCK ? n : ARENA_BLOCK;
    struct arena_block *b = size <= SIZE_MAX - sizeof *b ? malloc(sizeof *b + size) : NULL;

    if (b) {
        b->next = NULL;
        b->used = 0;
        b->size = size;
    }
    return b;
}

/* The block with room for n bytes: the one at hand, one that waits behind it, or a new one. */
static struct arena_block *block_for(struct arena *a, size_t n) {
    struct arena_block *b = a->at;

    if (b && b->size - b->used >= n)
        return b;
    if (b && b->next && b->next->size >= n)
        return a->at = b->next;
    struct arena_block *fresh = block_new(n);
    if (!fresh)
        return NULL;
    fresh->next = b ? b->next : NULL;
    *(b ? &b->next : &a->first) = fresh;
    return a->at = fresh;
}

void *arena_alloc(struct arena *a, size_t n) {
    size_t whole;

    if (__builtin_add_overflow(n, ARENA_ALIGN - 1, &whole))
        return NULL;
    whole &= ~(size_t)(ARENA_ALIGN - 1);
    if (whole == 0)
        whole = ARENA_ALIGN;
    if (a->used > a->limit || whole > a->limit - a->used)
        return NULL;
    struct arena_block *b = block_for(a, whole);
    if (!b)
        return NULL;
    void *p = b->bytes + b->used;
    b->used += whole;
    a->used += whole;
    return memset(p, 0, whole);
}

char *arena_cstr(struct arena *a, struct str s) {
    char *p = s.n < SIZE_MAX ? arena_alloc(a, s.n + 1) : NULL;

    if (p && s.n)
        memcpy(p, s.p, s.n);
    return p;
}

struct str arena_str(struct arena *a, struct str s) {
    char *p = str_absent(s) ? NULL : arena_cstr(a, s);

    return p ? (struct str){p, s.n} : STR_NONE;
}
