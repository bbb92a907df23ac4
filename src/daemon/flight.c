/* SPDX-License-Identifier: ISC
 *
 * flight.c - frames on their way to the desk
 */
#include "daemon/flight.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/rng.h"

#define DESK_HIGH ((size_t)32 << 20)
#define DESK_LOW ((size_t)8 << 20)

void flight_init(struct flight *f, struct event_base *base) {
    *f = (struct flight){.base = base, .epoch = rng_u64() | 1};
    f->end = &f->first;
}

/* Sends what was not sent on this link yet, as far as it takes it. */
static void pump(struct flight *f) {
    for (; f->unsent && f->desk && !link_full(f->desk); f->unsent = f->unsent->next)
        if (link_send(f->desk, f->unsent->type, str_n(f->unsent->payload, f->unsent->n), NULL, 0) != RC_OK)
            return;
}

static void pop(struct flight *f, const struct ack *a) {
    struct flown *x = f->first;

    f->first = x->next;
    if (!f->first)
        f->end = &f->first;
    if (f->unsent == x)
        f->unsent = x->next;
    f->bytes -= x->n;
    f->frames--;
    x->done(x->ctx, x, a);
    free(x->payload);
    free(x);
}

/* Acknowledgements come in order. One that skips frames stands for those too: they were committed before it, but what became of them is
 * not known (a delivery is then answered 503 and sent again by its sender). */
static void on_ack(struct flight *f, const struct ack *a) {
    while (f->first && f->first->seq < a->seq) {
        struct ack skipped = {.seq = f->first->seq};
        log_warn("intake", "the desk skipped an acknowledgement: seq=%llu", (unsigned long long)skipped.seq);
        pop(f, &skipped);
    }
    if (f->first && f->first->seq == a->seq)
        pop(f, a);
    f->changed(f->ctx);
}

static void on_frame(void *ctx, struct link *l, unsigned type, struct str payload, const int *fds, size_t nfds) {
    struct flight *f = ctx;
    struct unpack u;
    struct ack a;

    (void)l;
    for (size_t i = 0; i < nfds; i++)
        close(fds[i]);
    if (type == FRAME_ACK && ack_decode(payload, &a)) {
        on_ack(f, &a);
    } else if (type == FRAME_PAUSE) {
        unpack_init(&u, payload);
        bool paused = unpack_u8(&u) != 0;
        struct str why = unpack_str(&u, 1024);
        if (unpack_done(&u))
            f->pause(f->ctx, paused, why);
    } else {
        log_err("intake", "a frame from the desk makes no sense: frame=%s bytes=%zu", frame_name(type), payload.n);
    }
}

static void on_down(void *ctx, struct link *l, const char *why) {
    struct flight *f = ctx;

    log_note("intake", "the desk is gone, keeping %zu frames for the next one: %s", f->frames, why);
    if (f->desk == l)
        f->desk = NULL;
    link_free(l);
    f->changed(f->ctx);
}

static void on_drain(void *ctx, struct link *l) {
    (void)l;
    pump(ctx);
}

void flight_peer(struct flight *f, uint32_t worker, int fd) {
    static const struct link_ops ops = {on_frame, on_down, on_drain};

    link_free(f->desk);
    f->desk = link_new(f->base, fd, DESK_HIGH, DESK_LOW, &ops, f);
    f->worker = worker;
    f->unsent = f->first;
    if (f->frames)
        log_info("intake", "a desk is there again, sending %zu frames once more", f->frames);
    f->pause(f->ctx, false, STR_NONE); /* a new desk says so itself when it cannot store */
    pump(f);
    f->changed(f->ctx);
}

uint64_t flight_next(const struct flight *f) {
    return f->seq + 1;
}

enum rc flight_take(struct flight *f, unsigned type, struct buf *payload, const uint64_t *lines, flight_done_fn done, void *ctx) {
    size_t n = payload->n;
    bool over = payload->over || n > LINK_FRAME_MAX;
    struct flown *x = over ? NULL : calloc(1, sizeof *x);
    char *bytes = x ? buf_take(payload) : NULL;

    if (!bytes) {
        free(x);
        buf_fini(payload);
        return over ? RC_LIMIT : RC_NOMEM;
    }
    *x = (struct flown){.seq = ++f->seq, .type = type, .payload = bytes, .n = n, .done = done, .ctx = ctx};
    if (lines)
        memcpy(x->lines, lines, sizeof x->lines);
    if (!f->unsent)
        f->unsent = x;
    *f->end = x;
    f->end = &x->next;
    f->bytes += n;
    f->frames++;
    pump(f);
    return RC_OK;
}

void flight_tell(struct flight *f, unsigned type, struct str payload) {
    if (f->desk)
        link_send(f->desk, type, payload, NULL, 0);
}

void flight_flush(struct flight *f, int timeout_ms) {
    if (f->desk)
        link_flush(f->desk, timeout_ms);
}

void flight_fini(struct flight *f) {
    link_free(f->desk);
    f->desk = NULL;
    while (f->first)
        pop(f, NULL);
}
