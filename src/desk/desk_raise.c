/* SPDX-License-Identifier: ISC
 *
 * desk_raise.c - an event, and the incident that it belongs to, becomes more urgent than it was
 *
 * Takes   a further claim with an event's fingerprint.
 * Gives   the event with the higher priority, or with the words of the correlation that its sightings made fire; audit, ladders.
 */
#include "desk/desk_int.h"

/* What happened to one of its events makes the incident more urgent (E3c); whoever waits for its answer waits less long. */
static void raise_incident(struct desk *d, struct incident *inc, int priority, int64_t now) {
    struct line l;
    line_open(&l);
    jw_kv_int(&l.w, "from", inc->priority);
    jw_kv_int(&l.w, "to", priority);
    inc->priority = priority;
    inc->worst_priority = priority < inc->worst_priority ? priority : inc->worst_priority;
    rows_incident_save(d->store, inc);
    line_close(d, &l, now, inc->org_id, PRINCIPAL_SYSTEM, "incident.raise", inc->ref);
    if (inc->state == INC_DECLARED) {
        owe_stop(d, "incident", inc->id, "priority rose", now, NULL);
        owe_ladder(d, "incident", inc->id, inc->org_id, priority, now);
    }
}

/* Of the event as it is saved now: what hangs on its priority follows. */
static void raised(struct desk *d, const struct event *ev, int old, const char *text, int64_t now) {
    struct line l;
    line_open(&l);
    jw_kv_int(&l.w, "from", old);
    jw_kv_int(&l.w, "to", ev->priority);
    jw_kv_str(&l.w, "rule", ev->rule);
    jw_kv_text(&l.w, "text", text);
    line_close(d, &l, now, ev->org_id, PRINCIPAL_SYSTEM, "event.aggregate", ev->ref);
    struct incident inc;
    if (ev->incident_id && rows_incident_load(d->store, ev->incident_id, &d->batch, &inc) && ev->priority < inc.priority)
        raise_incident(d, &inc, ev->priority, now);
    if (ev->priority <= 2 && old > 2 && ev->state == EV_NEW)
        owe_ladder(d, "event", ev->id, ev->org_id, ev->priority, now);
    else if (ev->priority < old)
        owe_notify(d, flow_find(MACHINE_EVENT, ev->state, STR("aggregate")), ev, NULL, PRINCIPAL_SYSTEM, "its priority rose", now);
}

/* The computed priority rises: an asset of greater need was hit by the same thing. */
void raise_again(struct desk *d, const struct claim *c, int64_t id, int64_t now) {
    struct event ev, then;
    if (!rows_event_load(d->store, id, &d->batch, &ev))
        return;
    then = ev;
    then.host = report_entity(c, F_HOST);
    report_assess(d, c, &then);
    if (then.out.priority >= ev.out.priority || then.out.priority >= ev.priority)
        return;
    fold_settle(d, id, now);
    if (!rows_event_load(d->store, id, &d->batch, &ev))
        return;
    int old = ev.priority;
    ev.in = then.in;
    ev.out = then.out;
    ev.priority = ev.out.priority;
    rows_event_save(d->store, &ev);
    raised(d, &ev, old, "its computed priority rose", now);
}

/* Its sightings made the correlation fire that they join: the event is what that one says, unless it is more urgent already. */
void raise_take_over(struct desk *d, const struct claim *c, int64_t id, int64_t now) {
    struct event ev, then;
    fold_settle(d, id, now);
    if (!rows_event_load(d->store, id, &d->batch, &ev))
        return;
    then = ev;
    report_assess(d, c, &then);
    if (then.out.priority > ev.priority)
        return;
    int old = ev.priority;
    ev.in = then.in;
    ev.out = then.out;
    ev.priority = ev.out.priority;
    ev.rule = ev.correlation = c->rule->id;
    ev.title = report_title(d, c);
    ev.level = c->rule->level > ev.level ? c->rule->level : ev.level;
    if (ev.state == EV_NEW && c->rule->rsit) { /* what a person called it stays */
        ev.rsit_class = str_of(c->rule->rsit->cls);
        ev.rsit_type = str_of(c->rule->rsit->type);
    }
    rows_event_save(d->store, &ev);
    report_assessment(d, c, &ev, now);
    raised(d, &ev, old, "the correlation that it counts for has fired", now);
}
