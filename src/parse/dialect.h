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
};
/* m->raw is the body, already JSON-validated as `j`. Fills fields (FIELD_DERIVED, copied into the arena), text, host, time, and sets
 * MSG_DECODED. A body that lacks optional keys is no error. */
void dialect_apply(const struct dialect_map *d, const struct json *j, struct arena *a, struct message *m, struct dialect_event *out);

#endif
