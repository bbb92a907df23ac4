/* SPDX-License-Identifier: ISC
 *
 * ruleset_link.c - what rules of one set say about each other
 *
 * Takes   rules that are right by themselves.
 * Gives   resolved correlations and filters, who is parent of whom, the fields a sighting must carry; what does not resolve is
 *         refused.
 * Keeps   its tables of names while linking only.
 */
#include "detect/ruleset_link.h"

#include <stdlib.h>
#include <string.h>

#include "base/table.h"

#define NAMES_MAX 40

struct linking {
    struct ruleset *rs;
    struct errs *es;
    bool *bad;
    struct table *by_id; /* id to uint32_t index */
    struct table *by_name;
    bool ok;
};

static void refuse(struct linking *l, size_t i, const char *what, struct str name, int line, int col) {
    struct err e = {0};
    const struct rule_info *info = &l->rs->rules[i].info;
    err_at(&e, RC_CONFIG, tree_file(tree_of(l->rs->rules[i].at)), line ? line : info->line, line ? col : 1, "%s \"%.*s\"", what,
           STR_FMT(name));
    errs_add(l->es, &e);
    l->bad[i] = true;
    l->ok = false;
}

/* Two rules without an id may have the same title: the place tells them apart, and is the same at the next start. */
static void own_id(struct ruleset *rs, struct rule_info *info) {
    struct buf b;
    buf_init(&b, 8192);
    buf_printf(&b, "%.*s (%.*s:%d)", STR_FMT(info->title), STR_FMT(info->file), info->line);
    struct str id = b.over ? STR_NONE : arena_str(&rs->arena, buf_view(&b));
    if (id.n)
        info->id = id;
    buf_fini(&b);
}

static void index_names(struct linking *l) {
    for (size_t i = 0; i < l->rs->n; i++) {
        const struct rule_info *info = &l->rs->rules[i].info;
        bool fresh = true, fresh_name = true;
        if (!l->rs->rules[i].id_given && table_find(l->by_id, info->id))
            own_id(l->rs, &l->rs->rules[i].info);
        uint32_t *id = table_get(l->by_id, info->id, &fresh);
        if (id && fresh)
            *id = (uint32_t)i;
        uint32_t *name = fresh && info->name.n ? table_get(l->by_name, info->name, &fresh_name) : NULL;
        if (name && fresh_name)
            *name = (uint32_t)i;
        if (!fresh)
            refuse(l, i, "there is another rule with the id", info->id, 0, 0);
        else if (!fresh_name)
            refuse(l, i, "there is another rule with the name", info->name, 0, 0);
    }
}

static long find(struct linking *l, struct str name) {
    uint32_t *i = table_find(l->by_name, name);
    if (!i)
        i = table_find(l->by_id, name);
    return i && !l->bad[*i] ? (long)*i : -1;
}

static bool named_twice(const struct corr *c, size_t k) {
    for (size_t i = 0; i < k; i++)
        if (c->refs[i] == c->refs[k])
            return true;
    return false;
}

/* false: refused. */
static bool resolve_ref(struct linking *l, size_t i, size_t k) {
    struct corr *c = l->rs->rules[i].corr;
    long at = find(l, c->ref_names[k]);
    const char *what = "there is no rule (or it was refused)";
    if (at >= 0) {
        c->refs[k] = (uint32_t)at;
        if (!named_twice(c, k))
            return true;
        what = "this rule would be counted twice:";
    }
    refuse(l, i, what, c->ref_names[k], c->ref_lines[k], c->ref_cols[k]);
    return false;
}

static bool resolve_joins(struct linking *l, size_t i) {
    struct rule *r = &l->rs->rules[i];
    long at = find(l, tree_text(r->joins));
    if (at >= 0 && l->rs->rules[at].corr) {
        r->joined = (uint32_t)at;
        return true;
    }
    refuse(l, i, "joins: there is no correlation (or it was refused)", tree_text(r->joins), tree_line(r->joins), tree_col(r->joins));
    return false;
}

/* Refusing one correlation may take the ground from another: until nothing changes. */
static void resolve(struct linking *l) {
    for (bool again = true; again;) {
        again = false;
        for (size_t i = 0; i < l->rs->n; i++) {
            for (size_t k = 0; l->rs->rules[i].corr && !l->bad[i] && k < l->rs->rules[i].corr->nrefs; k++)
                again = !resolve_ref(l, i, k) || again;
            if (l->rs->rules[i].joins && !l->bad[i])
                again = !resolve_joins(l, i) || again;
        }
    }
}

