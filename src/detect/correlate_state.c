/* SPDX-License-Identifier: ISC
 *
 * correlate_state.c - one group to bytes and back, for the record
 *
 * Takes   a group, or bytes from the record, which are believed no more than bytes from the network.
 * Gives   everything that decides: the stamps, what fired, when its window closes.
 * Keeps   nothing. What can be reckoned from the stamps is reckoned again.
 */
#include "detect/correlate_group.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/pack.h"

#define VERSION 2
#define FLAG_ALARM 1
#define FLAG_WIDE 2
#define FLAG_DUE 4
#define STAMPS_MAX 2000000

static bool with_values(const struct corr *c) {
    return c->nfields > 0;
}

static void pack_stamps(const struct group *g, const struct corr *c, struct buf *b) {
    int64_t before = 0;
    pack_varint(b, g->win.n);
    for (uint32_t i = 0; i < g->win.n; i++) {
        struct stamp s = window_at(&g->win, i);
        pack_svarint(b, s.t - before);
        before = s.t;
        if (!g->win.is_wide)
            continue;
        pack_varint(b, s.weight);
        pack_varint(b, s.ref);
        if (with_values(c))
            pack_u64(b, s.value);
    }
}

bool group_pack(const struct group *g, const struct rule *r, struct buf *b) {
    bool due = group_due(g) != NEVER || (g->more && r->corr->silence);
    pack_u8(b, VERSION);
    pack_u8(b, (uint8_t)((g->alarm ? FLAG_ALARM : 0) | (g->win.is_wide ? FLAG_WIDE : 0) | (due ? FLAG_DUE : 0)));
    if (g->alarm) {
        pack_svarint(b, g->alarm->first);
        pack_svarint(b, g->alarm->last);
        pack_svarint(b, g->alarm->until);
    }
    if (due) {
        pack_i64(b, g->more->due);
        pack_svarint(b, g->more->from);
        pack_svarint(b, g->more->lag);
    }
    pack_stamps(g, r->corr, b);
    return !b->over;
}

static bool unpack_alarm(struct group *g, struct unpack *u) {
    g->alarm = calloc(1, sizeof *g->alarm);
    if (!g->alarm)
        return false;
    g->alarm->first = unpack_svarint(u);
    g->alarm->last = unpack_svarint(u);
    g->alarm->until = unpack_svarint(u);
    return group_time_sane(g->alarm->first) && group_time_sane(g->alarm->last) && group_time_sane(g->alarm->until);
}

static bool unpack_due(struct group *g, const struct rule *r, struct unpack *u) {
    int64_t due = unpack_i64(u), from = unpack_svarint(u), lag = unpack_svarint(u);
    if (!r->corr->closes || (due != NEVER && !group_time_sane(due)) || !group_time_sane(from) || lag < 0 || !group_time_sane(lag))
        return false;
    g->more->due = due;
    g->more->from = from;
    g->more->lag = lag;
    return true;
}

static bool number_sane(uint64_t bits) {
    double v;
    memcpy(&v, &bits, sizeof v);
    return fabs(v) <= CORR_NUMBER_MAX;
}

static bool unpack_stamps(struct group *g, const struct rule *r, bool wide, struct unpack *u) {
    const struct corr *c = r->corr;
    uint64_t n = unpack_varint(u);
    int64_t t = 0;
    if (n > STAMPS_MAX)
        return false;
    for (uint64_t i = 0; i < n && !u->bad; i++) {
        int64_t delta = unpack_svarint(u);
        uint64_t weight = wide ? unpack_varint(u) : 1, ref = wide ? unpack_varint(u) : 0;
        uint64_t value = wide && with_values(c) ? unpack_u64(u) : 0;
        struct fired ignored = {0};
        if (with_values(c) && c->type != CORR_VALUE_COUNT && !number_sane(value))
            return false;
        if (u->bad || !group_time_sane(delta) || !group_time_sane(t + delta) || (i && delta < 0) || weight > UINT32_MAX || ref >= c->nrefs)
            return false;
        t += delta;
        const struct seen s = {t, (uint32_t)weight, (uint32_t)ref, value, weight == 0};
        if (group_put(g, r, &s, &ignored) < 0)
            return false;
    }
    return !u->bad;
}

bool group_unpack(struct group *g, const struct rule *r, struct str state) {
    struct unpack u;
    unpack_init(&u, state);
    if (state.n > STATE_MAX || unpack_u8(&u) != VERSION)
        return false;
    uint8_t flags = unpack_u8(&u);
    if (flags > (FLAG_ALARM | FLAG_WIDE | FLAG_DUE) || ((flags & FLAG_ALARM) && !unpack_alarm(g, &u)) ||
        ((flags & FLAG_DUE) && !unpack_due(g, r, &u)) || !unpack_stamps(g, r, flags & FLAG_WIDE, &u) || !unpack_done(&u))
        return false;
    group_rebuild(g, r);
    return true;
}
