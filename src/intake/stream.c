/* SPDX-License-Identifier: ISC
 *
 * stream.c - syslog over TCP and unix streams
 *
 * Takes   listening sockets and the connections they give.
 * Gives   messages, as framing.c cuts them.
 * Keeps   per connection its framing and the bytes of a message that is not whole yet, on the heap; all read into one buffer, which
 *         they leave before the next is read. Plain events: bufferevents cost three times as much a line (performance.md 3).
 */
#include "intake/intake_own.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

#define CARRY_SPARE 4096
#define ACCEPT_PAUSE_US 100000
#define SWEEP_READS 4  /* per connection: a full buffer or two, and the end */
#define DRAIN_READS 64 /* per connection, when leaving: a sender that never pauses cannot hold us */

struct listener {
    struct listener *next;
    struct intake *in;
    struct evconnlistener *lev;
    struct event *retry;
    struct origin o;
    int reserve; /* a descriptor to give up when there are no others */
    bool failing;
};

struct stream {
    struct stream *next, **at;
    struct intake *in;
    struct event *readable;
    int fd;
    struct origin o;
    struct framing framing;
    char *carry;
    size_t carry_n, carry_cap;
    int64_t last; /* monotonic */
    bool has_key;
    struct allow_key key;
    size_t peer_n;
    char peer[ADDRESS_TEXT];
};

/* ---- one connection */

static void stream_close(struct stream *s) {
    allow_left(s->in->allow, s->has_key ? &s->key : NULL);
    *s->at = s->next;
    if (s->next)
        s->next->at = s->at;
    event_free(s->readable);
    close(s->fd);
    free(s->carry);
    free(s);
}

static bool carry_set(struct stream *s, const char *p, size_t n) {
    if (n > s->carry_cap || (n == 0 && s->carry_cap > CARRY_SPARE)) {
        size_t cap = n ? n + n / 2 : 0;
        free(s->carry);
        s->carry = cap ? malloc(cap) : NULL;
        s->carry_cap = s->carry ? cap : 0;
    }
    s->carry_n = n <= s->carry_cap ? n : 0;
    if (s->carry_n)
        memcpy(s->carry, p, s->carry_n);
    return s->carry_n == n;
}

/* What stands in the read buffer becomes messages; the rest is carried over. */
static void stream_take(struct stream *s, size_t n, bool eof, int64_t now) {
    struct intake *in = s->in;
    struct str peer = s->peer_n ? str_n(s->peer, s->peer_n) : STR_NONE;
    uint64_t bad = s->framing.bad;
    struct framed f;
    size_t at = 0;

    for (size_t used; (used = framing_next(&s->framing, in->space + at, n - at, eof, &f)) > 0; at += used)
        if (f.bytes.p)
            intake_message(in, &s->o, f.bytes, f.cut, peer, now);
    in->by[s->o.transport].invalid += s->framing.bad - bad;
    if (!carry_set(s, in->space + at, n - at))
        log_warn("intake", "%s: out of memory for %zu bytes of an unfinished line, dropped", s->peer, n - at);
}

/* Reads once. False when there is nothing more, or when it is over: then it is closed and gone, and *open is false. */
static bool stream_read(struct stream *s, bool *open) {
    struct intake *in = s->in;

    if (s->carry_n)
        memcpy(in->space, s->carry, s->carry_n);
    ssize_t n = read(s->fd, in->space + s->carry_n, in->space_size - s->carry_n);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return false;
    s->last = clock_mono();
    stream_take(s, s->carry_n + (n > 0 ? (size_t)n : 0), n <= 0, clock_now());
    if (n > 0)
        return true;
    log_debug("intake", "%s: %s", s->peer, n == 0 ? "closed by the sender" : "reading failed, closed");
    stream_close(s);
    *open = false;
    return false;
}

/* We end it: what is unfinished is a message as it stands. */
static void stream_finish(struct stream *s) {
    if (s->carry_n)
        memcpy(s->in->space, s->carry, s->carry_n);
    stream_take(s, s->carry_n, true, clock_now());
    stream_close(s);
}

static void on_readable(evutil_socket_t fd, short what, void *arg) {
    bool open = true;

    (void)fd, (void)what;
    stream_read(arg, &open);
}

static struct stream *stream_new(struct intake *in, int fd, struct origin o) {
    struct stream *s = calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->in = in;
    s->fd = fd;
    s->o = o;
    s->last = clock_mono();
    framing_init(&s->framing, in->limits.line);
    s->readable = event_new(in->base, fd, EV_READ | EV_PERSIST, on_readable, s);
    if (!s->readable || (in->hold == INTAKE_FLOW && event_add(s->readable, NULL) != 0)) {
        if (s->readable)
            event_free(s->readable);
        free(s);
        return NULL;
    }
    s->next = in->streams;
    s->at = &in->streams;
    if (s->next)
        s->next->at = &s->next;
    in->streams = s;
    return s;
}

/* A source at its limit may have closed connections we have not read to their end yet: a burst of short ones comes in one accept. Reads
 * what its connections hold, and so closes those that are over. */
static void stream_sweep(struct intake *in, const struct allow_key *key) {
    for (struct stream *s = in->streams, *next; s && in->hold == INTAKE_FLOW; s = next) {
        bool open = true;
        next = s->next;
        if (key ? s->has_key && memcmp(&s->key, key, sizeof *key) == 0 : !s->has_key)
            for (int reads = 0; reads < SWEEP_READS && open && stream_read(s, &open); reads++)
                ;
    }
}

