/* SPDX-License-Identifier: ISC
 *
 * intake.h - syslog from sockets to a sink: datagrams, streams, their limits and their account
 *
 * Takes   sockets the parent bound; a sink for messages.
 * Gives   every message to the sink: raw, arrived (one clock reading per read), peer, transport, source, org and MSG_CUT set, borrowed
 *         for the call.
 * Keeps   one read buffer for all streams, the unfinished line of each, one block for datagrams; no more connections than allowed.
 */
#ifndef TOCSIN_INTAKE_INTAKE_H
#define TOCSIN_INTAKE_INTAKE_H

#include <event2/event.h>

#include "base/err.h"
#include "intake/intake_conf.h"
#include "model/message.h"

struct intake_count { /* per transport, since intake_new */
    uint64_t received;    /* messages given to the sink, or shed */
    uint64_t shed;        /* of these: not given to the sink */
    uint64_t kernel;      /* datagrams the kernel dropped before we read them */
    uint64_t cut, bytes, connections;
    uint64_t refused;     /* connections turned away */
    uint64_t invalid;     /* frames whose framing made no sense */
};

enum intake_hold {
    INTAKE_FLOW, /* read */
    INTAKE_SLOW, /* streams are not read, their senders feel it; datagrams are: theirs cannot */
    INTAKE_HOLD, /* nothing is read: datagrams wait in the kernel, which counts what it drops */
    INTAKE_SHED  /* streams are not read; datagrams are, and counted as shed */
};

typedef void (*intake_sink_fn)(void *ctx, struct message *m);

struct intake;
struct intake *intake_new(struct event_base *base, const struct limits_conf *limits, intake_sink_fn sink, void *ctx); /* NULL without memory */
void intake_free(struct intake *in);
void intake_limits(struct intake *in, const struct limits_conf *limits); /* for what is read from now on */
/* Takes fd, a socket of one of the syslog kinds. source and org are put into its messages. */
enum rc intake_listen(struct intake *in, int kind, int fd, uint16_t source, uint16_t org, struct err *e);
void intake_count_drops(struct intake *in, bool yes); /* whether this process counts what the kernel drops: of several that share sockets, one */
void intake_unlisten(struct intake *in); /* closes every listener; connections stay */
void intake_hold(struct intake *in, enum intake_hold hold);
/* Reads what is there to be read now, then closes everything: the last thing before leaving. */
void intake_drain(struct intake *in);
const struct intake_count *intake_counts(struct intake *in); /* TRANSPORT__COUNT of them */
size_t intake_connections(const struct intake *in);

#endif
