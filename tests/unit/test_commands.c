/* SPDX-License-Identifier: ISC */
#include "unit.h"

#include "case/flow.h"
#include "model/command.h"

static bool has_arg(const struct command *cmd, struct str name) {
    struct pattern_item it;

    for (const char *at = cmd->pattern; pattern_next(&at, &it);)
        if (it.arg && str_is(name, it.arg->name))
            return true;
    return false;
}

static void every_argument_of_a_pattern_is_known(void **state) {
    const struct command *cmd;
    struct pattern_item it;

    (void)state;
    for (size_t i = 0; (cmd = command_at(i)); i++)
        for (const char *at = cmd->pattern; pattern_next(&at, &it);)
            if (it.kind != PATTERN_WORD && !it.arg)
                fail_msg("%s: nobody says what \"%.*s\" is", cmd->pattern, STR_FMT(it.word));
}

static void every_argument_is_used_and_named_once(void **state) {
    const struct command_arg *a;
    const struct command *cmd;

    (void)state;
    for (size_t i = 0; (a = command_arg_at(i)); i++) {
        bool used = false;
        for (size_t j = 0; (cmd = command_at(j)); j++)
            used |= has_arg(cmd, str_of(a->name));
        check_row(used, a->name);
        check_row(command_arg_find(str_of(a->name)) == a, a->name);
    }
}

static void what_a_route_carries_stands_in_the_pattern(void **state) {
    const struct command *cmd;

    (void)state;
    for (size_t i = 0; (cmd = command_at(i)); i++) {
        struct str route = str_of(cmd->route);
        check_row((cmd->method == METHOD_NONE) == !cmd->route, cmd->pattern);
        while (!str_absent(route)) {
            struct str seg = str_cut(&route, '/');
            if (seg.n && seg.p[0] == '{')
                check_row(has_arg(cmd, str_sub(seg, 1, seg.n - 1)), cmd->pattern);
        }
    }
}

static void no_two_commands_share_a_route_and_a_method(void **state) {
    const struct command *a, *b;

    (void)state;
    for (size_t i = 0; (a = command_at(i)); i++)
        for (size_t j = 0; j < i && (b = command_at(j)); j++)
            if (a->route && b->route)
                check_row(a->method != b->method || strcmp(a->route, b->route) != 0, a->route);
}

static void every_command_says_what_it_does_and_gives_an_example(void **state) {
    const struct command *cmd;

    (void)state;
    for (size_t i = 0; (cmd = command_at(i)); i++) {
        check_row(strlen(cmd->help) > 10, cmd->pattern);
        check_row(!cmd->pattern[0] || strncmp(cmd->example, "tocsin ", 7) == 0, cmd->pattern);
    }
}

/* "approve-close" in the route is "approve_close" in the flow. */
static const struct command *command_of(const struct step *s) {
    const char *kind = s->machine == MACHINE_EVENT ? "/v1/events/{event}/" : "/v1/incidents/{incident}/";
    const struct command *cmd;
    char verb[64];

    str_copy(verb, sizeof verb, str_of(s->verb));
    for (char *p = verb; *p; p++)
        if (*p == '_')
            *p = '-';
    for (size_t i = 0; (cmd = command_at(i)); i++)
        if (cmd->route && str_starts(str_of(cmd->route), str_of(kind)) && strcmp(cmd->route + strlen(kind), verb) == 0)
            return cmd;
    return NULL;
}

static const struct command *by_handler(enum handler h) {
    const struct command *cmd;

    for (size_t i = 0; (cmd = command_at(i)); i++)
        if (cmd->handler == h)
            return cmd;
    return NULL;
}

static bool asked_by_people(const struct step *s) {
    return s->machine != MACHINE_NOTIFICATION && s->from != STATE_NONE && (s->roles & ~(ROLE_BIT(ROLE_SYSTEM) | ROLE_BIT(ROLE_SOURCE)));
}

