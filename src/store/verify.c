/* SPDX-License-Identifier: ISC
 *
 * verify.c - walks the chain, then every row that is evidence, in bounded slices
 *
 * Takes   a connection: the daemon's own, or a file opened read-only.
 * Gives   intact, or the first bad row by its name.
 * Keeps   where it is: phase and the last id, so that commits may come in between.
 */
#include "store/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/esc.h"
#include "base/json.h"
#include "base/pack.h"
#include "store/columns.h"
#include "store/store_int.h"

enum phase { PHASE_CHAIN, PHASE_ROWS, PHASE_RAWS, PHASE_EVENTS, PHASE_FOLDS, PHASE_DONE };

struct verify {
    sqlite3 *db;
    sqlite3_stmt *chain, *payload, *raws, *events, *event_raws, *folds;
    sqlite3_stmt *rows[REC__COUNT], *one[REC__COUNT], *names[REC__COUNT];
    enum phase phase;
    int table;
    int64_t last;    /* id or seq behind which to go on */
    int64_t seq_max; /* the chain as it was when it was walked to its end */
    uint8_t prev[SHA256_SIZE];
    struct verify_result r;
    bool bad;
};

static const char *const name_columns[] = {
#define RECORD(name, label) label,
#include "store/records.def"
#undef RECORD
};

