/* SPDX-License-Identifier: ISC
 *
 * test_control.c - the API as people meet it: a real server on a unix socket, a real desk on a record in memory
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "control/control.h"
#include "detect/refused.h"
#include "model/command.h"

static const char roster_text[] =
    "orgs:\n  - {slug: main, name: Example, tz: UTC}\n"
    "people:\n"
    "  - {login: iso, name: Ida, email: iso@example.test, function: iso, roles: [{org: main, role: iso, from: 2020-01-01, reason: x}]}\n"
    "  - {login: dep, name: Dan, email: dep@example.test, function: iso, roles: [{org: main, role: deputy, from: 2020-01-01, reason: x}]}\n"
    "  - {login: boss, name: Bea, email: boss@example.test, function: management, roles: [{org: main, role: management, from: 2020-01-01, reason: x}]}\n"
    "  - {login: ana, name: Ana, email: ana@example.test, function: it, roles: [{org: main, role: analyst, from: 2020-01-01, reason: x}]}\n"
    "  - {login: rep, name: Rob, email: rep@example.test, function: business, roles: [{org: main, role: reporter, from: 2020-01-01, reason: x}]}\n"
    "  - {login: dpo, name: Doe, email: dpo@example.test, function: dpo, roles: [{org: main, role: dpo, from: 2020-01-01, reason: x}]}\n"
    "  - {login: aud, name: Aud, email: aud@example.test, function: audit, roles: [{org: main, role: auditor, from: 2020-01-01, reason: x}]}\n";

static const struct {
    const char *login;
    enum role role;
} people[] = {{"iso", ROLE_ISO}, {"dep", ROLE_DEPUTY}, {"boss", ROLE_MANAGEMENT}, {"ana", ROLE_ANALYST}, {"rep", ROLE_REPORTER}, {"dpo", ROLE_DPO}, {"aud", ROLE_AUDITOR}};
#define NPEOPLE ARRAY_N(people)

static struct {
    struct event_base *base;
    struct http_server *server;
    struct desk *desk;
    struct control *control;
    struct roster roster;
    struct policy policy;
    struct ruleset *rules;
    struct sockaddr_un address;
    char dir[64], tokens[128], token[NPEOPLE][80];
    uint64_t reload;
    struct buf reply; /* of the last request: head and body */
    int status;
    struct str body;
} t;

/* ---- the world around */

static void on_request(void *ctx, struct http_request *r) {
    (void)ctx;
    control_request(t.control, r);
}

static void on_reload(void *ctx, uint64_t request, bool force) {
    (void)ctx, (void)force;
    t.reload = request;
}

static enum rc on_explain(void *ctx, struct str lines, struct buf *json, struct err *e) {
    (void)ctx, (void)e;
    buf_printf(json, "[{\"n\":%zu}]", lines.n);
    return RC_OK;
}

static enum rc on_rule_test(void *ctx, uint32_t rule, struct str lines, struct buf *json, struct err *e) {
    (void)ctx, (void)e;
    buf_printf(json, "[{\"rule\":%u,\"n\":%zu}]", rule, lines.n);
    return RC_OK;
}

static void on_watch(void *ctx, struct str line) {
    (void)ctx;
    if (t.control)
        control_watch(t.control, line);
}

static const struct control_ops ops = {.reload = on_reload, .explain = on_explain, .rule_test = on_rule_test};

static void load_roster(void) {
    struct tree **docs = NULL;
    struct errs *es = calloc(1, sizeof *es);
    struct err e = {0};
    size_t n = 0;

    assert_non_null(es);
    if (tree_from_yaml("roster.yaml", str_of(roster_text), &docs, &n, &e) != RC_OK)
        fail_msg("%s", e.text);
    if (roster_load((const struct tree *const *)docs, n, &t.roster, es) != RC_OK)
        fail_msg("%s", es->v[0].text);
    while (n)
        tree_free(docs[--n]);
    free(docs);
    free(es);
}

