/* SPDX-License-Identifier: ISC - tests of desk: who is told by when, what stops it, what becomes of a notice */
#include "desk_help.h"

#include <sqlite3.h>

static void carry_back(struct help *h, size_t i, bool ok, bool permanent) {
    struct carried c = {.id = h->carried[i].id, .ok = ok, .permanent = permanent, .code = ok ? STR("250 ok") : STR("connect: refused"), .started = h->now, .ended = h->now};
    help_ok(h, desk_carried(h->d, &c, h->now, &h->e));
}

static void an_unanswered_break_in_climbs_rung_by_rung(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    help_run_until(&h, T0 + US_PER_S);
    assert_true(help_mails(&h, "iso") >= 1);
    assert_int_equal(help_mails(&h, "deputy"), 0);
    help_run_until(&h, T0 + 61 * US_PER_MIN);
    assert_true(help_mails(&h, "deputy") >= 1);
    help_run_until(&h, T0 + 121 * US_PER_MIN);
    assert_true(help_mails(&h, "boss") >= 1);
    help_do(&h, "deputy", MACHINE_EVENT, "1", "claim", "");
    assert_non_null(strstr(buf_cstr(&h.out.said), "Escalation stopped"));
    size_t before = h.ncarried;
    help_run_until(&h, h.now + US_PER_DAY);
    assert_int_equal(h.ncarried, before);
    help_close(&h);
}

static void guessing_tells_nobody_at_once(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    h.assets[0].need[0] = h.assets[0].need[1] = h.assets[0].need[2] = 2;
    help_sight(&h, "r-fail", "192.0.2.7", 6, US_PER_S);
    help_run_until(&h, T0 + US_PER_DAY);
    assert_int_equal(h.ncarried, 0);
    help_close(&h);
}

static void each_stop_reason_stops_the_ladder(void **state) {
    static const struct {
        const char *verb, *words;
        bool claim;
    } t[] = {{"claim", "", false}, {"promote", "rationale=x", false}, {"dismiss", "disposition=false_positive|rationale=x", true}, {"link", "incident=1|rationale=x", false},
             {"duplicate", "of_event=1", false}};
    (void)state;
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        struct help h;
        help_open(&h);
        help_sight(&h, "r-root", "192.0.2.1", 1, 0);
        help_do(&h, "iso", MACHINE_EVENT, "1", "promote", "rationale=x");
        help_do(&h, "iso", MACHINE_INCIDENT, "1", "ack", "");
        help_sight(&h, "r-root", "192.0.2.2", 1, 0);
        if (t[i].claim)
            help_do(&h, "iso", MACHINE_EVENT, "2", "claim", "");
        help_do(&h, "iso", MACHINE_EVENT, "2", t[i].verb, t[i].words);
        if (!strcmp(t[i].verb, "promote"))
            help_do(&h, "iso", MACHINE_INCIDENT, "2", "ack", "");
        help_run_until(&h, h.now + US_PER_S);
        size_t before = h.ncarried;
        help_run_until(&h, h.now + US_PER_DAY);
        check_row(h.ncarried == before, t[i].verb);
        help_close(&h);
    }
}

static void who_is_told_at_once_is_told_with_the_commit_of_the_line(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    assert_int_equal(h.ncarried, 2); /* all channels of the officer; nothing else had to happen first */
    assert_string_equal(h.object[0], "EV-2026-000001");
    desk_tick(h.d, h.now);
    assert_int_equal(h.ncarried, 2); /* and once only */
    help_close(&h);
}

static void an_incident_has_a_ladder_of_its_own(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    help_do(&h, "ana", MACHINE_EVENT, "1", "promote", "rationale=x");
    size_t of_event = h.ncarried;
    help_run_until(&h, h.now + US_PER_S);
    assert_true(help_mails(&h, "iso") >= 1);
    assert_true(h.ncarried > of_event);
    assert_string_equal(h.object[of_event], "INC-2026-0001");
    help_run_until(&h, h.now + 61 * US_PER_MIN);
    assert_true(help_mails(&h, "deputy") >= 1);
    help_do(&h, "deputy", MACHINE_INCIDENT, "1", "ack", "");
    help_run_until(&h, h.now + US_PER_S);
    size_t before = h.ncarried;
    help_run_until(&h, h.now + US_PER_DAY);
    assert_int_equal(h.ncarried, before);
    help_close(&h);
}

