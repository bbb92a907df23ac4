/* SPDX-License-Identifier: ISC
 *
 * bundle.c - the files of a configuration as bytes
 *
 * Takes   names out of the configuration; they are the administrator's, so they may lead anywhere he can read.
 * Gives   bytes, unread. A name that is not there is a mistake with the name in its sentence.
 */
#include "daemon/bundle.h"
#include "daemon/shipped.h"

#include "base/file.h"
#include "base/pack.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDERS_DEEP 8

void bundle_add(struct buf *b, enum section kind, const char *name, struct str bytes) {
    pack_u8(b, (uint8_t)kind);
    pack_str(b, str_of(name));
    pack_str(b, bytes);
}

bool bundle_next(struct str *rest, enum section *kind, struct str *name, struct str *bytes, bool *bad) {
    struct unpack u;

    if (rest->n == 0)
        return false;
    unpack_init(&u, *rest);
    uint8_t k = unpack_u8(&u);
    *name = unpack_str(&u, 4096);
    *bytes = unpack_str(&u, BUNDLE_MAX);
    if (u.bad || k >= SEC__COUNT) {
        *bad = true;
        return false;
    }
    *kind = (enum section)k;
    *rest = str_n(u.p, (size_t)(u.end - u.p));
    return true;
}

static enum rc add_file(struct buf *b, enum section kind, const char *path, struct errs *es) {
    struct buf bytes;
    struct err e = {0};

    buf_init(&bytes, BUNDLE_FILE_MAX);
    enum rc rc = file_read(path, BUNDLE_FILE_MAX, &bytes, &e);
    if (rc == RC_OK) {
        bundle_add(b, kind, path, buf_view(&bytes));
        if (b->over)
            rc = err_set(&e, RC_LIMIT, "%s: the configuration has more than %u MiB", path, BUNDLE_MAX >> 20);
    }
    if (rc != RC_OK)
        errs_add(es, &e);
    buf_fini(&bytes);
    return rc == RC_OK ? RC_OK : RC_CONFIG;
}

static enum rc add_folder(struct buf *b, enum section kind, const char *dir, const char *suffix, struct errs *es) {
    struct buf names, path;
    struct err e = {0};
    size_t n = 0;
    enum rc rc;

    buf_init(&names, 1u << 20);
    buf_init(&path, 4096);
    rc = file_list(dir, suffix, &names, &n, &e);
    if (rc != RC_OK)
        errs_add(es, &e);
    const char *p = names.p;
    for (size_t i = 0; rc == RC_OK && i < n; i++, p += strlen(p) + 1) {
        buf_reset(&path);
        buf_printf(&path, "%s/%s", dir, p);
        if (add_file(b, kind, buf_cstr(&path), es) != RC_OK)
            rc = RC_CONFIG;
    }
    buf_fini(&names);
    buf_fini(&path);
    return rc == RC_OK ? RC_OK : RC_CONFIG;
}

static enum rc add_yaml(struct buf *b, enum section kind, const char *dir, struct errs *es) {
    enum rc yml = add_folder(b, kind, dir, ".yml", es), yaml = add_folder(b, kind, dir, ".yaml", es);

    return yml != RC_OK ? yml : yaml;
}

/* Rules of others come in folders of folders. */
static enum rc add_tree(struct buf *b, enum section kind, const char *dir, int depth, struct errs *es) {
    struct buf names, path;
    struct err e = {0};
    size_t n = 0;
    enum rc rc = add_yaml(b, kind, dir, es);

    buf_init(&names, 1u << 20);
    buf_init(&path, 4096);
    if (depth < FOLDERS_DEEP && file_list(dir, "/", &names, &n, &e) != RC_OK)
        errs_add(es, &e);
    const char *p = names.p;
    for (size_t i = 0; i < n; i++, p += strlen(p) + 1) {
        buf_reset(&path);
        buf_printf(&path, "%s/%s", dir, p);
        if (add_tree(b, kind, buf_cstr(&path), depth + 1, es) != RC_OK)
            rc = RC_CONFIG;
    }
    buf_fini(&names);
    buf_fini(&path);
    return rc;
}

static enum rc add_named(struct buf *b, enum section kind, const char *path, struct errs *es) {
    struct stat st;

    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return add_file(b, kind, path, es);
    if (kind == SEC_LISTS)
        return add_folder(b, kind, path, "", es);
    return kind == SEC_RULES ? add_tree(b, kind, path, 0, es) : add_yaml(b, kind, path, es);
}

static enum rc add_list(struct buf *b, enum section kind, const char *path, const struct opt_strs *names, struct errs *es) {
    const char *slash = path ? strrchr(path, '/') : NULL;
    struct str dir = slash ? str_n(path, (size_t)(slash - path) + 1) : STR_NONE;
    struct buf full;
    enum rc rc = RC_OK;

    buf_init(&full, 4096);
    for (size_t i = 0; i < names->n; i++) {
        buf_reset(&full);
        if (names->v[i][0] != '/')
            buf_str(&full, dir);
        buf_text(&full, names->v[i]);
        if (add_named(b, kind, buf_cstr(&full), es) != RC_OK)
            rc = RC_CONFIG;
    }
    buf_fini(&full);
    return rc;
}

void bundle_zone(struct buf *b) {
    struct buf zone;

    buf_init(&zone, 1u << 20);
    if (file_read("/etc/localtime", 1u << 20, &zone, NULL) == RC_OK) /* without one the machine's zone is UTC */
        bundle_add(b, SEC_ZONES, "", buf_view(&zone));
    buf_fini(&zone);
}

enum rc bundle_config(const char *path, struct buf *b, struct errs *es) {
    enum rc rc = add_file(b, SEC_CONFIG, path, es);

    bundle_zone(b);
    return rc;
}

/* The table in the configuration's folder, else the one that came with this program: somebody who never heard of it has one too. */
static enum rc usual_sources(const char *path, struct buf *b, struct errs *es) {
    static char name[] = "logsources.yaml";
    char *names[] = {name};
    const struct opt_strs one = {names, 1};
    const char *slash = strrchr(path, '/');
    struct buf full;
    enum rc rc = RC_OK;

    buf_init(&full, 8192);
    buf_str(&full, slash ? str_n(path, (size_t)(slash - path) + 1) : STR(""));
    buf_text(&full, name);
    bool here = access(buf_cstr(&full), F_OK) == 0;
    buf_reset(&full);
    if (!here && shipped_folder(&full))
        buf_c(&full, '/');
    if (here || full.n)
        rc = add_list(b, SEC_SOURCES, here ? path : buf_cstr(&full), &one, es);
    buf_fini(&full);
    return rc;
}

enum rc bundle_files(const char *path, const struct paths_conf *files, struct buf *b, struct errs *es) {
    const struct {
        enum section kind;
        const struct opt_strs *names;
    } all[] = {
        {SEC_ROSTER, &files->roster},       {SEC_POLICY, &files->policy},     {SEC_RULES, &files->rules},
        {SEC_NORMALISE, &files->normalise}, {SEC_DIALECTS, &files->dialects},
        {SEC_SOURCES, &files->logsources},  {SEC_LISTS, &files->placeholders},
    };
    enum rc rc = RC_OK;

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (add_list(b, all[i].kind, path, all[i].names, es) != RC_OK)
            rc = RC_CONFIG;
    return files->logsources.n || usual_sources(path, b, es) == RC_OK ? rc : RC_CONFIG;
}

enum rc bundle_rules(const struct opt_strs *extra, struct buf *b, struct errs *es) {
    return extra ? add_list(b, SEC_RULES, NULL, extra, es) : RC_OK;
}
