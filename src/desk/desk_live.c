/* SPDX-License-Identifier: ISC
 *
 * desk_live.c - the events that sightings fold into now, in memory: what a flood costs
 *
 * Takes   claims that were looked up once; counts and lines of further sightings.
 * Gives   what the record would say of a fingerprint, without asking it; counts into the journal with every commit, into the rows of the
 *         folds at most every FOLD_EVERY; the last lines of each event every five seconds, or when there are too many of them.
 * Keeps   at most LIVE_MAX events between frames (more are written and forgotten), and what the present frame changed of them, to undo it.
 *
 * Nothing here is true by itself: before a transaction of people or of the schedule all counts are written, and after it the record is asked anew.
 * What was journaled and not yet written stands in the record (corr_journal.folds behind meta corr.folds) and is found again from there.
 */
#include "desk/desk_live.h"

#include <stdlib.h>
#include <string.h>

#include "base/pack.h"

#define LIVE_MAX 16384
#define KEY_MAX 1024
#define LINES_BYTES ((size_t)16 << 20) /* of the last lines of all events: more are written at once */
#define LINES_EVERY 25                /* of FOLD_EVERY */

struct kept_line { /* one that is written when no later one takes its place */
    char *p; /* raw, then peer */
    size_t cap;
    struct sighting_line line;
    struct str rule;
    int64_t org, source;
};

struct undo {
    struct live *l;
    struct live_sum fold, journal;
    int64_t last;
    int32_t raws;
};

struct lives {
    struct table *by_key, *by_event; /* values: struct live * */
    struct live **all, **dirty;      /* dirty: has a count that is not in its row, or a line */
    size_t n, cap, ndirty, dirty_cap;
    struct undo *undo;
    size_t nundo, undo_cap;
    uint32_t frame;
    size_t line_bytes;
    bool full; /* of lines */
    unsigned flushes;
    int64_t flushed_at;
    bool recover; /* what is journaled has to be taken from the record */
};

struct lives *lives_new(void) {
    struct lives *v = calloc(1, sizeof *v);
    if (!v)
        return NULL;
    v->recover = true;
    return v;
}

static void live_free(struct live *l) {
    for (size_t i = 0; l->lines && i < l->nlines; i++)
        free(l->lines[i].p);
    free(l->lines);
    free(l);
}

static void clear(struct lives *v) {
    for (size_t i = 0; i < v->n; i++)
        live_free(v->all[i]);
    table_free(v->by_key);
    table_free(v->by_event);
    v->by_key = v->by_event = NULL;
    v->n = v->ndirty = v->nundo = v->line_bytes = 0;
    v->full = false;
}

void lives_free(struct lives *v) {
    if (!v)
        return;
    clear(v);
    free(v->all);
    free(v->dirty);
    free(v->undo);
    free(v);
}

void live_forget(struct desk *d) {
    struct lives *v = d->live;
    table_free(v->by_key);
    v->by_key = NULL;
    prints_forget(d);
    for (size_t i = 0; i < v->n; i++) {
        v->all[i]->raws = -1;
        v->all[i]->nassessed = 0;
    }
}

void live_end(struct desk *d) {
    prints_forget(d);
    live_flush(d, true);
    clear(d->live);
}

void live_lost(struct desk *d) {
    clear(d->live);
    prints_forget(d);
    d->live->recover = true;
}

static bool grow(void *at, size_t *cap, size_t n, size_t size) {
    void **v = at;
    size_t more = *cap ? 2 * *cap : 64;
    if (n < *cap)
        return true;
    void *p = realloc(*v, more * size);
    if (!p)
        return false;
    *v = p;
    *cap = more;
    return true;
}

static struct str event_key(const int64_t *event) {
    return str_n((const char *)event, sizeof *event);
}

static bool tables(struct lives *v) {
    if (!v->by_key)
        v->by_key = table_new(1 << 20, sizeof(struct live *), NULL, NULL);
    if (!v->by_event)
        v->by_event = table_new(1 << 20, sizeof(struct live *), NULL, NULL);
    return v->by_key && v->by_event;
}

