/* SPDX-License-Identifier: ISC
 *
 * lead.c - a trie over what patterns begin with
 *
 * Takes   places in patterns. Each gives the literals a match from there may begin with: alternatives are multiplied out as long as
 *         there are few; a capture ends the literal, and "anything" is the empty one.
 * Gives   for a text the items that are left after as many of its first bytes as tell them apart, in order.
 * Keeps   bytes in lower case, so that it serves patterns of either kind: it rules out, it does not confirm.
 */
#include "parse/lead.h"

#include "parse/pattern_op.h"

#include <stdlib.h>
#include <string.h>

#define LITERAL_MAX 48  /* bytes of a beginning that are looked at */
#define SPREAD_MAX 256  /* beginnings of one item */

#define WIDE 8 /* a node with more edges has one for every byte, to the root where there is none */

struct node {
    uint32_t edges; /* first of byte[] and to[] */
    uint32_t list;  /* first of items[] */
    uint16_t nedges, nlist;
};
struct lead {
    const struct node *nodes;
    const uint8_t *byte;
    const uint32_t *to;
    const uint16_t *items;
    size_t nnodes;
};

/* ---- what an item begins with */

struct begin {
    uint16_t item;
    uint8_t n;
    char p[LITERAL_MAX];
};
struct begins {
    struct begin *v;
    size_t n, cap;
    bool nomem;
};

static char lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static void add_begin(struct begins *b, const struct begin *one) {
    if (b->n == b->cap) {
        size_t cap = b->cap ? 2 * b->cap : 64;
        struct begin *v = realloc(b->v, cap * sizeof *v);
        if (!v) {
            b->nomem = true;
            return;
        }
        b->v = v;
        b->cap = cap;
    }
    b->v[b->n++] = *one;
}

/* Through at most `choices` choices. Gives false when there are more than *left beginnings. */
static bool spread(const struct pattern *p, size_t i, int choices, struct begin one, struct begins *out, int *left) {
    for (;; i++) {
        while (p->ops[i].kind == OP_JUMP || p->ops[i].kind == OP_EDGE)
            i = p->ops[i].kind == OP_JUMP ? p->ops[i].to : i + 1;
        const struct op *o = &p->ops[i];
        if (o->kind == OP_LITERAL && one.n < LITERAL_MAX) {
            for (size_t k = 0; k < o->text.n && one.n < LITERAL_MAX; k++)
                one.p[one.n++] = lower(o->text.p[k]);
            continue;
        }
        if (o->kind != OP_CHOICE || choices == 0 || one.n == LITERAL_MAX)
            break;
        for (size_t b = 0; b < o->branches; b++)
            if (!spread(p, o->branch[b], choices - 1, one, out, left))
                return false;
        return true;
    }
    add_begin(out, &one);
    return --*left >= 0;
}

static void beginnings(const struct lead_item *item, size_t number, struct begins *out) {
    size_t before = out->n;

    for (int choices = 3; choices >= 0; choices--) {
        int left = SPREAD_MAX;
        out->n = before;
        if (spread(item->p, item->op, choices, (struct begin){.item = (uint16_t)number}, out, &left))
            return;
    }
}

bool lead_beginnings(const struct lead_item *item, int most, void (*each)(void *, struct str), void *ctx) {
    struct begins b = {0};
    bool ok = false;

    for (int choices = 3; choices >= 0 && !ok; choices--) {
        int left = most;
        b.n = 0;
        ok = spread(item->p, item->op, choices, (struct begin){0}, &b, &left);
    }
    for (size_t i = 0; i < b.n; i++)
        ok = ok && b.v[i].n > 0;
    ok = ok && !b.nomem;
    for (size_t i = 0; ok && i < b.n; i++)
        each(ctx, str_n(b.v[i].p, b.v[i].n));
    free(b.v);
    return ok && b.n > 0;
}

static int begin_cmp(const void *a, const void *b) {
    const struct begin *x = a, *y = b;
    size_t n = x->n < y->n ? x->n : y->n;
    int c = memcmp(x->p, y->p, n);

    c = c ? c : (x->n > y->n) - (x->n < y->n);
    return c ? c : (x->item > y->item) - (x->item < y->item);
}

/* ---- the trie: a node is a run of beginnings that are alike up to some depth */

struct work {
    size_t lo, hi, depth;
};
struct maker {
    const struct begin *v;
    struct node *nodes;
    struct work *work;
    uint8_t *byte;
    uint32_t *to;
    size_t nnodes, nedges, edges_cap, cap;
    uint16_t *items;
    size_t nitems, items_cap;
    uint8_t *seen; /* of an item: in the list at hand */
    size_t n;
};

static bool room_for_items(struct maker *m, size_t n) {
    if (m->nitems + n <= m->items_cap)
        return true;
    size_t cap = 2 * (m->nitems + n);
    uint16_t *items = realloc(m->items, cap * sizeof *items);
    if (!items)
        return false;
    m->items = items;
    m->items_cap = cap;
    return true;
}

/* The list of a node: that of its parent and those of v[lo, hi). */
static bool add_list(struct maker *m, struct node *node, size_t lo, size_t hi) {
    if (lo == hi)
        return true; /* shares the parent's */
    if (!room_for_items(m, node->nlist + (hi - lo)))
        return false;
    memset(m->seen, 0, m->n);
    for (size_t i = 0; i < node->nlist; i++)
        m->seen[m->items[node->list + i]] = 1;
    for (size_t i = lo; i < hi; i++)
        m->seen[m->v[i].item] = 1;
    node->list = (uint32_t)m->nitems;
    for (size_t i = 0; i < m->n; i++)
        if (m->seen[i])
            m->items[m->nitems++] = (uint16_t)i;
    node->nlist = (uint16_t)(m->nitems - node->list);
    return true;
}

