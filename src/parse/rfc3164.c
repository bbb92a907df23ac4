/* SPDX-License-Identifier: ISC
 *
 * rfc3164.c - BSD syslog and its kin, as it is found in the wild
 *
 * Takes   what stands behind the PRI, or the whole line when it has none (a log file).
 * Gives   time stamp, host, tag and process id where they are there. Nothing is invented: a word that is no tag stays in the text.
 *
 * The shapes:   STAMP [HOST] TAG[PID]: TEXT       the usual; without host on /dev/log
 *               STAMP HOST TAG(pam_unix)[PID]:    older PAM; [TAG]: and [TAG] of some routers
 *               STAMP HOST TAG[PID] TEXT          no colon (proftpd)
 *               STAMP HOST NAME 1.4.1: TEXT       a tag of two words (syslogd, "-- root[1]:" of login)
 *               [SEQ: ][*]STAMP[ ZONE]: %FAC-6-MNEMONIC: TEXT   Cisco; also STAMP HOST : %ASA-...
 */
#include "parse/body.h"
#include "parse/format.h"
#include "parse/stamp.h"

#include <string.h>

enum { TAG_CHAR = 1, HOST_CHAR = 2, HEX_COLON = 4 };

/* Built once by the compiler: which bytes may stand in a tag (printable, none of "[]: ", see tag_word) and in a host name. */
#define GRAPH TAG_CHAR
#define NAMEC (TAG_CHAR | HOST_CHAR)
#define HEXC (TAG_CHAR | HOST_CHAR | HEX_COLON)
static const uint8_t kind[256] = {
    ['!'] = GRAPH, ['"'] = GRAPH, ['#'] = GRAPH, ['$'] = GRAPH, ['%'] = NAMEC, ['&'] = GRAPH, ['\''] = GRAPH, ['('] = GRAPH,
    [')'] = GRAPH, ['*'] = GRAPH, ['+'] = GRAPH, [','] = GRAPH, ['-'] = NAMEC, ['.'] = HEXC, ['/'] = NAMEC, ['0' ... '9'] = HEXC,
    [':'] = HOST_CHAR | HEX_COLON, [';'] = GRAPH, ['<'] = GRAPH, ['='] = GRAPH, ['>'] = GRAPH, ['?'] = GRAPH, ['@'] = NAMEC,
    ['A' ... 'F'] = HEXC, ['G' ... 'Z'] = NAMEC, ['['] = 0, ['\\'] = GRAPH, [']'] = 0, ['^'] = GRAPH, ['_'] = NAMEC, ['`'] = GRAPH,
    ['a' ... 'f'] = HEXC, ['g' ... 'z'] = NAMEC, ['{'] = GRAPH, ['|'] = GRAPH, ['}'] = GRAPH, ['~'] = GRAPH, [0x80 ... 0xff] = NAMEC,
};

static size_t run(struct str s, uint8_t which) {
    size_t n = 0;

    while (n < s.n && (kind[(unsigned char)s.p[n]] & which))
        n++;
    return n;
}

struct tag {
    struct str app, pid;
    size_t end; /* where the text begins */
};

/* Behind a tag: ": " or " " or the end. A colon needs no blank behind it, but "https://", "12:30" and "A::B" are no tags. */
static size_t tag_end(struct str s, size_t i, bool colon_needed) {
    if (i < s.n && s.p[i] == ':') {
        char next = i + 1 < s.n ? s.p[i + 1] : ' ';
        return next == '/' || next == ':' || is_digit(next) ? SIZE_MAX : i + 1 + (i + 1 < s.n && next == ' ');
    }
    if (colon_needed)
        return SIZE_MAX;
    if (i == s.n)
        return i;
    return s.p[i] == ' ' ? i + 1 : SIZE_MAX;
}

/* "[123]" at i: the index behind it, or i. Some senders put a thread or a name there: any tag bytes will do. */
static size_t bracketed(struct str s, size_t i, struct str *in) {
    if (i >= s.n || s.p[i] != '[')
        return i;
    size_t n = run(sub(s, i + 1, s.n), TAG_CHAR);
    if (n == 0 || n > 128 || i + 1 + n >= s.n || s.p[i + 1 + n] != ']')
        return i;
    *in = sub(s, i + 1, i + 1 + n);
    return i + n + 2;
}

/* A tag made of s[0..n) and what follows. */
static bool tag_close(struct str s, size_t n, struct tag *t) {
    t->pid = STR_NONE;
    size_t i = bracketed(s, n, &t->pid);

    t->app = sub(s, 0, n);
    t->end = tag_end(s, i, i == n);
    return t->end != SIZE_MAX;
}

static bool tag(struct str s, struct tag *t) {
    size_t n = run(s, TAG_CHAR);

    if (n && tag_close(s, n, t))
        return true;
    if (n == 0) { /* "[sshd]: text" */
        t->pid = STR_NONE;
        size_t i = bracketed(s, 0, &t->app);
        t->end = i ? tag_end(s, i, false) : SIZE_MAX;
        return i && t->end != SIZE_MAX;
    }
    /* two words: "syslogd 1.4.1:" and "-- root[2421]:" */
    if (n + 1 < s.n && s.p[n] == ' ' && (is_digit(s.p[n + 1]) || (n == 2 && s.p[0] == '-' && s.p[1] == '-'))) {
        size_t more = run(sub(s, n + 1, s.n), TAG_CHAR);
        return more && (s.p[0] == '-' || (n + 1 + more < s.n && s.p[n + 1 + more] == ':')) && tag_close(s, n + 1 + more, t);
    }
    return false;
}

