/* SPDX-License-Identifier: ISC
 *
 * correlate_close.c - what is decided when a window closes: too few, exactly so many, this without that, silence
 *
 * Takes   sightings, which open windows; the time.
 * Gives   whether the condition holds for a window that closed.
 * Keeps   the stamps of the window. Of counts windows follow each other, the next opened by the first sighting behind the last; a
 *         condition over rules is looked at from every sighting of a positive one; silence begins with the last sighting.
 */
#include "detect/correlate_group.h"

#include <stdlib.h>

#include "detect/corr_expr.h"

#define RESUME_GRACE US_PER_MIN

static bool over_rules(const struct corr *c) {
    return c->expr != NULL;
}

static int64_t later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static bool opens(const struct corr *c, const struct stamp *s) {
    return !over_rules(c) || (c->positive >> s->ref & 1);
}

static enum step step_silence(struct group *g, const struct rule *r, const struct seen *s, int64_t now) {
    struct more *m = g->more;
    free(g->alarm); /* it is heard again */
    g->alarm = NULL;
    if (m->due != NEVER && s->t <= m->from)
        return STEP_NONE;
    m->from = s->t;
    m->lag = later(0, now - s->t);
    m->due = later(s->t, now) + r->corr->timespan;
    return STEP_NONE;
}

/* A condition such as `a or (b and not c)` may hold whatever comes. */
static bool certain(const struct group *g, const struct corr *c, struct fired *out) {
    uint32_t lo = g->win.n, seen = 0;
    int64_t end = window_time(&g->win, g->win.n - 1);
    if (!over_rules(c) || c->type != CORR_TEMPORAL || corr_expr_plain(c))
        return false;
    *out = (struct fired){.last = end, .at = out->at, .lost = out->lost};
    while (lo > 0 && window_time(&g->win, lo - 1) >= end - c->timespan) {
        struct stamp s = window_at(&g->win, --lo);
        seen |= 1u << s.ref;
        out->count += s.weight;
        out->first = s.t;
    }
    out->value = __builtin_popcount(seen);
    return corr_expr_holds(c, seen, false);
}

enum step group_step_closing(struct group *g, const struct rule *r, const struct seen *s, int64_t now, struct fired *out) {
    if (r->corr->silence)
        return step_silence(g, r, s, now);
    int64_t i = group_put(g, r, s, out);
    if (i < 0)
        return STEP_LATE;
    struct stamp new = window_at(&g->win, (uint32_t)i);
    g->more->lag = later(0, now - s->t);
    if (g->more->due == NEVER && opens(r->corr, &new))
        g->more->due = later(s->t, now) + r->corr->timespan;
    if (!certain(g, r->corr, out))
        return STEP_NONE;
    if (group_fire(g, r, s->t, out) != STEP_FIRED)
        return STEP_NONE;
    window_fini(&g->win);
    g->more->due = NEVER;
    return STEP_FIRED;
}

void group_watch(struct group *g, const struct rule *r, int64_t from) {
    g->listed = true;
    if (g->more->due != NEVER || g->alarm)
        return;
    g->more->from = from;
    g->more->due = from + r->corr->timespan;
}

/* ---- a window closes */

static bool window_holds(struct group *g, const struct corr *c, uint32_t from, uint32_t to, struct fired *out) {
    struct acc a;
    bool holds = acc_init(&a, c);
    for (uint32_t i = from; holds && i < to; i++) {
        struct stamp s = window_at(&g->win, i);
        holds = acc_add(&a, &s);
        out->first = i == from ? s.t : out->first;
        out->last = s.t;
    }
    out->count = a.events;
    holds = holds && acc_holds(&a, &g->win, from, to, true, &out->value);
    acc_fini(&a);
    if (holds && c->type == CORR_TEMPORAL_ORDERED) {
        uint32_t at;
        holds = group_ordered(&g->win, c, from, to, from, &at);
    }
    return holds;
}

/* Behind the window that fired: what is near enough folds, the rest opens the next. */
static void behind(struct group *g, const struct rule *r, struct fired *out) {
    const struct corr *c = r->corr;
    for (; g->win.n; window_drop(&g->win, 1)) {
        struct stamp s = window_at(&g->win, 0);
        if (g->alarm->until ? s.t >= g->alarm->until : s.t > g->alarm->last + c->timespan)
            break;
        out->tail.first = out->tail.count ? out->tail.first : s.t;
        out->tail.last = s.t;
        out->tail.count += s.weight;
        g->alarm->last = later(g->alarm->last, s.t);
    }
    if (g->win.n) {
        free(g->alarm);
        g->alarm = NULL;
    }
}

static void next_window(struct group *g, const struct rule *r, int64_t end, int64_t now, bool final) {
    const struct corr *c = r->corr;
    uint32_t i = 0;
    g->more->due = NEVER;
    for (; i < g->win.n; i++) {
        struct stamp s = window_at(&g->win, i);
        if (opens(c, &s)) {
            g->more->due = s.t + c->timespan + g->more->lag;
            return;
        }
    }
    if (g->listed && !g->alarm && !final && !over_rules(c)) { /* one that is listed is watched though nothing comes */
        g->more->from = later(end, now - c->timespan);
        g->more->due = g->more->from + c->timespan;
    }
}

static enum step close_silence(struct group *g, const struct rule *r, struct fired *out) {
    *out = (struct fired){.first = g->more->from, .last = g->more->from, .at = g->more->from + r->corr->timespan};
    g->more->due = NEVER;
    return group_fire(g, r, out->at, out);
}

enum step group_close(struct group *g, const struct rule *r, int64_t now, bool final, struct fired *out) {
    const struct corr *c = r->corr;
    uint32_t from = 0, to;
    enum step step = STEP_NONE;
    if (c->silence)
        return close_silence(g, r, out);
    for (struct stamp s; over_rules(c) && from < g->win.n; from++)
        if (s = window_at(&g->win, from), opens(c, &s))
            break;
    int64_t begin = from < g->win.n ? window_time(&g->win, from) : g->more->from;
    if (g->listed && !over_rules(c) && g->more->from < begin && g->more->from + c->timespan >= begin)
        begin = g->more->from;
    int64_t end = begin + c->timespan;
    for (to = from; to < g->win.n && window_time(&g->win, to) <= end;)
        to++;
    *out = (struct fired){.first = begin, .last = begin, .at = end};
    bool holds = window_holds(g, c, from, to, out);
    out->at = end;
    if (holds)
        step = group_fire(g, r, end, out);
    if (step == STEP_FIRED || !over_rules(c))
        window_drop(&g->win, to);
    else
        window_drop(&g->win, from + 1);
    if (step == STEP_FIRED)
        behind(g, r, out);
    g->more->from = end;
    next_window(g, r, end, now, final);
    return step;
}

void group_resume(struct group *g, const struct rule *r, int64_t now) {
    if (group_due(g) == NEVER)
        return;
    if (r->corr->silence) {
        g->more->from = later(g->more->from, now);
        g->more->due = later(g->more->due, now + r->corr->timespan);
    } else {
        g->more->due = later(g->more->due, now + (r->corr->timespan < RESUME_GRACE ? r->corr->timespan : RESUME_GRACE));
    }
}
