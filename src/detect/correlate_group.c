/* SPDX-License-Identifier: ISC
 *
 * correlate_group.c - the state of one group of one correlation
 *
 * Takes   one time after the other.
 * Gives   whether the correlation fires at it, or folds it into what fired before.
 * Keeps   the stamps that decide (correlate_room.c).
 *
 * After firing the group folds until a span has passed without a match (or for `suppress`); then it starts empty, so that every
 * event is counted once: in what fired, in a fold, or not at all because it had left the window before.
 */
#include "detect/correlate_group.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool ordered(const struct corr *c) {
    return c->type == CORR_TEMPORAL_ORDERED;
}

bool group_time_sane(int64_t t) {
    return t > -INT64_C(4000000) * US_PER_DAY && t < INT64_C(4000000) * US_PER_DAY;
}

struct more *group_more(struct group *g, const struct rule *r) {
    size_t runs = ordered(r->corr) ? r->corr->nrefs : 0;
    if (g->more)
        return g->more;
    struct more *m = calloc(1, sizeof *m + runs * sizeof m->start[0]);
    if (!m || !acc_init(&m->acc, r->corr)) {
        if (m)
            acc_fini(&m->acc);
        free(m);
        return NULL;
    }
    m->due = NEVER;
    for (size_t k = 0; k < runs; k++)
        m->start[k] = INT64_MIN;
    g->more = m;
    return m;
}

bool group_init(struct group *g, const struct rule *r) {
    window_init(&g->win);
    return !r->corr->closes || group_more(g, r);
}

/* Fewer stamps are never enough, so nothing is reckoned before: a million sources that were seen once take little room. */
static uint32_t least_stamps(const struct corr *c) {
    switch (c->type) {
    case CORR_EVENT_COUNT:
        return UINT32_MAX; /* the ring alone counts, as long as every stamp is one event */
    case CORR_VALUE_COUNT:
        return c->at_least < UINT32_MAX ? (uint32_t)c->at_least : UINT32_MAX;
    case CORR_TEMPORAL_ORDERED:
        return (uint32_t)__builtin_popcount(c->positive);
    case CORR_TEMPORAL:
        return c->expr ? 1 : (uint32_t)c->at_least;
    default:
        return 1;
    }
}

void group_fini(struct group *g) {
    window_fini(&g->win);
    if (g->more)
        acc_fini(&g->more->acc);
    free(g->more);
    free(g->alarm);
    g->more = NULL;
    g->alarm = NULL;
}

static size_t more_bytes(const struct more *m) {
    return sizeof *m + (ordered(m->acc.c) ? m->acc.c->nrefs * sizeof m->start[0] : 0) + acc_bytes(&m->acc);
}

size_t group_bytes(const struct group *g) {
    return offsetof(struct group, key) + g->key_n + window_bytes(&g->win) + (g->more ? more_bytes(g->more) : 0) + (g->alarm ? sizeof *g->alarm : 0);
}

/* ---- runs in order */

static int64_t *run_add(const struct corr *c, const struct stamp *s, int64_t *start) {
    if (!(c->positive >> s->ref & 1))
        return NULL;
    int k = __builtin_popcount(c->positive & ((1u << s->ref) - 1));
    int64_t from = k ? start[k - 1] : s->t;
    if (from != INT64_MIN && from >= s->t - c->timespan && from > start[k])
        start[k] = from;
    return &start[k];
}

static bool run_whole(const struct corr *c, const int64_t *start, int64_t end) {
    int64_t from = start[__builtin_popcount(c->positive) - 1];
    return from != INT64_MIN && from >= end - c->timespan;
}

/* From the stamps; what they no longer say stays known. */
static void runs_again(struct group *g, const struct corr *c) {
    int64_t start[CORR_REFS_MAX];
    for (size_t k = 0; k < c->nrefs; k++)
        start[k] = INT64_MIN;
    for (uint32_t i = 0; i < g->win.n; i++) {
        struct stamp s = window_at(&g->win, i);
        run_add(c, &s, start);
    }
    for (size_t k = 0; k < c->nrefs; k++)
        g->more->start[k] = start[k] > g->more->start[k] ? start[k] : g->more->start[k];
}

