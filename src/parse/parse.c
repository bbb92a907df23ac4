/* SPDX-License-Identifier: ISC
 *
 * parse.c - from bytes to a message's header: the PRI, the formats in turn, and what follows from the tag
 *
 * Takes   a message whose raw bytes stand there.
 * Gives   header, program, text and repeat.
 */
#include "parse/parse.h"

#include "parse/body.h"
#include "parse/format.h"
#include "parse/stamp.h"

#include <string.h>

/* The PRI at the front of raw; *end is behind it. "<013>", "<999>", "<>" and "<-1>" are bad ones: skipped, so that what they head is
 * still read. */
static enum pri_kind pri(struct str raw, int16_t *out, size_t *end) {
    size_t n = 1;
    int v = 0;

    *end = 0;
    if (raw.n < 2 || raw.p[0] != '<' || !(is_digit(raw.p[1]) || raw.p[1] == '-' || raw.p[1] == '>'))
        return PRI_NONE;
    n += raw.p[1] == '-';
    for (; n < raw.n && is_digit(raw.p[n]) && n < 12; n++)
        v = n < 5 ? v * 10 + (raw.p[n] - '0') : 9999;
    if (n == raw.n || raw.p[n] != '>')
        return PRI_BAD;
    *end = n + 1;
    if (n == 1 || v > 191 || n > 4 || raw.p[1] == '-' || (raw.p[1] == '0' && n > 2))
        return PRI_BAD;
    *out = (int16_t)v;
    return PRI_GOOD;
}

/* "/usr/sbin/sshd" -> "sshd", "sshd(pam_unix)" -> "sshd", "syslogd 1.4.1" -> "syslogd". "postfix/smtpd" stays: it is no path. */
static struct str program(struct str app) {
    size_t cut = 0;

    if (app.n && app.p[0] == '/')
        for (size_t i = 0; i < app.n; i++)
            if (app.p[i] == '/' && i + 1 < app.n)
                cut = i + 1;
    app = str_sub(app, cut, app.n);
    for (size_t i = 1; i < app.n; i++)
        if (app.p[i] == '(' || app.p[i] == ' ')
            app.n = i;
    return app.n ? app : STR_NONE;
}

#define REPEAT_MAX 1000000 /* more than that is a stranger who plays with our counts */

/* "N times" behind `lead`: N, and *s moved behind it; 0 when it is not that. */
static uint32_t times(struct str *s, struct str lead) {
    struct str r = str_sub(*s, lead.n, s->n);
    uint64_t v = 0;
    size_t n = 0;

    while (n < r.n && n < 9 && is_digit(r.p[n]))
        n++;
    if (!str_u64(str_sub(r, 0, n), REPEAT_MAX, &v) || !str_starts(str_sub(r, n, r.n), STR(" times")))
        return 0;
    *s = str_sub(r, n + 6, r.n);
    return (uint32_t)v;
}

/* rsyslog: "message repeated 5 times: [ TEXT]"; syslogd: "last message repeated 5 times". */
static __attribute__((noinline)) void repeat(struct message *m) {
    struct str t = m->text;

    if (str_starts(t, STR("message repeated "))) {
        uint32_t n = times(&t, STR("message repeated "));
        if (n && str_starts(t, STR(": [")) && t.p[t.n - 1] == ']') {
            m->repeat = n;
            m->text = str_sub(t, (t.p[3] == ' ' ? 4u : 3u), t.n - 1);
        }
        return;
    }
    if (str_starts(t, STR("--- ")) && str_ends(t, STR(" ---"))) /* macOS */
        t = str_sub(t, 4, t.n - 4);
    if (str_starts(t, STR("last message repeated "))) {
        m->text = t;
        uint32_t n = times(&t, STR("last message repeated "));
        m->repeat = n ? n : 1;
    }
}

typedef bool (*format_fn)(struct message *m, struct str rest, enum pri_kind pri);
static const struct {
    uint8_t dialect;
    format_fn parse;
} formats[] = {
#define FORMAT(dialect, fn) {dialect, fn},
#include "parse/formats.def"
#undef FORMAT
};

static void formats_parse(struct message *m, struct str rest, enum pri_kind kind) {
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (formats[i].parse(m, rest, kind)) {
            m->dialect = formats[i].dialect;
            return;
        }
}

/* One by one: as a block they are cleared with a string instruction, which takes as long as the header of a line. Not the fields: their
 * 5 KB would take longer. */
