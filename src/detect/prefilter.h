/* SPDX-License-Identifier: ISC
 *
 * prefilter.h - the literals of all rules in one Vectorscan database
 *
 * A rule's literals are a set of which at least one stands in the raw bytes of every message it can match; a rule without such a
 * set is a candidate whenever its log source fits. So the prefilter saves work and never changes a verdict.
 */
#ifndef TOCSIN_DETECT_PREFILTER_H
#define TOCSIN_DETECT_PREFILTER_H

#include "detect/rule.h"

bool prefilter_literals(struct ruleset *rs); /* gathers them; false without memory */
void prefilter_free(struct ruleset *rs);

void prefilter_platform(struct buf *out); /* appends what a compiled database depends on besides the literals: library and processor */

struct prefilter;                                          /* scratch of one matcher */
struct prefilter *prefilter_new(const struct ruleset *rs); /* NULL without a database, or without memory */
void prefilter_done(struct prefilter *p);
typedef void (*prefilter_fn)(void *ctx, uint32_t literal);
/* Calls fn once for each literal that stands in text; false when the scan failed: then everything is a candidate. */
bool prefilter_scan(struct prefilter *p, struct str text, prefilter_fn fn, void *ctx);

#endif
