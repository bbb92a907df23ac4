/* SPDX-License-Identifier: ISC
 *
 * desk_audit.c - audit lines with their JSON, references and stamps
 *
 * Takes   who did what to what.
 * Gives   the next line of the chain; the next reference of a kind and year; a stamp row.
 */
#include "desk/desk_int.h"

#include <stdio.h>

void line_open(struct line *l) {
    buf_init(&l->b, 1 << 20);
    jw_init(&l->w, &l->b);
    jw_map(&l->w);
}

void line_close(struct desk *d, struct line *l, int64_t now, int64_t org, int64_t actor, const char *action, struct str object) {
    jw_map_end(&l->w);
    struct audit_line a = {.at = now, .org = org, .actor = actor, .action = action, .object = object, .data = buf_view(&l->b)};
    if (l->b.over)
        a.data = STR("{\"too_long\":true}");
    audit_append(d->store, &a);
    buf_fini(&l->b);
}

/* The year is the organisation's calendar year; a number is never used again, not even after a rollback of its transaction's neighbour. */
void desk_ref(struct desk *d, int64_t org, const char *kind, int width, int64_t now, char out[32]) {
    struct civil c;
    zone_from_us(d->g.zone, now, &c);
    int64_t n = query_number(d->store, 0, Q_COUNTER_NEXT, "iti", org, kind, (int64_t)c.year);
    snprintf(out, 32, "%s-%04d-%0*lld", kind, c.year, width, (long long)n);
}

void desk_stamp(struct desk *d, const char *object, int64_t id, const char *kind, int64_t at, int64_t now, int64_t by, struct str note, bool na) {
    int64_t row = query_insert(d->store, Q_STAMP_ADD, "ititiiisd", audit_next(d->store), object, id, kind, at, now, by, note, (int)na);
    audit_touch(d->store, REC_stamp, row);
}
