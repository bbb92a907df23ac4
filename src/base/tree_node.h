/* SPDX-License-Identifier: ISC
 *
 * tree_node.h - how a tree lies in memory (for tree.c and tree_build.c only)
 *
 * One block: struct tree, the nodes in preorder, the texts, each with a NUL behind it. Offsets count from the start of the block.
 * Byte order and sizes are the machine's: an image never leaves it.
 */
#ifndef TOCSIN_BASE_TREE_NODE_H
#define TOCSIN_BASE_TREE_NODE_H

#include "base/tree.h"

#define TREE_MAGIC UINT64_C(0x3172742d6e636f74) /* "tocn-tr1" */
#define TREE_ABSENT UINT32_MAX

struct tree {
    uint64_t magic;
    uint32_t size; /* of the whole block */
    uint32_t count;
    uint32_t file, file_n;
};

struct tree_node {
    uint32_t self;
    uint32_t next; /* next sibling, 0 = none */
    uint32_t kids;
    uint8_t kind, quoted;
    uint16_t zero;
    int32_t line, col, key_line, key_col;
    uint32_t key, key_n; /* key == TREE_ABSENT: none */
    uint32_t text, text_n;
};

#endif
