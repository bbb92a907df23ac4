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

static bool read_selection(struct ruleset *rs, const struct tree_node *n, struct selection *s, struct err *e) {
    bool split = tree_kind(n) == TREE_LIST && !all_scalars(n);
    s->name = tree_key(n);
    s->groups = arena_alloc(&rs->arena, (split ? tree_count(n) : 1) * sizeof *s->groups);
    if (!s->groups)
        return no_memory(n, e);
    if (!split) {
        s->ngroups = 1;
        return tree_kind(n) == TREE_MAP ? read_group(rs, n, s->groups, e) : read_keywords(rs, n, s->groups, e);
    }
    for (const struct tree_node *c = tree_first(n); c; c = tree_next(c)) {
        struct clause *g = &s->groups[s->ngroups++];
        if (!(tree_kind(c) == TREE_MAP ? read_group(rs, c, g, e) : read_keywords(rs, c, g, e)))
            return false;
    }
    return true;
}

bool sigma_detection(struct ruleset *rs, const struct tree_node *map, const struct tree_node *condition, struct detection *d,
                     struct need *need, struct err *e) {
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
    if (!condition) {
        tree_err(map, e, RC_CONFIG, "the condition is missing");
        return false;
    }
    return sigma_cond(&rs->arena, condition, d, rs->verbatim, need, e) == RC_OK;
}

/* --- what stands around them */

static bool read_level(const struct tree_node *root, struct rule_info *i, struct err *e) {
    const struct tree_node *n = tree_get(root, "level");
    i->level = LEVEL_MEDIUM;
    if (!n)
        return true;
    i->level = word_find(WORDS_level, tree_text(n));
    if (i->level >= 0)
        return true;
    tree_err(n, e, RC_CONFIG, "level is informational, low, medium, high or critical");
    return false;
}

static bool read_status(const struct tree_node *root, struct rule *r, struct err *e) {
    static const char *const words[] = {"stable", "test", "experimental", "deprecated", "unsupported"};
    const struct tree_node *n = tree_get(root, "status");
    size_t i = 0;
    if (!n)
        return true;
    while (i < 5 && !str_is(tree_text(n), words[i]))
        i++;
    r->disabled = i > 2;
    if (i < 5)
        return true;
    tree_err(n, e, RC_CONFIG, "status is stable, test, experimental, deprecated or unsupported");
    return false;
}

static bool read_about(struct ruleset *rs, const struct tree_node *root, struct rule *r, struct err *e) {
    struct rule_info *i = &r->info;
    i->file = str_of(tree_file(tree_of(root)));
    i->line = tree_line(root);
    i->name = tree_get_text(root, "name");
    i->title = tree_get_text(root, "title");
    i->id = tree_get_text(root, "id");
    i->description = tree_get_text(root, "description");
    if (i->id.n == 0)
        i->id = i->name.n ? i->name : i->title;
    if (i->title.n == 0)
        i->title = i->name.n ? i->name : i->id;
    if (i->id.n == 0) {
        tree_err(root, e, RC_CONFIG, "a rule has a title, an id or a name: this one has none of them");
        return false;
    }
    if (i->id.n > 256 || i->name.n > 256) {
        tree_err(root, e, RC_CONFIG, "the id or name is too long");
        return false;
    }
    (void)rs;
    return read_level(root, i, e) && read_status(root, r, e);
}

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
    if (!read_about(rs, root, r, e))
        return false;
    if (tree_get(root, "correlation")) {
        r->info.kind = RULE_CORRELATION;
        if (!sigma_correlation(rs, root, r, e))
            return false;
    } else {
        r->info.kind = RULE_DETECTION;
        if (!read_source(rs, root, &r->src, e) || !sigma_detection(rs, det, tree_get(det, "condition"), &r->det, &r->need, e))
            return false;
    }
    return sigma_site(rs, tree_get(root, "tocsin"), r, e);
}

bool sigma_filter(struct ruleset *rs, const struct tree_node *root, struct filter *f, struct err *e) {
    const struct tree_node *map = tree_get(root, "filter");
    struct need need;
    f->info.file = str_of(tree_file(tree_of(root)));
    f->info.line = tree_line(root);
    f->info.title = tree_get_text(root, "title");
    f->info.id = tree_get_text(root, "id");
    f->rules = tree_get(map, "rules");
    f->any = tree_kind(f->rules) == TREE_SCALAR && str_eqi(tree_text(f->rules), STR("any"));
    if (!f->rules) {
        tree_err(map, e, RC_CONFIG, "a filter says which rules it is for: rules is missing");
        return false;
    }
    return read_source(rs, root, &f->src, e) && sigma_detection(rs, map, tree_get(map, "condition"), &f->det, &need, e);
}
