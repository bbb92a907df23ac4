/* SPDX-License-Identifier: ISC
 *
 * json.h - JSON at the edges: strict reading (json-c behind a validator of our own) and direct writing
 *
 * json-c 0.16 accepts NaN, overlong UTF-8, duplicate keys and NUL; json_parse refuses these first: RFC 8259 exactly, UTF-8 well
 * formed, no duplicate keys, no U+0000, depth <= 32, size <= the caller's limit.
 */
#ifndef TOCSIN_BASE_JSON_H
#define TOCSIN_BASE_JSON_H

#include "base/buf.h"
#include "base/err.h"

struct json; /* a value; children are borrowed from the root */
enum json_kind { JSON_NULL, JSON_BOOL, JSON_INT, JSON_REAL, JSON_STRING, JSON_LIST, JSON_MAP };

enum rc json_parse(struct str text, size_t max, struct json **out, struct err *e);
/* The same; zeros: values may hold U+0000, for whoever takes them as bytes with a length. */
enum rc json_parse_zeros(struct str text, size_t max, bool zeros, struct json **out, struct err *e);
void json_free(struct json *root); /* only the root */
enum json_kind json_kind(const struct json *j); /* NULL gives JSON_NULL */
const struct json *json_get(const struct json *map, const char *key);
const struct json *json_at(const struct json *list, size_t i);
size_t json_count(const struct json *j);
struct str json_text(const struct json *j); /* absent unless a string */
bool json_bool(const struct json *j, bool otherwise);
int64_t json_int(const struct json *j, int64_t otherwise);
double json_real(const struct json *j);
struct str json_get_text(const struct json *map, const char *key);
const struct json *json_pointer(const struct json *j, struct str pointer); /* RFC 6901; NULL when nothing is there */
/* Scalars as text (numbers and booleans as written); lists and maps as JSON. Appends. */
bool json_scalar(const struct json *j, struct buf *b);
/* Visits a map's members in order. */
void json_each(const struct json *map, void (*fn)(void *ctx, struct str key, const struct json *v), void *ctx);

/* Writing: commas are kept track of; a struct jw is 64 levels of one bit. */
struct jw {
    struct buf *b;
    uint64_t comma; /* bit per level */
    int level;
};
void jw_init(struct jw *w, struct buf *b);
void jw_map(struct jw *w);
void jw_map_end(struct jw *w);
void jw_list(struct jw *w);
void jw_list_end(struct jw *w);
void jw_key(struct jw *w, const char *key);
void jw_key_str(struct jw *w, struct str key);
void jw_str(struct jw *w, struct str s); /* absent gives null */
void jw_text(struct jw *w, const char *cstr); /* NULL gives null */
void jw_bytes(struct jw *w, struct str s); /* a string when UTF-8 without U+0000, else {"b64":"..."} */
void jw_int(struct jw *w, int64_t v);
void jw_bool(struct jw *w, bool v);
void jw_null(struct jw *w);
void jw_time(struct jw *w, int64_t us); /* RFC 3339 UTC; 0 gives null */
void jw_raw(struct jw *w, struct str json); /* already JSON */
/* key and value in one */
void jw_kv_str(struct jw *w, const char *key, struct str s);
void jw_kv_text(struct jw *w, const char *key, const char *cstr);
void jw_kv_int(struct jw *w, const char *key, int64_t v);
void jw_kv_bool(struct jw *w, const char *key, bool v);
void jw_kv_time(struct jw *w, const char *key, int64_t us);

#endif
