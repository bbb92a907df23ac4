/* SPDX-License-Identifier: ISC
 *
 * desk_storm.c - when one rule would make more events of P4 and P5 in an hour than anybody reads, the others become one
 *
 * Takes   a claim that would make an event.
 * Gives   whether it is one too many, and the claim under which it is counted instead. What a correlation counts stays exact for every
 *         source: only rows of the queue are spared.
 * Keeps   how many each rule made this hour, for STORMS_MAX rules and organisations; one more takes the place of the one that made least.
 */
#include "desk/desk_int.h"

#include "base/table.h"

#define WAYS 8

static struct storm *storm_of(struct desk *d, uint64_t key, int64_t hour) {
    struct storm *set = &d->storms[key % (STORMS_MAX / WAYS) * WAYS], *least = set;
    for (struct storm *s = set; s < set + WAYS; s++) {
        if (s->key == key && s->hour == hour)
            return s;
        if (s->hour != hour || (least->hour == hour && s->made < least->made))
            least = s;
    }
    *least = (struct storm){key, hour, 0};
    return least;
}

static struct storm *storm_for(struct desk *d, const struct claim *c, int64_t now) {
    const struct rule_info *whose = c->joins ? c->joins : c->rule;
    return storm_of(d, str_hash(whose->id) * 31 + (uint64_t)c->org + 1, now / US_PER_H);
}

bool storm_full(struct desk *d, const struct claim *c, int64_t now) {
    return storm_for(d, c, now)->made >= (uint64_t)d->g.policy->new_events;
}

bool storm_over(struct desk *d, const struct claim *c, int64_t now) {
    struct storm *s = storm_for(d, c, now);
    if (s->made < (uint64_t)d->g.policy->new_events) {
        s->made++;
        return false;
    }
    struct event ev = {.host = report_entity(c, F_HOST)};
    report_assess(d, c, &ev);
    return ev.out.priority > 3;
}

void storm_claim(struct desk *d, const struct claim *c, struct claim *out) {
    static const struct str names[] = {{"many", 4}};
    static const struct field many = {.id = F_OTHER, .name = {"many", 4}, .value = {"many", 4}};
    struct buf b;
    buf_init(&b, 1024);
    buf_printf(&b, "%.*s: many at once", STR_FMT(str_sub(c->rule->title, 0, 200)));
    *out = *c;
    out->title = arena_str(&d->batch, buf_view(&b));
    buf_fini(&b);
    out->fields = &many;
    out->nfields = 1;
    out->entity = names;
    out->nentity = 1;
    out->storms = false;
    d->n.stormed += c->counted ? 0 : (uint64_t)c->count;
}
