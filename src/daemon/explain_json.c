/* SPDX-License-Identifier: ISC
 *
 * explain_json.c - what explain says, as one JSON object a message; tocsind-explain(8) describes it as an interface
 *
 * Absent is null, never invented. Bytes that are no UTF-8 are {"b64":"..."}.
 */
#include "daemon/explain_own.h"

#include "base/digest.h"
#include "parse/parse.h"

#include <stdio.h>
#include <string.h>

/* The digits behind the last point or comma, as many as the sender wrote, at most six; three of milliseconds since 1970. */
static int fraction_digits(struct str text) {
    int n = 0;

    for (size_t i = text.n; i-- > 0;)
        if (text.p[i] == '.' || text.p[i] == ',') {
            while (i + 1 + (size_t)n < text.n && text.p[i + 1 + (size_t)n] >= '0' && text.p[i + 1 + (size_t)n] <= '9')
                n++;
            return n < 6 ? n : 6;
        }
    return text.n == 13 ? 3 : 6;
}

bool explain_stamp(const struct message *m, char out[48]) {
    const struct msg_time *t = &m->ts;
    const struct civil *c = &t->civil;
    int n = 0, off = t->offset_min < 0 ? -t->offset_min : t->offset_min;
    char frac[8];

    if (!t->present)
        return false;
    if (m->dialect == DIALECT_RFC5424 || (m->dialect == DIALECT_JSON && str_chr(t->text, '-') == 4 /* no epoch */))
        return str_copy(out, 48, t->text);
    n = t->has_year ? snprintf(out, 48, "%04d", c->year) : snprintf(out, 48, "-");
    n += snprintf(out + n, (size_t)(48 - n), "-%02d-%02dT%02d:%02d:%02d", c->mon, c->day, c->hour, c->min, c->sec);
    int digits = t->has_frac ? fraction_digits(t->text) : 0;
    if (digits) {
        snprintf(frac, sizeof frac, "%06d", c->us);
        n += snprintf(out + n, (size_t)(48 - n), ".%.*s", digits, frac);
    }
    if (t->has_zone && (t->zone_z || (t->offset_min == 0 && !memchr(t->text.p, '+', t->text.n))))
        snprintf(out + n, (size_t)(48 - n), "Z");
    else if (t->has_zone)
        snprintf(out + n, (size_t)(48 - n), "%c%02d:%02d", t->offset_min < 0 ? '-' : '+', off / 60, off % 60);
    return true;
}

static void kv_bytes(struct jw *w, const char *key, struct str s) {
    jw_key(w, key);
    if (str_absent(s))
        jw_null(w);
    else
        jw_bytes(w, s);
}

static void kv_number(struct jw *w, const char *key, int v) {
    jw_key(w, key);
    if (v < 0)
        jw_null(w);
    else
        jw_int(w, v);
}

/* ---- structured data: the same name twice in one element is a list, so that the JSON has no key twice */

struct param {
    struct str id, name, value;
    bool done;
};
struct params {
    struct arena *arena;
    struct param *v;
    size_t n, cap;
};

static void count_param(void *ctx, struct str id, struct str name, struct str value) {
    struct params *p = ctx;

    (void)id, (void)name, (void)value;
    p->cap++;
}

static void on_param(void *ctx, struct str id, struct str name, struct str value) {
    struct params *p = ctx;

    if (p->n == p->cap)
        return;
    p->v[p->n].id = id;
    p->v[p->n].name = name;
    p->v[p->n].value = arena_str(p->arena, value);
    p->v[p->n++].done = false;
}

static void param(struct jw *w, struct params *p, size_t i) {
    bool twice = false;

    for (size_t k = i + 1; k < p->n && str_eq(p->v[k].id, p->v[i].id); k++)
        twice = twice || str_eq(p->v[k].name, p->v[i].name);
    jw_key_str(w, p->v[i].name);
    if (twice)
        jw_list(w);
    for (size_t k = i; k < p->n && str_eq(p->v[k].id, p->v[i].id); k++)
        if (str_eq(p->v[k].name, p->v[i].name)) {
            jw_bytes(w, p->v[k].value);
            p->v[k].done = true;
        }
    if (twice)
        jw_list_end(w);
}

