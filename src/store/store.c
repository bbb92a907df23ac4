/* SPDX-License-Identifier: ISC
 *
 * store.c - opens the database as reliability.md 5 wants it, and runs its transactions
 *
 * Takes   a path; begin, commit, rollback.
 * Gives   one read-write connection with synchronous=FULL read back, every sentence prepared.
 * Keeps   the sticky error of the open transaction and the head of the audit chain.
 */
#include "store/store_int.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static const char *const sentences[] = {
#define STMT(id, sql) sql,
#include "store/statements.def"
#undef STMT
};

/* The disk being full is somebody's to mend and nothing is lost; anything else that comes from below is not to be trusted. */
enum rc store_sql_error(sqlite3 *db, int code, const char *what, struct err *e) {
    static const struct {
        int code;
        enum rc rc;
    } map[] = {{SQLITE_FULL, RC_LIMIT}, {SQLITE_NOMEM, RC_NOMEM}, {SQLITE_BUSY, RC_BUSY}, {SQLITE_LOCKED, RC_BUSY},
               {SQLITE_CONSTRAINT, RC_INVALID}, {SQLITE_TOOBIG, RC_LIMIT}, {SQLITE_NOTADB, RC_CONFIG}, {SQLITE_CANTOPEN, RC_CONFIG}};
    enum rc rc = RC_IO;
    for (size_t i = 0; i < sizeof map / sizeof map[0]; i++)
        if ((code & 0xff) == map[i].code)
            rc = map[i].rc;
    return err_set(e, rc, "database: %s: %s", what, db ? sqlite3_errmsg(db) : sqlite3_errstr(code));
}

enum rc store_failed(const struct store *s, struct err *e) {
    if (s->failed && e)
        *e = s->err;
    return s->failed;
}

static enum rc run(sqlite3 *db, const char *sql, struct err *e) {
    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? RC_OK : store_sql_error(db, code, sql, e);
}

static bool answers(sqlite3 *db, const char *sql, const char *want) {
    sqlite3_stmt *st = NULL;
    bool ok = false;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
        const char *got = (const char *)sqlite3_column_text(st, 0);
        ok = got && !strcmp(got, want);
    }
    sqlite3_finalize(st);
    return ok;
}

/* Settings that live in the connection, and journal and durability, both read back: a file system that refuses WAL says so here. */
enum rc store_pragmas(sqlite3 *db, struct err *e) {
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, (int *)NULL);
    sqlite3_extended_result_codes(db, 1);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 32 << 20);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    static const char *const pragmas[] = {"PRAGMA busy_timeout=5000",      "PRAGMA foreign_keys=ON",    "PRAGMA cell_size_check=ON",
                                          "PRAGMA mmap_size=0",            "PRAGMA secure_delete=ON",   "PRAGMA journal_mode=WAL",
                                          "PRAGMA synchronous=FULL",       "PRAGMA temp_store=MEMORY",  "PRAGMA wal_autocheckpoint=4096",
                                          "PRAGMA journal_size_limit=67108864"};
    for (size_t i = 0; i < sizeof pragmas / sizeof pragmas[0]; i++)
        if (run(db, pragmas[i], e))
            return e ? e->rc : RC_IO;
    const char *file = sqlite3_db_filename(db, "main");
    if (file && *file && !answers(db, "PRAGMA journal_mode", "wal"))
        return err_set(e, RC_CONFIG, "database: this file system does not do write-ahead logging");
    if (!answers(db, "PRAGMA synchronous", "2"))
        return err_set(e, RC_CONFIG, "database: synchronous=FULL was not taken");
    return RC_OK;
}

static int64_t pragma_int(sqlite3 *db, const char *sql) {
    sqlite3_stmt *st = NULL;
    int64_t v = -1;
    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
        v = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return v;
}

/* Ours, or empty. */
static enum rc recognise(struct store *s, struct err *e) {
    int64_t app = pragma_int(s->db, "PRAGMA application_id"), objects = pragma_int(s->db, "SELECT count(*) FROM sqlite_schema");
    if (objects < 0)
        return store_sql_error(s->db, sqlite3_errcode(s->db), s->path, e);
    if (objects > 0 && app != STORE_APPLICATION_ID)
        return err_set(e, RC_CONFIG, "%s: a database, but not one of tocsin's", s->path);
    return RC_OK;
}

static enum rc prepare_all(struct store *s, struct err *e) {
    for (size_t i = 0; i < STMT__COUNT; i++) {
        int code = sqlite3_prepare_v3(s->db, sentences[i], -1, SQLITE_PREPARE_PERSISTENT, &s->st[i], NULL);
        if (code != SQLITE_OK)
            return store_sql_error(s->db, code, sentences[i], e);
    }
    return RC_OK;
}

