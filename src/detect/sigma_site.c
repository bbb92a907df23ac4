/* SPDX-License-Identifier: ISC
 *
 * sigma_site.c - the tocsin: block of a rule
 *
 * Takes   the block; without one, the defaults.
 * Gives   class, impact, outcome, title, entities and so on; the first mistake with its place.
 * Keeps   nothing of its own.
 */
#include "detect/sigma_load.h"

typedef bool (*site_fn)(struct ruleset *rs, const struct tree_node *n, struct rule *r, struct err *e);

static bool wrong(const struct tree_node *n, struct err *e, const char *text) {
    tree_err(n, e, RC_CONFIG, "%s", text);
    return false;
}

static bool small_number(const struct tree_node *n, uint64_t max, uint8_t *out, struct err *e) {
    uint64_t v;
    if (!str_u64(tree_text(n), max, &v)) {
        tree_err(n, e, RC_CONFIG, "a number from 0 to %d is expected", (int)max);
        return false;
    }
    *out = (uint8_t)v;
    return true;
}

static bool site_class(struct ruleset *rs, const struct tree_node *n, struct rule *r, struct err *e) {
    (void)rs;
    r->info.rsit = rsit_parse(tree_text(n));
    return r->info.rsit
               ? true
               : wrong(n, e, "this is no class/type of the reference taxonomy (RSIT), such as intrusion-attempts/brute-force");
}

