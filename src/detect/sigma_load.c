/* SPDX-License-Identifier: ISC
 *
 * sigma_load.c - one YAML document to one rule, correlation or filter
 *
 * Takes   the tree of a document.
 * Gives   the rule with its own parts checked, or the first mistake with file, line and column.
 * Keeps   everything in the arena of the rule set.
 */
#include "detect/sigma_load.h"

#include "detect/modifiers.h"
#include "detect/sigma_cond.h"

#define SELECTIONS_MAX 512
#define NESTING_MAX 8

static bool no_memory(const struct tree_node *n, struct err *e) {
    tree_err(n, e, RC_NOMEM, "the rules do not fit into memory");
    return false;
}

enum sigma_kind sigma_kind(const struct tree_node *root) {
    return tree_get(root, "correlation") ? SIGMA_CORRELATION
           : tree_get(root, "filter")    ? SIGMA_FILTER
           : tree_get(root, "detection") ? SIGMA_DETECTION
                                         : SIGMA_NONE;
}

bool sigma_texts(struct ruleset *rs, const struct tree_node *n, struct str **v, size_t *count, struct err *e) {
    size_t k = 0, cap = tree_kind(n) == TREE_LIST ? tree_count(n) : 1;
    struct str *out = arena_alloc(&rs->arena, (cap + 1) * sizeof *out);
    if (!out)
        return no_memory(n, e);
    if (tree_kind(n) == TREE_SCALAR) {
        out[k++] = tree_text(n);
    } else if (tree_kind(n) != TREE_LIST) {
        tree_err(n, e, RC_CONFIG, "a text or a list of texts is expected");
        return false;
    }
    for (const struct tree_node *c = tree_kind(n) == TREE_LIST ? tree_first(n) : NULL; c; c = tree_next(c)) {
        if (tree_kind(c) != TREE_SCALAR || tree_text(c).n == 0) {
            tree_err(c, e, RC_CONFIG, "a list of texts is expected");
            return false;
        }
        out[k++] = tree_text(c);
    }
    *v = out;
    *count = k;
    return true;
}

bool sigma_bool(const struct tree_node *n, bool *out, struct err *e) {
    struct str t = tree_text(n);
    *out = str_eqi(t, STR("yes")) || str_eqi(t, STR("true"));
    if (*out || str_eqi(t, STR("no")) || str_eqi(t, STR("false")))
        return true;
    tree_err(n, e, RC_CONFIG, "yes or no is expected");
    return false;
}

/* --- selections */

static bool read_group(struct ruleset *rs, const struct tree_node *map, struct clause *g, struct err *e) {
    if (tree_count(map) == 0) {
        tree_err(map, e, RC_CONFIG, "a selection without fields matches nothing");
        return false;
    }
    g->items = arena_alloc(&rs->arena, tree_count(map) * sizeof *g->items);
    if (!g->items)
        return no_memory(map, e);
    for (const struct tree_node *n = tree_first(map); n; n = tree_next(n))
        if (modifiers_apply(rs, n, false, &g->items[g->nitems++], e) != RC_OK)
            return false;
    return true;
}

static bool read_keywords(struct ruleset *rs, const struct tree_node *n, struct clause *g, struct err *e) {
    g->items = arena_alloc(&rs->arena, sizeof *g->items);
    g->nitems = 1;
    if (!g->items)
        return no_memory(n, e);
    return modifiers_apply(rs, n, true, g->items, e) == RC_OK;
}

static bool all_scalars(const struct tree_node *list) {
    for (const struct tree_node *n = tree_first(list); n; n = tree_next(n))
        if (tree_kind(n) == TREE_MAP || tree_kind(n) == TREE_LIST)
            return false;
    return true;
}

/* A list within a list is one more OR, which says no more: its members are groups of the selection too. */
static size_t count_groups(const struct tree_node *n, int depth) {
    size_t k = 0;
    if (tree_kind(n) != TREE_LIST || all_scalars(n) || depth == NESTING_MAX)
        return 1;
    for (const struct tree_node *c = tree_first(n); c; c = tree_next(c))
        k += count_groups(c, depth + 1);
    return k;
}

static bool read_groups(struct ruleset *rs, const struct tree_node *n, struct selection *s, int depth, struct err *e) {
    if (tree_kind(n) == TREE_MAP)
        return read_group(rs, n, &s->groups[s->ngroups++], e);
    if (tree_kind(n) != TREE_LIST || all_scalars(n) || depth == NESTING_MAX)
        return read_keywords(rs, n, &s->groups[s->ngroups++], e);
    for (const struct tree_node *c = tree_first(n); c; c = tree_next(c))
        if (!read_groups(rs, c, s, depth + 1, e))
            return false;
    return true;
}

