/* SPDX-License-Identifier: ISC
 *
 * desk_status.c - the state of things at a glance, and as metrics
 *
 * Takes   who asks.
 * Gives   {ready, paused, orgs: [{org, events: [{priority, state, count, oldest}], incidents: [...]}], outbox: {...}, ladders, audit: {seq, head}, ...}
 */
#include "desk/desk_ask.h"

static void grouped(struct desk *d, struct jw *w, const char *key, enum stmt q, int64_t org) {
    jw_key(w, key);
    jw_list(w);
    for (bool more = query_row(d->store, q, ""); more; more = query_next(d->store, q)) {
        if (query_int(d->store, q, 0) != org)
            continue;
        jw_map(w);
        ask_priority(w, "priority", (int)query_int(d->store, q, 1));
        jw_kv_str(w, "state", query_str(d->store, q, 2, NULL));
        jw_kv_int(w, "count", query_int(d->store, q, 3));
        jw_kv_time(w, "oldest", query_int(d->store, q, 4));
        jw_map_end(w);
    }
    jw_list_end(w);
}

static void orgs(struct desk *d, const struct actor *who, int64_t now, struct jw *w) {
    jw_key(w, "orgs");
    jw_list(w);
    for (size_t i = 0; i < d->g.roster->norgs; i++) {
        const struct org *o = &d->g.roster->orgs[i];
        if (!ask_roles(d, who, o->db_id, now))
            continue;
        jw_map(w);
        jw_kv_text(w, "org", o->slug);
        grouped(d, w, "events", Q_STATUS_EVENTS, o->db_id);
        grouped(d, w, "incidents", Q_STATUS_INCIDENTS, o->db_id);
        jw_map_end(w);
    }
    jw_list_end(w);
}

static void outbox(struct desk *d, struct jw *w) {
    jw_key(w, "outbox");
    jw_map(w);
    for (bool more = query_row(d->store, Q_STATUS_NOTICES, ""); more; more = query_next(d->store, Q_STATUS_NOTICES)) {
        jw_key_str(w, query_str(d->store, Q_STATUS_NOTICES, 0, NULL));
        jw_int(w, query_int(d->store, Q_STATUS_NOTICES, 1));
    }
    jw_map_end(w);
}

enum rc desk_status(struct desk *d, const struct actor *who, int64_t now, struct buf *json, struct err *e) {
    struct jw w;
    char head[65];
    enum rc rc = ask_begin(d, now, e);
    if (rc)
        return rc;
    jw_init(&w, json);
    jw_map(&w);
    jw_kv_bool(&w, "ready", desk_ready(d));
    jw_kv_bool(&w, "paused", d->paused);
    jw_kv_text(&w, "paused_because", d->paused ? d->pause_why : NULL);
    jw_kv_int(&w, "generation", d->g.number);
    orgs(d, who, now, &w);
    outbox(d, &w);
    if (query_row(d->store, Q_STATUS_LADDERS, "")) {
        jw_key(&w, "ladders");
        jw_map(&w);
        jw_kv_int(&w, "running", query_int(d->store, Q_STATUS_LADDERS, 0));
        jw_kv_time(&w, "next", query_int(d->store, Q_STATUS_LADDERS, 1));
        jw_map_end(&w);
        query_end(d->store, Q_STATUS_LADDERS);
    }
    jw_key(&w, "audit");
    jw_map(&w);
    jw_kv_int(&w, "seq", audit_seq(d->store));
    jw_kv_text(&w, "head", audit_head(d->store, head));
    jw_map_end(&w);
    jw_kv_int(&w, "database_bytes", store_bytes(d->store));
    jw_key(&w, "commits");
    latency_json(&d->latency, &w);
    jw_map_end(&w);
    return ask_end(d, RC_OK, json, e);
}

void desk_metrics(struct desk *d, int64_t now, struct buf *b) {
    const struct corr_stats *c = d->corr ? correlator_stats(d->corr) : NULL;
    const struct {
        const char *name, *type, *help;
        uint64_t v;
    } m[] = {
        {"tocsin_sightings_total", "counter", "sightings taken from ingest", d->n.sightings},
        {"tocsin_sightings_unknown_rule_total", "counter", "sightings of rules that are gone", d->n.unknown_rule},
        {"tocsin_events_total", "counter", "events made", d->n.events},
        {"tocsin_events_folded_total", "counter", "sightings folded into open events", d->n.folded},
        {"tocsin_lines_not_kept_total", "counter", "lines of no event that were counted only, for there were too many of them", d->n.not_kept},
        {"tocsin_sightings_many_total", "counter", "sightings counted in one event because their rule made too many in an hour", d->n.stormed},
        {"tocsin_sightings_quiet_total", "counter", "sightings of an alert whose event was decided already", d->n.quiet_folds},
        {"tocsin_alerts_total", "counter", "correlations that fired", d->n.alerts},
        {"tocsin_decisions_total", "counter", "commands of people that were done", d->n.decisions},
        {"tocsin_refused_total", "counter", "commands of people that were refused", d->n.refused},
        {"tocsin_notices_carried_total", "counter", "attempts to carry a notice", d->n.carried},
        {"tocsin_notices_sent_total", "counter", "notices that arrived", d->n.sent},
        {"tocsin_notices_failed_total", "counter", "attempts that failed", d->n.failed},
        {"tocsin_notices_dead_total", "counter", "notices given up", d->n.dead},
        {"tocsin_commits_total", "counter", "transactions committed", d->dead ? 0 : store_commits(d->store)},
        {"tocsin_commit_failed_total", "counter", "commits the machine failed", d->n.commit_failed},
        {"tocsin_audit_seq", "gauge", "last line of the audit chain", d->dead ? 0 : (uint64_t)audit_seq(d->store)},
        {"tocsin_database_bytes", "gauge", "size of the record", d->dead ? 0 : (uint64_t)store_bytes(d->store)},
        {"tocsin_correlation_groups", "gauge", "groups in the correlation windows", c ? c->groups : 0},
        {"tocsin_correlation_evicted_total", "counter", "groups forgotten for want of room", c ? c->evicted : 0},
        {"tocsin_correlation_missing_group_total", "counter", "sightings without a field to group by", c ? c->missing_group : 0},
        {"tocsin_correlation_late_total", "counter", "sightings later than allowed", c ? c->late : 0},
        {"tocsin_correlation_no_number_total", "counter", "sightings whose value to be added up is no number", c ? c->no_number : 0},
        {"tocsin_correlation_bounded_total", "counter", "sightings that made room in a full window", c ? c->bounded : 0},
        {"tocsin_correlation_closed_total", "counter", "windows that fired when they closed", c ? c->closed : 0},
        {"tocsin_correlation_bytes", "gauge", "memory of the correlation windows", c ? c->bytes : 0},
        {"tocsin_ready", "gauge", "1 when configured, open and above the floor", desk_ready(d)},
    };
    (void)now;
    for (size_t i = 0; i < sizeof m / sizeof m[0]; i++)
        buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", m[i].name, m[i].help, m[i].name, m[i].type, m[i].name, (unsigned long long)m[i].v);
    latency_metrics(&d->latency, b);
}
