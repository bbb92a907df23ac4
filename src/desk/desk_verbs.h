/* SPDX-License-Identifier: ISC
 *
 * desk_verbs.h - the functions behind verbs.def and behind the verbs that make their object
 */
#ifndef TOCSIN_DESK_DESK_VERBS_H
#define TOCSIN_DESK_DESK_VERBS_H

#include "desk/desk_int.h"

enum rc verb_report(struct act *a);  /* a person reports an event (A.6.8) */
enum rc verb_declare(struct act *a); /* an incident without an event */

#define VERB(machine, verb, roles, required, fn, help) enum rc fn(struct act *a);
#include "desk/verbs.def"
#undef VERB

/* desk_respond.c: what several verbs share */
enum rc respond_inputs(struct act *a, struct prio_in *in);       /* impact, data, scope, outcome, activity as a person gives them */
enum rc respond_priority(struct act *a, struct str text);        /* sets a->inc.priority, with its rules */
void respond_stage(struct act *a, int64_t event, int64_t incident, int stage, const char *decision);
/* desk_learn.c */
enum rc learn_closing_data(struct act *a); /* root cause, lesson, control, action as arguments of review and close */
void learn_fact_set(struct act *a, const char *key, struct str value);

#endif
