/* SPDX-License-Identifier: ISC - tests of desk: deliveries of webhooks, and what their senders take back */
#include "desk_help.h"

static void deliver_as(struct help *h, const char *id, const char *key, bool resolved, struct ack *ack) {
    int64_t at = h->now;
    struct sighting s = {.rule = STR("webhook.demo"), .ntimes = 1, .times = &at, .total = 1};
    struct delivery_claim own = {.title = STR("door open"), .key = str_of(key), .level = LEVEL_CRITICAL, .resolved = resolved, .rsit_class = STR("other"),
                                 .rsit_type = STR("undetermined")};
    struct delivery dv = {.seq = 1, .webhook = STR("demo"), .id = str_of(id), .sightings = &s, .n = 1, .claims = &own, .nclaims = 1};
    dv.line = s.first = s.last = (struct sighting_line){.raw = STR("{\"door\":\"open\"}"), .arrived = h->now, .time = h->now, .transport = TRANSPORT_HTTP};
    help_ok(h, desk_delivery(h->d, &dv, h->now, &h->arena, ack, &h->e));
    help_ok(h, desk_commit(h->d, h->now, &h->e));
}

static void deliver(struct help *h, const char *id, const char *key, struct ack *ack) {
    deliver_as(h, id, key, false, ack);
}

static void what_the_sender_takes_back_gets_a_note_and_stays_for_a_person(void **state) {
    struct help h;
    struct ack a;
    (void)state;
    help_open(&h);
    deliver_as(&h, "d0", "door-7", true, &a); /* nothing to take back */
    assert_int_equal(help_events(&h), 0);
    assert_str(a.answer, "{\"delivery\":\"d0\",\"events\":[]}");
    deliver(&h, "d1", "door-7", &a);
    deliver_as(&h, "d2", "door-7", true, &a);
    assert_str(a.answer, "{\"delivery\":\"d2\",\"events\":[\"EV-2026-000001\"]}");
    assert_int_equal(help_events(&h), 1);
    assert_int_equal(help_count(&h, 0), 1);
    struct json *j = help_show(&h, "iso", MACHINE_EVENT, "1");
    assert_str(json_get_text(j, "state"), "new");
    assert_str(json_get_text(json_at(json_get(j, "notes"), 0), "text"), "webhook.demo says that it is over");
    json_free(j);
    help_close(&h);
}

static size_t bodies_of(struct help *h, const char *event) {
    struct json *j = help_show(h, "iso", MACHINE_EVENT, event);
    size_t n = json_count(json_get(j, "raws"));
    json_free(j);
    return n;
}

static void a_sender_that_takes_back_for_ever_fills_no_event(void **state) {
    struct help h;
    struct ack a;
    char id[16];
    (void)state;
    help_open(&h);
    deliver(&h, "d", "door-7", &a);
    for (int i = 0; i < 40; i++) {
        snprintf(id, sizeof id, "r%d", i);
        h.now += US_PER_S;
        deliver_as(&h, id, "door-7", true, &a);
    }
    assert_true(bodies_of(&h, "1") <= 2 * (size_t)h.conf.samples);
    help_close(&h);
}

static void a_body_with_many_claims_about_one_thing_is_kept_once(void **state) {
    struct help h;
    struct ack a;
    struct sighting s[5];
    struct delivery_claim own[5];
    (void)state;
    help_open(&h);
    int64_t at = h.now;
    struct delivery dv = {.seq = 1, .webhook = STR("demo"), .id = STR("d1"), .sightings = s, .n = 5, .claims = own, .nclaims = 5,
                          .line = {.raw = STR("[]"), .arrived = at, .time = at, .transport = TRANSPORT_HTTP}};
    for (size_t i = 0; i < 5; i++) {
        s[i] = (struct sighting){.rule = STR("webhook.demo"), .ntimes = 1, .times = &at, .total = 1, .first = dv.line, .last = dv.line};
        own[i] = (struct delivery_claim){.title = STR("door open"), .key = i < 4 ? STR("door-7") : STR("door-8"), .level = LEVEL_LOW, .rsit_class = STR("other"),
                                         .rsit_type = STR("undetermined")};
    }
    help_ok(&h, desk_delivery(h.d, &dv, h.now, &h.arena, &a, &h.e));
    help_ok(&h, desk_commit(h.d, h.now, &h.e));
    assert_int_equal(help_events(&h), 2);
    assert_int_equal(bodies_of(&h, "1"), 1);
    assert_int_equal(bodies_of(&h, "2"), 1);
    help_close(&h);
}

