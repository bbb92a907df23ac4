/* SPDX-License-Identifier: ISC
 *
 * rule_about.c - what a person may want to know about a rule
 *
 * Takes   a rule set and what somebody calls a rule.
 * Gives   its index, its document, and who has to do with it.
 */
#include "detect/rule_about.h"

#include "detect/rule.h"

#define PREFIX_MIN 4
#define NEAREST_MAX 512 /* names a slip of the finger is looked for in */

const struct tree_node *rule_about_doc(const struct ruleset *rs, size_t rule) {
    return rule < rs->n ? rs->rules[rule].at : NULL;
}

void rule_about_source(const struct ruleset *rs, size_t rule, struct buf *out) {
    static const char *const keys[] = {"product", "category", "service"};
    const struct tree_node *src = tree_get(rule_about_doc(rs, rule), "logsource");

    if (rule < rs->n && rs->rules[rule].corr) {
        buf_text(out, "correlation");
        return;
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct str word = tree_get_text(src, keys[i]);
        buf_text(out, i ? "/" : "");
        buf_str(out, word.n ? word : STR("-"));
    }
}

void rule_about_why(const struct rule_info *info, struct buf *out) {
    static const char *const before[RULE_STATUS__COUNT] = {
        [RULE_NOT_HERE] = "no source carries ", [RULE_NOT_EVALUABLE] = "it lacks ", [RULE_OFF] = "its own status is deprecated or unsupported"};

    if (info->status == RULE_LOADED || (unsigned)info->status >= RULE_STATUS__COUNT)
        return;
    buf_text(out, before[info->status]);
    buf_str(out, info->status_why);
}

size_t rule_about_parents(const struct ruleset *rs, size_t rule, uint32_t *out, size_t max) {
    size_t n = 0;

    for (uint32_t p = rule < rs->n ? rs->parent_at[rule] : 0; rule < rs->n && p < rs->parent_at[rule + 1] && n < max; p++)
        out[n++] = rs->parents[p].corr;
    return n;
}

size_t rule_about_filters(const struct ruleset *rs, size_t rule, uint32_t *out, size_t max) {
    size_t n = 0;

    for (size_t k = 0; rule < rs->n && k < rs->rules[rule].nfilters && n < max; k++)
        out[n++] = (uint32_t)(rs->rules[rule].filters[k] - rs->filters);
    return n;
}

struct str rule_about_field(struct str name) {
    enum field_id id = field_find(name);

    return id == F_OTHER ? name : str_of(field_name(id));
}

/* ---- by what somebody calls it */

static enum rc several(const struct ruleset *rs, struct str what, size_t a, size_t b, struct err *e) {
    const struct rule_info *x = &rs->rules[a].info, *y = &rs->rules[b].info;

    err_set(e, RC_CONFLICT, "\"%.*s\" could be several rules", (int)(what.n < 80 ? what.n : 80), what.p);
    err_hint(e, "such as %.*s or %.*s", (int)(x->id.n < 80 ? x->id.n : 80), x->id.p, (int)(y->id.n < 80 ? y->id.n : 80), y->id.p);
    return RC_CONFLICT;
}

static enum rc nowhere(const struct ruleset *rs, struct str what, struct err *e) {
    const char *words[NEAREST_MAX];
    size_t n = 0;

    for (size_t i = 0; i < rs->n && n + 2 < NEAREST_MAX; i++) { /* texts of a tree end in NUL */
        words[n++] = rs->rules[i].info.title.p;
        if (rs->rules[i].info.name.n)
            words[n++] = rs->rules[i].info.name.p;
    }
    const char *near = str_nearest(what, words, n);
    err_set(e, RC_NOTFOUND, "there is no rule \"%.*s\" in force", (int)(what.n < 120 ? what.n : 120), what.p ? what.p : "");
    if (near)
        err_hint(e, "did you mean \"%.160s\"?", near);
    else
        err_hint(e, "tocsin rule list names them all; those that were refused: --status refused");
    return RC_NOTFOUND;
}

static bool is_titled(const struct rule_info *i, struct str what) {
    return str_eqi(i->title, what);
}

static bool begins(const struct rule_info *i, struct str what) {
    return what.n >= PREFIX_MIN && i->id.n >= what.n && str_eqi(str_sub(i->id, 0, what.n), what);
}

enum rc rule_about_find(const struct ruleset *rs, struct str what, uint32_t *out, struct err *e) {
    static bool (*const ways[])(const struct rule_info *, struct str) = {is_titled, begins};
    long at = what.n ? ruleset_find(rs, what) : -1;

    for (size_t w = 0; at < 0 && what.n && w < 2; w++)
        for (size_t i = 0; i < rs->n; i++) {
            if (!ways[w](&rs->rules[i].info, what))
                continue;
            if (at >= 0)
                return several(rs, what, (size_t)at, i, e);
            at = (long)i;
        }
    if (at < 0)
        return nowhere(rs, what, e);
    *out = (uint32_t)at;
    return RC_OK;
}
