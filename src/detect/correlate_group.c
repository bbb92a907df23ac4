/* SPDX-License-Identifier: ISC
 *
 * correlate_group.c - the state of one group of one correlation
 *
 * Takes   one time after the other.
 * Gives   whether the correlation fires at it, or folds it into what fired before.
 * Keeps   as many stamps as decide: before firing fewer than N events stand in any span, so N times the spans within the allowed
 *         lateness are enough for event_count; the other types keep STAMPS and merge what they saw repeatedly.
 *
 * After firing the group folds until a span has passed without a match (or for `suppress`); then it starts empty, so that every
 * event is counted once: in what fired, in a fold, or not at all because it had left the window before.
 */
#include "detect/correlate_group.h"

#include <stdlib.h>
#include <string.h>

#include "base/pack.h"

#define STAMPS 64
#define SPANS_MAX 12
#define VERSION 1

static uint32_t stamps_wanted(const struct corr *c) {
    int64_t spans = LATENESS / c->timespan + 2;
    return (uint32_t)(c->at_least * (uint64_t)(spans > SPANS_MAX ? SPANS_MAX : spans));
}

bool group_init(struct group *g, const struct rule *r, uint32_t rule, struct str key, const uint64_t seed[2]) {
    g->rule = rule;
    g->seed[0] = seed[0];
    g->seed[1] = seed[1];
    g->key = malloc(key.n);
    g->key_n = key.n;
    if (!g->key)
        return false;
    memcpy(g->key, key.p, key.n);
    if (r->corr->type == CORR_EVENT_COUNT)
        window_init(&g->win, stamps_wanted(r->corr), WINDOW_DROP);
    else
        window_init(&g->win, STAMPS, WINDOW_MERGE);
    return true;
}

void group_fini(struct group *g) {
    window_fini(&g->win);
    free(g->vals);
    g->vals = NULL;
    g->nvals = g->vals_cap = 0;
}

/* --- value_count: which values were seen last when. Exact for times in order; a late time only refreshes its value. */

static struct distinct *value_slot(struct group *g, const struct corr *c, uint64_t hash) {
    struct distinct *oldest = NULL;
    for (uint32_t i = 0; i < g->nvals; i++) {
        if (g->vals[i].hash == hash)
            return &g->vals[i];
        if (!oldest || g->vals[i].last < oldest->last)
            oldest = &g->vals[i];
    }
    if (g->nvals >= c->at_least) { /* that many are enough to fire; the one unseen longest decides nothing */
        *oldest = (struct distinct){hash, INT64_MIN};
        return oldest;
    }
    if (g->nvals == g->vals_cap) {
        uint32_t cap = g->vals_cap ? 2 * g->vals_cap : 8;
        struct distinct *v = realloc(g->vals, cap * sizeof *v);
        if (!v)
            return NULL;
        g->vals = v;
        g->vals_cap = cap;
    }
    g->vals[g->nvals] = (struct distinct){hash, INT64_MIN};
    return &g->vals[g->nvals++];
}

static bool values_hold(struct group *g, const struct corr *c, const struct seen *s, int64_t newest) {
    struct distinct *d = value_slot(g, c, s->value);
    uint64_t have = 0;
    if (!d)
        return false;
    d->last = s->t > d->last ? s->t : d->last;
    for (uint32_t i = 0; i < g->nvals; i++)
        have += g->vals[i].last >= newest - c->timespan;
    return have >= c->at_least;
}

/* --- temporal: the stamps of the span say which rules were seen, and in which order */

static bool all_seen(const struct group *g, const struct corr *c, int64_t end) {
    uint32_t seen = 0; /* at most 32 references */
    for (uint32_t i = g->win.n; i > 0; i--) {
        const struct stamp *s = window_at(&g->win, i - 1);
        if (s->t < end - c->timespan)
            break;
        if (s->t <= end)
            seen |= 1u << s->ref;
    }
    return (uint64_t)__builtin_popcount(seen) >= c->at_least;
}

/* start[k]: the latest time at which a run of the first k+1 rules in order can have begun. */
static bool in_order(const struct group *g, const struct corr *c, int64_t end) {
    int64_t start[32];
    for (size_t k = 0; k < c->nrefs; k++)
        start[k] = INT64_MIN;
    for (uint32_t i = 0; i < g->win.n; i++) {
        const struct stamp *s = window_at(&g->win, i);
        if (s->t > end)
            break;
        int64_t from = s->ref ? start[s->ref - 1] : s->t;
        if (from != INT64_MIN && from >= s->t - c->timespan && from > start[s->ref])
            start[s->ref] = from;
    }
    return start[c->nrefs - 1] != INT64_MIN && start[c->nrefs - 1] >= end - c->timespan;
}

/* A late stamp can complete a run that ends with a stamp behind it. */
static bool temporal_holds(const struct group *g, const struct corr *c, uint32_t from, struct window_span *out) {
    for (uint32_t i = from; i < g->win.n; i++) {
        int64_t end = window_at(&g->win, i)->t;
        if (end > window_at(&g->win, from)->t + c->timespan)
            break;
        if (c->type == CORR_TEMPORAL ? all_seen(g, c, end) : in_order(g, c, end)) {
            window_until(&g->win, c->timespan, end, out);
            return true;
        }
    }
    return false;
}

/* --- one time */

static bool holds(struct group *g, const struct corr *c, const struct seen *s, uint32_t i, struct window_span *out) {
    int64_t newest = window_at(&g->win, g->win.n - 1)->t;
    switch (c->type) {
    case CORR_EVENT_COUNT:
        return window_reached(&g->win, c->timespan, i, c->at_least, out);
    case CORR_VALUE_COUNT:
        window_until(&g->win, c->timespan, newest, out);
        return values_hold(g, c, s, newest);
    default:
        return temporal_holds(g, c, i, out);
    }
}

