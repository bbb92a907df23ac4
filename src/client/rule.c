/* SPDX-License-Identifier: ISC
 *
 * rule.c - rules, for a person: the list, what they cover, and what lines do to one of them
 *
 * Files of rules are read by tocsind in a process of its own (tocsind rules): the client has no eyes for them, and the running daemon
 * gets none of their bytes.
 */
#include "client/client.h"

#include "base/esc.h"
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(v) (sizeof(v) / sizeof *(v))

static const struct column list_columns[] = {
    {"id", "ID", COLUMN_TEXT},           {"level", "LEVEL", COLUMN_TEXT},         {"status", "STATUS", COLUMN_TEXT},
    {"matched", "MATCHED", COLUMN_NUMBER}, {"last_match", "LAST MATCH", COLUMN_TIME}, {"cpu_percent", "CPU %", COLUMN_NUMBER},
    {"title", "TITLE", COLUMN_LONG},     {"why", "WHY", COLUMN_LONG},             {"file", "FILE", COLUMN_LONG},
    {"line", "LINE", COLUMN_NUMBER},
};

/* The members of a list as rows. Freed by the caller. */
static const struct json **rows_of(const struct json *list, size_t *n) {
    const struct json **rows = calloc(json_count(list) + 1, sizeof *rows);

    *n = rows ? json_count(list) : 0;
    for (size_t i = 0; i < *n; i++)
        rows[i] = json_at(list, i);
    return rows;
}

enum rc view_rule_list(struct client *c, const struct json *reply, struct err *e) {
    size_t n;
    const struct json **rows = rows_of(reply, &n);
    enum rc rc = rows ? table_print(c, list_columns, COUNT(list_columns), rows, n, e) : err_set(e, RC_NOMEM, "out of memory");

    if (n == 0 && c->tty_out && !c->csv)
        buf_text(&c->out, "There is no such rule.\n");
    else if (c->tty_out && !c->csv && json_get_text(rows[0], "since").n) {
        buf_text(&c->out, "Counted since ");
        text_value(c, json_get(rows[0], "since"), &c->out);
        buf_text(&c->out, ".\n");
    }
    free(rows);
    return rc;
}

enum rc view_rule_show(struct client *c, const struct json *reply, struct err *e) {
    return view_show(c, reply, e);
}

/* ---- coverage */

