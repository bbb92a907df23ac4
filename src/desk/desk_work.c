/* SPDX-License-Identifier: ISC
 *
 * desk_work.c - long work in slices between commits: verify, backup
 *
 * Takes   one job at a time.
 * Gives   its answer through `done`; a slice is a few milliseconds, so that acknowledgements do not wait for it.
 */
#include <stdlib.h>
#include <string.h>

#include "desk/desk_int.h"
#include "store/backup.h"
#include "store/verify.h"

#define VERIFY_SLICE 128 /* rows */
#define BACKUP_SLICE 64  /* pages */

struct work {
    struct verify *verify;
    struct backup *backup;
    char *file;
    desk_done_fn done;
    void *ctx;
    int64_t actor, org;
};

static void work_end(struct desk *d, enum rc rc, struct str json, const struct err *e) {
    struct work *w = d->work;
    d->work = NULL; /* done may ask for the next job */
    verify_free(w->verify);
    backup_close(w->backup);
    free(w->file);
    if (w->done)
        w->done(w->ctx, rc, json, e);
    free(w);
}

void work_free(struct desk *d) {
    struct err e;
    err_clear(&e);
    if (d->work)
        work_end(d, err_set(&e, RC_BUSY, "the daemon is stopping"), STR("{}"), &e);
}

bool desk_busy(const struct desk *d) {
    return d->work != NULL;
}

static void audited(struct desk *d, const struct work *w, const char *action, bool ok, int64_t now) {
    struct err e;
    struct line l;
    if (desk_begin(d, &e))
        return;
    line_open(&l);
    jw_kv_bool(&l.w, "ok", ok);
    line_close(d, &l, now, 0, w->actor, action, STR(""));
    desk_end(d, RC_OK, &e);
}

static void verified(struct desk *d, int64_t now) {
    const struct verify_result *r = verify_result(d->work->verify);
    struct buf b;
    struct jw w;
    struct err e;
    err_clear(&e);
    buf_init(&b, 4096);
    jw_init(&w, &b);
    jw_map(&w);
    jw_kv_bool(&w, "intact", r->intact);
    jw_kv_int(&w, "rows", r->rows);
    jw_kv_int(&w, "payloads", r->payloads);
    jw_kv_int(&w, "erased", r->erased);
    jw_kv_int(&w, "records", r->records);
    jw_kv_text(&w, "first_bad", r->intact ? NULL : r->first_bad);
    jw_kv_text(&w, "head", r->head);
    jw_map_end(&w);
    enum rc rc = r->intact ? RC_OK : err_set(&e, RC_CHECK, "not intact: %s", r->first_bad);
    audited(d, d->work, "record.verify", r->intact, now);
    work_end(d, rc, buf_view(&b), &e);
    buf_fini(&b);
}

static void backed_up(struct desk *d, enum rc rc, const struct err *e, int64_t now) {
    struct buf b;
    struct jw w;
    buf_init(&b, 8192);
    jw_init(&w, &b);
    jw_map(&w);
    jw_kv_text(&w, "file", d->work->file);
    jw_kv_bool(&w, "done", rc == RC_OK);
    jw_map_end(&w);
    audited(d, d->work, "record.backup", rc == RC_OK, now);
    work_end(d, rc, buf_view(&b), e);
    buf_fini(&b);
}

/* One slice. true: there is more. */
bool work_step(struct desk *d, int64_t now) {
    struct work *w = d->work;
    struct err e;
    bool more = false;
    err_clear(&e);
    if (!w)
        return false;
    if (w->verify) {
        if (verify_step(w->verify, VERIFY_SLICE))
            return true;
        verified(d, now);
    } else {
        enum rc rc = backup_step(w->backup, BACKUP_SLICE, &more, &e);
        if (!rc && more)
            return true;
        backed_up(d, rc, &e, now);
    }
    return d->work != NULL;
}

static enum rc work_new(struct desk *d, const struct actor *who, int64_t now, desk_done_fn done, void *ctx, struct err *e) {
    struct act a = {.who = who};
    if (d->work)
        return err_set(e, RC_BUSY, "a verification or a backup is under way");
    enum rc rc = desk_flush(d, now, e);
    if (rc)
        return rc;
    d->work = calloc(1, sizeof *d->work);
    if (!d->work)
        return err_set(e, RC_NOMEM, "no memory");
    d->work->done = done;
    d->work->ctx = ctx;
    d->work->actor = act_actor(&a);
    desk_due_at(d, now);
    return RC_OK;
}

static enum rc failed(struct desk *d, enum rc rc) {
    free(d->work->file);
    free(d->work);
    d->work = NULL;
    return rc;
}

enum rc desk_verify(struct desk *d, const struct actor *who, int64_t now, desk_done_fn done, void *ctx, struct err *e) {
    enum rc rc = work_new(d, who, now, done, ctx, e);
    if (rc)
        return rc;
    d->work->verify = verify_open(d->store);
    return d->work->verify ? RC_OK : failed(d, err_set(e, RC_NOMEM, "no memory"));
}

enum rc desk_backup(struct desk *d, const struct actor *who, const char *file, int64_t now, desk_done_fn done, void *ctx, struct err *e) {
    enum rc rc = work_new(d, who, now, done, ctx, e);
    if (rc)
        return rc;
    d->work->file = strdup(file);
    rc = d->work->file ? backup_open(d->store, file, &d->work->backup, e) : err_set(e, RC_NOMEM, "no memory");
    return rc ? failed(d, rc) : RC_OK;
}
