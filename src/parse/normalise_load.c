/* SPDX-License-Identifier: ISC
 *
 * normalise_load.c - files of normalise.d to compiled patterns
 *
 * Takes   trees; they must outlive the normaliser only for its samples.
 * Gives   a normaliser, or every mistake of every file.
 */
#include "parse/normalise_file.h"

#include "parse/body.h"

#include "parse/lead.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_MAX (64u << 20)
#define PATTERNS_MAX 4096 /* of one file */
#define CROWD 6           /* so many patterns with one beginning are worth a look at the whole text */

#define FOR_ALL SIZE_MAX  /* in the place of a group: those of "*" */

struct loader {
    struct normaliser *nz;
    struct errs *es;
    bool bad, later;
};

static void complain(struct loader *l, const struct tree_node *n, const char *text, struct str what) {
    struct err e = {0};

    tree_err(n, &e, RC_CONFIG, "%s%s%.*s%s", text, what.n ? " \"" : "", STR_FMT(what), what.n ? "\"" : "");
    errs_add(l->es, &e);
    l->bad = true;
}

/* A pattern that does not compile. */
static void refuse(struct loader *l, const struct tree_node *n, struct err *e) {
    char text[sizeof e->text];

    str_copy(text, sizeof text, str_of(e->text[0] ? e->text : "an empty pattern"));
    tree_err(n, e, RC_CONFIG, "%s", text);
    errs_add(l->es, e);
    l->bad = true;
}

static void *get(struct loader *l, size_t n, size_t size) {
    void *p = arena_alloc(&l->nz->arena, (n ? n : 1) * size);

    if (!p)
        l->bad = true;
    return p;
}

static struct str keep(struct loader *l, struct str s) {
    return arena_str(&l->nz->arena, s);
}

