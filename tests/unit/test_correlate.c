/* SPDX-License-Identifier: ISC
 *
 * test_correlate.c - windows over sightings: what fires, what folds, what counts
 */
#include "correlate_help.h"

static void it_fires_at_the_nth_within_the_timespan(void **state) {
    struct world w;

    (void)state;
    open_world(&w, COUNT(5, ""), 100);
    for (int i = 0; i < 4; i++)
        see(&w, "base1", "192.0.2.1", NULL, i * 150);
    assert_int_equal(w.fired, 0);
    see(&w, "base1", "192.0.2.1", NULL, 600); /* newest - oldest is the timespan exactly */
    assert_int_equal(w.fired, 1);
    assert_int_equal(w.fired_count, 5);
    assert_true(w.first == T0 && w.last == T0 + 600 * S);
    assert_string_equal(w.group, "192.0.2.1");
    close_world(&w);
}

static void the_window_slides_and_what_fell_out_does_not_count(void **state) {
    struct world w;

    (void)state;
    open_world(&w, COUNT(5, ""), 100);
    for (int i = 0; i < 20; i++)
        see(&w, "base1", "192.0.2.1", NULL, i * 151);
    assert_int_equal(w.fired, 0); /* never five within 600 s */
    for (int i = 0; i < 3; i++)
        see(&w, "base1", "192.0.2.1", NULL, 19 * 151 + 1 + i);
    assert_int_equal(w.fired, 1);
    assert_int_equal(w.fired_count, 5);
    close_world(&w);
}

static void after_firing_it_folds_until_the_window_has_drained(void **state) {
    struct world w;

    (void)state;
    open_world(&w, COUNT(5, ""), 100);
    for (int i = 0; i < 100; i++)
        see(&w, "base1", "192.0.2.1", NULL, i);
    assert_int_equal(w.fired, 1);
    assert_int_equal(w.fired_count + w.folded, 100);
    see(&w, "base1", "192.0.2.1", NULL, 99 + 600); /* still within the timespan of the last */
    assert_int_equal(w.fired_count + w.folded, 101);
    for (int i = 0; i < 4; i++)
        see(&w, "base1", "192.0.2.1", NULL, 2000 + i);
    assert_int_equal(w.fired, 1);
    assert_int_equal(w.fired_count + w.folded, 101);
    see(&w, "base1", "192.0.2.1", NULL, 2005);
    assert_int_equal(w.fired, 2);
    assert_int_equal(w.fired_count, 10);
    close_world(&w);
}

static void suppress_sets_the_silence(void **state) {
    struct world w;

    (void)state;
    open_world(&w, COUNT(2, "tocsin: {suppress: 60s}\n"), 100);
    for (int i = 0; i < 120; i++) /* fires at 1, silent to 60, then 61 and 62 make it fire again */
        see(&w, "base1", "192.0.2.1", NULL, i);
    assert_int_equal(w.fired, 2);
    assert_int_equal(w.fired_count + w.folded, 120);
    close_world(&w);
}

static void times_of_one_sighting_are_taken_one_by_one(void **state) {
    struct world w;
    int64_t t[12];

    (void)state;
    open_world(&w, COUNT(5, ""), 100);
    for (int i = 0; i < 12; i++)
        t[i] = T0 + i * S;
    see_all(&w, "base1", "192.0.2.1", NULL, t, NULL, 12);
    assert_int_equal(w.fired, 1);
    assert_int_equal(w.fired_count, 5);
    assert_int_equal(w.folds, 1); /* the rest of the sighting in one */
    assert_int_equal(w.folded, 7);
    assert_true(w.first == t[5] && w.last == t[11]);
    close_world(&w);
}

static void a_message_repeated_n_times_counts_n(void **state) {
    struct world w;
    const int64_t t[2] = {T0, T0 + S};
    const uint32_t weights[2] = {3, 4};

    (void)state;
    open_world(&w, COUNT(5, ""), 100);
    see_all(&w, "base1", "192.0.2.1", NULL, t, weights, 2);
    assert_int_equal(w.fired, 1);
    assert_int_equal(w.fired_count, 7);
    close_world(&w);
}

