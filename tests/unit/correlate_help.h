/* SPDX-License-Identifier: ISC
 *
 * correlate_help.h - what the tests of the correlator share: rules, a dice, groups as they are saved
 */
#ifndef TOCSIN_TESTS_CORRELATE_HELP_H
#define TOCSIN_TESTS_CORRELATE_HELP_H

#include "sigma_help.h"

#include "base/clock.h"
#include "detect/correlate.h"

#define S US_PER_S
#define T0 (INT64_C(1760000000) * S)

#define BASE(n)                                                                                                                  \
    "---\ntitle: base " #n "\nname: base" #n "\nid: b" #n                                                                        \
    "\nlogsource: {product: linux}\ndetection:\n  s: {A: x}\n  condition: s\n"
#define COUNT(n, more)                                                                                                           \
    BASE(1)                                                                                                                      \
    "---\ntitle: many\nname: many\ncorrelation:\n  type: event_count\n  rules: base1\n  group-by: [src_ip]\n  timespan: 10m\n  " \
    "condition: {gte: " #n "}\n" more

#define VALUES                                                                                                                   \
    BASE(1)                                                                                                                      \
    "---\ntitle: many users\nname: enum\ncorrelation:\n  type: value_count\n  rules: [base1]\n  group-by: src_ip\n  "            \
    "timespan: 5m\n  condition: {field: user, gte: 3}\n"

struct world {
    struct ruleset *rs;
    struct correlator *c;
    size_t fired, folds;
    uint64_t fired_count, folded;
    int64_t first, last, fired_at;
    uint32_t rule;
    char group[64];
    int64_t now;
};

static inline void on_alert(void *ctx, const struct alert *a) {
    struct world *w = ctx;

    if (str_is(rule_info(w->rs, a->rule)->name, "inner")) /* only the outermost is looked at */
        return;
    w->rule = a->rule;
    w->first = a->first;
    w->last = a->last;
    if (a->fired) {
        w->fired++;
        w->fired_count += a->count;
        w->fired_at = w->now;
    } else {
        w->folds++;
        w->folded += a->count;
    }
    if (a->ngroup)
        str_copy(w->group, sizeof w->group, a->group[0].value);
}

static inline void open_world(struct world *w, const char *yaml, size_t groups) {
    memset(w, 0, sizeof *w);
    w->rs = help_rules(yaml);
    w->c = correlator_new(w->rs, groups);
    assert_non_null(w->c);
}

static inline void close_world(struct world *w) {
    correlator_free(w->c);
    ruleset_free(w->rs);
}

static inline void see_all(struct world *w, const char *rule, const char *ip, const char *user, const int64_t *times,
                           const uint32_t *weights, uint32_t n) {
    static struct sighting s;

    memset(&s, 0, sizeof s);
    long i = ruleset_find(w->rs, str_of(rule));
    assert_true(i >= 0);
    s.rule = str_of(rule);
    s.rule_index = (uint32_t)i;
    s.times = times;
    s.weights = weights;
    s.ntimes = n;
    if (ip)
        s.fields[s.nfields++] = (struct field){F_SRC_IP, 0, STR_NONE, str_of(ip)};
    if (user)
        s.fields[s.nfields++] = (struct field){F_USER, 0, STR_NONE, str_of(user)};
    w->now = times[n - 1];
    correlate(w->c, &s, w->now, on_alert, w);
}

static inline void see(struct world *w, const char *rule, const char *ip, const char *user, int64_t sec) {
    int64_t t = T0 + sec * S;

    see_all(w, rule, ip, user, &t, NULL, 1);
}

static inline uint32_t dice(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

struct saved {
    char *rule[512], *key[512], *state[512];
    size_t rule_n[512], key_n[512], state_n[512], n;
};

static inline void save(void *ctx, struct str rule, struct str key, struct str st) {
    struct saved *s = ctx;

    assert_true(s->n < 512);
    s->rule[s->n] = str_dup(rule), s->rule_n[s->n] = rule.n;
    s->key[s->n] = str_dup(key), s->key_n[s->n] = key.n;
    s->state[s->n] = str_dup(st), s->state_n[s->n] = st.n;
    s->n++;
}

static inline void free_saved(struct saved *s) {
    for (size_t i = 0; i < s->n; i++) {
        free(s->rule[i]);
        free(s->key[i]);
        free(s->state[i]);
    }
}

#endif
