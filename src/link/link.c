/* SPDX-License-Identifier: ISC
 *
 * link.c - frames between roles over a socketpair
 *
 * Takes   frames to send, with descriptors; bytes from a peer that is trusted with nothing.
 * Gives   whole frames, each with the descriptors that were sent with it.
 * Keeps   one input buffer (at most one frame long) and one output queue (at most twice `high` and a frame).
 *
 * Which frame a descriptor belongs to: the kernel hands descriptors over with the first byte they were sent with and never reads on
 * into the next message in the same call, and a frame with descriptors is sent by a call of its own. So they belong to the frame
 * that holds the last byte of the read they came with.
 */
#include "link/link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

#define LINK_HEADER 6
#define LINK_FDS_MAX 16
#define LINK_READ ((size_t)128 << 10)
#define LINK_SPARE ((size_t)1 << 20) /* an empty buffer larger than this is given back */
#define LINK_SEND_MS 10000

struct fd_group {
    struct fd_group *next;
    uint64_t at, end; /* of its frame, in bytes ever queued */
    int fds[LINK_FDS_MAX];
    size_t n;
};

struct link {
    struct event_base *base;
    struct event *readable, *writable;
    int fd;
    const struct link_ops *ops;
    void *ctx;
    size_t high, low;
    bool full, dead, busy, freed;
    char *in;
    size_t in_n, in_cap;
    int in_fds[LINK_FDS_MAX];
    size_t in_nfds, in_fd_at[LINK_FDS_MAX]; /* in_fd_at: where in `in` the byte stands that each came with */
    struct buf out;
    size_t out_at;     /* bytes of out already written */
    uint64_t out_base; /* bytes ever written before out.p[0] */
    struct fd_group *groups, **groups_end;
};

const char *frame_name(unsigned type) {
    switch (type) {
#define FRAME(id, value, from, to, help)                                                                                             \
    case value:                                                                                                                      \
        return #id;
#include "link/frames.def"
#undef FRAME
    }
    return NULL;
}

static void close_all(const int *fds, size_t n) {
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
}

static void group_drop(struct link *l) {
    struct fd_group *g = l->groups;

    l->groups = g->next;
    if (!l->groups)
        l->groups_end = &l->groups;
    close_all(g->fds, g->n);
    free(g);
}

static void link_destroy(struct link *l) {
    event_free(l->readable);
    event_free(l->writable);
    close(l->fd);
    close_all(l->in_fds, l->in_nfds);
    while (l->groups)
        group_drop(l);
    free(l->in);
    buf_fini(&l->out);
    free(l);
}

/* Callbacks may free the link they are called for: it then goes when the event is over. */
void link_free(struct link *l) {
    if (!l)
        return;
    l->dead = l->freed = true;
    event_del(l->readable);
    event_del(l->writable);
    if (!l->busy)
        link_destroy(l);
}

static void link_down(struct link *l, const char *why) {
    if (l->dead)
        return;
    l->dead = true;
    event_del(l->readable);
    event_del(l->writable);
    l->ops->on_down(l->ctx, l, why);
}

/* ---- reading */

static uint32_t be32(const char *p) {
    const unsigned char *u = (const unsigned char *)p;

    return (uint32_t)u[0] << 24 | (uint32_t)u[1] << 16 | (uint32_t)u[2] << 8 | u[3];
}

/* Appends the descriptors of a control message; false when there are too many (all are closed then). */
static bool fds_take(struct msghdr *mh, int *fds, size_t *n) {
    bool fits = !(mh->msg_flags & MSG_CTRUNC);

    for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (*n < LINK_FDS_MAX) {
                fds[(*n)++] = fd;
            } else {
                close(fd);
                fits = false;
            }
        }
    }
    return fits;
}

union fd_space {
    char bytes[CMSG_SPACE(sizeof(int) * LINK_FDS_MAX)];
    struct cmsghdr align;
};

static ssize_t fds_recv(int fd, void *p, size_t size, int *fds, size_t *nfds, bool *fits) {
    union fd_space space;
    struct iovec iov = {p, size};
    struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = space.bytes, .msg_controllen = sizeof space.bytes};
    ssize_t n = recvmsg(fd, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

    *fits = n < 0 || fds_take(&mh, fds, nfds);
    return n;
}

