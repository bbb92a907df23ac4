/* SPDX-License-Identifier: ISC
 *
 * ruleset_link.h - what rules of one set say about each other
 */
#ifndef TOCSIN_DETECT_RULESET_LINK_H
#define TOCSIN_DETECT_RULESET_LINK_H

#include "detect/rule.h"

#define CORR_DEPTH_MAX 8 /* of correlations of correlations */

/* Refuses duplicates, correlations of rules that are not there and circles; then fixes indexes, filters, and which fields a
 * sighting must carry. false when a rule was refused (it is gone from the set, and its mistake is in es). */
bool ruleset_link(struct ruleset *rs, struct errs *es);

#endif
