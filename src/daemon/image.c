/* SPDX-License-Identifier: ISC
 *
 * image.c - sections of bytes in one block, 8-aligned, and what they are made of
 */
#include "daemon/image.h"

#include "base/pack.h"

#include <stdlib.h>
#include <string.h>

#define MAGIC STR("TOCSIMG1")
#define HEAD (16 + 16 * (size_t)SEC__COUNT)

static size_t padded(size_t n) {
    return (n + 7) & ~(size_t)7;
}

static void pad(struct buf *b) {
    static const char zeros[8];

    buf_add(b, zeros, padded(b->n) - b->n);
}

bool image_write(const struct image *im, struct buf *out) {
    uint64_t at = padded(HEAD);

    buf_str(out, MAGIC);
    pack_u32(out, SEC__COUNT);
    pack_u32(out, im->flags);
    for (int i = 0; i < SEC__COUNT; i++) {
        pack_u64(out, at);
        pack_u64(out, im->sec[i].n);
        at += padded(im->sec[i].n);
    }
    for (int i = 0; i < SEC__COUNT; i++) {
        pad(out);
        buf_str(out, im->sec[i]);
    }
    pad(out);
    return !out->over;
}

enum rc image_open(struct str bytes, struct image *im, struct err *e) {
    struct unpack u;

    *im = (struct image){0};
    if (bytes.n < HEAD || !str_starts(bytes, MAGIC) || ((uintptr_t)bytes.p & 7) != 0)
        return err_set(e, RC_INVALID, "this is no configuration image");
    unpack_init(&u, str_sub(bytes, 8, HEAD));
    if (unpack_u32(&u) != SEC__COUNT)
        return err_set(e, RC_INVALID, "the configuration image is of another version of tocsind");
    im->flags = unpack_u32(&u);
    for (int i = 0; i < SEC__COUNT; i++) {
        uint64_t at = unpack_u64(&u), n = unpack_u64(&u);
        if (at > bytes.n || n > bytes.n - at || (at & 7) != 0)
            return err_set(e, RC_INVALID, "section %d of the configuration image lies outside of it", i);
        im->sec[i] = str_n(bytes.p + at, n);
    }
    return RC_OK;
}

void trees_write(struct tree *const *v, size_t n, struct buf *out) {
    pack_u32(out, (uint32_t)n);
    pack_u32(out, 0);
    for (size_t i = 0; i < n; i++) {
        struct str bytes = tree_bytes(v[i]);
        pack_u64(out, bytes.n);
        buf_str(out, bytes);
        pad(out);
    }
}

enum rc trees_open(struct str section, struct trees *out, struct err *e) {
    struct unpack u;
    size_t at = 8;

    *out = (struct trees){NULL, 0};
    if (section.n == 0)
        return RC_OK;
    unpack_init(&u, section);
    size_t n = unpack_u32(&u);
    if (u.bad || n > IMAGE_TREES_MAX)
        return err_set(e, RC_INVALID, "a section of the configuration image holds no documents");
    if (!(out->v = calloc(n + 1, sizeof *out->v)))
        return err_set(e, RC_NOMEM, "out of memory");
    for (; out->n < n; out->n++) {
        unpack_init(&u, str_sub(section, at, section.n));
        uint64_t len = unpack_u64(&u);
        at += 8;
        if (u.bad || len > section.n - at) {
            trees_fini(out);
            return err_set(e, RC_INVALID, "a document of the configuration image is cut off");
        }
        enum rc rc = tree_open(str_n(section.p + at, len), &out->v[out->n], e);
        if (rc != RC_OK) {
            trees_fini(out);
            return rc;
        }
        at += padded(len) < section.n - at ? padded(len) : section.n - at;
    }
    return RC_OK;
}

void trees_fini(struct trees *t) {
    free(t->v);
    *t = (struct trees){NULL, 0};
}

void pairs_add(struct buf *b, const char *name, struct str bytes) {
    pack_str(b, str_of(name));
    pack_str(b, bytes);
}

struct str pairs_find(struct str section, const char *name) {
    struct unpack u;

    unpack_init(&u, section);
    while (u.p < u.end && !u.bad) {
        struct str key = unpack_str(&u, 4096), bytes = unpack_str(&u, IMAGE_MAX);
        if (!u.bad && str_is(key, name))
            return bytes;
    }
    return STR_NONE;
}

bool site_derives(const void *ctx, enum field_id id, struct str name) {
    return normaliser_derives(ctx, id, name);
}

bool site_needs(const void *ctx, enum field_id id, struct str name, bool (*fits)(void *, struct str),
                void (*add)(void *, struct str, unsigned), void *with) {
    return normaliser_needs(ctx, id, name, &(struct normaliser_need){fits, add, with});
}

struct str site_group(const void *ctx, unsigned group, size_t i) {
    return normaliser_group(ctx, group, i);
}

static struct str list_name(struct str path) {
    for (size_t i = path.n; i-- > 0;)
        if (path.p[i] == '/') {
            path = str_sub(path, i + 1, path.n);
            break;
        }
    return str_ends(path, STR(".txt")) ? str_sub(path, 0, path.n - 4) : path;
}

const struct ruleset_list *lists_of(struct str section, struct lists *out) {
    struct unpack u;
    size_t cap = 0;

    *out = (struct lists){NULL, 0};
    unpack_init(&u, section);
    while (u.p < u.end && !u.bad) {
        struct str key = unpack_str(&u, 4096), bytes = unpack_str(&u, IMAGE_MAX);
        if (out->n == cap) {
            struct ruleset_list *more = reallocarray(out->v, cap = cap ? 2 * cap : 16, sizeof *more);
            if (!more)
                break;
            out->v = more;
        }
        if (!u.bad)
            out->v[out->n++] = (struct ruleset_list){list_name(key), bytes};
    }
    return out->v;
}
