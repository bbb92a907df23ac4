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
 *               STAMP [HOST] auth.info TAG: TEXT  busybox, OpenWrt; "<auth.info>" of BSD; "notice TAG[1]:" of F5
 *               STAMP Message forwarded from HOST: TAG: TEXT      AIX
 *               [SEQ: ][NAME: ]STAMP: %FAC-6-MNEMONIC: TEXT       Cisco (cisco.c); also STAMP HOST : %ASA-...
 *               [HOST] TAG[PID]: TEXT             behind a PRI; a sender without a clock
 */
#include "parse/body.h"
#include "parse/cisco.h"
#include "parse/format.h"
#include "parse/stamp.h"
#include "parse/tag.h"

#include <string.h>

static struct str skip_blanks(struct str s) {
    size_t n = 0;

    while (n < s.n && s.p[n] == ' ')
        n++;
    return str_sub(s, n, s.n);
}

/* What syslogd itself says, without a tag, and of some without a host. */
static bool speaks_itself(struct str s) {
    if (s.n < 24 || (s.p[0] != 'l' && s.p[0] != '-'))
        return false;
    return str_starts(s, STR("last message repeated ")) || str_starts(s, STR("--- last message repeated "));
}

/* AIX: "Message forwarded from HOST: ". The length with its blank, 0 when it is not there. */
static size_t forwarded(struct str s, struct str *host) {
    static const struct str lead = {"Message forwarded from ", 23};
    size_t n = lead.n;

    if (s.n < n || s.p[0] != 'M' || !str_starts(s, lead))
        return 0;
    while (n < s.n && s.p[n] != ' ')
        n++;
    if (n == lead.n || n == s.n || s.p[n - 1] != ':')
        return 0;
    *host = str_sub(s, lead.n, n - 1);
    return n + 1;
}

static struct str read_host(struct message *m, struct str s) {
    size_t n = forwarded(s, &m->host);

    if (n)
        return str_sub(s, n, s.n);
    if (speaks_itself(s))
        return s;
    if ((n = tag_host(s))) {
        m->host = n == 1 && s.p[0] == '-' ? STR_NONE : str_sub(s, 0, n);
        return skip_blanks(str_sub(s, n, s.n));
    }
    while (n < s.n && s.p[n] != ' ' && s.p[n] != ':')
        n++;
    if (n && str_starts(str_sub(s, n, s.n), STR(": %")) && tag_host(str_sub(s, 0, n)) == n) { /* ASA: "fw1: %ASA-6-..." */
        m->host = str_sub(s, 0, n);
        return str_sub(s, n + 2, s.n);
    }
    return s;
}

/* Between host and tag. */
static struct str skip_between(struct str s, bool *priority) {
    struct msg_time t;
    struct str host;
    size_t skip;

    if (s.n && s.p[0] == ':' && str_starts(s, STR(": %"))) /* ASA with "logging device-id" */
        return str_sub(s, 2, s.n);
    if (s.n && (is_digit(s.p[0]) || s.p[0] == '*' || s.p[0] == '.')) { /* a relay wrote the header, the router its own behind it */
        size_t n = cisco_head(s, &t, &host);
        if (n && str_starts(str_sub(s, n, s.n), STR(": %")))
            return str_sub(s, n + 2, s.n);
    }
    skip = tag_priority(s);
    *priority = *priority || skip;
    return str_sub(s, skip, s.n);
}

/* Behind the host. */
static void text(struct message *m, struct str s) {
    struct tag t;

    if (!speaks_itself(s) && !body_is_versioned(s) && tag_read(s, &t)) { /* "CEF:0|...": no tag */
        m->app = t.app;
        m->procid = t.pid;
        s = str_sub(s, t.end, s.n);
    }
    m->msg = text_trimmed(s);
}

static void clear(struct message *m) {
    m->ts = (struct msg_time){0};
    m->host = m->app = m->procid = m->msg = STR_NONE;
}

/* ---- the stamp */

/* How sure it is that a stamp is that of a syslog header when no PRI says so. */
enum sure { SURE_NOT, SURE_FILE, SURE_ISO, SURE_BSD };

