/* SPDX-License-Identifier: ISC
 *
 * role.h - what every long-lived role shares: its link to the parent, generations prepared and swapped, the sign of life
 *
 * A role gives its ops, gets a loop and is told what to do. A generation it was handed is its own until the next swap, when role.c
 * frees the old one after ops.swap has returned.
 */
#ifndef TOCSIN_DAEMON_ROLE_H
#define TOCSIN_DAEMON_ROLE_H

#include "daemon/config.h"
#include "link/link.h"

struct role_loop;
struct role_ops {
    const char *name; /* "ingest", "desk", "notify": for confine_role and the log */
    unsigned parts;   /* 1 << SEC_* that it binds */
    /* May refuse; nothing in force may change. NULL: always fine. */
    enum rc (*prepare)(void *ctx, struct generation *g, struct err *e);
    void (*discard)(void *ctx);                       /* what prepare made is not wanted after all; may be NULL */
    void (*swap)(void *ctx, struct generation *g);    /* from now on g */
    void (*peer)(void *ctx, const char *role, uint32_t worker, int fd); /* fd is yours */
    void (*stop)(void *ctx);                          /* finish what was begun, then event_base_loopexit */
    /* Anything else the parent says; may be NULL. fds are yours. */
    void (*other)(void *ctx, unsigned type, struct str payload, const int *fds, size_t nfds);
};

/* Takes parent_fd. NULL (logged) when it cannot be set up. */
struct role_loop *role_new(int parent_fd, const struct role_ops *ops, void *ctx);
struct event_base *role_base(struct role_loop *r);
struct link *role_parent(struct role_loop *r);
const struct generation *role_generation(const struct role_loop *r); /* in force; NULL before the first swap */
/* Confines the process, tells the parent what is missing (FRAME_READY) and runs the loop. Gives the exit status. */
int role_run(struct role_loop *r, const char *state_dir);
void role_fail(struct role_loop *r, int status); /* leave the loop with this exit status (75: the world is broken, start me again) */
void role_free(struct role_loop *r);

#endif
