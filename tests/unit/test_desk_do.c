/* SPDX-License-Identifier: ISC - tests of desk: who may do what, guards, second persons, and what is said about it */
#include "desk_help.h"

#include <sqlite3.h>

#include "base/log.h"
#include "store/verify.h"

static void incident_at(struct help *h, const char *until) {
    static const char *const way[][2] = {{"ack", ""}, {"confirm", "rationale=x"}, {"contain", "note=x"}, {"eradicate", "note=x"}, {"recover", "note=x|verified_by=ana"}};
    help_sight(h, "r-root", "192.0.2.7", 1, 0);
    help_do(h, "iso", MACHINE_EVENT, "1", "promote", "rationale=x|personal_data=no");
    for (size_t i = 0; i < 5; i++) {
        if (!strcmp(until, way[i][0]))
            return;
        help_do(h, "iso", MACHINE_INCIDENT, "1", way[i][0], way[i][1]);
    }
}

static void who_may_not_is_told_so(void **state) {
    static const struct {
        const char *who, *verb, *words;
        enum rc rc;
    } t[] = {{"rita", "claim", "", RC_DENIED},     {"boss", "claim", "", RC_DENIED},          {"root", "claim", "", RC_DENIED},
             {"stranger", "claim", "", RC_NOTFOUND}, {"iso", "dismiss", "disposition=weakness|rationale=x", RC_CONFLICT}, {"iso", "promote", "", RC_INVALID},
             {"iso", "sing", "", RC_CONFLICT},       {"iso", "aggregate", "", RC_DENIED}};
    struct help h;
    (void)state;
    help_open(&h);
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        enum rc rc = help_try_do(&h, t[i].who, MACHINE_EVENT, "1", t[i].verb, t[i].words);
        if (rc != t[i].rc)
            fail_msg("%s %s: %s %s", t[i].who, t[i].verb, rc_word(rc), h.e.text);
        check_row(h.e.text[0], "a sentence");
    }
    struct json *j = help_show(&h, "iso", MACHINE_EVENT, "1");
    assert_str(json_get_text(j, "state"), "new"); /* a refused command changes nothing */
    json_free(j);
    help_close(&h);
}

static void a_stranger_sees_nothing(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    struct json *j = help_list(&h, "stranger", "events");
    assert_int_equal(json_count(j), 0);
    json_free(j);
    struct actor who = help_actor(&h, "stranger");
    buf_reset(&h.json);
    assert_int_equal(desk_show(h.d, &who, MACHINE_EVENT, STR("EV-2026-000001"), h.now, &h.json, &h.e), RC_NOTFOUND);
    help_close(&h);
}

static void the_same_request_is_done_once(void **state) {
    struct help h;
    struct args a = {.v = {{"rationale", STR("x")}}, .n = 1};
    (void)state;
    help_open(&h);
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    struct actor who = help_actor(&h, "iso");
    for (int i = 0; i < 2; i++) {
        h.out.made = STR_NONE;
        help_ok(&h, desk_do(h.d, &who, MACHINE_EVENT, STR("1"), "promote", &a, STR("req-1"), h.now, &h.out, &h.e));
        assert_str(h.out.made, "INC-2026-0001");
        assert_str(h.out.state, "incident");
    }
    struct json *j = help_list(&h, "iso", "incidents");
    assert_int_equal(json_count(j), 1);
    json_free(j);
    help_close(&h);
}

static void dismissing_p1_needs_two(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    h.assets[0].need[0] = 4;
    h.assets[0].data = 4;
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    help_do(&h, "ana", MACHINE_EVENT, "1", "claim", "");
    assert_int_equal(help_try_do(&h, "ana", MACHINE_EVENT, "1", "dismiss", "disposition=false_positive|rationale=x"), RC_REFUSED);
    struct json *j = help_list(&h, "iso", "events");
    bool p1 = str_is(json_get_text(json_at(j, 0), "priority"), "P1");
    json_free(j);
    enum rc alone = help_try_do(&h, "iso", MACHINE_EVENT, "1", "dismiss", "disposition=false_positive|rationale=x");
    assert_int_equal(alone, p1 ? RC_REFUSED : RC_OK);
    if (p1)
        help_do(&h, "iso", MACHINE_EVENT, "1", "dismiss", "disposition=false_positive|rationale=x|second=deputy");
    help_close(&h);
}

