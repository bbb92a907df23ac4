/* SPDX-License-Identifier: ISC
 *
 * clock.h - the only door to the time of day
 *
 * Instants are int64 microseconds since 1970-01-01T00:00:00Z. Everywhere else time is an argument called `now`.
 */
#ifndef TOCSIN_BASE_CLOCK_H
#define TOCSIN_BASE_CLOCK_H

#include "base/str.h"

#define US_PER_S INT64_C(1000000)
#define US_PER_MIN (60 * US_PER_S)
#define US_PER_H (60 * US_PER_MIN)
#define US_PER_DAY (24 * US_PER_H)

int64_t clock_now(void);  /* CLOCK_REALTIME in us */
int64_t clock_mono(void); /* CLOCK_MONOTONIC in us */
int64_t clock_mono_ns(void);

/* A civil time: Gregorian, no zone. year 1..9999, mon 1..12, day 1..31, hour 0..23, min 0..59, sec 0..59 (60 is clamped), us. */
struct civil {
    int year, mon, day, hour, min, sec, us;
};
bool civil_valid(const struct civil *c);
int64_t civil_to_us(const struct civil *c); /* read as UTC */
void civil_from_us(int64_t us, struct civil *c);
int civil_weekday(int64_t us); /* 0 = Monday */
int civil_yearday(const struct civil *c);

#define TIME_TEXT 40
/* "2026-11-22T03:48:40.123456Z": digits = fraction digits 0, 3 or 6. Returns out (TIME_TEXT bytes). */
const char *time_format(int64_t us, int digits, char *out);
/* RFC 3339 with offset; false when it is not. offset_min (may be NULL) receives the offset in minutes. */
bool time_parse(struct str s, int64_t *us, int *offset_min);

#endif
