/* SPDX-License-Identifier: ISC
 *
 * desk_fold.c - counts between two audit lines of an event, and its samples
 *
 * Takes   further sightings of an open event.
 * Gives   one fold row per event, which rises; one `observed` audit line per event and minute, and before any decision on it.
 * Keeps   the first and the last `samples` raw lines of an event; what lies between is counted only.
 */
#include "desk/desk_live.h"

#include <string.h>

#include "base/pack.h"
#include "store/columns.h"

/* Between audit lines only this guards the counts against a fallen bit. */
static void digest_of(int64_t event, int64_t count, int64_t first, int64_t last, int64_t since, uint8_t out[SHA256_SIZE]) {
    char text[160];
    int n = snprintf(text, sizeof text, "fold %lld %lld %lld %lld %lld", (long long)event, (long long)count, (long long)first, (long long)last,
                     (long long)since);
    sha256_of(str_n(text, (size_t)n), out);
}

void fold_write(struct desk *d, int64_t event, int64_t count, int64_t first, int64_t last, int64_t since) {
    if (query_row(d->store, Q_FOLD_GET, "i", event)) {
        int64_t from = query_int(d->store, Q_FOLD_GET, 1), to = query_int(d->store, Q_FOLD_GET, 2);
        count += query_int(d->store, Q_FOLD_GET, 0);
        first = from < first ? from : first;
        last = to > last ? to : last;
        since = query_int(d->store, Q_FOLD_GET, 3);
        query_end(d->store, Q_FOLD_GET);
    }
    uint8_t sum[SHA256_SIZE];
    digest_of(event, count, first, last, since, sum);
    query_do(d->store, Q_FOLD_SET, "iiiiib", event, count, first, last, since, str_n(sum, sizeof sum));
    desk_due_at(d, since + OBSERVED_EVERY);
}

void fold_prune(struct desk *d, int64_t event) {
    query_do(d->store, Q_RAW_PRUNE, "ii", event, (int64_t)d->conf.samples);
}

int64_t fold_raw(struct desk *d, int64_t event, int64_t org, int64_t source, struct str rule, struct str fields, const struct sighting_line *l) {
    uint8_t sum[SHA256_SIZE];
    sha256_of(l->raw, sum);
    return query_insert(d->store, Q_RAW_ADD, "ziisbssiisiibb", event, org, source, rule, fields, pending_value(fields, F_SRC_IP), pending_value(fields, F_USER), l->arrived, l->time, l->peer, (int64_t)l->transport,
                        (int64_t)l->flags, str_n(sum, sizeof sum), str_absent(l->raw) ? STR("") : l->raw);
}

/* verify.c recomputes exactly this: ids, circumstances and hashes of the samples in order. */
void fold_raws_accounted(struct desk *d, int64_t event) {
    struct sha256 *h = sha256_new();
    struct buf b;
    uint8_t sum[SHA256_SIZE];
    int64_t n = 0;
    query_do(d->store, Q_RAW_PRUNE_ALL, "ii", event, (int64_t)d->conf.samples);
    query_do(d->store, Q_RAW_AUDITED, "i", event);
    buf_init(&b, 1 << 20);
    for (bool more = query_row(d->store, Q_RAWS_DIGEST, "i", event); more; more = query_next(d->store, Q_RAWS_DIGEST), n++) {
        buf_reset(&b);
        for (int c = 0; c < RAWS_DIGEST_COLUMNS; c++)
            pack_str(&b, query_str(d->store, Q_RAWS_DIGEST, c, NULL));
        sha256_add(h, b.p, b.n);
    }
    buf_fini(&b);
    sha256_end(h, sum);
    query_do(d->store, Q_EVENT_RAWS, "iiib", event, audit_next(d->store), n, str_n(sum, sizeof sum));
    audit_touch(d->store, REC_event, event);
}

void fold_settle(struct desk *d, int64_t event, int64_t now) {
    live_flush_one(d, event);
    if (!query_row(d->store, Q_FOLD_GET, "i", event))
        return;
    int64_t count = query_int(d->store, Q_FOLD_GET, 0), first = query_int(d->store, Q_FOLD_GET, 1), last = query_int(d->store, Q_FOLD_GET, 2);
    query_end(d->store, Q_FOLD_GET);
    struct event ev;
    if (!rows_event_load(d->store, event, &d->scratch, &ev))
        return;
    query_do(d->store, Q_FOLD_DROP, "i", event);
    rows_event_save(d->store, &ev); /* what was loaded holds the fold already */
    fold_raws_accounted(d, event);
    desk_stamp(d, "event", event, "last_seen", last, now, PRINCIPAL_SYSTEM, STR_NONE, false);
    struct line l;
    line_open(&l);
    jw_kv_int(&l.w, "from", ev.count - count);
    jw_kv_int(&l.w, "to", ev.count);
    jw_kv_time(&l.w, "first", first);
    jw_kv_time(&l.w, "last", last);
    char text[80];
    snprintf(text, sizeof text, "seen %lld times more: %lld", (long long)count, (long long)ev.count);
    jw_kv_text(&l.w, "text", text);
    line_close(d, &l, now, ev.org_id, PRINCIPAL_SYSTEM, "event.observed", ev.ref);
}

void fold_settle_due(struct desk *d, int64_t now, int64_t older_than, size_t max) {
    int64_t ids[64];
    size_t n;
    do {
        n = 0;
        for (bool more = query_row(d->store, Q_FOLDS_DUE, "i", older_than); more; more = query_next(d->store, Q_FOLDS_DUE))
            if (n < 64)
                ids[n++] = query_int(d->store, Q_FOLDS_DUE, 0);
        for (size_t i = 0; i < n && max; i++, max--)
            fold_settle(d, ids[i], now);
    } while (n && max && !store_failed(d->store, NULL));
}
