/* SPDX-License-Identifier: ISC
 *
 * normalise_body_load.c - files of normalise.d with `body:`, from trees
 *
 * Takes   a tree (normalise_file.h describes it).
 * Gives   conditions, maps and constants over numbered words, or every mistake with its place.
 */
#include "parse/normalise_body.h"

#include "parse/body.h"
#include "parse/normalise_file.h"

#include <string.h>

struct reading {
    struct normalise_bodies *b;
    struct arena *a;
    struct errs *es;
    bool bad;
};

static void complain(struct reading *r, const struct tree_node *n, const char *text, struct str what) {
    struct err e = {0};

    tree_err(n, &e, RC_CONFIG, "%s%s%.*s%s", text, what.n ? " \"" : "", STR_FMT(what), what.n ? "\"" : "");
    errs_add(r->es, &e);
    r->bad = true;
}

static void *get(struct reading *r, size_t n, size_t size) {
    void *p = arena_alloc(r->a, (n ? n : 1) * size);

    r->bad |= !p;
    return p;
}

static size_t list_count(const struct tree_node *n) {
    return tree_kind(n) == TREE_SCALAR ? 1 : tree_kind(n) == TREE_LIST ? tree_count(n) : 0;
}

static const struct tree_node *list_first(const struct tree_node *n) {
    return tree_kind(n) == TREE_SCALAR ? n : tree_first(n);
}

static const struct tree_node *list_next(const struct tree_node *list, const struct tree_node *n) {
    return tree_kind(list) == TREE_SCALAR ? NULL : tree_next(n);
}

/* ---- words */

/* Its length and up to 16 bytes of its ends: names are short, and what they share stands in their middle. */
static size_t word_hash(struct str s) {
    uint64_t head = 0, tail = 0;

    if (s.n >= 8) {
        memcpy(&head, s.p, 8);
        memcpy(&tail, s.p + s.n - 8, 8);
    } else if (s.n) {
        memcpy(&head, s.p, s.n);
    }
    uint64_t h = (head ^ (tail * UINT64_C(0x9e3779b97f4a7c15)) ^ s.n) * UINT64_C(0xff51afd7ed558ccd);
    return (size_t)(h >> 40);
}

uint16_t nb_word(const struct normalise_bodies *b, struct str name) {
    for (size_t at = word_hash(name) & b->mask; b->hash[at]; at = (at + 1) & b->mask)
        if (str_eq(b->words[b->hash[at] - 1].name, name))
            return (uint16_t)(b->hash[at] - 1);
    return UINT16_MAX;
}

static uint16_t word_number(struct reading *r, const struct tree_node *at, struct str name) {
    struct normalise_bodies *b = r->b;
    uint16_t w = nb_word(b, name);

    if (w != UINT16_MAX)
        return w;
    if (b->nwords == NB_WORDS_MAX) {
        complain(r, at, "too many names in files of normalise.d with body:, at most 2048", STR_NONE);
        return 0;
    }
    size_t slot = word_hash(name) & b->mask;
    while (b->hash[slot])
        slot = (slot + 1) & b->mask;
    b->words[b->nwords].name = arena_str(r->a, name);
    b->hash[slot] = (uint16_t)++b->nwords;
    return (uint16_t)(b->nwords - 1);
}

bool nb_init(struct normalise_bodies *b, size_t n, struct arena *a) {
    *b = (struct normalise_bodies){.mask = 4 * NB_WORDS_MAX - 1};
    b->files = arena_alloc(a, (n + 1) * sizeof *b->files);
    b->words = arena_alloc(a, NB_WORDS_MAX * sizeof *b->words);
    b->hash = arena_alloc(a, (b->mask + 1) * sizeof *b->hash);
    return b->files && b->words && b->hash;
}

static size_t words(struct reading *r, const struct tree_node *n, const uint16_t **out) {
    size_t i = 0, count = list_count(n);
    uint16_t *v = get(r, count, sizeof *v);

    if (n && count == 0)
        complain(r, n, "this is a name or a list of names", STR_NONE);
    for (const struct tree_node *k = list_first(n); v && count && k; k = list_next(n, k))
        v[i++] = word_number(r, k, tree_text(k));
    *out = v;
    return i;
}

/* ---- when, map, set */

static bool null_node(const struct tree_node *n) {
    return tree_kind(n) == TREE_NULL || (str_is(tree_text(n), "~") && !tree_quoted(n));
}

static size_t globs(struct reading *r, const struct tree_node *n, const struct str **out) {
    size_t i = 0, count = list_count(n);
    struct str *v = get(r, count, sizeof *v);

    if (count == 0 && tree_kind(n) == TREE_MAP)
        complain(r, n, "when: gives a field one value or a list of them", STR_NONE);
    for (const struct tree_node *k = list_first(n); v && count && k; k = list_next(n, k))
        v[i++] = arena_str(r->a, tree_text(k));
    *out = v;
    return i;
}

static void conditions(struct reading *r, const struct tree_node *map, struct nb_when *w) {
    size_t i = 0;
    struct nb_cond *v = get(r, tree_count(map), sizeof *v);

    if (tree_kind(map) != TREE_MAP)
        complain(r, map, "when: is a map of fields to values, or a list of such maps", STR_NONE);
    else
        for (const struct tree_node *k = tree_first(map); v && k; k = tree_next(k), i++) {
            v[i].word = word_number(r, k, tree_key(k));
            v[i].nglobs = null_node(k) ? 0 : globs(r, k, &v[i].globs);
        }
    *w = (struct nb_when){v, i};
}