static void found(struct verify *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void found(struct verify *v, const char *fmt, ...) {
    va_list ap;
    if (v->bad)
        return;
    v->bad = true;
    v->phase = PHASE_DONE;
    va_start(ap, fmt);
    vsnprintf(v->r.first_bad, sizeof v->r.first_bad, fmt, ap);
    va_end(ap);
    esc_plain(v->r.first_bad);
}

static void broken(struct verify *v, const char *where) {
    found(v, "%s: the database is damaged: %s", where, sqlite3_errmsg(v->db));
}

static struct str col(sqlite3_stmt *st, int i) {
    if (sqlite3_column_type(st, i) == SQLITE_NULL)
        return STR_NONE;
    const void *p = sqlite3_column_blob(st, i);
    return str_n(p ? p : "", (size_t)sqlite3_column_bytes(st, i));
}

static sqlite3_stmt *prepare(struct verify *v, const char *sql) {
    sqlite3_stmt *st = NULL;
    if (sqlite3_prepare_v2(v->db, sql, -1, &st, NULL) != SQLITE_OK)
        broken(v, "database");
    return st;
}

static void prepare_rows(struct verify *v) {
    char sql[256];
    for (int i = 0; i < REC__COUNT; i++) {
        snprintf(sql, sizeof sql, "SELECT rowid,audit_seq FROM %s WHERE rowid>?1 ORDER BY rowid LIMIT 1", record_tables[i]);
        v->rows[i] = prepare(v, sql);
        snprintf(sql, sizeof sql, "SELECT * FROM %s WHERE rowid=?1", record_tables[i]);
        v->one[i] = prepare(v, sql);
        snprintf(sql, sizeof sql, "SELECT audit_seq,%s FROM %s WHERE rowid=?1", name_columns[i], record_tables[i]);
        v->names[i] = prepare(v, sql);
    }
}

static struct verify *verify_new(sqlite3 *db) {
    struct verify *v = calloc(1, sizeof *v);
    if (!v)
        return NULL;
    v->db = db;
    v->chain = prepare(v, "SELECT a.seq,a.at,a.org_id,a.actor,a.action,a.object,a.commitment,a.prev,a.hash,p.salt,p.body,e.erase_seq FROM audit a "
                          "LEFT JOIN audit_payload p ON p.seq=a.seq LEFT JOIN audit_erasure e ON e.payload_seq=a.seq WHERE a.seq>?1 ORDER BY a.seq LIMIT 1");
    v->payload = prepare(v, "SELECT p.body,e.erase_seq,a.seq FROM audit a LEFT JOIN audit_payload p ON p.seq=a.seq LEFT JOIN audit_erasure e ON e.payload_seq=a.seq WHERE a.seq=?1");
    v->raws = prepare(v, "SELECT r.id,r.sha256,r.body,e.ref FROM raw r LEFT JOIN event e ON e.id=r.event_id WHERE r.id>?1 ORDER BY r.id LIMIT 1");
    v->events = prepare(v, "SELECT id,ref,raw_count,raw_digest FROM event WHERE id>?1 ORDER BY id LIMIT 1");
    v->event_raws = prepare(v, RAWS_DIGEST);
    v->folds = prepare(v, "SELECT f.event_id,f.count,f.first_seen,f.last_seen,f.since,f.digest,e.ref FROM fold f LEFT JOIN event e ON e.id=f.event_id WHERE f.event_id>?1 "
                          "ORDER BY f.event_id LIMIT 1");
    prepare_rows(v);
    return v;
}

void verify_free(struct verify *v) {
    if (!v)
        return;
    sqlite3_stmt *const all[] = {v->chain, v->payload, v->raws, v->events, v->event_raws, v->folds};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        sqlite3_finalize(all[i]);
    for (int i = 0; i < REC__COUNT; i++) {
        sqlite3_finalize(v->rows[i]);
        sqlite3_finalize(v->one[i]);
        sqlite3_finalize(v->names[i]);
    }
    free(v);
}

/* Steps a sentence with one parameter. false: no row, or the database is damaged (then it is said). */
static bool row(struct verify *v, sqlite3_stmt *st, int64_t id, const char *where) {
    sqlite3_reset(st);
    sqlite3_bind_int64(st, 1, id);
    int code = sqlite3_step(st);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        broken(v, where);
    return code == SQLITE_ROW && !v->bad;
}

/* ---- the chain */

static int record_of(struct str table) {
    for (int i = 0; i < REC__COUNT; i++)
        if (str_is(table, record_tables[i]))
            return i;
    return -1;
}

struct naming { /* rows that an audit line accounts for */
    struct verify *v;
    int64_t seq;
};

/* Every row that a line names must be there still, accounted for by this line or a later one. */
static void named(void *ctx, struct str key, const struct json *value) {
    struct naming *n = ctx;
    struct verify *v = n->v;
    struct str id = key, table = str_cut(&id, ':');
    int64_t rowid;
    int rec = record_of(table);
    (void)value;
    if (v->bad)
        return;
    if (rec < 0 || !str_i64(id, &rowid))
        found(v, "audit row %lld: names \"%.*s\", which is no record", (long long)n->seq, STR_FMT(key));
    else if (!row(v, v->names[rec], rowid, record_tables[rec]))
        found(v, "%s %lld: it is missing (audit row %lld names it)", record_tables[rec], (long long)rowid, (long long)n->seq);
    else if (sqlite3_column_int64(v->names[rec], 0) < n->seq)
        found(v, "%s %.*s: it is older than audit row %lld, which changed it", record_tables[rec], STR_FMT(col(v->names[rec], 1)), (long long)n->seq);
    if (rec >= 0)
        sqlite3_reset(v->names[rec]);
}

static void check_named(struct verify *v, int64_t seq, struct str body) {
    struct json *j = NULL;
    struct err e;
    if (json_parse(body, 8 << 20, &j, &e)) {
        found(v, "audit row %lld: payload is no JSON", (long long)seq);
        return;
    }
    struct naming n = {v, seq};
    json_each(json_get(j, "rows"), named, &n);
    json_free(j);
}

static bool same(struct str s, const uint8_t *digest) {
    return s.n == SHA256_SIZE && !memcmp(s.p, digest, SHA256_SIZE);
}

static void chain_row(struct verify *v) {
    sqlite3_stmt *st = v->chain;
    int64_t seq = sqlite3_column_int64(st, 0);
    struct str commitment = col(st, 6), hash = col(st, 8), salt = col(st, 9), body = col(st, 10);
    uint8_t c[SHA256_SIZE], h[SHA256_SIZE];
    if (seq != v->last + 1) {
        found(v, "audit row %lld: missing", (long long)v->last + 1);
        return;
    }
    if (commitment.n != SHA256_SIZE || hash.n != SHA256_SIZE) {
        found(v, "audit row %lld: header altered", (long long)seq);
        return;
    }
    memcpy(c, commitment.p, SHA256_SIZE);
    audit_header_hash(v->prev, seq, sqlite3_column_int64(st, 1), sqlite3_column_int64(st, 2), sqlite3_column_int64(st, 3), col(st, 4), col(st, 5), c, h);
    if (!same(hash, h) || !same(col(st, 7), v->prev)) {
        found(v, same(col(st, 7), v->prev) ? "audit row %lld: header altered" : "audit row %lld: does not follow the row before it", (long long)seq);
        return;
    }
    memcpy(v->prev, h, SHA256_SIZE);
    v->r.rows++;
    if (str_absent(salt) && str_absent(body)) {
        if (sqlite3_column_type(st, 11) == SQLITE_NULL)
            found(v, "audit row %lld: payload missing, and no erasure is recorded", (long long)seq);
        v->r.erased++;
    } else {
        audit_commitment(salt, body, c);
        if (!same(commitment, c))
            found(v, "audit row %lld: payload altered", (long long)seq);
        else
            check_named(v, seq, body);
        v->r.payloads++;
    }
    v->last = seq;
}

/* ---- rows */

static void check_row(struct verify *v, int64_t id, int64_t seq) {
    int t = v->table;
    char key[64], hex[SHA256_HEX] = "";
    uint8_t d[SHA256_SIZE];
    struct json *j = NULL;
    struct err e;
    bool there = row(v, v->payload, seq, "audit");
    bool erased = there && sqlite3_column_type(v->payload, 0) == SQLITE_NULL && sqlite3_column_type(v->payload, 1) != SQLITE_NULL;
    v->r.records++;
    if (erased || v->bad)
        return;
    snprintf(key, sizeof key, "%s:%lld", record_tables[t], (long long)id);
    if (there)
        json_parse(col(v->payload, 0), 8 << 20, &j, &e);
    struct str want = json_get_text(json_get(j, "rows"), key);
    sqlite3_reset(v->one[t]);
    sqlite3_bind_int64(v->one[t], 1, id);
    if (audit_row_digest(v->one[t], d))
        hex_of(d, sizeof d, hex);
    sqlite3_reset(v->one[t]);
    if (!str_is(want, hex)) {
        bool named_row = row(v, v->names[t], id, record_tables[t]);
        struct str name = named_row ? col(v->names[t], 1) : STR_NONE;
        if (str_absent(want))
            found(v, "%s %.*s: no audit row accounts for it", record_tables[t], STR_FMT(name));
        else
            found(v, "%s %.*s: differs from what audit row %lld recorded", record_tables[t], STR_FMT(name), (long long)seq);
    }
    json_free(j);
}

static void step_rows(struct verify *v) {
    sqlite3_stmt *st = v->rows[v->table];
    if (row(v, st, v->last, record_tables[v->table])) {
        int64_t id = sqlite3_column_int64(st, 0), seq = sqlite3_column_int64(st, 1);
        sqlite3_reset(st);
        v->last = id;
        check_row(v, id, seq);
    } else if (!v->bad) {
        v->last = INT64_MIN;
        if (++v->table == REC__COUNT) {
            v->phase = PHASE_RAWS;
            v->last = 0;
        }
    }
}

/* ---- raw lines: body against its hash; all of an event against the digest in its row; counts between audit lines */

static void step_raws(struct verify *v) {
    uint8_t d[SHA256_SIZE];
    if (!row(v, v->raws, v->last, "raw")) {
        if (!v->bad)
            v->phase = PHASE_EVENTS;
        v->last = 0;
        return;
    }
    v->last = sqlite3_column_int64(v->raws, 0);
    struct str body = col(v->raws, 2), ref = col(v->raws, 3);
    sha256_of(body, d);
    v->r.records++;
    if (str_absent(body) || !same(col(v->raws, 1), d))
        found(v, "raw line %lld of %.*s: differs from its hash", (long long)v->last, STR_FMT(str_absent(ref) ? STR("no event") : ref));
}

static void step_events(struct verify *v) {
    if (!row(v, v->events, v->last, "event")) {
        if (!v->bad)
            v->phase = PHASE_FOLDS;
        v->last = 0;
        return;
    }
    v->last = sqlite3_column_int64(v->events, 0);
    struct sha256 *h = sha256_new();
    struct buf b;
    uint8_t d[SHA256_SIZE];
    int64_t n = 0;
    buf_init(&b, 1 << 20);
    for (bool more = row(v, v->event_raws, v->last, "raw"); more; more = sqlite3_step(v->event_raws) == SQLITE_ROW, n++) {
        buf_reset(&b);
        for (int c = 0; c < RAWS_DIGEST_COLUMNS; c++)
            pack_str(&b, col(v->event_raws, c));
        sha256_add(h, b.p, b.n);
    }
    buf_fini(&b);
    sha256_end(h, d);
    if (n != sqlite3_column_int64(v->events, 2) || !same(col(v->events, 3), d))
        found(v, "event %.*s: its raw lines differ from what was recorded", STR_FMT(col(v->events, 1)));
}

static void step_folds(struct verify *v) {
    if (!row(v, v->folds, v->last, "fold")) {
        if (!v->bad)
            v->phase = PHASE_DONE;
        return;
    }
    char text[160];
    uint8_t d[SHA256_SIZE];
    int n = snprintf(text, sizeof text, "fold %lld %lld %lld %lld %lld", (long long)sqlite3_column_int64(v->folds, 0), (long long)sqlite3_column_int64(v->folds, 1),
                     (long long)sqlite3_column_int64(v->folds, 2), (long long)sqlite3_column_int64(v->folds, 3), (long long)sqlite3_column_int64(v->folds, 4));
    v->last = sqlite3_column_int64(v->folds, 0);
    sha256_of(str_n(text, (size_t)n), d);
    if (!same(col(v->folds, 5), d))
        found(v, "event %.*s: the count since its last audit line was altered", STR_FMT(col(v->folds, 6)));
}

/* ---- driving */

static void step_chain(struct verify *v) {
    if (row(v, v->chain, v->last, "audit")) {
        chain_row(v);
    } else if (!v->bad) {
        hex_of(v->prev, SHA256_SIZE, v->r.head);
        v->phase = PHASE_ROWS;
        v->last = INT64_MIN;
    }
}

static void reset_all(struct verify *v) {
    sqlite3_stmt *const all[] = {v->chain, v->payload, v->raws, v->events, v->event_raws, v->folds};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        sqlite3_reset(all[i]);
    for (int i = 0; i < REC__COUNT; i++)
        sqlite3_reset(v->names[i]);
}

/* A row of the chain that was appended while the tables are walked is behind us: its rows are judged by its own payload. */
bool verify_step(struct verify *v, int rows) {
    static void (*const steps[])(struct verify *) = {[PHASE_CHAIN] = step_chain, [PHASE_ROWS] = step_rows, [PHASE_RAWS] = step_raws,
                                                     [PHASE_EVENTS] = step_events, [PHASE_FOLDS] = step_folds};
    while (rows-- > 0 && v->phase != PHASE_DONE)
        steps[v->phase](v);
    reset_all(v);
    v->r.intact = !v->bad;
    return v->phase != PHASE_DONE;
}

const struct verify_result *verify_result(const struct verify *v) {
    return &v->r;
}

struct verify *verify_open(struct store *s) {
    return s->db ? verify_new(s->db) : NULL;
}

/* ---- offline */

/* A copy without a log beside it is opened as it lies; one with a log is read together with it. */
static int open_file(const char *path, sqlite3 **db) {
    struct buf uri;
    char wal[4096];
    int n = snprintf(wal, sizeof wal, "%s-wal", path);
    bool with_log = n > 0 && (size_t)n < sizeof wal && access(wal, F_OK) == 0;
    buf_init(&uri, 16384);
    buf_text(&uri, "file:");
    for (const char *p = path; *p; p++)
        if (strchr("?#%", *p))
            buf_printf(&uri, "%%%02x", (unsigned char)*p);
        else
            buf_c(&uri, *p);
    buf_text(&uri, with_log ? "?mode=ro" : "?mode=ro&immutable=1");
    int code = sqlite3_open_v2(buf_cstr(&uri), db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    buf_fini(&uri);
    return code;
}

static bool scalar_is(sqlite3 *db, const char *sql, const char *want, char *got, size_t size) {
    sqlite3_stmt *st = NULL;
    bool ok = false;
    str_copy(got, size, STR("cannot be read"));
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
        str_copy(got, size, col(st, 0));
        ok = !strcmp(got, want);
    }
    sqlite3_finalize(st);
    return ok;
}

static void not_ours(struct verify_result *out, const char *what) {
    snprintf(out->first_bad, sizeof out->first_bad, "%s", what);
    esc_plain(out->first_bad);
}

/* Tables, indexes and triggers as our own migrations make them: whoever drops a trigger has a reason. */
static void check_schema(struct verify *v) {
    static const char sql[] = "SELECT type,name,coalesce(sql,'') FROM sqlite_schema ORDER BY type,name";
    sqlite3 *ours = NULL;
    sqlite3_stmt *want = NULL, *got = NULL;
    int version = 0, there = 0;
    struct err e;
    if (sqlite3_open(":memory:", &ours) != SQLITE_OK || migrate(ours, &version, &e) || sqlite3_prepare_v2(ours, sql, -1, &want, NULL) != SQLITE_OK)
        found(v, "database: the schema cannot be compared");
    got = prepare(v, "PRAGMA user_version");
    if (!v->bad && sqlite3_step(got) == SQLITE_ROW)
        there = sqlite3_column_int(got, 0);
    sqlite3_finalize(got);
    got = NULL;
    if (!v->bad && there == version) /* an older record is compared once it has been migrated */
        got = prepare(v, sql);
    for (bool more = got != NULL; more && !v->bad;) {
        bool a = sqlite3_step(want) == SQLITE_ROW, b = sqlite3_step(got) == SQLITE_ROW;
        int order = a && b ? str_cmp(col(want, 0), col(got, 0)) : a ? -1 : 1;
        if (a && b && !order)
            order = str_cmp(col(want, 1), col(got, 1));
        more = a && b;
        if ((a || b) && order)
            found(v, "schema: %s %s is %s", sqlite3_column_text(order < 0 ? want : got, 0), sqlite3_column_text(order < 0 ? want : got, 1),
                  order < 0 ? "missing" : "none of ours");
        else if (more && !str_eq(col(want, 2), col(got, 2)))
            found(v, "schema: %s %s was altered", sqlite3_column_text(want, 0), sqlite3_column_text(want, 1));
    }
    sqlite3_finalize(want);
    sqlite3_finalize(got);
    sqlite3_close(ours);
}

enum rc verify_file(const char *path, struct verify_result *out, struct err *e) {
    sqlite3 *db = NULL;
    char got[160], app[24];
    memset(out, 0, sizeof *out);
    if (access(path, R_OK))
        return err_set(e, RC_NOTFOUND, "%s: cannot be read", path);
    snprintf(app, sizeof app, "%d", STORE_APPLICATION_ID);
    if (open_file(path, &db) != SQLITE_OK) {
        not_ours(out, "the file is no database that can be opened");
    } else if (!scalar_is(db, "PRAGMA application_id", app, got, sizeof got)) {
        not_ours(out, "the file is no record of tocsin, or its first page is damaged");
    } else {
        struct verify *v = verify_new(db);
        while (v && verify_step(v, 1024))
            ;
        if (v && !v->bad)
            check_schema(v);
        if (v) {
            v->r.intact = !v->bad;
            *out = v->r;
        }
        if (v && out->intact && !scalar_is(db, "PRAGMA integrity_check(1)", "ok", got, sizeof got)) {
            out->intact = false;
            snprintf(out->first_bad, sizeof out->first_bad, "database: %s", got);
            esc_plain(out->first_bad);
        }
        verify_free(v);
    }
    sqlite3_close(db);
    return out->intact ? RC_OK : err_set(e, RC_CHECK, "not intact: %s", out->first_bad);
}
