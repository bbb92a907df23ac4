/* SPDX-License-Identifier: ISC
 *
 * normalise_derived.c - which fields may hold what does not stand in the text
 *
 * Takes   the files of normalise.d, compiled.
 * Gives   for a field whether some pattern sets it as a constant or decodes it; for a message whether its fields must be made before
 *         its text is searched.
 */
#include "parse/normalise_file.h"

#include <stdlib.h>
#include <string.h>

/* F_OTHER by name without case: as rules compare names that are not ours. */
int nz_derived_cmp(const void *a, const void *b) {
    const struct nz_derived *x = a, *y = b;

    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->id == F_OTHER ? nz_name_cmp(x->name, y->name) : 0;
}

static void add(struct normaliser *nz, uint16_t id, struct str name) {
    nz->derived[nz->nderived++] = (struct nz_derived){id, name};
}

static void add_capture(void *ctx, uint16_t id, struct str name, enum capture_kind kind) {
    struct normaliser *nz = ctx;

    if (kind >= CAPTURE_PAIRS || kind == CAPTURE_QSTR)
        nz->decodes = true; /* where there is a backslash; else its values are spans */
    else if (kind == CAPTURE_HEX && nz->derived)
        add(nz, id, name);
}

static void count_capture(void *ctx, uint16_t id, struct str name, enum capture_kind kind) {
    (void)id;
    (void)name;
    *(size_t *)ctx += kind == CAPTURE_HEX;
}

static size_t count(const struct nz_list *l) {
    size_t n = 0;

    for (size_t i = 0; i < l->npatterns; i++) {
        n += l->patterns[i].nset;
        pattern_names(l->patterns[i].pattern, count_capture, &n);
    }
    return n;
}

static size_t count_all(const struct normaliser *nz) {
    size_t n = 1;

    for (size_t g = 0; g < nz->ngroups; g++)
        for (size_t i = 0; i < nz->groups[g].nlists; i++)
            n += count(&nz->groups[g].lists[i]);
    for (size_t i = 0; i < nz->bodies.nfiles; i++) {
        n += nz->bodies.files[i].all.nset;
        for (size_t k = 0; k < nz->bodies.files[i].ncases; k++)
            n += nz->bodies.files[i].cases[k].nset;
    }
    return n;
}

static void add_list(struct normaliser *nz, const struct nz_list *l) {
    for (size_t i = 0; i < l->npatterns; i++) {
        const struct nz_pattern *p = &l->patterns[i];
        for (size_t k = 0; k < p->nset; k++)
            add(nz, p->set[k].id, p->set[k].name);
        pattern_names(p->pattern, add_capture, nz);
    }
}

static void add_case(struct normaliser *nz, const struct nb_case *c) {
    for (size_t i = 0; i < c->nset; i++)
        add(nz, c->set[i].id, c->set[i].name);
}

bool nz_derived_load(struct normaliser *nz) {
    size_t n = 0;

    nz->derived = arena_alloc(&nz->arena, count_all(nz) * sizeof *nz->derived);
    if (!nz->derived)
        return false;
    for (size_t g = 0; g < nz->ngroups; g++)
        for (size_t i = 0; i < nz->groups[g].nlists; i++)
            add_list(nz, &nz->groups[g].lists[i]);
    for (size_t i = 0; i < nz->bodies.nfiles; i++) {
        add_case(nz, &nz->bodies.files[i].all);
        for (size_t k = 0; k < nz->bodies.files[i].ncases; k++)
            add_case(nz, &nz->bodies.files[i].cases[k]);
    }
    qsort(nz->derived, nz->nderived, sizeof *nz->derived, nz_derived_cmp);
    for (size_t i = 0; i < nz->nderived; i++)
        if (n == 0 || nz_derived_cmp(&nz->derived[n - 1], &nz->derived[i]) != 0)
            nz->derived[n++] = nz->derived[i];
    nz->nderived = n;
    return true;
}

