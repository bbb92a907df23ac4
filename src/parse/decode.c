/* SPDX-License-Identifier: ISC
 *
 * decode.c - quoted and hexadecimal values to bytes
 *
 * Takes   a span of a message.
 * Gives   the bytes it means, in the message's spare.
 */
#include "parse/decode.h"

#include "parse/body.h"
#include "parse/format.h"

#include <string.h>

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

size_t decode_unicode(const char **p, const char *end, char *out) {
    int32_t r = hex_at(str_n(*p, (size_t)(end - *p)), 0, 4), low;

    if (r < 0)
        return 0;
    *p += 4;
    struct str rest = str_n(*p, (size_t)(end - *p));
    if (r >= 0xd800 && r < 0xdc00 && str_starts(rest, STR("\\u")) && (low = hex_at(rest, 2, 4)) >= 0xdc00 && low < 0xe000) {
        *p += 6;
        r = 0x10000 + ((r - 0xd800) << 10) + (low - 0xdc00);
    }
    return body_utf8(out, (uint32_t)r);
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
        const char *p = s.p + i;
        size_t wide = c == 'u' ? decode_unicode(&p, s.p + s.n, out + n) : 0;
        i = (size_t)(p - s.p);
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
