/* SPDX-License-Identifier: ISC
 *
 * show.c - one thing with all that is known of it, as a page to read; and whether all is well
 *
 * Takes   the API's map: its scalars become "label  value" lines, its lists become sections. What is absent is not there.
 */
#include "client/client.h"

#include "base/esc.h"

#include <stdlib.h>
#include <string.h>

#define LABEL_WIDTH 20

#define COLUMNS_MAX 10
#define ROWS_MAX 1024

/* Lists of a page that are tables; {0} columns: left out (the timeline says it). Others are shown as key=value. */
static const struct section {
    const char *key;
    struct column columns[COLUMNS_MAX];
} sections[] = {
    {"stamps", {{0}}},
    {"events",
     {{"ref", "EVENT", COLUMN_TEXT},
      {"priority", "PRIO", COLUMN_TEXT},
      {"state", "STATE", COLUMN_TEXT},
      {"count", "COUNT", COLUMN_NUMBER},
      {"last_seen", "LAST SEEN", COLUMN_WHEN},
      {"src_ip", "FROM", COLUMN_TEXT},
      {"user", "USER", COLUMN_TEXT},
      {"host", "HOST", COLUMN_TEXT},
      {"title", "TITLE", COLUMN_LONG}}},
    {"tasks",
     {{"id", "TASK", COLUMN_NUMBER},
      {"state", "STATE", COLUMN_TEXT},
      {"phase", "PHASE", COLUMN_TEXT},
      {"assignee", "WHO", COLUMN_TEXT},
      {"due_at", "DUE", COLUMN_WHEN},
      {"done_at", "DONE", COLUMN_WHEN},
      {"text", "WHAT", COLUMN_LONG},
      {"result", "RESULT", COLUMN_LONG}}},
    {"lessons",
     {{"at", "AT", COLUMN_WHEN}, {"by", "BY", COLUMN_TEXT}, {"category", "OF", COLUMN_TEXT}, {"text", "LESSON", COLUMN_LONG}}},
    {"controls", {{"control", "CONTROL", COLUMN_TEXT}, {"effect", "EFFECT", COLUMN_TEXT}, {"note", "NOTE", COLUMN_LONG}}},
    {"actions",
     {{"ref", "ACTION", COLUMN_TEXT},
      {"state", "STATE", COLUMN_TEXT},
      {"owner", "OWNER", COLUMN_TEXT},
      {"due_at", "DUE", COLUMN_WHEN},
      {"text", "WHAT", COLUMN_LONG},
      {"effect_criterion", "WORKED WHEN", COLUMN_LONG}}},
    {"facts",
     {{"key", "FACT", COLUMN_TEXT}, {"value", "VALUE", COLUMN_LONG}, {"by", "BY", COLUMN_TEXT}, {"at", "AT", COLUMN_WHEN}}},
    {"reviews",
     {{"kind", "KIND", COLUMN_TEXT},
      {"chair", "CHAIR", COLUMN_TEXT},
      {"participants", "WITH", COLUMN_TEXT},
      {"due_at", "DUE", COLUMN_WHEN},
      {"signed_by", "SIGNED BY", COLUMN_TEXT},
      {"signed_at", "AT", COLUMN_WHEN}}},
    {"counts", {{"id", "COUNTS", COLUMN_TEXT}, {"matched", "MATCHED", COLUMN_NUMBER}, {"title", "TITLE", COLUMN_LONG}}},
    {"correlations", {{"id", "COUNTED BY", COLUMN_TEXT}, {"matched", "FIRED", COLUMN_NUMBER}, {"title", "TITLE", COLUMN_LONG}}},
    {"filters",
     {{"title", "FILTER", COLUMN_TEXT},
      {"excluded", "EXCLUDED", COLUMN_NUMBER},
      {"rules", "OF RULES", COLUMN_NUMBER},
      {"file", "FILE", COLUMN_TEXT},
      {"line", "LINE", COLUMN_NUMBER}}},
    {"samples", {{"should", "SHOULD", COLUMN_TEXT}, {"lines", "SAMPLE", COLUMN_LONG}}},
    {"assessments",
     {{"at", "AT", COLUMN_WHEN},
      {"by", "BY", COLUMN_TEXT},
      {"stage", "STAGE", COLUMN_NUMBER},
      {"decision", "DECISION", COLUMN_TEXT},
      {"criteria", "CRITERIA", COLUMN_TEXT},
      {"confidence", "SURE", COLUMN_NUMBER},
      {"rationale", "WHY", COLUMN_LONG}}},
    {"notes", {{"at", "AT", COLUMN_WHEN}, {"by", "BY", COLUMN_TEXT}, {"text", "NOTE", COLUMN_LONG}}},
    {"notices",
     {{"to", "TO", COLUMN_TEXT},
      {"via", "VIA", COLUMN_TEXT},
      {"state", "STATE", COLUMN_TEXT},
      {"attempts", "TRIES", COLUMN_NUMBER},
      {"queued_at", "QUEUED", COLUMN_WHEN},
      {"sent_at", "SENT", COLUMN_WHEN},
      {"code", "ANSWER", COLUMN_LONG}}},
    {"ladder",
     {{"priority", "PRIO", COLUMN_NUMBER},
      {"started_at", "STARTED", COLUMN_WHEN},
      {"step", "STEP", COLUMN_NUMBER},
      {"next_at", "NEXT", COLUMN_WHEN},
      {"stopped_at", "STOPPED", COLUMN_WHEN},
      {"stop_reason", "BECAUSE", COLUMN_TEXT}}},
};