static unsigned char fold(char c) {
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

int nz_name_cmp(struct str a, struct str b) {
    for (size_t i = 0; i < a.n && i < b.n; i++)
        if (fold(a.p[i]) != fold(b.p[i]))
            return fold(a.p[i]) < fold(b.p[i]) ? -1 : 1;
    return (a.n > b.n) - (a.n < b.n);
}

/* A scalar counts as a list of one. */
static size_t list_count(const struct tree_node *n) {
    return tree_kind(n) == TREE_SCALAR ? 1 : tree_kind(n) == TREE_LIST ? tree_count(n) : 0;
}

static const struct tree_node *list_first(const struct tree_node *n) {
    return tree_kind(n) == TREE_SCALAR ? n : tree_first(n);
}

static const struct tree_node *list_next(const struct tree_node *list, const struct tree_node *n) {
    return tree_kind(list) == TREE_SCALAR ? NULL : tree_next(n);
}

bool nz_check_keys(const struct tree_node *map, const char *const *words, size_t n, struct errs *es) {
    bool good = true;

    for (const struct tree_node *k = tree_first(map); k; k = tree_next(k)) {
        size_t i = 0;
        while (i < n && !str_is(tree_key(k), words[i]))
            i++;
        if (i < n)
            continue;
        const char *near = str_nearest(tree_key(k), words, n);
        struct err e = {0};
        tree_err(k, &e, RC_CONFIG, "unknown key \"%.*s\"%s%s%s", STR_FMT(tree_key(k)), near ? ", did you mean \"" : "", near ? near : "",
                 near ? "\"?" : "");
        if (!near)
            err_hint_words(&e, words, n);
        errs_add(es, &e);
        good = false;
    }
    return good;
}

static void check_keys(struct loader *l, const struct tree_node *map, const char *const *words, size_t n) {
    l->bad |= !nz_check_keys(map, words, n, l->es);
}
#define CHECK_KEYS(l, map, ...) \
    do { \
        static const char *const words[] = {__VA_ARGS__}; \
        check_keys(l, map, words, sizeof words / sizeof *words); \
    } while (0)

static size_t load_strings(struct loader *l, const struct tree_node *n, bool empty, const struct str **out) {
    size_t count = list_count(n), i = 0;
    struct str *v = get(l, count, sizeof *v);

    if (!v)
        return 0;
    for (const struct tree_node *k = list_first(n); k && i < count; k = list_next(n, k)) {
        struct str s = tree_text(k);
        if (s.n == 0 && !empty)
            complain(l, k, "an empty entry", STR_NONE);
        else
            v[i++] = keep(l, s);
    }
    *out = v;
    return i;
}

static size_t load_set(struct loader *l, const struct tree_node *n, const struct nz_set **out) {
    size_t i = 0;
    struct nz_set *v = get(l, tree_count(n), sizeof *v);

    if (n && tree_kind(n) != TREE_MAP)
        complain(l, n, "set: is a map of field names to values", STR_NONE);
    for (const struct tree_node *k = tree_first(n); v && k && tree_kind(n) == TREE_MAP; k = tree_next(k)) {
        if (tree_kind(k) != TREE_SCALAR) {
            complain(l, k, "a constant is one value:", tree_key(k));
            continue;
        }
        enum field_id id = field_find(tree_key(k));
        v[i++] = (struct nz_set){(uint16_t)id, id == F_OTHER ? keep(l, tree_key(k)) : str_of(field_name(id)), keep(l, tree_text(k))};
    }
    *out = v;
    return i;
}

static void load_words(struct loader *l, const struct tree_node *map, struct pattern_env *env) {
    struct pattern_words *v = get(l, tree_count(map), sizeof *v);

    if (map && tree_kind(map) != TREE_MAP)
        complain(l, map, "words: is a map of names to lists", STR_NONE);
    for (const struct tree_node *k = tree_first(map); v && k && tree_kind(map) == TREE_MAP; k = tree_next(k)) {
        struct pattern_words *w = &v[env->nwords++];
        w->name = keep(l, tree_key(k));
        w->n = load_strings(l, k, true, &w->v);
        if (w->n == 0)
            complain(l, k, "a list of words is empty:", tree_key(k));
    }
    env->words = v;
}

/* Names of parts to their numbers; a part itself has none. */
static size_t load_then(struct loader *l, const struct nz_group *g, const struct tree_node *n, const uint16_t **out) {
    uint16_t *v = get(l, list_count(n), sizeof *v);
    size_t count = 0;

    for (const struct tree_node *k = list_first(n); v && k; k = list_next(n, k)) {
        size_t i = 1;
        while (i < g->nlists && !str_eq(g->lists[i].name, tree_text(k)))
            i++;
        if (i == g->nlists)
            complain(l, k, "no such list in parts:", tree_text(k));
        else
            v[count++] = (uint16_t)i;
    }
    *out = v;
    return count;
}

static void note_hex(void *ctx, uint16_t id, struct str name, enum capture_kind kind) {
    (void)id, (void)name;
    *(bool *)ctx |= kind == CAPTURE_HEX;
}

static void load_pattern(struct loader *l, const struct nz_group *g, struct nz_list *list, const struct tree_node *n, const struct pattern_env *env) {
    const struct tree_node *match = tree_get(n, "match");
    struct nz_pattern one = {0};

    if (tree_kind(n) != TREE_MAP || list_count(match) == 0) {
        complain(l, n, "a pattern is a map with \"match\"", STR_NONE);
        return;
    }
    if (list == &g->lists[0])
        CHECK_KEYS(l, n, "match", "set", "then");
    else
        CHECK_KEYS(l, n, "match", "set");
    one.nset = load_set(l, tree_get(n, "set"), &one.set);
    one.nthen = list == &g->lists[0] ? load_then(l, g, tree_get(n, "then"), &one.then) : 0;
    for (const struct tree_node *k = list_first(match); k; k = list_next(match, k)) {
        struct err e = {0};
        one.pattern = tree_text(k).n ? pattern_compile(keep(l, tree_text(k)), env, &l->nz->arena, &e) : NULL;
        one.decodes = false;
        if (one.pattern)
            pattern_names(one.pattern, note_hex, &one.decodes);
        if (one.pattern)
            list->patterns[list->npatterns++] = one;
        else
            refuse(l, k, &e);
    }
}

/* Which patterns to try for which text. */
static void load_lead(struct loader *l, struct nz_list *list) {
    struct lead_item *items = calloc(list->npatterns + 1, sizeof *items);

    for (size_t i = 0; items && i < list->npatterns; i++)
        items[i].p = list->patterns[i].pattern;
    list->lead = items ? lead_new(items, list->npatterns, &l->nz->arena) : NULL;
    l->bad |= !list->lead;
    free(items);
}

/* Adds those of g that begin with anything. */
static size_t open_patterns(const struct nz_group *g, struct nz_pattern **out, size_t n) {
    for (size_t k = 0; k < g->nlists; k++) {
        size_t count;
        const uint16_t *which = lead_at(g->lists[k].lead, STR_NONE, &count);
        for (size_t i = 0; i < count; i++)
            out[n++] = &g->lists[k].patterns[which[i]];
    }
    return n;
}

/* Adds those whose beginning many share. */
static size_t crowded_patterns(struct loader *l, const struct nz_group *g, struct nz_pattern **out, size_t n) {
    for (size_t k = 0; k < g->nlists; k++) {
        const struct nz_list *list = &g->lists[k];
        uint8_t *mark = calloc(list->npatterns + 1, 1);
        size_t count = 0;
        const uint16_t *open = lead_at(list->lead, STR_NONE, &count);
        if (mark)
            lead_crowds(list->lead, CROWD, mark);
        for (size_t i = 0; mark && i < count; i++)
            mark[open[i]] = 0;
        for (size_t i = 0; mark && i < list->npatterns; i++)
            if (mark[i])
                out[n++] = &list->patterns[i];
        l->bad |= !mark;
        free(mark);
    }
    return n;
}

static const struct gate *make_gate(struct loader *l, struct nz_pattern **v, size_t open, size_t n) {
    struct pattern **p = calloc(n + 1, sizeof *p);
    struct gate_set *need = calloc(n + 1, sizeof *need);
    const struct gate *gate = NULL;

    for (size_t i = 0; p && i < n; i++)
        p[i] = v[i]->pattern;
    if (p && need)
        gate = gate_new(p, open, n, need, &l->nz->arena);
    for (size_t i = 0; gate && i < n; i++) {
        v[i]->need = need[i];
        v[i]->gated = need[i].w[0] | need[i].w[1] | need[i].w[2] | need[i].w[3];
    }
    l->bad |= !gate;
    free(p);
    free(need);
    return gate;
}

bool nz_for_all(const struct normaliser *nz, size_t group) {
    for (size_t i = 0; i < nz->nnames; i++)
        if (nz->names[i].group == group && str_is(nz->names[i].name, "*"))
            return true;
    return false;
}

static bool in_turn(const struct normaliser *nz, size_t g, size_t group) {
    return group == FOR_ALL ? nz_for_all(nz, g) : g == group;
}

/* One gate for the files of "*", which are all tried for the same text; one of its own for another with more than a few such patterns. */
static void load_gate(struct loader *l, size_t group) {
    struct normaliser *nz = l->nz;
    size_t total = 0, n = 0;

    for (size_t g = 0; g < nz->ngroups; g++)
        for (size_t i = 0; in_turn(nz, g, group) && i < nz->groups[g].nlists; i++)
            total += nz->groups[g].lists[i].npatterns;
    struct nz_pattern **v = calloc(total + 1, sizeof *v);
    for (size_t g = 0; v && g < nz->ngroups; g++)
        if (in_turn(nz, g, group))
            n = open_patterns(&nz->groups[g], v, n);
    size_t open = n;
    for (size_t g = 0; v && g < nz->ngroups; g++)
        if (in_turn(nz, g, group))
            n = crowded_patterns(l, &nz->groups[g], v, n);
    const struct gate *gate = v && (group == FOR_ALL || n >= 3) ? make_gate(l, v, open, n) : NULL;
    for (size_t g = 0; g < nz->ngroups; g++)
        if (in_turn(nz, g, group))
            nz->groups[g].gate = gate;
    l->bad |= !v;
    free(v);
}

static void load_gates(struct loader *l) {
    load_gate(l, FOR_ALL);
    for (size_t g = 0; g < l->nz->ngroups; g++)
        if (!nz_for_all(l->nz, g))
            load_gate(l, g);
}

static bool truth(struct str s) {
    return str_is(s, "yes") || str_is(s, "true") || str_is(s, "on");
}

static void load_list(struct loader *l, const struct nz_group *g, struct nz_list *list, const struct tree_node *n, const struct pattern_env *env) {
    size_t count = 0;

    for (const struct tree_node *k = tree_first(n); k; k = tree_next(k))
        count += list_count(tree_get(k, "match"));
    if (tree_kind(n) != TREE_LIST || count == 0 || count > PATTERNS_MAX) {
        complain(l, n, "\"patterns\" is a list of 1 to 4096 patterns, and so is a part", STR_NONE);
        return;
    }
    list->patterns = get(l, count, sizeof *list->patterns);
    for (const struct tree_node *k = tree_first(n); k && list->patterns; k = tree_next(k))
        load_pattern(l, g, list, k, env);
    load_lead(l, list);
}

static void load_patterns(struct loader *l, struct nz_group *g, const struct tree_node *root) {
    const struct tree_node *parts = tree_get(root, "parts"), *list = tree_get(root, "patterns");
    struct pattern_env env = {.nocase = truth(tree_get_text(root, "nocase"))};

    if (parts && tree_kind(parts) != TREE_MAP)
        complain(l, parts, "parts: is a map of names to lists of patterns", STR_NONE);
    load_words(l, tree_get(root, "words"), &env);
    g->lists = get(l, tree_count(parts) + 1, sizeof *g->lists);
    if (!env.words || !g->lists)
        return;
    g->nlists = 1;
    for (const struct tree_node *k = tree_first(parts); k; k = tree_next(k))
        g->lists[g->nlists++].name = keep(l, tree_key(k));
    load_list(l, g, &g->lists[0], list ? list : root, &env);
    size_t i = 1;
    for (const struct tree_node *k = tree_first(parts); k; k = tree_next(k))
        load_list(l, g, &g->lists[i++], k, &env);
}

static void load_samples(struct loader *l, const struct tree_node *root) {
    const struct tree_node *list = tree_get(root, "samples");

    for (const struct tree_node *k = tree_first(list); k; k = tree_next(k)) {
        struct str line = tree_get_text(k, "line"), program = tree_get_text(k, "program");
        if (tree_kind(k) != TREE_MAP || str_absent(line) || tree_kind(tree_get(k, "want")) != TREE_MAP) {
            complain(l, k, "a sample is a map with \"line\" and \"want\"", STR_NONE);
            continue;
        }
        CHECK_KEYS(l, k, "line", "program", "want");
        if (str_absent(program) && !tree_get(root, "body"))
            program = tree_text(list_first(tree_get(root, "program")));
        l->nz->samples[l->nz->nsamples++] = (struct nz_sample){k, tree_get(k, "want"), line, program};
    }
}

/* A program's name, or "postfix*". */
static void add_name(struct loader *l, struct str name) {
    struct normaliser *nz = l->nz;
    bool open = name.n > 1 && name.p[name.n - 1] == '*';

    if (open)
        nz->open[nz->nopen++] = (struct nz_name){str_sub(name, 0, name.n - 1), (uint16_t)nz->ngroups};
    else
        nz->names[nz->nnames++] = (struct nz_name){name, (uint16_t)nz->ngroups};
}

static void load_file(struct loader *l, const struct tree_node *root) {
    struct normaliser *nz = l->nz;
    struct nz_group *g = &nz->groups[nz->ngroups];
    const struct tree_node *body = tree_get(root, "body"), *names = body ? body : tree_get(root, "program");

    if (tree_kind(root) != TREE_MAP || list_count(names) == 0) {
        complain(l, root, "a file of normalise.d is a map with \"program\" and \"patterns\", or with \"body\"", STR_NONE);
        return;
    }
    if (body) /* its patterns stand under the name of the body */
        nb_load(&nz->bodies, root, &nz->arena, l->es, &l->bad);
    else
        CHECK_KEYS(l, root, "program", "prefixes", "suffixes", "nocase", "words", "nothing", "patterns", "parts", "samples");
    load_samples(l, root);
    if (body && !tree_get(root, "patterns"))
        return;
    for (const struct tree_node *k = list_first(names); k; k = list_next(names, k))
        if (!body && (tree_text(k).n == 0 || tree_text(k).p[0] == ' ')) /* a blank begins the name of a body */
            complain(l, k, "the name of a program is expected", STR_NONE);
        else
            add_name(l, body ? body_patterns_name(body_find(tree_text(k))) : keep(l, tree_text(k)));
    g->nprefixes = load_strings(l, tree_get(root, "prefixes"), false, &g->prefixes);
    g->nsuffixes = load_strings(l, tree_get(root, "suffixes"), false, &g->suffixes);
    g->nothing.n = load_strings(l, tree_get(root, "nothing"), false, &g->nothing.v);
    g->later = l->later ? root : NULL;
    if (!l->later)
        load_patterns(l, g, root);
    nz->ngroups++;
}

static int by_name(const void *a, const void *b) {
    const struct nz_name *x = a, *y = b;
    int c = nz_name_cmp(x->name, y->name);

    return c ? c : (x->group > y->group) - (x->group < y->group);
}

void nz_make(struct normaliser *nz, size_t group) {
    struct loader l = {.nz = nz, .es = calloc(1, sizeof *l.es)};
    size_t which = nz_for_all(nz, group) ? FOR_ALL : group;

    for (size_t g = 0; l.es && g < nz->ngroups; g++)
        if (in_turn(nz, g, which))
            load_patterns(&l, &nz->groups[g], nz->groups[g].later);
    if (l.es && !l.bad)
        load_gate(&l, which);
    for (size_t g = 0; g < nz->ngroups; g++)
        if (in_turn(nz, g, which)) {
            nz->groups[g].later = NULL;
            nz->groups[g].nlists = l.es && !l.bad ? nz->groups[g].nlists : 0; /* no memory: as if it were not there */
        }
    free(l.es);
}

static enum rc load(const struct tree *const *docs, size_t n, bool later, struct normaliser **out, struct errs *es) {
    struct loader l = {.nz = calloc(1, sizeof *l.nz), .es = es, .later = later};
    size_t names = 0, samples = 0;

    *out = NULL;
    if (!l.nz)
        return RC_NOMEM;
    arena_init(&l.nz->arena, ARENA_MAX);
    for (size_t i = 0; i < n; i++) {
        names += list_count(tree_get(tree_root(docs[i]), "program")) + list_count(tree_get(tree_root(docs[i]), "body"));
        samples += tree_count(tree_get(tree_root(docs[i]), "samples"));
    }
    l.nz->groups = get(&l, n, sizeof *l.nz->groups);
    l.nz->names = get(&l, names, sizeof *l.nz->names);
    l.nz->open = get(&l, names, sizeof *l.nz->open);
    l.nz->samples = get(&l, samples, sizeof *l.nz->samples);
    l.bad |= !nb_init(&l.nz->bodies, n, &l.nz->arena);
    for (size_t i = 0; i < n && l.nz->groups && l.nz->names && l.nz->open && l.nz->samples; i++)
        load_file(&l, tree_root(docs[i]));
    l.nz->own = l.nz;
    l.nz->decodes = later; /* nobody has looked */
    if (!l.bad && !later)
        load_gates(&l);
    l.bad = l.bad || (!later && !nz_derived_load(l.nz));
    if (l.bad) {
        normaliser_free(l.nz);
        return RC_CONFIG;
    }
    qsort(l.nz->names, l.nz->nnames, sizeof *l.nz->names, by_name);
    *out = l.nz;
    return RC_OK;
}

enum rc normaliser_load(const struct tree *const *docs, size_t n, struct normaliser **out, struct errs *es) {
    return load(docs, n, false, out, es);
}

enum rc normaliser_open(const struct tree *const *docs, size_t n, struct normaliser **out, struct errs *es) {
    return load(docs, n, true, out, es);
}

void normaliser_free(struct normaliser *nz) {
    if (!nz)
        return;
    arena_fini(&nz->arena);
    free(nz);
}
