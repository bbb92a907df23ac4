/* SPDX-License-Identifier: ISC
 *
 * fuzz_http.c - requests in slices the input chooses: the verdict does not depend on the slices, and what is whole is sound
 */
#include <stdlib.h>
#include <string.h>

#include "http/http_parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* 0 whole, -1 wants more, else the status. *used: bytes taken when whole. */
static int run(struct http_parser *hp, struct str in, size_t step, size_t *used) {
    int status = 0;

    for (*used = 0; *used < in.n;) {
        struct str slice = str_sub(in, *used, *used + step), rest = slice;
        enum rc rc = http_parser_feed(hp, &rest, &status);
        *used += slice.n - rest.n;
        if (rc == RC_OK)
            return 0;
        if (rc == RC_INVALID)
            return status >= 400 && status <= 505 ? status : (abort(), 0);
        if (rest.n)
            abort();
    }
    return -1;
}

static void sound(const struct http_parsed *r) {
    if (r->path.n == 0 || r->path.p[0] != '/' || memchr(r->path.p, 0, r->path.n) || str_find(r->path, STR("/../")) != SIZE_MAX)
        abort();
    if (r->nfields > HTTP_HEADERS_MAX || r->body.n > 256 || str_absent(http_field_find(r->fields, r->nfields, "host")))
        abort();
    for (size_t i = 0; i < r->nfields; i++)
        for (size_t k = 0; k < r->fields[i].value.n; k++)
            if ((unsigned char)r->fields[i].value.p[k] < ' ' && r->fields[i].value.p[k] != '\t')
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    static const struct http_limits limits = {.header = 2048, .body = 256};
    struct http_parser *hp = http_parser_new(&limits);
    size_t a, b;

    if (hp && n >= 2) {
        struct str in = str_n(p + 1, n - 1);
        int one = run(hp, in, in.n, &a);
        if (one == 0)
            sound(http_parser_result(hp));
        http_parser_reset(hp);
        int two = run(hp, in, (size_t)(p[0] % 32) + 1, &b);
        if (one != two || (one == 0 && a != b))
            abort();
    }
    http_parser_free(hp);
    return 0;
}
