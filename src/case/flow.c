/* SPDX-License-Identifier: ISC
 *
 * flow.c - looks a step up in the one table of what may happen
 *
 * Takes   a machine, a state, a verb, the roles of whoever asks.
 * Gives   the row, or a sentence that says what could be done instead, or who may do it.
 * Keeps   nothing.
 */
#include "case/flow.h"

#include "case/guard.h"

#include <stdio.h>
#include <string.h>

static const struct step steps[] = {
#define STEP(machine, id, from, verb, to, roles, required, guards, stamp, notify)                                                \
    {MACHINE_##machine, id, from, to, verb, roles, required, guards, stamp, notify},
#include "case/flow.def"
#undef STEP
};
#define STEPS (sizeof steps / sizeof *steps)

const struct step *flow_find(enum machine m, enum state from, struct str verb) {
    for (size_t i = 0; i < STEPS; i++)
        if (steps[i].machine == m && steps[i].from == from && str_is(verb, steps[i].verb))
            return &steps[i];
    return NULL;
}

const struct step *flow_at(size_t i) {
    return i < STEPS ? &steps[i] : NULL;
}

/* A list of words in a sentence: "claim, promote or link". */
static void add_word(char *out, size_t size, const char *word, bool last) {
    size_t n = strlen(out);
    (void)snprintf(out + n, size - n, "%s%s", n == 0 ? "" : last ? " or " : ", ", word);
}

static void verbs_here(enum machine m, enum state from, char *out, size_t size) {
    size_t last = STEPS;

    for (size_t i = 0; i < STEPS; i++)
        if (steps[i].machine == m && steps[i].from == from && steps[i].roles != ROLE_BIT(ROLE_SYSTEM))
            last = i;
    out[0] = '\0';
    for (size_t i = 0; i <= last && last < STEPS; i++)
        if (steps[i].machine == m && steps[i].from == from && steps[i].roles != ROLE_BIT(ROLE_SYSTEM))
            add_word(out, size, steps[i].verb, i == last);
}

static void who_may(uint32_t roles, char *out, size_t size) {
    uint32_t left = roles;

    out[0] = '\0';
    for (int r = 0; r < ROLE__COUNT; r++) {
        if (!(roles & ROLE_BIT(r)))
            continue;
        left &= ~ROLE_BIT(r);
        add_word(out, size, role_label((enum role)r), left == 0);
    }
}

enum rc flow_allow(enum machine m, enum state from, struct str verb, uint32_t roles, const struct step **out, struct err *e) {
    const struct step *s = flow_find(m, from, verb);
    char words[200];

    *out = NULL;
    if (!s) {
        verbs_here(m, from, words, sizeof words);
        (void)err_set(e, RC_CONFLICT, "\"%.*s\" is not possible while it is %s", STR_FMT(verb), state_name(from));
        if (words[0])
            err_hint(e, "possible now: %s", words);
        return RC_CONFLICT;
    }
    if (!(s->roles & roles)) {
        who_may(s->roles, words, sizeof words);
        return err_set(e, RC_DENIED, "\"%s\" is for: %s", s->verb, words);
    }
    *out = s;
    return RC_OK;
}

size_t flow_next(enum machine m, enum state from, uint32_t roles, const struct step **out, size_t max) {
    size_t n = 0;

    for (size_t i = 0; i < STEPS && n < max; i++)
        if (steps[i].machine == m && steps[i].from == from && (steps[i].roles & roles))
            out[n++] = &steps[i];
    return n;
}

/* "lesson|lesson_none_reason": one of them is enough. */
static bool has_one(struct str group, bool (*has)(void *, const char *), void *ctx) {
    while (!str_absent(group)) {
        char name[48];

        if (str_copy(name, sizeof name, str_cut(&group, '|')) && has(ctx, name))
            return true;
    }
    return false;
}

bool flow_required(const struct step *s, bool (*has)(void *ctx, const char *name), void *ctx, struct err *e) {
    struct str rest = str_of(s->required);
    char missing[200] = "";

    while (rest.n) {
        struct str group = str_cut(&rest, ' ');
        size_t at = strlen(missing);

        if (!has_one(group, has, ctx))
            (void)snprintf(missing + at, sizeof missing - at, "%s%.*s", at ? ", " : "", STR_FMT(group));
    }
    if (!missing[0])
        return true;
    (void)err_set(e, RC_INVALID, "\"%s\" needs: %s", s->verb, missing);
    return false;
}
