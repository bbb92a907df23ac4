/* SPDX-License-Identifier: ISC
 *
 * store_int.h - what the files of this room share and nobody else sees
 */
#ifndef TOCSIN_STORE_STORE_INT_H
#define TOCSIN_STORE_STORE_INT_H

#include <sqlite3.h>

#include "base/digest.h"
#include "store/audit.h"
#include "store/store.h"

#define STORE_APPLICATION_ID 0x746f6373 /* "tocs" */
#define TOUCH_MAX 4096                  /* rows one audit line can cover */

struct touch {
    uint8_t rec; /* enum rec */
    int64_t id;
};

struct store {
    sqlite3 *db;
    char *path;
    sqlite3_stmt *st[STMT__COUNT];
    bool tx, unclean;
    int version;
    enum rc failed;
    struct err err;
    char check[256];
    uint64_t commits;
    /* the chain */
    int64_t seq;
    uint8_t head[SHA256_SIZE];
    struct touch touched[TOUCH_MAX];
    size_t ntouched;
};

extern const char *const record_tables[]; /* by enum rec */

/* migrate.c */
enum rc migrate(sqlite3 *db, int *version, struct err *e);
int migrate_latest(void);
/* store.c */
enum rc store_sql_error(sqlite3 *db, int code, const char *what, struct err *e);
enum rc store_pragmas(sqlite3 *db, struct err *e);
/* audit.c */
enum rc audit_load(struct store *s); /* seq and head from the table */
/* The hash of one row in its present form: every column that is not NULL, by name. False when there is no such row. */
bool audit_row_digest(sqlite3_stmt *row, uint8_t out[SHA256_SIZE]);
void audit_header_hash(const uint8_t prev[SHA256_SIZE], int64_t seq, int64_t at, int64_t org, int64_t actor, struct str action, struct str object,
                       const uint8_t commitment[SHA256_SIZE], uint8_t out[SHA256_SIZE]);
void audit_commitment(struct str salt, struct str body, uint8_t out[SHA256_SIZE]);

#endif
