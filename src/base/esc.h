/* SPDX-License-Identifier: ISC
 *
 * esc.h - strangers' bytes made harmless, one function per sink
 *
 * C0 (tab too), DEL, C1, invalid UTF-8, the bidirectional overrides U+202A-202E, U+2066-2069, U+200E-200F and the line separators
 * U+2028/2029 become visible: \xNN per byte. A backslash is left alone unless said otherwise.
 */
#ifndef TOCSIN_BASE_ESC_H
#define TOCSIN_BASE_ESC_H

#include "base/buf.h"

void esc_plain(char *text); /* in place, each such byte becomes '?': a sentence of err_set, a name of fixed size */
bool esc_term(struct buf *b, struct str s);   /* terminal and log line: as above */
bool esc_quoted(struct buf *b, struct str s); /* "..." with \" and \\, else as esc_term: a value in key=value */
bool esc_html(struct buf *b, struct str s);   /* esc_term, then & < > " ' */
bool esc_csv(struct buf *b, struct str s);    /* RFC 4180 quoting, and ' before = + - @ TAB CR (OWASP ASVS 1.2.10) */
bool esc_tsv(struct buf *b, struct str s);    /* esc_term; nothing in it can be a tab or newline */
bool esc_json(struct buf *b, struct str s);   /* "..."; invalid UTF-8 and U+0000 become U+FFFD */
/* RFC 5322 unstructured header value: no CR, LF, NUL possible; RFC 2047 B-encoded words when not printable ASCII; folded at 76. */
bool esc_header(struct buf *b, struct str s);

#endif
