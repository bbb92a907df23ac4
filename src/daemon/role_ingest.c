/* SPDX-License-Identifier: ISC
 *
 * role_ingest.c - the ingest role: what comes in becomes sightings, and the desk gets them
 *
 * Takes   sockets and generations from the parent, a link to the desk, messages from strangers.
 * Gives   batches of sightings, deliveries, its account.
 * Keeps   one batch being filled (at most BATCH_AGE_US old), frames until they are acknowledged: beyond limits.in_flight streams are
 *         not read, beyond twice that nothing is. Its account balances, received = harmless + stored + folded + shed, whenever nothing is in flight.
 *
 * A line that no rule hits costs no allocation, no system call and no word to anybody.
 */
#include "daemon/role_ingest.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/ingest.h"

#define BATCH_AGE_US 5000
#define BATCH_HELD_US 50000 /* while the desk is behind */
#define BATCHES_AHEAD 2     /* frames that the desk has not answered: the next batch would only wait there, so it goes on growing here */
#define STATS_US 200000
#define HEARD_TICKS 5 /* of STATS_US: silence is counted in minutes */
#define TALLY_FRAMES 4 /* at most in a tick: of thousands of rules the others wait for the next */
#define GRACE_S 5     /* for acknowledgements when stopping */
#define PRIORITIES 3
#define PRIORITY_LAST (PRIORITIES - 1)

/* ---- batches */

/* The desk counts each line once; whatever it says, the account balances. */
void ingest_account(struct account *by, const struct ack *a, size_t transport, uint64_t lines) {
    uint64_t stored = !a || a->refused ? 0 : a->stored[transport] < lines ? a->stored[transport] : lines;

    if (!a)
        return;
    by->stored += stored;
    by->folded += a->refused ? 0 : lines - stored;
    by->shed += a->refused ? lines : 0;
}

static void on_batch_done(void *ctx, struct flown *x, const struct ack *a) {
    struct ingest *in = ctx;

    for (size_t t = 0; t < TRANSPORT__COUNT; t++)
        ingest_account(&in->by[t], a, t, x->lines[t]);
    event_active(in->flush, EV_TIMEOUT, 0); /* what grew while the desk was behind goes now, not when it is old */
}

void ingest_flush(struct ingest *in) {
    struct batch b = {.epoch = in->flight.epoch, .seq = flight_next(&in->flight), .worker = in->flight.worker};
    struct buf payload;

    event_del(in->age);
    in->held = in->waits = false;
    b.sightings = batcher_sightings(in->batch, &b.n);
    if (b.n == 0)
        return;
    buf_init(&payload, LINK_FRAME_MAX);
    batch_encode(&payload, &b);
    enum rc rc = flight_take(&in->flight, FRAME_BATCH, &payload, in->batch_lines, on_batch_done, in);
    if (rc != RC_OK) {
        log_err("intake", "a batch of %zu sightings is lost: %s", b.n, rc_word(rc));
        for (size_t t = 0; t < TRANSPORT__COUNT; t++)
            in->by[t].shed += in->batch_lines[t];
    }
    memset(in->batch_lines, 0, sizeof in->batch_lines);
    batcher_reset(in->batch);
    ingest_hold(in);
}

static bool desk_is_behind(const struct ingest *in) {
    return in->flight.frames >= BATCHES_AHEAD && !in->stopping;
}

static void on_flush(evutil_socket_t fd, short what, void *arg) {
    struct ingest *in = arg;

    (void)fd, (void)what;
    in->waits = desk_is_behind(in);
    if (!in->waits)
        ingest_flush(in);
}

static void on_age(evutil_socket_t fd, short what, void *arg) {
    static const struct timeval held = {0, BATCH_HELD_US - BATCH_AGE_US};
    struct ingest *in = arg;

    (void)fd, (void)what;
    if (!in->held && desk_is_behind(in)) {
        in->held = true;
        event_add(in->age, &held);
    } else {
        ingest_flush(in);
    }
}