static void open_desk(void) {
    static const struct desk_conf conf = {.database = ":memory:", .free_floor = 1, .domain = "example.test", .tlp = "AMBER", .max_groups = 1000, .samples = 5};
    static const struct desk_ops desk_ops = {.watch = on_watch};
    struct errs *es = calloc(1, sizeof *es);
    struct err e = {0};

    assert_non_null(es);
    assert_int_equal(ruleset_load(NULL, 0, 0, &t.rules, es), RC_OK);
    free(es);
    policy_default(&t.policy);
    if (desk_open(&conf, &desk_ops, NULL, clock_now(), &t.desk, &e) != RC_OK)
        fail_msg("%s", e.text);
    struct desk_generation g = {.number = 1, .rules = t.rules, .roster = &t.roster, .policy = &t.policy, .digest = STR("00")};
    if (desk_configure(t.desk, &g, clock_now(), &e) != RC_OK)
        fail_msg("%s", e.text);
}

static void open_server(void) {
    static const struct http_ops http = {on_request, NULL};
    static const struct http_limits limits = {.header = 16384, .body = 1 << 20, .header_us = US_PER_MIN, .body_us = US_PER_MIN, .idle_us = US_PER_MIN,
                                              .write_us = US_PER_MIN, .connections = 64, .per_source = 64};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof t.address;
    struct err e = {0};

    t.address = (struct sockaddr_un){.sun_family = AF_UNIX};
    assert_int_equal(bind(fd, (struct sockaddr *)&t.address, sizeof(sa_family_t)), 0); /* a name of the kernel's choice */
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&t.address, &len), 0);
    t.base = event_base_new();
    t.server = http_server_new(t.base, &limits, &http, NULL);
    assert_int_equal(http_server_listen(t.server, fd, &e), RC_OK);
}

static int dial(void) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(fd, (struct sockaddr *)&t.address, sizeof(sa_family_t) + 6), 0);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static void turn(void) {
    event_base_loop(t.base, EVLOOP_NONBLOCK);
    if (t.desk && desk_busy(t.desk))
        desk_tick(t.desk, clock_now());
}

/* Reads until the peer has said `until`, or closed. */
static void read_all(int fd, const char *until) {
    char part[65536];

    buf_reset(&t.reply);
    for (int i = 0; i < 100000; i++) {
        turn();
        ssize_t n = read(fd, part, sizeof part);
        if (n > 0)
            buf_add(&t.reply, part, (size_t)n);
        if (n == 0 || (until && strstr(buf_cstr(&t.reply), until)))
            return;
        assert_true(n > 0 || errno == EAGAIN);
    }
    fail_msg("no answer");
}

static void send_all(int fd, struct str bytes) {
    while (bytes.n) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n > 0)
            bytes = str_sub(bytes, (size_t)n, bytes.n);
        turn();
    }
}

static void put_request(struct buf *b, const char *method, const char *path, const char *token, const char *id, struct str body) {
    buf_printf(b, "%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n", method, path);
    if (token)
        buf_printf(b, "Authorization: Bearer %s\r\n", token);
    if (id)
        buf_printf(b, "X-Request-Id: %s\r\n", id);
    if (strcmp(method, "POST") == 0)
        buf_printf(b, "Content-Length: %zu\r\n", body.n);
    buf_text(b, "\r\n");
    buf_str(b, body);
}

static int ask_bytes(const char *method, const char *path, const char *token, const char *id, struct str body) {
    struct buf b;
    int fd = dial();
    size_t at;

    buf_init(&b, 4 << 20);
    put_request(&b, method, path, token, id, body);
    send_all(fd, buf_view(&b));
    read_all(fd, NULL);
    close(fd);
    buf_fini(&b);
    turn();
    struct str all = buf_view(&t.reply);
    at = str_find(all, STR("\r\n\r\n"));
    assert_true(at != SIZE_MAX);
    t.status = (int)strtol(all.p + 9, NULL, 10);
    t.body = str_sub(all, at + 4, all.n);
    return t.status;
}

