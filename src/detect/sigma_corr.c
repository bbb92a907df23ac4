/* SPDX-License-Identifier: ISC
 *
 * sigma_corr.c - a correlation document (Sigma correlation rules 2.1, and the condition over rules of 2.2)
 *
 * Takes   the tree of a document with `correlation:`.
 * Gives   what is to be counted per group, and when it is decided; names of other rules are resolved later, when all are there.
 * Keeps   everything in the arena of the rule set.
 */
#include "detect/sigma_load.h"

#include <math.h>

#include "detect/corr_expr.h"
#include "detect/correlate_acc.h"

#define COUNT_MAX 100000
#define VALUES_COUNT_MAX 4096
#define TIMESPAN_MAX (366 * US_PER_DAY)
#define EXPECT_MAX 4096

static const char *const types[CORR__COUNT] = {"event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg",
                                               "value_percentile", "value_median"};
static const char *const ops[CORR_OP__COUNT] = {"gt", "gte", "lt", "lte", "eq", "neq"};

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

static bool temporal(const struct corr *c) {
    return c->type == CORR_TEMPORAL || c->type == CORR_TEMPORAL_ORDERED;
}

static bool counts(const struct corr *c) { /* whole things, not sums of numbers */
    return c->type == CORR_EVENT_COUNT || c->type == CORR_VALUE_COUNT || temporal(c);
}