/* The first sighting of a batch arms both its ends: its age, and the moment the loop has nothing better to do. */
static void batch_begun(struct ingest *in) {
    struct timeval age = {0, BATCH_AGE_US};

    in->held = in->waits = false;
    event_add(in->age, &age);
    event_active(in->flush, EV_TIMEOUT, 0);
}

static bool batch_add(struct ingest *in, const struct message *m, uint32_t rule) {
    struct sighting_one one;
    struct sighting s;
    size_t n;

    if (batcher_again(in->batch, m, rule))
        return true;
    pipeline_sighting(&in->now, m, rule, &one, &s);
    batcher_sightings(in->batch, &n);
    if (n == 0)
        batch_begun(in);
    if (batcher_add(in->batch, &s))
        return true;
    ingest_flush(in);
    batch_begun(in);
    return batcher_add(in->batch, &s);
}

/* ---- lines */

/* Our own log, come back by way of the journal, quotes what strangers wrote; it must not alarm us about itself. From this very
 * machine only: a stranger who calls a program by our name hides nothing. By the header's word: what a body names its program is
 * what somebody wrote. */
static bool is_own(const struct message *m) {
    return str_is(str_absent(m->app) && m->repeat > 1 ? m->program : m->app, "tocsind") && (str_absent(m->peer) || str_starts(m->peer, STR("127.")) || str_starts(m->peer, STR("[::1]")));
}

static void on_message(void *ctx, struct message *m) {
    struct ingest *in = ctx;
    uint32_t *hits = in->hits;
    const struct opt_list *listen = &in->g->config.intake.listen;
    const struct listen_conf *l = m->source < listen->n ? (const struct listen_conf *)listen->v + m->source : NULL;
    size_t n = pipeline_line(&in->now, m, l, hits), added = 0;

    if (heard_any(in->heard))
        heard_note(in->heard, m->host, m->peer, m->arrived);
    tally_line(in->tally, &in->now, m, n > 0);
    in->by[m->transport].partial += m->fields_dropped > 0;
    size_t wanted = 0;
    for (size_t i = 0; i < n; i++) /* a rule that makes no event and that no correlation counts has had its say */
        if (batcher_wants(in->batch, hits[i]))
            hits[wanted++] = hits[i];
    if (wanted == 0 || is_own(m)) {
        in->by[m->transport].harmless++;
        return;
    }
    batcher_line(in->batch);
    for (size_t i = 0; i < wanted; i++) {
        bool ok = batch_add(in, m, hits[i]);
        if (ok && added == 0) /* at once: the next sighting may find the batch full, and this line is in the frame that goes */
            in->batch_lines[m->transport]++;
        added += ok;
    }
    if (added == 0)
        in->by[m->transport].shed++;
    if (batcher_enough(in->batch))
        ingest_flush(in);
}

/* ---- back-pressure */

bool ingest_accepting(const struct ingest *in) {
    return in->g && in->flight.desk && !in->paused && !in->blocked && !in->stopping;
}

void ingest_hold(struct ingest *in) {
    size_t limit = in->g ? in->g->config.intake.limits.in_flight : 0;

    if (in->stopping)
        return;
    in->behind = in->flight.bytes > (in->behind ? limit / 2 : limit);
    in->blocked = in->flight.bytes > (in->blocked ? limit : 2 * limit);
    intake_hold(in->intake, in->paused                ? INTAKE_SHED
                            : in->blocked || !in->g ? INTAKE_HOLD
                            : in->behind            ? INTAKE_SLOW
                                                    : INTAKE_FLOW);
}

static void on_flight_changed(void *ctx) {
    struct ingest *in = ctx;
    if ((in->held || in->waits) && !desk_is_behind(in))
        ingest_flush(in);
    ingest_hold(ctx);
    ingest_leave(ctx);
}

static void on_flight_pause(void *ctx, bool paused, struct str why) {
    struct ingest *in = ctx;

    if (paused != in->paused)
        log_at(paused ? LOG_WARN_ : LOG_NOTE_, "intake", paused ? "nothing is accepted: %.*s" : "accepting again%.*s", STR_FMT(why));
    in->paused = paused;
    ingest_hold(in);
}

/* ---- the account */

