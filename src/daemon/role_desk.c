/* SPDX-License-Identifier: ISC
 *
 * role_desk.c - the desk role: its record, its schedule, its socket and its notices; what may happen is decided in desk
 *
 * Whatever touches the record first ends the transaction that the workers' sightings are in (role_desk_group.c).
 */
#include <config.h>

#include "daemon/role_desk.h"
#include "daemon/role_desk_own.h"

#include "base/clock.h"
#include "base/log.h"
#include "daemon/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- notify */
static void may_leave(struct deskrole *r) {
    if (r->stopping && r->carries.n == 0)
        event_base_loopexit(role_base(r->role), NULL);
}

static void on_notify_frame(void *ctx, struct link *l, unsigned type, struct str payload, const int *fds, size_t nfds) {
    struct deskrole *r = ctx;
    struct carried c;
    struct err e = {0};

    (void)l;
    for (size_t i = 0; i < nfds; i++)
        close(fds[i]);
    if (type != FRAME_CARRIED || !carried_decode(payload, &c)) {
        log_err("desk", "notify sent what makes no sense: frame=%s bytes=%zu", frame_name(type), payload.n);
        return;
    }
    if (!group_commit(r))
        return;
    carries_done(&r->carries, c.id);
    enum rc rc = desk_carried(r->desk, &c, clock_now(), &e);
    if (rc == RC_IO)
        group_fail(r, "notice", &e);
    else if (rc != RC_OK)
        log_warn("desk", "notice %lld: what became of it is not recorded: %s", (long long)c.id, e.text);
    if (!r->failed)
        group_arm_tick(r);
    may_leave(r);
}

static void on_notify_down(void *ctx, struct link *l, const char *why) {
    struct deskrole *r = ctx;

    log_note("desk", "notify is gone, %zu notices wait for the next one: %s", r->carries.n, why);
    link_free(l);
    r->notify = NULL;
}

static const struct link_ops notify_ops = {on_notify_frame, on_notify_down, NULL};

static void hand_over(void *ctx, struct str frame) {
    struct deskrole *r = ctx;

    if (r->notify && link_send(r->notify, FRAME_CARRY, frame, NULL, 0) != RC_OK)
        log_warn("desk", "notify does not take a notice: it is handed over when notify starts again");
}

static void peer_notify(struct deskrole *r, int fd) {
    link_free(r->notify);
    r->notify = link_new(role_base(r->role), fd, PEER_HIGH, PEER_LOW, &notify_ops, r);
    if (!r->notify)
        role_fail(r->role, EX_TEMPFAIL);
    else
        carries_each(&r->carries, hand_over, r);
}

static void on_peer(void *ctx, const char *role, uint32_t worker, int fd) {
    struct deskrole *r = ctx;

    if (strcmp(role, "ingest") == 0)
        group_peer(r, worker, fd);
    else if (strcmp(role, "notify") == 0)
        peer_notify(r, fd);
    else
        close(fd);
}

/* ---- what the desk hands out */
static void on_carry(void *ctx, const struct carry *c) {
    struct deskrole *r = ctx;
    struct buf b;

    buf_init(&b, LINK_FRAME_MAX);
    if (carry_encode(&b, c) && carries_add(&r->carries, c->id, buf_view(&b)))
        hand_over(r, buf_view(&b));
    else if (r->nrefused < sizeof r->refused / sizeof r->refused[0])
        r->refused[r->nrefused++] = (struct carried){.id = c->id, .code = STR("too many notices wait to be carried")};
    buf_fini(&b);
}

static void on_pause(void *ctx, bool paused, const char *why) {
    struct deskrole *r = ctx;

    r->paused = paused;
    snprintf(r->why, sizeof r->why, "%s", why ? why : "");
    group_pause(r);
}

static void on_watch(void *ctx, struct str json_line) {
    struct deskrole *r = ctx;

    if (r->control)
        control_watch(r->control, json_line);
}

static void on_fired(void *ctx, struct str rule, int64_t last) {
    struct deskrole *r = ctx;

    if (r->control)
        control_fired(r->control, rule, last);
}

static const struct desk_ops desk_ops_ = {on_carry, on_pause, on_watch, on_fired};

/* ---- the schedule */
static void tell_refused(struct deskrole *r, int64_t now) {
    size_t n = r->nrefused;

    r->nrefused = 0;
    for (size_t i = 0; i < n; i++) {
        struct carried c = r->refused[i];
        c.started = c.ended = now;
        desk_carried(r->desk, &c, now, NULL);
    }
}

static void on_tick(evutil_socket_t fd, short what, void *ctx) {
    struct deskrole *r = ctx;
    int64_t now = clock_now();

    (void)fd, (void)what;
    if (!group_commit(r) || r->stopping)
        return;
    int64_t next = desk_tick(r->desk, now);
    tell_refused(r, now);
    int64_t us = desk_busy(r->desk) ? 0 : next - clock_now();
    /* what is due in the past and still not done waits a moment: never a busy loop over a refused step */
    group_arm(r->tick, us < 0 ? 10000 : us > TICK_MAX ? TICK_MAX : us);
}