static void load_when(struct reading *r, const struct tree_node *n, struct nb_case *c) {
    size_t count = tree_kind(n) == TREE_LIST ? tree_count(n) : n != NULL, i = 0;
    struct nb_when *v = get(r, count, sizeof *v);

    if (v && tree_kind(n) == TREE_LIST)
        for (const struct tree_node *k = tree_first(n); k; k = tree_next(k))
            conditions(r, k, &v[i++]);
    else if (v && n)
        conditions(r, n, &v[i++]);
    c->when = v;
    c->nwhen = i;
}

static size_t load_names(struct reading *r, const struct tree_node *n, bool join, struct nb_map *v) {
    size_t i = 0;

    if (n && tree_kind(n) != TREE_MAP) {
        complain(r, n, join ? "join: is a map of our names to lists of theirs" : "map: is a map of our names to lists of theirs", STR_NONE);
        return 0;
    }
    for (const struct tree_node *k = tree_first(n); k; k = tree_next(k), i++) {
        struct str name = tree_key(k);
        enum field_id id = field_find(name);
        v[i] = (struct nb_map){.id = (uint16_t)id, .time = str_is(name, "time"), .join = join, .name = id ? str_of(field_name(id)) : arena_str(r->a, name)};
        v[i].nwords = words(r, k, &v[i].words);
    }
    return i;
}

static void load_map(struct reading *r, const struct tree_node *of, struct nb_case *c) {
    const struct tree_node *map = tree_get(of, "map"), *join = tree_get(of, "join");
    struct nb_map *v = get(r, tree_count(map) + tree_count(join), sizeof *v);

    if (!v)
        return;
    c->map = v;
    c->nmap = load_names(r, join, true, v);
    c->nmap += load_names(r, map, false, v + c->nmap);
}

static void load_set(struct reading *r, const struct tree_node *n, struct nb_case *c) {
    size_t i = 0;
    struct nb_set *v = get(r, tree_count(n), sizeof *v);

    if (n && tree_kind(n) != TREE_MAP)
        complain(r, n, "set: is a map of field names to values", STR_NONE);
    else
        for (const struct tree_node *k = tree_first(n); v && k; k = tree_next(k)) {
            enum field_id id = field_find(tree_key(k));
            if (tree_kind(k) != TREE_SCALAR)
                complain(r, k, "a constant is one value:", tree_key(k));
            else
                v[i++] = (struct nb_set){(uint16_t)id, id ? str_of(field_name(id)) : arena_str(r->a, tree_key(k)), arena_str(r->a, tree_text(k))};
        }
    c->set = v;
    c->nset = i;
}

static void check_keys(struct reading *r, const struct tree_node *map, const char *const *known, size_t n) {
    r->bad |= !nz_check_keys(map, known, n, r->es);
}

static void load_case(struct reading *r, const struct tree_node *n, struct nb_case *c) {
    load_when(r, tree_get(n, "when"), c);
    load_map(r, n, c);
    load_set(r, tree_get(n, "set"), c);
}

static void load_cases(struct reading *r, const struct tree_node *list, struct nb_file *f) {
    static const char *const known[] = {"when", "map", "join", "set"};
    size_t i = 0;
    struct nb_case *v = get(r, tree_count(list), sizeof *v);

    if (list && tree_kind(list) != TREE_LIST)
        complain(r, list, "cases: is a list of maps with when, map, join and set", STR_NONE);
    else
        for (const struct tree_node *k = tree_first(list); v && k; k = tree_next(k)) {
            check_keys(r, k, known, sizeof known / sizeof *known);
            if (!tree_get(k, "when"))
                complain(r, k, "a case says when it is one", STR_NONE);
            load_case(r, k, &v[i++]);
        }
    f->cases = v;
    f->ncases = i;
}

static void kinds(struct reading *r, const struct tree_node *n, struct nb_file *f) {
    for (const struct tree_node *k = list_first(n); k; k = list_next(n, k)) {
        enum body body = body_find(tree_text(k));
        if (body == BODY__COUNT) {
            complain(r, k, "there is no body", tree_text(k));
            continue;
        }
        f->kinds |= 1u << body;
    }
}

void nb_load(struct normalise_bodies *b, const struct tree_node *root, struct arena *a, struct errs *es, bool *bad) {
    static const char *const known[] = {"body", "when", "map", "join", "set", "cases", "text", "program", "words", "prefixes", "suffixes", "nocase", "nothing", "patterns", "parts", "samples"};
    struct reading r = {b, a, es, false};
    struct nb_file *f = &b->files[b->nfiles++];

    check_keys(&r, root, known, sizeof known / sizeof *known);
    kinds(&r, tree_get(root, "body"), f);
    load_case(&r, root, &f->all);
    load_cases(&r, tree_get(root, "cases"), f);
    if (tree_get(root, "program"))
        f->nprogram = words(&r, tree_get(root, "program"), &f->program);
    if (tree_get(root, "text"))
        f->ntext = words(&r, tree_get(root, "text"), &f->text);
    *bad |= r.bad;
}
