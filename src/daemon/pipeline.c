/* SPDX-License-Identifier: ISC
 *
 * pipeline.c - one message through parse, normalise and match
 *
 * Takes   a message's bytes and where they came from.
 * Gives   the rules hit. Fields and the resolved time are made only for a message that some rule may want: nearly every line is
 *         harmless, and then costs its header and one scan.
 */
#include "daemon/pipeline.h"

#include "parse/parse.h"

#include <stdlib.h>
#include <string.h>

enum rc pipeline_init(struct pipeline *p, const struct generation *g, bool prefilter, struct err *e) {
    *p = (struct pipeline){.g = g, .matcher = matcher_new(g->rules, prefilter), .repeats = repeats_new(), .spare = {malloc(MSG_SPARE), 0, MSG_SPARE}};
    if (p->matcher && p->repeats && p->spare.p)
        return RC_OK;
    pipeline_fini(p);
    return err_set(e, RC_NOMEM, "no memory for the matcher");
}

void pipeline_fini(struct pipeline *p) {
    matcher_free(p->matcher);
    repeats_free(p->repeats);
    free(p->spare.p);
    p->spare.p = NULL;
    p->matcher = NULL;
    p->repeats = NULL;
}

/* What the roster says of the sender: by host name, else by the address it came from. */
static const struct source *source_of(const struct roster *r, const struct message *m) {
    const struct source *s = NULL;

    if (r->nsources && !str_absent(m->host))
        s = roster_source(r, m->host);
    if (r->nsources && !s && !str_absent(m->peer))
        s = roster_source(r, peer_host(m->peer));
    return s;
}

/* The time of a stamp that lacks its zone or its year depends on where it comes from. */
static void resolve_time(const struct generation *g, struct message *m, const struct listen_conf *listener) {
    const struct source *s = m->ts.has_zone && m->ts.has_year ? NULL : source_of(&g->roster, m);
    const struct zone *z = s && g->source_zones ? g->source_zones[s - g->roster.sources] : NULL;

    parse_time(m, z ? z : g->zone, listener ? (enum time_policy)listener->time : TIME_SKEW, listener ? listener->skew : 10 * US_PER_MIN,
               s ? s->year : 0);
}

size_t pipeline_line(struct pipeline *p, struct message *m, const struct listen_conf *listener, uint32_t hits[PIPELINE_HITS_MAX]) {
    m->spare = &p->spare;
    parse_message(m);
    return pipeline_parsed(p, m, listener, hits);
}

static void fields(struct pipeline *p, struct message *m) {
    normalise(p->g->normaliser, m);
    p->normalised++;
}

static size_t judge(struct pipeline *p, struct message *m, const struct listen_conf *listener, uint32_t hits[PIPELINE_HITS_MAX]) {
    if (!p->always_fields && ruleset_count(p->g->rules) == 0)
        return 0;
    /* which log sources and literals a body has is known when it is decoded */
    bool first = p->g->normaliser && normalise_first(p->g->normaliser, m);

    if (first)
        fields(p, m);
    size_t candidates = match_scan(p->matcher, m);
    if (candidates == 0 && !p->always_fields)
        return 0;
    p->candidates += candidates > 0;
    resolve_time(p->g, m, listener);
    if (!first && p->g->normaliser)
        fields(p, m);
    return candidates ? match_eval(p->matcher, m, hits, PIPELINE_HITS_MAX) : 0;
}

size_t pipeline_parsed(struct pipeline *p, struct message *m, const struct listen_conf *listener, uint32_t hits[PIPELINE_HITS_MAX]) {
    m->spare = &p->spare;
    p->spare.n = 0;
    bool again = m->repeat > 1 && repeats_resolve(p->repeats, m);
    size_t n = judge(p, m, listener, hits);

    p->scanned++;
    if (!again)
        repeats_note(p->repeats, m, n > 0);
    return n;
}

size_t pipeline_fields(struct pipeline *p, struct message *m, uint32_t hits[PIPELINE_HITS_MAX]) {
    p->scanned++;
    if (match_scan(p->matcher, m) == 0)
        return 0;
    p->candidates++;
    return match_eval(p->matcher, m, hits, PIPELINE_HITS_MAX);
}

static void wanted_fields(const struct rule_info *info, const struct message *m, struct sighting *out) {
    for (size_t i = 0; i < info->nwanted && out->nfields < SIGHTING_FIELDS_MAX; i++) {
        enum field_id id = (enum field_id)info->wanted_ids[i];
        const struct field *own = NULL;
        if (!message_has(m, id, info->wanted[i], &own) || (m->flags & MSG_EXACT && (!own || !field_spelt(own, info->wanted[i]))))
            continue;
        struct field *f = &out->fields[out->nfields++];
        *f = own ? *own : (struct field){.id = (uint16_t)id, .value = message_field(m, id, info->wanted[i])};
        f->flags |= m->flags & MSG_EXACT ? FIELD_EXACT : 0;
        f->name = info->wanted[i]; /* as the rule spells it, and as long-lived as the rule */
    }
}

void pipeline_sighting(const struct pipeline *p, const struct message *m, uint32_t rule, struct sighting_one *s1, struct sighting *out) {
    const struct rule_info *info = rule_info(p->g->rules, rule);

    *s1 = (struct sighting_one){m->time, m->repeat ? m->repeat : 1};
    out->rule = info->id;
    out->rule_index = rule;
    out->generation = p->g->number;
    out->org = m->org;
    out->ntimes = 1;
    out->times = &s1->time;
    out->weights = &s1->weight;
    out->total = s1->weight;
    out->first = (struct sighting_line){.raw = m->raw, .peer = m->peer, .arrived = m->arrived, .time = m->time, .transport = m->transport,
                                        .source = m->source, .flags = m->flags};
    out->last = out->first;
    out->nfields = 0;
    wanted_fields(info, m, out);
}
