/* SPDX-License-Identifier: ISC
 *
 * cmd_rule.c - the rules in force: a list, one of them with all that is known, and what a line does to it
 *
 * Counts are those since the daemon started ("since"); the account that the workers keep is a second old at most. They are of the
 * messages of all organisations: null for whoever may not read in every one.
 */
#include "control/cmd.h"
#include "control/cmd_rule.h"

#include "detect/rule_about.h"

#include <string.h>

#define SOME_MAX 256 /* correlations, filters of one rule */

/* ---- what a row says */

void rule_percent(struct jw *w, const char *key, uint64_t part, uint64_t whole) {
    struct buf b;

    buf_init(&b, 64);
    buf_printf(&b, "%.1f", whole ? 100.0 * (double)part / (double)whole : 0.0);
    jw_key(w, key);
    jw_raw(w, buf_view(&b));
    buf_fini(&b);
}

void rule_source(struct jw *w, const struct rulebook *b, size_t rule) {
    struct buf text;

    buf_init(&text, 1024);
    rule_about_source(b->rules, rule, &text);
    jw_kv_str(w, "source", buf_view(&text));
    buf_fini(&text);
}

void rule_why(struct jw *w, const struct rule_info *i) {
    struct buf text;

    buf_init(&text, 1024);
    rule_about_why(i, &text);
    jw_kv_str(w, "why", text.n ? buf_view(&text) : STR_NONE);
    buf_fini(&text);
}

static void figure(struct jw *w, const char *key, uint64_t n, bool shown) {
    jw_key(w, key);
    if (shown)
        jw_int(w, (int64_t)n);
    else
        jw_null(w);
}

static void counts(struct jw *w, const struct book_rule *n, uint64_t all_ns, bool shown) {
    if (!shown) {
        static const char *const hidden[] = {"asked", "matched", "excluded", "last_match", "cpu_percent", "cpu_us", "regex_limits"};
        for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
            jw_kv_text(w, hidden[i], NULL);
        return;
    }
    jw_kv_int(w, "asked", (int64_t)n->asked);
    jw_kv_int(w, "matched", (int64_t)n->matched);
    jw_kv_int(w, "excluded", (int64_t)n->excluded);
    jw_kv_time(w, "last_match", n->last);
    rule_percent(w, "cpu_percent", n->ns, all_ns);
    jw_kv_int(w, "cpu_us", (int64_t)(n->ns / 1000));
    jw_kv_int(w, "regex_limits", (int64_t)n->limit);
}

static void head(struct jw *w, const struct rulebook *b, size_t rule) {
    const struct rule_info *i = rule_info(b->rules, rule);

    jw_kv_str(w, "id", i->id);
    jw_kv_str(w, "title", i->title);
    jw_kv_text(w, "status", rulebook_status(i->status));
    rule_why(w, i);
    jw_kv_text(w, "level", word_name((enum word_id)i->level));
    jw_kv_text(w, "kind", i->kind == RULE_CORRELATION ? "correlation" : "detection");
    rule_source(w, b, rule);
}

void rule_refused(struct jw *w, const struct refused *r) {
    jw_map(w);
    jw_kv_str(w, "id", r->id);
    jw_kv_str(w, "title", r->title);
    jw_kv_text(w, "status", r->sample ? "loaded" : "refused");
    jw_kv_str(w, "why", r->text);
    jw_kv_str(w, "hint", r->hint.n ? r->hint : STR_NONE);
    jw_kv_str(w, "level", r->level);
    jw_kv_str(w, "file", r->file);
    jw_kv_int(w, "line", r->line);
    jw_kv_int(w, "col", r->col);
    jw_map_end(w);
}

/* ---- rule list */

enum rc rule_denied(struct err *e) {
    err_set(e, RC_DENIED, "what rules did is counted over all organisations: it is for those who may ask in every one");
    err_hint(e, "the rules without what they did: tocsin rule list");
    return RC_DENIED;
}

