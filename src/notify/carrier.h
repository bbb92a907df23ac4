/* SPDX-License-Identifier: ISC
 *
 * carrier.h - brings what the desk handed over to mail servers and webhooks (libcurl multi on libevent)
 *
 * Takes   carries; copies what it needs, so the caller's memory is its own again.
 * Gives   one `carried` each, by channel (channels.def): accepted by SMTP 250 / HTTP 2xx, or why not and whether a retry makes sense.
 * Keeps   at most `parallel` transfers running and CARRIER_QUEUE waiting; urgent ones (smaller urgency) go first.
 */
#ifndef TOCSIN_NOTIFY_CARRIER_H
#define TOCSIN_NOTIFY_CARRIER_H

#include <event2/event.h>

#include "base/err.h"
#include "model/carry.h"
#include "notify/notify_conf.h"

#define CARRIER_QUEUE 4096

struct carrier;
typedef void (*carried_fn)(void *ctx, const struct carried *c);
/* The secret of that name ("mail.password", "person.LOGIN"), absent when there is none. */
typedef struct str (*secret_fn)(void *ctx, const char *name);

struct carrier *carrier_new(struct event_base *base, carried_fn done, secret_fn secret, void *ctx); /* NULL without memory */
void carrier_free(struct carrier *c);                                        /* ends what runs without a word */
void carrier_configure(struct carrier *c, const struct notify_conf *conf);   /* borrowed until the next call */
/* RC_BUSY when the queue is full: the desk tries again by its schedule. */
enum rc carrier_take(struct carrier *c, const struct carry *in, struct err *e);
size_t carrier_pending(const struct carrier *c);

#endif
