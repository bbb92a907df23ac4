/* SPDX-License-Identifier: ISC
 *
 * opt.h - option tables: a row says type, bounds, default and sentence of one option
 *
 * A room that can be configured exports one table per kind of map it reads. The same rows bind a tree to a struct, refuse unknown
 * keys ("did you mean"), print the default configuration and the manual.
 */
#ifndef TOCSIN_BASE_OPT_H
#define TOCSIN_BASE_OPT_H

#include "base/tree.h"

enum opt_type {
    OPT_STR,      /* char *          heap, NUL-terminated */
    OPT_BOOL,     /* bool            yes/no/true/false/on/off */
    OPT_INT,      /* int64_t         lo..hi */
    OPT_DURATION, /* int64_t us      lo..hi in us */
    OPT_SIZE,     /* uint64_t bytes  lo..hi */
    OPT_ENUM,     /* int             index in words */
    OPT_STRS,     /* struct opt_strs a list of scalars, or one scalar */
    OPT_MAP,      /* nested map: sub + offset of an embedded struct */
    OPT_LIST,     /* struct opt_list of maps: sub, elem_size, lo..hi elements */
    OPT_NODE      /* const struct tree_node *: left to the room */
};

struct opt_strs {
    char **v;
    size_t n;
};
struct opt_list {
    void *v; /* array of elem_size */
    size_t n;
};

struct opt {
    const char *key;
    enum opt_type type;
    size_t offset; /* into the struct bound */
    int64_t lo, hi;
    const char *def; /* default as text; NULL = none; "!" = required */
    const char *help; /* one sentence */
    const char *const *words; /* OPT_ENUM: NULL-terminated */
    const struct opt *sub;    /* OPT_MAP, OPT_LIST: rows, ended by key == NULL */
    size_t elem_size;         /* OPT_LIST */
};
#define OPT_END {NULL, OPT_STR, 0, 0, 0, NULL, NULL, NULL, NULL, 0}

/* Fills *out (zeroed by the caller) from map (NULL = all defaults). Reports every mistake to es and goes on; returns RC_CONFIG when
 * there was one. Memory is given back by opt_fini with the same table. */
enum rc opt_bind(const struct opt *rows, const struct tree_node *map, void *out, struct errs *es);
void opt_fini(const struct opt *rows, void *out);
/* YAML with every option, its default and its sentence as a comment. */
void opt_print(const struct opt *rows, int indent, struct buf *b);

#endif
