/* SPDX-License-Identifier: ISC
 *
 * fuzz_frame.c - streams cut at places the input chooses: what becomes a message stands in the input, and always progress is made
 *
 * The first byte is the size of the slices; the same bytes in one piece must give the same messages where no NUL is among them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "intake/framing.h"

#define LIMIT 64

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void run(struct str in, size_t step, struct buf *out) {
    struct framing f;
    struct framed m;
    size_t begin = 0;

    framing_init(&f, LIMIT);
    for (size_t have = 0; have < in.n;) {
        have = have + step < in.n ? have + step : in.n;
        for (size_t used;; begin += used) {
            used = framing_next(&f, in.p + begin, have - begin, have == in.n, &m);
            if (used > have - begin || m.bytes.n > LIMIT)
                abort();
            if (m.bytes.p && (m.bytes.p < in.p + begin || m.bytes.p + m.bytes.n > in.p + begin + used || m.bytes.n == 0))
                abort();
            if (m.bytes.p) {
                buf_str(out, m.bytes);
                buf_text(out, m.cut ? "\1!" : "\1|");
            }
            if (used == 0)
                break;
        }
        if (have - begin > LIMIT + 24)
            abort();
    }
    if (begin != in.n)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    struct buf a, b;

    if (n < 2 || n > 65536)
        return 0;
    buf_init(&a, 1 << 22);
    buf_init(&b, 1 << 22);
    struct str in = str_n(p + 1, n - 1);
    run(in, (size_t)p[0] + 1, &a);
    run(in, in.n, &b);
    if (!memchr(in.p, 0, in.n) && !str_eq(buf_view(&a), buf_view(&b)))
        abort();
    buf_fini(&a);
    buf_fini(&b);
    return 0;
}
