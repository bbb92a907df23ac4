/* SPDX-License-Identifier: ISC
 *
 * policy.c - ladders and targets as data
 *
 * Takes   the trees of etc/policy, in the order of their names.
 * Gives   the defaults of process.md 3 and 4 with what the files say over them: a ladder is replaced as a whole, anything else
 *         singly.
 * Keeps   nothing. A ladder that would ask the wrong people is refused: after the deputy comes management, and who works for IT
 *         is told, never asked (process.md, decision 8).
 */
#include "escalate/policy.h"

#include "base/clock.h"
#include "base/opt.h"

#include <stddef.h>
#include <string.h>

#define MIN(n) ((n) * US_PER_MIN)
#define HOURS(n) ((n) * US_PER_H)
#define DAYS(n) ((n) * US_PER_DAY)
#define R(name) ROLE_BIT(ROLE_##name)
#define ASKED (R(ISO) | R(DEPUTY) | R(MANAGEMENT) | R(DPO))
#define TOLD (ASKED | R(ANALYST) | R(AUDITOR) | R(ACTION_OWNER) | R(ADMIN))

/* "business hours" and "business days" of the table are counted round the clock, for an organisation's calendar is not known here:
 * that is early, never late. */
static const struct ladder default_ladders[] = {
    [1] = {{{0, R(ISO), true, false},
            {0, R(MANAGEMENT), true, true},
            {MIN(5), R(ISO), true, false},
            {MIN(10), R(DEPUTY), true, false},
            {MIN(15), R(MANAGEMENT), true, false}},
           5,
           MIN(15)},
    [2] = {{{0, R(ISO), true, false},
            {MIN(30), R(ISO), true, false},
            {MIN(30), R(MANAGEMENT), false, true},
            {MIN(60), R(DEPUTY), true, false},
            {HOURS(2), R(MANAGEMENT), true, false}},
           5,
           HOURS(1)},
    [3] = {{{0, R(ISO), false, false},
            {HOURS(4), R(ISO), false, false},
            {HOURS(8), R(DEPUTY), false, false},
            {DAYS(2), R(MANAGEMENT), false, false}},
           4,
           DAYS(1)},
};

static const struct targets default_targets[] = {
    [1] = {MIN(15), MIN(30), HOURS(4), HOURS(24), HOURS(1)},
    [2] = {HOURS(1), HOURS(2), HOURS(24), HOURS(72), HOURS(4)},
    [3] = {HOURS(8), HOURS(12), DAYS(3), DAYS(10), DAYS(1)},
    [4] = {DAYS(3), DAYS(5), DAYS(10), DAYS(30), 0},
    [5] = {0, DAYS(20), 0, 0, 0},
};

void policy_default(struct policy *out) {
    memset(out, 0, sizeof *out);
    memcpy(out->ladders, default_ladders, sizeof default_ladders);
    memcpy(out->targets, default_targets, sizeof default_targets);
    out->dedup = HOURS(24);
    out->new_events = 1000;
    out->review_due = DAYS(14);
    out->reopen_window = DAYS(90);
    out->ack_reminder = HOURS(1);
}

/* ---- what a file may say */

struct step_conf {
    int64_t after;
    struct opt_strs who;
    int channels;
    bool inform;
};
struct ladder_conf {
    struct opt_list steps;
    int64_t repeat;
};
struct policy_conf {
    const struct tree_node *ladders, *targets;
    int64_t dedup, new_events, review_due, reopen_window, ack_reminder;
};

static const char *const channel_words[] = {"preferred", "all", NULL};

