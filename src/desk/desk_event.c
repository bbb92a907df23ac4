/* SPDX-License-Identifier: ISC
 *
 * desk_event.c - an event is made: its row, its priority, its stage-0 assessment, its line in the audit
 *
 * Takes   a claim that no event has the fingerprint of.
 * Gives   the event, and whoever has to know of it.
 */
#include "desk/desk_int.h"

#include <string.h>

#include "base/esc.h"

#define ENTITY_MAX 256

/* As it stands in an event's row: whole it is in the raw line. A user name of 60 KiB in each of a hundred events made lists too long. */
struct str report_entity(const struct claim *c, enum field_id id) {
    return str_sub(report_field(c->fields, c->nfields, id), 0, ENTITY_MAX);
}

const struct asset *report_asset(struct desk *d, const struct claim *c, struct str host) {
    const struct roster *r = d->g.roster;
    const struct asset *a = str_absent(host) ? NULL : roster_asset(r, (uint16_t)c->org, host);
    struct str dst = report_field(c->fields, c->nfields, F_DST_IP);
    return a || str_absent(dst) ? a : roster_asset(r, (uint16_t)c->org, dst);
}

void report_assess(struct desk *d, const struct claim *c, struct event *ev) {
    const struct asset *a = report_asset(d, c, ev->host);
    if (!c->human && c->source != d->trust.source) {
        d->trust.source = c->source;
        d->trust.trust = (int)query_number(d->store, 80, Q_SOURCE_TRUST, "i", c->source);
    }
    assess_inputs(&c->rule->in, a, c->human ? 100 : d->trust.trust, &ev->in);
    priority_compute(&ev->in, !c->human, &ev->out);
}

void report_assessment(struct desk *d, const struct claim *c, const struct event *ev, int64_t now) {
    struct buf criteria;
    buf_init(&criteria, 4096);
    bool incident = assess_criteria(&ev->in, &ev->out, &criteria);
    int64_t by = c->reporter ? c->reporter : PRINCIPAL_SYSTEM;
    int64_t id = query_insert(d->store, Q_ASSESSMENT_ADD, "iidiistsist", audit_next(d->store), ev->id, 0, now, by, c->human ? STR_NONE : ev->rule,
                              incident ? "incident" : "undetermined", buf_view(&criteria), (int64_t)ev->in.confidence,
                              c->human ? STR("reported by a person") : STR("proposed by a rule"), (const char *)NULL);
    audit_touch(d->store, REC_assessment, id);
    buf_fini(&criteria);
}

static void event_line(struct desk *d, const struct event *ev, int64_t actor, int64_t now) {
    struct line l;
    line_open(&l);
    jw_kv_text(&l.w, "new", state_name(ev->state));
    jw_kv_str(&l.w, "rule", ev->rule);
    jw_kv_int(&l.w, "count", ev->count);
    jw_kv_int(&l.w, "priority", ev->priority);
    char text[200];
    snprintf(text, sizeof text, "seen %lld times by %.*s: P%d", (long long)ev->count, (int)(ev->rule.n < 120 ? ev->rule.n : 120), ev->rule.p, ev->priority);
    jw_kv_text(&l.w, "text", text);
    line_close(d, &l, now, ev->org_id, actor, "event.ingest", ev->ref);
}

/* A one-line title for people, whatever the pattern or the sender put in it. */
struct str report_title(struct desk *d, const struct claim *c) {
    struct buf b, safe;
    buf_init(&b, 4096);
    buf_init(&safe, 4096);
    if (!str_absent(c->title))
        buf_str(&b, str_sub(c->title, 0, 300));
    else
        title_render(str_absent(c->rule->event_title) ? c->rule->title : c->rule->event_title, c->fields, c->nfields, &b);
    esc_term(&safe, buf_view(&b));
    struct str t = arena_str(&d->batch, str_sub(buf_view(&safe), 0, 400));
    buf_fini(&b);
    buf_fini(&safe);
    return t.n ? t : c->rule->id;
}

int64_t report_event(struct desk *d, const struct claim *c, struct str fp, struct str suggestion, int64_t now) {
    const struct org *o = &d->g.roster->orgs[c->org];
    char ref[32];
    desk_ref(d, o->db_id, "EV", 6, now, ref);
    struct event ev = {.org_id = o->db_id, .source_id = c->source, .ref = str_of(ref), .fingerprint = fp, .rule = c->rule->id, .correlation = c->correlation,
                       .state = EV_NEW, .state_since = now, .disposition = -1, .count = c->count, .first_seen = c->first, .last_seen = c->last,
                       .occurred_at = c->first, .detected_at = now, .received_at = now, .level = c->rule->level, .reporter_id = c->reporter};
    ev.rsit_class = str_of(c->rule->rsit ? c->rule->rsit->cls : "other");
    ev.rsit_type = str_of(c->rule->rsit ? c->rule->rsit->type : "undetermined");
    ev.src_ip = report_entity(c, F_SRC_IP);
    ev.user = report_entity(c, F_USER);
    ev.host = report_entity(c, F_HOST);
    ev.title = report_title(d, c);
    report_assess(d, c, &ev);
    ev.priority = ev.out.priority;
    rows_event_add(d->store, &ev);
    prints_add(d, fp);
    if (!str_absent(suggestion))
        query_do(d->store, Q_EVENT_SUGGEST, "is", ev.id, suggestion);
    if (store_failed(d->store, NULL))
        return 0;
    report_assessment(d, c, &ev, now);
    static const char *const stamps[] = {"received_at", "detected_at", "occurred_at"};
    int64_t at[] = {now, now, c->first}, by = c->reporter ? c->reporter : PRINCIPAL_SYSTEM;
    for (size_t i = 0; i < 3; i++)
        desk_stamp(d, "event", ev.id, stamps[i], at[i], now, by, STR_NONE, false);
    if (ev.priority <= 2)
        owe_ladder(d, "event", ev.id, ev.org_id, ev.priority, now);
    desk_watch(d, now, ev.org_id, "event", ev.ref, "ingest", "new", ev.priority, ev.title);
    d->n.events++;
    return ev.id;
}

void report_account(struct desk *d, int64_t event, int64_t now) {
    struct event ev;
    if (!rows_event_load(d->store, event, &d->batch, &ev))
        return;
    fold_raws_accounted(d, ev.id);
    event_line(d, &ev, PRINCIPAL_SYSTEM, now);
}
