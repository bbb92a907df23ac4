/* SPDX-License-Identifier: ISC
 *
 * correlate.c - windows over sightings
 *
 * Takes   sightings, each with all its times; the time, when windows close.
 * Gives   alerts: one when a correlation fires, and one per sighting that folds into it afterwards.
 * Keeps   groups, bounded; a journal of what changed them (correlate_journal.c).
 *
 * What fires is a sighting of the correlation itself for those that name it. While it folds and its condition still holds, they are
 * reminded of it (a reminder counts nothing): a login after two hours of guessing is still a login after guessing.
 */
#include "detect/correlate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/pack.h"
#include "detect/correlate_int.h"

struct feed { /* one call of correlate(), handed down the chain */
    struct correlator *c;
    const struct sighting *s, *by; /* by: NULL when no sighting did it */
    int64_t now;
    alert_fn fn;
    void *ctx;
};

struct times {
    const int64_t *t;
    const uint32_t *w; /* NULL = all 1 */
    uint32_t n;
    bool reminder;
};

struct correlator *correlator_new(const struct ruleset *rs, size_t max_groups) {
    struct correlator *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->rs = rs;
    buf_init(&c->state, STATE_MAX);
    if (!journal_init(c)) {
        correlator_free(c);
        return NULL;
    }
    for (size_t i = 0; i < rs->n; i++)
        c->closes = c->closes || (rs->rules[i].corr && rs->rules[i].corr->closes);
    if (groups_init(&c->groups, rs, max_groups)) {
        memcpy(c->seed, c->groups.seed, sizeof c->seed);
        return c;
    }
    correlator_free(c);
    return NULL;
}

void correlator_free(struct correlator *c) {
    if (!c)
        return;
    groups_fini(&c->groups);
    buf_fini(&c->state);
    journal_fini(c);
    free(c);
}

void correlator_orgs(struct correlator *c, const struct str *slugs, size_t n) {
    c->orgs = slugs;
    c->norgs = n;
}

bool correlator_wants(const struct correlator *c, uint32_t rule) {
    return rule < c->rs->n && c->rs->parent_at[rule] < c->rs->parent_at[rule + 1];
}

bool correlator_closes(const struct correlator *c) {
    return c->closes;
}

/* --- which group, which value */

static const struct field *sighting_field(const struct sighting *s, uint16_t id, struct str name) {
    const struct field *f = field_among(s->fields, s->nfields, (enum field_id)id, name);
    return !f || f->flags & FIELD_NULL || str_absent(f->value) ? NULL : f;
}

static void pack_value(struct buf *b, struct str v) {
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX];
    if (v.n > KEY_VALUE_MAX) {
        sha256_of(v, digest);
        hex_of(digest, sizeof digest, hex);
        v = str_of(hex);
    }
    pack_varint(b, v.n);
    buf_str(b, v);
}

struct str corr_unpack_value(struct unpack *u) {
    uint64_t n = unpack_varint(u);
    if (n > KEY_VALUE_MAX || n > (size_t)(u->end - u->p))
        u->bad = true;
    struct str v = u->bad ? STR("") : str_n(u->p, (size_t)n);
    u->p += v.n;
    return v;
}

/* The key, and the fields of the group for the alert; false when one is missing. */
static bool group_key(const struct feed *f, uint32_t rule, uint32_t ref, struct buf *key, struct field *group) {
    const struct corr *c = f->c->rs->rules[rule].corr;
    for (size_t i = 0; i < c->nby; i++) {
        const struct field *v = sighting_field(f->s, c->by[i].ids[ref], c->by[i].names[ref]);
        if (!v)
            return false;
        pack_value(key, v->value);
        group[i] = (struct field){c->by[i].id, v->flags, c->by[i].name, v->value};
    }
    return !key->over;
}

/* The same from the key, when no sighting is at hand. */
static size_t group_fields(const struct correlator *c, const struct group *g, char bytes[GROUP_KEY_MAX], struct field *out) {
    const struct corr *corr = c->rs->rules[g->rule].corr;
    struct unpack u;
    memcpy(bytes, g->key, g->key_n);
    unpack_init(&u, str_n(bytes, g->key_n));
    for (size_t i = 0; i < corr->nby; i++)
        out[i] = (struct field){corr->by[i].id, 0, corr->by[i].name, corr_unpack_value(&u)};
    return corr->nby;
}

