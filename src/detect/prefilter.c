/* SPDX-License-Identifier: ISC
 *
 * prefilter.c - the literals of all rules in one Vectorscan database
 *
 * Takes   the literals that sigma_cond found.
 * Gives   a database, as bytes too: made once by the compile role, loaded by every ingest within milliseconds. The bytes hold the literals and
 *         whose they are, so that whoever loads them need not have found them himself, and the digest of the rules, so that a database never
 *         serves others.
 * Keeps   the database in the rule set; scratch in each matcher.
 */
#include "detect/prefilter.h"

#include <hs/hs.h>
#include <stdlib.h>
#include <string.h>

#include "base/pack.h"
#include "base/table.h"

#define MAGIC 0x74637067u /* "tcpg" */
#define BYTES_MAX ((size_t)256 << 20)

/* For up to 96 literals Vectorscan chooses Teddy, which loses matches in the last bytes of a text when there are a few literals only
 * (5.4.9 with AVX-512: of two literals up to four in a hundred). With this many it chooses FDR, which finds them all and takes as long. What fills
 * up is a literal that no text holds but by malice; it stands for no rule. */
#define LITERALS_LEAST 128
#define FILLER_SIZE 8

struct prefilter {
    const hs_database_t *db;
    size_t nlits;
    hs_scratch_t *scratch;
};

/* --- gathering */

static struct str lowered(struct arena *a, struct str s) {
    char *p = arena_alloc(a, s.n + 1);
    for (size_t i = 0; p && i < s.n; i++)
        p[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i]);
    return str_n(p, p ? s.n : 0);
}

/* Calls fn for every literal of every need, in order. */
static bool each_literal(const struct ruleset *rs, bool (*fn)(void *ctx, uint32_t need, struct str literal), void *ctx) {
    for (size_t i = 0; i < rs->n; i++)
        for (size_t w = 0; w < 2 && rs->rules[i].needs.v[w].known; w++)
            for (size_t j = 0; j < rs->rules[i].needs.v[w].n; j++)
                if (!fn(ctx, (uint32_t)(2 * i + w), rs->rules[i].needs.v[w].v[j]))
                    return false;
    return true;
}

struct numbering {
    struct ruleset *rs;
    struct table *t;
    uint32_t *numbers; /* of the mentions in order */
    size_t n;
};

static bool count_one(void *ctx, uint32_t need, struct str literal) {
    (void)need, (void)literal;
    ++*(size_t *)ctx;
    return true;
}

/* Numbers the distinct literals. */
static bool number_one(void *ctx, uint32_t need, struct str literal) {
    struct numbering *g = ctx;
    struct str lit = lowered(&g->rs->arena, literal);
    bool fresh;
    uint32_t *id = lit.n ? table_get(g->t, lit, &fresh) : NULL;
    (void)need;
    if (id && fresh) {
        *id = (uint32_t)g->rs->nlits;
        g->rs->lits[g->rs->nlits++] = lit;
    }
    g->numbers[g->n++] = id ? *id : 0;
    return id != NULL;
}

static bool list_one(void *ctx, uint32_t need, struct str literal) {
    struct numbering *g = ctx;
    (void)literal;
    g->rs->lit_rules[g->rs->lit_at[g->numbers[g->n++] + 1]++] = need;
    return true;
}

/* As in make_parents: counted, summed, filled. */
static void list_needs(struct numbering *g) {
    uint32_t *at = g->rs->lit_at;
    for (size_t k = 0; k < g->n; k++)
        at[g->numbers[k] + 2]++;
    for (size_t i = 2; i <= g->rs->nlits + 1; i++)
        at[i] += at[i - 1];
    g->n = 0;
    each_literal(g->rs, list_one, g);
}

bool prefilter_literals(struct ruleset *rs) {
    size_t total = 0;
    each_literal(rs, count_one, &total);
    struct numbering g = {rs, table_new(total + 1, sizeof(uint32_t), NULL, NULL), calloc(total + 1, sizeof(uint32_t)), 0};
    rs->lits = arena_alloc(&rs->arena, (total + 1) * sizeof *rs->lits);
    rs->lit_rules = arena_alloc(&rs->arena, (total + 1) * sizeof *rs->lit_rules);
    rs->lit_at = arena_alloc(&rs->arena, (total + 3) * sizeof *rs->lit_at);
    bool ok = g.t && g.numbers && rs->lits && rs->lit_rules && rs->lit_at && each_literal(rs, number_one, &g);
    if (ok)
        list_needs(&g);
    table_free(g.t);
    free(g.numbers);
    return ok;
}

