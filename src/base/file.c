/* SPDX-License-Identifier: ISC
 *
 * file.c - whole files in and out, descriptors, directories
 *
 * Takes   paths of the operator's, not of strangers'.
 * Gives   sentences that name the path and what the kernel said.
 */
#include "base/file.h"

#include "base/rng.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static enum rc failed(struct err *e, const char *what, const char *path) {
    int no = errno;
    char why[128];

    return err_set(e, no == ENOENT ? RC_NOTFOUND : RC_IO, "cannot %s %s: %s", what, path, strerror_r(no, why, sizeof why));
}

static enum rc read_named(int fd, const char *path, size_t max, struct buf *out, struct err *e) {
    char chunk[16384];
    size_t total = 0;

    for (;;) {
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(e, "read", path);
        if (n == 0)
            return RC_OK;
        total += (size_t)n;
        if (total > max)
            return err_set(e, RC_LIMIT, "%s has more than %zu bytes", path, max);
        if (!buf_add(out, chunk, (size_t)n))
            return err_set(e, RC_NOMEM, "no room to read %s", path);
    }
}

enum rc file_read_fd(int fd, size_t max, struct buf *out, struct err *e) {
    return read_named(fd, "the file", max, out, e);
}

/* O_NONBLOCK: a FIFO in a configuration directory must not hold up the start */
static int open_regular(const char *path, struct stat *st, struct err *e, enum rc *rc) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 || fstat(fd, st) != 0) {
        *rc = failed(e, "open", path);
    } else if (!S_ISREG(st->st_mode)) {
        *rc = err_set(e, RC_INVALID, "%s is not a regular file", path);
    } else {
        return fd;
    }
    if (fd >= 0)
        close(fd);
    return -1;
}

enum rc file_read(const char *path, size_t max, struct buf *out, struct err *e) {
    struct stat st;
    enum rc rc = RC_OK;
    int fd = open_regular(path, &st, e, &rc);

    if (fd < 0)
        return rc;
    rc = read_named(fd, path, max, out, e);
    close(fd);
    return rc;
}

enum rc file_read_secret(const char *path, size_t max, struct buf *out, struct err *e) {
    struct stat st;
    enum rc rc = RC_OK;
    int fd = open_regular(path, &st, e, &rc);
    size_t before = out->n;

    if (fd < 0)
        return rc;
    /* a credential of systemd is root:root 0440 to the eye, its ACL says who */
    unsigned others = st.st_uid == 0 && st.st_gid == 0 ? 037 : 077;
    if (st.st_mode & others) {
        rc = err_set(e, RC_DENIED, "%s holds a secret and can be read by others (mode %03o)", path, (unsigned)st.st_mode & 0777);
        err_hint(e, "chmod 600 %s", path);
    } else if (st.st_uid != 0 && st.st_uid != geteuid()) {
        rc = err_set(e, RC_DENIED, "%s holds a secret and belongs to another user (uid %u)", path, (unsigned)st.st_uid);
    } else {
        rc = read_named(fd, path, max, out, e);
    }
    close(fd);
    if (rc == RC_OK && out->n > before && out->p[out->n - 1] == '\n')
        out->n--;
    return rc;
}

enum rc fd_write_all(int fd, struct str bytes, struct err *e) {
    while (bytes.n) {
        ssize_t n = write(fd, bytes.p, bytes.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed(e, "write", "the file");
        bytes = str_sub(bytes, (size_t)n, bytes.n);
    }
    return RC_OK;
}

static enum rc sync_dir_of(const char *path, struct err *e) {
    const char *slash = strrchr(path, '/');
    char *dir = slash ? str_dup(str_n(path, slash == path ? 1 : (size_t)(slash - path))) : str_dup(STR("."));
    if (!dir)
        return err_set(e, RC_NOMEM, "out of memory");
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum rc rc = fd < 0 || fsync(fd) != 0 ? failed(e, "sync", dir) : RC_OK;

    if (fd >= 0)
        close(fd);
    free(dir);
    return rc;
}

static enum rc write_temp(int fd, const char *temp, const char *path, struct str bytes, unsigned mode, struct err *e) {
    enum rc rc = fd_write_all(fd, bytes, e);

    if (rc == RC_OK && (fchmod(fd, mode) != 0 || fsync(fd) != 0))
        rc = failed(e, "write", path);
    if (close(fd) != 0 && rc == RC_OK)
        rc = failed(e, "write", path);
    if (rc == RC_OK && rename(temp, path) != 0)
        rc = failed(e, "replace", path);
    if (rc != RC_OK)
        unlink(temp);
    return rc;
}

enum rc file_write(const char *path, struct str bytes, unsigned mode, struct err *e) {
    char temp[4096], salt[17];

    rng_hex(salt, 8);
    if (snprintf(temp, sizeof temp, "%s.%s", path, salt) >= (int)sizeof temp)
        return err_set(e, RC_INVALID, "the path is too long");
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return failed(e, "create", temp);
    enum rc rc = write_temp(fd, temp, path, bytes, mode, e);
    return rc == RC_OK ? sync_dir_of(path, e) : rc;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Regular files and links to them, or folders and no links to them (a link may lead up); "." files are an editor's. */
static bool listed(int dirfd, const char *name, struct str suffix) {
    struct stat st;

    if (str_is(suffix, "/"))
        return name[0] != '.' && fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
    return name[0] != '.' && str_ends(str_of(name), suffix) && fstatat(dirfd, name, &st, 0) == 0 && S_ISREG(st.st_mode);
}

enum rc file_list(const char *dir, const char *suffix, struct buf *out, size_t *count, struct err *e) {
    DIR *d = opendir(dir);
    char **names = NULL;
    size_t n = 0, room = 0;
    enum rc rc = RC_OK;

    *count = 0;
    if (!d)
        return failed(e, "open the directory", dir);
    for (struct dirent *entry; rc == RC_OK && (entry = readdir(d));) {
        if (!listed(dirfd(d), entry->d_name, str_of(suffix)))
            continue;
        if (n == room) {
            room = room ? room * 2 : 64;
            char **more = reallocarray(names, room, sizeof *names);
            if (!more) {
                rc = RC_NOMEM;
                break;
            }
            names = more;
        }
        if (!(names[n] = str_dup(str_of(entry->d_name))))
            rc = RC_NOMEM;
        else
            n++;
    }
    if (n)
        qsort(names, n, sizeof *names, by_name);
    for (size_t i = 0; i < n; i++) {
        if (rc == RC_OK && !buf_add(out, names[i], strlen(names[i]) + 1))
            rc = RC_NOMEM;
        free(names[i]);
    }
    free(names);
    closedir(d);
    *count = rc == RC_OK ? n : 0;
    return rc == RC_OK ? RC_OK : err_set(e, rc, "no memory to list %s", dir);
}

int fd_sealed(const char *name, struct str bytes) {
    int fd = fd_memfd(name);

    if (fd >= 0 && (fd_write_all(fd, bytes, NULL) != RC_OK || fd_seal(fd, NULL) != RC_OK)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

enum rc fd_nonblock(int fd, struct err *e) {
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ? failed(e, "set O_NONBLOCK on", "a descriptor") : RC_OK;
}

int fd_memfd(const char *name) {
    return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

enum rc fd_seal(int memfd, struct err *e) {
    return fcntl(memfd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0
               ? failed(e, "seal", "the image")
               : RC_OK;
}
