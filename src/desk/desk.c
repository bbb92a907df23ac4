/* SPDX-License-Identifier: ISC
 *
 * desk.c - opens the record, takes a configuration, begins and ends what changes it
 *
 * Takes   the database's path, generations of the configuration.
 * Gives   transactions: a group commit for ingest, one of their own for everything else.
 * Keeps   the correlator, and what must wait for the commit.
 */
#include "desk/desk_live.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static char *copy(const char *s) {
    return s ? strdup(s) : NULL;
}

static void desk_free(struct desk *d) {
    work_free(d);
    lives_free(d->live);
    prints_forget(d);
    correlator_free(d->corr);
    free(d->org_names);
    table_free(d->sources);
    store_close(d->store);
    arena_fini(&d->scratch);
    arena_fini(&d->batch);
    buf_fini(&d->watch);
    free(d->heard);
    free(d->untold);
    free(d->database);
    free(d->domain);
    free(d->tlp);
    free(d);
}

/* The first lines of a new record: tocsin itself and root, who act before anybody has a name. */
static void first_people(struct desk *d, int64_t now) {
    static const struct {
        int64_t id;
        const char *pseudonym, *kind, *login, *display;
    } first[] = {{PRINCIPAL_SYSTEM, "P-tocsin", "system", "tocsin", "tocsin itself"}, {PRINCIPAL_ROOT, "P-root", "root", "root", "Administrator of the machine"}};
    struct line l;
    line_open(&l);
    for (size_t i = 0; i < 2; i++) {
        query_do(d->store, Q_PRINCIPAL_ADD, "iitt", first[i].id, audit_next(d->store), first[i].pseudonym, first[i].kind);
        query_do(d->store, Q_IDENTITY_ADD, "iittnn", first[i].id, audit_next(d->store), first[i].login, first[i].display);
        audit_touch(d->store, REC_principal, first[i].id);
        audit_touch(d->store, REC_principal_identity, first[i].id);
    }
    line_close(d, &l, now, 0, PRINCIPAL_SYSTEM, "record.create", STR(""));
}

static enum rc opening(struct desk *d, int64_t now, struct err *e) {
    enum rc rc = store_begin(d->store, e);
    if (rc)
        return rc;
    if (audit_seq(d->store) == 0)
        first_people(d, now);
    struct line l;
    line_open(&l);
    jw_kv_bool(&l.w, "unclean", store_was_unclean(d->store));
    jw_kv_str(&l.w, "check", store_check(d->store));
    jw_kv_int(&l.w, "schema", store_version(d->store));
    line_close(d, &l, now, 0, PRINCIPAL_SYSTEM, "record.open", STR(""));
    outbox_recover(d, now);
    live_recover(d);
    return store_commit(d->store, e);
}

enum rc desk_open(const struct desk_conf *conf, const struct desk_ops *ops, void *ctx, int64_t now, struct desk **out, struct err *e) {
    struct desk *d = calloc(1, sizeof *d);
    *out = NULL;
    if (!d)
        return err_set(e, RC_NOMEM, "no memory");
    d->conf = *conf;
    if (ops)
        d->ops = *ops;
    d->ctx = ctx;
    arena_init(&d->scratch, 64 << 20);
    arena_init(&d->batch, 64 << 20);
    buf_init(&d->watch, 4 << 20);
    d->database = copy(conf->database ? conf->database : ":memory:");
    d->domain = copy(conf->domain ? conf->domain : "localhost");
    d->tlp = copy(conf->tlp ? conf->tlp : "AMBER+STRICT");
    d->sources = table_new(4096, sizeof(int64_t), NULL, NULL);
    d->live = lives_new();
    enum rc rc = d->database && d->domain && d->tlp && d->sources && d->live ? RC_OK : err_set(e, RC_NOMEM, "no memory");
    if (d->conf.samples <= 0)
        d->conf.samples = 20;
    if (d->conf.max_groups <= 0)
        d->conf.max_groups = 1 << 20;
    d->next_due = now;
    if (!rc)
        rc = store_open(d->database, &d->store, e);
    if (!rc)
        rc = opening(d, now, e);
    if (rc) {
        desk_free(d);
        return rc;
    }
    space_open(d);
    *out = d;
    return RC_OK;
}

void desk_close(struct desk *d, int64_t now) {
    if (!d)
        return;
    struct err e;
    err_clear(&e);
    if (!d->dead && desk_flush(d, now, NULL) == RC_OK)
        heard_save(d);
    if (!d->dead && (desk_flush(d, now, &e) || desk_begin(d, &e))) {
        log_err("desk", "closing: %s", e.text);
    } else if (!d->dead) {
        struct line l;
        live_end(d);
        fold_settle_due(d, now, INT64_MAX, SIZE_MAX);
        windows_picture(d);
        line_open(&l);
        line_close(d, &l, now, 0, PRINCIPAL_SYSTEM, "record.close", STR(""));
        if (desk_end(d, RC_OK, &e))
            log_err("desk", "closing: %s", e.text);
    }
    desk_free(d);
}

