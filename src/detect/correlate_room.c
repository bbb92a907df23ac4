/* SPDX-License-Identifier: ISC
 *
 * correlate_room.c - how much of what a group saw is kept
 *
 * Takes   a group with one more stamp to come.
 * Gives   room for it: first by letting go of what decides nothing, then of what is oldest, which is counted.
 * Keeps   as many stamps as group_stamps_max says.
 */
#include "detect/correlate_group.h"

#include <stdlib.h>
#include <string.h>

#define SPANS_MAX 13
#define RING_VALUES 4096
#define RING_RULES 256
#define RING_COUNTED 256 /* what closes and only counts: more become heavier stamps */
#define THIN 128

static bool sums(const struct corr *c) {
    return c->type == CORR_VALUE_SUM || c->type == CORR_VALUE_AVG;
}

static bool by_rule(const struct corr *c) {
    return c->type == CORR_TEMPORAL || c->type == CORR_TEMPORAL_ORDERED;
}

/* Before firing fewer than N events stand in any span, so N times the spans within the allowed lateness are enough. */
uint32_t group_stamps_max(const struct corr *c) {
    int64_t spans = LATENESS / c->timespan + 3;
    switch (c->type) {
    case CORR_EVENT_COUNT:
        return c->closes ? RING_COUNTED : (uint32_t)c->at_least * (uint32_t)(spans > SPANS_MAX ? SPANS_MAX : spans);
    case CORR_VALUE_COUNT:
        return c->at_least > RING_VALUES / 2 ? (uint32_t)(2 * c->at_least) : RING_VALUES;
    case CORR_TEMPORAL:
    case CORR_TEMPORAL_ORDERED:
        return RING_RULES;
    default:
        return RING_VALUES;
    }
}

static uint32_t weight_sum(uint64_t a, uint32_t b) {
    return a + b > UINT32_MAX ? UINT32_MAX : (uint32_t)(a + b);
}

/* ---- thinning: of three sightings of one value in a span the middle one decides nothing, however late others come: a span that holds
 * it holds one of its neighbours too. Its weight goes to the next. */

struct mark {
    uint64_t key;
    uint32_t a, b; /* from 1: where it stood, the last two times */
};

static struct mark *mark_of(struct mark *v, uint32_t cap, uint64_t key) {
    uint32_t i = (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 40) & (cap - 1);
    while (v[i].b && v[i].key != key)
        i = (i + 1) & (cap - 1);
    v[i].key = key;
    return &v[i];
}

static void thin_into(struct group *g, const struct corr *c, struct mark *marks, uint32_t cap, bool *gone) {
    uint32_t to = 0;
    for (uint32_t i = 0; i < g->win.n; i++) {
        struct stamp s = window_at(&g->win, i);
        struct mark *m = mark_of(marks, cap, by_rule(c) ? s.ref : s.value);
        if (m->a && s.t - window_time(&g->win, m->a - 1) <= c->timespan) {
            s.weight = weight_sum(window_at(&g->win, m->b - 1).weight, s.weight);
            window_put(&g->win, i, s);
            gone[m->b - 1] = true;
        } else {
            m->a = m->b;
        }
        m->b = i + 1;
    }
    for (uint32_t i = 0; i < g->win.n; i++)
        if (!gone[i])
            window_put(&g->win, to++, window_at(&g->win, i));
    window_keep(&g->win, to);
}

static void thin(struct group *g, const struct rule *r) {
    uint32_t cap = 64;
    while (cap < 2 * g->win.n)
        cap *= 2;
    struct mark *marks = calloc(cap, sizeof *marks);
    bool *gone = calloc(g->win.n, sizeof *gone);
    if (marks && gone && window_widen(&g->win)) {
        thin_into(g, r->corr, marks, cap, gone);
        group_rebuild(g, r);
    }
    free(marks);
    free(gone);
}