bool normaliser_derives(const struct normaliser *nz, enum field_id id, struct str name) {
    struct nz_derived key = {(uint16_t)id, name};

    return bsearch(&key, nz->derived, nz->nderived, sizeof key, nz_derived_cmp) != NULL;
}

bool normalise_first(const struct normaliser *nz, const struct message *m) {
    /* of an access log the shape alone says what it is, and its values stand in the text */
    bool body = m->body != BODY_NONE && m->body != BODY_ACCESS;

    return body || (nz->decodes && m->text.n && memchr(m->text.p, '\\', m->text.n));
}

struct looking {
    struct nz_derived key;
    bool decoded;   /* by the pattern at hand */
    unsigned group; /* whose it is */
};

static void look_capture(void *ctx, uint16_t id, struct str name, enum capture_kind kind) {
    struct looking *l = ctx;
    struct nz_derived other = {id, name};

    if (kind == CAPTURE_HEX && nz_derived_cmp(&l->key, &other) == 0)
        l->decoded = true;
}

#define WORDS_OF_ONE 600

static void add_words(const struct nz_pattern *p, const struct looking *key, const struct normaliser_need *need, bool *known) {
    struct str *v = calloc(WORDS_OF_ONE, sizeof *v);
    size_t n = v && !key->decoded ? gate_clause(p->pattern, v, WORDS_OF_ONE) : 0;

    for (size_t i = 0; i < n; i++)
        need->add(need->ctx, v[i], key->group);
    if (n == 0 && key->group)
        need->add(need->ctx, STR(""), key->group);
    *known = *known && (n || key->group);
    free(v);
}

static bool list_needs(const struct nz_list *l, struct looking *key, const struct normaliser_need *need) {
    bool known = true;

    for (size_t i = 0; known && i < l->npatterns; i++) {
        const struct nz_pattern *p = &l->patterns[i];
        bool sets = false;
        key->decoded = false;
        if (p->decodes)
            pattern_names(p->pattern, look_capture, key);
        for (size_t k = 0; k < p->nset && !sets; k++) {
            struct nz_derived other = {p->set[k].id, p->set[k].name};
            sets = nz_derived_cmp(&key->key, &other) == 0 && need->fits(need->ctx, p->set[k].value);
        }
        if (key->decoded || sets)
            add_words(p, key, need, &known);
    }
    return known;
}

/* An access log is known by its shape and searched before its fields are made: what a file for it sets stands for no word. */
static bool access_sets(const struct normaliser *nz, const struct looking *l) {
    for (size_t i = 0; i < nz->bodies.nfiles; i++) {
        const struct nb_file *f = &nz->bodies.files[i];
        for (size_t k = 0; f->kinds & 1u << BODY_ACCESS && k <= f->ncases; k++) {
            const struct nb_case *c = k < f->ncases ? &f->cases[k] : &f->all;
            for (size_t s = 0; s < c->nset; s++) {
                struct nz_derived other = {c->set[s].id, c->set[s].name};
                if (nz_derived_cmp(&l->key, &other) == 0)
                    return true;
            }
        }
    }
    return false;
}

bool normaliser_needs(const struct normaliser *nz, enum field_id id, struct str name, const struct normaliser_need *need) {
    struct looking key = {.key = {(uint16_t)id, name}};

    if (access_sets(nz, &key))
        return false;
    for (size_t g = 0; g < nz->ngroups; g++) {
        key.group = nz_for_all(nz, g) ? 0 : (unsigned)g + 1;
        for (size_t i = 0; i < nz->groups[g].nlists; i++)
            if (!list_needs(&nz->groups[g].lists[i], &key, need))
                return false;
    }
    return true;
}

struct str normaliser_group(const struct normaliser *nz, unsigned group, size_t i) {
    for (size_t k = 0; k < nz->nnames; k++)
        if (nz->names[k].group + 1u == group && i-- == 0)
            return nz->names[k].name;
    for (size_t k = 0; k < nz->nopen; k++)
        if (nz->open[k].group + 1u == group && i-- == 0)
            return str_n(nz->open[k].name.p, nz->open[k].name.n + 1);
    return STR_NONE;
}
