/* SPDX-License-Identifier: ISC
 *
 * stamp_parts.h - the pieces that stamps are made of, in line: a header's stamp is read for every message; stamp.c, stamp_line.c only
 */
#ifndef TOCSIN_PARSE_STAMP_PARTS_H
#define TOCSIN_PARSE_STAMP_PARTS_H

#include "parse/format.h"
#include "parse/stamp.h"

/* n digits at s.p[at], or -1. */
static inline int number(struct str s, size_t at, size_t n) {
    int v = 0;

    if (at + n > s.n)
        return -1;
    for (size_t i = at; i < at + n; i++) {
        if (!is_digit(s.p[i]))
            return -1;
        v = v * 10 + (s.p[i] - '0');
    }
    return v;
}

static inline bool at(struct str s, size_t i, char c) {
    return i < s.n && s.p[i] == c;
}

/* "22:14:15" at i; the hour may have one digit where `loose`. Gives the index behind it, 0 when it is none. */
static inline size_t clock_time(struct str s, size_t i, bool loose, struct civil *c) {
    size_t h = loose && at(s, i + 1, ':') ? 1 : 2;

    c->hour = number(s, i, h);
    c->min = number(s, i + h + 1, 2);
    c->sec = number(s, i + h + 4, 2);
    if (c->hour < 0 || c->min < 0 || c->sec < 0 || s.p[i + h] != ':' || s.p[i + h + 3] != ':')
        return 0;
    return i + h + 6;
}

/* "22:14:15" at p, which has eight bytes; the ranges are for others to check. */
static inline bool clock_quick(const char *p, struct civil *c) {
    unsigned a = (unsigned)(p[0] - '0'), b = (unsigned)(p[1] - '0'), d = (unsigned)(p[3] - '0'), e = (unsigned)(p[4] - '0'),
             f = (unsigned)(p[6] - '0'), g = (unsigned)(p[7] - '0');

    c->hour = (int)(10 * a + b);
    c->min = (int)(10 * d + e);
    c->sec = (int)(10 * f + g);
    return (a <= 9) & (b <= 9) & (d <= 9) & (e <= 9) & (f <= 9) & (g <= 9) & (p[2] == ':') & (p[5] == ':');
}

/* A fraction behind i; more than six digits only where `loose` (the rest is cut). Gives the index behind it, i when there is none,
 * 0 when it is malformed. */
static inline size_t fraction(struct str s, size_t i, bool loose, struct msg_time *t) {
    int scale = 100000;
    size_t k = i + 1;

    if (!at(s, i, '.') && !(loose && at(s, i, ',')))
        return i;
    for (; k < s.n && is_digit(s.p[k]); k++, scale /= 10)
        t->civil.us += (s.p[k] - '0') * scale;
    if (k == i + 1)
        return loose ? i : 0;
    if (k - i > 7 && !loose)
        return 0;
    t->has_frac = true;
    return k;
}

/* "Z", "+02:00", and where `loose` "+0200" and "+02". The index behind it, i when there is none, 0 when it is malformed. */
static inline size_t zone(struct str s, size_t i, bool loose, struct msg_time *t) {
    if (at(s, i, 'Z')) {
        t->has_zone = t->zone_z = true;
        return i + 1;
    }
    if (!at(s, i, '+') && !at(s, i, '-'))
        return i;
    int h = number(s, i + 1, 2);
    bool colon = at(s, i + 3, ':');
    int m = number(s, i + 3 + colon, 2);
    size_t end = i + 5 + colon;

    if (m < 0 && loose && !colon) {
        m = 0;
        end = i + 3;
    }
    if (h < 0 || h > 23 || m < 0 || m > 59 || (!colon && !loose))
        return 0;
    t->has_zone = true;
    t->offset_min = (h * 60 + m) * (s.p[i] == '-' ? -1 : 1);
    return end;
}

static inline size_t done(struct str s, size_t end, struct msg_time *t) {
    struct civil c = t->civil;

    if (c.year == 0)
        c.year = 2000; /* a leap year: 29 February without a year may be one, and in the year 0000 there was one */
    if (end == 0 || !civil_valid(&c) || c.sec > 59)
        return 0;
    t->present = true;
    t->text = str_sub(s, 0, end);
    return end;
}

/* The first three letters as one number, so that a name costs one comparison a month. */
#define NAME3(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))
static inline uint32_t name3(struct str s, size_t i) {
    return i + 3 > s.n ? 0 : NAME3(s.p[i] | 0x20, s.p[i + 1] | 0x20, s.p[i + 2] | 0x20) & 0xffffff;
}

/* The second and the third letter tell the months apart. */
static inline int month(struct str s, size_t i) {
#define MONTH(a, b, c, mon) [((b) + (c)) & 31] = {NAME3(a, b, c), mon}
    static const struct {
        uint32_t name;
        int mon;
    } names[32] = {MONTH('j', 'a', 'n', 1), MONTH('f', 'e', 'b', 2), MONTH('m', 'a', 'r', 3),  MONTH('a', 'p', 'r', 4),
                   MONTH('m', 'a', 'y', 5), MONTH('j', 'u', 'n', 6), MONTH('j', 'u', 'l', 7),  MONTH('a', 'u', 'g', 8),
                   MONTH('s', 'e', 'p', 9), MONTH('o', 'c', 't', 10), MONTH('n', 'o', 'v', 11), MONTH('d', 'e', 'c', 12)};
#undef MONTH
    uint32_t name = name3(s, i), at = (name + (name >> 8)) & 31;

    return name && names[at].name == name ? names[at].mon : 0;
}

static inline bool weekday(struct str s, size_t i) {
    static const uint32_t names[] = {NAME3('m', 'o', 'n'), NAME3('t', 'u', 'e'), NAME3('w', 'e', 'd'), NAME3('t', 'h', 'u'),
                                     NAME3('f', 'r', 'i'), NAME3('s', 'a', 't'), NAME3('s', 'u', 'n')};
    uint32_t name = name3(s, i);

    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (names[k] == name)
            return true;
    return false;
}

static inline void set_year(struct msg_time *t, int y) {
    t->civil.year = y;
    t->has_year = true;
}

/* " UTC" or " +0200" at i, which follows the time. The index behind it, i when there is none (stamp.c). */
size_t stamp_zone_word(struct str s, size_t i, struct msg_time *t);
/* The length of "CEST" and its like at the front of s, 0 when it is none. */
size_t stamp_zone_name(struct str s, struct msg_time *t);

#endif
