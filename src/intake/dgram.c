/* SPDX-License-Identifier: ISC
 *
 * dgram.c - syslog over UDP and unix datagrams
 *
 * Takes   bound sockets.
 * Gives   a message per datagram, an empty one too: every datagram the kernel hands over is in the account.
 * Keeps   one block of DGRAM_BATCH buffers for all sockets; what the kernel dropped, by SO_RXQ_OVFL and by asking.
 */
#include "intake/intake_own.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define DGRAM_BATCH 64
#define DGRAM_ROUNDS 16       /* per turn of the loop: others want to be heard too */
#define DGRAM_DRAIN 4096      /* rounds when leaving */
#define DGRAM_MAX ((size_t)65536)
#define DGRAM_APART 320 /* bytes between two buffers: a power of two from each other, their beginnings would share a few lines of the cache */

struct dgram {
    struct dgram *next;
    struct intake *in;
    struct event *readable;
    int fd;
    struct origin o;
    uint32_t drops; /* as last told by the kernel */
    struct sockaddr_storage last; /* whose address text stands in peer: senders come in runs */
    size_t peer_n;
    char peer[ADDRESS_TEXT];
};

union control {
    char bytes[CMSG_SPACE(sizeof(uint32_t))];
    struct cmsghdr align;
};

struct dgram_space {
    size_t size; /* of one buffer */
    struct mmsghdr mh[DGRAM_BATCH];
    struct iovec iov[DGRAM_BATCH];
    struct sockaddr_storage from[DGRAM_BATCH];
    union control control[DGRAM_BATCH];
    char bytes[];
};

/* The kernel writes into what it is handed. */
static void ready(struct dgram_space *sp, size_t i) {
    sp->mh[i].msg_hdr = (struct msghdr){.msg_name = &sp->from[i], .msg_namelen = sizeof sp->from[i], .msg_iov = &sp->iov[i], .msg_iovlen = 1,
                                        .msg_control = &sp->control[i], .msg_controllen = sizeof sp->control[i]};
}

static struct dgram_space *space_for(struct intake *in) {
    size_t size = in->limits.line < DGRAM_MAX ? in->limits.line : DGRAM_MAX;

    if (in->dgram_space && in->dgram_space->size == size)
        return in->dgram_space;
    struct dgram_space *sp = calloc(1, sizeof *sp + (size + DGRAM_APART) * DGRAM_BATCH);
    if (!sp)
        return in->dgram_space;
    sp->size = size;
    for (size_t i = 0; i < DGRAM_BATCH; i++) {
        sp->iov[i] = (struct iovec){sp->bytes + i * (size + DGRAM_APART), size};
        ready(sp, i);
    }
    free(in->dgram_space);
    return in->dgram_space = sp;
}

void dgram_space_free(struct intake *in) {
    free(in->dgram_space);
    in->dgram_space = NULL;
}

/* The kernel's counter is 32 bits and wraps. */
static void drops_now(struct dgram *d, uint32_t drops) {
    if (d->in->drops)
        d->in->by[d->o.transport].kernel += (uint32_t)(drops - d->drops);
    d->drops = drops;
}

static void drops_of(struct dgram *d, struct msghdr *mh) {
    for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
        uint32_t drops;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
            continue;
        memcpy(&drops, CMSG_DATA(c), sizeof drops);
        if ((int32_t)(drops - d->drops) > 0) /* those queued before the last question are older than its answer */
            drops_now(d, drops);
    }
}

static struct str peer_of(struct dgram *d, const struct sockaddr_storage *from, socklen_t len) {
    if (len < sizeof(sa_family_t) || (from->ss_family != AF_INET && from->ss_family != AF_INET6))
        return STR_NONE;
    if (memcmp(&d->last, from, len) != 0) {
        memcpy(&d->last, from, len);
        d->peer_n = address_format(from, d->peer);
    }
    return str_n(d->peer, d->peer_n);
}

/* One recvmmsg. False when there was less than a full batch. */
static bool dgram_round(struct dgram *d) {
    struct dgram_space *sp = space_for(d->in);

    if (!sp)
        return false;
    int n = recvmmsg(d->fd, sp->mh, DGRAM_BATCH, MSG_DONTWAIT, NULL);
    if (n <= 0)
        return false;
    int64_t now = clock_now();
    for (int i = 0; i < n; i++) {
        struct msghdr *mh = &sp->mh[i].msg_hdr;
        drops_of(d, mh);
        intake_message(d->in, &d->o, str_n(sp->iov[i].iov_base, sp->mh[i].msg_len), mh->msg_flags & MSG_TRUNC,
                       peer_of(d, &sp->from[i], mh->msg_namelen), now);
        ready(sp, (size_t)i);
    }
    return n == DGRAM_BATCH;
}

static void on_readable(evutil_socket_t fd, short what, void *arg) {
    struct dgram *d = arg;

    (void)fd, (void)what;
    for (int i = 0; i < DGRAM_ROUNDS && d->in->hold != INTAKE_HOLD && dgram_round(d); i++)
        ;
}

enum rc dgram_listen(struct intake *in, int fd, struct origin o, struct err *e) {
    struct dgram *d = calloc(1, sizeof *d);

    if (d)
        d->readable = event_new(in->base, fd, EV_READ | EV_PERSIST, on_readable, d);
    if (!d || !d->readable || !space_for(in)) {
        if (d && d->readable)
            event_free(d->readable);
        free(d);
        close(fd);
        return err_set(e, RC_NOMEM, "out of memory for a listener");
    }
    d->in = in;
    d->fd = fd;
    d->o = o;
    socket_drops(fd, &d->drops); /* what was dropped before is in the account of who listened before */
    d->next = in->dgrams;
    in->dgrams = d;
    if (in->hold != INTAKE_HOLD)
        event_add(d->readable, NULL);
    return RC_OK;
}

void dgram_drops(struct intake *in) {
    uint32_t drops;

    for (struct dgram *d = in->dgrams; d; d = d->next)
        if (socket_drops(d->fd, &drops))
            drops_now(d, drops);
}

void dgram_unlisten(struct intake *in) {
    dgram_drops(in);
    for (struct dgram *d = in->dgrams, *next; d; d = next) {
        next = d->next;
        event_free(d->readable);
        close(d->fd);
        free(d);
    }
    in->dgrams = NULL;
}

void dgram_hold(struct intake *in) {
    for (struct dgram *d = in->dgrams; d; d = d->next) {
        if (in->hold == INTAKE_HOLD)
            event_del(d->readable);
        else
            event_add(d->readable, NULL);
    }
}

void dgram_drain(struct intake *in) {
    for (struct dgram *d = in->dgrams; d; d = d->next)
        for (int i = 0; i < DGRAM_DRAIN && dgram_round(d); i++)
            ;
}
