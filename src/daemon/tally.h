/* SPDX-License-Identifier: ISC
 *
 * tally.h - what a person who keeps rules asks of an ingest worker: what each rule did, which fields ever had a value, who was heard
 *
 * A line costs a look at its program's name and, while some field that rules read was never filled, one at each of its fields. No
 * allocation after tally_new.
 */
#ifndef TOCSIN_DAEMON_TALLY_H
#define TOCSIN_DAEMON_TALLY_H

#include "daemon/pipeline.h"
#include "link/codec.h"

struct tally;
struct tally *tally_new(const struct ruleset *rs); /* borrowed. NULL without memory */
void tally_free(struct tally *t);
/* A message that the pipeline has just judged. hit: some rule matched; of the others a few per program are given fields here, to see
 * whether anybody can read them. */
void tally_line(struct tally *t, struct pipeline *p, struct message *m, bool hit);
void tally_fields(struct tally *t, const struct message *m); /* of a message whose fields are made: tally_line does it, too */
/* What is new since it was told. False: nothing. out is good until the next call. */
bool tally_next(struct tally *t, const struct matcher *mt, struct tally_frame *out);
void tally_again(struct tally *t); /* a new desk: what has no count is told once more */
void tally_carry(struct tally *t, const struct tally *before); /* what the generation before knew of fields and programs */

#endif