struct page {
    struct client *c;
    bool lists;        /* this round prints the lists, not the scalars */
    bool section_only; /* below a section: no second round of headings */
    int indent;
};

static void print_label(struct page *p, struct str key) {
    struct buf b;
    char name[128];

    str_copy(name, sizeof name, key);
    buf_init(&b, 512);
    text_label(name, &b);
    buf_printf(&p->c->out, "%*s", p->indent, "");
    size_t n = p->c->out.n;
    esc_term(&p->c->out, buf_view(&b));
    n = p->c->out.n - n;
    buf_printf(&p->c->out, "%*s", n < LABEL_WIDTH ? (int)(LABEL_WIDTH - n) : 1, "");
    buf_fini(&b);
}

/* Several lines of text stay lines, each of them harmless. */
static void print_text(struct page *p, struct str text) {
    bool first = true;

    while (text.n) {
        struct str line = str_cut(&text, '\n');
        if (!first)
            buf_printf(&p->c->out, "%*s", p->indent + LABEL_WIDTH, "");
        first = false;
        esc_term(&p->c->out, line);
        buf_c(&p->c->out, '\n');
    }
}

static void print_scalar(struct page *p, struct str key, const struct json *v) {
    struct str text = json_text(v);

    print_label(p, key);
    if (str_chr(text, '\n') != SIZE_MAX) {
        print_text(p, text);
        return;
    }
    text_value(p->c, v, &p->c->out);
    buf_c(&p->c->out, '\n');
}

static void heading(struct page *p, struct str key) {
    char name[128];

    str_copy(name, sizeof name, str_is(key, "raws") ? STR("lines") : key);
    if (name[0] >= 'a' && name[0] <= 'z')
        name[0] = (char)(name[0] - 32);
    esc_plain(name);
    buf_printf(&p->c->out, p->c->colors ? "\n\033[1m" : "\n");
    text_label(name, &p->c->out);
    buf_text(&p->c->out, p->c->colors ? "\033[0m\n" : "\n");
}

