/* SPDX-License-Identifier: ISC - tests of desk: from sightings to a closed incident */
#include "desk_help.h"

static void guessing_is_one_event_with_its_exact_count(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    for (int i = 0; i < 4; i++) {
        h.now += US_PER_S;
        help_sight(&h, "r-fail", "192.0.2.7", 1, 0);
    }
    struct json *j = help_list(&h, "iso", "events");
    assert_int_equal(json_count(j), 0); /* four are none */
    json_free(j);
    for (int i = 0; i < 40; i++) {
        h.now += US_PER_S;
        help_sight(&h, "r-fail", "192.0.2.7", 2, 1000);
    }
    j = help_list(&h, "iso", "events");
    assert_int_equal(json_count(j), 1);
    assert_int_equal(json_int(json_get(json_at(j, 0), "count"), 0), 84);
    assert_str(json_get_text(json_at(j, 0), "src_ip"), "192.0.2.7");
    assert_str(json_get_text(json_at(j, 0), "title"), "Password guessing from 192.0.2.7");
    assert_str(json_get_text(json_at(j, 0), "ref"), "EV-2026-000001");
    json_free(j);
    j = help_show(&h, "iso", MACHINE_EVENT, "1");
    size_t raws = json_count(json_get(j, "raws"));
    assert_in_range(raws, 4, 9); /* the first and the last three, and what the last audit line still names */
    json_free(j);
    help_close(&h);
}

static void the_whole_story(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    struct json *j = help_list(&h, "iso", "events");
    assert_str(json_get_text(json_at(j, 0), "priority"), "P2");
    json_free(j);
    help_do(&h, "iso", MACHINE_EVENT, "EV-2026-000001", "claim", "");
    help_do(&h, "iso", MACHINE_EVENT, "EV-2026-000001", "promote", "rationale=real|personal_data=no");
    assert_string_equal(h.ref, "INC-2026-0001");
    char inc[64];
    snprintf(inc, sizeof inc, "%s", h.ref);
    help_do(&h, "iso", MACHINE_INCIDENT, inc, "ack", "");
    help_do(&h, "iso", MACHINE_INCIDENT, inc, "confirm", "rationale=seen it");
    help_do(&h, "iso", MACHINE_INCIDENT, inc, "contain", "note=cut off");
    help_do(&h, "iso", MACHINE_INCIDENT, inc, "eradicate", "note=reinstalled");
    help_do(&h, "iso", MACHINE_INCIDENT, inc, "recover", "note=runs|verified_by=ana");
    help_do(&h, "iso", MACHINE_INCIDENT, inc, "open_review", "participants=iso, deputy");
    assert_int_equal(help_try_do(&h, "iso", MACHINE_INCIDENT, inc, "request_close", "closing_statement=done"), RC_REFUSED);
    help_do(&h, "iso", MACHINE_INCIDENT, inc, "cause", "root_cause_code=RC.UNKNOWN|root_cause_justification=logs were gone");
    help_do(&h, "iso", MACHINE_INCIDENT, inc, "lesson", "text=keep logs");
    help_do(&h, "iso", MACHINE_INCIDENT, inc, "control", "control=A.8.5|effect=failed");
    help_do(&h, "iso", MACHINE_INCIDENT, inc, "action", "text=keep logs|owner=ana|due=14d|effect_criterion=logs are there");
    help_do(&h, "iso", MACHINE_INCIDENT, inc, "request_close", "closing_statement=done");
    assert_int_equal(help_try_do(&h, "iso", MACHINE_INCIDENT, inc, "approve_close", "note=yes"), RC_REFUSED);
    help_do(&h, "deputy", MACHINE_INCIDENT, inc, "approve_close", "note=yes");
    assert_str(h.out.state, "closed");
    j = help_show(&h, "iso", MACHINE_INCIDENT, inc);
    assert_str(json_get_text(j, "state"), "closed");
    assert_int_equal(json_count(json_get(j, "events")), 1);
    assert_true(json_count(json_get(j, "timeline")) >= 12);
    json_free(j);
    help_close(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guessing_is_one_event_with_its_exact_count),
        cmocka_unit_test(the_whole_story),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
