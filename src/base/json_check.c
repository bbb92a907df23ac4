/* SPDX-License-Identifier: ISC
 *
 * json_check.c - the strict validator in front of json-c
 *
 * Takes   any bytes.
 * Gives   RC_OK only for what every JSON reader of this world reads the same way.
 * Keeps   a stack of JSON_DEPTH_MAX levels, no recursion; the names of maps, hashed, in one growing array.
 */
#include "base/json_check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct name {
    uint64_t hash;
    const char *p; /* as written, between the quotes */
    size_t n;
    uint32_t next; /* of the same bucket, index + 1 */
    uint32_t map;  /* which map it belongs to */
};

#define BUCKETS 1024

struct check {
    const char *start, *p, *end;
    struct err *e;
    enum rc rc;
    int depth;
    bool zeros; /* U+0000 may stand in values */
    bool zero;  /* and here it may */
    char close[JSON_DEPTH_MAX]; /* '}' or ']' */
    uint32_t map[JSON_DEPTH_MAX];
    uint32_t maps;
    struct name *names;
    size_t name_count, name_room;
    uint32_t buckets[BUCKETS];
};

static bool fail(struct check *c, enum rc rc, const char *why) {
    int line = 1, col = 1;

    for (const char *p = c->start; p < c->p; p++) {
        col = *p == '\n' ? 1 : col + 1;
        line += *p == '\n';
    }
    err_at(c->e, rc, c->e ? c->e->file : NULL, line, col, "%s (line %d, column %d)", why, line, col);
    c->rc = rc;
    return false;
}

static bool bad(struct check *c, const char *why) {
    return fail(c, RC_INVALID, why);
}

static void blanks(struct check *c) {
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\n' || *c->p == '\r'))
        c->p++;
}

static bool take(struct check *c, char wanted) {
    if (c->p == c->end || *c->p != wanted)
        return false;
    c->p++;
    return true;
}

static int hex4(const char *p, const char *end) {
    int v = 0;

    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int ch = (unsigned char)p[i], low = ch | 0x20;
        if (ch >= '0' && ch <= '9')
            v = v * 16 + ch - '0';
        else if (low >= 'a' && low <= 'f')
            v = v * 16 + low - 'a' + 10;
        else
            return -1;
    }
    return v;
}

/* Behind the backslash. */
static bool escape(struct check *c) {
    if (c->p < c->end && memchr("\"\\/bfnrt", *c->p, 8)) {
        c->p++;
        return true;
    }
    if (!take(c, 'u'))
        return bad(c, "a backslash is followed by what is no escape");
    int v = hex4(c->p, c->end);
    if (v < 0)
        return bad(c, "\\u is not followed by four hexadecimal digits");
    if (v == 0 && !c->zero)
        return bad(c, "U+0000 is not accepted");
    if (v >= 0xdc00 && v <= 0xdfff)
        return bad(c, "a lone surrogate");
    c->p += 4;
    if (v >= 0xd800 && v <= 0xdbff) {
        int low = c->end - c->p >= 6 && c->p[0] == '\\' && c->p[1] == 'u' ? hex4(c->p + 2, c->end) : -1;
        if (low < 0xdc00 || low > 0xdfff)
            return bad(c, "a lone surrogate");
        c->p += 6;
    }
    return true;
}

/* At the opening quote; leaves p behind the closing one. */
static bool string(struct check *c) {
    if (!take(c, '"'))
        return bad(c, "a string was expected");
    while (c->p < c->end) {
        unsigned char ch = (unsigned char)*c->p;
        if (ch == '"') {
            c->p++;
            return true;
        }
        if (ch == '\\') {
            c->p++;
            if (!escape(c))
                return false;
        } else if (ch < 0x20) {
            return bad(c, "a control byte in a string");
        } else {
            size_t n = str_rune(str_n(c->p, (size_t)(c->end - c->p)), NULL);
            if (n == 0)
                return bad(c, "a string is not UTF-8");
            c->p += n;
        }
    }
    return bad(c, "the text ends within a string");
}

