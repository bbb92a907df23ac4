/* SPDX-License-Identifier: ISC
 *
 * fuzz_codec.c - payloads of frames: what is understood is said again the same way
 *
 * The first byte chooses the kind of frame.
 */
#include <stdlib.h>

#include "link/codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* Packed again it must be understood again, and then packed to the same bytes: one form per meaning. */
#define AGAIN(kind, decode_a, decode_b)                                                                                              \
    do {                                                                                                                             \
        struct kind x, y;                                                                                                            \
        if (!decode_a)                                                                                                               \
            break;                                                                                                                   \
        if (!kind##_encode(&one, &x) || !decode_b || !kind##_encode(&two, &y) || !str_eq(buf_view(&one), buf_view(&two)))            \
            abort();                                                                                                                 \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    struct arena a;
    struct buf one, two;

    if (n == 0)
        return 0;
    struct str in = str_n(p + 1, n - 1);
    arena_init(&a, (size_t)16 << 20);
    buf_init(&one, (size_t)16 << 20);
    buf_init(&two, (size_t)16 << 20);
    switch (p[0] % 8) {
    case 0:
        AGAIN(batch, batch_decode(in, &a, &x), batch_decode(buf_view(&one), &a, &y));
        break;
    case 1:
        AGAIN(delivery, delivery_decode(in, &a, &x), delivery_decode(buf_view(&one), &a, &y));
        break;
    case 2:
        AGAIN(ingest_stats, ingest_stats_decode(in, &x), ingest_stats_decode(buf_view(&one), &y));
        break;
    case 3:
        AGAIN(ack, ack_decode(in, &x), ack_decode(buf_view(&one), &y));
        break;
    case 4:
        AGAIN(carry, carry_decode(in, &x), carry_decode(buf_view(&one), &y));
        break;
    case 5:
        AGAIN(carried, carried_decode(in, &x), carried_decode(buf_view(&one), &y));
        break;
    case 6:
        AGAIN(tally_frame, tally_frame_decode(in, &a, &x), tally_frame_decode(buf_view(&one), &a, &y));
        break;
    default:
        AGAIN(hearing, hearing_decode(in, &x), hearing_decode(buf_view(&one), &y));
    }
    buf_fini(&one);
    buf_fini(&two);
    arena_fini(&a);
    return 0;
}
