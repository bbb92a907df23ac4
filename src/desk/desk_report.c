/* SPDX-License-Identifier: ISC
 *
 * desk_report.c - sightings become events: folded by fingerprint, assessed, laddered
 *
 * Takes   batches and deliveries from ingest, reports from people.
 * Gives   events with their exact count, samples and stage-0 assessment, all in the transaction that is acknowledged.
 * Keeps   raws that no correlation has claimed yet, until their time is over.
 */
#include "desk/desk_int.h"

#include <string.h>

#include "base/esc.h"
#include "base/log.h"

struct str report_field(const struct field *f, size_t n, enum field_id id) {
    for (size_t i = 0; i < n; i++)
        if (f[i].id == id && id != F_OTHER)
            return f[i].value;
    return STR_NONE;
}

#define ENTITY_MAX 256

/* As it stands in an event's row: whole it is in the raw line. A user name of 60 KiB in each of a hundred events made lists too long. */
struct str report_entity(const struct claim *c, enum field_id id) {
    return str_sub(report_field(c->fields, c->nfields, id), 0, ENTITY_MAX);
}

/* ---- an event */

void report_assess(struct desk *d, const struct claim *c, struct event *ev) {
    const struct roster *r = d->g.roster;
    const struct asset *a = str_absent(ev->host) ? NULL : roster_asset(r, (uint16_t)c->org, ev->host);
    struct str dst = report_field(c->fields, c->nfields, F_DST_IP);
    if (!a && !str_absent(dst))
        a = roster_asset(r, (uint16_t)c->org, dst);
    assess_inputs(&c->rule->in, a, c->human ? 100 : (int)query_number(d->store, 80, Q_SOURCE_TRUST, "i", c->source), &ev->in);
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

static int64_t make_event(struct desk *d, const struct claim *c, struct str fp, struct str suggestion, int64_t now) {
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

/* ---- folding */

enum fate { FATE_FOLD, FATE_NEW, FATE_QUIET };

struct twin { /* the last event with a claim's fingerprint */
    int64_t id;
    bool same_host, same_rule;
};

/* What becomes of a further claim with this fingerprint: house.md 9, process.md 2.3 "Duplicate event". */
static enum fate fate_of(struct desk *d, const struct claim *c, struct str fp, struct twin *twin, struct buf *suggestion) {
    int64_t org = d->g.roster->orgs[c->org].db_id;
    if (!query_row(d->store, Q_EVENT_LAST_FP, "is", org, fp))
        return c->only_fold ? FATE_QUIET : FATE_NEW;
    twin->id = query_int(d->store, Q_EVENT_LAST_FP, 0);
    int state = state_find(MACHINE_EVENT, query_str(d->store, Q_EVENT_LAST_FP, 1, NULL));
    int64_t last = query_int(d->store, Q_EVENT_LAST_FP, 2);
    int inc = query_null(d->store, Q_EVENT_LAST_FP, 3) ? -1 : state_find(MACHINE_INCIDENT, query_str(d->store, Q_EVENT_LAST_FP, 3, NULL));
    struct str inc_ref = query_str(d->store, Q_EVENT_LAST_FP, 4, &d->batch), disp = query_str(d->store, Q_EVENT_LAST_FP, 5, &d->batch);
    twin->same_host = str_eq(query_str(d->store, Q_EVENT_LAST_FP, 6, NULL), report_entity(c, F_HOST));
    twin->same_rule = str_eq(query_str(d->store, Q_EVENT_LAST_FP, 7, NULL), c->rule->id);
    query_end(d->store, Q_EVENT_LAST_FP);
    for (size_t i = 0; i < d->nfolds; i++)
        if (d->folds[i].event == twin->id && d->folds[i].last > last)
            last = d->folds[i].last;
    bool open = state == EV_NEW || state == EV_ASSESSING || state == EV_WAITING;
    if (open && (c->only_fold || c->first - last <= d->g.policy->dedup))
        return FATE_FOLD;
    if (state == EV_INCIDENT && inc >= INC_DECLARED && inc <= INC_ERADICATED)
        return FATE_FOLD;
    if (state == EV_DISMISSED && c->joins && c->first - last <= d->g.policy->dedup)
        return FATE_QUIET; /* more of what was called no matter: until its correlation says that it is one */
    if (state == EV_DISMISSED)
        buf_printf(suggestion, "dismissed before as %.*s", STR_FMT(disp));
    else if (state == EV_INCIDENT)
        buf_printf(suggestion, "possible recurrence of %.*s", STR_FMT(inc_ref));
    return c->only_fold ? FATE_QUIET : FATE_NEW;
}

int64_t report_claim(struct desk *d, const struct claim *c, int64_t now, bool *made) {
    char fp[33];
    struct buf suggestion;
    struct twin twin = {0, false, false};
    const struct rule_info *whose = c->joins ? c->joins : c->rule;
    int64_t id = 0;
    buf_init(&suggestion, 200);
    const struct str *names = c->entity ? c->entity : whose->entity;
    fingerprint_of(whose->id, str_of(d->g.roster->orgs[c->org].slug), names, c->entity ? c->nentity : whose->nentity, c->fields, c->nfields, fp);
    *made = false;
    switch (fate_of(d, c, str_of(fp), &twin, &suggestion)) {
    case FATE_FOLD:
        id = twin.id;
        if (!c->counted)
            fold_add(d, id, c->count, c->first, c->last, now);
        if (c->counted && !c->only_fold && !twin.same_rule)
            raise_take_over(d, c, id, now);
        else if (!twin.same_host) /* another asset may need more protection */
            raise_again(d, c, id, now);
        d->n.folded += c->counted ? 0 : (uint64_t)c->count;
        break;
    case FATE_NEW:
        if (c->storms && storm_over(d, c, now)) {
            struct claim many;
            storm_claim(d, c, &many);
            id = report_claim(d, &many, now, made);
            break;
        }
        id = make_event(d, c, str_of(fp), suggestion.n ? buf_view(&suggestion) : STR_NONE, now);
        *made = id != 0;
        break;
    case FATE_QUIET:
        d->n.quiet_folds += (uint64_t)c->count;
    }
    buf_fini(&suggestion);
    return id;
}

/* ---- sightings */

struct sighted { /* one sighting on its way */
    struct desk *d;
    const struct sighting *s;
    int64_t now, source;
    int64_t events[ALERTS_MAX + 1]; /* it contributed to */
    bool made[ALERTS_MAX + 1];
    size_t nevents;
    uint64_t *stored; /* lines per transport; NULL for a delivery, which is one line in any case */
};

static void joined(struct sighted *x, int64_t id, bool made) {
    if (!id)
        return;
    for (size_t i = 0; i < x->nevents; i++)
        if (x->events[i] == id)
            return;
    if (x->nevents <= ALERTS_MAX) {
        x->made[x->nevents] = made;
        x->events[x->nevents++] = id;
    }
}

/* The sighting that it is about stands in the event already: it joined it by itself. */
static bool counted(struct desk *d, const struct alert *al, const struct rule_info *ri) {
    const struct rule_info *by = al->by ? rule_info(d->g.rules, al->by->rule_index) : NULL;
    return by && by->joins == ri && rule_speaks_for(by, al->by->fields, al->by->nfields) == ri;
}

int64_t report_alert(struct desk *d, const struct alert *al, int64_t source, int64_t now, bool *made) {
    const struct rule_info *ri = rule_info(d->g.rules, al->rule);
    if (ri && al->fired && d->ops.fired)
        d->ops.fired(d->ctx, ri->id, al->last);
    *made = false;
    if (!ri || !ri->makes_event || al->org >= d->g.roster->norgs)
        return 0;
    d->n.alerts += al->fired;
    /* the group's values first: they are the entity; what the sighting says besides is for the title */
    struct field fields[SIGHTING_FIELDS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < al->ngroup && n < SIGHTING_FIELDS_MAX; i++)
        fields[n++] = al->group[i];
    for (size_t i = 0; al->by && i < al->by->nfields && n < SIGHTING_FIELDS_MAX; i++)
        fields[n++] = al->by->fields[i];
    struct claim c = {.org = al->org, .source = source, .rule = ri, .correlation = ri->id, .fields = fields, .nfields = n,
                      .count = al->count ? (int64_t)al->count : 1, /* silence was seen once */
                      .first = al->first, .last = al->last, .only_fold = !al->fired, .storms = true, .counted = counted(d, al, ri)};
    int64_t id = report_claim(d, &c, now, made);
    if (id && al->fired)
        pending_claim(d, al, id, d->g.roster->orgs[al->org].db_id);
    return id;
}

static void on_alert(void *ctx, const struct alert *al) {
    struct sighted *x = ctx;
    bool made;
    int64_t id = report_alert(x->d, al, x->source, x->now, &made);
    joined(x, id, made);
}

/* One line may be behind several sightings of its batch. */
static void count_line(struct sighted *x, const struct sighting_line *l) {
    if (!x->stored || l->nr == 0 || l->nr > BATCH_LINES_MAX)
        return;
    uint8_t *at = &x->d->line_stored[l->nr / 8], bit = (uint8_t)(1u << l->nr % 8);
    x->stored[l->transport] += !(*at & bit);
    *at |= bit;
}

/* Stores the first and the last line for every event they belong to, or aside when none claims them yet. Gives rows stored. */
static size_t store_lines(struct sighted *x, struct str rule, bool aside) {
    struct desk *d = x->d;
    const struct sighting *s = x->s;
    int64_t org = d->g.roster->orgs[s->org].db_id;
    int lines = s->ntimes > 1 ? 2 : 1;
    struct buf packed;
    buf_init(&packed, 1 << 20);
    if (aside)
        pending_pack(s, &packed);
    for (int i = 0; i < lines; i++) {
        const struct sighting_line *l = i ? &s->last : &s->first;
        for (size_t k = 0; k < x->nevents; k++)
            fold_raw(d, x->events[k], org, x->source, rule, STR_NONE, l);
        if (!x->nevents && aside)
            fold_raw(d, 0, org, x->source, rule, buf_view(&packed), l);
        if (x->nevents || aside)
            count_line(x, l);
    }
    buf_fini(&packed);
    return x->nevents || aside ? (size_t)lines : 0;
}

void report_account(struct desk *d, int64_t event, int64_t now) {
    struct event ev;
    if (!rows_event_load(d->store, event, &d->batch, &ev))
        return;
    fold_raws_accounted(d, ev.id);
    event_line(d, &ev, PRINCIPAL_SYSTEM, now);
}

static void account_events(struct sighted *x) {
    for (size_t i = 0; i < x->nevents; i++)
        if (x->made[i])
            report_account(x->d, x->events[i], x->now);
}

static int64_t source_of(struct desk *d, const struct sighting *s, int64_t now) {
    struct str host = report_field(s->fields, s->nfields, F_HOST), peer = s->first.peer;
    const struct source *src = str_absent(host) ? NULL : roster_source(d->g.roster, host);
    if (!src && peer.n)
        src = roster_source(d->g.roster, peer_host(peer));
    if (src && src->heartbeat && src->db_id)
        query_do(d->store, Q_SOURCE_SEEN, "ii", src->db_id, now);
    return src && src->db_id && src->org == s->org ? src->db_id : people_source(d, s->org, "syslog", STR("syslog"), now);
}

/* One sighting of a rule of the present set. x gets what it became part of. Gives rows stored. */
static size_t take_sighting(struct desk *d, const struct sighting *s, struct sighted *x, int64_t source, uint64_t *lines, int64_t now) {
    *x = (struct sighted){.d = d, .s = s, .now = now, .stored = lines};
    d->n.sightings++;
    if (s->org >= d->g.roster->norgs || s->ntimes == 0)
        return 0;
    long i = ruleset_find(d->g.rules, s->rule);
    if (i < 0) { /* the rule went away between ingest and here */
        d->n.unknown_rule++;
        return 0;
    }
    const struct rule_info *ri = rule_info(d->g.rules, (size_t)i);
    struct sighting mine = *s;
    mine.rule_index = (uint32_t)i;
    mine.generation = d->g.number;
    x->s = &mine;
    x->source = source ? source : source_of(d, s, now);
    bool wanted = correlator_wants(d->corr, mine.rule_index);
    if (ri->makes_event) {
        int64_t first = INT64_MAX, last = INT64_MIN;
        for (uint32_t t = 0; t < s->ntimes; t++) {
            first = s->times[t] < first ? s->times[t] : first;
            last = s->times[t] > last ? s->times[t] : last;
        }
        struct claim c = {.org = s->org, .source = x->source, .rule = ri, .fields = s->fields, .nfields = s->nfields, .count = (int64_t)s->total,
                          .first = first, .last = last, .storms = !source};
        const struct rule_info *whose = rule_speaks_for(ri, s->fields, s->nfields);
        c.joins = whose == ri ? NULL : whose;
        bool made;
        int64_t id = report_claim(d, &c, now, &made);
        joined(x, id, made);
    }
    if (wanted)
        correlate(d->corr, &mine, now, on_alert, x);
    size_t stored = store_lines(x, ri->id, wanted);
    account_events(x);
    x->s = s;
    return stored;
}

static enum rc open_group(struct desk *d, struct err *e) {
    if (d->dead)
        return err_set(e, RC_IO, "the record is closed after an error");
    if (!d->configured)
        return err_set(e, RC_BUSY, "not configured yet");
    if (d->broken.rc) { /* the caller has not yet heard that its last group failed */
        if (e)
            *e = d->broken;
        return d->broken.rc;
    }
    return store_in_tx(d->store) ? RC_OK : store_begin(d->store, e);
}

/* A frame that cannot be taken is undone and refused alone: it must not take its neighbours with it, nor come back for ever. The windows
 * begin again as they were at the last commit, with what its neighbours counted since: an alert whose event was undone must fire again. */
static void part_begin(struct desk *d) {
    memcpy(d->kept, d->folds, d->nfolds * sizeof *d->folds);
    d->nkept = d->nfolds;
    d->kept_ops = d->corr ? correlator_ops(d->corr).n : 0;
    store_part(d->store);
}

static enum rc part_end(struct desk *d, struct err *e) {
    enum rc rc = store_part_end(d->store, e);
    if (rc) {
        memcpy(d->folds, d->kept, d->nkept * sizeof *d->folds);
        d->nfolds = d->nkept;
        desk_forget_sources(d);
        log_warn("desk", "a frame of ingest was refused: %s", e ? e->text : rc_word(rc));
        if (!store_failed(d->store, NULL) && windows_undo(d))
            d->dead = true;
    }
    return rc;
}

/* Ingest sends again what was not acknowledged when we died. The last number of a worker's life is written with what it stands for, so
 * what was committed already is known and not counted twice. Epoch 0 numbers nothing. */
static bool taken_before(struct desk *d, const struct batch *b) {
    char key[32], value[48];
    uint64_t epoch, seq;
    bool again = false;
    snprintf(key, sizeof key, "ingest.%u", b->worker);
    snprintf(value, sizeof value, "%llu:%llu", (unsigned long long)b->epoch, (unsigned long long)b->seq);
    if (b->epoch && query_row(d->store, Q_META_GET, "s", str_of(key))) {
        struct str last = query_str(d->store, Q_META_GET, 0, NULL), life = str_cut(&last, ':');
        again = str_u64(life, UINT64_MAX, &epoch) && str_u64(last, UINT64_MAX, &seq) && epoch == b->epoch && b->seq <= seq;
        query_end(d->store, Q_META_GET);
    }
    if (b->epoch && !again)
        query_do(d->store, Q_META_PUT, "ss", str_of(key), str_of(value));
    return again;
}

enum rc desk_batch(struct desk *d, const struct batch *b, int64_t now, struct ack *ack, struct err *e) {
    memset(ack, 0, sizeof *ack);
    ack->seq = b->seq;
    enum rc rc = open_group(d, e);
    if (rc)
        return rc;
    part_begin(d);
    d->rows++; /* an empty batch, too, is answered by a commit */
    bool again = taken_before(d, b);
    memset(d->line_stored, 0, sizeof d->line_stored);
    for (size_t i = 0; i < b->n && !again; i++) {
        struct sighted x;
        d->rows += take_sighting(d, &b->sightings[i], &x, 0, ack->stored, now) + 1;
    }
    return part_end(d, e);
}

/* ---- deliveries */

/* What a sender's own level is worth before anybody looked: impact on everything that the class touches, outcome, activity. */
static const struct {
    int level;
    uint8_t impact, outcome, activity;
} by_level[] = {
    {LEVEL_CRITICAL, 4, OUTCOME_SUCCESS, ACTIVITY_ONGOING},    {LEVEL_HIGH, 3, OUTCOME_SUSPECTED, ACTIVITY_UNKNOWN},
    {LEVEL_MEDIUM, 2, OUTCOME_UNKNOWN, ACTIVITY_ONGOING},      {LEVEL_LOW, 1, OUTCOME_ATTEMPTED, ACTIVITY_UNKNOWN},
    {LEVEL_INFORMATIONAL, 0, OUTCOME_BLOCKED, ACTIVITY_ENDED},
};

static void level_inputs(int level, const struct rsit *r, int confidence, struct prio_in *in) {
    size_t k = 2;
    for (size_t i = 0; i < sizeof by_level / sizeof by_level[0]; i++)
        if (by_level[i].level == level)
            k = i;
    int cia[3] = {r->c, r->i, r->a};
    bool any = r->c || r->i || r->a;
    *in = (struct prio_in){.outcome = by_level[k].outcome, .activity = by_level[k].activity, .confidence = (uint8_t)confidence};
    for (int i = 0; i < 3; i++)
        in->impact[i] = !any || cia[i] ? by_level[k].impact : 0;
}

/* The dialect's own claim: its words, its key. */
static void own_claim(struct desk *d, const struct delivery *dv, struct sighted *x, int64_t source, int64_t now) {
    const struct sighting *s = &dv->sightings[0];
    const struct rsit *r = rsit_find(dv->rsit_class, dv->rsit_type);
    struct rule_info ri = {.kind = RULE_DETECTION, .id = s->rule, .title = dv->title, .level = dv->level, .rsit = r ? r : rsit_undetermined(), .makes_event = true};
    level_inputs(dv->level, ri.rsit, 80, &ri.in);
    static const struct str by_key[] = {{"dedup_key", 9}}, by_words[] = {{"title", 5}, {"src_ip", 6}, {"user", 4}, {"host", 4}};
    struct field fields[SIGHTING_FIELDS_MAX + 2];
    size_t n = 0;
    fields[n++] = (struct field){.id = F_DEDUP, .value = dv->key};
    fields[n++] = (struct field){.id = F_TITLE, .value = dv->title};
    for (size_t i = 0; i < s->nfields; i++)
        if (s->fields[i].id != F_DEDUP && s->fields[i].id != F_TITLE)
            fields[n++] = s->fields[i];
    int64_t at = s->ntimes ? s->times[0] : now;
    struct claim c = {.org = dv->org, .source = source, .rule = &ri, .fields = fields, .nfields = n, .entity = dv->key.n ? by_key : by_words,
                      .nentity = dv->key.n ? 1 : 4, .count = s->total ? (int64_t)s->total : 1, .first = at, .last = at, .title = dv->title};
    *x = (struct sighted){.d = d, .s = s, .now = now, .source = source};
    bool made;
    int64_t id = report_claim(d, &c, now, &made);
    joined(x, id, made);
    for (size_t k = 0; k < x->nevents; k++)
        fold_raw(d, x->events[k], d->g.roster->orgs[dv->org].db_id, source, s->rule, STR_NONE, &dv->line);
    account_events(x);
}

static void answer_refs(struct desk *d, struct jw *w, const struct sighted *x) {
    for (size_t i = 0; i < x->nevents; i++) {
        if (!query_row(d->store, Q_EVENT_REF, "i", x->events[i]))
            continue;
        jw_str(w, query_str(d->store, Q_EVENT_REF, 0, NULL));
        query_end(d->store, Q_EVENT_REF);
    }
}

static bool answered_before(struct desk *d, const struct delivery *dv, struct arena *a, struct ack *ack) {
    if (!query_row(d->store, Q_DELIVERY_GET, "ss", dv->webhook, dv->id))
        return false;
    ack->status = (int)query_int(d->store, Q_DELIVERY_GET, 0);
    ack->answer = query_str(d->store, Q_DELIVERY_GET, 1, a);
    query_end(d->store, Q_DELIVERY_GET);
    return true;
}

enum rc desk_delivery(struct desk *d, const struct delivery *dv, int64_t now, struct arena *a, struct ack *ack, struct err *e) {
    memset(ack, 0, sizeof *ack);
    ack->seq = dv->seq;
    enum rc rc = open_group(d, e);
    if (rc)
        return rc;
    d->rows++;
    if (dv->org >= d->g.roster->norgs)
        return err_set(e, RC_INVALID, "delivery for an organisation that is not there");
    if (answered_before(d, dv, a, ack))
        return store_failed(d->store, e);
    part_begin(d);
    int64_t source = people_source(d, dv->org, "webhook", dv->webhook, now);
    bool any = false;
    struct buf b;
    struct jw w;
    buf_init(&b, 64 << 10);
    jw_init(&w, &b);
    jw_map(&w);
    jw_kv_str(&w, "delivery", dv->id);
    jw_key(&w, "events");
    jw_list(&w);
    for (size_t i = 0; i < dv->n; i++) {
        struct sighted x;
        bool own = i == 0 && ruleset_find(d->g.rules, dv->sightings[0].rule) < 0;
        if (own)
            own_claim(d, dv, &x, source, now);
        else
            take_sighting(d, &dv->sightings[i], &x, source, NULL, now);
        any |= x.nevents > 0;
        answer_refs(d, &w, &x);
    }
    if (!any) /* a body is always kept */
        fold_raw(d, 0, d->g.roster->orgs[dv->org].db_id, source, STR("webhook"), STR_NONE, &dv->line);
    jw_list_end(&w);
    jw_map_end(&w);
    query_do(d->store, Q_DELIVERY_ADD, "ssids", dv->webhook, dv->id, now, 202, buf_view(&b));
    ack->status = 202;
    ack->answer = arena_str(a, buf_view(&b));
    ack->stored[TRANSPORT_HTTP] = 1;
    buf_fini(&b);
    d->rows += 2;
    return part_end(d, e);
}

/* ---- people report (A.6.8) */

enum rc desk_report(struct desk *d, const struct actor *who, const struct args *args, struct str request_id, int64_t now, struct answer *out, struct err *e) {
    return desk_do(d, who, MACHINE_EVENT, STR_NONE, "report", args, request_id, now, out, e);
}
