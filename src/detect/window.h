/* SPDX-License-Identifier: ISC
 *
 * window.h - the times of what one group has seen, in order, in a bounded ring
 *
 * Stamps ascend by time; equal times stand in the order of arrival. A stamp in order is O(1); a late one is moved to its place.
 */
#ifndef TOCSIN_DETECT_WINDOW_H
#define TOCSIN_DETECT_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

struct stamp {
    int64_t t;
    uint32_t weight; /* events at this time; 0: a reminder that counts nothing */
    uint32_t ref;    /* which rule of the correlation */
};

enum window_full {
    WINDOW_DROP /* the oldest goes */,
    WINDOW_MERGE /* the oldest that was seen again since is added to its successor */
};

struct window {
    struct stamp *ring;
    uint32_t head, n, cap, max;
    uint32_t lo;  /* stamps before this one are outside the span that ends at the newest */
    uint64_t sum; /* weights from lo on */
    enum window_full full;
};

struct window_span { /* a stretch of stamps */
    uint64_t count;
    int64_t first, last;
};

void window_init(struct window *w, uint32_t max, enum window_full full); /* max >= 2 */
void window_fini(struct window *w);
void window_clear(struct window *w);
const struct stamp *window_at(const struct window *w, uint32_t i); /* 0 is the oldest */
/* Where the stamp stands now, or -1: older than everything in a full ring, or no memory. */
int64_t window_add(struct window *w, int64_t span, struct stamp s);
/* Is there a stretch of at most `span` with `least` events that holds the stamp at `i`? Gives the first such and its count. */
bool window_reached(const struct window *w, int64_t span, uint32_t i, uint64_t least, struct window_span *out);
/* What stands in the span that ends at t. */
void window_until(const struct window *w, int64_t span, int64_t t, struct window_span *out);

#endif