static void stats_fill(struct ingest *in, struct ingest_stats *st) {
    const struct intake_count *c = intake_counts(in->intake);

    memset(st, 0, sizeof *st); /* padding too: it is compared as a whole */
    st->epoch = in->flight.epoch;
    st->worker = in->flight.worker;
    st->generation = in->g ? in->g->number : 0;
    st->in_flight_bytes = in->flight.bytes;
    for (size_t t = 0; t < TRANSPORT__COUNT; t++) {
        struct account *a = &st->by[t];
        *a = in->by[t];
        a->received += c[t].received;
        a->shed += c[t].shed;
        a->kernel += c[t].kernel;
        a->cut += c[t].cut;
        a->bytes += c[t].bytes;
        a->connections += c[t].connections;
        a->refused += c[t].refused;
        a->invalid += c[t].invalid;
    }
    st->by[TRANSPORT_HTTP].connections = ingest_hook_connections(in->hook);
    st->scanned = in->scanned + in->now.scanned;
    st->candidates = in->candidates + in->now.candidates;
    st->normalised = in->normalised + in->now.normalised;
}

static void stats_send(struct ingest *in) {
    struct ingest_stats st;
    struct buf b;

    stats_fill(in, &st);
    if (!in->flight.desk || memcmp(&st, &in->told, sizeof st) == 0)
        return;
    buf_init(&b, 4096);
    if (ingest_stats_encode(&b, &st))
        flight_tell(&in->flight, FRAME_STATS, buf_view(&b));
    buf_fini(&b);
    memcpy(&in->told, &st, sizeof st);
}

/* Without a desk it waits: heard_again before the next one hears anything. */
static void heard_send(struct ingest *in) {
    struct hearing h;

    while (in->heard && in->flight.desk && heard_next(in->heard, &h)) {
        struct buf b;
        buf_init(&b, LINK_FRAME_MAX);
        if (hearing_encode(&b, &h))
            flight_tell(&in->flight, FRAME_HEARD, buf_view(&b));
        buf_fini(&b);
    }
}

static void tally_send(struct ingest *in) {
    struct tally_frame f;

    for (int i = 0; i < TALLY_FRAMES && in->tally && in->has_now && in->flight.desk && tally_next(in->tally, in->now.matcher, &f); i++) {
        struct buf b;
        buf_init(&b, LINK_FRAME_MAX);
        if (tally_frame_encode(&b, &f))
            flight_tell(&in->flight, FRAME_TALLY, buf_view(&b));
        buf_fini(&b);
    }
}

static void on_stats(evutil_socket_t fd, short what, void *arg) {
    struct ingest *in = arg;

    (void)fd, (void)what;
    stats_send(in);
    if (++in->ticks % HEARD_TICKS == 0) {
        heard_send(in);
        tally_send(in);
    }
    ingest_hook_tick(in->hook, clock_mono());
}

/* ---- sockets */

uint16_t ingest_org(const struct generation *g, const char *slug) {
    int i = slug ? roster_org(&g->roster, str_of(slug)) : 0;

    return i > 0 ? (uint16_t)i : 0;
}

static void sockets_use(struct ingest *in) {
    const struct opt_list *listen = &in->g->config.intake.listen;
    struct err e = {0};

    if (in->sockets && in->sockets_fresh) {
        intake_unlisten(in->intake);
        ingest_hook_unlisten(in->hook);
        in->sockets_fresh = false;
    }
    for (size_t i = 0; i < in->sockets; i++) {
        uint32_t index = in->socket_index[i];
        const struct listen_conf *l = index < listen->n ? (const struct listen_conf *)listen->v + index : NULL;
        if (!l) {
            log_err("intake", "a socket came for listener %u, which is not configured", index);
            close(in->socket_fd[i]);
        } else if (l->kind == LISTEN_HTTP) {
            ingest_hook_listen(in->hook, in->socket_fd[i]);
        } else if (intake_listen(in->intake, l->kind, in->socket_fd[i], (uint16_t)index, ingest_org(in->g, l->org), &e) != RC_OK) {
            log_err("intake", "%s: %s", l->name, e.text);
        }
    }
    in->sockets = 0;
}

static void sockets_drop(struct ingest *in) {
    while (in->sockets)
        close(in->socket_fd[--in->sockets]);
}

