/* SPDX-License-Identifier: ISC
 *
 * logsource_own.h - the table of log sources as its two files share it
 */
#ifndef TOCSIN_DETECT_LOGSOURCE_OWN_H
#define TOCSIN_DETECT_LOGSOURCE_OWN_H

#include "detect/glob.h"
#include "detect/logsource.h"

struct source_field { /* must be there, and one of these when there are any */
    uint16_t id;
    struct str name;
    struct glob *globs;
    size_t nglobs;
};
struct source_row {
    struct tagset tags;
    uint32_t facilities; /* mask; 0 = any */
    uint32_t transports; /* mask */
    bool self;           /* a program that is called like a word carries it; that is no knowing it */
    bool otherwise;      /* only when no row knew the program or the body */
    struct source_field *fields;
    size_t nfields;
    struct glob *text;
    size_t ntext;
};
struct source_name { /* a program, or how programs begin */
    struct str text; /* as written: compared without case */
    const struct source_row **rows;
    size_t nrows; /* 0 = the place is empty */
};
struct logsources {
    struct str words[MSG_TAGS_MAX];
    size_t nwords;
    struct source_name *names; /* open addressing */
    uint32_t mask;
    struct source_name *beginnings;
    size_t nbeginnings;
    const struct source_row **of_body[BODY__COUNT];
    size_t nof_body[BODY__COUNT];
    const struct source_row **of_all; /* neither program nor body is named */
    size_t nof_all;
};

static inline void tag_set(struct tagset *t, size_t i) {
    t->w[i / 64] |= UINT64_C(1) << (i % 64);
}

/* FNV-1a of the letters without case. */
static inline uint32_t logsource_hash(struct str s) {
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        h = (h ^ (uint32_t)(c >= 'A' && c <= 'Z' ? c | 0x20 : c)) * 16777619u;
    }
    return h;
}

long logsource_word(const struct logsources *ls, struct str word); /* its number, -1 when no row gives it */

#endif
