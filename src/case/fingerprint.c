/* SPDX-License-Identifier: ISC
 *
 * fingerprint.c - what makes two sightings the same event, and what the event is called
 *
 * Takes   the rule, the organisation, the names of the entity fields, the fields of the sighting.
 * Gives   32 hex digits; a title on one line in which nothing of a stranger can pretend to be ours.
 * Keeps   nothing. Each piece is hashed with its length, so that no two lists of pieces read the same.
 */
#include "case/assess.h"

#include "base/digest.h"
#include "base/esc.h"

#define VALUE_MAX 80
#define TITLE_MAX 200

static const struct field *find(struct str name, const struct field *fields, size_t nfields) {
    enum field_id id = field_find(name);

    for (size_t i = 0; i < nfields; i++)
        if (fields[i].id == id && (id != F_OTHER || str_eq(fields[i].name, name)))
            return &fields[i];
    return NULL;
}

static void hash_piece(struct sha256 *h, struct str s) {
    unsigned char len[4] = {(unsigned char)(s.n >> 24), (unsigned char)(s.n >> 16), (unsigned char)(s.n >> 8),
                            (unsigned char)s.n};

    sha256_add(h, len, sizeof len);
    sha256_add(h, s.p, s.n);
}

void fingerprint_of(struct str rule, struct str org, const struct str *names, size_t n, const struct field *fields,
                    size_t nfields, char out[33]) {
    struct sha256 *h = sha256_new();
    uint8_t digest[SHA256_SIZE];

    hash_piece(h, rule);
    hash_piece(h, org);
    for (size_t i = 0; i < n; i++) {
        const struct field *f = find(names[i], fields, nfields);
        enum field_id id = field_find(names[i]);

        if (!f)
            continue;
        hash_piece(h, id == F_OTHER ? names[i] : str_of(field_name(id))); /* an alias names the same entity */
        hash_piece(h, f->value);
    }
    sha256_end(h, digest);
    hex_of(digest, 16, out);
}

/* Cuts at max bytes, never inside a UTF-8 sequence. */
static void add_cut(struct buf *b, struct str s, size_t max) {
    size_t n = s.n;

    if (n > max) {
        n = max - 3;
        while (n && ((unsigned char)s.p[n] & 0xc0) == 0x80)
            n--;
    }
    buf_str(b, str_sub(s, 0, n));
    if (n < s.n)
        buf_text(b, "...");
}

static void add_value(struct buf *b, const struct field *f) {
    struct buf safe;

    if (!f || f->value.n == 0) {
        buf_c(b, '?');
        return;
    }
    buf_init(&safe, 8 * VALUE_MAX);
    esc_term(&safe, str_sub(f->value, 0, VALUE_MAX + 1)); /* the one too many tells add_cut to say so */
    add_cut(b, buf_view(&safe), VALUE_MAX);
    buf_fini(&safe);
}

void title_render(struct str pattern, const struct field *fields, size_t nfields, struct buf *out) {
    struct buf whole;

    buf_init(&whole, 64 * 1024);
    while (pattern.n) {
        size_t open = str_chr(pattern, '{'), close = str_chr(pattern, '}');

        if (open == SIZE_MAX || close == SIZE_MAX || close < open) {
            esc_term(&whole, pattern);
            break;
        }
        esc_term(&whole, str_sub(pattern, 0, open));
        add_value(&whole, find(str_sub(pattern, open + 1, close), fields, nfields));
        pattern = str_sub(pattern, close + 1, pattern.n);
    }
    add_cut(out, buf_view(&whole), TITLE_MAX);
    buf_fini(&whole);
}
