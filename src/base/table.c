/* SPDX-License-Identifier: ISC
 *
 * table.c - a bounded hash table from bytes to fixed-size values
 *
 * Keeps   slots (open addressing, linear probing, at most half full) that name entries; entries in an array that doubles up to
 *         `limit`, on a list from the one seen last to the one unseen longest; values in an array of their own beside it.
 */
#include "base/table.h"

#include <stdlib.h>
#include <string.h>

#define NOWHERE UINT32_MAX
#define VALUE_ALIGN 16

struct entry {
    uint64_t hash;
    char *key;
    size_t key_n;
    uint32_t newer, older; /* on the list by age; a free entry uses older for the next free one */
};

struct table {
    size_t limit, value_size;
    table_drop_fn drop;
    void *ctx;
    struct entry *entries;
    unsigned char *values;
    uint32_t *slots;
    uint32_t slot_count, room, used; /* used: entries ever taken of `room` */
    uint32_t free, newest, oldest;
    size_t count;
    uint64_t evicted;
};

struct table *table_new(size_t limit, size_t value_size, table_drop_fn drop, void *ctx) {
    struct table *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->limit = limit == 0 ? 1 : limit < UINT32_MAX / 4 ? limit : UINT32_MAX / 4;
    t->value_size = (value_size + VALUE_ALIGN - 1) / VALUE_ALIGN * VALUE_ALIGN;
    t->drop = drop;
    t->ctx = ctx;
    t->free = t->newest = t->oldest = NOWHERE;
    return t;
}

static struct str key_of(const struct entry *e) {
    return (struct str){e->key, e->key_n};
}

static void *value_of(const struct table *t, uint32_t i) {
    return t->values + (size_t)i * t->value_size;
}

void table_free(struct table *t) {
    if (!t)
        return;
    for (uint32_t i = t->newest; i != NOWHERE; i = t->entries[i].older) {
        if (t->drop)
            t->drop(t->ctx, key_of(&t->entries[i]), value_of(t, i));
        free(t->entries[i].key);
    }
    free(t->entries);
    free(t->values);
    free(t->slots);
    free(t);
}

/* --- the list by age */

static void list_remove(struct table *t, uint32_t i) {
    struct entry *e = &t->entries[i];

    *(e->newer == NOWHERE ? &t->newest : &t->entries[e->newer].older) = e->older;
    *(e->older == NOWHERE ? &t->oldest : &t->entries[e->older].newer) = e->newer;
}

static void list_front(struct table *t, uint32_t i) {
    struct entry *e = &t->entries[i];

    e->newer = NOWHERE;
    e->older = t->newest;
    *(t->newest == NOWHERE ? &t->oldest : &t->entries[t->newest].newer) = i;
    t->newest = i;
}

/* --- the slots */

static uint32_t home(const struct table *t, uint64_t hash) {
    return (uint32_t)hash & (t->slot_count - 1);
}

/* The slot that names the key, or the empty one where it would go. */
static uint32_t slot_find(const struct table *t, struct str key, uint64_t hash) {
    uint32_t s = home(t, hash);

    for (; t->slots[s] != NOWHERE; s = (s + 1) & (t->slot_count - 1)) {
        const struct entry *e = &t->entries[t->slots[s]];
        if (e->hash == hash && str_eq(key_of(e), key))
            break;
    }
    return s;
}

/* Empties a slot and moves back those behind it that may no longer be found across the gap. */
static void slot_clear(struct table *t, uint32_t gap) {
    uint32_t mask = t->slot_count - 1;

    for (uint32_t s = (gap + 1) & mask; t->slots[s] != NOWHERE; s = (s + 1) & mask) {
        uint32_t from_home = (s - home(t, t->entries[t->slots[s]].hash)) & mask;
        if (from_home >= ((s - gap) & mask)) {
            t->slots[gap] = t->slots[s];
            gap = s;
        }
    }
    t->slots[gap] = NOWHERE;
}

static bool grow(struct table *t) {
    uint32_t room = t->room ? t->room * 2 : 8;
    if (room > t->limit)
        room = (uint32_t)t->limit;
    uint32_t slot_count = 16;
    while (slot_count < room * 2)
        slot_count *= 2;

    struct entry *entries = realloc(t->entries, room * sizeof *entries);
    if (!entries)
        return false;
    t->entries = entries;
    unsigned char *values = realloc(t->values, t->value_size ? room * t->value_size : 1);
    if (!values)
        return false;
    t->values = values;
    uint32_t *slots = malloc(slot_count * sizeof *slots);
    if (!slots)
        return false;
    memset(slots, 0xff, slot_count * sizeof *slots); /* NOWHERE */
    free(t->slots);
    t->slots = slots;
    t->slot_count = slot_count;
    t->room = room;
    for (uint32_t i = t->newest; i != NOWHERE; i = t->entries[i].older)
        t->slots[slot_find(t, key_of(&t->entries[i]), t->entries[i].hash)] = i;
    return true;
}

static void entry_remove(struct table *t, uint32_t slot) {
    uint32_t i = t->slots[slot];

    if (t->drop)
        t->drop(t->ctx, key_of(&t->entries[i]), value_of(t, i));
    slot_clear(t, slot);
    list_remove(t, i);
    free(t->entries[i].key);
    t->entries[i].older = t->free;
    t->free = i;
    t->count--;
}

void *table_find(struct table *t, struct str key) {
    if (t->count == 0)
        return NULL;
    uint32_t i = t->slots[slot_find(t, key, str_hash(key))];
    if (i == NOWHERE)
        return NULL;
    if (t->newest != i) {
        list_remove(t, i);
        list_front(t, i);
    }
    return value_of(t, i);
}

static uint32_t entry_take(struct table *t) {
    uint32_t i = t->free;

    if (i == NOWHERE)
        return t->used++;
    t->free = t->entries[i].older;
    return i;
}

void *table_get(struct table *t, struct str key, bool *fresh) {
    void *found = table_find(t, key);

    if (fresh)
        *fresh = !found;
    if (found)
        return found;
    char *copy = str_dup(key);
    if (!copy || (t->count == t->room && t->room < t->limit && !grow(t))) {
        free(copy);
        return NULL;
    }
    if (t->count == t->limit) {
        const struct entry *old = &t->entries[t->oldest];
        entry_remove(t, slot_find(t, key_of(old), old->hash));
        t->evicted++;
    }
    uint32_t i = entry_take(t);
    uint64_t hash = str_hash(key);
    t->entries[i] = (struct entry){.hash = hash, .key = copy, .key_n = key.n};
    t->slots[slot_find(t, key, hash)] = i;
    list_front(t, i);
    t->count++;
    return t->value_size ? memset(value_of(t, i), 0, t->value_size) : value_of(t, i);
}

bool table_remove(struct table *t, struct str key) {
    if (t->count == 0)
        return false;
    uint32_t slot = slot_find(t, key, str_hash(key));
    if (t->slots[slot] == NOWHERE)
        return false;
    entry_remove(t, slot);
    return true;
}

size_t table_count(const struct table *t) {
    return t->count;
}

uint64_t table_evicted(const struct table *t) {
    return t->evicted;
}

void table_each(struct table *t, void (*fn)(void *ctx, struct str key, void *value), void *ctx) {
    for (uint32_t i = t->newest; i != NOWHERE; i = t->entries[i].older)
        fn(ctx, key_of(&t->entries[i]), value_of(t, i));
}
