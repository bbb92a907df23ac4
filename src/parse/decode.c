/* SPDX-License-Identifier: ISC
 *
 * decode.c - quoted and hexadecimal values to bytes
 *
 * Takes   a span of a message.
 * Gives   the bytes it means, in the message's spare.
 */
#include "parse/decode.h"

#include <string.h>

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `digits` hexadecimal digits at s[at], -1 when they are not all there. */
static int32_t hex_at(struct str s, size_t at, size_t digits) {
    int32_t v = 0;

    if (s.n < at || s.n - at < digits)
        return -1;
    for (size_t i = 0; i < digits; i++) {
        int d = hex_digit(s.p[at + i]);
        if (d < 0)
            return -1;
        v = v * 16 + d;
    }
    return v;
}

static size_t put_rune(char *out, uint32_t r) {
    if (r < 0x80) {
        out[0] = (char)r;
        return 1;
    }
    size_t n = r < 0x800 ? 2 : r < 0x10000 ? 3 : 4;
    static const unsigned char mark[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n - 1; i > 0; i--, r >>= 6)
        out[i] = (char)(0x80 | (r & 0x3f));
    out[0] = (char)(mark[n] | r);
    return n;
}

/* \uXXXX at s[at] (behind the u), maybe with its low surrogate; adds how much of s it took. At most 3 bytes for 4, 4 for 10. */
static size_t unicode(struct str s, size_t *at, char *out) {
    int32_t r = hex_at(s, *at, 4), low;

    if (r < 0)
        return 0;
    *at += 4;
    if (r >= 0xd800 && r < 0xdc00 && *at + 1 < s.n && s.p[*at] == '\\' && s.p[*at + 1] == 'u' && (low = hex_at(s, *at + 2, 4)) >= 0xdc00 &&
        low < 0xe000) {
        *at += 6;
        r = 0x10000 + ((r - 0xd800) << 10) + (low - 0xdc00);
    } else if (r >= 0xd800 && r < 0xe000) {
        r = 0xfffd;
    }
    return put_rune(out, (uint32_t)r);
}

struct str decode_qstr(struct message *m, struct str s, bool *derived) {
    static const char from[] = "ntrbfae0", to[] = "\n\t\r\b\f\a\033";
    size_t n = 0;

    *derived = s.n && memchr(s.p, '\\', s.n);
    if (!*derived)
        return s;
    char *out = message_spare(m, s.n);
    if (!out)
        return STR_NONE;
    for (size_t i = 0; i < s.n;) {
        char c = s.p[i++];
        if (c != '\\' || i == s.n) {
            out[n++] = c;
            continue;
        }
        c = s.p[i++];
        const char *known = memchr(from, c, sizeof from - 1);
        int32_t x = c == 'x' ? hex_at(s, i, 2) : -1;
        size_t wide = c == 'u' ? unicode(s, &i, out + n) : 0;
        n += wide;
        if (x >= 0)
            i += 2;
        if (!wide)
            out[n++] = x >= 0 ? (char)x : known ? to[known - from] : c;
    }
    return str_n(out, n);
}

struct str decode_hex(struct message *m, struct str s) {
    char *out = message_spare(m, s.n / 2 + 1);

    for (size_t i = 0; out && i < s.n / 2; i++) {
        int32_t v = hex_at(s, 2 * i, 2);
        if (v < 0)
            return STR_NONE;
        out[i] = (char)v;
    }
    return out ? str_n(out, s.n / 2) : STR_NONE;
}
