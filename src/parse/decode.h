/* SPDX-License-Identifier: ISC
 *
 * decode.h - values that do not stand in the text as they are; inside the room only
 */
#ifndef TOCSIN_PARSE_DECODE_H
#define TOCSIN_PARSE_DECODE_H

#include "model/message.h"

/* What stands between quotes, with its escapes resolved: \n \t \r \b \f \a \e \0, \xHH, \uXXXX (also in pairs), else the byte behind the
 * backslash. s itself when there are none (then *derived is false), else in m->spare. Absent when there is no room. */
struct str decode_qstr(struct message *m, struct str s, bool *derived);
/* \uXXXX, or two of them for one code point, as UTF-8: *p stands behind the 'u' and is moved. 0 when digits are missing. Never more bytes
 * than were taken with the backslash. */
size_t decode_unicode(const char **p, const char *end, char *out);
/* Pairs of hexadecimal digits to bytes, in m->spare. Absent when there is no room or a digit is none. */
struct str decode_hex(struct message *m, struct str s);

#endif
