/* SPDX-License-Identifier: ISC
 *
 * zone_rule.c - the POSIX rule in the footer of a TZif file (POSIX.1-2017, 8.3; RFC 8536, 3.3.1)
 */
#include "base/zone_rule.h"

#include "base/clock.h"

#define HOUR 3600
#define DAY (24 * HOUR)

static bool take(struct str *s, char c) {
    if (s->n == 0 || s->p[0] != c)
        return false;
    *s = str_sub(*s, 1, s->n);
    return true;
}

static bool letter(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool number(struct str *s, int lo, int hi, int *out) {
    size_t n = 0;
    uint64_t v;

    while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
        n++;
    if (!str_u64(str_sub(*s, 0, n), (uint64_t)hi, &v) || (int)v < lo)
        return false;
    *s = str_sub(*s, n, s->n);
    *out = (int)v;
    return true;
}

/* "CEST" or "<+0330>" */
static bool name(struct str *s) {
    size_t n = 0;

    if (take(s, '<')) {
        n = str_chr(*s, '>');
        if (n == SIZE_MAX)
            return false;
        *s = str_sub(*s, n + 1, s->n);
        return true;
    }
    while (n < s->n && letter(s->p[n]))
        n++;
    *s = str_sub(*s, n, s->n);
    return n >= 3;
}

/* [+-]hh[:mm[:ss]] */
static bool duration(struct str *s, int hours, int32_t *out) {
    bool minus = take(s, '-');
    int h, m = 0, sec = 0;

    if (!minus)
        take(s, '+');
    if (!number(s, 0, hours, &h) || (take(s, ':') && (!number(s, 0, 59, &m) || (take(s, ':') && !number(s, 0, 59, &sec)))))
        return false;
    *out = (minus ? -1 : 1) * (h * HOUR + m * 60 + sec);
    return true;
}

static bool day(struct str *s, struct zone_day *d) {
    bool ok;

    if (take(s, 'M')) {
        d->kind = 'M';
        ok = number(s, 1, 12, &d->mon) && take(s, '.') && number(s, 1, 5, &d->week) && take(s, '.') && number(s, 0, 6, &d->day);
    } else if (take(s, 'J')) {
        d->kind = 'J';
        ok = number(s, 1, 365, &d->day);
    } else {
        d->kind = '0';
        ok = number(s, 0, 365, &d->day);
    }
    d->second = 2 * HOUR;
    return ok && (!take(s, '/') || duration(s, 167, &d->second));
}

bool zone_rule_parse(struct str s, struct zone_rule *r) {
    int32_t west;

    *r = (struct zone_rule){0};
    if (!name(&s) || !duration(&s, 24, &west))
        return false;
    r->std = -west;
    r->dst = r->std + HOUR;
    if (s.n) {
        r->summer = true;
        if (!name(&s))
            return false;
        if (s.n && s.p[0] != ',') {
            if (!duration(&s, 24, &west))
                return false;
            r->dst = -west;
        }
        if (!take(&s, ',') || !day(&s, &r->from) || !take(&s, ',') || !day(&s, &r->to) || s.n)
            return false;
    }
    r->known = true;
    return true;
}

static int64_t first_of(int year, int mon) {
    return civil_to_us(&(struct civil){.year = year, .mon = mon, .day = 1});
}

/* The day's second as if local time were UTC. */
static int64_t local_second(const struct zone_day *d, int year) {
    int64_t start = first_of(year, 1) / US_PER_S;

    if (d->kind == 'M') {
        int64_t us = first_of(year, d->mon);
        int64_t next = d->mon == 12 ? first_of(year + 1, 1) : first_of(year, d->mon + 1);
        int first = (civil_weekday(us) + 1) % 7; /* POSIX counts from Sunday */
        int64_t at = us + ((d->day - first + 7) % 7 + 7 * (d->week - 1)) * US_PER_DAY;
        while (at >= next)
            at -= 7 * US_PER_DAY;
        start = at / US_PER_S;
    } else if (d->kind == 'J') {
        bool leap = first_of(year, 3) - first_of(year, 2) == 29 * US_PER_DAY;
        start += (int64_t)(d->day - 1 + (leap && d->day >= 60)) * DAY;
    } else {
        start += (int64_t)d->day * DAY;
    }
    return start + d->second;
}

int32_t zone_rule_offset(const struct zone_rule *r, int64_t second) {
    struct civil c;

    if (!r->summer)
        return r->std;
    civil_from_us((second + r->std) * US_PER_S, &c);
    int64_t from = local_second(&r->from, c.year) - r->std, to = local_second(&r->to, c.year) - r->dst;
    bool in = from < to ? second >= from && second < to : !(second >= to && second < from);
    return in ? r->dst : r->std;
}
