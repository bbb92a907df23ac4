/* SPDX-License-Identifier: ISC
 *
 * fuzz_json.c - what the validator lets through, json-c must read, and what we write of it must pass the validator again
 */
#include "base/json.h"
#include "base/json_check.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void write_again(const struct json *j, struct jw *w);

static void member(void *ctx, struct str key, const struct json *v) {
    jw_key_str(ctx, key);
    write_again(v, ctx);
}

/* As deep as json_check allows. */
static void write_again(const struct json *j, struct jw *w) {
    switch (json_kind(j)) {
    case JSON_MAP:
        jw_map(w);
        json_each(j, member, w);
        jw_map_end(w);
        break;
    case JSON_LIST:
        jw_list(w);
        for (size_t i = 0; i < json_count(j); i++)
            write_again(json_at(j, i), w);
        jw_list_end(w);
        break;
    case JSON_STRING:
        jw_str(w, json_text(j));
        break;
    case JSON_INT:
        jw_int(w, json_int(j, 0));
        break;
    case JSON_BOOL:
        jw_bool(w, json_bool(j, false));
        break;
    default:
        jw_null(w);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    struct json *j = NULL;
    struct buf b;
    struct jw w;

    /* the first byte cuts a pointer off the front of the rest */
    struct str text = str_n(p, n), pointer = STR("/a/0/b");
    if (n && p[0] == '/') {
        pointer = str_cut(&text, '\n');
        if (str_absent(text))
            text = STR("");
    }
    bool valid = json_check(text, false, NULL) == RC_OK;
    if ((json_parse(text, 1 << 20, &j, NULL) == RC_OK) != valid)
        abort();
    if (!valid)
        return 0;
    json_pointer(j, pointer);
    buf_init(&b, SIZE_MAX);
    jw_init(&w, &b);
    write_again(j, &w);
    if (b.over || json_check(buf_view(&b), false, NULL) != RC_OK)
        abort();
    buf_fini(&b);
    json_free(j);
    return 0;
}
