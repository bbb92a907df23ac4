/* SPDX-License-Identifier: ISC
 *
 * need.h - the literals without which a condition cannot hold
 *
 * A need is a set of which at least one stands, without regard to case, in every text that matches; or nothing is known. The literals
 * of everything that is not certain are left out, so that the prefilter never changes a verdict.
 */
#ifndef TOCSIN_DETECT_NEED_H
#define TOCSIN_DETECT_NEED_H

#include "detect/rule.h"

#define NEED_SHORTEST 2 /* a shorter literal stands everywhere */

struct need need_one(struct arena *a, struct str literal);
void need_and(struct need *into, const struct need *b);                 /* the better of both */
void need_or(struct arena *a, struct need *into, const struct need *b); /* both, or nothing */
void needs_and(struct needs *into, const struct needs *b);              /* the two best of all */
void needs_or(struct arena *a, struct needs *into, const struct needs *b);
struct needs need_of_selection(const struct ruleset *rs, struct arena *a, const struct selection *s);

/* regex_literal.c: of a regular expression (PCRE). caseless: its letters are; an inline (?i) is seen as well. */
struct need need_of_regex(struct arena *a, struct str pattern, bool caseless);

#endif
