/* SPDX-License-Identifier: ISC
 *
 * test_batch.c - like sightings become one, unlike ones never, and no time or line is lost on the way
 */
#include "unit.h"

#include "daemon/batch.h"

static const char rules[] = "title: Guess\n"
                            "id: 11111111-1111-1111-1111-111111111111\n"
                            "name: guess\n"
                            "level: low\n"
                            "logsource: {product: linux, service: sshd}\n"
                            "detection:\n"
                            "  s:\n"
                            "    message|contains: Failed\n"
                            "  condition: s\n"
                            "tocsin:\n"
                            "  entity: [src_ip, user]\n";

static struct tree **docs;
static size_t ndocs;
static struct ruleset *rs;
static struct batcher *b;

static int setup(void **state) {
    struct errs *es = calloc(1, sizeof *es);
    struct err e = {0};
    char text[1024];

    (void)state;
    if (tree_from_yaml("rules", str_of(rules), &docs, &ndocs, &e) != RC_OK)
        fail_msg("%s", e.text);
    if (ruleset_load((const struct tree *const *)docs, ndocs, RULESET_ANY_LOGSOURCE, &rs, es) != RC_OK)
        fail_msg("%s", err_format(&es->v[0], text, sizeof text));
    free(es);
    b = batcher_new();
    assert_true(batcher_rules(b, rs, NULL));
    return 0;
}

static int teardown(void **state) {
    (void)state;
    batcher_free(b);
    ruleset_free(rs);
    for (size_t i = 0; i < ndocs; i++)
        tree_free(docs[i]);
    free(docs);
    return 0;
}

static int64_t now;
static uint32_t weight;

/* One line's sighting in memory that is gone after the call. */
static bool add(const char *ip, const char *user, const char *raw, uint16_t org, uint8_t transport) {
    char ip_copy[64], user_copy[64], *raw_copy = strdup(raw);
    struct sighting s = {.rule = STR("guess"), .org = org, .ntimes = 1, .times = &now, .weights = weight == 1 ? NULL : &weight, .total = weight};

    snprintf(ip_copy, sizeof ip_copy, "%s", ip);
    snprintf(user_copy, sizeof user_copy, "%s", user);
    s.first = s.last = (struct sighting_line){.raw = str_of(raw_copy), .peer = STR("192.0.2.9:1"), .arrived = now, .time = now, .transport = transport};
    s.fields[s.nfields++] = (struct field){F_SRC_IP, 0, STR_NONE, str_of(ip_copy)};
    s.fields[s.nfields++] = (struct field){F_USER, 0, STR_NONE, str_of(user_copy)};
    s.fields[s.nfields++] = (struct field){F_SRC_PORT, 0, STR_NONE, str_of(raw_copy)}; /* not keyed */
    bool ok = batcher_add(b, &s);
    memset(ip_copy, '#', sizeof ip_copy);
    memset(user_copy, '#', sizeof user_copy);
    memset(raw_copy, '#', strlen(raw));
    free(raw_copy);
    return ok;
}

static void like_sightings_become_one_with_all_their_times(void **state) {
    struct sighting *v;
    char raw[128];
    size_t n;

    (void)state;
    batcher_reset(b);
    for (int i = 0; i < 100; i++) {
        now = 1000 + i;
        weight = i == 50 ? 7 : 1;
        snprintf(raw, sizeof raw, "line %d of many, each longer than the last %.*s", i, i % 40, "........................................");
        assert_true(add("192.0.2.7", "root", raw, 0, TRANSPORT_TCP));
    }
    v = batcher_sightings(b, &n);
    assert_int_equal(n, 1);
    assert_int_equal(v->ntimes, 100);
    assert_int_equal(v->total, 106);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(v->times[i], 1000 + i);
        assert_int_equal(v->weights[i], i == 50 ? 7 : 1);
    }
    assert_true(str_starts(v->first.raw, STR("line 0 of many")) && str_starts(v->last.raw, STR("line 99 of many")));
    assert_str(v->last.peer, "192.0.2.9:1");
    assert_str(v->fields[0].value, "192.0.2.7");
    assert_str(v->fields[1].value, "root");
    assert_true(v->first.arrived == 1000 && v->last.arrived == 1099);
}

