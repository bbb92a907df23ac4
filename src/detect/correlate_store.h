/* SPDX-License-Identifier: ISC
 *
 * correlate_store.h - the groups of all correlations: found by key, forgotten by age, woken in time; private to correlate*.c
 *
 * One piece of memory a group, key included, threaded through a hash table (keyed SipHash) and a list by age. Neither more groups than
 * `limit` nor more bytes than LIMIT_BYTES a group of them are held: the ones unseen longest go, and are counted.
 */
#ifndef TOCSIN_DETECT_CORRELATE_STORE_H
#define TOCSIN_DETECT_CORRELATE_STORE_H

#include "detect/correlate_group.h"

struct groups {
    const struct ruleset *rs;
    struct group **buckets, *newest, *oldest, *cursor; /* cursor: where expiry goes on */
    size_t nbuckets, n, limit, bytes;
    struct group **heap; /* those with a window that closes, the next one first */
    size_t nheap, heap_cap;
    uint64_t seed[2], evicted;
    struct { /* a picture of all groups as they are at one moment, taken bit by bit: who changes before his turn is taken first */
        void (*keep)(void *ctx, const struct group *g);
        void *ctx;
        struct group *at; /* the walk goes from the oldest to the newest */
        size_t left;      /* not yet taken; 0: none is under way */
        bool mark;        /* group.taken of those that are taken, or came later */
    } picture;
};

bool groups_init(struct groups *s, const struct ruleset *rs, size_t limit);
void groups_fini(struct groups *s);
struct group *groups_get(struct groups *s, uint32_t rule, uint16_t org, struct str key); /* finds or makes; NULL without memory */
struct group *groups_find(struct groups *s, uint32_t rule, uint16_t org, struct str key);
void groups_change(struct groups *s, struct group *g); /* call it before anything of a group changes */
/* It changed: its place among those with a window that closes, its bytes. May make others go, never this one. */
void groups_touched(struct groups *s, struct group *g, size_t bytes_before);
void groups_drop(struct groups *s, struct group *g);
struct group *groups_first_due(const struct groups *s); /* NULL: no window is open */
void groups_picture(struct groups *s, void (*keep)(void *ctx, const struct group *g), void *ctx); /* begins one */
void groups_take(struct groups *s, size_t max); /* takes at most so many of those that are left */

#endif
