/* SPDX-License-Identifier: ISC
 *
 * desk_do.c - every command of a person: one way in, one transaction
 *
 * Takes   who, what machine and verb, which object, with what data.
 * Gives   object found, role, required data and guards checked, state changed, stamped, audited, notices owed; what to say about it.
 * Keeps   the answer under its request id for a day, so that asking twice does once.
 */
#include "desk/desk_int.h"

#include <stdarg.h>
#include <string.h>

#include "base/digest.h"
#include "base/esc.h"
#include "base/log.h"
#include "desk/desk_verbs.h"

struct str arg_get(const struct args *a, const char *name) {
    for (size_t i = 0; a && i < a->n; i++)
        if (!strcmp(a->v[i].name, name))
            return a->v[i].value;
    return STR_NONE;
}

/* People say "note" and "reason"; the table says which note and which reason. */
static const struct {
    const char *name, *alias;
} aliases[] = {
    {"containment_note", "note"}, {"eradication_note", "note"}, {"recovery_note", "note"}, {"approval_note", "note"}, {"closing_statement", "note"},
    {"closing_statement", "statement"}, {"rationale", "reason"}, {"rationale", "note"}, {"reason", "rationale"}, {"reason", "note"},
    {"reason_code", "code"}, {"root_cause_code", "root_cause"}, {"root_cause_code", "cause"}, {"root_cause_code", "code"},
    {"into_incident", "into"}, {"incident", "to"}, {"of_event", "of"}, {"text", "note"}, {"disposition", "as"}, {"skip_reason", "reason"},
    {"verified_by", "verifier"}, {"party", "to"}, {"question", "text"}, {"question", "note"}, {"answer", "text"}, {"answer", "note"},
    {"lesson_none_reason", "no_lesson"}, {"second", "second_person"},
};

struct str act_arg(const struct act *a, const char *name) {
    struct str v = arg_get(a->args, name);
    for (size_t i = 0; str_absent(v) && i < sizeof aliases / sizeof aliases[0]; i++)
        if (!strcmp(aliases[i].name, name))
            v = arg_get(a->args, aliases[i].alias);
    v = str_trim(v);
    return v.n ? v : STR_NONE;
}

bool act_has(void *ctx, const char *name) {
    return !str_absent(act_arg(ctx, name));
}

int64_t act_actor(const struct act *a) {
    return a->who->system ? PRINCIPAL_SYSTEM : a->who->person ? a->who->person->db_id : a->who->admin ? PRINCIPAL_ROOT : a->who->id;
}

bool act_time(const struct act *a, struct str text, int64_t *us) {
    struct str rest = text, y = str_cut(&rest, '-'), m = str_cut(&rest, '-');
    uint64_t year, mon, day;
    int64_t after;
    if (time_parse(text, us, NULL))
        return true;
    if (str_duration(text, &after)) {
        *us = a->now + after;
        return true;
    }
    if (!str_u64(y, 9999, &year) || !str_u64(m, 12, &mon) || !str_u64(rest, 31, &day))
        return false;
    struct civil c = {.year = (int)year, .mon = (int)mon, .day = (int)day};
    if (!civil_valid(&c))
        return false;
    *us = zone_to_us(a->d->g.zone, &c);
    return true;
}

uint32_t act_roles(const struct desk *d, const struct actor *who, int64_t org, int64_t now) {
    int i = desk_org_index(d, org);
    if (who->system)
        return ROLE_BIT(ROLE_SYSTEM);
    uint32_t roles = who->person && i >= 0 ? person_roles(who->person, (uint16_t)i, now) : 0;
    return who->admin ? roles | ROLE_BIT(ROLE_ADMIN) : roles; /* root runs the machine; it decides nothing about incidents */
}

enum rc act_person(struct act *a, struct str login, const struct person **out) {
    *out = roster_person(a->d->g.roster, login);
    return *out ? RC_OK : err_set(a->e, RC_NOTFOUND, "nobody is called \"%.*s\"", STR_FMT(login));
}

void act_said(struct act *a, const char *fmt, ...) {
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    esc_plain(text);
    buf_printf(&a->out->said, "%s\n", text);
}

/* ---- finding: "EV-2026-000012", "ev-12" (of this year), or a bare number */

