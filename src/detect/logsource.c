/* SPDX-License-Identifier: ISC
 *
 * logsource.c - which rules may speak about a message at all
 *
 * Takes   the `logsource:` of a rule; program, facility, dialect and transport of a message.
 * Gives   a set of tags for either.
 * Keeps   nothing: the tables are constant and the search among programs is by length and first letter.
 */
#include "detect/logsource.h"

enum tag_kind { KIND_product, KIND_category, KIND_service, KIND__COUNT };

static const struct {
    enum tag_kind kind;
    const char *word;
} tags[] = {
#define LOGTAG(id, kind, word) {KIND_##kind, word},
#define PROGRAM(name, set)
#include "detect/logsources.def"
#undef LOGTAG
#undef PROGRAM
};
_Static_assert(T__COUNT <= 64, "a set of tags is one 64-bit word");

static const struct program {
    struct str name;
    uint64_t tags;
} programs[] = {
#define LOGTAG(id, kind, word)
#define PROGRAM(name, set) {{name, sizeof name - 1}, set},
#include "detect/logsources.def"
#undef LOGTAG
#undef PROGRAM
};

static bool add_word(struct logsource *out, enum tag_kind kind, struct str word) {
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (tags[i].kind == kind && str_eqi(word, str_of(tags[i].word))) {
            out->tags |= TAG(i);
            return true;
        }
    return false;
}

bool logsource_read(const struct tree_node *map, struct logsource *out) {
    *out = (struct logsource){0, STR_NONE, true};
    struct str product = tree_get_text(map, "product"), category = tree_get_text(map, "category"),
               service = tree_get_text(map, "service");
    if (product.n == 0 && category.n == 0 && service.n == 0)
        return false;
    if (product.n && !add_word(out, KIND_product, product))
        out->known = false;
    if (category.n && !add_word(out, KIND_category, category))
        out->known = false;
    if (service.n && !add_word(out, KIND_service, service))
        out->program = service;
    return true;
}

bool logsource_fits(const struct logsource *l, uint64_t set, struct str program) {
    return l->known && (set & l->tags) == l->tags && (str_absent(l->program) || str_eqi(l->program, program));
}

static uint64_t by_program(struct str name) {
    if (name.n == 0)
        return 0;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
        if (programs[i].name.n == name.n && (programs[i].name.p[0] | 0x20) == (name.p[0] | 0x20) &&
            str_eqi(programs[i].name, name))
            return programs[i].tags;
    return 0;
}

uint64_t logsource_tags(const struct message *m) {
    const uint64_t host = TAG(T_LINUX) | TAG(T_SYSLOG);
    if (m->transport == TRANSPORT_HTTP)
        return TAG(T_WEBHOOK);
    if (m->transport == TRANSPORT_INTERNAL)
        return TAG(T_TOCSIN);
    if (m->program.n && m->program.p[0] == '%') /* %SYS-5-CONFIG_I and the like: Cisco's own words where a program should be */
        return TAG(T_CISCO) | TAG(T_SYSLOG) | TAG(T_AAA) | TAG(T_BGP) | TAG(T_LDP);
    uint64_t set = by_program(m->program);
    if (set == 0 && str_starts(m->program, STR("postfix")))
        set = host | TAG(T_MAIL);
    if (set == 0 && m->dialect != DIALECT_CEF && m->dialect != DIALECT_LEEF)
        set = host;
    int facility = m->pri >= 0 ? m->pri >> 3 : -1;
    if (facility == 4 || facility == 10)
        set |= TAG(T_AUTH);
    if (facility == 9)
        set |= TAG(T_CRON);
    return set;
}