static bool in_reserve(struct link *l, size_t want) {
    if (l->in_cap >= want)
        return true;
    char *p = realloc(l->in, want);
    if (!p)
        return false;
    l->in = p;
    l->in_cap = want;
    return true;
}

/* Those that came with a byte of the frame that ends there: there may be others behind, of a frame that is not whole yet. */
static size_t fds_before(struct link *l, size_t end, int *fds) {
    size_t n = 0;

    for (; n < l->in_nfds && l->in_fd_at[n] < end; n++)
        fds[n] = l->in_fds[n];
    l->in_nfds -= n;
    memmove(l->in_fds, l->in_fds + n, l->in_nfds * sizeof *l->in_fds);
    memmove(l->in_fd_at, l->in_fd_at + n, l->in_nfds * sizeof *l->in_fd_at);
    return n;
}

/* Hands out the whole frames at the start of the input. Gives how many bytes of it are used up. */
static size_t link_dispatch(struct link *l) {
    size_t at = 0;

    while (!l->dead && l->in_n - at >= LINK_HEADER) {
        uint32_t len = be32(l->in + at);
        if (len < 2 || len - 2 > LINK_FRAME_MAX) {
            link_down(l, "frame length out of range");
            break;
        }
        unsigned type = (unsigned)(unsigned char)l->in[at + 4] << 8 | (unsigned char)l->in[at + 5];
        if (!frame_name(type)) {
            link_down(l, "unknown frame type");
            break;
        }
        size_t end = at + 4 + len;
        if (end > l->in_n) {
            if (!in_reserve(l, 4 + (size_t)len + LINK_READ))
                link_down(l, "out of memory");
            break;
        }
        int fds[LINK_FDS_MAX];
        size_t nfds = fds_before(l, end, fds);
        l->ops->on_frame(l->ctx, l, type, str_n(l->in + at + LINK_HEADER, len - 2), fds, nfds);
        at = end;
    }
    return at;
}

static void link_keep(struct link *l, size_t used) {
    l->in_n -= used;
    memmove(l->in, l->in + used, l->in_n);
    for (size_t i = 0; i < l->in_nfds; i++)
        l->in_fd_at[i] -= used;
    if (l->in_n == 0 && l->in_cap > LINK_SPARE) {
        free(l->in);
        l->in = NULL;
        l->in_cap = 0;
    }
}

static void link_read(struct link *l) {
    bool fits;

    if (!in_reserve(l, l->in_n + LINK_READ / 2 > l->in_cap ? l->in_n + LINK_READ : l->in_cap)) {
        link_down(l, "out of memory");
        return;
    }
    size_t nfds = l->in_nfds;
    ssize_t n = fds_recv(l->fd, l->in + l->in_n, l->in_cap - l->in_n, l->in_fds, &l->in_nfds, &fits);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            link_down(l, "read failed");
        return;
    }
    l->in_n += (size_t)n;
    for (; nfds < l->in_nfds; nfds++)
        l->in_fd_at[nfds] = l->in_n ? l->in_n - 1 : 0;
    if (!fits)
        link_down(l, "too many descriptors");
    else if (n == 0)
        link_down(l, l->in_n ? "closed within a frame" : "closed");
    else
        link_keep(l, link_dispatch(l));
}

/* ---- writing */

static ssize_t fds_send(int fd, const void *p, size_t n, const int *fds, size_t nfds) {
    union fd_space space;
    struct iovec iov = {(void *)(uintptr_t)p, n};
    struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};

    if (nfds) {
        memset(&space, 0, sizeof space);
        mh.msg_control = space.bytes;
        mh.msg_controllen = CMSG_SPACE(sizeof(int) * nfds);
        struct cmsghdr *c = CMSG_FIRSTHDR(&mh);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof(int) * nfds);
        memcpy(CMSG_DATA(c), fds, sizeof(int) * nfds);
    }
    return sendmsg(fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* One call's worth: up to the next frame that carries descriptors, or that frame alone. Gives false when the socket takes no more. */
static bool link_write_some(struct link *l) {
    uint64_t at = l->out_base + l->out_at;
    size_t n = l->out.n - l->out_at;
    struct fd_group *g = l->groups;
    bool with = g && g->at == at;

    if (g)
        n = (size_t)((with ? g->end : g->at) - at);
    ssize_t sent = fds_send(l->fd, l->out.p + l->out_at, n, with ? g->fds : NULL, with ? g->n : 0);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS)
            link_down(l, "write failed");
        return false;
    }
    if (with && sent > 0)
        group_drop(l);
    l->out_at += (size_t)sent;
    return (size_t)sent == n;
}

