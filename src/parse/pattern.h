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
 *     user        an account's name whose end is certain: the whole run of letters, digits, _ . - @ + $ \ / and bytes from 0x80 on,
 *                 at least one, no more and no less; a '.' at its end is the sentence's, and a path ("/...") is none
 *     ip          an address, IPv4 or IPv6, [bracketed] or mapped
 *     addr        an address, or else a host name: then src_ip becomes src_host
 *     port, int   0..65535; digits with an optional '-'
 *     quoted      from a '"' to the next, both outside the value
 *     qstr        from a '"' to the next without a backslash in front, both outside the value; its escapes are decoded
 *     hex         pairs of hexadecimal digits, all there are; the value is what they mean
 *     until 'xy'  all up to the first x or y, or to the end; maybe nothing, never more
 *     edge        nothing, where no letter, digit or _ stands before: the beginning of a word
 *     pairs       as text; what is in it becomes fields: key=value, key="v a l", key='value' (body.h)
 *     json        as text, from '{' to '}'; its members become fields (body.h)
 *   {a|b|}        one of these, tried in order (an empty one makes it optional); they may nest, 8 deep
 *   {@name|b}     an alternative that is @name alone stands for the entries of the file's word list `name`, each a pattern itself
 *   \x            the byte x itself
 * It is anchored at both ends.
 */
#ifndef TOCSIN_PARSE_PATTERN_H
#define TOCSIN_PARSE_PATTERN_H

#include "base/arena.h"
#include "base/err.h"
#include "model/field.h"

#define PATTERN_CAPTURES 16
#define PATTERN_DEPTH 64 /* captures and choices one behind the other: what a match may recurse */

struct pattern;

enum capture_kind { CAPTURE_SPAN, CAPTURE_QSTR, CAPTURE_HEX, CAPTURE_PAIRS, CAPTURE_JSON };
struct capture {
    uint16_t id;
    uint8_t kind; /* enum capture_kind: what has to be done to value before it is one */
    struct str name, value;
};
struct captures {
    struct capture v[PATTERN_CAPTURES];
    size_t n;
};
struct pattern_nothing { /* values that are none, without case: a capture that would be one is no match */
    const struct str *v;
    size_t n;
};

struct pattern_words { /* a word list */
    struct str name;
    const struct str *v;
    size_t n;
};
struct pattern_env { /* of one file */
    bool nocase;
    const struct pattern_words *words;
    size_t nwords;
};

/* Everything in the arena. NULL with e filled when the text is no pattern. */
struct pattern *pattern_compile(struct str text, const struct pattern_env *env, struct arena *a, struct err *e);
bool pattern_is_nothing(const struct pattern_nothing *none, struct str value);
struct gate_hits;
struct pattern_help { /* what may be NULL */
    const struct pattern_nothing *none;
    const struct gate_hits *hits; /* of the pattern's gate, in a text that s is a part of */
};
/* True when all of s is matched. *budget bounds the work over several patterns: it counts bytes looked at in search and ends in a
 * "no" when used up. */
bool pattern_match(const struct pattern *p, struct str s, struct pattern_help help, long *budget, struct captures *out);
/* The same without the index over alternatives: for the test that compares. */
bool pattern_match_plain(const struct pattern *p, struct str s, const struct pattern_nothing *none, long *budget, struct captures *out);
/* Calls `each` for every named capture. */
void pattern_names(const struct pattern *p, void (*each)(void *ctx, uint16_t id, struct str name, enum capture_kind kind), void *ctx);

#endif