bool group_ordered(const struct window *w, const struct corr *c, uint32_t from, uint32_t to, uint32_t least, uint32_t *at) {
    int64_t start[CORR_REFS_MAX];
    for (size_t k = 0; k < c->nrefs; k++)
        start[k] = INT64_MIN;
    for (uint32_t i = from; i < to; i++) {
        struct stamp s = window_at(w, i);
        if (run_add(c, &s, start) && i >= least && run_whole(c, start, s.t)) {
            *at = i;
            return true;
        }
    }
    return false;
}

/* ---- the stamps of the span that ends at the newest */

void group_acc_in(struct group *g, uint32_t i) {
    struct stamp s = window_at(&g->win, i);
    if (g->more && !g->more->acc.c->closes)
        acc_add(&g->more->acc, &s);
}

void group_acc_out(struct group *g, uint32_t i) {
    struct stamp s = window_at(&g->win, i);
    if (g->more && !g->more->acc.c->closes)
        acc_drop(&g->more->acc, &s);
}

static void slide(struct group *g, const struct corr *c) {
    int64_t from = window_time(&g->win, g->win.n - 1) - c->timespan;
    while (window_time(&g->win, g->win.lo) < from)
        group_acc_out(g, g->win.lo++);
}

void group_rebuild(struct group *g, const struct rule *r) {
    if (g->more)
        acc_clear(&g->more->acc);
    g->win.lo = 0;
    if (g->win.n == 0)
        return;
    int64_t from = window_time(&g->win, g->win.n - 1) - r->corr->timespan;
    while (window_time(&g->win, g->win.lo) < from)
        g->win.lo++;
    for (uint32_t i = g->win.lo; i < g->win.n; i++)
        group_acc_in(g, i);
    if (g->more && ordered(r->corr))
        runs_again(g, r->corr);
}

static void forget_stamps(struct group *g) {
    window_fini(&g->win);
    if (!g->more)
        return;
    if (!g->more->acc.c->closes) {
        acc_fini(&g->more->acc);
        free(g->more);
        g->more = NULL;
        return;
    }
    acc_clear(&g->more->acc);
    for (size_t k = 0; ordered(g->more->acc.c) && k < g->more->acc.c->nrefs; k++)
        g->more->start[k] = INT64_MIN;
}

int64_t group_put(struct group *g, const struct rule *r, const struct seen *s, struct fired *out) {
    struct stamp new = {s->t, s->reminder ? 0 : s->weight, s->ref, s->value};
    if (r->corr->type == CORR_EVENT_COUNT)
        new.ref = 0, new.value = 0;
    bool wide = new.weight != 1 || new.ref || new.value, had = g->more != NULL;
    if (!group_room(g, r, s->t, out) || (r->corr->type == CORR_EVENT_COUNT && wide && !group_more(g, r)))
        return -1;
    if (g->win.n >= group_stamps_max(r->corr))
        return group_merge(g, r->corr, &new);
    int64_t i = window_add(&g->win, new);
    bool first = i >= 0 && !g->more && g->win.n >= least_stamps(r->corr) && group_more(g, r);
    if (first || (i >= 0 && !had && g->more)) /* up to here the ring alone counted */
        group_rebuild(g, r);
    else if (i >= 0 && (uint32_t)i >= g->win.lo)
        group_acc_in(g, (uint32_t)i);
    else if (i >= 0)
        g->win.lo++;
    return i;
}

/* ---- does it hold */

static void tell(const struct group *g, uint32_t from, uint32_t to, struct fired *out) {
    out->count = 0;
    out->first = window_time(&g->win, from);
    out->last = window_time(&g->win, to - 1);
    for (uint32_t i = from; i < to; i++)
        out->count += window_at(&g->win, i).weight;
}

