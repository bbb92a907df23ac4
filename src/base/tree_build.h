/* SPDX-License-Identifier: ISC
 *
 * tree_build.h - one tree made node by node, in preorder (for yaml.c and tree_json.c)
 */
#ifndef TOCSIN_BASE_TREE_BUILD_H
#define TOCSIN_BASE_TREE_BUILD_H

#include "base/table.h"
#include "base/tree.h"

#define TREE_DEPTH_MAX 64
#define TREE_NODES_MAX 200000
#define TREE_TEXT_MAX ((size_t)16 << 20)

struct tree_mark {
    int line, col; /* 1.., 0 = unknown */
};

struct tree_build {
    const char *file;
    struct err *e;
    struct tree_node *nodes;
    uint32_t n, room;
    struct buf texts;
    struct table *keys; /* (map, key) seen */
    struct {
        uint32_t node, last; /* the level and its youngest child */
    } open[TREE_DEPTH_MAX];
    int depth;
    uint32_t key, key_n; /* waiting for its value */
    bool keyed;
    struct tree_mark key_at;
};

enum rc tree_build_init(struct tree_build *b, const char *file, struct err *e);
void tree_build_fini(struct tree_build *b);
/* Every call but the first of a tree stands in a list, or in a map behind tree_build_key. RC_INVALID, RC_LIMIT or RC_NOMEM. */
enum rc tree_build_key(struct tree_build *b, struct str key, struct tree_mark at);
enum rc tree_build_scalar(struct tree_build *b, enum tree_kind kind, struct str text, bool quoted, struct tree_mark at);
enum rc tree_build_open(struct tree_build *b, enum tree_kind kind, struct tree_mark at);
void tree_build_close(struct tree_build *b);
/* Gives the finished tree; b is ready for the next one. */
enum rc tree_build_done(struct tree_build *b, struct tree **out);

#endif