/* Depth rises by one a round at most, so what still rises behind the limit is a circle or too deep. */
static void check_depth(struct linking *l) {
    int *depth = calloc(l->rs->n + 1, sizeof *depth);
    for (int round = 0; depth && round <= CORR_DEPTH_MAX; round++)
        for (size_t i = 0; i < l->rs->n; i++) {
            const struct corr *c = l->rs->rules[i].corr;
            for (size_t k = 0; c && !l->bad[i] && k < c->nrefs; k++)
                if (depth[c->refs[k]] + 1 > depth[i] && !l->bad[c->refs[k]])
                    depth[i] = depth[c->refs[k]] + 1;
        }
    for (size_t i = 0; depth && i < l->rs->n; i++)
        if (depth[i] > CORR_DEPTH_MAX)
            refuse(l, i, "correlations refer to each other in a circle, or too deeply, at", l->rs->rules[i].info.id, 0, 0);
        else if (l->rs->rules[i].corr)
            l->rs->rules[i].corr->depth = (uint8_t)depth[i];
    l->ok = l->ok && depth;
    free(depth);
}

/* Takes the refused rules out; the others keep their order. */
static void compact(struct linking *l, uint32_t *moved) {
    size_t n = 0;
    for (size_t i = 0; i < l->rs->n; i++) {
        moved[i] = (uint32_t)n;
        if (!l->bad[i])
            l->rs->rules[n++] = l->rs->rules[i];
    }
    l->rs->n = n;
    for (size_t i = 0; i < n; i++) {
        struct corr *c = l->rs->rules[i].corr;
        for (size_t k = 0; c && k < c->nrefs; k++)
            c->refs[k] = moved[c->refs[k]];
        if (l->rs->rules[i].joins)
            l->rs->rules[i].info.joins = &l->rs->rules[moved[l->rs->rules[i].joined]].info;
    }
}

static bool make_parents(struct ruleset *rs) {
    size_t total = 0;
    for (size_t i = 0; i < rs->n; i++)
        total += rs->rules[i].corr ? rs->rules[i].corr->nrefs : 0;
    rs->parents = arena_alloc(&rs->arena, (total + 1) * sizeof *rs->parents);
    rs->parent_at = arena_alloc(&rs->arena, (rs->n + 2) * sizeof *rs->parent_at);
    if (!rs->parents || !rs->parent_at)
        return false;
    uint32_t *at = rs->parent_at; /* counted one place too far, then summed, then filled */
    for (size_t i = 0; i < rs->n; i++)
        for (size_t k = 0; rs->rules[i].corr && k < rs->rules[i].corr->nrefs; k++)
            at[rs->rules[i].corr->refs[k] + 2]++;
    for (size_t i = 2; i <= rs->n + 1; i++)
        at[i] += at[i - 1];
    for (int depth = 1; depth <= CORR_DEPTH_MAX; depth++) /* what is counted first is told first, whatever stands first in the files */
        for (size_t i = 0; i < rs->n; i++)
            for (size_t k = 0; rs->rules[i].corr && rs->rules[i].corr->depth == depth && k < rs->rules[i].corr->nrefs; k++)
                rs->parents[at[rs->rules[i].corr->refs[k] + 1]++] = (struct parent){(uint32_t)i, (uint32_t)k};
    return true;
}

/* --- filters */

static bool filter_names(const struct filter *f, const struct rule_info *info) {
    const struct tree_node *n = tree_kind(f->rules) == TREE_LIST ? tree_first(f->rules) : f->rules;
    for (; n; n = tree_kind(f->rules) == TREE_LIST ? tree_next(n) : NULL)
        if (str_eq(tree_text(n), info->id) || (info->name.n && str_eq(tree_text(n), info->name)))
            return true;
    return false;
}

/* Of the rules it names, or of any, those whose log source is part of the filter's. */
static bool filter_meant(const struct filter *f, const struct rule *r) {
    return !r->corr && (f->any || filter_names(f, &r->info)) && logsource_includes(&f->src, &r->src);
}

static bool attach_filters(struct ruleset *rs) {
    for (size_t i = 0; i < rs->n && rs->nfilters; i++) {
        struct rule *r = &rs->rules[i];
        size_t n = 0;
        for (size_t k = 0; k < rs->nfilters; k++)
            n += filter_meant(&rs->filters[k], r);
        if (n && !(r->filters = arena_alloc(&rs->arena, n * sizeof *r->filters)))
            return false;
        for (size_t k = 0; n && k < rs->nfilters; k++)
            if (filter_meant(&rs->filters[k], r)) {
                r->filters[r->nfilters++] = &rs->filters[k];
                rs->filters[k].info.rules++;
            }
    }
    return true;
}