/* --- the database */

struct literals { /* as Vectorscan wants them */
    size_t n;
    const char **v;
    size_t *len;
    unsigned *flags, *ids;
    char fillers[LITERALS_LEAST][FILLER_SIZE];
};

static bool literals_make(struct literals *l, const struct ruleset *rs) {
    l->n = rs->nlits < LITERALS_LEAST ? LITERALS_LEAST : rs->nlits;
    l->v = calloc(l->n, sizeof *l->v);
    l->len = calloc(l->n, sizeof *l->len);
    l->flags = calloc(l->n, sizeof *l->flags);
    l->ids = calloc(l->n, sizeof *l->ids);
    if (!l->v || !l->len || !l->flags || !l->ids)
        return false;
    for (size_t i = 0; i < l->n; i++) {
        bool filler = i >= rs->nlits;
        if (filler)
            memcpy(l->fillers[i], (char[FILLER_SIZE]){1, 2, 3, 4, 5, 6, 7, (char)(0x80 | i)}, FILLER_SIZE);
        l->v[i] = filler ? l->fillers[i] : rs->lits[i].p;
        l->len[i] = filler ? FILLER_SIZE : rs->lits[i].n;
        l->flags[i] = HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH;
        l->ids[i] = (unsigned)i;
    }
    return true;
}

static enum rc compile(struct ruleset *rs, struct err *e) {
    struct literals l = {0};
    hs_compile_error_t *why = NULL;
    enum rc rc = RC_OK;
    if (!literals_make(&l, rs))
        rc = err_set(e, RC_NOMEM, "no memory for the prefilter");
    else if (hs_compile_lit_multi(l.v, l.flags, l.ids, l.len, (unsigned)l.n, HS_MODE_BLOCK, NULL, &rs->db, &why) != HS_SUCCESS)
        rc = err_set(e, RC_CONFIG, "the prefilter cannot be made: %s", why && why->message ? why->message : "unknown reason");
    hs_free_compile_error(why);
    free(l.v);
    free(l.len);
    free(l.flags);
    free(l.ids);
    return rc;
}

static void pack_needs(const struct ruleset *rs, struct buf *b) {
    pack_u32(b, (uint32_t)rs->n);
    for (size_t i = 0; i < rs->n; i++)
        pack_u8(b, (uint8_t)(rs->rules[i].needs.v[0].known | rs->rules[i].needs.v[1].known << 1));
    pack_u32(b, (uint32_t)rs->nlits);
    for (size_t i = 0; i < rs->nlits; i++)
        pack_str(b, rs->lits[i]);
    for (size_t i = 0; i <= rs->nlits; i++)
        pack_u32(b, rs->lit_at[i]);
    for (size_t i = 0; i < rs->lit_at[rs->nlits]; i++)
        pack_u32(b, rs->lit_rules[i]);
}

enum rc ruleset_prefilter_make(struct ruleset *rs, struct buf *serialized, struct err *e) {
    char *bytes = NULL;
    size_t n = 0;
    hs_free_database(rs->db);
    rs->db = NULL;
    if (rs->nlits) {
        enum rc rc = compile(rs, e);
        if (rc != RC_OK)
            return rc;
    }
    if (!serialized)
        return RC_OK;
    if (rs->db && hs_serialize_database(rs->db, &bytes, &n) != HS_SUCCESS)
        return err_set(e, RC_NOMEM, "the prefilter cannot be written out");
    pack_u32(serialized, MAGIC);
    buf_add(serialized, rs->digest, sizeof rs->digest);
    pack_needs(rs, serialized);
    pack_str(serialized, str_n(n ? bytes : "", n));
    free(bytes);
    return serialized->over ? err_set(e, RC_LIMIT, "the prefilter is larger than the image allows") : RC_OK;
}

/* Numbers in order, none above `most`. */
static bool unpack_numbers(struct unpack *u, uint32_t *v, size_t n, bool rising, uint32_t most) {
    for (size_t i = 0; i < n; i++) {
        v[i] = unpack_u32(u);
        if (u->bad || v[i] > most || (rising && i && v[i] < v[i - 1]))
            return false;
    }
    return true;
}

