/* SPDX-License-Identifier: ISC
 *
 * correlate_store.c - the groups of all correlations
 *
 * Takes   keys.
 * Gives   groups; the one whose window closes next.
 * Keeps   chains of a hash table that doubles, a list by age, a heap by when windows close.
 */
#include "detect/correlate_store.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

#define FIRST_BUCKETS 64
#define LIMIT_BYTES 512

bool groups_init(struct groups *s, const struct ruleset *rs, size_t limit) {
    *s = (struct groups){.rs = rs, .nbuckets = FIRST_BUCKETS, .limit = limit ? limit : 1};
    rng_bytes(s->seed, sizeof s->seed);
    s->buckets = calloc(s->nbuckets, sizeof *s->buckets);
    return s->buckets != NULL;
}

static void group_free(struct group *g) {
    group_fini(g);
    free(g);
}

void groups_fini(struct groups *s) {
    for (struct group *g = s->newest, *next; g; g = next) {
        next = g->older;
        group_free(g);
    }
    free(s->buckets);
    free(s->heap);
}

static uint32_t hash_of(const struct groups *s, uint32_t rule, uint16_t org, struct str key) {
    const uint64_t seed[2] = {s->seed[0] ^ rule, s->seed[1] ^ org};
    uint64_t h = str_siphash(seed, key);
    return (uint32_t)(h ^ h >> 32);
}

/* ---- the list by age */

static void unlink_age(struct groups *s, struct group *g) {
    if (s->cursor == g)
        s->cursor = g->newer;
    if (s->picture.at == g)
        s->picture.at = g->newer;
    *(g->newer ? &g->newer->older : &s->newest) = g->older;
    *(g->older ? &g->older->newer : &s->oldest) = g->newer;
}

static void link_age(struct groups *s, struct group *g) {
    g->newer = NULL;
    g->older = s->newest;
    *(s->newest ? &s->newest->newer : &s->oldest) = g;
    s->newest = g;
}

/* ---- the heap */

static void heap_put(struct groups *s, size_t i, struct group *g) {
    s->heap[i] = g;
    g->more->heap_at = (uint32_t)i + 1;
}

/* At the same time the one that ended first in the time of the events, then the rule that stands first: no chance decides. */
static bool sooner(const struct group *a, const struct group *b) {
    if (a->more->due != b->more->due)
        return a->more->due < b->more->due;
    return a->more->lag != b->more->lag ? a->more->lag > b->more->lag : a->rule < b->rule;
}