static void every_step_of_the_process_has_a_command_with_its_data_and_its_roles(void **state) {
    const struct step *s;

    (void)state;
    for (size_t i = 0; (s = flow_at(i)); i++) {
        const struct command *cmd = command_of(s);
        struct str required = str_of(s->required);
        if (!asked_by_people(s))
            continue;
        if (!cmd && (strcmp(s->verb, "request_close") == 0 || strcmp(s->verb, "close_short") == 0))
            cmd = by_handler(H_CLOSE);
        if (!cmd && strcmp(s->verb, "open_review") == 0)
            cmd = by_handler(H_REVIEW);
        check_row(cmd != NULL, s->verb);
        check_row(!(s->roles & ~cmd->who & ~(ROLE_BIT(ROLE_SYSTEM) | ROLE_BIT(ROLE_SOURCE))), s->verb);
        while (required.n) {
            struct str any = str_cut(&required, ' ');
            bool found = false;
            while (any.n)
                found |= has_arg(cmd, str_cut(&any, '|'));
            check_row(found, s->verb);
        }
    }
}

static void references_are_told_apart(void **state) {
    static const struct {
        const char *ref;
        int kind;
    } rows[] = {{"EV-2026-000012", ARG_EVENT}, {"ev-12", ARG_EVENT}, {"INC-7", ARG_INCIDENT}, {"inc-2026-0007", ARG_INCIDENT}, {"7", ARG_NUMBER},
                {"EV-", -1}, {"", -1}, {"7a", -1}, {"-7", -1}, {"99999999999999999999", -1}};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++)
        check_row(ref_kind(str_of(rows[i].ref)) == rows[i].kind, rows[i].ref);
}

static void a_pattern_says_what_is_needed(void **state) {
    const char *at = "task done <event> [<line...>] --note=containment_note [--control...] [--once]";
    struct pattern_item it;

    (void)state;
    assert_true(pattern_next(&at, &it) && it.kind == PATTERN_WORD);
    assert_str(it.word, "task");
    assert_true(pattern_next(&at, &it));
    assert_true(pattern_next(&at, &it) && it.kind == PATTERN_VALUE && !it.optional && !it.repeat);
    assert_string_equal(it.arg->name, "event");
    assert_true(pattern_next(&at, &it) && it.kind == PATTERN_VALUE && it.optional && it.repeat);
    assert_true(pattern_next(&at, &it) && it.kind == PATTERN_FLAG && !it.optional);
    assert_str(it.word, "note");
    assert_string_equal(it.arg->name, "containment_note");
    assert_true(pattern_next(&at, &it) && it.optional && it.repeat);
    assert_string_equal(it.arg->name, "control");
    assert_true(pattern_next(&at, &it) && it.arg->kind == ARG_SWITCH);
    assert_false(pattern_next(&at, &it));
}

static void count_choice(void *ctx, struct str word) {
    *(int *)ctx += word.n > 0;
}

static void choices_come_from_the_closed_lists(void **state) {
    static const struct {
        const char *arg;
        int n;
    } rows[] = {{"disposition", 10}, {"priority", 5}, {"root_cause_code", 25}, {"effect", 6}, {"rationale", 0}};

    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        int n = 0;
        command_arg_choices(command_arg_find(str_of(rows[i].arg)), count_choice, &n);
        check_row(n == rows[i].n, rows[i].arg);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_argument_of_a_pattern_is_known),
        cmocka_unit_test(every_argument_is_used_and_named_once),
        cmocka_unit_test(what_a_route_carries_stands_in_the_pattern),
        cmocka_unit_test(no_two_commands_share_a_route_and_a_method),
        cmocka_unit_test(every_command_says_what_it_does_and_gives_an_example),
        cmocka_unit_test(every_step_of_the_process_has_a_command_with_its_data_and_its_roles),
        cmocka_unit_test(references_are_told_apart),
        cmocka_unit_test(a_pattern_says_what_is_needed),
        cmocka_unit_test(choices_come_from_the_closed_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
