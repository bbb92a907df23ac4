/* SPDX-License-Identifier: ISC
 *
 * expand.h - %placeholders% of values, from the site's lists
 */
#ifndef TOCSIN_DETECT_EXPAND_H
#define TOCSIN_DETECT_EXPAND_H

#include "detect/rule.h"

#define EXPAND_MAX 20000

/* All values one value stands for, in the arena; itself when it has no placeholder. \% is a plain %. A placeholder without a list
 * stays as it is, and its name is noted in rs->lacking. False without memory, or when there are more than EXPAND_MAX. */
bool expand_draft(struct ruleset *rs, const struct draft *in, struct draft **out, size_t *n);
/* A draft as its author would have written it: the marks as * and ?. */
struct str expand_text(struct arena *a, const struct draft *d);

#endif
