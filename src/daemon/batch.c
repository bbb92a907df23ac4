/* SPDX-License-Identifier: ISC
 *
 * batch.c - the sightings of a few milliseconds, like ones made one
 *
 * Takes   sightings of one line each.
 * Gives   at most BATCH_MAX sightings of many lines each.
 * Keeps   them in an array, found by a hash of rule and keyed values (open addressing, never more than half full).
 */
#include "daemon/batch.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "link/codec.h"

#define SLOTS ((size_t)BATCH_MAX * 2)
#define TIMES_FIRST 8
#define NAMES ((size_t)512) /* hosts and addresses whose asset and source are known; a power of two */
#define NAME_MAX_ 64

struct key_field { /* of a rule; name for those that are not ours */
    enum field_id id;
    struct str name;
};

struct rule_keys {
    uint32_t at;     /* of `keys` */
    uint8_t n, own;  /* keyed; its own entity behind them, for a sighting that lacks a field of what it joins */
    uint8_t joins;   /* how many of the first are those */
    bool wanted;
};

struct key { /* what makes two sightings one */
    uint64_t hash;
    uint32_t rule;
    uint16_t org, n;
    uint32_t nulls;         /* a bit per value that the sender gave as null */
    uint32_t asset, source; /* of the roster, from 1: they decide the priority, and who is believed how much */
    uint8_t transport;
    struct str v[SIGHTING_FIELDS_MAX];
};

struct grown { /* of a sighting: its key, what its arrays and its last line have room for */
    uint64_t hash;
    uint32_t nulls, asset, source, nkeys;
    const struct str *keys;
    int64_t *times;
    uint32_t *weights;
    uint32_t cap;
    bool weighted;
    char *last;
    size_t last_cap;
};

struct named { /* whose this host or address is */
    char name[NAME_MAX_];
    uint8_t n;
    uint16_t org;
    uint32_t asset, source;
};

struct batcher {
    struct arena arena;
    struct sighting v[BATCH_MAX];
    struct grown grown[BATCH_MAX];
    uint16_t slots[SLOTS]; /* index + 1, 0 = empty */
    size_t n;
    uint32_t lines; /* of which the first sighting is in this batch */
    enum { LINE_NEW, LINE_HERE, LINE_BEFORE } line; /* the first sighting of the present one: not added yet, in this batch, in one before */
    const struct roster *roster;
    struct named names[NAMES];
    struct key_field *keys; /* of all rules, one after the other */
    struct rule_keys *of;
    size_t nrules;
};

struct batcher *batcher_new(void) {
    struct batcher *b = calloc(1, sizeof *b);

    if (b)
        arena_init(&b->arena, BATCH_BYTES);
    return b;
}

void batcher_free(struct batcher *b) {
    if (!b)
        return;
    arena_fini(&b->arena);
    free(b->keys);
    free(b->of);
    free(b);
}

static uint8_t keys_add(struct key_field *keys, size_t *at, const struct str *names, size_t n, size_t room) {
    size_t i = 0;

    for (; i < n && i < room; i++)
        keys[(*at)++] = (struct key_field){field_find(names[i]), names[i]};
    return (uint8_t)i;
}

bool batcher_rules(struct batcher *b, const struct ruleset *rs, const struct roster *roster) {
    size_t rules = ruleset_count(rs), k = 0;
    struct key_field *keys = calloc(rules * SIGHTING_FIELDS_MAX + 1, sizeof *keys);
    struct rule_keys *of = calloc(rules + 1, sizeof *of);

    if (!keys || !of) {
        free(keys);
        free(of);
        return false;
    }
    for (size_t i = 0; i < rules; i++) {
        const struct rule_info *info = rule_info(rs, i);
        of[i] = (struct rule_keys){.at = (uint32_t)k, .wanted = info->makes_event || info->feeds};
        of[i].n = keys_add(keys, &k, info->keyed, info->nkeyed, SIGHTING_FIELDS_MAX);
        if (!info->joins)
            continue;
        of[i].joins = (uint8_t)(info->joins->nentity < of[i].n ? info->joins->nentity : of[i].n);
        of[i].own = keys_add(keys, &k, info->entity, info->nentity, SIGHTING_FIELDS_MAX - of[i].n);
    }
    free(b->keys);
    free(b->of);
    b->keys = keys;
    b->of = of;
    b->nrules = rules;
    b->roster = roster;
    memset(b->names, 0, sizeof b->names);
    return true;
}

