/* SPDX-License-Identifier: ISC
 *
 * explain_rule.c - what lines do to one rule: tocsin rule test RULE
 *
 * Takes   a rule in force, lines as they come by syslog.
 * Gives   per line whether it matched, and if not the first thing that was wanted and is not so. Of a correlation: whether it fired at the
 *         line, whether the line counts for it.
 */
#include "daemon/explain.h"

#include "daemon/explain_own.h"

#include "base/json.h"
#include "detect/rule_about.h"

#include <string.h>

static bool hit(const struct explainer *ex, uint32_t rule) {
    for (size_t i = 0; i < ex->x.nhits; i++)
        if (ex->x.hits[i] == rule)
            return true;
    return false;
}

static void why_source(struct explainer *ex, uint32_t rule, struct buf *why) {
    struct buf source;

    buf_init(&source, 1024);
    rule_about_source(ex->g->rules, rule, &source);
    buf_printf(why, "its log source %.*s does not fit: the line is of %s%.*s", (int)source.n, source.p ? source.p : "",
               ex->x.m.program.n ? "program " : "no program that is known", STR_FMT(ex->x.m.program));
    buf_fini(&source);
}

static void never_asked(const struct rule_info *i, struct buf *why) {
    buf_printf(why, "it is never asked (%s): ", rule_status_name(i->status));
    rule_about_why(i, why);
}

static void why_detection(struct explainer *ex, uint32_t rule, struct buf *why) {
    const struct rule_info *i = rule_info(ex->g->rules, rule);

    if (i->status != RULE_LOADED)
        never_asked(i, why);
    else if (!match_why_not(ex->pipe.matcher, &ex->x.m, rule, why))
        why_source(ex, rule, why);
}

static bool why_correlation(struct explainer *ex, uint32_t rule, struct buf *why) {
    const uint32_t *refs;
    size_t n = rule_refs(ex->g->rules, rule, &refs);
    bool counts = false;

    for (size_t i = 0; i < ex->x.nalerts; i++)
        if (ex->x.alerts[i].rule == rule) {
            buf_printf(why, ex->x.alerts[i].fired ? "fired: %llu within the window" : "folded: %llu more into what fired before",
                       (unsigned long long)ex->x.alerts[i].count);
            return ex->x.alerts[i].fired;
        }
    for (size_t i = 0; i < n; i++)
        counts |= hit(ex, refs[i]);
    buf_text(why, counts ? "counted, and not enough yet" : "no rule that it counts matched");
    return false;
}

static void say(struct explainer *ex, void *ctx, struct buf *json) {
    uint32_t rule = *(uint32_t *)ctx;
    bool correlation = rule_info(ex->g->rules, rule)->kind == RULE_CORRELATION, match = hit(ex, rule);
    struct buf why;
    struct jw w;

    buf_init(&why, 4096);
    if (correlation)
        match = why_correlation(ex, rule, &why);
    else if (!match)
        why_detection(ex, rule, &why);
    jw_init(&w, json);
    jw_map(&w);
    jw_kv_int(&w, "n", (int64_t)ex->x.n);
    jw_key(&w, "text");
    jw_bytes(&w, ex->x.whole);
    jw_kv_bool(&w, "match", match);
    jw_key(&w, "why");
    jw_bytes(&w, why.n ? buf_view(&why) : STR(""));
    jw_map_end(&w);
    buf_fini(&why);
}

enum rc explain_rule(const struct generation *g, uint32_t rule, struct str lines, struct buf *json, struct err *e) {
    return explain_each(g, lines, say, &rule, json, e);
}