/* Of values and rules that stand again behind them the older go; their weight stays with who stood before them. */
static void compact(struct group *g, const struct rule *r) {
    struct acc met;
    uint64_t spilt = 0;
    uint32_t to = g->win.n;
    bool memory = acc_init(&met, r->corr) && window_widen(&g->win);
    for (uint32_t i = g->win.n; memory && i-- > 0;) {
        struct stamp s = window_at(&g->win, i);
        uint32_t before = acc_kinds(&met);
        memory = acc_add(&met, &s);
        if (acc_kinds(&met) == before) {
            spilt += s.weight;
            continue;
        }
        s.weight = weight_sum(spilt, s.weight);
        spilt = 0;
        window_put(&g->win, --to, s);
    }
    acc_fini(&met);
    if (!memory)
        return;
    window_drop(&g->win, to);
    group_rebuild(g, r);
}

/* Of a run of one rule the first and the last say everything about windows that begin or end in it but how many stood between. */
static void compact_runs(struct group *g) {
    uint32_t to = 0;
    if (!window_widen(&g->win))
        return;
    for (uint32_t i = 0; i < g->win.n; i++) {
        struct stamp s = window_at(&g->win, i), a, b;
        bool inside = to > 0 && i + 1 < g->win.n;
        if (inside) {
            a = window_at(&g->win, to - 1);
            b = window_at(&g->win, i + 1);
            inside = a.ref == s.ref && b.ref == s.ref;
        }
        if (inside)
            a.weight = weight_sum(a.weight, s.weight);
        window_put(&g->win, inside ? to - 1 : to, inside ? a : s);
        to += !inside;
    }
    window_keep(&g->win, to);
}

static void drop_oldest(struct group *g) {
    if (g->win.lo == 0)
        group_acc_out(g, 0);
    window_drop(&g->win, 1);
}

/* Sums go on: the oldest is added to the next. */
static void merge_oldest(struct group *g) {
    struct stamp a = window_at(&g->win, 0), b = window_at(&g->win, 1);
    double x, y;
    bool inside = g->win.lo == 0;
    if (!window_widen(&g->win)) {
        drop_oldest(g);
        return;
    }
    memcpy(&x, &a.value, sizeof x);
    memcpy(&y, &b.value, sizeof y);
    drop_oldest(g);
    if (inside)
        group_acc_out(g, 0);
    y += x;
    memcpy(&b.value, &y, sizeof y);
    b.weight = weight_sum(b.weight, a.weight);
    window_put(&g->win, 0, b);
    if (inside)
        group_acc_in(g, 0);
}

/* A window that closes keeps its beginning: what is too much becomes part of the stamp before it. */
int64_t group_merge(struct group *g, const struct corr *c, const struct stamp *s) {
    uint32_t i = g->win.n - 1;
    double x, y;
    while (i > 0 && window_time(&g->win, i) > s->t)
        i--;
    if (!window_widen(&g->win))
        return -1;
    struct stamp at = window_at(&g->win, i);
    memcpy(&x, &s->value, sizeof x);
    memcpy(&y, &at.value, sizeof y);
    y += x;
    if (sums(c))
        memcpy(&at.value, &y, sizeof y);
    at.weight = weight_sum(at.weight, s->weight);
    window_put(&g->win, i, at);
    return i;
}

/* false: it is older than everything that matters. */
bool group_room(struct group *g, const struct rule *r, int64_t t, struct fired *out) {
    const struct corr *c = r->corr;
    uint32_t max = group_stamps_max(c);
    int64_t newest = g->win.n ? window_time(&g->win, g->win.n - 1) : t;
    int64_t horizon = (newest > t ? newest : t) - c->timespan - LATENESS;
    if (t < horizon)
        return false;
    horizon -= c->timespan; /* the latest of all may end a span that reaches back so far */
    while ((!c->closes || g->more->due == NEVER) && g->win.n && window_time(&g->win, 0) < horizon)
        drop_oldest(g);
    if (g->win.n == g->win.cap && g->win.n >= THIN && !c->closes && (c->type == CORR_VALUE_COUNT || c->type == CORR_TEMPORAL))
        thin(g, r); /* before the ring doubles */
    if (g->win.n < max)
        return true;
    if (c->expr && c->closes)
        compact_runs(g);
    else if (!c->closes && (c->type == CORR_VALUE_COUNT || by_rule(c)))
        compact(g, r);
    if (g->win.n < max)
        return true;
    if (t < window_time(&g->win, 0))
        return false;
    out->lost += c->type != CORR_EVENT_COUNT;
    if (c->closes && !c->expr)
        return true;
    if (sums(c))
        merge_oldest(g);
    else
        drop_oldest(g);
    return true;
}

