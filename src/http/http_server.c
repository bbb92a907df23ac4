/* SPDX-License-Identifier: ISC
 *
 * http_server.c - who may connect
 *
 * Takes   listening sockets, limits.
 * Gives   connections, which http_conn.c serves.
 * Keeps   at most limits.connections of them, limits.per_source from one address.
 */
#include "http/http_own.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

#define ACCEPT_PAUSE_US 100000

struct http_listener {
    struct http_listener *next;
    struct http_server *s;
    struct evconnlistener *lev;
    struct event *retry;
    int reserve;
    bool failing;
};

/* ---- accepting */

static void source_of(const struct sockaddr *sa, struct http_conn *c) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)sa;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)sa;
    char host[INET6_ADDRSTRLEN] = "";
    bool mapped = sa->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr);
    const void *a4 = sa->sa_family == AF_INET ? (const void *)&v4->sin_addr : (const void *)&v6->sin6_addr.s6_addr[12];

    if (sa->sa_family == AF_INET || mapped) {
        c->source[0] = 4;
        memcpy(c->source + 1, a4, 4);
        inet_ntop(AF_INET, a4, host, sizeof host);
        snprintf(c->address, sizeof c->address, "%s:%u", host, ntohs(mapped ? v6->sin6_port : v4->sin_port));
    } else if (sa->sa_family == AF_INET6) {
        c->source[0] = 6;
        memcpy(c->source + 1, &v6->sin6_addr, 8);
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
        snprintf(c->address, sizeof c->address, "[%s]:%u", host, ntohs(v6->sin6_port));
    }
    if (c->address[0])
        c->peer.address = str_of(c->address);
}

static void peer_of(int fd, struct http_conn *c) {
    struct ucred u;
    socklen_t len = sizeof u;

    c->peer.uid = c->peer.gid = c->peer.pid = -1;
    if (str_absent(c->peer.address) && getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &u, &len) == 0) {
        c->peer.uid = (int64_t)u.uid;
        c->peer.gid = (int64_t)u.gid;
        c->peer.pid = u.pid;
    }
}

static bool welcome(const struct http_server *s, const struct http_conn *c) {
    int same = 0;

    if (s->count >= (size_t)s->lim.connections)
        return false;
    for (const struct http_conn *o = s->conns; o && c->source[0]; o = o->next)
        same += memcmp(o->source, c->source, sizeof c->source) == 0;
    return same < s->lim.per_source;
}

static void on_accept(struct evconnlistener *lev, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg) {
    struct http_listener *l = arg;
    struct http_server *s = l->s;
    struct http_conn *c = calloc(1, sizeof *c);

    (void)lev, (void)len;
    l->failing = false;
    if (c) {
        source_of(sa, c);
        peer_of(fd, c);
        c->s = s;
        c->lim = s->lim;
    }
    if (c && welcome(s, c) && http_conn_start(c, fd))
        return;
    if (s->ops->on_reject)
        s->ops->on_reject(s->ctx, "limit", 0);
    free(c);
    close(fd);
}

/* Out of descriptors: one in reserve turns a caller away, then the listener rests (reliability.md F9). */
static void on_accept_error(struct evconnlistener *lev, void *arg) {
    struct http_listener *l = arg;
    struct timeval pause = {0, ACCEPT_PAUSE_US};
    int why = errno;

    if (!l->failing)
        log_warn("http", "accept: error %d, resting 100 ms at a time", why);
    l->failing = true;
    if (l->reserve >= 0)
        close(l->reserve);
    int fd = accept4(evconnlistener_get_fd(lev), NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) {
        close(fd);
        if (l->s->ops->on_reject)
            l->s->ops->on_reject(l->s->ctx, "limit", 0);
    }
    l->reserve = fcntl(evconnlistener_get_fd(lev), F_DUPFD_CLOEXEC, 3);
    evconnlistener_disable(lev);
    event_add(l->retry, &pause);
}

static void on_retry(evutil_socket_t fd, short what, void *arg) {
    struct http_listener *l = arg;

    (void)fd, (void)what;
    if (!l->s->paused)
        evconnlistener_enable(l->lev);
}

/* ---- the server */

struct http_server *http_server_new(struct event_base *base, const struct http_limits *lim, const struct http_ops *ops, void *ctx) {
    struct http_server *s = calloc(1, sizeof *s);

    if (s)
        *s = (struct http_server){.base = base, .lim = *lim, .ops = ops, .ctx = ctx};
    return s;
}

void http_server_limits(struct http_server *s, const struct http_limits *lim) {
    s->lim = *lim;
}

static void listener_free(struct http_listener *l) {
    if (l->lev)
        evconnlistener_free(l->lev);
    if (l->retry)
        event_free(l->retry);
    if (l->reserve >= 0)
        close(l->reserve);
    free(l);
}

enum rc http_server_listen(struct http_server *s, int fd, struct err *e) {
    struct http_listener *l = calloc(1, sizeof *l);

    if (!l) {
        close(fd);
        return err_set(e, RC_NOMEM, "out of memory for a listener");
    }
    *l = (struct http_listener){.s = s, .reserve = fcntl(fd, F_DUPFD_CLOEXEC, 3)};
    l->retry = event_new(s->base, -1, 0, on_retry, l);
    l->lev = evconnlistener_new(s->base, on_accept, l, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    if (!l->lev || !l->retry) {
        if (!l->lev)
            close(fd);
        listener_free(l);
        return err_set(e, RC_NOMEM, "out of memory for a listener");
    }
    evconnlistener_set_error_cb(l->lev, on_accept_error);
    if (s->paused)
        evconnlistener_disable(l->lev);
    l->next = s->listeners;
    s->listeners = l;
    return RC_OK;
}

void http_server_pause(struct http_server *s, bool paused) {
    s->paused = paused;
    for (struct http_listener *l = s->listeners; l; l = l->next) {
        if (paused)
            evconnlistener_disable(l->lev);
        else
            evconnlistener_enable(l->lev);
    }
}

void http_server_unlisten(struct http_server *s) {
    for (struct http_listener *l = s->listeners, *next; l; l = next) {
        next = l->next;
        listener_free(l);
    }
    s->listeners = NULL;
}

size_t http_server_connections(const struct http_server *s) {
    return s->count;
}

uint64_t http_server_accepted(const struct http_server *s) {
    return s->accepted;
}

void http_server_free(struct http_server *s) {
    if (!s)
        return;
    http_server_unlisten(s);
    while (s->conns)
        http_conn_free(s->conns);
    free(s);
}