static void quick_check(struct store *s) {
    sqlite3_stmt *st = NULL;
    str_copy(s->check, sizeof s->check, STR("quick_check could not run"));
    if (sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
        str_copy(s->check, sizeof s->check, str_of((const char *)sqlite3_column_text(st, 0)));
    sqlite3_finalize(st);
}

/* The mark is set while we run: finding it at the start means that nobody closed. */
static enum rc mark_running(struct store *s, struct err *e) {
    s->unclean = answers(s->db, "SELECT value FROM meta WHERE key='running'", "1");
    if (s->unclean) {
        quick_check(s);
        if (strcmp(s->check, "ok"))
            return err_set(e, RC_IO, "database: damaged: %s", s->check);
    }
    return run(s->db, "INSERT INTO meta VALUES('running','1') ON CONFLICT(key) DO UPDATE SET value='1'", e);
}

/* A new record is for us alone; its log inherits that. SQLite itself would let everybody read it. */
static void create_private(const char *path) {
    int fd = *path && strcmp(path, ":memory:") ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
    if (fd >= 0)
        close(fd);
}

static enum rc connect_(struct store *s, struct err *e) {
    create_private(s->path);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(s->path, &s->db, flags, NULL);
    if (code != SQLITE_OK)
        return store_sql_error(s->db, code, s->path, e);
    enum rc rc;
    if ((rc = recognise(s, e)) || (rc = store_pragmas(s->db, e)) || (rc = migrate(s->db, &s->version, e)) || (rc = mark_running(s, e)) ||
        (rc = prepare_all(s, e)) || (rc = audit_load(s)))
        return e && e->rc ? e->rc : err_set(e, rc, "database: the audit chain cannot be read");
    return RC_OK;
}

static void disconnect(struct store *s) {
    for (size_t i = 0; i < STMT__COUNT; i++) {
        sqlite3_finalize(s->st[i]);
        s->st[i] = NULL;
    }
    sqlite3_close(s->db);
    s->db = NULL;
    s->tx = false;
    s->failed = RC_OK;
    s->ntouched = 0;
}

enum rc store_open(const char *path, struct store **out, struct err *e) {
    struct store *s = calloc(1, sizeof *s);
    *out = NULL;
    if (!s || !(s->path = strdup(path))) {
        free(s);
        return err_set(e, RC_NOMEM, "no memory");
    }
    struct err mine;
    err_clear(&mine);
    enum rc rc = connect_(s, &mine);
    if (rc) {
        if (e)
            *e = mine;
        disconnect(s);
        free(s->path);
        free(s);
        return rc;
    }
    *out = s;
    return RC_OK;
}

enum rc store_reopen(struct store *s, struct err *e) {
    struct err mine;
    err_clear(&mine);
    disconnect(s);
    enum rc rc = connect_(s, &mine); /* finds the running mark: quick_check runs */
    if (rc && e)
        *e = mine;
    if (rc)
        disconnect(s);
    return rc;
}

void store_close(struct store *s) {
    if (!s)
        return;
    if (s->db) {
        store_rollback(s);
        if (run(s->db, "UPDATE meta SET value='0' WHERE key='running'", NULL) == RC_OK)
            sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    }
    disconnect(s);
    free(s->path);
    free(s);
}

bool store_was_unclean(const struct store *s) {
    return s->unclean;
}

struct str store_check(struct store *s) {
    return *s->check ? str_of(s->check) : STR_NONE;
}

int store_version(const struct store *s) {
    return s->version;
}

uint64_t store_commits(const struct store *s) {
    return s->commits;
}

int64_t store_bytes(struct store *s) {
    return s->db ? pragma_int(s->db, "PRAGMA page_count") * pragma_int(s->db, "PRAGMA page_size") : 0;
}

bool store_in_tx(const struct store *s) {
    return s->tx;
}


static enum rc no_database(struct err *e) {
    return err_set(e, RC_IO, "the database is closed after an error");
}

enum rc store_begin(struct store *s, struct err *e) {
    if (!s->db)
        return no_database(e);
    s->failed = RC_OK;
    s->ntouched = 0;
    enum rc rc = run(s->db, "BEGIN IMMEDIATE", e);
    s->tx = rc == RC_OK;
    return rc;
}

/* What was touched and not accounted for would look altered to verify: no such transaction may be committed. */
static enum rc unaccounted(struct store *s, struct err *e) {
    return err_set(e, RC_IO, "%s %lld was written without an audit line", record_tables[s->touched[0].rec], (long long)s->touched[0].id);
}

enum rc store_commit(struct store *s, struct err *e) {
    if (!s->db)
        return no_database(e);
    if (!s->failed && s->ntouched)
        s->failed = unaccounted(s, &s->err);
    if (s->failed) {
        enum rc rc = store_failed(s, e);
        store_rollback(s);
        return rc;
    }
    enum rc rc = run(s->db, "COMMIT", e);
    if (rc) {
        store_rollback(s);
        return rc;
    }
    s->tx = false;
    s->commits++;
    return RC_OK;
}

void store_part(struct store *s) {
    if (!s->failed)
        s->failed = run(s->db, "SAVEPOINT part", &s->err);
}

enum rc store_part_end(struct store *s, struct err *e) {
    enum rc rc = store_failed(s, e);
    bool ours = rc && rc != RC_IO && rc != RC_LIMIT && rc != RC_NOMEM && s->tx && !sqlite3_get_autocommit(s->db);
    if (!rc)
        s->failed = run(s->db, "RELEASE part", &s->err);
    if (!ours)
        return rc;
    for (size_t i = 0; i < STMT__COUNT; i++)
        sqlite3_reset(s->st[i]);
    s->failed = RC_OK;
    s->ntouched = 0;
    s->failed = run(s->db, "ROLLBACK TO part; RELEASE part", &s->err);
    if (!s->failed)
        audit_load(s);
    return rc;
}

void store_rollback(struct store *s) {
    if (!s->tx || !s->db)
        return;
    for (size_t i = 0; i < STMT__COUNT; i++)
        sqlite3_reset(s->st[i]);
    if (!sqlite3_get_autocommit(s->db))
        run(s->db, "ROLLBACK", NULL);
    s->tx = false;
    s->failed = RC_OK;
    s->ntouched = 0;
    audit_load(s); /* the head in memory went ahead of the table */
}
