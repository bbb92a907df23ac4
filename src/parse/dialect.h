/* SPDX-License-Identifier: ISC
 *
 * dialect.h - webhook bodies to messages, by a small YAML file of JSON pointers (etc/dialects.d/NAME.yaml)
 *
 *   name: generic
 *   title: /summary            a pointer, or a list of pointers of which the first that is there counts
 *   text: /details
 *   severity: {from: /severity, map: {critical: critical, warning: medium}, default: medium}     to Sigma levels
 *   time: /time
 *   host: /host
 *   key: /dedup                the dedup key; absent: title and entities
 *   fields: {src_ip: /meta/src_ip, user: /meta/user}
 *   class: other/undetermined  RSIT, or a pointer
 *   split: /alerts             a list in the body ("" is the body itself), each of whose elements is a claim of its own: pointers are
 *                              looked for in the element first, then in the body
 *   when: {/status: firing}    or a list of such maps: bodies that none of them fits claim nothing. "*" is whatever is there and not null
 *   resolve_when: {/status: resolved}    the sender takes back what it claimed under this key
 */
#ifndef TOCSIN_PARSE_DIALECT_H
#define TOCSIN_PARSE_DIALECT_H

#include "base/arena.h"
#include "base/json.h"
#include "base/tree.h"
#include "model/message.h"
#include "model/vocab.h"

struct dialect_map;
enum rc dialect_load(const struct tree *doc, struct dialect_map **out, struct errs *es);
void dialect_free(struct dialect_map *d);
struct str dialect_map_name(const struct dialect_map *d);

struct dialect_event { /* what the sender itself claims */
    struct str title, text, key;
    int level;                /* LEVEL_... */
    const struct rsit *rsit;
    bool claims;   /* false: the dialect's when does not fit: nothing is claimed */
    bool resolved; /* what was claimed under this key is over */
};
#define DIALECT_PARTS_MAX 64
/* How many claims the body may make: 1, with split the elements there are; `over` counts those beyond DIALECT_PARTS_MAX. */
size_t dialect_parts(const struct dialect_map *d, const struct json *j, size_t *over);
/* m->raw is the body, already JSON-validated as `j`. Fills fields (FIELD_DERIVED, copied into the arena), text, host, time, and sets
 * MSG_DECODED. A body that lacks optional keys is no error. */
void dialect_apply(const struct dialect_map *d, const struct json *j, struct arena *a, struct message *m, struct dialect_event *out);
/* The same of the claim number `part`. */
void dialect_part(const struct dialect_map *d, const struct json *j, size_t part, struct arena *a, struct message *m, struct dialect_event *out);

#endif