static void milestones_are_back_dated_only_with_a_reason(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    incident_at(&h, "contain");
    h.now += US_PER_H;
    assert_int_equal(help_try_do(&h, "iso", MACHINE_INCIDENT, "1", "contain", "containment_note=x|at=2026-11-22T00:00:01Z"), RC_INVALID);
    assert_int_equal(help_try_do(&h, "iso", MACHINE_INCIDENT, "1", "contain", "note=x|at=2036-11-22T00:00:01Z"), RC_INVALID);
    char words[120], at[TIME_TEXT];
    snprintf(words, sizeof words, "note=x|reason=was busy|at=%s", time_format(h.now - US_PER_MIN, 0, at));
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "contain", words);
    struct json *j = help_show(&h, "iso", MACHINE_INCIDENT, "1");
    assert_str(json_get_text(j, "contained_at"), at);
    json_free(j);
    help_close(&h);
}

static void skipping_needs_a_reason_for_each(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    incident_at(&h, "contain");
    assert_int_equal(help_try_do(&h, "iso", MACHINE_INCIDENT, "1", "recover_skip", "skip_reason=one|recovery_note=x"), RC_REFUSED);
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "recover_skip", "skip_reason=one;two|recovery_note=x");
    assert_str(h.out.state, "recovered");
    help_close(&h);
}

static void closing_asks_for_each_guard_in_force(void **state) {
    static const struct {
        const char *verb, *words, *code;
    } t[] = {{"task_done", "task=1", "G1"},
             {"cause", "root_cause_code=RC.UNKNOWN|root_cause_justification=x", "G3"},
             {"lesson", "text=x", "G4"},
             {"fact", "key=action_none_reason|value=nothing to do", "G8"},
             {"control", "control=A.8.5|effect=failed", "G11"}};
    struct help h;
    (void)state;
    help_open(&h);
    incident_at(&h, "");
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "task", "text=look again");
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "open_review", "");
    for (size_t i = 0; i < ARRAY_N(t); i++) {
        assert_int_equal(help_try_do(&h, "iso", MACHINE_INCIDENT, "1", "request_close", "closing_statement=x"), RC_REFUSED);
        if (strncmp(h.e.text, t[i].code, strlen(t[i].code)))
            fail_msg("wanted %s, said %s", t[i].code, h.e.text);
        help_do(&h, "iso", MACHINE_INCIDENT, "1", t[i].verb, t[i].words);
    }
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "request_close", "closing_statement=x");
    struct actor who = help_actor(&h, "iso");
    struct json *j = NULL;
    buf_reset(&h.json);
    help_ok(&h, desk_check_close(h.d, &who, STR("INC-1"), h.now, &h.json, &h.e));
    help_ok(&h, json_parse(buf_view(&h.json), 1 << 20, &j, &h.e));
    assert_int_equal(json_count(j), 12);
    json_free(j);
    help_close(&h);
}

static void a_rejection_takes_its_events_along_and_gives_the_all_clear(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    incident_at(&h, "ack");
    help_run_until(&h, h.now + 2 * US_PER_H);
    assert_true(help_mails(&h, "boss") > 0);
    size_t boss = help_mails(&h, "boss");
    assert_int_equal(help_try_do(&h, "iso", MACHINE_INCIDENT, "1", "reject", "disposition=false_positive|rationale=x"), RC_REFUSED); /* P1/P2: a second person */
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "reject", "disposition=false_positive|rationale=x|second=deputy");
    help_run_until(&h, h.now + US_PER_S);
    assert_int_equal(help_mails(&h, "boss"), boss + 1);
    struct json *j = help_show(&h, "iso", MACHINE_EVENT, "1");
    assert_str(json_get_text(j, "state"), "dismissed");
    json_free(j);
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "reinstate", "reason=was real after all");
    help_close(&h);
}

