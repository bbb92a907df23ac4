/* SPDX-License-Identifier: ISC
 *
 * help.c - what can be said, from the table of commands
 */
#include "client/help.h"

#include "client/client.h"

#include <string.h>

static void print_item(const struct pattern_item *it, struct buf *b) {
    const char *more = it->repeat ? "..." : "";
    struct buf value;

    if (it->kind == PATTERN_WORD) {
        buf_str(b, it->word);
        return;
    }
    buf_init(&value, 256);
    if (it->kind == PATTERN_VALUE)
        buf_printf(&value, "%.*s%s", STR_FMT(it->word), more);
    else if (it->arg->kind == ARG_SWITCH)
        buf_printf(&value, "--%.*s", STR_FMT(it->word));
    else
        buf_printf(&value, "--%.*s %s%s", STR_FMT(it->word),
                   it->arg->kind == ARG_TIME     ? "TIME"
                   : it->arg->kind == ARG_NUMBER ? "N"
                                                 : "...",
                   more);
    for (char *p = value.p; it->kind == PATTERN_VALUE && p && p < value.p + value.n; p++)
        if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 32);
    buf_printf(b, it->optional ? "[%s]" : "%s", buf_cstr(&value));
    buf_fini(&value);
}

void help_usage(const struct command *cmd, struct buf *b) {
    struct pattern_item it;

    buf_text(b, "tocsin");
    for (const char *at = cmd->pattern; pattern_next(&at, &it);) {
        buf_c(b, ' ');
        print_item(&it, b);
    }
    buf_c(b, '\n');
}

static void words_text(const struct command *cmd, struct buf *b) {
    struct pattern_item it;

    for (const char *at = cmd->pattern; pattern_next(&at, &it) && it.kind != PATTERN_FLAG;) {
        buf_text(b, b->n ? " " : "");
        print_item(&it, b);
    }
}

static void summary(const struct command *cmd, struct buf *b) {
    struct buf w;

    buf_init(&w, 256);
    words_text(cmd, &w);
    buf_printf(b, "  %-38s %s\n", buf_cstr(&w), cmd->help);
    buf_fini(&w);
}

void help_all(struct buf *b) {
    const struct command *cmd;

    buf_text(b, "tocsin [OPTION...] COMMAND ...: the incident process in the hand\n\n");
    for (size_t i = 0; (cmd = command_at(i)); i++)
        if (cmd->pattern[0])
            summary(cmd, b);
    buf_text(b, "\nOptions\n"
                "  --socket PATH      the daemon's control socket ($TOCSIN_SOCKET)\n"
                "  --token-file FILE  who you are ($TOCSIN_TOKEN_FILE, ~/.config/tocsin/token)\n"
                "  --no-token         go by the user id, as an administrator does\n"
                "  --org SLUG         of which organisation, where a reference is of several\n"
                "  --json, --csv      for programs; --json is always an array\n"
                "  --color WHEN       auto, always or never ($NO_COLOR)\n"
                "  --utc              times in UTC, never \"4 min ago\"\n"
                "  -n, --dry-run      show what would be asked, ask nothing\n"
                "  -q, --quiet        only errors\n"
                "  --no-prompt        never ask back ($TOCSIN_NO_PROMPT)\n"
                "  -h, --help         of a command too; -V, --version\n"
                "\ntocsin help COMMAND says more, with an example.\n");
}

static void choice(void *ctx, struct str word) {
    struct buf *b = ctx;

    buf_printf(b, "%s%.*s", b->n ? ", " : "", STR_FMT(word));
}

static void argument(const struct pattern_item *it, struct buf *b) {
    struct buf name, words;

    buf_init(&name, 128);
    buf_init(&words, 4096);
    if (it->kind == PATTERN_FLAG)
        buf_printf(&name, "--%.*s", STR_FMT(it->word));
    else
        print_item(&(struct pattern_item){.kind = PATTERN_VALUE, .word = it->word, .arg = it->arg}, &name);
    command_arg_choices(it->arg, choice, &words);
    buf_printf(b, "  %-20s %s%s%s\n", buf_cstr(&name), it->arg->help, words.n ? ": " : "", buf_cstr(&words));
    buf_fini(&name);
    buf_fini(&words);
}

static void who_line(const struct command *cmd, struct buf *b) {
    if (cmd->who == WHO_ANYONE)
        return;
    buf_text(b, "\nFor:");
    if ((cmd->who & WHO_KNOWN) == WHO_KNOWN)
        buf_text(b, " everybody who is known");
    else
        for (int r = 0; r < ROLE__COUNT; r++)
            if (cmd->who & ROLE_BIT(r))
                buf_printf(b, " %s", role_name((enum role)r));
    if (cmd->route)
        buf_printf(b, "\nAPI: %s %s", method_name(cmd->method), cmd->route);
    buf_c(b, '\n');
}

static void whole(const struct command *cmd, struct buf *b) {
    struct pattern_item it;
    bool any = false;

    help_usage(cmd, b);
    buf_printf(b, "\n%s.\n", cmd->help);
    for (const char *at = cmd->pattern; pattern_next(&at, &it);) {
        if (!it.arg)
            continue;
        buf_text(b, any ? "" : "\n");
        any = true;
        argument(&it, b);
    }
    who_line(cmd, b);
    buf_printf(b, "\nExample:\n  %s\n", cmd->example);
}

/* "task add": the rows whose words begin so. */
static bool words_begin(const struct command *cmd, struct str words) {
    const char *at = cmd->pattern;
    struct pattern_item it;

    if (!cmd->pattern[0])
        return false;
    while (words.n) {
        struct str w = str_cut(&words, ' ');
        if (w.n && !(pattern_next(&at, &it) && it.kind == PATTERN_WORD && str_eq(it.word, w)))
            return false;
    }
    return true;
}

void help_command(struct str words, struct buf *b, bool *found) {
    const struct command *cmd;

    *found = false;
    for (size_t i = 0; (cmd = command_at(i)); i++) {
        if (!words_begin(cmd, words))
            continue;
        buf_text(b, *found ? "\n" : "");
        whole(cmd, b);
        *found = true;
    }
}

enum rc view_help(struct client *c, const struct json *reply, struct err *e) {
    const char *topic = said_get(&c->said, "topic");
    bool found;

    (void)reply;
    if (!topic) {
        help_all(&c->out);
        return RC_OK;
    }
    help_command(str_of(topic), &c->out, &found);
    if (found)
        return RC_OK;
    err_hint(e, "tocsin help lists the commands");
    return err_set(e, RC_USAGE, "there is no command \"%.80s\"", topic);
}

enum rc view_completion(struct client *c, const struct json *reply, struct err *e) {
    static const struct {
        const char *word;
        void (*print)(struct buf *b);
    } kinds[] = {{"bash", help_bash}, {"mdoc", help_mdoc}, {"mdoc-api", help_mdoc_api}};
    const char *shell = said_get(&c->said, "shell");

    (void)reply;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(shell, kinds[i].word) == 0) {
            kinds[i].print(&c->out);
            return RC_OK;
        }
    return err_set(e, RC_USAGE, "there is no completion for \"%.40s\"", shell);
}
