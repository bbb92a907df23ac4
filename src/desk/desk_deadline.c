/* SPDX-License-Identifier: ISC
 *
 * desk_deadline.c - our own deadlines: decisions and acknowledgements that were not made in time, notices that could not be delivered
 *
 * Takes   now.
 * Gives   an event of the rule process.deadline_missed for each that was missed since the last look; none where there is no such rule.
 * Keeps   in the record, until when each kind was looked at: so each is found once, and nothing that was missed before the first look.
 *         What is about such an event is never one: they cannot beget each other.
 */
#include "desk/desk_int.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define RULE "process.deadline_missed"
#define EVERY US_PER_MIN
#define ROUND 32 /* the LIMIT of the statements */

static const struct str entity[] = {{"dedup_key", 9}};

enum limit { LIMIT_DECIDE, LIMIT_ACK, LIMIT_NONE };
static const struct kind {
    const char *name;
    enum stmt found; /* id, ref, org, since: of one priority, since and id after ?2 and ?4, since not after ?3 */
    enum limit limit;
    const char *before, *after; /* the reference stands between them */
} kinds[] = {
    {"decide", Q_MISSED_DECISIONS, LIMIT_DECIDE, "Decision on ", " is overdue"},
    {"acknowledge", Q_MISSED_ACKS, LIMIT_ACK, "Nobody has acknowledged ", " in time"},
    {"deliver", Q_MISSED_NOTICES, LIMIT_NONE, "A notice about ", " could not be delivered"},
};

struct missed {
    int64_t id, org, since;
    struct str ref;
};

static int64_t limit_of(const struct desk *d, const struct kind *k, int priority) {
    const struct targets *t = &d->g.policy->targets[priority];
    return k->limit == LIMIT_DECIDE ? t->decide : k->limit == LIMIT_ACK ? t->ack : 0;
}

static void raise_missed(struct desk *d, const struct rule_info *ri, const struct kind *k, const struct missed *m, int64_t now) {
    char key[80], says[160];
    struct event ev;
    bool made;
    int org = desk_org_index(d, m->org);
    if (org < 0)
        return;
    snprintf(key, sizeof key, "%s %.*s %lld", k->name, (int)(m->ref.n < 40 ? m->ref.n : 40), m->ref.p, (long long)(k->limit == LIMIT_NONE ? m->id : 0));
    snprintf(says, sizeof says, "%s%.*s%s", k->before, (int)(m->ref.n < 40 ? m->ref.n : 40), m->ref.p, k->after);
    struct field fields[] = {{.id = F_DEDUP, .value = str_of(key)}, {.id = F_REASON, .value = str_of(says)}, {.id = F_ACTION, .value = STR("deadline-missed")}};
    struct claim c = {.org = org, .source = people_source(d, org, "internal", STR("tocsin"), now), .rule = ri, .fields = fields, .nfields = 3,
                      .entity = entity, .nentity = 1, .count = 1, .first = now, .last = now};
    int64_t id = report_claim(d, &c, now, &made);
    if (!made || !rows_event_load(d->store, id, &d->scratch, &ev))
        return;
    struct line l;
    fold_raws_accounted(d, id);
    line_open(&l);
    jw_kv_text(&l.w, "new", "new");
    jw_kv_text(&l.w, "text", says);
    line_close(d, &l, now, m->org, PRINCIPAL_SYSTEM, "event.ingest", ev.ref);
}

struct looked { /* until when, and of what came at that time until which: a batch makes many at once */
    int64_t at, id;
};

/* The first look finds nothing that was missed before it. */
static struct looked looked(struct desk *d, const char *key, int64_t now) {
    uint64_t at = (uint64_t)now, id = (uint64_t)INT64_MAX;
    if (query_row(d->store, Q_META_GET, "s", str_of(key))) {
        struct str v = query_str(d->store, Q_META_GET, 0, NULL), first = str_cut(&v, ':');
        if (!str_u64(first, (uint64_t)INT64_MAX, &at))
            at = (uint64_t)now;
        if (str_absent(v) || !str_u64(v, (uint64_t)INT64_MAX, &id))
            id = (uint64_t)INT64_MAX;
        query_end(d->store, Q_META_GET);
    }
    return (struct looked){(int64_t)at, (int64_t)id};
}

static void look(struct desk *d, const struct rule_info *ri, const struct kind *k, int priority, int64_t now) {
    struct missed v[ROUND];
    char key[48], value[48];
    size_t n = 0;
    int64_t limit = limit_of(d, k, priority);
    if (limit <= 0 && k->limit != LIMIT_NONE)
        return;
    snprintf(key, sizeof key, "deadline.%s.%d", k->name, priority);
    struct looked from = looked(d, key, now), until = {now, INT64_MAX};
    for (bool more = query_row(d->store, k->found, "iiii", (int64_t)priority, from.at - limit, now - limit, from.id); more; more = query_next(d->store, k->found), n++)
        v[n] = (struct missed){query_int(d->store, k->found, 0), query_int(d->store, k->found, 2), query_int(d->store, k->found, 3),
                               query_str(d->store, k->found, 1, &d->scratch)};
    for (size_t i = 0; i < n; i++)
        raise_missed(d, ri, k, &v[i], now);
    if (n == ROUND) /* the rest at the next look */
        until = (struct looked){v[n - 1].since + limit, v[n - 1].id};
    snprintf(value, sizeof value, "%lld:%lld", (long long)until.at, (long long)until.id);
    query_do(d->store, Q_META_PUT, "ss", str_of(key), str_of(value));
}

void deadline_tick(struct desk *d, int64_t now) {
    long at = ruleset_find(d->g.rules, STR(RULE));
    const struct rule_info *ri = at < 0 ? NULL : rule_info(d->g.rules, (size_t)at);
    struct err e;
    err_clear(&e);
    if (!ri || !ri->makes_event || now - d->deadline_at < EVERY)
        return;
    d->deadline_at = now;
    if (desk_begin(d, &e))
        return;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        for (int p = 1; p <= 3; p++)
            look(d, ri, &kinds[i], p, now);
    if (desk_end_same(d, RC_OK, &e))
        log_err("desk", "deadlines: %s: trying again", e.text);
}
