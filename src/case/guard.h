/* SPDX-License-Identifier: ISC
 *
 * guard.h - conditions of a step, judged on facts that the desk collected; pure
 *
 * guards.def: GUARD(id, code, sentence when met, sentence when missing, in_force). G1-G12 of process.md 2.3 (closing): in force here
 * G1 no open task, G2 every milestone stamped or skipped, G3 root cause, G4 review, G5 obligations, G8 an action or a reason for none,
 * G9 four eyes, G11 control effect; the others are listed by check-close as not yet asked. Others guard single steps (own claim,
 * dismissal of P1/P2, one skip reason per skipped milestone, merge rules, reopen window ...).
 */
#ifndef TOCSIN_CASE_GUARD_H
#define TOCSIN_CASE_GUARD_H

#include "base/err.h"
#include "model/record.h"

enum guard {
#define GUARD(id, code, met, missing, in_force) id,
#include "case/guards.def"
#undef GUARD
    GUARD__COUNT
};
#define GUARD_BIT(g) (UINT64_C(1) << (g))

struct facts { /* what guards may look at; the desk fills what applies */
    const struct event *event;
    const struct incident *incident;
    int64_t actor_id, now;
    uint32_t roles;             /* of the actor in the object's organisation */
    bool system;
    bool delegated;             /* the organisation lets analysts acknowledge P3 to P5 */
    int open_tasks;
    int milestones_missing;     /* neither stamped nor skipped with a reason */
    int skip_reasons, skipped;
    bool root_cause_justified;  /* RC.UNKNOWN needs it */
    bool pir_mandatory, pir_signed;
    int lessons;
    bool lesson_none_reason;
    int obligations_open;
    int actions;                /* with owner, due date and effect criterion */
    bool action_none_reason;
    int control_effects;
    bool worked_on;             /* the actor stamped, owned or noted on it */
    bool target_open, target_same_org, target_cycle, target_self;
    int64_t reopen_window;      /* us, 90 d */
    bool compensating;          /* org.sod_mode */
    int second_person_roles;    /* of the second person named, 0 = none */
    bool has_vulnerability, has_lesson;
    int disposition;
    int management_available;   /* persons with the role management */
};

enum guard_state { GUARD_MET, GUARD_MISSING, GUARD_WAIVED, GUARD_NOT_ASKED };
struct guard_result {
    enum guard guard;
    enum guard_state state;
    const char *code;  /* "G3" */
    char text[200];    /* the sentence */
};
/* Judges every guard in the mask; RC_REFUSED with the first missing one's sentence in e. results may be NULL. */
enum rc guard_check(uint64_t mask, const struct facts *f, struct guard_result *results, size_t *n, struct err *e);
/* G1..G12 for check-close, in order, those not in force as GUARD_NOT_ASKED; at most 12 written. */
size_t guard_closing(const struct facts *f, struct guard_result out[12]);
/* Post-incident review mandatory: P1/P2 at any time, obligation ever applicable, personal data, recurrence, reopened, exercise. */
bool guard_pir_mandatory(const struct incident *inc, bool obligation_ever, bool recurrence);

#endif
