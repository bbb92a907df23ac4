/* SPDX-License-Identifier: ISC
 *
 * gate.c - the clauses of patterns, and an automaton that finds them
 *
 * Takes   patterns. A literal that every match holds is a clause of one word; a choice is one of as many words as it has branches,
 *         when each branch has a clause of its own.
 * Gives   for a text the set of clauses that hold, at one table look-up a byte.
 * Keeps   bytes in lower case, at most 256 clauses and 30000 states. No library: patterns are compiled by a role that may have none.
 */
#include "parse/gate.h"

#include "parse/pattern_op.h"

#include <stdlib.h>
#include <string.h>

#define CLAUSES_MAX (64 * GATE_WORDS)
#define WORDS_MAX 600   /* of one clause */
#define WORD_BYTES 24   /* that are looked at; the rest confirms the match itself */
#define SHORTEST 3      /* a clause with a shorter word says too little */
#define NEED_MAX 4      /* clauses of one pattern */
#define STATES_MAX 30000

struct gate {
    uint8_t class[256];
    unsigned shift;        /* a row of next[] is 1 << shift classes */
    uint16_t first_out;    /* states from here on end a word, */
    const uint16_t *out;   /* in the clauses of this set */
    const struct gate_set *sets;
    const uint16_t *next;
};

struct clause {
    struct str v[WORDS_MAX];
    size_t n, shortest;
};

static unsigned char lower(char c) {
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* ---- clauses of a pattern */

static bool better(const struct clause *a, const struct clause *b) {
    size_t x = a->shortest < 8 ? a->shortest : 8, y = b->shortest < 8 ? b->shortest : 8;

    return b->n == 0 || x > y || (x == y && a->n < b->n);
}

static bool best_of(const struct pattern *p, size_t i, size_t end, struct clause *out);

/* The clause of one operation; false when it has none. */
static bool clause_of(const struct pattern *p, size_t i, struct clause *out) {
    const struct op *o = &p->ops[i];

    out->n = 0;
    out->shortest = SIZE_MAX;
    if (o->kind == OP_LITERAL) {
        out->v[out->n++] = str_sub(o->text, 0, WORD_BYTES);
        out->shortest = out->v[0].n;
    }
    for (size_t b = 0; b < o->branches; b++) {
        size_t end = b + 1 < o->branches ? o->branch[b + 1] : o->to;
        struct clause *one = calloc(1, sizeof *one);
        bool ok = one && best_of(p, o->branch[b], end, one) && out->n + one->n <= WORDS_MAX;
        if (ok) {
            memcpy(out->v + out->n, one->v, one->n * sizeof *one->v);
            out->n += one->n;
            out->shortest = one->shortest < out->shortest ? one->shortest : out->shortest;
        }
        free(one);
        if (!ok)
            return false;
    }
    return out->n > 0 && out->shortest >= SHORTEST;
}

static bool best_of(const struct pattern *p, size_t i, size_t end, struct clause *out) {
    struct clause *one = calloc(1, sizeof *one);

    out->n = 0;
    for (; one && i < end; i = p->ops[i].kind == OP_CHOICE ? p->ops[i].to : i + 1)
        if (clause_of(p, i, one) && better(one, out))
            *out = *one;
    free(one);
    return out->n > 0;
}

/* ---- the automaton */

struct maker {
    struct clause *clauses;
    size_t nclauses;
    size_t bytes;
    uint8_t class[256];
    size_t nclasses;
    unsigned shift;
    uint16_t *next, *fail, *queue, *set;
    struct gate_set *sets;
    size_t nsets, nstates;
};

static bool same_clause(const struct clause *a, const struct clause *b) {
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!str_eqi(a->v[i], b->v[i]))
            return false;
    return true;
}

/* The number of the clause, a new one when it is new; -1 when there is no room. */
static int clause_number(struct maker *m, const struct clause *c) {
    size_t bytes = 0;

    for (size_t i = 0; i < m->nclauses; i++)
        if (same_clause(&m->clauses[i], c))
            return (int)i;
    for (size_t i = 0; i < c->n; i++)
        bytes += c->v[i].n;
    if (m->nclauses == CLAUSES_MAX || m->bytes + bytes >= STATES_MAX)
        return -1;
    struct clause *grown = realloc(m->clauses, (m->nclauses + 1) * sizeof *grown);
    if (!grown)
        return -1;
    m->clauses = grown;
    m->clauses[m->nclauses] = *c;
    m->bytes += bytes;
    return (int)m->nclauses++;
}

static void needs_of(struct maker *m, const struct pattern *p, struct gate_set *need) {
    struct clause *c = calloc(1, sizeof *c);
    int n = 0;

    for (size_t i = 0; c && i < p->n && n < NEED_MAX; i = p->ops[i].kind == OP_CHOICE ? p->ops[i].to : i + 1) {
        int number = clause_of(p, i, c) ? clause_number(m, c) : -1;
        if (number < 0)
            continue;
        need->w[number / 64] |= UINT64_C(1) << number % 64;
        n++;
    }
    free(c);
}

static void classes(struct maker *m) {
    m->nclasses = 1; /* 0: in no word */
    for (size_t i = 0; i < m->nclauses; i++)
        for (size_t w = 0; w < m->clauses[i].n; w++)
            for (size_t k = 0; k < m->clauses[i].v[w].n; k++) {
                unsigned char c = lower(m->clauses[i].v[w].p[k]);
                if (!m->class[c])
                    m->class[c] = (uint8_t)(m->nclasses < 255 ? m->nclasses++ : 255);
            }
    for (unsigned c = 'A'; c <= 'Z'; c++)
        m->class[c] = m->class[c | 0x20];
    while ((1u << m->shift) < m->nclasses)
        m->shift++;
}

