/* SPDX-License-Identifier: ISC
 *
 * codec.c - what the frames between ingest, desk and notify hold
 *
 * Takes   structs to pack; payloads to unpack, which a peer may have made up.
 * Gives   payloads; structs that borrow from them.
 * Keeps   nothing. Counts are checked against what the payload could hold before memory is asked for.
 */
#include "link/codec.h"

#define RAW_MAX ((size_t)16 << 20)
#define VALUE_MAX ((size_t)8 << 20) /* what limits.body may be: a frame of ours that the desk cannot read is never acknowledged */
#define WORD_MAX ((size_t)1024)
#define ANSWER_MAX ((size_t)64 << 10)
#define BODY_MAX ((size_t)4 << 20)
#define WEIGHT_MAX 1000000 /* parse believes no "message repeated" beyond it: a compromised ingest cannot run counts over */
#define SIGHTING_MIN 20 /* bytes that the smallest sighting takes: a count beyond payload / SIGHTING_MIN is a lie */

enum { LINES_NONE, LINES_ONE, LINES_BOTH };

/* ---- lines and fields */

static void line_pack(struct buf *b, const struct sighting_line *l) {
    pack_str(b, l->raw);
    pack_str(b, l->peer);
    pack_i64(b, l->arrived);
    pack_i64(b, l->time);
    pack_u8(b, l->transport);
    pack_u16(b, l->source);
    pack_u32(b, l->flags);
    pack_u32(b, l->nr);
}

static void line_unpack(struct unpack *u, struct sighting_line *l) {
    l->raw = unpack_str(u, RAW_MAX);
    l->peer = unpack_str(u, WORD_MAX);
    l->arrived = unpack_i64(u);
    l->time = unpack_i64(u);
    l->transport = unpack_u8(u);
    l->source = unpack_u16(u);
    l->flags = unpack_u32(u);
    l->nr = unpack_u32(u);
    if (l->transport >= TRANSPORT__COUNT || l->nr > BATCH_LINES_MAX)
        u->bad = true;
}

static bool line_same(const struct sighting_line *a, const struct sighting_line *b) {
    return a->raw.p == b->raw.p && a->raw.n == b->raw.n && a->arrived == b->arrived && a->time == b->time && a->nr == b->nr;
}

static void fields_pack(struct buf *b, const struct sighting *s) {
    pack_u16(b, s->nfields);
    for (size_t i = 0; i < s->nfields; i++) {
        pack_u16(b, s->fields[i].id);
        pack_u16(b, s->fields[i].flags);
        pack_str(b, s->fields[i].name);
        pack_str(b, s->fields[i].value);
    }
}

static void fields_unpack(struct unpack *u, struct sighting *s) {
    s->nfields = unpack_u16(u);
    if (s->nfields > SIGHTING_FIELDS_MAX) {
        s->nfields = 0;
        u->bad = true;
    }
    for (size_t i = 0; i < s->nfields; i++) {
        struct field *f = &s->fields[i];
        f->id = unpack_u16(u);
        f->flags = unpack_u16(u);
        f->name = unpack_str(u, WORD_MAX);
        f->value = unpack_str(u, VALUE_MAX);
        if (f->id >= F__COUNT)
            u->bad = true;
    }
}

/* ---- times: the first as it is, the others as differences */

static void times_pack(struct buf *b, const struct sighting *s) {
    int64_t before = 0;

    pack_varint(b, s->ntimes);
    for (uint32_t i = 0; i < s->ntimes; i++) {
        pack_svarint(b, (int64_t)((uint64_t)s->times[i] - (uint64_t)before));
        before = s->times[i];
    }
    pack_u8(b, s->weights != NULL);
    for (uint32_t i = 0; s->weights && i < s->ntimes; i++)
        pack_varint(b, s->weights[i]);
}

