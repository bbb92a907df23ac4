/* SPDX-License-Identifier: ISC
 *
 * body.h - what stands inside a message's text: JSON, CEF, LEEF, audit records, XML, key=value; inside the room only
 *
 * Takes   a message with its header; the text.
 * Gives   fields under the names the sender gave them (JSON: dotted paths; a list: the name once per scalar). Values are spans of
 *         raw where they stand there verbatim; what had to be decoded lies in m->spare, carries FIELD_DERIVED and sets MSG_DECODED.
 *         What those names mean to us is data: the files of normalise.d with `body:` (normalise_file.h).
 * Keeps   nothing; no allocation, no recursion, every depth and count bounded, every byte of the text looked at a bounded number of
 *         times. A body that is damaged gives the fields in front of the damage.
 */
#ifndef TOCSIN_PARSE_BODY_H
#define TOCSIN_PARSE_BODY_H

#include "model/message.h"

/* By the first bytes of the text alone: BODY_JSON for '{', BODY_CEF for "CEF:0|", "CEF:1|", BODY_LEEF for "LEEF:1.0|", ... */
enum body body_sniff(struct str text);
/* Decodes m->text by m->body; the number of fields added. */
size_t body_fields(struct message *m);

/* For captures of normalise.d, too: s is a span of the message. */
size_t body_pairs(struct message *m, struct str s); /* key=value, values bare, "quoted" or 'quoted', separated by blanks or commas */
size_t body_json(struct message *m, struct str s);  /* one JSON object at the front of s */


#endif
