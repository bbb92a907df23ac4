/* SPDX-License-Identifier: ISC
 *
 * account.c - what ingest says it received, summed over the workers and over those that were replaced
 *
 * Takes   cumulative counters of each worker's life (epoch). When a new life begins, what the old one counted is kept.
 */
#include "control/cmd.h"

static const struct counter {
    size_t offset;
    const char *key, *metric, *help;
} counters[] = {
#define COUNTER(field, metric, help)                                                                                             \
    { offsetof(struct account, field), #field, metric, help }
    COUNTER(received, "tocsin_messages_received_total", "Messages taken from this transport."),
    COUNTER(harmless, "tocsin_messages_harmless_total", "Messages in which no rule saw anything."),
    COUNTER(stored, "tocsin_messages_stored_total", "Messages in which a rule saw something, kept with their bytes."),
    COUNTER(folded, "tocsin_messages_folded_total", "Messages in which a rule saw something, counted on their event."),
    COUNTER(shed, "tocsin_messages_shed_total", "Messages given up on, over a limit."),
    COUNTER(kernel, "tocsin_messages_kernel_dropped_total", "Datagrams the kernel dropped before they were read."),
    COUNTER(cut, "tocsin_messages_cut_total", "Messages cut at the longest line."),
    COUNTER(invalid, "tocsin_messages_invalid_total", "Messages that are not strictly valid in their format."),
    COUNTER(partial, "tocsin_messages_partial_total", "Messages of which fields were left out: too many of them, or too long to be looked through."),
    COUNTER(bytes, "tocsin_received_bytes_total", "Bytes received."),
    COUNTER(connections, "tocsin_connections_total", "Connections accepted."),
    COUNTER(refused, "tocsin_connections_refused_total", "Connections refused over a limit."),
#undef COUNTER
};
#define NCOUNTERS (sizeof counters / sizeof *counters)

static uint64_t value(const struct account *a, const struct counter *ct) {
    return *(const uint64_t *)((const char *)a + ct->offset);
}

static void account_add(struct account *to, const struct account *a) {
    for (size_t i = 0; i < NCOUNTERS; i++)
        *(uint64_t *)((char *)to + counters[i].offset) += value(a, &counters[i]);
}

static struct worker *worker_get(struct control *c, uint32_t number) {
    for (size_t i = 0; i < c->nworkers; i++)
        if (c->workers[i].worker == number)
            return &c->workers[i];
    if (c->nworkers == WORKERS_MAX)
        return NULL;
    c->workers[c->nworkers].worker = number;
    return &c->workers[c->nworkers++];
}

void control_stats(struct control *c, const struct ingest_stats *s) {
    struct worker *w = worker_get(c, s->worker);

    if (!w)
        return;
    if (w->last.epoch != s->epoch)
        for (int t = 0; t < TRANSPORT__COUNT; t++)
            account_add(&c->gone[t], &w->last.by[t]);
    w->last = *s;
}

static void account_sum(const struct control *c, struct account out[TRANSPORT__COUNT]) {
    for (int t = 0; t < TRANSPORT__COUNT; t++) {
        out[t] = c->gone[t];
        for (size_t i = 0; i < c->nworkers; i++)
            account_add(&out[t], &c->workers[i].last.by[t]);
    }
}

void account_json(const struct control *c, struct jw *w) {
    struct account sum[TRANSPORT__COUNT];

    account_sum(c, sum);
    jw_list(w);
    for (int t = 0; t < TRANSPORT__COUNT; t++) {
        jw_map(w);
        jw_kv_text(w, "transport", transport_name((enum transport)t));
        for (size_t i = 0; i < NCOUNTERS; i++)
            jw_kv_int(w, counters[i].key, (int64_t)value(&sum[t], &counters[i]));
        jw_map_end(w);
    }
    jw_list_end(w);
}

void account_metrics(const struct control *c, struct buf *b) {
    struct account sum[TRANSPORT__COUNT];

    account_sum(c, sum);
    for (size_t i = 0; i < NCOUNTERS; i++) {
        buf_printf(b, "# HELP %s %s\n# TYPE %s counter\n", counters[i].metric, counters[i].help, counters[i].metric);
        for (int t = 0; t < TRANSPORT__COUNT; t++)
            buf_printf(b, "%s{transport=\"%s\"} %llu\n", counters[i].metric, transport_name((enum transport)t),
                       (unsigned long long)value(&sum[t], &counters[i]));
    }
}
