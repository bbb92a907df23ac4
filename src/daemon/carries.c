/* SPDX-License-Identifier: ISC
 *
 * carries.c - notices handed to the notify role and not yet reported back
 *
 * Keeps   at most CARRIES_MAX; what is beyond is told to the desk as not carried, which tries again by its schedule. A list and not a
 *         table: it is short but in a storm, and then the network is what is slow.
 */
#include "daemon/carries.h"

#include <stdlib.h>

static struct carries_one *find(struct carries *c, int64_t id) {
    for (size_t i = 0; i < c->n; i++)
        if (c->v[i].id == id)
            return &c->v[i];
    return NULL;
}

bool carries_add(struct carries *c, int64_t id, struct str frame) {
    struct carries_one *one = find(c, id);
    char *copy;

    if ((!one && c->n == CARRIES_MAX) || !(copy = str_dup(frame)))
        return false;
    if (!one)
        one = &c->v[c->n++];
    else
        free(one->frame);
    *one = (struct carries_one){id, copy, frame.n};
    return true;
}

bool carries_done(struct carries *c, int64_t id) {
    struct carries_one *one = find(c, id);

    if (!one)
        return false;
    free(one->frame);
    *one = c->v[--c->n];
    return true;
}

void carries_each(const struct carries *c, void (*fn)(void *ctx, struct str frame), void *ctx) {
    for (size_t i = 0; i < c->n; i++)
        fn(ctx, str_n(c->v[i].frame, c->v[i].n));
}

void carries_fini(struct carries *c) {
    for (size_t i = 0; i < c->n; i++)
        free(c->v[i].frame);
    c->n = 0;
}
