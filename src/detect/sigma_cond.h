/* SPDX-License-Identifier: ISC
 *
 * sigma_cond.h - a condition to a small program, and to the literals without which it cannot hold
 *
 *   or := and {"or" and}   and := not {"and" not}   not := ["not"] not | prim   prim := "(" or ")" | quant "of" (pattern|"them") | name
 *   quant := "1" | "any" | "all" | N
 * Names that begin with _ are no part of "of", unless the pattern begins with _ itself. A list of conditions is joined by OR.
 */
#ifndef TOCSIN_DETECT_SIGMA_COND_H
#define TOCSIN_DETECT_SIGMA_COND_H

#include "detect/rule.h"

/* node: the `condition:`; det has its selections. */
enum rc sigma_cond(struct ruleset *rs, const struct tree_node *node, struct detection *det, struct needs *needs, struct err *e);

/* Would it hold where none of its selections does? */
bool sigma_cond_of_nothing(const struct detection *d);

#endif
