/* SPDX-License-Identifier: ISC
 *
 * window.h - the stamps of one group in order, in a ring
 *
 * Stamps ascend by time; equal times stand in the order of arrival. While every stamp is one event of one rule with no value it is kept
 * as its time alone: as 4 bytes behind a common beginning as long as they lie within an hour of each other (2^32 us), else as 8. The first that
 * is more makes the ring a wide one. Four short stamps, or a wide one, need no memory of their own.
 */
#ifndef TOCSIN_DETECT_WINDOW_H
#define TOCSIN_DETECT_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stamp {
    int64_t t;
    uint32_t weight; /* events at this time; 0: a reminder that counts nothing */
    uint32_t ref;    /* which rule of the correlation */
    uint64_t value;  /* the hash of a value, or the bits of a number */
};

#define WINDOW_INLINE 4

struct window {
    union {
        struct {
            int64_t base;
            union {
                uint32_t in[WINDOW_INLINE];
                uint32_t *more;
            } at;
        } brief;
        int64_t *narrow;
        struct stamp one;
        struct stamp *wide;
    } ring;
    uint32_t head, n, lo; /* lo: what stands before it is outside the span that ends at the newest */
    uint32_t cap : 30, is_narrow : 1, is_wide : 1; /* neither: brief */
};

void window_init(struct window *w);
void window_fini(struct window *w); /* and as window_init left it */
size_t window_bytes(const struct window *w); /* beyond the struct */
struct stamp window_at(const struct window *w, uint32_t i); /* 0 is the oldest */
int64_t window_time(const struct window *w, uint32_t i);
/* Where the stamp stands now, or -1 without memory. Does not move lo. */
int64_t window_add(struct window *w, struct stamp s);
void window_put(struct window *w, uint32_t i, struct stamp s); /* in place of what stands there; the order is the caller's */
void window_drop(struct window *w, uint32_t k);                /* the k oldest */
void window_keep(struct window *w, uint32_t n);                /* the n oldest */
bool window_widen(struct window *w);

#endif