static void structured(struct jw *w, const struct explainer *ex) {
    struct params p = {.arena = (struct arena *)&ex->arena};

    parse_sd(ex->x.m.sd, count_param, &p);
    p.v = arena_alloc(p.arena, p.cap * sizeof *p.v);
    jw_key(w, "sd");
    if (str_absent(ex->x.m.sd) || !p.v) {
        jw_null(w);
        return;
    }
    parse_sd(ex->x.m.sd, on_param, &p);
    jw_map(w);
    for (size_t i = 0; i < p.n; i++) {
        if (i && str_eq(p.v[i].id, p.v[i - 1].id))
            continue;
        jw_key_str(w, p.v[i].id);
        jw_map(w);
        for (size_t k = i; k < p.n && str_eq(p.v[k].id, p.v[i].id); k++)
            if (p.v[k].name.n && !p.v[k].done)
                param(w, &p, k);
        jw_map_end(w);
    }
    jw_map_end(w);
}

/* ---- the parts */

static void parse_part(struct jw *w, const struct explainer *ex) {
    const struct message *m = &ex->x.m;
    char stamp[48];

    jw_key(w, "parse");
    jw_map(w);
    jw_kv_text(w, "dialect", dialect_name(m->dialect));
    jw_kv_bool(w, "valid", m->valid);
    kv_number(w, "pri", m->pri);
    kv_number(w, "facility", m->pri < 0 ? -1 : m->pri >> 3);
    kv_number(w, "severity", m->pri < 0 ? -1 : m->pri & 7);
    kv_number(w, "version", m->version);
    jw_kv_text(w, "ts", explain_stamp(m, stamp) ? stamp : NULL);
    kv_bytes(w, "host", m->host);
    kv_bytes(w, "app", m->app);
    kv_bytes(w, "procid", m->procid);
    kv_bytes(w, "msgid", m->msgid);
    structured(w, ex);
    /* with its BOM: the bytes that stand there */
    kv_bytes(w, "msg", m->msg_bom ? str_n(m->msg.p - 3, m->msg.n + 3) : m->msg);
    jw_map_end(w);
}

static bool named_before(const struct message *m, size_t i) {
    const struct field *own;

    /* a sender's "host" that a body's file does not take for ours, beside one that is */
    if (m->fields[i].id == F_OTHER && field_own(m->fields[i].name) != F_OTHER && message_has(m, field_own(m->fields[i].name), STR_NONE, &own) && own)
        return true;
    for (size_t k = 0; k < i; k++)
        if (m->fields[k].id == m->fields[i].id && (m->fields[i].id != F_OTHER || str_eq(m->fields[k].name, m->fields[i].name)))
            return true;
    return false;
}

static void fields_part(struct jw *w, const struct message *m) {
    jw_key(w, "fields");
    jw_map(w);
    for (size_t i = 0; i < m->nfields; i++) {
        const struct field *f = &m->fields[i];
        if (named_before(m, i))
            continue;
        jw_key_str(w, f->id == F_OTHER ? f->name : str_of(field_name((enum field_id)f->id)));
        if (f->flags & FIELD_NULL)
            jw_null(w);
        else
            jw_bytes(w, f->value);
    }
    jw_map_end(w);
}

static void class_of(struct jw *w, const struct rule_info *info) {
    char both[160];

    snprintf(both, sizeof both, "%s/%s", info->rsit->cls, info->rsit->type);
    jw_kv_text(w, "class", both);
}

static void sightings_part(struct jw *w, const struct explainer *ex) {
    jw_key(w, "sightings");
    jw_list(w);
    for (size_t i = 0; i < ex->x.nhits; i++) {
        const struct rule_info *info = rule_info(ex->g->rules, ex->x.hits[i]);
        jw_map(w);
        jw_kv_str(w, "rule", info->id);
        jw_kv_str(w, "title", info->title);
        jw_kv_text(w, "level", word_name((enum word_id)info->level));
        class_of(w, info);
        jw_map_end(w);
    }
    jw_list_end(w);
}