/* ---- configuration */

static void config_line(struct desk *d, int64_t now) {
    struct line l;
    line_open(&l);
    int64_t id = query_insert(d->store, Q_CONFIG_ADD, "itsi", audit_next(d->store), "configuration", d->g.digest, now);
    audit_touch(d->store, REC_config_change, id);
    jw_kv_int(&l.w, "generation", d->g.number);
    jw_kv_str(&l.w, "digest", d->g.digest);
    line_close(d, &l, now, 0, PRINCIPAL_SYSTEM, "config.load", STR(""));
}

enum rc desk_configure(struct desk *d, const struct desk_generation *g, int64_t now, struct err *e) {
    enum rc rc = desk_flush(d, now, e);
    if (!rc && d->corr && !(rc = desk_begin(d, e))) {
        windows_picture(d); /* other rules play back no journal */
        live_end(d);
        rc = desk_end(d, RC_OK, e);
    }
    if (rc)
        return rc;
    int64_t *heard = calloc(g->roster ? g->roster->nsources + 1 : 1, sizeof *heard);
    if (!heard)
        return err_set(e, RC_NOMEM, "no memory for the sources");
    heard_save(d);
    struct desk_generation old = d->g;
    d->g = *g;
    if ((rc = desk_begin(d, e)))
        goto out;
    rc = people_reconcile(d, now, e);
    config_line(d, now);
    if ((rc = desk_end(d, rc, e)))
        goto out;
    rc = windows_new(d, e);
    if (rc == RC_OK)
        windows_begin(d, now);
out:
    if (rc) {
        free(heard);
        d->g = old;
        return rc;
    }
    free(d->heard);
    d->heard = heard;
    d->heard_any = false;
    if (!d->configured)
        d->listening = now;
    d->configured = true;
    desk_due_at(d, now);
    return RC_OK;
}

/* ---- transactions */

void desk_due_at(struct desk *d, int64_t at) {
    if (at < d->next_due)
        d->next_due = at;
}

int64_t desk_due(const struct desk *d) {
    return d->next_due;
}

static void watch_out(struct desk *d) {
    struct str all = buf_view(&d->watch), line;
    if (d->ops.watch)
        while (all.n) {
            line = str_cut(&all, '\n');
            d->ops.watch(d->ctx, line);
        }
    buf_reset(&d->watch);
}

/* After an error of the machine nothing in memory may be believed: open again, and take the windows from the record (F4). */
static void after_io_error(struct desk *d) {
    struct err e;
    err_clear(&e);
    d->n.commit_failed++;
    if (store_reopen(d->store, &e) || (d->g.rules && windows_new(d, &e))) {
        d->dead = true;
        log_at(LOG_ALERT_, "desk", "the record cannot be opened again: %s", e.text);
    }
}

/* Rows made in a transaction that failed are not there: nothing may remember their ids. */
void desk_forget_sources(struct desk *d) {
    d->trust.source = 0;
    table_free(d->sources);
    d->sources = table_new(4096, sizeof(int64_t), NULL, NULL);
}

static void forget_changes(struct desk *d) {
    d->rows = 0;
    buf_reset(&d->watch);
    arena_reset(&d->batch);
}

static enum rc commit(struct desk *d, struct err *e) {
    struct err mine;
    err_clear(&mine);
    enum rc rc = store_commit(d->store, &mine);
    if (rc == RC_OK) {
        watch_out(d);
        return RC_OK;
    }
    if (e)
        *e = mine;
    forget_changes(d);
    live_lost(d);
    desk_forget_sources(d);
    if (rc == RC_LIMIT)
        space_full(d);
    if (rc == RC_IO)
        after_io_error(d);
    return rc;
}

static enum rc end_group(struct desk *d, int64_t now, bool all, struct err *e) {
    struct buf folds;
    buf_init(&folds, 8 << 20);
    live_commit(d, now, all, &folds);
    windows_save(d, folds.over ? STR_NONE : buf_view(&folds));
    buf_fini(&folds);
    enum rc rc = commit(d, e);
    if (rc && rc != RC_IO && !d->dead && d->g.rules) { /* the windows in memory counted what the record did not take */
        struct err ignored;
        if (windows_new(d, &ignored))
            d->dead = true;
    }
    forget_changes(d);
    desk_due_at(d, live_due(d));
    return rc;
}

