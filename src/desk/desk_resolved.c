/* SPDX-License-Identifier: ISC
 *
 * desk_resolved.c - a sender takes back what it claimed (resolve_when of a webhook's dialect)
 *
 * Takes   the claim as it was, and now.
 * Gives   a note on its event when that is still open. Whether that was the whole story is for a person to say.
 * Keeps   nothing.
 */
#include "desk/desk_int.h"

#include <stdio.h>

static bool open_still(const struct event *ev) {
    return ev->state == EV_NEW || ev->state == EV_ASSESSING || ev->state == EV_WAITING || ev->state == EV_INCIDENT;
}

int64_t report_resolved(struct desk *d, const struct claim *c) {
    const struct org *o = &d->g.roster->orgs[c->org];
    char fp[33];
    struct event ev;

    fingerprint_of(c->rule->id, str_of(o->slug), c->entity, c->nentity, c->fields, c->nfields, fp);
    if (!query_row(d->store, Q_EVENT_LAST_FP, "is", o->db_id, str_of(fp)))
        return 0;
    int64_t id = query_int(d->store, Q_EVENT_LAST_FP, 0);
    query_end(d->store, Q_EVENT_LAST_FP);
    return rows_event_load(d->store, id, &d->batch, &ev) && open_still(&ev) ? id : 0;
}

void report_resolved_note(struct desk *d, const struct claim *c, int64_t event, int64_t now) {
    struct event ev;
    char text[200];

    fold_settle(d, event, now);
    if (!rows_event_load(d->store, event, &d->batch, &ev))
        return;
    snprintf(text, sizeof text, "%.*s says that it is over", STR_FMT(c->rule->id));
    int64_t note = query_insert(d->store, Q_NOTE_ADD, "itiiit", audit_next(d->store), "event", event, now, PRINCIPAL_SYSTEM, text);
    audit_touch(d->store, REC_note, note);
    fold_raws_accounted(d, event); /* the body that says so among them: no count of it will be written */
    struct line l;
    line_open(&l);
    jw_kv_text(&l.w, "text", text);
    line_close(d, &l, now, ev.org_id, PRINCIPAL_SYSTEM, "event.note", ev.ref);
    desk_watch(d, now, ev.org_id, "event", ev.ref, "note", state_name(ev.state), ev.priority, ev.title);
}
