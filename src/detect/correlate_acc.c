/* SPDX-License-Identifier: ISC
 *
 * correlate_acc.c - what a stretch of stamps amounts to
 *
 * Takes   stamps, in at one end and out at the other.
 * Gives   whether a condition holds for what is in.
 * Keeps   a table of the different values (open addressing, at most two thirds full), counts per rule, an exact sum.
 */
#include "detect/correlate_acc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect/corr_expr.h"

#define MILLION 1e6

/* ---- numbers */

bool corr_number(struct str s, double *out) {
    char text[64], *end;
    s = str_trim(s);
    if (s.n == 0 || s.n >= sizeof text || strspn(str_copy(text, sizeof text, s) ? text : "x", "0123456789+-.eE") != s.n)
        return false;
    *out = strtod(text, &end);
    return end == text + s.n && isfinite(*out);
}

static corr_sum exact(double v) {
    return (corr_sum)(v * MILLION + (v < 0 ? -0.5 : 0.5)); /* v is at most CORR_NUMBER_MAX */
}

static double number_of(const struct stamp *s) {
    double v;
    memcpy(&v, &s->value, sizeof v);
    return v;
}

/* ---- different values */

struct slot {
    uint64_t hash;
    uint32_t n; /* 0: empty */
};
struct distinct {
    uint32_t cap, used;
    struct slot v[];
};

static struct distinct *distinct_new(uint32_t cap) {
    struct distinct *d = calloc(1, sizeof *d + cap * sizeof d->v[0]);
    if (d)
        d->cap = cap;
    return d;
}

static struct slot *slot_of(struct distinct *d, uint64_t hash) {
    uint32_t i = (uint32_t)hash & (d->cap - 1);
    while (d->v[i].n && d->v[i].hash != hash)
        i = (i + 1) & (d->cap - 1);
    return &d->v[i];
}

static bool distinct_add(struct distinct **at, uint64_t hash) {
    struct distinct *d = *at;
    if ((d->used + 1) * 3 > d->cap * 2) {
        struct distinct *more = distinct_new(d->cap * 2);
        if (!more)
            return false;
        for (uint32_t i = 0; i < d->cap; i++)
            if (d->v[i].n)
                *slot_of(more, d->v[i].hash) = d->v[i];
        more->used = d->used;
        free(d);
        *at = d = more;
    }
    struct slot *s = slot_of(d, hash);
    d->used += s->n == 0;
    s->hash = hash;
    s->n++;
    return true;
}

/* Whoever stands behind the hole and would have stood before it moves up. */
static void distinct_drop(struct distinct *d, uint64_t hash) {
    struct slot *s = slot_of(d, hash);
    if (s->n == 0 || --s->n)
        return;
    d->used--;
    uint32_t mask = d->cap - 1, hole = (uint32_t)(s - d->v);
    for (uint32_t i = (hole + 1) & mask; d->v[i].n; i = (i + 1) & mask) {
        uint32_t home = (uint32_t)d->v[i].hash & mask;
        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        d->v[hole] = d->v[i];
        d->v[i].n = 0;
        hole = i;
    }
}

/* ---- a stretch */

static bool by_rule(const struct corr *c) {
    return c->type == CORR_TEMPORAL || c->type == CORR_TEMPORAL_ORDERED;
}

struct under { /* events with numbers */
    uint64_t less, upto; /* less than a bound, and at most it */
};

static bool ranks(const struct corr *c) {
    return c->type == CORR_VALUE_PERCENTILE || c->type == CORR_VALUE_MEDIAN;
}

bool acc_init(struct acc *a, const struct corr *c) {
    *a = (struct acc){.c = c};
    if (c->type == CORR_VALUE_COUNT)
        a->vals = distinct_new(8);
    if (by_rule(c))
        a->seen = calloc(c->nrefs, sizeof *a->seen);
    if (ranks(c))
        a->under = calloc(c->nbounds, sizeof *a->under);
    return (c->type != CORR_VALUE_COUNT || a->vals) && (!by_rule(c) || a->seen) && (!ranks(c) || a->under);
}

