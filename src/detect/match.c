/* SPDX-License-Identifier: ISC
 *
 * match.c - which rules a message matches
 *
 * Takes   messages: first as bytes, then, when a rule may match, with their fields.
 * Gives   the rules that match, by index.
 * Keeps   one worker's scratch, made once: nothing is allocated per message (PCRE2's interpreter may, within its limit).
 *
 * Rules with the same log source share a gate. A message opens gates by its tags; behind an open gate stand the rules without a
 * literal, always asked, and those whose literal was seen.
 */
#include "detect/match.h"

#include <stdlib.h>
#include <string.h>

#include "detect/eval.h"
#include "detect/prefilter.h"

#define EXCLUDED_MAX 16
#define SAMPLED 64 /* one message in so many is measured */
#define LONG_NS 20000 /* a rule takes some hundred */

struct gate {
    struct logsource src;
    uint32_t first, n;  /* of always[]: rules asked whenever this gate is open */
    uint32_t all, nall; /* of behind[]: every rule behind it */
    uint32_t open;      /* == epoch */
};

#define CLASSES 64 /* sets of tags whose gates are remembered: a site has a few dozen */
struct class {
    struct tagset tags;
    bool known;
    uint32_t n;
    uint32_t *gates; /* those that the tags fit; a program is compared each time */
};

struct open_scopes { /* whose literals count for a message: a bit a scope */
    uint64_t w[SCOPES_MAX / 64];
};

#define SPEAKERS 256 /* programs whose scopes are remembered, */
#define SPEAKER_MAX 31 /* when the name is no longer */
struct speaker {
    uint8_t n; /* 1 + the length of the name; 0: none */
    char name[SPEAKER_MAX];
    struct open_scopes scopes;
};

#define SENDERS 256 /* headers whose gates are remembered, */
#define SENDER_GATES 30
#define SENDER_WORDS 5 /* when program and all fit into so many */
struct sender { /* what opens for messages with this header, when nothing else of them decides */
    uint64_t key[SENDER_WORDS]; /* 0: none */
    struct tagset tags;
    bool by_literal;
    uint32_t n;
    uint32_t gates[SENDER_GATES];
    struct open_scopes scopes;
};

struct matcher {
    const struct ruleset *rs;
    struct prefilter *pre; /* NULL: every rule behind an open gate is a candidate */
    struct regex_scratch *regex;
    struct gate *gates;
    size_t ngates;
    struct class classes[CLASSES];
    struct sender senders[SENDERS];
    struct speaker speakers[SPEAKERS];
    struct open_scopes all, wordless; /* every scope; those that a need counts all messages of */
    struct open_scopes open; /* of the message in hand */
    uint32_t *class_gates;
    uint32_t *gate_of; /* per rule; UINT32_MAX: never asked */
    uint32_t *always, *behind;
    uint32_t *seen; /* per rule: epoch in which it became a candidate */
    uint32_t *held; /* per need: epoch in which one of its literals was found */
    uint32_t *cand;
    size_t ncand;
    uint32_t epoch;
    struct match_stats stats;
    struct match_rule_stats *rules;
    struct match_exclusion excluded[EXCLUDED_MAX]; /* of the last message */
    size_t nexcluded;
    uint64_t evaluated; /* messages with candidates */
    uint64_t *filters; /* per filter: messages it took away */
};

static bool asked(const struct ruleset *rs, const struct rule *r) {
    return !r->corr && (r->info.status == RULE_LOADED || (r->info.status == RULE_NOT_HERE && (rs->flags & RULESET_ANY_LOGSOURCE)));
}

static uint32_t gate_find(struct matcher *mt, const struct logsource *src) {
    for (size_t i = 0; i < mt->ngates; i++)
        if (memcmp(&mt->gates[i].src.tags, &src->tags, sizeof src->tags) == 0 && str_eqi(mt->gates[i].src.program, src->program) &&
            str_absent(mt->gates[i].src.program) == str_absent(src->program))
            return (uint32_t)i;
    mt->gates[mt->ngates].src = *src;
    return (uint32_t)mt->ngates++;
}

