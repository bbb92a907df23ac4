/* SPDX-License-Identifier: ISC
 *
 * json_check.h - is this JSON text, all of it and nothing else?
 */
#ifndef TOCSIN_BASE_JSON_CHECK_H
#define TOCSIN_BASE_JSON_CHECK_H

#include "base/err.h"
#include "base/str.h"

#define JSON_DEPTH_MAX 32
#define JSON_MEMBERS_MAX 65536 /* of all maps of one text, names are remembered to find duplicates */

/* RFC 8259 exactly; UTF-8 well formed; no U+0000 and no lone surrogate in \u form; no name twice in a map (compared after unescaping);
 * depth <= JSON_DEPTH_MAX; integers fit int64, other numbers are finite doubles. The sentence names line and column. zeros: U+0000 is
 * let into values. */
enum rc json_check(struct str text, bool zeros, struct err *e);

#endif