static enum sure read_stamp(struct str s, enum pri_kind pri, struct msg_time *t, size_t *n) {
    if (s.n < 10)
        return SURE_NOT;
    if ((*n = stamp_bsd(s, t))) /* ctime's, with a weekday, is what programs write in their own files */
        return is_digit(s.p[*n - 1]) && t->has_year && s.p[3] == ' ' && s.p[4] > '9' ? SURE_FILE : SURE_BSD;
    if ((*n = stamp_iso(s, t)))
        return s.p[10] == ' ' ? SURE_FILE : SURE_ISO;
    if (pri != PRI_NONE && (*n = stamp_epoch(s, t)))
        return SURE_ISO;
    if (is_digit(s.p[0]) && s.n > 19 && (s.p[4] == ':' || s.p[4] == '/') && (*n = stamp_value(s, t)))
        return SURE_FILE;
    return SURE_NOT;
}

static bool all_digits(struct str s) {
    for (size_t i = 0; i < s.n; i++)
        if (!is_digit(s.p[i]))
            return false;
    return true;
}

/* Whether a line without a PRI is syslog, and not of a program's own file with a stamp of its own. */
static bool is_syslog(const struct message *m, enum sure sure, bool priority) {
    if (tag_level(m->host))
        return false;
    if (speaks_itself(m->msg) || priority)
        return sure == SURE_BSD || priority;
    if (sure == SURE_BSD)
        return !str_absent(m->host) || !str_absent(m->app);
    if (str_absent(m->host) || str_absent(m->app) || all_digits(m->host) || m->app.p[-1] == '[')
        return false;
    return sure == SURE_ISO || !str_absent(m->procid);
}

/* "<13>1 ..." promised RFC 5424 and did not hold it. */
static bool like_5424(struct str s) {
    size_t n = 0;

    while (n < s.n && is_digit(s.p[n]))
        n++;
    return n > 0 && n < 4 && n < s.n && s.p[n] == ' ';
}

/* "<38>sshd[411]: text", "<38>gw sshd[411]: text"; without a PRI that could be anything. */
static bool without_stamp(struct message *m, struct str s) {
    struct tag t;
    size_t n;

    if (like_5424(s) || body_is_versioned(s))
        return false;
    if (!tag_read(s, &t)) {
        if (!(n = tag_host(s)) || !tag_read(skip_blanks(str_sub(s, n, s.n)), &t) || str_absent(t.pid) || !all_digits(t.pid))
            return false;
        m->host = str_sub(s, 0, n);
        s = skip_blanks(str_sub(s, n, s.n));
    }
    text(m, s);
    return true;
}

/* Cisco's front, and its stamp. */
static bool cisco(struct message *m, struct str s) {
    size_t n = cisco_head(s, &m->ts, &m->host);

    if (n == 0) {
        clear(m);
        return false;
    }
    text(m, str_sub(s, n + 2, s.n));
    m->valid = true;
    return true;
}

bool rfc3164_parse(struct message *m, struct str rest, enum pri_kind pri) {
    size_t n = 0;
    enum sure sure = read_stamp(rest, pri, &m->ts, &n);
    bool colon = n && n + 1 < rest.n && rest.p[n] == ':' && rest.p[n + 1] == ' ' && (pri != PRI_NONE || str_starts(str_sub(rest, n, rest.n), STR(": %")));

    if (!sure || (n < rest.n && rest.p[n] != ' ' && !colon)) {
        m->ts = (struct msg_time){0};
        return pri == PRI_GOOD && (cisco(m, rest) || without_stamp(m, rest));
    }
    struct str s = skip_blanks(str_sub(rest, n + colon, rest.n));
    size_t skip = tag_priority(s);
    bool priority = skip > 0;
    s = str_sub(s, skip, s.n);
    bool asa = s.n && s.p[0] == ':' && str_starts(s, STR(": %"));
    text(m, colon ? s : skip_between(asa ? s : read_host(m, s), &priority));
    if (pri == PRI_NONE && !is_syslog(m, sure, priority)) {
        clear(m);
        return false;
    }
    m->valid = pri != PRI_BAD;
    return true;
}
