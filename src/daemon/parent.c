/* SPDX-License-Identifier: ISC
 *
 * parent.c - starts the others, tells systemd how it is, and leaves last
 */
#include <config.h>

#include "daemon/parent.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* How long each may take to leave: ingest must still be acknowledged, the desk commits, notify finishes what is under way. */
static const struct {
    enum confined role;
    int seconds;
} stages[] = {{CONFINE_INGEST, 10}, {CONFINE_DESK, 10}, {CONFINE_NOTIFY, 5}};
#define STAGES (int)(sizeof stages / sizeof stages[0])

void parent_end(struct parent *p, int status) {
    p->status = status;
    event_base_loopexit(p->base, NULL);
}

/* ---- leaving */
static void enter_stage(struct parent *p) {
    while (p->stopping <= STAGES) {
        struct timeval tv = {stages[p->stopping - 1].seconds, 0};
        if (procs_stop(p, stages[p->stopping - 1].role) > 0) {
            evtimer_add(p->stage, &tv);
            return;
        }
        p->stopping++;
    }
    parent_end(p, 0);
}

static size_t left(const struct parent *p, enum confined role) {
    size_t n = 0;

    for (size_t i = 0; i < p->nprocs; i++)
        n += p->procs[i].role == role && p->procs[i].pid != 0;
    return n;
}

void parent_stage_done(struct parent *p) {
    if (p->stopping < 1 || p->stopping > STAGES || left(p, stages[p->stopping - 1].role) > 0)
        return;
    evtimer_del(p->stage);
    p->stopping++;
    enter_stage(p);
}

static void on_stage(evutil_socket_t fd, short what, void *ctx) {
    struct parent *p = ctx;

    (void)fd, (void)what;
    procs_kill(p, stages[p->stopping - 1].role);
}

void parent_stop(struct parent *p) {
    if (p->stopping)
        return;
    log_note("role", "told to stop: draining");
    sd_say("STOPPING=1");
    p->stopping = 1;
    if (p->nprocs == 0)
        parent_end(p, 0);
    else
        enter_stage(p);
}

/* ---- being up */
static void write_ready(struct parent *p) {
    ssize_t n = p->ready_fd >= 0 ? write(p->ready_fd, "READY\n", 6) : 0;

    if (n < 0)
        log_warn("role", "nobody reads --ready-fd: %s", strerrordesc_np(errno));
    if (p->ready_fd >= 0)
        close(p->ready_fd);
    p->ready_fd = -1;
}

void parent_check_up(struct parent *p) {
    if (p->up || p->stopping || !procs_up(p))
        return;
    p->up = true;
    log_note("role", "up: version=" TOCSIN_VERSION " listeners=%zu workers=%zu generation=%u digest=%.16s", p->listeners.n,
             p->nprocs - 2, p->g->number, p->g->digest);
    sd_sayf("READY=1\nSTATUS=%zu listeners, generation %u", p->listeners.n, p->g->number);
    write_ready(p);
}

static void on_second(evutil_socket_t fd, short what, void *ctx) {
    struct parent *p = ctx;
    int64_t now = clock_mono();

    (void)fd, (void)what;
    if (p->stopping)
        return;
    procs_each_second(p, now);
    if (sd_watchdog_us() > 0 && (!p->up || procs_answer(p, now)))
        sd_say("WATCHDOG=1");
}

/* ---- signals */
static void on_term(evutil_socket_t fd, short what, void *ctx) {
    (void)fd, (void)what;
    parent_stop(ctx);
}

static void on_hup(evutil_socket_t fd, short what, void *ctx) {
    struct parent *p = ctx;

    (void)fd, (void)what;
    if (p->up && !p->stopping)
        reload_start(p->reload);
}

static void on_child(evutil_socket_t fd, short what, void *ctx) {
    (void)fd, (void)what;
    procs_reap(ctx);
}

static const struct {
    int number;
    event_callback_fn fn;
} signals[] = {{SIGTERM, on_term}, {SIGINT, on_term}, {SIGHUP, on_hup}, {SIGCHLD, on_child}};
#define SIGNALS (sizeof signals / sizeof signals[0])

/* ---- the whole */
void parent_choose_user(struct parent *p, const char *name) {
    const struct passwd *pw;

    p->as.drop = false;
    if (geteuid() != 0)
        return;
    if ((pw = getpwnam(name)) != NULL) {
        p->as.uid = pw->pw_uid;
        p->as.gid = pw->pw_gid;
        p->as.drop = pw->pw_uid != 0;
    }
    if (!p->as.drop && p->nprocs == 0 && p->reload)
        log_warn("role", "there is no user %s: the roles run as root, though confined", name);
}

static bool set_up(struct parent *p, struct event *ev[SIGNALS]) {
    struct timeval second = {1, 0};

    if (!(p->base = event_base_new()))
        return false;
    for (size_t i = 0; i < SIGNALS; i++)
        if (!(ev[i] = evsignal_new(p->base, signals[i].number, signals[i].fn, p)) || event_add(ev[i], NULL) != 0)
            return false;
    p->stage = evtimer_new(p->base, on_stage, p);
    p->second = event_new(p->base, -1, EV_PERSIST, on_second, p);
    p->reload = reload_new(p);
    return p->stage && p->second && p->reload && event_add(p->second, &second) == 0;
}

static void tear_down(struct parent *p, struct event *ev[SIGNALS]) {
    procs_kill_all(p);
    procs_fini(p);
    reload_free(p->reload);
    generation_free(p->g);
    sockets_close(&p->listeners, NULL);
    if (p->image_fd >= 0)
        close(p->image_fd);
    if (p->control_fd >= 0)
        close(p->control_fd);
    for (int i = 0; i < CONFINE__COUNT; i++)
        if (p->secrets_fd[i] >= 0)
            close(p->secrets_fd[i]);
    for (size_t i = 0; i < SIGNALS; i++)
        if (ev[i])
            event_free(ev[i]);
    if (p->stage)
        event_free(p->stage);
    if (p->second)
        event_free(p->second);
    if (p->base)
        event_base_free(p->base);
    free(p->state);
    free(p->backup);
    free(p);
}

int parent_main(const struct parent_conf *conf) {
    struct parent *p = calloc(1, sizeof *p);
    struct event *ev[SIGNALS] = {NULL};
    int status = 75;

    if (!p)
        return status;
    p->path = conf->path;
    p->ready_fd = conf->ready_fd;
    p->verbose = conf->verbose;
    p->image_fd = p->control_fd = -1;
    for (int i = 0; i < CONFINE__COUNT; i++)
        p->secrets_fd[i] = -1;
    signal(SIGPIPE, SIG_IGN);
    sd_listen_fds(&p->given);
    parent_choose_user(p, "_tocsin"); /* until tocsin.yaml has been read: for the compile role */
    if (set_up(p, ev)) {
        reload_start(p->reload);
        event_base_dispatch(p->base);
        status = p->status;
    } else {
        log_err("role", "no memory or no event loop");
    }
    tear_down(p, ev);
    return status;
}