bool batcher_wants(const struct batcher *b, uint32_t rule) {
    return rule < b->nrules && b->of[rule].wanted;
}

/* ---- whose it is */

static void look_up(const struct roster *r, uint16_t org, struct str name, struct named *out) {
    const struct asset *a = roster_asset(r, org, name);
    const struct source *s = roster_source(r, name);

    out->asset = a ? (uint32_t)(a - r->assets) + 1 : 0;
    out->source = s ? (uint32_t)(s - r->sources) + 1 : 0;
}

/* A roster may be long, and every line asks. */
static struct named whose(struct batcher *b, uint16_t org, struct str name) {
    struct named miss = {.org = org};

    if (str_absent(name) || !name.n)
        return miss;
    if (name.n > NAME_MAX_) {
        look_up(b->roster, org, name, &miss);
        return miss;
    }
    struct named *at = &b->names[str_hash(name) & (NAMES - 1)];
    if (at->n != name.n || at->org != org || memcmp(at->name, name.p, name.n) != 0) {
        look_up(b->roster, org, name, at);
        at->n = (uint8_t)name.n;
        at->org = org;
        memcpy(at->name, name.p, name.n);
    }
    return *at;
}

static void key_owner(struct batcher *b, struct key *k, struct str host, struct str dst, struct str peer) {
    k->asset = k->source = 0;
    if (!b->roster || b->roster->nassets + b->roster->nsources == 0)
        return;
    struct named n = whose(b, k->org, host);

    k->asset = n.asset ? n.asset : whose(b, k->org, dst).asset;
    k->source = n.source || str_absent(peer) ? n.source : whose(b, k->org, peer_host(peer)).source;
}

/* ---- what makes two sightings one */

/* Of a message or a sighting. */
typedef const struct field *(*value_fn)(const void *of, const struct key_field *f, struct field *lent);

static const struct field *value_of_sighting(const void *of, const struct key_field *f, struct field *lent) {
    const struct sighting *s = of;

    (void)lent;
    return field_among(s->fields, s->nfields, f->id, f->name);
}

static const struct field *value_of_message(const void *of, const struct key_field *f, struct field *lent) {
    const struct field *own;

    if (!message_has(of, f->id, f->name, &own))
        return NULL;
    *lent = own ? *own : (struct field){.value = message_field(of, f->id, f->name)};
    return lent;
}

static void key_values(const struct batcher *b, struct key *k, value_fn value, const void *of) {
    static const struct rule_keys none;
    const struct rule_keys *r = k->rule < b->nrules ? &b->of[k->rule] : &none;
    struct field lent;
    bool whole = true;

    k->nulls = 0;
    k->n = r->n;
    for (size_t i = 0; i < k->n; i++) {
        const struct field *f = value(of, &b->keys[r->at + i], &lent);
        k->v[i] = f ? f->value : STR_NONE;
        k->nulls |= f && f->flags & FIELD_NULL ? 1u << i : 0;
        if (i < r->joins && (!f || f->value.n == 0) && whole) {
            whole = false;
            k->n += r->own;
        }
    }
}

static void key_hash(struct key *k) {
    uint64_t h = ((uint64_t)k->rule << 20 ^ (uint64_t)k->org << 4 ^ k->transport ^ (uint64_t)k->asset << 44) * UINT64_C(0x9e3779b97f4a7c15) + k->source + k->nulls;

    for (size_t i = 0; i < k->n; i++)
        h = (h << 7 | h >> 57) ^ (str_absent(k->v[i]) ? 1 : str_hash(k->v[i]));
    k->hash = h;
}

static void key_of_sighting(struct batcher *b, const struct sighting *s, struct key *k) {
    const struct field *host = field_among(s->fields, s->nfields, F_HOST, STR("host")), *dst = field_among(s->fields, s->nfields, F_DST_IP, STR("dst_ip"));

    k->rule = s->rule_index;
    k->org = s->org;
    k->transport = s->first.transport;
    key_values(b, k, value_of_sighting, s);
    key_owner(b, k, host ? host->value : STR_NONE, dst ? dst->value : STR_NONE, s->first.peer);
    key_hash(k);
}

