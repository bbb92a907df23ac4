/* SPDX-License-Identifier: ISC
 *
 * explain_text.c - what explain says, for a person
 *
 * Strangers' bytes are escaped as for a terminal. Times are UTC.
 */
#include "daemon/explain_own.h"

#include "base/esc.h"
#include "case/assess.h"

#include <stdio.h>
#include <string.h>

#define NEAREST_MAX 3
#define PEOPLE_MAX 16
#define LABEL "  %-10s"

static const char *const facilities[] = {"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
                                         "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6",
                                         "local7"};
static const char *const severities[] = {"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};

static void label(struct buf *b, const char *word) {
    buf_printf(b, LABEL, word);
}

static void named(struct buf *b, const char *name, struct str value) {
    if (str_absent(value))
        return;
    buf_printf(b, "  %s ", name);
    esc_term(b, value);
}

static void parse_part(const struct message *m, struct buf *b) {
    char stamp[48], text[TIME_TEXT];

    label(b, "parsed");
    buf_printf(b, "%s%s", dialect_name(m->dialect), m->valid ? "" : " (not valid)");
    if (m->pri >= 0)
        buf_printf(b, "  %s.%s", facilities[m->pri >> 3], severities[m->pri & 7]);
    named(b, "host", m->host);
    named(b, "program", m->program);
    named(b, "pid", m->procid);
    named(b, "msgid", m->msgid);
    named(b, "data", m->sd);
    if (m->repeat != 1)
        buf_printf(b, "  counts %u times", m->repeat);
    buf_c(b, '\n');
    if (m->flags & MSG_CUT)
        buf_printf(b, LABEL "after %zu bytes: longer than limits.line\n", "cut", m->raw.n);
    if (m->fields_dropped)
        buf_printf(b, LABEL "fields are left out (%u times): too many, too long or too deep\n", "partial", m->fields_dropped);
    label(b, "time");
    if (explain_stamp(m, stamp)) {
        esc_term(b, str_of(stamp));
        buf_printf(b, ", which is %s\n", time_format(m->time, m->ts.has_frac ? 3 : 0, text));
    } else {
        buf_text(b, "the message has none: its arrival counts\n");
    }
}

static void fields_part(const struct message *m, struct buf *b) {
    label(b, "fields");
    for (size_t i = 0; i < m->nfields; i++) {
        const struct field *f = &m->fields[i];
        buf_text(b, i ? " " : "");
        esc_term(b, f->id == F_OTHER ? f->name : str_of(field_name((enum field_id)f->id)));
        buf_c(b, '=');
        if (f->flags & FIELD_NULL)
            buf_text(b, "null");
        else if (f->value.n == 0 || str_chr(f->value, ' ') != SIZE_MAX)
            esc_quoted(b, f->value);
        else
            esc_term(b, f->value);
    }
    buf_text(b, m->nfields ? "\n" : "none: no pattern of normalise.d fits this text\n");
}

static void rule_line(const struct rule_info *info, const char *word, struct buf *b) {
    label(b, word);
    esc_term(b, info->title);
    buf_printf(b, "  (%s, %s/%s, ", word_name((enum word_id)info->level), info->rsit->cls, info->rsit->type);
    esc_term(b, str_absent(info->id) ? STR("no id") : info->id);
    buf_text(b, ")\n");
}

/* How many bytes of the message's words (those of five and more) stand in what a rule wanted. */
static unsigned kinship(struct str text, struct str why) {
    size_t found = str_find(why, STR(", found"));
    struct str wanted = str_sub(why, 0, found);
    unsigned n = 0;

    for (unsigned words = 0; !str_absent(text) && words < 64; words++) {
        struct str word = str_cut(&text, ' ');
        n += word.n >= 5 && str_find(wanted, word) != SIZE_MAX ? (unsigned)word.n : 0;
    }
    return n;
}

struct near { /* a rule of a fitting log source, and the first item that kept it from matching */
    uint32_t rule;
    unsigned kin;
    char why[400];
};

static void keep_nearest(struct near *v, size_t *n, uint32_t rule, unsigned kin, struct str why) {
    size_t i = *n;

    while (i > 0 && v[i - 1].kin < kin)
        i--;
    if (i == NEAREST_MAX)
        return;
    *n += *n < NEAREST_MAX;
    memmove(&v[i + 1], &v[i], (*n - 1 - i) * sizeof *v);
    v[i].rule = rule;
    v[i].kin = kin;
    str_copy(v[i].why, sizeof v[i].why, why);
}

/* Only what shares words is worth more than one line, and any at all when something matched. */
static void nearest(struct explainer *ex, struct buf *b) {
    struct near v[NEAREST_MAX + 1];
    struct buf why;
    size_t n = 0;

    buf_init(&why, 4096);
    for (uint32_t r = 0; r < ruleset_count(ex->g->rules); r++) {
        buf_reset(&why);
        if (rule_info(ex->g->rules, r)->kind == RULE_DETECTION && match_why_not(ex->pipe.matcher, &ex->x.m, r, &why))
            keep_nearest(v, &n, r, kinship(ex->x.m.text, buf_view(&why)), buf_view(&why));
    }
    for (size_t i = 0; i < n; i++) {
        if (v[i].kin == 0 && (ex->x.nhits || i > 0))
            break;
        rule_line(rule_info(ex->g->rules, v[i].rule), "not", b);
        label(b, "");
        buf_text(b, "because ");
        esc_term(b, str_of(v[i].why));
        buf_c(b, '\n');
    }
    buf_fini(&why);
}

static void rules_part(struct explainer *ex, struct buf *b) {
    const struct match_exclusion *excluded;
    size_t n = match_excluded(ex->pipe.matcher, &excluded);

    for (size_t i = 0; i < ex->x.nhits; i++)
        rule_line(rule_info(ex->g->rules, ex->x.hits[i]), "matched", b);
    for (size_t i = 0; i < n; i++) {
        rule_line(rule_info(ex->g->rules, excluded[i].rule), "excluded", b);
        buf_text(b, "            by the filter \"");
        esc_term(b, filter_info(ex->g->rules, excluded[i].filter)->title);
        buf_text(b, "\"\n");
    }
    if (ex->x.nhits == 0)
        buf_printf(b, LABEL "none\n", "matched");
    nearest(ex, b);
    for (size_t i = 0; i < ex->x.nalerts; i++) {
        const struct explain_alert *a = &ex->x.alerts[i];
        rule_line(rule_info(ex->g->rules, a->rule), a->fired ? "fired" : "folded", b);
        label(b, "");
        buf_printf(b, a->closed ? "%llu when its window closed" : a->fired ? "%llu within the window" : "%llu more, silently, into what fired before",
                   (unsigned long long)a->count);
        for (size_t k = 0; k < a->ngroup; k++) {
            buf_text(b, k ? ", " : ", by ");
            esc_term(b, rule_group_name(ex->g->rules, a->rule, k));
            buf_c(b, '=');
            esc_term(b, a->fields[k].value);
        }
        buf_c(b, '\n');
    }
}

static const char *after(int64_t us, char out[32]) {
    if (us == 0)
        return "at once";
    if (us % US_PER_H == 0)
        snprintf(out, 32, "after %lld h", (long long)(us / US_PER_H));
    else if (us % US_PER_MIN == 0)
        snprintf(out, 32, "after %lld min", (long long)(us / US_PER_MIN));
    else
        snprintf(out, 32, "after %lld s", (long long)(us / US_PER_S));
    return out;
}

static void told_step(const struct explainer *ex, const struct ladder_step *s, struct buf *b) {
    const struct person *people[PEOPLE_MAX];
    size_t n = ladder_people(s, &ex->g->roster, ex->x.m.org, ex->now, people, PEOPLE_MAX);
    char when[32];

    label(b, "told");
    buf_printf(b, "%s: ", after(s->after, when));
    for (size_t i = 0; i < n; i++) {
        buf_text(b, i ? ", " : "");
        esc_term(b, str_of(people[i]->name ? people[i]->name : people[i]->login));
    }
    if (n == 0) {
        buf_text(b, "nobody holds the role");
        for (int r = 0; r < ROLE__COUNT; r++)
            if (s->who & ROLE_BIT(r))
                buf_printf(b, " %s", role_name((enum role)r));
    }
    buf_text(b, s->inform ? " (only informed)\n" : "\n");
}

static void told(const struct explainer *ex, struct buf *b) {
    const struct ladder *l = &ex->g->policy.ladders[ex->x.event.out.priority % 6];
    char when[32];

    for (size_t i = 0; i < l->n; i++)
        told_step(ex, &l->steps[i], b);
    if (l->n && l->repeat)
        buf_printf(b, LABEL "then all again every %s, until somebody claims it\n", "", after(l->repeat, when) + strlen("after "));
    if (l->n == 0)
        buf_printf(b, LABEL "nobody at once: it waits in the list\n", "told");
}

static const char *word_of(int word) {
    return word_name((enum word_id)word);
}

static void event_part(const struct explainer *ex, struct buf *b) {
    const struct explain_event *ev = &ex->x.event;
    const struct prio_in *in = &ev->in;

    if (!ex->x.has_event) {
        bool counted = false;
        for (size_t i = 0; i < ex->x.nhits; i++)
            counted = counted || correlator_wants(ex->corr, ex->x.hits[i]);
        buf_printf(b, LABEL "none%s\n", "event", counted ? ": a correlation counts it, and has not fired" : "");
        return;
    }
    const struct rule_info *info = rule_info(ex->g->rules, ev->rule);
    struct buf title;
    buf_init(&title, 1024);
    title_render(str_absent(info->event_title) ? info->title : info->event_title, ev->fields, ev->nfields, &title);
    buf_printf(b, LABEL "P%u  ", "event", ev->out.priority);
    esc_term(b, buf_view(&title));
    buf_printf(b, "  (severity %d of 15)\n", ev->severity);
    buf_fini(&title);
    buf_printf(b, LABEL "score %u: impact C%u I%u A%u, need C%u I%u A%u, data %u, scope %u; impact level I%u\n", "priority", ev->out.score,
               in->impact[0], in->impact[1], in->impact[2], in->need[0], in->need[1], in->need[2], in->data, in->scope, ev->out.level);
    buf_printf(b, LABEL "outcome %s, activity %s: urgency U%u; confidence %u %%\n", "", word_of(in->outcome), word_of(in->activity),
               ev->out.urgency, in->confidence);
    told(ex, b);
}

void explain_text(struct explainer *ex, struct buf *out) {
    buf_printf(out, "%llu  ", (unsigned long long)ex->x.n);
    esc_term(out, ex->x.whole);
    buf_c(out, '\n');
    parse_part(&ex->x.m, out);
    fields_part(&ex->x.m, out);
    rules_part(ex, out);
    event_part(ex, out);
    buf_c(out, '\n');
}