static void times_unpack(struct unpack *u, struct arena *a, struct sighting *s) {
    uint64_t n = unpack_varint(u), before = 0;

    if (u->bad || n == 0 || n > SIGHTING_TIMES_MAX) {
        u->bad = true;
        return;
    }
    int64_t *times = arena_alloc(a, n * sizeof *times);
    uint32_t *weights = NULL;
    for (uint64_t i = 0; times && i < n; i++)
        times[i] = (int64_t)(before += (uint64_t)unpack_svarint(u));
    bool weighted = unpack_u8(u) != 0;
    if (weighted)
        weights = arena_alloc(a, n * sizeof *weights);
    if (!times || (weighted && !weights)) {
        u->bad = true;
        return;
    }
    uint64_t total = weighted ? 0 : n;
    for (uint64_t i = 0; weighted && i < n; i++) {
        uint64_t w = unpack_varint(u);
        if (w == 0 || w > WEIGHT_MAX)
            u->bad = true;
        weights[i] = (uint32_t)w;
        total += weights[i];
    }
    s->ntimes = (uint32_t)n;
    s->times = times;
    s->weights = weights;
    s->total = total; /* not sent: a sum that disagrees with its parts cannot come in */
}

/* ---- sightings. `shared` is the line that all of them stand for (a delivery's), or NULL. */

static void sighting_pack(struct buf *b, const struct sighting *s, bool shared) {
    int lines = shared ? LINES_NONE : s->ntimes == 1 || line_same(&s->first, &s->last) ? LINES_ONE : LINES_BOTH;

    pack_str(b, s->rule);
    pack_u32(b, s->rule_index);
    pack_u32(b, s->generation);
    pack_u16(b, s->org);
    times_pack(b, s);
    pack_u8(b, (uint8_t)lines);
    if (lines >= LINES_ONE)
        line_pack(b, &s->first);
    if (lines == LINES_BOTH)
        line_pack(b, &s->last);
    fields_pack(b, s);
}

static void sighting_unpack(struct unpack *u, struct arena *a, const struct sighting_line *shared, struct sighting *s) {
    s->rule = unpack_str(u, WORD_MAX);
    s->rule_index = unpack_u32(u);
    s->generation = unpack_u32(u);
    s->org = unpack_u16(u);
    times_unpack(u, a, s);
    uint8_t lines = unpack_u8(u);
    if (lines > LINES_BOTH || (lines == LINES_NONE) != (shared != NULL) || str_absent(s->rule))
        u->bad = true;
    if (u->bad)
        return;
    if (lines >= LINES_ONE)
        line_unpack(u, &s->first);
    else
        s->first = *shared;
    s->last = s->first;
    if (lines == LINES_BOTH)
        line_unpack(u, &s->last);
    fields_unpack(u, s);
}

static void sightings_pack(struct buf *b, const struct sighting *v, size_t n, bool shared) {
    pack_u32(b, (uint32_t)n);
    for (size_t i = 0; i < n; i++)
        sighting_pack(b, &v[i], shared);
}

static bool sightings_unpack(struct unpack *u, struct arena *a, const struct sighting_line *shared, struct sighting **v, size_t *n) {
    uint32_t count = unpack_u32(u);

    *v = NULL;
    *n = 0;
    if (u->bad || count > BATCH_SIGHTINGS_MAX || count > (size_t)(u->end - u->p) / SIGHTING_MIN)
        return false;
    struct sighting *s = arena_alloc(a, count * sizeof *s);
    if (!s)
        return false;
    for (size_t i = 0; i < count && !u->bad; i++)
        sighting_unpack(u, a, shared, &s[i]);
    *v = s;
    *n = count;
    return !u->bad;
}

/* ---- FRAME_BATCH, FRAME_DELIVERY */

bool batch_encode(struct buf *b, const struct batch *in) {
    if (in->n > BATCH_SIGHTINGS_MAX)
        return false;
    pack_u64(b, in->epoch);
    pack_u64(b, in->seq);
    pack_u32(b, in->worker);
    sightings_pack(b, in->sightings, in->n, false);
    return !b->over;
}

bool batch_decode(struct str payload, struct arena *a, struct batch *out) {
    struct unpack u;

    *out = (struct batch){0};
    unpack_init(&u, payload);
    out->epoch = unpack_u64(&u);
    out->seq = unpack_u64(&u);
    out->worker = unpack_u32(&u);
    return sightings_unpack(&u, a, NULL, &out->sightings, &out->n) && unpack_done(&u);
}