static bool stream_enter(struct intake *in, const struct allow_key *key) {
    if (allow_enter(in->allow, key))
        return true;
    stream_sweep(in, key);
    return allow_enter(in->allow, key);
}

/* Once a minute: the counter says how many. */
static void warn_refused(struct intake *in, const struct sockaddr_storage *ss) {
    int64_t now = clock_mono();
    char who[ADDRESS_TEXT];

    if (in->warned && now - in->warned < US_PER_MIN)
        return;
    in->warned = now;
    log_warn("intake", "a connection from %s is turned away: %zu are open", address_format(ss, who) ? who : "this machine", allow_count(in->allow));
}

/* ---- listening */

static void on_accept(struct evconnlistener *lev, evutil_socket_t fd, struct sockaddr *sa, int len, void *arg) {
    struct listener *l = arg;
    struct intake *in = l->in;
    struct sockaddr_storage ss = {0};
    struct allow_key key;
    struct stream *s;

    (void)lev;
    memcpy(&ss, sa, (size_t)len < sizeof ss ? (size_t)len : sizeof ss);
    bool has_key = allow_key_of(&ss, &key);
    l->failing = false;
    if (!stream_enter(in, has_key ? &key : NULL)) {
        in->by[l->o.transport].refused++;
        warn_refused(in, &ss);
        close(fd);
        return;
    }
    if (!(s = stream_new(in, fd, l->o))) {
        allow_left(in->allow, has_key ? &key : NULL);
        in->by[l->o.transport].refused++;
        close(fd);
        return;
    }
    s->has_key = has_key;
    s->key = key;
    s->peer_n = address_format(&ss, s->peer);
    in->by[l->o.transport].connections++;
}

/* Out of descriptors (or worse): the one in reserve turns one caller away, then the listener rests; accept() would fail millions of
 * times a second otherwise (reliability.md F9). */
static void on_accept_error(struct evconnlistener *lev, void *arg) {
    struct listener *l = arg;
    struct timeval pause = {0, ACCEPT_PAUSE_US};
    int why = errno;

    if (!l->failing)
        log_warn("intake", "%s listener %u: accept: error %d, resting 100 ms at a time", transport_name((enum transport)l->o.transport),
                 (unsigned)l->o.source, why);
    l->failing = true;
    if (l->reserve >= 0)
        close(l->reserve);
    int fd = accept4(evconnlistener_get_fd(lev), NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) {
        close(fd);
        l->in->by[l->o.transport].refused++;
    }
    l->reserve = fcntl(evconnlistener_get_fd(lev), F_DUPFD_CLOEXEC, 3);
    evconnlistener_disable(lev);
    event_add(l->retry, &pause);
}

static void on_retry(evutil_socket_t fd, short what, void *arg) {
    struct listener *l = arg;

    (void)fd, (void)what;
    evconnlistener_enable(l->lev);
}

static void listener_free(struct listener *l) {
    if (l->lev)
        evconnlistener_free(l->lev);
    if (l->retry)
        event_free(l->retry);
    if (l->reserve >= 0)
        close(l->reserve);
    free(l);
}

enum rc stream_listen(struct intake *in, int fd, struct origin o, struct err *e) {
    struct listener *l = calloc(1, sizeof *l);

    if (!l) {
        close(fd);
        return err_set(e, RC_NOMEM, "out of memory for a listener");
    }
    *l = (struct listener){.in = in, .o = o, .reserve = fcntl(fd, F_DUPFD_CLOEXEC, 3)};
    l->retry = event_new(in->base, -1, 0, on_retry, l);
    l->lev = evconnlistener_new(in->base, on_accept, l, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    if (!l->lev || !l->retry) {
        if (!l->lev)
            close(fd);
        listener_free(l);
        return err_set(e, RC_NOMEM, "out of memory for a listener");
    }
    evconnlistener_set_error_cb(l->lev, on_accept_error);
    l->next = in->listeners;
    in->listeners = l;
    return RC_OK;
}

void stream_unlisten(struct intake *in) {
    for (struct listener *l = in->listeners, *next; l; l = next) {
        next = l->next;
        listener_free(l);
    }
    in->listeners = NULL;
}

/* ---- all connections */

void stream_hold(struct intake *in) {
    int64_t now = clock_mono();

    for (struct stream *s = in->streams; s; s = s->next) {
        s->last = now; /* nobody is silent because we do not listen */
        if (in->hold == INTAKE_FLOW)
            event_add(s->readable, NULL);
        else
            event_del(s->readable);
    }
}

void stream_idle(struct intake *in) {
    int64_t before = clock_mono() - in->limits.idle;

    if (in->limits.idle == 0 || in->hold != INTAKE_FLOW)
        return;
    for (struct stream *s = in->streams, *next; s; s = next) {
        next = s->next;
        if (s->last <= before)
            stream_finish(s);
    }
}

void stream_drain(struct intake *in) {
    for (struct stream *s = in->streams, *next; s; s = next) {
        int reads = 0;
        bool open = true;
        next = s->next;
        while (in->hold == INTAKE_FLOW && reads++ < DRAIN_READS && stream_read(s, &open))
            ;
        if (open && in->hold == INTAKE_FLOW)
            stream_finish(s);
    }
    stream_close_all(in);
}

void stream_close_all(struct intake *in) {
    while (in->streams)
        stream_close(in->streams);
}
