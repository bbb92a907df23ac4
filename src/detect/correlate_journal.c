/* SPDX-License-Identifier: ISC
 *
 * correlate_journal.c - what the record keeps of the groups: a picture of all of them, and what happened since
 *
 * Takes   sightings and closes as they come; pieces from the record, which are believed no more than bytes from the network.
 * Gives   pieces of a journal and of a picture; the same groups from them.
 * Keeps   the piece being written. A sighting costs some thirty bytes of it, whatever number of windows it touches, and however full they are:
 *         writing each group that changed cost more than everything else together.
 *
 * A picture shows all groups at one moment although it is taken over many commits: whoever changes before his turn is taken first, as he
 * was. Each piece can be read alone: it names the rules and organisations that it speaks of.
 */
#include "detect/correlate_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"

#define PIECE_MAX ((size_t)24 << 20)
#define PIECE_ENOUGH ((size_t)2 << 20) /* of a picture: the next step goes on from there */

enum { P_RULE = 'r', P_ORG = 'o', P_SEED = 's', P_NOW = 't', P_SIGHTING = 'S', P_GROUP = 'G' };

static bool writing_init(struct writing *w, size_t names) {
    buf_init(&w->b, PIECE_MAX);
    w->named = calloc(names + 1, sizeof *w->named);
    w->piece = 1;
    return w->named != NULL;
}

bool journal_init(struct correlator *c) {
    buf_init(&c->piece, PIECE_MAX);
    return writing_init(&c->ops, c->rs->n + UINT16_MAX + 1) && writing_init(&c->picture, c->rs->n + UINT16_MAX + 1);
}

void journal_fini(struct correlator *c) {
    buf_fini(&c->ops.b);
    buf_fini(&c->picture.b);
    buf_fini(&c->piece);
    free(c->ops.named);
    free(c->picture.named);
    free(c->blind);
}

/* What was named stays named only when it stands before the cut; naming twice does no harm. */
static void cut(struct writing *w, size_t n) {
    w->b.n = n < w->b.n ? n : w->b.n;
    w->b.over = false;
    w->piece++;
    w->seeded = false;
    w->now = INT64_MIN;
}

/* ---- writing */

static void put_str(struct buf *b, struct str s) {
    pack_varint(b, s.n);
    buf_str(b, s);
}

static struct str org_name(const struct correlator *c, uint16_t org, char number[8]) {
    if (org < c->norgs)
        return c->orgs[org];
    snprintf(number, 8, "#%u", org);
    return str_of(number);
}

static void name(const struct correlator *c, struct writing *w, uint32_t rule, uint16_t org) {
    char number[8];
    uint32_t *r = &w->named[rule], *o = &w->named[c->rs->n + org];
    if (!w->seeded) { /* hashes of values mean something only with the seed they were made with */
        pack_u8(&w->b, P_SEED);
        pack_u64(&w->b, c->seed[0]);
        pack_u64(&w->b, c->seed[1]);
        w->seeded = true;
    }
    if (*r != w->piece) {
        pack_u8(&w->b, P_RULE);
        pack_varint(&w->b, rule);
        put_str(&w->b, c->rs->rules[rule].info.id);
        *r = w->piece;
    }
    if (*o != w->piece) {
        pack_u8(&w->b, P_ORG);
        pack_varint(&w->b, org);
        put_str(&w->b, org_name(c, org, number));
        *o = w->piece;
    }
}

static void say_now(struct writing *w, int64_t now) {
    if (now == w->now)
        return;
    pack_u8(&w->b, P_NOW);
    pack_i64(&w->b, now);
    w->now = w->t = now;
}

void journal_op(struct correlator *c, enum journal_op op, int64_t now) {
    if (!c->ops.on)
        return;
    say_now(&c->ops, now);
    pack_u8(&c->ops.b, (uint8_t)op);
}

