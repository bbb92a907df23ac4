/* SPDX-License-Identifier: ISC
 *
 * normalise_help.h - files of normalise.d, the shipped ones or a text, and one message made of a program and its words
 */
#ifndef TOCSIN_TEST_NORMALISE_HELP_H
#define TOCSIN_TEST_NORMALISE_HELP_H

#include "unit.h"

#include "base/file.h"
#include "base/tree.h"
#include "parse/body.h"
#include "parse/normalise_file.h"

struct loaded {
    struct tree **docs;
    size_t n;
    struct normaliser *nz;
    struct errs es;
};
static struct message m; /* the one in hand */
static char spare_bytes[4096];
static struct spare spare = {spare_bytes, 0, sizeof spare_bytes};

static inline void load_text(struct loaded *l, const char *file, struct str text) {
    struct err e = {0};

    if (tree_from_yaml(file, text, &l->docs, &l->n, &e) != RC_OK)
        fail_msg("%s: %s", file, e.text);
}

static inline struct loaded *from_text(const char *yaml) {
    struct loaded *l = calloc(1, sizeof *l);

    assert_non_null(l);
    load_text(l, "t.yaml", str_of(yaml));
    normaliser_load((const struct tree *const *)(void *)l->docs, l->n, &l->nz, &l->es);
    return l;
}

static inline struct loaded *shipped(void) {
    const char *src = getenv("srcdir");
    struct loaded *l = calloc(1, sizeof *l);
    char dir[512], path[768];
    struct buf names, text;
    struct err e = {0};
    size_t n;

    assert_non_null(l);
    snprintf(dir, sizeof dir, "%s/etc/normalise.d", src ? src : ".");
    buf_init(&names, 1 << 16);
    if (file_list(dir, ".yaml", &names, &n, &e) != RC_OK)
        fail_msg("%s", e.text);
    const char *p = names.p;
    for (size_t i = 0; i < n; i++, p += strlen(p) + 1) {
        buf_init(&text, 1 << 20);
        snprintf(path, sizeof path, "%s/%s", dir, p);
        assert_int_equal(file_read(path, 1 << 20, &text, &e), RC_OK);
        load_text(l, path, buf_view(&text));
        buf_fini(&text);
    }
    buf_fini(&names);
    if (normaliser_load((const struct tree *const *)(void *)l->docs, l->n, &l->nz, &l->es) != RC_OK)
        fail_msg("%s:%d: %s", l->es.v[0].file, l->es.v[0].line, l->es.v[0].text);
    return l;
}

static inline void unload(struct loaded *l) {
    normaliser_free(l->nz);
    for (size_t i = 0; i < l->n; i++)
        tree_free(l->docs[i]);
    free(l->docs);
    free(l);
}

static inline void run(const struct loaded *l, const char *program, const char *text) {
    memset(&m, 0, sizeof m);
    m.raw = m.msg = m.text = str_of(text);
    m.program = str_of(program);
    m.spare = &spare;
    spare.n = 0;
    normalise(l->nz, &m);
}

static inline struct str got(const char *name) {
    return message_field(&m, field_find(str_of(name)), str_of(name));
}

#endif