static void a_failed_notice_is_tried_again_and_then_goes_by_the_next_channel(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    struct actor root = help_actor(&h, "root");
    help_ok(&h, desk_notify_test(h.d, &root, STR("iso"), h.now, &h.out, &h.e));
    desk_tick(h.d, h.now);
    assert_int_equal(h.ncarried, 2); /* mail and webhook */
    carry_back(&h, 1, true, false);
    size_t first = 0;
    for (int i = 0; i < 3; i++) {
        size_t n = h.ncarried;
        carry_back(&h, first, false, false);
        for (int k = 0; k < 1000 && first < n; k++) {
            int64_t next = desk_tick(h.d, h.now);
            for (size_t c = n; c < h.ncarried; c++)
                if (h.carried[c].id == h.carried[0].id)
                    first = c;
            h.now = next > h.now ? next : h.now + 1;
        }
        assert_true(first >= n);
        assert_string_equal(h.uuid[first], h.uuid[0]); /* stable over retries */
    }
    bool by_hook = false;
    for (size_t k = 2; k < h.ncarried; k++)
        by_hook |= h.carried[k].channel == CHANNEL_WEBHOOK;
    assert_true(by_hook);
    help_close(&h);
}

static void what_could_not_be_recorded_of_a_notice_is_recorded_later(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    desk_tick(h.d, h.now);
    assert_true(h.ncarried > 0);
    struct carried c = {.id = h.carried[0].id, .ok = false, .code = STR("connect: refused"), .started = h.now, .ended = h.now};
    sqlite3_hard_heap_limit64(1);
    enum rc rc = desk_carried(h.d, &c, h.now, &h.e);
    sqlite3_hard_heap_limit64(0);
    assert_int_not_equal(rc, RC_OK);
    size_t n = h.ncarried;
    for (int i = 0; i < 60; i++) {
        h.now += US_PER_S;
        desk_tick(h.d, h.now);
    }
    bool again = false;
    for (; n < h.ncarried; n++)
        again |= h.carried[n].id == c.id;
    assert_true(again); /* it failed, so it is tried again: not under way for ever */
    help_close(&h);
}

static void what_a_dead_desk_had_handed_out_is_carried_again_with_the_same_id(void **state) {
    struct help h;
    char path[64];
    (void)state;
    snprintf(path, sizeof path, "/tmp/tocsin-owe-%ld.db", (long)getpid());
    help_open_at(&h, path);
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    desk_tick(h.d, h.now);
    size_t n = h.ncarried;
    assert_true(n >= 1);
    desk_close(h.d, h.now);
    help_reopen(&h);
    desk_tick(h.d, h.now);
    assert_int_equal(h.ncarried, 2 * n);
    assert_string_equal(h.uuid[n], h.uuid[0]);
    carry_back(&h, n, true, false);
    struct carried again = {.id = h.carried[0].id, .ok = true, .code = STR("250 ok")};
    assert_int_equal(desk_carried(h.d, &again, h.now, &h.e), RC_NOTFOUND); /* told twice of one */
    help_close(&h);
}

static void a_dead_notice_hurries_its_ladder(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    desk_tick(h.d, h.now);
    size_t n = h.ncarried;
    assert_true(n >= 1);
    for (size_t i = 0; i < n; i++)
        carry_back(&h, i, false, true);
    for (int k = 0; k < 5; k++)
        desk_tick(h.d, h.now);
    assert_true(h.ncarried > n); /* the next rung, without waiting for its hour */
    help_close(&h);
}

