/* SPDX-License-Identifier: ISC
 *
 * correlate.c - windows over sightings: event_count, value_count, temporal, temporal_ordered
 *
 * Takes   sightings, each with all its times.
 * Gives   alerts: one when a correlation fires, and one per sighting that folds into it afterwards.
 * Keeps   at most `max_groups` groups in all; the one unseen longest is forgotten first, and counted. A list of what changed, so
 *         that the desk saves it in the transaction of the sightings.
 *
 * What fires is a sighting of the correlation itself for those that name it. While it folds and its condition still holds, they are
 * reminded of it (a reminder counts nothing): a login after two hours of guessing is still a login after guessing.
 */
#include "detect/correlate.h"

#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/pack.h"
#include "base/rng.h"
#include "base/table.h"
#include "detect/correlate_group.h"
#include "detect/ruleset_link.h"

struct correlator {
    const struct ruleset *rs;
    struct table *groups;    /* key to struct group * */
    struct group all, dirty; /* heads of rings */
    struct group *cursor;    /* where expiry goes on */
    size_t max_groups, dead;
    uint64_t seed[2];
    struct corr_stats stats;
    struct buf state;
};

struct feed { /* one call of correlate(), handed down the chain */
    struct correlator *c;
    const struct sighting *s;
    alert_fn fn;
    void *ctx;
};

struct times {
    const int64_t *t;
    const uint32_t *w; /* NULL = all 1 */
    uint32_t n;
    bool reminder;
};

/* --- groups and their lists */

static void dirty_unlink(struct group *g) {
    if (!g->dirty)
        return;
    g->dirty_prev->dirty_next = g->dirty_next;
    g->dirty_next->dirty_prev = g->dirty_prev;
    g->dirty = false;
}

static void mark_dirty(struct correlator *c, struct group *g) {
    g->idle = 0;
    if (g->dirty)
        return;
    g->dirty = true;
    g->dirty_next = &c->dirty;
    g->dirty_prev = c->dirty.dirty_prev;
    g->dirty_prev->dirty_next = g;
    c->dirty.dirty_prev = g;
}

static void group_free(struct group *g) {
    dirty_unlink(g);
    group_fini(g);
    free(g->key);
    free(g);
}

/* The table lets go of a group. What was saved must be forgotten by the record too, so its key stays until the next save. */
static void on_drop(void *ctx, struct str key, void *value) {
    struct correlator *c = ctx;
    struct group *g = *(struct group **)value;
    (void)key;
    if (!g)
        return;
    if (c->cursor == g)
        c->cursor = g->next;
    g->prev->next = g->next;
    g->next->prev = g->prev;
    if (!g->saved || c->dead >= c->max_groups) {
        group_free(g);
        return;
    }
    group_fini(g);
    g->dead = true;
    c->dead++;
    mark_dirty(c, g);
}

static struct group *group_get(struct correlator *c, uint32_t rule, struct str key) {
    bool fresh;
    struct group **slot = table_get(c->groups, key, &fresh);
    if (!slot || !fresh)
        return slot ? *slot : NULL;
    struct group *g = calloc(1, sizeof *g);
    if (!g || !group_init(g, &c->rs->rules[rule], rule, key, c->seed)) {
        free(g);
        table_remove(c->groups, key);
        return NULL;
    }
    g->next = &c->all;
    g->prev = c->all.prev;
    g->prev->next = g;
    c->all.prev = g;
    *slot = g;
    return g;
}

struct correlator *correlator_new(const struct ruleset *rs, size_t max_groups) {
    struct correlator *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->rs = rs;
    c->max_groups = max_groups;
    c->all.next = c->all.prev = c->cursor = &c->all;
    c->dirty.dirty_next = c->dirty.dirty_prev = &c->dirty;
    rng_bytes(c->seed, sizeof c->seed);
    buf_init(&c->state, STATE_MAX);
    c->groups = table_new(max_groups, sizeof(struct group *), on_drop, c);
    if (c->groups)
        return c;
    correlator_free(c);
    return NULL;
}

void correlator_free(struct correlator *c) {
    if (!c)
        return;
    if (c->groups)
        table_free(c->groups);
    while (c->dirty.dirty_next != &c->dirty)
        group_free(c->dirty.dirty_next);
    buf_fini(&c->state);
    free(c);
}

bool correlator_wants(const struct correlator *c, uint32_t rule) {
    return rule < c->rs->n && c->rs->parent_at[rule] < c->rs->parent_at[rule + 1];
}

/* --- which group, which value */

