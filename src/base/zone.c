/* SPDX-License-Identifier: ISC
 *
 * zone.c - local time by TZif tables (RFC 8536)
 *
 * Takes   the bytes of a file of the tz database, foreign until every length was checked.
 * Gives   offsets; leap seconds are left out, as POSIX time has none.
 * Keeps   transitions of 64 bits and their offsets, and the footer's rule for the years behind the last transition.
 */
#include "base/zone.h"

#include "base/zone_rule.h"

#include <stdlib.h>
#include <string.h>

#define HEAD 44
#define TIMES_MAX 4096
#define TYPES_MAX 256
#define OFFSET_MAX (26 * 3600)

struct zone {
    size_t n;
    int64_t *at;   /* seconds */
    int32_t *east; /* in force from at[i] on */
    int32_t first; /* before at[0] */
    struct zone_rule rule;
};

static uint64_t be(const unsigned char *p, size_t bytes) {
    uint64_t v = 0;

    for (size_t i = 0; i < bytes; i++)
        v = v << 8 | p[i];
    return v;
}

struct head {
    char version;
    size_t isut, isstd, leap, times, types, chars;
    size_t body; /* bytes behind the header, for times of `width` bytes */
};

static bool head_parse(struct str s, size_t width, struct head *h) {
    const unsigned char *p = (const unsigned char *)s.p;

    if (s.n < HEAD || memcmp(p, "TZif", 4) != 0)
        return false;
    h->version = (char)p[4];
    h->isut = (size_t)be(p + 20, 4);
    h->isstd = (size_t)be(p + 24, 4);
    h->leap = (size_t)be(p + 28, 4);
    h->times = (size_t)be(p + 32, 4);
    h->types = (size_t)be(p + 36, 4);
    h->chars = (size_t)be(p + 40, 4);
    if (h->times > TIMES_MAX || h->types == 0 || h->types > TYPES_MAX || h->chars > 4096 || h->leap > 4096 ||
        h->isut > TYPES_MAX || h->isstd > TYPES_MAX)
        return false;
    h->body = h->times * (width + 1) + h->types * 6 + h->chars + h->leap * (width + 4) + h->isstd + h->isut;
    return s.n - HEAD >= h->body;
}

/* The block behind a header: transition times, their types, the types. */
static bool body_parse(struct zone *z, const unsigned char *p, const struct head *h, size_t width) {
    const unsigned char *index = p + h->times * width, *types = index + h->times;
    int32_t east[TYPES_MAX];

    for (size_t i = 0; i < h->types; i++) {
        east[i] = (int32_t)be(types + 6 * i, 4);
        if (east[i] > OFFSET_MAX || east[i] < -OFFSET_MAX)
            return false;
    }
    z->first = east[0];
    if (h->times && (!(z->at = calloc(h->times, sizeof *z->at)) || !(z->east = calloc(h->times, sizeof *z->east))))
        return false;
    for (size_t i = 0; i < h->times; i++) {
        uint64_t raw = be(p + i * width, width);
        z->at[i] = width == 4 ? (int32_t)raw : (int64_t)raw;
        if (index[i] >= h->types || (i && z->at[i] <= z->at[i - 1]))
            return false;
        z->east[i] = east[index[i]];
    }
    z->n = h->times;
    return true;
}

/* A newline, the rule, a newline; an empty rule says that nothing is known of later years. */
static bool footer_parse(struct zone *z, struct str s) {
    if (s.n < 2 || s.p[0] != '\n')
        return false;
    s = str_sub(s, 1, s.n);
    size_t end = str_chr(s, '\n');
    if (end == SIZE_MAX)
        return false;
    return end == 0 || zone_rule_parse(str_sub(s, 0, end), &z->rule);
}

static bool parse(struct zone *z, struct str s) {
    struct head h;

    if (!head_parse(s, 4, &h))
        return false;
    if (h.version < '2')
        return body_parse(z, (const unsigned char *)s.p + HEAD, &h, 4);
    s = str_sub(s, HEAD + h.body, s.n);
    return head_parse(s, 8, &h) && body_parse(z, (const unsigned char *)s.p + HEAD, &h, 8) &&
           footer_parse(z, str_sub(s, HEAD + h.body, s.n));
}

struct zone *zone_parse(struct str tzif) {
    struct zone *z = calloc(1, sizeof *z);

    if (z && !parse(z, tzif)) {
        zone_free(z);
        z = NULL;
    }
    return z;
}

void zone_free(struct zone *z) {
    if (!z)
        return;
    free(z->at);
    free(z->east);
    free(z);
}

static int64_t floor_s(int64_t us) {
    return us / US_PER_S - (us % US_PER_S < 0);
}

/* Nobody means the ends of the scale, but arithmetic a few days around them must not overflow. */
static int64_t within(int64_t us) {
    const int64_t end = INT64_MAX - 800 * US_PER_DAY;

    return us > end ? end : us < -end ? -end : us;
}

int zone_offset(const struct zone *z, int64_t us) {
    int64_t s = floor_s(within(us));

    if (!z)
        return 0;
    if ((z->n == 0 || s >= z->at[z->n - 1]) && z->rule.known)
        return zone_rule_offset(&z->rule, s);
    size_t lo = 0, hi = z->n; /* at[lo - 1] <= s < at[hi] */
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (z->at[mid] <= s)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo ? z->east[lo - 1] : z->first;
}

/* Two offsets can be meant: that of a day before and that of a day after (zones do not jump twice within two days, but where a rule
 * is younger than its table; then the later reading still lands on an instant that shows `local` or the end of the gap). */
int64_t zone_to_us(const struct zone *z, const struct civil *local) {
    int64_t as_utc = civil_to_us(local);
    int before = zone_offset(z, as_utc - US_PER_DAY), after = zone_offset(z, as_utc + US_PER_DAY);
    int64_t early = as_utc - before * US_PER_S, late = as_utc - after * US_PER_S;

    if (zone_offset(z, early) == before)
        return early; /* no jump between, or not yet, or the first of the two readings in a fold */
    if (zone_offset(z, late) == after)
        return late;
    /* in the gap: the jump lies between the two readings, the clock then showed the first instant behind it */
    int64_t lo = floor_s(late), hi = floor_s(early);
    if (lo > hi) {
        int64_t swap = lo;
        lo = hi;
        hi = swap;
    }
    while (hi - lo > 1) {
        int64_t mid = lo + (hi - lo) / 2;
        if (zone_offset(z, mid * US_PER_S) == before)
            lo = mid;
        else
            hi = mid;
    }
    return hi * US_PER_S;
}

void zone_from_us(const struct zone *z, int64_t us, struct civil *local) {
    civil_from_us(within(us) + zone_offset(z, us) * US_PER_S, local);
}
