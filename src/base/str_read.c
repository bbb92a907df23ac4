/* SPDX-License-Identifier: ISC
 *
 * str_read.c - numbers, durations and sizes as people write them, and the word they probably meant
 *
 * Takes   the whole string; one byte too many makes it no number.
 * Gives   exact values, false on any overflow.
 */
#include "base/str.h"

#include <string.h>

bool str_u64(struct str s, uint64_t max, uint64_t *out) {
    uint64_t v = 0;

    if (s.n == 0)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        if (__builtin_mul_overflow(v, UINT64_C(10), &v) || __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v) || v > max)
            return false;
    }
    *out = v;
    return true;
}

bool str_i64(struct str s, int64_t *out) {
    bool minus = s.n && s.p[0] == '-';
    uint64_t v;

    if (!str_u64(str_sub(s, minus, s.n), (uint64_t)INT64_MAX + minus, &v))
        return false;
    *out = minus ? (int64_t)(0 - v) : (int64_t)v;
    return true;
}

struct unit {
    const char *word;
    uint64_t factor;
};

static const struct unit durations[] = {
    {"us", 1},         {"ms", 1000},       {"s", 1000000},      {"m", 60000000}, {"min", 60000000},
    {"h", 3600000000}, {"d", 86400000000}, {"w", 604800000000}, {NULL, 0},
};
static const struct unit sizes[] = {
    {"B", 1},         {"K", 1 << 10},           {"KiB", 1 << 10},           {"M", 1 << 20}, {"MiB", 1 << 20}, {"G", 1 << 30},
    {"GiB", 1 << 30}, {"T", UINT64_C(1) << 40}, {"TiB", UINT64_C(1) << 40}, {NULL, 0},
};

/* Cuts "12word" off the front of s; a missing word is allowed only when nothing follows. */
static bool quantity(struct str *s, const struct unit *units, uint64_t bare, uint64_t *out) {
    size_t digits = 0, end;
    uint64_t v;

    while (digits < s->n && s->p[digits] >= '0' && s->p[digits] <= '9')
        digits++;
    for (end = digits; end < s->n && !(s->p[end] >= '0' && s->p[end] <= '9');)
        end++;
    if (!str_u64(str_sub(*s, 0, digits), UINT64_MAX, &v))
        return false;
    struct str word = str_sub(*s, digits, end);
    *s = str_sub(*s, end, s->n);
    if (word.n == 0)
        return !__builtin_mul_overflow(v, bare, out);
    for (; units->word; units++)
        if (str_is(word, units->word))
            return !__builtin_mul_overflow(v, units->factor, out);
    return false;
}

bool str_duration(struct str s, int64_t *us) {
    uint64_t sum = 0, part;

    if (s.n == 0)
        return false;
    while (s.n)
        if (!quantity(&s, durations, 1000000, &part) || __builtin_add_overflow(sum, part, &sum) || sum > INT64_MAX)
            return false;
    *us = (int64_t)sum;
    return true;
}

bool str_size(struct str s, uint64_t *bytes) {
    uint64_t v;

    if (!quantity(&s, sizes, 1, &v) || s.n)
        return false;
    *bytes = v;
    return true;
}

#define WORD_MAX 64

/* Optimal string alignment: insert, drop, change, swap neighbours; each costs 1. */
static unsigned distance(struct str a, struct str b) {
    unsigned rows[3][WORD_MAX + 1];
    unsigned *before = rows[0], *last = rows[1], *now = rows[2];

    for (unsigned j = 0; j <= b.n; j++)
        last[j] = j;
    for (unsigned i = 1; i <= a.n; i++) {
        now[0] = i;
        for (unsigned j = 1; j <= b.n; j++) {
            unsigned best = last[j - 1] + (a.p[i - 1] != b.p[j - 1]);
            if (last[j] + 1 < best)
                best = last[j] + 1;
            if (now[j - 1] + 1 < best)
                best = now[j - 1] + 1;
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            now[j] = best;
        }
        unsigned *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[b.n];
}

const char *str_nearest(struct str s, const char *const *words, size_t n) {
    const char *best = NULL;
    unsigned best_distance = 0;

    if (s.n == 0 || s.n > WORD_MAX)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        struct str w = str_of(words[i]);
        if (w.n > WORD_MAX)
            continue;
        unsigned d = distance(s, w);
        /* one slip in three letters is a slip, more is another word */
        if (d * 3 <= (s.n > w.n ? s.n : w.n) && (!best || d < best_distance)) {
            best = words[i];
            best_distance = d;
        }
    }
    return best;
}
