/* SPDX-License-Identifier: ISC
 *
 * audit.h - the tamper-evident log: who did what to what, chained, contents apart
 *
 * A line's header (seq, at, org, actor, action, object) holds no free text, name or address; its body is salted, committed to, and can be erased
 * lawfully later (process.md 8). The body also carries a digest of every record row that the line accounts for: rows are announced by
 * audit_touch after they were written with audit_next as their audit_seq.
 */
#ifndef TOCSIN_STORE_AUDIT_H
#define TOCSIN_STORE_AUDIT_H

#include "store/store.h"

enum rec {
#define RECORD(name, label) REC_##name,
#include "store/records.def"
#undef RECORD
    REC__COUNT
};

struct audit_line {
    int64_t at, org, actor; /* actor: principal id, 1 = tocsin itself */
    const char *action;     /* "event.claim" */
    struct str object;      /* "EV-2026-000012" */
    struct str data;        /* JSON map: what was done, old and new state; absent = {} */
};

int64_t audit_next(const struct store *s); /* the seq the next line will have: what rows written now bind as audit_seq */
void audit_touch(struct store *s, enum rec r, int64_t id);
void audit_append(struct store *s, const struct audit_line *l); /* sticky on failure */
int64_t audit_seq(const struct store *s);
const char *audit_head(const struct store *s, char hex[65]);

#endif