void acc_fini(struct acc *a) {
    free(a->vals);
    free(a->seen);
    free(a->under);
    *a = (struct acc){.c = a->c};
}

size_t acc_bytes(const struct acc *a) {
    return (a->vals ? sizeof *a->vals + a->vals->cap * sizeof a->vals->v[0] : 0) + (a->seen ? a->c->nrefs * sizeof *a->seen : 0) +
           (a->under ? a->c->nbounds * sizeof *a->under : 0);
}

void acc_clear(struct acc *a) {
    a->events = 0;
    a->sum = 0;
    if (a->vals) {
        a->vals->used = 0;
        memset(a->vals->v, 0, a->vals->cap * sizeof a->vals->v[0]);
    }
    if (a->seen)
        memset(a->seen, 0, a->c->nrefs * sizeof *a->seen);
    if (a->under)
        memset(a->under, 0, a->c->nbounds * sizeof *a->under);
}

/* Sums modulo 2^64: a weight goes out as its opposite came in. */
static void under_add(struct acc *a, double v, uint64_t weight) {
    for (size_t i = 0; i < a->c->nbounds; i++) {
        a->under[i].less += v < a->c->bounds[i].v ? weight : 0;
        a->under[i].upto += v <= a->c->bounds[i].v ? weight : 0;
    }
}

bool acc_add(struct acc *a, const struct stamp *s) {
    if (a->vals && !distinct_add(&a->vals, s->value))
        return false;
    if (a->seen)
        a->seen[s->ref]++;
    if (a->c->type == CORR_VALUE_SUM || a->c->type == CORR_VALUE_AVG)
        a->sum += exact(number_of(s));
    if (a->under)
        under_add(a, number_of(s), s->weight);
    a->events += s->weight;
    return true;
}

void acc_drop(struct acc *a, const struct stamp *s) {
    if (a->vals)
        distinct_drop(a->vals, s->value);
    if (a->seen)
        a->seen[s->ref]--;
    if (a->c->type == CORR_VALUE_SUM || a->c->type == CORR_VALUE_AVG)
        a->sum -= exact(number_of(s));
    if (a->under)
        under_add(a, number_of(s), 0 - (uint64_t)s->weight);
    a->events -= s->weight;
}

uint32_t acc_mask(const struct acc *a) {
    uint32_t mask = 0;
    for (size_t i = 0; i < a->c->nrefs; i++)
        mask |= a->seen[i] ? 1u << i : 0;
    return mask;
}

uint32_t acc_kinds(const struct acc *a) {
    return a->vals ? a->vals->used : (uint32_t)__builtin_popcount(acc_mask(a));
}

/* ---- percentiles: nearest rank; the median of an even number is the mean of the two in the middle */

struct weighted {
    double v;
    uint64_t n;
};

static int by_value(const void *x, const void *y) {
    const struct weighted *a = x, *b = y;
    return a->v < b->v ? -1 : a->v > b->v;
}

static double ranked(const struct weighted *v, size_t n, uint64_t rank) { /* from 1 */
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        if ((sum += v[i].n) >= rank)
            return v[i].v;
    return v[n - 1].v;
}

struct pair {
    uint64_t low, high; /* ranks, the same but for the median of an even number */
};

static struct pair ranks_of(const struct acc *a) {
    if (a->c->type == CORR_VALUE_MEDIAN)
        return (struct pair){(a->events + 1) / 2, a->events / 2 + 1};
    double part = a->c->percentile * (double)a->events / 100 - 1e-9;
    uint64_t rank = part < 0 ? 1 : (uint64_t)part + 1; /* the next whole number, or itself */
    rank = rank > a->events ? a->events : rank;
    return (struct pair){rank, rank};
}