/* "2026-11-22 04:10:11  iso  claim  text": who did what, when; back-dated ones say when it was written down. */
static void timeline_row(struct page *p, const struct json *row) {
    struct buf *b = &p->c->out;
    struct str text = json_get_text(row, "text");
    int64_t at, recorded;
    size_t from = b->n;

    buf_text(b, "  ");
    text_value(p->c, json_get(row, "at"), b);
    buf_printf(b, "%*s", b->n - from < 24 ? (int)(24 - (b->n - from)) : 1, "");
    from = b->n;
    text_value(p->c, json_get(row, "actor"), b);
    buf_printf(b, "%*s", b->n - from < 10 ? (int)(10 - (b->n - from)) : 1, "");
    from = b->n;
    text_value(p->c, json_get(row, "verb"), b);
    if (text.n)
        buf_printf(b, "%*s", b->n - from < 22 ? (int)(22 - (b->n - from)) : 1, "");
    esc_term(b, text);
    if (time_parse(json_get_text(row, "at"), &at, NULL) && time_parse(json_get_text(row, "recorded_at"), &recorded, NULL) &&
        recorded - at > US_PER_S) {
        buf_text(b, "  (written down ");
        text_time(p->c, recorded, b);
        buf_c(b, ')');
    }
    buf_c(b, '\n');
}

static void list_row(struct page *p, const struct json *row) {
    if (json_get(row, "at") && json_get(row, "verb")) {
        timeline_row(p, row);
        return;
    }
    buf_text(&p->c->out, "  ");
    if (json_get(row, "body")) { /* a line as it came */
        text_value(p->c, json_get(row, "at"), &p->c->out);
        buf_text(&p->c->out, json_bool(json_get(row, "skewed"), false) ? "  (its own clock is off)  " : "  ");
        text_value(p->c, json_get(row, "body"), &p->c->out);
        buf_text(&p->c->out, json_bool(json_get(row, "cut"), false) ? "  (cut)" : "");
    } else {
        text_value(p->c, row, &p->c->out);
    }
    buf_c(&p->c->out, '\n');
}

static const struct section *section_of(struct str key) {
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++)
        if (str_is(key, sections[i].key))
            return &sections[i];
    return NULL;
}

static void section_table(struct page *p, const struct section *s, const struct json *list) {
    const struct json **rows = calloc(ROWS_MAX, sizeof *rows);
    size_t n = 0, cols = 0;

    while (cols < COLUMNS_MAX && s->columns[cols].key)
        cols++;
    for (size_t i = 0; rows && i < json_count(list) && n < ROWS_MAX; i++)
        rows[n++] = json_at(list, i);
    table_part(p->c, s->columns, cols, rows, n, NULL);
    free(rows);
}

static void member(void *ctx, struct str key, const struct json *v) {
    struct page *p = ctx;
    bool deep = json_kind(v) == JSON_MAP || (json_kind(v) == JSON_LIST && json_kind(json_at(v, 0)) == JSON_MAP);
    struct page below = {p->c, false, true, 2};

    if (deep != p->lists || json_kind(v) == JSON_NULL || (json_kind(v) == JSON_LIST && !json_count(v)) ||
        (json_kind(v) == JSON_STRING && !json_text(v).n))
        return;
    if (!deep) {
        print_scalar(p, key, v);
        return;
    }
    const struct section *s = json_kind(v) == JSON_LIST ? section_of(key) : NULL;
    if (s && !s->columns[0].key)
        return;
    if (!p->section_only)
        heading(p, key);
    if (json_kind(v) == JSON_MAP) {
        json_each(v, member, &below);
        return;
    }
    if (s) {
        section_table(p, s, v);
        return;
    }
    for (size_t i = 0; i < json_count(v); i++)
        list_row(p, json_at(v, i));
}

static void page(struct client *c, const struct json *map) {
    struct page p = {c, false, false, 0};

    json_each(map, member, &p);
    p.lists = true;
    json_each(map, member, &p);
}

enum rc view_show(struct client *c, const struct json *reply, struct err *e) {
    (void)e;
    page(c, json_kind(reply) == JSON_LIST ? json_at(reply, 0) : reply);
    return RC_OK;
}

/* ---- status */