static const char *const prefixes[] = {[MACHINE_EVENT] = "EV", [MACHINE_INCIDENT] = "INC"};

static bool expand(const struct desk *d, enum machine m, struct str ref, int64_t now, char out[40]) {
    struct str rest = ref, head = str_cut(&rest, '-');
    uint64_t n;
    struct civil c;
    int width = m == MACHINE_EVENT ? 6 : 4;
    if (str_absent(rest) && str_u64(head, 999999999, &n))
        ;
    else if (str_eqi(head, str_of(prefixes[m])) && str_u64(rest, 999999999, &n))
        ;
    else {
        for (size_t i = 0; i < ref.n && i < 39; i++)
            out[i] = (char)(ref.p[i] >= 'a' && ref.p[i] <= 'z' ? ref.p[i] - 32 : ref.p[i]);
        out[ref.n < 39 ? ref.n : 39] = '\0';
        return ref.n < 39 && str_eqi(head, str_of(prefixes[m]));
    }
    zone_from_us(d->g.zone, now, &c);
    snprintf(out, 40, "%s-%04d-%0*llu", prefixes[m], c.year, width, (unsigned long long)n);
    return true;
}

enum rc act_find(struct desk *d, const struct actor *who, enum machine m, struct str ref, struct str org, int64_t now, int64_t *id, struct err *e) {
    char full[40];
    int found = 0;
    if (m > MACHINE_INCIDENT || !expand(d, m, ref, now, full))
        return err_set(e, RC_INVALID, "\"%.*s\" is no reference of this kind", STR_FMT(ref));
    enum stmt q = m == MACHINE_EVENT ? Q_EVENT_FIND : Q_INCIDENT_FIND;
    for (bool more = query_row(d->store, q, "t", full); more; more = query_next(d->store, q)) {
        int i = desk_org_index(d, query_int(d->store, q, 1));
        bool named = str_absent(org) || (i >= 0 && str_is(org, d->g.roster->orgs[i].slug));
        if (!named || !act_roles(d, who, query_int(d->store, q, 1), now))
            continue;
        *id = query_int(d->store, q, 0);
        found++;
    }
    if (found > 1)
        return err_set(e, RC_INVALID, "%s exists in several organisations: say which (org)", full);
    return found ? RC_OK : err_set(e, RC_NOTFOUND, "there is no %s", full);
}

static enum rc load(struct act *a, enum machine m, struct str ref) {
    int64_t id = 0;
    enum rc rc = act_find(a->d, a->who, m, ref, arg_get(a->args, "org"), a->now, &id, a->e);
    if (rc)
        return rc;
    if (m == MACHINE_EVENT) {
        fold_settle(a->d, id, a->now);
        if (!rows_event_load(a->d->store, id, &a->d->scratch, &a->ev))
            return err_set(a->e, RC_IO, "the event cannot be read");
        a->org = a->ev.org_id;
    } else {
        if (!rows_incident_load(a->d->store, id, &a->d->scratch, &a->inc))
            return err_set(a->e, RC_IO, "the incident cannot be read");
        a->org = a->inc.org_id;
    }
    return RC_OK;
}

/* ---- doing */

static void common_facts(struct act *a) {
    const struct org *o = desk_org(a->d, a->org);
    const struct person *second = NULL;
    struct str name = act_arg(a, "second");
    struct facts *f = &a->facts;
    f->event = a->ev.id ? &a->ev : NULL;
    f->incident = a->inc.id ? &a->inc : NULL;
    f->actor_id = act_actor(a);
    f->now = a->now;
    f->roles = a->roles;
    f->system = a->who->system;
    f->compensating = o && o->compensating;
    f->reopen_window = a->d->g.policy->reopen_window;
    f->disposition = -1;
    if (!str_absent(name))
        second = roster_person(a->d->g.roster, name);
    if (second && second != a->who->person)
        f->second_person_roles = (int)person_roles(second, (uint16_t)desk_org_index(a->d, a->org), a->now);
}