static bool value_hash(const struct feed *f, const struct corr *c, uint32_t ref, uint64_t *out) {
    uint64_t h = 0;
    for (size_t i = 0; i < c->nfields; i++) {
        const struct field *v = sighting_field(f->s, c->fields[i].ids[ref], c->fields[i].names[ref]);
        if (!v)
            return false;
        const uint64_t seed[2] = {f->c->seed[0] ^ h, f->c->seed[1] + i};
        h = str_siphash(seed, v->value);
    }
    *out = h;
    return true;
}

/* Of a sum the weight is part of the value. */
static bool value_number(const struct feed *f, const struct corr *c, uint32_t ref, struct seen *s) {
    const struct field *v = sighting_field(f->s, c->fields[0].ids[ref], c->fields[0].names[ref]);
    double d;
    if (!v || !corr_number(v->value, &d))
        return false;
    if (c->type == CORR_VALUE_SUM || c->type == CORR_VALUE_AVG)
        d *= s->weight;
    memcpy(&s->value, &d, sizeof d);
    return d <= CORR_NUMBER_MAX && d >= -CORR_NUMBER_MAX;
}

static bool value_of(const struct feed *f, const struct corr *c, struct seen *s) {
    if (c->nfields == 0)
        return true;
    if (c->type == CORR_VALUE_COUNT ? value_hash(f, c, s->ref, &s->value) : value_number(f, c, s->ref, s))
        return true;
    *(c->type == CORR_VALUE_COUNT ? &f->c->stats.missing_group : &f->c->stats.no_number) += s->weight;
    return false;
}

/* --- one sighting */

static void feed_parents(const struct feed *f, uint32_t rule, const struct times *t, uint32_t depth);

static void give(const struct feed *f, const struct alert *a) {
    if (a->fired)
        f->c->stats.fired++;
    else
        f->c->stats.folded += a->count;
    if (f->fn)
        f->fn(f->ctx, a);
}

struct run { /* one sighting going through one group */
    const struct feed *f;
    const struct rule *r;
    struct str key;
    struct alert proto, folded;
    int64_t holds_at; /* when its condition last held while folding; INT64_MIN never */
};

static void fold(struct run *run, int64_t t, uint32_t weight) {
    struct alert *a = &run->folded;
    if (a->count == 0) {
        *a = run->proto;
        a->first = a->last = t;
    }
    a->count += weight;
    a->first = t < a->first ? t : a->first;
    a->last = a->at = t > a->last ? t : a->last;
}

static void flush(struct run *run) {
    if (run->folded.count)
        give(run->f, &run->folded);
    run->folded.count = 0;
}

static void fill(struct alert *a, const struct fired *out) {
    a->fired = true;
    a->count = out->count;
    a->value = out->value;
    a->first = out->first;
    a->last = out->last;
    a->at = out->at;
}

/* Chained correlations may make the store forget this very group, so whoever comes back from here looks it up again. */
static void on_fired(struct run *run, const struct fired *out) {
    const struct times one = {&out->at, NULL, 1, false};
    struct alert a = run->proto;
    flush(run);
    fill(&a, out);
    give(run->f, &a);
    feed_parents(run->f, run->proto.rule, &one, run->proto.depth + 1);
}

static bool chained(const struct correlator *c, uint32_t rule) {
    for (uint32_t p = c->rs->parent_at[rule]; p < c->rs->parent_at[rule + 1]; p++) {
        enum corr_type t = c->rs->rules[c->rs->parents[p].corr].corr->type;
        if (t == CORR_TEMPORAL || t == CORR_TEMPORAL_ORDERED)
            return true;
    }
    return false;
}

static void run_one(struct run *run, struct group **g, struct seen *s) {
    struct correlator *c = run->f->c;
    struct fired out;
    size_t bytes = group_bytes(*g);
    groups_change(&c->groups, *g);
    enum step step = group_step(*g, run->r, s, run->f->now, chained(c, run->proto.rule), &out);
    c->stats.bounded += out.lost;
    groups_touched(&c->groups, *g, bytes);
    if (step == STEP_LATE)
        c->stats.late += s->weight;
    if (step == STEP_FOLDED)
        fold(run, s->t, s->weight);
    if (step == STEP_FOLDED && out.holds)
        run->holds_at = s->t;
    if (step != STEP_FIRED)
        return;
    on_fired(run, &out);
    *g = groups_get(&c->groups, run->proto.rule, run->proto.org, run->key);
}