/* --- which fields a sighting must carry */

struct names {
    struct str v[NAMES_MAX];
    size_t n;
};

static struct str canonical(struct str name) {
    enum field_id id = field_find(name);
    return id == F_OTHER ? name : str_of(field_name(id));
}

static void names_add_as(struct names *s, struct str name) {
    for (size_t i = 0; i < s->n; i++)
        if (str_eq(s->v[i], name))
            return;
    if (s->n < NAMES_MAX)
        s->v[s->n++] = name;
}

static void names_add(struct names *s, struct str name) {
    names_add_as(s, canonical(name));
}

static void names_of_title(struct names *s, struct str title) {
    for (;;) {
        size_t from = str_chr(title, '{'), to;
        if (from == SIZE_MAX || (to = str_chr(str_sub(title, from, title.n), '}')) == SIZE_MAX)
            return;
        struct str name = str_sub(title, from + 1, from + to);
        if (field_find(name) != F_OTHER)
            names_add(s, name);
        title = str_sub(title, from + to + 1, title.n);
    }
}

static void names_of_corr(struct names *s, const struct corr *c, size_t ref) {
    for (size_t i = 0; i < c->nby; i++)
        names_add_as(s, c->by[i].names[ref]);
    for (size_t i = 0; i < c->nfields; i++)
        names_add_as(s, c->fields[i].names[ref]);
}

/* Of rule `i` and of every correlation above it: a correlation is made of the sightings below, and carries what they carry. What it joins
 * comes first among the keyed: when that is not whole, its own entity is keyed, too (ruleset.h). */
static void collect(const struct ruleset *rs, size_t i, struct names *wanted, struct names *keyed, int depth) {
    const struct rule *r = &rs->rules[i];
    for (size_t k = 0; r->info.joins && k < r->info.joins->nentity; k++) {
        names_add_as(wanted, r->info.joins->entity[k]);
        names_add_as(keyed, r->info.joins->entity[k]);
    }
    for (size_t k = 0; k < r->info.nentity; k++) {
        names_add(wanted, r->info.entity[k]);
        if (r->info.makes_event && !r->info.joins)
            names_add(keyed, r->info.entity[k]);
    }
    names_of_title(wanted, r->info.event_title);
    for (uint32_t p = rs->parent_at[i]; p < rs->parent_at[i + 1] && depth < CORR_DEPTH_MAX; p++) {
        names_of_corr(wanted, rs->rules[rs->parents[p].corr].corr, rs->parents[p].ref);
        names_of_corr(keyed, rs->rules[rs->parents[p].corr].corr, rs->parents[p].ref);
        collect(rs, rs->parents[p].corr, wanted, keyed, depth + 1);
    }
}

static bool keep_names(struct ruleset *rs, const struct names *s, const struct str **v, size_t *n) {
    struct str *p = arena_alloc(&rs->arena, (s->n + 1) * sizeof *p);
    if (!p)
        return false;
    memcpy(p, s->v, s->n * sizeof *p);
    *v = p;
    *n = s->n;
    return true;
}

static bool entities(struct ruleset *rs, struct rule *r) {
    static const struct str usual[] = {{"src_ip", 6}, {"user", 4}, {"host", 4}};
    struct names s = {.n = 0};
    for (size_t i = 0; i < r->info.nentity; i++)
        names_add(&s, r->info.entity[i]);
    for (size_t i = 0; s.n == 0 && r->corr && i < r->corr->nby; i++)
        s.v[s.n] = r->corr->by[i].name, s.n++; /* an alias is no field: it stays as it is */
    for (size_t i = 0; s.n == 0 && !r->info.nentity && !r->corr && i < 3; i++)
        s.v[i] = usual[i];
    if (!r->info.nentity && !r->corr)
        s.n = 3;
    return keep_names(rs, &s, &r->info.entity, &r->info.nentity);
}

static const uint16_t *ids_of(struct ruleset *rs, const struct str *v, size_t n) {
    uint16_t *ids = arena_alloc(&rs->arena, (n + 1) * sizeof *ids);
    for (size_t i = 0; ids && i < n; i++)
        ids[i] = (uint16_t)field_find(v[i]);
    return ids;
}