/* Into the places where prefilter_literals has put what it found. */
static bool unpack_needs(struct ruleset *rs, struct unpack *u) {
    size_t left = (size_t)(u->end - u->p);

    if (unpack_u32(u) != rs->n || left < rs->n)
        return false;
    for (size_t i = 0; i < rs->n; i++) {
        uint8_t known = unpack_u8(u);
        rs->rules[i].needs.v[0] = (struct need){.known = known & 1};
        rs->rules[i].needs.v[1] = (struct need){.known = known & 2};
    }
    rs->nlits = unpack_u32(u);
    if (u->bad || rs->nlits > left)
        return false;
    rs->lits = arena_alloc(&rs->arena, (rs->nlits + 1) * sizeof *rs->lits);
    rs->lit_at = arena_alloc(&rs->arena, (rs->nlits + 1) * sizeof *rs->lit_at);
    if (!rs->lits || !rs->lit_at)
        return false;
    for (size_t i = 0; i < rs->nlits; i++)
        if (str_absent(rs->lits[i] = arena_str(&rs->arena, unpack_str(u, left))))
            return false;
    if (!unpack_numbers(u, rs->lit_at, rs->nlits + 1, true, (uint32_t)left) || rs->lit_at[0] != 0)
        return false;
    size_t uses = rs->lit_at[rs->nlits];
    rs->lit_rules = arena_alloc(&rs->arena, (uses + 1) * sizeof *rs->lit_rules);
    return rs->lit_rules && (uses == 0 || rs->n > 0) && unpack_numbers(u, rs->lit_rules, uses, false, rs->n ? (uint32_t)(2 * rs->n - 1) : 0);
}

enum rc ruleset_prefilter_load(struct ruleset *rs, struct str serialized, struct err *e) {
    struct unpack u;
    unpack_init(&u, serialized);
    uint32_t magic = unpack_u32(&u);
    if (u.bad || magic != MAGIC || serialized.n < 4 + sizeof rs->digest || memcmp(u.p, rs->digest, sizeof rs->digest) != 0)
        return err_set(e, RC_INVALID, "this prefilter belongs to other rules");
    u.p += sizeof rs->digest;
    hs_free_database(rs->db);
    rs->db = NULL;
    bool ok = unpack_needs(rs, &u);
    struct str bytes = ok ? unpack_str(&u, BYTES_MAX) : STR_NONE;
    if (!ok || !unpack_done(&u))
        return err_set(e, RC_INVALID, "this prefilter is damaged");
    if (bytes.n && hs_deserialize_database(bytes.p, bytes.n, &rs->db) != HS_SUCCESS)
        return err_set(e, RC_INVALID, "this prefilter was made on another kind of machine");
    return RC_OK;
}

void prefilter_platform(struct buf *out) {
    hs_platform_info_t at = {0};

    hs_populate_platform(&at);
    buf_text(out, hs_version());
    pack_u32(out, at.tune);
    pack_u64(out, at.cpu_features);
}

void prefilter_free(struct ruleset *rs) {
    hs_free_database(rs->db);
    rs->db = NULL;
}

/* --- scanning */

struct prefilter *prefilter_new(const struct ruleset *rs) {
    struct prefilter *p = rs->db ? calloc(1, sizeof *p) : NULL;
    if (!p)
        return NULL;
    p->db = rs->db;
    p->nlits = rs->nlits;
    if (hs_alloc_scratch(rs->db, &p->scratch) == HS_SUCCESS)
        return p;
    free(p);
    return NULL;
}

void prefilter_done(struct prefilter *p) {
    if (!p)
        return;
    hs_free_scratch(p->scratch);
    free(p);
}

struct scan {
    size_t nlits;
    prefilter_fn fn;
    void *ctx;
};

static int on_literal(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx) {
    struct scan *s = ctx;
    (void)from, (void)to, (void)flags;
    if (id < s->nlits)
        s->fn(s->ctx, id);
    return 0;
}

bool prefilter_scan(struct prefilter *p, struct str text, prefilter_fn fn, void *ctx) {
    struct scan s = {p->nlits, fn, ctx};
    if (text.n == 0)
        return true;
    return text.n <= UINT32_MAX && hs_scan(p->db, text.p, (unsigned)text.n, 0, p->scratch, on_literal, &s) == HS_SUCCESS;
}
