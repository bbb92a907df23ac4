/* SPDX-License-Identifier: ISC
 *
 * sigma_cond.c - a condition to a small program, and to the literals without which it cannot hold
 *
 * Takes   the condition's text and the selections it speaks about.
 * Gives   a program for one accumulator: evaluate a selection, negate, jump forward. `and` and `or` are jumps, so evaluation
 *         needs no stack and stops as soon as the answer is known.
 * Keeps   nothing. Parsing recurses on parentheses and `not`, at most DEPTH_MAX deep.
 */
#include "detect/sigma_cond.h"

#include "detect/need.h"

#include <string.h>

#define DEPTH_MAX 32
#define OPS_MAX 16384

struct cond {
    struct ruleset *rs;
    struct arena *a;
    const struct tree_node *at;
    struct detection *det;
    struct str rest, word; /* word: the token looked at; absent at the end */
    size_t ops_cap, lists_cap;
    int depth;
    struct err *e;
};

static const struct needs need_nothing;

static bool parse_or(struct cond *c, struct needs *need);

static bool wrong(struct cond *c, const char *text) {
    tree_err(c->at, c->e, RC_CONFIG, "condition: %s", text);
    return false;
}

static bool wrong_word(struct cond *c, const char *text) {
    if (str_absent(c->word))
        tree_err(c->at, c->e, RC_CONFIG, "condition: %s, but it ends", text);
    else
        tree_err(c->at, c->e, RC_CONFIG, "condition: %s, not \"%.*s\"", text, STR_FMT(c->word));
    return false;
}

/* --- words */

