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
    s = str_sub(s, n, s.n);
    while (s.n && s.p[0] == ' ')
        s = str_sub(s, 1, s.n);
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
    if (s.p[s.n - 1] != '}')
        return false;
    struct str word = str_sub(s, 0, str_chr(str_sub(s, 0, 64), ' ')), rest = behind(s, word.n), level = str_sub(rest, 0, str_chr(str_sub(rest, 0, 16), ' '));

    if (word.n == 0 || word.n == s.n)
        return false;
    rest = behind(rest, level.n);
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (str_is(level, levels[i]))
            return rest.n && rest.p[0] == '{';
    return false;
}

/* "[11/Oct/2026:22:14:15 +0000] \"" */
static bool access_stamp(struct str s) {
    return s.n > 30 && s.p[3] == '/' && s.p[7] == '/' && s.p[12] == ':' && s.p[15] == ':' && is_digit(s.p[1]) && s.p[27] == ']' && s.p[28] == ' ' && s.p[29] == '"';
}

/* "192.0.2.1 - bob [11/Oct/2026:22:14:15 +0000] "", maybe with the virtual host in front. The stamp is sought first: few lines have
 * so much as its bracket. */
static bool access_log(struct str s) {
    struct str front = str_sub(s, 0, 512), first;
    size_t at = 0, n = 0;

    for (int tries = 0; tries < 4 && !n; tries++) {
        size_t k = str_chr(str_sub(front, at, front.n), '[');
        if (k == SIZE_MAX)
            return false;
        if (access_stamp(str_sub(s, at + k, s.n)))
            n = at + k;
        at += k + 1;
    }
    first = str_sub(front, 0, str_chr(str_sub(front, 0, n), ' '));
    return n > 1 && first.n && first.n < n && str_chr(first, '=') == SIZE_MAX &&
           (str_chr(first, '.') != SIZE_MAX || str_chr(first, ':') != SIZE_MAX || str_is(first, "-") || str_is(first, "localhost"));
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
    if (s.n == 0 || (s.p[0] != 'a' && s.p[0] != 't' && s.p[0] != 'n' && program.n != 5)) /* nearly every line ends here */
        return false;
    if (str_is(program, "audit") && journal_audit(s))
        return true;
    if (str_starts(s, STR("audit: ")))
        s = behind(s, 7);
    if (str_starts(s, STR("node=")))
        s = behind(s, str_chr(str_sub(s, 0, 300), ' ') == SIZE_MAX ? s.n : str_chr(s, ' '));
    if (!str_starts(s, STR("type=")))
        return str_starts(s, STR("audit(1"));
    s = str_sub(s, 5, 128);
    return str_find(s, STR("msg=audit(")) != SIZE_MAX || str_find(s, STR(" audit(")) != SIZE_MAX;
}

static bool filters(struct str program) {
    return program.n == 0 || str_eqi(program, STR("kernel")) || str_starts(program, STR("ulogd"));
}

/* A packet filter's words: "IN=eth0 OUT= MAC=", behind whatever prefix its rule gives. In the text of a program that is none they may
 * be anybody's. */
static bool packet(struct str program, struct str s) {
    if (s.p[0] != 'I' && !filters(program))
        return false;
    struct str front = str_sub(s, 0, 192);
    size_t at = str_find(front, STR("IN="));
    return at != SIZE_MAX && (at == 0 || filters(program)) && str_find(str_sub(front, at, front.n), STR(" OUT=")) != SIZE_MAX &&
           str_find(str_sub(s, at, s.n), STR(" SRC=")) != SIZE_MAX;
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
    return packet(program, s) || pairs(s) ? BODY_PAIRS : BODY_NONE;
}
