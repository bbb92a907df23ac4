/* SPDX-License-Identifier: ISC
 *
 * procs.c - the roles as the parent sees them: started, prepared, switched on, dead, started again
 *
 * A role that starts is sent the image first and nothing else; when it has prepared it, it is switched on: SWAP, sockets, and a new
 * socketpair to each partner that is on. So a role that comes back is wired up exactly as at the first start.
 */
#include "daemon/parent.h"

#include "daemon/cache.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/pack.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define HIGH (1u << 20)
#define LOW (64u << 10)
#define GIVE_UP 10                /* deaths in a row before it was up: it cannot be kept up */
#define GIVE_UP_HASTY 100         /* up each time, and killed again within a second: by somebody, or by what it works on */
#define SILENT_US (10 * US_PER_S) /* no sign of life: the watchdog is no longer fed */
#define HUNG_US (60 * US_PER_S)   /* killed and started again */
#define FDS_PER_FRAME 16

static void proc_start(struct proc *c);

/* ---- frames to a role */
enum rc proc_send(struct proc *c, unsigned type, uint32_t number) {
    struct buf b;

    buf_init(&b, 64);
    pack_u32(&b, number);
    enum rc rc = c->link ? link_send(c->link, type, type == FRAME_STOP ? STR_NONE : buf_view(&b), NULL, 0) : RC_UNREACHABLE;
    buf_fini(&b);
    return rc;
}

enum rc proc_image(struct proc *c, uint32_t number, int image, const int secrets[CONFINE__COUNT]) {
    int fds[2] = {image, secrets[c->role]};
    struct buf b;

    buf_init(&b, 64);
    pack_u32(&b, number);
    enum rc rc = c->link ? link_send(c->link, FRAME_IMAGE, buf_view(&b), fds, fds[1] >= 0 ? 2 : 1) : RC_UNREACHABLE;
    buf_fini(&b);
    return rc;
}

void proc_sockets(struct proc *c) {
    const struct sockets *s = &c->p->listeners;
    struct buf b;

    buf_init(&b, 1024);
    for (size_t from = 0; from < s->n; from += FDS_PER_FRAME) {
        size_t n = s->n - from < FDS_PER_FRAME ? s->n - from : FDS_PER_FRAME;
        buf_reset(&b);
        for (size_t i = 0; i < n; i++)
            pack_u32(&b, (uint32_t)(from + i));
        if (link_send(c->link, FRAME_SOCKETS, buf_view(&b), &s->fd[from], n) != RC_OK)
            log_err("role", "%s: cannot hand over its sockets", c->name);
    }
    buf_fini(&b);
}

static void send_control(struct proc *c) {
    struct buf b;

    buf_init(&b, 64);
    pack_u32(&b, 0);
    if (link_send(c->link, FRAME_SOCKETS, buf_view(&b), &c->p->control_fd, 1) != RC_OK)
        log_err("role", "%s: cannot hand over the control socket", c->name);
    buf_fini(&b);
}

static void send_peer(struct proc *to, const struct proc *peer, int fd) {
    struct buf b;

    buf_init(&b, 256);
    pack_str(&b, str_of(confine_name(peer->role)));
    pack_u32(&b, to->role == CONFINE_INGEST ? to->worker : peer->worker);
    if (link_send(to->link, FRAME_PEER, buf_view(&b), &fd, 1) != RC_OK)
        log_err("role", "%s: cannot be connected to %s", to->name, peer->name);
    buf_fini(&b);
}

/* ---- who talks to whom: everybody to the desk */
static bool partners(const struct proc *a, const struct proc *b) {
    return a != b && (a->role == CONFINE_DESK) != (b->role == CONFINE_DESK);
}

static void connect_peers(struct proc *c) {
    struct parent *p = c->p;
    int pair[2];

    for (size_t i = 0; i < p->nprocs; i++) {
        struct proc *peer = &p->procs[i];
        if (!partners(c, peer) || !peer->on || !peer->link || peer->leaving)
            continue;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
            log_err("role", "%s: no socketpair to %s: %s", c->name, peer->name, strerrordesc_np(errno));
            continue;
        }
        send_peer(c, peer, pair[0]);
        send_peer(peer, c, pair[1]);
        close(pair[0]);
        close(pair[1]);
    }
}

void proc_switch_on(struct proc *c) {
    proc_send(c, FRAME_SWAP, c->p->g->number);
    if (c->on)
        return;
    if (c->role == CONFINE_INGEST)
        proc_sockets(c);
    if (c->role == CONFINE_DESK)
        send_control(c);
    c->on = true;
    connect_peers(c);
    c->up_since = clock_mono();
    parent_check_up(c->p);
}

