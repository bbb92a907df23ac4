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

/* The shape that most lines behind a good PRI have; false, and m as it was, when it is another: the formats tell. */
bool quick_parse(struct message *m, struct str rest);

/* The length of a valid STRUCTURED-DATA (RFC 5424 6.3, not NILVALUE) at the front of s; 0 when there is none. */
size_t sd_length(struct str s);

static inline bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Behind a BSD tag: blanks around the text are padding (and a CR is of a foreign framing); they are in raw. */
static inline struct str text_trimmed(struct str s) {
    while (s.n && s.p[0] == ' ')
        s.p++, s.n--;
    while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r'))
        s.n--;
    return s.n ? s : STR_NONE;
}

/* 0..15, or -1. */
static inline int hex_digit(char c) {
    return is_digit(c) ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

#endif
