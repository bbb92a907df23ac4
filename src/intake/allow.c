/* SPDX-License-Identifier: ISC
 *
 * allow.c - how much one source may have
 *
 * Keeps   a table of sources with connections (never more than connections are allowed, so none is ever pushed out) and one of
 *         sources with failures.
 */
#include "intake/allow.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "intake/socket.h"

#define SOURCES_MAX 65536

struct allow {
    struct table *connections, *fails;
    size_t count, max, per_source;
};

struct fails { /* a bucket that drains: how much is in it, and when that was */
    int64_t level, at;
};

struct allow *allow_new(size_t connections, size_t per_source) {
    struct allow *a = calloc(1, sizeof *a);

    if (!a)
        return NULL;
    a->connections = table_new(SOURCES_MAX, sizeof(size_t), NULL, NULL);
    a->fails = table_new(SOURCES_MAX, sizeof(struct fails), NULL, NULL);
    allow_limits(a, connections, per_source);
    if (!a->connections || !a->fails) {
        allow_free(a);
        return NULL;
    }
    return a;
}

void allow_free(struct allow *a) {
    if (!a)
        return;
    table_free(a->connections);
    table_free(a->fails);
    free(a);
}

void allow_limits(struct allow *a, size_t connections, size_t per_source) {
    a->max = connections < SOURCES_MAX ? connections : SOURCES_MAX;
    a->per_source = per_source;
}

bool allow_key_of(const struct sockaddr_storage *ss, struct allow_key *key) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)ss;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)ss;

    *key = (struct allow_key){{0}};
    if (ss->ss_family == AF_INET || (ss->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))) {
        key->bytes[0] = 4;
        memcpy(key->bytes + 1, ss->ss_family == AF_INET ? (const void *)&v4->sin_addr : (const void *)&v6->sin6_addr.s6_addr[12], 4);
        return true;
    }
    if (ss->ss_family != AF_INET6)
        return false;
    key->bytes[0] = 6;
    memcpy(key->bytes + 1, &v6->sin6_addr, ALLOW_KEY);
    return true;
}

bool allow_text_key(struct str address, struct allow_key *key) {
    struct sockaddr_storage ss;
    socklen_t len;

    return address_parse(address, &ss, &len) && allow_key_of(&ss, key);
}

static struct str text_of(const struct allow_key *key) {
    return str_n(key->bytes, sizeof key->bytes);
}

bool allow_enter(struct allow *a, const struct allow_key *key) {
    size_t *n = key ? table_get(a->connections, text_of(key), NULL) : NULL;

    if (key && !n)
        return false;
    if (a->count >= a->max || (n && *n >= a->per_source)) {
        if (n && *n == 0)
            table_remove(a->connections, text_of(key));
        return false;
    }
    a->count++;
    if (n)
        ++*n;
    return true;
}

void allow_left(struct allow *a, const struct allow_key *key) {
    size_t *n = key ? table_find(a->connections, text_of(key)) : NULL;

    a->count--;
    if (n && --*n == 0)
        table_remove(a->connections, text_of(key));
}

size_t allow_count(const struct allow *a) {
    return a->count;
}

bool allow_fail(struct allow *a, const struct allow_key *key, int64_t now) {
    struct fails *f = table_get(a->fails, text_of(key), NULL);

    if (!f)
        return false;
    int64_t drained = now > f->at ? (now - f->at) / ALLOW_FAIL_US : 0;
    f->level = drained < f->level ? f->level - drained : 0;
    f->at = f->level == 0 || now < f->at ? now : f->at + drained * ALLOW_FAIL_US;
    if (f->level >= ALLOW_FAILS)
        return false;
    f->level++;
    return true;
}
