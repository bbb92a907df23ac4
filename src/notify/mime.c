/* SPDX-License-Identifier: ISC
 *
 * mime.c - a carry as an Internet message
 */
#include "notify/mime.h"

#include <string.h>

#include "base/clock.h"
#include "base/esc.h"

static bool atext(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+/=?^_`{|}~-", c) != NULL);
}

bool mime_address(struct str s)
{
    size_t at = str_chr(s, '@');
    if (at == SIZE_MAX || at == 0 || at > 64 || s.n > 254 || at + 1 >= s.n) return false;
    bool dot = true;
    for (size_t i = 0; i < at; i++) {
        bool is = s.p[i] == '.';
        if (is ? dot : !atext((unsigned char)s.p[i])) return false;
        dot = is;
    }
    if (dot) return false;
    dot = true;
    for (size_t i = at + 1; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (c == '.' ? dot : !(alnum || c == '-')) return false;
        dot = c == '.';
    }
    return !dot;
}

/* One octet of a line; col is the width so far. Soft breaks keep room for a whole "=XX" and the closing "=". */
static void qp_octet(struct buf *out, unsigned char c, bool last, size_t *col)
{
    static const char hex[] = "0123456789ABCDEF";
    bool plain = (c >= 33 && c <= 126 && c != '=') || ((c == ' ' || c == '\t') && !last);
    /* a dot or "From " at the start of a line is left to nobody's kindness: encode it */
    if (*col == 0 && (c == '.' || c == 'F')) plain = false;
    size_t width = plain ? 1 : 3;
    if (*col + width > 75) {
        buf_text(out, "=\r\n");
        *col = 0;
        if (c == '.' || c == 'F') plain = false, width = 3;
    }
    if (plain) {
        buf_c(out, (char)c);
    } else {
        char x[3] = {'=', hex[c >> 4], hex[c & 15]};
        buf_add(out, x, 3);
    }
    *col += width;
}

bool mime_qp(struct buf *out, struct str text)
{
    while (text.n) {
        struct str rest = text, line = str_cut(&rest, '\n');
        text = str_absent(rest) ? STR_NONE : rest;
        if (line.n && line.p[line.n - 1] == '\r') line.n--;
        size_t col = 0;
        for (size_t i = 0; i < line.n; i++) qp_octet(out, (unsigned char)line.p[i], i + 1 == line.n, &col);
        buf_text(out, "\r\n");
    }
    return !out->over;
}

static void header(struct buf *out, const char *name, struct str value)
{
    buf_text(out, name);
    buf_text(out, ": ");
    esc_header(out, value);
    buf_text(out, "\r\n");
}

static void date(struct buf *out, int64_t now)
{
    static const char *const day[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const mon[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct civil c;
    civil_from_us(now, &c);
    buf_printf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", day[civil_weekday(now)], c.day, mon[c.mon - 1], c.year, c.hour, c.min, c.sec);
}

static bool token(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= 32 || s.p[i] >= 127 || s.p[i] == ':') return false;
    return s.n > 0 && s.n <= 76;
}

/* Structured headers (Message-ID, References, List-Id) must not become encoded words: printable ASCII goes out as it is, and anything
 * else has no business in them. */
static void extra(struct buf *out, struct str name, struct str value)
{
    bool ascii = value.n <= 900;
    for (size_t i = 0; i < value.n && ascii; i++) ascii = value.p[i] >= 32 && value.p[i] < 127;
    if (!token(name)) return;
    buf_str(out, name);
    buf_text(out, ": ");
    if (ascii)
        buf_str(out, value);
    else
        esc_header(out, value);
    buf_text(out, "\r\n");
}

static void part(struct buf *out, const char *boundary, const char *type, struct str body)
{
    buf_printf(out, "--=_%s\r\nContent-Type: %s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", boundary, type);
    mime_qp(out, body);
    buf_text(out, "\r\n");
}

enum rc mime_make(const struct carry *c, const char *from, int64_t now, const char *boundary, struct buf *out, struct err *e)
{
    if (!from || !mime_address(str_of(from))) return err_set(e, RC_CONFIG, "mail.from is not an e-mail address");
    if (!mime_address(c->address)) return err_set(e, RC_INVALID, "the address of %.*s is no e-mail address", STR_FMT(c->to_login));
    header(out, "From", str_of(from));
    header(out, "To", c->address);
    header(out, "Subject", c->subject);
    date(out, now);
    for (struct str rest = c->headers; rest.n;) {
        struct str line = str_cut(&rest, '\n');
        struct str name = str_cut(&line, ':');
        extra(out, name, str_trim(line));
    }
    buf_printf(out, "MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=\"=_%s\"\r\n\r\n", boundary);
    part(out, boundary, "text/plain", c->body_text);
    if (c->body_html.n) part(out, boundary, "text/html", c->body_html);
    buf_printf(out, "--=_%s--\r\n", boundary);
    return out->over ? err_set(e, RC_LIMIT, "the message became too long") : RC_OK;
}