static void groups_are_apart_and_what_lacks_the_field_does_not_count(void **state) {
    struct world w;

    (void)state;
    open_world(&w, COUNT(3, ""), 100);
    for (int i = 0; i < 2; i++) {
        see(&w, "base1", "192.0.2.1", NULL, i);
        see(&w, "base1", "192.0.2.2", NULL, i);
        see(&w, "base1", NULL, "bob", i);
    }
    assert_int_equal(w.fired, 0);
    assert_int_equal(correlator_stats(w.c)->missing_group, 2);
    see(&w, "base1", "192.0.2.2", NULL, 3);
    assert_int_equal(w.fired, 1);
    assert_string_equal(w.group, "192.0.2.2");
    close_world(&w);
}

static void late_times_count_where_they_belong(void **state) {
    struct world w;

    (void)state;
    open_world(&w, COUNT(3, ""), 100);
    see(&w, "base1", "192.0.2.1", NULL, 0);
    see(&w, "base1", "192.0.2.1", NULL, 700);
    see(&w, "base1", "192.0.2.1", NULL, 500); /* 500..700 and 0..500, but no three */
    assert_int_equal(w.fired, 0);
    see(&w, "base1", "192.0.2.1", NULL, 400); /* 400, 500, 700 and 0, 400, 500 */
    assert_int_equal(w.fired, 1);
    assert_int_equal(w.fired_count, 3);
    close_world(&w);
}

/* A plain reckoning of the same: all times kept, every span looked at. */
struct oracle {
    int64_t t[400];
    size_t n;
    bool open;
    int64_t first, last;
    uint64_t total;
    size_t fired;
};

static void oracle_add(struct oracle *o, int64_t t, int64_t span, size_t least) {
    if (o->open && t > o->last + span) {
        o->open = false;
        o->n = 0;
    }
    if (o->open) {
        if (t < o->first - span)
            return;
        o->last = t > o->last ? t : o->last;
        o->total++;
        return;
    }
    size_t i = o->n++;
    for (; i > 0 && o->t[i - 1] > t; i--)
        o->t[i] = o->t[i - 1];
    o->t[i] = t;
    for (size_t hi = i; hi < o->n; hi++) {
        size_t lo = hi;
        while (lo > 0 && o->t[lo - 1] >= o->t[hi] - span)
            lo--;
        if (lo > i || hi - lo + 1 < least)
            continue;
        o->open = true;
        o->fired++;
        o->total += hi - lo + 1;
        o->first = o->t[lo];
        o->last = o->t[hi];
        return;
    }
}

static void counts_agree_with_a_plain_reckoning(void **state) {
    (void)state;
    for (uint32_t round = 0; round < 200; round++) {
        struct world w;
        struct oracle o = {.n = 0};
        uint32_t seed = round + 1;
        int64_t now = T0;
        const char *rules = round % 2 ? COUNT(5, "") : COUNT(3, "");

        open_world(&w, rules, 10);
        for (int i = 0; i < 300; i++) {
            now += (int64_t)(dice(&seed) % 300) * S;
            int64_t t = now - (dice(&seed) % 4 == 0 ? (int64_t)(dice(&seed) % 600) * S : 0);
            see_all(&w, "base1", "192.0.2.1", NULL, &t, NULL, 1);
            oracle_add(&o, t, 600 * S, round % 2 ? 5 : 3);
            if (w.fired != o.fired || w.fired_count + w.folded != o.total)
                fail_msg("round %u, time %d: fired %zu of %zu, counted %llu of %llu", round, i, w.fired, o.fired,
                         (unsigned long long)(w.fired_count + w.folded), (unsigned long long)o.total);
        }
        close_world(&w);
    }
}

