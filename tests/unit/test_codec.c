/* SPDX-License-Identifier: ISC
 *
 * test_codec.c - what is packed comes out the same, and nothing else comes out at all
 */
#include "unit.h"

#include "link/codec.h"

static int64_t times[] = {1000, 1500, 900, INT64_MAX, INT64_MIN, 0};
static uint32_t weights[] = {1, 3, 1, 1000000, 1, 2};

static struct sighting_line line(const char *raw) {
    return (struct sighting_line){.raw = str_of(raw), .peer = STR("192.0.2.7:40022"), .arrived = 5, .time = 4, .transport = TRANSPORT_TCP, .source = 3,
                                  .flags = MSG_CUT, .nr = 9};
}

static struct sighting many(void) {
    struct sighting s = {.rule = STR("rule-1"), .rule_index = 7, .generation = 2, .org = 1, .ntimes = ARRAY_N(times), .times = times,
                         .weights = weights, .first = line("first"), .last = line("last"), .nfields = 2};

    s.fields[0] = (struct field){F_SRC_IP, 0, STR_NONE, STR("192.0.2.7")};
    s.fields[1] = (struct field){F_OTHER, FIELD_NULL, STR("their.name"), STR_NONE};
    return s;
}

static void same_line(const struct sighting_line *a, const struct sighting_line *b) {
    assert_true(str_eq(a->raw, b->raw) && str_eq(a->peer, b->peer) && a->arrived == b->arrived && a->time == b->time);
    assert_true(a->transport == b->transport && a->source == b->source && a->flags == b->flags && a->nr == b->nr);
}

static void same_sighting(const struct sighting *a, const struct sighting *b) {
    assert_true(str_eq(a->rule, b->rule) && a->rule_index == b->rule_index && a->generation == b->generation && a->org == b->org);
    assert_int_equal(a->ntimes, b->ntimes);
    uint64_t total = 0;
    for (uint32_t i = 0; i < a->ntimes; i++) {
        assert_true(a->times[i] == b->times[i]);
        assert_int_equal(a->weights ? a->weights[i] : 1, b->weights ? b->weights[i] : 1);
        total += a->weights ? a->weights[i] : 1;
    }
    assert_true(b->total == total);
    assert_int_equal(a->nfields, b->nfields);
    for (size_t i = 0; i < a->nfields; i++) {
        assert_true(a->fields[i].id == b->fields[i].id && a->fields[i].flags == b->fields[i].flags);
        assert_true(str_eq(a->fields[i].name, b->fields[i].name) && str_eq(a->fields[i].value, b->fields[i].value));
        assert_true(str_absent(a->fields[i].value) == str_absent(b->fields[i].value));
    }
}

static void batch_of(struct buf *b) {
    struct sighting v[2] = {many(), many()};
    struct batch in = {.epoch = UINT64_MAX, .seq = 42, .worker = 3, .sightings = v, .n = 2};

    v[1].ntimes = 1;
    v[1].weights = NULL;
    v[1].last = v[1].first;
    buf_init(b, 1 << 20);
    assert_true(batch_encode(b, &in));
}

/* Counts of events are sums of weights: a sender of frames that is not to be trusted must not run them over. */
static void a_weight_beyond_a_million_is_nonsense(void **state) {
    static uint32_t heavy[] = {1, 3, 1, 1000001, 1, 2};
    struct sighting s = many();
    struct batch in = {.epoch = 1, .seq = 1, .sightings = &s, .n = 1}, out;
    struct arena a;
    struct buf b;

    (void)state;
    s.weights = heavy;
    arena_init(&a, 1 << 20);
    buf_init(&b, 1 << 20);
    assert_true(batch_encode(&b, &in));
    assert_false(batch_decode(buf_view(&b), &a, &out));
    buf_fini(&b);
    arena_fini(&a);
}

static void a_batch_comes_out_as_it_went_in(void **state) {
    struct sighting one = many(), two = many();
    struct arena a;
    struct batch out;
    struct buf b;

    (void)state;
    arena_init(&a, 1 << 20);
    batch_of(&b);
    assert_true(batch_decode(buf_view(&b), &a, &out));
    assert_true(out.epoch == UINT64_MAX && out.seq == 42 && out.worker == 3 && out.n == 2);
    same_sighting(&one, &out.sightings[0]);
    same_line(&one.first, &out.sightings[0].first);
    same_line(&one.last, &out.sightings[0].last);
    two.ntimes = 1;
    two.weights = NULL;
    same_sighting(&two, &out.sightings[1]);
    same_line(&two.first, &out.sightings[1].last);
    assert_null(out.sightings[1].weights);
    buf_fini(&b);
    arena_fini(&a);
}

static void delivery_of(struct buf *b) {
    struct sighting v[1] = {many()};
    struct delivery_claim own = {.title = STR("shell"), .level = LEVEL_HIGH, .resolved = true, .rsit_class = STR("other"), .rsit_type = STR("other")};
    struct delivery in = {.epoch = 1, .seq = 2, .worker = 0, .webhook = STR("falco"), .id = STR("abc"), .org = 2, .line = line("{}"), .sightings = v,
                          .n = 1, .claims = &own, .nclaims = 1};

    buf_init(b, 1 << 20);
    assert_true(delivery_encode(b, &in));
}

