/* SPDX-License-Identifier: ISC
 *
 * heard.c - which listed sources spoke
 *
 * Takes   the roster; host and peer of each line.
 * Gives   frames' worth of (source, last arrival) that changed since they were told.
 * Keeps   a table by name (open addressing, never more than half full) and a list of what is to be told.
 */
#include "daemon/heard.h"

#include <stdlib.h>

#include "model/message.h"

struct ear {
    uint32_t source; /* in the roster */
    bool tell;       /* stands in the list */
    int64_t at;      /* 0: not heard yet */
};

struct heard {
    const struct roster *roster;
    uint32_t generation;
    struct ear *ears;
    uint32_t *slots; /* index of the ear + 1, 0 = empty */
    uint32_t *list;  /* ears to be told */
    size_t n, mask, nlist;
};

static uint64_t hash_of(struct str s) {
    uint64_t h = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        h = (h ^ (c >= 'A' && c <= 'Z' ? c | 0x20u : c)) * UINT64_C(0x100000001b3);
    }
    return h ^ h >> 32;
}

static struct str name_of(const struct heard *h, const struct ear *e) {
    return str_of(h->roster->sources[e->source].name);
}

/* The slot of a name: its own, or the empty one where it would go. */
static uint32_t *slot(const struct heard *h, struct str name) {
    size_t i = hash_of(name) & h->mask;

    while (h->slots[i] && !str_eqi(name_of(h, &h->ears[h->slots[i] - 1]), name))
        i = (i + 1) & h->mask;
    return &h->slots[i];
}

static void fill(struct heard *h) {
    for (size_t i = 0; i < h->roster->nsources; i++) {
        const struct source *s = &h->roster->sources[i];
        uint32_t *at = s->heartbeat > 0 ? slot(h, str_of(s->name)) : NULL;
        if (!at || *at) /* of two with one name the first is meant, as everywhere */
            continue;
        h->ears[h->n].source = (uint32_t)i;
        *at = (uint32_t)++h->n;
    }
}

struct heard *heard_new(const struct roster *r, uint32_t generation) {
    struct heard *h = calloc(1, sizeof *h);
    size_t n = 0, slots = 2;

    for (size_t i = 0; i < r->nsources; i++)
        n += r->sources[i].heartbeat > 0;
    while (slots < 2 * n)
        slots *= 2;
    if (!h)
        return NULL;
    *h = (struct heard){.roster = r, .generation = generation, .mask = slots - 1};
    h->ears = calloc(n + 1, sizeof *h->ears);
    h->list = calloc(n + 1, sizeof *h->list);
    h->slots = calloc(slots, sizeof *h->slots);
    if (!h->ears || !h->list || !h->slots) {
        heard_free(h);
        return NULL;
    }
    fill(h);
    return h;
}

void heard_free(struct heard *h) {
    if (!h)
        return;
    free(h->ears);
    free(h->list);
    free(h->slots);
    free(h);
}

bool heard_any(const struct heard *h) {
    return h->n > 0;
}

static void tell(struct heard *h, uint32_t ear) {
    if (!h->ears[ear].tell)
        h->list[h->nlist++] = ear;
    h->ears[ear].tell = true;
}

static void note(struct heard *h, struct str name, int64_t arrived) {
    uint32_t ear = name.n ? *slot(h, name) : 0;

    if (ear == 0 || h->ears[ear - 1].at >= arrived)
        return;
    h->ears[ear - 1].at = arrived;
    tell(h, ear - 1);
}

void heard_note(struct heard *h, struct str host, struct str peer, int64_t arrived) {
    note(h, host, arrived);
    note(h, peer_host(peer), arrived);
}

void heard_again(struct heard *h) {
    for (uint32_t i = 0; i < h->n; i++)
        if (h->ears[i].at)
            tell(h, i);
}

void heard_carry(struct heard *h, const struct heard *before) {
    for (size_t i = 0; i < before->n; i++)
        if (before->ears[i].at)
            note(h, name_of(before, &before->ears[i]), before->ears[i].at);
}

bool heard_next(struct heard *h, struct hearing *out) {
    *out = (struct hearing){.generation = h->generation};
    while (h->nlist && out->n < HEARING_MAX) {
        struct ear *e = &h->ears[h->list[--h->nlist]];
        e->tell = false;
        out->v[out->n++] = (struct heard_one){e->source, e->at};
    }
    return out->n > 0;
}
