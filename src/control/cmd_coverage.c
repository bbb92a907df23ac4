/* SPDX-License-Identifier: ISC
 *
 * cmd_coverage.c - what the rules in force see, and what they do not
 *
 * Takes   the rules, what each did since the daemon started, and what was heard.
 * Gives   one map of lists: what is loaded and what is not and why, fields that nobody fills, rules that never fired, programs that no rule
 *         is about or nobody can read, where the time goes, and which tactics of ATT&CK are looked for.
 */
#include "control/cmd.h"
#include "control/cmd_rule.h"

#include "detect/rule_about.h"

#include <stdlib.h>
#include <string.h>

#define TOP 20
#define LISTED_MAX 2000 /* of a list; "more" says how many are left out */
#define KEYS_MAX 4096   /* log sources, fields, techniques told apart */

/* ---- tables in an order: the largest first, then by name */

struct entry {
    struct str key;
    void *value;
    uint64_t weight;
};
struct sorting {
    struct entry *v;
    size_t n, max;
    bool weighed; /* values begin with an uint64_t */
};

static void collect(void *ctx, struct str key, void *value) {
    struct sorting *s = ctx;

    if (s->n < s->max)
        s->v[s->n++] = (struct entry){key, value, s->weighed ? *(const uint64_t *)value : 0};
}

static int by_weight(const void *a, const void *b) {
    const struct entry *x = a, *y = b;

    return x->weight != y->weight ? (x->weight < y->weight ? 1 : -1) : str_cmp(x->key, y->key);
}

static void sorted(struct table *t, bool weighed, void (*fn)(void *ctx, struct str key, void *value), void *ctx) {
    struct sorting s = {.max = t ? table_count(t) : 0, .weighed = weighed};

    if (s.max == 0 || !(s.v = calloc(s.max, sizeof *s.v)))
        return;
    table_each(t, collect, &s);
    qsort(s.v, s.n, sizeof *s.v, by_weight);
    for (size_t i = 0; i < s.n; i++)
        fn(ctx, s.v[i].key, s.v[i].value);
    free(s.v);
}

/* ---- how many, and of which log source */

struct by_source {
    uint64_t n[RULE_STATUS__COUNT], matched;
};

static const char *const status_keys[RULE_STATUS__COUNT] = {
    [RULE_LOADED] = "loaded", [RULE_NOT_HERE] = "not_applicable", [RULE_NOT_EVALUABLE] = "not_evaluable", [RULE_OFF] = "disabled"};

static void totals(struct jw *w, const struct rulebook *b) {
    uint64_t n[RULE_STATUS__COUNT] = {0}, correlations = 0, fired = 0;

    for (size_t i = 0; i < ruleset_count(b->rules); i++) {
        const struct rule_info *r = rule_info(b->rules, i);
        n[r->status]++;
        correlations += r->kind == RULE_CORRELATION;
        fired += rulebook_rule(b, r->id).matched > 0;
    }
    jw_key(w, "rules");
    jw_map(w);
    for (int s = 0; s < RULE_STATUS__COUNT; s++)
        jw_kv_int(w, status_keys[s], (int64_t)n[s]);
    jw_kv_int(w, "refused", (int64_t)b->nrefused);
    jw_kv_int(w, "broken_samples", (int64_t)b->nsamples);
    jw_kv_int(w, "correlations", (int64_t)correlations);
    jw_kv_int(w, "fired", (int64_t)fired);
    jw_map_end(w);
}

static void source_row(void *ctx, struct str name, void *value) {
    const struct by_source *s = value;
    struct jw *w = ctx;

    jw_map(w);
    jw_kv_str(w, "source", name);
    for (int i = 0; i < RULE_STATUS__COUNT; i++)
        jw_kv_int(w, status_keys[i], (int64_t)s->n[i]);
    jw_kv_int(w, "matched", (int64_t)s->matched);
    jw_map_end(w);
}

