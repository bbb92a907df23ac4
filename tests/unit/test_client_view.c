/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "base/clock.h"
#include "client/client.h"

#define HOSTILE "root\\u001b]0;owned\\u0007\\u202e\\r\\n\\t\\u009b31m"

static const char hostile_list[] =
    "[{\"ref\":\"EV-2026-000001\",\"priority\":\"P2\",\"state\":\"new\",\"count\":3,\"last_seen\":\"2026-11-22T04:00:00Z\",\"assessor\":null,"
    "\"src_ip\":\"" HOSTILE "\",\"host\":\"gw\",\"title\":\"=cmd|" HOSTILE "\"}]";

static const struct command *row_of(const char *route, enum method m) {
    const struct command *cmd;

    for (size_t i = 0; (cmd = command_at(i)); i++)
        if (cmd->route && strcmp(cmd->route, route) == 0 && cmd->method == m)
            return cmd;
    return NULL;
}

typedef enum rc (*view_fn)(struct client *c, const struct json *reply, struct err *e);

static enum rc show(struct client *c, const char *route, view_fn view, const char *text) {
    struct json *j = NULL;
    struct err e = {0};

    c->now = INT64_C(1795320000) * US_PER_S; /* 2026-11-22T04:00:00Z */
    c->said.cmd = row_of(route, METHOD_GET);
    if (!c->said.cmd)
        c->said.cmd = row_of(route, METHOD_POST);
    assert_non_null(c->said.cmd);
    buf_init(&c->out, 1 << 20);
    if (json_parse(str_of(text), 1 << 20, &j, &e) != RC_OK)
        fail_msg("%s", e.text);
    enum rc rc = view(c, j, &e);
    json_free(j);
    return rc;
}

/* Nothing of a stranger's may steer the terminal: no control byte but our own newlines and colours. */
static void check_harmless(struct str s, bool tabs, bool colors) {
    for (size_t i = 0; i < s.n; i++) {
        unsigned char ch = (unsigned char)s.p[i];
        if (ch == '\n' || (tabs && ch == '\t') || (colors && ch == 0x1b && s.p[i + 1] == '['))
            continue;
        if (ch < 0x20 || ch == 0x7f)
            fail_msg("byte 0x%02x at %zu of:\n%.*s", ch, i, STR_FMT(s));
    }
    assert_true(str_find(s, STR("\xe2\x80\xae")) == SIZE_MAX);
    assert_true(str_find(s, STR("\xc2\x9b")) == SIZE_MAX);
}

static void log_text_never_steers_the_terminal(void **state) {
    struct client c = {.tty_out = true, .width = 120};

    (void)state;
    assert_int_equal(show(&c, "/v1/events", view_list, hostile_list), RC_OK);
    check_harmless(buf_view(&c.out), false, false);
    if (!strstr(buf_cstr(&c.out), "\\x1B"))
        fail_msg("%s", buf_cstr(&c.out));
    buf_fini(&c.out);
    c = (struct client){.tty_out = true, .width = 120, .colors = true};
    assert_int_equal(show(&c, "/v1/events", view_list, hostile_list), RC_OK);
    check_harmless(buf_view(&c.out), false, true);
    buf_fini(&c.out);
    c = (struct client){.tty_out = true};
    assert_int_equal(show(&c, "/v1/events/{event}", view_show,
                          "{\"ref\":\"EV-1\",\"title\":\"" HOSTILE "\",\"" HOSTILE "\":\"x\",\"timeline\":[{\"at\":\"2026-11-22T04:00:00Z\",\"actor\":\"" HOSTILE
                          "\",\"verb\":\"v\",\"text\":\"" HOSTILE "\"}],\"raws\":[{\"at\":null,\"body\":\"" HOSTILE "\"}]}"),
                     RC_OK);
    check_harmless(buf_view(&c.out), false, false);
    buf_fini(&c.out);
    assert_int_equal(show(&c, "/v1/events/{event}/claim", view_act,
                          "{\"ref\":\"" HOSTILE "\",\"state\":\"new\",\"made\":null,\"said\":[\"" HOSTILE "\"],\"next\":[\"" HOSTILE "\"]}"),
                     RC_OK);
    check_harmless(buf_view(&c.out), false, false);
    buf_fini(&c.out);
}

