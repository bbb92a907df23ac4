/* SPDX-License-Identifier: ISC
 *
 * digest.h - hashes, MACs and the encodings around them (OpenSSL's libcrypto behind one door)
 */
#ifndef TOCSIN_BASE_DIGEST_H
#define TOCSIN_BASE_DIGEST_H

#include "base/buf.h"

#define SHA256_SIZE 32
#define SHA256_HEX 65

struct sha256; /* streaming */
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *h, const void *p, size_t n);
void sha256_end(struct sha256 *h, uint8_t out[SHA256_SIZE]); /* frees h */
void sha256_of(struct str s, uint8_t out[SHA256_SIZE]);
void hmac_sha256(struct str key, struct str data, uint8_t out[SHA256_SIZE]);
/* HMAC over several pieces in turn. */
void hmac_sha256_v(struct str key, const struct str *pieces, size_t n, uint8_t out[SHA256_SIZE]);
bool equal_secret(struct str a, struct str b); /* constant time in the length of a; lengths may leak */
void hex_of(const void *p, size_t n, char *out); /* 2n+1 bytes */
bool hex_parse(struct str s, uint8_t *out, size_t n); /* exactly 2n digits */
bool base64_add(struct buf *b, const void *p, size_t n, size_t wrap); /* wrap: line length for MIME (CRLF), 0 = none */
bool base64_parse(struct str s, struct buf *out);                     /* strict, padding required */
void wipe(void *p, size_t n);

#endif