static void a_line_is_one_line_whatever_number_of_rules_hit_it(void **state) {
    struct sighting *v;
    size_t n;

    (void)state;
    batcher_reset(b);
    weight = 1;
    for (int i = 0; i < 3; i++) {
        batcher_line(b);
        assert_true(add("192.0.2.7", "root", "a", 0, TRANSPORT_TCP));
        assert_true(add("192.0.2.8", "root", "a", 0, TRANSPORT_TCP));
    }
    v = batcher_sightings(b, &n);
    assert_int_equal(n, 2);
    assert_int_equal(batcher_lines(b), 3);
    for (size_t i = 0; i < 2; i++)
        assert_true(v[i].first.nr == 1 && v[i].last.nr == 3);
    batcher_reset(b); /* in the midst of a line: it counted in the batch that is gone */
    assert_true(add("192.0.2.9", "root", "a", 0, TRANSPORT_TCP));
    assert_int_equal(batcher_lines(b), 0);
    assert_int_equal(batcher_sightings(b, &n)->first.nr, 0);
    batcher_line(b);
    assert_true(add("192.0.2.9", "root", "a", 0, TRANSPORT_TCP));
    assert_int_equal(batcher_lines(b), 1);
    assert_int_equal(v[0].last.nr, 1);
}

static void what_differs_in_a_key_stays_apart(void **state) {
    size_t n;

    (void)state;
    batcher_reset(b);
    weight = 1;
    assert_true(add("192.0.2.7", "root", "a", 0, TRANSPORT_TCP));
    assert_true(add("192.0.2.8", "root", "a", 0, TRANSPORT_TCP));
    assert_true(add("192.0.2.7", "toor", "a", 0, TRANSPORT_TCP));
    assert_true(add("192.0.2.7", "root", "a", 1, TRANSPORT_TCP));
    assert_true(add("192.0.2.7", "root", "a", 0, TRANSPORT_UDP));
    assert_true(add("192.0.2.7", "root", "b", 0, TRANSPORT_TCP));
    struct sighting *v = batcher_sightings(b, &n);
    assert_int_equal(n, 5);
    assert_int_equal(v[0].ntimes, 2);
    assert_null(v[0].weights);
    assert_str(v[0].last.raw, "b");
}

static void a_full_batch_says_so_and_loses_nothing(void **state) {
    char ip[32];
    size_t n, total = 0;

    (void)state;
    batcher_reset(b);
    weight = 1;
    for (int i = 0; i < BATCH_MAX; i++) {
        snprintf(ip, sizeof ip, "10.0.%d.%d", i / 256, i % 256);
        assert_false(batcher_enough(b));
        assert_true(add(ip, "root", "x", 0, TRANSPORT_TCP));
    }
    assert_true(batcher_enough(b));
    assert_false(add("10.9.9.9", "root", "x", 0, TRANSPORT_TCP));
    assert_true(add("10.0.0.0", "root", "x", 0, TRANSPORT_TCP));
    batcher_sightings(b, &n);
    assert_int_equal(n, BATCH_MAX);
    batcher_reset(b);
    for (int i = 0; i < SIGHTING_TIMES_MAX + 10; i++)
        assert_true(add("10.0.0.0", "root", "x", 0, TRANSPORT_TCP));
    struct sighting *v = batcher_sightings(b, &n);
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++)
        total += v[i].ntimes;
    assert_int_equal(total, SIGHTING_TIMES_MAX + 10);
}

static void memory_has_a_limit(void **state) {
    char *big = malloc(300001), ip[32];
    int taken = 0;

    (void)state;
    memset(big, 'x', 300000);
    big[300000] = '\0';
    batcher_reset(b);
    weight = 1;
    for (; taken < 100; taken++) {
        snprintf(ip, sizeof ip, "10.0.0.%d", taken);
        if (!add(ip, "root", big, 0, TRANSPORT_TCP))
            break;
    }
    assert_true(taken > 0 && taken < 100);
    assert_true(batcher_enough(b));
    batcher_reset(b);
    assert_true(add("10.0.0.1", "root", big, 0, TRANSPORT_TCP));
    free(big);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_sightings_become_one_with_all_their_times),
        cmocka_unit_test(a_line_is_one_line_whatever_number_of_rules_hit_it),
        cmocka_unit_test(what_differs_in_a_key_stays_apart),
        cmocka_unit_test(a_full_batch_says_so_and_loses_nothing),
        cmocka_unit_test(memory_has_a_limit),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
