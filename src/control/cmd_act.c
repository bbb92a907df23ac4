/* SPDX-License-Identifier: ISC
 *
 * cmd_act.c - acts: what a person does to an event or an incident
 *
 * The route's last word is the desk's verb, so that nearly every act is the same function. Review and close are several verbs of the
 * desk in one breath; each is a transaction of its own and repeats harmlessly under the same request id.
 */
#include "control/cmd.h"

#include <string.h>

/* "approve-close" -> "approve_close" */
static enum rc verb_name(struct str word, char *out, size_t size, struct err *e) {
    if (!str_copy(out, size, word))
        return err_set(e, RC_NOTFOUND, "no such verb");
    for (char *p = out; *p; p++)
        if (*p == '-')
            *p = '_';
    return RC_OK;
}

void cmd_act(struct call *k) {
    struct answer a;
    struct err e = {0};
    char verb[64];
    enum rc rc;

    answer_init(k, &a);
    if ((rc = verb_name(k->verb, verb, sizeof verb, &e)) == RC_OK)
        rc = desk_do(k->c->desk, &k->who, k->machine, k->ref, verb, &k->args, k->request_id, k->now, &a, &e);
    reply_answer(k, rc, &a, &e);
}

void cmd_report(struct call *k) {
    struct answer a;
    struct err e = {0};
    enum rc rc;

    answer_init(k, &a);
    rc = desk_report(k->c->desk, &k->who, &k->args, k->request_id, k->now, &a, &e);
    reply_answer(k, rc, &a, &e);
}

/* One verb of several, with the arguments of its own and a request id of its own. */
static enum rc do_part(struct call *k, const char *verb, const struct args *args, struct answer *a, struct err *e) {
    struct str id = STR_NONE;
    struct buf b;
    enum rc rc;

    buf_init(&b, 512);
    if (k->request_id.n) {
        buf_str(&b, k->request_id);
        buf_printf(&b, "/%s", verb);
        for (size_t i = 0; i < args->n; i++) /* two controls of one review are two requests */
            buf_printf(&b, "/%016llx", (unsigned long long)str_siphash((const uint64_t[2]){1, 2}, args->v[i].value));
        id = arena_str(&k->arena, buf_view(&b));
    }
    buf_fini(&b);
    buf_reset(&a->next); /* only the last step's next counts */
    rc = desk_do(k->c->desk, &k->who, MACHINE_INCIDENT, k->ref, verb, args, id, k->now, a, e);
    return rc;
}

/* A text under the name the desk knows it by. */
static enum rc do_one(struct call *k, const char *verb, const char *name, struct str value, struct answer *a, struct err *e) {
    struct args some = {.v = {{name, value}}, .n = 1};

    return do_part(k, verb, &some, a, e);
}

static enum rc do_fact(struct call *k, const char *key, struct answer *a, struct err *e) {
    struct args some = {.v = {{"key", str_of(key)}, {"value", arg_get(&k->args, key)}}, .n = 2};

    return some.v[1].value.n ? do_part(k, "fact", &some, a, e) : RC_OK;
}

/* "A.8.5=failed" */
static enum rc do_control(struct call *k, struct str both, struct answer *a, struct err *e) {
    struct args some = {.n = 2};
    struct str control = str_cut(&both, '=');

    if (!control.n || !both.n) {
        err_set(e, RC_INVALID, "control: \"%.*s\" does not say what the control did", STR_FMT(control));
        err_hint(e, "such as A.8.5=failed; or prevented, detected, limited, absent, bypassed");
        return RC_INVALID;
    }
    some.v[0] = (struct arg){"control", control};
    some.v[1] = (struct arg){"effect", both};
    return do_part(k, "control", &some, a, e);
}

static const struct rename {
    const char *from, *to;
} opening[] = {{"chair", "chair"}, {"participants", "participants"}, {"review_due", "review_due"}, {NULL, NULL}},
  cause[] = {{"root_cause_code", "root_cause_code"},
             {"root_cause_text", "root_cause_text"},
             {"root_cause_justification", "root_cause_justification"},
             {NULL, NULL}},
  action[] = {{"action", "text"},
              {"action_owner", "owner"},
              {"action_due", "due"},
              {"effect_criterion", "effect_criterion"},
              {NULL, NULL}},
  away[] = {{"from", "from"}, {"until", "to"}, {"reason", "reason"}, {NULL, NULL}};

