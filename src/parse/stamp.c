/* SPDX-License-Identifier: ISC
 *
 * stamp.c - time stamps as senders write them
 *
 * Takes   the bytes from where a stamp may begin.
 * Gives   civil time and zone as written, and how many bytes that was.
 */
#include "parse/stamp_parts.h"

#include <string.h>

/* Zone words that senders do write. Without an offset: ambiguous ones (China or Chicago), which are left to the configured zone. */
#define AMBIGUOUS INT16_MIN
static const struct {
    const char *word;
    int16_t offset;
} zone_words[] = {{"UTC", 0},    {"GMT", 0},    {"CET", 60},   {"CEST", 120}, {"MEZ", 60},   {"MESZ", 120}, {"WET", 0},    {"WEST", 60},
                  {"BST", 60},   {"EET", 120},  {"EEST", 180}, {"MSK", 180},  {"EST", -300}, {"EDT", -240}, {"CDT", -300}, {"MST", -420},
                  {"MDT", -360}, {"PST", -480}, {"PDT", -420}, {"HKT", 480},  {"SGT", 480},  {"JST", 540},  {"KST", 540},  {"AEST", 600},
                  {"AEDT", 660}, {"NZST", 720}, {"NZDT", 780}, {"CST", AMBIGUOUS}, {"IST", AMBIGUOUS}};

size_t stamp_zone_name(struct str rest, struct msg_time *t) {
    size_t k = 0;

    while (k < rest.n && k < 5 && rest.p[k] >= 'A' && rest.p[k] <= 'Z')
        k++;
    if (k < 3 || (k < rest.n && rest.p[k] != ' ' && rest.p[k] != ':' && rest.p[k] != ']' && rest.p[k] != ')'))
        return 0;
    for (size_t w = 0; w < sizeof zone_words / sizeof *zone_words; w++)
        if (str_is(str_sub(rest, 0, k), zone_words[w].word)) {
            t->has_zone = zone_words[w].offset != AMBIGUOUS;
            t->offset_min = t->has_zone ? zone_words[w].offset : 0;
            return k;
        }
    return 0;
}

size_t stamp_zone_word(struct str s, size_t i, struct msg_time *t) {
    if (!at(s, i, ' '))
        return i;
    size_t k = stamp_zone_name(str_sub(s, i + 1, s.n), t);
    if (k)
        return i + 1 + k;
    struct msg_time z = *t;
    size_t end = at(s, i + 1, '+') || at(s, i + 1, '-') ? zone(s, i + 1, true, &z) : 0;
    if (end && end - i >= 6 && (end == s.n || s.p[end] == ' ' || s.p[end] == ':' || s.p[end] == ']')) {
        *t = z;
        return end;
    }
    return i;
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
    if (c->year < 0 || !i || !(i = fraction(s, i, loose, t)))
        return 0;
    size_t end = zone(s, i, loose, t);
    if (end == i && loose)
        end = stamp_zone_word(s, i, t);
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

/* A year and a blank or the end (or a colon and a blank: Cisco) at i. */
static int year_at(struct str s, size_t i) {
    int y = number(s, i, 4);

    return y >= 1970 && y <= 2099 && (i + 4 == s.n || s.p[i + 4] == ' ' || (s.p[i + 4] == ':' && at(s, i + 5, ' '))) ? y : 0;
}

size_t stamp_bsd(struct str s, struct msg_time *t) {
    size_t i = 0;
    int y;

    *t = (struct msg_time){0};
    if (s.n < 14)
        return 0;
    if (s.p[0] == '*' || s.p[0] == '.') /* Cisco: the clock was not set, or lost its server */
        i++;
    if (weekday(s, i) && at(s, i + 3, ' '))
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
    i = stamp_zone_word(s, i, t);
    if (!t->has_year && at(s, i, ' ') && (y = year_at(s, i + 1))) {
        set_year(t, y);
        i = t->has_zone ? i + 5 : stamp_zone_word(s, i + 5, t);
    }
    return done(s, i, t);
}

/* Ten digits are seconds, thirteen milliseconds, sixteen microseconds; the first ten may have a fraction. */
size_t stamp_epoch(struct str s, struct msg_time *t) {
    int64_t us = 0;
    size_t n = 0;

    *t = (struct msg_time){0};
    if (s.n < 10 || s.p[0] < '1' || s.p[0] > '9')
        return 0;
    while (n < s.n && n < 17 && is_digit(s.p[n]))
        us = us * 10 + (s.p[n++] - '0');
    if (n != 10 && n != 13 && n != 16)
        return 0;
    us *= n == 10 ? US_PER_S : n == 13 ? 1000 : 1;
    civil_from_us(us, &t->civil);
    t->has_year = t->has_zone = t->zone_z = true;
    t->has_frac = n > 10;
    return done(s, n == 10 ? fraction(s, 10, true, t) : n, t);
}
