/* SPDX-License-Identifier: ISC
 *
 * stamp.c - time stamps as senders write them
 *
 * Takes   the bytes from where a stamp may begin.
 * Gives   civil time and zone as written, and how many bytes that was.
 */
#include "parse/stamp.h"

#include "parse/format.h"

#include <string.h>

/* n digits at s.p[at], or -1. */
static int number(struct str s, size_t at, size_t n) {
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

static bool at(struct str s, size_t i, char c) {
    return i < s.n && s.p[i] == c;
}

/* "22:14:15" at i; the hour may have one digit where `loose`. Gives the index behind it, 0 when it is none. */
static size_t clock_time(struct str s, size_t i, bool loose, struct civil *c) {
    size_t h = loose && at(s, i + 1, ':') ? 1 : 2;

    c->hour = number(s, i, h);
    c->min = number(s, i + h + 1, 2);
    c->sec = number(s, i + h + 4, 2);
    if (c->hour < 0 || c->min < 0 || c->sec < 0 || s.p[i + h] != ':' || s.p[i + h + 3] != ':')
        return 0;
    return i + h + 6;
}

/* A fraction behind i; more than six digits only where `loose` (the rest is cut). Gives the index behind it, i when there is none,
 * 0 when it is malformed. */
static size_t fraction(struct str s, size_t i, bool loose, struct msg_time *t) {
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
static size_t zone(struct str s, size_t i, bool loose, struct msg_time *t) {
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

static size_t done(struct str s, size_t end, struct msg_time *t) {
    struct civil c = t->civil;

    if (!t->has_year)
        c.year = 2000; /* a leap year: 29 February without a year may be one */
    if (end == 0 || !civil_valid(&c) || c.sec > 59)
        return 0;
    t->present = true;
    t->text = sub(s, 0, end);
    return end;
}

static size_t iso(struct str s, bool loose, struct msg_time *t) {
    *t = (struct msg_time){0};
    if (s.n < 19 || s.p[4] != '-' || s.p[7] != '-' || (s.p[10] != 'T' && !(loose && s.p[10] == ' ')))
        return 0;
    struct civil *c = &t->civil;
    c->year = number(s, 0, 4);
    c->mon = number(s, 5, 2);
    c->day = number(s, 8, 2);
    t->has_year = true;
    size_t i = clock_time(s, 11, false, c);
    if (c->year < 1 || !i || !(i = fraction(s, i, loose, t)))
        return 0;
    size_t end = zone(s, i, loose, t);
    if (end == 0 || (end == i && !loose))
        return 0;
    return done(s, end, t);
}

size_t stamp_rfc5424(struct str s, struct msg_time *t) {
    return iso(s, false, t);
}

size_t stamp_iso(struct str s, struct msg_time *t) {
    return iso(s, true, t);
}

/* The first three letters as one number, so that a name costs one comparison a month. */
#define NAME3(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))
static uint32_t name3(struct str s, size_t i) {
    return i + 3 > s.n ? 0 : NAME3(s.p[i] | 0x20, s.p[i + 1] | 0x20, s.p[i + 2] | 0x20) & 0xffffff;
}

static int month(struct str s, size_t i) {
    static const uint32_t names[] = {NAME3('j', 'a', 'n'), NAME3('f', 'e', 'b'), NAME3('m', 'a', 'r'), NAME3('a', 'p', 'r'),
                                     NAME3('m', 'a', 'y'), NAME3('j', 'u', 'n'), NAME3('j', 'u', 'l'), NAME3('a', 'u', 'g'),
                                     NAME3('s', 'e', 'p'), NAME3('o', 'c', 't'), NAME3('n', 'o', 'v'), NAME3('d', 'e', 'c')};
    uint32_t name = name3(s, i);

    for (int k = 0; k < 12; k++)
        if (names[k] == name)
            return k + 1;
    return 0;
}

static bool weekday(struct str s, size_t i) {
    static const uint32_t names[] = {NAME3('m', 'o', 'n'), NAME3('t', 'u', 'e'), NAME3('w', 'e', 'd'), NAME3('t', 'h', 'u'),
                                     NAME3('f', 'r', 'i'), NAME3('s', 'a', 't'), NAME3('s', 'u', 'n')};
    uint32_t name = name3(s, i);

    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (names[k] == name && at(s, i + 3, ' '))
            return true;
    return false;
}

/* A year and a blank or the end (or a colon and a blank: Cisco) at i. */
static int year_at(struct str s, size_t i) {
    int y = number(s, i, 4);

    return y >= 1970 && y <= 2099 && (i + 4 == s.n || s.p[i + 4] == ' ' || (s.p[i + 4] == ':' && at(s, i + 5, ' '))) ? y : 0;
}

static void set_year(struct msg_time *t, int y) {
    t->civil.year = y;
    t->has_year = true;
}

/* Zone words that senders do write. Others are ambiguous (IST, CST) and are left to the configured zone. */
static const struct {
    const char *word;
    int offset;
} zone_words[] = {{"UTC", 0}, {"GMT", 0}, {"CET", 60}, {"CEST", 120}, {"MEZ", 60}, {"MESZ", 120}, {"EST", -300}, {"EDT", -240}, {"PST", -480}, {"PDT", -420}};

/* " UTC" or " +0200" behind the time. The index behind it, i when there is none. */
static size_t zone_word(struct str s, size_t i, struct msg_time *t) {
    if (!at(s, i, ' '))
        return i;
    struct str rest = sub(s, i + 1, s.n);
    size_t k = 0;

    while (k < rest.n && k < 5 && rest.p[k] >= 'A' && rest.p[k] <= 'Z')
        k++;
    for (size_t w = 0; k >= 3 && w < sizeof zone_words / sizeof *zone_words; w++)
        if (str_is(sub(rest, 0, k), zone_words[w].word) && (k == rest.n || rest.p[k] == ' ' || rest.p[k] == ':')) {
            t->has_zone = true;
            t->offset_min = zone_words[w].offset;
            return i + 1 + k;
        }
    struct msg_time z = *t;
    size_t end = at(s, i + 1, '+') || at(s, i + 1, '-') ? zone(s, i + 1, true, &z) : 0;
    if (end && end - i >= 6 && (end == s.n || s.p[end] == ' ')) {
        *t = z;
        return end;
    }
    return i;
}

size_t stamp_bsd(struct str s, struct msg_time *t) {
    size_t i = 0;
    int y;

    *t = (struct msg_time){0};
    if (s.n < 14)
        return 0;
    if (s.p[0] == '*' || s.p[0] == '.') /* Cisco: the clock was not set, or lost its server */
        i++;
    if (weekday(s, i))
        i += 4;
    if ((y = year_at(s, i)) && at(s, i + 4, ' ')) {
        set_year(t, y);
        i += 5;
    }
    struct civil *c = &t->civil;
    if (!(c->mon = month(s, i)) || !at(s, i + 3, ' '))
        return 0;
    i += 4 + (size_t)at(s, i + 4, ' ');
    bool two = i + 1 < s.n && is_digit(s.p[i + 1]);
    if ((c->day = number(s, i, 1 + (size_t)two)) < 0 || !at(s, i + 1 + two, ' '))
        return 0;
    i += 2 + (size_t)two;
    if (!t->has_year && (y = year_at(s, i)) && at(s, i + 4, ' ')) {
        set_year(t, y);
        i += 5;
    }
    if (!(i = clock_time(s, i, true, c)) || !(i = fraction(s, i, true, t)))
        return 0;
    if (i == s.n || s.p[i] != ' ') {
        size_t z = zone(s, i, true, t);
        return done(s, z ? z : i, t);
    }
    i = zone_word(s, i, t);
    if (!t->has_year && at(s, i, ' ') && (y = year_at(s, i + 1))) {
        set_year(t, y);
        i = t->has_zone ? i + 5 : zone_word(s, i + 5, t);
    }
    return done(s, i, t);
}

size_t stamp_epoch(struct str s, struct msg_time *t) {
    int64_t sec = 0;

    *t = (struct msg_time){0};
    if (s.n < 10 || (s.n > 10 && is_digit(s.p[10])))
        return 0;
    for (size_t i = 0; i < 10; i++) {
        if (!is_digit(s.p[i]))
            return 0;
        sec = sec * 10 + (s.p[i] - '0');
    }
    civil_from_us(sec * US_PER_S, &t->civil);
    t->has_year = t->has_zone = t->zone_z = true;
    return done(s, fraction(s, 10, true, t), t);
}