static const char *token_of(const char *login) {
    for (size_t i = 0; i < NPEOPLE; i++)
        if (login && strcmp(people[i].login, login) == 0)
            return t.token[i];
    return login; /* NULL: by user id; else the token itself */
}

static int ask(const char *login, const char *method, const char *path, const char *body) {
    return ask_bytes(method, path, token_of(login), NULL, str_of(body ? body : ""));
}

/* The text at a JSON pointer of the last answer; "" when it is not there. */
static const char *said(const char *pointer) {
    static char text[4096];
    struct json *j = NULL;
    struct err e = {0};
    struct buf b;

    if (json_parse(str_trim(t.body), 1 << 24, &j, &e) != RC_OK)
        fail_msg("%s in: %.*s", e.text, STR_FMT(t.body));
    buf_init(&b, sizeof text);
    if (json_pointer(j, str_of(pointer)))
        json_scalar(json_pointer(j, str_of(pointer)), &b);
    str_copy(text, sizeof text, buf_view(&b));
    buf_fini(&b);
    json_free(j);
    return text;
}

static void check_ask(int want, const char *login, const char *method, const char *path, const char *body) {
    if (ask(login, method, path, body) != want)
        fail_msg("%s %s %s: %d %.*s", login ? login : "uid", method, path, t.status, STR_FMT(t.body));
}

static void make_tokens(void) {
    char body[64];

    for (size_t i = 0; i < NPEOPLE; i++) {
        snprintf(body, sizeof body, "{\"login\":\"%s\"}", people[i].login);
        check_ask(200, NULL, "POST", "/v1/tokens", body);
        snprintf(t.token[i], sizeof t.token[i], "%s", said("/token"));
    }
}

static void quiet(void *ctx, enum log_level level, const char *area, const char *text) {
    (void)ctx, (void)level, (void)area, (void)text;
}

static int set_up(void **state) {
    (void)state;
    log_to(quiet, NULL);
    memset(&t, 0, sizeof t);
    buf_init(&t.reply, 16 << 20);
    snprintf(t.dir, sizeof t.dir, "/tmp/tocsin-control-XXXXXX");
    assert_non_null(mkdtemp(t.dir));
    snprintf(t.tokens, sizeof t.tokens, "%s/tokens", t.dir);
    load_roster();
    open_desk();
    open_server();
    t.control = control_new(t.base, t.desk, t.tokens, &ops, NULL);
    assert_non_null(t.control);
    control_configure(t.control, &t.roster);
    make_tokens();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    control_free(t.control);
    t.control = NULL;
    turn();
    http_server_free(t.server);
    desk_close(t.desk, clock_now());
    event_base_free(t.base);
    ruleset_free(t.rules);
    roster_fini(&t.roster);
    unlink(t.tokens);
    rmdir(t.dir);
    buf_fini(&t.reply);
    return 0;
}

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

/* ---- for machines */

static struct ingest_stats stats_of(uint32_t worker, uint64_t epoch, uint64_t received, uint64_t harmless) {
    struct ingest_stats s = {.worker = worker, .epoch = epoch};

    s.by[TRANSPORT_UDP].received = received;
    s.by[TRANSPORT_UDP].harmless = harmless;
    s.by[TRANSPORT_UDP].folded = received - harmless;
    return s;
}

static void the_account_survives_a_worker_that_died(void **state) {
    struct ingest_stats s;

    (void)state;
    s = stats_of(0, 1, 100, 90);
    control_stats(t.control, &s);
    s = stats_of(1, 7, 10, 10);
    control_stats(t.control, &s);
    s = stats_of(0, 2, 5, 5);
    control_stats(t.control, &s);
    s = stats_of(0, 2, 6, 5);
    control_stats(t.control, &s);
    check_ask(200, "iso", "GET", "/v1/status", NULL);
    assert_string_equal(said("/intake/0/transport"), "udp");
    assert_string_equal(said("/intake/0/received"), "116");
    assert_string_equal(said("/intake/0/harmless"), "105");
    assert_string_equal(said("/intake/0/folded"), "11");
    check_ask(200, NULL, "GET", "/metrics", NULL);
    assert_non_null(strstr(buf_cstr(&t.reply), "tocsin_messages_received_total{transport=\"udp\"} 116\n"));
}