static void excluded_part(struct jw *w, const struct explainer *ex) {
    const struct match_exclusion *v;
    size_t n = match_excluded(ex->pipe.matcher, &v);

    jw_key(w, "excluded");
    jw_list(w);
    for (size_t i = 0; i < n; i++) {
        const struct filter_info *filter = filter_info(ex->g->rules, v[i].filter);
        jw_map(w);
        jw_kv_str(w, "rule", rule_info(ex->g->rules, v[i].rule)->id);
        jw_kv_str(w, "title", rule_info(ex->g->rules, v[i].rule)->title);
        jw_kv_str(w, "filter", filter->title);
        jw_map_end(w);
    }
    jw_list_end(w);
}

static void event_part(struct jw *w, const struct explainer *ex) {
    const struct explain_event *ev = &ex->x.event;
    const struct message *m = &ex->x.m;
    char priority[4];

    jw_key(w, "event");
    if (!ex->x.has_event) {
        jw_null(w);
        return;
    }
    snprintf(priority, sizeof priority, "P%u", ev->out.priority % 10u);
    jw_map(w);
    class_of(w, rule_info(ex->g->rules, ev->rule));
    jw_kv_int(w, "severity", ev->severity);
    jw_kv_text(w, "priority", priority);
    kv_bytes(w, "src_ip", message_field(m, F_SRC_IP, STR_NONE));
    kv_bytes(w, "user", message_field(m, F_USER, STR_NONE));
    kv_bytes(w, "host", message_field(m, F_HOST, STR_NONE));
    jw_kv_time(w, "time", m->time);
    jw_kv_text(w, "fingerprint", ev->fingerprint);
    jw_map_end(w);
}

static struct str alert_src(const struct explain_alert *a) {
    for (size_t i = 0; i < a->nfields; i++)
        if (field_find(a->fields[i].name) == F_SRC_IP)
            return a->fields[i].value;
    return STR_NONE;
}

/* What the condition was compared with: whole where it is. */
static void value_of(struct jw *w, double v) {
    char text[40];

    jw_key(w, "value");
    if (v >= -1e15 && v <= 1e15 && v == (double)(int64_t)v) {
        jw_int(w, (int64_t)v);
        return;
    }
    snprintf(text, sizeof text, "%.15g", v);
    jw_raw(w, str_of(text));
}

static void alerts_part(struct jw *w, const struct explainer *ex) {
    jw_key(w, "alerts");
    jw_list(w);
    for (size_t i = 0; i < ex->x.nalerts; i++) {
        const struct explain_alert *a = &ex->x.alerts[i];
        const struct rule_info *info = rule_info(ex->g->rules, a->rule);
        if (!a->fired || !info->makes_event) /* what only others count does not alert by itself */
            continue;
        jw_map(w);
        jw_kv_str(w, "rule", info->id);
        jw_kv_str(w, "title", info->title);
        class_of(w, info);
        kv_bytes(w, "src_ip", alert_src(a));
        jw_key(w, "group");
        jw_map(w);
        for (size_t k = 0; k < a->ngroup; k++) {
            jw_key_str(w, rule_group_name(ex->g->rules, a->rule, k));
            jw_bytes(w, a->fields[k].value);
        }
        jw_map_end(w);
        jw_kv_int(w, "count", (int64_t)a->count);
        value_of(w, a->value);
        jw_kv_time(w, "time", a->at);
        jw_map_end(w);
    }
    jw_list_end(w);
}

void explain_json(const struct explainer *ex, struct str text, struct buf *out) {
    struct jw w;

    jw_init(&w, out);
    jw_map(&w);
    jw_kv_int(&w, "n", (int64_t)ex->x.n);
    parse_part(&w, ex);
    jw_kv_time(&w, "time", ex->x.m.ts.present ? ex->x.m.time : 0);
    jw_kv_bool(&w, "skewed", ex->x.m.flags & MSG_SKEWED);
    fields_part(&w, &ex->x.m);
    sightings_part(&w, ex);
    excluded_part(&w, ex);
    event_part(&w, ex);
    alerts_part(&w, ex);
    if (!str_absent(text))
        jw_kv_str(&w, "text", text);
    jw_key(&w, "raw_b64");
    buf_c(out, '"');
    base64_add(out, ex->x.whole.p, ex->x.whole.n, 0);
    buf_c(out, '"');
    jw_map_end(&w);
    buf_c(out, '\n');
}
