/* SPDX-License-Identifier: ISC
 *
 * eval.h - whether a detection holds for a message whose fields are made
 */
#ifndef TOCSIN_DETECT_EVAL_H
#define TOCSIN_DETECT_EVAL_H

#include "detect/regex.h"
#include "detect/rule.h"

/* Which pairs of bytes stand in the texts of an item, without case, hashed: of a long list of values most are ruled out by one look. */
#define EVAL_PAIRS 1024
struct eval_pairs {
    const struct item *item; /* whose texts, and those of every item with its field; NULL: nobody's yet */
    uint64_t w[EVAL_PAIRS / 64];
};

struct eval {
    const struct message *m;
    struct regex_scratch *regex;
    uint64_t *gave_up; /* regexes that reached a limit are counted here */
    struct eval_pairs pairs;
};

bool eval_detection(struct eval *ev, const struct detection *d);
/* The condition of the rule holds, and no filter takes the message away; else *by is the filter that does, or NULL. */
bool eval_rule(struct eval *ev, const struct rule *r, const struct filter **by);
/* The first item of a selection the condition needs that failed, in words; false when there is none to name. */
bool eval_why_not(struct eval *ev, const struct rule *r, struct buf *out);

#endif