static void what_rules_say_is_harmless_too(void **state) {
    struct client c = {.tty_out = true, .width = 120, .colors = true};

    (void)state;
    assert_int_equal(show(&c, "/v1/rules", view_rule_list, "[{\"id\":\"" HOSTILE "\",\"title\":\"" HOSTILE "\",\"why\":\"" HOSTILE "\",\"file\":\"" HOSTILE "\"}]"), RC_OK);
    check_harmless(buf_view(&c.out), false, true);
    buf_fini(&c.out);
    assert_int_equal(show(&c, "/v1/rules/coverage", view_rule_coverage,
                          "{\"since\":\"2026-11-22T04:00:00Z\",\"rules\":{\"loaded\":1},\"unfilled_fields\":[{\"field\":\"" HOSTILE "\",\"rules\":2,\"example\":\"" HOSTILE
                          "\"}],\"programs_without_rule\":[{\"program\":\"" HOSTILE "\",\"lines\":3}],\"never_fired\":[],\"never_fired_more\":0,\"lines_of_others\":4}"),
                     RC_OK);
    check_harmless(buf_view(&c.out), false, true);
    assert_non_null(strstr(buf_cstr(&c.out), "4 lines of more programs"));
    assert_non_null(strstr(buf_cstr(&c.out), ": none\n"));
    buf_fini(&c.out);
    assert_int_equal(show(&c, "/v1/rules/test", view_rule_test, "[{\"text\":\"" HOSTILE "\",\"match\":false,\"why\":\"" HOSTILE "\"},{\"text\":{\"b64\":\"/w==\"},\"match\":true}]"), RC_OK);
    check_harmless(buf_view(&c.out), false, true);
    buf_fini(&c.out);
}

static void a_pipe_gets_tabs_a_header_and_whole_values(void **state) {
    struct client c = {0};

    (void)state;
    assert_int_equal(show(&c, "/v1/events", view_list, hostile_list), RC_OK);
    check_harmless(buf_view(&c.out), true, false);
    assert_true(str_starts(buf_view(&c.out), STR("ref\tpriority\tstate\tcount\tlast_seen\tassessor\tsrc_ip\thost\ttitle\nEV-2026-000001\tP2\tnew\t3\t2026-11-22T04:00:00Z\t\t")));
    size_t lines = 0, tabs = 0;
    for (size_t i = 0; i < c.out.n; i++) {
        lines += c.out.p[i] == '\n';
        tabs += c.out.p[i] == '\t';
    }
    assert_int_equal(lines, 2);
    assert_int_equal(tabs, 16);
    buf_fini(&c.out);
}

static void csv_runs_no_formula(void **state) {
    struct client c = {.csv = true};

    (void)state;
    assert_int_equal(show(&c, "/v1/events", view_list, hostile_list), RC_OK);
    assert_null(strstr(buf_cstr(&c.out), ",=cmd"));
    assert_non_null(strstr(buf_cstr(&c.out), "'=cmd"));
    buf_fini(&c.out);
}

static void times_are_told_from_now_or_in_utc(void **state) {
    static const struct {
        int64_t ago;
        const char *text;
    } rows[] = {{0, "now"}, {4 * US_PER_MIN, "4 min ago"}, {3 * US_PER_H + 5, "3 h ago"}, {49 * US_PER_H, "2 d ago"}, {-30 * US_PER_S, "in 30 s"}};
    struct client c = {.now = INT64_C(1795320000) * US_PER_S};
    struct buf b;

    (void)state;
    buf_init(&b, 256);
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        buf_reset(&b);
        text_ago(&c, c.now - rows[i].ago, &b);
        check_row(strcmp(buf_cstr(&b), rows[i].text) == 0, rows[i].text);
    }
    c.utc = true;
    buf_reset(&b);
    text_ago(&c, c.now, &b);
    assert_string_equal(buf_cstr(&b), "2026-11-22T04:00:00Z");
    buf_fini(&b);
}

