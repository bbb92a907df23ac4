/* SPDX-License-Identifier: ISC
 *
 * zone.h - local time by TZif tables (RFC 8536), without setenv(TZ)
 *
 * The compile role reads the files; every role looks things up in the borrowed bytes, so one process can serve many zones.
 */
#ifndef TOCSIN_BASE_ZONE_H
#define TOCSIN_BASE_ZONE_H

#include "base/clock.h"

struct zone; /* NULL means UTC in every call below */
/* Checks every length; copies what it keeps. NULL when the bytes are no TZif v1..v4. Honours the POSIX footer for late years. */
struct zone *zone_parse(struct str tzif);
void zone_free(struct zone *z);
int zone_offset(const struct zone *z, int64_t us); /* seconds east of UTC in force at us */
/* Local civil time to an instant. In a gap the instant after the clock jumped; in a fold the first of the two. */
int64_t zone_to_us(const struct zone *z, const struct civil *local);
void zone_from_us(const struct zone *z, int64_t us, struct civil *local);

#endif
