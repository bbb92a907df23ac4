/* SPDX-License-Identifier: ISC
 *
 * expand.c - %placeholders% of values, from the site's lists
 *
 * Takes   a value under way and the lists: one value a line, wildcards allowed, blanks around it and lines with # in front ignored.
 * Gives   every combination: two placeholders of three and four lines give twelve values.
 * Keeps   nothing.
 */
#include "detect/expand.h"

#include <string.h>

struct growing {
    struct arena *a;
    struct draft *v;
    size_t n, cap;
};

static bool name_char(uint32_t c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* The length of a placeholder at i with both its %, 0 when there is none. */
static size_t placeholder_at(const struct draft *d, size_t i) {
    size_t n = i + 1;
    while (n < d->n && name_char(d->t[n]))
        n++;
    return n > i + 1 && n < d->n && d->t[n] == '%' ? n + 1 - i : 0;
}

static struct str text_of(struct arena *a, const uint32_t *t, size_t n) {
    char *p = arena_alloc(a, n + 1);
    for (size_t i = 0; p && i < n; i++)
        p[i] = t[i] == GLOB_STAR ? '*' : t[i] == GLOB_ONE ? '?' : t[i] == GLOB_DASH ? '-' : (char)t[i];
    return p ? str_n(p, n) : STR_NONE;
}

struct str expand_text(struct arena *a, const struct draft *d) {
    return text_of(a, d->t, d->n);
}

static const struct ruleset_list *list_of(const struct ruleset *rs, struct str name) {
    for (size_t i = 0; rs->site && i < rs->site->nlists; i++)
        if (str_eqi(rs->site->lists[i].name, name))
            return &rs->site->lists[i];
    return NULL;
}

static bool next_line(struct str *rest, struct str *line) {
    while (!str_absent(*rest)) {
        *line = str_trim(str_cut(rest, '\n'));
        if (line->n && line->p[0] != '#')
            return true;
    }
    return false;
}

/* front + middle, and room for what follows. */
static bool push(struct growing *g, const struct draft *front, const struct draft *middle, size_t room) {
    if (g->n == EXPAND_MAX)
        return false;
    if (g->n == g->cap) {
        size_t cap = g->cap ? 2 * g->cap : 8;
        struct draft *v = arena_alloc(g->a, cap * sizeof *v);
        if (!v)
            return false;
        if (g->n)
            memcpy(v, g->v, g->n * sizeof *v);
        g->v = v;
        g->cap = cap;
    }
    struct draft *d = &g->v[g->n];
    d->n = front->n + middle->n;
    if (!(d->t = arena_alloc(g->a, (d->n + room + 1) * sizeof *d->t)))
        return false;
    if (front->n)
        memcpy(d->t, front->t, front->n * sizeof *d->t);
    if (middle->n)
        memcpy(d->t + front->n, middle->t, middle->n * sizeof *d->t);
    g->n++;
    return true;
}

/* Each of the drafts so far with each line of the list behind it. */
static bool multiply(struct arena *a, struct growing *g, const struct ruleset_list *list, size_t room) {
    struct growing more = {.a = a};
    for (size_t i = 0; i < g->n; i++) {
        struct str rest = list->values, line;
        struct draft d;
        while (next_line(&rest, &line))
            if (!draft_parse(a, line, &d) || !push(&more, &g->v[i], &d, room))
                return false;
    }
    *g = more;
    return true;
}

static void append(struct growing *g, uint32_t token) {
    for (size_t i = 0; i < g->n; i++)
        g->v[i].t[g->v[i].n++] = token;
}

bool expand_draft(struct ruleset *rs, const struct draft *in, struct draft **out, size_t *n) {
    static const struct draft nothing;
    struct growing g = {.a = &rs->arena};
    if (!push(&g, &nothing, &nothing, in->n))
        return false;
    for (size_t i = 0; i < in->n; i++) {
        bool escaped = in->t[i] == '\\' && i + 1 < in->n && in->t[i + 1] == '%';
        size_t len = in->t[i] == '%' ? placeholder_at(in, i) : 0;
        struct str name = len ? text_of(&rs->arena, in->t + i + 1, len - 2) : STR_NONE;
        const struct ruleset_list *list = len ? list_of(rs, name) : NULL;
        if (len && !list && str_absent(rs->lacking))
            rs->lacking = name;
        if (list && !multiply(&rs->arena, &g, list, in->n - i))
            return false;
        if (!list)
            append(&g, in->t[i + escaped]);
        i += list ? len - 1 : escaped;
    }
    *out = g.v;
    *n = g.n;
    return true;
}