/* Sorts the rules behind their gates: a counting sort, twice. */
static void fill_gates(struct matcher *mt) {
    const struct ruleset *rs = mt->rs;
    static const struct logsource everything; /* asks for nothing */
    for (size_t i = 0; i < rs->n; i++) {
        mt->gate_of[i] = UINT32_MAX;
        if (!asked(rs, &rs->rules[i]))
            continue;
        mt->gate_of[i] = gate_find(mt, rs->flags & RULESET_ANY_LOGSOURCE ? &everything : &rs->rules[i].src);
        mt->gates[mt->gate_of[i]].nall++;
        mt->gates[mt->gate_of[i]].n += !rs->rules[i].needs.v[0].known;
    }
    for (size_t g = 1; g < mt->ngates; g++) {
        mt->gates[g].all = mt->gates[g - 1].all + mt->gates[g - 1].nall;
        mt->gates[g].first = mt->gates[g - 1].first + mt->gates[g - 1].n;
    }
    for (size_t g = 0; g < mt->ngates; g++)
        mt->gates[g].n = mt->gates[g].nall = 0;
    for (size_t i = 0; i < rs->n; i++) {
        if (mt->gate_of[i] == UINT32_MAX)
            continue;
        struct gate *g = &mt->gates[mt->gate_of[i]];
        mt->behind[g->all + g->nall++] = (uint32_t)i;
        if (!rs->rules[i].needs.v[0].known)
            mt->always[g->first + g->n++] = (uint32_t)i;
    }
}

/* ---- scopes */

static void open_scope(struct open_scopes *o, size_t scope) {
    o->w[scope / 64] |= UINT64_C(1) << scope % 64;
}

static void note_wordless(struct matcher *mt) {
    const struct ruleset *rs = mt->rs;
    memset(&mt->all, 0xff, sizeof mt->all);
    for (size_t i = 1; i < rs->nscopes; i++)
        if (rs->lit_at[rs->nlits + i] < rs->lit_at[rs->nlits + i + 1])
            open_scope(&mt->wordless, i);
}

struct matcher *matcher_new(const struct ruleset *rs, bool prefilter) {
    struct matcher *mt = calloc(1, sizeof *mt);
    size_t n = rs->n + 1;
    if (!mt)
        return NULL;
    mt->rs = rs;
    mt->regex = regex_scratch_new();
    mt->gates = calloc(n, sizeof *mt->gates);
    mt->gate_of = calloc(n, sizeof *mt->gate_of);
    mt->always = calloc(n, sizeof *mt->always);
    mt->behind = calloc(n, sizeof *mt->behind);
    mt->seen = calloc(n, sizeof *mt->seen);
    mt->cand = calloc(n, sizeof *mt->cand);
    mt->held = calloc(2 * n, sizeof *mt->held);
    mt->rules = calloc(n, sizeof *mt->rules);
    mt->filters = calloc(rs->nfilters + 1, sizeof *mt->filters);
    if (prefilter && rs->db)
        mt->pre = prefilter_new(rs);
    if (!mt->regex || !mt->gates || !mt->gate_of || !mt->always || !mt->behind || !mt->seen || !mt->cand || !mt->held ||
        !mt->rules || !mt->filters ||
        (prefilter && rs->db && !mt->pre)) {
        matcher_free(mt);
        return NULL;
    }
    fill_gates(mt);
    note_wordless(mt);
    if (!(mt->class_gates = calloc(CLASSES * (mt->ngates + 1), sizeof *mt->class_gates))) {
        matcher_free(mt);
        return NULL;
    }
    for (size_t i = 0; i < CLASSES; i++)
        mt->classes[i].gates = mt->class_gates + i * mt->ngates;
    return mt;
}

void matcher_free(struct matcher *mt) {
    if (!mt)
        return;
    prefilter_done(mt->pre);
    regex_scratch_free(mt->regex);
    free(mt->gates);
    free(mt->class_gates);
    free(mt->gate_of);
    free(mt->always);
    free(mt->behind);
    free(mt->seen);
    free(mt->cand);
    free(mt->held);
    free(mt->rules);
    free(mt->filters);
    free(mt);
}

static void candidate(struct matcher *mt, uint32_t rule) {
    if (mt->seen[rule] == mt->epoch)
        return;
    mt->seen[rule] = mt->epoch;
    mt->cand[mt->ncand++] = rule;
}

static bool scope_open(const struct open_scopes *o, size_t scope) {
    return o->w[scope / 64] >> scope % 64 & 1;
}