static const struct part {
    const char *key, *more, *title, *none;
    struct column columns[8];
} parts[] = {
    {"sources", NULL, "Rules by log source", "none",
     {{"source", "PRODUCT/CATEGORY/SERVICE", COLUMN_TEXT}, {"loaded", "LOADED", COLUMN_NUMBER}, {"not_applicable", "NOT HERE", COLUMN_NUMBER},
      {"not_evaluable", "NOT EVALUABLE", COLUMN_NUMBER}, {"disabled", "DISABLED", COLUMN_NUMBER}, {"matched", "MATCHED", COLUMN_NUMBER}}},
    {"refused", NULL, "Refused", "none",
     {{"title", "TITLE", COLUMN_TEXT}, {"file", "FILE", COLUMN_TEXT}, {"line", "LINE", COLUMN_NUMBER}, {"col", "COL", COLUMN_NUMBER}, {"why", "WHY", COLUMN_LONG},
      {"hint", "HINT", COLUMN_LONG}}},
    {"broken_samples", NULL, "Samples that do not do what they promise", "none",
     {{"file", "FILE", COLUMN_TEXT}, {"line", "LINE", COLUMN_NUMBER}, {"why", "WHY", COLUMN_LONG}}},
    {"left_out", "left_out_more", "Loaded, and never asked here", "none",
     {{"id", "ID", COLUMN_TEXT}, {"status", "STATUS", COLUMN_TEXT}, {"why", "WHY", COLUMN_TEXT}, {"source", "LOG SOURCE", COLUMN_TEXT}, {"title", "TITLE", COLUMN_LONG}}},
    {"unfilled_fields", NULL, "Fields that rules read and nobody filled", "none",
     {{"field", "FIELD", COLUMN_TEXT}, {"rules", "RULES", COLUMN_NUMBER}, {"example", "SUCH AS", COLUMN_LONG}}},
    {"never_fired", "never_fired_more", "Rules that never matched", "none",
     {{"id", "ID", COLUMN_TEXT}, {"level", "LEVEL", COLUMN_TEXT}, {"source", "LOG SOURCE", COLUMN_TEXT}, {"title", "TITLE", COLUMN_LONG}}},
    {"programs_without_rule", NULL, "Programs that no rule is about", "none",
     {{"program", "PROGRAM", COLUMN_TEXT}, {"lines", "LINES", COLUMN_NUMBER}, {"last", "LAST", COLUMN_TIME}}},
    {"programs_without_fields", NULL, "Programs of whose lines no field was made", "none",
     {{"program", "PROGRAM", COLUMN_TEXT}, {"lines", "LINES", COLUMN_NUMBER}, {"last", "LAST", COLUMN_TIME}}},
    {"time", NULL, "Where the time goes (measured on one message in 64)", "nothing was measured yet",
     {{"id", "ID", COLUMN_TEXT}, {"cpu_us", "CPU us", COLUMN_NUMBER}, {"cpu_percent", "%", COLUMN_NUMBER}, {"asked", "ASKED", COLUMN_NUMBER},
      {"matched", "MATCHED", COLUMN_NUMBER}, {"title", "TITLE", COLUMN_LONG}}},
    {"regex_limits", NULL, "Rules whose regular expressions ran into their limit", "none",
     {{"id", "ID", COLUMN_TEXT}, {"regex_limits", "TIMES", COLUMN_NUMBER}, {"asked", "ASKED", COLUMN_NUMBER}, {"title", "TITLE", COLUMN_LONG}}},
    {"attack", NULL, "ATT&CK tactics that loaded rules name", "none",
     {{"id", "ID", COLUMN_TEXT}, {"tactic", "TACTIC", COLUMN_TEXT}, {"formerly", "FORMERLY", COLUMN_TEXT}, {"rules", "RULES", COLUMN_NUMBER},
      {"fired", "MATCHED", COLUMN_NUMBER}, {"technique_count", "TECHNIQUES", COLUMN_NUMBER}}},
};

static void print_part(struct client *c, const struct part *p, const struct json *reply, struct err *e) {
    const struct json *list = json_get(reply, p->key);
    size_t n, cols = 0;
    const struct json **rows = rows_of(list, &n);
    int64_t more = p->more ? json_int(json_get(reply, p->more), 0) : 0;

    while (cols < COUNT(p->columns) && p->columns[cols].key)
        cols++;
    buf_printf(&c->out, c->colors ? "\n\033[1m%s\033[0m" : "\n%s", p->title);
    if (n)
        buf_printf(&c->out, ": %zu\n", n + (size_t)more);
    else
        buf_printf(&c->out, ": %s\n", p->none);
    if (rows && n)
        table_part(c, p->columns, cols, rows, n, e);
    if (more)
        buf_printf(&c->out, "and %lld more\n", (long long)more);
    free(rows);
}

enum rc view_rule_coverage(struct client *c, const struct json *reply, struct err *e) {
    const struct json *rules = json_get(reply, "rules");

    buf_text(&c->out, "Rules: ");
    text_value(c, rules, &c->out);
    buf_text(&c->out, "\nCounted since ");
    text_value(c, json_get(reply, "since"), &c->out);
    buf_printf(&c->out, "; %lld programs heard", (long long)json_int(json_get(reply, "programs_heard"), 0));
    if (json_int(json_get(reply, "lines_of_others"), 0))
        buf_printf(&c->out, ", and %lld lines of more programs than are told apart", (long long)json_int(json_get(reply, "lines_of_others"), 0));
    buf_c(&c->out, '\n');
    for (size_t i = 0; i < COUNT(parts); i++)
        print_part(c, &parts[i], reply, e);
    return RC_OK;
}

/* ---- lines against one rule */