/* Every sample has its HELP and TYPE before it, and no metric is said twice. */
static void metrics_are_well_formed(void **state) {
    struct str rest, line;
    char typed[128] = "";
    bool histogram = false;

    (void)state;
    check_ask(200, "iso", "GET", "/metrics", NULL);
    rest = t.body;
    while (rest.n) {
        char name[128] = "";
        line = str_cut(&rest, '\n');
        if (str_starts(line, STR("# TYPE "))) {
            struct str r = str_sub(line, 7, line.n);
            str_copy(typed, sizeof typed, str_cut(&r, ' '));
            histogram = str_is(r, "histogram");
            check_row(str_is(r, "counter") == str_ends(str_of(typed), STR("_total")) || str_is(r, "gauge"), typed);
        } else if (line.n && line.p[0] != '#') {
            size_t end = 0;
            while (end < line.n && line.p[end] != ' ' && line.p[end] != '{')
                end++;
            str_copy(name, sizeof name, str_sub(line, 0, end));
            for (size_t i = 0; histogram && i < 3; i++) { /* its three kinds of sample carry a suffix */
                static const char *const suffix[] = {"_bucket", "_sum", "_count"};
                if (str_ends(str_of(name), str_of(suffix[i])))
                    name[strlen(name) - strlen(suffix[i])] = '\0';
            }
            assert_string_equal(name, typed);
        }
    }
}

static void health_needs_nobody(void **state) {
    (void)state;
    check_ask(200, "tok_wrong", "GET", "/-/healthy", NULL);
    check_ask(200, "tok_wrong", "GET", "/-/ready", NULL);
}

static void the_description_has_every_route(void **state) {
    const struct command *cmd;

    (void)state;
    check_ask(200, "iso", "GET", "/v1/openapi.json", NULL);
    for (size_t i = 0; (cmd = command_at(i)); i++) {
        struct buf key;
        if (!cmd->route)
            continue;
        buf_init(&key, 512);
        buf_printf(&key, "\"%s\":{", cmd->route);
        check_row(strstr(buf_cstr(&t.reply), buf_cstr(&key)), cmd->route);
        buf_fini(&key);
    }
    assert_string_equal(said("/openapi"), "3.0.3");
    assert_string_equal(said("/paths/~1v1~1events~1{event}~1dismiss/post/requestBody/content/application~1json/schema/required/0"), "disposition");
}

static void explain_takes_lines_as_they_are(void **state) {
    (void)state;
    assert_int_equal(ask_bytes("POST", "/v1/explain", token_of("iso"), NULL, str_n("a\0\xff\n", 4)), 200);
    assert_string_equal(said("/0/n"), "4");
    check_ask(403, "rep", "POST", "/v1/explain", "x");
}

/* ---- rules */

static struct ruleset *two_rules(void) {
    static const char yaml[] = "title: One/two rules\nid: r1\nlevel: high\ntags: [attack.defense_evasion, attack.t1070.002]\nlogsource: {product: linux}\n"
                               "detection:\n  s: {user: root, never.there: x}\n  condition: s\n"
                               "---\ntitle: Gone\nid: r2\nstatus: deprecated\nlogsource: {product: linux}\ndetection:\n  s: [x]\n  condition: s\n";
    struct tree **docs = NULL;
    struct ruleset *rs = NULL;
    struct errs *es = calloc(1, sizeof *es);
    struct err e = {0};
    size_t n = 0;

    assert_int_equal(tree_from_yaml("x/rules.yml", str_of(yaml), &docs, &n, &e), RC_OK);
    if (ruleset_load((const struct tree *const *)docs, n, 0, &rs, es) != RC_OK)
        fail_msg("%s", es->v[0].text);
    while (n)
        tree_free(docs[--n]);
    free(docs);
    free(es);
    return rs;
}