static void heap_place(struct groups *s, size_t i, struct group *g) {
    while (i > 0 && sooner(g, s->heap[(i - 1) / 2])) {
        heap_put(s, i, s->heap[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    for (size_t k = 2 * i + 1; k < s->nheap; k = 2 * i + 1) {
        k += k + 1 < s->nheap && sooner(s->heap[k + 1], s->heap[k]);
        if (!sooner(s->heap[k], g))
            break;
        heap_put(s, i, s->heap[k]);
        i = k;
    }
    heap_put(s, i, g);
}

static void heap_remove(struct groups *s, struct group *g) {
    if (!g->more || !g->more->heap_at)
        return;
    size_t i = g->more->heap_at - 1;
    struct group *last = s->heap[--s->nheap];
    g->more->heap_at = 0;
    if (last != g)
        heap_place(s, i, last);
}

static bool grow(struct group ***v, size_t *cap, size_t n) {
    if (n < *cap)
        return true;
    size_t more = *cap ? 2 * *cap : 64;
    struct group **p = realloc(*v, more * sizeof *p);
    if (!p)
        return false;
    *v = p;
    *cap = more;
    return true;
}

static void heap_set(struct groups *s, struct group *g) {
    if (group_due(g) == NEVER) {
        heap_remove(s, g);
        return;
    }
    if (!g->more->heap_at && !grow(&s->heap, &s->heap_cap, s->nheap))
        return; /* it closes with the next sighting that finds memory */
    heap_place(s, g->more->heap_at ? g->more->heap_at - 1 : s->nheap++, g);
}

struct group *groups_first_due(const struct groups *s) {
    return s->nheap ? s->heap[0] : NULL;
}

/* ---- a picture of all */

void groups_change(struct groups *s, struct group *g) {
    if (!s->picture.left || g->taken == s->picture.mark)
        return;
    g->taken = s->picture.mark;
    s->picture.left--;
    s->picture.keep(s->picture.ctx, g);
}

void groups_picture(struct groups *s, void (*keep)(void *ctx, const struct group *g), void *ctx) {
    for (struct group *g = s->picture.left ? s->oldest : NULL; g; g = g->newer) /* the one before was given up */
        g->taken = s->picture.mark;
    s->picture.keep = keep;
    s->picture.ctx = ctx;
    s->picture.at = s->oldest;
    s->picture.left = s->n;
    s->picture.mark = !s->picture.mark;
}

void groups_take(struct groups *s, size_t max) {
    for (; max && s->picture.left && s->picture.at; max--) {
        struct group *g = s->picture.at;
        s->picture.at = g->newer;
        groups_change(s, g);
    }
}

/* ---- going */

void groups_drop(struct groups *s, struct group *g) {
    struct group **at = &s->buckets[hash_of(s, g->rule, g->org, str_n(g->key, g->key_n)) & (s->nbuckets - 1)];
    groups_change(s, g);
    while (*at != g)
        at = &(*at)->chain;
    *at = g->chain;
    unlink_age(s, g);
    heap_remove(s, g);
    s->bytes -= group_bytes(g);
    s->n--;
    group_free(g);
}

static void shed(struct groups *s, const struct group *but) {
    while (s->n > s->limit || (s->bytes > s->limit * LIMIT_BYTES && s->n > 1)) {
        struct group *g = s->oldest == but ? but->newer : s->oldest;
        if (!g)
            return;
        groups_drop(s, g);
        s->evicted++;
    }
}

/* ---- coming */

static void more_buckets(struct groups *s) {
    size_t n = s->nbuckets * 2;
    struct group **v = calloc(n, sizeof *v);
    if (!v)
        return; /* chains get longer */
    for (size_t i = 0; i < s->nbuckets; i++)
        for (struct group *g = s->buckets[i], *next; g; g = next) {
            next = g->chain;
            struct group **at = &v[hash_of(s, g->rule, g->org, str_n(g->key, g->key_n)) & (n - 1)];
            g->chain = *at;
            *at = g;
        }
    free(s->buckets);
    s->buckets = v;
    s->nbuckets = n;
}

static struct group *find(const struct groups *s, uint32_t hash, uint32_t rule, uint16_t org, struct str key) {
    struct group *g = s->buckets[hash & (s->nbuckets - 1)];
    while (g && !(g->rule == rule && g->org == org && str_eq(str_n(g->key, g->key_n), key)))
        g = g->chain;
    return g;
}

struct group *groups_find(struct groups *s, uint32_t rule, uint16_t org, struct str key) {
    return find(s, hash_of(s, rule, org, key), rule, org, key);
}

struct group *groups_get(struct groups *s, uint32_t rule, uint16_t org, struct str key) {
    uint32_t hash = hash_of(s, rule, org, key);
    struct group *g = find(s, hash, rule, org, key);
    if (g)
        return g;
    g = calloc(1, offsetof(struct group, key) + key.n > sizeof *g ? offsetof(struct group, key) + key.n : sizeof *g);
    if (!g)
        return NULL;
    g->rule = rule & 0xffffffu;
    g->org = org;
    g->key_n = (uint16_t)key.n;
    g->taken = s->picture.mark;
    if (key.n)
        memcpy(g->key, key.p, key.n);
    if (!group_init(g, &s->rs->rules[rule])) {
        group_free(g);
        return NULL;
    }
    if (s->n >= s->nbuckets)
        more_buckets(s);
    g->chain = s->buckets[hash & (s->nbuckets - 1)];
    s->buckets[hash & (s->nbuckets - 1)] = g;
    link_age(s, g);
    s->n++;
    s->bytes += group_bytes(g);
    shed(s, g);
    return g;
}

void groups_touched(struct groups *s, struct group *g, size_t bytes_before) {
    s->bytes += group_bytes(g) - bytes_before;
    g->idle = 0;
    if (s->newest != g) {
        unlink_age(s, g);
        link_age(s, g);
    }
    heap_set(s, g);
    shed(s, g);
}
