/* SPDX-License-Identifier: ISC
 *
 * allow.h - how much one source may have: connections at a time, failed authentications in a row
 *
 * A source is an IPv4 address or an IPv6 /64. Sources beyond the table's limit push out the one unseen longest, and are counted.
 */
#ifndef TOCSIN_INTAKE_ALLOW_H
#define TOCSIN_INTAKE_ALLOW_H

#include <sys/socket.h>

#include "base/str.h"

#define ALLOW_KEY 8
#define ALLOW_FAILS 10                   /* failures a source has for free; one comes back every ALLOW_FAIL_US */
#define ALLOW_FAIL_US INT64_C(5000000)

struct allow_key {
    char bytes[ALLOW_KEY + 1];
};

struct allow;
struct allow *allow_new(size_t connections, size_t per_source); /* NULL without memory */
void allow_free(struct allow *a);
void allow_limits(struct allow *a, size_t connections, size_t per_source);
/* False for what is no internet address: such peers count only towards the total. */
bool allow_key_of(const struct sockaddr_storage *ss, struct allow_key *key);
bool allow_text_key(struct str address, struct allow_key *key); /* "192.0.2.1:40022" */
/* May one more connection come in? Counts it when so; allow_left gives it back. key may be NULL. */
bool allow_enter(struct allow *a, const struct allow_key *key);
void allow_left(struct allow *a, const struct allow_key *key);
size_t allow_count(const struct allow *a);
/* A failed authentication. False when the source has used up its failures: it is told to go away and its connection closed. A good
 * sender behind the same address is not harmed: only failures come here. */
bool allow_fail(struct allow *a, const struct allow_key *key, int64_t now);

#endif
