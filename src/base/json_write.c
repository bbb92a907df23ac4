/* SPDX-License-Identifier: ISC
 *
 * json_write.c - writing JSON straight into a buffer
 *
 * Keeps   one bit per level: whether the next value needs a comma before it. A level beyond the 64th marks the buffer as over.
 */
#include "base/json.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/esc.h"

#include <string.h>

void jw_init(struct jw *w, struct buf *b) {
    *w = (struct jw){.b = b};
}

/* Before every value; behind a key nothing is owed. */
static void separate(struct jw *w) {
    uint64_t bit = UINT64_C(1) << (w->level & 63);

    if (w->level && w->comma & bit)
        buf_c(w->b, ',');
    w->comma |= bit;
}

static void open_level(struct jw *w, char c) {
    separate(w);
    buf_c(w->b, c);
    if (w->level >= 63) {
        w->b->over = true;
        return;
    }
    w->level++;
    w->comma &= ~(UINT64_C(1) << w->level);
}

static void close_level(struct jw *w, char c) {
    buf_c(w->b, c);
    if (w->level)
        w->level--;
}

void jw_map(struct jw *w) {
    open_level(w, '{');
}

void jw_map_end(struct jw *w) {
    close_level(w, '}');
}

void jw_list(struct jw *w) {
    open_level(w, '[');
}

void jw_list_end(struct jw *w) {
    close_level(w, ']');
}

void jw_key_str(struct jw *w, struct str key) {
    separate(w);
    esc_json(w->b, key);
    buf_c(w->b, ':');
    w->comma &= ~(UINT64_C(1) << (w->level & 63));
}

void jw_key(struct jw *w, const char *key) {
    jw_key_str(w, str_of(key));
}

void jw_str(struct jw *w, struct str s) {
    if (str_absent(s)) {
        jw_null(w);
        return;
    }
    separate(w);
    esc_json(w->b, s);
}

void jw_text(struct jw *w, const char *cstr) {
    jw_str(w, str_of(cstr));
}

void jw_bytes(struct jw *w, struct str s) {
    if (str_absent(s) || (str_utf8(s) && (!s.n || !memchr(s.p, 0, s.n)))) {
        jw_str(w, s);
        return;
    }
    separate(w);
    buf_text(w->b, "{\"b64\":\"");
    base64_add(w->b, s.p, s.n, 0);
    buf_text(w->b, "\"}");
}

void jw_int(struct jw *w, int64_t v) {
    separate(w);
    buf_printf(w->b, "%lld", (long long)v);
}

void jw_bool(struct jw *w, bool v) {
    jw_raw(w, v ? STR("true") : STR("false"));
}

void jw_null(struct jw *w) {
    jw_raw(w, STR("null"));
}

void jw_time(struct jw *w, int64_t us) {
    char text[TIME_TEXT];

    if (us == 0)
        jw_null(w);
    else
        jw_text(w, time_format(us, us % US_PER_S ? 6 : 0, text));
}

void jw_raw(struct jw *w, struct str json) {
    separate(w);
    buf_str(w->b, json);
}

void jw_kv_str(struct jw *w, const char *key, struct str s) {
    jw_key(w, key);
    jw_str(w, s);
}

void jw_kv_text(struct jw *w, const char *key, const char *cstr) {
    jw_kv_str(w, key, str_of(cstr));
}

void jw_kv_int(struct jw *w, const char *key, int64_t v) {
    jw_key(w, key);
    jw_int(w, v);
}

void jw_kv_bool(struct jw *w, const char *key, bool v) {
    jw_key(w, key);
    jw_bool(w, v);
}

void jw_kv_time(struct jw *w, const char *key, int64_t us) {
    jw_key(w, key);
    jw_time(w, us);
}
