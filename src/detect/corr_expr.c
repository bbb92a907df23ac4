/* SPDX-License-Identifier: ISC
 *
 * corr_expr.c - a condition over the rules of a correlation
 *
 * Takes   the text; later which rules were seen.
 * Gives   a postfix program; whether it holds.
 * Keeps   everything in the arena of the rule set. Nesting is bounded, for it is read by recursion.
 */
#include "detect/corr_expr.h"

#include <string.h>

#define DEPTH_MAX 24
#define CODES_MAX 256

struct reading {
    const struct corr *c;
    struct str rest, token;
    uint8_t code[CODES_MAX];
    size_t n;
    uint32_t positive;
    int depth;
    const char *wrong; /* the first mistake */
    struct str at;     /* what it is about */
};

static void next(struct reading *r) {
    size_t n = 0;
    r->rest = str_trim(r->rest);
    while (r->rest.n && (r->rest.p[0] == '\n' || r->rest.p[0] == '\r'))
        r->rest = str_trim(str_sub(r->rest, 1, r->rest.n));
    if (r->rest.n && (r->rest.p[0] == '(' || r->rest.p[0] == ')'))
        n = 1;
    while (n < r->rest.n && (n == 0 || r->rest.p[0] != '(') && r->rest.p[0] != ')' && !strchr(" \t\r\n()", r->rest.p[n]))
        n++;
    r->token = str_sub(r->rest, 0, n);
    r->rest = str_sub(r->rest, n, r->rest.n);
}

static bool word(const struct reading *r, const char *w) {
    return str_eqi(r->token, str_of(w));
}

static void fail(struct reading *r, const char *wrong) {
    if (!r->wrong) {
        r->wrong = wrong;
        r->at = r->token.n ? r->token : STR("end");
    }
}

static void emit(struct reading *r, uint8_t code) {
    if (r->n < CODES_MAX)
        r->code[r->n++] = code;
    else
        fail(r, "the condition is too long at");
}

static void read_or(struct reading *r, bool negated);

static void read_name(struct reading *r, bool negated) {
    for (size_t i = 0; i < r->c->nrefs; i++)
        if (str_eq(r->token, r->c->ref_names[i])) {
            emit(r, (uint8_t)i);
            r->positive |= negated ? 0 : 1u << i;
            next(r);
            return;
        }
    fail(r, "this is none of the rules of the correlation:");
}

static void read_not(struct reading *r, bool negated) {
    if (++r->depth > DEPTH_MAX)
        fail(r, "the condition is nested too deeply at");
    if (r->wrong) {
        ;
    } else if (word(r, "not")) {
        next(r);
        read_not(r, !negated);
        emit(r, CORR_NOT);
    } else if (word(r, "(")) {
        next(r);
        read_or(r, negated);
        if (!word(r, ")"))
            fail(r, "a ) is missing at");
        next(r);
    } else {
        read_name(r, negated);
    }
    r->depth--;
}

static void read_and(struct reading *r, bool negated) {
    read_not(r, negated);
    while (!r->wrong && word(r, "and")) {
        next(r);
        read_not(r, negated);
        emit(r, CORR_AND);
    }
}

static void read_or(struct reading *r, bool negated) {
    read_and(r, negated);
    while (!r->wrong && word(r, "or")) {
        next(r);
        read_and(r, negated);
        emit(r, CORR_OR);
    }
}

bool corr_expr_read(struct ruleset *rs, const struct tree_node *n, struct corr *c, struct err *e) {
    struct reading r = {.c = c, .rest = tree_text(n)};
    next(&r);
    read_or(&r, false);
    if (!r.wrong && r.token.n)
        fail(&r, "and, or, or the end is expected, not");
    if (!r.wrong && !r.positive)
        fail(&r, "absence alone has no beginning: one rule that is not under `not` is needed, before");
    if (r.wrong) {
        tree_err(n, e, RC_CONFIG, "%s \"%.*s\"", r.wrong, STR_FMT(r.at));
        return false;
    }
    uint8_t *code = arena_alloc(&rs->arena, r.n);
    if (!code) {
        tree_err(n, e, RC_NOMEM, "the rules do not fit into memory");
        return false;
    }
    memcpy(code, r.code, r.n);
    c->expr = code;
    c->nexpr = r.n;
    c->positive = r.positive;
    c->closes = memchr(code, CORR_NOT, r.n) != NULL;
    return true;
}

/* Two readings at once: with what was seen only (bit 0), and with everything that may still come (bit 1). The stack is as high as the
 * program is long at most. */
bool corr_expr_holds(const struct corr *c, uint32_t seen, bool closed) {
    uint8_t stack[CODES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < c->nexpr; i++) {
        uint8_t op = c->expr[i];
        if (op < CORR_REFS_MAX) {
            stack[n++] = seen & 1u << op ? 3 : closed ? 0 : 2;
        } else if (op == CORR_NOT) {
            uint8_t v = stack[n - 1];
            stack[n - 1] = (uint8_t)((v & 2 ? 0 : 1) | (v & 1 ? 0 : 2));
        } else {
            n--;
            stack[n - 1] = op == CORR_AND ? stack[n - 1] & stack[n] : stack[n - 1] | stack[n];
        }
    }
    return n > 0 && (stack[0] & 1);
}

bool corr_expr_plain(const struct corr *c) {
    for (size_t i = 0; i < c->nexpr; i++)
        if (c->expr[i] == CORR_OR || (c->expr[i] == CORR_NOT && c->expr[i - 1] >= CORR_REFS_MAX))
            return false;
    return true;
}