static void sockets_take(struct ingest *in, struct str payload, const int *fds, size_t nfds) {
    struct unpack u;
    int *fd = realloc(in->socket_fd, (in->sockets + nfds + 1) * sizeof *fd);
    in->socket_fd = fd ? fd : in->socket_fd;
    uint32_t *index = realloc(in->socket_index, (in->sockets + nfds + 1) * sizeof *index);
    in->socket_index = index ? index : in->socket_index;

    unpack_init(&u, payload);
    for (size_t i = 0; i < nfds; i++) {
        uint32_t at = unpack_u32(&u);
        if (!fd || !index || u.bad) {
            log_err("intake", "a socket came without a name or without room, closed");
            close(fds[i]);
            continue;
        }
        in->socket_fd[in->sockets] = fds[i];
        in->socket_index[in->sockets++] = at;
    }
    if (in->g && !in->has_next)
        sockets_use(in);
}

/* ---- what the parent says */

static void pipeline_drop(struct pipeline *p, bool *has) {
    if (*has)
        pipeline_fini(p);
    *has = false;
}

static enum rc on_prepare(void *ctx, struct generation *g, struct err *e) {
    struct ingest *in = ctx;

    pipeline_drop(&in->next, &in->has_next);
    heard_free(in->heard_next);
    in->heard_next = heard_new(&g->roster, g->number);
    tally_free(in->tally_next);
    in->tally_next = tally_new(g->rules);
    if (!in->heard_next || !in->tally_next)
        return err_set(e, RC_NOMEM, "no memory for the sources");
    enum rc rc = ingest_hook_prepare(in->hook, g, e);
    if (rc == RC_OK)
        rc = pipeline_init(&in->next, g, true, e);
    in->has_next = rc == RC_OK;
    return rc;
}

static void on_discard(void *ctx) {
    struct ingest *in = ctx;

    pipeline_drop(&in->next, &in->has_next);
    heard_free(in->heard_next);
    in->heard_next = NULL;
    tally_free(in->tally_next);
    in->tally_next = NULL;
    sockets_drop(in);
}

static void on_swap(void *ctx, struct generation *g) {
    struct ingest *in = ctx;

    ingest_flush(in);
    if (in->has_now) {
        in->scanned += in->now.scanned;
        in->candidates += in->now.candidates;
        in->normalised += in->now.normalised;
    }
    tally_send(in);
    pipeline_drop(&in->now, &in->has_now);
    in->now = in->next;
    in->has_now = in->has_next;
    in->has_next = false;
    if (in->heard && in->heard_next)
        heard_carry(in->heard_next, in->heard);
    heard_free(in->heard);
    in->heard = in->heard_next;
    in->heard_next = NULL;
    if (in->tally && in->tally_next)
        tally_carry(in->tally_next, in->tally);
    tally_free(in->tally);
    in->tally = in->tally_next;
    in->tally_next = NULL;
    in->g = g;
    if (!batcher_rules(in->batch, g->rules, &g->roster)) {
        role_fail(in->role, 75);
        return;
    }
    intake_limits(in->intake, &g->config.intake.limits);
    ingest_hook_swap(in->hook);
    in->sockets_fresh = true;
    sockets_use(in);
    ingest_hold(in);
}

static void on_peer(void *ctx, const char *role, uint32_t worker, int fd) {
    struct ingest *in = ctx;

    (void)role;
    intake_count_drops(in->intake, worker == 0);
    flight_peer(&in->flight, worker, fd);
    if (in->heard)
        heard_again(in->heard);
    if (in->tally)
        tally_again(in->tally);
}

static void on_other(void *ctx, unsigned type, struct str payload, const int *fds, size_t nfds) {
    if (type == FRAME_SOCKETS) {
        sockets_take(ctx, payload, fds, nfds);
        return;
    }
    log_err("intake", "the parent sent what is not for this role: frame=%s", frame_name(type));
    for (size_t i = 0; i < nfds; i++)
        close(fds[i]);
}

/* ---- leaving */