static size_t digits(struct check *c) {
    size_t n = 0;

    for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++)
        n++;
    return n;
}

static bool number_fits(struct check *c, const char *from, bool whole) {
    char copy[64];
    int64_t i;

    if (!str_copy(copy, sizeof copy, str_n(from, (size_t)(c->p - from))))
        return bad(c, "a number has more than 63 characters");
    if (whole)
        return str_i64(str_of(copy), &i) || bad(c, "an integer does not fit 64 bits");
    return isfinite(strtod(copy, NULL)) || bad(c, "a number is too large");
}

static bool number(struct check *c) {
    const char *from = c->p;
    bool whole = true;

    take(c, '-');
    if (!take(c, '0') && digits(c) == 0)
        return bad(c, "a value was expected");
    if (c->p < c->end && *c->p >= '0' && *c->p <= '9')
        return bad(c, "a number begins with 0");
    if (take(c, '.')) {
        whole = false;
        if (digits(c) == 0)
            return bad(c, "a number ends with a point");
    }
    if (take(c, 'e') || take(c, 'E')) {
        whole = false;
        if (!take(c, '+'))
            take(c, '-');
        if (digits(c) == 0)
            return bad(c, "an exponent has no digits");
    }
    return number_fits(c, from, whole);
}

static bool word(struct check *c) {
    static const struct {
        const char *text;
        size_t n;
    } words[] = {{"true", 4}, {"false", 5}, {"null", 4}};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if ((size_t)(c->end - c->p) >= words[i].n && memcmp(c->p, words[i].text, words[i].n) == 0) {
            c->p += words[i].n;
            return true;
        }
    return number(c);
}

/* --- names: equal after unescaping, so each is hashed and compared byte by byte as it means, not as it is written */

struct reader {
    const char *p, *end;
    unsigned char out[4];
    int have, at;
};

static int utf8_put(unsigned char *out, int v) {
    if (v < 0x80) {
        out[0] = (unsigned char)v;
        return 1;
    }
    int len = v < 0x800 ? 2 : v < 0x10000 ? 3 : 4;
    for (int i = len - 1; i > 0; i--, v >>= 6)
        out[i] = (unsigned char)(0x80 | (v & 0x3f));
    out[0] = (unsigned char)(0xf00 >> len | v);
    return len;
}

/* The next byte that is meant, or -1. The text was checked by string(). */
static int meant(struct reader *r) {
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";

    if (r->at < r->have)
        return r->out[r->at++];
    if (r->p == r->end)
        return -1;
    if (*r->p != '\\')
        return (unsigned char)*r->p++;
    char what = r->p[1];
    if (what != 'u') {
        const char *at = memchr(from, what, sizeof from - 1);
        r->p += 2;
        return at ? to[at - from] : (unsigned char)what;
    }
    int v = hex4(r->p + 2, r->end);
    r->p += 6;
    if (v >= 0xd800 && v <= 0xdbff) {
        v = 0x10000 + ((v - 0xd800) << 10) + (hex4(r->p + 2, r->end) - 0xdc00);
        r->p += 6;
    }
    r->have = utf8_put(r->out, v);
    r->at = 1;
    return r->out[0];
}

static bool same_name(const struct name *a, const char *p, size_t n) {
    struct reader x = {.p = a->p, .end = a->p + a->n}, y = {.p = p, .end = p + n};
    int cx, cy;

    do {
        cx = meant(&x);
        cy = meant(&y);
    } while (cx == cy && cx >= 0);
    return cx == cy;
}

