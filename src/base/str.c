/* SPDX-License-Identifier: ISC
 *
 * str.c - runs of bytes: compared, cut, searched, hashed
 *
 * Keeps   nothing but the key of the hash, drawn at the first use.
 */
#include "base/str.h"

#include "base/rng.h"

#include <stdlib.h>
#include <string.h>

bool str_is(struct str a, const char *cstr) {
    return str_eq(a, str_of(cstr));
}

static unsigned char lower(char c) {
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

bool str_eqi(struct str a, struct str b) {
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

int str_cmp(struct str a, struct str b) {
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;

    return c ? c : (a.n > b.n) - (a.n < b.n);
}

bool str_ends(struct str s, struct str suffix) {
    return s.n >= suffix.n && (suffix.n == 0 || memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0);
}

size_t str_chr(struct str s, char c) {
    const char *at = s.n ? memchr(s.p, c, s.n) : NULL;

    return at ? (size_t)(at - s.p) : SIZE_MAX;
}

size_t str_find(struct str s, struct str needle) {
    if (needle.n == 0)
        return 0;
    const char *at = s.n >= needle.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;

    return at ? (size_t)(at - s.p) : SIZE_MAX;
}

static bool blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s) {
    while (s.n && blank(s.p[0]))
        s.p++, s.n--;
    while (s.n && blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

struct str str_cut(struct str *s, char c) {
    struct str head = *s;
    size_t at = str_chr(*s, c);

    if (at == SIZE_MAX) {
        *s = STR_NONE;
        return head;
    }
    s->p += at + 1;
    s->n -= at + 1;
    head.n = at;
    return head;
}

char *str_dup(struct str s) {
    char *p = s.n < SIZE_MAX ? malloc(s.n + 1) : NULL;

    if (!p)
        return NULL;
    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

bool str_copy(char *out, size_t size, struct str s) {
    if (size == 0)
        return false;
    size_t n = s.n < size ? s.n : size - 1;

    if (n)
        memcpy(out, s.p, n);
    out[n] = '\0';
    return n == s.n;
}

/* What may follow the first byte (Unicode 15, table 3-7): the second byte's range closes overlong forms, surrogates and > U+10FFFF. */
static const struct utf8_row {
    unsigned char lo, hi, lo2, hi2, len;
} utf8_rows[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3},
    {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static size_t rune_long(const unsigned char *p, size_t n, uint32_t *rune) {
    for (size_t i = 0; i < sizeof utf8_rows / sizeof *utf8_rows; i++) {
        const struct utf8_row *r = &utf8_rows[i];

        if (p[0] < r->lo || p[0] > r->hi)
            continue;
        if (n < r->len || p[1] < r->lo2 || p[1] > r->hi2)
            return 0;
        uint32_t v = (uint32_t)(p[0] & (0x7f >> r->len)) << 6 | (p[1] & 0x3f);
        for (size_t k = 2; k < r->len; k++) {
            if ((p[k] & 0xc0) != 0x80)
                return 0;
            v = v << 6 | (p[k] & 0x3f);
        }
        *rune = v;
        return r->len;
    }
    return 0;
}

size_t str_rune(struct str s, uint32_t *rune) {
    uint32_t ignored;
    const unsigned char *p = (const unsigned char *)s.p;

    if (!rune)
        rune = &ignored;
    if (s.n == 0)
        return 0;
    if (p[0] < 0x80) {
        *rune = p[0];
        return 1;
    }
    return rune_long(p, s.n, rune);
}

bool str_utf8(struct str s) {
    while (s.n) {
        /* nearly every log line is ASCII: eight bytes at a time */
        uint64_t word;
        if (s.n >= sizeof word && (memcpy(&word, s.p, sizeof word), !(word & UINT64_C(0x8080808080808080)))) {
            s = str_sub(s, sizeof word, s.n);
            continue;
        }
        size_t len = str_rune(s, NULL);
        if (len == 0)
            return false;
        s = str_sub(s, len, s.n);
    }
    return true;
}

/* SipHash-1-3 (Aumasson and Bernstein, 2012; one compression and three finalisation rounds). */
struct sip {
    uint64_t a, b, c, d;
};

static uint64_t rotl(uint64_t x, int n) {
    return x << n | x >> (64 - n);
}

static void sip_round(struct sip *v) {
    v->a += v->b;
    v->c += v->d;
    v->b = rotl(v->b, 13) ^ v->a;
    v->d = rotl(v->d, 16) ^ v->c;
    v->a = rotl(v->a, 32);
    v->c += v->b;
    v->a += v->d;
    v->b = rotl(v->b, 17) ^ v->c;
    v->d = rotl(v->d, 21) ^ v->a;
    v->c = rotl(v->c, 32);
}

uint64_t str_siphash(const uint64_t key[2], struct str s) {
    struct sip v = {key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
                    key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573)};
    uint64_t last = (uint64_t)s.n << 56;
    const unsigned char *p = (const unsigned char *)s.p;

    for (; s.n >= 8; p += 8, s.n -= 8) {
        uint64_t m = 0;
        for (int i = 0; i < 8; i++)
            m |= (uint64_t)p[i] << (8 * i);
        v.d ^= m;
        sip_round(&v);
        v.a ^= m;
    }
    for (size_t i = 0; i < s.n; i++)
        last |= (uint64_t)p[i] << (8 * i);
    v.d ^= last;
    sip_round(&v);
    v.a ^= last;
    v.c ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(&v);
    return v.a ^ v.b ^ v.c ^ v.d;
}

uint64_t str_hash(struct str s) {
    static uint64_t key[2];
    static bool drawn;

    if (!drawn) {
        rng_bytes(key, sizeof key);
        drawn = true;
    }
    return str_siphash(key, s);
}
