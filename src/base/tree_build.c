/* SPDX-License-Identifier: ISC
 *
 * tree_build.c - one tree made node by node, in preorder
 *
 * Keeps   at most TREE_NODES_MAX nodes and TREE_TEXT_MAX bytes of text per tree, TREE_DEPTH_MAX levels.
 */
#include "base/tree_build.h"

#include "base/tree_node.h"

#include <stdlib.h>
#include <string.h>

static enum rc fail(struct tree_build *b, struct tree_mark at, enum rc rc, const char *why) {
    return err_at(b->e, rc, b->file, at.line, at.col, "%s", why);
}

static enum rc no_memory(struct tree_build *b) {
    return fail(b, (struct tree_mark){0}, RC_NOMEM, "out of memory");
}

/* Ready for the next tree. */
static enum rc start(struct tree_build *b) {
    b->n = 0;
    b->depth = 0;
    b->keyed = false;
    buf_reset(&b->texts);
    table_free(b->keys);
    b->keys = table_new(TREE_NODES_MAX, 1, NULL, NULL);
    return b->keys ? RC_OK : no_memory(b);
}

enum rc tree_build_init(struct tree_build *b, const char *file, struct err *e) {
    *b = (struct tree_build){.file = file, .e = e};
    buf_init(&b->texts, TREE_TEXT_MAX);
    return start(b);
}

void tree_build_fini(struct tree_build *b) {
    free(b->nodes);
    buf_fini(&b->texts);
    table_free(b->keys);
}

/* A C string is what most readers make of a text: a NUL inside would hide what follows it. */
static enum rc text_add(struct tree_build *b, struct str s, struct tree_mark at, uint32_t *offset) {
    if (str_chr(s, '\0') != SIZE_MAX)
        return fail(b, at, RC_INVALID, "a NUL byte in a text");
    *offset = (uint32_t)b->texts.n;
    buf_str(&b->texts, s);
    return buf_c(&b->texts, '\0') ? RC_OK : fail(b, at, RC_LIMIT, "too much text in one document");
}

enum rc tree_build_key(struct tree_build *b, struct str key, struct tree_mark at) {
    uint32_t map = b->open[b->depth - 1].node;
    struct buf name;
    bool fresh = true;

    buf_init(&name, TREE_TEXT_MAX + sizeof map);
    buf_add(&name, &map, sizeof map);
    buf_str(&name, key);
    void *seen = name.over ? NULL : table_get(b->keys, buf_view(&name), &fresh);
    buf_fini(&name);
    if (!seen)
        return no_memory(b);
    if (!fresh)
        return err_at(b->e, RC_INVALID, b->file, at.line, at.col, "the key \"%.*s\" stands here twice",
                      STR_FMT(str_sub(key, 0, 64)));
    enum rc rc = text_add(b, key, at, &b->key);
    b->key_n = (uint32_t)key.n;
    b->key_at = at;
    b->keyed = true;
    return rc;
}

static enum rc node_add(struct tree_build *b, enum tree_kind kind, struct tree_mark at) {
    if (b->n == TREE_NODES_MAX)
        return fail(b, at, RC_LIMIT, "too many nodes in one document");
    if (b->n == b->room) {
        uint32_t room = b->room ? b->room * 2 : 64;
        struct tree_node *more = reallocarray(b->nodes, room, sizeof *more);
        if (!more)
            return no_memory(b);
        b->nodes = more;
        b->room = room;
    }
    uint32_t self = b->n++;
    struct tree_mark key_at = b->keyed ? b->key_at : at;
    b->nodes[self] = (struct tree_node){.self = self,
                                        .kind = (uint8_t)kind,
                                        .line = at.line,
                                        .col = at.col,
                                        .key_line = key_at.line,
                                        .key_col = key_at.col,
                                        .key = b->keyed ? b->key : TREE_ABSENT,
                                        .key_n = b->keyed ? b->key_n : 0};
    b->keyed = false;
    if (b->depth) {
        struct tree_node *parent = &b->nodes[b->open[b->depth - 1].node];
        if (parent->kids++)
            b->nodes[b->open[b->depth - 1].last].next = self;
        b->open[b->depth - 1].last = self;
    }
    return RC_OK;
}

enum rc tree_build_scalar(struct tree_build *b, enum tree_kind kind, struct str text, bool quoted, struct tree_mark at) {
    enum rc rc = node_add(b, kind, at);

    if (rc != RC_OK)
        return rc;
    struct tree_node *n = &b->nodes[b->n - 1];
    n->quoted = quoted;
    n->text_n = (uint32_t)text.n;
    return text_add(b, text, at, &n->text);
}

enum rc tree_build_open(struct tree_build *b, enum tree_kind kind, struct tree_mark at) {
    if (b->depth == TREE_DEPTH_MAX)
        return fail(b, at, RC_LIMIT, "nested deeper than 64 levels");
    enum rc rc = node_add(b, kind, at);
    if (rc == RC_OK)
        b->open[b->depth++].node = b->n - 1;
    return rc;
}

void tree_build_close(struct tree_build *b) {
    b->depth--;
}

enum rc tree_build_done(struct tree_build *b, struct tree **out) {
    size_t nodes_n = b->n * sizeof *b->nodes, texts = sizeof(struct tree) + nodes_n;
    struct str file = str_of(b->file ? b->file : "");
    size_t size = texts + b->texts.n + file.n + 1;
    struct tree *t = calloc(1, (size + 7) & ~(size_t)7);

    if (!t)
        return no_memory(b);
    *t = (struct tree){.magic = TREE_MAGIC,
                       .size = (uint32_t)((size + 7) & ~(size_t)7),
                       .count = b->n,
                       .file = (uint32_t)(texts + b->texts.n),
                       .file_n = (uint32_t)file.n};
    for (uint32_t i = 0; i < b->n; i++) {
        b->nodes[i].text += (uint32_t)texts;
        if (b->nodes[i].key != TREE_ABSENT)
            b->nodes[i].key += (uint32_t)texts;
        if (b->nodes[i].kind != TREE_SCALAR)
            b->nodes[i].text = b->nodes[i].text_n = 0;
    }
    char *at = (char *)t;
    memcpy(at + sizeof *t, b->nodes, nodes_n);
    if (b->texts.n)
        memcpy(at + texts, b->texts.p, b->texts.n);
    memcpy(at + t->file, file.p, file.n);
    *out = t;
    return start(b);
}
