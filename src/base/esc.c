/* SPDX-License-Identifier: ISC
 *
 * esc.c - strangers' bytes made harmless, one function per sink
 *
 * Takes   any bytes.
 * Gives   false when the buffer is over; what was added until then is not to be shown.
 * Keeps   one rule of what is hostile (hostile_rune), so that no sink forgets a part of it.
 */
#include "base/esc.h"

#include "base/digest.h"

#include <string.h>

static bool hostile_rune(uint32_t r) {
    return r < 0x20 || (r >= 0x7f && r <= 0x9f) || (r >= 0x200e && r <= 0x200f) || (r >= 0x2028 && r <= 0x202e) ||
           (r >= 0x2066 && r <= 0x2069);
}

/* The next piece of s: *bad says that its bytes must not be shown. */
static struct str next_piece(struct str *s, bool *bad) {
    uint32_t rune = 0;
    size_t len = str_rune(*s, &rune);
    struct str piece = str_sub(*s, 0, len ? len : 1);

    *bad = len == 0 || hostile_rune(rune);
    *s = str_sub(*s, piece.n, s->n);
    return piece;
}

static const char hex[] = "0123456789ABCDEF";

static bool add_hex(struct buf *b, struct str piece) {
    for (size_t i = 0; i < piece.n; i++) {
        unsigned char c = (unsigned char)piece.p[i];
        char out[4] = {'\\', 'x', hex[c >> 4], hex[c & 15]};
        buf_add(b, out, sizeof out);
    }
    return !b->over;
}

/* One row for each byte that a sink writes as something else; the rest goes through as esc_term has it. */
struct swap {
    char c;
    const char *as;
};

static bool add_swapped(struct buf *b, struct str s, const struct swap *swaps) {
    while (s.n && !b->over) {
        bool bad;
        struct str piece = next_piece(&s, &bad);
        const struct swap *w = swaps;

        while (w->c && w->c != piece.p[0])
            w++;
        if (bad)
            add_hex(b, piece);
        else if (w->c)
            buf_text(b, w->as);
        else
            buf_str(b, piece);
    }
    return !b->over;
}

bool esc_term(struct buf *b, struct str s) {
    return add_swapped(b, s, (const struct swap[]){{0, NULL}});
}

bool esc_tsv(struct buf *b, struct str s) {
    return esc_term(b, s);
}

bool esc_quoted(struct buf *b, struct str s) {
    static const struct swap swaps[] = {{'"', "\\\""}, {'\\', "\\\\"}, {0, NULL}};

    return buf_c(b, '"') && add_swapped(b, s, swaps) && buf_c(b, '"');
}

bool esc_html(struct buf *b, struct str s) {
    static const struct swap swaps[] = {{'&', "&amp;"},  {'<', "&lt;"},   {'>', "&gt;"},
                                        {'"', "&quot;"}, {'\'', "&#39;"}, {0, NULL}};

    return add_swapped(b, s, swaps);
}

bool esc_csv(struct buf *b, struct str s) {
    static const struct swap swaps[] = {{'"', "\"\""}, {0, NULL}};
    bool formula = s.n && strchr("=+-@\t\r", s.p[0]) && s.p[0];
    bool quote = formula;

    for (size_t i = 0; i < s.n && !quote; i++)
        quote = strchr("\",;\r\n\t ", s.p[i]) && s.p[i];
    if (!quote)
        return esc_term(b, s);
    return buf_c(b, '"') && (!formula || buf_c(b, '\'')) && add_swapped(b, s, swaps) && buf_c(b, '"');
}

void esc_plain(char *text) {
    struct str s = str_of(text);

    while (s.n) {
        bool bad;
        char *at = text + (s.p - text);
        struct str piece = next_piece(&s, &bad);
        if (bad)
            memset(at, '?', piece.n);
    }
}

bool esc_json(struct buf *b, struct str s) {
    buf_c(b, '"');
    while (s.n && !b->over) {
        uint32_t rune = 0;
        size_t len = str_rune(s, &rune);
        size_t run = 0;

        /* the longest run that needs nothing, in one piece */
        while (run < s.n && (unsigned char)s.p[run] >= 0x20 && (unsigned char)s.p[run] < 0x7f && s.p[run] != '"' &&
               s.p[run] != '\\')
            run++;
        if (run) {
            buf_add(b, s.p, run);
            len = run;
        } else if (len == 0 || rune == 0) { /* U+0000 no strict reader takes, our own neither: one byte would hide the whole answer */
            buf_text(b, "\xef\xbf\xbd");
            len = 1;
        } else if (rune == '"' || rune == '\\') {
            buf_printf(b, "\\%c", (char)rune);
        } else if (hostile_rune(rune)) {
            buf_printf(b, "\\u%04x", (unsigned)rune);
        } else {
            buf_add(b, s.p, len);
        }
        s = str_sub(s, len, s.n);
    }
    return buf_c(b, '"') && !b->over;
}

#define HEADER_LINE 76
#define WORD_OPEN "=?UTF-8?B?"
#define WORD_BYTES 39 /* 52 base64 digits and 12 of wrapping: 64, so that the first line has room for the header's name */

static bool plain_header(struct str s) {
    /* "=?" would be taken for an encoded word; a blank at either end would be lost */
    if (str_find(s, STR("=?")) != SIZE_MAX || (s.n && (s.p[0] == ' ' || s.p[s.n - 1] == ' ')))
        return false;
    size_t run = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < 0x20 || s.p[i] > 0x7e)
            return false;
        run = s.p[i] == ' ' ? 0 : run + 1;
        if (run > HEADER_LINE - 16) /* one word that no fold can break */
            return false;
    }
    return true;
}

static bool fold_plain(struct buf *b, struct str s) {
    size_t col = 16; /* "Subject: " and its kin */

    while (s.n) {
        size_t blanks = 0, end;
        while (blanks < s.n && s.p[blanks] == ' ')
            blanks++;
        for (end = blanks; end < s.n && s.p[end] != ' ';)
            end++;
        if (blanks && col + end > HEADER_LINE) {
            buf_text(b, "\r\n");
            col = 0;
        }
        buf_add(b, s.p, end);
        col += end;
        s = str_sub(s, end, s.n);
    }
    return !b->over;
}

bool esc_header(struct buf *b, struct str s) {
    struct buf clean;

    if (plain_header(s))
        return fold_plain(b, s);
    buf_init(&clean, SIZE_MAX);
    esc_term(&clean, s);
    struct str rest = buf_view(&clean);
    for (bool first = true; rest.n && !b->over && !clean.over; first = false) {
        size_t n = 0;
        for (size_t len; n < rest.n && (len = str_rune(str_sub(rest, n, rest.n), NULL)) && n + len <= WORD_BYTES;)
            n += len;
        if (!first)
            buf_text(b, "\r\n ");
        buf_text(b, WORD_OPEN);
        base64_add(b, rest.p, n, 0);
        buf_text(b, "?=");
        rest = str_sub(rest, n, rest.n);
    }
    b->over |= clean.over;
    buf_fini(&clean);
    return !b->over;
}
