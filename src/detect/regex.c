/* SPDX-License-Identifier: ISC
 *
 * regex.c - PCRE2 with a bound on what a stranger's text can make it do
 *
 * Takes   patterns of rules and texts of strangers.
 * Gives   yes, no, or "gave up" when the match limit (100,000 steps), the heap limit or the stack was reached.
 * Keeps   match data and the stacks, made once: the interpreter takes more only for deeply branching patterns, within its limit.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "detect/regex.h"

#include <pcre2.h>
#include <stdlib.h>

#define MATCH_LIMIT 100000
#define HEAP_LIMIT_KIB 4096
#define PATTERN_MAX 16384

struct regex_scratch {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
};

struct pcre2_real_code_8 *regex_new(struct str pattern, uint32_t flags, char *why, size_t size) {
    /* A rule may not switch the limits off with (*LIMIT_MATCH=...): PCRE2 only lets it lower them. */
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    options |= (flags & REGEX_CASELESS ? PCRE2_CASELESS : 0u) | (flags & REGEX_LINES ? PCRE2_MULTILINE : 0u) |
               (flags & REGEX_DOTALL ? PCRE2_DOTALL : 0u);
    int code = 0;
    PCRE2_SIZE at = 0;
    if (pattern.n > PATTERN_MAX) {
        str_copy(why, size, STR("it is too long"));
        return NULL;
    }
    pcre2_code *re = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n, options, &code, &at, NULL);
    if (!re) {
        if (pcre2_get_error_message(code, (PCRE2_UCHAR *)why, size) < 0)
            str_copy(why, size, STR("unknown error"));
        return NULL;
    }
    pcre2_jit_compile(re, PCRE2_JIT_COMPLETE); /* a hardened unit forbids it; then the interpreter answers */
    return re;
}

void regex_free(struct pcre2_real_code_8 *re) {
    pcre2_code_free(re);
}

struct regex_scratch *regex_scratch_new(void) {
    struct regex_scratch *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->data = pcre2_match_data_create(1, NULL);
    s->context = pcre2_match_context_create(NULL);
    if (!s->data || !s->context) {
        regex_scratch_free(s);
        return NULL;
    }
    pcre2_set_match_limit(s->context, MATCH_LIMIT);
    pcre2_set_heap_limit(s->context, HEAP_LIMIT_KIB);
    s->stack = pcre2_jit_stack_create(32 * 1024, 512 * 1024, NULL); /* NULL without JIT: its own 32 KiB or the interpreter */
    if (s->stack)
        pcre2_jit_stack_assign(s->context, NULL, s->stack);
    return s;
}

void regex_scratch_free(struct regex_scratch *s) {
    if (!s)
        return;
    pcre2_match_data_free(s->data);
    pcre2_match_context_free(s->context);
    pcre2_jit_stack_free(s->stack);
    free(s);
}

enum regex_answer regex_match(struct regex_scratch *s, const struct pcre2_real_code_8 *re, struct str text) {
    int r = pcre2_match(re, (PCRE2_SPTR)(text.p ? text.p : ""), text.n, 0, 0, s->data, s->context);
    return r >= 0 ? REGEX_YES : r == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_GAVE_UP;
}