static void on_literal(void *ctx, uint32_t literal) {
    struct matcher *mt = ctx;
    for (uint32_t i = mt->rs->lit_at[literal]; i < mt->rs->lit_at[literal + 1]; i++) {
        uint32_t need = mt->rs->lit_rules[i], rule = need / 2;
        if (!scope_open(&mt->open, mt->rs->lit_scope[i]))
            continue;
        if (mt->gate_of[rule] == UINT32_MAX || mt->gates[mt->gate_of[rule]].open != mt->epoch)
            continue;
        mt->held[need] = mt->epoch;
        if (mt->held[need ^ 1] == mt->epoch || !mt->rs->rules[rule].needs.v[1].known)
            candidate(mt, rule);
    }
}

static void next_epoch(struct matcher *mt) {
    if (++mt->epoch != 0)
        return;
    memset(mt->seen, 0, mt->rs->n * sizeof *mt->seen); /* once in four thousand million messages */
    memset(mt->held, 0, 2 * mt->rs->n * sizeof *mt->held);
    for (size_t g = 0; g < mt->ngates; g++)
        mt->gates[g].open = 0;
    mt->epoch = 1;
}

/* Few are sorted by insertion; of many it is cheaper to go through all rules once (qsort may allocate). */
static void sort_candidates(struct matcher *mt) {
    if (mt->ncand > 64) {
        size_t k = 0;
        for (uint32_t i = 0; i < mt->rs->n; i++)
            if (mt->seen[i] == mt->epoch)
                mt->cand[k++] = i;
        return;
    }
    for (size_t i = 1; i < mt->ncand; i++) {
        uint32_t v = mt->cand[i];
        size_t k = i;
        for (; k > 0 && mt->cand[k - 1] > v; k--)
            mt->cand[k] = mt->cand[k - 1];
        mt->cand[k] = v;
    }
}

static void open_gate(struct matcher *mt, struct gate *g, bool everything) {
    g->open = mt->epoch;
    if (everything)
        for (uint32_t i = 0; i < g->nall; i++)
            candidate(mt, mt->behind[g->all + i]);
    else
        for (uint32_t i = 0; i < g->n; i++)
            candidate(mt, mt->always[g->first + i]);
}

static bool within(struct str whole, struct str part) {
    uintptr_t from = (uintptr_t)whole.p, at = (uintptr_t)part.p;
    return part.n == 0 || (at >= from && at + part.n <= from + whole.n);
}

/* By one of the names: the program's, what it begins with, or that of a body. A body's patterns see texts that have one; of those only access logs
 * are searched before their fields are made. */
static bool names_it(const struct scope *s, struct str program, bool access) {
    for (size_t i = 0; i < s->n; i++) {
        struct str name = s->names[i];
        bool begins = name.p[name.n - 1] == '*';
        name.n -= begins;
        if ((name.p[0] == ' ' && access) || str_eqi(begins ? str_sub(program, 0, name.n) : program, name))
            return true;
    }
    return false;
}

static void find_scopes(const struct matcher *mt, struct str program, bool access, struct open_scopes *out) {
    *out = (struct open_scopes){{1}};
    for (size_t i = 1; i < mt->rs->nscopes; i++)
        if (names_it(&mt->rs->scopes[i], program, access))
            open_scope(out, i);
}

static void scopes_of(struct matcher *mt, const struct message *m, struct open_scopes *out) {
    struct str program = m->program;
    if (m->body != BODY_NONE && m->body != BODY_ACCESS)
        *out = mt->all; /* a body says what it is of */
    else if (m->body == BODY_ACCESS || program.n > SPEAKER_MAX)
        find_scopes(mt, program, m->body == BODY_ACCESS, out);
    else {
        uint64_t h = program.n;
        for (size_t i = 0; i < program.n; i++)
            h = (h ^ (unsigned char)program.p[i]) * UINT64_C(0x9e3779b97f4a7c15), h ^= h >> 29;
        struct speaker *s = &mt->speakers[h % SPEAKERS];
        if (s->n != program.n + 1 || !str_eq(str_n(s->name, program.n), program)) {
            find_scopes(mt, program, false, &s->scopes);
            s->n = (uint8_t)(program.n + 1);
            if (program.n)
                memcpy(s->name, program.p, program.n);
        }
        *out = s->scopes;
    }
}

