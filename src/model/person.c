/* SPDX-License-Identifier: ISC
 *
 * person.c - look-ups in the roster
 *
 * Takes   a login, a unix uid, the name of an asset or source.
 * Gives   the entry, borrowed from the roster; NULL when there is none.
 * Keeps   nothing. Everything here runs per event or per request, never per line: plain loops do.
 */
#include "model/person.h"

uint32_t person_roles(const struct person *p, uint16_t org, int64_t now) {
    uint32_t roles = 0;

    for (size_t i = 0; i < p->nbindings; i++) {
        const struct binding *b = &p->bindings[i];

        if (b->org == org && b->from <= now && (b->to == 0 || now < b->to))
            roles |= ROLE_BIT(b->role);
    }
    return roles;
}

const struct person *roster_person(const struct roster *r, struct str login) {
    for (size_t i = 0; i < r->npeople; i++)
        if (str_is(login, r->people[i].login))
            return &r->people[i];
    return NULL;
}

const struct person *roster_uid(const struct roster *r, int64_t uid) {
    for (size_t i = 0; uid >= 0 && i < r->npeople; i++)
        if (r->people[i].uid == uid)
            return &r->people[i];
    return NULL;
}

const struct asset *roster_asset(const struct roster *r, uint16_t org, struct str key) {
    for (size_t i = 0; key.n && i < r->nassets; i++)
        if (r->assets[i].org == org && str_eqi(key, str_of(r->assets[i].key)))
            return &r->assets[i];
    return NULL;
}

const struct source *roster_source(const struct roster *r, struct str name) {
    for (size_t i = 0; name.n && i < r->nsources; i++)
        if (str_eqi(name, str_of(r->sources[i].name)))
            return &r->sources[i];
    return NULL;
}

int roster_org(const struct roster *r, struct str slug) {
    for (size_t i = 0; i < r->norgs; i++)
        if (str_is(slug, r->orgs[i].slug))
            return (int)i;
    return -1;
}

const char *roster_org_like(const struct roster *r, struct str slug) {
    const char *words[64];
    size_t n = 0;

    for (; n < r->norgs && n < sizeof words / sizeof *words; n++)
        words[n] = r->orgs[n].slug;
    return str_nearest(slug, words, n);
}
