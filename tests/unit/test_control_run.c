/* SPDX-License-Identifier: ISC
 *
 * test_control_run.c - the API beside the daemon: accounts, metrics, rules, reload, watching, long work
 */
#include "control_help.h"

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
    const struct CMUnitTest tests[] = {
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
