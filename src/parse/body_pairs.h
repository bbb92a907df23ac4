/* SPDX-License-Identifier: ISC
 *
 * body_pairs.h - one key=value after the other; for the decoders that share the shape
 */
#ifndef TOCSIN_PARSE_BODY_PAIRS_H
#define TOCSIN_PARSE_BODY_PAIRS_H

#include "model/message.h"

struct pair {
    struct str name, value;
    char quote;   /* '"', '\'' or 0 for a bare one */
    bool escaped; /* a backslash stands in a quoted value */
};
/* Cuts the next pair off the front of s; false when there is none left. Words without '=' are passed over. */
bool pair_next(struct str *s, struct pair *p);
/* Its value without escapes, in spare when there are any; false when there is no room. */
bool pair_value(struct message *m, const struct pair *p, struct str *value);
/* The length of the name s begins with when '=' follows it, else 0. */
size_t pair_name(struct str s);

#endif