static const struct field *sighting_field(const struct sighting *s, uint16_t id, struct str name) {
    for (size_t i = 0; i < s->nfields; i++)
        if (s->fields[i].id == id && (id != F_OTHER || str_eq(s->fields[i].name, name)))
            return s->fields[i].flags & FIELD_NULL || str_absent(s->fields[i].value) ? NULL : &s->fields[i];
    return NULL;
}

static void pack_value(struct buf *b, struct str v) {
    uint8_t digest[SHA256_SIZE];
    char hex[SHA256_HEX];
    if (v.n <= KEY_VALUE_MAX) {
        pack_str(b, v);
        return;
    }
    sha256_of(v, digest);
    hex_of(digest, sizeof digest, hex);
    pack_str(b, str_of(hex));
}

/* The key, and the fields of the group for the alert; false when one is missing. */
static bool group_key(const struct feed *f, uint32_t rule, uint32_t ref, struct buf *key, struct field *group) {
    const struct corr *c = f->c->rs->rules[rule].corr;
    pack_u32(key, rule);
    pack_u16(key, f->s->org);
    for (size_t i = 0; i < c->nby; i++) {
        const struct field *v = sighting_field(f->s, c->by[i].ids[ref], c->by[i].names[ref]);
        if (!v)
            return false;
        pack_value(key, v->value);
        group[i] = (struct field){c->by[i].id, v->flags, c->by[i].name, v->value};
    }
    return !key->over;
}

static bool value_hash(const struct feed *f, const struct corr *c, uint32_t ref, const struct group *g, uint64_t *out) {
    uint64_t h = 0;
    for (size_t i = 0; i < c->nfields; i++) {
        const struct field *v = sighting_field(f->s, c->fields[i].ids[ref], c->fields[i].names[ref]);
        if (!v)
            return false;
        const uint64_t seed[2] = {g->seed[0] ^ h, g->seed[1] + i};
        h = str_siphash(seed, v->value);
    }
    *out = h;
    return true;
}

/* --- one sighting */

static void feed_parents(const struct feed *f, uint32_t rule, const struct times *t, uint32_t depth);

static void give(const struct feed *f, const struct alert *proto, bool fired, const struct window_span *span) {
    struct alert a = *proto;
    a.fired = fired;
    a.count = span->count;
    a.first = span->first;
    a.last = span->last;
    if (fired)
        f->c->stats.fired++;
    else
        f->c->stats.folded += span->count;
    if (f->fn)
        f->fn(f->ctx, &a);
}

static void fold(struct window_span *into, int64_t t, uint32_t weight) {
    if (into->count == 0)
        into->first = into->last = t;
    into->count += weight;
    into->first = t < into->first ? t : into->first;
    into->last = t > into->last ? t : into->last;
}

struct run { /* one sighting going through one group */
    const struct feed *f;
    const struct rule *r;
    struct str key;
    struct alert proto;
    struct window_span folded;
    int64_t holds_at; /* when its condition last held while folding; INT64_MIN never */
};

static void flush(struct run *run) {
    if (run->folded.count)
        give(run->f, &run->proto, false, &run->folded);
    run->folded.count = 0;
}

/* Chained correlations may make the table forget this very group, so whoever comes back from here looks it up again. */
static void on_fired(struct run *run, const struct fired *out, int64_t t) {
    const struct times one = {&t, NULL, 1, false};
    flush(run);
    give(run->f, &run->proto, true, &out->span);
    feed_parents(run->f, run->proto.rule, &one, run->proto.depth + 1);
}

static void run_times(struct run *run, uint32_t ref, const struct times *t) {
    struct correlator *c = run->f->c;
    struct group *g = group_get(c, run->proto.rule, run->key);
    for (uint32_t i = 0; g && i < t->n; i++) {
        struct seen s = {t->t[i], t->w ? t->w[i] : 1, ref, 0, t->reminder};
        struct fired out;
        if (!group_time_sane(s.t)) { /* sightings come over a socket */
            c->stats.late += s.weight;
            continue;
        }
        if (run->r->corr->type == CORR_VALUE_COUNT && !value_hash(run->f, run->r->corr, ref, g, &s.value)) {
            c->stats.missing_group += s.weight;
            continue;
        }
        enum step step = group_step(g, run->r, &s, &out);
        mark_dirty(c, g);
        if (step == STEP_LATE)
            c->stats.late += s.weight;
        if (step == STEP_FOLDED)
            fold(&run->folded, s.t, s.weight);
        if (step == STEP_FOLDED && out.holds)
            run->holds_at = s.t;
        if (step == STEP_FIRED) {
            on_fired(run, &out, s.t);
            g = group_get(c, run->proto.rule, run->key);
        }
    }
    flush(run);
}

