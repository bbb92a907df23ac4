/* SPDX-License-Identifier: ISC
 *
 * intake_own.h - what intake.c, stream.c and dgram.c share; nobody else includes it
 */
#ifndef TOCSIN_INTAKE_INTAKE_OWN_H
#define TOCSIN_INTAKE_INTAKE_OWN_H

#include <event2/listener.h>

#include "intake/allow.h"
#include "intake/framing.h"
#include "intake/intake.h"
#include "intake/socket.h"

#define INTAKE_READ ((size_t)256 << 10)
#define INTAKE_SLACK 64 /* of a read buffer, beyond the longest line: delimiters, counts */

struct stream;
struct dgram;
struct listener;
struct dgram_space;

struct origin { /* what a listener gives its messages */
    uint8_t transport;
    uint16_t source, org;
};

struct intake {
    struct event_base *base;
    struct limits_conf limits;
    intake_sink_fn sink;
    void *ctx;
    enum intake_hold hold;
    bool drops; /* count what the kernel drops */
    struct intake_count by[TRANSPORT__COUNT];
    struct allow *allow;
    int64_t warned; /* of connections turned away, monotonic */
    struct listener *listeners; /* streams */
    struct stream *streams;
    struct dgram *dgrams;
    struct event *idle;
    char *space; /* of streams: limit + INTAKE_SLACK + INTAKE_READ */
    size_t space_size;
    struct dgram_space *dgram_space;
    struct message m; /* the one at hand */
};

/* Puts one message into the sink. */
void intake_message(struct intake *in, const struct origin *o, struct str raw, bool cut, struct str peer, int64_t arrived);

enum rc stream_listen(struct intake *in, int fd, struct origin o, struct err *e);
void stream_unlisten(struct intake *in);
void stream_hold(struct intake *in);  /* as in->hold says */
void stream_idle(struct intake *in);  /* closes the silent */
void stream_drain(struct intake *in); /* reads what is there, closes all */
void stream_close_all(struct intake *in);

enum rc dgram_listen(struct intake *in, int fd, struct origin o, struct err *e);
void dgram_unlisten(struct intake *in);
void dgram_hold(struct intake *in);
void dgram_drain(struct intake *in);
void dgram_drops(struct intake *in); /* asks the kernel what it dropped */
void dgram_space_free(struct intake *in);

#endif
