/* SPDX-License-Identifier: ISC
 *
 * roster_check.c - who may not be what at the same time
 *
 * Takes   the roster as read.
 * Gives   a sentence for each person or organisation that cannot stand so.
 * Keeps   nothing. The rules are process.md 3: hard conflicts, "the ISO reports past IT".
 */
#include "escalate/roster_conf.h"

#include "base/clock.h"

#include <string.h>

#define R(name) ROLE_BIT(ROLE_##name)
#define ANYTHING (~R(REPORTER))

static const struct conflict {
    uint32_t one, other;
    bool exception; /* a dated, approved document may allow it for at most 12 months */
    const char *why;
} conflicts[] = {
    {R(AUDITOR), ANYTHING & ~R(AUDITOR), false, "an auditor holds no other role: nobody audits their own work"},
    {R(ISO) | R(DEPUTY), R(DPO), true, "ISO and data protection officer in one person control themselves"},
    {R(ISO) | R(DEPUTY), R(ADMIN), true, "ISO and administrator in one person control themselves"},
    {R(DPO), R(MANAGEMENT), false, "the data protection officer cannot be management (GDPR Art. 38(6))"},
    {R(ISO) | R(DEPUTY), R(MANAGEMENT), false, "management is asked when ISO and deputy are silent: it must be somebody else"},
};

static bool overlap(const struct binding *a, const struct binding *b) {
    return a->org == b->org && (a->to == 0 || b->from < a->to) && (b->to == 0 || a->from < b->to);
}

/* The document, and an end within 12 months of its beginning. */
static bool excepted(const struct binding *b) {
    return b->exception_ref && b->to != 0 && b->to - b->from <= 366 * US_PER_DAY;
}

static void check_pair(const struct person *p, const struct binding *a, const struct binding *b, const struct tree_node *at,
                       struct errs *es) {
    for (size_t i = 0; i < sizeof conflicts / sizeof *conflicts; i++) {
        const struct conflict *c = &conflicts[i];
        bool meets = (c->one & ROLE_BIT(a->role) && c->other & ROLE_BIT(b->role)) ||
                     (c->one & ROLE_BIT(b->role) && c->other & ROLE_BIT(a->role));

        if (!meets || (c->exception && (excepted(a) || excepted(b))))
            continue;
        roster_complain(
            es, at, "%s is %s and %s of the same organisation: %s%s", p->login, role_name((enum role)a->role),
            role_name((enum role)b->role), c->why,
            c->exception ? "; exception_ref names the document that allows it, with from and to at most 12 months apart" : "");
        return;
    }
}

static void check_function(const struct person *p, const struct tree_node *at, struct errs *es) {
    uint32_t roles = 0;

    for (size_t i = 0; i < p->nbindings; i++)
        roles |= ROLE_BIT(p->bindings[i].role);
    if (strcmp(p->function, "it") == 0 && roles & (R(ISO) | R(DEPUTY) | R(MANAGEMENT) | R(DPO)))
        roster_complain(es, at, "%s works for IT: IT is told, never asked; it can be no rung of a ladder", p->login);
    if (strcmp(p->function, "management") != 0 && roles & R(MANAGEMENT))
        roster_complain(es, at, "%s has the role management, so the function must be management too", p->login);
}

void roster_check_person(const struct roster *r, const struct person *p, const struct tree_node *at, struct errs *es) {
    for (const struct person *q = r->people; q < p; q++) {
        if (strcmp(q->login, p->login) == 0)
            roster_complain(es, at, "there are two people called %s", p->login);
        if (p->uid >= 0 && q->uid == p->uid)
            roster_complain(es, at, "%s and %s have the same uid", q->login, p->login);
    }
    for (size_t i = 0; i < p->nbindings; i++)
        for (size_t k = 0; k < i; k++)
            if (overlap(&p->bindings[k], &p->bindings[i]))
                check_pair(p, &p->bindings[k], &p->bindings[i], at, es);
    check_function(p, at, es);
}

void roster_check_orgs(const struct roster *r, const struct tree_node *at, struct errs *es) {
    for (size_t o = 0; o < r->norgs; o++) {
        uint32_t held = 0;

        for (size_t i = 0; i < r->npeople; i++)
            for (size_t k = 0; k < r->people[i].nbindings; k++)
                if (r->people[i].bindings[k].org == o)
                    held |= ROLE_BIT(r->people[i].bindings[k].role);
        if (!(held & R(ISO)))
            roster_complain(es, at, "nobody is iso of %s", r->orgs[o].slug);
        if (!(held & R(MANAGEMENT)))
            roster_complain(es, at, "nobody is management of %s: a ladder needs its last rung", r->orgs[o].slug);
    }
}
