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

#define MAGIC 0x74637068u /* "tcph" */
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

struct numbering {
    struct ruleset *rs;
    struct table *t;
    uint32_t *numbers; /* of the mentions in order; what has no bytes: ALL_OF and the scope */
    size_t n, total;
};
#define ALL_OF 0x80000000u

/* Calls fn for every literal of every need, in order. */
static bool each_literal(struct numbering *g, bool (*fn)(struct numbering *, uint32_t need, struct str literal, uint16_t scope)) {
    const struct ruleset *rs = g->rs;
    g->n = 0;
    for (size_t i = 0; i < rs->n; i++)
        for (size_t w = 0; w < 2 && rs->rules[i].needs.v[w].known; w++) {
            const struct need *n = &rs->rules[i].needs.v[w];
            for (size_t j = 0; j < n->n; j++, g->n++)
                if (!fn(g, (uint32_t)(2 * i + w), n->v[j], n->scope ? n->scope[j] : 0))
                    return false;
        }
    return true;
}

static bool count_one(struct numbering *g, uint32_t need, struct str literal, uint16_t scope) {
    (void)need, (void)literal;
    g->total++;
    if (scope >= g->rs->nscopes)
        g->rs->nscopes = scope + 1u;
    return true;
}

/* Numbers the distinct literals. */
static bool number_one(struct numbering *g, uint32_t need, struct str literal, uint16_t scope) {
    struct str lit = lowered(&g->rs->arena, literal);
    bool fresh = false;
    uint32_t *id = lit.n ? table_get(g->t, lit, &fresh) : NULL;
    (void)need;
    if (id && fresh) {
        *id = (uint32_t)g->rs->nlits;
        g->rs->lits[g->rs->nlits++] = lit;
    }
    g->numbers[g->n] = id ? *id : ALL_OF | scope;
    return id != NULL || literal.n == 0;
}

/* What stands in all messages of a scope comes behind the literals. */
static bool place_one(struct numbering *g, uint32_t need, struct str literal, uint16_t scope) {
    uint32_t *id = &g->numbers[g->n];
    (void)need, (void)literal, (void)scope;
    *id = *id & ALL_OF ? (uint32_t)g->rs->nlits + (*id & ~ALL_OF) : *id;
    g->rs->lit_at[*id + 2]++;
    return true;
}

static bool list_one(struct numbering *g, uint32_t need, struct str literal, uint16_t scope) {
    uint32_t at = g->rs->lit_at[g->numbers[g->n] + 1]++;
    (void)literal;
    g->rs->lit_rules[at] = need;
    g->rs->lit_scope[at] = scope;
    return true;
}

/* As in make_parents: counted, summed, filled. */
static void list_needs(struct numbering *g) {
    uint32_t *at = g->rs->lit_at;
    each_literal(g, place_one);
    for (size_t i = 2; i <= g->rs->nlits + g->rs->nscopes + 1; i++)
        at[i] += at[i - 1];
    each_literal(g, list_one);
}

/* The names of the programs of every scope. */
static bool name_scopes(struct ruleset *rs) {
    const struct ruleset_site *site = rs->site;
    rs->scopes = arena_alloc(&rs->arena, (rs->nscopes + 1) * sizeof *rs->scopes);
    for (size_t i = 1; rs->scopes && i < rs->nscopes; i++) {
        struct scope *s = &rs->scopes[i];
        while (site->group && !str_absent(site->group(site->ctx, (unsigned)i, s->n)))
            s->n++;
        if (!(s->names = arena_alloc(&rs->arena, (s->n + 1) * sizeof *s->names)))
            return false;
        for (size_t k = 0; k < s->n; k++)
            s->names[k] = arena_str(&rs->arena, site->group(site->ctx, (unsigned)i, k));
    }
    return rs->scopes != NULL;
}