static bool holds_now(struct group *g, const struct corr *c, struct fired *out) {
    uint32_t lo = g->win.lo, n = g->win.n;
    int64_t end = window_time(&g->win, n - 1);
    if (!g->more && c->type != CORR_EVENT_COUNT)
        return false;
    if (ordered(c)) {
        out->value = __builtin_popcount(c->positive);
        return run_whole(c, g->more->start, end);
    }
    if (g->more)
        return acc_holds(&g->more->acc, &g->win, lo, n, false, &out->value);
    out->value = n - lo;
    return n - lo >= c->at_least;
}

/* A late stamp: every span that holds it and ends at a stamp is looked at, the earliest first. */
static bool holds_late(struct group *g, const struct corr *c, uint32_t i, struct fired *out) {
    struct acc a;
    bool holds = false;
    uint32_t lo = i, hi = i;
    int64_t t = window_time(&g->win, i);
    while (lo > 0 && window_time(&g->win, lo - 1) >= t - c->timespan)
        lo--;
    if (!acc_init(&a, c)) {
        acc_fini(&a);
        return false;
    }
    for (uint32_t k = lo; k < i; k++) {
        struct stamp s = window_at(&g->win, k);
        acc_add(&a, &s);
    }
    for (; !holds && hi < g->win.n && window_time(&g->win, hi) <= t + c->timespan; hi++) {
        struct stamp s = window_at(&g->win, hi);
        acc_add(&a, &s);
        for (; window_time(&g->win, lo) < s.t - c->timespan; lo++) {
            struct stamp old = window_at(&g->win, lo);
            acc_drop(&a, &old);
        }
        holds = acc_holds(&a, &g->win, lo, hi + 1, false, &out->value);
    }
    acc_fini(&a);
    if (holds)
        tell(g, lo, hi, out);
    return holds;
}

static bool ordered_late(struct group *g, const struct corr *c, uint32_t late, struct fired *out) {
    uint32_t at, lo, to = late;
    if (!g->more)
        return false;
    while (to < g->win.n && window_time(&g->win, to) <= window_time(&g->win, late) + c->timespan)
        to++;
    bool holds = group_ordered(&g->win, c, 0, to, late, &at);
    runs_again(g, c);
    if (!holds)
        return false;
    for (lo = at; lo > 0 && window_time(&g->win, lo - 1) >= window_time(&g->win, at) - c->timespan;)
        lo--;
    out->value = __builtin_popcount(c->positive);
    tell(g, lo, at + 1, out);
    return true;
}

/* Does some span with the late stamp hold enough? What stands nearest before it is mostly enough already: conditions decided at a sighting
 * never fail for there being more of the same. False: not known. */
#define KINDS_MAX 32
static bool surely(const struct group *g, const struct corr *c, uint32_t i) {
    uint64_t kinds[KINDS_MAX], n = 0;
    int64_t from = window_time(&g->win, i) - c->timespan;
    bool values = c->type == CORR_VALUE_COUNT;
    if ((c->type != CORR_EVENT_COUNT && !values) || (values && c->at_least > KINDS_MAX))
        return false;
    do {
        struct stamp s = window_at(&g->win, i);
        uint64_t k = 0;
        while (values && k < n && kinds[k] != s.value)
            k++;
        if (values && k == n)
            kinds[n++] = s.value;
        n += values ? 0 : s.weight;
    } while (n < c->at_least && i-- > 0 && window_time(&g->win, i) >= from);
    return n >= c->at_least;
}

/* The same without saying what it is that holds. */
static bool still_holds(struct group *g, const struct corr *c, uint32_t i, struct fired *out) {
    if (i + 1 < g->win.n)
        return ordered(c) ? ordered_late(g, c, i, out) : surely(g, c, i) || holds_late(g, c, i, out);
    slide(g, c);
    if (ordered(c) && g->more) {
        struct stamp s = window_at(&g->win, i);
        run_add(c, &s, g->more->start);
    }
    return holds_now(g, c, out);
}

static bool holds(struct group *g, const struct corr *c, uint32_t i, struct fired *out) {
    if (i + 1 < g->win.n)
        return ordered(c) ? ordered_late(g, c, i, out) : holds_late(g, c, i, out);
    if (!still_holds(g, c, i, out))
        return false;
    tell(g, g->win.lo, g->win.n, out);
    return true;
}

