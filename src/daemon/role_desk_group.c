/* SPDX-License-Identifier: ISC
 *
 * role_desk_group.c - sightings of all workers go into one open transaction
 *
 * It is committed when the loop has drained what was there to be read, or at GROUP_ROWS, or before anything else touches the record;
 * only then are the acknowledgements sent that were kept back. When a commit fails nobody is acknowledged and the role ends: the
 * workers send again to its successor, which knows what it has.
 */
#include "daemon/role_desk_own.h"

#include "base/clock.h"
#include "base/log.h"

#include <unistd.h>

#define GROUP_ROWS 2000
#define EARLY_US (US_PER_S / 2)
#define ACKS_MAX (16u << 20)

void group_fail(struct deskrole *r, const char *what, const struct err *e) {
    log_err("desk", "%s: %s: nothing of it was acknowledged, leaving to start afresh", what, e->text);
    r->failed = true;
    role_fail(r->role, EX_TEMPFAIL);
}

/* ---- the open transaction */
static void send_acks(struct worker *w) {
    struct unpack u;

    unpack_init(&u, buf_view(&w->acks));
    while (u.p < u.end && !u.bad) {
        struct str ack = unpack_str(&u, ACKS_MAX);
        if (w->link && link_send(w->link, FRAME_ACK, ack, NULL, 0) != RC_OK) {
            log_err("desk", "ingest %u does not take its acknowledgements, leaving: it sends again to our successor", w->id);
            role_fail(w->r->role, EX_TEMPFAIL);
        }
    }
    buf_reset(&w->acks);
}

void group_arm(struct event *ev, int64_t us) {
    struct timeval tv = {us / US_PER_S, us % US_PER_S};

    evtimer_add(ev, &tv);
}

void group_arm_tick(struct deskrole *r) {
    int64_t us = desk_busy(r->desk) ? 0 : desk_due(r->desk) - clock_now();

    group_arm(r->tick, us < 0 ? 0 : us > TICK_MAX ? TICK_MAX : us);
}

bool group_commit(struct deskrole *r) {
    struct err e = {0};

    if (r->failed)
        return false;
    evtimer_del(r->commit);
    if (desk_rows(r->desk) > 0) {
        int64_t begun = clock_mono();
        if (desk_commit(r->desk, clock_now(), &e) != RC_OK) {
            group_fail(r, "commit", &e);
            return false;
        }
        desk_took(r->desk, clock_mono() - begun);
    }
    for (size_t i = 0; i < r->nworkers; i++)
        send_acks(&r->workers[i]);
    group_arm_tick(r);
    return true;
}

void group_on_commit(evutil_socket_t fd, short what, void *ctx) {
    (void)fd, (void)what;
    group_commit(ctx);
}

/* ---- ingest */
static void keep_ack(struct worker *w, const struct ack *ack) {
    struct buf b;

    buf_init(&b, ACKS_MAX);
    if (!ack_encode(&b, ack))
        log_err("desk", "an acknowledgement is too long: seq=%llu", (unsigned long long)ack->seq);
    else
        pack_str(&w->acks, buf_view(&b));
    buf_fini(&b);
}

static enum rc take_batch(struct worker *w, struct str payload, struct ack *ack, struct err *e) {
    struct batch b;

    if (!batch_decode(payload, &w->r->arena, &b))
        return err_set(e, RC_USAGE, "a batch makes no sense");
    ack->seq = b.seq;
    b.worker = w->id; /* what the frame says of it is only its own word: the account of others is kept under their number */
    return desk_batch(w->r->desk, &b, clock_now(), ack, e);
}

static enum rc take_delivery(struct worker *w, struct str payload, struct ack *ack, struct err *e) {
    struct delivery d;

    if (!delivery_decode(payload, &w->r->arena, &d))
        return err_set(e, RC_USAGE, "a delivery makes no sense");
    ack->seq = d.seq;
    return desk_delivery(w->r->desk, &d, clock_now(), &w->r->arena, ack, e);
}