static void feed_one(const struct feed *f, uint32_t rule, uint32_t ref, const struct times *t, uint32_t depth) {
    char bytes[GROUP_KEY_MAX];
    struct buf key = {.p = bytes, .cap = sizeof bytes, .max = sizeof bytes - 1};
    struct field group[8];
    const struct rule *r = &f->c->rs->rules[rule];
    if (t->reminder && r->corr->type != CORR_TEMPORAL && r->corr->type != CORR_TEMPORAL_ORDERED)
        return;
    if (!group_key(f, rule, ref, &key, group)) {
        f->c->stats.missing_group++;
        return;
    }
    struct run run = {.f = f, .r = r, .key = str_n(bytes, key.n), .holds_at = INT64_MIN};
    run.proto =
        (struct alert){.rule = rule, .org = f->s->org, .group = group, .ngroup = r->corr->nby, .by = f->s, .depth = depth};
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
        if (!rs->rules[rs->parents[p].corr].disabled)
            feed_one(f, rs->parents[p].corr, rs->parents[p].ref, t, depth);
}

void correlate(struct correlator *c, const struct sighting *s, alert_fn fn, void *ctx) {
    const struct feed f = {c, s, fn, ctx};
    const struct times t = {s->times, s->weights, s->ntimes, false};
    if (s->rule_index >= c->rs->n)
        return;
    c->stats.fed++;
    feed_parents(&f, s->rule_index, &t, 0);
}

/* --- saving, restoring, forgetting */

void correlator_dirty(struct correlator *c, corr_save_fn save, void *ctx) {
    while (c->dirty.dirty_next != &c->dirty) {
        struct group *g = c->dirty.dirty_next;
        struct str key = str_n(g->key + 4, g->key_n - 4);
        struct str id = c->rs->rules[g->rule].info.id;
        if (g->dead) {
            save(ctx, id, key, STR_NONE);
            c->dead--;
            group_free(g);
            continue;
        }
        buf_reset(&c->state);
        if (group_pack(g, &c->state))
            save(ctx, id, key, buf_view(&c->state));
        g->saved = true;
        dirty_unlink(g);
    }
}

static bool key_sane(const struct corr *c, struct str key) {
    struct unpack u;
    unpack_init(&u, key);
    unpack_u16(&u);
    for (size_t i = 0; i < c->nby; i++)
        unpack_str(&u, KEY_VALUE_MAX);
    return unpack_done(&u);
}

bool correlator_restore(struct correlator *c, struct str rule_id, struct str key, struct str state) {
    char bytes[GROUP_KEY_MAX];
    struct buf full = {.p = bytes, .cap = sizeof bytes, .max = sizeof bytes - 1};
    long rule = ruleset_find(c->rs, rule_id);
    if (rule < 0 || !c->rs->rules[rule].corr || !key_sane(c->rs->rules[rule].corr, key))
        return false;
    pack_u32(&full, (uint32_t)rule);
    buf_str(&full, key);
    struct group *g = full.over ? NULL : group_get(c, (uint32_t)rule, str_n(bytes, full.n));
    if (!g)
        return false;
    g->saved = true;
    if (group_unpack(g, &c->rs->rules[rule], state))
        return true;
    table_remove(c->groups, str_n(bytes, full.n)); /* and the record forgets it at the next save */
    return false;
}

/* Event times may be years ago (a replay), so a drained window alone does not say that nothing more will come: the group must also
 * have stood untouched for as long, by the clock of the caller. */
static bool expired(struct group *g, const struct rule *r, int64_t now) {
    if (g->idle == 0 || g->idle > now)
        g->idle = now;
    return now - g->idle > r->corr->timespan + LATENESS && group_drained(g, r) < now;
}

void correlator_expire(struct correlator *c, int64_t now, size_t max) {
    size_t once = table_count(c->groups);
    for (size_t i = 0; i < max && i < once && c->all.next != &c->all; i++) {
        struct group *g = c->cursor == &c->all ? c->all.next : c->cursor;
        c->cursor = g->next;
        if (expired(g, &c->rs->rules[g->rule], now)) {
            char key[GROUP_KEY_MAX];
            memcpy(key, g->key, g->key_n);
            table_remove(c->groups, str_n(key, g->key_n));
        }
    }
}

const struct corr_stats *correlator_stats(const struct correlator *c) {
    struct correlator *mine = (struct correlator *)(uintptr_t)c; /* these two are the table's to tell */
    mine->stats.evicted = table_evicted(c->groups);
    mine->stats.groups = table_count(c->groups);
    return &c->stats;
}
