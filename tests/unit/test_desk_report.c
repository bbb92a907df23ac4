/* SPDX-License-Identifier: ISC - tests of desk: sightings, windows over a restart, reports of people */
#include "desk_help.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include "base/log.h"
#include "store/verify.h"

static void windows_live_over_a_restart(void **state) {
    struct help h;
    char path[64];
    struct verify_result r;
    (void)state;
    snprintf(path, sizeof path, "/tmp/tocsin-windows-%d.db", (int)getpid());
    unlink(path);
    help_open_at(&h, path);
    for (int i = 0; i < 4; i++, h.now += US_PER_S)
        help_sight(&h, "r-fail", "192.0.2.7", 1, 0);
    desk_close(h.d, h.now);
    help_reopen(&h);
    help_sight(&h, "r-fail", "192.0.2.7", 1, 0);
    assert_int_equal(help_count(&h, 0), 5);
    struct json *j = help_show(&h, "iso", MACHINE_EVENT, "1");
    assert_int_equal(json_count(json_get(j, "raws")), 5); /* those from before the restart too */
    json_free(j);
    desk_close(h.d, h.now);
    help_ok(&h, verify_file(path, &r, &h.e));
    help_reopen(&h);
    help_close(&h);
}

static void change(const char *path, const char *sql) {
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* Rules that are not taken are freed by who brought them: no window may belong to them. */
static void windows_that_cannot_be_read_at_a_reload_leave_the_present_ones(void **state) {
    struct help h;
    char path[64];
    static struct errs es;
    struct ruleset *other = NULL;

    (void)state;
    snprintf(path, sizeof path, "/tmp/tocsin-reload-%d.db", (int)getpid());
    unlink(path);
    help_open_at(&h, path);
    for (int i = 0; i < 4; i++, h.now += US_PER_S)
        help_sight(&h, "r-fail", "192.0.2.7", 1, 0);
    ruleset_load((const struct tree *const *)h.docs, h.ndocs, RULESET_ANY_LOGSOURCE, &other, &es);
    struct desk_generation g = {.number = 2, .rules = h.rules, .roster = &h.roster, .policy = &h.policy, .digest = STR("01")};
    help_ok(&h, desk_configure(h.d, &g, h.now, &h.e)); /* all that there is to write of them is written */
    g.rules = other;
    change(path, "ALTER TABLE corr_picture RENAME TO away");
    assert_int_not_equal(desk_configure(h.d, &g, h.now, &h.e), RC_OK);
    change(path, "ALTER TABLE away RENAME TO corr_picture");
    ruleset_free(other);
    help_sight(&h, "r-fail", "192.0.2.7", 1, 0);
    assert_int_equal(help_count(&h, 0), 5);
    help_close(&h);
}

static void different_addresses_are_different_events(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_sight(&h, "r-fail", "192.0.2.7", 7, US_PER_S);
    help_sight(&h, "r-fail", "192.0.2.8", 300, 1000);
    help_sight(&h, "r-fail", "192.0.2.9", 4, 1000);
    assert_int_equal(help_events(&h), 2);
    assert_int_equal(help_count(&h, 0), 300);
    assert_int_equal(help_count(&h, 1), 7);
    help_close(&h);
}

static void noise_does_not_push_what_is_urgent_out_of_the_list(void **state) {
    struct help h;
    struct args a = {.v = {{"kind", STR("events")}, {"undecided", STR("1")}, {"limit", STR("3")}, {"priority", STR("P4")}}, .n = 3};
    char ip[16];
    (void)state;
    help_open(&h);
    help_sight(&h, "r-root", "198.51.100.1", 1, 0); /* P2 */
    for (int i = 0; i < 5; i++) {
        snprintf(ip, sizeof ip, "192.0.2.%d", i);
        help_sight(&h, "r-try", ip, 1, 0); /* P5 */
    }
    struct actor iso = help_actor(&h, "iso");
    for (a.n = 3; a.n <= 4; a.n++) {
        struct json *j = NULL;
        buf_reset(&h.json);
        help_ok(&h, desk_list(h.d, &iso, &a, h.now, &h.json, &h.e));
        help_ok(&h, json_parse(buf_view(&h.json), 1 << 20, &j, &h.e));
        assert_str(json_get_text(json_at(j, 0), "src_ip"), "198.51.100.1");
        assert_int_equal(json_count(j), a.n == 3 ? 3 : 1);
        if (a.n == 3)
            assert_str(json_get_text(json_at(j, 1), "src_ip"), "192.0.2.4"); /* then the newest */
        json_free(j);
    }
    a.n = 4;
    a.v[3].value = STR("P6");
    assert_int_equal(desk_list(h.d, &iso, &a, h.now, &h.json, &h.e), RC_INVALID);
    a.v[2] = (struct arg){"address", STR("192.0.2.3")};
    a.n = 3;
    struct json *j = NULL;
    buf_reset(&h.json);
    help_ok(&h, desk_list(h.d, &iso, &a, h.now, &h.json, &h.e));
    help_ok(&h, json_parse(buf_view(&h.json), 1 << 20, &j, &h.e));
    assert_int_equal(json_count(j), 1);
    json_free(j);
    help_close(&h);
}

static void a_thousand_sources_are_not_a_thousand_events(void **state) {
    struct help h;
    char ip[24];
    (void)state;
    help_open(&h);
    h.policy.new_events = 20;
    for (int i = 0; i < 50; i++) {
        snprintf(ip, sizeof ip, "192.0.2.%d", i);
        help_sight(&h, "r-try", ip, 2, 1000);
    }
    struct json *j = help_list(&h, "iso", "events");
    assert_int_equal(json_count(j), 21);
    assert_str(json_get_text(json_at(j, 0), "title"), "tried: many at once");
    assert_int_equal(json_int(json_get(json_at(j, 0), "count"), 0), 60); /* nothing is lost */
    assert_true(str_absent(json_get_text(json_at(j, 0), "src_ip")));
    json_free(j);
    help_sight(&h, "r-root", "198.51.100.7", 1, 0); /* what is urgent is never one of many */
    h.now += US_PER_S;
    help_sight(&h, "r-try", "192.0.2.49", 1, 0); /* and each source is still counted by itself: its third try */
    j = help_list(&h, "iso", "events");
    assert_int_equal(json_count(j), 23);
    assert_str(json_get_text(json_at(j, 0), "title"), "Attack from 192.0.2.49");
    assert_int_equal(json_int(json_get(json_at(j, 0), "count"), 0), 3);
    json_free(j);
    h.now += US_PER_H;
    help_sight(&h, "r-try", "192.0.2.200", 1, 0);
    assert_int_equal(help_events(&h), 24); /* a new hour */
    help_close(&h);
}

static void after_a_dismissal_it_is_a_new_event_with_the_old_verdict_beside_it(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    help_do(&h, "iso", MACHINE_EVENT, "1", "claim", "");
    help_do(&h, "iso", MACHINE_EVENT, "1", "dismiss", "disposition=benign_authorised|rationale=it was me");
    h.now += US_PER_S;
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    assert_int_equal(help_events(&h), 2);
    struct json *j = help_show(&h, "iso", MACHINE_EVENT, "2");
    assert_str(json_get_text(j, "suggestion"), "dismissed before as benign_authorised");
    json_free(j);
    help_close(&h);
}

static void what_a_correlation_counts_is_one_event_with_it(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_sight(&h, "r-try", "192.0.2.7", 1, 0);
    struct json *j = help_show(&h, "iso", MACHINE_EVENT, "1");
    assert_str(json_get_text(j, "title"), "Tried from 192.0.2.7");
    assert_str(json_get_text(j, "priority"), "P5");
    json_free(j);
    h.now += US_PER_S;
    help_sight(&h, "r-try", "192.0.2.7", 1, 0);
    assert_int_equal(help_count(&h, 0), 2);
    h.now += US_PER_S;
    help_sight(&h, "r-try", "192.0.2.7", 1, 0);
    help_sight(&h, "r-try", "192.0.2.8", 1, 0);
    assert_int_equal(help_events(&h), 2);
    assert_int_equal(help_count(&h, 1), 3); /* neither by the rule and by the correlation, nor from where it fired */
    j = help_show(&h, "iso", MACHINE_EVENT, "1");
    assert_str(json_get_text(j, "title"), "Attack from 192.0.2.7");
    assert_str(json_get_text(j, "rule"), "c-try");
    assert_str(json_get_text(j, "priority"), "P2");
    assert_str(json_get_text(j, "class"), "intrusion-attempts/exploit");
    json_free(j);
    help_run_until(&h, h.now + US_PER_S);
    assert_true(h.ncarried > 0); /* P2: somebody is told */
    h.now += US_PER_S;
    help_sight(&h, "r-try", "192.0.2.7", 40, 1000);
    assert_int_equal(help_count(&h, 1), 43);
    help_close(&h);
}

static void more_of_what_was_called_no_matter_is_quiet_until_its_correlation_fires(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_sight(&h, "r-try", "192.0.2.7", 1, 0);
    help_do(&h, "iso", MACHINE_EVENT, "1", "claim", "");
    help_do(&h, "iso", MACHINE_EVENT, "1", "dismiss", "disposition=benign_authorised|rationale=one typo");
    h.now += US_PER_S;
    help_sight(&h, "r-try", "192.0.2.7", 1, 0);
    assert_int_equal(help_events(&h), 1);
    h.now += US_PER_S;
    help_sight(&h, "r-try", "192.0.2.7", 1, 0);
    assert_int_equal(help_events(&h), 2);
    assert_int_equal(help_count(&h, 0), 3); /* all that made it fire */
    struct json *j = help_show(&h, "iso", MACHINE_EVENT, "2");
    assert_str(json_get_text(j, "suggestion"), "dismissed before as benign_authorised");
    json_free(j);
    h.now += US_PER_S;
    help_sight(&h, "r-try", "192.0.2.7", 1, 0);
    assert_int_equal(help_count(&h, 0), 4);
    help_close(&h);
}

static void what_lacks_the_fields_of_its_correlation_makes_an_event_of_its_own(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_sight(&h, "r-try", NULL, 9, 1000);
    assert_int_equal(help_events(&h), 1);
    assert_int_equal(help_count(&h, 0), 9);
    struct json *j = help_show(&h, "iso", MACHINE_EVENT, "1");
    assert_str(json_get_text(j, "rule"), "r-try");
    json_free(j);
    help_close(&h);
}

static void an_open_incident_takes_its_like_in(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    help_do(&h, "iso", MACHINE_EVENT, "1", "promote", "rationale=x");
    h.now += 3 * US_PER_H; /* long after the folding window */
    help_sight(&h, "r-root", "192.0.2.7", 2, US_PER_S);
    assert_int_equal(help_events(&h), 1);
    assert_int_equal(help_count(&h, 0), 3);
    help_close(&h);
}

static void a_gap_longer_than_the_folding_window_makes_a_new_event(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    h.now += h.policy.dedup + US_PER_S;
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    assert_int_equal(help_events(&h), 2);
    help_close(&h);
}

static void a_person_reports_and_sees_their_own(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    help_do(&h, "rita", MACHINE_EVENT, NULL, "report", "title=lost my laptop|text=on the train");
    assert_string_equal(h.ref, "EV-2026-000002");
    struct json *j = help_list(&h, "rita", "events");
    assert_int_equal(json_count(j), 1);
    assert_str(json_get_text(json_at(j, 0), "title"), "lost my laptop");
    json_free(j);
    help_close(&h);
}

static void hostile_bytes_in_a_title_are_made_visible(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_sight(&h, "r-root", "192.0.2.7\x1b[2J\n", 1, 0);
    struct json *j = help_list(&h, "iso", "events");
    struct str t = json_get_text(json_at(j, 0), "title");
    assert_int_equal(str_chr(t, '\x1b'), SIZE_MAX);
    assert_int_equal(str_chr(t, '\n'), SIZE_MAX);
    json_free(j);
    help_close(&h);
}

/* The machine fails us in the middle: nothing is acknowledged, the windows go back to what the record holds, and the same again counts once. */
static void what_could_not_be_written_is_not_acknowledged(void **state) {
    struct help h;
    struct rlimit old, none;
    char path[64];
    struct verify_result r;
    (void)state;
    snprintf(path, sizeof path, "/tmp/tocsin-full-%d.db", (int)getpid());
    unlink(path);
    help_open_at(&h, path);
    help_sight(&h, "r-fail", "192.0.2.7", 4, 1000);
    getrlimit(RLIMIT_FSIZE, &old);
    none = old;
    none.rlim_cur = 1;
    signal(SIGXFSZ, SIG_IGN);
    int64_t at = h.now;
    struct sighting s = {.rule = STR("r-fail"), .ntimes = 1, .times = &at, .total = 1, .nfields = 1};
    s.fields[0] = (struct field){.id = F_SRC_IP, .value = STR("192.0.2.7")};
    s.first = s.last = (struct sighting_line){.raw = STR("x"), .arrived = at, .time = at};
    struct batch b = {.seq = 9, .sightings = &s, .n = 1};
    struct ack ack;
    setrlimit(RLIMIT_FSIZE, &none);
    log_level_set(NULL, (enum log_level)0);
    enum rc rc = desk_batch(h.d, &b, h.now, &ack, &h.e);
    if (!rc)
        rc = desk_commit(h.d, h.now, &h.e);
    setrlimit(RLIMIT_FSIZE, &old);
    log_level_set(NULL, LOG_INFO_);
    assert_true(rc == RC_IO || rc == RC_LIMIT);
    desk_close(h.d, h.now); /* the role leaves and comes again */
    help_reopen(&h);
    assert_int_equal(help_events(&h), 0);
    help_sight(&h, "r-fail", "192.0.2.7", 1, 0);
    assert_int_equal(help_count(&h, 0), 5);
    desk_close(h.d, h.now);
    help_ok(&h, verify_file(path, &r, &h.e));
    help_reopen(&h);
    help_close(&h);
}

static void a_batch_sent_again_is_counted_once(void **state) {
    static const struct {
        const char *why;
        uint64_t epoch, seq;
        uint32_t worker;
        int64_t count;
    } rows[] = {
        {"new", 7, 1, 0, 1},          {"sent again", 7, 1, 0, 1},          {"the next", 7, 2, 0, 2}, {"both again", 7, 1, 0, 2},
        {"another worker", 9, 1, 1, 3}, {"the first again", 7, 2, 0, 3}, {"a new life", 8, 1, 0, 4}, {"its own again", 8, 1, 0, 4},
    };
    struct help h;
    (void)state;
    help_open(&h);
    int64_t at = h.now;
    struct sighting s = {.rule = STR("r-root"), .ntimes = 1, .times = &at, .total = 1};
    s.first = s.last = (struct sighting_line){.raw = STR("x"), .arrived = at, .time = at};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct batch b = {.epoch = rows[i].epoch, .seq = rows[i].seq, .worker = rows[i].worker, .sightings = &s, .n = 1};
        struct ack ack;
        help_ok(&h, desk_batch(h.d, &b, h.now, &ack, &h.e));
        assert_int_equal(ack.seq, rows[i].seq);
        help_ok(&h, desk_commit(h.d, h.now, &h.e));
        h.now += 61 * US_PER_S; /* folds are written within a minute */
        desk_tick(h.d, h.now);
        if (help_count(&h, 0) != rows[i].count)
            fail_msg("%s: counted %lld", rows[i].why, (long long)help_count(&h, 0));
    }
    help_close(&h);
}

