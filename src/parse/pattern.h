/* SPDX-License-Identifier: ISC
 *
 * pattern.h - one line of normalise.d: literals and typed captures, compiled and matched; inside the room only
 *
 *   Failed <method:word> for invalid user <user> from <src_ip:addr>{ port <src_port:port>|}
 *
 *   <name:type>   a capture; <:type> matches and keeps nothing; <name> is <name:text>; <*> is <:lazy>
 *     text        anything, closed from the right: as much as leaves the rest a match. What a stranger chose (a user name)
 *     lazy        anything, closed from the left. What the program wrote before a stranger's words
 *     word        no blank, at least one byte, as much as leaves the rest a match
 *     ip          an address, IPv4 or IPv6, [bracketed] or mapped
 *     addr        an address, or else a host name: then src_ip becomes src_host
 *     port, int   0..65535; digits with an optional '-'
 *     quoted      from a '"' to the next, both outside the value
 *   {a|b|}        one of these, tried in order (an empty one makes it optional); no nesting
 *   \x            the byte x itself
 * It is anchored at both ends.
 */
#ifndef TOCSIN_PARSE_PATTERN_H
#define TOCSIN_PARSE_PATTERN_H

#include "base/arena.h"
#include "base/err.h"
#include "model/field.h"

#define PATTERN_CAPTURES 16

struct pattern;

struct capture {
    uint16_t id;
    struct str name, value;
};
struct captures {
    struct capture v[PATTERN_CAPTURES];
    size_t n;
};

/* Everything in the arena. NULL with e filled when the text is no pattern. */
struct pattern *pattern_compile(struct str text, bool nocase, struct arena *a, struct err *e);
/* True when all of s is matched. *budget bounds the work over several patterns: it counts bytes looked at in search and ends in a
 * "no" when used up. */
bool pattern_match(const struct pattern *p, struct str s, long *budget, struct captures *out);
/* Which first bytes a match may have: bit set of 256. */
void pattern_first(const struct pattern *p, uint64_t first[4]);

#endif
