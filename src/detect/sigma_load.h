/* SPDX-License-Identifier: ISC
 *
 * sigma_load.h - one YAML document to one rule, correlation or filter
 *
 * Each reader fills its part and returns false with the mistake in e (file:line:col set). Nothing refers to another document yet:
 * that is ruleset.c's.
 */
#ifndef TOCSIN_DETECT_SIGMA_LOAD_H
#define TOCSIN_DETECT_SIGMA_LOAD_H

#include "detect/rule.h"

enum sigma_kind { SIGMA_NONE, SIGMA_DETECTION, SIGMA_CORRELATION, SIGMA_FILTER };
enum sigma_kind sigma_kind(const struct tree_node *root);

bool sigma_rule(struct ruleset *rs, const struct tree_node *root, struct rule *r, struct err *e);
bool sigma_filter(struct ruleset *rs, const struct tree_node *root, struct filter *f, struct err *e);

bool sigma_detection(struct ruleset *rs, const struct tree_node *map, const struct tree_node *condition, struct detection *d,
                     struct needs *needs, struct err *e); /* map: selections; keys condition, rules are passed over */
bool sigma_correlation(struct ruleset *rs, const struct tree_node *root, struct rule *r, struct err *e);
bool sigma_site(struct ruleset *rs, const struct tree_node *block, struct rule *r,
                struct err *e); /* the tocsin: block, may be NULL */

/* sigma_about.c: what stands around it. */
bool sigma_about(const struct tree_node *root, struct rule *r, struct err *e);
bool sigma_title(const struct tree_node *root, struct str *out, struct err *e); /* and all keys people read; filters, too */

/* A scalar or a list of scalars to texts in the arena; false with an error otherwise. */
bool sigma_texts(struct ruleset *rs, const struct tree_node *n, struct str **v, size_t *count, struct err *e);
/* yes, no, true, false; an error otherwise. */
bool sigma_bool(const struct tree_node *n, bool *out, struct err *e);

#endif
