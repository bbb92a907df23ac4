/* SPDX-License-Identifier: ISC
 *
 * gate.c - the clauses of patterns, and an automaton that finds them
 *
 * Takes   patterns. A literal that every match holds is a clause of one word; a choice is one of as many words as it has branches,
 *         when each branch has a clause of its own. What follows an "anything" is a thing to start at: all it may begin with.
 * Gives   for a text the set of clauses that hold and where the things may begin, at one table look-up a byte.
 * Keeps   bytes in lower case, at most 256 clauses, 96 things and 30000 states. No library: patterns are compiled by a role that may
 *         have none.
 */
#include "parse/gate.h"

#include "parse/lead.h"
#include "parse/pattern_op.h"

#include <stdlib.h>
#include <string.h>

#define CLAUSES_MAX (64 * GATE_WORDS)
#define WORDS_MAX 600   /* of one clause */
#define WORD_BYTES 24   /* that are looked at; the rest confirms the match itself */
#define SHORTEST 3      /* a clause with a shorter word says too little */
#define NEED_MAX 4      /* clauses of one pattern */
#define STATES_MAX 30000
#define BEGINNINGS_MAX 120 /* of one thing */
#define BEGINNING_BYTES 12

struct gate {
    uint8_t class[256];
    unsigned shift;        /* a row of next[] is 1 << shift classes */
    uint16_t first_out;    /* states from here on end a word, */
    const struct out *out; /* and say this */
    const struct place *places;
    const uint16_t *next;
};
struct place { /* a thing begins so many bytes before */
    uint8_t start, back;
};
struct out {
    struct gate_set set;
    uint32_t places, nplaces;
};

struct clause {
    struct str v[WORDS_MAX];
    size_t n, shortest;
    size_t worth; /* of the word that says least */
};

/* What stands in any log. */
static const struct str common[] = {STR("from"), STR("user"), STR("username"), STR("client"), STR("info"), STR("root"), STR("for"), STR("for user"),
                                    STR("error"), STR("warning"), STR("warn"), STR("notice"), STR("debug"), STR("port"), STR("host"), STR("address"),
                                    STR("addr"), STR("with"), STR("connect"), STR("connection"), STR("login"), STR("session"), STR("command"),
                                    STR("query"), STR("get"), STR("post"), STR("http"), STR("http/1.1"), STR("http/1"), STR("ssh2"), STR("message"),
                                    STR("request"), STR("name"), STR("type"), STR("server"), STR("service"), STR("msg"), STR("time"), STR("auth")};