/* The same from the message, before anybody has made a sighting of it. */
static void key_of_message(struct batcher *b, const struct message *m, uint32_t rule, struct key *k) {
    k->rule = rule;
    k->org = m->org;
    k->transport = m->transport;
    key_values(b, k, value_of_message, m);
    key_owner(b, k, message_field(m, F_HOST, STR_NONE), message_field(m, F_DST_IP, STR_NONE), m->peer);
    key_hash(k);
}

static bool same(const struct batcher *b, size_t i, const struct key *k) {
    const struct sighting *s = &b->v[i];
    const struct grown *g = &b->grown[i];

    if (s->rule_index != k->rule || s->org != k->org || s->first.transport != k->transport || g->asset != k->asset ||
        g->source != k->source || g->nulls != k->nulls || g->nkeys != k->n)
        return false;
    for (size_t f = 0; f < k->n; f++)
        if (str_absent(g->keys[f]) != str_absent(k->v[f]) || !str_eq(g->keys[f], k->v[f]))
            return false;
    return true;
}

/* Index of the like one, or of the slot (in *slot) where a new one goes. A full one (its times) is no like one. */
static size_t find(const struct batcher *b, const struct key *k, uint32_t ntimes, size_t *slot) {
    for (*slot = k->hash % SLOTS; b->slots[*slot]; *slot = (*slot + 1) % SLOTS) {
        size_t i = b->slots[*slot] - 1u;
        if (b->grown[i].hash == k->hash && b->v[i].ntimes + ntimes <= SIGHTING_TIMES_MAX && same(b, i, k))
            return i;
    }
    return BATCH_MAX;
}

/* ---- growing */

static bool times_room(struct batcher *b, struct grown *g, uint32_t have, uint32_t want) {
    uint32_t cap = g->cap ? g->cap : TIMES_FIRST;

    if (want <= g->cap)
        return true;
    while (cap < want)
        cap *= 2;
    int64_t *times = arena_alloc(&b->arena, cap * sizeof *times);
    uint32_t *weights = arena_alloc(&b->arena, cap * sizeof *weights);
    if (!times || !weights)
        return false;
    if (have) {
        memcpy(times, g->times, have * sizeof *times);
        memcpy(weights, g->weights, have * sizeof *weights);
    }
    g->times = times;
    g->weights = weights;
    g->cap = cap;
    return true;
}

static void times_append(struct sighting *to, struct grown *g, const struct sighting *s) {
    for (uint32_t i = 0; i < s->ntimes; i++) {
        uint32_t w = s->weights ? s->weights[i] : 1;
        g->times[to->ntimes] = s->times[i];
        g->weights[to->ntimes++] = w;
        g->weighted |= w != 1;
    }
    to->total += s->total;
    to->times = g->times;
    to->weights = g->weighted ? g->weights : NULL;
}

/* raw and peer of the last line share a piece of memory that is used again when the next one fits. */
static bool last_set(struct batcher *b, struct sighting *to, struct grown *g, const struct sighting_line *l) {
    size_t n = l->raw.n + l->peer.n;

    if (n > g->last_cap) {
        size_t cap = n + n / 4 + 64;
        char *p = arena_alloc(&b->arena, cap);
        if (!p)
            return false;
        g->last = p;
        g->last_cap = cap;
    }
    to->last = *l;
    if (l->raw.n)
        memcpy(g->last, l->raw.p, l->raw.n);
    if (l->peer.n)
        memcpy(g->last + l->raw.n, l->peer.p, l->peer.n);
    to->last.raw = str_absent(l->raw) ? STR_NONE : str_n(g->last, l->raw.n);
    to->last.peer = str_absent(l->peer) ? STR_NONE : str_n(g->last + l->raw.n, l->peer.n);
    return true;
}

static uint32_t line_nr(const struct batcher *b) {
    return b->line == LINE_NEW ? b->lines + 1 : b->line == LINE_HERE ? b->lines : 0;
}

static void line_taken(struct batcher *b, uint32_t nr) {
    if (b->line != LINE_NEW)
        return;
    b->lines = nr;
    b->line = LINE_HERE;
}

