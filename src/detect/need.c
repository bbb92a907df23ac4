/* SPDX-License-Identifier: ISC
 *
 * need.c - the literals without which a condition cannot hold
 *
 * Takes   selections with their values made.
 * Gives   the two best sets of literals that AND and OR leave, of which both must be met: longer at its shortest, then fewer.
 * Keeps   nothing but what it puts into the caller's arena.
 *
 * A literal of a field is of use when the field's value stands in the text that is searched. It does when it is a span of the raw
 * message. What a pattern of normalise.d sets as a constant or decodes does not stand there, and fields are made after the search;
 * site->derives tells those names, and site->needs the words of the patterns that set a value, which stand for it. (Of a message
 * whose fields are made before, the values that are no spans are searched too.)
 */
#include "detect/need.h"

#include <string.h>

#define NEED_MAX 8192
#define SECOND_MAX 256 /* of a second need: a long list or a short word costs more than it saves */
#define SECOND_SHORTEST 2
#define SCOPED 4 /* bytes that it is worth when a word counts for a few programs only */

static const struct need nothing;

/* A single byte would do for nothing, but for those that few lines have. */
static bool long_enough(struct str literal) {
    return literal.n >= NEED_SHORTEST || (literal.n == 1 && memchr("'`^", literal.p[0], 3));
}

