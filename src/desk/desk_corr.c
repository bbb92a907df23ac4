/* SPDX-License-Identifier: ISC
 *
 * desk_corr.c - correlation windows: in memory, in the record, and when they close
 *
 * Takes   the present rules; the time.
 * Gives   windows as the record knows them; events of what is decided when a window closes.
 * Keeps   what changed in the transaction that changed it. The next close is armed like everything else that is due.
 */
#include "desk/desk_int.h"

#include <stdlib.h>

#include "base/log.h"

#define CLOSE_GRACE (2 * US_PER_S) /* what was under way when the window closed still counts */

static enum rc restore(struct desk *d, struct correlator *c, struct err *e) {
    uint64_t bad = 0;
    for (bool more = query_row(d->store, Q_WINDOWS, ""); more; more = query_next(d->store, Q_WINDOWS))
        if (!correlator_restore(c, query_str(d->store, Q_WINDOWS, 0, NULL), query_str(d->store, Q_WINDOWS, 1, NULL),
                                query_str(d->store, Q_WINDOWS, 2, NULL)))
            bad++;
    if (bad)
        log_note("desk", "%llu correlation windows of rules that are gone were left out", (unsigned long long)bad);
    return store_failed(d->store, e);
}

/* On an error the windows that are there stay: they belong to the rules that stay. */
enum rc windows_new(struct desk *d, struct err *e) {
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
    correlator_free(d->corr);
    free(d->org_names);
    d->corr = c;
    d->org_names = names;
    d->windows_said = 0;
    return RC_OK;
}

void windows_begin(struct desk *d, int64_t now) {
    if (!d->configured) /* nobody listened since the last life ended */
        correlator_resume(d->corr, now);
    correlator_expect(d->corr, now);
}

static void save(void *ctx, struct str rule, struct str key, struct str state) {
    struct desk *d = ctx;
    if (str_absent(state))
        query_do(d->store, Q_WINDOW_DROP, "sb", rule, key);
    else
        query_do(d->store, Q_WINDOW_SAVE, "sbb", rule, key, state);
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

void windows_save(struct desk *d) {
    if (!d->corr)
        return;
    correlator_dirty(d->corr, save, d);
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
