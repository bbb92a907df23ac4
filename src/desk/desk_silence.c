/* SPDX-License-Identifier: ISC
 *
 * desk_silence.c - listed sources (heartbeat in the roster) that are not heard any more, and that are heard again
 *
 * Takes   who was heard when; now.
 * Gives   an event of the rule process.source_silent when a source was silent for longer than its heartbeat; a note on it when the
 *         source is back.
 * Keeps   when each was heard last, and since when it is silent, in the record. The time in which nobody listened does not count.
 */
#include "desk/desk_int.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define SILENT_RULE "process.source_silent"
#define LISTED_MAX 64 /* the LIMIT of the statements */

static const struct str own_entity[] = {{"host", 4}};

struct listed {
    int64_t id, org, last, silent;
    struct str name;
};

void desk_heard(struct desk *d, const struct hearing *h) {
    if (!d->heard || h->generation != d->g.number)
        return;
    for (size_t i = 0; i < h->n; i++) {
        uint32_t s = h->v[i].source;
        if (s >= d->g.roster->nsources || h->v[i].at <= d->heard[s])
            continue;
        d->heard[s] = h->v[i].at;
        d->heard_any = true;
    }
}

void heard_save(struct desk *d) {
    struct err e;
    err_clear(&e);
    if (!d->heard_any || desk_begin(d, &e))
        return;
    for (size_t i = 0; i < d->g.roster->nsources; i++) {
        const struct source *s = &d->g.roster->sources[i];
        if (d->heard[i] && s->heartbeat && s->db_id)
            query_do(d->store, Q_SOURCE_SEEN, "ii", s->db_id, d->heard[i]);
    }
    if (desk_end(d, RC_OK, &e)) {
        log_err("desk", "who was heard: %s: trying again", e.text);
        return;
    }
    memset(d->heard, 0, d->g.roster->nsources * sizeof *d->heard);
    d->heard_any = false;
}

/* The rules may say what it means here; without such a rule this is what it means. */
static const struct rule_info *silent_rule(const struct desk *d, struct rule_info *own) {
    long i = ruleset_find(d->g.rules, STR(SILENT_RULE));
    *own = (struct rule_info){.kind = RULE_DETECTION, .id = STR(SILENT_RULE), .title = STR("a listed source fell silent"),
                              .event_title = STR("{host} fell silent"), .level = LEVEL_MEDIUM, .rsit = rsit_undetermined(), .makes_event = true,
                              .in = {.impact = {0, 0, 2}, .outcome = OUTCOME_UNKNOWN, .activity = ACTIVITY_ONGOING, .confidence = 90},
                              .entity = own_entity, .nentity = 1};
    return i < 0 ? own : rule_info(d->g.rules, (size_t)i);
}

static void silent_event(struct desk *d, const struct listed *s, int64_t now) {
    struct rule_info own;
    const struct rule_info *ri = silent_rule(d, &own);
    struct field f = {.id = F_HOST, .value = s->name};
    int org = desk_org_index(d, s->org);
    bool made;
    if (org < 0 || !ri->makes_event)
        return;
    struct claim c = {.org = org, .source = s->id, .rule = ri, .fields = &f, .nfields = 1, .entity = own_entity, .nentity = 1, .count = 1,
                      .first = s->last, .last = now};
    int64_t id = report_claim(d, &c, now, &made);
    struct event ev;
    if (made && rows_event_load(d->store, id, &d->scratch, &ev)) {
        struct line l;
        fold_raws_accounted(d, id);
        line_open(&l);
        jw_kv_text(&l.w, "new", "new");
        jw_kv_time(&l.w, "last_heard", s->last);
        line_close(d, &l, now, s->org, PRINCIPAL_SYSTEM, "event.ingest", ev.ref);
    }
}

static void how_long(int64_t us, char out[32]) {
    if (us >= 2 * US_PER_DAY)
        snprintf(out, 32, "%lld days", (long long)(us / US_PER_DAY));
    else if (us >= 2 * US_PER_H)
        snprintf(out, 32, "%lld h", (long long)(us / US_PER_H));
    else
        snprintf(out, 32, "%lld min", (long long)(us / US_PER_MIN));
}

