/* SPDX-License-Identifier: ISC
 *
 * query.c - sentences by name: bind, run, read
 *
 * Takes   a sentence of statements.def and its parameters.
 * Gives   rows, ids, numbers; the first failure sticks to the transaction.
 */
#include <stdarg.h>
#include <string.h>

#include "store/store_int.h"

static void fail(struct store *s, int code, enum stmt q) {
    if (s->failed || code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE)
        return;
    s->failed = store_sql_error(s->db, code, s->db ? sqlite3_sql(s->st[q]) : "closed", &s->err);
}

static int bind_str(sqlite3_stmt *st, int i, struct str v, bool blob) {
    if (str_absent(v))
        return sqlite3_bind_null(st, i);
    return blob ? sqlite3_bind_blob64(st, i, v.p, v.n, SQLITE_TRANSIENT) : sqlite3_bind_text64(st, i, v.p, v.n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static bool bind(struct store *s, enum stmt q, const char *fmt, va_list ap) {
    sqlite3_stmt *st = s->st[q];
    if (s->failed || !st)
        return false;
    sqlite3_reset(st);
    int code = sqlite3_bind_parameter_count(st) == (int)strlen(fmt) ? SQLITE_OK : SQLITE_MISUSE;
    for (int i = 1; *fmt && code == SQLITE_OK; fmt++, i++) {
        int64_t n;
        switch (*fmt) {
        case 'i':
            code = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
            break;
        case 'z':
            n = va_arg(ap, int64_t);
            code = n ? sqlite3_bind_int64(st, i, n) : sqlite3_bind_null(st, i);
            break;
        case 'd':
            code = sqlite3_bind_int(st, i, va_arg(ap, int));
            break;
        case 's':
        case 'b':
            code = bind_str(st, i, va_arg(ap, struct str), *fmt == 'b');
            break;
        case 't':
            code = bind_str(st, i, str_of(va_arg(ap, const char *)), false);
            break;
        default:
            code = sqlite3_bind_null(st, i);
        }
    }
    fail(s, code, q);
    return code == SQLITE_OK;
}

static bool step(struct store *s, enum stmt q) {
    int code = sqlite3_step(s->st[q]);
    if (code == SQLITE_ROW)
        return true;
    fail(s, code, q);
    sqlite3_reset(s->st[q]);
    return false;
}

void query_do(struct store *s, enum stmt q, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    if (bind(s, q, fmt, ap) && step(s, q))
        sqlite3_reset(s->st[q]);
    va_end(ap);
}

int64_t query_changed(struct store *s, enum stmt q, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    int64_t n = 0;
    if (bind(s, q, fmt, ap)) {
        step(s, q);
        sqlite3_reset(s->st[q]);
        n = s->failed ? 0 : sqlite3_changes(s->db);
    }
    va_end(ap);
    return n;
}

int64_t query_insert(struct store *s, enum stmt q, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    int64_t id = 0;
    if (bind(s, q, fmt, ap)) {
        step(s, q);
        id = s->failed ? 0 : sqlite3_last_insert_rowid(s->db);
    }
    va_end(ap);
    return id;
}

int64_t query_number(struct store *s, int64_t otherwise, enum stmt q, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    if (bind(s, q, fmt, ap) && step(s, q)) {
        if (sqlite3_column_type(s->st[q], 0) != SQLITE_NULL)
            otherwise = sqlite3_column_int64(s->st[q], 0);
        sqlite3_reset(s->st[q]);
    }
    va_end(ap);
    return otherwise;
}

bool query_row(struct store *s, enum stmt q, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    bool row = bind(s, q, fmt, ap) && step(s, q);
    va_end(ap);
    return row;
}

bool query_next(struct store *s, enum stmt q) {
    return !s->failed && s->st[q] && step(s, q);
}

void query_end(struct store *s, enum stmt q) {
    sqlite3_reset(s->st[q]);
}

int64_t query_int(struct store *s, enum stmt q, int col) {
    return sqlite3_column_int64(s->st[q], col);
}

bool query_null(struct store *s, enum stmt q, int col) {
    return sqlite3_column_type(s->st[q], col) == SQLITE_NULL;
}

struct str query_str(struct store *s, enum stmt q, int col, struct arena *a) {
    if (query_null(s, q, col))
        return STR_NONE;
    const void *p = sqlite3_column_blob(s->st[q], col); /* of a text too: its bytes */
    struct str v = str_n(p ? p : "", (size_t)sqlite3_column_bytes(s->st[q], col));
    return a ? arena_str(a, v) : v;
}
