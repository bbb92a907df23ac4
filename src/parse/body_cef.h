/* SPDX-License-Identifier: ISC
 *
 * body_cef.h - pieces of CEF that LEEF shares; inside the room only
 */
#ifndef TOCSIN_PARSE_BODY_CEF_H
#define TOCSIN_PARSE_BODY_CEF_H

#include "model/message.h"

/* Cuts a header field off at the next bare '|'; the last one reaches to the end. False when there is nothing left. */
bool cef_header(struct str *s, struct str *field);
/* s without escapes (\\ \= \| \n \r), in spare when it has any; false when there is no room. */
bool cef_value(struct message *m, struct str s, struct str *value);
/* key=value key=value ...; the number of fields added. */
size_t cef_extension(struct message *m, struct str s);
/* For each XLabel among the fields from `from` on X's value under that label. */
size_t cef_labels(struct message *m, size_t from);

#endif