static void a_line_that_two_rules_hit_is_stored_once(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    int64_t at[3] = {h.now, h.now, h.now};
    struct sighting v[3];
    for (size_t i = 0; i < 3; i++) { /* lines 1 to 3 are hit by two rules, the third sighting came with a line that an earlier batch counted */
        v[i] = (struct sighting){.rule = i == 1 ? STR("r-fail") : STR("r-root"), .ntimes = i == 2 ? 1 : 3, .times = at, .total = i == 2 ? 1 : 3};
        v[i].first = v[i].last = (struct sighting_line){.raw = STR("x"), .arrived = h.now, .time = h.now, .transport = TRANSPORT_UDP};
        v[i].first.nr = i == 2 ? 0 : 1;
        v[i].last.nr = i == 2 ? 0 : 3;
    }
    struct batch b = {.epoch = 3, .seq = 1, .sightings = v, .n = 3};
    struct ack ack;
    help_ok(&h, desk_batch(h.d, &b, h.now, &ack, &h.e));
    assert_int_equal(ack.stored[TRANSPORT_UDP], 2); /* the first and the last: the one between is folded */
    b.seq = 2;
    help_ok(&h, desk_batch(h.d, &b, h.now, &ack, &h.e)); /* numbers are of one batch */
    assert_int_equal(ack.stored[TRANSPORT_UDP], 2);
    help_ok(&h, desk_commit(h.d, h.now, &h.e));
    help_close(&h);
}

