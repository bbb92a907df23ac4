/* SPDX-License-Identifier: ISC
 *
 * regex.h - PCRE2 with a bound on what a stranger's text can make it do
 */
#ifndef TOCSIN_DETECT_REGEX_H
#define TOCSIN_DETECT_REGEX_H

#include "base/str.h"

struct pcre2_real_code_8;
enum { REGEX_CASELESS = 1u, REGEX_LINES = 2u, REGEX_DOTALL = 4u };

/* NULL with the reason in why. Compiled to machine code when the system lets us, interpreted otherwise. */
struct pcre2_real_code_8 *regex_new(struct str pattern, uint32_t flags, char *why, size_t size);
void regex_free(struct pcre2_real_code_8 *re);

struct regex_scratch; /* one per matcher */
struct regex_scratch *regex_scratch_new(void);
void regex_scratch_free(struct regex_scratch *s);
enum regex_answer { REGEX_NO, REGEX_YES, REGEX_GAVE_UP /* a limit was reached: counts as no */ };
enum regex_answer regex_match(struct regex_scratch *s, const struct pcre2_real_code_8 *re, struct str text);

#endif
