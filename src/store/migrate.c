/* SPDX-License-Identifier: ISC
 *
 * migrate.c - brings a database to the newest schema, one transaction a step
 *
 * Takes   an open database of ours or an empty one.
 * Gives   user_version = the last step; a database of a newer tocsin is refused.
 */
#include <stdio.h>

#include "base/log.h"
#include "store/store_int.h"

extern const char schema_001[], schema_002[], schema_003[], schema_004[], schema_005[], schema_006[];

static const struct {
    const char *name;
    const char *sql;
} steps[] = {
    {"001-record", schema_001},
    {"002-lists", schema_002},
    {"003-windows", schema_003},
    {"004-outbox", schema_004},
    {"005-status", schema_005},
    {"006-deadlines", schema_006},
};
#define STEPS ((int)(sizeof steps / sizeof steps[0]))

int migrate_latest(void) {
    return STEPS;
}

static int version_of(sqlite3 *db) {
    sqlite3_stmt *st = NULL;
    int v = -1;
    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL) == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW)
        v = sqlite3_column_int(st, 0);
    sqlite3_finalize(st);
    return v;
}

static int one_step(sqlite3 *db, int to) {
    char version[96];
    snprintf(version, sizeof version, "PRAGMA application_id=%d; PRAGMA user_version=%d", STORE_APPLICATION_ID, to);
    int code = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, steps[to - 1].sql, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, version, NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    return code;
}

enum rc migrate(sqlite3 *db, int *version, struct err *e) {
    *version = version_of(db);
    if (*version < 0)
        return store_sql_error(db, sqlite3_errcode(db), "reading its version", e);
    if (*version > STEPS)
        return err_set(e, RC_CONFIG, "the database has schema %d, this tocsin knows %d: a newer one wrote it", *version, STEPS);
    while (*version < STEPS) {
        int code = one_step(db, *version + 1);
        if (code != SQLITE_OK) {
            store_sql_error(db, code, steps[*version].name, e);
            sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
            return e ? e->rc : RC_IO;
        }
        ++*version;
        log_debug("store", "schema %s applied", steps[*version - 1].name);
    }
    return RC_OK;
}
