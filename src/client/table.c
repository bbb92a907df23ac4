/* SPDX-License-Identifier: ISC
 *
 * table.c - rows of JSON as a table
 *
 * On a terminal: aligned, cut to its width, times as "4 min ago" (libsmartcols). In a pipe: the same columns whole, tab-separated with
 * a header, times in RFC 3339. --csv: RFC 4180, with formulas defused.
 */
#include "client/client.h"

#include "base/clock.h"
#include "base/esc.h"

#include <stdlib.h>
#include <string.h>

#include <libsmartcols/libsmartcols.h>

/* The first of the column's keys that the row has: "owner|assessor". */
static void cell_raw(const struct column *col, const struct json *row, struct buf *b) {
    struct str keys = str_of(col->key);
    char key[64];

    while (!b->n && !str_absent(keys)) {
        str_copy(key, sizeof key, str_cut(&keys, '|'));
        if (json_kind(json_get(row, key)) != JSON_NULL)
            json_scalar(json_get(row, key), b);
    }
}

static void head_plain(const struct column *col, struct buf *b) {
    if (!strchr(col->key, '|')) {
        buf_text(b, col->key);
        return;
    }
    for (const char *p = col->head; *p; p++)
        buf_c(b, (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p));
}

static void cell_plain(const struct client *c, const struct column *col, const struct json *row, struct buf *b) {
    struct buf raw;

    buf_init(&raw, 1u << 20);
    cell_raw(col, row, &raw);
    if (c->csv)
        esc_csv(b, buf_view(&raw));
    else
        esc_tsv(b, buf_view(&raw));
    buf_fini(&raw);
}

static void print_plain(struct client *c, const struct column *cols, size_t n, const struct json *const *rows, size_t nrows) {
    char sep = c->csv ? ',' : '\t';

    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_c(&c->out, sep);
        head_plain(&cols[i], &c->out);
    }
    buf_text(&c->out, c->csv ? "\r\n" : "\n");
    for (size_t r = 0; r < nrows; r++) {
        for (size_t i = 0; i < n; i++) {
            if (i)
                buf_c(&c->out, sep);
            cell_plain(c, &cols[i], rows[r], &c->out);
        }
        buf_text(&c->out, c->csv ? "\r\n" : "\n");
    }
}

static void cell_pretty(const struct client *c, const struct column *col, const struct json *row, struct buf *b) {
    struct buf raw;
    int64_t us;

    buf_init(&raw, 1u << 20);
    cell_raw(col, row, &raw);
    if (col->kind == COLUMN_TIME && time_parse(buf_view(&raw), &us, NULL))
        text_ago(c, us, b);
    else if (col->kind == COLUMN_WHEN && time_parse(buf_view(&raw), &us, NULL))
        text_time(c, us, b);
    else
        esc_term(b, buf_view(&raw));
    buf_fini(&raw);
}

static void fill_line(const struct client *c, struct libscols_line *ln, const struct column *cols, size_t n,
                      const struct json *row) {
    struct buf b;

    buf_init(&b, 1u << 20);
    for (size_t i = 0; i < n; i++) {
        buf_reset(&b);
        cell_pretty(c, &cols[i], row, &b);
        scols_line_set_data(ln, i, buf_cstr(&b));
        const char *color = text_color(c, str_of(cols[i].key), buf_view(&b));
        if (*color)
            scols_cell_set_color(scols_line_get_cell(ln, i), color);
    }
    buf_fini(&b);
}

static enum rc print_pretty(struct client *c, const struct column *cols, size_t n, const struct json *const *rows, size_t nrows,
                            struct err *e) {
    struct libscols_table *tb = scols_new_table();
    char *text = NULL;

    if (!tb)
        return err_set(e, RC_NOMEM, "out of memory");
    scols_table_enable_noencoding(tb, 1); /* esc_term did it, bidirectional overrides too */
    scols_table_enable_colors(tb, c->colors);
    if (c->width > 0) {
        scols_table_set_termforce(tb, SCOLS_TERMFORCE_ALWAYS);
        scols_table_set_termwidth(tb, (size_t)c->width);
    }
    for (size_t i = 0; i < n; i++)
        scols_table_new_column(tb, cols[i].head, 0,
                               cols[i].kind == COLUMN_NUMBER ? SCOLS_FL_RIGHT
                               : cols[i].kind == COLUMN_LONG ? SCOLS_FL_TRUNC
                                                             : 0);
    for (size_t r = 0; r < nrows; r++) {
        struct libscols_line *ln = scols_table_new_line(tb, NULL);
        if (ln)
            fill_line(c, ln, cols, n, rows[r]);
    }
    if (scols_print_table_to_string(tb, &text) == 0 && text)
        buf_printf(&c->out, "%s%s", text, text[0] && text[strlen(text) - 1] != '\n' ? "\n" : "");
    free(text);
    scols_unref_table(tb);
    return RC_OK;
}

enum rc table_print(struct client *c, const struct column *cols, size_t n, const struct json *const *rows, size_t nrows,
                    struct err *e) {
    if (c->tty_out && !c->csv)
        return nrows ? print_pretty(c, cols, n, rows, nrows, e) : RC_OK;
    print_plain(c, cols, n, rows, nrows);
    return RC_OK;
}

static bool has_value(const struct column *col, const struct json *const *rows, size_t nrows) {
    struct buf b;
    bool found = false;

    buf_init(&b, 1u << 20);
    for (size_t r = 0; r < nrows && !found; r++) {
        buf_reset(&b);
        cell_raw(col, rows[r], &b);
        found = b.n > 0;
    }
    buf_fini(&b);
    return found;
}

enum rc table_part(struct client *c, const struct column *cols, size_t n, const struct json *const *rows, size_t nrows,
                   struct err *e) {
    struct column used[16];
    size_t nused = 0;

    for (size_t i = 0; i < n && nused < 16; i++)
        if (has_value(&cols[i], rows, nrows))
            used[nused++] = cols[i];
    return nused ? print_pretty(c, used, nused, rows, nrows, e) : RC_OK;
}
