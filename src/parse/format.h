/* SPDX-License-Identifier: ISC
 *
 * format.h - what the formats of formats.def share; inside the room only
 */
#ifndef TOCSIN_PARSE_FORMAT_H
#define TOCSIN_PARSE_FORMAT_H

#include "model/message.h"

/* How the bytes before `rest` read. */
enum pri_kind { PRI_NONE, PRI_GOOD, PRI_BAD }; /* none there; 0..191 without leading zeros; "<999>" and its like */

#define FORMAT(dialect, fn) bool fn(struct message *m, struct str rest, enum pri_kind pri);
#include "parse/formats.def"
#undef FORMAT

/* The length of a valid STRUCTURED-DATA (RFC 5424 6.3, not NILVALUE) at the front of s; 0 when there is none. */
size_t sd_length(struct str s);

/* str_sub without the call: a header takes twenty of them, and every line has a header. */
static inline struct str sub(struct str s, size_t from, size_t to) {
    if (to > s.n)
        to = s.n;
    if (from > to)
        from = to;
    return s.p ? (struct str){s.p + from, to - from} : s;
}

static inline bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* 0..15, or -1. */
static inline int hex_digit(char c) {
    return is_digit(c) ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

#endif