/* As the rule spells them: that is what its author looks for in a list. */
static bool reads(struct ruleset *rs, struct rule *r) {
    struct names s = {.n = 0};
    for (size_t k = 0; k < r->det.nsels; k++)
        for (size_t g = 0; g < r->det.sels[k].ngroups; g++) {
            const struct clause *c = &r->det.sels[k].groups[g];
            for (size_t i = 0; i < c->nitems; i++)
                names_add_as(&s, c->items[i].keyword ? STR("keywords") : c->items[i].name);
        }
    return keep_names(rs, &s, &r->info.reads, &r->info.nreads);
}

static bool fields(struct ruleset *rs) {
    for (size_t i = 0; i < rs->n; i++)
        if (!entities(rs, &rs->rules[i]))
            return false;
    for (size_t i = 0; i < rs->n; i++) {
        struct names wanted = {.n = 0}, keyed = {.n = 0};
        struct rule_info *info = &rs->rules[i].info;
        collect(rs, i, &wanted, &keyed, 0);
        if (!keep_names(rs, &wanted, &info->wanted, &info->nwanted) || !keep_names(rs, &keyed, &info->keyed, &info->nkeyed) ||
            !(info->wanted_ids = ids_of(rs, info->wanted, info->nwanted)) || !(info->keyed_ids = ids_of(rs, info->keyed, info->nkeyed)) || !reads(rs, &rs->rules[i]))
            return false;
    }
    return true;
}

/* A rule that a correlation names is silent by itself, unless generate or its own tocsin: block says otherwise. */
static void who_speaks(struct ruleset *rs) {
    for (size_t i = 0; i < rs->n; i++) {
        const struct corr *c = rs->rules[i].corr;
        for (size_t k = 0; c && k < c->nrefs; k++) {
            rs->rules[c->refs[k]].named = true;
            rs->rules[c->refs[k]].generated = rs->rules[c->refs[k]].generated || c->generate;
        }
    }
    for (size_t i = 0; i < rs->n; i++) {
        struct rule *r = &rs->rules[i];
        if (r->disabled)
            r->info.status = RULE_OFF;
        else if (!str_absent(r->src.unknown) && r->info.status == RULE_LOADED) {
            r->info.status = RULE_NOT_HERE;
            r->info.status_why = r->src.unknown;
        }
        r->info.feeds = r->named;
        if (!r->event_set)
            r->info.makes_event = !r->named || r->generated || r->joins;
    }
}

/* A correlation of rules none of which is ever asked is as far from here as they are. Again for those that count correlations. */
static void who_can_fire(struct ruleset *rs) {
    for (int round = 0; round <= CORR_DEPTH_MAX; round++)
        for (size_t i = 0; i < rs->n; i++) {
            struct rule *r = &rs->rules[i];
            size_t asked = 0;
            for (size_t k = 0; r->corr && k < r->corr->nrefs; k++)
                asked += rs->rules[r->corr->refs[k]].info.status == RULE_LOADED;
            if (!r->corr || r->corr->nrefs == 0 || asked || r->info.status != RULE_LOADED)
                continue;
            r->info.status = rs->rules[r->corr->refs[0]].info.status;
            r->info.status_why = rs->rules[r->corr->refs[0]].info.status_why;
        }
}

bool ruleset_link(struct ruleset *rs, struct errs *es) {
    struct linking l = {rs,
                        es,
                        calloc(rs->n + 1, 1),
                        table_new(rs->n + 1, sizeof(uint32_t), NULL, NULL),
                        table_new(rs->n + 1, sizeof(uint32_t), NULL, NULL),
                        true};
    uint32_t *moved = calloc(rs->n + 1, sizeof *moved);
    bool memory = l.bad && l.by_id && l.by_name && moved;
    if (memory) {
        index_names(&l);
        resolve(&l);
        check_depth(&l);
        resolve(&l);
        compact(&l, moved);
        who_speaks(rs); /* what makes no event is not told apart by what events are */
        memory = make_parents(rs) && attach_filters(rs) && fields(rs);
        who_can_fire(rs);
    }
    if (!memory) {
        struct err e = {0};
        err_set(&e, RC_NOMEM, "the rules do not fit into memory");
        errs_add(es, &e);
        rs->n = 0;
    }
    free(l.bad);
    free(moved);
    table_free(l.by_id);
    table_free(l.by_name);
    return l.ok && memory;
}
