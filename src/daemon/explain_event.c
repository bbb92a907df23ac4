/* SPDX-License-Identifier: ISC
 *
 * explain_event.c - for explain: an object of fields as a message, so that rules can be tried on events of any origin
 *
 * Takes   one JSON object. {"a":{"b":1}} is the field a.b; a list is a field with several values.
 * Gives   a message with these fields. Its text, where keywords are looked for, is every value, a line each: decoded, so that an
 *         escape hides nothing.
 */
#include "daemon/explain_own.h"

#include <string.h>

#define DEPTH_MAX 16
#define PATH_MAX_BYTES 1024

struct walk {
    struct explainer *ex;
    struct message *m;
    struct str path;
    struct buf text;
    int depth;
};

static void member(void *ctx, struct str key, const struct json *v);

static void scalar(struct walk *w, const struct json *v) {
    static const uint16_t flags[] = {[JSON_NULL] = FIELD_NULL, [JSON_INT] = FIELD_NUMBER, [JSON_REAL] = FIELD_NUMBER, [JSON_MAP] = 0};
    enum json_kind kind = json_kind(v);
    size_t before = w->text.n;

    if (kind != JSON_NULL)
        json_scalar(v, &w->text);
    struct str s = str_sub(buf_view(&w->text), before, w->text.n);
    s = kind == JSON_NULL ? STR_NONE : arena_str(&w->ex->arena, s.n ? s : STR(""));
    if (kind != JSON_NULL)
        buf_c(&w->text, '\n');
    message_add(w->m, field_find(w->path), w->path, s, (uint16_t)(flags[kind] | FIELD_DERIVED));
}

static void visit(struct walk *w, const struct json *v) {
    if (w->depth >= DEPTH_MAX)
        return;
    w->depth++;
    if (json_kind(v) == JSON_MAP)
        json_each(v, member, w);
    else if (json_kind(v) == JSON_LIST)
        for (size_t i = 0; i < json_count(v); i++)
            visit(w, json_at(v, i));
    else
        scalar(w, v);
    w->depth--;
}

static void member(void *ctx, struct str key, const struct json *v) {
    struct walk *w = ctx;
    struct str outer = w->path;
    char path[PATH_MAX_BYTES];
    size_t n = 0;

    if (outer.n + key.n + 1 >= sizeof path)
        return;
    if (outer.n) {
        memcpy(path, outer.p, outer.n);
        path[outer.n] = '.';
        n = outer.n + 1;
    }
    if (key.n)
        memcpy(path + n, key.p, key.n);
    w->path = arena_str(&w->ex->arena, str_n(path, n + key.n));
    visit(w, v);
    w->path = outer;
}

static void set_time(struct message *m, struct str s) {
    int64_t us;
    int offset;

    m->ts = (struct msg_time){0};
    m->time = m->arrived;
    if (!time_parse(s, &us, &offset))
        return;
    m->time = us;
    civil_from_us(us + offset * US_PER_MIN, &m->ts.civil);
    m->ts.present = m->ts.has_year = m->ts.has_zone = true;
    m->ts.offset_min = offset;
    m->ts.zone_z = s.p[s.n - 1] == 'Z';
    m->ts.has_frac = str_chr(s, '.') != SIZE_MAX;
    m->ts.text = s;
}

bool explain_fields(struct explainer *ex, struct str line, struct message *m, struct err *e) {
    struct json *j;
    struct walk w = {.ex = ex, .m = m};

    if (json_parse_zeros(line, line.n, true, &j, e) != RC_OK)
        return false;
    if (json_kind(j) != JSON_MAP) {
        json_free(j);
        err_set(e, RC_INVALID, "an event is a JSON object of fields");
        return false;
    }
    m->dialect = DIALECT_JSON;
    m->valid = true;
    m->pri = m->version = -1;
    m->repeat = 1;
    m->tags = (struct tagset){{0}};
    m->nfields = m->fields_dropped = 0;
    m->flags |= MSG_DECODED | MSG_FIELDS | MSG_EXACT;
    m->host = m->app = m->procid = m->msgid = m->sd = m->msg = m->program = STR_NONE;
    m->msg_bom = false;
    set_time(m, arena_str(&ex->arena, json_get_text(j, "@timestamp")));
    buf_init(&w.text, 2 * line.n + 64);
    visit(&w, j);
    m->text = arena_str(&ex->arena, w.text.n ? buf_view(&w.text) : STR(""));
    const struct field *f;
    if (message_has(m, F_PROGRAM, STR_NONE, &f) && f)
        m->program = f->value;
    if (message_has(m, F_HOST, STR_NONE, &f) && f)
        m->host = f->value;
    buf_fini(&w.text);
    json_free(j);
    return true;
}