struct live *live_of(struct desk *d, int64_t event) {
    struct lives *v = d->live;
    struct live **at = tables(v) ? table_get(v->by_event, event_key(&event), NULL) : NULL;
    if (!at || *at)
        return at ? *at : NULL;
    struct live *l = grow(&v->all, &v->cap, v->n, sizeof *v->all) ? calloc(1, sizeof *l) : NULL;
    if (!l) {
        table_remove(v->by_event, event_key(&event));
        return NULL;
    }
    *l = (struct live){.event = event, .raws = -1, .last = INT64_MIN};
    *at = v->all[v->n++] = l;
    return l;
}

/* ---- by fingerprint: the same pieces that it is a hash of */

static bool key_of(const struct claim *c, const struct rule_info *whose, struct buf *key) {
    const struct str *names = c->entity ? c->entity : whose->entity;
    size_t n = c->entity ? c->nentity : whose->nentity;
    pack_u16(key, (uint16_t)c->org);
    pack_str(key, whose->id);
    for (size_t i = 0; i < n; i++) {
        enum field_id id = field_find(names[i]);
        const struct field *f = NULL;
        for (size_t k = 0; k < c->nfields && !f; k++)
            f = c->fields[k].id == id && (id != F_OTHER || str_eq(c->fields[k].name, names[i])) ? &c->fields[k] : NULL;
        pack_u8(key, (uint8_t)i);
        pack_str(key, f ? f->value : STR_NONE);
    }
    return !key->over;
}

struct live *live_find(struct desk *d, const struct claim *c, const struct rule_info *whose) {
    char bytes[KEY_MAX];
    struct buf key = {.p = bytes, .cap = sizeof bytes, .max = sizeof bytes - 1};
    struct live **at = d->live->by_key && key_of(c, whose, &key) ? table_find(d->live->by_key, buf_view(&key)) : NULL;
    return at ? *at : NULL;
}

void live_name(struct desk *d, const struct claim *c, const struct rule_info *whose, struct live *l) {
    char bytes[KEY_MAX];
    struct buf key = {.p = bytes, .cap = sizeof bytes, .max = sizeof bytes - 1};
    struct live **at = tables(d->live) && key_of(c, whose, &key) ? table_get(d->live->by_key, buf_view(&key), NULL) : NULL;
    if (at)
        *at = l;
}

/* ---- what a frame changes can be undone */

void live_frame(struct desk *d) {
    struct lives *v = d->live;
    if (v->n > LIVE_MAX)
        live_end(d);
    v->frame++;
    v->nundo = 0;
}

static bool change(struct lives *v, struct live *l) {
    if (!l->dirty) {
        if (!grow(&v->dirty, &v->dirty_cap, v->ndirty, sizeof *v->dirty))
            return false;
        v->dirty[v->ndirty++] = l;
        l->dirty = true;
    }
    if (l->frame == v->frame)
        return true;
    if (!grow(&v->undo, &v->undo_cap, v->nundo, sizeof *v->undo))
        return false;
    v->undo[v->nundo++] = (struct undo){l, l->fold, l->journal, l->last, l->raws};
    l->frame = v->frame;
    return true;
}

/* Everything that was counted before the frame is written; then nothing is known any more. */
void live_undo(struct desk *d) {
    struct lives *v = d->live;
    for (size_t i = 0; i < v->nundo; i++) {
        struct live *l = v->undo[i].l;
        l->fold = v->undo[i].fold;
        l->journal = v->undo[i].journal;
        l->nkept = 0;
    }
    v->nundo = 0;
    live_end(d);
}

/* ---- counts */

static void sum_add(struct live_sum *s, int64_t count, int64_t first, int64_t last) {
    s->first = !s->any || first < s->first ? first : s->first;
    s->last = !s->any || last > s->last ? last : s->last;
    s->count += count;
    s->any = true;
}

void live_fold(struct desk *d, struct live *l, int64_t count, int64_t first, int64_t last, int64_t now) {
    if (!l->fold.any)
        l->since = now;
    if (!change(d->live, l)) {
        fold_write(d, l->event, count, first, last, now);
        return;
    }
    sum_add(&l->fold, count, first, last);
    sum_add(&l->journal, count, first, last);
    l->last = last > l->last ? last : l->last;
}