/* ---- frames from a role */
static void on_prepared(struct proc *c, struct unpack *u) {
    uint32_t number = unpack_u32(u);
    bool ok = unpack_u8(u) != 0;
    struct str text = unpack_str(u, 64u << 10);
    struct parent *p = c->p;

    if (u->bad)
        return;
    if (ok)
        c->prepared = number;
    if (number == reload_number(p->reload)) {
        reload_prepared(p->reload, c, number, ok, text);
    } else if (p->g && number == p->g->number && ok) {
        proc_switch_on(c);
    } else if (!ok) {
        log_err("role", "%s cannot work with the configuration: %.*s", c->name, STR_FMT(text));
        if (p->g && number == p->g->number)
            cache_drop(p->g->config.state); /* the next start compiles it anew */
        if (!p->up)
            parent_end(p, 75); /* at the start somebody is watching: say it and leave */
        else
            kill(c->pid, SIGKILL);
    }
}

static void on_ready(struct proc *c, struct unpack *u) {
    struct str missing = unpack_str(u, 64u << 10);

    if (u->bad)
        return;
    if (missing.n && !c->ready)
        log_note("role", "%s: confined, but %.*s", c->name, STR_FMT(missing));
    c->ready = true;
    parent_check_up(c->p);
}

static void on_alive(struct proc *c, struct unpack *u) {
    (void)u;
    c->alive = clock_mono();
    c->silent = false;
}

static void on_reload(struct proc *c, struct unpack *u) {
    uint64_t request = unpack_u64(u);
    bool force = unpack_u8(u) != 0;

    if (!u->bad)
        reload_ask(c->p->reload, request, force);
}

static const struct {
    unsigned type;
    void (*handle)(struct proc *c, struct unpack *u);
    bool desk_only;
} handlers[] = {{FRAME_PREPARED, on_prepared, false},
                {FRAME_READY, on_ready, false},
                {FRAME_ALIVE, on_alive, false},
                {FRAME_RELOAD, on_reload, true}};

static void on_frame(void *ctx, struct link *l, unsigned type, struct str payload, const int *fds, size_t nfds) {
    struct proc *c = ctx;
    struct unpack u;
    bool known = false;

    (void)l;
    for (size_t i = 0; i < nfds; i++)
        close(fds[i]);
    unpack_init(&u, payload);
    for (size_t i = 0; i < sizeof handlers / sizeof handlers[0] && c->link; i++) {
        if (handlers[i].type != type || (handlers[i].desk_only && c->role != CONFINE_DESK))
            continue;
        handlers[i].handle(c, &u);
        known = true;
    }
    if (!known || u.bad)
        log_warn("role", "%s: a frame that is not its to send or makes no sense: frame=%s bytes=%zu", c->name, frame_name(type),
                 payload.n);
}

static void on_down(void *ctx, struct link *l, const char *why) {
    struct proc *c = ctx;

    log_debug("role", "%s: link down: %s", c->name, why);
    link_free(l);
    c->link = NULL; /* its end is told by SIGCHLD; one that lives on without a link is killed by the second */
    c->on = c->ready = false;
}

static const struct link_ops ops = {on_frame, on_down, NULL};

/* ---- life and death */
static void on_again(evutil_socket_t fd, short what, void *ctx) {
    struct proc *c = ctx;

    (void)fd, (void)what;
    if (!c->p->stopping && c->pid == 0)
        proc_start(c);
}

static void later(struct proc *c) {
    unsigned n = c->failures < 8 ? c->failures : 8, hasty = c->hasty < 3 ? c->hasty : 3;
    int64_t us = (50 * INT64_C(1000)) << (n > hasty ? n : hasty);
    struct timeval tv = {us / US_PER_S, us % US_PER_S};

    event_add(c->again, &tv);
}

static void proc_start(struct proc *c) {
    struct parent *p = c->p;
    struct spawn how = p->as;
    struct err e = {0};
    int fd;

    how.state = c->role == CONFINE_DESK ? p->state : NULL;
    how.write = c->role == CONFINE_DESK ? p->backup : NULL;
    how.verbose = p->verbose;
    if (c->role == CONFINE_NOTIFY) {
        const char *ca[] = {p->g->config.notify.mail.ca_file, p->g->config.notify.webhook.ca_file};
        size_t n = 0;
        for (size_t i = 0; i < 2; i++)
            if (ca[i])
                how.read[n++] = ca[i];
    }
    c->prepared = 0;
    c->on = c->ready = c->leaving = c->silent = false;
    c->alive = c->up_since = 0;
    if (spawn_role(confine_name(c->role), &how, &c->pid, &fd, &e) != RC_OK) {
        log_err("role", "%s: cannot be started: %s", c->name, e.text);
        c->pid = 0;
        c->failures++;
        later(c);
        return;
    }
    c->link = link_new(p->base, fd, HIGH, LOW, &ops, c);
    if (!c->link || proc_image(c, p->g->number, p->image_fd, p->secrets_fd) != RC_OK)
        kill(c->pid, SIGKILL); /* no memory: the rest follows from its death */
}

