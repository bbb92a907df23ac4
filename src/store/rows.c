/* SPDX-License-Identifier: ISC
 *
 * rows.c - binds and reads whole rows by the lists of columns.h
 *
 * Takes   a struct of model/record.h.
 * Gives   its row, touched for the next audit line; or the struct, strings in the caller's arena.
 */
#include "store/rows.h"

#include <stddef.h>
#include <string.h>

#include "store/columns.h"
#include "store/store_int.h"

enum col_kind { COL_INT, COL_ZERO, COL_SMALL, COL_U8, COL_BOOL, COL_TEXT, COL_STR, COL_STATE, COL_WORD, COL_WORD8 };

struct column {
    uint8_t kind, list;
    uint16_t offset;
};
#define EVENT_ROW(name, kind, member, list) {kind, list, (uint16_t)offsetof(struct event, member)},
#define INCIDENT_ROW(name, kind, member, list) {kind, list, (uint16_t)offsetof(struct incident, member)},
#define NOTICE_ROW(name, kind, member, list) {kind, list, (uint16_t)offsetof(struct notice, member)},
static const struct column event_cols[] = {EVENT_COLUMNS(EVENT_ROW)};
static const struct column incident_cols[] = {INCIDENT_COLUMNS(INCIDENT_ROW)};
static const struct column notice_cols[] = {NOTICE_COLUMNS(NOTICE_ROW)};
#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static void bind_text(sqlite3_stmt *st, int i, struct str v) {
    if (str_absent(v))
        sqlite3_bind_null(st, i);
    else
        sqlite3_bind_text64(st, i, v.p, v.n, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static void bind_word(sqlite3_stmt *st, int i, int w) {
    bind_text(st, i, w < 0 ? STR_NONE : str_of(word_name((enum word_id)w)));
}

static void bind_col(sqlite3_stmt *st, int i, const struct column *c, const void *obj) {
    const char *p = (const char *)obj + c->offset;
    const struct str *s = (const void *)p;
    switch ((enum col_kind)c->kind) {
    case COL_INT:
        sqlite3_bind_int64(st, i, *(const int64_t *)(const void *)p);
        break;
    case COL_ZERO:
        if (*(const int64_t *)(const void *)p)
            sqlite3_bind_int64(st, i, *(const int64_t *)(const void *)p);
        else
            sqlite3_bind_null(st, i);
        break;
    case COL_SMALL:
        sqlite3_bind_int(st, i, *(const int *)(const void *)p);
        break;
    case COL_U8:
        sqlite3_bind_int(st, i, *(const uint8_t *)p);
        break;
    case COL_BOOL:
        sqlite3_bind_int(st, i, *(const bool *)p);
        break;
    case COL_TEXT:
        bind_text(st, i, str_absent(*s) ? STR("") : *s);
        break;
    case COL_STR:
        bind_text(st, i, *s);
        break;
    case COL_STATE:
        bind_text(st, i, str_of(state_name(*(const enum state *)(const void *)p)));
        break;
    case COL_WORD:
        bind_word(st, i, *(const int *)(const void *)p);
        break;
    case COL_WORD8:
        bind_word(st, i, *(const uint8_t *)p);
        break;
    }
}

static void read_col(struct store *s, enum stmt q, int i, const struct column *c, struct arena *a, void *obj) {
    char *p = (char *)obj + c->offset;
    switch ((enum col_kind)c->kind) {
    case COL_INT:
    case COL_ZERO:
        *(int64_t *)(void *)p = query_int(s, q, i);
        break;
    case COL_SMALL:
        *(int *)(void *)p = (int)query_int(s, q, i);
        break;
    case COL_U8:
        *(uint8_t *)p = (uint8_t)query_int(s, q, i);
        break;
    case COL_BOOL:
        *(bool *)p = query_int(s, q, i) != 0;
        break;
    case COL_TEXT:
    case COL_STR:
        *(struct str *)(void *)p = query_str(s, q, i, a);
        break;
    case COL_STATE: {
        int v = state_find((enum machine)c->list, query_str(s, q, i, NULL));
        *(enum state *)(void *)p = v < 0 ? STATE_NONE : (enum state)v;
        break;
    }
    case COL_WORD:
        *(int *)(void *)p = query_null(s, q, i) ? -1 : word_find((enum word_list)c->list, query_str(s, q, i, NULL));
        break;
    case COL_WORD8: {
        int v = word_find((enum word_list)c->list, query_str(s, q, i, NULL));
        *(uint8_t *)p = (uint8_t)(v < 0 ? 0 : v);
        break;
    }
    }
}

/* Runs q with ?1 = the next audit line, the columns from ?2, and the id (when not 0) behind them. */
static void write_row(struct store *s, enum stmt q, const struct column *cols, int n, const void *obj, int64_t id) {
    sqlite3_stmt *st = s->st[q];
    if (s->failed || !st)
        return;
    sqlite3_reset(st);
    sqlite3_bind_int64(st, 1, audit_next(s));
    for (int i = 0; i < n; i++)
        bind_col(st, i + 2, &cols[i], obj);
    if (id)
        sqlite3_bind_int64(st, n + 2, id);
    int code = sqlite3_step(st);
    if (code != SQLITE_DONE)
        s->failed = store_sql_error(s->db, code, "writing a row", &s->err);
    sqlite3_reset(st);
}

static int64_t add_row(struct store *s, enum stmt q, enum rec r, const struct column *cols, int n, const void *obj) {
    write_row(s, q, cols, n, obj, 0);
    if (s->failed)
        return 0;
    int64_t id = sqlite3_last_insert_rowid(s->db);
    audit_touch(s, r, id);
    return id;
}

static void save_row(struct store *s, enum stmt q, enum rec r, const struct column *cols, int n, const void *obj, int64_t id) {
    write_row(s, q, cols, n, obj, id);
    audit_touch(s, r, id);
}

/* Column 0 is the id. Gives the number of the first column behind those of the list, 0 when there is no row. */
static int load_row(struct store *s, enum stmt q, const struct column *cols, int n, int64_t id, struct arena *a, void *out) {
    if (!query_row(s, q, "i", id))
        return 0;
    for (int i = 0; i < n; i++)
        read_col(s, q, i + 1, &cols[i], a, out);
    return n + 1;
}

void rows_event_add(struct store *s, struct event *e) {
    e->id = add_row(s, Q_EVENT_ADD, REC_event, event_cols, N(event_cols), e);
}

void rows_event_save(struct store *s, const struct event *e) {
    save_row(s, Q_EVENT_SAVE, REC_event, event_cols, N(event_cols), e, e->id);
}

bool rows_event_load(struct store *s, int64_t id, struct arena *a, struct event *out) {
    memset(out, 0, sizeof *out);
    int c = load_row(s, Q_EVENT_GET, event_cols, N(event_cols), id, a, out);
    if (!c)
        return false;
    out->id = id;
    out->org_slug = query_str(s, Q_EVENT_GET, c, a);
    out->assessor = query_str(s, Q_EVENT_GET, c + 1, a);
    out->reporter = query_str(s, Q_EVENT_GET, c + 2, a);
    out->incident_ref = query_str(s, Q_EVENT_GET, c + 3, a);
    if (!query_null(s, Q_EVENT_GET, c + 4)) {
        int64_t first = query_int(s, Q_EVENT_GET, c + 5), last = query_int(s, Q_EVENT_GET, c + 6);
        out->count += query_int(s, Q_EVENT_GET, c + 4);
        out->first_seen = first < out->first_seen ? first : out->first_seen;
        out->last_seen = last > out->last_seen ? last : out->last_seen;
    }
    query_end(s, Q_EVENT_GET);
    return true;
}

void rows_incident_add(struct store *s, struct incident *i) {
    i->id = add_row(s, Q_INCIDENT_ADD, REC_incident, incident_cols, N(incident_cols), i);
}

void rows_incident_save(struct store *s, const struct incident *i) {
    save_row(s, Q_INCIDENT_SAVE, REC_incident, incident_cols, N(incident_cols), i, i->id);
}

bool rows_incident_load(struct store *s, int64_t id, struct arena *a, struct incident *out) {
    memset(out, 0, sizeof *out);
    int c = load_row(s, Q_INCIDENT_GET, incident_cols, N(incident_cols), id, a, out);
    if (!c)
        return false;
    out->id = id;
    out->org_slug = query_str(s, Q_INCIDENT_GET, c, a);
    out->owner = query_str(s, Q_INCIDENT_GET, c + 1, a);
    out->close_requester = query_str(s, Q_INCIDENT_GET, c + 2, a);
    out->close_approver = query_str(s, Q_INCIDENT_GET, c + 3, a);
    query_end(s, Q_INCIDENT_GET);
    return true;
}

void rows_notice_add(struct store *s, struct notice *n) {
    n->id = add_row(s, Q_NOTICE_ADD, REC_notification, notice_cols, N(notice_cols), n);
}

void rows_notice_save(struct store *s, const struct notice *n) {
    save_row(s, Q_NOTICE_SAVE, REC_notification, notice_cols, N(notice_cols), n, n->id);
}

bool rows_notice_load(struct store *s, int64_t id, struct arena *a, struct notice *out) {
    memset(out, 0, sizeof *out);
    if (!load_row(s, Q_NOTICE_GET, notice_cols, N(notice_cols), id, a, out))
        return false;
    out->id = id;
    query_end(s, Q_NOTICE_GET);
    return true;
}