static void value_count_counts_values_and_tells_events(void **state) {
    struct world w;

    (void)state;
    open_world(&w, VALUES, 100);
    for (int i = 0; i < 10; i++)
        see(&w, "base1", "192.0.2.1", i % 2 ? "a" : "b", i);
    assert_int_equal(w.fired, 0);
    see(&w, "base1", "192.0.2.1", NULL, 10); /* without a user it does not count */
    see(&w, "base1", "192.0.2.1", "c", 11);
    assert_int_equal(w.fired, 1);
    assert_int_equal(w.fired_count, 11);
    see(&w, "base1", "192.0.2.1", "d", 12);
    assert_int_equal(w.folded, 1);
    close_world(&w);
}

static void a_value_that_left_the_window_is_not_counted(void **state) {
    struct world w;

    (void)state;
    open_world(&w, VALUES, 100);
    for (int i = 0; i < 20; i++) { /* a new user every 160 s: two in any five minutes */
        char user[16];
        snprintf(user, sizeof user, "u%d", i);
        see(&w, "base1", "192.0.2.1", user, i * 160);
    }
    assert_int_equal(w.fired, 0);
    close_world(&w);
}

#define ORDERED(type)                                                                                                            \
    BASE(1)                                                                                                                      \
    BASE(2)                                                                                                                      \
    "---\ntitle: inner\nname: inner\ncorrelation:\n  type: event_count\n  rules: base1\n  group-by: [src_ip, user]\n  "          \
    "timespan: "                                                                                                                 \
    "10m\n  condition: {gte: 5}\n---\ntitle: chain\nname: chain\nlevel: high\ncorrelation:\n  type: " type                       \
    "\n  rules: [inner, base2]\n  group-by: [src_ip]\n  timespan: 1h\n"

static void success_after_failures_is_found_in_this_order_only(void **state) {
    struct world w;

    (void)state;
    open_world(&w, ORDERED("temporal_ordered"), 100);
    see(&w, "base2", "192.0.2.1", "root", 0);
    for (int i = 1; i < 6; i++)
        see(&w, "base1", "192.0.2.1", "root", i);
    assert_int_equal(w.fired, 0);
    see(&w, "base2", "192.0.2.9", "root", 7);
    assert_int_equal(w.fired, 0);
    see(&w, "base2", "192.0.2.1", "bob", 8);
    assert_int_equal(w.fired, 1);
    assert_string_equal(w.group, "192.0.2.1");
    assert_int_equal(w.rule, ruleset_find(w.rs, STR("chain")));
    see(&w, "base2", "192.0.2.1", "root", 9);
    assert_int_equal(w.fired, 1);
    assert_int_equal(w.folded, 1);
    close_world(&w);
}

static void unordered_proximity_takes_either_order(void **state) {
    struct world w;

    (void)state;
    open_world(&w, ORDERED("temporal"), 100);
    see(&w, "base2", "192.0.2.1", "root", 0);
    for (int i = 1; i < 6; i++)
        see(&w, "base1", "192.0.2.1", "root", i);
    assert_int_equal(w.fired, 1);
    close_world(&w);
}

static void a_chain_remembers_guessing_that_goes_on(void **state) {
    struct world w;

    (void)state;
    open_world(&w, ORDERED("temporal_ordered"), 100);
    for (int i = 0; i < 4 * 3600; i += 60) /* four hours of guessing: fired once, long ago */
        see(&w, "base1", "192.0.2.1", "root", i);
    see(&w, "base2", "192.0.2.1", "root", 4 * 3600);
    assert_int_equal(w.fired, 1);
    close_world(&w);
}

static void too_late_a_success_is_none(void **state) {
    struct world w;

    (void)state;
    open_world(&w, ORDERED("temporal_ordered"), 100);
    for (int i = 0; i < 5; i++)
        see(&w, "base1", "192.0.2.1", "root", i);
    see(&w, "base2", "192.0.2.1", "root", 4 + 3601);
    assert_int_equal(w.fired, 0);
    close_world(&w);
}

