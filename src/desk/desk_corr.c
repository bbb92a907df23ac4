/* SPDX-License-Identifier: ISC
 *
 * desk_corr.c - correlation windows: in memory, in the record, and when they close
 *
 * Takes   the present rules; the time.
 * Gives   windows as the record knows them; events of what is decided when a window closes.
 * Keeps   what changed them in the transaction that changed them (a journal, and now and then a picture of all). The next close is armed like everything else that is due.
 */
#include "desk/desk_int.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

#define CLOSE_GRACE (2 * US_PER_S) /* what was under way when the window closed still counts */

#define PICTURE_EVERY ((int64_t)8 << 20) /* bytes of journal, or as much as the last picture took if that is more */
#define PICTURE_STEP 4096                /* groups a commit */
#define DROP_STEP 4                      /* rows of what is no longer needed a commit */

/* ---- from the record */

/* What earlier versions left: a row a group. */
static uint64_t restore_rows(struct desk *d, struct correlator *c) {
    uint64_t bad = 0;
    for (bool more = query_row(d->store, Q_WINDOWS, ""); more; more = query_next(d->store, Q_WINDOWS))
        bad += !correlator_restore(c, query_str(d->store, Q_WINDOWS, 0, NULL), query_str(d->store, Q_WINDOWS, 1, NULL), query_str(d->store, Q_WINDOWS, 2, NULL));
    return bad;
}

static uint64_t restore_pieces(struct desk *d, struct correlator *c, enum stmt q, int64_t from) {
    uint64_t bad = 0;
    for (bool more = query_row(d->store, q, "i", from); more; more = query_next(d->store, q))
        bad += !correlator_replay(c, query_str(d->store, q, 0, NULL));
    return bad;
}

/* No number is given twice, whatever is left of the journal. */
void journal_seq(struct desk *d) {
    int64_t last = query_number(d->store, 0, Q_JOURNAL_LAST, "");
    int64_t least = d->windows.first > d->folded_to ? d->windows.first : d->folded_to;
    last = last > least ? last : least;
    d->windows.seq = last > d->windows.seq ? last : d->windows.seq;
}

static void which_picture(struct desk *d) {
    uint64_t picture = 0, first = 0;
    if (query_row(d->store, Q_META_GET, "s", STR("corr.picture"))) {
        struct str v = query_str(d->store, Q_META_GET, 0, NULL), id = str_cut(&v, ':');
        if (!str_u64(id, INT64_MAX, &picture) || !str_u64(v, INT64_MAX, &first))
            picture = first = 0;
        query_end(d->store, Q_META_GET);
    }
    d->windows.picture = (int64_t)picture;
    d->windows.first = (int64_t)first;
    journal_seq(d);
    d->windows.bytes = query_number(d->store, 0, Q_JOURNAL_BYTES, "i", d->windows.first);
    d->windows.taking = 0;
}

static enum rc restore(struct desk *d, struct correlator *c, struct err *e) {
    struct str shapes = STR_NONE;
    uint64_t bad;
    which_picture(d);
    bad = d->windows.picture ? restore_pieces(d, c, Q_PICTURE, d->windows.picture) : restore_rows(d, c);
    if (query_row(d->store, Q_META_GET, "s", STR("corr.shapes"))) {
        shapes = query_str(d->store, Q_META_GET, 0, &d->batch);
        query_end(d->store, Q_META_GET);
    }
    if (!correlator_replay_for(c, shapes))
        return err_set(e, RC_NOMEM, "no memory for correlation windows");
    bad += restore_pieces(d, c, Q_JOURNAL, d->windows.first);
    correlator_replay_end(c);
    if (bad)
        log_note("desk", "%llu correlation windows of rules that are gone were left out", (unsigned long long)bad);
    return store_failed(d->store, e);
}

