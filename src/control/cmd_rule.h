/* SPDX-License-Identifier: ISC
 *
 * cmd_rule.h - what cmd_rule.c and cmd_coverage.c share
 */
#ifndef TOCSIN_CONTROL_CMD_RULE_H
#define TOCSIN_CONTROL_CMD_RULE_H

#include "base/json.h"
#include "control/rulebook.h"

void rule_percent(struct jw *w, const char *key, uint64_t part, uint64_t whole);
void rule_source(struct jw *w, const struct rulebook *b, size_t rule); /* "source": of its logsource: */
void rule_why(struct jw *w, const struct rule_info *i); /* why it is never asked, or null */
enum rc rule_denied(struct err *e); /* figures that are of all organisations */
void rule_refused(struct jw *w, const struct refused *r);

#endif