static void a_check_that_found_something_ends_with_7(void **state) {
    static const struct {
        const char *route;
        view_fn view;
        const char *reply;
        enum rc rc;
    } rows[] = {
        {"/v1/verify", view_verify, "{\"intact\":true,\"rows\":3}", RC_OK},
        {"/v1/verify", view_verify, "{\"intact\":false,\"rows\":3,\"first_bad\":\"audit row 2\"}", RC_CHECK},
        {"/v1/status", view_status, "{\"problems\":[],\"intake\":[],\"record\":{\"open\":1}}", RC_OK},
        {"/v1/status", view_status, "{\"problems\":[\"not ready\"],\"intake\":[]}", RC_CHECK},
        {"/v1/incidents/{incident}/check-close", view_check_close, "[{\"guard\":\"G1\",\"state\":\"met\",\"text\":\"x\"}]", RC_OK},
        {"/v1/incidents/{incident}/check-close", view_check_close, "[{\"guard\":\"G1\",\"state\":\"missing\",\"text\":\"x\"}]", RC_CHECK},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct client c = {0};
        check_row(show(&c, rows[i].route, rows[i].view, rows[i].reply) == rows[i].rc, rows[i].reply);
        buf_fini(&c.out);
    }
    assert_int_equal(rc_exit(RC_CHECK), 7);
}

/* Whatever the daemon answers, the client shows something and lives. */
static void an_answer_of_another_shape_is_survived(void **state) {
    static const char *const replies[] = {"null", "[]", "{}", "[1,null,\"x\",[[]]]", "\"x\"", "{\"said\":7,\"next\":{},\"problems\":3,\"intake\":{},\"record\":[]}"};
    static const view_fn views[] = {
#define HANDLER(id, name) [id] = view_##name,
#define HANDLER_API(id, name)
#include "model/handlers.def"
#undef HANDLER
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(replies); i++)
        for (int h = 0; h < H_INIT; h++) {
            struct client c = {.tty_out = i % 2};
            if (!views[h] || h == H_WATCH || h == H_TOKEN_ADD || h == H_BACKUP)
                continue;
            show(&c, "/v1/events", views[h], replies[i]);
            buf_fini(&c.out);
        }
}

static void an_error_keeps_its_code_its_hint_and_its_details(void **state) {
    static const struct {
        long status;
        const char *reply;
        enum rc rc;
        const char *text, *hint;
    } rows[] = {
        {422, "{\"error\":{\"code\":\"refused\",\"message\":\"no\",\"hint\":\"try\"}}", RC_REFUSED, "no", "try"},
        {401, "{\"error\":{\"code\":\"unauthenticated\",\"message\":\"who\",\"hint\":null}}", RC_UNAUTH, "who", ""},
        {409, "not json", RC_CONFLICT, "status 409", ""},
        {500, "{\"error\":{\"code\":\"config\",\"message\":\"m\",\"details\":[\"a.yaml:1: x\",\"b\"]}}", RC_CONFIG, "m", ""},
        {599, "{\"error\":{\"code\":\"unheard-of\",\"message\":\"m\"}}", RC_IO, "m", ""},
        {404, "{\"error\":[]}", RC_NOTFOUND, "status 404", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        struct buf details;
        struct err e = {0};
        buf_init(&details, 4096);
        check_row(api_error(rows[i].status, str_of(rows[i].reply), &details, &e) == rows[i].rc, rows[i].reply);
        check_row(strstr(e.text, rows[i].text) && strcmp(e.hint, rows[i].hint) == 0, rows[i].reply);
        if (rows[i].rc == RC_CONFIG)
            assert_str(buf_view(&details), "a.yaml:1: x\nb\n");
        buf_fini(&details);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_text_never_steers_the_terminal),
        cmocka_unit_test(what_rules_say_is_harmless_too),
        cmocka_unit_test(a_pipe_gets_tabs_a_header_and_whole_values),
        cmocka_unit_test(csv_runs_no_formula),
        cmocka_unit_test(times_are_told_from_now_or_in_utc),
        cmocka_unit_test(a_check_that_found_something_ends_with_7),
        cmocka_unit_test(an_answer_of_another_shape_is_survived),
        cmocka_unit_test(an_error_keeps_its_code_its_hint_and_its_details),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
