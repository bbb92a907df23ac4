/* SPDX-License-Identifier: ISC
 *
 * tally.c - what each rule did, which fields ever had a value, which programs were heard
 *
 * Takes   messages behind the pipeline; the counters of its matcher.
 * Gives   frames of what is new.
 * Keeps   a bit per field name that a loaded rule reads (at most FIELDS_MAX), and programs in buckets of WAYS: of a full bucket the one
 *         with the fewest lines makes room, so that a stranger who invents names pushes out inventions. What is pushed out is counted.
 */
#include "daemon/tally.h"

#include <stdlib.h>
#include <string.h>

#include "detect/rule_about.h"

#define FIELDS_MAX 8192
#define BUCKETS 128
#define WAYS 8
#define NAME_MAX_ 64
#define LOOKED_MIN 8   /* the first lines of a program are looked at more closely, and */
#define LOOKED_EVERY 1024 /* of the others one in so many */

struct read_field {
    struct str name;
    bool filled, told;
};

struct program {
    char name[NAME_MAX_];
    size_t n; /* 0: free */
    uint64_t hash, lines, told;
    int64_t last;
    unsigned looked;
    bool ruled, read;
};

struct tally {
    const struct ruleset *rs;
    struct match_rule_stats *told; /* per rule */
    uint64_t *told_filters;
    size_t rule_at, nfilters;
    struct read_field *fields;
    uint64_t maybe[64];         /* a bit for what may be one of them: most names of a message are not */
    uint32_t *slots;            /* of those with names of their own: index + 1, 0 = empty */
    uint32_t by_id[F__COUNT];   /* of ours: index + 1 */
    size_t nfields, mask, left; /* left: not filled yet */
    uint64_t others, others_told;
    struct program programs[BUCKETS * WAYS];
    struct program *recent;
    struct tally_frame frame;
    struct tally_rule frame_rules[TALLY_RULES_MAX];
    struct tally_filter frame_filters[TALLY_FILTERS_MAX];
    struct str frame_fields[TALLY_FIELDS_MAX];
    struct tally_program frame_programs[TALLY_PROGRAMS_MAX];
};

/* ---- fields */

static uint32_t *slot(const struct tally *t, struct str name) {
    size_t i = str_hash(name) & t->mask;

    while (t->slots[i] && !str_eq(t->fields[t->slots[i] - 1].name, name))
        i = (i + 1) & t->mask;
    return &t->slots[i];
}

static unsigned maybe(struct str name) {
    unsigned char first = name.n ? (unsigned char)name.p[0] : 0, last = name.n ? (unsigned char)name.p[name.n - 1] : 0;

    return (unsigned)(name.n * 131 + first * 31u + last * 7u) % 4096;
}

/* Index + 1 of a field of a message; 0: no rule reads it. */
static uint32_t field_at(const struct tally *t, enum field_id id, struct str name) {
    unsigned bit = maybe(name);

    if (id != F_OTHER)
        return t->by_id[id];
    return t->maybe[bit / 64] & UINT64_C(1) << bit % 64 ? *slot(t, name) : 0;
}

static void add_field(struct tally *t, struct str name) {
    enum field_id id = field_find(name);
    uint32_t *at = id != F_OTHER ? &t->by_id[id] : slot(t, name);

    if (*at || name.n == 0 || name.n > TALLY_WORD_MAX || t->nfields == FIELDS_MAX || str_is(name, "keywords"))
        return;
    t->fields[t->nfields++] = (struct read_field){.name = rule_about_field(name)};
    *at = (uint32_t)t->nfields;
    t->maybe[maybe(name) / 64] |= UINT64_C(1) << maybe(name) % 64;
}

static void add_fields(struct tally *t) {
    for (size_t i = 0; i < ruleset_count(t->rs); i++) {
        const struct rule_info *info = rule_info(t->rs, i);
        for (size_t k = 0; info->status == RULE_LOADED && k < info->nreads; k++)
            add_field(t, info->reads[k]);
    }
    t->left = t->nfields;
}

static void fill(struct tally *t, uint32_t at) {
    if (at == 0 || t->fields[at - 1].filled)
        return;
    t->fields[at - 1].filled = true;
    t->left--;
}