static void tell_rules(struct buf *refused) {
    struct tally_rule rules[] = {{STR("r1"), 10, 4, 1, 2000, 1, INT64_C(1795320000) * US_PER_S}};
    struct str fields[] = {STR("user")};
    struct tally_program programs[] = {{STR("frobnicator"), 3, 9, false, false}};
    struct tally_frame f = {0, rules, 1, NULL, 0, fields, 1, programs, 1};
    struct err e = {0};

    err_at(&e, RC_CONFIG, "x/bad.yml", 7, 3, "it is wrong");
    buf_init(refused, 4096);
    refused_add(refused, NULL, 0, &e);
    control_tally(t.control, &f);
}

static void rules_are_listed_shown_and_covered(void **state) {
    struct ruleset *rs = two_rules();
    struct buf refused;

    (void)state;
    check_ask(503, "iso", "GET", "/v1/rules/coverage", NULL); /* none are in force yet */
    tell_rules(&refused);
    control_rules(t.control, rs, buf_view(&refused));
    check_ask(200, "iso", "GET", "/v1/rules", NULL);
    assert_string_equal(said("/0/id"), "r1");
    assert_string_equal(said("/0/matched"), "4");
    assert_string_equal(said("/0/cpu_percent"), "100.0");
    assert_string_equal(said("/1/status"), "disabled");
    assert_string_equal(said("/2/status"), "refused");
    assert_string_equal(said("/2/line"), "7");
    check_ask(200, "iso", "GET", "/v1/rules?rule_status=refused", NULL);
    assert_string_equal(said("/0/why"), "it is wrong");
    assert_string_equal(said("/1/id"), "");
    check_ask(200, "iso", "GET", "/v1/rules?never_fired=yes", NULL);
    assert_string_equal(said("/0/id"), "");
    check_ask(200, "iso", "GET", "/v1/rules?source=rules.yml&level=high", NULL);
    assert_string_equal(said("/0/id"), "r1");
    check_ask(400, "iso", "GET", "/v1/rules?level=hihg", NULL);
    check_ask(403, "rep", "GET", "/v1/rules", NULL);
    check_ask(200, "iso", "GET", "/v1/rules/show?rule=one%2Ftwo%20rules", NULL);
    assert_string_equal(said("/fields/0/ever_filled"), "true");
    assert_string_equal(said("/fields/1/ever_filled"), "false");
    check_ask(404, "iso", "GET", "/v1/rules/show?rule=three", NULL);
    check_ask(400, "iso", "GET", "/v1/rules/show", NULL);
    check_ask(200, "iso", "GET", "/v1/rules/coverage", NULL);
    assert_string_equal(said("/rules/loaded"), "1");
    assert_string_equal(said("/unfilled_fields/0/field"), "never.there");
    assert_string_equal(said("/programs_without_rule/0/program"), "frobnicator");
    assert_string_equal(said("/regex_limits/0/regex_limits"), "1");
    assert_string_equal(said("/attack/6/formerly"), "defense-evasion"); /* by its old name, and with '_' */
    assert_string_equal(said("/attack/6/rules"), "1");
    assert_string_equal(said("/attack/6/techniques/0"), "T1070.002");
    assert_int_equal(ask_bytes("POST", "/v1/rules/test?rule=r1", token_of("iso"), NULL, str_n("a\0\xff\n", 4)), 200);
    assert_string_equal(said("/0/n"), "4");
    check_ask(404, "iso", "POST", "/v1/rules/test?rule=r9", "x");
    check_ask(200, "iso", "GET", "/v1/status", NULL);
    assert_non_null(strstr(said("/problems/0"), "refused"));
    control_rules(t.control, t.rules, STR_NONE);
    ruleset_free(rs);
    buf_fini(&refused);
}

