/* SPDX-License-Identifier: ISC
 *
 * body_sniff.c - which kind of body a text begins like
 *
 * Takes   the text.
 * Gives   the kind. Nearly every line is none, and most of those end at their first byte or first blank.
 */
#include "parse/body.h"

#include "parse/body_pairs.h"
#include "parse/format.h"

#include <string.h>

static struct str behind(struct str s, size_t n) {
    s = sub(s, n, s.n);
    while (s.n && s.p[0] == ' ')
        s = sub(s, 1, s.n);
    return s;
}

/* A kernel's clock: "[  970.691] ". */
static struct str behind_clock(struct str s) {
    size_t n = 1;

    if (s.n == 0 || s.p[0] != '[')
        return s;
    while (n < s.n && n < 32 && (is_digit(s.p[n]) || s.p[n] == ' ' || s.p[n] == '.'))
        n++;
    return n < s.n && n > 1 && s.p[n] == ']' ? behind(s, n + 1) : s;
}

/* "CEF:0|", "CEF: 1|", "LEEF:2.0|" */
static bool versioned(struct str s, struct str word) {
    if (!str_starts(s, word))
        return false;
    s = behind(s, word.n);
    return s.n > 1 && is_digit(s.p[0]) && (s.p[1] == '|' || s.p[1] == '.');
}

bool body_is_versioned(struct str s) {
    return s.n && (s.p[0] == 'C' || s.p[0] == 'L') && (versioned(s, STR("CEF:")) || versioned(s, STR("LEEF:")));
}

/* What Python's logging puts in front: "root WARNING {". */
static bool logger_name(struct str s) {
    static const char *const levels[] = {"DEBUG", "INFO", "WARNING", "WARN", "ERROR", "CRITICAL"};
    struct str word = sub(s, 0, str_chr(sub(s, 0, 64), ' ')), rest = behind(s, word.n), level = sub(rest, 0, str_chr(sub(rest, 0, 16), ' '));

    if (word.n == 0 || word.n == s.n || s.p[s.n - 1] != '}')
        return false;
    rest = behind(rest, level.n);
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (str_is(level, levels[i]))
            return rest.n && rest.p[0] == '{';
    return false;
}

/* "192.0.2.1 - bob [11/Oct/2026:22:14:15 +0000] "", maybe with the virtual host in front. */
static bool access_log(struct str s) {
    size_t n = 0, from = 0;
    bool dotted = false;

    for (; n < s.n && n < 256 && s.p[n] > ' ' && s.p[n] != '='; n++)
        dotted |= s.p[n] == '.' || s.p[n] == ':';
    if (n == s.n || s.p[n] != ' ' || !(dotted || (n == 1 && s.p[0] == '-') || str_is(sub(s, 0, n), "localhost")))
        return false;
    for (int tries = 0; tries < 4; tries++) {
        struct str rest = sub(s, n + from, n + 512);
        size_t at = str_chr(rest, '[');
        if (at == SIZE_MAX)
            return false;
        rest = sub(rest, at, rest.n);
        if (rest.n > 30 && is_digit(rest.p[1]) && rest.p[3] == '/' && rest.p[7] == '/' && rest.p[12] == ':' && rest.p[15] == ':')
            return rest.p[27] == ']' && rest.p[28] == ' ' && rest.p[29] == '"';
        from += at + 1;
    }
    return false;
}

/* "USER_LOGIN pid=1 ", "UNKNOWN[1399] pid=1 ": what the journal makes of a record. */
static bool journal_audit(struct str s) {
    size_t n = 0;

    while (n < s.n && n < 40 && ((s.p[n] >= 'A' && s.p[n] <= 'Z') || is_digit(s.p[n]) || s.p[n] == '_' || s.p[n] == '[' || s.p[n] == ']'))
        n++;
    return n > 1 && n < s.n && s.p[n] == ' ' && pair_name(behind(s, n)) > 0;
}

static bool audit(struct str program, struct str s) {
    s = behind_clock(s);
    if (str_is(program, "audit") && journal_audit(s))
        return true;
    if (str_starts(s, STR("audit: ")))
        s = behind(s, 7);
    if (str_starts(s, STR("node=")))
        s = behind(s, str_chr(sub(s, 0, 300), ' ') == SIZE_MAX ? s.n : str_chr(s, ' '));
    if (!str_starts(s, STR("type=")))
        return str_starts(s, STR("audit(1"));
    s = sub(s, 5, 128);
    return str_find(s, STR("msg=audit(")) != SIZE_MAX || str_find(s, STR(" audit(")) != SIZE_MAX;
}

/* A packet filter's words: "IN=eth0 OUT= MAC=", behind whatever prefix its rule gives. In the text of a program that is none they may
 * be anybody's. */
static bool packet(struct str program, struct str s) {
    bool filter = program.n == 0 || str_eqi(program, STR("kernel")) || str_starts(program, STR("ulogd"));

    if (!filter && !str_starts(s, STR("IN="))) /* nearly every line ends here */
        return false;
    struct str front = sub(s, 0, 192);
    size_t at = str_find(front, STR("IN="));
    return at != SIZE_MAX && str_find(sub(front, at, front.n), STR(" OUT=")) != SIZE_MAX && str_find(sub(s, at, s.n), STR(" SRC=")) != SIZE_MAX;
}

/* Two pairs at the front. */
static bool pairs(struct str s) {
    struct pair p;

    if (pair_name(s) == 0 || !pair_next(&s, &p))
        return false;
    s = behind(s, s.n && s.p[0] == ',');
    return pair_name(s) > 0;
}

enum body body_sniff(struct str program, struct str s) {
    s = behind(s, 0);
    if (s.n < 6)
        return BODY_NONE;
    switch (s.p[0]) {
    case '{':
        return BODY_JSON;
    case '@':
        return str_starts(s, STR("@cee:")) && str_starts(behind(s, 5), STR("{")) ? BODY_JSON : BODY_NONE;
    case 'C':
        if (versioned(s, STR("CEF:")))
            return BODY_CEF;
        break;
    case 'L':
        if (versioned(s, STR("LEEF:")))
            return BODY_LEEF;
        break;
    case '<':
        return str_starts(s, STR("<Event>")) || str_starts(s, STR("<Event ")) ? BODY_XML : BODY_NONE;
    case '_':
        if (s.p[1] == '_' && s.p[2] >= 'A' && s.p[2] <= 'Z' && pair_name(s))
            return BODY_JOURNAL;
        break;
    default:
        break;
    }
    if (access_log(s))
        return BODY_ACCESS;
    if (logger_name(s))
        return BODY_JSON;
    if (audit(program, s))
        return BODY_AUDIT;
    if (!memchr(s.p, '=', s.n < 192 ? s.n : 192))
        return BODY_NONE;
    return packet(program, s) || pairs(s) ? BODY_PAIRS : BODY_NONE;
}
