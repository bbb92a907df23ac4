/* SPDX-License-Identifier: ISC
 *
 * quick.c - the header that most lines have, read in one go: "Oct 11 22:14:15 host tag[411]: text"
 *
 * Takes   what stands behind a good PRI.
 * Gives   what rfc3164.c would, or false and nothing changed when one byte is other than it mostly is: then the formats are asked in
 *         turn. A test compares the two on whatever there is.
 */
#include "parse/body.h"
#include "parse/stamp_parts.h"
#include "parse/tag.h"

#define STAMP 15 /* "Oct 11 22:14:15" */
#define PID_MAX 128
#define HOST_MAX 255

/* A day that every month has needs no calendar. */
static bool valid(const struct civil *c) {
    struct civil leap = *c;

    leap.year = 2000;
    return c->day >= 1 && c->day <= 28 ? c->mon && c->hour <= 23 && c->min <= 59 && c->sec <= 59 : c->sec <= 59 && civil_valid(&leap);
}

/* The zone and the year that may follow a stamp begin with a capital or are four digits; what begins so is left to others. */
static bool begins_host(const char *p) {
    return (p[0] >= 'a' && p[0] <= 'z') || (is_digit(p[0]) && !(is_digit(p[1]) && is_digit(p[2]) && is_digit(p[3])));
}

static bool stamp(struct str s, struct civil *c) {
    const char *p = s.p;
    unsigned ten = p[4] == ' ' ? 0 : (unsigned)(p[4] - '0'), one = (unsigned)(p[5] - '0');

    c->mon = month(s, 0);
    c->day = (int)(10 * ten + one);
    return p[3] == ' ' && p[6] == ' ' && p[STAMP] == ' ' && ten <= 9 && one <= 9 && clock_quick(p + 7, c) && valid(c);
}

/* Whether the word of n bytes could be "auth.info" or "notice" (a word that ends in a digit is no severity), or what syslogd says itself. */
static bool unsure_host(struct str s, size_t n) {
    return (!is_digit(s.p[n - 1]) && tag_priority(s)) || (n == 4 && s.p[0] == 'l') || s.p[n + 1] == '[';
}

/* "sshd[411]: ", "kernel: " */
static bool tag(struct str s, struct tag *t) {
    size_t n = tag_run(s, TAG_CHAR), k;

    if (n == 0 || n + 2 >= s.n || is_digit(s.p[0]) || s.p[0] == '*' || s.p[0] == '.' || s.p[0] == '<')
        return false;
    t->app = str_sub(s, 0, n);
    t->pid = STR_NONE;
    if (s.p[n] == '[') {
        k = tag_run(str_sub(s, n + 1, s.n), TAG_CHAR);
        if (k == 0 || k > PID_MAX || n + k + 4 > s.n || s.p[n + k + 1] != ']')
            return false;
        t->pid = str_sub(s, n + 1, n + 1 + k);
        n += k + 2;
    }
    t->end = n + 2;
    return s.p[n] == ':' && s.p[n + 1] == ' ' && !body_is_versioned(s);
}

bool quick_parse(struct message *m, struct str rest) {
    struct civil c = {0};
    struct tag t;

    if (rest.n < STAMP + 8 || !stamp(rest, &c) || !begins_host(rest.p + STAMP + 1))
        return false;
    struct str s = str_sub(rest, STAMP + 1, rest.n);
    size_t n = tag_run_both(s);
    if (n == 0 || n > HOST_MAX || n + 2 >= s.n || s.p[n] != ' ' || unsure_host(s, n) || !tag(str_sub(s, n + 1, s.n), &t))
        return false;
    m->ts.civil = c;
    m->ts.present = true;
    m->ts.text = str_sub(rest, 0, STAMP);
    m->host = str_sub(s, 0, n);
    m->app = t.app;
    m->procid = t.pid;
    m->msg = text_trimmed(str_sub(s, n + 1 + t.end, s.n));
    m->valid = true;
    return true;
}
