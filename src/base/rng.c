/* SPDX-License-Identifier: ISC
 *
 * rng.c - getrandom(2), asked until it has given everything
 */
#include "base/rng.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void rng_bytes(void *out, size_t n) {
    unsigned char *p = out;

    while (n) {
        ssize_t got = getrandom(p, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            abort();
        p += got;
        n -= (size_t)got;
    }
}

uint64_t rng_u64(void) {
    uint64_t v;

    rng_bytes(&v, sizeof v);
    return v;
}

void rng_hex(char *out, size_t bytes) {
    static const char digits[] = "0123456789abcdef";

    /* drawn into the second half, spread from the front: a digit never lands on a byte not yet read */
    rng_bytes(out + bytes, bytes);
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)out[bytes + i];
        out[2 * i] = digits[c >> 4];
        out[2 * i + 1] = digits[c & 15];
    }
    out[2 * bytes] = '\0';
}
