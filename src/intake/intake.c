/* SPDX-License-Identifier: ISC
 *
 * intake.c - syslog from sockets to a sink: what the kinds have in common
 */
#include "intake/intake_own.h"

#include <stdlib.h>
#include <unistd.h>

#define IDLE_LOOK_S 5

static const struct {
    uint8_t transport;
    int type;
} kinds[] = {
#define LISTENER(id, word, transport, family, type) [id] = {transport, type},
#include "intake/listeners.def"
#undef LISTENER
};

static void on_idle(evutil_socket_t fd, short what, void *arg) {
    (void)fd, (void)what;
    stream_idle(arg);
}

static bool space_fit(struct intake *in) {
    size_t want = in->limits.line + INTAKE_SLACK + INTAKE_READ;

    if (in->space_size >= want)
        return true;
    char *p = realloc(in->space, want);
    if (!p)
        return false;
    in->space = p;
    in->space_size = want;
    return true;
}

struct intake *intake_new(struct event_base *base, const struct limits_conf *limits, intake_sink_fn sink, void *ctx) {
    struct intake *in = calloc(1, sizeof *in);
    struct timeval look = {IDLE_LOOK_S, 0};

    if (!in)
        return NULL;
    in->base = base;
    in->limits = *limits;
    in->sink = sink;
    in->ctx = ctx;
    in->drops = true;
    in->allow = allow_new((size_t)limits->connections, (size_t)limits->per_source);
    in->idle = event_new(base, -1, EV_PERSIST, on_idle, in);
    if (!in->allow || !in->idle || !space_fit(in) || event_add(in->idle, &look) != 0) {
        intake_free(in);
        return NULL;
    }
    return in;
}

void intake_free(struct intake *in) {
    if (!in)
        return;
    intake_unlisten(in);
    stream_close_all(in);
    dgram_space_free(in);
    if (in->idle)
        event_free(in->idle);
    allow_free(in->allow);
    free(in->space);
    free(in);
}

/* A smaller line limit takes hold on new connections: those that are open may hold more than it already. */
void intake_limits(struct intake *in, const struct limits_conf *limits) {
    struct limits_conf before = in->limits;

    in->limits = *limits;
    if (!space_fit(in))
        in->limits.line = before.line;
    allow_limits(in->allow, (size_t)limits->connections, (size_t)limits->per_source);
}

enum rc intake_listen(struct intake *in, int kind, int fd, uint16_t source, uint16_t org, struct err *e) {
    if (kind < 0 || kind >= LISTEN__COUNT || kinds[kind].transport == TRANSPORT_HTTP) {
        close(fd);
        return err_set(e, RC_INVALID, "a listener of an unknown kind");
    }
    struct origin o = {kinds[kind].transport, source, org};
    return kinds[kind].type == SOCK_DGRAM ? dgram_listen(in, fd, o, e) : stream_listen(in, fd, o, e);
}

void intake_count_drops(struct intake *in, bool yes) {
    dgram_drops(in); /* up to here by the old rule */
    in->drops = yes;
}

void intake_unlisten(struct intake *in) {
    stream_unlisten(in);
    dgram_unlisten(in);
}

void intake_hold(struct intake *in, enum intake_hold hold) {
    if (in->hold == hold)
        return;
    in->hold = hold;
    stream_hold(in);
    dgram_hold(in);
}

void intake_drain(struct intake *in) {
    in->hold = in->hold == INTAKE_SHED ? in->hold : INTAKE_FLOW;
    stream_unlisten(in);
    dgram_drain(in);
    stream_drain(in);
    dgram_unlisten(in);
}

void intake_message(struct intake *in, const struct origin *o, struct str raw, bool cut, struct str peer, int64_t arrived) {
    struct intake_count *c = &in->by[o->transport];
    struct message *m = &in->m;

    c->received++;
    c->bytes += raw.n;
    c->cut += cut;
    if (in->hold == INTAKE_SHED) {
        c->shed++;
        return;
    }
    m->raw = raw;
    m->arrived = arrived;
    m->peer = peer;
    m->transport = o->transport;
    m->source = o->source;
    m->org = o->org;
    m->flags = cut ? MSG_CUT : 0;
    in->sink(in->ctx, m);
}

const struct intake_count *intake_counts(struct intake *in) {
    dgram_drops(in);
    return in->by;
}

size_t intake_connections(const struct intake *in) {
    return allow_count(in->allow);
}
