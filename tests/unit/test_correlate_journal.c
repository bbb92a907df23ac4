/* SPDX-License-Identifier: ISC - tests of what the record keeps of the groups: a picture and a journal */
#include "correlate_help.h"

/* One correlator that runs through, and one that is saved and taken from the record anew every now and then: nobody sees a difference. */
#define ALL_TYPES                                                                                                                \
    BASE(1)                                                                                                                      \
    BASE(2)                                                                                                                      \
    CORR("count", "event_count", "[base1]", "{gte: 3}")                                                                          \
    CORR("few", "event_count", "[base1, base2]", "{lt: 4}")                                                                      \
    CORR("quiet", "event_count", "[base2]", "{eq: 0}")                                                                           \
    CORR("values", "value_count", "[base1, base2]", "{field: user, gte: 3}")                                                     \
    CORR("sum", "value_sum", "[base2]", "{field: user, gte: 10}")                                                                \
    CORR("avg", "value_avg", "[base2]", "{field: user, lt: 4}")                                                                  \
    CORR("median", "value_median", "[base1]", "{field: user, gt: 5}")                                                            \
    CORR("both", "temporal", "[base1, base2]", "{gte: 2}")                                                                       \
    CORR("alone", "temporal", "[base1, base2]", "base1 and not base2")                                                           \
    CORR("order", "temporal_ordered", "[count, base2]", "count and base2")                                                       \
    CORR("after", "temporal_ordered", "[base1, base2, alone]", "base1 and base2 and not alone")
#define CORR(name, type, rules, condition)                                                                                       \
    "---\ntitle: " name "\nname: " name "\ncorrelation:\n  type: " type "\n  rules: " rules                                     \
    "\n  group-by: [src_ip]\n  timespan: 2m\n  condition: " condition "\n"

struct heard {
    uint64_t v[256][4];
    size_t n;
};

static void on_heard(void *ctx, const struct alert *a) {
    struct heard *h = ctx;
    char group = a->ngroup && a->group[0].value.n ? a->group[0].value.p[a->group[0].value.n - 1] : 0;

    assert_true(h->n < 256);
    uint64_t *v = h->v[h->n++];
    v[0] = (uint64_t)a->rule << 16 | (uint64_t)a->fired << 8 | (unsigned char)group;
    v[1] = a->count;
    v[2] = (uint64_t)a->first ^ (uint64_t)a->last << 1;
    v[3] = (uint64_t)a->at;
}

static int by_bytes(const void *a, const void *b) {
    return memcmp(a, b, sizeof((struct heard *)NULL)->v[0]);
}

static void keep_all(void *ctx, struct str rule, struct str key, struct str st) {
    struct saved *s = ctx;
    for (size_t i = 0; i < s->n; i++)
        if (s->rule[i] && str_eq(str_n(s->rule[i], s->rule_n[i]), rule) && str_eq(str_n(s->key[i], s->key_n[i]), key)) {
            free(s->rule[i]), free(s->key[i]), free(s->state[i]);
            s->rule[i] = s->key[i] = s->state[i] = NULL;
        }
    save(s, rule, key, st);
}