/* "at": since when it is so, if not since now. Never in the future, and never without a reason. */
static enum rc back_dated(struct act *a) {
    struct str at = arg_get(a->args, "at");
    a->at = a->now;
    if (str_absent(at))
        return RC_OK;
    if (!act_time(a, at, &a->at))
        return err_set(a->e, RC_INVALID, "\"%.*s\" is no time such as 2026-11-22T03:48:40Z", STR_FMT(at));
    if (a->at > a->now)
        return err_set(a->e, RC_INVALID, "it cannot have been in the future");
    if (!act_has(a, "reason"))
        return err_set(a->e, RC_INVALID, "a time in the past needs a reason");
    return RC_OK;
}

static void stamps(struct act *a, const char *object, int64_t id) {
    struct str rest = str_of(a->step->stamp);
    while (rest.n) {
        char kind[40];
        str_copy(kind, sizeof kind, str_cut(&rest, ' '));
        desk_stamp(a->d, object, id, kind, a->at, a->now, act_actor(a), a->note, false);
    }
}

/* The columns of the same name as the stamp. */
static void stamp_columns(struct act *a) {
    struct {
        const char *kind;
        int64_t *at;
    } cols[] = {{"claimed_at", &a->ev.claimed_at},        {"decided_at", &a->ev.decided_at},       {"acknowledged_at", &a->inc.acknowledged_at},
                {"confirmed_at", &a->inc.confirmed_at},   {"contained_at", &a->inc.contained_at},  {"eradicated_at", &a->inc.eradicated_at},
                {"recovered_at", &a->inc.recovered_at},   {"review_opened_at", &a->inc.review_opened_at},
                {"close_requested_at", &a->inc.close_requested_at}, {"closed_at", &a->inc.closed_at}, {"rejected_at", &a->inc.rejected_at},
                {"reopened_at", &a->inc.reopened_at}};
    struct str rest = str_of(a->step->stamp);
    while (rest.n) {
        struct str kind = str_cut(&rest, ' ');
        for (size_t i = 0; i < sizeof cols / sizeof cols[0]; i++)
            if (str_is(kind, cols[i].kind))
                *cols[i].at = a->at;
    }
}

static bool given_within(const struct args *args, size_t from, size_t to, const char *name) {
    for (size_t i = from; i < to; i++)
        if (!strcmp(args->v[i].name, name))
            return true;
    return false;
}

/* What was given several times is a list: a name that stands there twice is no JSON that verify would read. */
static void put_arg(struct act *a, size_t i) {
    const struct args *args = a->args;
    const char *name = args->v[i].name;
    bool list = given_within(args, i + 1, args->n, name);
    jw_key(&a->line.w, name);
    if (list)
        jw_list(&a->line.w);
    for (; i < args->n; i++)
        if (!strcmp(args->v[i].name, name))
            jw_str(&a->line.w, args->v[i].value);
    if (list)
        jw_list_end(&a->line.w);
}

static void put_args(struct act *a) {
    jw_key(&a->line.w, "given");
    jw_map(&a->line.w);
    for (size_t i = 0; i < a->args->n; i++)
        if (strcmp(a->args->v[i].name, "org") && !given_within(a->args, 0, i, a->args->v[i].name))
            put_arg(a, i);
    jw_map_end(&a->line.w);
}

static void what_people_said(struct act *a) {
    static const char *const where[] = {"containment_note", "eradication_note", "recovery_note", "closing_statement", "approval_note", "rationale", "reason", "text"};
    for (size_t i = 0; str_absent(a->note) && i < sizeof where / sizeof where[0]; i++)
        a->note = act_arg(a, where[i]);
}

