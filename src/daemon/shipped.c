/* SPDX-License-Identifier: ISC
 *
 * shipped.c - where the rules, patterns and dialects that came with this program lie
 *
 * Takes   where this program was installed to, and where its file lies.
 * Gives   a folder, for tocsind explain on a machine that has no configuration.
 */
#include <config.h>

#include "daemon/shipped.h"

#include <sys/stat.h>
#include <unistd.h>

#define LEVELS 6 /* build/, build/test/gcc/tests/unit/ and the like */

static bool is_folder(struct str dir, const char *name) {
    struct buf path;
    struct stat st;

    buf_init(&path, 8192);
    buf_str(&path, dir);
    buf_text(&path, name);
    bool yes = !path.over && stat(buf_cstr(&path), &st) == 0 && S_ISDIR(st.st_mode);
    buf_fini(&path);
    return yes;
}

static bool complete(const struct buf *dir) {
    return is_folder(buf_view(dir), "/rules.d") && is_folder(buf_view(dir), "/normalise.d") &&
           is_folder(buf_view(dir), "/dialects.d");
}

/* Cuts the last name off a path; false when there is none left. */
static bool up(struct str *path) {
    while (path->n && path->p[path->n - 1] != '/')
        path->n--;
    if (path->n <= 1)
        return false;
    path->n--;
    return true;
}

bool shipped_folder(struct buf *out) {
    static const char *const installed[] = {TOCSIN_DATADIR, TOCSIN_CONFDIR};
    char self[4096];

    for (size_t i = 0; i < sizeof installed / sizeof installed[0]; i++) {
        buf_reset(out);
        buf_text(out, installed[i]);
        if (complete(out))
            return true;
    }
    ssize_t n = readlink("/proc/self/exe", self, sizeof self);
    struct str at = str_n(self, n > 0 && (size_t)n < sizeof self ? (size_t)n : 0);
    for (int level = 0; level < LEVELS && up(&at); level++) {
        buf_reset(out);
        buf_str(out, at);
        buf_text(out, "/etc");
        if (complete(out))
            return true;
    }
    buf_reset(out);
    return false;
}