/* Only what correlations look at. */
static void put_fields(const struct rule_info *info, const struct sighting *s, struct buf *b) {
    uint32_t take = 0;
    for (size_t i = 0; i < s->nfields; i++)
        for (size_t k = 0; k < info->nkeyed && !(take >> i & 1); k++)
            take |= s->fields[i].id == info->keyed_ids[k] ? 1u << i : 0;
    pack_varint(b, (uint64_t)__builtin_popcount(take));
    for (size_t i = 0; i < s->nfields && take >> i; i++) {
        const struct field *f = &s->fields[i];
        if (!(take >> i & 1))
            continue;
        bool named = !str_absent(f->name) && !(f->id != F_OTHER && str_is(f->name, field_name((enum field_id)f->id)));
        pack_varint(b, (uint64_t)f->id << 1 | named);
        if (named)
            put_str(b, f->name);
        pack_varint(b, f->flags);
        put_str(b, str_absent(f->value) ? STR("") : f->value);
    }
}

static void put_times(struct writing *w, const struct sighting *s) {
    pack_varint(&w->b, (uint64_t)s->ntimes << 1 | (s->weights != NULL));
    for (uint32_t i = 0; i < s->ntimes; i++) {
        pack_svarint(&w->b, (int64_t)((uint64_t)s->times[i] - (uint64_t)w->t));
        w->t = s->times[i];
    }
    for (uint32_t i = 0; s->weights && i < s->ntimes; i++)
        pack_varint(&w->b, s->weights[i]);
}

void journal_sighting(struct correlator *c, const struct sighting *s, int64_t now) {
    struct writing *w = &c->ops;
    if (!w->on)
        return;
    say_now(w, now);
    name(c, w, s->rule_index, s->org);
    pack_u8(&w->b, P_SIGHTING);
    pack_varint(&w->b, s->rule_index);
    pack_varint(&w->b, s->org);
    put_fields(&c->rs->rules[s->rule_index].info, s, &w->b);
    put_times(w, s);
}

void correlator_journal(struct correlator *c, bool on) {
    cut(&c->ops, 0);
    c->ops.on = on;
}

struct str correlator_ops(const struct correlator *c) {
    return c->ops.b.over ? STR_NONE : c->ops.b.n ? buf_view(&c->ops.b) : STR("");
}

void correlator_ops_cut(struct correlator *c, size_t n) {
    cut(&c->ops, n);
}

/* ---- groups */

static void put_group(void *ctx, const struct group *g) {
    struct correlator *c = ctx;
    struct writing *w = &c->picture;
    buf_reset(&c->state);
    if (!group_pack(g, &c->rs->rules[g->rule], &c->state))
        return; /* larger than any group may be */
    name(c, w, g->rule, g->org);
    pack_u8(&w->b, P_GROUP);
    pack_varint(&w->b, g->rule);
    pack_varint(&w->b, g->org);
    put_str(&w->b, str_n(g->key, g->key_n));
    put_str(&w->b, buf_view(&c->state));
}

void correlator_picture(struct correlator *c) {
    cut(&c->picture, 0);
    groups_picture(&c->groups, put_group, c);
}

/* Who changes before the next call is taken into another piece. */
struct str correlator_picture_step(struct correlator *c, size_t max, bool *done) {
    struct writing *w = &c->picture;
    for (; max && c->groups.picture.left && w->b.n < PIECE_ENOUGH; max--)
        groups_take(&c->groups, 1);
    *done = c->groups.picture.left == 0;
    struct buf piece = w->b;
    w->b = c->piece;
    c->piece = piece;
    cut(w, 0);
    return piece.over ? STR_NONE : piece.n ? buf_view(&c->piece) : STR("");
}

