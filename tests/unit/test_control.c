/* SPDX-License-Identifier: ISC
 *
 * test_control.c - the API as people meet it: who may, what is refused, an incident worked to its close
 */
#include "control_help.h"

/* ---- who asks */

static void a_wrong_token_is_refused_whatever_the_user_id(void **state) {
    (void)state;
    check_ask(200, NULL, "GET", "/v1/whoami", NULL);
    assert_string_equal(said("/roles/0"), "admin");
    check_ask(401, "tok_0000", "GET", "/v1/whoami", NULL);
    assert_string_equal(said("/error/code"), "unauthenticated");
    assert_non_null(strstr(buf_cstr(&t.reply), "WWW-Authenticate: Bearer"));
    check_ask(401, "", "GET", "/v1/whoami", NULL);
    check_ask(200, "dep", "GET", "/v1/whoami", NULL);
    assert_string_equal(said("/login"), "dep");
    assert_string_equal(said("/roles/0"), "deputy");
}

static void a_token_is_shown_once_and_never_kept(void **state) {
    struct stat st;
    struct buf b;
    struct err e = {0};
    FILE *f = fopen(t.tokens, "r");
    char line[512];

    (void)state, (void)e;
    assert_non_null(f);
    assert_int_equal(fstat(fileno(f), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    buf_init(&b, 1 << 20);
    while (fgets(line, sizeof line, f))
        buf_text(&b, line);
    fclose(f);
    for (size_t i = 0; i < NPEOPLE; i++) {
        assert_int_equal(strlen(t.token[i]), 68);
        assert_null(strstr(buf_cstr(&b), t.token[i] + 4));
    }
    buf_fini(&b);
    check_ask(200, NULL, "GET", "/v1/tokens", NULL);
    assert_null(strstr(buf_cstr(&t.reply), "tok_"));
    assert_string_equal(said("/6/login"), "aud");
}

static void a_token_lives_over_a_restart_and_dies_when_revoked(void **state) {
    (void)state;
    control_free(t.control);
    t.control = control_new(t.base, t.desk, t.tokens, &ops, NULL);
    control_configure(t.control, &t.roster);
    check_ask(200, "iso", "GET", "/v1/whoami", NULL);
    check_ask(404, "dep", "POST", "/v1/tokens/revoke", "{\"token\":\"iso\"}");
    check_ask(200, "iso", "POST", "/v1/tokens/revoke", "{\"token\":\"iso\"}");
    check_ask(401, "iso", "GET", "/v1/whoami", NULL);
    check_ask(200, "dep", "GET", "/v1/whoami", NULL);
    control_free(t.control);
    t.control = control_new(t.base, t.desk, t.tokens, &ops, NULL);
    control_configure(t.control, &t.roster);
    check_ask(401, "iso", "GET", "/v1/whoami", NULL);
}

static void nobody_makes_tokens_for_others_but_an_administrator(void **state) {
    (void)state;
    check_ask(403, "ana", "POST", "/v1/tokens", "{\"login\":\"iso\"}");
    check_ask(200, "ana", "POST", "/v1/tokens", "{\"login\":\"ana\"}");
    check_ask(404, NULL, "POST", "/v1/tokens", "{\"login\":\"nobody\"}");
    check_ask(200, "ana", "GET", "/v1/tokens", NULL);
    assert_string_equal(said("/0/login"), "ana");
    assert_string_equal(said("/1/login"), "ana");
    assert_string_equal(said("/2/login"), "");
}

/* ---- who may: every command, every role */

static void path_of(const struct command *cmd, char *out, size_t size) {
    struct str rest = str_of(cmd->route);
    struct buf b;

    buf_init(&b, size);
    str_cut(&rest, '/');
    while (!str_absent(rest)) {
        struct str seg = str_cut(&rest, '/');
        buf_printf(&b, "/%.*s", STR_FMT(seg.n && seg.p[0] == '{' ? STR("999") : seg));
    }
    str_copy(out, size, buf_view(&b));
    buf_fini(&b);
}

static bool refused_at_the_door(void) {
    return t.status == 403 && strstr(buf_cstr(&t.reply), "may not do that: it is for");
}

static void the_table_decides_who_may(void **state) {
    const struct command *cmd;
    char path[256];

    (void)state;
    for (size_t i = 0; (cmd = command_at(i)); i++) {
        if (!cmd->route || cmd->handler == H_WATCH || cmd->handler == H_RELOAD || cmd->handler == H_TOKEN_ADD || cmd->handler == H_TOKEN_REVOKE)
            continue;
        path_of(cmd, path, sizeof path);
        for (size_t p = 0; p < NPEOPLE; p++) {
            bool may = cmd->who == WHO_ANYONE || (cmd->who & ROLE_BIT(people[p].role)) || (cmd->who & WHO_KNOWN) == WHO_KNOWN;
            ask(people[p].login, method_name(cmd->method), path, "{}");
            if (may == refused_at_the_door())
                fail_msg("%s %s: %d %.*s", people[p].login, path, t.status, STR_FMT(t.body));
        }
        ask("tok_00", method_name(cmd->method), path, "{}");
        check_row((t.status == 401) == (cmd->who != WHO_ANYONE), path);
    }
}

static void root_runs_the_daemon_and_reads_no_cases(void **state) {
    (void)state;
    check_ask(403, NULL, "GET", "/v1/events", NULL);
    assert_non_null(strstr(said("/error/hint"), "tocsin token add"));
    check_ask(403, NULL, "POST", "/v1/events/1/claim", "{}");
    check_ask(200, NULL, "GET", "/v1/status", NULL);
}

/* ---- what is asked */

static void a_bad_request_is_answered_and_nothing_breaks(void **state) {
    static char deep[2100];
    static const struct {
        const char *method, *path, *body;
        int status;
        const char *text;
    } rows[] = {
        {"POST", "/v1/events/1/claim", "{", 400, "error"},
        {"POST", "/v1/events/1/claim", "[]", 400, "no JSON object"},
        {"POST", "/v1/events/1/claim", "{\"a\":NaN}", 400, "error"},
        {"POST", "/v1/events/1/claim", "{\"org\":\"a\",\"org\":\"b\"}", 400, "error"},
        {"POST", "/v1/events/1/claim", "{\"org\":\"\\u0000\"}", 400, "error"},
        {"POST", "/v1/events/1/claim", "{\"org\":{}}", 400, "neither a text nor a number"},
        {"POST", "/v1/events/1/claim", deep, 0, "error"},
        {"POST", "/v1/events/1/dismiss", "{\"dispositoin\":\"x\"}", 400, "did you mean \\\"disposition\\\""},
        {"POST", "/v1/events/1/dismiss", "{\"disposition\":\"lost\"}", 400, "none of its words"},
        {"POST", "/v1/incidents/1/review", "{\"review_due\":\"soon\"}", 400, "not a time"},
        {"GET", "/v1/events?stat=new", NULL, 400, "did you mean \\\"state\\\""},
        {"GET", "/v1/events?limit=many", NULL, 400, "not a number"},
        {"GET", "/v1/events?limit=%ff", NULL, 400, ""},
        {"GET", "/v1/nothing", NULL, 404, "openapi"},
        {"GET", "/v1/events/1/claim", NULL, 405, "Allow: POST"},
        {"POST", "/v1/events", "{}", 405, "Allow: GET"},
        {"POST", "/v1/events//claim", "{}", 404, "error"},
        {"GET", "/v1/events/999999", NULL, 404, "not-found"},
        {"GET", "/v1/events/%2e%2e", NULL, 0, ""},
        {"POST", "/v1/events/INC-1/claim", "{}", 400, "error"},
    };

    (void)state;
    memset(deep, '[', sizeof deep - 1);
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        ask("iso", rows[i].method, rows[i].path, rows[i].body);
        if ((rows[i].status && t.status != rows[i].status) || !strstr(buf_cstr(&t.reply), rows[i].text))
            fail_msg("%s %s %s: %d %.*s", rows[i].method, rows[i].path, rows[i].body ? rows[i].body : "", t.status, STR_FMT(t.body));
        check_row(t.status >= 400 && t.status < 500, rows[i].path);
    }
    check_ask(200, "iso", "GET", "/v1/events", NULL);
}

static void a_body_beyond_the_limit_is_refused(void **state) {
    size_t n = (64 << 10) + 100;
    char *big = malloc(n + 1);

    (void)state;
    assert_non_null(big);
    memset(big, ' ', n);
    memcpy(big, "{\"note\":\"", 9);
    memset(big + 9, 'x', n - 11);
    memcpy(big + n - 2, "\"}", 2);
    ask_bytes("POST", "/v1/events/1/note", token_of("iso"), NULL, str_n(big, n));
    assert_true(t.status == 413 || t.status == 400);
    free(big);
    check_ask(200, "iso", "GET", "/v1/events", NULL);
}

/* Every truncation and many flips of a good body: always an answer, never a crash. */
static void damaged_bodies_are_survived(void **state) {
    static const char good[] = "{\"disposition\":\"false_positive\",\"rationale\":\"x \\u00e9 \xc3\xa9\",\"second\":\"dep\",\"lesson\":null}";
    uint32_t rnd = 1;

    (void)state;
    for (size_t n = 0; n < sizeof good - 1; n++) {
        struct str cut = unit_exact(str_n(good, n));
        ask_bytes("POST", "/v1/events/1/dismiss", token_of("iso"), NULL, cut);
        check_row(t.status >= 400 && t.status < 500, good + n);
        free((char *)(uintptr_t)cut.p);
    }
    for (int i = 0; i < 500; i++) {
        char bad[sizeof good];
        memcpy(bad, good, sizeof good);
        for (int k = 0; k < 3; k++) {
            rnd = rnd * 1664525u + 1013904223u;
            bad[(rnd >> 8) % (sizeof good - 1)] = (char)(rnd >> 24);
        }
        ask_bytes("POST", "/v1/events/1/dismiss", token_of("iso"), NULL, str_n(bad, sizeof good - 1));
        assert_true(t.status >= 400 && t.status < 500);
    }
}

/* ---- the process, from a report to its close */

static void an_incident_is_worked_to_its_close_by_two(void **state) {
    static const struct {
        const char *login, *path, *body;
        int status;
    } rows[] = {
        {"rep", "/v1/reports", "{\"title\":\"Strange letter\"}", 200},
        {"rep", "/v1/events/1/claim", "{}", 403},
        {"ana", "/v1/events/1/claim", "{}", 200},
        {"ana", "/v1/events/1/claim", "{}", 409},
        {"ana", "/v1/events/1/promote", "{}", 400},
        {"ana", "/v1/events/1/promote", "{\"rationale\":\"a stick with malware\",\"impact_c\":\"3\",\"impact_i\":3,\"impact_a\":1,\"outcome\":\"success\"}", 200},
        {"iso", "/v1/incidents/1/contain", "{\"containment_note\":\"too early\"}", 409},
        {"iso", "/v1/incidents/1/ack", "{}", 200},
        {"iso", "/v1/incidents/1/confirm", "{\"rationale\":\"seen\"}", 200},
        {"iso", "/v1/incidents/1/contain", "{\"containment_note\":\"unplugged\"}", 200},
        {"iso", "/v1/incidents/1/eradicate", "{\"eradication_note\":\"wiped\"}", 200},
        {"iso", "/v1/incidents/1/recover", "{\"recovery_note\":\"new disk\",\"verified_by\":\"dep\"}", 200},
        {"iso", "/v1/incidents/1/note", "{\"note\":\"calm again\"}", 200},
        {"iso", "/v1/incidents/1/review", "{\"control\":\"A.7.10\"}", 400},
        {"iso", "/v1/incidents/1/review",
         "{\"root_cause_code\":\"RC.AWARE\",\"lesson\":\"talk about sticks\",\"control\":[\"A.6.3=failed\",\"A.7.10=absent\"],\"action\":\"training\","
         "\"action_owner\":\"dep\",\"action_due\":\"30d\",\"effect_criterion\":\"nobody plugs one in\"}",
         200},
        {"iso", "/v1/incidents/1/close", "{\"closing_statement\":\"over\"}", 200},
        {"iso", "/v1/incidents/1/approve-close", "{\"approval_note\":\"mine\"}", 422},
        {"dep", "/v1/incidents/1/approve-close", "{\"approval_note\":\"agreed\"}", 200},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++)
        check_ask(rows[i].status, rows[i].login, "POST", rows[i].path, rows[i].body);
    assert_string_equal(said("/state"), "closed");
    check_ask(200, "iso", "GET", "/v1/incidents/1", NULL);
    assert_string_equal(said("/state"), "closed");
    assert_string_equal(said("/controls/1/control"), "A.7.10");
    assert_string_equal(said("/root_cause"), "RC.AWARE");
    check_ask(200, "iso", "GET", "/v1/open", NULL);
    assert_string_equal(said(""), "[]");
    check_ask(200, "iso", "GET", "/v1/incidents?all=yes", NULL);
    assert_string_equal(said("/0/state"), "closed");
    check_ask(200, "aud", "POST", "/v1/verify", "");
    assert_string_equal(said("/intact"), "true");
}

static void the_same_request_id_does_it_once(void **state) {
    (void)state;
    assert_int_equal(ask_bytes("POST", "/v1/reports", token_of("rep"), "r1", STR("{\"title\":\"once\"}")), 200);
    assert_int_equal(ask_bytes("POST", "/v1/reports", token_of("rep"), "r1", STR("{\"title\":\"once\"}")), 200);
    assert_int_equal(ask_bytes("POST", "/v1/reports", token_of("rep"), "r2", STR("{\"title\":\"twice\"}")), 200);
    check_ask(200, "ana", "GET", "/v1/events", NULL);
    assert_string_equal(said("/0/title"), "twice");
    assert_string_equal(said("/1/title"), "once");
    assert_string_equal(said("/2/title"), "");
    assert_int_equal(ask_bytes("POST", "/v1/events/1/claim", token_of("ana"), "c1", STR("{}")), 200);
    assert_int_equal(ask_bytes("POST", "/v1/events/1/claim", token_of("ana"), "c1", STR("{}")), 200);
    assert_int_equal(ask_bytes("POST", "/v1/events/1/claim", token_of("ana"), "c2", STR("{}")), 409);
}

static void open_things_are_one_list(void **state) {
    (void)state;
    check_ask(200, "iso", "GET", "/v1/open", NULL);
    assert_string_equal(said(""), "[]");
    check_ask(200, "rep", "POST", "/v1/reports", "{\"title\":\"a\"}");
    check_ask(200, "iso", "GET", "/v1/open", NULL);
    assert_string_equal(said("/0/title"), "a");
    check_ask(200, "iso", "POST", "/v1/declare", "{\"title\":\"b\",\"summary\":\"c\"}");
    check_ask(200, "iso", "GET", "/v1/open", NULL);
    assert_string_equal(said("/0/title"), "b");
    assert_string_equal(said("/1/title"), "a");
    assert_string_equal(said("/2/title"), "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        PROMISE(a_wrong_token_is_refused_whatever_the_user_id),
        PROMISE(a_token_is_shown_once_and_never_kept),
        PROMISE(a_token_lives_over_a_restart_and_dies_when_revoked),
        PROMISE(nobody_makes_tokens_for_others_but_an_administrator),
        PROMISE(the_table_decides_who_may),
        PROMISE(root_runs_the_daemon_and_reads_no_cases),
        PROMISE(a_bad_request_is_answered_and_nothing_breaks),
        PROMISE(a_body_beyond_the_limit_is_refused),
        PROMISE(damaged_bodies_are_survived),
        PROMISE(an_incident_is_worked_to_its_close_by_two),
        PROMISE(the_same_request_id_does_it_once),
        PROMISE(open_things_are_one_list),
    };

    signal(SIGPIPE, SIG_IGN); /* as the daemon does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