/* An IPv6 address would pass for a tag ("2001:" and so on); two colons and only hex make a host. */
static bool ipv6_like(struct str s) {
    size_t n = run(s, HEX_COLON), colons = 0;

    for (size_t i = 0; i < n; i++)
        colons += s.p[i] == ':';
    return colons >= 2 && (n == s.n || s.p[n] == ' ' || s.p[n] == '%');
}

/* The length of a host name and whether one is there: a word that is no tag. */
static size_t host_length(struct str s) {
    size_t n = run(s, HOST_CHAR);

    if (s.n && s.p[0] == '[') { /* [2001:db8::1] */
        size_t in = run(sub(s, 1, s.n), HEX_COLON);
        return in > 2 && in + 2 < s.n && s.p[1 + in] == ']' && s.p[2 + in] == ' ' && memchr(s.p, ':', in) ? in + 2 : 0;
    }
    if (n == 0 || n > 255 || (n < s.n && s.p[n] != ' '))
        return 0;
    return s.p[n - 1] == ':' && !ipv6_like(s) ? 0 : n;
}

static struct str skip_blanks(struct str s) {
    size_t n = 0;

    while (n < s.n && s.p[n] == ' ')
        n++;
    return sub(s, n, s.n);
}

static bool no_host(struct str s) { /* what syslogd itself says */
    return str_starts(s, STR("last message repeated "));
}

/* Behind the stamp. */
static bool tail(struct message *m, struct str s) {
    struct tag t;
    struct str after = skip_blanks(s);
    size_t n = no_host(after) ? 0 : host_length(after);

    if (n) {
        m->host = sub(after, 0, n);
        after = skip_blanks(sub(after, n, after.n));
        if (str_starts(after, STR(": %"))) /* ASA with "logging device-id" */
            after = sub(after, 2, after.n);
    }
    bool tagged = !body_is_versioned(after) && tag(after, &t); /* "CEF:0|...": no tag */
    if (tagged) {
        m->app = t.app;
        m->procid = t.pid;
        after = sub(after, t.end, after.n);
    }
    /* blanks around the text are padding (and a CR is of a foreign framing): they are in raw */
    after = skip_blanks(after);
    while (after.n && (after.p[after.n - 1] == ' ' || after.p[after.n - 1] == '\t' || after.p[after.n - 1] == '\r'))
        after.n--;
    m->msg = after.n ? after : STR_NONE;
    return tagged;
}

/* "29: " or "29: host: " before the stamp (Cisco). */
static struct str skip_sequence(struct str s) {
    size_t n = 0;

    while (n < s.n && n < 12 && is_digit(s.p[n]))
        n++;
    if (n == 0 || n + 1 >= s.n || s.p[n] != ':' || s.p[n + 1] != ' ')
        return s;
    return skip_blanks(sub(s, n + 2, s.n));
}

static size_t any_stamp(struct str s, enum pri_kind pri, struct msg_time *t) {
    size_t n;

    if (s.n < 10)
        return 0;
    if ((n = stamp_bsd(s, t)) || (n = stamp_iso(s, t)))
        return n;
    return pri == PRI_NONE ? 0 : stamp_epoch(s, t);
}

static void clear(struct message *m) {
    m->ts = (struct msg_time){0};
    m->host = m->app = m->procid = m->msg = STR_NONE;
}

/* "<13>1 ..." promised RFC 5424 and did not hold it. */
static bool like_5424(struct str s) {
    size_t n = 0;

    while (n < s.n && is_digit(s.p[n]))
        n++;
    return n > 0 && n < 4 && n < s.n && s.p[n] == ' ';
}

bool rfc3164_parse(struct message *m, struct str rest, enum pri_kind pri) {
    struct str s = pri == PRI_NONE ? rest : skip_sequence(rest);
    size_t n = any_stamp(s, pri, &m->ts);
    bool cisco = n && str_starts(sub(s, n, s.n), STR(": %"));

    if (n == 0 || (n < s.n && s.p[n] != ' ' && !cisco)) {
        struct tag t;
        m->ts = (struct msg_time){0};
        /* no stamp: "<38>sshd[411]: text"; without a PRI that could be anything */
        if (pri != PRI_GOOD || like_5424(rest) || body_is_versioned(rest) || !tag(rest, &t))
            return false;
        tail(m, rest);
        return true;
    }
    bool blank = m->ts.text.n > 10 && m->ts.text.p[4] == '-' && m->ts.text.p[10] == ' ';
    bool tagged = tail(m, sub(s, n + cisco, s.n));
    /* an application's own file also begins with "2013-01-04 17:03:46": without a PRI only host and tag make it syslog */
    if (pri == PRI_NONE && blank && (!tagged || str_absent(m->host))) {
        clear(m);
        return false;
    }
    m->valid = pri != PRI_BAD;
    return true;
}