static void a_frame_that_cannot_be_taken_is_refused_alone(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    int64_t at = h.now;
    struct sighting good = {.rule = STR("r-root"), .ntimes = 1, .times = &at, .total = 1}, bad = good;
    good.first = good.last = bad.first = bad.last = (struct sighting_line){.raw = STR("x"), .arrived = at, .time = at};
    bad.total = (uint64_t)-5; /* no such count can stand in the record */
    struct batch b1 = {.seq = 1, .sightings = &good, .n = 1}, b2 = {.seq = 2, .sightings = &bad, .n = 1};
    struct ack ack;
    help_ok(&h, desk_batch(h.d, &b1, h.now, &ack, &h.e));
    bad.org = 1;
    assert_int_not_equal(desk_batch(h.d, &b2, h.now, &ack, &h.e), RC_OK);
    help_ok(&h, desk_commit(h.d, h.now, &h.e));
    assert_int_equal(help_events(&h), 1);
    help_sight(&h, "r-root", "192.0.2.8", 1, 0);
    assert_int_equal(help_events(&h), 2);
    help_close(&h);
}

/* An alert whose event went with its frame would only fold, for as long as it goes on. */
static void what_fired_in_a_refused_frame_fires_again(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    for (int i = 0; i < 4; i++, h.now += US_PER_S)
        help_sight(&h, "r-fail", "192.0.2.7", 1, 0);
    int64_t at = h.now;
    struct sighting two[2] = {{.rule = STR("r-fail"), .ntimes = 1, .times = &at, .total = 1, .nfields = 1}, {.rule = STR("r-root"), .ntimes = 1, .times = &at}};
    two[0].fields[0] = (struct field){.id = F_SRC_IP, .value = STR("192.0.2.7")};
    two[1].total = (uint64_t)-5;
    for (int i = 0; i < 2; i++)
        two[i].first = two[i].last = (struct sighting_line){.raw = STR("x"), .arrived = at, .time = at};
    struct batch b = {.seq = 1000, .sightings = two, .n = 2};
    struct ack ack;
    assert_int_not_equal(desk_batch(h.d, &b, h.now, &ack, &h.e), RC_OK);
    help_ok(&h, desk_commit(h.d, h.now, &h.e));
    assert_int_equal(help_events(&h), 0);
    help_sight(&h, "r-fail", "192.0.2.7", 1, 0);
    assert_int_equal(help_events(&h), 1);
    assert_int_equal(help_count(&h, 0), 5);
    help_close(&h);
}

