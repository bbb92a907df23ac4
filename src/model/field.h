/* SPDX-License-Identifier: ISC
 *
 * field.h - the named values of a message
 */
#ifndef TOCSIN_MODEL_FIELD_H
#define TOCSIN_MODEL_FIELD_H

#include "base/str.h"

enum field_id {
    F_OTHER = 0, /* a name of its own */
#define FIELD(id, name) id,
#define ALIAS(id, name)
#include "model/fields.def"
#undef FIELD
#undef ALIAS
    F__COUNT
};

struct field {
    uint16_t id;      /* enum field_id */
    uint16_t flags;   /* FIELD_... */
    struct str name;  /* the name as the sender or pattern spelt it, for F_OTHER; else may be absent */
    struct str value; /* borrowed from the message's bytes or its arena */
};
#define FIELD_NULL 1u    /* present and null (JSON) */
#define FIELD_DERIVED 2u /* its value does not stand verbatim in the message text (a constant of a pattern, decoded, unescaped) */
#define FIELD_NUMBER 4u  /* came as a number */

#define FIELD_EXACT 8u   /* known by this name alone (MSG_EXACT): no alias finds it */

/* The one of exactly this name, else the first that is called the same thing (never for F_OTHER); NULL when there is none. */
const struct field *field_among(const struct field *v, size_t n, enum field_id id, struct str name);
/* Is it called exactly so? A field of ours without a name has our name. */
bool field_spelt(const struct field *f, struct str name);
/* Our id for a name or alias (aliases without case, our names exactly), F_OTHER when it is neither. */
enum field_id field_find(struct str name);
/* Our names alone, exactly: what a sender's body names. Cheap enough for every member of it. */
enum field_id field_own(struct str name);
const char *field_name(enum field_id id); /* NULL for F_OTHER */

#endif