static void aliases_join_different_fields(void **state) {
    struct world w;

    (void)state;
    open_world(
        &w,
        BASE(1) BASE(2) "---\ntitle: joined\nname: joined\ncorrelation:\n  type: temporal\n  rules: [base1, base2]\n  group-by: "
                        "[who]\n  timespan: 10s\n  aliases:\n    who: {base1: src_ip, base2: user}\n",
        100);
    see(&w, "base1", "x", "y", 0);
    see(&w, "base2", "x", "y", 1);
    assert_int_equal(w.fired, 0);
    see(&w, "base2", "y", "x", 2);
    assert_int_equal(w.fired, 1);
    assert_string_equal(w.group, "x");
    close_world(&w);
}

static bool restore(struct world *w, const struct saved *s, size_t i) {
    struct str st = unit_exact(str_n(s->state[i], s->state_n[i]));
    bool ok = correlator_restore(w->c, str_n(s->rule[i], s->rule_n[i]), str_n(s->key[i], s->key_n[i]), st);

    free((char *)(uintptr_t)st.p);
    return ok;
}

static void windows_are_alive_after_a_restart(void **state) {
    struct world w, v;
    struct saved s = {.n = 0};

    (void)state;
    open_world(&w, COUNT(5, ""), 100);
    for (int i = 0; i < 4; i++)
        see(&w, "base1", "192.0.2.1", NULL, i);
    for (int i = 0; i < 6; i++)
        see(&w, "base1", "192.0.2.2", NULL, i);
    correlator_save(w.c, save, &s);
    assert_int_equal(s.n, 2);
    close_world(&w);

    open_world(&v, COUNT(5, ""), 100);
    assert_true(restore(&v, &s, 0) && restore(&v, &s, 1));
    see(&v, "base1", "192.0.2.1", NULL, 10);
    assert_int_equal(v.fired, 1);
    assert_int_equal(v.fired_count, 5);
    see(&v, "base1", "192.0.2.2", NULL, 10);
    assert_int_equal(v.fired, 1); /* folded into what fired before */
    assert_int_equal(v.folded, 1);
    close_world(&v);
    free_saved(&s);
}

static void values_and_chains_survive_a_restart(void **state) {
    struct world w, v;
    struct saved s = {.n = 0};

    (void)state;
    open_world(&w, VALUES, 100);
    see(&w, "base1", "192.0.2.1", "a", 0);
    see(&w, "base1", "192.0.2.1", "b", 1);
    correlator_save(w.c, save, &s);
    close_world(&w);
    open_world(&v, VALUES, 100);
    assert_true(restore(&v, &s, 0));
    see(&v, "base1", "192.0.2.1", "b", 2);
    assert_int_equal(v.fired, 0);
    see(&v, "base1", "192.0.2.1", "c", 3);
    assert_int_equal(v.fired, 1);
    close_world(&v);
    free_saved(&s);
}

static void a_damaged_state_is_skipped(void **state) {
    struct world w;
    struct saved s = {.n = 0};

    (void)state;
    open_world(&w, VALUES, 100);
    see(&w, "base1", "192.0.2.1", "a", 0);
    see(&w, "base1", "192.0.2.1", "b", 1);
    correlator_save(w.c, save, &s);
    size_t whole = s.state_n[0];
    for (size_t n = 0; n < whole; n++) {
        s.state_n[0] = n;
        assert_false(restore(&w, &s, 0));
    }
    s.state_n[0] = whole;
    for (size_t i = 0; i < whole; i++) { /* every byte altered: accepted or not, never a crash */
        s.state[0][i] = (char)(s.state[0][i] ^ 0xff);
        restore(&w, &s, 0);
        see(&w, "base1", "192.0.2.1", "c", 2);
        s.state[0][i] = (char)(s.state[0][i] ^ 0xff);
    }
    assert_false(correlator_restore(w.c, STR("gone"), str_n(s.key[0], s.key_n[0]), str_n(s.state[0], whole)));
    assert_false(correlator_restore(w.c, STR("base1"), str_n(s.key[0], s.key_n[0]), str_n(s.state[0], whole)));
    for (size_t n = 0; n < s.key_n[0]; n++)
        assert_false(correlator_restore(w.c, STR("enum"), str_n(s.key[0], n), str_n(s.state[0], whole)));
    close_world(&w);
    free_saved(&s);
}

