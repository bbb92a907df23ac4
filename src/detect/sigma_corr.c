/* SPDX-License-Identifier: ISC
 *
 * sigma_corr.c - a correlation document (Sigma correlation rules 2.1)
 *
 * Takes   the tree of a document with `correlation:`.
 * Gives   what is to be counted per group; names of other rules are resolved later, when all are there.
 * Keeps   everything in the arena of the rule set.
 *
 * Refused, with a reason: sums, averages and percentiles, and conditions that only hold when a window closes (lt, lte, eq, neq),
 * for a stream has no moment at which they could be said.
 */
#include "detect/sigma_load.h"

#define REFS_MAX 32
#define FIELDS_MAX 8
#define COUNT_MAX 100000
#define VALUES_COUNT_MAX 1024
#define TIMESPAN_MAX (31 * US_PER_DAY)

struct reading {
    struct ruleset *rs;
    const struct tree_node *map;
    struct corr *c;
    struct err *e;
};

static bool wrong(const struct reading *r, const struct tree_node *n, const char *text) {
    tree_err(n ? n : r->map, r->e, RC_CONFIG, "%s", text);
    return false;
}

static bool no_memory(const struct reading *r) {
    tree_err(r->map, r->e, RC_NOMEM, "the rules do not fit into memory");
    return false;
}

static bool read_type(struct reading *r) {
    static const char *const words[] = {"event_count", "value_count", "temporal", "temporal_ordered"};
    const struct tree_node *n = tree_get(r->map, "type");
    for (size_t i = 0; i < CORR__COUNT; i++)
        if (str_is(tree_text(n), words[i])) {
            r->c->type = (enum corr_type)i;
            return true;
        }
    return wrong(
        r, n,
        "type is event_count, value_count, temporal or temporal_ordered (sums, averages and percentiles are not evaluated)");
}

static bool read_refs(struct reading *r) {
    struct corr *c = r->c;
    const struct tree_node *n = tree_get(r->map, "rules");
    bool list = tree_kind(n) == TREE_LIST;
    if (!sigma_texts(r->rs, n, &c->ref_names, &c->nrefs, r->e))
        return false;
    if (c->nrefs == 0 || c->nrefs > REFS_MAX)
        return wrong(r, n, "rules names 1 to 32 rules");
    c->ref_lines = arena_alloc(&r->rs->arena, 2 * c->nrefs * sizeof *c->ref_lines);
    c->refs = arena_alloc(&r->rs->arena, c->nrefs * sizeof *c->refs);
    if (!c->ref_lines || !c->refs)
        return no_memory(r);
    c->ref_cols = c->ref_lines + c->nrefs;
    const struct tree_node *at = list ? tree_first(n) : n;
    for (size_t i = 0; i < c->nrefs; i++, at = list ? tree_next(at) : at) {
        c->ref_lines[i] = tree_line(at);
        c->ref_cols[i] = tree_col(at);
    }
    return true;
}

static bool read_field(struct reading *r, const struct tree_node *at, struct str name, struct corr_field *f) {
    const struct tree_node *alias = NULL;
    struct str *names = arena_alloc(&r->rs->arena, r->c->nrefs * sizeof *names);
    uint16_t *ids = arena_alloc(&r->rs->arena, r->c->nrefs * sizeof *ids);
    if (!names || !ids)
        return no_memory(r);
    for (const struct tree_node *a = tree_first(tree_get(r->map, "aliases")); a; a = tree_next(a))
        if (str_eq(tree_key(a), name))
            alias = a;
    f->name = name;
    for (size_t i = 0; i < r->c->nrefs; i++) {
        names[i] = name;
        for (const struct tree_node *m = tree_first(alias); m; m = tree_next(m))
            if (str_eq(tree_key(m), r->c->ref_names[i]))
                names[i] = tree_text(m);
        if (names[i].n == 0)
            return wrong(r, at, "an alias gives the name of a field for each rule");
        ids[i] = (uint16_t)field_find(names[i]);
    }
    f->ids = ids;
    f->names = names;
    f->id = alias ? F_OTHER : (uint16_t)field_find(name);
    if (f->id != F_OTHER)
        f->name = str_of(field_name((enum field_id)f->id));
    return true;
}

static bool read_fields(struct reading *r, const struct tree_node *n, struct corr_field **out, size_t *count) {
    struct str *v;
    if (!n)
        return true;
    if (!sigma_texts(r->rs, n, &v, count, r->e))
        return false;
    if (*count == 0 || *count > FIELDS_MAX)
        return wrong(r, n, "1 to 8 fields are expected");
    *out = arena_alloc(&r->rs->arena, *count * sizeof **out);
    if (!*out)
        return no_memory(r);
    for (size_t i = 0; i < *count; i++)
        if (!read_field(r, n, v[i], &(*out)[i]))
            return false;
    return true;
}

