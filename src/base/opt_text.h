/* SPDX-License-Identifier: ISC
 *
 * opt_text.h - options as words: what a value may be, and what was wrong with it
 */
#ifndef TOCSIN_BASE_OPT_TEXT_H
#define TOCSIN_BASE_OPT_TEXT_H

#include "base/opt.h"

bool opt_bool(struct str s, bool *out);
/* "%s: \"%s\" is not a duration such as 15m or 2h, from 10s to 1h" */
void opt_refuse(const struct opt *row, struct str value, struct err *e);
/* "a duration such as 15m or 2h, from 10s to 1h" */
void opt_expected(const struct opt *row, struct buf *b);

#endif