/* ---- one time */

enum step group_fire(struct group *g, const struct rule *r, int64_t at, const struct fired *out) {
    g->alarm = malloc(sizeof *g->alarm);
    if (!g->alarm)
        return STEP_NONE;
    *g->alarm = (struct alarm){out->first, out->last, r->info.suppress ? at + r->info.suppress : 0};
    return STEP_FIRED;
}

static bool silence_over(const struct alarm *a, const struct corr *c, int64_t t) {
    return a->until ? t >= a->until : t > a->last + c->timespan;
}

static enum step fold(struct group *g, const struct rule *r, const struct seen *s, bool chained, struct fired *out) {
    if (s->t < g->alarm->first - r->corr->timespan)
        return STEP_LATE;
    if (chained && !r->corr->closes) {
        int64_t i = group_put(g, r, s, out);
        out->holds = i >= 0 && still_holds(g, r->corr, (uint32_t)i, out);
    }
    if (s->reminder)
        return STEP_NONE;
    g->alarm->last = s->t > g->alarm->last ? s->t : g->alarm->last;
    return STEP_FOLDED;
}

static bool reminds_of(const struct group *g, uint32_t i, uint32_t ref) {
    struct stamp s = window_at(&g->win, i);
    return s.ref == ref && s.weight == 0;
}

/* A correlation that goes on holding reminds with every sighting. Between two reminders of the same a second apart at most, a third says nothing:
 * one that comes late is left out, and one that is the newest takes the place of the last. */
static bool says_nothing(struct group *g, const struct seen *s) {
    uint32_t n = g->win.n, i = n;
    if (!s->reminder || n < 2)
        return false;
    while (i > 0 && window_time(&g->win, i - 1) > s->t)
        i--;
    if (i > 0 && i < n)
        return reminds_of(g, i - 1, s->ref) && reminds_of(g, i, s->ref) && window_time(&g->win, i) - window_time(&g->win, i - 1) <= US_PER_S;
    if (i == n && reminds_of(g, n - 1, s->ref) && reminds_of(g, n - 2, s->ref) && s->t - window_time(&g->win, n - 2) <= US_PER_S) {
        if (g->win.lo < n)
            group_acc_out(g, n - 1);
        window_keep(&g->win, n - 1);
    }
    return false;
}

enum step group_step(struct group *g, const struct rule *r, const struct seen *s, int64_t now, bool chained, struct fired *out) {
    *out = (struct fired){.first = s->t, .last = s->t, .at = s->t};
    if (r->corr->silence)
        return group_step_closing(g, r, s, now, out);
    if (g->alarm && silence_over(g->alarm, r->corr, s->t)) {
        free(g->alarm);
        g->alarm = NULL;
        forget_stamps(g);
    }
    if (says_nothing(g, s))
        return STEP_NONE;
    if (g->alarm)
        return fold(g, r, s, chained, out);
    if (r->corr->closes)
        return group_step_closing(g, r, s, now, out);
    int64_t i = group_put(g, r, s, out);
    if (i < 0)
        return STEP_LATE;
    out->holds = holds(g, r->corr, (uint32_t)i, out);
    if (!out->holds || group_fire(g, r, s->t, out) != STEP_FIRED)
        return STEP_NONE;
    if (!chained)
        forget_stamps(g); /* nobody asks until the window has drained */
    return STEP_FIRED;
}

int64_t group_due(const struct group *g) {
    return g->more ? g->more->due : NEVER;
}

int64_t group_drained(const struct group *g, const struct rule *r) {
    int64_t at = g->alarm ? g->alarm->last : INT64_MIN;
    if (g->listed || group_due(g) != NEVER)
        return NEVER;
    if (g->win.n && window_time(&g->win, g->win.n - 1) > at)
        at = window_time(&g->win, g->win.n - 1);
    if (at == INT64_MIN)
        return INT64_MIN;
    at += r->corr->timespan + LATENESS;
    return g->alarm && g->alarm->until > at ? g->alarm->until : at;
}
