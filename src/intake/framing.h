/* SPDX-License-Identifier: ISC
 *
 * framing.h - where one message ends and the next begins in a stream (RFC 6587)
 *
 * Pure: no socket, no memory of its own. What the first bytes of a connection look like decides:
 *   octet counting   "123 <34>...": digits without a leading zero, one space, and at the first frame a '<'. A later frame whose count
 *                    makes no sense (no digits, leading zero, beyond FRAMING_COUNT_MAX) is read up to the next newline instead and
 *                    counted in `bad`: nothing is lost, and the frame behind it is counted again. Newlines between frames are skipped.
 *   newline          LF, or CR LF, ends a message; a NUL is content.
 *   NUL              chosen when the first message ends in a NUL that a '<' or nothing follows; LF is content then, unless a '<' follows,
 *                    which shows that lines it is after all.
 * Empty messages are skipped. A message beyond `limit` is given once, cut to its first `limit` bytes; the rest of it is dropped.
 */
#ifndef TOCSIN_INTAKE_FRAMING_H
#define TOCSIN_INTAKE_FRAMING_H

#include "base/str.h"

#define FRAMING_COUNT_MAX ((size_t)16 << 20)

enum framing_mode { FRAMING_OPEN, FRAMING_LINES, FRAMING_NUL, FRAMING_COUNTED };

struct framing {
    size_t limit;
    size_t seen;  /* bytes of the message at hand that hold no end */
    size_t skip;  /* octets of a counted frame still to be dropped */
    uint64_t bad; /* frames in octet counting whose count made no sense */
    uint8_t mode; /* enum framing_mode */
    bool drop;    /* dropping up to the next end */
    bool by_line; /* octet counting, but this frame's count made no sense */
};

struct framed {
    struct str bytes; /* absent when what was consumed is no message; borrowed from the input */
    bool cut;
};

void framing_init(struct framing *f, size_t limit);
/* Looks at the n bytes at p, which begin where the last call stopped consuming. Gives how many are consumed: 0 when more are needed.
 * The caller offers at least `limit` + 24 bytes before it may be told 0 for ever. eof: no more will come; what is there is a message. */
size_t framing_next(struct framing *f, const char *p, size_t n, bool eof, struct framed *out);

#endif