#define NEVER_MORE DAYS(366)
static const struct opt step_opts[] = {
    {"after", OPT_DURATION, offsetof(struct step_conf, after), 0, NEVER_MORE, "0", "since the ladder started", NULL, NULL, 0},
    {"who", OPT_STRS, offsetof(struct step_conf, who), 1, 8, "!", "the roles that are told", NULL, NULL, 0},
    {"channels", OPT_ENUM, offsetof(struct step_conf, channels), 0, 0, "preferred",
     "the first channel of each person, or all of them", channel_words, NULL, 0},
    {"inform", OPT_BOOL, offsetof(struct step_conf, inform), 0, 0, "no", "told, not asked: nobody waits for their answer", NULL,
     NULL, 0},
    OPT_END,
};
static const struct opt ladder_opts[] = {
    {"steps", OPT_LIST, offsetof(struct ladder_conf, steps), 0, LADDER_STEPS_MAX, NULL, "who is told when, in the order of time",
     NULL, step_opts, sizeof(struct step_conf)},
    {"repeat", OPT_DURATION, offsetof(struct ladder_conf, repeat), 0, NEVER_MORE, "0",
     "after the last step all are asked again, this often", NULL, NULL, 0},
    OPT_END,
};
static const struct opt target_opts[] = {
    {"ack", OPT_DURATION, offsetof(struct targets, ack), 1, NEVER_MORE, NULL, "acknowledged within", NULL, NULL, 0},
    {"decide", OPT_DURATION, offsetof(struct targets, decide), 1, NEVER_MORE, NULL, "decided within", NULL, NULL, 0},
    {"contain", OPT_DURATION, offsetof(struct targets, contain), 1, NEVER_MORE, NULL, "contained within", NULL, NULL, 0},
    {"recover", OPT_DURATION, offsetof(struct targets, recover), 1, NEVER_MORE, NULL, "recovered within", NULL, NULL, 0},
    {"update", OPT_DURATION, offsetof(struct targets, update), 1, NEVER_MORE, NULL, "a status update this often", NULL, NULL, 0},
    OPT_END,
};
static const struct opt policy_opts[] = {
    {"ladders", OPT_NODE, offsetof(struct policy_conf, ladders), 0, 0, NULL, "one ladder per priority, P1 to P5", NULL, NULL, 0},
    {"targets", OPT_NODE, offsetof(struct policy_conf, targets), 0, 0, NULL, "by when what is done, per priority", NULL, NULL, 0},
    {"dedup", OPT_DURATION, offsetof(struct policy_conf, dedup), US_PER_S, NEVER_MORE, NULL,
     "sightings alike fold into an open event for", NULL, NULL, 0},
    {"new_events", OPT_INT, offsetof(struct policy_conf, new_events), 1, 1000000, NULL,
     "of P4 and P5 one rule makes so many in an hour; more of them are counted in one", NULL, NULL, 0},
    {"review_due", OPT_DURATION, offsetof(struct policy_conf, review_due), US_PER_S, NEVER_MORE, NULL,
     "the review is held within", NULL, NULL, 0},
    {"reopen_window", OPT_DURATION, offsetof(struct policy_conf, reopen_window), US_PER_S, 10 * NEVER_MORE, NULL,
     "who is not management may reopen within", NULL, NULL, 0},
    {"ack_reminder", OPT_DURATION, offsetof(struct policy_conf, ack_reminder), US_PER_S, NEVER_MORE, NULL,
     "whoever took it is reminded after", NULL, NULL, 0},
    OPT_END,
};

static void complain(struct errs *es, const struct tree_node *n, const char *text) {
    struct err e = {0};
    (void)tree_err(n, &e, RC_CONFIG, "%s", text);
    errs_add(es, &e);
}

/* "P1".."P5" to 1..5, else 0 and a word about it. */
static int priority_of(const struct tree_node *n, struct errs *es) {
    struct str key = tree_key(n);

    if (key.n == 2 && key.p[0] == 'P' && key.p[1] >= '1' && key.p[1] <= '5')
        return key.p[1] - '0';
    complain(es, n, "a priority is P1, P2, P3, P4 or P5");
    return 0;
}

static uint32_t roles_of(const struct opt_strs *who, const struct tree_node *at, struct errs *es) {
    uint32_t mask = 0;

    for (size_t i = 0; i < who->n; i++) {
        int role = role_find(str_of(who->v[i]));
        struct err e = {0};

        if (role >= 0) {
            mask |= ROLE_BIT(role);
            continue;
        }
        (void)tree_err(at, &e, RC_CONFIG, "\"%s\" is no role", who->v[i]);
        err_hint(&e, "roles are iso, deputy, management, dpo, analyst, auditor, action_owner, admin");
        errs_add(es, &e);
    }
    return mask;
}

/* What is wrong with step i, or NULL. before: the roles asked in the step asked last. */
static const char *step_fault(const struct ladder *l, size_t i, uint32_t before) {
    const struct ladder_step *s = &l->steps[i];

    if (i > 0 && s->after < l->steps[i - 1].after)
        return "the steps of a ladder stand in the order of time";
    if (s->inform)
        return s->who & ~TOLD ? "only people can be told: iso, deputy, management, dpo, analyst, auditor, action_owner, admin"
                              : NULL;
    if (s->who & ~ASKED)
        return "only iso, deputy, management and dpo can be asked; others are told with inform: yes";
    if (before == R(DEPUTY) && !(s->who & (R(DEPUTY) | R(MANAGEMENT))))
        return "after the deputy comes management: no other rung may stand between them";
    return NULL;
}

