/* SPDX-License-Identifier: ISC
 *
 * mime.h - a carry as an Internet message (RFC 5322, RFC 2045-2049, RFC 3834)
 *
 * Headers are made by one function each and cannot hold CR, LF or NUL; bodies are quoted-printable, so no line of the wire is longer
 * than 76 octets, none ends in a bare LF and none is a lone dot (SMTP smuggling, reliability.md F13).
 */
#ifndef TOCSIN_NOTIFY_MIME_H
#define TOCSIN_NOTIFY_MIME_H

#include "base/buf.h"
#include "base/err.h"
#include "model/carry.h"

/* The whole message, CRLF lines, ready for DATA without dot-stuffing. boundary: 1..60 characters of [A-Za-z0-9'+_.-], not occurring in
 * quoted-printable text by its "=_" part. */
enum rc mime_make(const struct carry *c, const char *from, int64_t now, const char *boundary, struct buf *out, struct err *e);
/* addr-spec of RFC 5321 as a person writes it: dot-string local part, no quoting, no comments, ASCII, at most 254. */
bool mime_address(struct str s);
bool mime_qp(struct buf *out, struct str text); /* quoted-printable with CRLF ends (RFC 2045 6.7); LF and CRLF are line ends */

#endif