static bool read_selection(struct ruleset *rs, const struct tree_node *n, struct selection *s, struct err *e) {
    s->name = tree_key(n);
    s->groups = arena_alloc(&rs->arena, count_groups(n, 0) * sizeof *s->groups);
    if (!s->groups)
        return no_memory(n, e);
    bool text = tree_kind(n) == TREE_SCALAR && (tree_text(n).n || tree_quoted(n));
    if (text || (tree_kind(n) != TREE_SCALAR && tree_count(n)))
        return read_groups(rs, n, s, 0, e);
    tree_err(n, e, RC_CONFIG, "the selection \"%.*s\" is empty", STR_FMT(s->name));
    return false;
}

bool sigma_detection(struct ruleset *rs, const struct tree_node *map, const struct tree_node *condition, struct detection *d,
                     struct needs *needs, struct err *e) {
    size_t cap = tree_count(map);
    if (tree_kind(map) != TREE_MAP || cap > SELECTIONS_MAX) {
        tree_err(map, e, RC_CONFIG, "a map of at most %d selections is expected", SELECTIONS_MAX);
        return false;
    }
    d->sels = arena_alloc(&rs->arena, cap * sizeof *d->sels);
    if (!d->sels)
        return no_memory(map, e);
    for (const struct tree_node *n = tree_first(map); n; n = tree_next(n)) {
        struct str key = tree_key(n);
        if (n == condition || str_is(key, "rules"))
            continue;
        if (str_is(key, "timeframe")) {
            tree_err(n, e, RC_CONFIG, "timeframe is obsolete: write a correlation document");
            return false;
        }
        if (!read_selection(rs, n, &d->sels[d->nsels++], e))
            return false;
    }
    if (!condition || d->nsels == 0) {
        tree_err(map, e, RC_CONFIG, condition ? "there is a condition, and no selection" : "the condition is missing");
        return false;
    }
    return sigma_cond(rs, condition, d, needs, e) == RC_OK;
}

/* --- what stands around them */

static bool read_source(struct ruleset *rs, const struct tree_node *root, struct logsource *out, struct err *e) {
    const struct tree_node *n = tree_get(root, "logsource");
    if (n)
        return logsource_read(rs->sources, n, out, e);
    tree_err(root, e, RC_CONFIG, "logsource with a product, category or service is missing");
    return false;
}

bool sigma_rule(struct ruleset *rs, const struct tree_node *root, struct rule *r, struct err *e) {
    const struct tree_node *det = tree_get(root, "detection");
    r->at = root;
    if (!sigma_about(root, r, e))
        return false;
    if (tree_get(root, "correlation")) {
        r->info.kind = RULE_CORRELATION;
        if (!sigma_correlation(rs, root, r, e))
            return false;
    } else {
        r->info.kind = RULE_DETECTION;
        if (!read_source(rs, root, &r->src, e) || !sigma_detection(rs, det, tree_get(det, "condition"), &r->det, &r->needs, e))
            return false;
    }
    return sigma_site(rs, tree_get(root, "tocsin"), r, e);
}

bool sigma_filter(struct ruleset *rs, const struct tree_node *root, struct filter *f, struct err *e) {
    const struct tree_node *map = tree_get(root, "filter");
    struct needs needs;
    f->info.file = str_of(tree_file(tree_of(root)));
    f->info.line = tree_line(root);
    if (!sigma_title(root, &f->info.title, e))
        return false;
    f->info.id = tree_get_text(root, "id");
    f->rules = tree_get(map, "rules");
    f->any = tree_kind(f->rules) == TREE_SCALAR && str_eqi(tree_text(f->rules), STR("any"));
    bool texts = tree_kind(f->rules) == TREE_SCALAR || (tree_kind(f->rules) == TREE_LIST && all_scalars(f->rules) && tree_count(f->rules));
    if (!f->rules || !texts) {
        tree_err(f->rules ? f->rules : map, e, RC_CONFIG, "a filter says which rules it is for: %s",
                 f->rules ? "rules is any, or a list of ids and names" : "rules is missing");
        return false;
    }
    if (!read_source(rs, root, &f->src, e) || !sigma_detection(rs, map, tree_get(map, "condition"), &f->det, &needs, e))
        return false;
    f->keeps = sigma_cond_of_nothing(&f->det);
    return true;
}