/* The same thing of other hosts, the last time graver than before. */
static void a_sender_that_says_it_is_worse_now_is_heard(void **state) {
    static const int levels[] = {LEVEL_LOW, LEVEL_LOW, LEVEL_CRITICAL};
    static const char *const hosts[] = {"h1", "h2", "h2"};
    struct help h;
    struct ack a;
    (void)state;
    help_open(&h);
    for (size_t i = 0; i < 3; i++) {
        char id[16];
        int64_t at = h.now += US_PER_S;
        snprintf(id, sizeof id, "d%zu", i);
        struct delivery_claim own = {.title = STR("door open"), .key = STR("door-7"), .level = levels[i], .rsit_class = STR("other"), .rsit_type = STR("undetermined")};
        struct sighting s = {.rule = STR("webhook.demo"), .ntimes = 1, .times = &at, .total = 1, .nfields = 1,
                             .fields = {{.id = F_HOST, .flags = FIELD_DERIVED, .value = str_of(hosts[i])}}};
        struct delivery dv = {.seq = 1, .webhook = STR("demo"), .id = str_of(id), .sightings = &s, .n = 1, .claims = &own, .nclaims = 1};
        dv.line = s.first = s.last = (struct sighting_line){.raw = STR("{}"), .arrived = at, .time = at, .transport = TRANSPORT_HTTP};
        help_ok(&h, desk_delivery(h.d, &dv, h.now, &h.arena, &a, &h.e));
    }
    help_ok(&h, desk_commit(h.d, h.now, &h.e));
    struct json *j = help_show(&h, "iso", MACHINE_EVENT, "1");
    assert_int_equal(json_int(json_get(j, "count"), 0), 3);
    struct str p = json_get_text(j, "priority");
    assert_true(p.n == 2 && p.p[1] < '3');
    json_free(j);
    help_close(&h);
}

static void the_same_delivery_is_answered_the_same_again(void **state) {
    struct help h;
    struct ack a, b;
    (void)state;
    help_open(&h);
    deliver(&h, "d1", "door-7", &a);
    assert_int_equal(a.status, 202);
    assert_str(a.answer, "{\"delivery\":\"d1\",\"events\":[\"EV-2026-000001\"]}");
    deliver(&h, "d1", "door-7", &b);
    assert_true(str_eq(a.answer, b.answer));
    assert_int_equal(help_count(&h, 0), 1);
    deliver(&h, "d2", "door-7", &b);
    assert_int_equal(help_events(&h), 1);
    assert_int_equal(help_count(&h, 0), 2);
    deliver(&h, "d3", "door-8", &b);
    assert_int_equal(help_events(&h), 2);
    struct json *j = help_show(&h, "iso", MACHINE_EVENT, "1");
    assert_str(json_get_text(json_at(json_get(j, "raws"), 0), "body"), "{\"door\":\"open\"}");
    assert_str(json_get_text(j, "title"), "door open");
    json_free(j);
    help_close(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_delivery_is_answered_the_same_again),
        cmocka_unit_test(what_the_sender_takes_back_gets_a_note_and_stays_for_a_person),
        cmocka_unit_test(a_sender_that_takes_back_for_ever_fills_no_event),
        cmocka_unit_test(a_body_with_many_claims_about_one_thing_is_kept_once),
        cmocka_unit_test(a_sender_that_says_it_is_worse_now_is_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
