/* SPDX-License-Identifier: ISC
 *
 * desk_pending.c - lines aside: sighted, but of no event until a correlation fires
 *
 * Takes   sightings of rules that make no event by themselves; correlations that fired.
 * Gives   what of a line is kept for the correlation that may claim it; its lines as samples of its event.
 * Keeps   at most PENDING_MAX lines, and at most PENDING_A_SECOND more a second: a flood of sources that never make anything fire is counted,
 *         in windows and in the account, and not written down line by line.
 */
#include "desk/desk_int.h"

#include "base/pack.h"

#define PENDING_MAX 200000
#define PENDING_A_SECOND 5000
#define PENDING_BURST 20000
#define PENDING_STEP 256 /* rows deleted at a time */

/* name and value of each field, for the correlation that may claim this line later */
void pending_pack(const struct sighting *s, struct buf *b) {
    for (size_t i = 0; i < s->nfields; i++) {
        const char *own = field_name((enum field_id)s->fields[i].id);
        pack_str(b, own ? str_of(own) : s->fields[i].name);
        pack_str(b, s->fields[i].value);
    }
}

struct str pending_value(struct str packed, enum field_id id) {
    struct str name = str_of(field_name(id));
    struct unpack u;
    unpack_init(&u, packed);
    while (u.p < u.end && !u.bad) {
        struct str n = unpack_str(&u, SIZE_MAX), v = unpack_str(&u, SIZE_MAX);
        if (!u.bad && str_eq(n, name))
            return v;
    }
    return STR_NONE;
}

static bool has_pair(struct str packed, struct str name, struct str value) {
    struct unpack u;
    unpack_init(&u, packed);
    while (u.p < u.end && !u.bad) {
        struct str n = unpack_str(&u, SIZE_MAX), v = unpack_str(&u, SIZE_MAX);
        if (!u.bad && str_eqi(n, name) && str_eq(v, value))
            return true;
    }
    return false;
}

/* Does the base rule with this id feed the correlation? By way of other correlations too, at most four deep. */
static bool feeds(const struct ruleset *rs, uint32_t corr, struct str base, int depth) {
    const uint32_t *refs;
    size_t n = rule_refs(rs, corr, &refs);
    for (size_t i = 0; depth < 4 && i < n; i++)
        if (str_eq(rule_info(rs, refs[i])->id, base) || feeds(rs, refs[i], base, depth + 1))
            return true;
    return false;
}

/* The names by which any of the referenced rules spells a group field. */
static bool in_group(const struct ruleset *rs, const struct alert *al, struct str packed) {
    for (size_t g = 0; g < al->ngroup; g++) {
        const char *own = field_name((enum field_id)al->group[g].id);
        bool found = has_pair(packed, own ? str_of(own) : al->group[g].name, al->group[g].value);
        struct str name = STR("");
        for (size_t r = 0; !found && !str_absent(name = rule_group(rs, al->rule, g, r)); r++)
            found = has_pair(packed, name, al->group[g].value);
        if (!found)
            return false;
    }
    return true;
}

static const struct index { /* finds the lines of a group among those of a flood */
    enum field_id id;
    enum stmt q[2]; /* from the first, from the last */
} indexes[] = {{F_SRC_IP, {Q_RAWS_PENDING_IP, Q_RAWS_PENDING_IP_LAST}}, {F_USER, {Q_RAWS_PENDING_USER, Q_RAWS_PENDING_USER_LAST}}};

/* The first that the group has and no referenced rule calls otherwise; NULL: there is none. */
static const struct index *index_for(const struct ruleset *rs, const struct alert *al, struct str *value) {
    for (size_t i = 0; i < sizeof indexes / sizeof indexes[0]; i++)
        for (size_t g = 0; g < al->ngroup; g++) {
            bool same = al->group[g].id == indexes[i].id;
            struct str name = STR("");
            for (size_t r = 0; same && !str_absent(name = rule_group(rs, al->rule, g, r)); r++)
                same = field_find(name) == indexes[i].id;
            *value = al->group[g].value;
            if (same && !str_absent(*value))
                return &indexes[i];
        }
    return NULL;
}

/* The lines that made a correlation fire become samples of its event: the first of them, and the last. Without an index, a flood of
 * others in between may hide some (PENDING_SCAN); it never changes the count. */
static void claim_from(struct desk *d, const struct alert *al, int64_t event, int64_t org, bool last) {
    int64_t ids[64], keep = d->conf.samples < 64 ? d->conf.samples : 64, n = 0;
    const struct ruleset *rs = d->g.rules;
    struct str value;
    const struct index *x = index_for(rs, al, &value);
    enum stmt q = x ? x->q[last] : last ? Q_RAWS_PENDING_LAST : Q_RAWS_PENDING;
    bool more = x ? query_row(d->store, q, "isiii", org, value, al->first, al->last, (int64_t)PENDING_SCAN)
                  : query_row(d->store, q, "iiii", org, al->first, al->last, (int64_t)PENDING_SCAN);
    for (; more && n < keep; more = query_next(d->store, q))
        if (feeds(rs, al->rule, query_str(d->store, q, 1, NULL), 0) && in_group(rs, al, query_str(d->store, q, 2, NULL)))
            ids[n++] = query_int(d->store, q, 0);
    query_end(d->store, q);
    for (int64_t i = 0; i < n; i++)
        query_do(d->store, Q_RAW_CLAIM, "ii", ids[i], event);
}

void pending_claim(struct desk *d, const struct alert *al, int64_t event, int64_t org) {
    claim_from(d, al, event, org, false);
    claim_from(d, al, event, org, true);
}

bool pending_room(struct desk *d, int64_t now) {
    int64_t since = now - d->aside.at;
    if (since < 0 || since > 10 * US_PER_S)
        since = 10 * US_PER_S;
    int64_t more = since * PENDING_A_SECOND / US_PER_S;
    if (more > 0) {
        d->aside.room = d->aside.room + more < PENDING_BURST ? d->aside.room + more : PENDING_BURST;
        d->aside.at = now;
    }
    if (d->aside.room <= 0) {
        d->n.not_kept++;
        return false;
    }
    d->aside.room--;
    return true;
}

/* The oldest make room. Claims are not counted back: now and then the record is asked. */
void pending_added(struct desk *d, int64_t org) {
    if (d->aside.n++ % PENDING_MAX == 0)
        d->aside.n = query_number(d->store, 0, Q_RAWS_PENDING_COUNT, "i", (int64_t)PENDING_MAX) + 1;
    if (d->aside.n > PENDING_MAX && d->aside.n % PENDING_STEP == 0)
        d->aside.n -= query_changed(d->store, Q_RAWS_PENDING_DROP, "ii", org, (int64_t)(2 * PENDING_STEP));
}
