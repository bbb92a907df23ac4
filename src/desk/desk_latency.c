/* SPDX-License-Identifier: ISC
 *
 * desk_latency.c - how long the group commits took: whoever sent a line waits that long for its acknowledgement
 *
 * Takes   durations, measured by whoever called desk_commit: the desk reads no clock.
 * Gives   p50 and p99 for the status, a histogram for the metrics.
 * Keeps   a count per class of duration.
 */
#include "desk/desk_int.h"

static const int64_t bounds[LATENCY_CLASSES] = {50,    70,    100,   150,   200,   300,   500,    700,    1000,   1500,   2000,   3000,    5000,
                                                7000,  10000, 15000, 20000, 30000, 50000, 70000,  100000, 200000, 500000, 1000000};

void desk_took(struct desk *d, int64_t us) {
    struct latency *l = &d->latency;
    size_t i = 0;

    while (i < LATENCY_CLASSES && us > bounds[i])
        i++;
    l->n[i]++;
    l->count++;
    l->sum += us;
    l->max = us > l->max ? us : l->max;
}

/* The bound of the class that the per-mille-th shortest lies in: never less than it was. */
int64_t latency_at(const struct latency *l, unsigned mille) {
    uint64_t seen = 0;

    for (size_t i = 0; i < LATENCY_CLASSES; i++)
        if ((seen += l->n[i]) * 1000 >= l->count * mille)
            return bounds[i] < l->max ? bounds[i] : l->max;
    return l->max;
}

void latency_json(const struct latency *l, struct jw *w) {
    jw_map(w);
    jw_kv_int(w, "count", (int64_t)l->count);
    jw_kv_int(w, "p50_us", latency_at(l, 500));
    jw_kv_int(w, "p99_us", latency_at(l, 990));
    jw_kv_int(w, "max_us", l->max);
    jw_map_end(w);
}

void latency_metrics(const struct latency *l, struct buf *b) {
    static const char name[] = "tocsin_db_commit_duration_seconds";
    uint64_t seen = 0;

    buf_printf(b, "# HELP %s How long it took to commit what ingest sent.\n# TYPE %s histogram\n", name, name);
    for (size_t i = 0; i < LATENCY_CLASSES; i++) {
        seen += l->n[i];
        buf_printf(b, "%s_bucket{le=\"%g\"} %llu\n", name, (double)bounds[i] / 1e6, (unsigned long long)seen);
    }
    buf_printf(b, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.6f\n%s_count %llu\n", name, (unsigned long long)l->count, name, (double)l->sum / 1e6, name,
               (unsigned long long)l->count);
}
