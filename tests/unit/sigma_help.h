/* SPDX-License-Identifier: ISC
 *
 * sigma_help.h - what the tests of detect share: rules from text, messages from lines or JSON, corpora
 */
#ifndef TOCSIN_TESTS_SIGMA_HELP_H
#define TOCSIN_TESTS_SIGMA_HELP_H

#include "unit.h"

#include "base/file.h"
#include "base/json.h"
#include "detect/match.h"
#include "detect/ruleset.h"

/* The table of log sources that is shipped. */
static inline struct ruleset_site help_site(struct tree ***docs) {
    const char *src = getenv("srcdir");
    char path[512];
    struct buf b;
    size_t n = 0;
    struct err e = {0};

    snprintf(path, sizeof path, "%s/etc/logsources.yaml", src ? src : ".");
    buf_init(&b, 1 << 20);
    if (file_read(path, 1 << 20, &b, &e) != RC_OK || tree_from_yaml(path, buf_view(&b), docs, &n, &e) != RC_OK)
        fail_msg("%s:%d:%d: %s", path, e.line, e.col, e.text);
    buf_fini(&b);
    return (struct ruleset_site){.sources = (const struct tree *const *)*docs, .nsources = n};
}

static inline void help_site_free(struct tree **docs, const struct ruleset_site *site) {
    for (size_t i = 0; i < site->nsources; i++)
        tree_free(docs[i]);
    free(docs);
}

/* Rules of one YAML text; *es says what was refused. NULL when nothing loads. */
static inline struct ruleset *help_load(const char *yaml, unsigned flags, struct errs *es) {
    struct tree **docs = NULL;
    size_t n = 0;
    struct err e = {0};
    struct ruleset *rs = NULL;
    struct tree **sources = NULL;
    struct ruleset_site site = help_site(&sources);

    memset(es, 0, sizeof *es);
    if (tree_from_yaml("test.yml", str_of(yaml), &docs, &n, &e) == RC_OK)
        ruleset_load_at(&site, (const struct tree *const *)docs, n, flags, &rs, es);
    else
        errs_add(es, &e);
    for (size_t i = 0; i < n; i++)
        tree_free(docs[i]);
    free(docs);
    help_site_free(sources, &site);
    return rs;
}

/* The same, and nothing may be wrong. */
static inline struct ruleset *help_rules(const char *yaml) {
    static struct errs es;
    struct ruleset *rs = help_load(yaml, RULESET_ANY_LOGSOURCE, &es);

    if (es.n)
        fail_msg("%s:%d:%d: %s", es.v[0].file, es.v[0].line, es.v[0].col, es.v[0].text);
    assert_non_null(rs);
    return rs;
}

static inline void help_message(struct message *m, const char *program, const char *text) {
    memset(m, 0, sizeof *m);
    m->raw = m->text = m->msg = str_of(text);
    m->program = m->app = str_of(program);
    m->pri = m->version = -1;
    m->repeat = 1;
    m->dialect = DIALECT_RFC3164;
}

struct help_event { /* a JSON object as a message */
    struct message m;
    struct json *json;
    struct buf values[MSG_FIELDS_MAX];
};

static inline void help_member(void *ctx, struct str key, const struct json *v) {
    struct help_event *ev = ctx;
    struct buf *b = &ev->values[ev->m.nfields];
    uint16_t flags = FIELD_DERIVED;

    if (json_kind(v) == JSON_LIST) {
        for (size_t i = 0; i < json_count(v); i++)
            help_member(ev, key, json_at(v, i));
        return;
    }
    json_scalar(v, b);
    if (json_kind(v) == JSON_NULL)
        flags |= FIELD_NULL;
    if (json_kind(v) == JSON_INT || json_kind(v) == JSON_REAL)
        flags |= FIELD_NUMBER;
    struct str value = buf_cstr(b) ? str_n(buf_cstr(b), b->n) : STR("");
    if (str_is(key, "message"))
        ev->m.text = value;
    message_add(&ev->m, field_find(key), key, value, flags);
}

static inline void help_event_open(struct help_event *ev, struct str json) {
    struct err e = {0};

    memset(ev, 0, sizeof *ev);
    help_message(&ev->m, NULL, "");
    ev->m.raw = ev->m.text = json;
    ev->m.dialect = DIALECT_JSON;
    ev->m.flags = MSG_DECODED | MSG_FIELDS;
    for (size_t i = 0; i < MSG_FIELDS_MAX; i++)
        buf_init(&ev->values[i], 65536);
    if (json_parse_zeros(json, 1 << 20, true, &ev->json, &e) != RC_OK)
        fail_msg("%.*s: %s", STR_FMT(json), e.text);
    json_each(ev->json, help_member, ev);
}

static inline void help_event_close(struct help_event *ev) {
    for (size_t i = 0; i < MSG_FIELDS_MAX; i++)
        buf_fini(&ev->values[i]);
    json_free(ev->json);
}

/* Does rule 0 match? */
static inline bool help_hits(const struct ruleset *rs, struct message *m) {
    struct matcher *mt = matcher_new(rs, true);
    uint32_t hits[64];
    bool hit = false;

    assert_non_null(mt);
    match_scan(mt, m);
    size_t n = match_eval(mt, m, hits, 64);
    for (size_t i = 0; i < n; i++)
        hit = hit || hits[i] == 0;
    matcher_free(mt);
    return hit;
}

/* One rule whose selection is `body` (indented by 4), against one JSON event. */
static inline bool help_try(const char *body, const char *event) {
    char yaml[4096];
    struct help_event ev;

    snprintf(yaml, sizeof yaml, "title: t\nlogsource: {product: linux}\ndetection:\n  selection:\n%s\n  condition: selection\n",
             body);
    struct ruleset *rs = help_rules(yaml);
    help_event_open(&ev, str_of(event));
    bool hit = help_hits(rs, &ev.m);
    help_event_close(&ev);
    ruleset_free(rs);
    return hit;
}

static inline const char *help_corpora(void) {
    const char *dir = getenv("TOCSIN_CORPORA");
    return dir ? dir : "../shared/corpora";
}

#endif