void correlator_save(struct correlator *c, corr_save_fn save, void *ctx) {
    char bytes[GROUP_KEY_MAX + 300], number[8];
    for (const struct group *g = c->groups.oldest; g; g = g->newer) {
        const struct rule *r = &c->rs->rules[g->rule];
        struct buf key = {.p = bytes, .cap = sizeof bytes, .max = sizeof bytes - 1};
        pack_str(&key, org_name(c, g->org, number));
        buf_add(&key, g->key, g->key_n);
        buf_reset(&c->state);
        if (r->corr->type == CORR_VALUE_COUNT) {
            pack_u64(&c->state, c->seed[0]);
            pack_u64(&c->state, c->seed[1]);
        }
        if (group_pack(g, r, &c->state) && !key.over)
            save(ctx, r->info.id, buf_view(&key), buf_view(&c->state));
    }
}

/* ---- which correlations the journal was written under. One that is new, or asks for something else now, does not see it: it would fire
 * unseen, and be silent about what it should have told. */

static void shape(const struct correlator *c, uint32_t rule, char hex[17]) {
    const struct corr *k = c->rs->rules[rule].corr;
    uint8_t digest[SHA256_SIZE];
    struct buf b;
    buf_init(&b, 1 << 20);
    pack_str(&b, c->rs->rules[rule].info.id);
    pack_u8(&b, (uint8_t)k->type);
    pack_i64(&b, k->timespan);
    for (size_t i = 0; i < k->nbounds; i++) {
        pack_u8(&b, (uint8_t)k->bounds[i].op);
        buf_add(&b, &k->bounds[i].v, sizeof k->bounds[i].v);
    }
    buf_add(&b, k->expr, k->nexpr);
    for (size_t i = 0; i < k->nrefs; i++)
        pack_str(&b, c->rs->rules[k->refs[i]].info.id);
    for (size_t i = 0; i < k->nby; i++)
        pack_str(&b, k->by[i].name);
    for (size_t i = 0; i < k->nfields; i++)
        pack_str(&b, k->fields[i].name);
    sha256_of(buf_view(&b), digest);
    hex_of(digest, 8, hex);
    buf_fini(&b);
}

void correlator_shapes(const struct correlator *c, struct buf *out) {
    char hex[17];
    for (uint32_t i = 0; i < c->rs->n; i++) {
        if (!c->rs->rules[i].corr)
            continue;
        shape(c, i, hex);
        buf_text(out, hex);
    }
}

bool correlator_replay_for(struct correlator *c, struct str shapes) {
    char hex[17];
    c->blind = calloc(c->rs->n + 1, 1);
    for (uint32_t i = 0; c->blind && i < c->rs->n; i++) {
        if (!c->rs->rules[i].corr)
            continue;
        shape(c, i, hex);
        c->blind[i] = true;
        for (size_t at = 0; at + 16 <= shapes.n && c->blind[i]; at += 16)
            c->blind[i] = memcmp(shapes.p + at, hex, 16) != 0;
    }
    return c->blind != NULL;
}

void correlator_replay_end(struct correlator *c) {
    free(c->blind);
    c->blind = NULL;
}

/* ---- reading: the organisation by name, so that another order of the roster does not mix them up */

static bool org_of(const struct correlator *c, struct str org, uint16_t *out) {
    uint64_t n;
    for (size_t i = 0; i < c->norgs; i++)
        if (str_eq(c->orgs[i], org)) {
            *out = (uint16_t)i;
            return true;
        }
    if (org.n < 2 || org.p[0] != '#' || !str_u64(str_sub(org, 1, org.n), UINT16_MAX, &n) || n < c->norgs)
        return false;
    *out = (uint16_t)n;
    return true;
}

/* All that is saved was made with one seed. */
static bool same_seed(struct correlator *c, uint64_t a, uint64_t b) {
    if (!c->seeded) {
        c->seed[0] = a;
        c->seed[1] = b;
    }
    return c->seed[0] == a && c->seed[1] == b;
}

static bool key_sane(const struct corr *c, struct str key) {
    struct unpack u;
    unpack_init(&u, key);
    for (size_t i = 0; i < c->nby; i++)
        corr_unpack_value(&u);
    return unpack_done(&u);
}

