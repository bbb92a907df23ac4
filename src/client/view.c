/* SPDX-License-Identifier: ISC
 *
 * view.c - how the answer of each command is shown to a person
 *
 * One function per handler. They write to c->out; what they give becomes the exit status.
 */
#include "client/client.h"

#include "base/esc.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

static const struct column event_columns[] = {
    {"ref", "EVENT", COLUMN_TEXT},     {"priority", "PRIO", COLUMN_TEXT},       {"state", "STATE", COLUMN_TEXT},
    {"count", "COUNT", COLUMN_NUMBER}, {"last_seen", "LAST SEEN", COLUMN_TIME}, {"assessor", "ASSESSOR", COLUMN_TEXT},
    {"src_ip", "FROM", COLUMN_TEXT},   {"host", "HOST", COLUMN_TEXT},           {"title", "TITLE", COLUMN_LONG},
};
static const struct column incident_columns[] = {
    {"ref", "INCIDENT", COLUMN_TEXT},      {"priority", "PRIO", COLUMN_TEXT}, {"state", "STATE", COLUMN_TEXT},
    {"declared_at", "SINCE", COLUMN_TIME}, {"owner", "OWNER", COLUMN_TEXT},   {"title", "TITLE", COLUMN_LONG},
};
static const struct column open_columns[] = {
    {"ref", "WHAT", COLUMN_TEXT},           {"priority", "PRIO", COLUMN_TEXT},
    {"state", "STATE", COLUMN_TEXT},        {"declared_at|last_seen", "SINCE", COLUMN_TIME},
    {"owner|assessor", "WHO", COLUMN_TEXT}, {"title", "TITLE", COLUMN_LONG},
};
static const struct column notice_columns[] = {
    {"id", "NOTICE", COLUMN_NUMBER},      {"object", "ABOUT", COLUMN_TEXT}, {"to", "TO", COLUMN_TEXT},
    {"via", "VIA", COLUMN_TEXT},          {"state", "STATE", COLUMN_TEXT},  {"attempts", "TRIES", COLUMN_NUMBER},
    {"queued_at", "QUEUED", COLUMN_TIME}, {"sent_at", "SENT", COLUMN_TIME}, {"code", "ANSWER", COLUMN_LONG},
};
static const struct column action_columns[] = {
    {"ref", "ACTION", COLUMN_TEXT}, {"state", "STATE", COLUMN_TEXT}, {"owner", "OWNER", COLUMN_TEXT},
    {"due_at", "DUE", COLUMN_TIME}, {"incident", "OF", COLUMN_TEXT}, {"text", "WHAT", COLUMN_LONG},
};
static const struct column token_columns[] = {
    {"login", "LOGIN", COLUMN_TEXT},
    {"id", "TOKEN", COLUMN_TEXT},
    {"created", "MADE", COLUMN_TIME},
};
static const struct column check_columns[] = {
    {"guard", "GUARD", COLUMN_TEXT},
    {"state", "STATE", COLUMN_TEXT},
    {"text", "", COLUMN_LONG},
};
static const struct column next_columns[] = {
    {"verb", "VERB", COLUMN_TEXT},
    {"to", "THEN", COLUMN_TEXT},
    {"needs", "NEEDS", COLUMN_TEXT},
    {"command", "COMMAND", COLUMN_LONG},
};

#define COUNT(v) (sizeof(v) / sizeof *(v))

/* The rows of a list; a single thing is a list of one. Freed by the caller. */
static const struct json **rows_of(const struct json *reply, size_t *n) {
    const struct json **rows;

    *n = json_kind(reply) == JSON_LIST ? json_count(reply) : 1;
    rows = calloc(*n + 1, sizeof *rows);
    for (size_t i = 0; rows && i < *n; i++)
        rows[i] = json_kind(reply) == JSON_LIST ? json_at(reply, i) : reply;
    return rows;
}

static enum rc print_rows(struct client *c, const struct column *cols, size_t n, const struct json *list, const char *none,
                          struct err *e) {
    size_t nrows;
    const struct json **rows = rows_of(list, &nrows);
    enum rc rc = rows ? table_print(c, cols, n, rows, nrows, e) : err_set(e, RC_NOMEM, "out of memory");

    if (!nrows && c->tty_out && !c->csv)
        buf_printf(&c->out, "%s\n", none);
    free(rows);
    return rc;
}

enum rc view_list(struct client *c, const struct json *reply, struct err *e) {
    const char *route = c->said.cmd->route;

    if (strstr(route, "/events"))
        return print_rows(c, event_columns, COUNT(event_columns), reply, "No event is undecided.", e);
    if (strstr(route, "/incidents"))
        return print_rows(c, incident_columns, COUNT(incident_columns), reply, "No incident is open.", e);
    if (strstr(route, "/notices"))
        return print_rows(c, notice_columns, COUNT(notice_columns), reply, "Nobody is owed a message.", e);
    if (strstr(route, "/actions"))
        return print_rows(c, action_columns, COUNT(action_columns), reply, "There is no action.", e);
    return print_rows(c, open_columns, COUNT(open_columns), reply, "Nothing is open.", e);
}

enum rc view_token_list(struct client *c, const struct json *reply, struct err *e) {
    return print_rows(c, token_columns, COUNT(token_columns), reply, "There is no token.", e);
}

/* ---- acts: what was done, and what comes next */

static void print_lines(struct client *c, const struct json *list, const char *before) {
    for (size_t i = 0; i < json_count(list); i++) {
        buf_text(&c->out, before);
        text_value(c, json_at(list, i), &c->out);
        buf_c(&c->out, '\n');
    }
}