static void one_step(struct correlator *c, const struct ruleset *rs, uint32_t *seed, int64_t *now, struct heard *h) {
    static struct sighting s;
    static const char *const ips[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3"}, *const users[] = {"1", "2.5", "7", "12", "x"};
    memset(&s, 0, sizeof s);
    *now += (int64_t)(dice(seed) % 50) * S;
    int64_t t = *now - (dice(seed) % 6 == 0 ? (int64_t)(dice(seed) % 300) * S : 0);
    uint32_t weight = dice(seed) % 8 == 0 ? 3 : 1;
    s.rule_index = (uint32_t)ruleset_find(rs, dice(seed) % 2 ? STR("base1") : STR("base2"));
    s.times = &t;
    s.weights = &weight;
    s.ntimes = 1;
    s.fields[s.nfields++] = (struct field){F_SRC_IP, 0, STR_NONE, str_of(ips[dice(seed) % 3])};
    s.fields[s.nfields++] = (struct field){F_USER, 0, STR_NONE, str_of(users[dice(seed) % 5])};
    h->n = 0;
    correlator_close(c, *now, on_heard, h);
    correlate(c, &s, *now, on_heard, h);
    qsort(h->v, h->n, sizeof h->v[0], by_bytes); /* what closes at the same time closes in any order */
}

static void a_restart_changes_nothing(void **state) {
    struct ruleset *rs = help_rules(ALL_TYPES);
    static struct heard a, b;

    (void)state;
    for (uint32_t round = 1; round <= 40; round++) {
        struct correlator *x = correlator_new(rs, 1000), *y = correlator_new(rs, 1000);
        uint32_t seed = round, other = round;
        int64_t now = T0, then = T0;
        struct saved *s = calloc(1, sizeof *s);

        for (int i = 0; i < 150; i++) {
            if (i % 10 == 9) {
                struct saved *fresh = calloc(1, sizeof *fresh);
                correlator_save(y, keep_all, s);
                correlator_free(y);
                y = correlator_new(rs, 1000);
                for (size_t k = 0; k < s->n; k++)
                    if (s->rule[k]) {
                        struct str st = unit_exact(str_n(s->state[k], s->state_n[k]));
                        assert_true(correlator_restore(y, str_n(s->rule[k], s->rule_n[k]), str_n(s->key[k], s->key_n[k]), st));
                        free((char *)(uintptr_t)st.p);
                        save(fresh, str_n(s->rule[k], s->rule_n[k]), str_n(s->key[k], s->key_n[k]), str_n(s->state[k], s->state_n[k]));
                    }
                free_saved(s);
                free(s);
                s = fresh;
            }
            one_step(x, rs, &seed, &now, &a);
            one_step(y, rs, &other, &then, &b);
            if (a.n != b.n || memcmp(a.v, b.v, a.n * sizeof a.v[0]) != 0)
                fail_msg("round %u, step %d: %zu alerts, after a restart %zu", round, i, a.n, b.n);
        }
        free_saved(s);
        free(s);
        correlator_free(x);
        correlator_free(y);
    }
    ruleset_free(rs);
}

struct pieces { /* of the record */
    char *v[512];
    size_t n[512], count;
};

static void piece_add(struct pieces *p, struct str s) {
    if (!s.n)
        return;
    assert_true(p->count < 512);
    p->v[p->count] = str_dup(s);
    p->n[p->count++] = s.n;
}

static void pieces_clear(struct pieces *p) {
    for (size_t i = 0; i < p->count; i++)
        free(p->v[i]);
    p->count = 0;
}

static void pieces_play(struct correlator *c, const struct pieces *p) {
    for (size_t i = 0; i < p->count; i++) {
        struct str s = unit_exact(str_n(p->v[i], p->n[i]));
        assert_true(correlator_replay(c, s));
        free((char *)(uintptr_t)s.p);
    }
}

struct journaled { /* one that writes down what it does as the desk lets it */
    struct correlator *c;
    struct pieces whole, taking, journal, since; /* since: from the beginning of the picture that is being taken */
    bool on;
};

static void journal_commit(struct journaled *y, uint32_t *seed) {
    struct str ops = correlator_ops(y->c);
    bool done = false;
    piece_add(&y->journal, ops);
    piece_add(&y->since, ops);
    correlator_ops_cut(y->c, 0);
    if (!y->on && dice(seed) % 6 == 0) {
        pieces_clear(&y->taking);
        pieces_clear(&y->since);
        correlator_picture(y->c);
        y->on = true;
    }
    if (!y->on)
        return;
    piece_add(&y->taking, correlator_picture_step(y->c, dice(seed) % 3, &done)); /* slower than groups change */
    if (!done)
        return;
    pieces_clear(&y->whole);
    pieces_clear(&y->journal);
    y->whole = y->taking;
    y->journal = y->since;
    y->taking.count = y->since.count = 0;
    y->on = false;
}

static void journal_restart(struct journaled *y, const struct ruleset *rs) {
    struct correlator *fresh = correlator_new(rs, 1000);
    struct str open = correlator_ops(y->c); /* of a commit that has not come yet: it is carried over */
    pieces_play(fresh, &y->whole);
    pieces_play(fresh, &y->journal);
    correlator_journal(fresh, true);
    correlator_ops_carry(fresh, open);
    correlator_free(y->c);
    y->c = fresh;
    y->on = false;
    pieces_clear(&y->taking);
    pieces_clear(&y->since);
}

/* So many times, over nearly ten minutes. */
static void seen_from(struct correlator *c, int who, size_t times) {
    char ip[32];
    snprintf(ip, sizeof ip, "198.51.100.%d", who);
    for (size_t i = 0; i < times; i++) {
        int64_t at = T0 + (int64_t)i * 590000;
        struct sighting s = {.rule_index = 0, .ntimes = 1, .times = &at, .total = 1, .nfields = 1, .fields = {{.id = F_SRC_IP, .value = str_of(ip)}}};
        correlate(c, &s, at, NULL, NULL);
    }
}

#define THOUSAND "title: a\nid: 1\nlogsource: {product: linux}\ndetection:\n  s: {action: fail}\n  condition: s\nlevel: low\n---\ntitle: b\nid: 2\ncorrelation:\n" \
                 "  type: event_count\n  rules: ['1']\n  group-by: [src_ip]\n  timespan: 10m\n  condition: {gte: 1000}\nlevel: low\n"

/* Rules are read anew, or a piece was too large: the picture is begun again, and is as whole as if it were the first. */
static void a_picture_that_was_given_up_leaves_no_group_out_of_the_next(void **state) {
    struct ruleset *rs = help_rules(THOUSAND);
    struct correlator *c = correlator_new(rs, 1000), *again = correlator_new(rs, 1000);
    bool done = false;
    size_t steps = 0;

    (void)state;
    for (int i = 0; i < 50; i++)
        seen_from(c, i, 1);
    correlator_picture(c);
    correlator_picture_step(c, 20, &done);
    assert_false(done);
    correlator_picture(c);
    while (!done && steps++ < 100)
        correlator_replay(again, correlator_picture_step(c, 20, &done));
    assert_true(done);
    assert_int_equal(correlator_stats(again)->groups, 50);
    correlator_free(c);
    correlator_free(again);
    ruleset_free(rs);
}

/* Windows may be full to the brim: no step takes more of them than a row may hold. */
static void a_piece_of_a_picture_is_never_too_large(void **state) {
    struct ruleset *rs = help_rules(THOUSAND);
    struct correlator *c = correlator_new(rs, 100000), *again = correlator_new(rs, 100000);
    bool done = false;
    size_t steps = 0;

    (void)state;
    for (int i = 0; i < 800; i++)
        seen_from(c, i, 999);
    correlator_picture(c);
    while (!done && steps++ < 1000) {
        struct str piece = correlator_picture_step(c, 4096, &done);
        assert_true(!str_absent(piece) && piece.n < (size_t)8 << 20);
        correlator_replay(again, piece);
    }
    assert_true(done && steps > 1);
    assert_int_equal(correlator_stats(again)->groups, 800);
    correlator_free(c);
    correlator_free(again);
    ruleset_free(rs);
}

/* As many fields as a sighting may carry, the last one keyed. */
static void a_sighting_full_of_fields_is_journaled(void **state) {
    struct ruleset *rs = help_rules(THOUSAND);
    struct correlator *c = correlator_new(rs, 1000), *again = correlator_new(rs, 1000);
    int64_t at = T0;
    struct sighting s = {.rule_index = 0, .ntimes = 1, .times = &at, .total = 1, .nfields = SIGHTING_FIELDS_MAX};

    (void)state;
    for (size_t i = 0; i < SIGHTING_FIELDS_MAX; i++)
        s.fields[i] = (struct field){.id = i < SIGHTING_FIELDS_MAX - 1 ? F_USER : F_SRC_IP, .value = STR("/a")};
    correlator_journal(c, true);
    correlate(c, &s, T0, NULL, NULL);
    assert_true(correlator_replay(again, correlator_ops(c)));
    assert_int_equal(correlator_stats(again)->groups, 1);
    correlator_free(c);
    correlator_free(again);
    ruleset_free(rs);
}

/* As the record keeps it: a picture that is taken while groups change, and a journal. */
static void a_picture_and_a_journal_are_all_there_is(void **state) {
    struct ruleset *rs = help_rules(ALL_TYPES);
    static struct heard a, b;
    static struct journaled y;
    size_t pictures = 0;

    (void)state;
    for (uint32_t round = 1; round <= 40; round++) {
        struct correlator *x = correlator_new(rs, 1000);
        uint32_t seed = round, other = round, chance = round * 77;
        int64_t now = T0, then = T0;

        y.c = correlator_new(rs, 1000);
        correlator_journal(y.c, true);
        for (int i = 0; i < 150; i++) {
            if (dice(&chance) % 10 == 0)
                journal_restart(&y, rs);
            one_step(x, rs, &seed, &now, &a);
            one_step(y.c, rs, &other, &then, &b);
            if (a.n != b.n || memcmp(a.v, b.v, a.n * sizeof a.v[0]) != 0)
                fail_msg("round %u, step %d: %zu alerts, after a restart %zu", round, i, a.n, b.n);
            if (dice(&chance) % 3 == 0)
                journal_commit(&y, &chance);
            pictures += y.whole.count > 0;
        }
        pieces_clear(&y.whole);
        pieces_clear(&y.taking);
        pieces_clear(&y.journal);
        pieces_clear(&y.since);
        y.on = false;
        correlator_free(x);
        correlator_free(y.c);
    }
    assert_true(pictures > 1000);
    ruleset_free(rs);
}

static void what_a_frame_counted_can_be_taken_back(void **state) {
    struct world w, v;

    (void)state;
    open_world(&w, COUNT(5, ""), 100);
    open_world(&v, COUNT(5, ""), 100);
    correlator_journal(w.c, true);
    for (int i = 0; i < 3; i++)
        see(&w, "base1", "192.0.2.1", NULL, i);
    size_t kept = correlator_ops(w.c).n;
    for (int i = 3; i < 9; i++)
        see(&w, "base1", "192.0.2.1", NULL, i);
    assert_int_equal(w.fired, 1);
    correlator_ops_cut(w.c, kept);
    correlator_journal(v.c, true);
    correlator_ops_carry(v.c, correlator_ops(w.c));
    see(&v, "base1", "192.0.2.1", NULL, 9);
    assert_int_equal(v.fired, 0);
    see(&v, "base1", "192.0.2.1", NULL, 10);
    assert_int_equal(v.fired, 1);
    assert_int_equal(v.fired_count, 5);
    close_world(&w);
    open_world(&w, COUNT(5, ""), 100);
    assert_true(correlator_replay(w.c, correlator_ops(v.c))); /* and what was carried over is written once */
    see(&w, "base1", "192.0.2.1", NULL, 11);
    assert_int_equal(w.fired, 0);
    assert_int_equal(w.folded, 1);
    close_world(&w);
    close_world(&v);
}

/* It would fire while nobody listens, and then be silent about what it should have told. */
static void a_correlation_that_is_new_does_not_see_the_journal(void **state) {
    struct world w, v;
    struct buf shapes;

    (void)state;
    open_world(&w, COUNT(5, ""), 100);
    open_world(&v, COUNT(3, ""), 100);
    correlator_journal(w.c, true);
    for (int i = 0; i < 4; i++)
        see(&w, "base1", "192.0.2.1", NULL, i);
    buf_init(&shapes, 1 << 16);
    correlator_shapes(w.c, &shapes);
    assert_true(correlator_replay_for(v.c, buf_view(&shapes)));
    correlator_replay(v.c, correlator_ops(w.c));
    correlator_replay_end(v.c);
    for (int i = 4; i < 7; i++)
        see(&v, "base1", "192.0.2.1", NULL, i);
    assert_int_equal(v.fired, 1);
    assert_int_equal(v.fired_count, 3);
    close_world(&v);
    open_world(&v, COUNT(5, ""), 100); /* the same one does */
    assert_true(correlator_replay_for(v.c, buf_view(&shapes)));
    correlator_replay(v.c, correlator_ops(w.c));
    correlator_replay_end(v.c);
    see(&v, "base1", "192.0.2.1", NULL, 4);
    assert_int_equal(v.fired, 1);
    buf_fini(&shapes);
    close_world(&v);
    close_world(&w);
}

static void a_piece_that_is_cut_off_or_altered_harms_nobody(void **state) {
    struct world w;
    uint32_t seed = 3;

    (void)state;
    open_world(&w, VALUES, 100);
    correlator_journal(w.c, true);
    for (int i = 0; i < 6; i++)
        see(&w, "base1", "192.0.2.1", i % 2 ? "one" : "two", i);
    struct str ops = str_n(str_dup(correlator_ops(w.c)), correlator_ops(w.c).n);
    bool done;
    correlator_picture(w.c);
    struct str picture = correlator_picture_step(w.c, 10, &done);
    assert_true(done);
    struct str both[] = {ops, str_n(str_dup(picture), picture.n)};
    close_world(&w);
    for (size_t k = 0; k < 2; k++)
        for (size_t n = 0; n < both[k].n * 3; n++) {
            struct str s = unit_exact(str_sub(both[k], 0, n < both[k].n ? n : both[k].n));
            if (n >= both[k].n)
                ((char *)(uintptr_t)s.p)[n % s.n] ^= (char)(1 + dice(&seed) % 255);
            open_world(&w, VALUES, 100);
            bool ok = correlator_replay(w.c, s);
            assert_true(ok || n > 0);
            close_world(&w);
            free((char *)(uintptr_t)s.p);
        }
    free((char *)(uintptr_t)both[0].p);
    free((char *)(uintptr_t)both[1].p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restart_changes_nothing),
        cmocka_unit_test(a_picture_that_was_given_up_leaves_no_group_out_of_the_next),
        cmocka_unit_test(a_piece_of_a_picture_is_never_too_large),
        cmocka_unit_test(a_sighting_full_of_fields_is_journaled),
        cmocka_unit_test(a_picture_and_a_journal_are_all_there_is),
        cmocka_unit_test(what_a_frame_counted_can_be_taken_back),
        cmocka_unit_test(a_correlation_that_is_new_does_not_see_the_journal),
        cmocka_unit_test(a_piece_that_is_cut_off_or_altered_harms_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
