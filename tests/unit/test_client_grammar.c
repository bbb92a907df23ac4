/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "client/client.h"
#include "client/help.h"

#define WORDS_MAX 64

struct line { /* a command line, split as a shell does: blanks, and single quotes */
    char text[1024];
    char *argv[WORDS_MAX];
    int argc;
};

static void split(struct line *l, const char *text) {
    bool quoted = false, in = false;
    char *out = l->text;

    l->argc = 0;
    for (; *text; text++) {
        if (*text == '\'') {
            quoted = !quoted;
        } else if (*text == ' ' && !quoted) {
            if (in)
                *out++ = '\0';
            in = false;
            continue;
        }
        if (!in)
            l->argv[l->argc++] = out;
        in = true;
        if (*text != '\'')
            *out++ = *text;
    }
    *out = '\0';
}

static enum rc read_line(struct client *c, const char *text, bool abbreviate, struct err *e) {
    static struct line l;

    *c = (struct client){0};
    *e = (struct err){0};
    split(&l, text);
    return grammar_read(c, l.argc, l.argv, abbreviate, e);
}

static void check_body(const char *text, const char *path, const char *body) {
    struct client c;
    struct err e;
    struct buf b;
    enum rc rc = read_line(&c, text, false, &e);

    if (rc != RC_OK)
        fail_msg("%s: %s", text, e.text);
    buf_init(&b, 65536);
    assert_int_equal(request_path(&c, &b, &e), RC_OK);
    assert_str(buf_view(&b), path);
    buf_reset(&b);
    if (body) {
        assert_int_equal(request_body(&c, &b, &e), RC_OK);
        assert_str(buf_view(&b), body);
    }
    buf_fini(&b);
    said_fini(&c.said);
}

static void check_error(const char *text, bool abbreviate, const char *sentence, const char *hint) {
    struct client c;
    struct err e;

    check_row(read_line(&c, text, abbreviate, &e) == RC_USAGE, text);
    if (!strstr(e.text, sentence) || !strstr(e.hint, hint))
        fail_msg("%s: \"%s\" hint \"%s\"", text, e.text, e.hint);
    said_fini(&c.said);
}

static void every_example_parses_to_its_own_command_and_lacks_nothing(void **state) {
    const struct command *cmd;

    (void)state;
    for (size_t i = 0; (cmd = command_at(i)); i++) {
        struct client c;
        struct err e;
        if (!cmd->pattern[0])
            continue;
        if (read_line(&c, cmd->example, false, &e) != RC_OK)
            fail_msg("%s: %s", cmd->example, e.text);
        check_row(c.said.cmd == cmd, cmd->example);
        c.no_prompt = true;
        if (prompt_missing(&c, &e) != RC_OK)
            fail_msg("%s: %s", cmd->example, e.text);
        said_fini(&c.said);
    }
}