/* ---- people */
static void on_request(void *ctx, struct http_request *q) {
    struct deskrole *r = ctx;

    if (!group_commit(r)) {
        http_reply(q, 503, "application/json", "",
                   STR("{\"error\":{\"code\":\"io\",\"text\":\"the record cannot be written\"}}\n"));
        return;
    }
    control_request(r->control, q);
    if (!r->failed)
        group_arm_tick(r);
}

static void on_reject(void *ctx, const char *kind, int status) {
    (void)ctx;
    log_debug("control", "a request was refused: kind=%s status=%d", kind, status);
}

static const struct http_ops http_ops_ = {on_request, on_reject};

static void on_reload(void *ctx, uint64_t request, bool force) {
    struct deskrole *r = ctx;
    struct buf b;

    buf_init(&b, 64);
    pack_u64(&b, request);
    pack_u8(&b, force);
    if (link_send(role_parent(r->role), FRAME_RELOAD, buf_view(&b), NULL, 0) != RC_OK)
        control_reloaded(r->control, request, false, STR("the parent does not answer"));
    buf_fini(&b);
}

#define DESK_PARTS (1u << SEC_CONFIG | 1u << SEC_ROSTER | 1u << SEC_POLICY | 1u << SEC_RULES | 1u << SEC_ZONES)

/* The desk itself needs no patterns, which take more memory than all else it has: they are bound for who asks what a line would do. */
static const struct generation *explaining(struct deskrole *r, struct err *e) {
    const struct generation *g = role_generation(r->role);
    struct errs *es = r->explaining ? NULL : calloc(1, sizeof *es);

    if (!r->explaining && (!es || generation_open(g->image, g->number, DESK_PARTS | 1u << SEC_NORMALISE, &r->explaining, es) != RC_OK))
        err_set(e, RC_NOMEM, "no memory for the patterns");
    free(es);
    return r->explaining;
}

static enum rc on_explain(void *ctx, struct str lines, struct buf *json, struct err *e) {
    const struct generation *g = explaining(ctx, e);

    return g ? explain_lines(g, lines, json, e) : RC_NOMEM;
}

static enum rc on_rule_test(void *ctx, uint32_t rule, struct str lines, struct buf *json, struct err *e) {
    const struct generation *g = explaining(ctx, e);

    return g ? explain_rule(g, rule, lines, json, e) : RC_NOMEM;
}

static void explained(struct deskrole *r) {
    generation_free(r->explaining);
    r->explaining = NULL;
}

static const struct control_ops control_ops_ = {on_reload, on_explain, on_rule_test};

static void serve(struct deskrole *r) {
    static const struct http_limits limits = {.header = 16u << 10,
                                              .body = 1u << 20,
                                              .header_us = 10 * US_PER_S,
                                              .body_us = 30 * US_PER_S,
                                              .idle_us = 60 * US_PER_S,
                                              .write_us = 30 * US_PER_S,
                                              .connections = 64,
                                              .per_source = 64};
    struct err e = {0};
    int fd = r->control_fd;

    if (fd < 0 || !r->control)
        return;
    r->control_fd = -1;
    if (!r->http)
        r->http = http_server_new(role_base(r->role), &limits, &http_ops_, r);
    if (!r->http || http_server_listen(r->http, fd, &e) != RC_OK)
        log_err("control", "the control socket cannot be served: %s", e.text);
}

/* ---- what the parent says */
static void on_reloaded(struct deskrole *r, struct str payload) {
    struct unpack u;

    unpack_init(&u, payload);
    uint64_t request = unpack_u64(&u);
    bool ok = unpack_u8(&u) != 0;
    struct str text = unpack_str(&u, LINK_FRAME_MAX);
    if (!u.bad && r->control)
        control_reloaded(r->control, request, ok, text);
}

static void on_other(void *ctx, unsigned type, struct str payload, const int *fds, size_t nfds) {
    struct deskrole *r = ctx;

    if (type == FRAME_SOCKETS && nfds == 1) { /* the control socket is the one we are given */
        if (r->control_fd >= 0)
            close(r->control_fd);
        r->control_fd = fds[0];
        serve(r);
        return;
    }
    for (size_t i = 0; i < nfds; i++)
        close(fds[i]);
    if (type == FRAME_RELOADED)
        on_reloaded(r, payload);
    else
        log_err("desk", "the parent sent what is not for this role: frame=%s", frame_name(type));
}

static bool names(struct deskrole *r, const struct config *c) {
    return asprintf(&r->database, "%s/tocsin.db", r->state) > 0 && asprintf(&r->tokens, "%s/tokens", r->state) > 0 &&
           (r->domain = str_dup(str_of(c->domain))) != NULL && (r->tlp = str_dup(str_of(c->tlp))) != NULL;
}