static void sources(struct jw *w, const struct rulebook *b) {
    struct table *t = table_new(KEYS_MAX, sizeof(struct by_source), NULL, NULL);
    struct buf name;

    buf_init(&name, 1024);
    for (size_t i = 0; t && i < ruleset_count(b->rules); i++) {
        const struct rule_info *r = rule_info(b->rules, i);
        buf_reset(&name);
        rule_about_source(b->rules, i, &name);
        struct by_source *s = table_get(t, buf_view(&name), NULL);
        if (!s)
            continue;
        s->n[r->status]++;
        s->matched += rulebook_rule(b, r->id).matched;
    }
    jw_key(w, "sources");
    jw_list(w);
    sorted(t, true, source_row, w);
    jw_list_end(w);
    table_free(t);
    buf_fini(&name);
}

/* ---- rules in lists */

static void rule_row(struct jw *w, const struct rulebook *b, size_t rule) {
    const struct rule_info *i = rule_info(b->rules, rule);

    jw_map(w);
    jw_kv_str(w, "id", i->id);
    jw_kv_str(w, "title", i->title);
    jw_kv_text(w, "level", word_name((enum word_id)i->level));
    rule_source(w, b, rule);
    if (i->status != RULE_LOADED) {
        jw_kv_text(w, "status", rulebook_status(i->status));
        rule_why(w, i);
    }
    jw_map_end(w);
}

static bool never_fired(const struct rulebook *b, const struct rule_info *i) {
    return i->status == RULE_LOADED && rulebook_rule(b, i->id).matched == 0;
}

static bool left_out(const struct rulebook *b, const struct rule_info *i) {
    (void)b;
    return i->status != RULE_LOADED;
}

static void some(struct jw *w, const struct rulebook *b, const char *key, const char *more,
                 bool (*which)(const struct rulebook *, const struct rule_info *)) {
    size_t n = 0;

    jw_key(w, key);
    jw_list(w);
    for (size_t i = 0; i < ruleset_count(b->rules); i++)
        if (which(b, rule_info(b->rules, i)) && n++ < LISTED_MAX)
            rule_row(w, b, i);
    jw_list_end(w);
    jw_kv_int(w, more, n > LISTED_MAX ? (int64_t)(n - LISTED_MAX) : 0);
}

static void refused(struct jw *w, const struct rulebook *b, const char *key, bool samples) {
    struct refused r;
    size_t n = 0;

    jw_key(w, key);
    jw_list(w);
    for (struct str rest = b->refused; refused_next(&rest, &r);)
        if (r.sample == samples && n++ < LISTED_MAX)
            rule_refused(w, &r);
    jw_list_end(w);
}

/* ---- fields */

struct unfilled {
    uint64_t rules;
    uint32_t example;
};
struct writing {
    struct jw *w;
    const struct rulebook *b;
};

static void unfilled_row(void *ctx, struct str name, void *value) {
    struct writing *x = ctx;
    const struct unfilled *u = value;

    jw_map(x->w);
    jw_kv_str(x->w, "field", name);
    jw_kv_int(x->w, "rules", (int64_t)u->rules);
    jw_kv_str(x->w, "example", rule_info(x->b->rules, u->example)->title);
    jw_map_end(x->w);
}

static void unfilled(struct jw *w, const struct rulebook *b) {
    struct table *t = table_new(KEYS_MAX, sizeof(struct unfilled), NULL, NULL);
    struct writing x = {w, b};

    for (size_t i = 0; t && i < ruleset_count(b->rules); i++) {
        const struct rule_info *r = rule_info(b->rules, i);
        for (size_t k = 0; r->status == RULE_LOADED && k < r->nreads; k++) {
            if (str_is(r->reads[k], "keywords") || rulebook_filled(b, r->reads[k]))
                continue;
            bool fresh;
            struct unfilled *u = table_get(t, r->reads[k], &fresh);
            if (u && fresh)
                u->example = (uint32_t)i;
            if (u)
                u->rules++;
        }
    }
    jw_key(w, "unfilled_fields");
    jw_list(w);
    sorted(t, true, unfilled_row, &x);
    jw_list_end(w);
    table_free(t);
}

/* ---- who was heard */

static void program_row(struct jw *w, struct str name, const struct book_program *p) {
    jw_map(w);
    jw_kv_str(w, "program", name);
    jw_kv_int(w, "lines", (int64_t)p->lines);
    jw_kv_time(w, "last", p->last);
    jw_map_end(w);
}