static void groups_are_bounded_and_the_record_with_them(void **state) {
    struct world w;
    struct saved s = {.n = 0};
    char ip[32];

    (void)state;
    open_world(&w, COUNT(5, ""), 8);
    for (int i = 0; i < 8; i++) {
        snprintf(ip, sizeof ip, "192.0.2.%d", i);
        see(&w, "base1", ip, NULL, i);
    }
    correlator_save(w.c, save, &s);
    assert_int_equal(s.n, 8);
    for (int i = 8; i < 40; i++) {
        snprintf(ip, sizeof ip, "192.0.2.%d", i);
        see(&w, "base1", ip, NULL, i);
    }
    assert_int_equal(correlator_stats(w.c)->groups, 8);
    assert_int_equal(correlator_stats(w.c)->evicted, 32);
    correlator_save(w.c, save, &s);
    assert_int_equal(s.n, 16);
    close_world(&w);
    free_saved(&s);
}

static void drained_groups_are_forgotten_in_slices(void **state) {
    struct world w;
    char ip[32];

    (void)state;
    open_world(&w, COUNT(5, ""), 100);
    for (int i = 0; i < 20; i++) {
        snprintf(ip, sizeof ip, "192.0.2.%d", i);
        see(&w, "base1", ip, NULL, i < 10 ? 0 : 5000);
    }
    for (int i = 0; i < 10; i++)
        correlator_expire(w.c, T0 + 100 * S, 4); /* untouched from here on, all of them */
    for (int i = 0; i < 10; i++)
        correlator_expire(w.c, T0 + 5001 * S, 4);
    assert_int_equal(correlator_stats(w.c)->groups, 10);
    correlator_expire(w.c, T0 + 50000 * S, 1000);
    assert_int_equal(correlator_stats(w.c)->groups, 0);
    correlator_expire(w.c, T0 + 50000 * S, 1000);
    close_world(&w);
}

static void a_replay_of_old_times_is_not_expired_under_way(void **state) {
    struct world w;
    const int64_t now = T0 + 1000 * US_PER_DAY;

    (void)state;
    open_world(&w, COUNT(5, ""), 100);
    for (int i = 0; i < 8; i++) {
        see(&w, "base1", "192.0.2.1", NULL, i * 100);
        correlator_expire(w.c, now + i * S, 100);
    }
    assert_int_equal(w.fired, 1);
    assert_int_equal(w.fired_count + w.folded, 8);
    correlator_expire(w.c, now + 3600 * S, 100);
    assert_int_equal(correlator_stats(w.c)->groups, 0);
    close_world(&w);
}

static void times_beyond_reason_are_counted_as_late(void **state) {
    struct world w;
    const int64_t t[6] = {INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN + 1, INT64_MAX - 1};

    (void)state;
    open_world(&w, COUNT(2, "tocsin: {suppress: 31d}\n"), 100);
    see_all(&w, "base1", "192.0.2.1", NULL, t, NULL, 6);
    assert_int_equal(w.fired, 0);
    assert_int_equal(correlator_stats(w.c)->late, 6);
    correlator_expire(w.c, INT64_MAX, 10);
    close_world(&w);
}

