/* SPDX-License-Identifier: ISC
 *
 * rulebook.c - what is known of the rules in force
 *
 * Takes   frames of the ingest workers, each of what is new; correlations that fired; generations.
 * Gives   sums by id.
 * Keeps   at most what the limits below say; what was unseen longest makes room.
 */
#include "control/rulebook.h"
#include "control/cmd.h"

#include "detect/rule_about.h"

#include <stdlib.h>

#define RULES_MAX 65536
#define FILTERS_MAX 8192
#define FIELDS_MAX 16384
#define PROGRAMS_MAX 4096

struct rulebook *rulebook_new(int64_t now) {
    struct rulebook *b = calloc(1, sizeof *b);

    if (!b)
        return NULL;
    b->since = now;
    b->counts = table_new(RULES_MAX, sizeof(struct book_rule), NULL, NULL);
    b->filters = table_new(FILTERS_MAX, sizeof(uint64_t), NULL, NULL);
    b->fields = table_new(FIELDS_MAX, sizeof(bool), NULL, NULL);
    b->programs = table_new(PROGRAMS_MAX, sizeof(struct book_program), NULL, NULL);
    if (b->counts && b->filters && b->fields && b->programs)
        return b;
    rulebook_free(b);
    return NULL;
}

void rulebook_free(struct rulebook *b) {
    if (!b)
        return;
    table_free(b->counts);
    table_free(b->filters);
    table_free(b->fields);
    table_free(b->programs);
    free(b);
}

/* ---- what comes in */

static void look_anew(void *ctx, struct str name, void *value) {
    struct book_program *p = value;

    (void)ctx, (void)name;
    p->ruled = p->read = false;
}

void control_rules(struct control *c, const struct ruleset *rules, struct str refused) {
    struct rulebook *b = c->book;
    struct refused r;

    b->rules = rules;
    b->refused = refused;
    b->nrefused = b->nsamples = 0;
    for (struct str rest = refused; refused_next(&rest, &r);)
        *(r.sample ? &b->nsamples : &b->nrefused) += 1;
    table_each(b->programs, look_anew, NULL); /* other rules, other patterns */
}

static void take_rules(struct rulebook *b, const struct tally_frame *f) {
    for (size_t i = 0; i < f->nrules; i++) {
        const struct tally_rule *r = &f->rules[i];
        struct book_rule *to = table_get(b->counts, r->id, NULL);
        if (!to)
            continue;
        to->asked += r->asked;
        to->matched += r->matched;
        to->excluded += r->excluded;
        to->ns += r->ns;
        to->limit += r->limit;
        to->last = r->last > to->last ? r->last : to->last;
    }
}

static void take_programs(struct rulebook *b, const struct tally_frame *f) {
    for (size_t i = 0; i < f->nprograms; i++) {
        const struct tally_program *p = &f->programs[i];
        struct book_program *to = table_get(b->programs, p->name, NULL);
        if (!to)
            continue;
        to->lines += p->lines;
        to->last = p->last > to->last ? p->last : to->last;
        to->ruled |= p->ruled;
        to->read |= p->read;
    }
    b->others += f->others;
}

void control_tally(struct control *c, const struct tally_frame *f) {
    struct rulebook *b = c->book;

    take_rules(b, f);
    for (size_t i = 0; i < f->nfilters; i++) {
        uint64_t *to = table_get(b->filters, f->filters[i].id, NULL);
        if (to)
            *to += f->filters[i].excluded;
    }
    for (size_t i = 0; i < f->nfields; i++) {
        bool *filled = table_get(b->fields, f->fields[i], NULL);
        if (filled)
            *filled = true;
    }
    take_programs(b, f);
}

void control_fired(struct control *c, struct str rule, int64_t last) {
    struct book_rule *to = table_get(c->book->counts, rule, NULL);

    if (!to)
        return;
    to->matched++;
    to->last = last > to->last ? last : to->last;
}

/* ---- what is asked */

struct book_rule rulebook_rule(const struct rulebook *b, struct str id) {
    const struct book_rule *r = table_find(b->counts, id);

    return r ? *r : (struct book_rule){0};
}

uint64_t rulebook_filter(const struct rulebook *b, const struct filter_info *info) {
    const uint64_t *n = table_find(b->filters, info->id.n ? info->id : info->title);

    return n ? *n : 0;
}

bool rulebook_filled(const struct rulebook *b, struct str field) {
    return table_find(b->fields, rule_about_field(field)) != NULL;
}

uint64_t rulebook_ns(const struct rulebook *b) {
    uint64_t ns = 0;

    for (size_t i = 0; b->rules && i < ruleset_count(b->rules); i++)
        ns += rulebook_rule(b, rule_info(b->rules, i)->id).ns;
    return ns;
}

const char *rulebook_status(enum rule_status s) {
    static const char *const words[RULE_STATUS__COUNT] = {
        [RULE_LOADED] = "loaded", [RULE_NOT_HERE] = "not-applicable", [RULE_NOT_EVALUABLE] = "not-evaluable", [RULE_OFF] = "disabled"};

    return (unsigned)s < RULE_STATUS__COUNT ? words[s] : "loaded";
}

size_t rulebook_refused(const struct control *c) {
    return c->book->nrefused + c->book->nsamples;
}
