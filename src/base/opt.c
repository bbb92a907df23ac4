/* SPDX-License-Identifier: ISC
 *
 * opt.c - binding a tree to a struct by an option table
 *
 * Takes   trees of the operator's; every mistake is reported, with its place, and the rest is still looked at.
 * Gives   a struct that holds either what was written or the default, never something between.
 */
#include "base/opt.h"

#include "base/opt_text.h"

#include <stdlib.h>
#include <string.h>

struct bind {
    struct errs *es;
    bool failed;
};

static void report(struct bind *b, struct err *e) {
    errs_add(b->es, e);
    b->failed = true;
}

static void *field(void *out, const struct opt *row) {
    return (char *)out + row->offset;
}

/* Reads a scalar's text into the field; on failure says what was expected instead. */
static bool scalar_set(const struct opt *row, struct str s, void *at, struct err *e) {
    int64_t v = 0;
    uint64_t size = 0;
    bool yes = false;

    switch (row->type) {
    case OPT_STR:
        if (row->hi && (s.n < (size_t)row->lo || s.n > (size_t)row->hi))
            break;
        *(char **)at = str_dup(s);
        return *(char **)at || err_set(e, RC_NOMEM, "out of memory") == RC_OK;
    case OPT_BOOL:
        if (!opt_bool(s, &yes))
            break;
        *(bool *)at = yes;
        return true;
    case OPT_INT:
        if (!str_i64(s, &v) || v < row->lo || v > row->hi)
            break;
        *(int64_t *)at = v;
        return true;
    case OPT_DURATION:
        if (!str_duration(s, &v) || v < row->lo || v > row->hi)
            break;
        *(int64_t *)at = v;
        return true;
    case OPT_SIZE:
        if (!str_size(s, &size) || size < (uint64_t)row->lo || size > (uint64_t)row->hi)
            break;
        *(uint64_t *)at = size;
        return true;
    case OPT_ENUM:
        for (int i = 0; row->words[i]; i++)
            if (str_is(s, row->words[i])) {
                *(int *)at = i;
                return true;
            }
        break;
    default:
        break;
    }
    opt_refuse(row, s, e);
    return false;
}

static bool strs_add(struct opt_strs *list, struct str s) {
    char **more = reallocarray(list->v, list->n + 1, sizeof *more);

    if (!more)
        return false;
    list->v = more;
    list->v[list->n] = str_dup(s);
    return list->v[list->n++] != NULL;
}

static void bind_strs(struct bind *b, const struct opt *row, const struct tree_node *n, struct opt_strs *list) {
    struct err e = {0};
    bool single = tree_kind(n) == TREE_SCALAR;

    for (const struct tree_node *item = single ? n : tree_first(n); item; item = single ? NULL : tree_next(item)) {
        if (tree_kind(item) != TREE_SCALAR)
            tree_err(item, &e, RC_CONFIG, "%s: a list of words was expected", row->key), report(b, &e);
        else if (!strs_add(list, tree_text(item)))
            tree_err(item, &e, RC_NOMEM, "out of memory"), report(b, &e);
    }
    if (!single && tree_kind(n) != TREE_LIST) {
        tree_err(n, &e, RC_CONFIG, "%s: a list was expected", row->key);
        report(b, &e);
    } else if (row->hi && (list->n < (size_t)row->lo || list->n > (size_t)row->hi)) {
        tree_err(n, &e, RC_CONFIG, "%s: %zu entries where %lld to %lld are allowed", row->key, list->n, (long long)row->lo,
                 (long long)row->hi);
        report(b, &e);
    }
}

static void bind_map(struct bind *b, const struct opt *rows, const struct tree_node *map, void *out);

static void bind_list(struct bind *b, const struct opt *row, const struct tree_node *n, struct opt_list *list) {
    struct err e = {0};
    size_t count = tree_count(n), i = 0;

    if (tree_kind(n) != TREE_LIST) {
        tree_err(n, &e, RC_CONFIG, "%s: a list was expected", row->key);
        report(b, &e);
        return;
    }
    if (count < (size_t)row->lo || (row->hi && count > (size_t)row->hi)) {
        tree_err(n, &e, RC_CONFIG, "%s: %zu entries where %lld to %lld are allowed", row->key, count, (long long)row->lo,
                 (long long)row->hi);
        report(b, &e);
        return;
    }
    if (count && !(list->v = calloc(count, row->elem_size))) {
        tree_err(n, &e, RC_NOMEM, "out of memory");
        report(b, &e);
        return;
    }
    list->n = count;
    for (const struct tree_node *item = tree_first(n); item; item = tree_next(item), i++) {
        if (tree_kind(item) == TREE_MAP) {
            bind_map(b, row->sub, item, (char *)list->v + i * row->elem_size);
        } else {
            tree_err(item, &e, RC_CONFIG, "%s: a map was expected", row->key);
            report(b, &e);
        }
    }
}