enum rc view_rule_test(struct client *c, const struct json *reply, struct err *e) {
    struct buf *b = &c->out;

    (void)e;
    for (size_t i = 0; i < json_count(reply); i++) {
        const struct json *x = json_at(reply, i);
        buf_printf(b, "%s  ", json_bool(json_get(x, "match"), false) ? "match" : "not  ");
        text_value(c, json_get(x, "text"), b);
        buf_c(b, '\n');
        if (json_get_text(x, "why").n) {
            buf_text(b, "       ");
            text_value(c, json_get(x, "why"), b);
            buf_c(b, '\n');
        }
    }
    return RC_OK;
}

/* ---- files of rules: tocsind reads them */

bool rule_test_of_files(const struct client *c) {
    const char *what = said_get(&c->said, "rule");
    struct str s = str_of(what);

    return what && (str_starts(s, STR("/")) || str_starts(s, STR("./")) || str_starts(s, STR("../")) || str_ends(s, STR(".yml")) ||
                    str_ends(s, STR(".yaml")) || access(what, F_OK) == 0);
}

/* Beside this program, as in a build folder, or where it is installed. */
static const char *find_tocsind(struct buf *path) {
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    static const char *const beside[] = {"tocsind", "../sbin/tocsind"};

    while (n > 0 && self[n - 1] != '/')
        n--;
    for (size_t i = 0; n > 0 && i < COUNT(beside); i++) {
        buf_reset(path);
        buf_add(path, self, (size_t)n);
        buf_text(path, beside[i]);
        if (access(buf_cstr(path), X_OK) == 0)
            return buf_cstr(path);
    }
    return TOCSIN_SBINDIR "/tocsind";
}

/* argv of tocsind: words, then the paths that stand a line each in `paths` (which is cut up). NULL without memory. */
static char **argv_of(bool as_json, char *word, char *conf, char *first, char *paths) {
    static char name[] = "tocsind", rules[] = "rules", json[] = "--json", config[] = "-c", end[] = "--";
    size_t n = 1, k = 0;

    for (const char *p = paths; p && *p; p++)
        n += *p == '\n';
    char **argv = calloc(n + 10, sizeof *argv);
    if (!argv)
        return NULL;
    argv[k++] = name;
    argv[k++] = rules;
    argv[k++] = word;
    if (as_json)
        argv[k++] = json;
    if (conf) {
        argv[k++] = config;
        argv[k++] = conf;
    }
    argv[k++] = end;
    if (first)
        argv[k++] = first;
    for (char *at = paths, *next; at; at = next) {
        next = strchr(at, '\n');
        if (next)
            *next++ = '\0';
        argv[k++] = at;
    }
    return argv;
}

static char *dup_or_null(const char *s) {
    return s ? str_dup(str_of(s)) : NULL;
}

static enum rc with_files(struct client *c, const char *word, const char *first, struct err *e) {
    struct buf path;

    if (c->dry_run) {
        buf_printf(&c->out, "would run: tocsind rules %s\n", word);
        return RC_OK;
    }
    char *own[] = {dup_or_null(word), dup_or_null(said_get(&c->said, "config")), dup_or_null(first), dup_or_null(said_get(&c->said, "path"))};
    char **argv = own[0] ? argv_of(c->json, own[0], own[1], own[2], own[3]) : NULL;
    buf_init(&path, 8192);
    const char *program = find_tocsind(&path);
    fflush(stdout);
    if (argv)
        execv(program, argv); /* its exit status is ours */
    err_set(e, RC_UNREACHABLE, "%s cannot be run: %s", program, strerrordesc_np(argv ? errno : ENOMEM));
    err_hint(e, "files of rules are read by tocsind, which is not installed here");
    buf_fini(&path);
    free(argv);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        free(own[i]);
    return RC_UNREACHABLE;
}

enum rc view_rule_check(struct client *c, const struct json *reply, struct err *e) {
    (void)reply;
    return with_files(c, "check", NULL, e);
}

enum rc rule_test_files(struct client *c, struct err *e) {
    return with_files(c, "test", said_get(&c->said, "rule"), e);
}
