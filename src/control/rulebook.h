/* SPDX-License-Identifier: ISC
 *
 * rulebook.h - what is known of the rules in force: what each did since the daemon started, which fields were filled, who was heard
 *
 * Counts are kept by a rule's id, so that they live through a reload. Inside control only.
 */
#ifndef TOCSIN_CONTROL_RULEBOOK_H
#define TOCSIN_CONTROL_RULEBOOK_H

#include "base/table.h"
#include "detect/refused.h"
#include "detect/ruleset.h"

struct book_rule {
    uint64_t asked, matched, excluded, ns, limit;
    int64_t last; /* time of what matched last; 0 = nothing since */
};
struct book_program {
    uint64_t lines;
    int64_t last;
    bool ruled, read;
};
struct rulebook {
    const struct ruleset *rules; /* NULL before the first generation */
    struct str refused;
    size_t nrefused, nsamples;
    int64_t since;
    struct table *counts;   /* id -> struct book_rule */
    struct table *filters;  /* id -> uint64_t */
    struct table *fields;   /* name -> bool: had a value */
    struct table *programs; /* name -> struct book_program */
    uint64_t others;        /* lines of programs there was no room for */
};
struct rulebook *rulebook_new(int64_t now); /* NULL without memory */
void rulebook_free(struct rulebook *b);

struct book_rule rulebook_rule(const struct rulebook *b, struct str id); /* zeros when nothing is known */
uint64_t rulebook_filter(const struct rulebook *b, const struct filter_info *info);
bool rulebook_filled(const struct rulebook *b, struct str field); /* as a rule spells it */
uint64_t rulebook_ns(const struct rulebook *b);                   /* of all rules in force */
const char *rulebook_status(enum rule_status s);                  /* "not-applicable": as the client and the API say it */

#endif