static void a_long_value_is_a_group_of_its_own(void **state) {
    struct world w;
    static char a[2000], b[2000];

    (void)state;
    memset(a, 'x', sizeof a - 1);
    memset(b, 'x', sizeof b - 1);
    b[1900] = 'y';
    open_world(&w, COUNT(2, ""), 100);
    see(&w, "base1", a, NULL, 0);
    see(&w, "base1", b, NULL, 1);
    assert_int_equal(w.fired, 0);
    see(&w, "base1", b, NULL, 2);
    assert_int_equal(w.fired, 1);
    close_world(&w);
}

#define SILENT(more) BASE(1) "---\ntitle: silent\nname: silent\ncorrelation:\n  type: event_count\n  rules: base1\n  group-by: [src_ip]\n  timespan: 5m\n  condition: {lt: 1}\n" more

static void silence_is_said_once_and_again_after_it_was_broken(void **state) {
    struct world w;

    (void)state;
    open_world(&w, SILENT(""), 100);
    see(&w, "base1", "192.0.2.1", NULL, 0);
    correlator_close(w.c, T0 + 300 * S, on_alert, &w);
    assert_int_equal(w.fired, 0); /* not before the time is over */
    assert_true(correlator_due(w.c) == T0 + 300 * S);
    correlator_close(w.c, T0 + 301 * S, on_alert, &w);
    assert_int_equal(w.fired, 1);
    assert_string_equal(w.group, "192.0.2.1");
    correlator_close(w.c, T0 + 3000 * S, on_alert, &w);
    assert_int_equal(w.fired, 1);
    see(&w, "base1", "192.0.2.1", NULL, 4000);
    see(&w, "base1", "192.0.2.1", NULL, 4200);
    correlator_close(w.c, T0 + 4499 * S, on_alert, &w);
    assert_int_equal(w.fired, 1);
    correlator_close(w.c, T0 + 4501 * S, on_alert, &w);
    assert_int_equal(w.fired, 2);
    close_world(&w);
}

static void who_is_listed_is_missed_though_never_heard(void **state) {
    struct world w;

    (void)state;
    open_world(&w, SILENT("tocsin: {expect: [192.0.2.7, 192.0.2.8]}\n"), 100);
    correlator_expect(w.c, T0);
    correlator_expect(w.c, T0 + 200 * S); /* they are watched already */
    see(&w, "base1", "192.0.2.8", NULL, 100);
    correlator_close(w.c, T0 + 301 * S, on_alert, &w);
    assert_int_equal(w.fired, 1);
    assert_string_equal(w.group, "192.0.2.7");
    close_world(&w);
}

static void what_we_slept_through_was_not_silent(void **state) {
    struct world w, v;
    struct saved s = {.n = 0};

    (void)state;
    open_world(&w, SILENT(""), 100);
    see(&w, "base1", "192.0.2.1", NULL, 0);
    correlator_save(w.c, save, &s);
    close_world(&w);
    open_world(&v, SILENT(""), 100);
    assert_true(restore(&v, &s, 0));
    correlator_resume(v.c, T0 + 7200 * S);
    correlator_close(v.c, T0 + 7201 * S, on_alert, &v);
    assert_int_equal(v.fired, 0);
    correlator_close(v.c, T0 + 7501 * S, on_alert, &v);
    assert_int_equal(v.fired, 1);
    close_world(&v);
    free_saved(&s);
}

static void groups_belong_to_an_organisation_by_name(void **state) {
    static const struct str before[] = {{"main", 4}, {"lab", 3}}, after[] = {{"lab", 3}, {"main", 4}}, gone[] = {{"main", 4}};
    struct world w;
    struct saved s = {.n = 0}, t = {.n = 0};
    int64_t at = T0;
    struct sighting x = {.times = &at, .ntimes = 1, .org = 1, .nfields = 1, .fields = {{F_SRC_IP, 0, STR_NONE, {"192.0.2.1", 9}}}};

    (void)state;
    open_world(&w, COUNT(2, ""), 100);
    correlator_orgs(w.c, before, 2);
    x.rule_index = (uint32_t)ruleset_find(w.rs, STR("base1"));
    correlate(w.c, &x, at, on_alert, &w);
    correlator_save(w.c, save, &s);
    close_world(&w);
    open_world(&w, COUNT(2, ""), 100);
    correlator_orgs(w.c, after, 2);
    assert_true(restore(&w, &s, 0));
    correlate(w.c, &x, at, on_alert, &w); /* 1 is another one now */
    assert_int_equal(w.fired, 0);
    x.org = 0;
    correlate(w.c, &x, at, on_alert, &w);
    assert_int_equal(w.fired, 1);
    correlator_save(w.c, save, &t);
    close_world(&w);
    open_world(&w, COUNT(2, ""), 100);
    correlator_orgs(w.c, gone, 1);
    assert_false(restore(&w, &s, 0));
    close_world(&w);
    free_saved(&s);
    free_saved(&t);
}

