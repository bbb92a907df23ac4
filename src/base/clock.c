/* SPDX-License-Identifier: ISC
 *
 * clock.c - the only door to the time of day, and the calendar
 *
 * The day count is Howard Hinnant's days_from_civil: eras of 400 years that begin in March, so that the leap day is the last.
 */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t read_clock(clockid_t id) {
    struct timespec ts;

    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * US_PER_S + ts.tv_nsec / 1000;
}

int64_t clock_now(void) {
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_mono(void) {
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_mono_ns(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

static int64_t floor_div(int64_t a, int64_t b) {
    return a / b - (a % b < 0);
}

static int64_t days_from_civil(int year, int mon, int day) {
    int64_t y = year - (mon <= 2);
    int64_t era = floor_div(y, 400);
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (mon + (mon > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + day_of_era - 719468;
}

static bool leap(int year) {
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

bool civil_valid(const struct civil *c) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (c->year < 1 || c->year > 9999 || c->mon < 1 || c->mon > 12 || c->day < 1)
        return false;
    if (c->day > days[c->mon - 1] + (c->mon == 2 && leap(c->year)))
        return false;
    return c->hour >= 0 && c->hour <= 23 && c->min >= 0 && c->min <= 59 && c->sec >= 0 && c->sec <= 60 && c->us >= 0 &&
           c->us <= 999999;
}

int64_t civil_to_us(const struct civil *c) {
    int sec = c->sec > 59 ? 59 : c->sec;

    return ((days_from_civil(c->year, c->mon, c->day) * 24 + c->hour) * 60 + c->min) * US_PER_MIN + sec * US_PER_S + c->us;
}

void civil_from_us(int64_t us, struct civil *c) {
    int64_t days = floor_div(us, US_PER_DAY);
    int64_t rest = us % US_PER_DAY + (us % US_PER_DAY < 0 ? US_PER_DAY : 0);
    int64_t z = days + 719468;
    int64_t era = floor_div(z, 146097);
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    c->day = (int)(doy - (153 * mp + 2) / 5 + 1);
    c->mon = (int)(mp < 10 ? mp + 3 : mp - 9);
    c->year = (int)(yoe + era * 400 + (c->mon <= 2));
    c->hour = (int)(rest / US_PER_H);
    c->min = (int)(rest / US_PER_MIN % 60);
    c->sec = (int)(rest / US_PER_S % 60);
    c->us = (int)(rest % US_PER_S);
}

int civil_weekday(int64_t us) {
    int64_t days = floor_div(us, US_PER_DAY) + 3; /* 1970-01-01 was a Thursday */

    return (int)(days - floor_div(days, 7) * 7);
}

int civil_yearday(const struct civil *c) {
    return (int)(days_from_civil(c->year, c->mon, c->day) - days_from_civil(c->year, 1, 1));
}

const char *time_format(int64_t us, int digits, char *out) {
    struct civil c;
    int n;

    civil_from_us(us, &c);
    n = snprintf(out, TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.mon, c.day, c.hour, c.min, c.sec);
    if (digits == 3)
        snprintf(out + n, (size_t)(TIME_TEXT - n), ".%03dZ", c.us / 1000);
    else if (digits == 6)
        snprintf(out + n, (size_t)(TIME_TEXT - n), ".%06dZ", c.us);
    else
        snprintf(out + n, (size_t)(TIME_TEXT - n), "Z");
    return out;
}

/* n digits at s->p, which are cut off; -1 when they are not there. */
static int digits(struct str *s, size_t n) {
    uint64_t v;

    if (!str_u64(str_sub(*s, 0, n), INT32_MAX, &v) || s->n < n)
        return -1;
    *s = str_sub(*s, n, s->n);
    return (int)v;
}

static bool mark(struct str *s, const char *any_of) {
    if (s->n == 0)
        return false;
    for (; *any_of; any_of++)
        if (s->p[0] == *any_of) {
            *s = str_sub(*s, 1, s->n);
            return true;
        }
    return false;
}

/* ".123": what is finer than a microsecond is cut off */
static bool fraction(struct str *s, int *us) {
    size_t n = 0;
    int scale = 100000;

    *us = 0;
    for (; n < s->n && s->p[n] >= '0' && s->p[n] <= '9'; n++, scale /= 10)
        *us += (s->p[n] - '0') * scale;
    *s = str_sub(*s, n, s->n);
    return n > 0;
}

static bool offset(struct str *s, int *minutes) {
    *minutes = 0;
    if (mark(s, "Zz"))
        return true;
    bool west = s->n && s->p[0] == '-';
    if (!mark(s, "+-"))
        return false;
    int h = digits(s, 2);
    if (h < 0 || h > 23 || !mark(s, ":"))
        return false;
    int m = digits(s, 2);
    if (m < 0 || m > 59)
        return false;
    *minutes = west ? -(h * 60 + m) : h * 60 + m;
    return true;
}

bool time_parse(struct str s, int64_t *us, int *offset_min) {
    struct civil c = {0};
    int minutes;

    c.year = digits(&s, 4);
    if (!mark(&s, "-"))
        return false;
    c.mon = digits(&s, 2);
    if (!mark(&s, "-"))
        return false;
    c.day = digits(&s, 2);
    if (!mark(&s, "Tt "))
        return false;
    c.hour = digits(&s, 2);
    if (!mark(&s, ":"))
        return false;
    c.min = digits(&s, 2);
    if (!mark(&s, ":"))
        return false;
    c.sec = digits(&s, 2);
    if (mark(&s, ".") && !fraction(&s, &c.us))
        return false;
    if (!offset(&s, &minutes) || s.n || !civil_valid(&c))
        return false;
    *us = civil_to_us(&c) - minutes * US_PER_MIN;
    if (offset_min)
        *offset_min = minutes;
    return true;
}
