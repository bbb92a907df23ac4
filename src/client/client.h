/* SPDX-License-Identifier: ISC
 *
 * client.h - what the files of the client share: what was said, how to show it, whom to ask
 */
#ifndef TOCSIN_CLIENT_CLIENT_H
#define TOCSIN_CLIENT_CLIENT_H

#include "base/json.h"
#include "base/zone.h"
#include "model/command.h"

#define SAID_MAX 48

struct given { /* an argument and its value */
    const struct command_arg *arg;
    bool list; /* may come several times */
    char *value;
};
struct said { /* a command line, read */
    const struct command *cmd;
    struct given v[SAID_MAX];
    size_t n;
};

struct client {
    const char *socket, *token_file;
    bool json, csv, quiet, utc, dry_run, no_prompt, no_token, help, version;
    const char *org;   /* of which organisation, where a reference is of several */
    const char *color; /* "auto", "always", "never" */
    bool colors;       /* decided */
    bool tty_in, tty_out;
    int width; /* of the terminal, 0 = unknown */
    int64_t now;
    struct zone *zone; /* the person's; NULL = UTC */
    struct said said;
    struct buf out;     /* what goes to stdout at the end */
    struct buf details; /* more about an error, line by line */
};

int client_main(int argc, char **argv); /* the exit status */

/* ---- grammar.c: RC_USAGE with a hint. abbreviate: unique prefixes of commands will do (a person is typing). */
enum rc grammar_read(struct client *c, int argc, char *const *argv, bool abbreviate, struct err *e);
void said_fini(struct said *s);
enum rc said_add(struct said *s, const struct pattern_item *it, struct str value, struct err *e);
const char *said_get(const struct said *s, const char *arg); /* NULL when not given */

/* ---- request.c: what was said as path and body of the API */
enum rc request_path(const struct client *c, struct buf *out, struct err *e);
enum rc request_body(const struct client *c, struct buf *out, struct err *e);

/* ---- api.c */
typedef bool (*api_line_fn)(void *ctx, struct str line); /* false: enough */
enum rc api_call(struct client *c, const struct command *cmd, struct str path, struct str body, struct buf *reply, struct err *e);
enum rc api_stream(struct client *c, struct str path, api_line_fn fn, void *ctx, struct err *e);
/* The error of the API's JSON; details are appended to `details`, one per line. */
enum rc api_error(long status, struct str reply, struct buf *details, struct err *e);

/* ---- prompt.c: asks for what is missing when a person is there, else RC_USAGE naming the flags */
enum rc prompt_missing(struct client *c, struct err *e);
bool prompt_line(const char *question, struct buf *out);

/* ---- text.c: values as a person reads them */
void text_time(const struct client *c, int64_t us, struct buf *b);
void text_ago(const struct client *c, int64_t us, struct buf *b);
void text_value(const struct client *c, const struct json *v, struct buf *b);     /* on one line, harmless on a terminal */
void text_label(const char *key, struct buf *b);                                  /* "last_seen" -> "last seen" */
const char *text_color(const struct client *c, struct str key, struct str value); /* escape sequence or "" */

/* ---- table.c */
enum column_kind { COLUMN_TEXT, COLUMN_TIME /* as "4 min ago" */, COLUMN_WHEN, COLUMN_NUMBER, COLUMN_LONG };
struct column {
    const char *key, *head; /* key: of the JSON; "a|b": the first that is there */
    enum column_kind kind;
};
enum rc table_print(struct client *c, const struct column *cols, size_t n, const struct json *const *rows, size_t nrows,
                    struct err *e);
/* The same for people whatever the output is: a part of a page. Columns without a value are left out. */
enum rc table_part(struct client *c, const struct column *cols, size_t n, const struct json *const *rows, size_t nrows,
                   struct err *e);

/* ---- rule.c */
bool rule_test_of_files(const struct client *c); /* what is to be tested is files, not a rule in force */
enum rc rule_test_files(struct client *c, struct err *e);

/* ---- view_*.c: one function per handler shows its answer; the rc becomes the exit status */
#define HANDLER_API(id, name)
#define HANDLER(id, name) enum rc view_##name(struct client *c, const struct json *reply, struct err *e);
#include "model/handlers.def"
#undef HANDLER

#endif