static void what_was_said_becomes_a_path_and_a_body(void **state) {
    static const struct {
        const char *text, *path, *body;
    } rows[] = {
        {"tocsin claim EV-12", "/v1/events/EV-12/claim", "{}"},
        {"tocsin claim 12", "/v1/events/12/claim", "{}"},
        {"tocsin contain 7 --note 'a b'", "/v1/incidents/7/contain", "{\"containment_note\":\"a b\"}"},
        {"tocsin --json contain --note=x INC-7", "/v1/incidents/INC-7/contain", "{\"containment_note\":\"x\"}"},
        {"tocsin note EV-4 called them -- --twice", "/v1/events/EV-4/note", "{\"note\":\"called them --twice\"}"},
        {"tocsin note 4 x", "/v1/incidents/4/note", "{\"note\":\"x\"}"},
        {"tocsin review 7 --control A.1=failed --control A.2=absent", "/v1/incidents/7/review", "{\"control\":[\"A.1=failed\",\"A.2=absent\"]}"},
        {"tocsin list events --mine --limit 5", "/v1/events?mine=yes&limit=5", NULL},
        {"tocsin list --org a/b", "/v1/open?org=a%2Fb", NULL},
        {"tocsin --org main show INC-7", "/v1/incidents/INC-7?org=main", NULL},
        {"tocsin --org main claim 3", "/v1/events/3/claim", "{\"org\":\"main\"}"},
        {"tocsin task add 7 change it --owner dep now", "/v1/incidents/7/task", "{\"text\":\"change it now\",\"to\":\"dep\"}"},
        {"tocsin dismiss 3 --disposition false_positive --rationale x", "/v1/events/3/dismiss", "{\"disposition\":\"false_positive\",\"rationale\":\"x\"}"},
        {"tocsin token add iso --out /tmp/x", "/v1/tokens", "{\"login\":\"iso\"}"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++)
        check_body(rows[i].text, rows[i].path, rows[i].body);
}

static void a_slip_names_what_was_meant(void **state) {
    static const struct {
        const char *text;
        bool abbreviate;
        const char *sentence, *hint;
    } rows[] = {
        {"tocsin clam EV-1", false, "no command \"clam\"", "did you mean \"claim\""},
        {"tocsin cla EV-1", false, "no command \"cla\"", ""},
        {"tocsin re EV-1", true, "could be: release, resume, report-event", ""},
        {"tocsin task", false, "task what?", "task add"},
        {"tocsin claim INC-7", false, "\"INC-7\" is not an event", ""},
        {"tocsin contain INC-7 --nte x", false, "no --nte", "--note"},
        {"tocsin claim EV-1 EV-2", false, "one word too many", "claim <event>"},
        {"tocsin dismiss 1 false_positiv --rationale x", false, "none of its words", "false_positive"},
        {"tocsin contain 7 --note", false, "--note wants a value", ""},
        {"tocsin contain 7 --note a --note b", false, "given twice", ""},
        {"tocsin contain 7 --note ''", false, "is empty", ""},
        {"tocsin --socket", false, "--socket wants a value", ""},
        {"tocsin --json=x list", false, "takes no value", ""},
        {"tocsin --bogus list", false, "no option --bogus", ""},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++)
        check_error(rows[i].text, rows[i].abbreviate, rows[i].sentence, rows[i].hint);
}

static void a_unique_beginning_will_do_for_a_person_only(void **state) {
    struct client c;
    struct err e;

    (void)state;
    assert_int_equal(read_line(&c, "tocsin cla EV-1", true, &e), RC_OK);
    assert_string_equal(c.said.cmd->route, "/v1/events/{event}/claim");
    said_fini(&c.said);
}

static void what_is_missing_is_named_when_nobody_can_be_asked(void **state) {
    struct client c;
    struct err e;

    (void)state;
    assert_int_equal(read_line(&c, "tocsin recover 7", false, &e), RC_OK);
    c.no_prompt = true;
    assert_int_equal(prompt_missing(&c, &e), RC_USAGE);
    assert_non_null(strstr(e.text, "--note, --verified-by"));
    assert_non_null(strstr(e.hint, "tocsin recover INC-7"));
    assert_int_equal(rc_exit(RC_USAGE), 2);
    said_fini(&c.said);
}

static void help_names_every_command_and_its_example(void **state) {
    const struct command *cmd;
    struct buf all, one, man;
    bool found;

    (void)state;
    buf_init(&all, 1 << 20);
    buf_init(&one, 1 << 20);
    buf_init(&man, 1 << 20);
    help_all(&all);
    help_command(STR(""), &one, &found);
    help_mdoc(&man);
    for (size_t i = 0; (cmd = command_at(i)); i++) {
        if (!cmd->pattern[0])
            continue;
        check_row(strstr(buf_cstr(&all), cmd->help), cmd->pattern);
        check_row(strstr(buf_cstr(&one), cmd->example), cmd->pattern);
    }
    assert_true(man.n > 1000);
    help_command(STR("no such"), &one, &found);
    assert_false(found);
    buf_fini(&all);
    buf_fini(&one);
    buf_fini(&man);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_parses_to_its_own_command_and_lacks_nothing),
        cmocka_unit_test(what_was_said_becomes_a_path_and_a_body),
        cmocka_unit_test(a_slip_names_what_was_meant),
        cmocka_unit_test(a_unique_beginning_will_do_for_a_person_only),
        cmocka_unit_test(what_is_missing_is_named_when_nobody_can_be_asked),
        cmocka_unit_test(help_names_every_command_and_its_example),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