static void the_sightings_of_a_delivery_share_its_body(void **state) {
    struct sighting one = many();
    struct arena a;
    struct delivery out;
    struct buf b;

    (void)state;
    arena_init(&a, 1 << 20);
    delivery_of(&b);
    assert_true(delivery_decode(buf_view(&b), &a, &out));
    assert_true(out.epoch == 1 && out.seq == 2 && out.org == 2 && out.nclaims == 1 && out.claims[0].level == LEVEL_HIGH && out.claims[0].resolved && out.n == 1);
    assert_str(out.webhook, "falco");
    assert_str(out.id, "abc");
    assert_str(out.claims[0].title, "shell");
    assert_true(str_absent(out.claims[0].key));
    same_sighting(&one, &out.sightings[0]);
    assert_ptr_equal(out.sightings[0].first.raw.p, out.line.raw.p);
    buf_fini(&b);
    arena_fini(&a);
}

static void stats_acks_and_carries_come_out_as_they_went_in(void **state) {
    struct ingest_stats st = {.epoch = 9, .worker = 1, .generation = 3, .scanned = 10, .candidates = 20, .normalised = 30, .in_flight_bytes = 40}, st2;
    struct ack ack = {.seq = 5, .refused = true, .answer = STR("{}"), .status = 202}, ack2;
    struct carry c = {.id = -1, .channel = CHANNEL_WEBHOOK, .uuid = STR("u"), .to_login = STR("iso"), .body_json = STR("{}"), .urgency = 1}, c2;
    struct carried d = {.id = 8, .ok = true, .retry_after = 60, .code = STR("250 ok"), .started = 1, .ended = 2}, d2;
    struct buf b;

    (void)state;
    st.by[TRANSPORT_UDP] = (struct account){1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, UINT64_MAX};
    ack.stored[TRANSPORT_HTTP] = 2;
    buf_init(&b, 1 << 16);
    assert_true(ingest_stats_encode(&b, &st) && ingest_stats_decode(buf_view(&b), &st2));
    assert_true(st2.epoch == 9 && st2.worker == 1 && st2.generation == 3 && st2.scanned == 10 && st2.in_flight_bytes == 40);
    assert_memory_equal(&st.by, &st2.by, sizeof st.by);
    buf_reset(&b);
    assert_true(ack_encode(&b, &ack) && ack_decode(buf_view(&b), &ack2));
    assert_true(ack2.seq == 5 && ack2.refused && ack2.status == 202 && ack2.stored[TRANSPORT_HTTP] == 2 && str_is(ack2.answer, "{}"));
    buf_reset(&b);
    assert_true(carry_encode(&b, &c) && carry_decode(buf_view(&b), &c2));
    assert_true(c2.id == -1 && c2.channel == CHANNEL_WEBHOOK && str_is(c2.body_json, "{}") && str_absent(c2.subject) && c2.urgency == 1);
    buf_reset(&b);
    assert_true(carried_encode(&b, &d) && carried_decode(buf_view(&b), &d2));
    assert_true(d2.id == 8 && d2.ok && !d2.permanent && d2.retry_after == 60 && str_is(d2.code, "250 ok") && d2.ended == 2);
    buf_fini(&b);
}

static void what_was_heard_comes_out_as_it_went_in(void **state) {
    struct hearing in = {.generation = 4, .n = 2, .v = {{7, 11}, {UINT32_MAX, -1}}}, out;
    struct buf b;

    (void)state;
    buf_init(&b, 1 << 16);
    assert_true(hearing_encode(&b, &in));
    assert_true(hearing_decode(buf_view(&b), &out));
    assert_true(out.generation == 4 && out.n == 2 && out.v[0].source == 7 && out.v[0].at == 11 && out.v[1].source == UINT32_MAX && out.v[1].at == -1);
    for (size_t n = 0; n < b.n; n++) { /* every truncation, in a block of exactly that size */
        char *p = malloc(n + 1);
        memcpy(p + 1, b.p, n);
        assert_false(hearing_decode(str_n(p + 1, n), &out));
        free(p);
    }
    buf_c(&b, 0);
    assert_false(hearing_decode(buf_view(&b), &out));
    buf_reset(&b);
    pack_u32(&b, 1);
    pack_u32(&b, HEARING_MAX + 1);
    assert_false(hearing_decode(buf_view(&b), &out));
    assert_int_equal(out.n, 0);
    in.n = HEARING_MAX + 1;
    assert_false(hearing_encode(&b, &in));
    buf_fini(&b);
}