/* What of it is journaled already is counted back in the journal. */
static void flush_sum(struct desk *d, struct live *l) {
    if (!l->fold.any)
        return;
    fold_write(d, l->event, l->fold.count, l->fold.first, l->fold.last, l->since);
    sum_add(&l->journal, -l->fold.count, l->fold.first, l->fold.last);
    l->journal.any = l->journal.count != 0;
    l->fold = (struct live_sum){.count = 0};
}

/* ---- the last lines */

static bool room(struct lives *v, size_t more) {
    v->full = v->full || v->line_bytes + more > LINES_BYTES;
    return !v->full;
}

static bool line_copy(struct lives *v, struct kept_line *k, const struct sighting_line *l) {
    size_t n = l->raw.n + l->peer.n;
    if (n > k->cap) {
        if (!room(v, n + 64 - k->cap))
            return false;
        char *p = realloc(k->p, n + 64);
        if (!p)
            return false;
        v->line_bytes += n + 64 - k->cap;
        k->p = p;
        k->cap = n + 64;
    }
    k->line = *l;
    if (l->raw.n)
        memcpy(k->p, l->raw.p, l->raw.n);
    if (l->peer.n)
        memcpy(k->p + l->raw.n, l->peer.p, l->peer.n);
    k->line.raw = str_absent(l->raw) ? STR_NONE : str_n(k->p, l->raw.n);
    k->line.peer = str_absent(l->peer) ? STR_NONE : str_n(k->p + l->raw.n, l->peer.n);
    return true;
}

static void put_lines(struct desk *d, struct live *l) {
    struct lives *v = d->live;
    for (uint32_t i = 0; i < l->nkept; i++) {
        const struct kept_line *k = &l->lines[(l->kept_at + i) % l->nlines];
        fold_raw(d, l->event, k->org, k->source, k->rule, STR_NONE, &k->line);
        l->prune = true;
    }
    for (uint32_t i = 0; i < l->nlines; i++) {
        v->line_bytes -= l->lines[i].cap;
        free(l->lines[i].p);
    }
    v->line_bytes -= l->nlines * sizeof *l->lines;
    free(l->lines);
    l->lines = NULL;
    l->nlines = l->nkept = l->kept_at = 0;
}

/* The place of the next line; NULL: there is none. */
static struct kept_line *line_place(struct desk *d, struct live *l) {
    size_t n = (size_t)d->conf.samples;
    if (!l->lines && l->raws >= d->conf.samples && room(d->live, n * sizeof *l->lines) && (l->lines = calloc(n, sizeof *l->lines))) {
        l->nlines = (uint32_t)n;
        d->live->line_bytes += n * sizeof *l->lines;
    }
    return l->lines ? &l->lines[(l->kept_at + l->nkept) % l->nlines] : NULL;
}

bool live_line(struct desk *d, struct live *l, int64_t org, int64_t source, struct str rule, const struct sighting_line *line) {
    struct lives *v = d->live;
    if (l->raws < 0)
        l->raws = (int32_t)query_number(d->store, 0, Q_RAWS_COUNT, "ii", l->event, d->conf.samples);
    struct kept_line *k = change(v, l) ? line_place(d, l) : NULL;
    if (!k || !line_copy(v, k, line)) {
        put_lines(d, l); /* those before it */
        fold_raw(d, l->event, org, source, rule, STR_NONE, line);
        l->raws += l->raws < d->conf.samples;
        l->prune = true;
        return true;
    }
    k->rule = rule;
    k->org = org;
    k->source = source;
    if (l->nkept < l->nlines)
        l->nkept++;
    else
        l->kept_at = (l->kept_at + 1) % l->nlines;
    return false;
}

static void flush_lines(struct desk *d, struct live *l) {
    put_lines(d, l);
    if (l->prune)
        fold_prune(d, l->event);
    l->prune = false;
}

/* ---- writing */

void live_flush_one(struct desk *d, int64_t event) {
    struct live **at = d->live->by_event ? table_find(d->live->by_event, event_key(&event)) : NULL;
    if (!at)
        return;
    change(d->live, *at);
    flush_sum(d, *at);
    flush_lines(d, *at);
}

