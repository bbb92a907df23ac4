/* SPDX-License-Identifier: ISC
 *
 * tree.c - reading a flat tree, and seeing that a foreign one is whole
 */
#include "base/tree_node.h"

#include "base/tree_build.h"

#include <stdio.h>
#include <stdlib.h>

static const char *at(const struct tree *t, uint32_t offset) {
    return (const char *)t + offset;
}

static const struct tree_node *nodes(const struct tree *t) {
    return (const struct tree_node *)(t + 1);
}

void tree_free(struct tree *t) {
    free(t);
}

struct str tree_bytes(const struct tree *t) {
    return str_n(t, t->size);
}

/* n bytes at offset and a NUL behind them */
static bool text_whole(const struct tree *t, uint32_t offset, uint32_t n) {
    size_t texts = sizeof *t + (size_t)t->count * sizeof(struct tree_node);

    return offset >= texts && offset < t->size && n < t->size - offset && at(t, offset)[n] == '\0';
}

static bool node_whole(const struct tree *t, const struct tree_node *n, uint32_t i, enum tree_kind parent) {
    if (n->self != i || n->kind > TREE_MAP || n->quoted > 1 || n->zero || (n->kids && n->kind < TREE_LIST))
        return false;
    if ((parent == TREE_MAP) != (n->key != TREE_ABSENT))
        return false;
    if (n->key != TREE_ABSENT && !text_whole(t, n->key, n->key_n))
        return false;
    return n->kind != TREE_SCALAR || text_whole(t, n->text, n->text_n);
}

/* Walks the preorder with a stack: every node is the child its parent counts, every `next` names the sibling that comes. */
static bool nodes_whole(const struct tree *t) {
    struct {
        uint32_t left, last;
        enum tree_kind kind;
    } stack[TREE_DEPTH_MAX + 1];
    int depth = 0;

    stack[0].left = 1;
    stack[0].last = TREE_ABSENT;
    stack[0].kind = TREE_NULL;
    for (uint32_t i = 0; i < t->count; i++) {
        const struct tree_node *n = &nodes(t)[i];
        while (depth && stack[depth].left == 0)
            depth--;
        if (stack[depth].left == 0 || !node_whole(t, n, i, stack[depth].kind))
            return false;
        if (stack[depth].last != TREE_ABSENT && nodes(t)[stack[depth].last].next != i)
            return false;
        stack[depth].last = i;
        if (--stack[depth].left == 0 && n->next != 0)
            return false;
        if (n->kids) {
            if (depth == TREE_DEPTH_MAX)
                return false;
            depth++;
            stack[depth].left = n->kids;
            stack[depth].last = TREE_ABSENT;
            stack[depth].kind = (enum tree_kind)n->kind;
        }
    }
    for (; depth && stack[depth].left == 0;)
        depth--;
    return stack[depth].left == 0;
}

enum rc tree_open(struct str bytes, const struct tree **out, struct err *e) {
    const struct tree *t = (const void *)bytes.p;

    *out = NULL;
    if (bytes.n < sizeof *t || (uintptr_t)bytes.p % 8 || t->magic != TREE_MAGIC || t->size > bytes.n || t->size < sizeof *t ||
        t->count == 0 || t->count > TREE_NODES_MAX || t->count > (t->size - sizeof *t) / sizeof(struct tree_node) ||
        !text_whole(t, t->file, t->file_n) || !nodes_whole(t))
        return err_set(e, RC_INVALID, "the tree in the image is damaged");
    *out = t;
    return RC_OK;
}

const char *tree_file(const struct tree *t) {
    return at(t, t->file);
}

const struct tree_node *tree_root(const struct tree *t) {
    return nodes(t);
}

const struct tree *tree_of(const struct tree_node *n) {
    return (const struct tree *)(const void *)(n - n->self) - 1;
}

enum tree_kind tree_kind(const struct tree_node *n) {
    return n ? (enum tree_kind)n->kind : TREE_NULL;
}

bool tree_quoted(const struct tree_node *n) {
    return n && n->quoted;
}

struct str tree_text(const struct tree_node *n) {
    return tree_kind(n) == TREE_SCALAR ? str_n(at(tree_of(n), n->text), n->text_n) : STR_NONE;
}

struct str tree_key(const struct tree_node *n) {
    return n && n->key != TREE_ABSENT ? str_n(at(tree_of(n), n->key), n->key_n) : STR_NONE;
}

int tree_line(const struct tree_node *n) {
    return n ? n->line : 0;
}

int tree_col(const struct tree_node *n) {
    return n ? n->col : 0;
}

int tree_key_line(const struct tree_node *n) {
    return n ? n->key_line : 0;
}

int tree_key_col(const struct tree_node *n) {
    return n ? n->key_col : 0;
}

size_t tree_count(const struct tree_node *n) {
    return n ? n->kids : 0;
}

const struct tree_node *tree_first(const struct tree_node *n) {
    return n && n->kids ? n + 1 : NULL;
}

const struct tree_node *tree_next(const struct tree_node *n) {
    return n && n->next ? nodes(tree_of(n)) + n->next : NULL;
}

const struct tree_node *tree_get(const struct tree_node *map, const char *key) {
    if (tree_kind(map) != TREE_MAP)
        return NULL;
    for (const struct tree_node *n = tree_first(map); n; n = tree_next(n))
        if (str_is(tree_key(n), key))
            return n;
    return NULL;
}

struct str tree_get_text(const struct tree_node *map, const char *key) {
    return tree_text(tree_get(map, key));
}

enum rc tree_err(const struct tree_node *n, struct err *e, enum rc rc, const char *fmt, ...) {
    char text[sizeof((struct err *)0)->text];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return n ? err_at(e, rc, tree_file(tree_of(n)), n->line, n->col, "%s", text) : err_set(e, rc, "%s", text);
}
