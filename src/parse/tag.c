/* SPDX-License-Identifier: ISC
 *
 * tag.c - the words of a BSD header: host, TAG and what stands in brackets behind it
 *
 * Takes   the bytes from where the word may begin.
 * Gives   its length. A word that is no tag is none: what a program wrote must not become its name.
 */
#include "parse/tag.h"

#include "parse/format.h"

#include <string.h>

/* Built once by the compiler: which bytes may stand in a tag (printable, none of "[]: ", see tag_word) and in a host name. */
#define GRAPH TAG_CHAR
#define NAMEC (TAG_CHAR | HOST_CHAR)
#define HEXC (TAG_CHAR | HOST_CHAR | HEX_COLON)
const uint8_t tag_kind[256] = {
    ['!'] = GRAPH, ['"'] = GRAPH, ['#'] = GRAPH, ['$'] = GRAPH, ['%'] = NAMEC, ['&'] = GRAPH, ['\''] = GRAPH, ['('] = GRAPH,
    [')'] = GRAPH, ['*'] = GRAPH, ['+'] = GRAPH, [','] = GRAPH, ['-'] = NAMEC, ['.'] = HEXC, ['/'] = NAMEC, ['0' ... '9'] = HEXC,
    [':'] = HOST_CHAR | HEX_COLON, [';'] = GRAPH, ['<'] = GRAPH, ['='] = GRAPH, ['>'] = GRAPH, ['?'] = GRAPH, ['@'] = NAMEC,
    ['A' ... 'F'] = HEXC, ['G' ... 'Z'] = NAMEC, ['['] = 0, ['\\'] = GRAPH, [']'] = 0, ['^'] = GRAPH, ['_'] = NAMEC, ['`'] = GRAPH,
    ['a' ... 'f'] = HEXC, ['g' ... 'z'] = NAMEC, ['{'] = GRAPH, ['|'] = GRAPH, ['}'] = GRAPH, ['~'] = GRAPH, [0x80 ... 0xff] = NAMEC,
};

/* An IPv6 address would pass for a tag ("2001:" and so on); two colons and only hex make a host. */
static bool ipv6_like(struct str s) {
    size_t n = tag_run(s, HEX_COLON), colons = 0;

    for (size_t i = 0; i < n; i++)
        colons += s.p[i] == ':';
    return colons >= 2 && (n == s.n || s.p[n] == ' ' || s.p[n] == '%' || s.p[n] == '/');
}

/* Behind a tag: ": " or " " or the end. A colon needs no blank behind it, but "https://", "12:30" and "A::B" are no tags. */
static size_t tag_end(struct str s, size_t i, bool pid) {
    if (i < s.n && s.p[i] == ':') {
        char next = i + 1 < s.n ? s.p[i + 1] : ' ';
        return !pid && (next == '/' || next == ':' || is_digit(next)) ? SIZE_MAX : i + 1 + (i + 1 < s.n && next == ' ');
    }
    if (!pid)
        return SIZE_MAX;
    if (i == s.n)
        return i;
    return s.p[i] == ' ' ? i + 1 : SIZE_MAX;
}

/* "[123]" at i: the index behind it, or i. Some senders put a thread or a name there: any tag bytes will do. */
static size_t bracketed(struct str s, size_t i, struct str *in) {
    if (i >= s.n || s.p[i] != '[')
        return i;
    size_t n = tag_run(str_sub(s, i + 1, s.n), TAG_CHAR);
    if (n == 0 || n > 128 || i + 1 + n >= s.n || s.p[i + 1 + n] != ']')
        return i;
    *in = str_sub(s, i + 1, i + 1 + n);
    return i + n + 2;
}

/* A tag made of s[0..n) and what follows. */
static bool tag_close(struct str s, size_t n, struct tag *t) {
    t->pid = STR_NONE;
    size_t i = bracketed(s, n, &t->pid);

    if (i > n && i < s.n && s.p[i] == '(') /* "krb5kdc[411](info):" */
        for (size_t k = i + 1; k < s.n && k < i + 12 && s.p[k] > ' '; k++)
            if (s.p[k] == ')' && k + 1 < s.n && s.p[k + 1] == ':')
                i = k + 1;
    t->app = str_sub(s, 0, n);
    t->end = tag_end(s, i, i > n);
    return t->end != SIZE_MAX;
}

