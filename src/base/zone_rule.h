/* SPDX-License-Identifier: ISC
 *
 * zone_rule.h - the POSIX rule in the footer of a TZif file ("CET-1CEST,M3.5.0,M10.5.0/3")
 */
#ifndef TOCSIN_BASE_ZONE_RULE_H
#define TOCSIN_BASE_ZONE_RULE_H

#include "base/str.h"

struct zone_day {
    char kind;         /* 'M' month.week.day, 'J' day of 365, '0' day of 366 from 0 */
    int mon, week, day;
    int32_t second;    /* of that day, local time; may lie outside of it (RFC 8536 3.3.1) */
};

struct zone_rule {
    bool known, summer;
    int32_t std, dst; /* seconds east */
    struct zone_day from, to;
};

bool zone_rule_parse(struct str s, struct zone_rule *r);
int32_t zone_rule_offset(const struct zone_rule *r, int64_t second);

#endif