struct wanted {
    struct str status, level, file;
    bool never, figures;
};

/* "ssh.yml" is the file of that name in any folder; "rules.d" all of a folder. */
static bool of_file(struct str file, struct str want) {
    size_t at = 0;

    while (at + want.n <= file.n) {
        size_t next = str_find(str_sub(file, at, file.n), want);
        if (next == SIZE_MAX)
            return false;
        at += next;
        bool begins = at == 0 || file.p[at - 1] == '/' || want.p[0] == '/';
        bool ends = at + want.n == file.n || file.p[at + want.n] == '/' || want.p[want.n - 1] == '/';
        if (begins && ends)
            return true;
        at++;
    }
    return false;
}

static bool wanted(const struct wanted *f, const char *status, struct str level, struct str file, uint64_t matched) {
    return (!f->status.n || str_is(f->status, status)) && (!f->level.n || str_eq(f->level, level)) &&
           (!f->file.n || of_file(file, f->file)) && (!f->never || (matched == 0 && strcmp(status, "loaded") == 0));
}

static void list_rule(struct jw *w, const struct rulebook *b, size_t rule, const struct wanted *f, uint64_t all_ns) {
    const struct rule_info *i = rule_info(b->rules, rule);
    struct book_rule n = rulebook_rule(b, i->id);

    if (!wanted(f, rulebook_status(i->status), str_of(word_name((enum word_id)i->level)), i->file, n.matched))
        return;
    jw_map(w);
    head(w, b, rule);
    counts(w, &n, all_ns, f->figures);
    jw_kv_str(w, "file", i->file);
    jw_kv_int(w, "line", i->line);
    jw_kv_time(w, "since", b->since);
    jw_map_end(w);
}

void cmd_rule_list(struct call *k) {
    const struct rulebook *b = k->c->book;
    const struct wanted f = {arg_get(&k->args, "rule_status"), arg_get(&k->args, "level"), arg_get(&k->args, "source"),
                             arg_get(&k->args, "never_fired").n > 0, identity_everywhere(k)};
    uint64_t all_ns = rulebook_ns(b);
    struct err e = {0};
    enum rc rc = f.never && !f.figures ? rule_denied(&e) : RC_OK;
    struct refused r;
    struct buf json;
    struct jw w;

    buf_init(&json, REPLY_MAX);
    jw_init(&w, &json);
    jw_list(&w);
    for (size_t i = 0; !rc && b->rules && i < ruleset_count(b->rules); i++)
        list_rule(&w, b, i, &f, all_ns);
    for (struct str rest = b->refused; !f.never && refused_next(&rest, &r);)
        if (!r.sample && wanted(&f, "refused", r.level, r.file, 0))
            rule_refused(&w, &r);
    jw_list_end(&w);
    reply_or_error(k, rc, &json, &e);
}

/* ---- rule show */

static void texts(struct jw *w, const char *key, const struct tree_node *n) {
    if (!n)
        return;
    jw_key(w, key);
    jw_list(w);
    if (tree_kind(n) == TREE_SCALAR)
        jw_str(w, tree_text(n));
    for (const struct tree_node *c = tree_kind(n) == TREE_LIST ? tree_first(n) : NULL; c; c = tree_next(c))
        jw_str(w, tree_text(c));
    jw_list_end(w);
}

static void names(struct jw *w, const char *key, const struct str *v, size_t n) {
    jw_key(w, key);
    jw_list(w);
    for (size_t i = 0; i < n; i++)
        jw_str(w, v[i]);
    jw_list_end(w);
}

static const char *word_of(uint8_t word) {
    return word_name((enum word_id)word);
}

static void priority_inputs(struct jw *w, const struct rule_info *i) {
    jw_kv_int(w, "impact_c", i->in.impact[0]);
    jw_kv_int(w, "impact_i", i->in.impact[1]);
    jw_kv_int(w, "impact_a", i->in.impact[2]);
    jw_kv_text(w, "outcome", word_of(i->in.outcome));
    jw_kv_text(w, "activity", word_of(i->in.activity));
    jw_kv_int(w, "confidence", i->in.confidence);
    jw_kv_int(w, "scope", i->in.scope);
    jw_kv_int(w, "floor", i->in.floor);
}