static void unruled_row(void *ctx, struct str name, void *value) {
    if (!((const struct book_program *)value)->ruled)
        program_row(ctx, name, value);
}

static void unread_row(void *ctx, struct str name, void *value) {
    if (!((const struct book_program *)value)->read)
        program_row(ctx, name, value);
}

static void heard(struct jw *w, const struct rulebook *b) {
    jw_kv_int(w, "programs_heard", (int64_t)table_count(b->programs));
    jw_key(w, "programs_without_rule");
    jw_list(w);
    sorted(b->programs, true, unruled_row, w);
    jw_list_end(w);
    jw_key(w, "programs_without_fields");
    jw_list(w);
    sorted(b->programs, true, unread_row, w);
    jw_list_end(w);
    jw_kv_int(w, "lines_of_others", (int64_t)b->others);
}

/* ---- time and limits */

struct costly {
    uint32_t rule;
    struct book_rule n;
};

static int by_time(const void *a, const void *b) {
    const struct costly *x = a, *y = b;

    return x->n.ns != y->n.ns ? (x->n.ns < y->n.ns ? 1 : -1) : (x->rule > y->rule) - (x->rule < y->rule);
}

static void cost_row(struct jw *w, const struct rulebook *b, const struct costly *c, uint64_t all) {
    const struct rule_info *i = rule_info(b->rules, c->rule);

    jw_map(w);
    jw_kv_str(w, "id", i->id);
    jw_kv_str(w, "title", i->title);
    jw_kv_int(w, "cpu_us", (int64_t)(c->n.ns / 1000));
    rule_percent(w, "cpu_percent", c->n.ns, all);
    jw_kv_int(w, "asked", (int64_t)c->n.asked);
    jw_kv_int(w, "matched", (int64_t)c->n.matched);
    jw_kv_int(w, "regex_limits", (int64_t)c->n.limit);
    jw_map_end(w);
}

static void costs(struct jw *w, const struct rulebook *b) {
    size_t n = ruleset_count(b->rules);
    struct costly *v = calloc(n + 1, sizeof *v);
    uint64_t all = 0;

    for (size_t i = 0; v && i < n; i++) {
        v[i] = (struct costly){(uint32_t)i, rulebook_rule(b, rule_info(b->rules, i)->id)};
        all += v[i].n.ns;
    }
    if (v)
        qsort(v, n, sizeof *v, by_time);
    jw_key(w, "time");
    jw_list(w);
    for (size_t i = 0; v && i < n && i < TOP && v[i].n.ns; i++)
        cost_row(w, b, &v[i], all);
    jw_list_end(w);
    jw_key(w, "regex_limits");
    jw_list(w);
    for (size_t i = 0; v && i < n; i++)
        if (v[i].n.limit)
            cost_row(w, b, &v[i], all);
    jw_list_end(w);
    free(v);
}

/* ---- ATT&CK */

static const struct tactic {
    const char *id, *word, *title, *before;
} tactics[] = {
#define TACTIC(id, word, title, before) {id, word, title, before},
#include "model/tactics.def"
#undef TACTIC
};
#define TACTICS (sizeof tactics / sizeof *tactics)

/* "initial_access" is "initial-access", and what a tactic was called before is the tactic. */
static bool same_word(struct str a, const char *b) {
    size_t n = strlen(b);

    for (size_t i = 0; i < n && i < a.n; i++)
        if ((a.p[i] == '_' ? '-' : a.p[i]) != b[i])
            return false;
    return n == a.n && n > 0;
}

static bool is_tactic(const struct tactic *t, struct str word) {
    return same_word(word, t->word) || same_word(word, t->before);
}

static bool is_technique(struct str word) {
    return word.n >= 5 && (word.p[0] == 't' || word.p[0] == 'T') && word.p[1] >= '0' && word.p[1] <= '9';
}

/* Groups, software and the like: attack.g0035, attack.s0139. */
static bool is_other_id(struct str word) {
    return word.n >= 5 && word.p[1] >= '0' && word.p[1] <= '9';
}