static bool restore(struct correlator *c, uint32_t rule, uint16_t org, struct str key, struct str state) {
    const struct rule *r = &c->rs->rules[rule];
    if (!r->corr || !key_sane(r->corr, key) || key.n > UINT16_MAX)
        return false;
    struct group *g = groups_find(&c->groups, rule, org, key);
    if (g)
        groups_drop(&c->groups, g);
    g = groups_get(&c->groups, rule, org, key);
    size_t bytes = g ? group_bytes(g) : 0;
    if (!g)
        return false;
    bool ok = group_unpack(g, r, state);
    groups_touched(&c->groups, g, bytes);
    if (!ok)
        groups_drop(&c->groups, g);
    c->seeded = c->seeded || (ok && r->corr->type == CORR_VALUE_COUNT);
    return ok;
}

bool correlator_restore(struct correlator *c, struct str rule_id, struct str key, struct str state) {
    struct unpack u;
    uint16_t org;
    long rule = ruleset_find(c->rs, rule_id);
    unpack_init(&u, key);
    struct str slug = unpack_str(&u, 256);
    if (rule < 0 || !c->rs->rules[rule].corr || u.bad || !org_of(c, slug, &org))
        return false;
    key = str_n(u.p, (size_t)(u.end - u.p));
    if (c->rs->rules[rule].corr->type == CORR_VALUE_COUNT) {
        unpack_init(&u, state);
        uint64_t a = unpack_u64(&u), b = unpack_u64(&u);
        if (u.bad || !same_seed(c, a, b))
            return false;
        state = str_sub(state, 16, state.n);
    }
    return restore(c, (uint32_t)rule, org, key, state);
}

struct reading {
    struct correlator *c;
    struct unpack u;
    int32_t *rules, *orgs; /* number in the piece -> index here, from 1; 0 = never named, -1 = gone */
    bool other_seed;
    int64_t now, t;
    uint64_t lost;
};

#define RULES_MAX 65536

static struct str get_str(struct unpack *u) {
    uint64_t n = unpack_varint(u);
    if (u->bad || n > (size_t)(u->end - u->p)) {
        u->bad = true;
        return STR("");
    }
    struct str s = str_n(u->p, (size_t)n);
    u->p += n;
    return s;
}

static void get_names(struct reading *r, uint8_t what) {
    uint64_t n = unpack_varint(&r->u);
    struct str word = get_str(&r->u);
    uint16_t org;
    if (n >= RULES_MAX)
        r->u.bad = true;
    if (r->u.bad)
        return;
    long rule = ruleset_find(r->c->rs, word);
    if (what == P_RULE)
        r->rules[n] = rule < 0 ? -1 : (int32_t)rule + 1;
    else
        r->orgs[n] = org_of(r->c, word, &org) ? org + 1 : -1;
}

/* Which rule and organisation the next entry is about: false when they are gone, or were never there (bad). */
static bool get_whose(struct reading *r, uint32_t *rule, uint16_t *org) {
    uint64_t a = unpack_varint(&r->u), b = unpack_varint(&r->u);
    if (r->u.bad || a >= RULES_MAX || b >= RULES_MAX || !r->rules[a] || !r->orgs[b]) {
        r->u.bad = true;
        return false;
    }
    *rule = (uint32_t)r->rules[a] - 1;
    *org = (uint16_t)(r->orgs[b] - 1);
    return r->rules[a] > 0 && r->orgs[b] > 0;
}

static void get_group(struct reading *r) {
    uint32_t rule = 0;
    uint16_t org = 0;
    bool here = get_whose(r, &rule, &org);
    struct str key = get_str(&r->u), state = get_str(&r->u);
    if (r->u.bad)
        return;
    bool hashed = here && r->c->rs->rules[rule].corr && r->c->rs->rules[rule].corr->type == CORR_VALUE_COUNT;
    r->lost += !here || (hashed && r->other_seed) || !restore(r->c, rule, org, key, state);
}

