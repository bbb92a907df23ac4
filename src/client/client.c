/* SPDX-License-Identifier: ISC
 *
 * client.c - from a command line to an exit status
 *
 * Takes   argv and the environment.
 * Gives   the answer on standard output, errors in three parts (what failed, why, what to do) on standard error.
 */
#include "client/client.h"

#include "base/clock.h"
#include "base/esc.h"
#include "base/file.h"
#include "client/help.h"
#include "config.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define OUT_MAX (64u << 20)
#define REPLY_MAX (16u << 20)
#define LINES_MAX (64u << 10)

static enum rc (*const views[])(struct client *, const struct json *, struct err *) = {
#define HANDLER(id, name) [id] = view_##name,
#define HANDLER_API(id, name) /* has no pattern: nobody can say it */
#include "model/handlers.def"
#undef HANDLER
};

static bool env_set(const char *name) {
    const char *v = getenv(name);

    return v && *v;
}

/* --color over NO_COLOR over CLICOLOR_FORCE over what the terminal can. */
static bool want_colors(const struct client *c) {
    const char *term = getenv("TERM"), *force = getenv("CLICOLOR_FORCE");

    if (c->color && strcmp(c->color, "auto") != 0)
        return strcmp(c->color, "always") == 0;
    if (env_set("NO_COLOR"))
        return false;
    if (force && *force && strcmp(force, "0") != 0)
        return true;
    return c->tty_out && term && strcmp(term, "dumb") != 0;
}

static void load_zone(struct client *c) {
    const char *tz = getenv("TZ");
    char path[512] = "/etc/localtime";
    struct buf b;

    if (tz && *tz == ':')
        tz++;
    if (tz && (strcmp(tz, "UTC") == 0 || !*tz))
        return;
    buf_init(&b, 1u << 20);
    if (tz && *tz == '/')
        str_copy(path, sizeof path, str_of(tz));
    else if (tz && !strstr(tz, "..")) {
        buf_printf(&b, "/usr/share/zoneinfo/%s", tz);
        str_copy(path, sizeof path, buf_view(&b));
        buf_reset(&b);
    }
    if (file_read(path, b.max, &b, NULL) == RC_OK)
        c->zone = zone_parse(buf_view(&b));
    buf_fini(&b);
}

static void look_around(struct client *c) {
    struct winsize ws;

    c->tty_in = isatty(STDIN_FILENO);
    c->tty_out = isatty(STDOUT_FILENO);
    c->now = clock_now();
    if (c->tty_out && ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0)
        c->width = ws.ws_col;
    load_zone(c);
}

/* What is printed and what is thrown at the API when nothing is to be asked. */
static enum rc dry_run(struct client *c, struct str path, struct str body) {
    buf_printf(&c->out, "would ask: %s %.*s\n", method_name(c->said.cmd->method), STR_FMT(path));
    if (body.n && c->said.cmd->method == METHOD_POST) {
        esc_term(&c->out, body);
        buf_c(&c->out, '\n');
    }
    return RC_OK;
}

static enum rc show_reply(struct client *c, struct str reply, struct err *e) {
    struct json *j = NULL;
    enum rc rc = json_parse(str_trim(reply), REPLY_MAX, &j, e);
    bool list;

    if (rc != RC_OK)
        return err_set(e, RC_IO, "the daemon's answer makes no sense: %s", e->text);
    list = json_kind(j) == JSON_LIST;
    size_t before = c->out.n;
    rc = views[c->said.cmd->handler](c, j, e);
    if (c->json && (rc == RC_OK || rc == RC_CHECK)) {
        c->out.n = before;
        if (!list)
            buf_c(&c->out, '[');
        buf_str(&c->out, str_trim(reply));
        buf_text(&c->out, list ? "\n" : "]\n");
    }
    json_free(j);
    return rc;
}

struct watching {
    struct client *c;
    bool once;
};

/* "2026-11-22 05:01:10  INC-2026-0001  P2 contain -> contained  title" */
static void watch_text(struct client *c, const struct json *j) {
    struct buf *b = &c->out;

    text_value(c, json_get(j, "at"), b);
    buf_text(b, "  ");
    text_value(c, json_get(j, "ref"), b);
    buf_text(b, "  ");
    if (json_get_text(j, "priority").n) {
        text_value(c, json_get(j, "priority"), b);
        buf_c(b, ' ');
    }
    text_value(c, json_get(j, "verb"), b);
    if (json_get_text(j, "state").n) {
        buf_text(b, " -> ");
        text_value(c, json_get(j, "state"), b);
    }
    buf_text(b, "  ");
    text_value(c, json_get(j, "title"), b);
}

static bool watch_line(void *ctx, struct str line) {
    struct watching *w = ctx;
    struct client *c = w->c;
    struct json *j = NULL;

    if (c->json) {
        buf_str(&c->out, line);
    } else if (json_parse(line, REPLY_MAX, &j, NULL) == RC_OK) {
        watch_text(c, j);
        json_free(j);
    } else {
        esc_term(&c->out, line);
    }
    buf_c(&c->out, '\n');
    fwrite(c->out.p, 1, c->out.n, stdout);
    fflush(stdout);
    buf_reset(&c->out);
    return !w->once && !ferror(stdout);
}