static uint16_t *edge(struct maker *m, size_t state, unsigned char c) {
    return &m->next[(state << m->shift) + m->class[c]];
}

/* The set of a state with one more clause (or those of another set). */
static void add_set(struct maker *m, size_t state, const struct gate_set *more) {
    struct gate_set s = m->sets[m->set[state]];
    size_t i = 0;

    for (int w = 0; w < GATE_WORDS; w++)
        s.w[w] |= more->w[w];
    while (i < m->nsets && memcmp(&m->sets[i], &s, sizeof s) != 0)
        i++;
    if (i == m->nsets)
        m->sets[m->nsets++] = s;
    m->set[state] = (uint16_t)i;
}

static void add_word(struct maker *m, struct str word, size_t clause) {
    struct gate_set s = {{0}};
    size_t state = 0;

    for (size_t i = 0; i < word.n; i++) {
        uint16_t *e = edge(m, state, lower(word.p[i]));
        if (!*e)
            *e = (uint16_t)m->nstates++;
        state = *e;
    }
    s.w[clause / 64] = UINT64_C(1) << clause % 64;
    add_set(m, state, &s);
}

/* Breadth first: where a word cannot go on, its longest end that begins one does. */
static void link_states(struct maker *m) {
    size_t head = 0, tail = 0;

    for (size_t c = 1; c < m->nclasses; c++)
        if (m->next[c])
            m->queue[tail++] = m->next[c];
    while (head < tail) {
        size_t s = m->queue[head++], fail = m->fail[s];
        if (m->set[fail])
            add_set(m, s, &m->sets[m->set[fail]]);
        for (size_t c = 1; c < m->nclasses; c++) {
            uint16_t *e = &m->next[(s << m->shift) + c], other = m->next[(fail << m->shift) + c];
            if (*e) {
                m->fail[*e] = other;
                m->queue[tail++] = *e;
            } else {
                *e = other;
            }
        }
    }
}

/* States that end a word are numbered last, so that the scan has one comparison a byte. */
static struct gate *settle(struct maker *m, struct arena *a) {
    size_t row = (size_t)1 << m->shift, at = 0, quiet = 0;
    struct gate *g = arena_alloc(a, sizeof *g);
    uint16_t *next = arena_alloc(a, (m->nstates << m->shift) * sizeof *next), *out = arena_alloc(a, m->nstates * sizeof *out);
    struct gate_set *sets = arena_alloc(a, m->nsets * sizeof *sets);
    uint16_t *number = m->queue; /* no longer a queue */

    if (!g || !next || !out || !sets)
        return NULL;
    for (size_t s = 0; s < m->nstates; s++)
        quiet += m->set[s] == 0;
    size_t loud = quiet;
    for (size_t s = 0; s < m->nstates; s++)
        number[s] = (uint16_t)(m->set[s] ? loud++ : at++);
    for (size_t s = 0; s < m->nstates; s++) {
        for (size_t c = 0; c < row; c++)
            next[((size_t)number[s] << m->shift) + c] = number[m->next[(s << m->shift) + c]];
        if (m->set[s])
            out[number[s] - quiet] = m->set[s];
    }
    memcpy(sets, m->sets, m->nsets * sizeof *sets);
    memcpy(g->class, m->class, sizeof g->class);
    g->shift = m->shift;
    g->first_out = (uint16_t)quiet;
    g->out = out;
    g->sets = sets;
    g->next = next;
    return g;
}

static struct gate *automaton(struct maker *m, struct arena *a) {
    struct gate *g = NULL;
    size_t most = m->bytes + 1;

    classes(m);
    m->next = calloc(most << m->shift, sizeof *m->next);
    m->fail = calloc(most, sizeof *m->fail);
    m->queue = calloc(most, sizeof *m->queue);
    m->set = calloc(most, sizeof *m->set);
    m->sets = calloc(2 * most + 1, sizeof *m->sets);
    if (m->next && m->fail && m->queue && m->set && m->sets) {
        m->nstates = m->nsets = 1;
        for (size_t i = 0; i < m->nclauses; i++)
            for (size_t w = 0; w < m->clauses[i].n; w++)
                add_word(m, m->clauses[i].v[w], i);
        link_states(m);
        g = settle(m, a);
    }
    free(m->next);
    free(m->fail);
    free(m->queue);
    free(m->set);
    free(m->sets);
    return g;
}

struct gate *gate_new(const struct pattern *const *p, size_t n, struct gate_set *need, struct arena *a) {
    struct maker m = {0};

    for (size_t i = 0; i < n; i++)
        needs_of(&m, p[i], &need[i]);
    struct gate *g = automaton(&m, a);
    free(m.clauses);
    return g;
}

struct gate_set gate_scan(const struct gate *g, struct str s) {
    struct gate_set have = {{0}};
    size_t state = 0;

    for (size_t i = 0; i < s.n; i++) {
        state = g->next[(state << g->shift) + g->class[(unsigned char)s.p[i]]];
        if (state < g->first_out)
            continue;
        const struct gate_set *set = &g->sets[g->out[state - g->first_out]];
        for (int w = 0; w < GATE_WORDS; w++)
            have.w[w] |= set->w[w];
    }
    return have;
}