/* Per name the bytes as meant are folded into 8 and hashed with the key of this process: nobody can choose collisions. */
static uint64_t name_hash(const char *p, size_t n, uint32_t map) {
    struct reader r = {.p = p, .end = p + n};
    unsigned char chunk[64];
    size_t have = 8;
    uint64_t hash = map;

    for (int ch; (ch = meant(&r)) >= 0;) {
        chunk[have++] = (unsigned char)ch;
        if (have == sizeof chunk) {
            memcpy(chunk, &hash, 8);
            hash = str_hash(str_n(chunk, have));
            have = 8;
        }
    }
    memcpy(chunk, &hash, 8);
    return str_hash(str_n(chunk, have));
}

static bool remember(struct check *c, struct name n) {
    if (c->name_count == c->name_room) {
        size_t room = c->name_room ? c->name_room * 2 : 64;
        struct name *more = reallocarray(c->names, room, sizeof *more);
        if (!more)
            return fail(c, RC_NOMEM, "out of memory");
        c->names = more;
        c->name_room = room;
    }
    n.next = c->buckets[n.hash % BUCKETS];
    c->names[c->name_count++] = n;
    c->buckets[n.hash % BUCKETS] = (uint32_t)c->name_count;
    return true;
}

static bool name(struct check *c) {
    const char *from = c->p + 1;
    uint32_t map = c->map[c->depth - 1];

    if (!string(c))
        return false;
    size_t n = (size_t)(c->p - 1 - from);
    uint64_t hash = name_hash(from, n, map);
    for (uint32_t i = c->buckets[hash % BUCKETS]; i; i = c->names[i - 1].next) {
        const struct name *other = &c->names[i - 1];
        if (other->hash == hash && other->map == map && same_name(other, from, n)) {
            c->p = from - 1;
            return bad(c, "a name stands twice in one map");
        }
    }
    if (c->name_count == JSON_MEMBERS_MAX)
        return fail(c, RC_LIMIT, "too many members");
    if (!remember(c, (struct name){.hash = hash, .p = from, .n = n, .map = map}))
        return false;
    blanks(c);
    if (!take(c, ':'))
        return bad(c, "a colon was expected");
    blanks(c);
    return true;
}

static bool open_level(struct check *c, char close) {
    if (c->depth == JSON_DEPTH_MAX)
        return fail(c, RC_LIMIT, "nested deeper than 32 levels");
    c->close[c->depth] = close;
    c->map[c->depth++] = close == '}' ? ++c->maps : 0;
    return true;
}

/* A value was read: what follows is a comma (and a name, in a map), or the level ends, or the whole text does. False also at the end. */
static bool after_value(struct check *c) {
    for (;;) {
        blanks(c);
        if (c->depth == 0) {
            if (c->p < c->end)
                bad(c, "something follows the value");
            return false;
        }
        char close = c->close[c->depth - 1];
        if (take(c, ',')) {
            blanks(c);
            return close != '}' || name(c);
        }
        if (!take(c, close))
            return bad(c, close == '}' ? "a comma or } was expected" : "a comma or ] was expected");
        c->depth--;
    }
}

/* One value, or the opening of a level; true while there is more to read. */
static bool step(struct check *c) {
    char first = c->p < c->end ? *c->p : '\0';

    if (first == '{' || first == '[') {
        c->p++;
        if (!open_level(c, first == '{' ? '}' : ']'))
            return false;
        blanks(c);
        if (!take(c, c->close[c->depth - 1]))
            return first != '{' || name(c);
        c->depth--;
        return after_value(c);
    }
    c->zero = c->zeros;
    bool ok = first == '"' ? string(c) : word(c);
    c->zero = false;
    return ok && after_value(c);
}

enum rc json_check(struct str text, bool zeros, struct err *e) {
    struct check *c = calloc(1, sizeof *c);
    enum rc rc;

    if (!c)
        return err_set(e, RC_NOMEM, "out of memory");
    c->start = c->p = text.p ? text.p : "";
    c->end = c->start + text.n;
    c->e = e;
    c->rc = RC_OK;
    c->zeros = zeros;
    blanks(c);
    while (step(c))
        ;
    rc = c->rc;
    free(c->names);
    free(c);
    return rc;
}
