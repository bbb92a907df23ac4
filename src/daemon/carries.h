/* SPDX-License-Identifier: ISC
 *
 * carries.h - notices handed to the notify role and not yet reported back
 *
 * Kept by the desk role as they were encoded, so that a notify role that comes back is handed the same again: at least once, and
 * the desk's schedule need not know that a carrier died.
 */
#ifndef TOCSIN_DAEMON_CARRIES_H
#define TOCSIN_DAEMON_CARRIES_H

#include "base/buf.h"

#define CARRIES_MAX 2048

struct carries {
    struct carries_one {
        int64_t id;
        char *frame;
        size_t n;
    } v[CARRIES_MAX];
    size_t n;
};
bool carries_add(struct carries *c, int64_t id, struct str frame); /* false when full or without memory; a known id is replaced */
bool carries_done(struct carries *c, int64_t id);                  /* false when it was not there */
void carries_each(const struct carries *c, void (*fn)(void *ctx, struct str frame), void *ctx);
void carries_fini(struct carries *c);

#endif
