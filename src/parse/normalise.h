/* SPDX-License-Identifier: ISC
 *
 * normalise.h - program text to fields, by patterns that are data (etc/normalise.d)
 *
 * Takes   trees of normalise.d files: `program: [sshd, sshd-session]`, then `patterns:` of literals and typed captures
 *         ("Failed <method:word> for invalid user <user> from <src_ip:ip> port <src_port:port> ssh2"), constants to set, samples.
 * Gives   fields in the message: spans of raw where the value stands there verbatim, FIELD_DERIVED constants otherwise.
 * A pattern is anchored at both ends on what the program itself writes; a capture of a stranger's text (a user name) is closed from
 * the right, so that "root from 192.0.2.1 port 22" as a user name forges nothing.
 */
#ifndef TOCSIN_PARSE_NORMALISE_H
#define TOCSIN_PARSE_NORMALISE_H

#include "base/tree.h"
#include "model/message.h"

struct normaliser;

/* Every bad file or pattern is reported in es; RC_CONFIG when there was one (then *out is NULL). */
enum rc normaliser_load(const struct tree *const *docs, size_t n, struct normaliser **out, struct errs *es);
/* The same of files that were loaded so before, and that stay as long as the normaliser: patterns are made when a message of their program first asks
 * for them, which takes memory then and a millisecond or two. It does not know what derives and needs ask. */
enum rc normaliser_open(const struct tree *const *docs, size_t n, struct normaliser **out, struct errs *es);
void normaliser_free(struct normaliser *nz);
/* Adds fields; no allocation, no recursion. Sets MSG_FIELDS. Does nothing when it is set already. */
void normalise(const struct normaliser *nz, struct message *m);
/* True when some file may give this field a value that does not stand verbatim in the text: a constant of set: or a hexadecimal
 * capture. What only escapes make different (qstr, <:pairs>, <:json>) is not among them: ask normalise_first(). */
bool normaliser_derives(const struct normaliser *nz, enum field_id id, struct str name);
/* For a field that is derived: adds words of which at least one stands in every text without a body (but for access logs) that gives it a
 * derived value that fits. A word counts in texts of the programs of its group only, 0 for all; an empty one stands in all of theirs. False when
 * nothing is known, as a pattern for any program decodes the field or holds no word for certain. */
struct normaliser_need {
    bool (*fits)(void *ctx, struct str value);
    void (*add)(void *ctx, struct str word, unsigned group);
    void *ctx;
};
/* The i-th program of a group, with a star behind it when it is all that begin so; absent behind the last. A name that begins with a blank is that of
 * a body. */
struct str normaliser_group(const struct normaliser *nz, unsigned group, size_t i);
bool normaliser_needs(const struct normaliser *nz, enum field_id id, struct str name, const struct normaliser_need *need);
/* True when the fields of this message have to be made before its text is searched (match_scan), because they may hold what the text
 * does not: it carries a body, or escapes that a capture of some file would decode. */
bool normalise_first(const struct normaliser *nz, const struct message *m);
/* Runs every sample of the files against its wanted fields; each difference is an entry in es. Gives the number of samples run. */
size_t normaliser_test(const struct normaliser *nz, struct errs *es);

#endif
