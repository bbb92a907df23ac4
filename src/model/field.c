/* SPDX-License-Identifier: ISC
 *
 * field.c - the named values of a message
 *
 * Takes   a name as a rule, a pattern or a sender spells it.
 * Gives   our id for it.
 * Keeps   nothing; the words are fields.def.
 */
#include "model/field.h"

struct word {
    uint16_t id;
    bool ours; /* spelt exactly so; an alias is compared without case */
    uint8_t n; /* length first: most candidates fall here */
    const char *text;
};

static const struct word words[] = {
#define FIELD(id, name) {id, true, sizeof(name) - 1, name},
#define ALIAS(id, name) {id, false, sizeof(name) - 1, name},
#include "model/fields.def"
#undef FIELD
#undef ALIAS
};

static const char *const names[F__COUNT] = {
#define FIELD(id, name) [id] = name,
#define ALIAS(id, name)
#include "model/fields.def"
#undef FIELD
#undef ALIAS
};

enum field_id field_find(struct str name) {
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const struct word *w = &words[i];
        struct str text = {w->text, w->n};

        if (w->n == name.n && (w->ours ? str_eq(name, text) : str_eqi(name, text)))
            return w->id;
    }
    return F_OTHER;
}

/* By length, first and last byte: a body names dozens of fields a message, nearly all of them none of ours. */
static size_t own_slot(struct str name) {
    return (name.n * 37 + (unsigned char)name.p[0] * 5 + (unsigned char)name.p[name.n - 1]) & 255;
}

enum field_id field_own(struct str name) {
    static uint16_t first[256], next[F__COUNT]; /* chains of ids, filled once: a process has one thread */

    if (!next[0]) {
        for (uint16_t id = F__COUNT - 1; id > 0; id--) {
            size_t at = own_slot(str_of(names[id]));
            next[id] = first[at];
            first[at] = id;
        }
        next[0] = 1;
    }
    if (name.n == 0)
        return F_OTHER;
    for (uint16_t id = first[own_slot(name)]; id; id = next[id])
        if (str_is(name, names[id]))
            return (enum field_id)id;
    return F_OTHER;
}

const char *field_name(enum field_id id) {
    return id < F__COUNT ? names[id] : NULL;
}

const struct field *field_among(const struct field *v, size_t n, enum field_id id, struct str name) {
    const struct field *alias = NULL;
    for (size_t i = 0; i < n; i++) {
        if (v[i].id != id)
            continue;
        if (field_spelt(&v[i], name))
            return &v[i];
        if (!alias && id != F_OTHER && !(v[i].flags & FIELD_EXACT))
            alias = &v[i];
    }
    return alias;
}

bool field_spelt(const struct field *f, struct str name) {
    return str_absent(f->name) ? f->id != F_OTHER && str_is(name, names[f->id]) : str_eq(f->name, name);
}