/* Counts and times of what matched would tell of the others' events, programs of their machines. */
static void figures_of_rules_are_for_those_who_read_every_organisation(void **state) {
    struct roster two = t.roster;
    struct org orgs[2] = {t.roster.orgs[0], {.slug = "other", .name = "Other", .tz = "UTC"}};
    struct ruleset *rs = two_rules();
    struct buf refused;

    (void)state;
    two.orgs = orgs;
    two.norgs = 2;
    tell_rules(&refused);
    control_rules(t.control, rs, buf_view(&refused));
    control_configure(t.control, &two);
    check_ask(200, "iso", "GET", "/v1/rules", NULL);
    assert_string_equal(said("/0/id"), "r1");
    assert_non_null(strstr(buf_cstr(&t.reply), "\"matched\":null,\"excluded\":null,\"last_match\":null"));
    check_ask(200, "iso", "GET", "/v1/rules/show?rule=r1", NULL);
    assert_non_null(strstr(buf_cstr(&t.reply), "\"matched\":null"));
    assert_non_null(strstr(buf_cstr(&t.reply), "\"ever_filled\":null"));
    check_ask(403, "iso", "GET", "/v1/rules?never_fired=yes", NULL);
    check_ask(403, "iso", "GET", "/v1/rules/coverage", NULL);
    check_ask(200, NULL, "GET", "/v1/rules/coverage", NULL); /* an administrator */
    control_configure(t.control, &t.roster);
    control_rules(t.control, t.rules, STR_NONE);
    ruleset_free(rs);
    buf_fini(&refused);
}

/* ---- answers that come later */

static int ask_later(const char *login, const char *path, const char *body) {
    struct buf b;
    int fd = dial();

    buf_init(&b, 1 << 16);
    put_request(&b, "POST", path, token_of(login), NULL, str_of(body));
    send_all(fd, buf_view(&b));
    for (int i = 0; i < 10; i++)
        turn();
    buf_fini(&b);
    return fd;
}

static void a_reload_answers_when_it_is_done(void **state) {
    int fd = ask_later(NULL, "/v1/reload", "");

    (void)state;
    assert_true(t.reload != 0);
    control_reloaded(t.control, t.reload, false, STR("tocsin.yaml:3:1: unknown option\nroster.yaml:9: nobody is iso\n"));
    read_all(fd, NULL);
    close(fd);
    assert_non_null(strstr(buf_cstr(&t.reply), "\"details\":[\"tocsin.yaml:3:1: unknown option\",\"roster.yaml:9: nobody is iso\"]"));
    check_ask(200, NULL, "GET", "/v1/status", NULL);
    assert_string_equal(said("/reload/ok"), "false");
    assert_non_null(strstr(said("/problems/0"), "reload"));
    fd = ask_later(NULL, "/v1/reload", "");
    control_reloaded(t.control, t.reload, true, STR(""));
    read_all(fd, NULL);
    close(fd);
    assert_non_null(strstr(buf_cstr(&t.reply), "200 OK"));
    check_ask(200, NULL, "GET", "/v1/status", NULL);
    assert_string_equal(said("/problems"), "[]");
    check_ask(403, "iso", "POST", "/v1/reload", "");
}

static void a_client_that_left_is_not_answered(void **state) {
    int fd = ask_later(NULL, "/v1/reload", "");

    (void)state;
    close(fd);
    for (int i = 0; i < 10; i++)
        turn();
    control_reloaded(t.control, t.reload, true, STR(""));
    check_ask(200, NULL, "GET", "/v1/status", NULL);
}

static void too_many_waiting_are_told_to_come_back(void **state) {
    int fd[16];

    (void)state;
    for (size_t i = 0; i < ARRAY_N(fd); i++)
        fd[i] = ask_later(NULL, "/v1/reload", "");
    check_ask(503, NULL, "POST", "/v1/reload", "");
    assert_string_equal(said("/error/code"), "busy");
    for (size_t i = 0; i < ARRAY_N(fd); i++)
        close(fd[i]);
    for (int i = 0; i < 10; i++)
        turn();
}

static int watch(const char *login) {
    struct buf b;
    int fd = dial();

    buf_init(&b, 4096);
    put_request(&b, "GET", "/v1/watch", token_of(login), NULL, STR_NONE);
    send_all(fd, buf_view(&b));
    read_all(fd, "\r\n\r\n");
    buf_fini(&b);
    return fd;
}

