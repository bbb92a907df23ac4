/* SPDX-License-Identifier: ISC
 *
 * refused.c - the rules that a configuration names and that are not in force
 *
 * Takes   mistakes with their places, and the documents.
 * Gives   records that a reader can take one by one.
 */
#include "detect/refused.h"

#include "base/pack.h"

#include <string.h>

#define WORD_MAX 4096

/* The last document of that file that begins at or above the line. */
static const struct tree_node *doc_at(struct tree *const *docs, size_t n, const struct err *e) {
    const struct tree_node *best = NULL;

    for (size_t i = 0; e->line > 0 && i < n; i++) {
        const struct tree_node *root = tree_root(docs[i]);
        if (tree_line(root) <= e->line && strcmp(tree_file(docs[i]), e->file) == 0)
            best = root;
    }
    return best;
}

void refused_add(struct buf *out, struct tree *const *docs, size_t ndocs, const struct err *e) {
    const struct tree_node *root = doc_at(docs, ndocs, e);
    struct buf one;

    buf_init(&one, 64u << 10);
    pack_u8(&one, e->rc == RC_CHECK);
    pack_str(&one, tree_get_text(root, "id"));
    pack_str(&one, tree_get_text(root, "title"));
    pack_str(&one, tree_get_text(root, "level"));
    pack_str(&one, str_of(e->file));
    pack_str(&one, str_of(e->text));
    pack_str(&one, str_of(e->hint));
    pack_u32(&one, e->line > 0 ? (uint32_t)e->line : 0);
    pack_u32(&one, e->col > 0 ? (uint32_t)e->col : 0);
    if (!one.over && out->n + one.n <= REFUSED_BYTES)
        buf_str(out, buf_view(&one));
    buf_fini(&one);
}

bool refused_next(struct str *rest, struct refused *out) {
    struct unpack u;

    *out = (struct refused){0};
    if (!rest->n)
        return false;
    unpack_init(&u, *rest);
    out->sample = unpack_u8(&u) != 0;
    struct str *const v[] = {&out->id, &out->title, &out->level, &out->file, &out->text, &out->hint};
    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        *v[i] = unpack_str(&u, WORD_MAX);
    out->line = unpack_u32(&u);
    out->col = unpack_u32(&u);
    *rest = u.bad ? STR_NONE : str_n(u.p, (size_t)(u.end - u.p));
    return !u.bad;
}
