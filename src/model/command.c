/* SPDX-License-Identifier: ISC
 *
 * command.c - the table of commands, and how its patterns are read
 *
 * Takes   commands.def and command_args.def.
 * Gives   rows, and the items of a row's pattern one after the other.
 */
#include "model/command.h"

static const struct command commands[] = {
#define COMMAND(pattern, method, route, who, handler, help, example)                                                             \
    {pattern, METHOD_##method, route, who, handler, help, example},
#include "model/commands.def"
#undef COMMAND
};

static const struct command_arg args[] = {
#define ARG(name, kind, local, choices, help) {name, ARG_##kind, local, choices, help},
#include "model/command_args.def"
#undef ARG
};
#define COUNT(v) (sizeof(v) / sizeof *(v))

const char *method_name(enum method m) {
    return m == METHOD_GET ? "GET" : m == METHOD_POST ? "POST" : "";
}

const struct command *command_at(size_t i) {
    return i < COUNT(commands) ? &commands[i] : NULL;
}

bool command_takes_lines(const struct command *cmd) {
    return cmd->handler == H_EXPLAIN || cmd->handler == H_RULE_TEST;
}

const struct command_arg *command_arg_at(size_t i) {
    return i < COUNT(args) ? &args[i] : NULL;
}

const struct command_arg *command_arg_find(struct str name) {
    for (size_t i = 0; i < COUNT(args); i++)
        if (str_is(name, args[i].name))
            return &args[i];
    return NULL;
}

/* "--root-cause" without "=name" fills root_cause. */
static const struct command_arg *arg_of_flag(struct str flag) {
    char name[64];

    if (flag.n >= sizeof name)
        return NULL;
    for (size_t i = 0; i < flag.n; i++)
        name[i] = flag.p[i] == '-' ? '_' : flag.p[i];
    return command_arg_find(str_n(name, flag.n));
}

static bool take_suffix(struct str *s, struct str suffix) {
    if (!str_ends(*s, suffix))
        return false;
    s->n -= suffix.n;
    return true;
}

static bool take_prefix(struct str *s, struct str prefix) {
    if (!str_starts(*s, prefix))
        return false;
    *s = str_sub(*s, prefix.n, s->n);
    return true;
}

bool pattern_next(const char **at, struct pattern_item *out) {
    struct str rest = str_trim(str_of(*at)), token;

    *out = (struct pattern_item){.kind = PATTERN_WORD};
    if (!rest.n)
        return false;
    token = str_cut(&rest, ' ');
    *at = token.p + token.n;
    out->optional = take_prefix(&token, STR("[")) && take_suffix(&token, STR("]"));
    if (take_prefix(&token, STR("--"))) {
        out->kind = PATTERN_FLAG;
        out->repeat = take_suffix(&token, STR("..."));
        struct str name = token;
        out->word = str_cut(&name, '=');
        out->arg = str_absent(name) ? arg_of_flag(out->word) : command_arg_find(name);
    } else if (take_prefix(&token, STR("<")) && take_suffix(&token, STR(">"))) {
        out->kind = PATTERN_VALUE;
        out->repeat = take_suffix(&token, STR("..."));
        out->word = token;
        out->arg = command_arg_find(token);
    } else {
        out->word = token;
    }
    return true;
}

static void each_rootcause(void (*fn)(void *ctx, struct str choice), void *ctx) {
    const struct rootcause *rc;

    for (size_t i = 0; (rc = rootcause_at(i)); i++)
        fn(ctx, str_of(rc->code));
}

static const struct {
    const char *name;
    enum word_list list;
} lists[] = {{"@disposition", WORDS_disposition}, {"@outcome", WORDS_outcome}, {"@activity", WORDS_activity}, {"@level", WORDS_level}};

void command_arg_choices(const struct command_arg *a, void (*fn)(void *ctx, struct str choice), void *ctx) {
    struct str rest = str_of(a->choices);

    if (str_is(rest, "@rootcause"))
        each_rootcause(fn, ctx);
    for (size_t i = 0; i < COUNT(lists); i++)
        for (const char *const *w = word_list(lists[i].list); str_is(rest, lists[i].name) && *w; w++)
            fn(ctx, str_of(*w));
    while (rest.n && rest.p[0] != '@' && !str_absent(rest))
        fn(ctx, str_cut(&rest, '|'));
}

int ref_kind(struct str ref) {
    uint64_t n;

    if (str_u64(ref, INT64_MAX, &n))
        return ARG_NUMBER;
    if (ref.n > 3 && str_eqi(str_sub(ref, 0, 3), STR("EV-")))
        return ARG_EVENT;
    if (ref.n > 4 && str_eqi(str_sub(ref, 0, 4), STR("INC-")))
        return ARG_INCIDENT;
    return -1;
}