static void link_write(struct link *l) {
    while (!l->dead && l->out_at < l->out.n && link_write_some(l))
        ;
    if (l->out_at == l->out.n || l->out_at > LINK_SPARE) {
        buf_drop(&l->out, l->out_at);
        l->out_base += l->out_at;
        l->out_at = 0;
        if (l->out.n == 0 && l->out.cap > LINK_SPARE)
            buf_fini(&l->out);
    }
    if (l->dead)
        return;
    if (l->out.n == l->out_at)
        event_del(l->writable);
    if (l->full && link_pending(l) < l->low) {
        l->full = false;
        if (l->ops->on_drain)
            l->ops->on_drain(l->ctx, l);
    }
}

static void on_event(evutil_socket_t fd, short what, void *arg) {
    struct link *l = arg;

    (void)fd;
    l->busy = true;
    if (what & EV_READ)
        link_read(l);
    if (what & EV_WRITE && !l->dead)
        link_write(l);
    l->busy = false;
    if (l->freed)
        link_destroy(l);
}

struct link *link_new(struct event_base *base, int fd, size_t high, size_t low, const struct link_ops *ops, void *ctx) {
    struct link *l = calloc(1, sizeof *l);

    if (!l || fd_nonblock(fd, NULL) != RC_OK) {
        free(l);
        close(fd);
        return NULL;
    }
    *l = (struct link){.base = base, .fd = fd, .ops = ops, .ctx = ctx, .high = high, .low = low};
    l->groups_end = &l->groups;
    buf_init(&l->out, 2 * high + LINK_FRAME_MAX + 2 * LINK_SPARE);
    l->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_event, l);
    l->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, on_event, l);
    if (!l->readable || !l->writable || event_add(l->readable, NULL) < 0) {
        if (l->readable)
            event_free(l->readable);
        if (l->writable)
            event_free(l->writable);
        close(fd);
        free(l);
        return NULL;
    }
    return l;
}

static struct fd_group *group_new(const int *fds, size_t nfds) {
    struct fd_group *g = calloc(1, sizeof *g);

    for (size_t i = 0; g && i < nfds; i++) {
        int copy = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
        if (copy < 0) {
            close_all(g->fds, g->n);
            free(g);
            return NULL;
        }
        g->fds[g->n++] = copy;
    }
    return g;
}

static void header_make(char out[LINK_HEADER], unsigned type, size_t payload) {
    size_t len = payload + 2;

    out[0] = (char)(len >> 24), out[1] = (char)(len >> 16), out[2] = (char)(len >> 8), out[3] = (char)len;
    out[4] = (char)(type >> 8), out[5] = (char)type;
}

enum rc link_send(struct link *l, unsigned type, struct str payload, const int *fds, size_t nfds) {
    char header[LINK_HEADER];
    struct fd_group *g = NULL;

    if (l->dead)
        return RC_UNREACHABLE;
    if (payload.n > LINK_FRAME_MAX || nfds > LINK_FDS_MAX || link_pending(l) > 2 * l->high)
        return RC_LIMIT;
    if (nfds && !(g = group_new(fds, nfds)))
        return RC_NOMEM;
    size_t before = l->out.n;
    header_make(header, type, payload.n);
    if (!buf_add(&l->out, header, sizeof header) || !buf_str(&l->out, payload)) {
        l->out.n = before;
        l->out.over = false;
        if (g) {
            close_all(g->fds, g->n);
            free(g);
        }
        return RC_NOMEM;
    }
    if (g) {
        g->at = l->out_base + before;
        g->end = l->out_base + l->out.n;
        *l->groups_end = g;
        l->groups_end = &g->next;
    }
    if (link_pending(l) >= l->high)
        l->full = true;
    event_add(l->writable, NULL);
    return RC_OK;
}

bool link_full(const struct link *l) {
    return l->full || l->dead;
}

size_t link_pending(const struct link *l) {
    return l->out.n - l->out_at;
}

/* ---- without a loop */