/* sixty strangers with names of 60 KiB */
static void long_names_do_not_make_lists_too_long(void **state) {
    static char name[60000];
    struct help h;
    (void)state;
    help_open(&h);
    memset(name, 1, sizeof name);
    for (uint64_t i = 1; i <= 60; i++) {
        int64_t time = h.now;
        struct sighting s = {.rule = STR("r-root"), .ntimes = 1, .times = &time, .total = 1, .nfields = 2};
        struct batch b = {.seq = i, .sightings = &s, .n = 1};
        struct ack ack;
        char ip[32];
        snprintf(ip, sizeof ip, "192.0.2.%d", (int)i);
        s.fields[0] = (struct field){.id = F_USER, .value = str_n(name, sizeof name)};
        s.fields[1] = (struct field){.id = F_SRC_IP, .value = str_of(ip)};
        help_ok(&h, desk_batch(h.d, &b, h.now, &ack, &h.e));
        help_ok(&h, desk_commit(h.d, h.now, &h.e));
    }
    struct json *j = help_list(&h, "iso", "events");
    assert_int_equal(json_count(j), 60);
    assert_true(h.json.n < 1 << 20);
    json_free(j);
    help_close(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_live_over_a_restart),
        cmocka_unit_test(windows_that_cannot_be_read_at_a_reload_leave_the_present_ones),
        cmocka_unit_test(a_batch_sent_again_is_counted_once),
        cmocka_unit_test(different_addresses_are_different_events),
        cmocka_unit_test(noise_does_not_push_what_is_urgent_out_of_the_list),
        cmocka_unit_test(a_thousand_sources_are_not_a_thousand_events),
        cmocka_unit_test(after_a_dismissal_it_is_a_new_event_with_the_old_verdict_beside_it),
        cmocka_unit_test(what_a_correlation_counts_is_one_event_with_it),
        cmocka_unit_test(more_of_what_was_called_no_matter_is_quiet_until_its_correlation_fires),
        cmocka_unit_test(what_lacks_the_fields_of_its_correlation_makes_an_event_of_its_own),
        cmocka_unit_test(an_open_incident_takes_its_like_in),
        cmocka_unit_test(a_gap_longer_than_the_folding_window_makes_a_new_event),
        cmocka_unit_test(a_person_reports_and_sees_their_own),
        cmocka_unit_test(what_could_not_be_written_is_not_acknowledged),
        cmocka_unit_test(a_line_that_two_rules_hit_is_stored_once),
        cmocka_unit_test(a_frame_that_cannot_be_taken_is_refused_alone),
        cmocka_unit_test(what_fired_in_a_refused_frame_fires_again),
        cmocka_unit_test(hostile_bytes_in_a_title_are_made_visible),
        cmocka_unit_test(long_names_do_not_make_lists_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
