/* SPDX-License-Identifier: ISC
 *
 * ruleset_test.c - the samples that rules bring along, run against the whole set
 *
 * Takes   a rule set and a parser.
 * Gives   an error for each sample that does the contrary of what it promises, with the line of the rule file it stands in.
 * Keeps   a matcher of its own; a correlation's sample begins with empty windows.
 *
 * A sample of a detection is a line, or a list of lines that all match (or none of them); one of a correlation is a list of lines
 * in order, at the end of which it has fired (or not).
 */
#include "detect/ruleset.h"

#include <string.h>

#include "detect/correlate.h"
#include "detect/match.h"
#include "detect/rule.h"

#define HITS_MAX 256

struct testing {
    struct ruleset *rs;
    ruleset_parse_fn parse;
    void *ctx;
    struct errs *es;
    struct matcher *mt;
    struct correlator *cor; /* of the sample that runs */
    uint32_t rule;
    size_t fired, hit, lines;
    struct message m;
    struct sighting s;
    int64_t now; /* of the lines so far */
};

static void on_alert(void *ctx, const struct alert *a) {
    struct testing *t = ctx;
    t->fired += a->fired && a->rule == t->rule;
}

static void make_sighting(struct testing *t, uint32_t rule) {
    const struct rule_info *info = &t->rs->rules[rule].info;
    struct sighting *s = &t->s;
    memset(s, 0, sizeof *s);
    s->rule = info->id;
    s->rule_index = rule;
    s->ntimes = 1;
    s->times = &t->m.time;
    s->weights = &t->m.repeat;
    s->total = t->m.repeat;
    for (size_t i = 0; i < info->nwanted && s->nfields < SIGHTING_FIELDS_MAX; i++) {
        enum field_id id = field_find(info->wanted[i]);
        struct str v = message_field(&t->m, id, info->wanted[i]);
        if (!str_absent(v))
            s->fields[s->nfields++] = (struct field){(uint16_t)id, 0, info->wanted[i], v};
    }
}

static void run_line(struct testing *t, struct str line) {
    uint32_t hits[HITS_MAX];
    memset(&t->m, 0, sizeof t->m);
    t->m.pri = t->m.version = -1;
    t->m.raw = t->m.text = line;
    t->m.repeat = 1;
    t->lines++;
    t->parse(t->ctx, line, &t->m);
    if (t->m.time == 0)
        t->m.time = (int64_t)t->lines * US_PER_S;
    if (t->m.repeat == 0)
        t->m.repeat = 1;
    t->now = t->m.time > t->now ? t->m.time : t->now;
    if (t->cor) {
        correlator_expect(t->cor, t->now);
        correlator_close(t->cor, t->now, on_alert, t);
    }
    match_scan(t->mt, &t->m);
    size_t n = match_eval(t->mt, &t->m, hits, HITS_MAX);
    for (size_t i = 0; i < n; i++) {
        t->hit += hits[i] == t->rule;
        make_sighting(t, hits[i]);
        if (t->cor)
            correlate(t->cor, &t->s, t->now, on_alert, t);
    }
}

static void say(struct testing *t, const struct tree_node *at, bool match) {
    struct err e = {0};
    struct buf why;
    char reason[300] = "";
    const struct rule *r = &t->rs->rules[t->rule];
    buf_init(&why, sizeof reason - 1);
    if (match && !r->corr && match_why_not(t->mt, &t->m, t->rule, &why))
        str_copy(reason, sizeof reason, buf_view(&why));
    else if (match && !r->corr)
        str_copy(reason, sizeof reason, STR("its log source does not fit, or the rule is never asked"));
    else if (match)
        str_copy(reason, sizeof reason, STR("it did not fire"));
    tree_err(at, &e, RC_CHECK, "rule \"%.*s\": the sample should %s%s%s", STR_FMT(r->info.title), match ? "match" : "not match",
             *reason ? ": " : "", reason);
    errs_add(t->es, &e);
    buf_fini(&why);
}

static void run_sample(struct testing *t, const struct tree_node *n, bool match) {
    bool corr = t->rs->rules[t->rule].corr != NULL;
    size_t lines = 0;
    t->fired = t->hit = 0;
    t->now = INT64_MIN;
    t->cor = corr ? correlator_new(t->rs, 1024) : NULL;
    if (tree_kind(n) == TREE_SCALAR) {
        run_line(t, tree_text(n));
        lines = 1;
    }
    for (const struct tree_node *c = tree_kind(n) == TREE_LIST ? tree_first(n) : NULL; c; c = tree_next(c), lines++)
        run_line(t, tree_text(c));
    if (t->cor)
        correlator_close_all(t->cor, on_alert, t);
    correlator_free(t->cor);
    t->cor = NULL;
    size_t got = corr ? t->fired : t->hit;
    bool right = match ? (corr ? got > 0 : got == lines && lines > 0) : got == 0;
    if (!right)
        say(t, n, match);
}

size_t ruleset_test(struct ruleset *rs, ruleset_parse_fn parse, void *ctx, struct errs *es) {
    struct testing t = {.rs = rs, .parse = parse, .ctx = ctx, .es = es, .mt = matcher_new(rs, true)};
    size_t n = 0;
    if (!t.mt)
        return 0;
    for (uint32_t i = 0; i < rs->n; i++)
        for (const struct tree_node *list = tree_first(rs->rules[i].samples); list; list = tree_next(list))
            for (const struct tree_node *c = tree_first(list); c; c = tree_next(c), n++) {
                t.rule = i;
                run_sample(&t, c, str_is(tree_key(list), "match"));
            }
    matcher_free(t.mt);
    return n;
}
