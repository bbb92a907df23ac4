/* SPDX-License-Identifier: ISC
 *
 * ruleset.c - Sigma rules, correlations and filters, loaded from trees and frozen
 *
 * Takes   the trees of all documents.
 * Gives   one set with stable indexes, in the order of the documents; every mistake with its place, a bad rule refused alone.
 * Keeps   copies of the trees (rules borrow their texts) unless they last, and all else in one arena of at most 1 GiB.
 */
#include "detect/ruleset.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "detect/prefilter.h"
#include "detect/regex.h"
#include "detect/sigma_load.h"
#include "detect/ruleset_link.h"

#define ARENA_MAX ((size_t)1 << 30)
#define DOCS_MAX 50000

static bool no_memory(struct errs *es) {
    struct err e = {0};
    err_set(&e, RC_NOMEM, "the rules do not fit into memory");
    errs_add(es, &e);
    return false;
}

static bool load_filter(struct ruleset *rs, const struct tree_node *root, struct err *e) {
    struct filter *f = &rs->filters[rs->nfilters];
    memset(f, 0, sizeof *f);
    rs->lacking = STR_NONE;
    if (!sigma_filter(rs, root, f, e))
        return false;
    if (!str_absent(rs->lacking)) {
        tree_err(root, e, RC_CONFIG, "the placeholder %%%.*s%% has no list, and a filter that takes nothing away helps nobody",
                 STR_FMT(rs->lacking));
        return false;
    }
    rs->nfilters++;
    return true;
}

static bool load_rule(struct ruleset *rs, const struct tree_node *root, struct err *e) {
    struct rule *r = &rs->rules[rs->n];
    memset(r, 0, sizeof *r);
    rs->lacking = STR_NONE;
    if (!sigma_rule(rs, root, r, e))
        return false;
    if (!str_absent(rs->lacking)) {
        r->info.status = RULE_NOT_EVALUABLE;
        r->info.status_why = rs->lacking;
    }
    rs->n++;
    return true;
}

/* A tree of our own, because rules borrow its texts. */
static const struct tree *copied(struct ruleset *rs, const struct tree *doc, struct err *e) {
    if (rs->site->lasting)
        return doc;
    struct str bytes = tree_bytes(doc);
    const struct tree *copy;
    char *mine = arena_alloc(&rs->arena, bytes.n);
    if (!mine) {
        err_set(e, RC_NOMEM, "the rules do not fit into memory");
        return NULL;
    }
    memcpy(mine, bytes.p, bytes.n);
    return tree_open(str_n(mine, bytes.n), &copy, e) == RC_OK ? copy : NULL;
}

static bool load_doc(struct ruleset *rs, const struct tree *doc, struct errs *es) {
    struct err e = {0};
    const struct tree *copy = copied(rs, doc, &e);
    const struct tree_node *root = copy ? tree_root(copy) : NULL;
    struct str title;
    bool ok = false;
    if (!copy)
        ;
    else if (tree_kind(root) == TREE_NULL)
        return true; /* an empty document: "---" at the end of a file */
    else if (tree_kind(root) == TREE_MAP && sigma_kind(root) == SIGMA_NONE && !sigma_title(root, &title, &e))
        ;
    else if (tree_kind(root) != TREE_MAP || sigma_kind(root) == SIGMA_NONE)
        tree_err(root, &e, RC_CONFIG, "this is no Sigma rule: it has no detection, correlation or filter");
    else
        ok = sigma_kind(root) == SIGMA_FILTER ? load_filter(rs, root, &e) : load_rule(rs, root, &e);
    if (!ok)
        errs_add(es, &e);
    return ok;
}

/* What decides which messages a rule is asked about. */
static bool load_sources(struct ruleset *rs, const struct ruleset_site *site, struct errs *es) {
    const struct tree **mine = arena_alloc(&rs->arena, (site->nsources + 1) * sizeof *mine);
    struct err e = {0};
    unsigned before = es->n + es->dropped;
    for (size_t i = 0; mine && i < site->nsources; i++)
        if (!(mine[i] = copied(rs, site->sources[i], &e))) {
            errs_add(es, &e);
            return false;
        }
    if (site->nsources && mine)
        rs->sources = logsources_new(&rs->arena, mine, site->nsources, es);
    if (mine && (rs->sources || !site->nsources))
        return es->n + es->dropped == before;
    return no_memory(es);
}

static void digest_docs(struct ruleset *rs, const struct tree *const *docs, size_t n) {
    const struct ruleset_site *site = rs->site;
    struct sha256 *h = sha256_new();
    if (!h)
        return;
    sha256_add(h, &rs->flags, sizeof rs->flags);
    for (size_t i = 0; i < n; i++)
        sha256_add(h, tree_bytes(docs[i]).p, tree_bytes(docs[i]).n);
    for (size_t i = 0; i < site->nsources; i++)
        sha256_add(h, tree_bytes(site->sources[i]).p, tree_bytes(site->sources[i]).n);
    for (size_t i = 0; i < site->nlists; i++) {
        sha256_add(h, site->lists[i].name.p, site->lists[i].name.n);
        sha256_add(h, site->lists[i].values.p, site->lists[i].values.n);
    }
    sha256_end(h, rs->digest);
}

