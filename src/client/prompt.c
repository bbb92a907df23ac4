/* SPDX-License-Identifier: ISC
 *
 * prompt.c - asks a person for what is missing
 *
 * Only where somebody sits at both ends (standard input and output are terminals): else the flags are named and nothing is asked, so
 * that a script never hangs. Long texts are written in $VISUAL or $EDITOR.
 */
#include "client/client.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_MAX (48u << 10)

bool prompt_line(const char *question, struct buf *out) {
    int ch;

    fprintf(stderr, "%s: ", question);
    fflush(stderr);
    while ((ch = getc(stdin)) != EOF && ch != '\n')
        buf_c(out, (char)ch);
    return ch != EOF || out->n;
}

static int run_editor(const char *editor, const char *path) {
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        /* The person's own words may have blanks ("code -w"): a shell splits them; the path goes as an argument. */
        execl("/bin/sh", "sh", "-c", "exec $0 \"$1\"", editor, path, (char *)NULL);
        _exit(127);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Lines that begin with '#' are ours. */
static void take_text(struct str all, struct buf *out) {
    while (all.n) {
        struct str line = str_cut(&all, '\n');
        if (line.n && line.p[0] == '#')
            continue;
        buf_str(out, line);
        buf_c(out, '\n');
    }
    while (out->n && (out->p[out->n - 1] == '\n' || out->p[out->n - 1] == ' '))
        out->n--;
}

static bool prompt_editor(const char *editor, const char *question, struct buf *out) {
    char path[] = "/tmp/tocsin-text-XXXXXX";
    int fd = mkstemp(path);
    struct buf b;
    bool ok;

    if (fd < 0)
        return prompt_line(question, out);
    buf_init(&b, TEXT_MAX);
    buf_printf(&b, "\n# %s\n# Lines that begin with # are left out; an empty text gives up.\n", question);
    ok = fd_write_all(fd, buf_view(&b), NULL) == RC_OK && run_editor(editor, path) == 0;
    close(fd);
    buf_reset(&b);
    if (ok && file_read(path, TEXT_MAX, &b, NULL) == RC_OK)
        take_text(buf_view(&b), out);
    unlink(path);
    buf_fini(&b);
    return ok;
}

static void show_choice(void *ctx, struct str word) {
    struct buf *b = ctx;

    buf_printf(b, "%s%.*s", b->n ? ", " : " (", STR_FMT(word));
}

static bool prompt_arg(const struct pattern_item *it, struct buf *out) {
    const char *editor = getenv("VISUAL");
    struct buf q, words;
    bool ok;

    if (!editor || !*editor)
        editor = getenv("EDITOR");
    buf_init(&q, 4096);
    buf_init(&words, 2048);
    command_arg_choices(it->arg, show_choice, &words);
    buf_printf(&q, "%s%s%s", it->arg->help, buf_cstr(&words), words.n ? ")" : "");
    ok = it->arg->kind == ARG_TEXT && editor && *editor ? prompt_editor(editor, buf_cstr(&q), out)
                                                        : prompt_line(buf_cstr(&q), out);
    buf_fini(&q);
    buf_fini(&words);
    return ok;
}

static void name_missing(const struct pattern_item *it, struct buf *b) {
    buf_printf(b, it->kind == PATTERN_FLAG ? "%s--%.*s" : "%s%.*s", b->n ? ", " : "", STR_FMT(it->word));
}

enum rc prompt_missing(struct client *c, struct err *e) {
    bool person = c->tty_in && c->tty_out && !c->no_prompt && !getenv("TOCSIN_NO_PROMPT");
    struct pattern_item it;
    struct buf missing, answer;
    enum rc rc = RC_OK;

    buf_init(&missing, 1024);
    buf_init(&answer, TEXT_MAX);
    for (const char *at = c->said.cmd->pattern; rc == RC_OK && pattern_next(&at, &it);) {
        if (!it.arg || it.optional || said_get(&c->said, it.arg->name))
            continue;
        buf_reset(&answer);
        if (person && prompt_arg(&it, &answer) && str_trim(buf_view(&answer)).n)
            rc = said_add(&c->said, &it, str_trim(buf_view(&answer)), e);
        else
            name_missing(&it, &missing);
    }
    if (rc == RC_OK && missing.n) {
        rc = err_set(e, RC_USAGE, "what is missing: %s", buf_cstr(&missing));
        err_hint(e, "such as: %s", c->said.cmd->example);
    }
    buf_fini(&missing);
    buf_fini(&answer);
    return rc;
}
