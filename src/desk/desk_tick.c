/* SPDX-License-Identifier: ISC
 *
 * desk_tick.c - the schedule: what is due is done, and the next time is given
 *
 * Takes   now.
 * Gives   ladders climbed, notices handed out, folds settled, silence noticed, what is old forgotten, a slice of long work.
 * Keeps   nothing that the record does not keep.
 */
#include <string.h>

#include "base/log.h"
#include "desk/desk_live.h"

#define HOUSEKEEPING US_PER_MIN
#define PENDING_KEPT US_PER_DAY    /* raws that no correlation claimed */
#define DELIVERY_KEPT (7 * US_PER_DAY)
#define EXPIRE_GROUPS 4096

static int64_t earliest(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static void settle(struct desk *d, int64_t now) {
    struct err e;
    err_clear(&e);
    if (query_number(d->store, INT64_MAX, Q_FOLD_FIRST, "") > now - OBSERVED_EVERY || desk_begin(d, &e))
        return;
    fold_settle_due(d, now, now - OBSERVED_EVERY, 32); /* the rest at once after the next commit */
    if (desk_end_same(d, RC_OK, &e))
        log_err("desk", "observed: %s: trying again", e.text);
}

static void expire(struct desk *d, int64_t now) {
    struct err e;
    err_clear(&e);
    if (now - d->expired_at < HOUSEKEEPING)
        return;
    d->expired_at = now;
    if (desk_begin(d, &e))
        return;
    query_do(d->store, Q_RAW_EXPIRE, "i", now - PENDING_KEPT);
    query_do(d->store, Q_DELIVERY_EXPIRE, "i", now - DELIVERY_KEPT);
    query_do(d->store, Q_REQUEST_EXPIRE, "i", now - REQUEST_KEPT);
    if (desk_end_same(d, RC_OK, &e))
        log_err("desk", "housekeeping: %s", e.text);
    if (d->corr)
        correlator_expire(d->corr, now, EXPIRE_GROUPS); /* what drained is dropped from the record with the next group */
}

/* ---- nobody decided in time: an event of P3 that nobody has even claimed escalates as if it were P2 (process.md 2.1) */

static void overdue(struct desk *d, int64_t now) {
    int64_t ids[64], limit = d->g.policy->targets[3].decide;
    struct err e;
    size_t n = 0;
    err_clear(&e);
    if (now - d->overdue_at < HOUSEKEEPING || limit <= 0)
        return;
    d->overdue_at = now;
    if (!query_row(d->store, Q_EVENTS_OVERDUE, "ii", INT64_C(3), now - limit))
        return;
    query_end(d->store, Q_EVENTS_OVERDUE);
    if (desk_begin(d, &e))
        return;
    for (bool more = query_row(d->store, Q_EVENTS_OVERDUE, "ii", INT64_C(3), now - limit); more; more = query_next(d->store, Q_EVENTS_OVERDUE))
        ids[n++] = query_int(d->store, Q_EVENTS_OVERDUE, 0);
    for (size_t i = 0; i < n; i++) {
        struct event ev;
        struct line l;
        if (!rows_event_load(d->store, ids[i], &d->scratch, &ev))
            continue;
        owe_ladder(d, "event", ev.id, ev.org_id, 2, now);
        line_open(&l);
        jw_kv_text(&l.w, "text", "nobody decided in time: it escalates as if it were P2");
        line_close(d, &l, now, ev.org_id, PRINCIPAL_SYSTEM, "event.overdue", ev.ref);
    }
    if (desk_end(d, RC_OK, &e))
        log_err("desk", "overdue events: %s: trying again", e.text);
}

/* ---- the whole */

int64_t desk_tick(struct desk *d, int64_t now) {
    /* each waits for the record as long as SQLite does: when one waited in vain the others need not, and ingest is heard in between */
    static void (*const steps[])(struct desk *d, int64_t now) = {space_tick, silent_tick, windows_tick, overdue, deadline_tick,
                                                                owe_tick,   outbox_tick, settle,       expire};
    d->next_due = now + 10 * US_PER_S; /* free space and silence are looked at this often */
    if (d->dead || !d->configured || desk_catch_up(d, now, NULL))
        return d->next_due;
    d->stuck = false;
    for (size_t i = 0; i < sizeof steps / sizeof *steps && !d->stuck; i++)
        steps[i](d, now);
    if (!d->stuck && work_step(d, now))
        desk_due_at(d, now);
    if (d->dead)
        return d->next_due;
    int64_t due = query_number(d->store, INT64_MAX, Q_LADDER_FIRST, "");
    if (d->ops.carry && query_number(d->store, 0, Q_NOTICES_SENDING_COUNT, "") < IN_FLIGHT_MAX)
        due = earliest(due, query_number(d->store, INT64_MAX, Q_NOTICE_FIRST, ""));
    int64_t fold = query_number(d->store, INT64_MAX, Q_FOLD_FIRST, "");
    if (fold < INT64_MAX)
        due = earliest(due, fold + OBSERVED_EVERY);
    desk_due_at(d, earliest(due, live_due(d)));
    return d->next_due;
}
