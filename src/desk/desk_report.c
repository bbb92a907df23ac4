/* SPDX-License-Identifier: ISC
 *
 * desk_report.c - sightings become events: folded by fingerprint, assessed, laddered
 *
 * Takes   batches and deliveries from ingest, reports from people.
 * Gives   events with their exact count, samples and stage-0 assessment, all in the transaction that is acknowledged.
 * Keeps   raws that no correlation has claimed yet, until their time is over.
 */
#include "desk/desk_live.h"

#include <string.h>

#include "base/log.h"

struct str report_field(const struct field *f, size_t n, enum field_id id) {
    for (size_t i = 0; i < n; i++)
        if (f[i].id == id && id != F_OTHER)
            return f[i].value;
    return STR_NONE;
}

/* ---- folding */

enum fate { FATE_FOLD, FATE_NEW, FATE_QUIET };

static uint64_t hash_of(struct str s) {
    return str_absent(s) ? 0 : str_hash(s);
}

static void print_of(struct desk *d, const struct claim *c, const struct rule_info *whose, char fp[33]) {
    if (!*fp)
        fingerprint_of(whose->id, str_of(d->g.roster->orgs[c->org].slug), c->entity ? c->entity : whose->entity, c->entity ? c->nentity : whose->nentity,
                       c->fields, c->nfields, fp);
}

static void copy_text(char *to, size_t n, struct str s) {
    str_copy(to, n, str_absent(s) ? STR("") : str_sub(s, 0, n - 1));
}

/* The last event with this fingerprint, as the record has it. */
static struct live *recorded(struct desk *d, const struct claim *c, const struct rule_info *whose, struct str fp) {
    if (!query_row(d->store, Q_EVENT_LAST_FP, "is", d->g.roster->orgs[c->org].db_id, fp))
        return NULL;
    struct live *l = live_of(d, query_int(d->store, Q_EVENT_LAST_FP, 0));
    if (l) {
        int64_t last = query_int(d->store, Q_EVENT_LAST_FP, 2);
        l->state = state_find(MACHINE_EVENT, query_str(d->store, Q_EVENT_LAST_FP, 1, NULL));
        l->last = last > l->last ? last : l->last;
        l->incident = query_null(d->store, Q_EVENT_LAST_FP, 3) ? -1 : state_find(MACHINE_INCIDENT, query_str(d->store, Q_EVENT_LAST_FP, 3, NULL));
        copy_text(l->incident_ref, sizeof l->incident_ref, query_str(d->store, Q_EVENT_LAST_FP, 4, NULL));
        copy_text(l->disposition, sizeof l->disposition, query_str(d->store, Q_EVENT_LAST_FP, 5, NULL));
        l->host = hash_of(query_str(d->store, Q_EVENT_LAST_FP, 6, NULL));
        l->rule = hash_of(query_str(d->store, Q_EVENT_LAST_FP, 7, NULL));
    }
    query_end(d->store, Q_EVENT_LAST_FP);
    if (l)
        live_name(d, c, whose, l);
    return l;
}

/* What becomes of a further claim with this fingerprint: house.md 9, process.md 2.3 "Duplicate event". */
static enum fate fate_of(struct desk *d, const struct claim *c, const struct live *l, struct buf *suggestion) {
    if (!l)
        return c->only_fold ? FATE_QUIET : FATE_NEW;
    bool open = l->state == EV_NEW || l->state == EV_ASSESSING || l->state == EV_WAITING;
    if (open && (c->only_fold || c->first - l->last <= d->g.policy->dedup))
        return FATE_FOLD;
    if (l->state == EV_INCIDENT && l->incident >= INC_DECLARED && l->incident <= INC_ERADICATED)
        return FATE_FOLD;
    if (l->state == EV_DISMISSED && c->joins && c->first - l->last <= d->g.policy->dedup)
        return FATE_QUIET; /* more of what was called no matter: until its correlation says that it is one */
    if (l->state == EV_DISMISSED)
        buf_printf(suggestion, "dismissed before as %s", l->disposition);
    else if (l->state == EV_INCIDENT)
        buf_printf(suggestion, "possible recurrence of %s", l->incident_ref);
    return c->only_fold ? FATE_QUIET : FATE_NEW;
}

/* Another asset may need more protection. Whether it does is asked once. */
static void look_again(struct desk *d, const struct claim *c, struct live *l, int64_t now) {
    const struct asset *a = report_asset(d, c, report_entity(c, F_HOST));
    for (size_t i = 0; i < l->nassessed && i < ASSESSED_MAX; i++)
        if (l->assessed[i].asset == a && l->assessed[i].source == c->source &&
            memcmp(&l->assessed[i].in, &c->rule->in, sizeof c->rule->in) == 0)
            return;
    size_t at = l->nassessed++ % ASSESSED_MAX;
    l->assessed[at].asset = a;
    l->assessed[at].in = c->rule->in;
    l->assessed[at].source = c->source;
    raise_again(d, c, l->event, now);
}

