/* SPDX-License-Identifier: ISC
 *
 * digest.c - hashes, MACs and the encodings around them
 *
 * libcrypto fails here only when memory is out or it was built without SHA-256: nothing can be signed or chained any more, and a
 * wrong digest would be worse than an end.
 */
#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>

#define SHA256_BLOCK 64

static void must(bool ok) {
    if (!ok)
        abort();
}

struct sha256 *sha256_new(void) {
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    must(ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1);
    return (struct sha256 *)ctx;
}

void sha256_add(struct sha256 *h, const void *p, size_t n) {
    must(n == 0 || EVP_DigestUpdate((EVP_MD_CTX *)h, p, n) == 1);
}

void sha256_end(struct sha256 *h, uint8_t out[SHA256_SIZE]) {
    must(EVP_DigestFinal_ex((EVP_MD_CTX *)h, out, NULL) == 1);
    EVP_MD_CTX_free((EVP_MD_CTX *)h);
}

void sha256_of(struct str s, uint8_t out[SHA256_SIZE]) {
    must(EVP_Digest(s.p ? s.p : "", s.n, out, NULL, EVP_sha256(), NULL) == 1);
}

void hmac_sha256(struct str key, struct str data, uint8_t out[SHA256_SIZE]) {
    hmac_sha256_v(key, &data, 1, out);
}

/* RFC 2104 */
void hmac_sha256_v(struct str key, const struct str *pieces, size_t n, uint8_t out[SHA256_SIZE]) {
    uint8_t k[SHA256_BLOCK] = {0}, pad[SHA256_BLOCK];

    if (key.n > SHA256_BLOCK)
        sha256_of(key, k);
    else if (key.n)
        memcpy(k, key.p, key.n);
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] = k[i] ^ 0x36;
    struct sha256 *h = sha256_new();
    sha256_add(h, pad, sizeof pad);
    for (size_t i = 0; i < n; i++)
        sha256_add(h, pieces[i].p, pieces[i].n);
    sha256_end(h, out);
    for (size_t i = 0; i < sizeof pad; i++)
        pad[i] = k[i] ^ 0x5c;
    h = sha256_new();
    sha256_add(h, pad, sizeof pad);
    sha256_add(h, out, SHA256_SIZE);
    sha256_end(h, out);
    wipe(k, sizeof k);
    wipe(pad, sizeof pad);
}

bool equal_secret(struct str a, struct str b) {
    return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

void hex_of(const void *p, size_t n, char *out) {
    static const char digits[] = "0123456789abcdef";
    const uint8_t *in = p;

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digits[in[i] >> 4];
        out[2 * i + 1] = digits[in[i] & 15];
    }
    out[2 * n] = '\0';
}

static int hex_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool hex_parse(struct str s, uint8_t *out, size_t n) {
    if (s.n / 2 != n || s.n % 2)
        return false;
    for (size_t i = 0; i < n; i++) {
        int hi = hex_digit(s.p[2 * i]), lo = hex_digit(s.p[2 * i + 1]);
        if (hi < 0 || lo < 0)
            return false;
        out[i] = (uint8_t)(hi << 4 | lo);
    }
    return true;
}

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool base64_add(struct buf *b, const void *p, size_t n, size_t wrap) {
    const uint8_t *in = p;
    size_t col = 0;

    for (size_t i = 0; i < n && !b->over; i += 3) {
        size_t have = n - i < 3 ? n - i : 3;
        uint32_t v = (uint32_t)in[i] << 16 | (have > 1 ? (uint32_t)in[i + 1] << 8 : 0) | (have > 2 ? in[i + 2] : 0);
        char four[4] = {base64[v >> 18], base64[v >> 12 & 63], have > 1 ? base64[v >> 6 & 63] : '=',
                        have > 2 ? base64[v & 63] : '='};
        if (wrap && col + 4 > wrap) {
            buf_add(b, "\r\n", 2);
            col = 0;
        }
        buf_add(b, four, 4);
        col += 4;
    }
    return !b->over;
}

static int base64_digit(char c) {
    const char *at = c ? strchr(base64, c) : NULL;

    return at ? (int)(at - base64) : -1;
}

bool base64_parse(struct str s, struct buf *out) {
    if (s.n % 4)
        return false;
    for (; s.n; s = str_sub(s, 4, s.n)) {
        /* padding only at the very end, and the bits it leaves over must be zero: one text for one value */
        size_t pad = s.n > 4 || s.p[3] != '=' ? 0 : s.p[2] == '=' ? 2 : 1;
        uint32_t v = 0;
        for (size_t i = 0; i < 4; i++) {
            int d = i < 4 - pad ? base64_digit(s.p[i]) : 0;
            if (d < 0)
                return false;
            v = v << 6 | (uint32_t)d;
        }
        if ((pad == 1 && v & 0xff) || (pad == 2 && v & 0xffff))
            return false;
        uint8_t three[3] = {(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
        if (!buf_add(out, three, 3 - pad))
            return false;
    }
    return true;
}

void wipe(void *p, size_t n) {
    explicit_bzero(p, n);
}
