/* SPDX-License-Identifier: ISC
 *
 * heard.h - which listed sources spoke, be it only harmless lines, so that none of them is called silent
 *
 * Only sources with a heartbeat are known here. A look-up per line costs a hash of the host name and of the address: no allocation.
 */
#ifndef TOCSIN_DAEMON_HEARD_H
#define TOCSIN_DAEMON_HEARD_H

#include "link/codec.h"
#include "model/person.h"

struct heard;
struct heard *heard_new(const struct roster *r, uint32_t generation); /* roster borrowed. NULL without memory */
void heard_free(struct heard *h);
bool heard_any(const struct heard *h); /* some source has a heartbeat: else heard_note need not be called */
/* host as the header gives it, peer with its port; either may be absent. */
void heard_note(struct heard *h, struct str host, struct str peer, int64_t arrived);
void heard_again(struct heard *h);                             /* a new desk: everything is told once more */
void heard_carry(struct heard *h, const struct heard *before); /* what the generation before knew, by name */
/* Fills in the next ones that were not told yet. False: nothing to tell. */
bool heard_next(struct heard *h, struct hearing *out);

#endif