void ingest_leave(struct ingest *in) {
    if (!in->stopping || in->flight.frames || ingest_hook_waiting(in->hook))
        return;
    event_base_loopexit(in->base, NULL);
}

static void on_grace(evutil_socket_t fd, short what, void *arg) {
    struct ingest *in = arg;

    (void)fd, (void)what;
    log_warn("intake", "leaving with %zu frames that nobody acknowledged", in->flight.frames);
    event_base_loopexit(in->base, NULL);
}

/* What stands in our sockets is read and sent before we go; who still connects waits for our successor in the parent's sockets. */
static void on_stop(void *ctx) {
    struct ingest *in = ctx;
    struct timeval grace = {GRACE_S, 0};

    if (in->stopping)
        return;
    if (in->g && !in->paused && !in->blocked)
        intake_drain(in->intake);
    ingest_flush(in);
    in->stopping = true;
    intake_hold(in->intake, INTAKE_HOLD);
    ingest_hook_unlisten(in->hook);
    event_add(in->grace, &grace);
    ingest_leave(in);
}

/* ---- setting up */

static bool setup(struct ingest *in) {
    static const struct limits_conf limits = {.line = 64 << 10, .connections = 1, .per_source = 1};
    struct timeval stats = {0, STATS_US};

    in->base = role_base(in->role);
    if (event_base_priority_init(in->base, PRIORITIES) != 0)
        return false;
    flight_init(&in->flight, in->base);
    in->flight.ctx = in;
    in->flight.changed = on_flight_changed;
    in->flight.pause = on_flight_pause;
    in->batch = batcher_new();
    in->intake = intake_new(in->base, &limits, on_message, in);
    in->hook = ingest_hook_new(in);
    in->flush = event_new(in->base, -1, 0, on_flush, in);
    in->age = event_new(in->base, -1, 0, on_age, in);
    in->stats = event_new(in->base, -1, EV_PERSIST, on_stats, in);
    in->grace = event_new(in->base, -1, 0, on_grace, in);
    if (!in->batch || !in->intake || !in->hook || !in->flush || !in->age || !in->stats || !in->grace)
        return false;
    event_priority_set(in->flush, PRIORITY_LAST); /* runs when no socket has anything to say */
    event_priority_set(in->age, 0);
    intake_hold(in->intake, INTAKE_HOLD);
    return event_add(in->stats, &stats) == 0;
}

static void teardown(struct ingest *in) {
    struct event **events[] = {&in->flush, &in->age, &in->stats, &in->grace};

    if (in->flight.base && in->intake) {
        stats_send(in);
        heard_send(in);
        tally_send(in);
        flight_flush(&in->flight, 1000);
    }
    sockets_drop(in);
    free(in->socket_fd);
    free(in->socket_index);
    if (in->flight.base)
        flight_fini(&in->flight);
    ingest_hook_free(in->hook);
    intake_free(in->intake);
    batcher_free(in->batch);
    pipeline_drop(&in->now, &in->has_now);
    pipeline_drop(&in->next, &in->has_next);
    heard_free(in->heard);
    heard_free(in->heard_next);
    tally_free(in->tally);
    tally_free(in->tally_next);
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (*events[i])
            event_free(*events[i]);
}

int role_ingest_main(int parent_fd) {
    static const struct role_ops ops = {
        .name = "ingest",
        .parts = 1u << SEC_CONFIG | 1u << SEC_ROSTER | 1u << SEC_RULES | 1u << SEC_NORMALISE | 1u << SEC_DIALECTS | 1u << SEC_PREFILTER |
                 1u << SEC_ZONES,
        .prepare = on_prepare,
        .discard = on_discard,
        .swap = on_swap,
        .peer = on_peer,
        .stop = on_stop,
        .other = on_other};
    struct ingest *in = calloc(1, sizeof *in);
    int status = 75;

    signal(SIGPIPE, SIG_IGN);
    if (in && (in->role = role_new(parent_fd, &ops, in)) && setup(in))
        status = role_run(in->role, NULL);
    else
        log_err("intake", "cannot set up the ingest role: no memory or no event loop");
    if (in) {
        teardown(in);
        role_free(in->role);
        free(in);
    }
    return status;
}
