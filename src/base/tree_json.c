/* SPDX-License-Identifier: ISC
 *
 * tree_json.c - a JSON text as a tree
 *
 * Gives   nodes without lines (json-c forgets them); what does not parse is named with its line by json_check.
 */
#include "base/json.h"
#include "base/tree_build.h"

#include "base/json_check.h"

struct walk {
    struct tree_build b;
    enum rc rc;
};

static const struct tree_mark nowhere;

static enum rc scalar(struct walk *w, const struct json *v) {
    struct buf text;

    if (json_kind(v) == JSON_NULL)
        return tree_build_scalar(&w->b, TREE_NULL, STR(""), false, nowhere);
    buf_init(&text, TREE_TEXT_MAX);
    enum rc rc = json_scalar(v, &text) ? RC_OK : err_set(w->b.e, RC_NOMEM, "out of memory");
    if (rc == RC_OK)
        rc = tree_build_scalar(&w->b, TREE_SCALAR, buf_view(&text), json_kind(v) == JSON_STRING, nowhere);
    buf_fini(&text);
    return rc;
}

static void value(struct walk *w, const struct json *v);

static void member(void *ctx, struct str key, const struct json *v) {
    struct walk *w = ctx;

    if (w->rc == RC_OK)
        w->rc = tree_build_key(&w->b, key, nowhere);
    value(w, v);
}

/* As deep as json_check allows: JSON_DEPTH_MAX. */
static void value(struct walk *w, const struct json *v) {
    enum json_kind k = json_kind(v);

    if (w->rc != RC_OK)
        return;
    if (k != JSON_LIST && k != JSON_MAP) {
        w->rc = scalar(w, v);
        return;
    }
    w->rc = tree_build_open(&w->b, k == JSON_LIST ? TREE_LIST : TREE_MAP, nowhere);
    if (w->rc != RC_OK)
        return;
    if (k == JSON_MAP)
        json_each(v, member, w);
    for (size_t i = 0; k == JSON_LIST && i < json_count(v); i++)
        value(w, json_at(v, i));
    tree_build_close(&w->b);
}

enum rc tree_from_json(const char *file, struct str text, struct tree **out, struct err *e) {
    struct json *root = NULL;
    struct walk w;

    *out = NULL;
    if (e)
        str_copy(e->file, sizeof e->file, str_of(file));
    enum rc rc = json_parse(text, TREE_TEXT_MAX, &root, e);
    if (rc != RC_OK)
        return rc;
    w.rc = tree_build_init(&w.b, file, e);
    value(&w, root);
    if (w.rc == RC_OK)
        w.rc = tree_build_done(&w.b, out);
    tree_build_fini(&w.b);
    json_free(root);
    return w.rc;
}
