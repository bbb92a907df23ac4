/* SPDX-License-Identifier: ISC
 *
 * link.h - frames between roles over a socketpair
 *
 * A frame is u32 length (of what follows), u16 type (frames.def), payload (pack.h). At most LINK_FRAME_MAX bytes. What arrives is as
 * foreign as what arrives from the network: a length out of range or an unknown type ends the link, never the process. Output is
 * queued up to `high` bytes; link_full() tells producers to stop (back-pressure), on_drain tells them to go on below `low`.
 */
#ifndef TOCSIN_LINK_LINK_H
#define TOCSIN_LINK_LINK_H

#include <event2/event.h>

#include "base/buf.h"
#include "base/err.h"

#define LINK_FRAME_MAX (16u << 20)

enum frame {
#define FRAME(id, value, from, to, help) id = value,
#include "link/frames.def"
#undef FRAME
};
const char *frame_name(unsigned type); /* NULL when unknown */

struct link;
struct link_ops {
    /* payload borrowed for the call; fds received with the frame (SCM_RIGHTS, at most 16) are the receiver's to close */
    void (*on_frame)(void *ctx, struct link *l, unsigned type, struct str payload, const int *fds, size_t nfds);
    void (*on_down)(void *ctx, struct link *l, const char *why); /* peer gone or talking nonsense; link is dead, free it later */
    void (*on_drain)(void *ctx, struct link *l);                 /* fell below low after having been full; may be NULL */
};

struct link *link_new(struct event_base *base, int fd, size_t high, size_t low, const struct link_ops *ops, void *ctx); /* takes fd */
void link_free(struct link *l);
/* Queues a frame. RC_LIMIT when the queue is beyond twice high or the payload too long (nothing queued): the caller kept filling a
 * full link, or must split. fds are duplicated. */
enum rc link_send(struct link *l, unsigned type, struct str payload, const int *fds, size_t nfds);
bool link_full(const struct link *l);
size_t link_pending(const struct link *l); /* bytes not yet written */
/* Writes what is queued, waiting at most so long: for the last words of a role that leaves. */
void link_flush(struct link *l, int timeout_ms);
/* Blocking send/receive for starting up and for short-lived roles, with a deadline in ms. */
enum rc link_send_now(int fd, unsigned type, struct str payload, const int *fds, size_t nfds, struct err *e);
/* fds: room for 16, or NULL (descriptors that come are closed then). payload is replaced. */
enum rc link_recv_now(int fd, int timeout_ms, unsigned *type, struct buf *payload, int *fds, size_t *nfds, struct err *e);

#endif
