/* SPDX-License-Identifier: ISC
 *
 * repeats.h - "last message repeated 3 times": which message was that?
 *
 * syslogd and some routers send that sentence instead of the message, so that an attack would look smaller than it was. Per host the
 * last message is remembered when some rule wanted it, and only that it was harmless otherwise.
 */
#ifndef TOCSIN_DAEMON_REPEATS_H
#define TOCSIN_DAEMON_REPEATS_H

#include "model/message.h"

struct repeats; /* a fixed number of hosts; one that hashes like another takes its place */
struct repeats *repeats_new(void); /* NULL without memory */
void repeats_free(struct repeats *r);

/* True when m says so and the host's last message is known: program and text are then those of that message, borrowed until the next
 * call, and MSG_DECODED is set, as the text does not stand in raw. */
bool repeats_resolve(const struct repeats *r, struct message *m);
/* Remembers m as its host's last message. */
void repeats_note(struct repeats *r, const struct message *m, bool wanted);

#endif