static void fold(struct desk *d, const struct claim *c, struct live *l, int64_t now) {
    uint64_t rule = hash_of(c->rule->id);
    if (!c->counted)
        live_fold(d, l, c->count, c->first, c->last, now);
    if (c->counted && !c->only_fold && rule != l->rule) {
        raise_take_over(d, c, l->event, now);
        l->rule = rule;
    } else if (hash_of(report_entity(c, F_HOST)) != l->host) {
        look_again(d, c, l, now);
    }
    d->n.folded += c->counted ? 0 : (uint64_t)c->count;
}

/* The event that was just made. */
static void remember(struct desk *d, const struct claim *c, const struct rule_info *whose, int64_t id) {
    struct live *l = id ? live_of(d, id) : NULL;
    if (!l)
        return;
    l->state = EV_NEW;
    l->incident = -1;
    l->last = c->last;
    l->host = hash_of(report_entity(c, F_HOST));
    l->rule = hash_of(c->rule->id);
    l->raws = 0;
    live_name(d, c, whose, l);
}

int64_t report_claim(struct desk *d, const struct claim *c, int64_t now, bool *made) {
    char fp[33] = "";
    struct buf suggestion;
    const struct rule_info *whose = c->joins ? c->joins : c->rule;
    struct live *l = live_find(d, c, whose);
    int64_t id = 0;
    buf_init(&suggestion, 200);
    *made = false;
    if (!l) {
        print_of(d, c, whose, fp);
        l = c->storms && storm_full(d, c, now) && !prints_may(d, str_of(fp)) ? NULL : recorded(d, c, whose, str_of(fp));
    }
    switch (fate_of(d, c, l, &suggestion)) {
    case FATE_FOLD:
        id = l->event;
        fold(d, c, l, now);
        break;
    case FATE_NEW:
        if (c->storms && storm_over(d, c, now)) {
            struct claim many;
            storm_claim(d, c, &many);
            id = report_claim(d, &many, now, made);
            break;
        }
        print_of(d, c, whose, fp);
        id = report_event(d, c, str_of(fp), suggestion.n ? buf_view(&suggestion) : STR_NONE, now);
        *made = id != 0;
        remember(d, c, whose, id);
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
    struct sighting *s;
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

static bool aside(struct sighted *x, struct str rule, const struct sighting_line *l) {
    struct buf packed;
    int64_t org = x->d->g.roster->orgs[x->s->org].db_id;
    if (x->stored && !pending_room(x->d, x->now)) /* a delivery is always kept */
        return false;
    buf_init(&packed, 1 << 20);
    pending_pack(x->s, &packed);
    fold_raw(x->d, 0, org, x->source, rule, buf_view(&packed), l);
    buf_fini(&packed);
    pending_added(x->d, org);
    return true;
}

/* A line of an event that has many of them is a sample of it if no later one takes its place; a delivery's is kept at once. */
static bool store_line(struct sighted *x, int64_t event, struct str rule, const struct sighting_line *l) {
    struct desk *d = x->d;
    int64_t org = d->g.roster->orgs[x->s->org].db_id;
    struct live *live = x->stored ? live_of(d, event) : NULL;
    if (live)
        return live_line(d, live, org, x->source, rule, l);
    fold_raw(d, event, org, x->source, rule, STR_NONE, l);
    return true;
}

/* Stores the first and the last line for every event they belong to, or aside when none claims them yet. Gives rows stored. */
static size_t store_lines(struct sighted *x, struct str rule, bool wanted) {
    const struct sighting *s = x->s;
    size_t rows = 0;
    for (int i = 0; i < (s->ntimes > 1 ? 2 : 1); i++) {
        const struct sighting_line *l = i ? &s->last : &s->first;
        bool stored = !x->nevents && wanted && aside(x, rule, l);
        for (size_t k = 0; k < x->nevents; k++)
            stored = store_line(x, x->events[k], rule, l) || stored;
        if (stored)
            count_line(x, l);
        rows += stored;
    }
    return rows;
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

/* Its index in the present rules; nearly always ingest has the same. */
static long rule_of(struct desk *d, const struct sighting *s) {
    const struct rule_info *ri = s->generation == d->g.number && s->rule_index < ruleset_count(d->g.rules) ? rule_info(d->g.rules, s->rule_index) : NULL;
    return ri && str_eq(ri->id, s->rule) ? (long)s->rule_index : ruleset_find(d->g.rules, s->rule);
}

static void own_event(struct sighted *x, const struct rule_info *ri, bool storms) {
    const struct sighting *s = x->s;
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (uint32_t t = 0; t < s->ntimes; t++) {
        first = s->times[t] < first ? s->times[t] : first;
        last = s->times[t] > last ? s->times[t] : last;
    }
    struct claim c = {.org = s->org, .source = x->source, .rule = ri, .fields = s->fields, .nfields = s->nfields, .count = (int64_t)s->total,
                      .first = first, .last = last, .storms = storms};
    const struct rule_info *whose = rule_speaks_for(ri, s->fields, s->nfields);
    c.joins = whose == ri ? NULL : whose;
    bool made;
    int64_t id = report_claim(x->d, &c, x->now, &made);
    joined(x, id, made);
}

/* One sighting, which becomes one of a rule of the present set. x gets what it became part of. Gives rows stored. */
static size_t take_sighting(struct desk *d, struct sighting *s, struct sighted *x, int64_t source, uint64_t *lines, int64_t now) {
    x->d = d;
    x->s = s;
    x->now = now;
    x->nevents = 0;
    x->stored = lines;
    d->n.sightings++;
    if (s->org >= d->g.roster->norgs || s->ntimes == 0)
        return 0;
    long i = rule_of(d, s);
    if (i < 0) { /* the rule went away between ingest and here */
        d->n.unknown_rule++;
        return 0;
    }
    const struct rule_info *ri = rule_info(d->g.rules, (size_t)i);
    s->rule_index = (uint32_t)i;
    s->generation = d->g.number;
    x->source = source ? source : source_of(d, s, now);
    bool wanted = correlator_wants(d->corr, s->rule_index);
    if (ri->makes_event)
        own_event(x, ri, !source);
    if (wanted)
        correlate(d->corr, s, now, on_alert, x);
    size_t stored = store_lines(x, ri->id, wanted);
    account_events(x);
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
    if (store_in_tx(d->store))
        return RC_OK;
    enum rc rc = store_begin(d->store, e);
    if (!rc)
        live_recover(d);
    return rc;
}

/* A frame that cannot be taken is undone and refused alone: it must not take its neighbours with it, nor come back for ever. The windows
 * begin again as they were at the last commit, with what its neighbours counted since: an alert whose event was undone must fire again. */
static void part_begin(struct desk *d) {
    d->kept_ops = d->corr ? correlator_ops(d->corr).n : 0;
    live_frame(d);
    store_part(d->store);
}

static enum rc part_end(struct desk *d, struct err *e) {
    enum rc rc = store_part_end(d->store, e);
    if (rc) {
        live_undo(d);
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
        d->rows += take_sighting(d, &b->sightings[i], &x, 0, ack->stored, now);
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

struct bodied { /* events that have the body of this delivery: once, however many of its claims are about them */
    int64_t v[DELIVERY_CLAIMS_MAX];
    size_t n;
};

static void body_for(struct desk *d, const struct delivery *dv, int64_t event, int64_t source, struct str rule, struct bodied *had) {
    for (size_t i = 0; i < had->n; i++)
        if (had->v[i] == event)
            return;
    if (had->n < DELIVERY_CLAIMS_MAX)
        had->v[had->n++] = event;
    fold_raw(d, event, d->g.roster->orgs[dv->org].db_id, source, rule, STR_NONE, &dv->line);
}

/* The dialect's own claim: its words, its key. */
static void own_claim(struct desk *d, const struct delivery *dv, size_t which, struct sighted *x, int64_t source, struct bodied *had, int64_t now) {
    struct sighting *s = &dv->sightings[which];
    const struct delivery_claim *own = &dv->claims[which];
    const struct rsit *r = rsit_find(own->rsit_class, own->rsit_type);
    struct rule_info ri = {.kind = RULE_DETECTION, .id = s->rule, .title = own->title, .level = own->level, .rsit = r ? r : rsit_undetermined(), .makes_event = true};
    level_inputs(own->level, ri.rsit, 80, &ri.in);
    static const struct str by_key[] = {{"dedup_key", 9}}, by_words[] = {{"title", 5}, {"src_ip", 6}, {"user", 4}, {"host", 4}};
    struct field fields[SIGHTING_FIELDS_MAX + 2];
    size_t n = 0;
    fields[n++] = (struct field){.id = F_DEDUP, .value = own->key};
    fields[n++] = (struct field){.id = F_TITLE, .value = own->title};
    for (size_t i = 0; i < s->nfields; i++)
        if (s->fields[i].id != F_DEDUP && s->fields[i].id != F_TITLE)
            fields[n++] = s->fields[i];
    int64_t at = s->ntimes ? s->times[0] : now;
    struct claim c = {.org = dv->org, .source = source, .rule = &ri, .fields = fields, .nfields = n, .entity = own->key.n ? by_key : by_words,
                      .nentity = own->key.n ? 1 : 4, .count = s->total ? (int64_t)s->total : 1, .first = at, .last = at, .title = own->title};
    *x = (struct sighted){.d = d, .s = s, .now = now, .source = source};
    bool made = false;
    int64_t id = own->resolved ? report_resolved(d, &c) : report_claim(d, &c, now, &made);
    joined(x, id, made);
    if (id)
        body_for(d, dv, id, source, s->rule, had);
    if (id && own->resolved)
        report_resolved_note(d, &c, id, now);
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
    struct bodied had = {.n = 0};
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
        bool own = i < dv->nclaims && (dv->claims[i].resolved || ruleset_find(d->g.rules, dv->sightings[i].rule) < 0);
        if (own)
            own_claim(d, dv, i, &x, source, &had, now);
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
