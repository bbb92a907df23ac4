/* SPDX-License-Identifier: ISC
 *
 * pattern_compile.c - the text of a pattern to operations
 *
 * Takes   the text, and the word lists of its file.
 * Gives   a pattern in the arena, or a sentence about what is wrong with it and where.
 * Keeps   limits: operations, nesting, and how deep a match can recurse.
 */
#include "parse/lead.h"
#include "parse/pattern_op.h"

#include <stdlib.h>
#include <string.h>

#define OPS_MAX 20000
#define NESTING_MAX 8
#define BRANCHES_MAX 2000
#define LEAD_MIN 5 /* fewer branches are tried one by one */

struct compiler {
    struct str in;
    size_t at;
    struct op *ops;
    size_t n, cap, captures;
    int nesting;
    const struct pattern_env *env;
    struct arena *arena;
    struct err *err;
};
struct branches { /* of the choice being read */
    uint16_t start[BRANCHES_MAX], jump[BRANCHES_MAX];
    size_t n;
};

static const struct {
    const char *word;
    uint8_t kind, capture;
} types[] = {
#define OP(kind, word, capture) {word, OP_##kind, capture},
    PATTERN_OPS(OP)
#undef OP
};
#define TYPES_N (sizeof types / sizeof *types)

static bool fail(struct compiler *c, const char *why) {
    err_set(c->err, RC_CONFIG, "%s at byte %zu of the pattern", why, c->at + 1);
    return false;
}

