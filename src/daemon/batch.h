/* SPDX-License-Identifier: ISC
 *
 * batch.h - the sightings of a few milliseconds, like ones made one
 *
 * Sightings that agree in rule, organisation, transport, every keyed field of the rule (ruleset.h) and in whose they are (the asset and the
 * source that the roster knows: an attack on forty hosts of no special need is one sighting) become one with all their times and weights, the
 * first line and the last. What a batch borrows it copies into an arena that is reset per batch.
 */
#ifndef TOCSIN_DAEMON_BATCH_H
#define TOCSIN_DAEMON_BATCH_H

#include "detect/ruleset.h"
#include "model/person.h"
#include "model/sighting.h"

#define BATCH_MAX 4096                    /* different sightings */
#define BATCH_BYTES ((size_t)8 << 20)     /* of the arena */
#define BATCH_ENOUGH ((size_t)3 << 20)    /* of the arena: time to send */

struct batcher;
struct batcher *batcher_new(void); /* NULL without memory */
void batcher_free(struct batcher *b);
/* The rule set and the roster (may be NULL) the next sightings speak of; borrowed. The batch must be empty. False without memory. */
bool batcher_rules(struct batcher *b, const struct ruleset *rs, const struct roster *roster);
/* Does the desk have any use for a sighting of this rule? */
bool batcher_wants(const struct batcher *b, uint32_t rule);
/* The sightings added from here on are of another line; batcher_lines counts those of which the first sighting is in this batch. */
void batcher_line(struct batcher *b);
uint32_t batcher_lines(const struct batcher *b);
/* The sighting that the rule would make of m is like one that is there, and has become part of it: nobody needs to make it. */
bool batcher_again(struct batcher *b, const struct message *m, uint32_t rule);
/* False when there is no room: send what is there, reset, and try again. s is borrowed for the call. */
bool batcher_add(struct batcher *b, const struct sighting *s);
bool batcher_enough(const struct batcher *b);
struct sighting *batcher_sightings(struct batcher *b, size_t *n);
void batcher_reset(struct batcher *b);

#endif