static void a_merge_takes_the_earliest_and_the_worst(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    incident_at(&h, "confirm");
    h.now += US_PER_S;
    help_do(&h, "iso", MACHINE_INCIDENT, NULL, "declare", "title=phone call|summary=somebody called|personal_data=no");
    assert_string_equal(h.ref, "INC-2026-0002");
    assert_int_equal(help_try_do(&h, "iso", MACHINE_INCIDENT, "1", "merge", "into=1|rationale=x"), RC_REFUSED);
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "merge", "into=INC-2026-0002|rationale=the same");
    struct json *j = help_show(&h, "iso", MACHINE_INCIDENT, "2");
    assert_str(json_get_text(j, "priority"), "P2");
    json_free(j);
    assert_int_equal(help_try_do(&h, "iso", MACHINE_INCIDENT, "2", "merge", "into=1|rationale=x"), RC_REFUSED);
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "unmerge", "reason=not the same");
    help_close(&h);
}

static void lowering_a_priority_needs_a_reason_and_a_second_person(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    incident_at(&h, "confirm");
    assert_int_equal(help_try_do(&h, "iso", MACHINE_INCIDENT, "1", "priority", "priority=P4"), RC_INVALID);
    assert_int_equal(help_try_do(&h, "iso", MACHINE_INCIDENT, "1", "priority", "priority=P4|reason=x"), RC_REFUSED);
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "priority", "priority=P4|reason=x|second=deputy");
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "priority", "priority=P1");
    help_close(&h);
}

static void a_reopened_incident_can_be_closed_again(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    incident_at(&h, "");
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "open_review", "root_cause_code=RC.UNKNOWN|root_cause_justification=x|lesson=x|control=A.8.5:failed|action_none_reason=x");
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "request_close", "closing_statement=x");
    help_do(&h, "boss", MACHINE_INCIDENT, "1", "approve_close", "note=yes");
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "reopen", "reason_code=new_evidence|reason=x");
    assert_str(h.out.state, "investigating");
    static const char *const again[][2] = {{"contain", "note=x"}, {"eradicate", "note=x"}, {"recover", "note=x|verified_by=ana"}, {"open_review", ""},
                                           {"request_close", "closing_statement=x"}};
    for (size_t i = 0; i < 5; i++)
        help_do(&h, "iso", MACHINE_INCIDENT, "1", again[i][0], again[i][1]);
    help_do(&h, "boss", MACHINE_INCIDENT, "1", "approve_close", "note=yes");
    help_close(&h);
}

static void a_small_organisation_waits_a_day_instead(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    h.orgs[0].compensating = true;
    incident_at(&h, "");
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "open_review", "root_cause_code=RC.UNKNOWN|root_cause_justification=x|lesson=x|control=A.8.5:failed|action_none_reason=x");
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "request_close", "closing_statement=x");
    assert_int_equal(help_try_do(&h, "iso", MACHINE_INCIDENT, "1", "approve_close", "note=yes"), RC_REFUSED);
    h.now += US_PER_DAY;
    help_do(&h, "iso", MACHINE_INCIDENT, "1", "approve_close", "note=yes");
    struct json *j = help_show(&h, "iso", MACHINE_INCIDENT, "1");
    assert_true(json_get_text(j, "sod_exception").n > 0);
    json_free(j);
    help_close(&h);
}

static void on_done(void *ctx, enum rc rc, struct str json, const struct err *e) {
    struct help *h = ctx;
    (void)e;
    snprintf(h->ref, sizeof h->ref, "%s", rc_word(rc));
    buf_reset(&h->json);
    buf_str(&h->json, json);
}

