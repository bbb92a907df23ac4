/* SPDX-License-Identifier: ISC
 *
 * body_json.c - a JSON object in a log line, read flat
 *
 * Takes   text that begins with an object, maybe behind "@cee:" or a logger's "name LEVEL ".
 * Gives   a field per scalar, named by its dotted path; a list's scalars all have the list's name. JSON inside a string stays a string.
 * Keeps   the path and the open brackets, both bounded: what lies deeper or is named longer is skipped. It reads what a strict reader
 *         (base/json) takes, and of what that refuses as much as makes sense: a log line cut off still says who it was about.
 */
#include "parse/body.h"

#include "parse/decode.h"
#include "parse/format.h"

#include <string.h>

#define DEPTH_MAX 32
#define PATH_BYTES 512
#define LIST_MAX 64 /* values of one list: the journal writes bytes that are no text as numbers */

struct reader {
    struct message *m;
    const char *p, *end;
    char path[PATH_BYTES];
    size_t path_n;
    struct str key; /* the name of the value to come where it stands in the text; else absent: it is the path */
    unsigned depth;
    struct {
        uint16_t path_n; /* in front of the member's name */
        uint16_t n;      /* values of a list so far */
        bool list;
    } open[DEPTH_MAX];
    size_t added;
};

static void blanks(struct reader *r) {
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
        r->p++;
}

/* Behind the opening quote: the bytes up to the closing one, and r->p behind that. */
static bool string(struct reader *r, struct str *s, bool *escaped) {
    const char *from = r->p;

    *escaped = false;
    for (; r->p < r->end && *r->p != '"'; r->p++)
        if (*r->p == '\\') {
            *escaped = true;
            if (++r->p == r->end)
                return false;
        }
    if (r->p == r->end)
        return false;
    *s = str_n(from, (size_t)(r->p++ - from));
    return true;
}

/* out has room for s.n bytes: no escape is shorter than what it stands for. */
static size_t unescape(struct str s, char *out) {
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *p = s.p, *end = s.p + s.n, *at;
    size_t n = 0;

    while (p < end) {
        if (*p != '\\' || p + 1 == end) {
            out[n++] = *p++;
            continue;
        }
        char c = p[1];
        p += 2;
        size_t wide = c == 'u' ? decode_unicode(&p, end, out + n) : 0;
        n += wide;
        if (!wide)
            out[n++] = c && (at = strchr(from, c)) ? to[at - from] : c;
    }
    return n;
}

static bool decoded(struct reader *r, struct str *s) {
    char *out = message_spare(r->m, s->n);

    if (!out)
        return false;
    *s = body_keep(r->m, out, s->n, unescape(*s, out));
    return true;
}

/* Puts a member's name behind the path of its object; false when it does not fit, and then its value is skipped. */
static bool name(struct reader *r, struct str key, bool escaped) {
    size_t at = r->open[r->depth - 1].path_n;

    r->key = STR_NONE;
    if (at + 1 + key.n > sizeof r->path)
        return false;
    if (at)
        r->path[at++] = '.';
    if (r->depth == 1 && !escaped)
        r->key = key; /* stands in the text: most names do */
    if (escaped)
        r->path_n = at + unescape(key, r->path + at);
    else if (key.n)
        memcpy(r->path + at, key.p, key.n);
    if (!escaped)
        r->path_n = at + key.n;
    return true;
}

static void put(struct reader *r, struct str value, uint16_t flags) {
    struct str n = r->key;

    if (str_absent(n)) {
        char *p = message_spare(r->m, r->path_n);
        if (!p)
            return;
        memcpy(p, r->path, r->path_n);
        n = str_n(p, r->path_n);
    }
    r->added += body_put(r->m, n, value, flags);
}

