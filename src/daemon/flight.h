/* SPDX-License-Identifier: ISC
 *
 * flight.h - frames on their way to the desk: numbered, kept until acknowledged, sent again to the next desk
 *
 * Frames keep their epoch and seq over a desk's death, so the desk can tell what it committed already (codec.h).
 */
#ifndef TOCSIN_DAEMON_FLIGHT_H
#define TOCSIN_DAEMON_FLIGHT_H

#include "link/codec.h"
#include "link/link.h"

struct flown;
/* The end of one frame: acknowledged (a) or given up (NULL, when the flight is over). The frame is gone afterwards. */
typedef void (*flight_done_fn)(void *ctx, struct flown *f, const struct ack *a);

struct flown { /* a frame without its acknowledgement */
    struct flown *next;
    uint64_t seq;
    unsigned type;
    char *payload;
    size_t n;
    uint64_t lines[TRANSPORT__COUNT]; /* received lines it stands for */
    flight_done_fn done;
    void *ctx;
};

struct flight {
    struct event_base *base;
    struct link *desk; /* NULL while there is none */
    void (*changed)(void *ctx); /* bytes fell, the desk came or went */
    void (*pause)(void *ctx, bool paused, struct str why);
    void *ctx;
    struct flown *first, **end, *unsent; /* unsent: the first that is not on the link of now */
    size_t bytes, frames;
    uint64_t epoch, seq;
    uint32_t worker;
};

void flight_init(struct flight *f, struct event_base *base);
void flight_fini(struct flight *f); /* every done is called with NULL */
void flight_peer(struct flight *f, uint32_t worker, int fd); /* a desk is there (takes fd): everything is sent again, in order */
/* The number of the next frame, to be encoded into it. */
uint64_t flight_next(const struct flight *f);
/* Takes an encoded frame that bears flight_next's number. Never fails but for memory (RC_NOMEM, RC_LIMIT when it is over long): payload is
 * emptied in any case. lines may be NULL. */
enum rc flight_take(struct flight *f, unsigned type, struct buf *payload, const uint64_t *lines, flight_done_fn done, void *ctx);
void flight_tell(struct flight *f, unsigned type, struct str payload); /* not kept, not numbered: FRAME_STATS */
void flight_flush(struct flight *f, int timeout_ms);

#endif
