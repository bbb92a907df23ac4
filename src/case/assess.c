/* SPDX-License-Identifier: ISC
 *
 * assess.c - stage 0: what a machine proposes about an event
 *
 * Takes   what the rule says, the asset it happened to, how much the source is trusted.
 * Gives   the inputs of the formula complete, a confidence, the criteria met.
 * Keeps   nothing. It only proposes: a named person decides (process.md 2.1).
 */
#include "case/assess.h"

#define NEED_UNKNOWN 2 /* normal */
#define CONFIDENCE_CAP 95

static int percent(int v) {
    return v < 0 ? 0 : v > 100 ? 100 : v;
}

void assess_inputs(const struct prio_in *rule, const struct asset *a, int trust, struct prio_in *out) {
    *out = *rule;
    for (int i = 0; i < 3; i++)
        out->need[i] = a && a->need[i] ? a->need[i] : NEED_UNKNOWN;
    out->data = a ? a->data : 0;
    out->confidence = (uint8_t)(percent(rule->confidence) * percent(trust) / 100);
}

int assess_confidence(const int *c, size_t n) {
    int64_t doubt = 1000000; /* of a million: what is left when every rule is wrong */
    int sure;

    if (n == 1)
        return percent(c[0]);
    for (size_t i = 0; i < n; i++)
        doubt = doubt * (100 - percent(c[i])) / 100;
    sure = (int)((1000000 - doubt) / 10000);
    return sure < CONFIDENCE_CAP ? sure : CONFIDENCE_CAP;
}

int assess_severity(int level, int outcome) {
    static const uint8_t severity[5][5] = {
        /* blocked attempted unknown suspected success */
        {0, 1, 1, 2, 3},     /* informational */
        {2, 3, 3, 5, 6},     /* low */
        {4, 5, 5, 8, 9},     /* medium */
        {6, 8, 8, 11, 12},   /* high */
        {9, 11, 11, 13, 15}, /* critical */
    };
    int l = level - LEVEL_INFORMATIONAL, o = outcome - OUTCOME_BLOCKED;

    return severity[l < 0 || l > 4 ? 0 : l][o < 0 || o > 4 ? 2 : o];
}

static bool probable(const struct prio_in *in) {
    return in->outcome == OUTCOME_SUCCESS || in->outcome == OUTCOME_SUSPECTED;
}

/* C1: loss of C, I or A where the need is high. */
static bool loss_where_it_matters(const struct prio_in *in) {
    bool any = false;

    for (int i = 0; i < 3; i++)
        any = any || (in->impact[i] > 0 && in->need[i] >= 3);
    return any && probable(in);
}

/* C2: somebody got in: confidentiality or integrity touched, and it worked. */
static bool got_in(const struct prio_in *in) {
    return in->outcome == OUTCOME_SUCCESS && (in->impact[0] > 0 || in->impact[1] > 0);
}

/* C3: personal data may be lost, disclosed, altered or unavailable. */
static bool personal_data(const struct prio_in *in) {
    return in->data >= 2 && probable(in) && (in->impact[0] || in->impact[1] || in->impact[2]);
}

/* C4 to C9 look at more than one event; they come from whoever sees the whole (a person, or the desk's record). */
static const struct {
    const char *id;
    bool (*met)(const struct prio_in *in);
} criteria[] = {{"C1", loss_where_it_matters}, {"C2", got_in}, {"C3", personal_data}};

bool assess_criteria(const struct prio_in *in, const struct prio_out *out, struct buf *json) {
    size_t n = 0;

    (void)out; /* reportability and criteria do not follow from the priority (process.md, decision 5) */
    buf_c(json, '[');
    for (size_t i = 0; i < sizeof criteria / sizeof *criteria; i++)
        if (criteria[i].met(in))
            buf_printf(json, "%s\"%s\"", n++ ? "," : "", criteria[i].id);
    buf_c(json, ']');
    return n > 0;
}