struct need need_one(struct arena *a, struct str literal) {
    struct need n = {.v = arena_alloc(a, sizeof *n.v), .n = 1, .shortest = literal.n, .known = long_enough(literal)};
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

static uint16_t scope_of(const struct need *n, size_t i) {
    return n->scope ? n->scope[i] : 0;
}

/* Behind what `into` has, which has the room. */
static void append(struct need *into, const struct need *b) {
    for (size_t i = 0; i < b->n; i++, into->n++) {
        into->v[into->n] = b->v[i];
        into->scope[into->n] = scope_of(b, i);
    }
}

static bool room(struct arena *a, struct need *n, size_t most) {
    n->n = 0;
    n->v = arena_alloc(a, most * sizeof *n->v);
    n->scope = arena_alloc(a, most * sizeof *n->scope);
    return n->v && n->scope;
}

void need_or(struct arena *a, struct need *into, const struct need *b) {
    struct need both = *into;
    if (!into->known || !b->known || into->n + b->n > NEED_MAX || !room(a, &both, into->n + b->n)) {
        *into = nothing;
        return;
    }
    append(&both, into);
    append(&both, b);
    *into = both;
    into->shortest = into->shortest < b->shortest ? into->shortest : b->shortest;
}

/* A second need that holds whenever the first one does says nothing; nor one that does so but for one word of two: that is the value itself, as nobody
 * but a sender of fields writes it. */
static bool says_more(const struct need *first, const struct need *second) {
    size_t covered = 0;
    for (size_t i = 0; i < first->n; i++) {
        size_t k = 0;
        while (k < second->n && str_find(first->v[i], second->v[k]) == SIZE_MAX)
            k++;
        covered += k < second->n;
    }
    return covered < first->n && (first->n != 2 || covered == 0);
}

static void add(struct needs *into, const struct need *n) {
    struct need *first = &into->v[0], *second = &into->v[1], other = *n;
    if (!n->known)
        return;
    if (better(n, first)) {
        other = *first;
        *first = *n;
    }
    if (second->known && !says_more(first, second))
        *second = nothing;
    if (other.known && other.shortest >= SECOND_SHORTEST && other.n <= SECOND_MAX && says_more(first, &other) && better(&other, second))
        *second = other;
}

void needs_and(struct needs *into, const struct needs *b) {
    add(into, &b->v[0]);
    add(into, &b->v[1]);
}

/* Of a side that has one need only, that one does for the second too. */
void needs_or(struct arena *a, struct needs *into, const struct needs *b) {
    struct need second = into->v[into->v[1].known];
    bool two = into->v[1].known || b->v[1].known;
    need_or(a, &into->v[0], &b->v[0]);
    two = two && into->v[0].known;
    if (two)
        need_or(a, &second, &b->v[b->v[1].known]);
    into->v[1] = two && second.n <= SECOND_MAX ? second : nothing;
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

struct derived { /* the words that stand for a value a pattern sets */
    struct arena *a;
    const struct value *v;
    struct need need;
    size_t cap;
};

static bool fits(void *ctx, struct str text) {
    const struct derived *d = ctx;
    return d->v->op == V_RE || glob_match(&d->v->glob, text); /* any text may fit an expression */
}

/* A text with "for user" has "user" too. The first few are the short ones that count. */
static bool covered(const struct need *n, struct str word, uint16_t scope) {
    for (size_t i = 0; i < n->n && i < 64; i++)
        if ((n->scope[i] == 0 || n->scope[i] == scope) && str_find(word, n->v[i]) != SIZE_MAX)
            return true;
    return false;
}

/* What is too short to be sought counts as if it were always there, where that is for a few programs only. */
static void add_word(void *ctx, struct str word, unsigned group) {
    struct derived *d = ctx;
    struct need *n = &d->need;
    uint16_t scope = group < SCOPES_MAX ? (uint16_t)group : 0;
    if (word.n < NEED_SHORTEST)
        word.n = 0;
    n->known = n->known && (word.n || scope) && n->n < NEED_MAX;
    if (n->known && n->n >= d->cap) {
        struct need more = *n;
        n->known = room(d->a, &more, 2 * n->n);
        if (n->known) {
            append(&more, n);
            *n = more;
        }
        d->cap = 2 * n->n;
    }
    if (!n->known || covered(n, word, scope))
        return;
    n->scope[n->n] = scope;
    n->v[n->n++] = word.n ? arena_str(d->a, word) : STR("");
    size_t worth = word.n + (scope ? SCOPED : 0);
    n->shortest = worth < n->shortest ? worth : n->shortest;
}

/* A number may be written in several ways: 1500 and 1.5e3. */
static struct need of_value(const struct ruleset *rs, struct arena *a, const struct item *it, const struct value *v) {
    const struct ruleset_site *site = rs->site;
    if (v->op != V_RE && (v->op != V_TEXT || (v->numeric && !it->keyword)))
        return nothing;
    struct derived d = {a, v, v->op == V_RE ? v->need : need_one(a, v->literal), 0}; /* no room for more: it has no scopes yet */
    if (searched(rs, it) || !d.need.known)
        return d.need;
    if (!site || !site->needs || of_header(it->field) || !site->needs(site->ctx, (enum field_id)it->field, it->name, fits, add_word, &d))
        return nothing;
    return d.need.known ? d.need : nothing;
}

static struct needs of_all(const struct ruleset *rs, struct arena *a, const struct item *it) {
    struct needs n = {{nothing, nothing}};
    for (size_t i = 0; i < it->nvalues;) {
        struct need v = of_value(rs, a, it, &it->values[i]);
        while (++i < it->nvalues && it->values[i].also) {
            struct need form = of_value(rs, a, it, &it->values[i]);
            need_or(a, &v, &form);
        }
        add(&n, &v);
    }
    return n;
}

/* A long list at once: joining it value by value would be quadratic. */
static struct need of_any(const struct ruleset *rs, struct arena *a, const struct item *it) {
    struct need u = {.shortest = SIZE_MAX, .known = it->nvalues > 0 && it->nvalues <= NEED_MAX};
    for (size_t i = 0; u.known && i < it->nvalues; i++) {
        struct need v = of_value(rs, a, it, &it->values[i]);
        u.n += v.n;
        u.known = v.known && u.n <= NEED_MAX;
    }
    if (!u.known || !room(a, &u, u.n))
        return nothing;
    for (size_t i = 0; i < it->nvalues; i++) {
        struct need v = of_value(rs, a, it, &it->values[i]);
        if (!v.known)
            return nothing;
        append(&u, &v);
        u.shortest = v.shortest < u.shortest ? v.shortest : u.shortest;
    }
    return u;
}

static struct needs of_item(const struct ruleset *rs, struct arena *a, const struct item *it) {
    struct needs n = {{nothing, nothing}};
    if (it->negate || it->part)
        return n;
    if (it->all)
        return of_all(rs, a, it);
    n.v[0] = of_any(rs, a, it);
    return n;
}

struct needs need_of_selection(const struct ruleset *rs, struct arena *a, const struct selection *s) {
    struct needs all = {{nothing, nothing}};
    for (size_t g = 0; g < s->ngroups; g++) {
        struct needs best = {{nothing, nothing}};
        for (size_t i = 0; i < s->groups[g].nitems; i++) {
            struct needs n = of_item(rs, a, &s->groups[g].items[i]);
            needs_and(&best, &n);
        }
        if (g == 0)
            all = best;
        else
            needs_or(a, &all, &best);
    }
    return all;
}