void tally_fields(struct tally *t, const struct message *m) {
    static const uint16_t header[] = {F_MESSAGE, F_HOST, F_PROGRAM, F_PID, F_FACILITY, F_SEVERITY};

    if (t->left == 0)
        return;
    for (size_t i = 0; i < m->nfields; i++)
        fill(t, field_at(t, m->fields[i].id, m->fields[i].name));
    for (size_t i = 0; i < sizeof header / sizeof *header; i++) {
        uint32_t at = t->by_id[header[i]];
        if (at && !t->fields[at - 1].filled && message_has(m, header[i], STR_NONE, NULL))
            fill(t, at);
    }
}

/* ---- programs */

static struct program *program_new(struct tally *t, struct program *bucket, struct str name, uint64_t hash) {
    struct program *least = bucket;

    for (size_t i = 0; i < WAYS && least->n; i++)
        if (bucket[i].n == 0 || bucket[i].lines < least->lines)
            least = &bucket[i];
    t->others += least->lines - least->told; /* what was told stands under its name */
    *least = (struct program){.n = name.n, .hash = hash};
    memcpy(least->name, name.p, name.n);
    return least;
}

/* Of the ends and the length: this stands in the way of every line. Names made to collide share a bucket, and that is all they gain. */
static uint64_t hash_of(struct str s) {
    uint64_t a = 0, b = 0;

    if (s.n >= sizeof a) {
        memcpy(&a, s.p, sizeof a);
        memcpy(&b, s.p + s.n - sizeof b, sizeof b);
    } else {
        for (size_t i = 0; i < s.n; i++)
            a = a << 8 | (unsigned char)s.p[i];
    }
    a = (a ^ (b << 29 | b >> 35) ^ s.n) * UINT64_C(0x9e3779b97f4a7c15);
    return a ^ a >> 32;
}

static struct program *program_of(struct tally *t, struct str name) {
    if (t->recent && str_eq(str_n(t->recent->name, t->recent->n), name))
        return t->recent;
    uint64_t hash = hash_of(name);
    struct program *bucket = &t->programs[hash % BUCKETS * WAYS];
    for (size_t i = 0; i < WAYS; i++)
        if (bucket[i].n && bucket[i].hash == hash && str_eq(str_n(bucket[i].name, bucket[i].n), name))
            return t->recent = &bucket[i];
    return t->recent = program_new(t, bucket, name, hash);
}

/* A message without a program is known by how it is written. */
static struct str name_of(const struct message *m) {
    struct str name = m->program.n ? m->program : m->app.n ? m->app : str_of(dialect_name(m->dialect));

    return str_sub(name, 0, NAME_MAX_);
}

void tally_line(struct tally *t, struct pipeline *p, struct message *m, bool hit) {
    struct program *h = program_of(t, name_of(m));

    h->lines++;
    h->last = m->arrived;
    if (h->looked < LOOKED_MIN || h->lines % LOOKED_EVERY == 0) {
        h->looked++;
        h->ruled |= match_open(p->matcher) > 0;
        if (!hit && !(m->flags & MSG_FIELDS) && p->g->normaliser)
            normalise(p->g->normaliser, m);
    }
    if (m->flags & MSG_FIELDS) {
        h->read |= m->nfields > 0;
        tally_fields(t, m);
    }
}

/* ---- telling */

static void next_rules(struct tally *t, const struct matcher *mt) {
    size_t n = ruleset_count(t->rs);

    for (size_t seen = 0; seen < n && t->frame.nrules < TALLY_RULES_MAX; seen++, t->rule_at++) {
        uint32_t i = (uint32_t)(t->rule_at %= n);
        const struct match_rule_stats *now = matcher_rule(mt, i);
        struct match_rule_stats *old = &t->told[i];
        if (!now || (now->asked == old->asked && now->matched == old->matched))
            continue;
        t->frame.rules[t->frame.nrules++] = (struct tally_rule){
            rule_info(t->rs, i)->id,        now->asked - old->asked, now->matched - old->matched, now->excluded - old->excluded,
            now->ns - old->ns,              now->limit - old->limit, now->last};
        *old = *now;
    }
}

