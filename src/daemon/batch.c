/* SPDX-License-Identifier: ISC
 *
 * batch.c - the sightings of a few milliseconds, like ones made one
 *
 * Takes   sightings of one line each.
 * Gives   at most BATCH_MAX sightings of many lines each.
 * Keeps   them in an array, found by a hash of rule and keyed values (open addressing, never more than half full).
 */
#include "daemon/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#define SLOTS ((size_t)BATCH_MAX * 2)
#define TIMES_FIRST 8

struct key_field { /* of a rule; name for those that are not ours */
    enum field_id id;
    struct str name;
};

struct grown { /* of a sighting: what its arrays and its last line have room for */
    int64_t *times;
    uint32_t *weights;
    uint32_t cap;
    bool weighted;
    char *last;
    size_t last_cap;
    uint64_t hash;
};

struct batcher {
    struct arena arena;
    struct sighting v[BATCH_MAX];
    struct grown grown[BATCH_MAX];
    uint16_t slots[SLOTS]; /* index + 1, 0 = empty */
    size_t n;
    uint32_t lines; /* of which the first sighting is in this batch */
    enum { LINE_NEW, LINE_HERE, LINE_BEFORE } line; /* the first sighting of the present one: not added yet, in this batch, in one before */
    const struct ruleset *rules;
    struct key_field *keys; /* of all rules, one after the other */
    uint32_t *key_at;       /* rule i has keys[key_at[i]] .. keys[key_at[i + 1]] */
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
    free(b->key_at);
    free(b);
}

bool batcher_rules(struct batcher *b, const struct ruleset *rs) {
    size_t rules = ruleset_count(rs), total = 0, k = 0;

    for (size_t i = 0; i < rules; i++)
        total += rule_info(rs, i)->nkeyed;
    struct key_field *keys = calloc(total + 1, sizeof *keys);
    uint32_t *at = calloc(rules + 1, sizeof *at);
    if (!keys || !at) {
        free(keys);
        free(at);
        return false;
    }
    for (size_t i = 0; i < rules; i++) {
        const struct rule_info *info = rule_info(rs, i);
        for (size_t j = 0; j < info->nkeyed; j++)
            keys[k++] = (struct key_field){field_find(info->keyed[j]), info->keyed[j]};
        at[i + 1] = (uint32_t)k;
    }
    free(b->keys);
    free(b->key_at);
    b->keys = keys;
    b->key_at = at;
    b->nrules = rules;
    b->rules = rs;
    return true;
}

/* ---- what makes two sightings one */

static const struct field *field_of(const struct sighting *s, const struct key_field *k) {
    return field_among(s->fields, s->nfields, k->id, k->name);
}

static void keys_of(const struct batcher *b, const struct sighting *s, const struct key_field **from, const struct key_field **to) {
    bool known = s->rule_index < b->nrules;

    *from = b->keys + (known ? b->key_at[s->rule_index] : 0);
    *to = b->keys + (known ? b->key_at[s->rule_index + 1] : 0);
}

static uint64_t hash_of(const struct batcher *b, const struct sighting *s) {
    const struct key_field *k, *end;
    uint64_t h = ((uint64_t)s->rule_index << 20 ^ (uint64_t)s->org << 4 ^ s->first.transport) * UINT64_C(0x9e3779b97f4a7c15);

    for (keys_of(b, s, &k, &end); k < end; k++) {
        const struct field *f = field_of(s, k);
        h = (h << 7 | h >> 57) ^ (f ? str_hash(f->value) : 1);
    }
    return h;
}

static bool same(const struct batcher *b, const struct sighting *x, const struct sighting *y) {
    const struct key_field *k, *end;

    if (x->rule_index != y->rule_index || x->org != y->org || x->generation != y->generation || x->first.transport != y->first.transport)
        return false;
    for (keys_of(b, x, &k, &end); k < end; k++) {
        const struct field *f = field_of(x, k), *g = field_of(y, k);
        if (!f != !g || (f && (!str_eq(f->value, g->value) || (f->flags ^ g->flags) & FIELD_NULL)))
            return false;
    }
    return true;
}

/* Index of the like one, or of the slot (in *slot) where a new one goes. A full one (its times) is no like one. */
static size_t find(const struct batcher *b, const struct sighting *s, uint64_t hash, size_t *slot) {
    for (*slot = hash % SLOTS; b->slots[*slot]; *slot = (*slot + 1) % SLOTS) {
        size_t i = b->slots[*slot] - 1u;
        if (b->grown[i].hash == hash && b->v[i].ntimes + s->ntimes <= SIGHTING_TIMES_MAX && same(b, &b->v[i], s))
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

static bool merge(struct batcher *b, size_t i, const struct sighting *s, uint32_t nr) {
    struct sighting *to = &b->v[i];
    struct grown *g = &b->grown[i];

    if (!times_room(b, g, to->ntimes, to->ntimes + s->ntimes) || !last_set(b, to, g, &s->last))
        return false;
    to->last.nr = nr;
    times_append(to, g, s);
    return true;
}

/* A copy that came out absent although the original was not: the arena is full. */
static struct str copy(struct batcher *b, struct str s, bool *ok) {
    struct str c = arena_str(&b->arena, s);

    *ok &= str_absent(s) == str_absent(c);
    return c;
}

static bool insert(struct batcher *b, const struct sighting *s, uint64_t hash, size_t slot, uint32_t nr) {
    struct sighting *to = &b->v[b->n];
    struct grown *g = &b->grown[b->n];
    bool ok = true;

    *to = *s;
    *g = (struct grown){.hash = hash};
    to->ntimes = 0;
    to->total = 0;
    to->first.nr = nr;
    to->first.raw = copy(b, s->first.raw, &ok);
    to->first.peer = copy(b, s->first.peer, &ok);
    for (size_t i = 0; i < s->nfields; i++) {
        to->fields[i].name = copy(b, s->fields[i].name, &ok);
        to->fields[i].value = copy(b, s->fields[i].value, &ok);
    }
    if (!ok || !times_room(b, g, 0, s->ntimes))
        return false;
    times_append(to, g, s);
    to->last = to->first;
    if (s->ntimes > 1 && !last_set(b, to, g, &s->last))
        return false;
    to->last.nr = nr;
    b->slots[slot] = (uint16_t)++b->n;
    return true;
}

bool batcher_add(struct batcher *b, const struct sighting *s) {
    uint64_t hash = hash_of(b, s);
    size_t slot, i = find(b, s, hash, &slot);
    uint32_t nr = b->line == LINE_NEW ? b->lines + 1 : b->line == LINE_HERE ? b->lines : 0;
    bool ok = i < BATCH_MAX ? merge(b, i, s, nr) : b->n < BATCH_MAX && insert(b, s, hash, slot, nr);

    if (ok && b->line == LINE_NEW) {
        b->lines = nr;
        b->line = LINE_HERE;
    }
    return ok;
}

void batcher_line(struct batcher *b) {
    b->line = LINE_NEW;
}

uint32_t batcher_lines(const struct batcher *b) {
    return b->lines;
}

bool batcher_enough(const struct batcher *b) {
    return b->n >= BATCH_MAX || b->arena.used >= BATCH_ENOUGH;
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
