/* SPDX-License-Identifier: ISC
 *
 * sd.c - STRUCTURED-DATA of RFC 5424 6.3: checked once, visited later
 *
 * Takes   bytes that may begin with SD-ELEMENTs.
 * Gives   their length when every rule holds (names, escapes, UTF-8, no SD-ID twice); parameters one by one.
 * Keeps   nothing; at most SD_ELEMENTS elements are taken for valid: the search for twins needs a place for each.
 */
#include "parse/format.h"
#include "parse/parse.h"

#include <string.h>

#define SD_ELEMENTS 2048
#define SD_FEW 8

/* SD-NAME: 1..32 of PRINTUSASCII without '=', ' ', ']', '"'. */
static size_t name_length(struct str s) {
    size_t n = 0;

    while (n < s.n && n < 33 && s.p[n] > ' ' && s.p[n] < 127 && s.p[n] != '=' && s.p[n] != ']' && s.p[n] != '"')
        n++;
    return n <= 32 ? n : 0;
}

/* The length of PARAM-VALUE up to its closing quote, SIZE_MAX when it has none or holds a bare ']'. */
static size_t value_length(struct str s) {
    for (size_t n = 0; n < s.n; n++) {
        if (s.p[n] == '"')
            return n;
        if (s.p[n] == ']')
            return SIZE_MAX;
        if (s.p[n] == '\\' && n + 1 < s.n && (s.p[n + 1] == '"' || s.p[n + 1] == '\\' || s.p[n + 1] == ']'))
            n++;
    }
    return SIZE_MAX;
}

/* Cuts one SD-PARAM (with its leading blank) off the front. */
static bool param(struct str *s, struct str *name, struct str *value) {
    struct str r = str_sub(*s, 1, s->n);
    size_t n = name_length(r);

    if (n == 0 || n + 1 >= r.n || r.p[n] != '=' || r.p[n + 1] != '"')
        return false;
    *name = str_sub(r, 0, n);
    r = str_sub(r, n + 2, r.n);
    n = value_length(r);
    if (n == SIZE_MAX)
        return false;
    *value = str_sub(r, 0, n);
    *s = str_sub(r, n + 1, r.n);
    return true;
}

static bool element(struct str *s, struct str *id) {
    struct str r = str_sub(*s, 1, s->n), name, value;
    size_t n = name_length(r);

    if (n == 0)
        return false;
    *id = str_sub(r, 0, n);
    r = str_sub(r, n, r.n);
    while (r.n && r.p[0] == ' ')
        if (!param(&r, &name, &value) || !str_utf8(value))
            return false;
    if (r.n == 0 || r.p[0] != ']')
        return false;
    *s = str_sub(r, 1, r.n);
    return true;
}

/* SD-IDs by hash, for the message that has more than a few. */
struct ids {
    struct str v[SD_ELEMENTS];
    uint16_t at[2 * SD_ELEMENTS]; /* index + 1 */
    size_t n;
};

static bool fresh(struct ids *ids, struct str id) {
    size_t slot = str_hash(id) % (2 * SD_ELEMENTS);

    for (; ids->at[slot]; slot = (slot + 1) % (2 * SD_ELEMENTS))
        if (str_eq(ids->v[ids->at[slot] - 1], id))
            return false;
    ids->v[ids->n++] = id;
    ids->at[slot] = (uint16_t)ids->n;
    return true;
}

/* Apart, because hardening clears what stands on the stack: no other message pays for these 40 KiB. */
static __attribute__((noinline)) size_t many_length(struct str s) {
    struct ids ids = {.n = 0};
    struct str r = s, id;

    while (r.n && r.p[0] == '[')
        if (ids.n == SD_ELEMENTS || !element(&r, &id) || !fresh(&ids, id))
            return 0;
    return s.n - r.n;
}

size_t sd_length(struct str s) {
    struct str r = s, seen[SD_FEW]; /* nearly every message has two or three elements */

    for (size_t n = 0; r.n && r.p[0] == '['; n++) {
        if (n == SD_FEW)
            return many_length(s);
        if (!element(&r, &seen[n]))
            return 0;
        for (size_t i = 0; i < n; i++)
            if (str_eq(seen[i], seen[n]))
                return 0;
    }
    return s.n - r.n;
}

#define VALUE_MAX 4096 /* an escaped value longer than this is visited as it stands */

static struct str unescape(struct str v, char *tmp) {
    size_t n = 0;

    if (str_chr(v, '\\') == SIZE_MAX || v.n > VALUE_MAX)
        return v;
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] == '\\' && i + 1 < v.n && (v.p[i + 1] == '"' || v.p[i + 1] == '\\' || v.p[i + 1] == ']'))
            i++;
        tmp[n++] = v.p[i];
    }
    return str_n(tmp, n);
}

void parse_sd(struct str sd, void (*fn)(void *ctx, struct str id, struct str name, struct str value), void *ctx) {
    char tmp[VALUE_MAX];

    while (sd.n && sd.p[0] == '[') {
        struct str r = str_sub(sd, 1, sd.n), name, value;
        struct str id = str_sub(r, 0, name_length(r));
        r = str_sub(r, id.n, r.n);
        if (r.n && r.p[0] == ']')
            fn(ctx, id, STR_NONE, STR_NONE); /* an element without parameters is there all the same */
        while (r.n && r.p[0] == ' ' && param(&r, &name, &value))
            fn(ctx, id, name, unescape(value, tmp));
        if (r.n == 0 || r.p[0] != ']')
            return;
        sd = str_sub(r, 1, r.n);
    }
}
