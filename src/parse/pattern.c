/* SPDX-License-Identifier: ISC
 *
 * pattern.c - one line of normalise.d, compiled to a few operations and matched by walking them
 *
 * Takes   the pattern's text once; then texts.
 * Gives   captures as spans of the text.
 * Keeps   nothing between matches. Backtracking is bounded by the caller's budget, recursion by the number of operations.
 */
#include "parse/pattern.h"

#include "parse/addr.h"

#include <string.h>

enum op_kind { OP_END, OP_LITERAL, OP_TEXT, OP_LAZY, OP_WORD, OP_IP, OP_ADDR, OP_PORT, OP_INT, OP_QUOTED, OP_CHOICE, OP_JUMP };

#define OPS_MAX 400
#define BRANCHES_MAX 48

struct op {
    uint8_t kind;
    bool keep; /* a capture with a name */
    uint16_t id;
    uint16_t to;            /* OP_JUMP */
    uint16_t branches;      /* OP_CHOICE: how many, */
    const uint16_t *branch; /*            where they begin, */
    const uint64_t *first;  /*            and with which bytes one of them may (256 bits) */
    struct str text;        /* literal, or the capture's name */
};

struct pattern {
    bool nocase;
    size_t n;
    struct op ops[];
};

/* ---- compiling */

struct compiler {
    struct str in;
    size_t at;
    struct op ops[OPS_MAX];
    size_t n, captures;
    struct arena *arena;
    struct err *err;
};

static const struct {
    const char *word;
    enum op_kind kind;
} types[] = {{"text", OP_TEXT}, {"lazy", OP_LAZY}, {"word", OP_WORD}, {"ip", OP_IP},  {"addr", OP_ADDR},
             {"port", OP_PORT}, {"int", OP_INT},   {"quoted", OP_QUOTED}};

static bool fail(struct compiler *c, const char *why) {
    err_set(c->err, RC_CONFIG, "%s at byte %zu of the pattern", why, c->at + 1);
    return false;
}

static struct op *emit(struct compiler *c, enum op_kind kind) {
    if (c->n == OPS_MAX) {
        fail(c, "too many parts");
        return NULL;
    }
    c->ops[c->n] = (struct op){.kind = (uint8_t)kind};
    return &c->ops[c->n++];
}

static char look(const struct compiler *c) {
    return c->at < c->in.n ? c->in.p[c->at] : '\0';
}

static bool special(char ch, bool branch) {
    return ch == '<' || ch == '>' || ch == '{' || ch == '}' || (branch && ch == '|');
}

static bool literal(struct compiler *c, bool branch) {
    char *out = arena_alloc(c->arena, c->in.n + 1);
    size_t n = 0;

    if (!out)
        return fail(c, "no memory");
    while (c->at < c->in.n && !special(look(c), branch)) {
        if (look(c) == '\\' && ++c->at == c->in.n)
            return fail(c, "a backslash escapes nothing");
        out[n++] = c->in.p[c->at++];
    }
    struct op *o = emit(c, OP_LITERAL);
    if (o)
        o->text = str_n(out, n);
    return o != NULL;
}

static bool no_such_type(struct compiler *c, struct str type) {
    const char *words[sizeof types / sizeof *types], *near;
    size_t n = 0;

    for (; n < sizeof types / sizeof *types; n++)
        words[n] = types[n].word;
    if ((near = str_nearest(type, words, n)))
        err_hint(c->err, "did you mean \"%s\"?", near);
    else
        err_hint_words(c->err, words, n);
    return fail(c, "unknown type of capture");
}

static bool capture(struct compiler *c) {
    struct str rest = str_sub(c->in, c->at + 1, c->in.n);
    size_t end = str_chr(rest, '>');

    if (end == SIZE_MAX)
        return fail(c, "'<' without '>'");
    struct str type = str_sub(rest, 0, end), name = str_cut(&type, ':');
    enum op_kind kind = OP_END;
    if (str_is(name, "*") && str_absent(type)) {
        name.n = 0;
        kind = OP_LAZY;
    } else if (str_absent(type)) {
        kind = OP_TEXT;
    }
    for (size_t i = 0; kind == OP_END && i < sizeof types / sizeof *types; i++)
        if (str_is(type, types[i].word))
            kind = types[i].kind;
    if (kind == OP_END)
        return no_such_type(c, type);
    struct op *o = emit(c, kind);
    if (!o)
        return false;
    if (name.n && ++c->captures > PATTERN_CAPTURES)
        return fail(c, "too many captures");
    o->keep = name.n > 0;
    o->id = name.n ? (uint16_t)field_find(name) : 0;
    o->text = o->id == F_OTHER ? arena_str(c->arena, name) : str_of(field_name(o->id));
    c->at += end + 2;
    return true;
}