static bool silence_over(const struct group *g, const struct corr *c, int64_t t) {
    return g->until ? t >= g->until : t > g->last + c->timespan;
}

static int64_t add(struct group *g, const struct corr *c, const struct seen *s) {
    return window_add(&g->win, c->timespan, (struct stamp){s->t, s->reminder ? 0 : s->weight, s->ref});
}

/* The values alone say whether value_count still holds; its stamps were for the count, and every fold would be saved with them. */
static enum step fold(struct group *g, const struct corr *c, const struct seen *s, struct fired *out) {
    if (s->t < g->first - c->timespan)
        return STEP_LATE;
    if (c->type == CORR_VALUE_COUNT) {
        out->holds = values_hold(g, c, s, s->t > g->last ? s->t : g->last);
    } else {
        int64_t i = add(g, c, s);
        out->holds = i >= 0 && holds(g, c, s, (uint32_t)i, &out->span);
    }
    if (s->reminder)
        return STEP_NONE;
    g->last = s->t > g->last ? s->t : g->last;
    return STEP_FOLDED;
}

static enum step fire(struct group *g, const struct rule *r, const struct seen *s, const struct window_span *span) {
    g->open = true;
    g->first = span->first;
    g->last = span->last;
    g->until = r->info.suppress ? s->t + r->info.suppress : 0;
    if (r->corr->type == CORR_VALUE_COUNT)
        window_clear(&g->win);
    return STEP_FIRED;
}

enum step group_step(struct group *g, const struct rule *r, const struct seen *s, struct fired *out) {
    *out = (struct fired){{0, s->t, s->t}, false};
    if (g->open && silence_over(g, r->corr, s->t)) {
        g->open = false;
        window_clear(&g->win);
        g->nvals = 0;
    }
    if (g->open)
        return fold(g, r->corr, s, out);
    int64_t i = add(g, r->corr, s);
    if (i < 0)
        return STEP_LATE;
    out->holds = holds(g, r->corr, s, (uint32_t)i, &out->span);
    return out->holds ? fire(g, r, s, &out->span) : STEP_NONE;
}

int64_t group_drained(const struct group *g, const struct rule *r) {
    int64_t at = g->open ? g->last : INT64_MIN;
    if (g->win.n && window_at(&g->win, g->win.n - 1)->t > at)
        at = window_at(&g->win, g->win.n - 1)->t;
    if (at == INT64_MIN)
        return INT64_MIN;
    at += r->corr->timespan + LATENESS;
    return g->open && g->until > at ? g->until : at;
}

/* --- to bytes and back */

bool group_pack(const struct group *g, struct buf *b) {
    int64_t before = 0;
    pack_u8(b, VERSION);
    pack_u8(b, g->open);
    pack_i64(b, g->until);
    pack_i64(b, g->first);
    pack_i64(b, g->last);
    pack_u64(b, g->seed[0]);
    pack_u64(b, g->seed[1]);
    pack_varint(b, g->win.n);
    for (uint32_t i = 0; i < g->win.n; i++) {
        const struct stamp *s = window_at(&g->win, i);
        pack_svarint(b, s->t - before);
        pack_varint(b, s->weight);
        pack_varint(b, s->ref);
        before = s->t;
    }
    pack_varint(b, g->nvals);
    for (uint32_t i = 0; i < g->nvals; i++) {
        pack_u64(b, g->vals[i].hash);
        pack_i64(b, g->vals[i].last);
    }
    return !b->over;
}

bool group_time_sane(int64_t t) {
    return t > -INT64_C(4000000) * US_PER_DAY && t < INT64_C(4000000) * US_PER_DAY;
}

static bool unpack_stamps(struct group *g, const struct corr *c, struct unpack *u) {
    uint64_t n = unpack_varint(u);
    int64_t before = INT64_MIN / 4, t = 0;
    for (uint64_t i = 0; i < n && !u->bad; i++) {
        int64_t delta = unpack_svarint(u);
        uint64_t weight = unpack_varint(u), ref = unpack_varint(u);
        if (u->bad || !group_time_sane(delta) || !group_time_sane(t + delta) || t + delta < before || weight > UINT32_MAX ||
            ref >= c->nrefs)
            return false;
        t += delta;
        before = t;
        window_add(&g->win, c->timespan, (struct stamp){t, (uint32_t)weight, (uint32_t)ref});
    }
    return !u->bad;
}

bool group_unpack(struct group *g, const struct rule *r, struct str state) {
    struct unpack u;
    unpack_init(&u, state);
    if (state.n > STATE_MAX || unpack_u8(&u) != VERSION)
        return false;
    g->open = unpack_u8(&u) != 0;
    g->until = unpack_i64(&u);
    g->first = unpack_i64(&u);
    g->last = unpack_i64(&u);
    g->seed[0] = unpack_u64(&u);
    g->seed[1] = unpack_u64(&u);
    if (u.bad || !group_time_sane(g->until) || !group_time_sane(g->first) || !group_time_sane(g->last) ||
        !unpack_stamps(g, r->corr, &u))
        return false;
    uint64_t n = unpack_varint(&u);
    for (uint64_t i = 0; i < n && !u.bad; i++) {
        uint64_t hash = unpack_u64(&u);
        int64_t last = unpack_i64(&u);
        struct distinct *d = u.bad || !group_time_sane(last) ? NULL : value_slot(g, r->corr, hash);
        if (!d)
            return false;
        d->last = last;
    }
    return unpack_done(&u);
}
