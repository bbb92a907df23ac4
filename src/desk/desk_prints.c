/* SPDX-License-Identifier: ISC
 *
 * desk_prints.c - of which fingerprints there is an event that more can fold into
 *
 * Takes   fingerprints of claims that, in a storm, would make no event of their own.
 * Gives   whether the record has to be asked: of a million sources nearly all have none, and a question for each was what a flood cost.
 * Keeps   eight bytes of each, at most PRINTS_MAX; beyond that the record is asked. Read again after every decision.
 */
#include "desk/desk_int.h"

#include <stdlib.h>

#define PRINTS_MAX ((size_t)1 << 20)

static uint64_t number_of(struct str fp) {
    uint64_t n = 0;
    for (size_t i = 0; i < 16 && i < fp.n; i++)
        n = n << 4 | (uint64_t)(fp.p[i] <= '9' ? fp.p[i] - '0' : fp.p[i] - 'a' + 10);
    return n | 1; /* 0: empty */
}

static uint64_t *place(const struct prints *p, uint64_t n) {
    size_t i = (size_t)(n >> 1) & (p->cap - 1);
    while (p->v[i] && p->v[i] != n)
        i = (i + 1) & (p->cap - 1);
    return &p->v[i];
}

static bool grow(struct prints *p) {
    struct prints more = {.cap = p->cap ? 2 * p->cap : 1024, .n = p->n, .known = p->known};
    if (p->n * 2 < p->cap)
        return true;
    if (p->n >= PRINTS_MAX || !(more.v = calloc(more.cap, sizeof *more.v)))
        return false;
    for (size_t i = 0; i < p->cap; i++)
        if (p->v[i])
            *place(&more, p->v[i]) = p->v[i];
    free(p->v);
    *p = more;
    return true;
}

void prints_add(struct desk *d, struct str fp) {
    struct prints *p = &d->prints;
    if (!p->known)
        return;
    if (!grow(p)) {
        prints_forget(d);
        p->over = true;
        return;
    }
    uint64_t n = number_of(fp), *at = place(p, n);
    p->n += *at == 0;
    *at = n;
}

void prints_forget(struct desk *d) {
    free(d->prints.v);
    d->prints = (struct prints){.v = NULL};
}

bool prints_may(struct desk *d, struct str fp) {
    static const enum stmt q[] = {Q_PRINTS_OPEN, Q_PRINTS_INCIDENT};
    struct prints *p = &d->prints;
    if (!p->known && !p->over) {
        p->known = true;
        for (size_t i = 0; i < 2; i++)
            for (bool more = query_row(d->store, q[i], ""); more; more = query_next(d->store, q[i]))
                prints_add(d, query_str(d->store, q[i], 0, NULL));
    }
    return p->over || !p->known || p->cap == 0 || *place(p, number_of(fp)) != 0;
}
