/* SPDX-License-Identifier: ISC
 *
 * pattern_op.h - the operations a pattern is compiled to; for pattern*.c and what indexes patterns (lead, gate)
 *
 * Operations stand in the order of the text; a choice knows where its branches begin, each branch ends in a jump behind the choice.
 * So every jump leads forward.
 */
#ifndef TOCSIN_PARSE_PATTERN_OP_H
#define TOCSIN_PARSE_PATTERN_OP_H

#include "parse/pattern.h"

/* OP(kind, "type in a pattern", what the capture is) */
#define PATTERN_OPS(OP) \
    OP(TEXT, "text", CAPTURE_SPAN) \
    OP(LAZY, "lazy", CAPTURE_SPAN) \
    OP(WORD, "word", CAPTURE_SPAN) \
    OP(USER, "user", CAPTURE_SPAN) \
    OP(IP, "ip", CAPTURE_SPAN) \
    OP(ADDR, "addr", CAPTURE_SPAN) \
    OP(PORT, "port", CAPTURE_SPAN) \
    OP(INT, "int", CAPTURE_SPAN) \
    OP(QUOTED, "quoted", CAPTURE_SPAN) \
    OP(QSTR, "qstr", CAPTURE_QSTR) \
    OP(HEX, "hex", CAPTURE_HEX) \
    OP(UNTIL, "until", CAPTURE_SPAN) \
    OP(EDGE, "edge", CAPTURE_SPAN) \
    OP(PAIRS, "pairs", CAPTURE_PAIRS) \
    OP(JSON, "json", CAPTURE_JSON)

enum op_kind {
    OP_END,
    OP_LITERAL,
    OP_CHOICE,
    OP_JUMP,
#define OP(kind, word, capture) OP_##kind,
    PATTERN_OPS(OP)
#undef OP
};

struct lead;
struct op {
    uint8_t kind;
    uint8_t capture;         /* enum capture_kind */
    bool keep;               /* a capture with a name */
    uint16_t id;
    uint8_t start;           /* OP_TEXT, OP_LAZY: 1 + which thing of the gate follows; 0: none that is known */
    uint16_t to;             /* OP_JUMP: where; OP_CHOICE: behind it */
    uint16_t branches;       /* OP_CHOICE: how many, */
    const uint16_t *branch;  /*            where they begin, */
    const struct lead *lead; /*            and which to try where; NULL: all */
    const uint64_t *follow;  /* OP_TEXT, OP_LAZY, OP_WORD: first bytes (256 bits) of what may follow; NULL: any, or the end */
    struct str text;         /* literal, in lower case when the pattern is nocase; or the capture's name */
    struct str set;          /* OP_UNTIL: the bytes it ends at */
};

struct pattern {
    bool nocase;
    size_t n;
    struct op ops[];
};

/* Adds the first bytes a match of the ops from i on may have. */
void pattern_first(const struct pattern *p, size_t i, uint64_t first[4]);

#endif