static struct op *emit(struct compiler *c, enum op_kind kind) {
    if (c->n == OPS_MAX) {
        fail(c, "too many parts");
        return NULL;
    }
    if (c->n == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 64;
        struct op *ops = realloc(c->ops, cap * sizeof *ops);
        if (!ops) {
            fail(c, "no memory");
            return NULL;
        }
        c->ops = ops;
        c->cap = cap;
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

static char folded(const struct compiler *c, char ch) {
    return c->env->nocase && ch >= 'A' && ch <= 'Z' ? (char)(ch | 0x20) : ch;
}

static bool literal(struct compiler *c, bool branch) {
    size_t end = c->at, n = 0;

    while (end < c->in.n && !special(c->in.p[end], branch))
        end += 1 + (c->in.p[end] == '\\');
    char *out = arena_alloc(c->arena, end - c->at + 1);
    if (!out)
        return fail(c, "no memory");
    while (c->at < c->in.n && !special(look(c), branch)) {
        if (look(c) == '\\' && ++c->at == c->in.n)
            return fail(c, "a backslash escapes nothing");
        out[n++] = folded(c, c->in.p[c->at++]);
    }
    struct op *o = emit(c, OP_LITERAL);
    if (o)
        o->text = str_n(out, n);
    return o != NULL;
}

static bool no_such_type(struct compiler *c, struct str type) {
    const char *words[TYPES_N], *near;
    size_t n = 0;

    for (; n < TYPES_N; n++)
        words[n] = types[n].word;
    if ((near = str_nearest(type, words, n)))
        err_hint(c->err, "did you mean \"%s\"?", near);
    else
        err_hint_words(c->err, words, n);
    return fail(c, "unknown type of capture");
}

/* "until 'xy'" gives xy. */
static bool until_set(struct compiler *c, struct str *type, struct str *set) {
    struct str s = *type;

    if (!str_starts(s, STR("until")))
        return true;
    s = str_trim(str_sub(s, 5, s.n));
    if (s.n < 3 || s.p[0] != '\'' || s.p[s.n - 1] != '\'')
        return fail(c, "\"until\" wants the bytes to stop at, until 'x',");
    *set = arena_str(c->arena, str_sub(s, 1, s.n - 1));
    *type = STR("until");
    return true;
}

/* Where the capture's '>' is: the one within until '...' is none. */
static size_t capture_end(struct str rest) {
    size_t end = str_chr(rest, '>');

    if (end != SIZE_MAX && end > 0 && end + 1 < rest.n && memmem(rest.p, end, ":until '", 8) && memchr(rest.p, '\'', end) == memrchr(rest.p, '\'', end)) {
        size_t more = str_chr(str_sub(rest, end + 1, rest.n), '>');
        end = more == SIZE_MAX ? SIZE_MAX : end + 1 + more;
    }
    return end;
}

static bool capture(struct compiler *c) {
    struct str rest = str_sub(c->in, c->at + 1, c->in.n), set = STR_NONE;
    size_t end = capture_end(rest), i = 0;

    if (end == SIZE_MAX)
        return fail(c, "'<' without '>'");
    struct str type = str_sub(rest, 0, end), name = str_cut(&type, ':');
    if (str_absent(type)) {
        type = str_is(name, "*") ? STR("lazy") : STR("text");
        name.n = str_is(name, "*") ? 0 : name.n;
    }
    if (!until_set(c, &type, &set))
        return false;
    while (i < TYPES_N && !str_is(type, types[i].word))
        i++;
    if (i == TYPES_N)
        return no_such_type(c, type);
    bool fields = types[i].capture >= CAPTURE_PAIRS;
    if (fields && name.n)
        return fail(c, "<:pairs> and <:json> have no name: their fields have");
    if ((name.n || fields) && ++c->captures > 64 * PATTERN_CAPTURES)
        return fail(c, "too many captures");
    struct op *o = emit(c, types[i].kind);
    if (!o)
        return false;
    o->keep = name.n > 0 || fields;
    o->capture = types[i].capture;
    o->set = set;
    o->id = name.n ? (uint16_t)field_find(name) : 0;
    o->text = o->id == F_OTHER ? arena_str(c->arena, name) : str_of(field_name(o->id));
    c->at += end + 2;
    return true;
}

static bool sequence(struct compiler *c, bool branch);

/* One branch: begin it, let the caller read it, end it with a jump whose target comes later. */
static bool begin_branch(struct compiler *c, struct branches *b) {
    if (b->n == BRANCHES_MAX)
        return fail(c, "too many alternatives");
    b->start[b->n] = (uint16_t)c->n;
    return true;
}

static bool end_branch(struct compiler *c, struct branches *b) {
    b->jump[b->n++] = (uint16_t)c->n;
    return emit(c, OP_JUMP) != NULL;
}

static bool name_char(char ch) {
    return (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '_' || ch == '-';
}

/* The name in "@name|" or "@name}", absent when the alternative is something else. */
static struct str reference(const struct compiler *c) {
    size_t n = c->at + 1;

    if (look(c) != '@')
        return STR_NONE;
    while (n < c->in.n && name_char(c->in.p[n]))
        n++;
    bool end = n < c->in.n && (c->in.p[n] == '|' || c->in.p[n] == '}');
    return end && n > c->at + 1 ? str_sub(c->in, c->at + 1, n) : STR_NONE;
}

static bool word_list(struct compiler *c, struct branches *b, struct str name) {
    size_t i = 0, at = c->at;
    struct str in = c->in;
    bool ok = true;

    while (i < c->env->nwords && !str_eq(c->env->words[i].name, name))
        i++;
    if (i == c->env->nwords)
        return fail(c, "no such list in words:");
    for (size_t k = 0; ok && k < c->env->words[i].n; k++) {
        c->in = c->env->words[i].v[k];
        c->at = 0;
        ok = begin_branch(c, b) && sequence(c, false) && end_branch(c, b);
    }
    c->in = in;
    c->at = at + 1 + name.n;
    return ok;
}

static bool alternatives(struct compiler *c, struct branches *b) {
    do {
        c->at++;
        struct str name = reference(c);
        bool ok = str_absent(name) ? begin_branch(c, b) && sequence(c, true) && end_branch(c, b) : word_list(c, b, name);
        if (!ok)
            return false;
    } while (look(c) == '|');
    if (look(c) != '}')
        return fail(c, "'{' without '}'");
    c->at++;
    return true;
}

static bool choice(struct compiler *c) {
    struct branches *b = malloc(sizeof *b);
    size_t self = c->n;
    bool ok = b && emit(c, OP_CHOICE);

    if (!b)
        return fail(c, "no memory");
    b->n = 0;
    if (++c->nesting > NESTING_MAX)
        ok = fail(c, "alternatives and word lists nest too deep");
    ok = ok && alternatives(c, b);
    c->nesting--;
    uint16_t *branch = ok ? arena_alloc(c->arena, b->n * sizeof *branch) : NULL;
    for (size_t i = 0; branch && i < b->n; i++) {
        branch[i] = b->start[i];
        c->ops[b->jump[i]].to = (uint16_t)c->n;
    }
    if (branch) {
        c->ops[self].branches = (uint16_t)b->n;
        c->ops[self].branch = branch;
        c->ops[self].to = (uint16_t)c->n;
    }
    free(b);
    return branch || (ok && fail(c, "no memory"));
}

static bool sequence(struct compiler *c, bool branch) {
    while (c->at < c->in.n) {
        char ch = look(c);
        if (branch && (ch == '|' || ch == '}'))
            return true;
        if (ch == '>' || ch == '}')
            return fail(c, "an unexpected bracket");
        if (!(ch == '<' ? capture(c) : ch == '{' ? choice(c) : literal(c, branch)))
            return false;
    }
    return true;
}

/* ---- what is known of it before any text */

static void first_of(const struct pattern *p, size_t i, uint64_t first[4], int *left) {
    const struct op *o = &p->ops[i];

    while (o->kind == OP_JUMP || o->kind == OP_EDGE)
        o = o->kind == OP_JUMP ? &p->ops[o->to] : o + 1;
    if (o->kind == OP_CHOICE && --*left > 0) {
        for (size_t b = 0; b < o->branches; b++)
            first_of(p, o->branch[b], first, left);
    } else if (o->kind == OP_LITERAL) {
        unsigned char c = (unsigned char)o->text.p[0];
        first[c / 64] |= UINT64_C(1) << c % 64;
        if (p->nocase && c >= 'a' && c <= 'z')
            first[(c ^ 0x20) / 64] |= UINT64_C(1) << (c ^ 0x20) % 64;
    } else if (o->kind != OP_END) {
        first[0] = first[1] = first[2] = first[3] = UINT64_MAX;
    }
}

void pattern_first(const struct pattern *p, size_t i, uint64_t first[4]) {
    int left = 1000; /* of a row of many empty alternatives */

    first[0] = first[1] = first[2] = first[3] = 0;
    first_of(p, i, first, &left);
}

void pattern_names(const struct pattern *p, void (*each)(void *, uint16_t, struct str, enum capture_kind), void *ctx) {
    for (size_t i = 0; i < p->n; i++)
        if (p->ops[i].keep)
            each(ctx, p->ops[i].id, p->ops[i].text, (enum capture_kind)p->ops[i].capture);
}

/* From the last op to the first: how many captures and choices may lie behind one another. */
static bool too_deep(const struct pattern *p) {
    uint16_t *depth = calloc(p->n, sizeof *depth);
    bool deep = !depth;

    for (size_t i = p->n; depth && i-- > 0;) {
        const struct op *o = &p->ops[i];
        size_t next = o->kind == OP_JUMP ? o->to : i + 1, most = 0;
        for (size_t b = 0; b < o->branches; b++)
            most = depth[o->branch[b]] > most ? depth[o->branch[b]] : most;
        if (o->kind != OP_CHOICE && o->kind != OP_END)
            most = depth[next];
        depth[i] = (uint16_t)(most + (o->kind != OP_LITERAL && o->kind != OP_JUMP && o->kind != OP_END));
    }
    deep = deep || depth[0] > PATTERN_DEPTH;
    free(depth);
    return deep;
}

static const struct lead *choice_lead(const struct pattern *p, const struct op *o, struct arena *a) {
    struct lead_item *items = calloc(o->branches, sizeof *items);
    const struct lead *l = NULL;

    for (size_t i = 0; items && i < o->branches; i++)
        items[i] = (struct lead_item){p, o->branch[i]};
    if (items)
        l = lead_new(items, o->branches, a);
    free(items);
    return l;
}

static bool index_ops(struct pattern *p, struct arena *a) {
    for (size_t i = 0; i < p->n; i++) {
        struct op *o = &p->ops[i];
        if (o->kind == OP_CHOICE && o->branches >= LEAD_MIN && !(o->lead = choice_lead(p, o, a)))
            return false;
        if (o->kind != OP_TEXT && o->kind != OP_LAZY && o->kind != OP_WORD)
            continue;
        uint64_t first[4], *follow;
        pattern_first(p, i + 1, first);
        if ((first[0] & first[1] & first[2] & first[3]) == UINT64_MAX)
            continue;
        if (!(follow = arena_alloc(a, sizeof first)))
            return false;
        memcpy(follow, first, sizeof first);
        o->follow = follow;
    }
    return true;
}

struct pattern *pattern_compile(struct str text, const struct pattern_env *env, struct arena *a, struct err *e) {
    struct compiler c = {.in = text, .env = env, .arena = a, .err = e};
    struct pattern *p = NULL;

    if (sequence(&c, false) && emit(&c, OP_END)) {
        p = arena_alloc(a, sizeof *p + c.n * sizeof *c.ops);
        if (p) {
            p->nocase = env->nocase;
            p->n = c.n;
            memcpy(p->ops, c.ops, c.n * sizeof *c.ops);
        }
        if (p && too_deep(p)) {
            fail(&c, "too many captures and alternatives one behind the other");
            p = NULL;
        } else if (!p || !index_ops(p, a)) {
            fail(&c, "no memory");
            p = NULL;
        }
    }
    free(c.ops);
    return p;
}