static void a_flood_of_one_value_hides_no_other(void **state) {
    struct world w;

    (void)state;
    open_world(&w, VALUES, 100);
    see(&w, "base1", "192.0.2.1", "first", 0);
    for (int i = 0; i < 20000; i++) /* more than is kept */
        see(&w, "base1", "192.0.2.1", "again", i / 100);
    assert_int_equal(w.fired, 0);
    see(&w, "base1", "192.0.2.1", "third", 250);
    assert_int_equal(w.fired, 1);
    assert_int_equal(w.fired_count, 20002);
    assert_int_equal(correlator_stats(w.c)->bounded, 0);
    close_world(&w);
}

static void what_had_to_make_room_is_counted(void **state) {
    struct world w;

    (void)state;
    open_world(&w, BASE(1) "---\ntitle: p\nname: p\ncorrelation:\n  type: value_percentile\n  rules: base1\n  group-by: [src_ip]\n  "
                           "timespan: 1h\n  condition: {field: user, percentile: 95, gt: 100}\n", 100);
    for (int i = 0; i < 5000; i++)
        see(&w, "base1", "192.0.2.1", i % 2 ? "1" : "nothing", i / 10);
    assert_int_equal(correlator_stats(w.c)->no_number, 2500);
    for (int i = 0; i < 5000; i++)
        see(&w, "base1", "192.0.2.1", "1", 500 + i / 10);
    assert_int_equal(correlator_stats(w.c)->bounded, 7500 - 4096);
    assert_int_equal(w.fired, 0);
    close_world(&w);
}

static void what_is_too_many_never_becomes_few(void **state) {
    struct world w;
    int64_t t = T0;
    uint32_t weight = UINT32_C(1) << 31;

    (void)state;
    open_world(&w, BASE(1) "---\ntitle: few\nname: few\ncorrelation:\n  type: event_count\n  rules: base1\n  group-by: [src_ip]\n  "
                           "timespan: 1h\n  condition: {lt: 300}\n", 100);
    for (int i = 0; i < 256; i++) /* as many stamps as are kept */
        see(&w, "base1", "192.0.2.1", NULL, 0);
    for (int i = 0; i < 2; i++)
        see_all(&w, "base1", "192.0.2.1", NULL, &t, &weight, 1);
    correlator_close_all(w.c, on_alert, &w);
    assert_int_equal(w.fired, 0);
    close_world(&w);
}

/* Limits on memory hold only when all of it is known. */
static void values_that_are_kept_apart_are_memory_that_is_counted(void **state) {
    struct world w;

    (void)state;
    open_world(&w, BASE(1) "---\ntitle: v\nname: v\ncorrelation:\n  type: value_count\n  rules: base1\n  group-by: [src_ip]\n  "
                           "timespan: 1h\n  condition: {field: user, gte: 4000}\n", 1000);
    for (int i = 0; i < 3000; i++) {
        char user[16];
        snprintf(user, sizeof user, "u%d", i);
        see(&w, "base1", "192.0.2.1", user, i / 10);
    }
    assert_true(correlator_stats(w.c)->bytes >= 3000 * 24); /* a stamp each; a table of values when there are enough of them */
    close_world(&w);
}