static void run_times(struct run *run, uint32_t ref, const struct times *t) {
    struct correlator *c = run->f->c;
    struct group *g = groups_get(&c->groups, run->proto.rule, run->proto.org, run->key);
    for (uint32_t i = 0; g && i < t->n; i++) {
        struct seen s = {t->t[i], t->w ? t->w[i] : 1, ref, 0, t->reminder};
        if (!group_time_sane(s.t)) /* sightings come over a socket */
            c->stats.late += s.weight;
        else if (value_of(run->f, run->r->corr, &s))
            run_one(run, &g, &s);
    }
    flush(run);
}

static void feed_one(const struct feed *f, uint32_t rule, uint32_t ref, const struct times *t, uint32_t depth) {
    char bytes[GROUP_KEY_MAX];
    struct buf key = {.p = bytes, .cap = sizeof bytes, .max = sizeof bytes - 1};
    struct field group[CORR_FIELDS_MAX];
    const struct rule *r = &f->c->rs->rules[rule];
    if (t->reminder && r->corr->type != CORR_TEMPORAL && r->corr->type != CORR_TEMPORAL_ORDERED)
        return;
    if (!group_key(f, rule, ref, &key, group)) {
        f->c->stats.missing_group++;
        return;
    }
    struct run run = {.f = f, .r = r, .key = str_n(bytes, key.n), .holds_at = INT64_MIN};
    run.proto =
        (struct alert){.rule = rule, .org = f->s->org, .group = group, .ngroup = r->corr->nby, .by = f->by, .depth = depth};
    run_times(&run, ref, t);
    if (run.holds_at != INT64_MIN) {
        const struct times one = {&run.holds_at, NULL, 1, true};
        feed_parents(f, rule, &one, depth + 1);
    }
}

static void feed_parents(const struct feed *f, uint32_t rule, const struct times *t, uint32_t depth) {
    const struct ruleset *rs = f->c->rs;
    if (depth > CORR_DEPTH_MAX)
        return;
    for (uint32_t p = rs->parent_at[rule]; p < rs->parent_at[rule + 1]; p++)
        if (!rs->rules[rs->parents[p].corr].disabled && !(f->c->blind && f->c->blind[rs->parents[p].corr]))
            feed_one(f, rs->parents[p].corr, rs->parents[p].ref, t, depth);
}

void correlate(struct correlator *c, const struct sighting *s, int64_t now, alert_fn fn, void *ctx) {
    const struct feed f = {c, s, s, now, fn, ctx};
    const struct times t = {s->times, s->weights, s->ntimes, false};
    if (s->rule_index >= c->rs->n)
        return;
    journal_sighting(c, s, now);
    c->stats.fed++;
    c->exact = c->exact || (s->nfields && s->fields[0].flags & FIELD_EXACT);
    feed_parents(&f, s->rule_index, &t, 0);
}

/* --- windows that close */

/* What it decided is a sighting of the correlation with the fields it groups by, for those that name it. */
static void on_closed(struct correlator *c, struct group *g, const struct fired *out, int64_t now, alert_fn fn, void *ctx) {
    char bytes[GROUP_KEY_MAX];
    struct field group[CORR_FIELDS_MAX];
    struct sighting s = {.rule_index = g->rule, .org = g->org};
    const struct feed f = {c, &s, NULL, now, fn, ctx};
    const struct times one = {&out->at, NULL, 1, false};
    struct alert a = {.rule = g->rule, .org = g->org, .group = group, .ngroup = group_fields(c, g, bytes, group)};
    for (; s.nfields < a.ngroup; s.nfields++) {
        s.fields[s.nfields] = group[s.nfields];
        s.fields[s.nfields].name = c->rs->rules[g->rule].corr->by[s.nfields].spelled;
        s.fields[s.nfields].flags |= c->exact ? FIELD_EXACT : 0;
    }
    fill(&a, out);
    c->stats.closed++;
    give(&f, &a);
    if (out->tail.count) {
        a.fired = false;
        a.count = out->tail.count;
        a.first = out->tail.first;
        a.last = a.at = out->tail.last;
        give(&f, &a);
    }
    feed_parents(&f, s.rule_index, &one, 1);
}

