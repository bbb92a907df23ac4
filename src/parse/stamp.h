/* SPDX-License-Identifier: ISC
 *
 * stamp.h - time stamps as senders write them; inside the room only
 *
 * Each function reads a stamp at the front of s, fills *t (civil, what is present, text) and gives its length, 0 when there is none.
 * Nothing is resolved here: a stamp without a year has the year 0.
 */
#ifndef TOCSIN_PARSE_STAMP_H
#define TOCSIN_PARSE_STAMP_H

#include "model/message.h"

size_t stamp_rfc5424(struct str s, struct msg_time *t); /* RFC 5424 6.2.3 exactly, not NILVALUE */
size_t stamp_iso(struct str s, struct msg_time *t);     /* its kin: a blank for T, a comma, +0200, no zone, more than 6 digits */
size_t stamp_bsd(struct str s, struct msg_time *t);     /* "Oct 11 22:14:15" and its kin: year, fraction, zone, weekday, * */
size_t stamp_epoch(struct str s, struct msg_time *t);   /* seconds since 1970, maybe a fraction; milli- or microseconds */
/* The time of a line of a program's own log, wherever its program writes it (stamps.def); false and *t empty when there is none. */
bool stamp_line(struct str s, struct msg_time *t);
bool stamp_front(struct str s, struct msg_time *t); /* the same, but only at its front: for what came without a header */
size_t stamp_value(struct str s, struct msg_time *t); /* any of these at the front of s */
bool stamp_json(struct str s, struct msg_time *t); /* of a JSON object: what its outermost "time", "timestamp", ... says */

#endif