static void what_rules_did_comes_out_as_it_went_in(void **state) {
    struct tally_rule rules[] = {{STR("r1"), 1, 2, 3, UINT64_MAX, 5, INT64_MIN}, {STR("r2"), 0, 0, 0, 0, 0, 0}};
    struct tally_filter filters[] = {{STR("f"), 9}};
    struct str fields[] = {STR("user"), STR("src_ip")};
    struct tally_program programs[] = {{STR("sshd"), 70, 11, true, false}};
    struct tally_frame in = {7, rules, 2, filters, 1, fields, 2, programs, 1}, out;
    struct arena a;
    struct buf b;

    (void)state;
    arena_init(&a, 1 << 20);
    buf_init(&b, 1 << 16);
    assert_true(tally_frame_encode(&b, &in));
    assert_true(tally_frame_decode(buf_view(&b), &a, &out));
    assert_true(out.others == 7 && out.nrules == 2 && out.nfilters == 1 && out.nfields == 2 && out.nprograms == 1);
    assert_true(str_is(out.rules[0].id, "r1") && out.rules[0].ns == UINT64_MAX && out.rules[0].last == INT64_MIN && out.rules[0].limit == 5);
    assert_true(str_is(out.filters[0].id, "f") && out.filters[0].excluded == 9 && str_is(out.fields[1], "src_ip"));
    assert_true(str_is(out.programs[0].name, "sshd") && out.programs[0].lines == 70 && out.programs[0].ruled && !out.programs[0].read);
    for (size_t n = 0; n < b.n; n++) { /* every truncation, in a block of exactly that size */
        char *p = malloc(n + 1);
        memcpy(p + 1, b.p, n);
        assert_false(tally_frame_decode(str_n(p + 1, n), &a, &out));
        free(p);
    }
    buf_c(&b, 0);
    assert_false(tally_frame_decode(buf_view(&b), &a, &out));
    buf_reset(&b);
    pack_varint(&b, 0);
    pack_u32(&b, UINT32_MAX); /* more rules than there are bytes */
    assert_false(tally_frame_decode(buf_view(&b), &a, &out));
    in.nrules = TALLY_RULES_MAX + 1;
    assert_false(tally_frame_encode(&b, &in));
    buf_fini(&b);
    arena_fini(&a);
}

/* Every truncation, and every payload with a byte behind its end. */
static void what_is_too_short_or_too_long_is_refused(void **state) {
    struct buf b[2];
    struct arena a;

    (void)state;
    arena_init(&a, 1 << 20);
    batch_of(&b[0]);
    delivery_of(&b[1]);
    for (size_t k = 0; k < 2; k++) {
        for (size_t n = 0; n < b[k].n; n++) {
            struct str cut = unit_exact(str_n(b[k].p, n));
            struct batch x;
            struct delivery y;
            assert_false(k == 0 ? batch_decode(cut, &a, &x) : delivery_decode(cut, &a, &y));
            free((void *)(uintptr_t)cut.p);
            arena_reset(&a);
        }
        struct batch x;
        struct delivery y;
        buf_c(&b[k], 0);
        assert_false(k == 0 ? batch_decode(buf_view(&b[k]), &a, &x) : delivery_decode(buf_view(&b[k]), &a, &y));
        buf_fini(&b[k]);
    }
    arena_fini(&a);
}

static void a_count_that_lies_asks_for_no_memory(void **state) {
    struct arena a;
    struct batch x;
    struct buf b;

    (void)state;
    arena_init(&a, 64 << 20);
    buf_init(&b, 1 << 10);
    pack_u64(&b, 1);
    pack_u64(&b, 1);
    pack_u32(&b, 0);
    pack_u32(&b, 4000);
    assert_false(batch_decode(buf_view(&b), &a, &x));
    assert_int_equal(a.used, 0);
    buf_fini(&b);
    arena_fini(&a);
}

/* limits.body may be 8 MiB, and a body may be one text */
static void a_title_as_long_as_a_body_may_be_comes_through(void **state) {
    static char title[(8 << 20) - 64];
    struct sighting s = {.rule = STR("webhook.w"), .ntimes = 1, .times = &(int64_t){1}, .total = 1};
    struct delivery_claim own = {.title = str_n(title, sizeof title), .level = LEVEL_LOW};
    struct delivery in = {.epoch = 1, .seq = 1, .webhook = STR("w"), .id = STR("i"), .sightings = &s, .n = 1, .claims = &own, .nclaims = 1}, out;
    struct arena a;
    struct buf b;

    (void)state;
    memset(title, 'x', sizeof title);
    arena_init(&a, 1 << 20);
    buf_init(&b, 32 << 20);
    assert_true(delivery_encode(&b, &in));
    assert_true(delivery_decode(buf_view(&b), &a, &out));
    assert_int_equal(out.claims[0].title.n, sizeof title);
    buf_fini(&b);
    arena_fini(&a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_weight_beyond_a_million_is_nonsense),
        cmocka_unit_test(a_batch_comes_out_as_it_went_in),
        cmocka_unit_test(the_sightings_of_a_delivery_share_its_body),
        cmocka_unit_test(stats_acks_and_carries_come_out_as_they_went_in),
        cmocka_unit_test(what_was_heard_comes_out_as_it_went_in),
        cmocka_unit_test(what_rules_did_comes_out_as_it_went_in),
        cmocka_unit_test(what_is_too_short_or_too_long_is_refused),
        cmocka_unit_test(a_count_that_lies_asks_for_no_memory),
        cmocka_unit_test(a_title_as_long_as_a_body_may_be_comes_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