static bool percentile(const struct acc *a, const struct window *w, uint32_t from, uint32_t to, double *out) {
    size_t n = to - from;
    struct weighted *v = n ? malloc(n * sizeof *v) : NULL;
    struct pair r = ranks_of(a);
    struct stamp s;
    if (!v)
        return false;
    for (uint32_t i = from; i < to; i++) {
        s = window_at(w, i);
        v[i - from] = (struct weighted){number_of(&s), s.weight};
    }
    qsort(v, n, sizeof *v, by_value);
    *out = r.low == r.high ? ranked(v, n, r.low) : (ranked(v, n, r.low) + ranked(v, n, r.high)) / 2;
    free(v);
    return true;
}

/* The two in the middle stand on either side of the bound: they are the nearest to it. */
static double middle(const struct window *w, uint32_t from, uint32_t to, double bound) {
    double low = -INFINITY, high = INFINITY;
    for (uint32_t i = from; i < to; i++) {
        struct stamp s = window_at(w, i);
        double v = number_of(&s);
        if (s.weight && v < bound)
            low = v > low ? v : low;
        else if (s.weight)
            high = v < high ? v : high;
    }
    return (low + high) / 2;
}

/* ---- the condition */

static bool compare(enum corr_op op, bool less, bool equal) {
    switch (op) {
    case CORR_GT:
        return !less && !equal;
    case CORR_GTE:
        return !less;
    case CORR_LT:
        return less;
    case CORR_LTE:
        return less || equal;
    case CORR_EQ:
        return equal;
    default:
        return !equal;
    }
}

static bool bounds_hold(const struct corr *c, double v) {
    for (size_t i = 0; i < c->nbounds; i++)
        if (!compare(c->bounds[i].op, v < c->bounds[i].v, v == c->bounds[i].v))
            return false;
    return true;
}

/* A number of this rank is less than a bound when as many are; nothing has to be put in order. */
static bool ranks_hold(const struct acc *a, const struct window *w, uint32_t from, uint32_t to) {
    struct pair r = ranks_of(a);
    for (size_t i = 0; i < a->c->nbounds; i++) {
        const struct under *u = &a->under[i];
        double bound = a->c->bounds[i].v;
        bool less = u->less >= r.high, equal = u->less < r.low && u->upto >= r.high;
        if (u->less >= r.low && !less) {
            double v = middle(w, from, to, bound);
            less = v < bound;
            equal = v == bound;
        }
        if (!compare(a->c->bounds[i].op, less, equal))
            return false;
    }
    return true;
}

/* An average is compared as the sum with so many times the bound. */
static bool sum_holds(const struct acc *a, double *value) {
    corr_sum n = a->c->type == CORR_VALUE_AVG ? (corr_sum)a->events : 1;
    *value = (double)a->sum / MILLION / (double)n;
    for (size_t i = 0; i < a->c->nbounds; i++) {
        corr_sum bound = exact(a->c->bounds[i].v) * n;
        if (!compare(a->c->bounds[i].op, a->sum < bound, a->sum == bound))
            return false;
    }
    return true;
}

bool acc_holds(const struct acc *a, const struct window *w, uint32_t from, uint32_t to, bool closed, double *value) {
    const struct corr *c = a->c;
    switch (c->type) {
    case CORR_EVENT_COUNT:
        *value = (double)a->events;
        break;
    case CORR_VALUE_COUNT:
        *value = acc_kinds(a);
        break;
    case CORR_TEMPORAL:
    case CORR_TEMPORAL_ORDERED:
        *value = acc_kinds(a);
        if (c->expr)
            return corr_expr_holds(c, acc_mask(a), closed);
        if (!c->nbounds)
            return *value >= (double)c->at_least;
        break;
    case CORR_VALUE_SUM:
    case CORR_VALUE_AVG:
        return a->events > 0 && sum_holds(a, value);
    default:
        return a->events > 0 && ranks_hold(a, w, from, to) && percentile(a, w, from, to, value);
    }
    return bounds_hold(c, *value);
}
