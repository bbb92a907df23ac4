/* SPDX-License-Identifier: ISC
 *
 * complete.c - the words of the table as a bash function
 */
#include "client/help.h"

#include <string.h>

static void flags_of(const struct command *cmd, struct buf *b) {
    struct pattern_item it;

    for (const char *at = cmd->pattern; pattern_next(&at, &it);)
        if (it.kind == PATTERN_FLAG)
            buf_printf(b, " --%.*s", STR_FMT(it.word));
}

static struct str nth_word(const struct command *cmd, int n) {
    const char *at = cmd->pattern;
    struct pattern_item it;

    for (; n >= 0; n--)
        if (!pattern_next(&at, &it) || it.kind != PATTERN_WORD)
            return STR_NONE;
    return it.word;
}

static bool is_first(size_t i) {
    for (size_t j = 0; j < i; j++)
        if (str_eq(nth_word(command_at(j), 0), nth_word(command_at(i), 0)))
            return false;
    return true;
}

static void case_line(size_t i, struct buf *b) {
    const struct command *cmd;
    struct str first = nth_word(command_at(i), 0);

    buf_printf(b, "    %.*s) words=\"", STR_FMT(first));
    for (size_t j = i; (cmd = command_at(j)); j++) {
        if (!str_eq(nth_word(cmd, 0), first))
            continue;
        struct str second = nth_word(cmd, 1);
        buf_printf(b, "%.*s", STR_FMT(second));
        flags_of(cmd, b);
        buf_c(b, ' ');
    }
    buf_text(b, "\" ;;\n");
}

static void choice_word(void *ctx, struct str word) {
    buf_printf(ctx, "%.*s ", STR_FMT(word));
}

/* A flag whose words are known completes to them. */
static void choice_lines(struct buf *b) {
    const struct command_arg *a;

    for (size_t i = 0; (a = command_arg_at(i)); i++) {
        if (!a->choices[0])
            continue;
        buf_text(b, "    --");
        for (const char *p = a->name; *p; p++)
            buf_c(b, *p == '_' ? '-' : *p);
        if (strcmp(a->name, "root_cause_code") == 0)
            buf_text(b, "|--root-cause");
        if (strcmp(a->name, "reason_code") == 0)
            buf_text(b, "|--because");
        if (strcmp(a->name, "rule_status") == 0)
            buf_text(b, "|--status");
        buf_text(b, ") words=\"");
        command_arg_choices(a, choice_word, b);
        buf_text(b, "\" ;;\n");
    }
}

void help_bash(struct buf *b) {
    const struct command *cmd;

    buf_text(b,
             "# bash completion for tocsin, printed by: tocsin completion bash\n"
             "_tocsin() {\n"
             "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=\"\" cmd=\"\" i\n"
             "  for ((i = 1; i < COMP_CWORD; i++)); do [[ ${COMP_WORDS[i]} == -* ]] || { cmd=${COMP_WORDS[i]}; break; }; done\n"
             "  case $cmd in\n    \"\") words=\"");
    for (size_t i = 0; (cmd = command_at(i)); i++)
        if (cmd->pattern[0] && is_first(i))
            buf_printf(b, "%.*s ", STR_FMT(nth_word(cmd, 0)));
    buf_text(b, "--socket --token-file --org --json --csv --quiet --color --utc --dry-run --no-prompt --no-token --help "
                "--version\" ;;\n");
    for (size_t i = 0; (cmd = command_at(i)); i++)
        if (cmd->pattern[0] && is_first(i))
            case_line(i, b);
    buf_text(b, "  esac\n  case $prev in\n");
    choice_lines(b);
    buf_text(b, "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -o default -F _tocsin tocsin\n");
}
