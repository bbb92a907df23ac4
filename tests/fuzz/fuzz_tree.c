/* SPDX-License-Identifier: ISC
 *
 * fuzz_tree.c - whatever image tree_open accepts can be walked to its end; the rest of the bytes goes through every reader of pack.h,
 * the zone tables and the escapes
 */
#include "base/esc.h"
#include "base/pack.h"
#include "base/tree.h"
#include "base/zone.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static size_t walk(const struct tree_node *n, int depth) {
    size_t sum = tree_text(n).n + tree_key(n).n;

    if (depth > 65)
        abort();
    for (const struct tree_node *kid = tree_first(n); kid; kid = tree_next(kid))
        sum += walk(kid, depth + 1);
    return sum + 1;
}

static void image(struct str s) {
    const struct tree *t = NULL;
    void *aligned = malloc(s.n ? s.n : 1);

    if (aligned && s.n) {
        memcpy(aligned, s.p, s.n);
        if (tree_open(str_n(aligned, s.n), &t, NULL) == RC_OK && walk(tree_root(t), 0) == 0)
            abort();
    }
    free(aligned);
}

static void packed(struct str s) {
    struct unpack u;

    unpack_init(&u, s);
    while (!u.bad && u.p < u.end) {
        unpack_varint(&u);
        unpack_svarint(&u);
        unpack_str(&u, 1000);
        unpack_u16(&u);
        unpack_i64(&u);
    }
}

static void zone(struct str s) {
    struct zone *z = zone_parse(s);
    struct civil c = {2027, 3, 28, 2, 30, 0, 0};

    if (!z)
        return;
    zone_from_us(z, zone_to_us(z, &c), &c);
    c.year = 9999;
    zone_to_us(z, &c);
    zone_offset(z, INT64_MIN);
    zone_offset(z, INT64_MAX);
    zone_free(z);
}

static void escapes(struct str s) {
    static bool (*const sinks[])(struct buf * b, struct str s) = {esc_term, esc_quoted, esc_html,  esc_csv,
                                                                  esc_tsv,  esc_json,   esc_header};
    struct buf b;

    buf_init(&b, SIZE_MAX);
    for (size_t i = 0; i < sizeof sinks / sizeof *sinks; i++) {
        buf_reset(&b);
        if (!sinks[i](&b, s) || !str_utf8(buf_view(&b)))
            abort();
        for (size_t k = 0; k < b.n; k++)
            if ((unsigned char)b.p[k] < 0x20 && !(sinks[i] == esc_header && (b.p[k] == '\r' || b.p[k] == '\n')))
                abort();
    }
    buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    struct str s = str_n(p, n);

    image(s);
    packed(s);
    zone(s);
    escapes(s);
    return 0;
}