static void proc_died(struct proc *c, int status) {
    struct parent *p = c->p;
    int64_t lived = c->up_since ? clock_mono() - c->up_since : 0;
    bool planned = c->leaving;
    char how[64];

    c->pid = 0;
    if (c->link)
        link_free(c->link);
    c->link = NULL;
    c->on = c->ready = false;
    if (p->stopping) {
        if (status != 0)
            log_warn("role", "%s: left with %s", c->name, spawn_status(status, how));
        parent_stage_done(p);
        return;
    }
    reload_proc_died(p->reload, c);
    if (planned) {
        log_info("role", "%s: left as it was told, starts again", c->name);
        proc_start(c);
        return;
    }
    c->failures = c->up_since ? 0 : c->failures + 1;
    c->hasty = !c->up_since || lived > US_PER_S ? 0 : c->hasty + 1;
    if (c->failures > GIVE_UP || c->hasty > GIVE_UP_HASTY) {
        log_err("role", "%s: died %u times in a row, giving up: %s", c->name, c->failures + c->hasty, spawn_status(status, how));
        parent_end(p, 75);
        return;
    }
    log_err("role", "%s: died, starting it again: %s failures=%u", c->name, spawn_status(status, how), c->failures + c->hasty);
    later(c);
}

void procs_reap(struct parent *p) {
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (reload_reaped(p->reload, pid, status))
            continue;
        for (size_t i = 0; i < p->nprocs; i++)
            if (p->procs[i].pid == pid) {
                proc_died(&p->procs[i], status);
                break;
            }
    }
}

void procs_each_second(struct parent *p, int64_t now) {
    for (size_t i = 0; i < p->nprocs; i++) {
        struct proc *c = &p->procs[i];
        if (c->pid == 0 || c->leaving)
            continue;
        if (!c->link) {
            kill(c->pid, SIGKILL);
        } else if (c->alive && now - c->alive > HUNG_US) {
            log_err("role", "%s: no sign of life for %d s, killed", c->name, (int)(HUNG_US / US_PER_S));
            kill(c->pid, SIGKILL);
        } else if (c->alive && now - c->alive > SILENT_US && !c->silent) {
            log_warn("role", "%s: no sign of life for %d s", c->name, (int)(SILENT_US / US_PER_S));
            c->silent = true;
        }
    }
}

bool procs_answer(const struct parent *p, int64_t now) {
    for (size_t i = 0; i < p->nprocs; i++)
        if (p->procs[i].pid == 0 || now - p->procs[i].alive > SILENT_US)
            return false;
    return true;
}

bool procs_up(const struct parent *p) {
    for (size_t i = 0; i < p->nprocs; i++)
        if (!p->procs[i].on || !p->procs[i].ready)
            return false;
    return p->nprocs > 0;
}

struct proc *procs_desk(struct parent *p) {
    return p->nprocs ? &p->procs[0] : NULL;
}

static void add(struct parent *p, enum confined role, uint32_t worker) {
    struct proc *c = &p->procs[p->nprocs++];

    *c = (struct proc){.p = p, .role = role, .worker = worker};
    if (role == CONFINE_INGEST)
        snprintf(c->name, sizeof c->name, "%s %u", confine_name(role), worker);
    else
        snprintf(c->name, sizeof c->name, "%s", confine_name(role));
    c->again = evtimer_new(p->base, on_again, c);
}

void procs_start(struct parent *p) {
    add(p, CONFINE_DESK, 0); /* first: procs_desk */
    add(p, CONFINE_NOTIFY, 0);
    for (int64_t i = 0; i < p->g->config.workers && i < WORKERS_MAX; i++)
        add(p, CONFINE_INGEST, (uint32_t)i);
    for (size_t i = 0; i < p->nprocs; i++)
        proc_start(&p->procs[i]);
}

size_t procs_stop(struct parent *p, enum confined role) {
    size_t n = 0;

    for (size_t i = 0; i < p->nprocs; i++) {
        struct proc *c = &p->procs[i];
        if (c->role != role || c->pid == 0)
            continue;
        n++;
        if (!c->leaving && proc_send(c, FRAME_STOP, 0) != RC_OK)
            kill(c->pid, SIGKILL);
        c->leaving = true;
    }
    return n;
}

void procs_kill(struct parent *p, enum confined role) {
    for (size_t i = 0; i < p->nprocs; i++) {
        if (p->procs[i].role != role || p->procs[i].pid == 0)
            continue;
        log_warn("role", "%s: did not leave in time, killed", p->procs[i].name);
        kill(p->procs[i].pid, SIGKILL);
    }
}

void procs_kill_all(struct parent *p) {
    for (size_t i = 0; i < p->nprocs; i++)
        if (p->procs[i].pid > 0) {
            kill(p->procs[i].pid, SIGKILL);
            waitpid(p->procs[i].pid, NULL, 0);
            p->procs[i].pid = 0;
        }
}

void procs_fini(struct parent *p) {
    for (size_t i = 0; i < p->nprocs; i++) {
        link_free(p->procs[i].link);
        if (p->procs[i].again)
            event_free(p->procs[i].again);
    }
    p->nprocs = 0;
}