static enum rc flush(struct desk *d, int64_t now, bool all, struct err *e) {
    struct err mine;
    err_clear(&mine);
    enum rc rc = end_group(d, now, all, &mine);
    if (rc) {
        d->broken = mine;
        if (e)
            *e = mine;
    }
    return rc;
}

enum rc desk_flush(struct desk *d, int64_t now, struct err *e) {
    if (d->dead)
        return err_set(e, RC_IO, "the record is closed after an error");
    if (!d->rows && !live_pending(d))
        return RC_OK;
    enum rc rc = store_in_tx(d->store) ? RC_OK : store_begin(d->store, e);
    return rc ? rc : flush(d, now, true, e);
}

enum rc desk_catch_up(struct desk *d, int64_t now, struct err *e) {
    if (d->rows && !d->dead)
        return flush(d, now, false, e);
    return now < live_due(d) ? RC_OK : desk_flush(d, now, e);
}

/* The acknowledgements of the group depend on this answer, whoever ended the transaction. */
enum rc desk_commit(struct desk *d, int64_t now, struct err *e) {
    if (d->rows && !d->dead) {
        if (d->next_due <= now)
            owe_group(d, now);
        outbox_leave(d, flush(d, now, false, NULL) == RC_OK);
    }
    if (d->dead && !d->broken.rc)
        return err_set(e, RC_IO, "the record is closed after an error");
    enum rc rc = d->broken.rc;
    if (rc && e)
        *e = d->broken;
    err_clear(&d->broken);
    return rc;
}

size_t desk_rows(const struct desk *d) {
    return d->rows;
}

enum rc desk_begin(struct desk *d, struct err *e) {
    if (d->dead)
        return err_set(e, RC_IO, "the record is closed after an error");
    arena_reset(&d->scratch);
    enum rc rc = store_begin(d->store, e);
    if (rc && !d->stuck && e) /* once a tick: what waits for the lock waits for all */
        log_warn("desk", "%s", e->text);
    d->stuck = rc != RC_OK;
    if (!rc)
        live_recover(d);
    if (!rc)
        live_flush(d, false); /* every count that people and the schedule look at is there */
    return rc;
}

enum rc desk_end_same(struct desk *d, enum rc rc, struct err *e) {
    if (rc) {
        store_rollback(d->store);
        buf_reset(&d->watch);
        live_lost(d);
        desk_forget_sources(d);
        return rc;
    }
    live_flush(d, false);
    return commit(d, e);
}

enum rc desk_end(struct desk *d, enum rc rc, struct err *e) {
    rc = desk_end_same(d, rc, e);
    live_forget(d); /* whatever it was that changed */
    return rc;
}

/* ---- small questions */

const struct org *desk_org(const struct desk *d, int64_t id) {
    int i = desk_org_index(d, id);
    return i < 0 ? NULL : &d->g.roster->orgs[i];
}

int desk_org_index(const struct desk *d, int64_t id) {
    for (size_t i = 0; d->g.roster && i < d->g.roster->norgs; i++)
        if (d->g.roster->orgs[i].db_id == id)
            return (int)i;
    return -1;
}

const struct person *desk_person(const struct desk *d, int64_t principal) {
    for (size_t i = 0; d->g.roster && principal && i < d->g.roster->npeople; i++)
        if (d->g.roster->people[i].db_id == principal)
            return &d->g.roster->people[i];
    return NULL;
}

bool desk_ready(const struct desk *d) {
    return d->configured && !d->dead && !d->paused;
}

struct str desk_self_check(struct desk *d) {
    return store_check(d->store);
}

void desk_watch(struct desk *d, int64_t now, int64_t org, const char *kind, struct str ref, const char *verb, const char *state, int priority,
                struct str title) {
    const struct org *o = desk_org(d, org);
    if (!d->ops.watch)
        return;
    size_t before = d->watch.n;
    struct jw w;
    jw_init(&w, &d->watch);
    jw_map(&w);
    jw_kv_time(&w, "at", now);
    if (o)
        jw_kv_text(&w, "org", o->slug);
    jw_kv_text(&w, "kind", kind);
    jw_kv_str(&w, "ref", ref);
    jw_kv_text(&w, "verb", verb);
    jw_kv_text(&w, "state", state);
    if (priority) {
        char p[4] = {'P', (char)('0' + priority), '\0'};
        jw_kv_text(&w, "priority", p);
    }
    jw_kv_str(&w, "title", title);
    jw_map_end(&w);
    buf_c(&d->watch, '\n');
    if (d->watch.over) { /* watching must not cost the record anything */
        d->watch.n = before;
        d->watch.over = false;
    }
}