static bool a_word(const struct tree_node *n, enum word_list list, uint8_t *out, struct err *e) {
    int w = word_find(list, tree_text(n));
    if (w < 0) {
        const char *const *words = word_list(list);
        size_t count = 0;
        while (words[count])
            count++;
        const char *near = str_nearest(tree_text(n), words, count);
        tree_err(n, e, RC_CONFIG, "\"%.*s\" is not one of its words%s%s%s", STR_FMT(tree_text(n)),
                 near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        return false;
    }
    *out = (uint8_t)w;
    return true;
}

static bool site_outcome(struct ruleset *rs, const struct tree_node *n, struct rule *r, struct err *e) {
    (void)rs;
    return a_word(n, WORDS_outcome, &r->info.in.outcome, e);
}

static bool site_activity(struct ruleset *rs, const struct tree_node *n, struct rule *r, struct err *e) {
    (void)rs;
    return a_word(n, WORDS_activity, &r->info.in.activity, e);
}

static bool site_impact(struct ruleset *rs, const struct tree_node *n, struct rule *r, struct err *e) {
    static const char *const keys[] = {"c", "i", "a"};
    size_t k = 0;
    (void)rs;
    if (tree_kind(n) == TREE_LIST && tree_count(n) == 3) {
        for (const struct tree_node *c = tree_first(n); c; c = tree_next(c))
            if (!small_number(c, 4, &r->info.in.impact[k++], e))
                return false;
        return true;
    }
    if (tree_kind(n) != TREE_MAP)
        return wrong(n, e, "impact is {c: 0..4, i: 0..4, a: 0..4} or [c, i, a]");
    for (const struct tree_node *c = tree_first(n); c; c = tree_next(c)) {
        for (k = 0; k < 3 && !str_is(tree_key(c), keys[k]); k++)
            ;
        if (k == 3)
            return wrong(c, e, "impact has c, i and a");
        if (!small_number(c, 4, &r->info.in.impact[k], e))
            return false;
    }
    return true;
}

static bool site_scope(struct ruleset *rs, const struct tree_node *n, struct rule *r, struct err *e) {
    (void)rs;
    return small_number(n, 3, &r->info.in.scope, e);
}

static bool site_confidence(struct ruleset *rs, const struct tree_node *n, struct rule *r, struct err *e) {
    (void)rs;
    return small_number(n, 100, &r->info.in.confidence, e);
}

static bool site_floor(struct ruleset *rs, const struct tree_node *n, struct rule *r, struct err *e) {
    (void)rs;
    return small_number(n, 4, &r->info.in.floor, e);
}

static bool site_title(struct ruleset *rs, const struct tree_node *n, struct rule *r, struct err *e) {
    (void)rs;
    r->info.event_title = tree_text(n);
    return r->info.event_title.n && r->info.event_title.n <= 256 ? true : wrong(n, e, "a title has 1 to 256 bytes");
}

static bool site_first(struct ruleset *rs, const struct tree_node *n, struct rule *r, struct err *e) {
    (void)rs;
    r->info.first = tree_text(n);
    return r->info.first.n && r->info.first.n <= 1024 ? true : wrong(n, e, "one sentence of at most 1,024 bytes is expected");
}

static bool site_entity(struct ruleset *rs, const struct tree_node *n, struct rule *r, struct err *e) {
    struct str *v;
    if (!sigma_texts(rs, n, &v, &r->info.nentity, e))
        return false;
    r->info.entity = v;
    return r->info.nentity && r->info.nentity <= 8 ? true : wrong(n, e, "1 to 8 fields make the entity");
}

static bool site_event(struct ruleset *rs, const struct tree_node *n, struct rule *r, struct err *e) {
    (void)rs;
    r->event_set = true;
    return sigma_bool(n, &r->info.makes_event, e);
}

static bool site_joins(struct ruleset *rs, const struct tree_node *n, struct rule *r, struct err *e) {
    (void)rs;
    r->joins = n;
    if (r->corr)
        return wrong(n, e, "a correlation joins nothing: it is what detections join");
    return tree_text(n).n ? true : wrong(n, e, "the name or the id of a correlation is expected");
}

static bool site_suppress(struct ruleset *rs, const struct tree_node *n, struct rule *r, struct err *e) {
    (void)rs;
    if (str_duration(tree_text(n), &r->info.suppress) && r->info.suppress > 0 && r->info.suppress <= 31 * US_PER_DAY)
        return true;
    return wrong(n, e, "a duration such as 15m or 2h is expected, and 31 days at most");
}

/* One group of those that are watched unseen: a value, or as many as there are group-by fields. */
static bool expected(const struct tree_node *n, const struct corr *c, struct str *out, struct err *e) {
    size_t k = 0;
    if (tree_kind(n) == TREE_SCALAR && c->nby == 1)
        out[k++] = tree_text(n);
    for (const struct tree_node *v = tree_kind(n) == TREE_LIST ? tree_first(n) : NULL; v && k < c->nby; v = tree_next(v))
        out[k++] = tree_text(v);
    for (; tree_kind(n) == TREE_MAP && k < c->nby && tree_count(n) == c->nby; k++)
        for (const struct tree_node *v = tree_first(n); v; v = tree_next(v))
            if (str_eq(tree_key(v), c->by[k].name) || field_find(tree_key(v)) == (enum field_id)c->by[k].id)
                out[k] = tree_text(v);
    bool whole = k == c->nby && (tree_kind(n) != TREE_LIST || tree_count(n) == k);
    for (size_t i = 0; i < k; i++)
        whole = whole && out[i].n > 0 && out[i].n <= 256;
    return whole || wrong(n, e, "a group is a value, or a list or map with a value for each field of group-by");
}

static bool site_expect(struct ruleset *rs, const struct tree_node *n, struct rule *r, struct err *e) {
    struct corr *c = r->corr;
    if (!c || !c->closes || c->expr || c->nby == 0)
        return wrong(n, e, "expect is for correlations with group-by that lt, lte, eq or neq decide");
    if (tree_kind(n) != TREE_LIST || tree_count(n) == 0 || tree_count(n) > 4096)
        return wrong(n, e, "expect is a list of 1 to 4,096 groups");
    struct str *v = arena_alloc(&rs->arena, tree_count(n) * c->nby * sizeof *v);
    if (!v)
        return wrong(n, e, "the rules do not fit into memory");
    c->expect = v;
    for (const struct tree_node *g = tree_first(n); g; g = tree_next(g))
        if (!expected(g, c, v + c->nexpect++ * c->nby, e))
            return false;
    return true;
}

static bool site_samples(struct ruleset *rs, const struct tree_node *n, struct rule *r, struct err *e) {
    (void)rs;
    r->samples = n;
    for (const struct tree_node *c = tree_first(n); c; c = tree_next(c))
        if ((!str_is(tree_key(c), "match") && !str_is(tree_key(c), "no_match")) || tree_kind(c) != TREE_LIST)
            return wrong(c, e, "samples has the lists match and no_match");
    return tree_kind(n) == TREE_MAP ? true : wrong(n, e, "samples has the lists match and no_match");
}

static const struct row {
    const char *key;
    site_fn fn;
} rows[] = {
    {"class", site_class},     {"outcome", site_outcome},       {"activity", site_activity}, {"impact", site_impact},
    {"scope", site_scope},     {"confidence", site_confidence}, {"floor", site_floor},       {"title", site_title},
    {"entity", site_entity},   {"first", site_first},           {"event", site_event},       {"suppress", site_suppress},
    {"expect", site_expect},   {"samples", site_samples},       {"joins", site_joins},
};
#define ROWS (sizeof rows / sizeof *rows)

static bool unknown(const struct tree_node *n, struct err *e) {
    const char *words[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        words[i] = rows[i].key;
    const char *near = str_nearest(tree_key(n), words, ROWS);
    tree_err(n, e, RC_CONFIG, "tocsin: has no \"%.*s\"%s%s%s", STR_FMT(tree_key(n)), near ? ", did you mean \"" : "",
             near ? near : "", near ? "\"?" : "");
    return false;
}

/* {field} in a title names a field of ours, or one the correlation groups by: so a typo is found here and not in a mail. */
static bool check_title(const struct tree_node *block, const struct rule *r, struct err *e) {
    struct str rest = r->info.event_title;
    for (;;) {
        size_t from = str_chr(rest, '{'), to;
        if (from == SIZE_MAX)
            return true;
        rest = str_sub(rest, from + 1, rest.n);
        to = str_chr(rest, '}');
        if (to == SIZE_MAX)
            return wrong(tree_get(block, "title"), e, "a } is missing in the title");
        struct str name = str_sub(rest, 0, to);
        bool known = field_find(name) != F_OTHER;
        for (size_t i = 0; r->corr && i < r->corr->nby; i++)
            known = known || str_eq(name, r->corr->by[i].name);
        if (!known) {
            tree_err(tree_get(block, "title"), e, RC_CONFIG, "the title names a field \"%.*s\" that is not known", STR_FMT(name));
            return false;
        }
        rest = str_sub(rest, to + 1, rest.n);
    }
}

bool sigma_site(struct ruleset *rs, const struct tree_node *block, struct rule *r, struct err *e) {
    struct rule_info *i = &r->info;
    bool impact = tree_get(block, "impact") != NULL;
    i->rsit = rsit_undetermined();
    i->in.outcome = OUTCOME_ATTEMPTED;
    i->in.activity = ACTIVITY_UNKNOWN;
    i->in.confidence = 80;
    i->event_title = i->title;
    if (block && tree_kind(block) != TREE_MAP)
        return wrong(block, e, "tocsin: is a map");
    for (const struct tree_node *n = block ? tree_first(block) : NULL; n; n = tree_next(n)) {
        size_t k = 0;
        while (k < ROWS && !str_is(tree_key(n), rows[k].key))
            k++;
        if (k == ROWS)
            return unknown(n, e);
        if (!rows[k].fn(rs, n, r, e))
            return false;
    }
    if (!impact && i->rsit) {
        i->in.impact[0] = (uint8_t)i->rsit->c;
        i->in.impact[1] = (uint8_t)i->rsit->i;
        i->in.impact[2] = (uint8_t)i->rsit->a;
    }
    return !tree_get(block, "title") || check_title(block, r, e);
}