static unsigned char lower(char c) {
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* ---- clauses of a pattern */

static bool letter(char c) {
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static size_t worth(struct str w) {
    struct str s = w;

    while (s.n && !letter(s.p[0]))
        s.p++, s.n--;
    while (s.n && !letter(s.p[s.n - 1]) && s.p[s.n - 1] != '1' && s.p[s.n - 1] != '2')
        s.n--;
    for (size_t i = 0; i < sizeof common / sizeof *common; i++)
        if (str_eqi(s, common[i]))
            return 1;
    return w.n < 8 ? w.n : 8;
}

static bool better(const struct clause *a, const struct clause *b) {
    return b->n == 0 || a->worth > b->worth || (a->worth == b->worth && a->n < b->n);
}

static bool best_of(const struct pattern *p, size_t i, size_t end, struct clause *out);

/* The clause of one operation; false when it has none. */
static bool clause_of(const struct pattern *p, size_t i, struct clause *out) {
    const struct op *o = &p->ops[i];

    out->n = 0;
    out->shortest = out->worth = SIZE_MAX;
    if (o->kind == OP_LITERAL) {
        out->v[out->n++] = str_sub(o->text, 0, WORD_BYTES);
        out->shortest = out->v[0].n;
        out->worth = worth(out->v[0]);
    }
    for (size_t b = 0; b < o->branches; b++) {
        size_t end = b + 1 < o->branches ? o->branch[b + 1] : o->to;
        struct clause *one = calloc(1, sizeof *one);
        bool ok = one && best_of(p, o->branch[b], end, one) && out->n + one->n <= WORDS_MAX;
        if (ok) {
            memcpy(out->v + out->n, one->v, one->n * sizeof *one->v);
            out->n += one->n;
            out->shortest = one->shortest < out->shortest ? one->shortest : out->shortest;
            out->worth = one->worth < out->worth ? one->worth : out->worth;
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

size_t gate_clause(const struct pattern *p, struct str *out, size_t max) {
    struct clause *one = calloc(1, sizeof *one);
    size_t n = one && best_of(p, 0, p->n, one) && one->n <= max ? one->n : 0;

    if (n)
        memcpy(out, one->v, n * sizeof *out);
    free(one);
    return n;
}

/* ---- the automaton */

struct maker {
    struct clause *clauses;
    size_t nclauses;
    size_t bytes;
    uint8_t class[256];
    size_t nclasses;
    unsigned shift;
    struct clause *starts; /* the things */
    size_t nstarts;
    uint16_t *next, *fail, *queue;
    uint32_t *ends; /* of a state: 1 + the first of its words' ends, */
    uint32_t *suffix; /* and the next shorter state that ends a word */
    struct end *end;
    size_t nends, nstates;
};
struct end {
    uint32_t next;
    uint16_t clause; /* or CLAUSES_MAX + the thing */
    uint8_t n;
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

static void need_clause(struct gate_set *need, int number) {
    if (number >= 0)
        need->w[number / 64] |= UINT64_C(1) << number % 64;
}

/* Of a pattern with a beginning of its own: the best behind it. */
static void need_of(struct maker *m, const struct pattern *p, struct gate_set *need) {
    struct clause *c = calloc(1, sizeof *c);

    if (c && best_of(p, p->ops[0].kind == OP_CHOICE ? p->ops[0].to : 1, p->n, c))
        need_clause(need, clause_number(m, c));
    free(c);
}

static void needs_of(struct maker *m, const struct pattern *p, struct gate_set *need) {
    struct clause *c = calloc(1, sizeof *c);
    int n = 0;

    for (size_t i = 0; c && i < p->n && n < NEED_MAX; i = p->ops[i].kind == OP_CHOICE ? p->ops[i].to : i + 1) {
        int number = clause_of(p, i, c) ? clause_number(m, c) : -1;
        need_clause(need, number);
        n += number >= 0;
    }
    free(c);
}

struct thing {
    struct clause c;
    struct arena *a;
};

static void add_beginning(void *ctx, struct str s) {
    struct thing *t = ctx;
    struct str kept = arena_str(t->a, str_sub(s, 0, BEGINNING_BYTES));

    if (t->c.n < WORDS_MAX && !str_absent(kept))
        t->c.v[t->c.n++] = kept;
}

/* What follows op i of p as a thing; 0 when that may be anything. */
static uint8_t start_number(struct maker *m, const struct pattern *p, size_t i, struct arena *a) {
    struct thing *t = calloc(1, sizeof *t);
    struct clause *c = &t->c;
    size_t n = 0, bytes = 0;

    if (!t)
        return 0;
    t->a = a;
    bool ok = lead_beginnings(&(struct lead_item){p, (uint16_t)(i + 1)}, BEGINNINGS_MAX, add_beginning, t);
    for (size_t k = 0; ok && k < c->n; k++)
        bytes += c->v[k].n;
    while (ok && n < m->nstarts && !same_clause(&m->starts[n], c))
        n++;
    if (ok && n == m->nstarts) {
        ok = n < GATE_STARTS && m->bytes + bytes < STATES_MAX;
        struct clause *grown = ok ? realloc(m->starts, (n + 1) * sizeof *grown) : NULL;
        if (grown) {
            m->starts = grown;
            m->starts[m->nstarts++] = *c;
            m->bytes += bytes;
        }
        ok = grown != NULL;
    }
    free(t);
    return ok ? (uint8_t)(n + 1) : 0;
}

static void starts_of(struct maker *m, struct pattern *p, struct arena *a) {
    for (size_t i = 0; i < p->n; i++)
        if (p->ops[i].kind == OP_LAZY || p->ops[i].kind == OP_TEXT)
            p->ops[i].start = start_number(m, p, i, a);
}

static void classes_of(struct maker *m, const struct clause *c, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t w = 0; w < c[i].n; w++)
            for (size_t k = 0; k < c[i].v[w].n; k++) {
                unsigned char b = lower(c[i].v[w].p[k]);
                if (!m->class[b])
                    m->class[b] = (uint8_t)(m->nclasses < 255 ? m->nclasses++ : 255);
            }
}

static void classes(struct maker *m) {
    m->nclasses = 1; /* 0: in no word */
    classes_of(m, m->clauses, m->nclauses);
    classes_of(m, m->starts, m->nstarts);
    for (unsigned c = 'A'; c <= 'Z'; c++)
        m->class[c] = m->class[c | 0x20];
    while ((1u << m->shift) < m->nclasses)
        m->shift++;
}

static uint16_t *edge(struct maker *m, size_t state, unsigned char c) {
    return &m->next[(state << m->shift) + m->class[c]];
}

static void add_word(struct maker *m, struct str word, size_t clause) {
    size_t state = 0;

    for (size_t i = 0; i < word.n; i++) {
        uint16_t *e = edge(m, state, lower(word.p[i]));
        if (!*e)
            *e = (uint16_t)m->nstates++;
        state = *e;
    }
    m->end[m->nends++] = (struct end){m->ends[state], (uint16_t)clause, (uint8_t)word.n};
    m->ends[state] = (uint32_t)m->nends;
}

/* Breadth first: where a word cannot go on, its longest end that begins one does. */
static void link_states(struct maker *m) {
    size_t head = 0, tail = 0;

    for (size_t c = 1; c < m->nclasses; c++)
        if (m->next[c])
            m->queue[tail++] = m->next[c];
    while (head < tail) {
        size_t s = m->queue[head++], fail = m->fail[s];
        m->suffix[s] = m->ends[fail] ? (uint32_t)fail : m->suffix[fail];
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

static bool loud(const struct maker *m, size_t state) {
    return m->ends[state] || m->suffix[state];
}

/* All that ends with this state; counts only when there is no room given. */
static size_t say(const struct maker *m, size_t state, struct out *out, struct place *places) {
    size_t n = 0;

    for (size_t s = state; s; s = m->suffix[s])
        for (uint32_t e = m->ends[s]; e; e = m->end[e - 1].next) {
            const struct end *end = &m->end[e - 1];
            if (end->clause < CLAUSES_MAX && out)
                out->set.w[end->clause / 64] |= UINT64_C(1) << end->clause % 64;
            else if (end->clause >= CLAUSES_MAX && places)
                places[n] = (struct place){(uint8_t)(end->clause - CLAUSES_MAX), end->n};
            n += end->clause >= CLAUSES_MAX;
        }
    return n;
}

/* States that end a word are numbered last, so that the scan has one comparison a byte. */
static struct gate *settle(struct maker *m, struct arena *a) {
    size_t row = (size_t)1 << m->shift, at = 0, quiet = 0, nplaces = 0;
    uint16_t *number = m->queue; /* no longer a queue */

    for (size_t s = 0; s < m->nstates; s++) {
        quiet += !loud(m, s);
        nplaces += say(m, s, NULL, NULL);
    }
    struct gate *g = arena_alloc(a, sizeof *g);
    uint16_t *next = arena_alloc(a, (m->nstates << m->shift) * sizeof *next);
    struct out *out = arena_alloc(a, (m->nstates - quiet + 1) * sizeof *out);
    struct place *places = arena_alloc(a, (nplaces + 1) * sizeof *places);
    if (!g || !next || !out || !places)
        return NULL;
    size_t last = quiet;
    for (size_t s = 0; s < m->nstates; s++)
        number[s] = (uint16_t)(loud(m, s) ? last++ : at++);
    nplaces = 0;
    for (size_t s = 0; s < m->nstates; s++) {
        for (size_t c = 0; c < row; c++)
            next[((size_t)number[s] << m->shift) + c] = number[m->next[(s << m->shift) + c]];
        if (!loud(m, s))
            continue;
        struct out *o = &out[number[s] - quiet];
        o->places = (uint32_t)nplaces;
        o->nplaces = (uint32_t)say(m, s, o, places + nplaces);
        nplaces += o->nplaces;
    }
    *g = (struct gate){.shift = m->shift, .first_out = (uint16_t)quiet, .out = out, .places = places, .next = next};
    memcpy(g->class, m->class, sizeof g->class);
    return g;
}

static void add_words(struct maker *m, const struct clause *c, size_t n, size_t first) {
    for (size_t i = 0; i < n; i++)
        for (size_t w = 0; w < c[i].n; w++)
            add_word(m, c[i].v[w], first + i);
}

static struct gate *automaton(struct maker *m, struct arena *a) {
    struct gate *g = NULL;
    size_t most = m->bytes + 1;

    classes(m);
    m->next = calloc(most << m->shift, sizeof *m->next);
    m->fail = calloc(most, sizeof *m->fail);
    m->queue = calloc(most, sizeof *m->queue);
    m->ends = calloc(most, sizeof *m->ends);
    m->suffix = calloc(most, sizeof *m->suffix);
    m->end = calloc(most, sizeof *m->end); /* every word has a byte */
    if (m->next && m->fail && m->queue && m->ends && m->suffix && m->end) {
        m->nstates = 1;
        add_words(m, m->clauses, m->nclauses, 0);
        add_words(m, m->starts, m->nstarts, CLAUSES_MAX);
        link_states(m);
        g = settle(m, a);
    }
    free(m->next);
    free(m->fail);
    free(m->queue);
    free(m->ends);
    free(m->suffix);
    free(m->end);
    return g;
}

struct gate *gate_new(struct pattern *const *p, size_t open, size_t n, struct gate_set *need, struct arena *a) {
    struct maker m = {0};

    for (size_t i = 0; i < open; i++)
        needs_of(&m, p[i], &need[i]);
    for (size_t i = open; i < n; i++)
        need_of(&m, p[i], &need[i]);
    for (size_t i = 0; i < open; i++)
        starts_of(&m, p[i], a);
    struct gate *g = automaton(&m, a);
    free(m.clauses);
    free(m.starts);
    return g;
}

/* ---- looking */

static void note(const struct gate *g, const struct out *o, size_t end, struct gate_hits *h) {
    for (int w = 0; w < GATE_WORDS; w++)
        h->have.w[w] |= o->set.w[w];
    for (uint32_t i = o->places; h->places && i < o->places + o->nplaces; i++) {
        size_t at = end - g->places[i].back;
        h->at[at / 64][g->places[i].start] |= UINT64_C(1) << at % 64;
    }
}

void gate_scan(const struct gate *g, struct str s, struct gate_hits *h) {
    size_t state = 0;

    h->have = (struct gate_set){{0}};
    h->text = s;
    h->places = s.n <= GATE_TEXT;
    if (h->places)
        memset(h->at, 0, (s.n + 63) / 64 * sizeof h->at[0]);
    for (size_t i = 0; i < s.n; i++) {
        state = g->next[(state << g->shift) + g->class[(unsigned char)s.p[i]]];
        if (state >= g->first_out)
            note(g, &g->out[state - g->first_out], i + 1, h);
    }
}

size_t gate_next(const struct gate_hits *h, unsigned start, size_t from) {
    if (from >= h->text.n)
        return SIZE_MAX;
    uint64_t w = h->at[from / 64][start] & (UINT64_MAX << from % 64);
    for (size_t i = from / 64;;) {
        if (w)
            return i * 64 + (size_t)__builtin_ctzll(w);
        if (++i * 64 >= h->text.n)
            return SIZE_MAX;
        w = h->at[i][start];
    }
}

size_t gate_last(const struct gate_hits *h, unsigned start, size_t to) {
    if (h->text.n == 0)
        return SIZE_MAX;
    to = to < h->text.n ? to : h->text.n - 1;
    uint64_t w = h->at[to / 64][start] & (UINT64_MAX >> (63 - to % 64));
    for (size_t i = to / 64;; w = h->at[--i][start]) {
        if (w)
            return i * 64 + 63 - (size_t)__builtin_clzll(w);
        if (i == 0)
            return SIZE_MAX;
    }
}
