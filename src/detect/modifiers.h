/* SPDX-License-Identifier: ISC
 *
 * modifiers.h - "field|mod|mod: value" to the values a matcher compares
 */
#ifndef TOCSIN_DETECT_MODIFIERS_H
#define TOCSIN_DETECT_MODIFIERS_H

#include "detect/rule.h"

enum date_part { PART_NONE, PART_MINUTE, PART_HOUR, PART_DAY, PART_WEEK, PART_MONTH, PART_YEAR };

/* Fills `it` from a node of a selection (a map's member, or with keyword a scalar or list). Regexes are noted in rs to be freed.
 * On a mistake e says where and what. */
enum rc modifiers_apply(struct ruleset *rs, const struct tree_node *n, bool keyword, struct item *it, struct err *e);

/* A whole text as a decimal number: sign, digits, fraction, exponent; nothing else. */
bool modifiers_number(struct str s, double *out);
/* An address to 16 bytes (IPv4 mapped) with *v6 false for IPv4, mapped too; brackets and zones are not understood. */
bool modifiers_address(struct str s, uint8_t out[16], bool *v6);

/* For the manual: row i, false behind the last. */
bool modifiers_at(size_t i, const char **word, const char **help);

#endif