/* Copies those of the named arguments that were given, under the names the desk knows. */
static void pick(const struct call *k, const struct rename *names, struct args *out) {
    out->n = 0;
    for (; names->from; names++) {
        struct str v = arg_get(&k->args, names->from);
        if (v.n)
            args_add(out, names->to, v);
    }
}

/* What may be refused comes first, so that a second try does not find half of it recorded. */
static enum rc record_learned(struct call *k, struct answer *a, struct err *e) {
    const struct args *args = &k->args;
    struct args some;
    enum rc rc = RC_OK;

    if (arg_get(args, "root_cause_code").n) {
        pick(k, cause, &some);
        rc = do_part(k, "cause", &some, a, e);
    }
    if (rc == RC_OK && arg_get(args, "action").n) {
        pick(k, action, &some);
        rc = do_part(k, "action", &some, a, e);
    }
    for (size_t i = 0; i < args->n && rc == RC_OK; i++)
        if (strcmp(args->v[i].name, "control") == 0)
            rc = do_control(k, args->v[i].value, a, e);
    if (rc == RC_OK && arg_get(args, "lesson").n)
        rc = do_one(k, "lesson", "text", arg_get(args, "lesson"), a, e);
    if (rc == RC_OK)
        rc = do_fact(k, "lesson_none_reason", a, e);
    return rc == RC_OK ? do_fact(k, "action_none_reason", a, e) : rc;
}

/* The incident's state as this person may see it; RC_NOTFOUND and the like otherwise. */
static enum rc state_of(struct call *k, enum state *out, struct err *e) {
    struct buf b;
    struct json *j = NULL;
    enum rc rc;
    int s;

    buf_init(&b, REPLY_MAX);
    rc = desk_show(k->c->desk, &k->who, MACHINE_INCIDENT, k->ref, k->now, &b, e);
    if (rc == RC_OK)
        rc = json_parse(buf_view(&b), REPLY_MAX, &j, e);
    if (rc == RC_OK) {
        s = state_find(MACHINE_INCIDENT, json_get_text(j, "state"));
        *out = s < 0 ? STATE_NONE : (enum state)s;
    }
    json_free(j);
    buf_fini(&b);
    return rc;
}

void cmd_review(struct call *k) {
    const struct args none = {0};
    struct answer a;
    struct args some;
    struct err e = {0};
    enum state state = STATE_NONE;
    enum rc rc;

    answer_init(k, &a);
    rc = state_of(k, &state, &e);
    if (rc == RC_OK && state != INC_REVIEW) {
        pick(k, opening, &some);
        rc = do_part(k, "open_review", &some, &a, &e);
    }
    if (rc == RC_OK)
        rc = record_learned(k, &a, &e);
    if (rc == RC_OK && arg_get(&k->args, "sign").n)
        rc = do_part(k, "sign_review", &none, &a, &e);
    reply_answer(k, rc, &a, &e);
}

/* From review the close is asked for; from recovered it is the short form, which one person may where no review is mandatory. */
void cmd_close(struct call *k) {
    struct answer a;
    struct err e = {0};
    enum state state = STATE_NONE;
    enum rc rc;

    answer_init(k, &a);
    if ((rc = state_of(k, &state, &e)) == RC_OK)
        rc = desk_do(k->c->desk, &k->who, MACHINE_INCIDENT, k->ref, state == INC_RECOVERED ? "close_short" : "request_close",
                     &k->args, k->request_id, k->now, &a, &e);
    reply_answer(k, rc, &a, &e);
}

void cmd_absence(struct call *k) {
    struct answer a;
    struct args some;
    struct err e = {0};
    enum rc rc;

    answer_init(k, &a);
    pick(k, away, &some);
    rc = desk_do(k->c->desk, &k->who, MACHINE_INCIDENT, STR_NONE, "absence", &some, k->request_id, k->now, &a, &e);
    reply_answer(k, rc, &a, &e);
}