static void those_who_watch_see_what_happens(void **state) {
    int fd = watch("ana"), other = watch("rep");

    (void)state;
    assert_non_null(strstr(buf_cstr(&t.reply), "403")); /* a reporter sees own reports only */
    close(other);
    check_ask(200, "rep", "POST", "/v1/reports", "{\"title\":\"something\"}");
    read_all(fd, "\"ref\":\"EV-");
    assert_non_null(strstr(buf_cstr(&t.reply), "\"org\":\"main\""));
    close(fd);
    for (int i = 0; i < 10; i++)
        turn();
    check_ask(200, "rep", "POST", "/v1/reports", "{\"title\":\"more\"}");
}

static void asking_for_the_head_of_a_watch_starts_none(void **state) {
    (void)state;
    for (int i = 0; i < 40; i++)
        check_ask(200, "ana", "HEAD", "/v1/watch", NULL);
    check_ask(405, "ana", "POST", "/v1/watch", "");
}

static void who_does_not_read_is_let_go(void **state) {
    int fd = watch("ana");
    struct buf line;

    (void)state;
    buf_init(&line, 1 << 16);
    buf_text(&line, "{\"org\":\"main\",\"title\":\"");
    for (int i = 0; i < 60000; i++)
        buf_c(&line, 'x');
    buf_text(&line, "\"}");
    for (int i = 0; i < 200; i++)
        control_watch(t.control, buf_view(&line));
    check_ask(200, NULL, "GET", "/metrics", NULL);
    assert_non_null(strstr(buf_cstr(&t.reply), "tocsin_watch_dropped_total 1\n"));
    close(fd);
    buf_fini(&line);
}

static void a_stop_answers_those_who_wait(void **state) {
    int fd = ask_later(NULL, "/v1/reload", ""), w = watch("iso");

    (void)state;
    control_free(t.control);
    t.control = NULL;
    read_all(fd, NULL);
    assert_non_null(strstr(buf_cstr(&t.reply), "503"));
    close(fd);
    close(w);
}

static void long_work_outlives_the_api(void **state) {
    int fd = ask_later("iso", "/v1/verify", "");

    (void)state;
    close(fd);
    control_free(t.control); /* the desk may still hold the request */
    t.control = NULL;
}

static void a_backup_is_named_from_the_root_on(void **state) {
    char body[160], path[128];

    (void)state;
    check_ask(400, NULL, "POST", "/v1/backup", "{\"file\":\"backup.db\"}");
    check_ask(400, NULL, "POST", "/v1/backup", "{}");
    check_ask(403, "iso", "POST", "/v1/backup", "{\"file\":\"/x\"}");
    snprintf(path, sizeof path, "%s/backup.db", t.dir);
    snprintf(body, sizeof body, "{\"file\":\"%s\"}", path);
    check_ask(200, NULL, "POST", "/v1/backup", body);
    assert_string_equal(said("/file"), path);
    assert_int_equal(unlink(path), 0);
}

int main(void) {
#define PROMISE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
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
        PROMISE(the_account_survives_a_worker_that_died),
        PROMISE(metrics_are_well_formed),
        PROMISE(health_needs_nobody),
        PROMISE(the_description_has_every_route),
        PROMISE(explain_takes_lines_as_they_are),
        PROMISE(rules_are_listed_shown_and_covered),
        PROMISE(figures_of_rules_are_for_those_who_read_every_organisation),
        PROMISE(a_reload_answers_when_it_is_done),
        PROMISE(a_client_that_left_is_not_answered),
        PROMISE(too_many_waiting_are_told_to_come_back),
        PROMISE(those_who_watch_see_what_happens),
        PROMISE(asking_for_the_head_of_a_watch_starts_none),
        PROMISE(who_does_not_read_is_let_go),
        PROMISE(a_stop_answers_those_who_wait),
        PROMISE(long_work_outlives_the_api),
        PROMISE(a_backup_is_named_from_the_root_on),
    };

    signal(SIGPIPE, SIG_IGN); /* as the daemon does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
