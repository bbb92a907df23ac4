/* SPDX-License-Identifier: ISC
 *
 * window.c - the stamps of one group in order, in a ring
 *
 * Takes   a time, a weight, which rule it was, a value.
 * Gives   them back in order, whether they came in order or late.
 * Keeps   what it is given; whoever gives sees to the limit. The ring doubles.
 */
#include "detect/window.h"

#include <stdlib.h>
#include <string.h>

void window_init(struct window *w) {
    memset(w, 0, sizeof *w);
    w->cap = WINDOW_INLINE;
}

static bool is_inline(const struct window *w) {
    return w->cap == (w->is_wide ? 1 : WINDOW_INLINE);
}

void window_fini(struct window *w) {
    if (!is_inline(w))
        free(w->is_wide ? (void *)w->ring.wide : (void *)w->ring.narrow);
    window_init(w);
}

size_t window_bytes(const struct window *w) {
    return is_inline(w) ? 0 : w->cap * (w->is_wide ? sizeof(struct stamp) : sizeof(int64_t));
}

static uint32_t place(const struct window *w, uint32_t i) {
    uint32_t k = w->head + i;
    return k >= w->cap ? k - w->cap : k;
}

static const int64_t *times(const struct window *w) {
    return is_inline(w) ? w->ring.in : w->ring.narrow;
}

static const struct stamp *stamps(const struct window *w) {
    return is_inline(w) ? &w->ring.one : w->ring.wide;
}

int64_t window_time(const struct window *w, uint32_t i) {
    uint32_t k = place(w, i);
    return w->is_wide ? stamps(w)[k].t : times(w)[k];
}

struct stamp window_at(const struct window *w, uint32_t i) {
    uint32_t k = place(w, i);
    return w->is_wide ? stamps(w)[k] : (struct stamp){times(w)[k], 1, 0, 0};
}

static void put(struct window *w, uint32_t i, const struct stamp *s) {
    uint32_t k = place(w, i);
    if (w->is_wide)
        *(is_inline(w) ? &w->ring.one : &w->ring.wide[k]) = *s;
    else
        *(is_inline(w) ? &w->ring.in[k] : &w->ring.narrow[k]) = s->t;
}

/* To a ring of this many, wide when it is to be. */
static bool move(struct window *w, uint32_t cap, bool wide) {
    struct window to = {.n = w->n, .lo = w->lo, .cap = cap & 0x7fffffffu, .is_wide = wide};
    void *heap = is_inline(&to) ? NULL : malloc(cap * (wide ? sizeof *to.ring.wide : sizeof *to.ring.narrow));
    if (!is_inline(&to) && !heap)
        return false;
    if (wide && heap)
        to.ring.wide = heap;
    else if (heap)
        to.ring.narrow = heap;
    for (uint32_t i = 0; i < w->n; i++) {
        struct stamp s = window_at(w, i);
        put(&to, i, &s);
    }
    window_fini(w);
    *w = to;
    return true;
}

bool window_widen(struct window *w) {
    return w->is_wide || move(w, w->n <= 1 ? 1 : w->cap, true);
}

int64_t window_add(struct window *w, struct stamp s) {
    if ((s.weight != 1 || s.ref || s.value) && !window_widen(w))
        return -1;
    if (w->n == w->cap && (w->cap > INT32_MAX / 2 || !move(w, 2 * w->cap, w->is_wide)))
        return -1;
    uint32_t i = w->n++;
    for (; i > 0 && window_time(w, i - 1) > s.t; i--) {
        struct stamp before = window_at(w, i - 1);
        put(w, i, &before);
    }
    put(w, i, &s);
    return i;
}

void window_put(struct window *w, uint32_t i, struct stamp s) {
    put(w, i, &s);
}

void window_drop(struct window *w, uint32_t k) {
    k = k > w->n ? w->n : k;
    w->head = place(w, k);
    w->n -= k;
    w->lo -= k < w->lo ? k : w->lo;
}

void window_keep(struct window *w, uint32_t n) {
    w->n = n < w->n ? n : w->n;
    w->lo = w->lo < w->n ? w->lo : w->n;
}