static void claims_pack(struct buf *b, const struct delivery *in) {
    pack_u32(b, (uint32_t)in->nclaims);
    for (size_t i = 0; i < in->nclaims; i++) {
        const struct delivery_claim *c = &in->claims[i];
        pack_str(b, c->title);
        pack_str(b, c->key);
        pack_u32(b, (uint32_t)c->level);
        pack_u32(b, c->resolved);
        pack_str(b, c->rsit_class);
        pack_str(b, c->rsit_type);
    }
}

static bool claims_unpack(struct unpack *u, struct arena *a, struct delivery *out) {
    size_t n = unpack_u32(u);

    if (u->bad || n > DELIVERY_CLAIMS_MAX)
        return false;
    out->nclaims = n;
    out->claims = n ? arena_alloc(a, n * sizeof *out->claims) : NULL;
    if (n && !out->claims)
        return false;
    for (size_t i = 0; i < n; i++) {
        struct delivery_claim *c = &out->claims[i];
        c->title = unpack_str(u, VALUE_MAX);
        c->key = unpack_str(u, VALUE_MAX);
        uint32_t level = unpack_u32(u), resolved = unpack_u32(u);
        c->rsit_class = unpack_str(u, WORD_MAX);
        c->rsit_type = unpack_str(u, WORD_MAX);
        if (u->bad || level >= WORD__COUNT || resolved > 1)
            return false;
        c->level = (int)level;
        c->resolved = resolved;
    }
    return true;
}

bool delivery_encode(struct buf *b, const struct delivery *in) {
    if (in->n > BATCH_SIGHTINGS_MAX || in->nclaims > DELIVERY_CLAIMS_MAX || in->nclaims > in->n)
        return false;
    pack_u64(b, in->epoch);
    pack_u64(b, in->seq);
    pack_u32(b, in->worker);
    pack_str(b, in->webhook);
    pack_str(b, in->id);
    pack_u16(b, in->org);
    line_pack(b, &in->line);
    claims_pack(b, in);
    sightings_pack(b, in->sightings, in->n, true);
    return !b->over;
}

bool delivery_decode(struct str payload, struct arena *a, struct delivery *out) {
    struct unpack u;

    *out = (struct delivery){0};
    unpack_init(&u, payload);
    out->epoch = unpack_u64(&u);
    out->seq = unpack_u64(&u);
    out->worker = unpack_u32(&u);
    out->webhook = unpack_str(&u, WORD_MAX);
    out->id = unpack_str(&u, WORD_MAX);
    out->org = unpack_u16(&u);
    line_unpack(&u, &out->line);
    if (u.bad || str_absent(out->webhook) || str_absent(out->id) || !claims_unpack(&u, a, out))
        return false;
    return sightings_unpack(&u, a, &out->line, &out->sightings, &out->n) && out->nclaims <= out->n && unpack_done(&u);
}

/* ---- FRAME_STATS: every field of the structs is a u64 but the worker, in the order they are declared */

static void account_pack(struct buf *b, const struct account *a) {
    const uint64_t v[] = {a->received, a->harmless, a->stored,      a->folded,  a->shed,   a->kernel,
                          a->cut,      a->bytes,    a->connections, a->refused, a->invalid, a->partial};

    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        pack_varint(b, v[i]);
}

static void account_unpack(struct unpack *u, struct account *a) {
    uint64_t *const v[] = {&a->received, &a->harmless, &a->stored,      &a->folded,  &a->shed,   &a->kernel,
                           &a->cut,      &a->bytes,    &a->connections, &a->refused, &a->invalid, &a->partial};

    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        *v[i] = unpack_varint(u);
}

bool ingest_stats_encode(struct buf *b, const struct ingest_stats *in) {
    pack_u64(b, in->epoch);
    pack_u32(b, in->worker);
    pack_u64(b, in->generation);
    for (size_t t = 0; t < TRANSPORT__COUNT; t++)
        account_pack(b, &in->by[t]);
    pack_u64(b, in->scanned);
    pack_u64(b, in->candidates);
    pack_u64(b, in->normalised);
    pack_u64(b, in->in_flight_bytes);
    return !b->over;
}

