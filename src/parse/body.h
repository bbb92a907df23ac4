/* SPDX-License-Identifier: ISC
 *
 * body.h - what stands inside a message's text: JSON, CEF, LEEF, audit records, XML, key=value; inside the room only
 *
 * Takes   a message with its header; the text.
 * Gives   fields under the names the sender gave them (JSON: dotted paths; a list: the name once per scalar). Values are spans of
 *         raw where they stand there verbatim; what had to be decoded lies in m->spare, carries FIELD_DERIVED and sets MSG_DECODED.
 *         What those names mean to us is data: the files of normalise.d with `body:` (normalise_file.h).
 * Keeps   nothing; no allocation, no recursion, every depth and count bounded, every byte of the text looked at a bounded number of
 *         times. A body that is damaged gives the fields in front of the damage. A name that stands twice is there twice, and the
 *         first is what a reader of one value gets: what a sender writes later does not unsay what it wrote before.
 */
#ifndef TOCSIN_PARSE_BODY_H
#define TOCSIN_PARSE_BODY_H

#include "model/message.h"

/* By the first bytes of the text: BODY_JSON for '{', BODY_CEF for "CEF:0|", "CEF:1|", BODY_LEEF for "LEEF:1.0|", ... What a packet filter
 * says is one behind any prefix where its program says so, or none is known. */
enum body body_sniff(struct str program, struct str text);
/* "CEF:0|", "LEEF:2.0|" at the front: what a header without a tag may be followed by. */
bool body_is_versioned(struct str text);
/* "json", "cef", ...: the words of `body:` in normalise.d; BODY__COUNT for none of them. */
enum body body_find(struct str name);
/* The name under which patterns for such a body's whole text stand; "" for BODY_NONE. */
struct str body_patterns_name(enum body b);
/* Decodes one span of m as `kind`. */
size_t body_decode(struct message *m, enum body kind, struct str s);
/* Decodes m->text by m->body; the number of fields added. */
size_t body_fields(struct message *m);

/* The decoders of bodies.def; s is the text. For captures of normalise.d, too: there s is any span of the message.
 *   body_json    one JSON object at the front of s
 *   body_pairs   key=value, values bare, "quoted" or 'quoted', separated by blanks or commas */
#define BODY(id, name, fn) size_t fn(struct message *m, struct str s);
#include "parse/bodies.def"
#undef BODY

/* ---- for the decoders */

#define BODY_FIELDS_MAX (MSG_FIELDS_MAX - 32) /* the rest is for what these fields mean to us */

/* Whether there is room for one more field; that there was none is counted. */
bool body_room(struct message *m);
/* Adds what a sender named. One of our own names has to be what it says (an address, a user and not "-"), or it is left out. */
bool body_put(struct message *m, struct str name, struct str value, uint16_t flags);
/* Whether a value is what the name *id promises. Addresses lose brackets, zone and "::ffff:"; a host name in the place of one makes *id
 * the name for hosts; *port is what stood behind the address, else absent. */
bool body_clean(enum field_id *id, struct str *value, struct str *port);
/* The n bytes reserved of m->spare last, of which `used` are kept; what is kept has its place in the message. */
struct str body_keep(struct message *m, const char *p, size_t reserved, size_t used);
/* One code point as UTF-8 (a surrogate as U+FFFD); how many bytes, at most 4. */
size_t body_utf8(char *out, uint32_t rune);

#endif