static bool sequence(struct compiler *c, bool branch);

static bool choice(struct compiler *c) {
    size_t self = c->n, jumps[BRANCHES_MAX], n = 0;
    uint16_t *branch = arena_alloc(c->arena, BRANCHES_MAX * sizeof *branch);

    if (!branch || !emit(c, OP_CHOICE))
        return fail(c, "no memory");
    do {
        if (n == BRANCHES_MAX)
            return fail(c, "too many alternatives");
        c->at++;
        branch[n] = (uint16_t)c->n;
        if (!sequence(c, true))
            return false;
        jumps[n++] = c->n;
        if (!emit(c, OP_JUMP))
            return false;
    } while (look(c) == '|');
    if (look(c) != '}')
        return fail(c, "'{' without '}'");
    c->at++;
    c->ops[self].branches = (uint16_t)n;
    c->ops[self].branch = branch;
    for (size_t i = 0; i < n; i++)
        c->ops[jumps[i]].to = (uint16_t)c->n;
    return true;
}

static bool sequence(struct compiler *c, bool branch) {
    while (c->at < c->in.n) {
        char ch = look(c);
        if (branch && (ch == '|' || ch == '}'))
            return true;
        if (branch && ch == '{')
            return fail(c, "alternatives do not nest");
        if (ch == '>' || ch == '}')
            return fail(c, "an unexpected bracket");
        if (!(ch == '<' ? capture(c) : ch == '{' ? choice(c) : literal(c, branch)))
            return false;
    }
    return true;
}

/* ---- what it may begin with */

