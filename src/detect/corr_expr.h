/* SPDX-License-Identifier: ISC
 *
 * corr_expr.h - a condition over the rules of a correlation: "failed and not (logout or lockout)"
 *
 * Compiled to postfix (enum corr_code of rule.h). Rules are seen or not seen yet; what is not seen yet may still come, so before the
 * window closes a `not` holds only when nothing that comes can break it.
 */
#ifndef TOCSIN_DETECT_CORR_EXPR_H
#define TOCSIN_DETECT_CORR_EXPR_H

#include "detect/rule.h"

/* Reads `n` into c->expr, c->positive and c->closes; false with the mistake in e. Names are those of `rules:`. */
bool corr_expr_read(struct ruleset *rs, const struct tree_node *n, struct corr *c, struct err *e);
/* seen: bit per reference. closed: nothing more comes. */
bool corr_expr_holds(const struct corr *c, uint32_t seen, bool closed);
/* Nothing but `and` and `not` of single rules: all that an order can be asked of. */
bool corr_expr_plain(const struct corr *c);

#endif