bool live_has_lines(const struct desk *d, int64_t event) {
    struct live **at = d->live->by_event ? table_find(d->live->by_event, event_key(&event)) : NULL;
    return at && (*at)->nkept;
}

bool live_pending(const struct desk *d) {
    return d->live->ndirty > 0;
}

int64_t live_due(const struct desk *d) {
    return live_pending(d) ? d->live->flushed_at + FOLD_EVERY : INT64_MAX;
}

static void mark(struct desk *d) {
    char value[32];
    if (d->folded_to == d->windows.seq)
        return;
    d->folded_to = d->windows.seq;
    snprintf(value, sizeof value, "%lld", (long long)d->folded_to);
    query_do(d->store, Q_META_PUT, "ss", STR("corr.folds"), str_of(value));
}

void live_flush(struct desk *d, bool lines) {
    struct lives *v = d->live;
    size_t left = 0;
    lines = lines || v->full || v->flushes >= LINES_EVERY;
    v->flushes = lines ? 0 : v->flushes;
    v->full = v->full && !lines;
    for (size_t i = 0; i < v->ndirty; i++) {
        struct live *l = v->dirty[i];
        flush_sum(d, l);
        l->journal = (struct live_sum){.count = 0}; /* up to here nothing is needed of it */
        if (lines)
            flush_lines(d, l);
        l->dirty = l->nkept > 0 || l->prune;
        if (l->dirty)
            v->dirty[left++] = l;
    }
    if (v->ndirty)
        mark(d);
    v->ndirty = left;
}

void live_commit(struct desk *d, int64_t now, bool all, struct buf *journal) {
    struct lives *v = d->live;
    if (all || now - v->flushed_at >= FOLD_EVERY || now < v->flushed_at) {
        v->flushes++;
        live_flush(d, false);
        v->flushed_at = now;
    }
    for (size_t i = 0; i < v->ndirty; i++) {
        struct live *l = v->dirty[i];
        if (!l->journal.any)
            continue;
        pack_varint(journal, (uint64_t)l->event);
        pack_svarint(journal, l->journal.count);
        pack_svarint(journal, l->journal.first);
        pack_svarint(journal, l->journal.last - l->journal.first);
        l->journal = (struct live_sum){.count = 0};
    }
    if (journal->over) /* more than a row may hold */
        live_flush(d, false);
    v->nundo = 0;
    v->frame++;
}

/* ---- from the record */

static void recover_piece(struct table *t, struct str piece) {
    struct unpack u;
    unpack_init(&u, piece);
    while (u.p < u.end && !u.bad) {
        int64_t event = (int64_t)unpack_varint(&u), count = unpack_svarint(&u), first = unpack_svarint(&u), more = unpack_svarint(&u), last;
        struct live_sum *s = u.bad || __builtin_add_overflow(first, more, &last) ? NULL : table_get(t, event_key(&event), NULL);
        if (s)
            sum_add(s, count, first, last);
    }
}

static void recover_one(void *ctx, struct str key, void *value) {
    const struct live_sum *s = value;
    int64_t event;
    memcpy(&event, key.p, sizeof event);
    if (s->count > 0)
        fold_write(ctx, event, s->count, s->first, s->last, 0); /* since when is not known: long enough for a line in the audit */
}

void live_recover(struct desk *d) {
    uint64_t to = 0;
    if (!d->live->recover)
        return;
    struct table *t = table_new(1 << 20, sizeof(struct live_sum), NULL, NULL);
    if (query_row(d->store, Q_META_GET, "s", STR("corr.folds"))) {
        if (!str_u64(query_str(d->store, Q_META_GET, 0, NULL), INT64_MAX, &to))
            to = 0;
        query_end(d->store, Q_META_GET);
    }
    d->folded_to = (int64_t)to;
    for (bool more = t && query_row(d->store, Q_JOURNAL_FOLDS, "i", d->folded_to); more; more = query_next(d->store, Q_JOURNAL_FOLDS))
        recover_piece(t, query_str(d->store, Q_JOURNAL_FOLDS, 0, NULL));
    if (t)
        table_each(t, recover_one, d);
    journal_seq(d);
    if (t)
        mark(d);
    d->live->recover = t == NULL;
    table_free(t);
}