static void close_until(struct correlator *c, int64_t now, bool final, alert_fn fn, void *ctx) {
    for (struct group *g; (g = groups_first_due(&c->groups)) != NULL && group_due(g) < now;) {
        const struct rule *r = &c->rs->rules[g->rule];
        struct fired out;
        size_t bytes = group_bytes(g);
        int64_t due = group_due(g);
        groups_change(&c->groups, g);
        enum step step = group_close(g, r, final ? due : now, final, &out);
        groups_touched(&c->groups, g, bytes);
        if (step == STEP_FIRED)
            on_closed(c, g, &out, final ? due : now, fn, ctx);
    }
}

void correlator_close(struct correlator *c, int64_t now, alert_fn fn, void *ctx) {
    if (correlator_due(c) < now)
        journal_op(c, JOURNAL_CLOSE, now);
    close_until(c, now, false, fn, ctx);
}

void correlator_close_all(struct correlator *c, alert_fn fn, void *ctx) {
    close_until(c, INT64_MAX, true, fn, ctx);
}

int64_t correlator_due(const struct correlator *c) {
    const struct group *g = groups_first_due(&c->groups);
    return g ? group_due(g) : INT64_MAX;
}

void correlator_expect(struct correlator *c, int64_t now) {
    if (c->expected)
        return;
    c->expected = true;
    bool told = false;
    for (uint32_t i = 0; i < c->rs->n; i++) {
        const struct rule *r = &c->rs->rules[i];
        for (size_t k = 0; r->corr && !r->disabled && k < r->corr->nexpect; k++) {
            char bytes[GROUP_KEY_MAX];
            struct buf key = {.p = bytes, .cap = sizeof bytes, .max = sizeof bytes - 1};
            if (!told)
                journal_op(c, JOURNAL_EXPECT, now);
            told = true;
            for (size_t v = 0; v < r->corr->nby; v++)
                pack_value(&key, r->corr->expect[k * r->corr->nby + v]);
            struct group *g = key.over ? NULL : groups_get(&c->groups, i, 0, buf_view(&key));
            size_t bytes_before = g ? group_bytes(g) : 0;
            if (!g || g->listed)
                continue;
            groups_change(&c->groups, g);
            group_watch(g, r, now);
            groups_touched(&c->groups, g, bytes_before);
        }
    }
}

void correlator_resume(struct correlator *c, int64_t now) {
    size_t n = c->groups.nheap;
    struct group **all = n ? malloc(n * sizeof *all) : NULL;
    if (!all)
        return;
    journal_op(c, JOURNAL_RESUME, now);
    memcpy(all, c->groups.heap, n * sizeof *all); /* which is put in order anew under way */
    for (size_t i = 0; i < n; i++) {
        size_t bytes = group_bytes(all[i]);
        groups_change(&c->groups, all[i]);
        group_resume(all[i], &c->rs->rules[all[i]->rule], now);
        groups_touched(&c->groups, all[i], bytes);
    }
    free(all);
}

/* --- forgetting */

/* Event times may be years ago (a replay), so a drained window alone does not say that nothing more will come: the group must also
 * have stood untouched for as long, by the clock of the caller. */
static bool expired(struct group *g, const struct rule *r, int64_t now) {
    uint32_t s = (uint32_t)(now / US_PER_S);
    if (g->idle == 0 || g->idle > s)
        g->idle = s;
    return (int64_t)(s - g->idle) * US_PER_S > r->corr->timespan + LATENESS && group_drained(g, r) < now;
}

void correlator_expire(struct correlator *c, int64_t now, size_t max) {
    size_t once = c->groups.n;
    if (now < 0 || now / US_PER_S > UINT32_MAX)
        return;
    for (size_t i = 0; i < max && i < once && c->groups.oldest; i++) {
        struct group *g = c->groups.cursor ? c->groups.cursor : c->groups.oldest;
        c->groups.cursor = g->newer;
        if (expired(g, &c->rs->rules[g->rule], now))
            groups_drop(&c->groups, g);
    }
}

const struct corr_stats *correlator_stats(const struct correlator *c) {
    struct correlator *mine = (struct correlator *)(uintptr_t)c; /* these are the store's to tell */
    mine->stats.evicted = c->groups.evicted;
    mine->stats.groups = c->groups.n;
    mine->stats.bytes = c->groups.bytes + c->groups.nbuckets * sizeof *c->groups.buckets;
    return &c->stats;
}