static const struct tree_node *nth(const struct tree_node *list, size_t i) {
    const struct tree_node *n = tree_first(list);
    while (n && i--)
        n = tree_next(n);
    return n;
}

static void check_ladder(const struct ladder *l, const struct tree_node *map, struct errs *es) {
    uint32_t before = 0;

    for (size_t i = 0; i < l->n; i++) {
        const char *fault = step_fault(l, i, before);

        if (fault)
            complain(es, nth(tree_get(map, "steps"), i), fault);
        if (!l->steps[i].inform)
            before = l->steps[i].who;
    }
    if (l->n && !before)
        complain(es, map, "a ladder that asks nobody is none: at least one step without inform");
    if (before == R(DEPUTY))
        complain(es, map, "the last rung is the deputy: management must come after");
}

static void load_ladder(const struct tree_node *map, struct ladder *out, struct errs *es) {
    struct ladder_conf c = {0};
    struct ladder l = {.n = 0};
    const struct step_conf *steps;

    if (opt_bind(ladder_opts, map, &c, es) == RC_OK) {
        steps = c.steps.v;
        l.repeat = c.repeat;
        for (; l.n < c.steps.n && l.n < LADDER_STEPS_MAX; l.n++)
            l.steps[l.n] = (struct ladder_step){steps[l.n].after, roles_of(&steps[l.n].who, nth(tree_get(map, "steps"), l.n), es),
                                                steps[l.n].channels == 1, steps[l.n].inform};
        check_ladder(&l, map, es);
        *out = l;
    }
    opt_fini(ladder_opts, &c);
}

static void over(int64_t *out, int64_t given) {
    if (given)
        *out = given;
}

static void load_targets(const struct tree_node *map, struct targets *out, struct errs *es) {
    struct targets t = {0};

    (void)opt_bind(target_opts, map, &t, es);
    over(&out->ack, t.ack);
    over(&out->decide, t.decide);
    over(&out->contain, t.contain);
    over(&out->recover, t.recover);
    over(&out->update, t.update);
}

static const struct tree_node *first_of_map(const struct tree_node *n, struct errs *es) {
    if (tree_kind(n) == TREE_MAP || tree_kind(n) == TREE_NULL)
        return tree_first(n);
    complain(es, n, "a map of priorities was expected: P1: ...");
    return NULL;
}

static void load_doc(const struct tree_node *root, struct policy *out, struct errs *es) {
    struct policy_conf c = {0};

    if (opt_bind(policy_opts, root, &c, es) == RC_OK) {
        for (const struct tree_node *n = first_of_map(c.ladders, es); n; n = tree_next(n)) {
            int p = priority_of(n, es);
            if (p)
                load_ladder(n, &out->ladders[p], es);
        }
        for (const struct tree_node *n = first_of_map(c.targets, es); n; n = tree_next(n)) {
            int p = priority_of(n, es);
            if (p)
                load_targets(n, &out->targets[p], es);
        }
        over(&out->dedup, c.dedup);
        over(&out->new_events, c.new_events);
        over(&out->review_due, c.review_due);
        over(&out->reopen_window, c.reopen_window);
        over(&out->ack_reminder, c.ack_reminder);
    }
    opt_fini(policy_opts, &c);
}

enum rc policy_load(const struct tree *const *docs, size_t n, struct policy *out, struct errs *es) {
    unsigned before = es->n + es->dropped;

    policy_default(out);
    for (size_t i = 0; i < n; i++)
        load_doc(tree_root(docs[i]), out, es);
    /* so that a 24-hour early warning stays possible (process.md 2.1) */
    for (int p = 1; p <= 3; p++)
        if (out->targets[p].decide > HOURS(12)) {
            struct err e = {0};
            (void)err_set(&e, RC_CONFIG, "targets: P%d: decide is longer than 12h: a 24-hour early warning would come too late",
                          p);
            errs_add(es, &e);
        }
    return es->n + es->dropped == before ? RC_OK : RC_CONFIG;
}
