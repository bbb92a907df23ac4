/* SPDX-License-Identifier: ISC
 *
 * parse.h - from bytes to a message's header (RFC 5424, RFC 3164 and its kin, text)
 *
 * Pure: no clock, no allocation, never reads behind raw.n, never fails: what is no valid RFC 5424 is RFC 3164, and what is neither is
 * text. raw is never changed.
 */
#ifndef TOCSIN_PARSE_PARSE_H
#define TOCSIN_PARSE_PARSE_H

#include "base/zone.h"
#include "model/message.h"

/* Zeroes m except raw, arrived, peer, transport, source, org, flags and spare, which the caller has set; then fills the header fields,
 * program, text and repeat. Formats are tried in the order of formats.def. */
void parse_message(struct message *m);
/* Without the short way that most headers take: slower, with the same outcome; for the test that says so. */
void parse_message_plain(struct message *m);

/* The same for a line of a program's own log, which has no syslog header: the program is known, a time stamp at its front is taken. */
void parse_line(struct message *m, struct str program);

/* What m->text carries, anew: for a text that came from elsewhere than m->raw. */
void parse_body(struct message *m);

enum time_policy { TIME_SKEW, TIME_EVENT, TIME_RECEIVE };
/* Resolves m->ts to m->time: the sender's zone, else `zone`; the year nearest to m->arrived (a December line in January is last
 * year's), or `year` when it is not 0. skew: the message's own time if within skew_us of arrival, else arrival with MSG_SKEWED. */
void parse_time(struct message *m, const struct zone *zone, enum time_policy policy, int64_t skew_us, int year);

/* Visits the SD-PARAMs of m->sd in order (escapes undone into tmp when there are any). */
void parse_sd(struct str sd, void (*fn)(void *ctx, struct str id, struct str name, struct str value), void *ctx);

#endif