/* On an error the windows that are there stay: they belong to the rules that stay. ops: what the open transaction counted already. */
static enum rc windows_again(struct desk *d, struct str ops, struct err *e) {
    size_t n = d->g.roster ? d->g.roster->norgs : 0;
    struct str *names = calloc(n + 1, sizeof *names);
    struct correlator *c = correlator_new(d->g.rules, (size_t)d->conf.max_groups);
    enum rc rc = RC_OK;
    if (!c || !names)
        rc = err_set(e, RC_NOMEM, "no memory for correlation windows");
    for (size_t i = 0; !rc && i < n; i++)
        names[i] = str_of(d->g.roster->orgs[i].slug);
    if (!rc) {
        correlator_orgs(c, names, n);
        rc = restore(d, c, e);
    }
    if (rc) {
        correlator_free(c);
        free(names);
        return rc;
    }
    correlator_journal(c, true);
    correlator_ops_carry(c, ops);
    correlator_free(d->corr);
    free(d->org_names);
    d->corr = c;
    d->org_names = names;
    d->windows_said = 0;
    return RC_OK;
}

enum rc windows_new(struct desk *d, struct err *e) {
    return windows_again(d, STR_NONE, e);
}

enum rc windows_undo(struct desk *d) {
    struct buf ops;
    buf_init(&ops, SIZE_MAX / 2);
    correlator_ops_cut(d->corr, d->kept_ops);
    buf_str(&ops, correlator_ops(d->corr));
    enum rc rc = ops.over ? RC_NOMEM : windows_again(d, buf_view(&ops), NULL);
    buf_fini(&ops);
    return rc;
}

void windows_begin(struct desk *d, int64_t now) {
    if (!d->configured) /* nobody listened since the last life ended */
        correlator_resume(d->corr, now);
    correlator_expect(d->corr, now);
    d->windows.shapes_due = true;
}

/* ---- into the record */

static void save_journal(struct desk *d, struct str folds) {
    struct str ops = correlator_ops(d->corr);
    if (ops.n == 0 && folds.n == 0)
        return;
    query_do(d->store, Q_JOURNAL_ADD, "ibb", ++d->windows.seq, ops.n ? ops : STR_NONE, folds.n ? folds : STR_NONE);
    d->windows.bytes += (int64_t)ops.n;
    correlator_ops_cut(d->corr, 0);
}

static void save_shapes(struct desk *d) {
    struct buf b;
    buf_init(&b, 4 << 20);
    correlator_shapes(d->corr, &b);
    query_do(d->store, Q_META_PUT, "ss", STR("corr.shapes"), b.n ? buf_view(&b) : STR(""));
    buf_fini(&b);
    d->windows.shapes_due = false;
}

static void picture_begin(struct desk *d) {
    d->windows.taking = d->windows.picture + 1;
    d->windows.taking_first = d->windows.seq + 1;
    d->windows.taken = 0;
    query_do(d->store, Q_PICTURE_DROP, "iii", d->windows.picture, (int64_t)0, INT64_C(1) << 40); /* of one that never became whole */
    correlator_picture(d->corr);
}

static bool picture_step(struct desk *d, size_t max) {
    bool done;
    char value[48];
    struct str piece = correlator_picture_step(d->corr, max, &done);
    if (str_absent(piece)) { /* too much in one piece: another one begins */
        d->windows.taking = 0;
        return true;
    }
    if (piece.n)
        query_do(d->store, Q_PICTURE_ADD, "ib", d->windows.taking, piece);
    d->windows.taken += (int64_t)piece.n;
    if (!done)
        return false;
    snprintf(value, sizeof value, "%lld:%lld", (long long)d->windows.taking, (long long)d->windows.taking_first);
    query_do(d->store, Q_META_PUT, "ss", STR("corr.picture"), str_of(value));
    query_do(d->store, Q_WINDOWS_DROP, "");
    d->windows.picture = d->windows.taking;
    d->windows.first = d->windows.taking_first;
    d->windows.picture_bytes = d->windows.taken;
    d->windows.bytes = query_number(d->store, 0, Q_JOURNAL_BYTES, "i", d->windows.first);
    d->windows.taking = 0;
    return true;
}

