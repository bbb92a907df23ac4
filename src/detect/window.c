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

static bool is_brief(const struct window *w) {
    return !w->is_wide && !w->is_narrow;
}

static bool is_inline(const struct window *w) {
    return w->is_wide ? w->cap == 1 : is_brief(w) && w->cap == WINDOW_INLINE;
}

static void *heap_of(const struct window *w) {
    if (is_inline(w))
        return NULL;
    return w->is_wide ? (void *)w->ring.wide : w->is_narrow ? (void *)w->ring.narrow : (void *)w->ring.brief.at.more;
}

void window_fini(struct window *w) {
    free(heap_of(w));
    window_init(w);
}

static size_t stamp_bytes(const struct window *w) {
    return w->is_wide ? sizeof(struct stamp) : w->is_narrow ? sizeof(int64_t) : sizeof(uint32_t);
}

size_t window_bytes(const struct window *w) {
    return is_inline(w) ? 0 : w->cap * stamp_bytes(w);
}

static uint32_t place(const struct window *w, uint32_t i) {
    uint32_t k = w->head + i;
    return k >= w->cap ? k - w->cap : k;
}

static uint32_t *briefs(const struct window *w) {
    return is_inline(w) ? (uint32_t *)(uintptr_t)w->ring.brief.at.in : w->ring.brief.at.more;
}

static struct stamp *stamps(const struct window *w) {
    return is_inline(w) ? (struct stamp *)(uintptr_t)&w->ring.one : w->ring.wide;
}

int64_t window_time(const struct window *w, uint32_t i) {
    uint32_t k = place(w, i);
    return w->is_wide ? stamps(w)[k].t : w->is_narrow ? w->ring.narrow[k] : w->ring.brief.base + briefs(w)[k];
}

struct stamp window_at(const struct window *w, uint32_t i) {
    return w->is_wide ? stamps(w)[place(w, i)] : (struct stamp){window_time(w, i), 1, 0, 0};
}

static void put(struct window *w, uint32_t i, const struct stamp *s) {
    uint32_t k = place(w, i);
    if (w->is_wide)
        stamps(w)[k] = *s;
    else if (w->is_narrow)
        w->ring.narrow[k] = s->t;
    else
        briefs(w)[k] = (uint32_t)(s->t - w->ring.brief.base);
}

/* To a ring of this many, of the kind that `to` says. base: of a brief one. */
static bool move(struct window *w, struct window to, uint32_t cap, int64_t base) {
    to.n = w->n;
    to.lo = w->lo;
    to.head = 0;
    to.cap = cap & 0x3fffffffu;
    void *heap = is_inline(&to) ? NULL : malloc(cap * stamp_bytes(&to));
    if (!is_inline(&to) && !heap)
        return false;
    if (is_brief(&to))
        to.ring.brief.base = base;
    if (to.is_wide && heap)
        to.ring.wide = heap;
    else if (to.is_narrow)
        to.ring.narrow = heap;
    else if (heap)
        to.ring.brief.at.more = heap;
    for (uint32_t i = 0; i < w->n; i++) {
        struct stamp s = window_at(w, i);
        put(&to, i, &s);
    }
    window_fini(w);
    *w = to;
    return true;
}

/* A brief ring begins anew where it has to, or becomes a narrow one. */
static bool fit(struct window *w, int64_t t) {
    if (!is_brief(w) || (w->n && t >= w->ring.brief.base && t - w->ring.brief.base <= UINT32_MAX))
        return true;
    if (w->n == 0) {
        w->ring.brief.base = t;
        return true;
    }
    int64_t oldest = window_time(w, 0), newest = window_time(w, w->n - 1);
    int64_t from = t < oldest ? t : oldest, to = t > newest ? t : newest;
    bool narrow = to - from > UINT32_MAX; /* times are sane: no difference overflows */
    return move(w, (struct window){.is_narrow = narrow}, w->cap, from);
}

bool window_widen(struct window *w) {
    return w->is_wide || move(w, (struct window){.is_wide = 1}, w->n <= 1 ? 1 : w->cap, 0);
}

int64_t window_add(struct window *w, struct stamp s) {
    if ((s.weight != 1 || s.ref || s.value) && !window_widen(w))
        return -1;
    if (!fit(w, s.t))
        return -1;
    struct window kind = {.is_wide = w->is_wide, .is_narrow = w->is_narrow};
    if (w->n == w->cap && (w->cap > INT32_MAX / 4 || !move(w, kind, 2 * w->cap, is_brief(w) ? w->ring.brief.base : 0)))
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