static bool one_item(const struct maker *m, size_t lo, size_t hi) {
    for (size_t i = lo + 1; i < hi; i++)
        if (m->v[i].item != m->v[lo].item)
            return false;
    return true;
}

static size_t edges_of(const struct maker *m, const struct work *t, size_t from) {
    size_t n = 0;

    for (size_t i = from; i < t->hi; i++)
        n += i == from || m->v[i].p[t->depth] != m->v[i - 1].p[t->depth];
    return n;
}

static bool room_for_edges(struct maker *m, size_t n) {
    if (m->nedges + n <= m->edges_cap)
        return true;
    size_t cap = 2 * (m->nedges + n);
    uint8_t *byte = realloc(m->byte, cap);
    if (byte)
        m->byte = byte;
    uint32_t *to = byte ? realloc(m->to, cap * sizeof *to) : NULL;
    if (!to)
        return false;
    m->to = to;
    memset(m->byte + m->edges_cap, 0, cap - m->edges_cap);
    memset(m->to + m->edges_cap, 0, (cap - m->edges_cap) * sizeof *to);
    m->edges_cap = cap;
    return true;
}

static bool grow(struct maker *m, size_t at) {
    struct work t = m->work[at];
    struct node *node = &m->nodes[at];
    size_t ends = t.lo;

    while (ends < t.hi && m->v[ends].n == t.depth)
        ends++;
    if (t.depth && one_item(m, t.lo, t.hi))
        ends = t.hi; /* nothing left to tell apart */
    if (!add_list(m, node, t.lo, ends))
        return false;
    node->edges = (uint32_t)m->nedges;
    bool wide = edges_of(m, &t, ends) > WIDE;
    if (!room_for_edges(m, wide ? 256 : WIDE))
        return false;
    node->nedges = wide ? 256 : 0;
    m->nedges += node->nedges;
    for (size_t lo = ends, hi; lo < t.hi; lo = hi) {
        for (hi = lo + 1; hi < t.hi && m->v[hi].p[t.depth] == m->v[lo].p[t.depth];)
            hi++;
        unsigned char c = (unsigned char)m->v[lo].p[t.depth];
        size_t edge = wide ? node->edges + c : m->nedges++;
        m->byte[edge] = c;
        m->to[edge] = (uint32_t)m->nnodes;
        node->nedges = (uint16_t)(node->nedges + !wide);
        m->work[m->nnodes] = (struct work){lo, hi, t.depth + 1};
        m->nodes[m->nnodes++] = (struct node){.list = node->list, .nlist = node->nlist};
    }
    return true;
}

static size_t bytes_of(const struct begins *b) {
    size_t n = 1;

    for (size_t i = 0; i < b->n; i++)
        n += b->v[i].n;
    return n;
}

static void *copy(struct arena *a, const void *p, size_t n) {
    void *out = arena_alloc(a, n ? n : 1);

    if (out && n)
        memcpy(out, p, n);
    return out;
}

static struct lead *settle(struct maker *m, struct arena *a) {
    struct lead *l = arena_alloc(a, sizeof *l);

    if (!l)
        return NULL;
    l->nodes = copy(a, m->nodes, m->nnodes * sizeof *m->nodes);
    l->byte = copy(a, m->byte, m->nedges);
    l->to = copy(a, m->to, m->nedges * sizeof *m->to);
    l->items = copy(a, m->items, m->nitems * sizeof *m->items);
    l->nnodes = m->nnodes;
    return l->nodes && l->byte && l->to && l->items ? l : NULL;
}

struct lead *lead_new(const struct lead_item *items, size_t n, struct arena *a) {
    struct begins b = {0};
    struct lead *l = NULL;

    for (size_t i = 0; i < n; i++)
        beginnings(&items[i], i, &b);
    if (b.n)
        qsort(b.v, b.n, sizeof *b.v, begin_cmp);
    size_t cap = bytes_of(&b);
    struct maker m = {.v = b.v, .cap = cap, .n = n};
    m.nodes = calloc(cap, sizeof *m.nodes);
    m.work = calloc(cap, sizeof *m.work);
    m.seen = calloc(n + 1, 1);
    bool ok = !b.nomem && m.nodes && m.work && m.seen;
    if (ok) {
        m.work[m.nnodes++] = (struct work){0, b.n, 0};
        for (size_t i = 0; ok && i < m.nnodes; i++)
            ok = grow(&m, i);
    }
    if (ok)
        l = settle(&m, a);
    free(m.nodes);
    free(m.work);
    free(m.byte);
    free(m.to);
    free(m.seen);
    free(m.items);
    free(b.v);
    return l;
}

void lead_crowds(const struct lead *l, size_t most, uint8_t *mark) {
    for (size_t i = 0; i < l->nnodes; i++)
        for (size_t k = 0; l->nodes[i].nlist > most + l->nodes[0].nlist && k < l->nodes[i].nlist; k++)
            mark[l->items[l->nodes[i].list + k]] = 1;
}

const uint16_t *lead_at(const struct lead *l, struct str s, size_t *n) {
    const struct node *node = l->nodes;

    for (size_t i = 0; i < s.n && node->nedges; i++) {
        unsigned char c = (unsigned char)lower(s.p[i]);
        size_t edge = node->edges, end = edge + node->nedges;
        if (node->nedges > WIDE)
            edge += c;
        else
            while (edge < end && l->byte[edge] != c)
                edge++;
        if (edge == end || l->to[edge] == 0)
            break;
        node = &l->nodes[l->to[edge]];
    }
    *n = node->nlist;
    return l->items + node->list;
}