static void about(struct jw *w, const struct rulebook *b, uint32_t rule) {
    const struct rule_info *i = rule_info(b->rules, rule);
    const struct tree_node *doc = rule_about_doc(b->rules, rule);

    head(w, b, rule);
    jw_kv_str(w, "name", i->name);
    jw_kv_str(w, "description", i->description);
    jw_kv_str(w, "file", i->file);
    jw_kv_int(w, "line", i->line);
    jw_kv_str(w, "author", tree_get_text(doc, "author"));
    jw_kv_str(w, "date", tree_get_text(doc, "date"));
    jw_kv_str(w, "modified", tree_get_text(doc, "modified"));
    texts(w, "tags", tree_get(doc, "tags"));
    texts(w, "references", tree_get(doc, "references"));
    texts(w, "falsepositives", tree_get(doc, "falsepositives"));
    jw_kv_text(w, "class", i->rsit ? i->rsit->cls : NULL);
    jw_kv_text(w, "type", i->rsit ? i->rsit->type : NULL);
    priority_inputs(w, i);
    jw_kv_bool(w, "makes_event", i->makes_event);
    jw_kv_str(w, "joins", i->joins ? i->joins->name.n ? i->joins->name : i->joins->id : STR_NONE);
    jw_kv_str(w, "event_title", i->event_title);
    names(w, "entity", i->entity, i->nentity);
    jw_kv_str(w, "first", i->first);
    if (i->kind == RULE_CORRELATION)
        jw_kv_int(w, "timespan_s", i->timespan / US_PER_S);
    jw_kv_time(w, "since", b->since);
}

static void others(struct jw *w, const struct rulebook *b, const char *key, const uint32_t *v, size_t n, bool figures) {
    jw_key(w, key);
    jw_list(w);
    for (size_t i = 0; i < n; i++) {
        const struct rule_info *o = rule_info(b->rules, v[i]);
        jw_map(w);
        jw_kv_str(w, "id", o->id);
        jw_kv_str(w, "title", o->title);
        figure(w, "matched", rulebook_rule(b, o->id).matched, figures);
        jw_map_end(w);
    }
    jw_list_end(w);
}

static void filters(struct jw *w, const struct rulebook *b, uint32_t rule, bool figures) {
    uint32_t v[SOME_MAX];
    size_t n = rule_about_filters(b->rules, rule, v, SOME_MAX);

    jw_key(w, "filters");
    jw_list(w);
    for (size_t i = 0; i < n; i++) {
        const struct filter_info *f = filter_info(b->rules, v[i]);
        jw_map(w);
        jw_kv_str(w, "id", f->id);
        jw_kv_str(w, "title", f->title);
        figure(w, "excluded", rulebook_filter(b, f), figures); /* from all rules that it is attached to */
        jw_kv_int(w, "rules", (int64_t)f->rules);
        jw_kv_str(w, "file", f->file);
        jw_kv_int(w, "line", f->line);
        jw_map_end(w);
    }
    jw_list_end(w);
}

static void fields(struct jw *w, const struct rulebook *b, const struct rule_info *i, bool figures) {
    jw_key(w, "fields");
    jw_list(w);
    for (size_t k = 0; k < i->nreads; k++) {
        jw_map(w);
        jw_kv_str(w, "field", i->reads[k]);
        if (figures)
            jw_kv_bool(w, "ever_filled", str_is(i->reads[k], "keywords") || rulebook_filled(b, i->reads[k]));
        else
            jw_kv_text(w, "ever_filled", NULL);
        jw_map_end(w);
    }
    jw_list_end(w);
}