static enum rc transition(struct act *a, enum machine m, const char *verb) {
    struct desk *d = a->d;
    bool event = m == MACHINE_EVENT;
    enum state from = event ? a->ev.state : a->inc.state;
    const struct effect *fx = effect_find(m, str_of(verb));
    enum rc rc = flow_allow(m, from, str_of(verb), a->roles, &a->step, a->e);
    if (!rc && !fx)
        rc = err_set(a->e, RC_INVALID, "\"%s\" is not something a person asks for", verb);
    if (!rc && !flow_required(a->step, act_has, a, a->e))
        rc = RC_INVALID;
    if (!rc)
        rc = back_dated(a);
    if (!rc && fx->before)
        rc = fx->before(a);
    if (!rc)
        rc = guard_check(a->step->guards, &a->facts, NULL, NULL, a->e);
    if (rc)
        return rc;
    what_people_said(a);
    line_open(&a->line);
    jw_kv_text(&a->line.w, "old", state_name(from));
    jw_kv_text(&a->line.w, "new", state_name(a->step->to));
    put_args(a);
    stamp_columns(a);
    if (event) {
        a->ev.state = a->step->to;
        a->ev.state_since = a->now;
    } else if (a->step->to != from) {
        a->inc.state = a->step->to;
        a->inc.state_since = a->now;
    }
    if (fx->after && (rc = fx->after(a))) {
        buf_fini(&a->line.b);
        return rc;
    }
    char action[64];
    struct str ref = event ? a->ev.ref : a->inc.ref;
    snprintf(action, sizeof action, "%s.%s", event ? "event" : "incident", verb);
    stamps(a, event ? "event" : "incident", event ? a->ev.id : a->inc.id);
    if (event)
        rows_event_save(d->store, &a->ev);
    else
        rows_incident_save(d->store, &a->inc);
    line_close(d, &a->line, a->now, a->org, act_actor(a), action, ref);
    char words[256];
    struct step told = *a->step;
    if (a->also.words && snprintf(words, sizeof words, "%s %s", told.notify, a->also.words) < (int)sizeof words)
        told.notify = words;
    owe_notify(d, &told, event ? &a->ev : NULL, event ? NULL : &a->inc, act_actor(a), a->also.what ? a->also.what : verb, a->now);
    desk_watch(d, a->now, a->org, event ? "event" : "incident", ref, verb, state_name(a->step->to), event ? a->ev.priority : a->inc.priority,
               event ? a->ev.title : a->inc.title);
    return RC_OK;
}

static enum rc extra(struct act *a, const struct extra *x) {
    struct step s = {.machine = x->machine, .verb = x->verb, .required = x->required, .stamp = "", .notify = ""};
    if (!(x->roles & a->roles))
        return err_set(a->e, RC_DENIED, "your role does not allow \"%s\" here", x->verb);
    if (!flow_required(&s, act_has, a, a->e))
        return RC_INVALID;
    line_open(&a->line);
    put_args(a);
    bool event = a->ev.id != 0;
    struct str ref = event ? a->ev.ref : a->inc.id ? a->inc.ref : STR("");
    enum rc rc = x->fn(a);
    if (rc) {
        buf_fini(&a->line.b);
        return rc;
    }
    char action[64];
    if (str_absent(ref) || !ref.n)
        ref = str_absent(a->out->made) ? STR("") : a->out->made;
    snprintf(action, sizeof action, "%s.%s", x->machine == MACHINE_EVENT ? "event" : "incident", x->verb);
    line_close(a->d, &a->line, a->now, a->org, act_actor(a), action, ref);
    desk_watch(a->d, a->now, a->org, x->machine == MACHINE_EVENT ? "event" : "incident", ref, x->verb, NULL, 0, STR_NONE);
    return RC_OK;
}

/* ---- request ids */

/* An id answers for one command with its data: used again for another one, by mistake, it must not leave that undone. */
static struct str request_key(struct arena *arena, struct str id, enum machine m, struct str ref, const char *verb, const struct args *args) {
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX], key[400];
    struct buf b;
    if (str_absent(id))
        return STR_NONE;
    buf_init(&b, 1u << 20);
    buf_printf(&b, "%d %s %.*s", (int)m, verb, STR_FMT(ref));
    for (size_t i = 0; args && i < args->n; i++)
        buf_printf(&b, "\n%s=%zu:", args->v[i].name, args->v[i].value.n), buf_str(&b, args->v[i].value);
    sha256_of(buf_view(&b), digest);
    buf_fini(&b);
    hex_of(digest, sizeof digest, hex);
    snprintf(key, sizeof key, "%.*s.%.32s", (int)(id.n < 256 ? id.n : 256), id.p, hex);
    return arena_str(arena, str_of(key));
}