/* The words behind "attack." of a rule's tags, one after the other. */
static struct str next_attack(const struct tree_node **tag) {
    while (*tag) {
        struct str text = tree_text(*tag);
        *tag = tree_next(*tag);
        if (text.n > 7 && str_eqi(str_sub(text, 0, 7), STR("attack.")))
            return str_sub(text, 7, text.n);
    }
    return STR_NONE;
}

static const struct tree_node *tags_of(const struct rulebook *b, size_t rule) {
    const struct tree_node *tags = tree_get(rule_about_doc(b->rules, rule), "tags");

    return tree_kind(tags) == TREE_LIST ? tree_first(tags) : NULL;
}

static bool has_tactic(const struct rulebook *b, size_t rule, const struct tactic *t) {
    struct str word;
    bool any = false;

    for (const struct tree_node *tag = tags_of(b, rule); !str_absent(word = next_attack(&tag));) {
        if (t && is_tactic(t, word))
            return true;
        any |= !is_technique(word) && !is_other_id(word);
    }
    return !t && !any;
}

static void technique_row(void *ctx, struct str name, void *value) {
    (void)value;
    jw_str(ctx, name);
}

/* How many loaded rules name it, and with which techniques. t NULL: rules that name techniques and no tactic. */
static void tactic_row(struct jw *w, const struct rulebook *b, const struct tactic *t) {
    struct table *found = table_new(KEYS_MAX, 1, NULL, NULL);
    uint64_t rules = 0, fired = 0;
    struct str word;
    char id[32];

    for (size_t i = 0; found && i < ruleset_count(b->rules); i++) {
        const struct rule_info *info = rule_info(b->rules, i);
        if (info->status != RULE_LOADED || !tags_of(b, i) || !has_tactic(b, i, t))
            continue;
        size_t techniques = 0;
        for (const struct tree_node *tag = tags_of(b, i); !str_absent(word = next_attack(&tag));) {
            if (!is_technique(word) || !str_copy(id, sizeof id, word))
                continue;
            id[0] = 'T';
            techniques++;
            table_get(found, str_of(id), NULL);
        }
        if (!t && !techniques)
            continue;
        rules++;
        fired += rulebook_rule(b, info->id).matched > 0;
    }
    jw_map(w);
    jw_kv_text(w, "tactic", t ? t->title : "(none named)");
    jw_kv_text(w, "id", t ? t->id : NULL);
    jw_kv_text(w, "formerly", t && t->before[0] ? t->before : NULL);
    jw_kv_int(w, "rules", (int64_t)rules);
    jw_kv_int(w, "fired", (int64_t)fired);
    jw_kv_int(w, "technique_count", found ? (int64_t)table_count(found) : 0);
    jw_key(w, "techniques");
    jw_list(w);
    sorted(found, false, technique_row, w);
    jw_list_end(w);
    jw_map_end(w);
    table_free(found);
}

static void attack(struct jw *w, const struct rulebook *b) {
    jw_key(w, "attack");
    jw_list(w);
    for (size_t i = 0; i < TACTICS; i++)
        tactic_row(w, b, &tactics[i]);
    tactic_row(w, b, NULL);
    jw_list_end(w);
}

void cmd_rule_coverage(struct call *k) {
    const struct rulebook *b = k->c->book;
    struct err e = {0};
    struct buf json;
    struct jw w;
    enum rc rc = b->rules ? RC_OK : err_set(&e, RC_BUSY, "no rules are in force yet");

    if (rc == RC_OK && !identity_everywhere(k))
        rc = rule_denied(&e);

    buf_init(&json, REPLY_MAX);
    if (rc == RC_OK) {
        jw_init(&w, &json);
        jw_map(&w);
        jw_kv_time(&w, "since", b->since);
        totals(&w, b);
        sources(&w, b);
        refused(&w, b, "refused", false);
        refused(&w, b, "broken_samples", true);
        some(&w, b, "left_out", "left_out_more", left_out);
        unfilled(&w, b);
        some(&w, b, "never_fired", "never_fired_more", never_fired);
        heard(&w, b);
        costs(&w, b);
        attack(&w, b);
        jw_map_end(&w);
    }
    reply_or_error(k, rc, &json, &e);
}