bool ingest_stats_decode(struct str payload, struct ingest_stats *out) {
    struct unpack u;

    *out = (struct ingest_stats){0};
    unpack_init(&u, payload);
    out->epoch = unpack_u64(&u);
    out->worker = unpack_u32(&u);
    out->generation = unpack_u64(&u);
    for (size_t t = 0; t < TRANSPORT__COUNT; t++)
        account_unpack(&u, &out->by[t]);
    out->scanned = unpack_u64(&u);
    out->candidates = unpack_u64(&u);
    out->normalised = unpack_u64(&u);
    out->in_flight_bytes = unpack_u64(&u);
    return unpack_done(&u);
}

/* ---- FRAME_HEARD */

bool hearing_encode(struct buf *b, const struct hearing *in) {
    if (in->n > HEARING_MAX)
        return false;
    pack_u32(b, in->generation);
    pack_u32(b, (uint32_t)in->n);
    for (size_t i = 0; i < in->n; i++) {
        pack_u32(b, in->v[i].source);
        pack_i64(b, in->v[i].at);
    }
    return !b->over;
}

bool hearing_decode(struct str payload, struct hearing *out) {
    struct unpack u;

    unpack_init(&u, payload);
    out->generation = unpack_u32(&u);
    out->n = unpack_u32(&u);
    if (u.bad || out->n > HEARING_MAX) {
        out->n = 0;
        return false;
    }
    for (size_t i = 0; i < out->n; i++) {
        out->v[i].source = unpack_u32(&u);
        out->v[i].at = unpack_i64(&u);
    }
    return unpack_done(&u);
}

/* ---- FRAME_ACK */

bool ack_encode(struct buf *b, const struct ack *in) {
    pack_u64(b, in->seq);
    pack_u8(b, in->refused);
    for (size_t t = 0; t < TRANSPORT__COUNT; t++)
        pack_varint(b, in->stored[t]);
    pack_str(b, in->answer);
    pack_u16(b, (uint16_t)in->status);
    return !b->over;
}

bool ack_decode(struct str payload, struct ack *out) {
    struct unpack u;

    *out = (struct ack){0};
    unpack_init(&u, payload);
    out->seq = unpack_u64(&u);
    out->refused = unpack_u8(&u) != 0;
    for (size_t t = 0; t < TRANSPORT__COUNT; t++)
        out->stored[t] = unpack_varint(&u);
    out->answer = unpack_str(&u, ANSWER_MAX);
    out->status = unpack_u16(&u);
    return unpack_done(&u);
}

/* ---- FRAME_CARRY, FRAME_CARRIED */

bool carry_encode(struct buf *b, const struct carry *in) {
    const struct str v[] = {in->uuid,    in->object,    in->to_login,  in->address,  in->subject,
                            in->headers, in->body_text, in->body_html, in->body_json};

    pack_i64(b, in->id);
    pack_u32(b, (uint32_t)in->channel);
    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        pack_str(b, v[i]);
    pack_u32(b, (uint32_t)in->urgency);
    return !b->over;
}

bool carry_decode(struct str payload, struct carry *out) {
    struct unpack u;
    struct str *const v[] = {&out->uuid,    &out->object,    &out->to_login,  &out->address,  &out->subject,
                             &out->headers, &out->body_text, &out->body_html, &out->body_json};

    *out = (struct carry){0};
    unpack_init(&u, payload);
    out->id = unpack_i64(&u);
    out->channel = (int)unpack_u32(&u);
    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        *v[i] = unpack_str(&u, BODY_MAX);
    out->urgency = (int)unpack_u32(&u);
    return unpack_done(&u);
}

bool carried_encode(struct buf *b, const struct carried *in) {
    pack_i64(b, in->id);
    pack_u8(b, in->ok);
    pack_u8(b, in->permanent);
    pack_i64(b, in->retry_after);
    pack_str(b, in->code);
    pack_i64(b, in->started);
    pack_i64(b, in->ended);
    return !b->over;
}

bool carried_decode(struct str payload, struct carried *out) {
    struct unpack u;

    *out = (struct carried){0};
    unpack_init(&u, payload);
    out->id = unpack_i64(&u);
    out->ok = unpack_u8(&u) != 0;
    out->permanent = unpack_u8(&u) != 0;
    out->retry_after = unpack_i64(&u);
    out->code = unpack_str(&u, WORD_MAX);
    out->started = unpack_i64(&u);
    out->ended = unpack_i64(&u);
    return unpack_done(&u);
}
