/* SPDX-License-Identifier: ISC
 *
 * need.c - the literals without which a condition cannot hold
 *
 * Takes   selections with their values made.
 * Gives   a set of literals, the best that AND and OR leave: longer at its shortest, then fewer.
 * Keeps   nothing but what it puts into the caller's arena.
 *
 * A literal of a field is of use when the field's value stands in the text that is searched. It does when it is a span of the raw
 * message. What a pattern of normalise.d sets as a constant or decodes does not stand there, and fields are made after the search;
 * site->derives tells those names. (Of a message whose fields are made before, the values that are no spans are searched too.)
 */
#include "detect/need.h"

#include <string.h>

#define NEED_MAX 8192

static const struct need nothing;

struct need need_one(struct arena *a, struct str literal) {
    struct need n = {arena_alloc(a, sizeof *n.v), 1, literal.n, literal.n >= NEED_SHORTEST};
    if (!n.v || !n.known)
        return nothing;
    n.v[0] = literal;
    return n;
}

static bool better(const struct need *a, const struct need *b) {
    if (a->known != b->known)
        return a->known;
    return a->shortest != b->shortest ? a->shortest > b->shortest : a->n < b->n;
}

void need_and(struct need *into, const struct need *b) {
    if (better(b, into))
        *into = *b;
}

void need_or(struct arena *a, struct need *into, const struct need *b) {
    struct str *v = NULL;
    if (into->known && b->known && into->n + b->n <= NEED_MAX)
        v = arena_alloc(a, (into->n + b->n) * sizeof *v);
    if (!v) {
        *into = nothing;
        return;
    }
    memcpy(v, into->v, into->n * sizeof *v);
    memcpy(v + into->n, b->v, b->n * sizeof *v);
    into->v = v;
    into->n += b->n;
    into->shortest = into->shortest < b->shortest ? into->shortest : b->shortest;
}

/* Not lent from the text: a number from a table, a name out of the command line or the roster. */
static bool of_header(uint16_t id) {
    return id == F_FACILITY || id == F_SEVERITY || id == F_PROGRAM || id == F_HOST || id == F_PID;
}

static bool searched(const struct ruleset *rs, const struct item *it) {
    const struct ruleset_site *site = rs->site;
    if (it->keyword || it->field == F_MESSAGE)
        return true;
    return site && site->derives && !of_header(it->field) && !site->derives(site->ctx, (enum field_id)it->field, it->name);
}

/* A number may be written in several ways: 1500 and 1.5e3. */
static struct need of_value(struct arena *a, const struct item *it, const struct value *v) {
    if (v->op == V_RE)
        return v->need;
    return v->op == V_TEXT && (it->keyword || !v->numeric) ? need_one(a, v->literal) : nothing;
}

static struct need of_all(struct arena *a, const struct item *it) {
    struct need n = nothing;
    for (size_t i = 0; i < it->nvalues;) {
        struct need v = of_value(a, it, &it->values[i]);
        while (++i < it->nvalues && it->values[i].also) {
            struct need form = of_value(a, it, &it->values[i]);
            need_or(a, &v, &form);
        }
        need_and(&n, &v);
    }
    return n;
}

/* A long list at once: joining it value by value would be quadratic. */
static struct need of_any(struct arena *a, const struct item *it) {
    struct need u = {.shortest = SIZE_MAX, .known = it->nvalues > 0 && it->nvalues <= NEED_MAX};
    size_t at = 0;
    for (size_t i = 0; u.known && i < it->nvalues; i++) {
        struct need v = of_value(a, it, &it->values[i]);
        u.n += v.n;
        u.known = v.known && u.n <= NEED_MAX;
    }
    if (!u.known || !(u.v = arena_alloc(a, u.n * sizeof *u.v)))
        return nothing;
    for (size_t i = 0; i < it->nvalues; i++) {
        struct need v = of_value(a, it, &it->values[i]);
        if (!v.known)
            return nothing;
        memcpy(u.v + at, v.v, v.n * sizeof *v.v);
        at += v.n;
        u.shortest = v.shortest < u.shortest ? v.shortest : u.shortest;
    }
    return u;
}

static struct need of_item(const struct ruleset *rs, struct arena *a, const struct item *it) {
    if (it->negate || it->part || !searched(rs, it))
        return nothing;
    return it->all ? of_all(a, it) : of_any(a, it);
}

struct need need_of_selection(const struct ruleset *rs, struct arena *a, const struct selection *s) {
    struct need all = nothing;
    for (size_t g = 0; g < s->ngroups; g++) {
        struct need best = nothing;
        for (size_t i = 0; i < s->groups[g].nitems; i++) {
            struct need n = of_item(rs, a, &s->groups[g].items[i]);
            need_and(&best, &n);
        }
        if (g == 0)
            all = best;
        else
            need_or(a, &all, &best);
    }
    return all;
}
