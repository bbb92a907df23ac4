/* SPDX-License-Identifier: ISC
 *
 * codec_tally.c - FRAME_TALLY: what rules and filters did, which fields were filled, which programs were heard
 *
 * Takes   a frame's worth to pack; payloads to unpack, which a peer may have made up.
 * Gives   payloads; arrays in the arena whose texts are the payload's.
 * Keeps   nothing. Counts are checked against their limits and against what the payload could hold before memory is asked for.
 */
#include "link/codec.h"

#define RULE_MIN 10 /* bytes of the smallest of each */
#define FILTER_MIN 5
#define FIELD_MIN 4
#define PROGRAM_MIN 14

/* An array of so many, or NULL with u->bad set. */
static void *room(struct unpack *u, struct arena *a, size_t limit, size_t least, size_t size, size_t *n) {
    uint32_t count = unpack_u32(u);
    void *v = NULL;

    *n = 0;
    if (u->bad || count > limit || count > (size_t)(u->end - u->p) / least)
        u->bad = true;
    else if (!(v = arena_alloc(a, (count + 1) * size)))
        u->bad = true;
    else
        *n = count;
    return v;
}

static struct str word(struct unpack *u) {
    struct str s = unpack_str(u, TALLY_WORD_MAX);

    if (str_absent(s) || s.n == 0)
        u->bad = true;
    return s;
}

/* ---- rules */

static void rules_pack(struct buf *b, const struct tally_frame *in) {
    pack_u32(b, (uint32_t)in->nrules);
    for (size_t i = 0; i < in->nrules; i++) {
        const struct tally_rule *r = &in->rules[i];
        pack_str(b, r->id);
        pack_varint(b, r->asked);
        pack_varint(b, r->matched);
        pack_varint(b, r->excluded);
        pack_varint(b, r->ns);
        pack_varint(b, r->limit);
        pack_svarint(b, r->last);
    }
}

static void rules_unpack(struct unpack *u, struct arena *a, struct tally_frame *out) {
    out->rules = room(u, a, TALLY_RULES_MAX, RULE_MIN, sizeof *out->rules, &out->nrules);
    for (size_t i = 0; i < out->nrules && !u->bad; i++) {
        struct tally_rule *r = &out->rules[i];
        r->id = word(u);
        r->asked = unpack_varint(u);
        r->matched = unpack_varint(u);
        r->excluded = unpack_varint(u);
        r->ns = unpack_varint(u);
        r->limit = unpack_varint(u);
        r->last = unpack_svarint(u);
    }
}

/* ---- filters, fields, programs */

static void others_pack(struct buf *b, const struct tally_frame *in) {
    pack_u32(b, (uint32_t)in->nfilters);
    for (size_t i = 0; i < in->nfilters; i++) {
        pack_str(b, in->filters[i].id);
        pack_varint(b, in->filters[i].excluded);
    }
    pack_u32(b, (uint32_t)in->nfields);
    for (size_t i = 0; i < in->nfields; i++)
        pack_str(b, in->fields[i]);
    pack_u32(b, (uint32_t)in->nprograms);
    for (size_t i = 0; i < in->nprograms; i++) {
        const struct tally_program *p = &in->programs[i];
        pack_str(b, p->name);
        pack_varint(b, p->lines);
        pack_i64(b, p->last);
        pack_u8(b, (uint8_t)(p->ruled | p->read << 1));
    }
}

static void filters_unpack(struct unpack *u, struct arena *a, struct tally_frame *out) {
    out->filters = room(u, a, TALLY_FILTERS_MAX, FILTER_MIN, sizeof *out->filters, &out->nfilters);
    for (size_t i = 0; i < out->nfilters && !u->bad; i++) {
        out->filters[i].id = word(u);
        out->filters[i].excluded = unpack_varint(u);
    }
}

static void fields_unpack(struct unpack *u, struct arena *a, struct tally_frame *out) {
    out->fields = room(u, a, TALLY_FIELDS_MAX, FIELD_MIN, sizeof *out->fields, &out->nfields);
    for (size_t i = 0; i < out->nfields && !u->bad; i++)
        out->fields[i] = word(u);
}

static void programs_unpack(struct unpack *u, struct arena *a, struct tally_frame *out) {
    out->programs = room(u, a, TALLY_PROGRAMS_MAX, PROGRAM_MIN, sizeof *out->programs, &out->nprograms);
    for (size_t i = 0; i < out->nprograms && !u->bad; i++) {
        struct tally_program *p = &out->programs[i];
        p->name = word(u);
        p->lines = unpack_varint(u);
        p->last = unpack_i64(u);
        uint8_t flags = unpack_u8(u);
        p->ruled = flags & 1;
        p->read = flags & 2;
    }
}

bool tally_frame_encode(struct buf *b, const struct tally_frame *in) {
    if (in->nrules > TALLY_RULES_MAX || in->nfilters > TALLY_FILTERS_MAX || in->nfields > TALLY_FIELDS_MAX ||
        in->nprograms > TALLY_PROGRAMS_MAX)
        return false;
    pack_varint(b, in->others);
    rules_pack(b, in);
    others_pack(b, in);
    return !b->over;
}

bool tally_frame_decode(struct str payload, struct arena *a, struct tally_frame *out) {
    struct unpack u;

    *out = (struct tally_frame){0};
    unpack_init(&u, payload);
    out->others = unpack_varint(&u);
    rules_unpack(&u, a, out);
    if (!u.bad)
        filters_unpack(&u, a, out);
    if (!u.bad)
        fields_unpack(&u, a, out);
    if (!u.bad)
        programs_unpack(&u, a, out);
    return unpack_done(&u);
}
