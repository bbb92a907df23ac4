/* SPDX-License-Identifier: ISC
 *
 * json.c - reading JSON: json-c behind json_check
 *
 * A struct json is a json_object seen through this door, and nothing else includes json-c.
 */
#include "base/json.h"

#include "base/json_check.h"

/* json-c has a type of that name */
#define json_bool json_c_bool
#include <json-c/json.h>
#undef json_bool

#include <string.h>

static struct json_object *object(const struct json *j) {
    return (struct json_object *)(uintptr_t)j;
}

enum rc json_parse(struct str text, size_t max, struct json **out, struct err *e) {
    return json_parse_zeros(text, max, false, out, e);
}

enum rc json_parse_zeros(struct str text, size_t max, bool zeros, struct json **out, struct err *e) {
    *out = NULL;
    if (text.n > max || text.n > INT32_MAX)
        return err_set(e, RC_LIMIT, "the JSON text has more than %zu bytes", max);
    enum rc rc = json_check(text, zeros, e);
    if (rc != RC_OK)
        return rc;
    struct json_tokener *t = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
    if (!t)
        return err_set(e, RC_NOMEM, "out of memory");
    /* json-c answers "null" with NULL, which json_kind takes for JSON_NULL: only the tokener's state tells it from a failure. A bare
     * number is complete only when something follows it. */
    json_tokener_set_flags(t, JSON_TOKENER_STRICT);
    struct json_object *o = json_tokener_parse_ex(t, text.p, (int)text.n);
    if (json_tokener_get_error(t) == json_tokener_continue)
        o = json_tokener_parse_ex(t, "\n", 1);
    enum json_tokener_error said = json_tokener_get_error(t);
    if (said != json_tokener_success)
        rc = err_set(e, RC_INVALID, "no JSON: %s", json_tokener_error_desc(said));
    json_tokener_free(t);
    *out = (struct json *)o;
    return rc;
}

void json_free(struct json *root) {
    json_object_put((struct json_object *)root);
}

enum json_kind json_kind(const struct json *j) {
    switch (json_object_get_type(object(j))) {
    case json_type_boolean:
        return JSON_BOOL;
    case json_type_int:
        return JSON_INT;
    case json_type_double:
        return JSON_REAL;
    case json_type_string:
        return JSON_STRING;
    case json_type_array:
        return JSON_LIST;
    case json_type_object:
        return JSON_MAP;
    default:
        return JSON_NULL;
    }
}

const struct json *json_get(const struct json *map, const char *key) {
    struct json_object *v = NULL;

    if (json_kind(map) == JSON_MAP)
        json_object_object_get_ex(object(map), key, &v);
    return (const struct json *)v;
}

const struct json *json_at(const struct json *list, size_t i) {
    return json_kind(list) == JSON_LIST ? (const struct json *)json_object_array_get_idx(object(list), i) : NULL;
}

size_t json_count(const struct json *j) {
    switch (json_kind(j)) {
    case JSON_LIST:
        return json_object_array_length(object(j));
    case JSON_MAP:
        return (size_t)json_object_object_length(object(j));
    default:
        return 0;
    }
}

struct str json_text(const struct json *j) {
    if (json_kind(j) != JSON_STRING)
        return STR_NONE;
    return str_n(json_object_get_string(object(j)), (size_t)json_object_get_string_len(object(j)));
}

bool json_bool(const struct json *j, bool otherwise) {
    return json_kind(j) == JSON_BOOL ? json_object_get_boolean(object(j)) : otherwise;
}

int64_t json_int(const struct json *j, int64_t otherwise) {
    return json_kind(j) == JSON_INT ? json_object_get_int64(object(j)) : otherwise;
}

double json_real(const struct json *j) {
    enum json_kind k = json_kind(j);

    return k == JSON_REAL || k == JSON_INT ? json_object_get_double(object(j)) : 0;
}

struct str json_get_text(const struct json *map, const char *key) {
    return json_text(json_get(map, key));
}

/* One reference token without its ~0 and ~1; false when it is too long to be a name of ours, or a ~ stands alone. */
static bool pointer_token(struct str token, char *out, size_t size) {
    size_t n = 0;

    for (size_t i = 0; i < token.n; i++) {
        char c = token.p[i];
        if (c == '~') {
            if (++i == token.n || (token.p[i] != '0' && token.p[i] != '1'))
                return false;
            c = token.p[i] == '0' ? '~' : '/';
        }
        if (n + 1 >= size || c == '\0')
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return true;
}

const struct json *json_pointer(const struct json *j, struct str pointer) {
    while (pointer.n) {
        char token[256];
        uint64_t i;

        if (pointer.p[0] != '/')
            return NULL;
        pointer = str_sub(pointer, 1, pointer.n);
        size_t end = str_chr(pointer, '/');
        struct str written = str_sub(pointer, 0, end);
        pointer = str_sub(pointer, written.n, pointer.n);
        if (!pointer_token(written, token, sizeof token))
            return NULL;
        if (json_kind(j) != JSON_LIST)
            j = json_get(j, token);
        else if (str_u64(written, SIZE_MAX, &i) && (written.n == 1 || written.p[0] != '0'))
            j = json_at(j, i);
        else
            return NULL;
        if (!j)
            return NULL;
    }
    return j;
}

bool json_scalar(const struct json *j, struct buf *b) {
    size_t n = 0;

    if (json_kind(j) == JSON_STRING)
        return buf_str(b, json_text(j));
    const char *p = json_object_to_json_string_length(object(j), JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &n);
    return p && buf_add(b, p, n);
}

void json_each(const struct json *map, void (*fn)(void *ctx, struct str key, const struct json *v), void *ctx) {
    if (json_kind(map) != JSON_MAP)
        return;
    struct json_object_iterator it = json_object_iter_begin(object(map)), end = json_object_iter_end(object(map));
    for (; !json_object_iter_equal(&it, &end); json_object_iter_next(&it))
        fn(ctx, str_of(json_object_iter_peek_name(&it)), (const struct json *)json_object_iter_peek_value(&it));
}
