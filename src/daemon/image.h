/* SPDX-License-Identifier: ISC
 *
 * image.h - sections of bytes in one block, 8-aligned, and what they are made of
 *
 * "TOCSIMG1", u32 number of sections, u32 ruleset flags, then per section u64 offset, u64 length; all big-endian. A section of trees is u32 count,
 * u32 0, then per tree u64 length and the bytes padded to 8. Who opens an image checks all of it; what is in it is as foreign as a frame.
 */
#ifndef TOCSIN_DAEMON_IMAGE_H
#define TOCSIN_DAEMON_IMAGE_H

#include "base/tree.h"
#include "daemon/config.h"

#define IMAGE_MAX (256u << 20)
#define IMAGE_TREES_MAX 65536

struct image {
    struct str sec[SEC__COUNT]; /* empty when not there */
    uint32_t flags;             /* RULESET_... */
};
bool image_write(const struct image *im, struct buf *out); /* out is empty before; false when it is over */
enum rc image_open(struct str bytes, struct image *im, struct err *e);

struct trees { /* several documents */
    const struct tree **v;
    size_t n;
};
void trees_write(struct tree *const *v, size_t n, struct buf *out);
enum rc trees_open(struct str section, struct trees *out, struct err *e); /* an empty section holds none */
void trees_fini(struct trees *t);

/* Pairs of (name, bytes): zones and secrets. */
void pairs_add(struct buf *b, const char *name, struct str bytes);
/* For struct ruleset_site: ctx is a struct normaliser. */
bool site_derives(const void *ctx, enum field_id id, struct str name);
bool site_needs(const void *ctx, enum field_id id, struct str name, bool (*fits)(void *, struct str),
                void (*add)(void *, struct str, unsigned), void *with);
struct str site_group(const void *ctx, unsigned group, size_t i);
/* The section of placeholders as the rules want it; the file's name without folder and ending is the placeholder's. */
struct lists {
    struct ruleset_list *v; /* to be freed */
    size_t n;
};
const struct ruleset_list *lists_of(struct str section, struct lists *out);
struct str pairs_find(struct str section, const char *name); /* absent when there is none or the section is nonsense */

#endif