/* A value that is not looked at, brackets and all, without a stack: which bracket closes which does not matter here. */
static bool skip(struct reader *r) {
    struct str s;
    bool escaped;
    size_t depth = 0;

    message_drop(r->m);
    for (; r->p < r->end; r->p++) {
        if (*r->p == '"') {
            r->p++;
            if (!string(r, &s, &escaped))
                return false;
            r->p--;
        } else if (*r->p == '{' || *r->p == '[') {
            depth++;
        } else if (*r->p == '}' || *r->p == ']') {
            if (depth == 0)
                return true;
            if (--depth == 0) {
                r->p++;
                return true;
            }
        } else if (*r->p == ',' && depth == 0) {
            return true;
        }
    }
    return false;
}

/* true, false, null and numbers: up to what ends a value. */
static bool bare(struct reader *r) {
    const char *from = r->p;

    while (r->p < r->end && !memchr(",}] \t\r\n\"{[:", *r->p, 12))
        r->p++;
    struct str s = str_n(from, (size_t)(r->p - from));
    bool number = s.n && (is_digit(s.p[0]) || s.p[0] == '-');
    if (str_is(s, "null"))
        put(r, STR_NONE, FIELD_NULL);
    else if (number || str_is(s, "true") || str_is(s, "false"))
        put(r, s, number ? FIELD_NUMBER : 0);
    else
        return false;
    return true;
}

static bool scalar(struct reader *r, bool wanted) {
    struct str s;
    bool escaped;

    if (!wanted)
        return skip(r);
    if (*r->p != '"')
        return bare(r);
    r->p++;
    if (!string(r, &s, &escaped))
        return false;
    if (!escaped || decoded(r, &s))
        put(r, s, 0);
    return true;
}

/* What stands behind a value: a comma, or brackets that close. False at the end of the object, or of what makes sense. */
static bool next(struct reader *r) {
    for (;;) {
        blanks(r);
        if (r->p == r->end)
            return false;
        if (*r->p == ',') {
            r->p++;
            return true;
        }
        if (*r->p != '}' && *r->p != ']')
            return false;
        r->p++;
        if (--r->depth == 0)
            return false;
    }
}

/* The name and the colon of a member. */
static bool member(struct reader *r, bool *wanted) {
    struct str key;
    bool escaped;

    if (*r->p != '"')
        return false;
    r->p++;
    if (!string(r, &key, &escaped))
        return false;
    *wanted = name(r, key, escaped);
    blanks(r);
    if (r->p == r->end || *r->p != ':')
        return false;
    r->p++;
    blanks(r);
    return r->p < r->end;
}

static bool closes(const struct reader *r) {
    return *r->p == '}' || *r->p == ']';
}

/* An opening bracket: its members' names go behind the path, which is complete by now. False when it is too deep. */
static bool enter(struct reader *r, bool wanted) {
    if (!wanted || r->depth == DEPTH_MAX)
        return false;
    r->open[r->depth].list = *r->p == '[';
    r->open[r->depth].path_n = (uint16_t)r->path_n;
    r->open[r->depth].n = 0;
    r->depth++;
    r->p++;
    return true;
}

static void object(struct reader *r) {
    r->open[0].path_n = 0;
    r->open[0].list = false;
    r->depth = 1;
    r->p++;
    for (;;) {
        bool wanted = true, list = r->open[r->depth - 1].list;
        blanks(r);
        if (r->p == r->end)
            return;
        if (!closes(r)) {
            if (list) {
                r->path_n = r->open[r->depth - 1].path_n;
                wanted = r->open[r->depth - 1].n < LIST_MAX;
                r->open[r->depth - 1].n += wanted;
            } else if (!member(r, &wanted)) {
                return;
            }
            if ((*r->p == '{' || *r->p == '[') && enter(r, wanted))
                continue;
            if (*r->p == '{' || *r->p == '[' ? !skip(r) : !scalar(r, wanted))
                return;
        }
        if (!next(r))
            return;
    }
}

size_t body_json(struct message *m, struct str s) {
    size_t at = str_chr(s, '{');
    struct reader r = {.m = m, .p = s.p + at, .end = s.p + s.n};

    if (at == SIZE_MAX)
        return 0;
    object(&r);
    return r.added;
}