enum rc view_act(struct client *c, const struct json *reply, struct err *e) {
    struct str ref = json_get_text(reply, "ref"), state = json_get_text(reply, "state"), made = json_get_text(reply, "made");

    (void)e;
    if (ref.n && state.n) {
        esc_term(&c->out, ref);
        buf_text(&c->out, ": ");
        esc_term(&c->out, state);
        if (made.n && !str_eq(made, ref)) {
            buf_text(&c->out, "; made ");
            esc_term(&c->out, made);
        }
        buf_c(&c->out, '\n');
    } else if (made.n) {
        esc_term(&c->out, made);
        buf_c(&c->out, '\n');
    }
    print_lines(c, json_get(reply, "said"), "");
    print_lines(c, json_get(reply, "next"), "Next: ");
    return RC_OK;
}

enum rc view_review(struct client *c, const struct json *reply, struct err *e) {
    return view_act(c, reply, e);
}

enum rc view_close(struct client *c, const struct json *reply, struct err *e) {
    return view_act(c, reply, e);
}

enum rc view_absence(struct client *c, const struct json *reply, struct err *e) {
    return view_act(c, reply, e);
}

enum rc view_report(struct client *c, const struct json *reply, struct err *e) {
    return view_act(c, reply, e);
}

enum rc view_notify_test(struct client *c, const struct json *reply, struct err *e) {
    return view_act(c, reply, e);
}

enum rc view_reload(struct client *c, const struct json *reply, struct err *e) {
    return view_act(c, reply, e);
}

enum rc view_token_revoke(struct client *c, const struct json *reply, struct err *e) {
    return view_act(c, reply, e);
}

/* ---- questions about one thing */

enum rc view_next(struct client *c, const struct json *reply, struct err *e) {
    const struct json *list = json_kind(reply) == JSON_MAP ? json_get(reply, "next") : reply;

    if (json_count(list) && json_kind(json_at(list, 0)) == JSON_STRING) {
        print_lines(c, list, "");
        return RC_OK;
    }
    return print_rows(c, next_columns, COUNT(next_columns), list, "Nothing is to be done.", e);
}

/* Something missing is a check that failed: a script may wait for it. */
enum rc view_check_close(struct client *c, const struct json *reply, struct err *e) {
    const struct json *list = json_kind(reply) == JSON_MAP ? json_get(reply, "guards") : reply;
    enum rc rc = print_rows(c, check_columns, COUNT(check_columns), list, "Nothing is asked.", e);

    for (size_t i = 0; rc == RC_OK && i < json_count(list); i++)
        if (str_is(json_get_text(json_at(list, i), "state"), "missing"))
            rc = RC_CHECK;
    return rc;
}

enum rc view_verify(struct client *c, const struct json *reply, struct err *e) {
    bool intact = json_bool(json_get(reply, "intact"), false);

    (void)e;
    buf_printf(&c->out, "The record is %s: %lld audit rows, %lld payloads", intact ? "intact" : "NOT intact",
               (long long)json_int(json_get(reply, "rows"), 0), (long long)json_int(json_get(reply, "payloads"), 0));
    if (json_int(json_get(reply, "erased"), 0))
        buf_printf(&c->out, " (%lld lawfully erased)", (long long)json_int(json_get(reply, "erased"), 0));
    buf_printf(&c->out, ", %lld records.\n", (long long)json_int(json_get(reply, "records"), 0));
    if (!intact) {
        buf_text(&c->out, "First: ");
        text_value(c, json_get(reply, "first_bad"), &c->out);
        buf_c(&c->out, '\n');
    }
    if (json_get_text(reply, "head").n) {
        buf_text(&c->out, "Head: ");
        text_value(c, json_get(reply, "head"), &c->out);
        buf_c(&c->out, '\n');
    }
    return intact ? RC_OK : RC_CHECK;
}

enum rc view_backup(struct client *c, const struct json *reply, struct err *e) {
    (void)e;
    buf_text(&c->out, "Copied to ");
    text_value(c, json_get(reply, "file") ? json_get(reply, "file") : reply, &c->out);
    buf_text(&c->out, "\nCheck the copy with: tocsind verify ");
    esc_term(&c->out, str_of(said_get(&c->said, "file")));
    buf_c(&c->out, '\n');
    return RC_OK;
}

enum rc view_whoami(struct client *c, const struct json *reply, struct err *e) {
    (void)e;
    text_value(c, json_get(reply, "login"), &c->out);
    if (json_get_text(reply, "name").n) {
        buf_text(&c->out, " (");
        text_value(c, json_get(reply, "name"), &c->out);
        buf_text(&c->out, ")");
    }
    buf_text(&c->out, ": ");
    text_value(c, json_get(reply, "roles"), &c->out);
    buf_c(&c->out, '\n');
    return RC_OK;
}

/* The token alone goes to standard output, so that it can be piped; with --out it goes to a file only its owner can read. */
enum rc view_token_add(struct client *c, const struct json *reply, struct err *e) {
    const char *out = said_get(&c->said, "out");
    struct str token = json_get_text(reply, "token");
    struct buf b;
    enum rc rc;

    if (!out) {
        buf_str(&c->out, token);
        buf_c(&c->out, '\n');
        return RC_OK;
    }
    buf_init(&b, 256);
    buf_str(&b, token);
    buf_c(&b, '\n');
    rc = file_write(out, buf_view(&b), 0600, e);
    buf_fini(&b);
    if (rc != RC_OK)
        return rc;
    buf_text(&c->out, "The token is in ");
    esc_term(&c->out, str_of(out));
    buf_text(&c->out, "; it is shown nowhere else.\n");
    return RC_OK;
}
