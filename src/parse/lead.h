/* SPDX-License-Identifier: ISC
 *
 * lead.h - which of many things may match at a place of a text, by the literals they begin with; inside the room only
 *
 * A trie over the leading literals of the patterns of a file, or of the branches of a choice. Walking it costs a step a byte, and
 * ends where only one is left: the rest is for the match itself.
 */
#ifndef TOCSIN_PARSE_LEAD_H
#define TOCSIN_PARSE_LEAD_H

#include "base/arena.h"

struct pattern;
struct lead;
struct lead_item {
    const struct pattern *p;
    uint16_t op; /* where it begins */
};

/* In the arena; NULL without memory. At most 65535 items. */
struct lead *lead_new(const struct lead_item *items, size_t n, struct arena *a);
/* What a match from ops[op] on may begin with: calls each with every beginning (in lower case), false when one is empty or there are
 * more than `most`. */
bool lead_beginnings(const struct lead_item *item, int most, void (*each)(void *ctx, struct str beginning), void *ctx);
/* Marks the items that are left together with at least `most` others somewhere, not counting those that may begin with anything. */
void lead_crowds(const struct lead *l, size_t most, uint8_t *mark);
/* The numbers of those that may match at s, in their order: an item that is not among them does not. */
const uint16_t *lead_at(const struct lead *l, struct str s, size_t *n);

#endif
