/* SPDX-License-Identifier: ISC
 *
 * store.h - the record's database: one connection, transactions, and sentences by name
 *
 * The only read-write connection of the whole system (reliability.md F3). Every sentence is a row of statements.def and prepared at
 * the start. Failing is sticky: the first sentence of a transaction that fails makes the rest of them no-ops and store_commit gives
 * its error, so that callers check once, at the end. A sentence must not be used again while one is reading from it.
 */
#ifndef TOCSIN_STORE_STORE_H
#define TOCSIN_STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"

struct store;

enum stmt {
#define STMT(id, sql) id,
#include "store/statements.def"
#undef STMT
    STMT__COUNT
};

/* Creates or migrates. RC_CONFIG: the file is no database of ours, or a newer tocsin wrote it. RC_IO: it is damaged. */
enum rc store_open(const char *path, struct store **out, struct err *e);
void store_close(struct store *s); /* checkpoints and marks the stop as clean */
/* After an I/O error: closes, opens again, runs the quick check. Nothing of the failed transaction may be believed (F4). */
enum rc store_reopen(struct store *s, struct err *e);
bool store_was_unclean(const struct store *s); /* the last stop was not store_close */
struct str store_check(struct store *s);       /* what quick_check said when opening after an unclean stop; absent = not run */
int store_version(const struct store *s);      /* user_version = last migration */

enum rc store_begin(struct store *s, struct err *e);
enum rc store_commit(struct store *s, struct err *e); /* RC_IO: undecided, store_reopen; RC_LIMIT: disk full, rolled back */
void store_rollback(struct store *s);
/* A part of a transaction that can fail by itself. store_part_end: RC_OK keeps it; otherwise it is undone, the sticky error is given and, unless the
 * machine is to blame (RC_IO, RC_LIMIT, RC_NOMEM), cleared. */
void store_part(struct store *s);
enum rc store_part_end(struct store *s, struct err *e);
bool store_in_tx(const struct store *s);
enum rc store_failed(const struct store *s, struct err *e); /* the sticky error so far, RC_OK when none */
uint64_t store_commits(const struct store *s);
int64_t store_bytes(struct store *s); /* pages * page size */

/* ---- sentences. fmt, one letter a parameter: i int64, z int64 with 0 as NULL, d int, s struct str (absent = NULL), t C string
 * (NULL = NULL), b struct str as blob (absent = NULL), n NULL. */
void query_do(struct store *s, enum stmt q, const char *fmt, ...);
int64_t query_insert(struct store *s, enum stmt q, const char *fmt, ...); /* the new row's id, 0 on failure */
int64_t query_changed(struct store *s, enum stmt q, const char *fmt, ...); /* rows changed */
int64_t query_number(struct store *s, int64_t otherwise, enum stmt q, const char *fmt, ...); /* first column of the first row */
bool query_row(struct store *s, enum stmt q, const char *fmt, ...);       /* binds and steps; false: no row, and it is over */
bool query_next(struct store *s, enum stmt q);                            /* false: over */
void query_end(struct store *s, enum stmt q);                             /* when leaving early; harmless otherwise */
int64_t query_int(struct store *s, enum stmt q, int col);
bool query_null(struct store *s, enum stmt q, int col);
struct str query_str(struct store *s, enum stmt q, int col, struct arena *a); /* copied into a; a NULL: borrowed until the next step */

#endif
