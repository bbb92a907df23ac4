/* SPDX-License-Identifier: ISC
 *
 * rule_about.h - what a person may want to know about a rule beyond rule_info, from the document it was read from
 */
#ifndef TOCSIN_DETECT_RULE_ABOUT_H
#define TOCSIN_DETECT_RULE_ABOUT_H

#include "detect/ruleset.h"

const struct tree_node *rule_about_doc(const struct ruleset *rs, size_t rule); /* as it was read; lives as long as the set */
/* "linux/process_creation/auditd" of product, category, service; "-" for what is not said; "correlation" for one. */
void rule_about_source(const struct ruleset *rs, size_t rule, struct buf *out);
/* Why it is never asked, in words; nothing when it is. */
void rule_about_why(const struct rule_info *info, struct buf *out);
/* The correlations that name it, as indexes: at most max of them; gives how many. */
size_t rule_about_parents(const struct ruleset *rs, size_t rule, uint32_t *out, size_t max);
/* The filters attached to it, as indexes for filter_info. */
size_t rule_about_filters(const struct ruleset *rs, size_t rule, uint32_t *out, size_t max);
/* How a field is called that every source of it shares: our name for an alias, the name itself otherwise. */
struct str rule_about_field(struct str name);

/* By id, name, title (without case), or the first bytes of an id when they are of one rule only (4 at least). RC_NOTFOUND with the
 * nearest as a hint, RC_CONFLICT when they could be several. */
enum rc rule_about_find(const struct ruleset *rs, struct str what, uint32_t *out, struct err *e);

#endif