static struct ruleset *ruleset_new(size_t n, unsigned flags) {
    struct ruleset *rs = calloc(1, sizeof *rs);
    if (!rs)
        return NULL;
    arena_init(&rs->arena, ARENA_MAX);
    rs->flags = flags;
    rs->cap = n;
    rs->rules = calloc(n + 1, sizeof *rs->rules);
    rs->filters = calloc(n + 1, sizeof *rs->filters);
    if (rs->rules && rs->filters)
        return rs;
    ruleset_free(rs);
    return NULL;
}

enum rc ruleset_load(const struct tree *const *docs, size_t n, unsigned flags, struct ruleset **out, struct errs *es) {
    return ruleset_load_at(NULL, docs, n, flags, out, es);
}

enum rc ruleset_load_at(const struct ruleset_site *site, const struct tree *const *docs, size_t n, unsigned flags,
                        struct ruleset **out, struct errs *es) {
    static const struct ruleset_site nothing;
    struct err e = {0};
    *out = NULL;
    if (n > DOCS_MAX) {
        err_set(&e, RC_LIMIT, "more than %d rules are not loaded", DOCS_MAX);
        errs_add(es, &e);
        return RC_CONFIG;
    }
    struct ruleset *rs = ruleset_new(n, flags);
    if (!rs) {
        no_memory(es);
        return RC_NOMEM;
    }
    rs->site = site ? site : &nothing;
    bool ok = load_sources(rs, rs->site, es);
    for (size_t i = 0; i < n; i++)
        ok = load_doc(rs, docs[i], es) && ok;
    ok = ruleset_link(rs, es) && ok;
    digest_docs(rs, docs, n);
    bool numbered = prefilter_literals(rs);
    rs->site = NULL;
    if (!numbered) {
        no_memory(es);
        ruleset_free(rs);
        return RC_NOMEM;
    }
    if (!ok && !(flags & RULESET_KEEP_BAD)) {
        ruleset_free(rs);
        return RC_CONFIG;
    }
    *out = rs;
    return ok ? RC_OK : RC_CONFIG;
}

void ruleset_free(struct ruleset *rs) {
    if (!rs)
        return;
    for (size_t i = 0; i < rs->ncodes; i++)
        regex_free(rs->codes[i]);
    free(rs->codes);
    prefilter_free(rs);
    free(rs->rules);
    free(rs->filters);
    arena_fini(&rs->arena);
    free(rs);
}

size_t ruleset_count(const struct ruleset *rs) {
    return rs->n;
}

const struct rule_info *rule_info(const struct ruleset *rs, size_t index) {
    return index < rs->n ? &rs->rules[index].info : NULL;
}

size_t rule_refs(const struct ruleset *rs, size_t index, const uint32_t **refs) {
    const struct corr *c = index < rs->n ? rs->rules[index].corr : NULL;

    *refs = c ? c->refs : NULL;
    return c ? c->nrefs : 0;
}

struct str rule_group(const struct ruleset *rs, size_t index, size_t group, size_t ref) {
    const struct corr *c = index < rs->n ? rs->rules[index].corr : NULL;

    return c && group < c->nby && ref < c->nrefs ? c->by[group].names[ref] : STR_NONE;
}

size_t ruleset_filters(const struct ruleset *rs) {
    return rs->nfilters;
}

const struct filter_info *filter_info(const struct ruleset *rs, size_t index) {
    return index < rs->nfilters ? &rs->filters[index].info : NULL;
}

const char *rule_status_name(enum rule_status s) {
    static const char *const names[RULE_STATUS__COUNT] = {"loaded", "not applicable here", "not evaluable", "off"};
    return s < RULE_STATUS__COUNT ? names[s] : names[0];
}

const struct rule_info *rule_speaks_for(const struct rule_info *r, const struct field *fields, size_t n) {
    for (size_t i = 0; r->joins && i < r->joins->nentity; i++) {
        const struct field *f = field_among(fields, n, field_find(r->joins->entity[i]), r->joins->entity[i]);
        if (!f || str_absent(f->value) || f->value.n == 0)
            return r;
    }
    return r->joins ? r->joins : r;
}

struct str rule_group_name(const struct ruleset *rs, size_t index, size_t group) {
    const struct corr *c = index < rs->n ? rs->rules[index].corr : NULL;

    return c && group < c->nby ? c->by[group].spelled : STR_NONE;
}

long ruleset_find(const struct ruleset *rs, struct str id) {
    for (size_t i = 0; i < rs->n; i++)
        if (str_eq(rs->rules[i].info.id, id))
            return (long)i;
    for (size_t i = 0; i < rs->n; i++)
        if (rs->rules[i].info.name.n && str_eq(rs->rules[i].info.name, id))
            return (long)i;
    return -1;
}

void ruleset_digest(const struct ruleset *rs, uint8_t out[32]) {
    memcpy(out, rs->digest, sizeof rs->digest);
}
