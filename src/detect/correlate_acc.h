/* SPDX-License-Identifier: ISC
 *
 * correlate_acc.h - what a stretch of stamps amounts to: events, different values, rules, a sum
 *
 * Stamps are added at one end and dropped at the other in O(1). Whether a percentile is beyond a bound is known from how many numbers
 * are; the percentile itself is reckoned from the stretch when it holds.
 * Numbers are decimal fractions of a millionth, summed exactly: no drift, and 0.1 + 0.2 is 0.3.
 */
#ifndef TOCSIN_DETECT_CORRELATE_ACC_H
#define TOCSIN_DETECT_CORRELATE_ACC_H

#include "detect/rule.h"
#include "detect/window.h"

#define CORR_NUMBER_MAX 1e18 /* a greater one is taken for none: sums of many stay exact */

__extension__ typedef __int128 corr_sum;

struct distinct;
struct under;
struct acc {
    const struct corr *c;
    uint64_t events;
    struct distinct *vals; /* value_count: how often each value stands in the stretch */
    uint32_t *seen;        /* temporal: how many stamps per rule */
    struct under *under; /* percentiles: how many numbers are below each bound */
    corr_sum sum;
};

/* Decimal digits, sign, point, exponent; blanks around. False for all else, and for what is not finite. */
bool corr_number(struct str s, double *out);

bool acc_init(struct acc *a, const struct corr *c); /* false without memory */
void acc_fini(struct acc *a);
void acc_clear(struct acc *a);
size_t acc_bytes(const struct acc *a); /* beyond the struct */
bool acc_add(struct acc *a, const struct stamp *s); /* false without memory */
void acc_drop(struct acc *a, const struct stamp *s);
/* Does the condition hold for the stretch [from, to) that was added? value: what it was compared with. closed: nothing more comes.
 * temporal_ordered without a condition string is not asked here: an order is no sum. */
bool acc_holds(const struct acc *a, const struct window *w, uint32_t from, uint32_t to, bool closed, double *value);
uint32_t acc_kinds(const struct acc *a); /* how many different values, or rules */
uint32_t acc_mask(const struct acc *a); /* temporal: the rules that were seen */

#endif
