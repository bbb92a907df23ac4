/* SPDX-License-Identifier: ISC
 *
 * str.h - a borrowed run of bytes
 *
 * p may be NULL only when n is 0. The bytes are not NUL-terminated and may hold NULs. "Absent" and "empty" differ where a reader
 * needs it: absent is p == NULL.
 */
#ifndef TOCSIN_BASE_STR_H
#define TOCSIN_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *p;
    size_t n;
};

#define STR(lit) ((struct str){"" lit, sizeof(lit) - 1})
#define STR_NONE ((struct str){NULL, 0})
#define STR_FMT(s) (int)(s).n, (s).p ? (s).p : "" /* for "%.*s" */

/* Here, and not calls: every log line takes dozens of these. */
static inline struct str str_of(const char *cstr) { /* NULL gives STR_NONE */
    return cstr ? (struct str){cstr, strlen(cstr)} : STR_NONE;
}

static inline struct str str_n(const void *p, size_t n) {
    return (struct str){p, n};
}

static inline bool str_absent(struct str s) {
    return !s.p;
}

static inline bool str_eq(struct str a, struct str b) {
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_starts(struct str s, struct str prefix) {
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

/* Clamped to s. */
static inline struct str str_sub(struct str s, size_t from, size_t to) {
    if (to > s.n)
        to = s.n;
    if (from > to)
        from = to;
    return s.p ? (struct str){s.p + from, to - from} : s;
}

bool str_is(struct str a, const char *cstr);
bool str_eqi(struct str a, struct str b); /* ASCII case folding only */
int str_cmp(struct str a, struct str b);  /* memcmp order, then length */
bool str_ends(struct str s, struct str suffix);
size_t str_chr(struct str s, char c);             /* index, or SIZE_MAX */
size_t str_find(struct str s, struct str needle); /* index, or SIZE_MAX */
struct str str_trim(struct str s);                        /* blanks and tabs, CR, LF at both ends */
/* Cuts s at the first `c`: gives what stands before it and moves s behind it; without c gives all and leaves s absent. */
struct str str_cut(struct str *s, char c);
/* Whole string, decimal digits only, no sign, no blank; false on anything else or on overflow beyond max. */
bool str_u64(struct str s, uint64_t max, uint64_t *out);
bool str_i64(struct str s, int64_t *out); /* optional leading '-' */
/* "90", "5m", "2h", "1h30m", "7d", "2w" to microseconds (a bare number is seconds; "250ms" is allowed). */
bool str_duration(struct str s, int64_t *us);
bool str_size(struct str s, uint64_t *bytes); /* "64KiB", "8MiB", "1GiB", bare = bytes */
char *str_dup(struct str s);                  /* NUL-terminated heap copy; NULL on no memory */
/* Copies at most size-1 bytes and always terminates; returns false when something was cut off. */
bool str_copy(char *out, size_t size, struct str s);
uint64_t str_hash(struct str s); /* SipHash-1-3 with a key drawn once per process */
uint64_t str_siphash(const uint64_t key[2], struct str s);
bool str_utf8(struct str s);     /* well-formed UTF-8 (RFC 3629), no surrogates, no overlong forms */
/* Length of the well-formed UTF-8 sequence s begins with, its code point in *rune (may be NULL); 0 when there is none. */
size_t str_rune(struct str s, uint32_t *rune);
/* Edit distance for "did you mean": the nearest of `words`, or NULL when nothing is near enough. */
const char *str_nearest(struct str s, const char *const *words, size_t n);

#endif