static void verify_and_backup_run_in_slices(void **state) {
    struct help h;
    char path[64], copy[80];
    struct verify_result r;
    (void)state;
    snprintf(path, sizeof path, "/tmp/tocsin-do-%d.db", (int)getpid());
    snprintf(copy, sizeof copy, "%s.backup", path);
    unlink(path);
    unlink(copy);
    help_open_at(&h, path);
    incident_at(&h, "");
    struct actor who = help_actor(&h, "iso");
    help_ok(&h, desk_verify(h.d, &who, h.now, on_done, &h, &h.e));
    assert_int_equal(desk_verify(h.d, &who, h.now, on_done, &h, &h.e), RC_BUSY);
    while (desk_busy(h.d))
        desk_tick(h.d, h.now);
    assert_string_equal(h.ref, "ok");
    help_ok(&h, desk_backup(h.d, &who, copy, h.now, on_done, &h, &h.e));
    for (int i = 0; desk_busy(h.d); i++) {
        help_sight(&h, "r-fail", "192.0.2.99", 1, 0); /* the intake goes on */
        desk_tick(h.d, ++h.now);
    }
    assert_string_equal(h.ref, "ok");
    help_ok(&h, verify_file(copy, &r, &h.e));
    assert_int_equal(desk_backup(h.d, &who, copy, h.now, on_done, &h, &h.e), RC_CONFLICT);
    unlink(copy);
    help_close(&h);
}

/* tests/data/transitions.tsv: machine id from to verb roles required guards stamps notify. The table `stamp` takes any of them. */
static void every_stamp_of_the_table_has_a_home(void **state) {
    const char *src = getenv("srcdir");
    char file[512], line[4096];
    int stamps = 0;
    sqlite3 *db = NULL;
    sqlite3_stmt *st = NULL;
    (void)state;
    snprintf(file, sizeof file, "%s/tests/data/transitions.tsv", src ? src : ".");
    FILE *f = fopen(file, "r");
    if (!f)
        skip();
    struct help h;
    char path[64];
    snprintf(path, sizeof path, "/tmp/tocsin-stamps-%d.db", (int)getpid());
    unlink(path);
    help_open_at(&h, path);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "INSERT INTO stamp(audit_seq,object,object_id,kind,at,recorded_at,by) VALUES(1,?1,1,?2,1,1,1)", -1, &st, NULL), SQLITE_OK);
    while (fgets(line, sizeof line, f)) {
        struct str rest = str_of(line), machine = str_cut(&rest, '\t'), kinds = STR_NONE;
        for (int i = 0; i < 8; i++)
            kinds = str_cut(&rest, '\t');
        while (line[0] != '#' && kinds.n) {
            struct str kind = str_cut(&kinds, ',');
            size_t end = 0;
            while (end < kind.n && ((kind.p[end] >= 'a' && kind.p[end] <= 'z') || kind.p[end] == '_'))
                end++;
            kind = str_sub(kind, 0, end); /* "detected_at=min(events)", "last_seen (count+1)", "occurred_at?" */
            if (!kind.n || str_is(kind, "na")) /* "(skipped stamps=NULL,na=1)": a column of its own */
                continue;
            sqlite3_reset(st);
            sqlite3_bind_text(st, 1, machine.p, (int)machine.n, SQLITE_TRANSIENT);
            sqlite3_bind_text(st, 2, kind.p, (int)kind.n, SQLITE_TRANSIENT);
            if (sqlite3_step(st) != SQLITE_DONE)
                fail_msg("%.*s of %.*s has no home: %s", STR_FMT(kind), STR_FMT(machine), sqlite3_errmsg(db));
            stamps++;
        }
    }
    fclose(f);
    sqlite3_finalize(st);
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(db);
    assert_true(stamps > 70);
    help_close(&h);
}

static void below_the_floor_nothing_more_is_accepted(void **state) {
    struct help h;
    char path[64];
    (void)state;
    snprintf(path, sizeof path, "/tmp/tocsin-space-%d.db", (int)getpid());
    unlink(path);
    help_open_at(&h, path);
    help_run_until(&h, h.now + 10 * US_PER_S);
    assert_false(h.paused);
    assert_true(desk_ready(h.d));
    desk_close(h.d, h.now);
    h.conf.free_floor = UINT64_MAX / 2;
    h.conf.ballast = 1 << 20;
    help_reopen(&h);
    log_level_set(NULL, (enum log_level)0);
    help_run_until(&h, h.now + 10 * US_PER_S);
    log_level_set(NULL, LOG_INFO_);
    assert_true(h.paused);
    assert_false(desk_ready(h.d));
    help_do(&h, "rita", MACHINE_EVENT, NULL, "report", "title=people go on working"); /* control works on */
    desk_close(h.d, h.now);
    h.conf.free_floor = 1;
    h.paused = false;
    help_reopen(&h);
    help_run_until(&h, h.now + 10 * US_PER_S);
    assert_false(h.paused);
    help_close(&h);
}