static void get_fields(struct unpack *u, struct sighting *s) {
    uint64_t n = unpack_varint(u);
    if (n > SIGHTING_FIELDS_MAX)
        u->bad = true;
    for (uint64_t i = 0; i < n && !u->bad; i++) {
        uint64_t id = unpack_varint(u);
        struct field *f = &s->fields[s->nfields++];
        *f = (struct field){.name = id & 1 ? get_str(u) : STR_NONE};
        f->flags = (uint16_t)unpack_varint(u);
        f->value = get_str(u);
        if (id >> 1 >= F__COUNT)
            u->bad = true;
        else
            f->id = (uint16_t)(id >> 1);
    }
}

static void get_sighting(struct reading *r) {
    int64_t times[SIGHTING_TIMES_MAX];
    uint32_t weights[SIGHTING_TIMES_MAX];
    struct sighting s;
    s.rule_index = 0;
    s.org = 0;
    s.nfields = 0;
    bool here = get_whose(r, &s.rule_index, &s.org);
    get_fields(&r->u, &s);
    uint64_t n = unpack_varint(&r->u);
    if (r->u.bad || n >> 1 > SIGHTING_TIMES_MAX) {
        r->u.bad = true;
        return;
    }
    s.ntimes = (uint32_t)(n >> 1);
    s.times = times;
    s.weights = n & 1 ? weights : NULL;
    for (uint32_t i = 0; i < s.ntimes; i++)
        times[i] = r->t = (int64_t)((uint64_t)r->t + (uint64_t)unpack_svarint(&r->u));
    for (uint32_t i = 0; s.weights && i < s.ntimes; i++)
        weights[i] = (uint32_t)unpack_varint(&r->u);
    if (!r->u.bad && here)
        correlate(r->c, &s, r->now, NULL, NULL);
    r->lost += !here;
}

static void get_seed(struct reading *r) {
    uint64_t a = unpack_u64(&r->u), b = unpack_u64(&r->u);
    r->other_seed = r->u.bad || !same_seed(r->c, a, b);
    r->c->seeded = r->c->seeded || !r->other_seed;
}

static void get_one(struct reading *r) {
    uint8_t what = unpack_u8(&r->u);
    switch (what) {
    case P_RULE:
    case P_ORG:
        get_names(r, what);
        break;
    case P_SEED:
        get_seed(r);
        break;
    case P_NOW:
        r->now = r->t = unpack_i64(&r->u);
        break;
    case P_SIGHTING:
        get_sighting(r);
        break;
    case P_GROUP:
        get_group(r);
        break;
    case JOURNAL_CLOSE:
        correlator_close(r->c, r->now, NULL, NULL);
        break;
    case JOURNAL_EXPECT:
        r->c->expected = false;
        correlator_expect(r->c, r->now);
        break;
    case JOURNAL_RESUME:
        correlator_resume(r->c, r->now);
        break;
    default:
        r->u.bad = true;
    }
}

bool correlator_replay(struct correlator *c, struct str piece) {
    struct reading r = {.c = c, .rules = calloc(RULES_MAX, sizeof *r.rules), .orgs = calloc(RULES_MAX, sizeof *r.orgs), };
    bool on = c->ops.on, expected = c->expected, memory = r.rules && r.orgs;
    struct corr_stats stats = c->stats;
    c->ops.on = false; /* it stands in the record */
    unpack_init(&r.u, piece);
    while (memory && r.u.p < r.u.end && !r.u.bad)
        get_one(&r);
    c->ops.on = on;
    c->stats = stats;
    c->expected = expected; /* what is listed is watched anew in this life */
    free(r.rules);
    free(r.orgs);
    return memory && !r.u.bad && r.lost == 0;
}

void correlator_ops_carry(struct correlator *c, struct str ops) {
    if (!ops.n)
        return;
    correlator_replay(c, ops);
    buf_str(&c->ops.b, ops);
}