/* What every message of these scopes has. */
static void without_words(struct matcher *mt) {
    for (size_t w = 0; w < sizeof mt->open.w / sizeof *mt->open.w; w++)
        for (uint64_t left = mt->open.w[w] & mt->wordless.w[w]; left; left &= left - 1)
            on_literal(mt, (uint32_t)(mt->rs->nlits + w * 64 + (size_t)__builtin_ctzll(left)));
}

/* The text, and every value that does not stand in it. Not the header: need.c makes no literal of what rules ask of it, and it is half of
 * many a line. */
static bool scan(struct matcher *mt, const struct message *m) {
    without_words(mt);
    bool ok = prefilter_scan(mt->pre, m->text, on_literal, mt);
    for (size_t i = 0; ok && i < m->nfields; i++)
        ok = within(m->text, m->fields[i].value) || prefilter_scan(mt->pre, m->fields[i].value, on_literal, mt);
    return ok;
}

/* So that a line costs the gates it opens, not those there are. */
static const struct class *class_of(struct matcher *mt, const struct message *m) {
    static const struct str nobody; /* a program is compared when the gate is asked */
    uint64_t h = 0;
    for (size_t i = 0; i < MSG_TAG_WORDS; i++)
        h = (h ^ m->tags.w[i]) * UINT64_C(0x9e3779b97f4a7c15);
    struct class *c = &mt->classes[h >> 58];
    if (c->known && memcmp(&c->tags, &m->tags, sizeof c->tags) == 0)
        return c;
    c->known = true;
    c->tags = m->tags;
    c->n = 0;
    for (size_t g = 0; g < mt->ngates; g++) {
        struct logsource src = mt->gates[g].src;
        src.program = nobody;
        if (logsource_fits(&src, &m->tags, nobody))
            c->gates[c->n++] = (uint32_t)g;
    }
    return c;
}

/* All that logsource_tags may go by without looking further, and the program. The sender with that key, or whose place it may take;
 * NULL when the program's name is too long. */
static struct sender *sender_of(struct matcher *mt, const struct message *m, uint64_t key[SENDER_WORDS]) {
    uint64_t h = 0;
    if (m->program.n > (SENDER_WORDS - 1) * sizeof *key)
        return NULL;
    memset(key, 0, SENDER_WORDS * sizeof *key);
    if (m->program.n)
        memcpy(key, m->program.p, m->program.n);
    key[SENDER_WORDS - 1] = UINT64_C(1) << 63 | (uint64_t)m->program.n << 32 | (uint64_t)(uint8_t)(m->pri >> 3) << 24 | (uint64_t)m->dialect << 16 |
                            (uint64_t)m->transport << 8 | m->body;
    for (size_t i = 0; i < SENDER_WORDS; i++)
        h = (h ^ key[i]) * UINT64_C(0x9e3779b97f4a7c15), h ^= h >> 29;
    return &mt->senders[h % SENDERS];
}

/* Tags, and the gates they open; true when a rule behind one of these waits for a literal. */
static bool open_gates(struct matcher *mt, struct message *m) {
    uint64_t key[SENDER_WORDS];
    struct sender *s = sender_of(mt, m, key);
    if (s && memcmp(s->key, key, sizeof key) == 0) {
        mt->open = s->scopes;
        m->tags = s->tags;
        for (uint32_t i = 0; i < s->n; i++)
            open_gate(mt, &mt->gates[s->gates[i]], !mt->pre);
        return s->by_literal;
    }
    scopes_of(mt, m, &mt->open);
    bool by_literal = false, known = logsource_tags(mt->rs->sources, m, &m->tags) && s;
    const struct class *c = class_of(mt, m);
    uint32_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        struct gate *g = &mt->gates[c->gates[i]];
        if (!str_absent(g->src.program) && !str_eqi(g->src.program, m->program))
            continue;
        open_gate(mt, g, !mt->pre);
        by_literal = by_literal || g->n < g->nall;
        known = known && n < SENDER_GATES;
        if (known)
            s->gates[n++] = c->gates[i];
    }
    if (s)
        s->key[SENDER_WORDS - 1] = 0; /* its gates may be overwritten */
    if (known) {
        memcpy(s->key, key, sizeof key);
        s->tags = m->tags;
        s->scopes = mt->open;
        s->by_literal = by_literal;
        s->n = n;
    }
    return by_literal;
}