static void status_and_metrics_answer(void **state) {
    struct help h;
    (void)state;
    help_open(&h);
    help_sight(&h, "r-root", "192.0.2.7", 1, 0);
    struct actor who = help_actor(&h, "iso");
    struct json *j = NULL;
    help_ok(&h, desk_status(h.d, &who, h.now, &h.json, &h.e));
    help_ok(&h, json_parse(buf_view(&h.json), 1 << 20, &j, &h.e));
    assert_true(json_bool(json_get(j, "ready"), false));
    json_free(j);
    buf_reset(&h.json);
    desk_metrics(h.d, h.now, &h.json);
    assert_non_null(strstr(buf_cstr(&h.json), "tocsin_events_total 1\n"));
    static const char *const kinds[] = {"incidents", "notices", "actions"};
    for (size_t i = 0; i < 3; i++)
        json_free(help_list(&h, "iso", kinds[i]));
    help_close(&h);
}

static int64_t audited(const char *path, const char *sql) {
    sqlite3 *db;
    sqlite3_stmt *q;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return n;
}

static void tokens_are_in_the_record_but_not_what_they_are(void **state) {
    struct help h;
    struct verify_result r;
    char path[64];
    (void)state;
    snprintf(path, sizeof path, "/tmp/tocsin-tokens-%ld.db", (long)getpid());
    help_open_at(&h, path);
    struct actor root = help_actor(&h, "root"), iso = help_actor(&h, "iso");
    struct token_change v[2] = {{STR("iso"), STR("0123456789")}, {STR("gone"), STR("abcdefabcd")}};
    help_ok(&h, desk_tokens_changed(h.d, &root, true, v, 1, h.now, &h.e));
    help_ok(&h, desk_tokens_changed(h.d, &iso, false, v, 2, h.now, &h.e));
    desk_close(h.d, h.now);
    help_ok(&h, verify_file(path, &r, &h.e));
    assert_int_equal(audited(path, "SELECT count(*) FROM audit WHERE action='token.add' AND object LIKE 'principal:%' AND actor=2"), 1);
    assert_int_equal(audited(path, "SELECT count(*) FROM audit WHERE action='token.revoke' AND actor>2"), 2);
    assert_int_equal(audited(path, "SELECT count(*) FROM audit_payload WHERE body LIKE '%0123456789%'"), 2);
    help_reopen(&h);
    help_close(&h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_are_in_the_record_but_not_what_they_are),
        cmocka_unit_test(who_may_not_is_told_so),
        cmocka_unit_test(a_stranger_sees_nothing),
        cmocka_unit_test(the_same_request_is_done_once),
        cmocka_unit_test(dismissing_p1_needs_two),
        cmocka_unit_test(milestones_are_back_dated_only_with_a_reason),
        cmocka_unit_test(skipping_needs_a_reason_for_each),
        cmocka_unit_test(closing_asks_for_each_guard_in_force),
        cmocka_unit_test(a_rejection_takes_its_events_along_and_gives_the_all_clear),
        cmocka_unit_test(a_merge_takes_the_earliest_and_the_worst),
        cmocka_unit_test(lowering_a_priority_needs_a_reason_and_a_second_person),
        cmocka_unit_test(a_reopened_incident_can_be_closed_again),
        cmocka_unit_test(a_small_organisation_waits_a_day_instead),
        cmocka_unit_test(verify_and_backup_run_in_slices),
        cmocka_unit_test(every_stamp_of_the_table_has_a_home),
        cmocka_unit_test(below_the_floor_nothing_more_is_accepted),
        cmocka_unit_test(status_and_metrics_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
