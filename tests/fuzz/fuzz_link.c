/* SPDX-License-Identifier: ISC
 *
 * fuzz_link.c - bytes from a peer that means no good: frames come out as they are in the bytes, or the link goes down
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

struct seen {
    size_t sum; /* every byte is read */
    bool down;
};

static void on_frame(void *ctx, struct link *l, unsigned type, struct str payload, const int *fds, size_t nfds) {
    struct seen *s = ctx;

    (void)l, (void)fds;
    if (!frame_name(type) || nfds)
        abort();
    for (size_t i = 0; i < payload.n; i++)
        s->sum += (unsigned char)payload.p[i];
}

static void on_down(void *ctx, struct link *l, const char *why) {
    struct seen *s = ctx;

    (void)l, (void)why;
    if (s->down)
        abort();
    s->down = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    static struct event_base *base;
    static const struct link_ops ops = {on_frame, on_down, NULL};
    struct seen s = {0};
    int fd[2];

    if (!base && !(base = event_base_new()))
        return 0;
    if (n > 65536 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) != 0)
        return 0;
    struct link *l = link_new(base, fd[0], 1 << 20, 1 << 16, &ops, &s);
    if (l && (n == 0 || send(fd[1], p, n, MSG_NOSIGNAL) == (ssize_t)n)) {
        close(fd[1]);
        fd[1] = -1;
        for (int i = 0; i < 8 && !s.down; i++)
            event_base_loop(base, EVLOOP_NONBLOCK);
        if (!s.down)
            abort();
    }
    if (fd[1] >= 0)
        close(fd[1]);
    link_free(l);
    return 0;
}