static void nothing_owed_is_lost_over_a_restart(void **state) {
    struct help h;
    char path[64];
    (void)state;
    snprintf(path, sizeof path, "/tmp/tocsin-owe-%d.db", (int)getpid());
    unlink(path);
    help_open_at(&h, path);
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    desk_tick(h.d, h.now); /* handed out, and then we die before hearing of it */
    size_t n = h.ncarried;
    char uuid[64];
    snprintf(uuid, sizeof uuid, "%s", h.uuid[0]);
    desk_close(h.d, h.now);
    h.now += 3 * US_PER_H;
    help_reopen(&h);
    help_run_until(&h, h.now + US_PER_S);
    assert_true(h.ncarried > n);
    assert_string_equal(h.uuid[n], uuid); /* the same again first */
    assert_true(help_mails(&h, "deputy") >= 1);
    assert_true(help_mails(&h, "boss") >= 1);
    size_t deputy = help_mails(&h, "deputy");
    help_run_until(&h, h.now + US_PER_MIN);
    assert_int_equal(help_mails(&h, "deputy"), deputy); /* late rungs once, not once for each hour that was slept through */
    help_close(&h);
}

static void the_absent_are_passed_over(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_do(&h, "iso", MACHINE_INCIDENT, NULL, "absence", "from=2026-11-20T00:00:00Z|to=2026-12-20T00:00:00Z");
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    help_run_until(&h, h.now + US_PER_S);
    assert_int_equal(help_mails(&h, "iso"), 0);
    assert_true(help_mails(&h, "deputy") >= 1);
    help_close(&h);
}

static void an_event_nobody_decides_on_escalates_at_its_target(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_do(&h, "rita", MACHINE_EVENT, NULL, "report", "title=odd letter|impact_c=3|impact_i=3|impact_a=0|outcome=suspected");
    struct json *j = help_list(&h, "iso", "events");
    assert_str(json_get_text(json_at(j, 0), "priority"), "P3");
    json_free(j);
    help_run_until(&h, T0 + h.policy.targets[3].decide - US_PER_MIN);
    assert_int_equal(help_mails(&h, "iso"), 0);
    help_run_until(&h, T0 + h.policy.targets[3].decide + 2 * US_PER_MIN);
    assert_true(help_mails(&h, "iso") >= 1);
    help_do(&h, "iso", MACHINE_EVENT, "1", "claim", "");
    size_t before = h.ncarried;
    help_run_until(&h, h.now + US_PER_DAY);
    assert_int_equal(h.ncarried, before);
    help_close(&h);
}

static void speaks(struct help *h, uint32_t generation) {
    struct hearing heard = {.generation = generation, .n = 2, .v = {{0, h->now}, {99, h->now}}}; /* there is no source 99 */
    desk_heard(h->d, &heard);
}

static int64_t counted(const struct json *list) {
    return json_int(json_get(json_at(list, 0), "count"), -1);
}

static int silences(struct help *h) {
    struct json *j = help_list(h, "iso", "events");
    int n = (int)json_count(j);
    json_free(j);
    return n;
}

static void a_source_that_speaks_again_is_watched_again(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_run_until(&h, T0 + 65 * US_PER_MIN);
    assert_int_equal(silences(&h), 1);
    help_run_until(&h, T0 + 300 * US_PER_MIN);
    struct json *j = help_list(&h, "iso", "events"); /* once, not once an hour */
    assert_int_equal(counted(j), 1);
    json_free(j);
    speaks(&h, 1);
    help_run_until(&h, h.now + 30 * US_PER_MIN);
    speaks(&h, 1);
    help_run_until(&h, h.now + 40 * US_PER_MIN);
    j = help_list(&h, "iso", "events");
    assert_int_equal(counted(j), 1);
    json_free(j);
    help_run_until(&h, h.now + 40 * US_PER_MIN);
    j = help_list(&h, "iso", "events"); /* the second silence folds into the event that is still open */
    assert_int_equal(json_count(j), 1);
    assert_int_equal(counted(j), 2);
    json_free(j);
    help_close(&h);
}

static void what_another_generation_heard_says_nothing(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_run_until(&h, T0 + 50 * US_PER_MIN);
    speaks(&h, 7);
    help_run_until(&h, T0 + 65 * US_PER_MIN);
    assert_int_equal(silences(&h), 1);
    help_close(&h);
}

