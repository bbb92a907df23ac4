/* SPDX-License-Identifier: ISC
 *
 * verify.h - is the record intact? Walks the audit chain in bounded slices, and compares the record's rows with what was audited
 *
 * Chain: h_i = SHA-256(h_{i-1} || header_i || commitment_i), commitment = SHA-256("tocsin-payload-1" || salt || body); header fields
 * length-prefixed behind "tocsin-audit-1" (process.md 8, test_schema.py). Tells apart: altered header, altered payload, missing row,
 * reordered rows, payload missing, lawfully erased; names the first bad row. Rows of the record (event, incident, stamp, ...) carry a digest in
 * the payload of their last audit line, so that an altered byte of a row is found and named too. Raw lines are compared with their hashes, and
 * all of an event's with a digest in its row.
 */
#ifndef TOCSIN_STORE_VERIFY_H
#define TOCSIN_STORE_VERIFY_H

#include "base/buf.h"
#include "base/err.h"

struct store;
struct verify;
struct verify_result {
    bool intact;
    int64_t rows, payloads, erased, records;
    char first_bad[200]; /* "audit row 17: payload altered", "event EV-2026-000001: differs from what audit row 17 recorded" */
    char head[65];       /* hex of the last hash */
};
/* Offline: opens the file read-only, walks everything. RC_CHECK when it is not intact. */
enum rc verify_file(const char *path, struct verify_result *out, struct err *e);

/* On the daemon's own connection, `rows` at a time between commits. */
struct verify *verify_open(struct store *s); /* NULL without memory or when the store is closed */
bool verify_step(struct verify *v, int rows); /* false: done */
const struct verify_result *verify_result(const struct verify *v);
void verify_free(struct verify *v);

#endif
