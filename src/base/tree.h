/* SPDX-License-Identifier: ISC
 *
 * tree.h - a YAML (or JSON) document as a flat, position-independent tree
 *
 * Nodes stand in preorder in one block of memory, texts behind them; references are offsets. So a tree read by the sandboxed
 * compile role can be put into the sealed image and used by every other role where it lies, after tree_check has seen every offset.
 * Scalars keep their text as written (no implicit typing: `no`, `1e3`, `0123` mean what the reader's type says); TREE_PLAIN tells
 * an unquoted scalar, which matters only for null.
 */
#ifndef TOCSIN_BASE_TREE_H
#define TOCSIN_BASE_TREE_H

#include "base/buf.h"
#include "base/err.h"

enum tree_kind { TREE_NULL = 0, TREE_SCALAR, TREE_LIST, TREE_MAP };

struct tree;      /* opaque; tree_file, tree_root */
struct tree_node; /* opaque; a node of a tree, borrowed from it */

/* yaml.c: libyaml's event API; depth <= 64, no anchors, aliases or tags, duplicate keys refused, at most max_nodes nodes.
 * `file` is remembered for messages. Gives one tree per document ("---"), appended to out; *n counts them. */
enum rc tree_from_yaml(const char *file, struct str text, struct tree ***out, size_t *n, struct err *e);
enum rc tree_from_json(const char *file, struct str text, struct tree **out, struct err *e); /* for rule tests and dialects */
void tree_free(struct tree *t); /* only for trees made by tree_from_* or tree_copy */

struct str tree_bytes(const struct tree *t);                                  /* the block, to be put into an image */
enum rc tree_open(struct str bytes, const struct tree **out, struct err *e);  /* checks everything, borrows the bytes (8-aligned) */

const char *tree_file(const struct tree *t);
const struct tree_node *tree_root(const struct tree *t);
const struct tree *tree_of(const struct tree_node *n);
enum tree_kind tree_kind(const struct tree_node *n); /* NULL node gives TREE_NULL */
bool tree_quoted(const struct tree_node *n);
struct str tree_text(const struct tree_node *n); /* NUL-terminated; absent unless a scalar */
struct str tree_key(const struct tree_node *n);  /* the key under which it stands in its map; absent in lists */
int tree_line(const struct tree_node *n);
int tree_col(const struct tree_node *n);
int tree_key_line(const struct tree_node *n); /* where its key stands; as tree_line in lists */
int tree_key_col(const struct tree_node *n);
size_t tree_count(const struct tree_node *n); /* children */
const struct tree_node *tree_first(const struct tree_node *n);
const struct tree_node *tree_next(const struct tree_node *n); /* next sibling or NULL */
const struct tree_node *tree_get(const struct tree_node *map, const char *key); /* NULL when absent */
struct str tree_get_text(const struct tree_node *map, const char *key);         /* absent when absent or no scalar */
/* "file:line:col: ..." about this node. */
enum rc tree_err(const struct tree_node *n, struct err *e, enum rc rc, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

#endif
