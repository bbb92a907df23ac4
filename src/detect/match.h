/* SPDX-License-Identifier: ISC
 *
 * match.h - which rules a message matches
 *
 * Two steps, so that a harmless line costs no normalising: match_scan looks for the literals of all rules in the message; only when
 * it says so are fields made and match_eval asked. No allocation, no system call after matcher_new.
 */
#ifndef TOCSIN_DETECT_MATCH_H
#define TOCSIN_DETECT_MATCH_H

#include "detect/ruleset.h"

struct matcher; /* scratch of one worker; borrows the rule set */
struct matcher *matcher_new(const struct ruleset *rs, bool prefilter);
void matcher_free(struct matcher *mt);

/* Sets m->tags (log source gating) and gives the number of candidate rules. Of a message whose fields are made already the
 * values that do not stand in raw are searched too. */
size_t match_scan(struct matcher *mt, struct message *m);
/* Evaluates the candidates of the last match_scan on this message, whose fields are made by now. Writes rule indexes, ascending;
 * gives their number (at most max; more are counted). */
size_t match_eval(struct matcher *mt, const struct message *m, uint32_t *hits, size_t max);

/* How many rules the log source of the last scanned message leaves to be asked: 0 = no rule could be about it. */
size_t match_open(const struct matcher *mt);

/* For explain: the first selection item of a rule that failed on m, in words ("user|contains wanted 'root', found 'bob'");
 * false when the rule matched or its log source does not fit. */
bool match_why_not(struct matcher *mt, const struct message *m, uint32_t rule, struct buf *out);

/* What filters took away in the last match_eval: a rule whose condition held, and the filter that says it does not count. The first
 * few; all are counted. */
struct match_exclusion {
    uint32_t rule, filter;
};
size_t match_excluded(const struct matcher *mt, const struct match_exclusion **v);

struct match_stats {
    uint64_t scanned, candidates, matched, regex_limit, hits_dropped, missing_group_field;
};
const struct match_stats *matcher_stats(const struct matcher *mt);

struct match_rule_stats { /* of one rule since matcher_new */
    uint64_t asked;    /* was a candidate */
    uint64_t matched;  /* and its condition held */
    uint64_t excluded; /* but a filter took the message away; not in matched */
    uint64_t ns;       /* spent in its condition: one message in 64 is measured and counts 64 times */
    uint64_t limit;    /* times one of its regular expressions ran into its limit: taken as no match */
    int64_t last;      /* time of the last message that matched, us; 0 = none */
};
const struct match_rule_stats *matcher_rule(const struct matcher *mt, uint32_t rule); /* NULL when there is no such rule */
uint64_t matcher_filter(const struct matcher *mt, size_t filter); /* messages a filter took away from rules */

#endif