/* All at once, before other rules read it. */
void windows_picture(struct desk *d) {
    if (!d->corr)
        return;
    save_journal(d, STR_NONE);
    if (d->windows.bytes == 0 && d->windows.picture)
        return;
    picture_begin(d);
    while (!picture_step(d, PICTURE_STEP) && !store_failed(d->store, NULL))
        continue;
}

static void save_windows(struct desk *d, struct str folds) {
    if (str_absent(correlator_ops(d->corr))) { /* more than a row may hold, and it says nothing any more */
        correlator_ops_cut(d->corr, 0);
        d->windows.bytes++;
        windows_picture(d);
    }
    save_journal(d, folds);
    if (d->windows.shapes_due)
        save_shapes(d);
    int64_t every = d->windows.picture_bytes > PICTURE_EVERY ? d->windows.picture_bytes : PICTURE_EVERY;
    if (!d->windows.taking && d->windows.bytes > every)
        picture_begin(d);
    if (d->windows.taking)
        picture_step(d, PICTURE_STEP);
    int64_t needed = d->windows.first < d->folded_to ? d->windows.first : d->folded_to;
    query_do(d->store, Q_JOURNAL_DROP, "ii", needed, (int64_t)DROP_STEP);
    if (d->windows.picture > 1)
        query_do(d->store, Q_PICTURE_DROP, "iii", d->windows.picture, d->windows.taking, (int64_t)DROP_STEP);
}

/* Every bound is told of once: from then on its counter says the rest. */
static void say_bounds(struct desk *d) {
    const struct corr_stats *s = correlator_stats(d->corr);
    const struct {
        uint64_t n;
        const char *text;
    } bounds[] = {
        {s->evicted, "there are more correlation groups than max_groups, or they need more memory: those unseen longest are forgotten"},
        {s->bounded, "a correlation window holds more than is kept of it: its oldest sightings make room"},
        {s->late, "sightings came later than correlation windows wait"},
        {s->no_number, "values that a correlation adds up are no numbers: they do not count"},
    };
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++)
        if (bounds[i].n && !(d->windows_said >> i & 1)) {
            d->windows_said |= UINT64_C(1) << i;
            log_warn("desk", "%s (told once; counted in the status)", bounds[i].text);
        }
}

void windows_save(struct desk *d, struct str folds) {
    if (!d->corr)
        return;
    save_windows(d, folds);
    say_bounds(d);
    int64_t due = correlator_due(d->corr);
    if (due < INT64_MAX)
        desk_due_at(d, due + CLOSE_GRACE);
}

struct closing {
    struct desk *d;
    int64_t now;
};

static void on_close(void *ctx, const struct alert *al) {
    struct closing *x = ctx;
    bool made;
    if (al->org >= x->d->g.roster->norgs)
        return;
    int64_t source = people_source(x->d, al->org, "syslog", STR("syslog"), x->now);
    int64_t id = report_alert(x->d, al, source, x->now, &made);
    if (made)
        report_account(x->d, id, x->now);
}

void windows_tick(struct desk *d, int64_t now) {
    struct err e;
    struct closing x = {d, now};
    err_clear(&e);
    if (!d->corr)
        return;
    correlator_expect(d->corr, now); /* anew after the windows had to be taken from the record */
    int64_t due = correlator_due(d->corr);
    if (due >= now - CLOSE_GRACE) {
        if (due < INT64_MAX)
            desk_due_at(d, due + CLOSE_GRACE + 1);
        return;
    }
    if (d->paused || desk_begin(d, &e)) /* nobody can be heard */
        return;
    d->rows++;
    correlator_close(d->corr, now - CLOSE_GRACE, on_close, &x);
    if (desk_flush(d, now, &e))
        log_err("desk", "windows that closed: %s: trying again", e.text);
    err_clear(&d->broken); /* no worker waits for this one */
}