enum rc view_watch(struct client *c, const struct json *reply, struct err *e) {
    struct watching w = {c, said_get(&c->said, "once") != NULL};

    (void)reply;
    return api_stream(c, STR("/v1/watch"), watch_line, &w, e);
}

/* Log lines come from the words, a file or the standard input, and go as they are. */
static enum rc explain_body(struct client *c, struct buf *body, struct err *e) {
    const char *line = said_get(&c->said, "line"), *file = said_get(&c->said, "input");
    enum rc rc = RC_OK;

    if (line)
        buf_text(body, line);
    else if (file && strcmp(file, "-") != 0)
        rc = file_read(file, LINES_MAX, body, e);
    else
        rc = file_read_fd(STDIN_FILENO, LINES_MAX, body, e);
    if (rc == RC_LIMIT)
        err_hint(e, "for whole logs, without the daemon: tocsind explain FILE");
    return rc;
}

static enum rc ask(struct client *c, struct err *e) {
    struct buf path, body, reply;
    enum rc rc;

    buf_init(&path, 1u << 20);
    buf_init(&body, 1u << 20);
    buf_init(&reply, REPLY_MAX);
    rc = request_path(c, &path, e);
    if (rc == RC_OK && command_takes_lines(c->said.cmd))
        rc = explain_body(c, &body, e);
    else if (rc == RC_OK && c->said.cmd->method == METHOD_POST)
        rc = request_body(c, &body, e);
    if (rc == RC_OK && c->dry_run)
        rc = dry_run(c, buf_view(&path), buf_view(&body));
    else if (rc == RC_OK && c->said.cmd->handler == H_WATCH)
        rc = view_watch(c, NULL, e);
    else if (rc == RC_OK && (rc = api_call(c, c->said.cmd, buf_view(&path), buf_view(&body), &reply, e)) == RC_OK)
        rc = show_reply(c, buf_view(&reply), e);
    if (rc != RC_OK && c->said.cmd->handler == H_BACKUP && !e->hint[0])
        err_hint(e, "the daemon writes below its state folder only: name a file there, and take it from there");
    buf_fini(&path);
    buf_fini(&body);
    buf_fini(&reply);
    return rc;
}

static enum rc help_of(struct client *c) {
    struct pattern_item it;
    struct buf words;
    bool found;

    buf_init(&words, 256);
    for (const char *at = c->said.cmd->pattern; pattern_next(&at, &it) && it.kind == PATTERN_WORD;)
        buf_printf(&words, "%s%.*s", words.n ? " " : "", STR_FMT(it.word));
    help_command(buf_view(&words), &c->out, &found);
    buf_fini(&words);
    return RC_OK;
}

static enum rc obey(struct client *c, struct err *e) {
    enum rc rc;

    if (c->color && strcmp(c->color, "auto") != 0 && strcmp(c->color, "always") != 0 && strcmp(c->color, "never") != 0)
        return err_set(e, RC_USAGE, "--color is auto, always or never");
    c->colors = want_colors(c);
    if (c->version) {
        buf_text(&c->out, "tocsin " TOCSIN_VERSION "\n");
        return RC_OK;
    }
    if (!c->said.cmd) {
        help_all(&c->out);
        return c->help ? RC_OK : RC_USAGE;
    }
    if (c->help)
        return help_of(c);
    if ((rc = prompt_missing(c, e)) != RC_OK)
        return rc;
    if (c->said.cmd->handler == H_RULE_TEST && rule_test_of_files(c))
        return rule_test_files(c, e);
    return c->said.cmd->method == METHOD_NONE ? views[c->said.cmd->handler](c, NULL, e) : ask(c, e);
}

static void put(const struct buf *b, FILE *to) {
    if (b->n)
        fwrite(b->p, 1, b->n, to);
}

static void complain(const struct client *c, const struct err *e) {
    char text[sizeof e->text + sizeof e->file + 32];

    if (e->text[0])
        fprintf(stderr, "tocsin: %s\n", err_format(e, text, sizeof text));
    put(&c->details, stderr);
    if (e->hint[0])
        fprintf(stderr, "hint: %s\n", e->hint);
}

int client_main(int argc, char **argv) {
    struct client c = {0};
    struct err e = {0};
    enum rc rc;

    setlocale(LC_ALL, "");
    signal(SIGPIPE, SIG_IGN);
    buf_init(&c.out, OUT_MAX);
    buf_init(&c.details, LINES_MAX);
    look_around(&c);
    if ((rc = grammar_read(&c, argc, argv, c.tty_in && c.tty_out, &e)) == RC_OK)
        rc = obey(&c, &e);
    if (c.out.over)
        rc = err_set(&e, RC_LIMIT, "there is too much to print");
    else if (!c.quiet || rc != RC_OK || (c.said.cmd && c.said.cmd->handler == H_TOKEN_ADD))
        put(&c.out, !c.said.cmd && rc != RC_OK ? stderr : stdout);
    if (fflush(stdout) != 0 && rc == RC_OK)
        rc = err_set(&e, RC_IO, "the answer cannot be written");
    complain(&c, &e);
    said_fini(&c.said);
    zone_free(c.zone);
    buf_fini(&c.out);
    buf_fini(&c.details);
    return rc_exit(rc);
}
