/* SPDX-License-Identifier: ISC
 *
 * table.h - a bounded hash table from bytes to fixed-size values
 *
 * Open addressing, keyed SipHash (hash flooding finds no purchase). When `limit` entries are held, the entry unseen longest makes
 * room (least recently found or added) and `evicted` counts it.
 */
#ifndef TOCSIN_BASE_TABLE_H
#define TOCSIN_BASE_TABLE_H

#include "base/str.h"

struct table;
/* Called before an entry leaves (evicted, removed, freed), so that the value can give back what it owns. */
typedef void (*table_drop_fn)(void *ctx, struct str key, void *value);

struct table *table_new(size_t limit, size_t value_size, table_drop_fn drop, void *ctx); /* NULL without memory */
void table_free(struct table *t);
void *table_find(struct table *t, struct str key); /* NULL when absent; marks it as seen */
/* Finds or adds (zeroed value). *fresh (may be NULL) says which. NULL only without memory. The pointer holds until the next
 * table_get or table_remove. */
void *table_get(struct table *t, struct str key, bool *fresh);
bool table_remove(struct table *t, struct str key);
size_t table_count(const struct table *t);
uint64_t table_evicted(const struct table *t);
/* Visits every entry in no order; the visitor must not change the table. */
void table_each(struct table *t, void (*fn)(void *ctx, struct str key, void *value), void *ctx);

#endif