static enum rc wait_for(int fd, short what, int64_t until, struct err *e) {
    for (;;) {
        int64_t left = until - clock_mono();
        struct pollfd p = {.fd = fd, .events = what};
        int n = left > 0 ? poll(&p, 1, (int)(left / 1000 + 1)) : 0;
        if (n > 0)
            return RC_OK;
        if (n == 0)
            return err_set(e, RC_UNREACHABLE, "the other process does not answer in time");
        if (errno != EINTR)
            return err_set(e, RC_IO, "poll: error %d", errno);
    }
}

void link_flush(struct link *l, int timeout_ms) {
    int64_t until = clock_mono() + timeout_ms * INT64_C(1000);

    l->busy = true;
    while (!l->dead && link_pending(l) && wait_for(l->fd, POLLOUT, until, NULL) == RC_OK)
        link_write(l);
    l->busy = false;
    if (l->freed)
        link_destroy(l);
}

static enum rc send_all(int fd, const char *p, size_t n, const int *fds, size_t nfds, int64_t until, struct err *e) {
    while (n) {
        ssize_t sent = fds_send(fd, p, n, fds, nfds);
        if (sent < 0) {
            if (errno != EAGAIN && errno != EINTR)
                return err_set(e, RC_UNREACHABLE, "the other process is gone (error %d)", errno);
            enum rc rc = wait_for(fd, POLLOUT, until, e);
            if (rc != RC_OK)
                return rc;
            continue;
        }
        if (sent > 0)
            nfds = 0;
        p += sent;
        n -= (size_t)sent;
    }
    return RC_OK;
}

enum rc link_send_now(int fd, unsigned type, struct str payload, const int *fds, size_t nfds, struct err *e) {
    char header[LINK_HEADER];
    int64_t until = clock_mono() + LINK_SEND_MS * INT64_C(1000);

    if (payload.n > LINK_FRAME_MAX || nfds > LINK_FDS_MAX)
        return err_set(e, RC_LIMIT, "a frame of %zu bytes is too long", payload.n);
    header_make(header, type, payload.n);
    enum rc rc = send_all(fd, header, sizeof header, fds, nfds, until, e);
    return rc == RC_OK ? send_all(fd, payload.p, payload.n, NULL, 0, until, e) : rc;
}

/* Reads exactly n bytes, so that what follows is left to whoever reads the socket next. */
static enum rc recv_all(int fd, char *p, size_t n, int *fds, size_t *nfds, int64_t until, struct err *e) {
    while (n) {
        enum rc rc = wait_for(fd, POLLIN, until, e);
        if (rc != RC_OK)
            return rc;
        bool fits;
        ssize_t got = fds_recv(fd, p, n, fds, nfds, &fits);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (got <= 0 || !fits)
            return err_set(e, RC_UNREACHABLE, !fits ? "too many descriptors in a frame" : "the other process is gone");
        p += got;
        n -= (size_t)got;
    }
    return RC_OK;
}

enum rc link_recv_now(int fd, int timeout_ms, unsigned *type, struct buf *payload, int *fds, size_t *nfds, struct err *e) {
    char header[LINK_HEADER];
    char piece[4096];
    int got[LINK_FDS_MAX];
    size_t ngot = 0, len = 0;
    int64_t until = clock_mono() + timeout_ms * INT64_C(1000);
    enum rc rc = recv_all(fd, header, sizeof header, got, &ngot, until, e);

    if (rc == RC_OK) {
        len = be32(header);
        *type = (unsigned)(unsigned char)header[4] << 8 | (unsigned char)header[5];
        if (len < 2 || len - 2 > LINK_FRAME_MAX || !frame_name(*type))
            rc = err_set(e, RC_INVALID, "the other process talks nonsense");
    }
    buf_reset(payload);
    for (size_t left = len - 2; rc == RC_OK && left;) {
        size_t n = left < sizeof piece ? left : sizeof piece;
        rc = recv_all(fd, piece, n, got, &ngot, until, e);
        if (rc == RC_OK && !buf_add(payload, piece, n))
            rc = err_set(e, RC_NOMEM, "a frame of %zu bytes is more than is expected here", len);
        left -= n;
    }
    if (rc != RC_OK || !fds || !nfds) {
        close_all(got, ngot);
        ngot = 0;
    }
    if (fds && ngot)
        memcpy(fds, got, ngot * sizeof *got);
    if (nfds)
        *nfds = ngot;
    return rc;
}