bool prefilter_literals(struct ruleset *rs) {
    struct numbering g = {.rs = rs};
    rs->nscopes = 1;
    each_literal(&g, count_one);
    g.t = table_new(g.total + 1, sizeof(uint32_t), NULL, NULL);
    g.numbers = calloc(g.total + 1, sizeof(uint32_t));
    rs->lits = arena_alloc(&rs->arena, (g.total + 1) * sizeof *rs->lits);
    rs->lit_rules = arena_alloc(&rs->arena, (g.total + 1) * sizeof *rs->lit_rules);
    rs->lit_scope = arena_alloc(&rs->arena, (g.total + 1) * sizeof *rs->lit_scope);
    rs->lit_at = arena_alloc(&rs->arena, (g.total + rs->nscopes + 3) * sizeof *rs->lit_at);
    bool ok = g.t && g.numbers && rs->lits && rs->lit_rules && rs->lit_scope && rs->lit_at && each_literal(&g, number_one) && name_scopes(rs);
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
    pack_u32(b, (uint32_t)rs->nscopes);
    for (size_t i = 1; i < rs->nscopes; i++) {
        pack_u32(b, (uint32_t)rs->scopes[i].n);
        for (size_t k = 0; k < rs->scopes[i].n; k++)
            pack_str(b, rs->scopes[i].names[k]);
    }
    for (size_t i = 0; i <= rs->nlits + rs->nscopes; i++)
        pack_u32(b, rs->lit_at[i]);
    for (size_t i = 0; i < rs->lit_at[rs->nlits + rs->nscopes]; i++) {
        pack_u32(b, rs->lit_rules[i]);
        pack_u16(b, rs->lit_scope[i]);
    }
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

/* n texts; NULL when they are not there. */
static struct str *unpack_texts(struct ruleset *rs, struct unpack *u, size_t n) {
    size_t left = (size_t)(u->end - u->p);
    struct str *v = !u->bad && n <= left ? arena_alloc(&rs->arena, (n + 1) * sizeof *v) : NULL;
    for (size_t i = 0; v && i < n; i++)
        if (str_absent(v[i] = arena_str(&rs->arena, unpack_str(u, left))) || v[i].n == 0)
            return NULL;
    return v;
}

static bool unpack_scopes(struct ruleset *rs, struct unpack *u) {
    rs->nscopes = unpack_u32(u);
    if (u->bad || rs->nscopes == 0 || rs->nscopes > SCOPES_MAX || !(rs->scopes = arena_alloc(&rs->arena, (rs->nscopes + 1) * sizeof *rs->scopes)))
        return false;
    for (size_t i = 1; i < rs->nscopes; i++) {
        rs->scopes[i].n = unpack_u32(u);
        if (!(rs->scopes[i].names = unpack_texts(rs, u, rs->scopes[i].n)))
            return false;
    }
    return true;
}

/* Which needs each literal meets: no number that is not there. */
static bool unpack_uses(struct ruleset *rs, struct unpack *u) {
    size_t n = rs->nlits + rs->nscopes, left = (size_t)(u->end - u->p);
    if (!(rs->lit_at = arena_alloc(&rs->arena, (n + 1) * sizeof *rs->lit_at)))
        return false;
    for (size_t i = 0; i <= n; i++) {
        rs->lit_at[i] = unpack_u32(u);
        if (u->bad || rs->lit_at[i] > left || rs->lit_at[i] < (i ? rs->lit_at[i - 1] : 0))
            return false;
    }
    size_t uses = rs->lit_at[n];
    rs->lit_rules = arena_alloc(&rs->arena, (uses + 1) * sizeof *rs->lit_rules);
    rs->lit_scope = arena_alloc(&rs->arena, (uses + 1) * sizeof *rs->lit_scope);
    for (size_t i = 0; rs->lit_rules && rs->lit_scope && i < uses; i++) {
        rs->lit_rules[i] = unpack_u32(u);
        rs->lit_scope[i] = unpack_u16(u);
        if (u->bad || rs->lit_rules[i] >= 2 * rs->n || rs->lit_scope[i] >= rs->nscopes)
            return false;
    }
    return rs->lit_rules && rs->lit_scope;
}

/* Into the places where prefilter_literals has put what it found. */
static bool unpack_needs(struct ruleset *rs, struct unpack *u) {
    if (unpack_u32(u) != rs->n || (size_t)(u->end - u->p) < rs->n)
        return false;
    for (size_t i = 0; i < rs->n; i++) {
        uint8_t known = unpack_u8(u);
        rs->rules[i].needs.v[0] = (struct need){.known = known & 1};
        rs->rules[i].needs.v[1] = (struct need){.known = known & 2};
    }
    rs->nlits = unpack_u32(u);
    return (rs->lits = unpack_texts(rs, u, rs->nlits)) && unpack_scopes(rs, u) && unpack_uses(rs, u);
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