static const struct column account_columns[] = {
    {"transport", "INTAKE", COLUMN_TEXT},
    {"received", "RECEIVED", COLUMN_NUMBER},
    {"harmless", "HARMLESS", COLUMN_NUMBER},
    {"stored", "STORED", COLUMN_NUMBER},
    {"folded", "FOLDED", COLUMN_NUMBER},
    {"shed", "SHED", COLUMN_NUMBER},
    {"kernel", "KERNEL DROPPED", COLUMN_NUMBER},
    {"invalid", "INVALID", COLUMN_NUMBER},
    {"cut", "CUT", COLUMN_NUMBER},
    {"connections", "CONNECTIONS", COLUMN_NUMBER},
    {"refused", "REFUSED", COLUMN_NUMBER},
};

static enum rc print_account(struct client *c, const struct json *list, struct err *e) {
    const struct json *rows[32];
    size_t n = 0;

    for (size_t i = 0; i < json_count(list) && n < 32; i++)
        if (json_int(json_get(json_at(list, i), "received"), 0) || json_int(json_get(json_at(list, i), "kernel"), 0))
            rows[n++] = json_at(list, i);
    if (!n) {
        buf_text(&c->out, "Nothing was received yet.\n");
        return RC_OK;
    }
    return table_part(c, account_columns, sizeof account_columns / sizeof *account_columns, rows, n, e);
}

static const struct column open_columns[] = {
    {"priority", "PRIO", COLUMN_TEXT},
    {"state", "STATE", COLUMN_TEXT},
    {"count", "COUNT", COLUMN_NUMBER},
    {"oldest", "OLDEST", COLUMN_TIME},
};

static void print_open(struct page *p, const char *what, const struct json *org, const char *key) {
    const struct json *list = json_get(org, key), *rows[64];
    size_t n = 0;

    while (n < 64 && n < json_count(list)) {
        rows[n] = json_at(list, n);
        n++;
    }
    buf_printf(&p->c->out, "\n%s of ", what);
    text_value(p->c, json_get(org, "org"), &p->c->out);
    buf_text(&p->c->out, n ? "\n" : ": none\n");
    if (n)
        table_part(p->c, open_columns, sizeof open_columns / sizeof *open_columns, rows, n, NULL);
}

/* The organisations are told apart; all else of the record is a page. */
static void record_member(void *ctx, struct str key, const struct json *v) {
    struct page *p = ctx;

    if (!str_is(key, "orgs")) {
        member(p, key, v);
        return;
    }
    for (size_t i = 0; p->lists && i < json_count(v); i++) {
        print_open(p, "Incidents", json_at(v, i), "incidents");
        print_open(p, "Events", json_at(v, i), "events");
    }
}

static void print_record(struct client *c, const struct json *record) {
    struct page p = {c, false, false, 0};

    json_each(record, record_member, &p);
    p.lists = true;
    json_each(record, record_member, &p);
}

/* Exit 0 when all is well and 7 when somebody should look: what a monitor wants. */
enum rc view_status(struct client *c, const struct json *reply, struct err *e) {
    const struct json *problems = json_get(reply, "problems"), *reload = json_get(reply, "reload");
    enum rc rc;

    for (size_t i = 0; i < json_count(problems); i++) {
        buf_text(&c->out, "PROBLEM: ");
        text_value(c, json_at(problems, i), &c->out);
        buf_c(&c->out, '\n');
    }
    if (!json_count(problems))
        buf_text(&c->out, "All is well.\n");
    buf_text(&c->out, "Running since ");
    text_value(c, json_get(reply, "started"), &c->out);
    if (json_get_text(reload, "at").n) {
        buf_text(&c->out, json_bool(json_get(reload, "ok"), false) ? "; reloaded " : "; reload failed ");
        text_value(c, json_get(reload, "at"), &c->out);
    }
    buf_text(&c->out, "\n\n");
    rc = print_account(c, json_get(reply, "intake"), e);
    buf_c(&c->out, '\n');
    print_record(c, json_get(reply, "record"));
    return rc == RC_OK && json_count(problems) ? RC_CHECK : rc;
}
