/* SPDX-License-Identifier: ISC
 *
 * secrets.c - reads the files that hold secrets and puts each role's into a sealed memory of its own
 *
 * Keeps   nothing: the bytes are wiped here as soon as they stand in the memory of the role that needs them.
 */
#include "daemon/secrets.h"
#include "daemon/image.h"

#include "base/digest.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECRET_MAX 4096
#define SECRETS_MAX (4u << 20)

struct reading {
    struct str dir;
    struct buf of[CONFINE__COUNT];
    struct errs *es;
    bool failed;
};

static void full_name(const struct reading *r, const char *file, struct buf *out) {
    static const char credential[] = "credential:";
    const char *folder = getenv("CREDENTIALS_DIRECTORY");

    if (strncmp(file, credential, sizeof credential - 1) == 0) {
        buf_printf(out, "%s/%s", folder ? folder : "/run/credentials", file + sizeof credential - 1);
        return;
    }
    if (file[0] != '/')
        buf_str(out, r->dir);
    buf_text(out, file);
}

/* file: the node that names it, where a mistake is */
static void add(struct reading *r, enum confined role, const char *prefix, struct str name, const struct tree_node *file) {
    struct buf path, bytes;
    struct err e = {.line = tree_line(file), .col = tree_col(file)};
    char key[256];

    if (tree_kind(file) != TREE_SCALAR)
        return;
    buf_init(&path, 8192);
    buf_init(&bytes, SECRET_MAX);
    buf_add(&bytes, (char[SECRET_MAX]){0}, SECRET_MAX); /* all the room at once: growing would leave copies behind */
    buf_reset(&bytes);
    full_name(r, tree_text(file).p, &path);
    snprintf(key, sizeof key, "%s%.*s", prefix, STR_FMT(name));
    str_copy(e.file, sizeof e.file, str_of(tree_file(tree_of(file))));
    enum rc rc = file_read_secret(buf_cstr(&path), SECRET_MAX, &bytes, &e);
    if (rc == RC_OK && bytes.n == 0)
        rc = err_set(&e, RC_CONFIG, "%s is empty, a secret should stand there", buf_cstr(&path));
    if (rc == RC_OK) {
        pairs_add(&r->of[role], key, buf_view(&bytes));
    } else {
        if (!e.hint[0])
            err_hint(&e, "a file with nothing but the secret, of the user who starts tocsind, mode 0600");
        errs_add(r->es, &e);
        r->failed = true;
    }
    wipe(bytes.p, bytes.p ? bytes.cap : 0);
    buf_fini(&bytes);
    buf_fini(&path);
}

static void collect(struct reading *r, const struct trees *config, const struct trees *roster) {
    const struct tree_node *root = config->n ? tree_root(config->v[0]) : NULL;

    for (const struct tree_node *w = tree_first(tree_get(root, "webhooks")); w; w = tree_next(w))
        add(r, CONFINE_INGEST, "webhook.", tree_get_text(w, "name"), tree_get(w, "secret_file"));
    add(r, CONFINE_NOTIFY, "mail.password", STR(""), tree_get(tree_get(root, "mail"), "password_file"));
    for (size_t i = 0; i < roster->n; i++)
        for (const struct tree_node *p = tree_first(tree_get(tree_root(roster->v[i]), "people")); p; p = tree_next(p))
            add(r, CONFINE_NOTIFY, "person.", tree_get_text(p, "login"), tree_get(p, "webhook_secret_file"));
}

static int sealed(struct reading *r, const struct buf *b) {
    struct err e = {0};
    int fd = fd_sealed("tocsin-secrets", buf_view(b));

    if (fd >= 0)
        return fd;
    err_set(&e, RC_IO, "no sealed memory for secrets");
    errs_add(r->es, &e);
    r->failed = true;
    return -1;
}

static enum rc read_them(const char *path, const struct trees *config, const struct trees *roster, int *fds, struct errs *es) {
    const char *slash = strrchr(path, '/');
    struct reading r = {.dir = slash ? str_n(path, (size_t)(slash - path) + 1) : STR_NONE, .es = es};

    for (int i = 0; i < CONFINE__COUNT; i++)
        buf_init(&r.of[i], SECRETS_MAX);
    collect(&r, config, roster);
    for (int i = 0; i < CONFINE__COUNT; i++) {
        if (fds)
            fds[i] = r.of[i].n && !r.failed ? sealed(&r, &r.of[i]) : -1;
        if (r.of[i].p)
            wipe(r.of[i].p, r.of[i].cap);
        buf_fini(&r.of[i]);
    }
    return r.failed ? RC_CONFIG : RC_OK;
}

enum rc secrets_check(const char *path, const struct trees *config, const struct trees *roster, struct errs *es) {
    return read_them(path, config, roster, NULL, es);
}

enum rc secrets_read(const char *path, const struct generation *g, int fds[CONFINE__COUNT], struct errs *es) {
    struct trees config = {0}, roster = {0};
    struct image im;
    struct err e = {0};
    enum rc rc;

    for (int i = 0; i < CONFINE__COUNT; i++)
        fds[i] = -1;
    if ((rc = image_open(g->image, &im, &e)) != RC_OK || (rc = trees_open(im.sec[SEC_CONFIG], &config, &e)) != RC_OK ||
        (rc = trees_open(im.sec[SEC_ROSTER], &roster, &e)) != RC_OK)
        errs_add(es, &e);
    else
        rc = read_them(path, &config, &roster, fds, es);
    trees_fini(&config);
    trees_fini(&roster);
    return rc;
}
