/* SPDX-License-Identifier: ISC
 *
 * audit.c - appends to the chain
 *
 * Takes   a line, and the rows touched since the last one.
 * Gives   header, salted commitment, chained hash, payload: as process.md 8 and test_schema.py define them.
 */
#include "store/audit.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/pack.h"
#include "base/rng.h"
#include "store/store_int.h"

const char *const record_tables[] = {
#define RECORD(name, label) #name,
#include "store/records.def"
#undef RECORD
};

enum rc audit_load(struct store *s) {
    s->seq = 0;
    memset(s->head, 0, sizeof s->head);
    if (query_row(s, Q_AUDIT_HEAD, "")) {
        struct str h = query_str(s, Q_AUDIT_HEAD, 1, NULL);
        s->seq = query_int(s, Q_AUDIT_HEAD, 0);
        if (h.n == sizeof s->head)
            memcpy(s->head, h.p, h.n);
        query_end(s, Q_AUDIT_HEAD);
    }
    return s->failed;
}

int64_t audit_next(const struct store *s) {
    return s->seq + 1;
}

int64_t audit_seq(const struct store *s) {
    return s->seq;
}

const char *audit_head(const struct store *s, char hex[65]) {
    hex_of(s->head, sizeof s->head, hex);
    return hex;
}

void audit_touch(struct store *s, enum rec r, int64_t id) {
    for (size_t i = 0; i < s->ntouched; i++)
        if (s->touched[i].rec == r && s->touched[i].id == id)
            return;
    if (s->ntouched == TOUCH_MAX || s->failed) {
        if (!s->failed)
            s->failed = err_set(&s->err, RC_LIMIT, "one audit line cannot account for more than %d rows", TOUCH_MAX);
        return;
    }
    s->touched[s->ntouched++] = (struct touch){(uint8_t)r, id};
}

static void hash_str(struct sha256 *h, const void *p, size_t n) {
    uint8_t len[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    sha256_add(h, len, sizeof len);
    sha256_add(h, p, n);
}

static void hash_number(struct sha256 *h, int64_t v) {
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)v);
    hash_str(h, digits, (size_t)n);
}

void audit_commitment(struct str salt, struct str body, uint8_t out[SHA256_SIZE]) {
    struct sha256 *h = sha256_new();
    sha256_add(h, "tocsin-payload-1", 16);
    sha256_add(h, salt.p, salt.n);
    sha256_add(h, body.p, body.n);
    sha256_end(h, out);
}

void audit_header_hash(const uint8_t prev[SHA256_SIZE], int64_t seq, int64_t at, int64_t org, int64_t actor, struct str action, struct str object,
                       const uint8_t commitment[SHA256_SIZE], uint8_t out[SHA256_SIZE]) {
    struct sha256 *h = sha256_new();
    sha256_add(h, prev, SHA256_SIZE);
    sha256_add(h, "tocsin-audit-1", 14);
    hash_number(h, seq);
    hash_number(h, at);
    hash_number(h, org);
    hash_number(h, actor);
    hash_str(h, action.p, action.n);
    hash_str(h, object.p, object.n);
    sha256_add(h, commitment, SHA256_SIZE);
    sha256_end(h, out);
}

/* By column name and without the absent ones, so that a later migration may add columns without touching what was audited. */
bool audit_row_digest(sqlite3_stmt *row, uint8_t out[SHA256_SIZE]) {
    if (sqlite3_step(row) != SQLITE_ROW)
        return false;
    struct sha256 *h = sha256_new();
    for (int i = 0; i < sqlite3_column_count(row); i++) {
        int type = sqlite3_column_type(row, i);
        const char *name = sqlite3_column_name(row, i);
        if (type == SQLITE_NULL || !name)
            continue;
        hash_str(h, name, strlen(name));
        uint8_t tag = (uint8_t)type;
        sha256_add(h, &tag, 1);
        if (type == SQLITE_INTEGER) {
            hash_number(h, sqlite3_column_int64(row, i));
        } else {
            const void *p = sqlite3_column_blob(row, i);
            hash_str(h, p ? p : "", (size_t)sqlite3_column_bytes(row, i));
        }
    }
    sha256_end(h, out);
    return true;
}

static const enum stmt row_of[] = {
#define RECORD(name, label) Q_ROW_##name,
#include "store/records.def"
#undef RECORD
};

static void put_rows(struct store *s, struct jw *w) {
    jw_key(w, "rows");
    jw_map(w);
    for (size_t i = 0; i < s->ntouched; i++) {
        const struct touch *t = &s->touched[i];
        sqlite3_stmt *st = s->st[row_of[t->rec]];
        uint8_t d[SHA256_SIZE];
        char key[64], hex[SHA256_HEX];
        sqlite3_reset(st);
        sqlite3_bind_int64(st, 1, t->id);
        bool there = audit_row_digest(st, d);
        sqlite3_reset(st);
        if (!there) {
            s->failed = err_set(&s->err, RC_IO, "%s %lld was touched but is not there", record_tables[t->rec], (long long)t->id);
            break;
        }
        snprintf(key, sizeof key, "%s:%lld", record_tables[t->rec], (long long)t->id);
        hex_of(d, sizeof d, hex);
        jw_kv_text(w, key, hex);
    }
    jw_map_end(w);
    s->ntouched = 0;
}

void audit_append(struct store *s, const struct audit_line *l) {
    if (s->failed)
        return;
    struct buf body;
    struct jw w;
    buf_init(&body, 4 << 20);
    jw_init(&w, &body);
    jw_map(&w);
    jw_key(&w, "data");
    jw_raw(&w, str_absent(l->data) ? STR("{}") : l->data);
    put_rows(s, &w);
    jw_map_end(&w);

    uint8_t salt[32], c[SHA256_SIZE], hash[SHA256_SIZE];
    rng_bytes(salt, sizeof salt);
    struct str action = str_of(l->action), object = str_absent(l->object) ? STR("") : l->object;
    int64_t seq = s->seq + 1;
    audit_commitment(str_n(salt, sizeof salt), buf_view(&body), c);
    audit_header_hash(s->head, seq, l->at, l->org, l->actor, action, object, c, hash);
    if (body.over && !s->failed)
        s->failed = err_set(&s->err, RC_LIMIT, "audit line %s is too long", l->action);
    query_do(s, Q_AUDIT_ADD, "iiiissbbb", seq, l->at, l->org, l->actor, action, object, str_n(c, sizeof c), str_n(s->head, sizeof s->head),
             str_n(hash, sizeof hash));
    query_do(s, Q_AUDIT_PAYLOAD_ADD, "ibs", seq, str_n(salt, sizeof salt), buf_view(&body));
    buf_fini(&body);
    if (s->failed)
        return;
    s->seq = seq;
    memcpy(s->head, hash, sizeof hash);
}