static void nobody_was_silent_while_we_were_not_there(void **state) {
    struct help h;
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "/tmp/tocsin-owe-%ld.db", (long)getpid());
    help_open_at(&h, path);
    desk_close(h.d, h.now);
    h.now += 5 * US_PER_H;
    help_reopen(&h);
    help_run_until(&h, h.now + 50 * US_PER_MIN);
    assert_int_equal(silences(&h), 0);
    help_run_until(&h, h.now + 15 * US_PER_MIN);
    assert_int_equal(silences(&h), 1);
    help_close(&h);
}

static void a_silent_source_becomes_an_event(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_run_until(&h, T0 + 50 * US_PER_MIN);
    speaks(&h, 1);
    help_run_until(&h, T0 + 100 * US_PER_MIN);
    struct json *j = help_list(&h, "iso", "events");
    assert_int_equal(json_count(j), 0);
    json_free(j);
    help_run_until(&h, T0 + 120 * US_PER_MIN);
    j = help_list(&h, "iso", "events");
    assert_int_equal(json_count(j), 1);
    assert_str(json_get_text(json_at(j, 0), "rule"), "process.source_silent");
    json_free(j);
    help_close(&h);
}

/* More than one look finds, and all of the same moment: a batch is one. */
static void of_many_that_are_overdue_at_once_none_is_passed_over(void **state) {
    enum { MANY = 45 };
    struct help h;
    char ip[32];
    size_t found = 0;
    (void)state;
    help_more = "---\ntitle: missed\nid: process.deadline_missed\nlogsource: {product: tocsin}\ndetection:\n  m: {action: deadline-missed}\n  condition: m\n"
                "level: low\ntocsin:\n  class: availability/misconfiguration\n  impact: {c: 0, i: 0, a: 0}\n  title: \"{reason}\"\n  entity: [dedup_key]\n";
    help_open(&h);
    help_more = "";
    h.assets[0].need[0] = h.assets[0].need[1] = h.assets[0].need[2] = 2;
    desk_tick(h.d, h.now);
    for (int i = 0; i < MANY; i++) {
        snprintf(ip, sizeof ip, "192.0.2.%d", i);
        help_sight(&h, "r-root", ip, 1, 0);
    }
    help_run_until(&h, T0 + h.policy.targets[3].decide + 10 * US_PER_MIN);
    struct json *j = help_list(&h, "iso", "events");
    for (size_t i = 0; i < json_count(j); i++)
        found += str_is(json_get_text(json_at(j, i), "rule"), "process.deadline_missed");
    json_free(j);
    assert_int_equal(found, MANY);
    help_close(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unanswered_break_in_climbs_rung_by_rung),
        cmocka_unit_test(guessing_tells_nobody_at_once),
        cmocka_unit_test(each_stop_reason_stops_the_ladder),
        cmocka_unit_test(who_is_told_at_once_is_told_with_the_commit_of_the_line),
        cmocka_unit_test(an_incident_has_a_ladder_of_its_own),
        cmocka_unit_test(a_failed_notice_is_tried_again_and_then_goes_by_the_next_channel),
        cmocka_unit_test(what_could_not_be_recorded_of_a_notice_is_recorded_later),
        cmocka_unit_test(what_a_dead_desk_had_handed_out_is_carried_again_with_the_same_id),
        cmocka_unit_test(a_dead_notice_hurries_its_ladder),
        cmocka_unit_test(nothing_owed_is_lost_over_a_restart),
        cmocka_unit_test(the_absent_are_passed_over),
        cmocka_unit_test(an_event_nobody_decides_on_escalates_at_its_target),
        cmocka_unit_test(of_many_that_are_overdue_at_once_none_is_passed_over),
        cmocka_unit_test(a_silent_source_becomes_an_event),
        cmocka_unit_test(a_source_that_speaks_again_is_watched_again),
        cmocka_unit_test(what_another_generation_heard_says_nothing),
        cmocka_unit_test(nobody_was_silent_while_we_were_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
