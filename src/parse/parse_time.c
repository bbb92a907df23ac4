/* SPDX-License-Identifier: ISC
 *
 * parse_time.c - the time a message gives, resolved to an instant
 *
 * Takes   the stamp as it stands, the zone and the policy of its source, and the arrival.
 * Gives   an instant. A stamp without a year gets the year that brings it nearest to the arrival.
 */
#include "parse/parse.h"

static int64_t instant(const struct msg_time *t, int year, const struct zone *zone) {
    struct civil c = t->civil;

    c.year = year;
    if (!civil_valid(&c))
        return INT64_MIN; /* 29 February */
    return t->has_zone ? civil_to_us(&c) - t->offset_min * US_PER_MIN : zone_to_us(zone, &c);
}

static uint64_t apart(int64_t a, int64_t b) {
    return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

static int64_t nearest(const struct msg_time *t, const struct zone *zone, int64_t arrived) {
    struct civil now;
    int64_t best = INT64_MIN;

    civil_from_us(arrived, &now);
    for (int year = now.year - 1; year <= now.year + 1; year++) {
        int64_t at = instant(t, year, zone);
        if (at != INT64_MIN && (best == INT64_MIN || apart(at, arrived) < apart(best, arrived)))
            best = at;
    }
    return best;
}

void parse_time(struct message *m, const struct zone *zone, enum time_policy policy, int64_t skew_us, int year) {
    const struct msg_time *t = &m->ts;

    m->time = m->arrived;
    if (!t->present || policy == TIME_RECEIVE)
        return;
    int64_t at = t->has_year ? instant(t, t->civil.year, zone) : year ? instant(t, year, zone) : nearest(t, zone, m->arrived);
    if (at == INT64_MIN || (policy == TIME_SKEW && apart(at, m->arrived) > (uint64_t)skew_us)) {
        m->flags |= MSG_SKEWED;
        return;
    }
    m->time = at;
}
