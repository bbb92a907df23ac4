/* SPDX-License-Identifier: ISC
 *
 * normalise.c - which patterns a message's program has, and what they make of its text
 *
 * Takes   a parsed message.
 * Gives   fields: spans of the text and the constants of the pattern that matched. The program's own files come first, then those
 *         for any program ("*"); within a file the first pattern that matches has it.
 * Keeps   per file a trie over what its patterns begin with (lead.h), and a gate for those that begin with anything (gate.h), so that
 *         a program's patterns cost about what one does.
 */
#include "parse/normalise.h"

#include "parse/decode.h"
#include "parse/lead.h"
#include "parse/normalise_file.h"
#include "parse/body.h"
#include "parse/pattern.h"
#include "parse/wrapping.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Large, and filled by need: a hardened build would clear it for every message. */
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define SCRATCH __attribute__((uninitialized))
#endif
#endif
#ifndef SCRATCH
#define SCRATCH
#endif

#define WORK_MAX 200000 /* bytes looked at in search for one message; a normal line needs some hundred */

static const struct nz_name *first_name(const struct normaliser *nz, struct str program) {
    size_t lo = 0, hi = nz->nnames;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (nz_name_cmp(nz->names[mid].name, program) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < nz->nnames ? &nz->names[lo] : NULL;
}

static struct str trim_blanks(struct str s) {
    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
        s = str_sub(s, 1, s.n);
    while (s.n && memchr(" \t\r\n", s.p[s.n - 1], sizeof " \t\r\n")) /* and NUL: datagrams come with either */
        s.n--;
    return s;
}

static bool digit(char c) {
    return c >= '0' && c <= '9';
}

/* "[ID 800047 auth.info] " (Solaris), "[  970.69] " and "kernel:[12970.69] " (a kernel's clock): gives the length. */
static size_t foreign_stamp(struct str s) {
    size_t i = str_starts(s, STR("kernel:[")) ? 7 : 0, n = i + 1;

    if (s.n < 4 || s.p[i] != '[')
        return 0;
    bool id = str_starts(str_sub(s, i, s.n), STR("[ID "));
    while (n < s.n && n < 64 && s.p[n] != ']' && (id || digit(s.p[n]) || s.p[n] == ' ' || s.p[n] == '.'))
        n++;
    return n + 1 < s.n && s.p[n] == ']' && s.p[n + 1] == ' ' && n > i + 1 ? n + 2 : 0;
}

/* "gw sshd[411]: " or "sshd[411]: " inside an sshd message: what a relay had before it put its own header in front. */
static size_t inner_header(struct str s, struct str program) {
    size_t at = str_starts(s, program) ? 0 : str_chr(str_sub(s, 0, 256), ' ') + 1;
    size_t n = at + program.n;

    if (program.n == 0 || !str_eq(str_sub(s, at, n), program) || n >= s.n || s.p[n] != '[')
        return 0;
    while (++n < s.n && digit(s.p[n]))
        ;
    if (n + 2 >= s.n || s.p[n] != ']')
        return 0;
    return s.p[n + 1] == ' ' ? n + 2 : s.p[n + 1] == ':' && s.p[n + 2] == ' ' ? n + 3 : 0; /* proftpd writes no colon */
}

static struct str without_wrapping(struct str s, struct str program) {
    for (int i = 0; i < 4; i++) {
        size_t n = foreign_stamp(s);
        if (n == 0)
            n = wrapping_stamp(s);
        if (n == 0)
            n = inner_header(s, program);
        if (n == 0)
            break;
        s = trim_blanks(str_sub(s, n, s.n));
    }
    return s;
}

static struct str without_affixes(const struct nz_group *g, struct str s) {
    for (size_t i = 0; i < g->nprefixes; i++)
        if (str_starts(s, g->prefixes[i])) {
            s = str_sub(s, g->prefixes[i].n, s.n);
            i = SIZE_MAX; /* again: "error: PAM: " */
        }
    for (size_t i = 0; i < g->nsuffixes; i++)
        if (str_ends(s, g->suffixes[i]))
            s.n -= g->suffixes[i].n;
    return trim_blanks(s);
}

static void add_capture(struct message *m, const struct nz_group *g, const struct capture *c) {
    bool derived = c->kind == CAPTURE_HEX;
    struct str v = c->value;

    if (c->kind == CAPTURE_QSTR)
        v = decode_qstr(m, v, &derived);
    else if (c->kind == CAPTURE_HEX)
        v = decode_hex(m, v);
    if (str_absent(v) || pattern_is_nothing(&g->nothing, v))
        return;
    m->flags |= derived ? MSG_DECODED : 0;
    message_add(m, (enum field_id)c->id, c->name, v, derived ? FIELD_DERIVED : 0);
}

static void set_fields(struct message *m, const struct nz_group *g, const struct nz_pattern *p, const struct captures *c) {
    for (size_t i = 0; i < c->n; i++)
        if (c->v[i].kind < CAPTURE_PAIRS)
            add_capture(m, g, &c->v[i]);
    for (size_t i = 0; i < p->nset; i++)
        message_add(m, (enum field_id)p->set[i].id, p->set[i].name, p->set[i].value, FIELD_DERIVED);
    for (size_t i = 0; i < c->n; i++) /* last: what a stranger may name comes behind what the pattern says */
        if (c->v[i].kind == CAPTURE_PAIRS)
            body_pairs(m, c->v[i].value);
        else if (c->v[i].kind == CAPTURE_JSON)
            body_json(m, c->v[i].value);
}

struct search { /* one text looked at */
    struct str text;
    long work;
    bool plain;              /* without index and gate */
    const struct gate *gate; /* whose hits */
    struct gate_hits *hits;  /* these are */
};

static bool pattern_fits(struct search *q, const struct nz_group *g, bool part, const struct nz_pattern *p, struct str s, struct captures *c) {
    const struct pattern_nothing *none = part ? &g->nothing : NULL;

    if (q->plain)
        return pattern_match_plain(p->pattern, s, none, &q->work, c);
    if (p->gated && q->gate != g->gate) {
        q->gate = g->gate;
        gate_scan(g->gate, q->text, q->hits);
    }
    if (p->gated && !gate_open(&p->need, &q->hits->have))
        return false;
    return pattern_match(p->pattern, s, (struct pattern_help){none, p->gated ? q->hits : NULL}, &q->work, c);
}

/* The first pattern of the list that matches has it; NULL when none does. */
static const struct nz_pattern *list_match(const struct nz_group *g, const struct nz_list *l, struct search *q, struct str s, struct message *m) {
    struct captures c SCRATCH;
    size_t n = l->npatterns;
    const uint16_t *which = q->plain ? NULL : lead_at(l->lead, s, &n);

    for (size_t i = 0; i < n; i++) {
        const struct nz_pattern *p = &l->patterns[which ? which[i] : i];
        if (pattern_fits(q, g, l != g->lists, p, s, &c)) {
            set_fields(m, g, p, &c);
            return p;
        }
    }
    return NULL;
}

static bool group_match(const struct normaliser *nz, size_t group, struct search *q, struct message *m) {
    const struct nz_group *g = &nz->groups[group];

    if (g->later)
        nz_make(nz->own, group);
    struct str s = without_affixes(g, q->text);
    const struct nz_pattern *p = s.n && g->nlists ? list_match(g, &g->lists[0], q, s, m) : NULL;

    for (size_t i = 0; p && i < p->nthen; i++)
        list_match(g, &g->lists[p->then[i]], q, s, m);
    return p != NULL;
}

static bool by_name(const struct normaliser *nz, struct str program, struct str text, struct message *m, struct search *q) {
    const struct nz_name *end = nz->names + nz->nnames;

    q->text = text;
    q->gate = NULL;
    for (const struct nz_name *n = first_name(nz, program); n && n < end && nz_name_cmp(n->name, program) == 0; n++)
        if (group_match(nz, n->group, q, m))
            return true;
    for (size_t i = 0; i < nz->nopen; i++)
        if (nz_name_cmp(str_sub(program, 0, nz->open[i].name.n), nz->open[i].name) == 0 && group_match(nz, nz->open[i].group, q, m))
            return true;
    return false;
}

bool normalise_program(const struct normaliser *nz, struct message *m, struct str s, struct search *q) {
    struct str whole = trim_blanks(s), text = without_wrapping(whole, m->program);

    if (text.n == 0 || m->program.n == 0)
        return false;
    if (by_name(nz, m->program, text, m, q))
        return true;
    /* a program's own patterns may want what looked like wrapping */
    return text.n != whole.n && by_name(nz, m->program, whole, m, q);
}

bool normalise_text(const struct normaliser *nz, struct message *m, struct str s, struct search *q) {
    return normalise_program(nz, m, s, q) || by_name(nz, STR("*"), without_wrapping(trim_blanks(s), m->program), m, q);
}

bool normalise_kind(const struct normaliser *nz, struct message *m, struct str kind, struct search *q) {
    return by_name(nz, kind, trim_blanks(m->text), m, q);
}

static void search(const struct normaliser *nz, struct message *m, struct search q) {
    struct gate_hits hits SCRATCH;

    q.hits = &hits;
    if (m->flags & MSG_FIELDS)
        return;
    m->flags |= MSG_FIELDS;
    if (m->body != BODY_NONE)
        normalise_body(nz, m, &q);
    else
        normalise_text(nz, m, m->text, &q);
    normalise_web_path(m);
    if (q.work < 0) /* a text made to be slow, and what it holds is not known */
        message_drop(m);
}

void normalise(const struct normaliser *nz, struct message *m) {
    search(nz, m, (struct search){.work = WORK_MAX});
}

void normalise_plain(const struct normaliser *nz, struct message *m) {
    search(nz, m, (struct search){.work = LONG_MAX, .plain = true});
}

/* ---- samples */

static void sample_fail(const struct nz_sample *sample, struct errs *es, const char *what, struct str name, struct str want, struct str got) {
    struct err e = {0};

    if (str_absent(got))
        tree_err(sample->node, &e, RC_CHECK, "sample: %s %.*s should be \"%.*s\" and is not there", what, STR_FMT(name), STR_FMT(want));
    else
        tree_err(sample->node, &e, RC_CHECK, "sample: %s %.*s should be \"%.*s\" and is \"%.*s\"", what, STR_FMT(name), STR_FMT(want),
                 STR_FMT(got));
    errs_add(es, &e);
}

static void sample_run(const struct normaliser *nz, const struct nz_sample *sample, struct message *m, struct errs *es) {
    struct spare *spare = m->spare;

    memset(m, 0, sizeof *m);
    m->spare = spare;
    spare->n = 0;
    m->raw = m->text = m->msg = sample->line;
    m->program = sample->program;
    m->body = (uint8_t)body_sniff(m->program, m->text);
    normalise(nz, m);
    for (const struct tree_node *w = tree_first(sample->want); w; w = tree_next(w)) {
        struct str got = message_field(m, field_find(tree_key(w)), tree_key(w)), want = tree_text(w);
        bool none = tree_kind(w) == TREE_NULL || (str_is(want, "~") && !tree_quoted(w));
        if (none && !str_absent(got))
            sample_fail(sample, es, "field", tree_key(w), STR("(absent)"), got);
        else if (!none && (str_absent(got) || !str_eq(got, want)))
            sample_fail(sample, es, "field", tree_key(w), want, got);
    }
}

size_t normaliser_test(const struct normaliser *nz, struct errs *es) {
    struct message *m = malloc(sizeof *m);
    struct spare spare = {malloc(MSG_SPARE), 0, MSG_SPARE};

    for (size_t i = 0; m && spare.p && i < nz->nsamples; i++) {
        m->spare = &spare;
        sample_run(nz, &nz->samples[i], m, es);
    }
    free(spare.p);
    free(m);
    return nz->nsamples;
}