static void next_filters(struct tally *t, const struct matcher *mt) {
    for (size_t i = 0; i < t->nfilters && t->frame.nfilters < TALLY_FILTERS_MAX; i++) {
        const struct filter_info *info = filter_info(t->rs, i);
        struct str id = info->id.n ? info->id : info->title;
        uint64_t now = matcher_filter(mt, i);
        if (now == t->told_filters[i] || id.n == 0 || id.n > TALLY_WORD_MAX)
            continue;
        t->frame.filters[t->frame.nfilters++] = (struct tally_filter){id, now - t->told_filters[i]};
        t->told_filters[i] = now;
    }
}

static void next_fields(struct tally *t) {
    for (size_t i = 0; i < t->nfields && t->frame.nfields < TALLY_FIELDS_MAX; i++)
        if (t->fields[i].filled && !t->fields[i].told) {
            t->frame.fields[t->frame.nfields++] = t->fields[i].name;
            t->fields[i].told = true;
        }
}

static void next_programs(struct tally *t) {
    for (size_t i = 0; i < BUCKETS * WAYS && t->frame.nprograms < TALLY_PROGRAMS_MAX; i++) {
        struct program *h = &t->programs[i];
        if (h->n == 0 || h->lines == h->told)
            continue;
        t->frame.programs[t->frame.nprograms++] = (struct tally_program){str_n(h->name, h->n), h->lines - h->told, h->last, h->ruled, h->read};
        h->told = h->lines;
    }
    t->frame.others = t->others - t->others_told;
    t->others_told = t->others;
}

bool tally_next(struct tally *t, const struct matcher *mt, struct tally_frame *out) {
    t->frame = (struct tally_frame){.rules = t->frame_rules, .filters = t->frame_filters, .fields = t->frame_fields, .programs = t->frame_programs};
    next_rules(t, mt);
    next_filters(t, mt);
    next_fields(t);
    next_programs(t);
    *out = t->frame;
    return out->nrules || out->nfilters || out->nfields || out->nprograms || out->others;
}

void tally_again(struct tally *t) {
    for (size_t i = 0; i < t->nfields; i++)
        t->fields[i].told = false;
}

/* ---- from generation to generation */

void tally_carry(struct tally *t, const struct tally *before) {
    for (size_t i = 0; i < before->nfields; i++) {
        struct str name = before->fields[i].name;
        uint32_t at = field_at(t, field_find(name), name);
        if (at && before->fields[i].filled) {
            fill(t, at);
            t->fields[at - 1].told = before->fields[i].told;
        }
    }
    memcpy(t->programs, before->programs, sizeof t->programs);
    for (size_t i = 0; i < BUCKETS * WAYS; i++) { /* other rules and patterns: looked at anew */
        t->programs[i].looked = 0;
        t->programs[i].ruled = t->programs[i].read = false;
    }
    t->others = before->others;
    t->others_told = before->others_told;
}

static size_t names_at_most(const struct ruleset *rs) {
    size_t n = 0;

    for (size_t i = 0; i < ruleset_count(rs); i++)
        n += rule_info(rs, i)->nreads;
    return n < FIELDS_MAX ? n : FIELDS_MAX;
}

struct tally *tally_new(const struct ruleset *rs) {
    struct tally *t = calloc(1, sizeof *t);
    size_t names = names_at_most(rs), slots = 2;

    if (!t)
        return NULL;
    while (slots < 2 * names)
        slots *= 2;
    t->rs = rs;
    t->mask = slots - 1;
    t->nfilters = ruleset_filters(rs);
    t->told = calloc(ruleset_count(rs) + 1, sizeof *t->told);
    t->told_filters = calloc(t->nfilters + 1, sizeof *t->told_filters);
    t->fields = calloc(names + 1, sizeof *t->fields);
    t->slots = calloc(slots, sizeof *t->slots);
    if (!t->told || !t->told_filters || !t->fields || !t->slots) {
        tally_free(t);
        return NULL;
    }
    add_fields(t);
    return t;
}

void tally_free(struct tally *t) {
    if (!t)
        return;
    free(t->told);
    free(t->told_filters);
    free(t->fields);
    free(t->slots);
    free(t);
}