static bool blank(char ch) {
    return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

static void advance(struct cond *c) {
    size_t i = 0, n;
    while (i < c->rest.n && blank(c->rest.p[i]))
        i++;
    c->rest = str_sub(c->rest, i, c->rest.n);
    if (c->rest.n == 0) {
        c->word = STR_NONE;
        return;
    }
    n = 1;
    if (c->rest.p[0] != '(' && c->rest.p[0] != ')')
        while (n < c->rest.n && !blank(c->rest.p[n]) && c->rest.p[n] != '(' && c->rest.p[n] != ')')
            n++;
    c->word = str_sub(c->rest, 0, n);
    c->rest = str_sub(c->rest, n, c->rest.n);
}

static bool is_word(const struct cond *c, const char *word) {
    return !str_absent(c->word) && str_eqi(c->word, str_of(word));
}

/* The word behind this one, without moving. */
static struct str peek(const struct cond *c) {
    struct cond look = *c;
    advance(&look);
    return look.word;
}

/* --- code */

/* Doubling within the arena: what is left behind is at most as much again. */
static void *grown(struct arena *a, void *old, size_t n, size_t *cap, size_t size) {
    if (n < *cap)
        return old;
    size_t more = *cap ? 2 * *cap : 16;
    void *p = arena_alloc(a, more * size);
    if (p && n)
        memcpy(p, old, n * size);
    if (p)
        *cap = more;
    return p;
}

static bool emit(struct cond *c, struct op op, size_t *where) {
    struct detection *d = c->det;
    struct op *ops = d->nops < OPS_MAX ? grown(c->a, d->ops, d->nops, &c->ops_cap, sizeof *ops) : NULL;
    if (!ops)
        return wrong(c, "it is too long");
    d->ops = ops;
    if (where)
        *where = d->nops;
    d->ops[d->nops++] = op;
    return true;
}

static bool list_add(struct cond *c, uint32_t sel) {
    struct detection *d = c->det;
    uint32_t *l = grown(c->a, d->lists, d->nlists, &c->lists_cap, sizeof *l);
    if (!l)
        return wrong(c, "it is too long");
    d->lists = l;
    d->lists[d->nlists++] = sel;
    return true;
}

/* --- grammar */

static long selection_find(const struct detection *d, struct str name) {
    for (size_t i = 0; i < d->nsels; i++)
        if (str_eq(d->sels[i].name, name))
            return (long)i;
    return -1;
}

static bool pattern_fits(struct cond *c, struct str pattern, struct str name) {
    struct draft d;
    struct glob g;
    return draft_parse(c->a, pattern, &d) && glob_make(c->a, &d, true, &g) && glob_match(&g, name);
}

static bool collect(struct cond *c, struct str pattern, uint32_t *first, uint32_t *count) {
    bool them = str_eqi(pattern, STR("them"));
    *first = (uint32_t)c->det->nlists;
    for (size_t i = 0; i < c->det->nsels; i++) {
        struct str name = c->det->sels[i].name;
        bool hidden = name.n && name.p[0] == '_' && pattern.p[0] != '_';
        if (!hidden && (them || pattern_fits(c, pattern, name)) && !list_add(c, (uint32_t)i))
            return false;
    }
    *count = (uint32_t)c->det->nlists - *first;
    if (*count)
        return true;
    tree_err(c->at, c->e, RC_CONFIG, "condition: no selection is called \"%.*s\"", STR_FMT(pattern));
    return false;
}

static bool parse_of(struct cond *c, struct needs *need) {
    uint64_t k = 1;
    uint32_t first, count;
    bool all = is_word(c, "all");
    if (!all && !is_word(c, "any") && (!str_u64(c->word, 1000, &k) || k == 0))
        return wrong_word(c, "1, any, all or a number stands before \"of\"");
    advance(c);
    advance(c); /* of */
    if (str_absent(c->word) || is_word(c, "(") || is_word(c, ")"))
        return wrong_word(c, "a name, a pattern or \"them\" stands behind \"of\"");
    if (!collect(c, c->word, &first, &count))
        return false;
    advance(c);
    if (all)
        k = count;
    if (k > count)
        return wrong(c, "it asks for more selections than there are");
    for (uint32_t i = 0; i < count; i++) {
        struct needs n = need_of_selection(c->rs, c->a, &c->det->sels[c->det->lists[first + i]]);
        if (i == 0)
            *need = n;
        else if (all)
            needs_and(need, &n);
        else
            needs_or(c->a, need, &n);
    }
    return emit(c, (struct op){OP_OF, first, count, (uint32_t)k}, NULL);
}

static bool parse_prim(struct cond *c, struct needs *need) {
    if (is_word(c, "(")) {
        advance(c);
        if (!parse_or(c, need))
            return false;
        if (!is_word(c, ")"))
            return wrong_word(c, "a ) is missing");
        advance(c);
        return true;
    }
    if (str_eqi(peek(c), STR("of")))
        return parse_of(c, need);
    if (str_absent(c->word) || is_word(c, ")") || is_word(c, "and") || is_word(c, "or"))
        return wrong_word(c, "the name of a selection is expected");
    if (c->word.p[0] == '|')
        return wrong(c, "aggregation behind | is obsolete: write a correlation document");
    long sel = selection_find(c->det, c->word);
    if (sel < 0 && is_word(c, "near"))
        return wrong(c, "near is obsolete: write a correlation document");
    if (sel < 0) {
        tree_err(c->at, c->e, RC_CONFIG, "condition: there is no selection \"%.*s\"", STR_FMT(c->word));
        return false;
    }
    advance(c);
    *need = need_of_selection(c->rs, c->a, &c->det->sels[sel]);
    return emit(c, (struct op){OP_SEL, (uint32_t)sel, 0, 0}, NULL);
}

static bool parse_not(struct cond *c, struct needs *need) {
    if (++c->depth > DEPTH_MAX)
        return wrong(c, "it is nested too deeply");
    bool ok;
    if (is_word(c, "not")) {
        advance(c);
        ok = parse_not(c, need) && emit(c, (struct op){OP_NOT, 0, 0, 0}, NULL);
        *need = need_nothing;
    } else {
        ok = parse_prim(c, need);
    }
    c->depth--;
    return ok;
}

/* left {word right}: when left decides, jump over the right sides. All jumps of one chain go to its end; they are found again by
 * their target being 0, which no real jump has. */
static bool parse_chain(struct cond *c, struct needs *need, const char *word, enum op_code jump,
                        bool (*next)(struct cond *, struct needs *)) {
    size_t from = c->det->nops;
    if (!next(c, need))
        return false;
    while (is_word(c, word)) {
        struct needs right = need_nothing;
        advance(c);
        if (!emit(c, (struct op){jump, 0, 0, 0}, NULL) || !next(c, &right))
            return false;
        if (jump == OP_JUMP_FALSE)
            needs_and(need, &right);
        else
            needs_or(c->a, need, &right);
    }
    for (size_t i = from; i < c->det->nops; i++)
        if (c->det->ops[i].code == jump && c->det->ops[i].a == 0)
            c->det->ops[i].a = (uint32_t)c->det->nops;
    return true;
}

static bool parse_and(struct cond *c, struct needs *need) {
    return parse_chain(c, need, "and", OP_JUMP_FALSE, parse_not);
}

static bool parse_or(struct cond *c, struct needs *need) {
    return parse_chain(c, need, "or", OP_JUMP_TRUE, parse_and);
}

static bool parse_one(struct cond *c, const struct tree_node *n, struct needs *need) {
    c->at = n;
    if (tree_kind(n) != TREE_SCALAR)
        return wrong(c, "it is a text, or a list of texts");
    c->rest = tree_text(n);
    advance(c);
    if (!parse_or(c, need))
        return false;
    if (!str_absent(c->word))
        return c->word.p[0] == '|' || is_word(c, "near")
                   ? wrong(c, "aggregation behind | and near are obsolete: write a correlation document")
                                   : wrong_word(c, "\"and\" or \"or\" is expected");
    return true;
}

enum rc sigma_cond(struct ruleset *rs, const struct tree_node *node, struct detection *det, struct needs *need, struct err *e) {
    struct cond c = {.rs = rs, .a = &rs->arena, .at = node, .det = det, .e = e};
    *need = need_nothing;
    if (tree_kind(node) != TREE_LIST)
        return parse_one(&c, node, need) ? RC_OK : RC_CONFIG;
    if (tree_count(node) == 0)
        return wrong(&c, "the list is empty") ? RC_OK : RC_CONFIG;
    for (const struct tree_node *n = tree_first(node); n; n = tree_next(n)) {
        struct needs one = need_nothing;
        bool first = n == tree_first(node);
        if (!first && !emit(&c, (struct op){OP_JUMP_TRUE, 0, 0, 0}, NULL))
            return RC_CONFIG;
        if (!parse_one(&c, n, &one))
            return RC_CONFIG;
        if (first)
            *need = one;
        else
            needs_or(c.a, need, &one);
    }
    for (size_t i = 0; i < det->nops; i++)
        if (det->ops[i].code == OP_JUMP_TRUE && det->ops[i].a == 0)
            det->ops[i].a = (uint32_t)det->nops;
    return RC_OK;
}

bool sigma_cond_of_nothing(const struct detection *d) {
    bool acc = false;
    for (size_t pc = 0; pc < d->nops; pc++) {
        const struct op *op = &d->ops[pc];
        if (op->code == OP_NOT)
            acc = !acc;
        else if (op->code == OP_SEL || op->code == OP_OF)
            acc = false;
        else if (acc == (op->code == OP_JUMP_TRUE))
            pc = op->a - 1;
    }
    return acc;
}
