/* SPDX-License-Identifier: ISC
 *
 * ladder.c - who is next, and when
 *
 * Takes   a ladder, when it started, how far it has come; who is on duty now.
 * Gives   the next step and its due time; the persons of a step.
 * Keeps   nothing: how far a ladder has come stands in the record.
 */
#include "escalate/policy.h"

#include "base/clock.h"

/* In a repeat each rung is asked once: what is only told, and who an earlier step asks already, is passed over. */
static bool asked_again(const struct ladder *l, size_t i) {
    uint32_t earlier = 0;

    for (size_t k = 0; k < i; k++)
        if (!l->steps[k].inform)
            earlier |= l->steps[k].who;
    return !l->steps[i].inform && (l->steps[i].who & ~earlier);
}

bool ladder_next(const struct ladder *l, int64_t start, size_t done, uint32_t loops, size_t *step, int64_t *due) {
    if (l->n == 0)
        return false;
    if (loops == 0 && done < l->n) {
        *step = done;
        *due = start + l->steps[done].after;
        return true;
    }
    if (l->repeat == 0)
        return false;
    while (loops > 0 && done < l->n && !asked_again(l, done))
        done++;
    if (done >= l->n) {
        loops++;
        for (done = 0; done < l->n && !asked_again(l, done); done++)
            ;
        if (done == l->n)
            return false;
    }
    *step = done;
    *due = start + l->steps[l->n - 1].after + (int64_t)loops * l->repeat;
    return true;
}

bool ladder_rise(const struct ladder *l, int64_t start, size_t step, size_t *next, int64_t *due) {
    for (size_t i = step + 1; i < l->n; i++)
        if (asked_again(l, i)) { /* first asked here: nobody before asks all of them */
            *next = i;
            *due = start + l->steps[i].after;
            return true;
        }
    return false;
}

size_t ladder_people(const struct ladder_step *s, const struct roster *r, uint16_t org, int64_t now, const struct person **out,
                     size_t max) {
    size_t n = 0;

    for (size_t i = 0; i < r->npeople && n < max; i++) {
        const struct person *p = &r->people[i];
        bool away = p->absent_from <= now && now < p->absent_to;

        if (!away && (person_roles(p, org, now) & s->who))
            out[n++] = p;
    }
    return n;
}