static bool merge(struct batcher *b, size_t i, const struct sighting *s) {
    struct sighting *to = &b->v[i];
    struct grown *g = &b->grown[i];

    if (!times_room(b, g, to->ntimes, to->ntimes + s->ntimes) || !last_set(b, to, g, &s->last))
        return false;
    to->last.nr = line_nr(b);
    times_append(to, g, s);
    line_taken(b, to->last.nr);
    return true;
}

/* A copy that came out absent although the original was not: the arena is full. */
static struct str copy(struct batcher *b, struct str s, bool *ok) {
    struct str c = arena_str(&b->arena, s);

    *ok &= str_absent(s) == str_absent(c);
    return c;
}

static bool keys_keep(struct batcher *b, struct grown *g, const struct key *k, bool *ok) {
    struct str *keys = arena_alloc(&b->arena, k->n * sizeof *keys);

    for (size_t i = 0; keys && i < k->n; i++)
        keys[i] = str_absent(k->v[i]) ? STR_NONE : copy(b, k->v[i], ok);
    g->keys = keys;
    return keys != NULL;
}

static bool insert(struct batcher *b, const struct sighting *s, const struct key *k, size_t slot) {
    struct sighting *to = &b->v[b->n];
    struct grown *g = &b->grown[b->n];
    uint32_t nr = line_nr(b);
    bool ok = true;

    memcpy(to, s, offsetof(struct sighting, fields)); /* of the array of fields only those that are there */
    *g = (struct grown){.hash = k->hash, .nulls = k->nulls, .asset = k->asset, .source = k->source, .nkeys = k->n};
    to->nfields = s->nfields;
    to->ntimes = 0;
    to->total = 0;
    to->first.nr = nr;
    to->first.raw = copy(b, s->first.raw, &ok);
    to->first.peer = copy(b, s->first.peer, &ok);
    for (size_t i = 0; i < s->nfields; i++)
        to->fields[i] = (struct field){s->fields[i].id, s->fields[i].flags, copy(b, s->fields[i].name, &ok), copy(b, s->fields[i].value, &ok)};
    if (!keys_keep(b, g, k, &ok) || !ok || !times_room(b, g, 0, s->ntimes))
        return false;
    times_append(to, g, s);
    to->last = to->first;
    if (s->ntimes > 1 && !last_set(b, to, g, &s->last))
        return false;
    to->last.nr = nr;
    b->slots[slot] = (uint16_t)++b->n;
    line_taken(b, nr);
    return true;
}

bool batcher_again(struct batcher *b, const struct message *m, uint32_t rule) {
    struct key k;
    size_t slot, i;
    uint32_t weight = m->repeat ? m->repeat : 1;

    key_of_message(b, m, rule, &k);
    if (m->flags & MSG_EXACT || (i = find(b, &k, 1, &slot)) == BATCH_MAX)
        return false;
    const struct sighting s = {.ntimes = 1, .times = &m->time, .weights = &weight, .total = weight,
                               .last = {.raw = m->raw, .peer = m->peer, .arrived = m->arrived, .time = m->time, .transport = m->transport,
                                        .source = m->source, .flags = m->flags}};
    return merge(b, i, &s);
}

bool batcher_add(struct batcher *b, const struct sighting *s) {
    struct key k;
    size_t slot, i;

    key_of_sighting(b, s, &k);
    i = find(b, &k, s->ntimes, &slot);
    return i < BATCH_MAX ? merge(b, i, s) : b->n < BATCH_MAX && insert(b, s, &k, slot);
}

void batcher_line(struct batcher *b) {
    b->line = LINE_NEW;
}

uint32_t batcher_lines(const struct batcher *b) {
    return b->lines;
}

bool batcher_enough(const struct batcher *b) {
    return b->n >= BATCH_MAX || b->arena.used >= BATCH_ENOUGH || b->lines >= BATCH_LINES_MAX - 1;
}

struct sighting *batcher_sightings(struct batcher *b, size_t *n) {
    *n = b->n;
    return b->v;
}

void batcher_reset(struct batcher *b) {
    arena_reset(&b->arena);
    memset(b->slots, 0, sizeof b->slots);
    b->n = 0;
    b->lines = 0;
    b->line = b->line == LINE_HERE ? LINE_BEFORE : b->line;
}