/* Of sources that were seen now and then, addresses of the longest kind of IPv4: what their group, its window and its place in the table take. */
static size_t bytes_a_group(const char *rules, int sightings) {
    struct world w;
    char ip[16];
    const int n = 1 << 15;

    open_world(&w, rules, (size_t)n);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < sightings; k++) {
            snprintf(ip, sizeof ip, "198.%d.%d.%d", 100 + i / 14884, 100 + i / 122 % 122, 100 + i % 122);
            see(&w, "base1", ip, k ? "root" : "admin", k);
        }
    const struct corr_stats *s = correlator_stats(w.c);
    assert_int_equal(s->groups, n);
    assert_int_equal(s->evicted, 0);
    size_t bytes = s->bytes / s->groups;
    see(&w, "base1", "198.51.100.1", "root", 9); /* the cap is hard, and what goes is counted */
    assert_int_equal(correlator_stats(w.c)->groups, n);
    assert_int_equal(correlator_stats(w.c)->evicted, 1);
    close_world(&w);
    return bytes;
}

static void a_group_takes_128_bytes(void **state) {
    (void)state;
    assert_in_range(bytes_a_group(COUNT(5, ""), 1), 1, 128);
    assert_in_range(bytes_a_group(COUNT(5, ""), 4), 1, 128);
    assert_in_range(bytes_a_group(VALUES, 1), 1, 128);
    assert_in_range(bytes_a_group(VALUES, 2), 1, 176); /* two values: a ring of their own */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_too_many_never_becomes_few),
        cmocka_unit_test(values_that_are_kept_apart_are_memory_that_is_counted),
        cmocka_unit_test(a_group_takes_128_bytes),
        cmocka_unit_test(it_fires_at_the_nth_within_the_timespan),
        cmocka_unit_test(the_window_slides_and_what_fell_out_does_not_count),
        cmocka_unit_test(after_firing_it_folds_until_the_window_has_drained),
        cmocka_unit_test(suppress_sets_the_silence),
        cmocka_unit_test(times_of_one_sighting_are_taken_one_by_one),
        cmocka_unit_test(a_message_repeated_n_times_counts_n),
        cmocka_unit_test(groups_are_apart_and_what_lacks_the_field_does_not_count),
        cmocka_unit_test(late_times_count_where_they_belong),
        cmocka_unit_test(counts_agree_with_a_plain_reckoning),
        cmocka_unit_test(value_count_counts_values_and_tells_events),
        cmocka_unit_test(a_value_that_left_the_window_is_not_counted),
        cmocka_unit_test(success_after_failures_is_found_in_this_order_only),
        cmocka_unit_test(unordered_proximity_takes_either_order),
        cmocka_unit_test(a_chain_remembers_guessing_that_goes_on),
        cmocka_unit_test(too_late_a_success_is_none),
        cmocka_unit_test(aliases_join_different_fields),
        cmocka_unit_test(windows_are_alive_after_a_restart),
        cmocka_unit_test(values_and_chains_survive_a_restart),
        cmocka_unit_test(a_damaged_state_is_skipped),
        cmocka_unit_test(groups_are_bounded_and_the_record_with_them),
        cmocka_unit_test(drained_groups_are_forgotten_in_slices),
        cmocka_unit_test(a_replay_of_old_times_is_not_expired_under_way),
        cmocka_unit_test(times_beyond_reason_are_counted_as_late),
        cmocka_unit_test(a_long_value_is_a_group_of_its_own),
        cmocka_unit_test(silence_is_said_once_and_again_after_it_was_broken),
        cmocka_unit_test(who_is_listed_is_missed_though_never_heard),
        cmocka_unit_test(what_we_slept_through_was_not_silent),
        cmocka_unit_test(groups_belong_to_an_organisation_by_name),
        cmocka_unit_test(a_flood_of_one_value_hides_no_other),
        cmocka_unit_test(what_had_to_make_room_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