static void reset(struct message *m) {
    m->repeat = 1;
    m->dialect = 0;
    m->valid = m->msg_bom = false;
    m->pri = m->version = -1;
    m->ts = (struct msg_time){0};
    m->host = m->app = m->procid = m->msgid = m->sd = m->msg = m->program = m->text = STR_NONE;
    m->tags = (struct tagset){{0}};
    m->body = 0;
    m->nfields = m->fields_dropped = 0;
    if (m->spare)
        m->spare->n = 0;
    m->time = m->arrived;
}

/* "web-1  | TEXT": docker compose. The length of what is in front; a word that does not end in its number is no container's name. */
static size_t compose(struct str s) {
    size_t n = 0, i;

    while (n < s.n && n < 64 && s.p[n] > ' ' && s.p[n] != '|')
        n++;
    for (i = n; i && is_digit(s.p[i - 1]);)
        i--;
    if (i < 2 || i == n || n == s.n || s.p[n] != ' ' || (s.p[i - 1] != '-' && s.p[i - 1] != '_'))
        return 0;
    while (n < s.n && s.p[n] == ' ')
        n++;
    return n + 2 < s.n && s.p[n] == '|' && s.p[n + 1] == ' ' ? n + 2 : 0;
}

/* "2026-10-11T22:14:15.123456789Z stdout F TEXT": what Kubernetes' runtimes (CRI) write; P: the line goes on in the next. Apart, as is what
 * follows: nearly every line ends at the test before it. */
static __attribute__((noinline)) void unwrap(struct message *m) {
    struct str t = m->text = str_sub(m->text, compose(m->text), m->text.n);
    struct msg_time at;
    size_t n;

    if (t.n < 30 || !is_digit(t.p[0]) || t.p[10] != 'T' || !(n = stamp_iso(t, &at)))
        return;
    t = str_sub(t, n, t.n);
    if (t.n > 10 && (str_starts(t, STR(" stdout ")) || str_starts(t, STR(" stderr "))) && (t.p[8] == 'F' || t.p[8] == 'P') && t.p[9] == ' ')
        m->text = str_sub(t, 10, t.n);
}

/* What a container's runtime put in front begins with a digit, or its first word ends in one. */
static bool contained(struct str t) {
    size_t n = 0;

    while (n < t.n && n < 64 && t.p[n] > ' ')
        n++;
    return n && (is_digit(t.p[0]) || is_digit(t.p[n - 1]));
}

/* What the program said, out of what others put around it. */
static void set_text(struct message *m, struct str t) {
    m->text = t;
    if (contained(t)) {
        unwrap(m);
        t = m->text;
    }
    if (t.n >= 24 && (t.p[0] == 'm' || t.p[0] == 'l' || t.p[0] == '-'))
        repeat(m);
}

void parse_body(struct message *m) {
    m->body = (uint8_t)body_sniff(m->program, m->text);
}

void parse_line(struct message *m, struct str prog) {
    reset(m);
    stamp_line(m->raw, &m->ts);
    m->dialect = DIALECT_TEXT;
    m->valid = true;
    m->app = prog;
    m->program = program(prog);
    m->msg = m->raw;
    set_text(m, m->raw);
    parse_body(m);
}

/* What has a body of a syslog format is in that dialect, but for RFC 5424, which it is besides; JSON without a header is JSON. */
static uint8_t dialect(const struct message *m, enum pri_kind kind) {
    if (m->dialect == DIALECT_RFC5424)
        return m->dialect;
    if (m->body == BODY_CEF || m->body == BODY_LEEF)
        return m->body == BODY_CEF ? DIALECT_CEF : DIALECT_LEEF;
    return m->body == BODY_JSON && m->dialect == DIALECT_TEXT && kind == PRI_NONE ? DIALECT_JSON : m->dialect;
}

static void parse(struct message *m, bool quick) {
    reset(m);
    size_t end;
    enum pri_kind kind = pri(m->raw, &m->pri, &end);
    struct str rest = str_sub(m->raw, end, m->raw.n);

    if (quick && kind == PRI_GOOD && quick_parse(m, rest))
        m->dialect = DIALECT_RFC3164;
    else
        formats_parse(m, rest, kind);
    m->program = program(m->app);
    struct str text = str_absent(m->msg) && m->dialect == DIALECT_TEXT ? m->raw : m->msg;
    /* rsyslog's RFC 5424 template keeps the blank that stood behind the tag as part of MSG: what the program said begins behind it */
    while (text.n && text.p[0] == ' ')
        text.p++, text.n--;
    set_text(m, text);
    parse_body(m);
    m->dialect = dialect(m, kind);
}

void parse_message(struct message *m) {
    parse(m, true);
}

void parse_message_plain(struct message *m) {
    parse(m, false);
}
