/* SPDX-License-Identifier: ISC
 *
 * stamp_line.c - the time in a line of a program's own log
 *
 * Takes   the line. The templates are in stamps.def.
 * Gives   the stamp at its front or among its first words; the one of an access log; that of an audit record; the one a JSON line names.
 * Keeps   nothing; at most LOOK bytes are looked at, so that a line of any length costs the same.
 */
#include "parse/stamp_parts.h"

#include <string.h>

#define LOOK 512  /* bytes in which a stamp may begin */
#define WORDS 12  /* of the front, in which one may stand */

enum where { FRONT, ANY };
static const struct {
    uint8_t where;
    const char *template;
} templates[] = {
#define STAMP(where, template) {where, template},
#include "parse/stamps.def"
#undef STAMP
};

static bool alnum(char c) {
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* One or two digits; `pad`: or a blank and one. The index behind them, 0 when they are not there. */
static size_t one_or_two(struct str s, size_t i, bool pad, int *v) {
    if (pad && at(s, i, ' '))
        i++;
    size_t n = i + 1 < s.n && is_digit(s.p[i + 1]) ? 2 : 1;
    return (*v = number(s, i, n)) < 0 ? 0 : i + n;
}

static size_t exactly(struct str s, size_t i, size_t n, int *v) {
    return (*v = number(s, i, n)) < 0 ? 0 : i + n;
}

static size_t year_of(struct str s, size_t i, bool four, struct msg_time *t) {
    int y = number(s, i, four ? 4 : 2);

    if (y < 0 || (four && (y < 1970 || y > 2099)))
        return 0;
    set_year(t, four ? y : y < 70 ? 2000 + y : 1900 + y);
    return i + (four ? 4 : 2);
}

/* "Jan", "January", "sept.": three letters tell, the others belong to it. */
static size_t month_of(struct str s, size_t i, struct civil *c) {
    if (!(c->mon = month(s, i)))
        return 0;
    for (i += 3; i < s.n && (alnum(s.p[i]) || s.p[i] == '.') && !is_digit(s.p[i]);)
        i++;
    return i;
}

static size_t half_day(struct str s, size_t i, struct civil *c) {
    bool pm = at(s, i, 'P') || at(s, i, 'p');

    if ((!pm && !at(s, i, 'A') && !at(s, i, 'a')) || !(at(s, i + 1, 'M') || at(s, i + 1, 'm')) || c->hour < 1 || c->hour > 12)
        return 0;
    c->hour = c->hour % 12 + (pm ? 12 : 0);
    return i + 2;
}

/* ".123", ",123", and ":123" where nothing but milliseconds can be meant */
static size_t fraction_of(struct str s, size_t i, struct msg_time *t) {
    if (at(s, i, ':') && number(s, i + 1, 3) >= 0 && !(i + 4 < s.n && is_digit(s.p[i + 4]))) {
        t->civil.us = number(s, i + 1, 3) * 1000;
        t->has_frac = true;
        return i + 4;
    }
    return fraction(s, i, true, t);
}

static size_t zone_of(struct str s, size_t i, struct msg_time *t) {
    struct msg_time z = *t;
    size_t end = at(s, i, ' ') ? stamp_zone_word(s, i, &z) : zone(s, i, true, &z);

    if (end <= i || (end < s.n && alnum(s.p[end])))
        return i;
    *t = z;
    return end;
}

static size_t piece(char what, struct str s, size_t i, struct msg_time *t) {
    struct civil *c = &t->civil;
    size_t n;

    switch (what) {
    case 'Y': return year_of(s, i, true, t);
    case 'y': return year_of(s, i, false, t);
    case 'm': return exactly(s, i, 2, &c->mon);
    case 'n': return one_or_two(s, i, false, &c->mon);
    case 'b': return month_of(s, i, c);
    case 'd': return one_or_two(s, i, true, &c->day);
    case 'H': return one_or_two(s, i, true, &c->hour);
    case 'h': return exactly(s, i, 2, &c->hour);
    case 'M': return exactly(s, i, 2, &c->min);
    case 'S': return exactly(s, i, 2, &c->sec);
    case 'f': return fraction_of(s, i, t);
    case 'z': return zone_of(s, i, t);
    case 'Z': return (n = stamp_zone_name(str_sub(s, i, s.n), t)) ? i + n : 0;
    case 'p': return half_day(s, i, c);
    case 'a': return weekday(s, i) ? i + 3 : 0;
    default: return 0;
    }
}

/* The length of a stamp written by `f` at the front of s, 0 when it is none. */
static size_t written_by(const char *f, struct str s, struct msg_time *t) {
    size_t i = 0;

    *t = (struct msg_time){0};
    for (; *f; f++) {
        if (*f == '%') {
            if (!(i = piece(*++f, s, i, t)))
                return 0;
        } else if (*f == ' ') {
            if (!at(s, i, ' '))
                return 0;
            while (at(s, i, ' '))
                i++;
        } else if (i >= s.n || s.p[i++] != *f) {
            return 0;
        }
    }
    return i < s.n && alnum(s.p[i]) ? 0 : done(s, i, t);
}

static size_t by_template(struct str s, enum where where, struct msg_time *t) {
    size_t n;

    if (s.n < 14 || !alnum(s.p[0]))
        return 0;
    for (size_t k = 0; k < sizeof templates / sizeof *templates; k++)
        if ((where == FRONT || templates[k].where == ANY) && (n = written_by(templates[k].template, s, t)))
            return n;
    return 0;
}

/* "@4000000050f2..." of multilog: TAI64N, whose label counts ten seconds more than Unix does. */
static size_t tai64n(struct str s, struct msg_time *t) {
    uint64_t v = 0;

    *t = (struct msg_time){0};
    if (s.n < 25 || s.p[0] != '@' || s.p[1] != '4')
        return 0;
    for (size_t i = 1; i < 17; i++) {
        int hex = is_digit(s.p[i]) ? s.p[i] - '0' : s.p[i] >= 'a' && s.p[i] <= 'f' ? s.p[i] - 'a' + 10 : -1;
        if (hex < 0)
            return 0;
        v = v << 4 | (uint64_t)hex;
    }
    v -= (UINT64_C(1) << 62) + 10;
    if (v > UINT64_C(4102444800)) /* 2100 */
        return 0;
    civil_from_us((int64_t)v * US_PER_S, &t->civil);
    t->has_year = t->has_zone = t->zone_z = true;
    return done(s, 25, t);
}

size_t stamp_value(struct str s, struct msg_time *t) {
    size_t n;

    if ((n = by_template(s, FRONT, t)) || (n = tai64n(s, t)))
        return n;
    n = stamp_epoch(s, t);
    return n && n < s.n && alnum(s.p[n]) ? 0 : n;
}

static bool opens(char c) {
    return c == '[' || c == '(' || c == '<' || c == '"' || c == '\'' || c == '{';
}

static bool parts_words(char c) {
    return c == ' ' || c == '\t' || c == '=' || c == '|' || c == ';' || c == '>' || opens(c);
}

/* Among the first words. The stamp of an access log stands behind a name that the client chose: the one before the request counts,
 * as `] "` cannot be within a name. */
static bool among(struct str s, struct msg_time *t) {
    struct msg_time at;
    size_t words = 0;
    bool found = false;

    for (size_t i = 1; i < s.n && i < LOOK; i++) {
        if (!parts_words(s.p[i - 1]) || parts_words(s.p[i]))
            continue;
        bool bracket = s.p[i - 1] == '[';
        if (++words > WORDS && !bracket)
            continue;
        size_t n = by_template(str_sub(s, i, s.n), ANY, &at);
        if (n == 0)
            continue;
        bool request = bracket && str_starts(str_sub(s, i + n, s.n), STR("] \""));
        if (!found || request)
            *t = at;
        if (!bracket || request)
            return true;
        found = true;
    }
    return found;
}

/* type=... msg=audit(1364481363.243:24287): */
static bool audit(struct str s, struct msg_time *t) {
    static const struct str lead = {"msg=audit(", 10};

    if (!str_starts(s, STR("type=")) && !str_starts(s, STR("node=")))
        return false;
    for (size_t i = 5; i < s.n && i < LOOK; i++)
        if (s.p[i] == 'm' && str_starts(str_sub(s, i, s.n), lead))
            return stamp_epoch(str_sub(s, i + lead.n, s.n), t) > 0;
    return false;
}

bool stamp_front(struct str s, struct msg_time *t) {
    if (stamp_value(s, t) || (s.n && opens(s.p[0]) && stamp_value(str_sub(s, 1, s.n), t)) || audit(s, t) || (s.n && s.p[0] == '{' && stamp_json(s, t)))
        return true;
    *t = (struct msg_time){0};
    return false;
}

bool stamp_line(struct str s, struct msg_time *t) {
    if (stamp_front(s, t) || (s.n && s.p[0] != '{' && among(s, t)))
        return true;
    *t = (struct msg_time){0};
    return false;
}