static void take(struct worker *w, struct str payload, enum rc (*fn)(struct worker *, struct str, struct ack *, struct err *)) {
    struct deskrole *r = w->r;
    struct ack ack = {0};
    struct err e = {0};

    if (r->failed)
        return;
    enum rc rc = fn(w, payload, &ack, &e);
    if (rc == RC_IO || rc == RC_NOMEM || rc == RC_BUSY) { /* locked by another: ingest keeps it for our successor */
        group_fail(r, "store", &e);
    } else if (ack.seq == 0) {
        log_err("desk", "ingest %u: %s, not taken", w->id, e.text);
    } else {
        if (rc != RC_OK) {
            log_warn("desk", "ingest %u: frame %llu refused: %s", w->id, (unsigned long long)ack.seq, e.text);
            ack.refused = true;
        }
        keep_ack(w, &ack);
        if (r->early)
            send_acks(w);
        if (desk_rows(r->desk) >= GROUP_ROWS)
            group_commit(r);
        else
            group_arm(r->commit, r->early ? EARLY_US : 0); /* behind everything that can be read now */
    }
    arena_reset(&r->arena);
}

static void on_stats(const struct worker *w, struct str payload) {
    struct ingest_stats s;

    if (!ingest_stats_decode(payload, &s) || !w->r->control)
        return;
    s.worker = w->id;
    control_stats(w->r->control, &s);
}

static void on_tally(struct worker *w, struct str payload) {
    struct tally_frame f;

    if (!tally_frame_decode(payload, &w->r->arena, &f))
        log_err("desk", "ingest %u: what its rules did makes no sense", w->id);
    else if (w->r->control)
        control_tally(w->r->control, &f);
    arena_reset(&w->r->arena);
}

static void on_heard(struct worker *w, struct str payload) {
    struct hearing h;

    if (hearing_decode(payload, &h))
        desk_heard(w->r->desk, &h);
    else
        log_err("desk", "ingest %u: which sources spoke makes no sense", w->id);
}

static void on_ingest_frame(void *ctx, struct link *l, unsigned type, struct str payload, const int *fds, size_t nfds) {
    struct worker *w = ctx;

    (void)l;
    for (size_t i = 0; i < nfds; i++)
        close(fds[i]);
    if (type == FRAME_BATCH)
        take(w, payload, take_batch);
    else if (type == FRAME_DELIVERY)
        take(w, payload, take_delivery);
    else if (type == FRAME_STATS)
        on_stats(w, payload);
    else if (type == FRAME_HEARD)
        on_heard(w, payload);
    else if (type == FRAME_TALLY)
        on_tally(w, payload);
    else
        log_err("desk", "ingest %u sent what is not its to send: frame=%s", w->id, frame_name(type));
}

static void on_ingest_down(void *ctx, struct link *l, const char *why) {
    struct worker *w = ctx;

    log_info("desk", "ingest %u is gone: %s", w->id, why);
    link_free(l);
    w->link = NULL;
    buf_reset(&w->acks);
}

static const struct link_ops ingest_ops = {on_ingest_frame, on_ingest_down, NULL};

static void say_pause(struct worker *w) {
    struct buf b;

    buf_init(&b, 1024);
    pack_u8(&b, w->r->paused);
    pack_str(&b, str_of(w->r->why));
    if (w->link)
        link_send(w->link, FRAME_PAUSE, buf_view(&b), NULL, 0);
    buf_fini(&b);
}

static struct worker *worker_of(struct deskrole *r, uint32_t id) {
    for (size_t i = 0; i < r->nworkers; i++)
        if (r->workers[i].id == id)
            return &r->workers[i];
    if (r->nworkers == WORKERS_MAX)
        return NULL;
    struct worker *w = &r->workers[r->nworkers++];
    *w = (struct worker){.r = r, .id = id};
    buf_init(&w->acks, ACKS_MAX);
    return w;
}

void group_peer(struct deskrole *r, uint32_t id, int fd) {
    struct worker *w = worker_of(r, id);

    if (!w) {
        close(fd);
        return;
    }
    link_free(w->link);
    buf_reset(&w->acks);
    w->link = link_new(role_base(r->role), fd, PEER_HIGH, PEER_LOW, &ingest_ops, w);
    if (!w->link)
        role_fail(r->role, EX_TEMPFAIL);
    else if (r->paused)
        say_pause(w);
}

void group_pause(struct deskrole *r) {
    for (size_t i = 0; i < r->nworkers; i++)
        say_pause(&r->workers[i]);
}