static void first_of(const struct pattern *p, size_t i, uint64_t first[4]) {
    const struct op *o = &p->ops[i];

    while (o->kind == OP_JUMP)
        o = &p->ops[o->to];
    if (o->kind == OP_CHOICE) {
        for (size_t b = 0; b < o->branches; b++)
            first_of(p, o->branch[b], first);
    } else if (o->kind == OP_LITERAL && o->text.n) {
        unsigned char c = (unsigned char)o->text.p[0];
        first[c / 64] |= UINT64_C(1) << c % 64;
        if (p->nocase && ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
            first[(c ^ 0x20) / 64] |= UINT64_C(1) << (c ^ 0x20) % 64;
    } else {
        first[0] = first[1] = first[2] = first[3] = UINT64_MAX;
    }
}

void pattern_first(const struct pattern *p, uint64_t first[4]) {
    first[0] = first[1] = first[2] = first[3] = 0;
    first_of(p, 0, first);
}

static bool first_bytes(struct pattern *p, struct arena *a) {
    for (size_t i = 0; i < p->n; i++) {
        if (p->ops[i].kind != OP_CHOICE)
            continue;
        uint64_t *first = arena_alloc(a, 4 * sizeof *first);
        if (!first)
            return false;
        first_of(p, i, first);
        p->ops[i].first = first;
    }
    return true;
}

struct pattern *pattern_compile(struct str text, bool nocase, struct arena *a, struct err *e) {
    struct compiler c = {.in = text, .arena = a, .err = e};

    if (!sequence(&c, false) || !emit(&c, OP_END))
        return NULL;
    struct pattern *p = arena_alloc(a, sizeof *p + c.n * sizeof *c.ops);
    if (!p) {
        fail(&c, "no memory");
        return NULL;
    }
    p->nocase = nocase;
    p->n = c.n;
    memcpy(p->ops, c.ops, c.n * sizeof *c.ops);
    return first_bytes(p, a) ? p : NULL;
}

/* ---- matching */

struct walk {
    const struct pattern *p;
    struct str s;
    long *budget;
    struct captures *out;
};

static bool same(const struct walk *w, struct str a, struct str b) {
    return w->p->nocase ? str_eqi(a, b) : str_eq(a, b);
}

static bool literal_at(const struct walk *w, struct str lit, size_t at) {
    return lit.n <= w->s.n - at && same(w, (struct str){w->s.p + at, lit.n}, lit);
}

static bool from(struct walk *w, size_t op, size_t at);

/* Keeps a capture and goes on; forgets it again when the rest does not match. */
static bool keep(struct walk *w, const struct op *o, uint16_t id, struct str name, struct str value, size_t next, size_t at) {
    size_t before = w->out->n;

    /* an empty text is a fact (a user name of no bytes was sent); an empty anything else is a gap in the pattern */
    if (o->keep && (value.n || o->kind == OP_TEXT) && w->out->n < PATTERN_CAPTURES)
        w->out->v[w->out->n++] = (struct capture){id, name, value};
    if (from(w, next, at))
        return true;
    w->out->n = before;
    return false;
}

static bool span(struct walk *w, size_t i, size_t at, size_t end) {
    const struct op *o = &w->p->ops[i];

    return keep(w, o, o->id, o->text, str_sub(w->s, at, end), i + 1, end);
}

/* A cheap look before the recursion: could what follows op i begin at `at`? */
static bool may_follow(const struct walk *w, size_t i, size_t at) {
    const struct op *next = &w->p->ops[i + 1];

    while (next->kind == OP_JUMP)
        next = &w->p->ops[next->to];
    if (next->kind == OP_END)
        return at == w->s.n;
    if (next->kind == OP_CHOICE) {
        unsigned char c = at < w->s.n ? (unsigned char)w->s.p[at] : 0;
        return at == w->s.n || (next->first[c / 64] >> c % 64 & 1);
    }
    return next->kind != OP_LITERAL || literal_at(w, next->text, at);
}

/* TEXT and WORD: the longest first, down to lo. */
static bool greedy(struct walk *w, size_t i, size_t at, size_t lo, size_t hi) {
    for (size_t end = hi + 1; end-- > lo;) {
        if (--*w->budget < 0)
            return false;
        if (may_follow(w, i, end) && span(w, i, at, end))
            return true;
    }
    return false;
}

static bool lazy(struct walk *w, size_t i, size_t at) {
    for (size_t end = at; end <= w->s.n; end++) {
        if (--*w->budget < 0)
            return false;
        if (may_follow(w, i, end) && span(w, i, at, end))
            return true;
    }
    return false;
}

static bool word(struct walk *w, size_t i, size_t at) {
    size_t hi = at;

    while (hi < w->s.n && w->s.p[hi] != ' ' && w->s.p[hi] != '\t')
        hi++;
    *w->budget -= (long)(hi - at);
    return hi > at && greedy(w, i, at, at + 1, hi);
}

static bool digits(struct walk *w, size_t i, size_t at, size_t max) {
    size_t end = at + (max > 5 && at < w->s.n && w->s.p[at] == '-');
    size_t first = end;

    while (end < w->s.n && end - first < max && w->s.p[end] >= '0' && w->s.p[end] <= '9')
        end++;
    uint64_t v = 0;
    if (end == first || (max == 5 && !str_u64(str_sub(w->s, first, end), 65535, &v)))
        return false;
    return span(w, i, at, end);
}

static bool address(struct walk *w, size_t i, size_t at, bool or_name) {
    const struct op *o = &w->p->ops[i];
    struct str rest = str_sub(w->s, at, w->s.n), value;
    size_t n = addr_length(rest, &value);

    if (n)
        return keep(w, o, o->id, o->text, value, i + 1, at + n);
    n = or_name ? host_name_length(rest) : 0;
    if (n == 0)
        return false;
    bool src = o->id == F_SRC_IP;
    return keep(w, o, src ? F_SRC_HOST : F_OTHER, src ? str_of(field_name(F_SRC_HOST)) : STR("dst_host"), str_sub(rest, 0, n), i + 1, at + n);
}

static bool quoted(struct walk *w, size_t i, size_t at) {
    const struct op *o = &w->p->ops[i];

    if (at >= w->s.n || w->s.p[at] != '"')
        return false;
    size_t n = str_chr(str_sub(w->s, at + 1, w->s.n), '"');
    if (n == SIZE_MAX)
        return false;
    return keep(w, o, o->id, o->text, str_sub(w->s, at + 1, at + 1 + n), i + 1, at + n + 2);
}

static bool any_of(struct walk *w, const struct op *o, size_t at) {
    for (size_t b = 0; b < o->branches; b++)
        if (from(w, o->branch[b], at))
            return true;
    return false;
}

/* From operation i at byte `at` to the end. The depth of recursion is at most the number of operations. */
static bool from(struct walk *w, size_t i, size_t at) {
    for (;;) {
        const struct op *o = &w->p->ops[i];

        if (--*w->budget < 0)
            return false;
        switch ((enum op_kind)o->kind) {
        case OP_END: return at == w->s.n;
        case OP_JUMP: i = o->to; continue;
        case OP_LITERAL:
            if (!literal_at(w, o->text, at))
                return false;
            at += o->text.n;
            i++;
            continue;
        case OP_TEXT: return greedy(w, i, at, at, w->s.n);
        case OP_LAZY: return lazy(w, i, at);
        case OP_WORD: return word(w, i, at);
        case OP_IP: return address(w, i, at, false);
        case OP_ADDR: return address(w, i, at, true);
        case OP_PORT: return digits(w, i, at, 5);
        case OP_INT: return digits(w, i, at, 20);
        case OP_QUOTED: return quoted(w, i, at);
        case OP_CHOICE: return any_of(w, o, at);
        }
        return false;
    }
}

bool pattern_match(const struct pattern *p, struct str s, long *budget, struct captures *out) {
    struct walk w = {p, s, budget, out};

    out->n = 0;
    return from(&w, 0, 0);
}
