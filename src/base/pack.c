/* SPDX-License-Identifier: ISC
 *
 * pack.c - integers and strings to bytes and back
 */
#include "base/pack.h"

#include <string.h>

#define ABSENT UINT32_MAX

static void pack_be(struct buf *b, uint64_t v, size_t bytes) {
    unsigned char out[8];

    for (size_t i = 0; i < bytes; i++)
        out[i] = (unsigned char)(v >> (8 * (bytes - 1 - i)));
    buf_add(b, out, bytes);
}

void pack_u8(struct buf *b, uint8_t v) {
    pack_be(b, v, 1);
}

void pack_u16(struct buf *b, uint16_t v) {
    pack_be(b, v, 2);
}

void pack_u32(struct buf *b, uint32_t v) {
    pack_be(b, v, 4);
}

void pack_u64(struct buf *b, uint64_t v) {
    pack_be(b, v, 8);
}

void pack_i64(struct buf *b, int64_t v) {
    pack_be(b, (uint64_t)v, 8);
}

void pack_str(struct buf *b, struct str s) {
    if (str_absent(s)) {
        pack_u32(b, ABSENT);
    } else if (s.n >= ABSENT) {
        b->over = true;
    } else {
        pack_u32(b, (uint32_t)s.n);
        buf_str(b, s);
    }
}

void pack_varint(struct buf *b, uint64_t v) {
    unsigned char out[10];
    size_t n = 0;

    for (; v >= 0x80; v >>= 7)
        out[n++] = (unsigned char)(v | 0x80);
    out[n++] = (unsigned char)v;
    buf_add(b, out, n);
}

void pack_svarint(struct buf *b, int64_t v) {
    pack_varint(b, (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0));
}

void unpack_init(struct unpack *u, struct str s) {
    u->p = (const unsigned char *)(s.p ? s.p : "");
    u->end = u->p + s.n;
    u->bad = false;
}

/* n bytes, or NULL and bad. */
static const unsigned char *unpack_bytes(struct unpack *u, size_t n) {
    const unsigned char *p = u->p;

    if (u->bad || (size_t)(u->end - u->p) < n) {
        u->bad = true;
        return NULL;
    }
    u->p += n;
    return p;
}

static uint64_t unpack_be(struct unpack *u, size_t bytes) {
    const unsigned char *p = unpack_bytes(u, bytes);
    uint64_t v = 0;

    for (size_t i = 0; p && i < bytes; i++)
        v = v << 8 | p[i];
    return v;
}

uint8_t unpack_u8(struct unpack *u) {
    return (uint8_t)unpack_be(u, 1);
}

uint16_t unpack_u16(struct unpack *u) {
    return (uint16_t)unpack_be(u, 2);
}

uint32_t unpack_u32(struct unpack *u) {
    return (uint32_t)unpack_be(u, 4);
}

uint64_t unpack_u64(struct unpack *u) {
    return unpack_be(u, 8);
}

int64_t unpack_i64(struct unpack *u) {
    return (int64_t)unpack_be(u, 8);
}

struct str unpack_str(struct unpack *u, size_t max) {
    uint32_t n = unpack_u32(u);

    if (u->bad || n == ABSENT)
        return STR_NONE;
    if (n > max) {
        u->bad = true;
        return STR_NONE;
    }
    const unsigned char *p = unpack_bytes(u, n);
    return p ? str_n(p, n) : STR_NONE;
}

uint64_t unpack_varint(struct unpack *u) {
    uint64_t v = 0;

    for (int shift = 0; shift < 64; shift += 7) {
        const unsigned char *p = unpack_bytes(u, 1);
        if (!p)
            return 0;
        if (shift == 63 && *p > 1)
            break;
        v |= (uint64_t)(*p & 0x7f) << shift;
        if (*p < 0x80)
            return v;
    }
    u->bad = true;
    return 0;
}

int64_t unpack_svarint(struct unpack *u) {
    uint64_t v = unpack_varint(u);

    return (int64_t)(v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}

bool unpack_done(const struct unpack *u) {
    return !u->bad && u->p == u->end;
}
