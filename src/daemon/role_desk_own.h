/* SPDX-License-Identifier: ISC
 *
 * role_desk_own.h - what the files of the desk role share: role_desk.c (the record, people, notify, the parent) and
 * role_desk_group.c (ingest and the open transaction)
 */
#ifndef TOCSIN_DAEMON_ROLE_DESK_OWN_H
#define TOCSIN_DAEMON_ROLE_DESK_OWN_H

#include "control/control.h"
#include "daemon/carries.h"
#include "daemon/role.h"

#define WORKERS_MAX 64
#define PEER_HIGH (4u << 20)
#define PEER_LOW (1u << 20)
#define TICK_MAX (30 * US_PER_S) /* the clock may have been set */
#define EX_TEMPFAIL 75

struct worker {
    struct deskrole *r;
    struct link *link;
    uint32_t id;
    struct buf acks; /* of the open transaction: u32 length and bytes of each */
};

struct deskrole {
    struct role_loop *role;
    const char *state;
    struct desk *desk;
    struct control *control;
    struct http_server *http;
    int control_fd; /* until there is a server */
    struct worker workers[WORKERS_MAX];
    size_t nworkers;
    struct link *notify;
    struct carries carries;
    struct carried refused[64]; /* could not be handed over: told to the desk outside of its own call */
    size_t nrefused;
    struct event *commit, *tick, *grace;
    struct arena arena;
    char *domain, *tlp, *database, *tokens;
    uint32_t configured; /* generation the desk works by */
    struct generation *explaining; /* the same one with patterns, from when somebody first asked */
    bool paused, stopping, failed, open_for_work;
    bool early; /* the control run of the crash test acknowledges before it commits; false in tocsind */
    char why[256];
};

void group_fail(struct deskrole *r, const char *what, const struct err *e); /* nothing more is acknowledged; the role ends */
/* Ends the open transaction and sends the acknowledgements kept back for it. False when the role is leaving because of it. */
bool group_commit(struct deskrole *r);
void group_on_commit(evutil_socket_t fd, short what, void *ctx); /* r->commit */
void group_peer(struct deskrole *r, uint32_t worker, int fd);    /* a new link to that worker */
void group_pause(struct deskrole *r);                            /* says r->paused to all workers */
void group_arm(struct event *ev, int64_t us);
void group_arm_tick(struct deskrole *r);

#endif