static bool read_type(struct reading *r) {
    const struct tree_node *n = tree_get(r->map, "type");
    for (size_t i = 0; i < CORR__COUNT; i++)
        if (str_is(tree_text(n), types[i])) {
            r->c->type = (enum corr_type)i;
            return true;
        }
    const char *near = tree_text(n).n ? str_nearest(tree_text(n), types, CORR__COUNT) : NULL;
    tree_err(n ? n : r->map, r->e, RC_CONFIG,
             "type is event_count, value_count, temporal, temporal_ordered, value_sum, value_avg, value_percentile or value_median%s%s%s",
             near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    return false;
}

static bool read_refs(struct reading *r) {
    struct corr *c = r->c;
    const struct tree_node *n = tree_get(r->map, "rules");
    bool list = tree_kind(n) == TREE_LIST;
    if (!n)
        return wrong(r, n, "a correlation names the rules that it counts");
    if (!sigma_texts(r->rs, n, &c->ref_names, &c->nrefs, r->e))
        return false;
    if (c->nrefs == 0 || c->nrefs > CORR_REFS_MAX)
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
    f->name = f->spelled = name;
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
    if (*count == 0 || *count > CORR_FIELDS_MAX)
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

/* M and y are 30 and 365 days: a window has no calendar. */
static bool read_timespan(struct reading *r) {
    static const struct {
        char letter;
        int64_t us;
    } units[] = {{'s', US_PER_S},       {'m', US_PER_MIN},       {'h', US_PER_H},        {'d', US_PER_DAY},
                 {'w', 7 * US_PER_DAY}, {'M', 30 * US_PER_DAY}, {'y', 365 * US_PER_DAY}};
    const struct tree_node *n = tree_get(r->map, "timespan");
    struct str t = tree_text(n);
    uint64_t digits;
    if (t.n > 1 && str_u64(str_sub(t, 0, t.n - 1), 100000000, &digits))
        for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
            if (units[i].letter == t.p[t.n - 1] && digits && digits <= (uint64_t)(TIMESPAN_MAX / units[i].us)) {
                r->c->timespan = (int64_t)digits * units[i].us;
                return true;
            }
    return wrong(r, n, "timespan is a number and s, m, h, d, w, M or y, such as 90m, and 366 days at most");
}

static bool read_bound(struct reading *r, const struct tree_node *n) {
    struct corr *c = r->c;
    size_t op = 0;
    double v;
    while (op < CORR_OP__COUNT && !str_is(tree_key(n), ops[op]))
        op++;
    if (op == CORR_OP__COUNT)
        return wrong(r, n, "the condition has gt, gte, lt, lte, eq, neq, and for values field and percentile");
    if (!corr_number(tree_text(n), &v))
        return wrong(r, n, "a number is expected");
    if (counts(c) && (v < 0 || v > COUNT_MAX || v != (double)(int64_t)v))
        return wrong(r, n, "a whole number of at most 100,000 is expected");
    if (fabs(v) > CORR_NUMBER_MAX)
        return wrong(r, n, "the number is too large");
    c->bounds[c->nbounds++] = (struct corr_bound){(enum corr_op)op, v}; /* keys of a map differ: there is room for all six */
    c->closes = c->closes || op > CORR_GTE;
    return true;
}

static bool read_percentile(struct reading *r, const struct tree_node *n) {
    if (r->c->type != CORR_VALUE_PERCENTILE)
        return wrong(r, n, "percentile is for value_percentile");
    return (corr_number(tree_text(n), &r->c->percentile) && r->c->percentile >= 0 && r->c->percentile <= 100) ||
           wrong(r, n, "percentile is a number from 0 to 100");
}

static double larger(double a, double b) {
    return a > b ? a : b;
}

/* How many are needed at least before it can hold, and whether it asks for none at all. */
static bool weigh_bounds(struct reading *r, const struct tree_node *n) {
    struct corr *c = r->c;
    double least = 0, most = INFINITY;
    bool not_none = false;
    for (size_t i = 0; i < c->nbounds; i++) {
        double v = c->bounds[i].v;
        enum corr_op op = c->bounds[i].op;
        if (op == CORR_GT || op == CORR_GTE)
            least = larger(least, op == CORR_GT ? v + 1 : v);
        if (op == CORR_NEQ && v == 0)
            not_none = true;
        if (op == CORR_LT || op == CORR_LTE || op == CORR_EQ)
            most = -larger(-most, -(op == CORR_LT ? v - 1 : v));
    }
    c->at_least = counts(c) && least > 1 ? (uint64_t)least : 1;
    c->silence = c->type == CORR_EVENT_COUNT && most == 0;
    if (!counts(c))
        return true;
    if (most < 0 || least > most || (most == 0 && not_none))
        return wrong(r, n, "no number is all of that");
    if (temporal(c) && c->at_least > c->nrefs)
        return wrong(r, n, "the condition asks for more rules than there are");
    if (c->type == CORR_TEMPORAL_ORDERED && (c->closes || c->at_least != c->nrefs))
        return wrong(r, n, "temporal_ordered asks for all its rules in their order");
    if (c->type == CORR_VALUE_COUNT && c->at_least > VALUES_COUNT_MAX)
        return wrong(r, n, "value_count counts to 4,096 at most");
    return true;
}

static bool read_bounds(struct reading *r, const struct tree_node *n) {
    for (const struct tree_node *c = tree_first(n); c; c = tree_next(c)) {
        if (str_is(tree_key(c), "field"))
            continue;
        if (!(str_is(tree_key(c), "percentile") ? read_percentile(r, c) : read_bound(r, c)))
            return false;
    }
    if (r->c->nbounds == 0)
        return wrong(r, n, "the condition compares with nothing: gt, gte, lt, lte, eq or neq is missing");
    return weigh_bounds(r, n);
}

static bool read_condition(struct reading *r) {
    struct corr *c = r->c;
    const struct tree_node *n = tree_get(r->map, "condition"), *field = tree_get(n, "field");
    c->percentile = 50;
    c->at_least = temporal(c) ? c->nrefs : 1;
    if (!n && temporal(c))
        return true;
    if (temporal(c) && tree_kind(n) == TREE_SCALAR)
        return corr_expr_read(r->rs, n, c, r->e) &&
               (c->type == CORR_TEMPORAL || corr_expr_plain(c) ||
                wrong(r, n, "an order is asked of rules joined by and, or and not: only temporal knows or and parentheses"));
    if (tree_kind(n) != TREE_MAP)
        return wrong(r, n, n ? "the condition is a map such as {gte: 5}" : "the condition is missing");
    if (!read_bounds(r, n))
        return false;
    if (c->type == CORR_EVENT_COUNT || temporal(c))
        return !field || wrong(r, field, "field is for value_count, value_sum, value_avg, value_percentile and value_median");
    if (!read_fields(r, field, &c->fields, &c->nfields))
        return false;
    if (c->nfields == 0)
        return wrong(r, n, "the condition names no field to look at: field is missing");
    return c->type == CORR_VALUE_COUNT || c->nfields == 1 || wrong(r, field, "numbers are taken from one field");
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
    if (!r.c->expr)
        r.c->positive = r.c->nrefs == 32 ? UINT32_MAX : (1u << r.c->nrefs) - 1;
    return !generate || sigma_bool(generate, &r.c->generate, e);
}