size_t match_scan(struct matcher *mt, struct message *m) {
    bool everything = !mt->pre;
    next_epoch(mt);
    mt->ncand = mt->nexcluded = 0;
    mt->stats.scanned++;
    bool by_literal = open_gates(mt, m);
    if (m->flags & MSG_FIELDS) /* made of more than the text */
        mt->open = mt->all;
    if (!everything && by_literal && !scan(mt, m))
        for (size_t g = 0; g < mt->ngates; g++)
            if (mt->gates[g].open == mt->epoch)
                open_gate(mt, &mt->gates[g], true);
    mt->stats.candidates += mt->ncand;
    return mt->ncand;
}

/* One rule asked, and counted. */
static bool ask(struct matcher *mt, struct eval *ev, uint32_t rule) {
    struct match_rule_stats *st = &mt->rules[rule];
    const struct filter *by;
    uint64_t limit = *ev->gave_up;
    bool hit = eval_rule(ev, &mt->rs->rules[rule], &by);
    st->asked++;
    st->limit += *ev->gave_up - limit;
    if (hit) {
        st->matched++;
        st->last = ev->m->time;
    } else if (by) {
        st->excluded++;
        size_t filter = (size_t)(by - mt->rs->filters);
        mt->filters[filter]++;
        if (mt->nexcluded < EXCLUDED_MAX)
            mt->excluded[mt->nexcluded++] = (struct match_exclusion){rule, (uint32_t)filter};
    }
    return hit;
}

/* What takes long may have been the machine's doing, which gave the time to somebody else: seen again, the shorter one counts. */
static int64_t again(struct matcher *mt, const struct eval *ev, uint32_t rule) {
    uint64_t gave_up = 0;
    struct eval once = *ev;
    const struct filter *by;
    int64_t before = clock_mono_ns();

    once.gave_up = &gave_up;
    eval_rule(&once, &mt->rs->rules[rule], &by);
    return clock_mono_ns() - before;
}

/* The same with a look at the clock on either side: for one message in SAMPLED only. */
static bool ask_timed(struct matcher *mt, struct eval *ev, uint32_t rule) {
    int64_t before = clock_mono_ns();
    bool hit = ask(mt, ev, rule);
    int64_t took = clock_mono_ns() - before, twice = took > LONG_NS ? again(mt, ev, rule) : took;
    mt->rules[rule].ns += (uint64_t)(twice < took ? twice : took) * SAMPLED;
    return hit;
}

size_t match_eval(struct matcher *mt, const struct message *m, uint32_t *hits, size_t max) {
    struct eval ev = {.m = m, .regex = mt->regex, .gave_up = &mt->stats.regex_limit};
    bool timed = mt->evaluated++ % SAMPLED == 0;
    size_t n = 0;
    mt->nexcluded = 0;
    sort_candidates(mt);
    for (size_t i = 0; i < mt->ncand; i++) {
        if (!(timed ? ask_timed : ask)(mt, &ev, mt->cand[i]))
            continue;
        mt->stats.matched++;
        if (n < max)
            hits[n++] = mt->cand[i];
        else
            mt->stats.hits_dropped++;
    }
    return n;
}

size_t match_open(const struct matcher *mt) {
    size_t n = 0;

    for (size_t g = 0; g < mt->ngates; g++)
        n += mt->gates[g].open == mt->epoch ? mt->gates[g].nall : 0;
    return n;
}

bool match_why_not(struct matcher *mt, const struct message *m, uint32_t rule, struct buf *out) {
    struct eval ev = {.m = m, .regex = mt->regex, .gave_up = &mt->stats.regex_limit};
    if (rule >= mt->rs->n || mt->gate_of[rule] == UINT32_MAX)
        return false;
    if (!logsource_fits(&mt->gates[mt->gate_of[rule]].src, &m->tags, m->program))
        return false;
    return eval_why_not(&ev, &mt->rs->rules[rule], out);
}

const struct match_stats *matcher_stats(const struct matcher *mt) {
    return &mt->stats;
}

const struct match_rule_stats *matcher_rule(const struct matcher *mt, uint32_t rule) {
    return rule < mt->rs->n ? &mt->rules[rule] : NULL;
}

uint64_t matcher_filter(const struct matcher *mt, size_t filter) {
    return filter < mt->rs->nfilters ? mt->filters[filter] : 0;
}

size_t match_excluded(const struct matcher *mt, const struct match_exclusion **v) {
    *v = mt->excluded;
    return mt->nexcluded;
}