/* "[sshd]: text" */
static bool bracket_tag(struct str s, struct tag *t) {
    t->pid = STR_NONE;
    size_t i = bracketed(s, 0, &t->app);

    t->end = i ? tag_end(s, i, true) : SIZE_MAX;
    return i && t->end != SIZE_MAX && !tag_level(t->app);
}

static bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}

static bool is_alpha(char c) {
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* "Microsoft Word[411]: text": up to three words with capitals and a number in brackets; anything less is a sentence. */
static bool title_tag(struct str s, size_t n, struct tag *t) {
    for (int words = 1; words < 3 && n + 1 < s.n && s.p[n] == ' ' && is_upper(s.p[0]) && is_upper(s.p[n + 1]); words++) {
        size_t more = tag_run(str_sub(s, n + 1, s.n), TAG_CHAR);
        n += 1 + more;
        if (n < s.n && s.p[n] == '[') {
            size_t end = 0;
            if (tag_close(s, n, t) && t->pid.n)
                end = (size_t)(t->pid.p - s.p) + t->pid.n + 1; /* behind the bracket */
            return end && end < s.n && s.p[end] == ':' && is_digit(t->pid.p[0]);
        }
    }
    return false;
}

/* "[411]: " at i, digits only: a process id that its program has set apart ("sogod [411]: "). */
static bool lone_pid(struct str s, size_t i, struct str *pid) {
    size_t end = bracketed(s, i, pid);

    if (end == i || end + 1 >= s.n || s.p[end] != ':' || s.p[end + 1] != ' ')
        return false;
    for (size_t k = 0; k < pid->n; k++)
        if (!is_digit(pid->p[k]))
            return false;
    return true;
}

/* Two words: "syslogd 1.4.1:", "-- root[2421]:" and "sogod [411]:" */
static bool two_words(struct str s, size_t n, struct tag *t) {
    bool login = n == 2 && s.p[0] == '-' && s.p[1] == '-';

    if (n + 1 < s.n && s.p[n] == ' ' && s.p[n + 1] == '[' && lone_pid(s, n + 1, &t->pid)) {
        t->app = str_sub(s, 0, n);
        t->end = (size_t)(t->pid.p - s.p) + t->pid.n + 3;
        return true;
    }

    if (n + 1 >= s.n || s.p[n] != ' ' || (!is_digit(s.p[n + 1]) && !login))
        return false;
    size_t more = tag_run(str_sub(s, n + 1, s.n), TAG_CHAR), end = n + 1 + more;
    return more && (login || (end < s.n && s.p[end] == ':')) && tag_close(s, end, t);
}

/* "MSWinEventLog<TAB>1<TAB>Security": Snare */
static bool tab_tag(struct str s, size_t n, struct tag *t) {
    for (size_t i = 0; i < n; i++)
        if (!is_alpha(s.p[i]))
            return false;
    if (n + 1 >= s.n || s.p[n] != '\t')
        return false;
    *t = (struct tag){str_sub(s, 0, n), STR_NONE, n + 1};
    return true;
}

bool tag_read(struct str s, struct tag *t) {
    size_t n = tag_run(s, TAG_CHAR);

    if (n == 0)
        return bracket_tag(s, t);
    if (n <= 4 && n < s.n && s.p[n] == ':' && ipv6_like(s))
        return false;
    return tag_close(s, n, t) || two_words(s, n, t) || tab_tag(s, n, t) || title_tag(s, n, t);
}

/* The length of a host name and whether one is there: a word that is no tag. */
size_t tag_host(struct str s) {
    size_t n = tag_run(s, HOST_CHAR);

    if (s.n && s.p[0] == '[') { /* [2001:db8::1] */
        size_t in = tag_run(str_sub(s, 1, s.n), HEX_COLON);
        return in > 2 && in + 2 < s.n && s.p[1 + in] == ']' && s.p[2 + in] == ' ' && memchr(s.p, ':', in) ? in + 2 : 0;
    }
    struct str pid;
    if (n == 0 || n > 255 || (n < s.n && s.p[n] != ' ') || (n + 1 < s.n && s.p[n + 1] == '[' && lone_pid(s, n + 1, &pid)))
        return 0;
    if (!memchr(s.p, ':', n))
        return n;
    size_t source = str_chr(str_sub(s, 0, n), '@') + 1; /* "s_net@2001:db8::1/relay": syslog-ng with chain-hostnames(yes) */
    return ipv6_like(str_sub(s, source, s.n)) ? n : 0;
}

#define W(word) {"" word, sizeof(word) - 1}
static const struct str facilities[] = {W("kern"), W("user"), W("mail"), W("daemon"), W("auth"), W("syslog"), W("lpr"), W("news"),
                                        W("uucp"), W("cron"), W("authpriv"), W("ftp"), W("ntp"), W("audit"), W("console"), W("security"),
                                        W("local0"), W("local1"), W("local2"), W("local3"), W("local4"), W("local5"), W("local6"), W("local7")};
static const struct str severities[] = {W("emerg"), W("alert"), W("crit"), W("err"), W("error"), W("warning"), W("warn"), W("notice"),
                                        W("info"), W("debug")};
static const struct str levels[] = {W("trace"), W("debug"), W("info"), W("notice"), W("warn"), W("warning"), W("err"), W("error"), W("crit"),
                                    W("critical"), W("alert"), W("emerg"), W("fatal"), W("severe"), W("fine"), W("verbose"), W("panic")};
#define COUNT(list) (sizeof(list) / sizeof *(list))

/* Nearly every host name is asked about: length and first letter decide, not a call. `fold`: a bit that makes letters small. */
static bool one_of(struct str word, const struct str *list, size_t n, char fold) {
    for (size_t i = 0; i < n; i++)
        if (word.n == list[i].n && (word.p[0] | fold) == list[i].p[0] && str_eqi(word, list[i]))
            return true;
    return false;
}

bool tag_level(struct str word) {
    return word.n && one_of(word, levels, COUNT(levels), 0x20);
}

/* What facilities and severities begin with. */
static bool begins_priority(char c) {
    static const uint32_t letters = 1u << ('k' - 'a') | 1u << ('u' - 'a') | 1u << ('m' - 'a') | 1u << ('d' - 'a') | 1u << ('a' - 'a') |
                                    1u << ('s' - 'a') | 1u << ('l' - 'a') | 1u << ('n' - 'a') | 1u << ('c' - 'a') | 1u << ('f' - 'a') |
                                    1u << ('e' - 'a') | 1u << ('w' - 'a') | 1u << ('i' - 'a');
    return c >= 'a' && c <= 'z' && letters >> (c - 'a') & 1;
}

size_t tag_priority(struct str s) {
    bool angle = s.n && s.p[0] == '<';
    struct str word = str_sub(s, angle, s.n);
    struct tag t;
    size_t n = 0, dot = SIZE_MAX;

    if (word.n == 0 || !begins_priority(word.p[0]))
        return 0;
    for (; n < word.n && n < 16 && (is_alpha(word.p[n]) || is_digit(word.p[n]) || word.p[n] == '.'); n++)
        if (word.p[n] == '.')
            dot = n;
    size_t end = n + 2 * (size_t)angle;
    if (end >= s.n || s.p[end] != ' ' || (angle && s.p[end - 1] != '>'))
        return 0;
    word = str_sub(word, 0, n);
    if (dot == SIZE_MAX) /* F5 */
        return !angle && one_of(word, severities, COUNT(severities), 0) && tag_read(str_sub(s, end + 1, s.n), &t) && t.pid.n ? end + 1 : 0;
    return one_of(str_sub(word, 0, dot), facilities, COUNT(facilities), 0) && one_of(str_sub(word, dot + 1, n), severities, COUNT(severities), 0) ? end + 1 : 0;
}
