/* SPDX-License-Identifier: ISC
 *
 * backup.c - sqlite3_backup on the writer connection in steps
 *
 * Takes   a file name that is not taken.
 * Gives   the record at the moment of the last step, flushed and renamed into place.
 */
#include "store/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/store_int.h"

struct backup {
    sqlite3 *to;
    sqlite3_backup *b;
    char *file, *part;
    bool done;
};

void backup_close(struct backup *b) {
    if (!b)
        return;
    sqlite3_backup_finish(b->b);
    sqlite3_close(b->to);
    if (!b->done && b->part)
        unlink(b->part);
    free(b->file);
    free(b->part);
    free(b);
}

/* Made empty and ours alone before SQLite opens it: a backup holds everything. */
static enum rc make_part(const struct backup *b, struct err *e) {
    unlink(b->part);
    int fd = open(b->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_set(e, RC_INVALID, "%s: cannot be written (error %d)", b->part, errno);
    close(fd);
    return RC_OK;
}

enum rc backup_open(struct store *s, const char *file, struct backup **out, struct err *e) {
    struct backup *b = calloc(1, sizeof *b);
    size_t n = strlen(file) + 8;
    enum rc rc = RC_OK;
    *out = NULL;
    if (!b || !(b->file = strdup(file)) || !(b->part = malloc(n))) {
        backup_close(b);
        return err_set(e, RC_NOMEM, "no memory");
    }
    snprintf(b->part, n, "%s.part", file);
    if (access(file, F_OK) == 0)
        rc = err_set(e, RC_CONFLICT, "%s: is there already", file);
    if (!rc)
        rc = make_part(b, e);
    if (!rc && sqlite3_open_v2(b->part, &b->to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL) != SQLITE_OK)
        rc = store_sql_error(b->to, SQLITE_CANTOPEN, b->part, e);
    if (!rc && !(b->b = sqlite3_backup_init(b->to, "main", s->db, "main")))
        rc = store_sql_error(b->to, sqlite3_errcode(b->to), "backup", e);
    if (rc) {
        backup_close(b);
        return rc;
    }
    *out = b;
    return RC_OK;
}

static enum rc flush(const char *path, int flags) {
    int fd = open(path, flags | O_CLOEXEC);
    int bad = fd < 0 ? 1 : fsync(fd);
    if (fd >= 0)
        close(fd);
    return bad ? RC_IO : RC_OK;
}

/* The copy must not say that we still run, nor need a log beside it. */
static enum rc finish(struct backup *b, struct err *e) {
    char dir[4096];
    sqlite3_backup_finish(b->b);
    b->b = NULL;
    if (sqlite3_exec(b->to, "PRAGMA journal_mode=DELETE; UPDATE meta SET value='0' WHERE key='running'", NULL, NULL, NULL) != SQLITE_OK)
        return store_sql_error(b->to, sqlite3_errcode(b->to), "finishing the backup", e);
    sqlite3_close(b->to);
    b->to = NULL;
    snprintf(dir, sizeof dir, "%s", b->file);
    char *slash = strrchr(dir, '/');
    if (slash)
        slash[slash == dir] = '\0';
    if (flush(b->part, O_RDONLY) || rename(b->part, b->file) || flush(slash ? dir : ".", O_RDONLY | O_DIRECTORY))
        return err_set(e, RC_IO, "%s: cannot be put in place (error %d)", b->file, errno);
    b->done = true;
    return RC_OK;
}

enum rc backup_step(struct backup *b, int pages, bool *more, struct err *e) {
    int code = sqlite3_backup_step(b->b, pages);
    *more = code == SQLITE_OK || code == SQLITE_BUSY || code == SQLITE_LOCKED;
    if (*more)
        return RC_OK;
    return code == SQLITE_DONE ? finish(b, e) : store_sql_error(b->to, code, "backup", e);
}