static bool answered(struct desk *d, int64_t who, struct str id, struct answer *out) {
    if (str_absent(id) || !query_row(d->store, Q_REQUEST_GET, "is", who, id))
        return false;
    out->ref = query_str(d->store, Q_REQUEST_GET, 0, out->arena);
    out->state = query_str(d->store, Q_REQUEST_GET, 1, out->arena);
    out->made = query_str(d->store, Q_REQUEST_GET, 2, out->arena);
    buf_str(&out->said, query_str(d->store, Q_REQUEST_GET, 3, NULL));
    buf_str(&out->next, query_str(d->store, Q_REQUEST_GET, 4, NULL));
    query_end(d->store, Q_REQUEST_GET);
    return true;
}

static void remember(struct act *a, struct str id) {
    if (!str_absent(id))
        query_do(a->d->store, Q_REQUEST_ADD, "isisssss", act_actor(a), id, a->now, a->out->ref, a->out->state, a->out->made, buf_view(&a->out->said),
                 buf_view(&a->out->next));
}

static void answer(struct act *a, enum machine m) {
    struct arena *arena = a->out->arena;
    if (m == MACHINE_EVENT && a->ev.id) {
        a->out->ref = arena_str(arena, a->ev.ref);
        a->out->state = str_of(state_name(a->ev.state));
    } else if (a->inc.id) {
        a->out->ref = arena_str(arena, a->inc.ref);
        a->out->state = str_of(state_name(a->inc.state));
    }
    act_next(a);
}

/* A verb that makes its object: no reference is given. */
static enum rc make(struct act *a, enum machine m, const char *verb) {
    const struct roster *r = a->d->g.roster;
    struct str org = arg_get(a->args, "org");
    int i = str_absent(org) ? -1 : roster_org(r, org), n = 0;
    for (size_t k = 0; str_absent(org) && k < r->norgs; k++)
        if (act_roles(a->d, a->who, r->orgs[k].db_id, a->now)) {
            i = (int)k;
            n++;
        }
    if (i < 0 || n > 1)
        return err_set(a->e, n > 1 ? RC_INVALID : RC_NOTFOUND, n > 1 ? "say for which organisation (org)" : "there is no such organisation");
    a->org = r->orgs[i].db_id;
    a->roles = act_roles(a->d, a->who, a->org, a->now);
    common_facts(a);
    if (m == MACHINE_EVENT && !strcmp(verb, "report"))
        return verb_report(a);
    if (m == MACHINE_INCIDENT && !strcmp(verb, "declare"))
        return verb_declare(a);
    const struct extra *x = extra_find(m, str_of(verb));
    return x && !strcmp(verb, "absence") ? extra(a, x) : err_set(a->e, RC_INVALID, "\"%s\" of what?", verb);
}

static enum rc act(struct act *a, enum machine m, struct str ref, const char *verb) {
    if (str_absent(ref))
        return make(a, m, verb);
    enum rc rc = load(a, m, ref);
    if (rc)
        return rc;
    a->roles = act_roles(a->d, a->who, a->org, a->now);
    common_facts(a);
    const struct extra *x = extra_find(m, str_of(verb));
    return x ? extra(a, x) : transition(a, m, verb);
}

enum rc desk_do(struct desk *d, const struct actor *who, enum machine m, struct str ref, const char *verb, const struct args *args,
                struct str request_id, int64_t now, struct answer *out, struct err *e) {
    static const struct args none;
    struct err mine;
    err_clear(&mine);
    if (!e)
        e = &mine;
    if (!d->configured)
        return err_set(e, RC_BUSY, "not configured yet");
    desk_flush(d, now, NULL);
    enum rc rc = desk_begin(d, e);
    if (rc)
        return rc;
    struct act a = {.d = d, .who = who, .args = args ? args : &none, .out = out, .e = e, .now = now, .at = now};
    a.note = STR_NONE;
    int64_t actor = act_actor(&a);
    if (!actor)
        return desk_end(d, err_set(e, RC_UNAUTH, "nobody knows who you are"), e);
    request_id = request_key(out->arena, request_id, m, ref, verb, args);
    if (answered(d, actor, request_id, out))
        return desk_end(d, RC_OK, e);
    rc = act(&a, m, ref, verb);
    if (!rc) {
        answer(&a, m);
        remember(&a, request_id);
        d->n.decisions++;
    } else {
        d->n.refused++;
    }
    return desk_end(d, rc, e);
}
