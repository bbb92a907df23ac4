/* SPDX-License-Identifier: ISC
 *
 * window.c - the times of what one group has seen, in order, in a bounded ring
 *
 * Takes   a time, a weight, and which rule it was.
 * Gives   exactly how many stand in a span, whether they came in order or late.
 * Keeps   at most `max` stamps; the ring doubles up to that.
 */
#include "detect/window.h"

#include <stdlib.h>

#define FIRST_CAP 2 /* most groups, and all of a flood of forged addresses, never see more */

void window_init(struct window *w, uint32_t max, enum window_full full) {
    *w = (struct window){.max = max < 2 ? 2 : max, .full = full};
}

void window_fini(struct window *w) {
    free(w->ring);
    *w = (struct window){.max = w->max, .full = w->full};
}

void window_clear(struct window *w) {
    w->head = w->n = w->lo = 0;
    w->sum = 0;
}

static struct stamp *at(const struct window *w, uint32_t i) {
    uint32_t k = w->head + i;
    return &w->ring[k >= w->cap ? k - w->cap : k];
}

const struct stamp *window_at(const struct window *w, uint32_t i) {
    return at(w, i);
}

static bool grow(struct window *w) {
    uint32_t cap = w->cap ? (w->cap > w->max / 2 ? w->max : 2 * w->cap) : (w->max < FIRST_CAP ? w->max : FIRST_CAP);
    struct stamp *ring = malloc(cap * sizeof *ring);
    if (!ring)
        return false;
    for (uint32_t i = 0; i < w->n; i++)
        ring[i] = *at(w, i);
    free(w->ring);
    w->ring = ring;
    w->cap = cap;
    w->head = 0;
    return true;
}

static void drop_first(struct window *w) {
    if (w->lo > 0)
        w->lo--;
    else
        w->sum -= at(w, 0)->weight;
    w->head = w->head + 1 == w->cap ? 0 : w->head + 1;
    w->n--;
}

static void measure(struct window *w, int64_t span) {
    w->lo = w->n;
    w->sum = 0;
    while (w->lo > 0 && at(w, w->lo - 1)->t >= at(w, w->n - 1)->t - span)
        w->sum += at(w, --w->lo)->weight;
}

/* The oldest stamp whose rule stands again behind it gives its weight to that one; so what was seen only once is never forgotten
 * because something else is noisy. */
static void merge_first(struct window *w) {
    for (uint32_t i = 0; i + 1 < w->n; i++)
        for (uint32_t k = i + 1; k < w->n; k++) {
            if (at(w, k)->ref != at(w, i)->ref)
                continue;
            uint64_t sum = (uint64_t)at(w, k)->weight + at(w, i)->weight;
            at(w, k)->weight = sum > UINT32_MAX ? UINT32_MAX : (uint32_t)sum;
            for (uint32_t m = i; m > 0; m--) /* close the gap from the front */
                *at(w, m) = *at(w, m - 1);
            at(w, 0)->weight = 0;
            w->lo = w->lo ? w->lo : 1; /* so that drop_first takes nothing from the sum; it is measured anew anyway */
            drop_first(w);
            return;
        }
    drop_first(w);
}

int64_t window_add(struct window *w, int64_t span, struct stamp s) {
    if (w->n == w->max) {
        if (s.t < at(w, 0)->t)
            return -1;
        if (w->full == WINDOW_MERGE)
            merge_first(w);
        else
            drop_first(w);
    }
    if (w->n == w->cap && !grow(w))
        return -1;
    uint32_t i = w->n++;
    for (; i > 0 && at(w, i - 1)->t > s.t; i--)
        *at(w, i) = *at(w, i - 1);
    *at(w, i) = s;
    if (i + 1 < w->n || w->full == WINDOW_MERGE) {
        measure(w, span);
        return i;
    }
    w->sum += s.weight;
    while (at(w, w->lo)->t < s.t - span)
        w->sum -= at(w, w->lo++)->weight;
    return i;
}

static void span_from(const struct window *w, uint32_t from, uint32_t to, uint64_t count, struct window_span *out) {
    *out = (struct window_span){count, at(w, from)->t, at(w, to)->t};
}

bool window_reached(const struct window *w, int64_t span, uint32_t i, uint64_t least, struct window_span *out) {
    if (i + 1 == w->n) { /* in order: already measured */
        if (w->sum < least)
            return false;
        span_from(w, w->lo, i, w->sum, out);
        return true;
    }
    uint32_t lo = i;
    uint64_t sum = 0;
    while (lo > 0 && at(w, lo - 1)->t >= at(w, i)->t - span)
        sum += at(w, --lo)->weight;
    for (uint32_t hi = i; hi < w->n && at(w, hi)->t <= at(w, i)->t + span; hi++) {
        sum += at(w, hi)->weight;
        while (at(w, lo)->t < at(w, hi)->t - span)
            sum -= at(w, lo++)->weight;
        if (sum >= least) {
            span_from(w, lo, hi, sum, out);
            return true;
        }
    }
    return false;
}

void window_until(const struct window *w, int64_t span, int64_t t, struct window_span *out) {
    *out = (struct window_span){0, t, t};
    for (uint32_t i = w->n; i > 0 && at(w, i - 1)->t >= t - span; i--)
        if (at(w, i - 1)->t <= t) {
            out->count += at(w, i - 1)->weight;
            out->first = at(w, i - 1)->t;
        }
}
