/* SPDX-License-Identifier: ISC
 *
 * yaml.c - YAML documents as trees, by libyaml's event API
 *
 * Takes   UTF-8 of at most YAML_MAX bytes; no anchors, aliases or tags (bombs and surprises, and nothing here needs them).
 * Gives   every scalar as written; only an unquoted `null`, `~` or nothing is null.
 */
#include "base/tree_build.h"

#include <yaml.h>

#include <stdlib.h>

#define YAML_MAX ((size_t)8 << 20)
#define DOCUMENTS_MAX 10000

struct reader {
    yaml_parser_t parser;
    struct tree_build b;
    bool map[TREE_DEPTH_MAX];      /* is the level a map? */
    bool key_next[TREE_DEPTH_MAX]; /* and its next scalar a key? */
    struct tree ***out;
    size_t *n;
};

static struct tree_mark mark_of(const yaml_mark_t *m) {
    return (struct tree_mark){.line = (int)m->line + 1, .col = (int)m->column + 1};
}

static enum rc fail(struct reader *r, struct tree_mark at, enum rc rc, const char *why) {
    return err_at(r->b.e, rc, r->b.file, at.line, at.col, "%s", why);
}

static enum rc parser_failed(struct reader *r) {
    const yaml_parser_t *p = &r->parser;
    struct tree_mark at = mark_of(&p->problem_mark);

    if (p->error == YAML_MEMORY_ERROR)
        return fail(r, (struct tree_mark){0}, RC_NOMEM, "out of memory");
    if (p->error == YAML_READER_ERROR)
        at = mark_of(&p->mark); /* the reader names a byte offset only; where it stands is near enough */
    return err_at(r->b.e, RC_INVALID, r->b.file, at.line, at.col, "%s%s%s", p->context ? p->context : "", p->context ? ": " : "",
                  p->problem ? p->problem : "no YAML");
}

static bool null_word(struct str s) {
    return s.n == 0 || str_is(s, "~") || str_is(s, "null") || str_is(s, "Null") || str_is(s, "NULL");
}

static bool is_key(const struct reader *r) {
    return r->b.depth && r->map[r->b.depth - 1] && r->key_next[r->b.depth - 1];
}

/* A node was begun: in a map a key comes next after a value, and a value after a key. */
static void turn(struct reader *r) {
    if (r->b.depth && r->map[r->b.depth - 1])
        r->key_next[r->b.depth - 1] = !r->key_next[r->b.depth - 1];
}

static enum rc scalar(struct reader *r, const yaml_event_t *ev, struct tree_mark at) {
    struct str text = str_n(ev->data.scalar.value, ev->data.scalar.length);
    bool plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    bool key = is_key(r);

    if (ev->data.scalar.anchor || ev->data.scalar.tag)
        return fail(r, at, RC_INVALID, ev->data.scalar.anchor ? "anchors are not accepted" : "tags are not accepted");
    turn(r);
    if (key)
        return tree_build_key(&r->b, text, at);
    if (plain && null_word(text))
        return tree_build_scalar(&r->b, TREE_NULL, STR(""), false, at);
    return tree_build_scalar(&r->b, TREE_SCALAR, text, !plain, at);
}

static enum rc open_level(struct reader *r, enum tree_kind kind, bool marked, struct tree_mark at) {
    if (marked)
        return fail(r, at, RC_INVALID, "anchors and tags are not accepted");
    if (is_key(r))
        return fail(r, at, RC_INVALID, "a key must be a word");
    turn(r);
    enum rc rc = tree_build_open(&r->b, kind, at);
    if (rc == RC_OK) {
        r->map[r->b.depth - 1] = kind == TREE_MAP;
        r->key_next[r->b.depth - 1] = true;
    }
    return rc;
}

static enum rc document(struct reader *r) {
    struct tree *t = NULL;

    if (*r->n == DOCUMENTS_MAX)
        return fail(r, (struct tree_mark){0}, RC_LIMIT, "too many documents");
    enum rc rc = tree_build_done(&r->b, &t);
    if (rc != RC_OK)
        return rc;
    struct tree **more = reallocarray(*r->out, *r->n + 1, sizeof *more);
    if (!more) {
        tree_free(t);
        return fail(r, (struct tree_mark){0}, RC_NOMEM, "out of memory");
    }
    more[(*r->n)++] = t;
    *r->out = more;
    return RC_OK;
}

static enum rc event(struct reader *r, const yaml_event_t *ev) {
    struct tree_mark at = mark_of(&ev->start_mark);

    switch (ev->type) {
    case YAML_ALIAS_EVENT:
        return fail(r, at, RC_INVALID, "aliases are not accepted");
    case YAML_SCALAR_EVENT:
        return scalar(r, ev, at);
    case YAML_SEQUENCE_START_EVENT:
        return open_level(r, TREE_LIST, ev->data.sequence_start.anchor || ev->data.sequence_start.tag, at);
    case YAML_MAPPING_START_EVENT:
        return open_level(r, TREE_MAP, ev->data.mapping_start.anchor || ev->data.mapping_start.tag, at);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        tree_build_close(&r->b);
        return RC_OK;
    case YAML_DOCUMENT_END_EVENT:
        return document(r);
    default:
        return RC_OK;
    }
}

static enum rc read_all(struct reader *r) {
    for (bool more = true; more;) {
        yaml_event_t ev;
        if (!yaml_parser_parse(&r->parser, &ev))
            return parser_failed(r);
        more = ev.type != YAML_STREAM_END_EVENT;
        enum rc rc = event(r, &ev);
        yaml_event_delete(&ev);
        if (rc != RC_OK)
            return rc;
    }
    return RC_OK;
}

enum rc tree_from_yaml(const char *file, struct str text, struct tree ***out, size_t *n, struct err *e) {
    struct reader r = {.out = out, .n = n};
    size_t before = *n;

    if (text.n > YAML_MAX)
        return err_at(e, RC_LIMIT, file, 0, 0, "more than %zu bytes of YAML", YAML_MAX);
    enum rc rc = tree_build_init(&r.b, file, e);
    if (rc != RC_OK || !yaml_parser_initialize(&r.parser)) {
        tree_build_fini(&r.b);
        return err_at(e, RC_NOMEM, file, 0, 0, "out of memory");
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.p ? text.p : ""), text.n);
    rc = read_all(&r);
    yaml_parser_delete(&r.parser);
    tree_build_fini(&r.b);
    /* all documents of a text or none */
    while (rc != RC_OK && *n > before)
        tree_free((*out)[--*n]);
    return rc;
}