/* An alias is a map of rule names to fields, and its rules are among those that are counted. */
static bool check_aliases(struct reading *r) {
    const struct tree_node *all = tree_get(r->map, "aliases");
    if (all && tree_kind(all) != TREE_MAP)
        return wrong(r, all, "aliases is a map of names to maps of rules to fields");
    for (const struct tree_node *a = tree_first(all); a; a = tree_next(a)) {
        if (tree_kind(a) != TREE_MAP)
            return wrong(r, a, "an alias is a map of rules to fields");
        for (const struct tree_node *m = tree_first(a); m; m = tree_next(m)) {
            bool found = false;
            for (size_t i = 0; i < r->c->nrefs; i++)
                found = found || str_eq(tree_key(m), r->c->ref_names[i]);
            if (!found)
                return wrong(r, m, "this rule is not among those of the correlation");
        }
    }
    return true;
}

static bool read_timespan(struct reading *r) {
    const struct tree_node *n = tree_get(r->map, "timespan");
    struct str t = tree_text(n);
    uint64_t digits;
    if (t.n > 1 && str_u64(str_sub(t, 0, t.n - 1), 1000000, &digits) && str_chr(STR("smhdw"), t.p[t.n - 1]) != SIZE_MAX &&
        str_duration(t, &r->c->timespan) && r->c->timespan > 0 && r->c->timespan <= TIMESPAN_MAX)
        return true;
    return wrong(r, n, "timespan is a number and s, m, h, d or w, such as 90m, and 31 days at most");
}

static bool read_bound(struct reading *r, const struct tree_node *n) {
    uint64_t v;
    bool gt = str_is(tree_key(n), "gt");
    if (!gt && !str_is(tree_key(n), "gte"))
        return wrong(r, n,
                     "the condition has gte or gt, and for value_count field (lt, lte, eq and neq could only be decided when a "
                     "window closes)");
    if (!str_u64(tree_text(n), COUNT_MAX, &v))
        return wrong(r, n, "a whole number of at most 100,000 is expected");
    v += gt;
    r->c->at_least = v > r->c->at_least ? v : r->c->at_least;
    return true;
}

static bool read_condition(struct reading *r) {
    const struct tree_node *n = tree_get(r->map, "condition");
    bool temporal = r->c->type == CORR_TEMPORAL || r->c->type == CORR_TEMPORAL_ORDERED;
    if (!n && temporal) {
        r->c->at_least = r->c->nrefs;
        return true;
    }
    if (tree_kind(n) != TREE_MAP)
        return wrong(r, n, n ? "the condition is a map such as {gte: 5}" : "the condition is missing");
    for (const struct tree_node *c = tree_first(n); c; c = tree_next(c))
        if (!str_is(tree_key(c), "field") && !read_bound(r, c))
            return false;
    if (r->c->at_least == 0)
        return wrong(r, n, "the condition asks for at least 1: gte or gt is missing");
    if (temporal && r->c->at_least > r->c->nrefs)
        return wrong(r, n, "the condition asks for more rules than there are");
    if (r->c->type == CORR_TEMPORAL_ORDERED && r->c->at_least != r->c->nrefs)
        return wrong(r, n, "temporal_ordered asks for all its rules in their order");
    if (r->c->type != CORR_VALUE_COUNT)
        return true;
    if (r->c->at_least > VALUES_COUNT_MAX)
        return wrong(r, n, "value_count counts to 1,024 at most");
    return read_fields(r, tree_get(n, "field"), &r->c->fields, &r->c->nfields) &&
           (r->c->nfields || wrong(r, n, "value_count needs field"));
}

bool sigma_correlation(struct ruleset *rs, const struct tree_node *root, struct rule *rule, struct err *e) {
    struct reading r = {rs, tree_get(root, "correlation"), arena_alloc(&rs->arena, sizeof(struct corr)), e};
    const struct tree_node *generate = tree_get(r.map, "generate");
    if (!r.c)
        return no_memory(&r);
    if (tree_kind(r.map) != TREE_MAP)
        return wrong(&r, root, "correlation is a map");
    generate = generate ? generate : tree_get(root, "generate");
    rule->corr = r.c;
    if (!read_type(&r) || !read_refs(&r) || !check_aliases(&r) ||
        !read_fields(&r, tree_get(r.map, "group-by"), &r.c->by, &r.c->nby) || !read_timespan(&r) || !read_condition(&r))
        return false;
    rule->info.timespan = r.c->timespan;
    return !generate || sigma_bool(generate, &r.c->generate, e);
}