static void sample(struct jw *w, const struct tree_node *n, struct str kind) {
    struct buf lines;

    buf_init(&lines, 64u << 10);
    if (tree_kind(n) == TREE_SCALAR)
        buf_str(&lines, tree_text(n));
    for (const struct tree_node *c = tree_kind(n) == TREE_LIST ? tree_first(n) : NULL; c; c = tree_next(c))
        buf_printf(&lines, "%s%.*s", lines.n ? "\n" : "", STR_FMT(tree_text(c)));
    jw_map(w);
    jw_kv_str(w, "should", kind);
    jw_kv_str(w, "lines", buf_view(&lines));
    jw_map_end(w);
    buf_fini(&lines);
}

static void samples(struct jw *w, const struct rulebook *b, uint32_t rule) {
    const struct tree_node *all = tree_get(tree_get(rule_about_doc(b->rules, rule), "tocsin"), "samples");

    jw_key(w, "samples");
    jw_list(w);
    for (const struct tree_node *list = all ? tree_first(all) : NULL; list; list = tree_next(list))
        for (const struct tree_node *n = tree_first(list); n; n = tree_next(n))
            sample(w, n, str_is(tree_key(list), "match") ? STR("match") : STR("not match"));
    jw_list_end(w);
}

static void broken(struct jw *w, const struct rulebook *b, const struct rule_info *i) {
    struct refused r;

    jw_key(w, "broken_samples");
    jw_list(w);
    for (struct str rest = b->refused; refused_next(&rest, &r);)
        if (r.sample && str_eq(r.id, i->id))
            rule_refused(w, &r);
    jw_list_end(w);
}

static enum rc find(struct call *k, uint32_t *rule, struct err *e) {
    struct str what;
    enum rc rc = args_need(&k->args, "rule", &what, e);

    if (rc == RC_OK && !k->c->book->rules)
        rc = err_set(e, RC_BUSY, "no rules are in force yet");
    return rc == RC_OK ? rule_about_find(k->c->book->rules, what, rule, e) : rc;
}

void cmd_rule_show(struct call *k) {
    const struct rulebook *b = k->c->book;
    uint32_t rule = 0, parents[SOME_MAX];
    const uint32_t *refs;
    struct err e = {0};
    struct buf json;
    struct jw w;
    enum rc rc = find(k, &rule, &e);

    buf_init(&json, REPLY_MAX);
    if (rc == RC_OK) {
        const struct rule_info *i = rule_info(b->rules, rule);
        struct book_rule n = rulebook_rule(b, i->id);
        jw_init(&w, &json);
        jw_map(&w);
        about(&w, b, rule);
        bool figures = identity_everywhere(k);
        counts(&w, &n, rulebook_ns(b), figures);
        fields(&w, b, i, figures);
        size_t nrefs = rule_refs(b->rules, rule, &refs);
        others(&w, b, "counts", refs, nrefs, figures);
        others(&w, b, "correlations", parents, rule_about_parents(b->rules, rule, parents, SOME_MAX), figures);
        filters(&w, b, rule, figures);
        samples(&w, b, rule);
        broken(&w, b, i);
        jw_map_end(&w);
    }
    reply_or_error(k, rc, &json, &e);
}

/* ---- rule test */

void cmd_rule_test(struct call *k) {
    struct str lines = http_body(k->r);
    struct err e = {0};
    struct buf json;
    uint32_t rule = 0;
    enum rc rc = find(k, &rule, &e);

    buf_init(&json, REPLY_MAX);
    if (rc == RC_OK && (!k->c->ops || !k->c->ops->rule_test))
        rc = err_set(&e, RC_REFUSED, "this daemon cannot test a rule; use: tocsind explain");
    else if (rc == RC_OK && lines.n > BODY_MAX)
        rc = err_set(&e, RC_LIMIT, "that is too much for the running daemon; use: tocsind explain --rules FILE");
    else if (rc == RC_OK)
        rc = k->c->ops->rule_test(k->c->ctx, rule, lines, &json, &e);
    reply_or_error(k, rc, &json, &e);
}
