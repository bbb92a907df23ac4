/* SPDX-License-Identifier: ISC
 *
 * control_help.h - what the tests of the API share: a real server on a unix socket, a real desk on a record in memory, and who asks
 */
#ifndef TOCSIN_TESTS_CONTROL_HELP_H
#define TOCSIN_TESTS_CONTROL_HELP_H

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

static inline const char *token_of(const char *login) {
    for (size_t i = 0; i < NPEOPLE; i++)
        if (login && strcmp(people[i].login, login) == 0)
            return t.token[i];
    return login; /* NULL: by user id; else the token itself */
}

static int ask(const char *login, const char *method, const char *path, const char *body) {
    return ask_bytes(method, path, token_of(login), NULL, str_of(body ? body : ""));
}

/* The text at a JSON pointer of the last answer; "" when it is not there. */
static inline const char *said(const char *pointer) {
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

#define PROMISE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