/* A note on its event; whether that was the whole story is for a person to say. */
static void back_note(struct desk *d, const struct listed *s, int64_t now) {
    struct rule_info own;
    struct field f = {.id = F_HOST, .value = s->name};
    const struct org *o = desk_org(d, s->org);
    char fp[33], text[400], length[32];
    struct event ev;
    if (!o)
        return;
    fingerprint_of(silent_rule(d, &own)->id, str_of(o->slug), own_entity, 1, &f, 1, fp);
    if (!query_row(d->store, Q_EVENT_LAST_FP, "is", s->org, str_of(fp)))
        return;
    int64_t id = query_int(d->store, Q_EVENT_LAST_FP, 0);
    query_end(d->store, Q_EVENT_LAST_FP);
    if (!rows_event_load(d->store, id, &d->scratch, &ev))
        return;
    how_long(s->last - s->silent, length);
    snprintf(text, sizeof text, "%.*s is heard again, %s after it was found silent", STR_FMT(s->name), length);
    int64_t note = query_insert(d->store, Q_NOTE_ADD, "itiiit", audit_next(d->store), "event", id, now, PRINCIPAL_SYSTEM, text);
    audit_touch(d->store, REC_note, note);
    struct line l;
    line_open(&l);
    jw_kv_time(&l.w, "heard", s->last);
    jw_kv_text(&l.w, "text", text);
    line_close(d, &l, now, s->org, PRINCIPAL_SYSTEM, "event.note", ev.ref);
    desk_watch(d, now, s->org, "event", ev.ref, "note", state_name(ev.state), ev.priority, ev.title);
}

static size_t listed_read(struct desk *d, enum stmt q, bool more, struct listed v[LISTED_MAX]) {
    size_t n = 0;
    for (; more; more = query_next(d->store, q), n++)
        v[n] = (struct listed){query_int(d->store, q, 0), query_int(d->store, q, 2), query_int(d->store, q, 3), query_int(d->store, q, 4),
                               query_str(d->store, q, 1, &d->scratch)};
    return n;
}

/* One row shows that there is something to do, before a transaction is begun. */
static bool any(struct desk *d, enum stmt q, bool row) {
    if (row)
        query_end(d->store, q);
    return row;
}

static void found(struct desk *d, int64_t now) {
    struct listed v[LISTED_MAX];
    size_t n = listed_read(d, Q_SOURCES_BACK, query_row(d->store, Q_SOURCES_BACK, ""), v);
    for (size_t i = 0; i < n; i++) {
        back_note(d, &v[i], now);
        query_do(d->store, Q_SOURCE_BACK, "i", v[i].id);
    }
    n = listed_read(d, Q_SOURCES_SILENT, query_row(d->store, Q_SOURCES_SILENT, "ii", now, d->listening), v);
    for (size_t i = 0; i < n; i++) {
        silent_event(d, &v[i], now);
        query_do(d->store, Q_SOURCE_SILENT, "ii", v[i].id, now);
    }
}

void silent_tick(struct desk *d, int64_t now) {
    struct err e;
    err_clear(&e);
    if (now - d->silent_at < US_PER_S * 9) /* a tick every 10 s may come a moment early */
        return;
    d->silent_at = now;
    heard_save(d);
    if (d->paused) /* nobody can be heard */
        d->listening = now;
    if (d->heard_any || (!any(d, Q_SOURCES_BACK, query_row(d->store, Q_SOURCES_BACK, "")) &&
                         !any(d, Q_SOURCES_SILENT, query_row(d->store, Q_SOURCES_SILENT, "ii", now, d->listening))))
        return;
    if (desk_begin(d, &e))
        return;
    found(d, now);
    if (desk_end(d, RC_OK, &e))
        log_err("desk", "silent sources: %s: trying again", e.text);
}
