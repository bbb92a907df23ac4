/* SPDX-License-Identifier: ISC
 *
 * pack.h - integers and strings to bytes and back, for frames between roles and for records that are hashed or stored
 *
 * Big-endian; a string is a u32 length and its bytes, an absent one has the length 0xffffffff. A reader that runs short, or meets a
 * string longer than `max`, sets `bad` and gives zeros from then on: check once at the end.
 */
#ifndef TOCSIN_BASE_PACK_H
#define TOCSIN_BASE_PACK_H
#include "base/buf.h"

void pack_u8(struct buf *b, uint8_t v);
void pack_u16(struct buf *b, uint16_t v);
void pack_u32(struct buf *b, uint32_t v);
void pack_u64(struct buf *b, uint64_t v);
void pack_i64(struct buf *b, int64_t v);
void pack_str(struct buf *b, struct str s);
void pack_varint(struct buf *b, uint64_t v); /* LEB128 */
void pack_svarint(struct buf *b, int64_t v); /* zigzag LEB128: deltas of times */

struct unpack {
    const unsigned char *p, *end;
    bool bad;
};
void unpack_init(struct unpack *u, struct str s);
uint8_t unpack_u8(struct unpack *u);
uint16_t unpack_u16(struct unpack *u);
uint32_t unpack_u32(struct unpack *u);
uint64_t unpack_u64(struct unpack *u);
int64_t unpack_i64(struct unpack *u);
struct str unpack_str(struct unpack *u, size_t max); /* borrowed from the input */
uint64_t unpack_varint(struct unpack *u);
int64_t unpack_svarint(struct unpack *u);
bool unpack_done(const struct unpack *u); /* everything read and nothing bad */
#endif