static enum rc open_record(struct deskrole *r, const struct config *c, struct err *e) {
    if (!r->database && !names(r, c))
        return err_set(e, RC_NOMEM, "out of memory");
    struct desk_conf conf = {.database = r->database,
                             .free_floor = c->free_floor,
                             .ballast = c->ballast,
                             .domain = r->domain,
                             .tlp = r->tlp,
                             .max_groups = c->max_groups,
                             .samples = 20};
    enum rc rc = desk_open(&conf, &desk_ops_, r, clock_now(), &r->desk, e);
    if (rc != RC_OK)
        return rc;
    r->control = control_new(role_base(r->role), r->desk, r->tokens, &control_ops_, r);
    return r->control ? RC_OK : err_set(e, RC_NOMEM, "out of memory");
}

static enum rc configure(struct deskrole *r, struct generation *g, struct err *e) {
    struct desk_generation dg = {.number = g->number,
                                 .rules = g->rules,
                                 .roster = &g->roster,
                                 .policy = &g->policy,
                                 .zone = g->zone,
                                 .digest = str_of(g->digest)};
    enum rc rc = desk_configure(r->desk, &dg, clock_now(), e);

    if (rc == RC_OK) {
        control_configure(r->control, &g->roster);
        control_rules(r->control, g->rules, g->refused);
        r->configured = g->number;
    }
    return rc;
}

/* The first generation opens the record and is put to work here already, so that whoever starts us hears what is wrong with it. What it
 * says of the database holds until the next start. */
static enum rc on_prepare(void *ctx, struct generation *g, struct err *e) {
    struct deskrole *r = ctx;

    if (r->open_for_work)
        return RC_OK;
    enum rc rc = r->desk ? RC_OK : open_record(r, &g->config, e);
    return rc == RC_OK ? configure(r, g, e) : rc;
}

static void on_swap(void *ctx, struct generation *g) {
    struct deskrole *r = ctx;
    struct err e = {0};

    explained(r);
    if (!group_commit(r))
        return;
    if (r->configured != g->number && configure(r, g, &e) != RC_OK) {
        group_fail(r, "configuration", &e);
        return;
    }
    r->open_for_work = true;
    serve(r);
    group_arm(r->tick, 0);
}

static void on_grace(evutil_socket_t fd, short what, void *ctx) {
    struct deskrole *r = ctx;

    (void)fd, (void)what;
    log_note("desk", "leaving with %zu notices under way: they are handed over again at the next start", r->carries.n);
    event_base_loopexit(role_base(r->role), NULL);
}

static void on_stop(void *ctx) {
    struct deskrole *r = ctx;

    r->stopping = true;
    if (r->desk)
        group_commit(r);
    if (r->http)
        http_server_pause(r->http, true);
    group_arm(r->grace, 2 * US_PER_S);
    may_leave(r);
}

/* ---- the whole */
static bool set_up(struct deskrole *r, int parent_fd) {
    static const struct role_ops ops = {.name = "desk",
                                        .parts = DESK_PARTS,
                                        .prepare = on_prepare,
                                        .swap = on_swap,
                                        .peer = on_peer,
                                        .stop = on_stop,
                                        .other = on_other};

    if (!(r->role = role_new(parent_fd, &ops, r)))
        return false;
    r->commit = evtimer_new(role_base(r->role), group_on_commit, r);
    r->tick = evtimer_new(role_base(r->role), on_tick, r);
    r->grace = evtimer_new(role_base(r->role), on_grace, r);
    return r->commit && r->tick && r->grace;
}

static void tear_down(struct deskrole *r) {
    struct event *events[] = {r->commit, r->tick, r->grace};

    http_server_free(r->http);
    control_free(r->control);
    if (r->desk)
        desk_close(r->desk, clock_now());
    for (size_t i = 0; i < r->nworkers; i++) {
        link_free(r->workers[i].link);
        buf_fini(&r->workers[i].acks);
    }
    link_free(r->notify);
    carries_fini(&r->carries);
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++)
        if (events[i])
            event_free(events[i]);
    explained(r);
    role_free(r->role);
    arena_fini(&r->arena);
    free(r->domain);
    free(r->tlp);
    free(r->database);
    free(r->tokens);
    free(r);
}

int role_desk_main(int parent_fd, const char *state) {
    struct deskrole *r = calloc(1, sizeof *r);
    int status = EX_TEMPFAIL;

    if (!r)
        return status;
    r->state = state ? state : TOCSIN_STATEDIR;
    r->control_fd = -1;
    arena_init(&r->arena, 64u << 20);
#ifdef TOCSIN_EARLY /* tests/system/tocsind_early only */
    r->early = true;
    log_at(LOG_ALERT_, "desk", "acknowledging before the commit, for a test that has to find the loss");
#endif
    if (set_up(r, parent_fd))
        status = role_run(r->role, r->state);
    tear_down(r);
    return status;
}