static void bind_default(struct bind *b, const struct opt *row, const struct tree_node *map, void *at) {
    struct err e = {0};

    if (row->type == OPT_MAP) {
        bind_map(b, row->sub, NULL, at);
    } else if (row->def && strcmp(row->def, "!") == 0) {
        tree_err(map, &e, RC_CONFIG, "%s is missing", row->key);
        err_hint(&e, "%s: %s", row->key, row->help ? row->help : "");
        report(b, &e);
    } else if (row->def && row->type == OPT_STRS) {
        for (struct str rest = str_of(row->def); !str_absent(rest);) {
            struct str word = str_trim(str_cut(&rest, ','));
            if (word.n && !strs_add(at, word))
                err_set(&e, RC_NOMEM, "out of memory"), report(b, &e);
        }
    } else if (row->def && row->type != OPT_LIST && row->type != OPT_NODE && !scalar_set(row, str_of(row->def), at, &e)) {
        report(b, &e);
    }
}

static void bind_value(struct bind *b, const struct opt *row, const struct tree_node *n, void *at) {
    struct err e = {0};

    switch (row->type) {
    case OPT_NODE:
        *(const struct tree_node **)at = n;
        break;
    case OPT_MAP:
        bind_map(b, row->sub, n, at);
        break;
    case OPT_LIST:
        bind_list(b, row, n, at);
        break;
    case OPT_STRS:
        bind_strs(b, row, n, at);
        break;
    default:
        if (tree_kind(n) != TREE_SCALAR) {
            tree_err(n, &e, RC_CONFIG, "%s: one value was expected", row->key);
            report(b, &e);
        } else if (!scalar_set(row, tree_text(n), at, &e)) {
            char text[sizeof e.text];
            str_copy(text, sizeof text, str_of(e.text));
            tree_err(n, &e, e.rc, "%s", text);
            report(b, &e);
        }
        if (e.rc != RC_OK && row->def && strcmp(row->def, "!") != 0)
            scalar_set(row, str_of(row->def), at, &e); /* so that the rest can be looked at */
    }
}

static void unknown_keys(struct bind *b, const struct opt *rows, const struct tree_node *map) {
    const char *words[128];
    size_t count = 0;

    for (const struct opt *row = rows; row->key && count < sizeof words / sizeof *words; row++)
        words[count++] = row->key;
    for (const struct tree_node *n = tree_first(map); n; n = tree_next(n)) {
        struct err e = {0};
        struct str key = tree_key(n);
        const struct opt *row = rows;
        while (row->key && !str_is(key, row->key))
            row++;
        if (row->key)
            continue;
        const char *near = str_nearest(key, words, count);
        err_at(&e, RC_CONFIG, tree_file(tree_of(n)), tree_key_line(n), tree_key_col(n), "there is no option \"%.*s\" here%s%s%s",
               STR_FMT(str_sub(key, 0, 64)), near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        if (!near)
            err_hint_words(&e, words, count);
        report(b, &e);
    }
}

/* As deep as the tables are. */
static void bind_map(struct bind *b, const struct opt *rows, const struct tree_node *map, void *out) {
    struct err e = {0};

    if (tree_kind(map) != TREE_MAP && tree_kind(map) != TREE_NULL) {
        tree_err(map, &e, RC_CONFIG, "a map was expected");
        report(b, &e);
        map = NULL;
    }
    unknown_keys(b, rows, map);
    for (const struct opt *row = rows; row->key; row++) {
        const struct tree_node *n = tree_get(map, row->key);
        if (n && (tree_kind(n) != TREE_NULL || row->type == OPT_NODE))
            bind_value(b, row, n, field(out, row));
        else
            bind_default(b, row, map, field(out, row));
    }
}

enum rc opt_bind(const struct opt *rows, const struct tree_node *map, void *out, struct errs *es) {
    struct bind b = {.es = es};

    bind_map(&b, rows, map, out);
    return b.failed ? RC_CONFIG : RC_OK;
}

void opt_fini(const struct opt *rows, void *out) {
    for (const struct opt *row = rows; row->key; row++) {
        void *at = field(out, row);
        struct opt_strs *strs = at;
        struct opt_list *list = at;

        switch (row->type) {
        case OPT_STR:
            free(*(char **)at);
            *(char **)at = NULL;
            break;
        case OPT_STRS:
            for (size_t i = 0; i < strs->n; i++)
                free(strs->v[i]);
            free(strs->v);
            *strs = (struct opt_strs){0};
            break;
        case OPT_MAP:
            opt_fini(row->sub, at);
            break;
        case OPT_LIST:
            for (size_t i = 0; i < list->n; i++)
                opt_fini(row->sub, (char *)list->v + i * row->elem_size);
            free(list->v);
            *list = (struct opt_list){0};
            break;
        default:
            break;
        }
    }
}
