/* SPDX-License-Identifier: ISC
 *
 * person.h - organisations, people, their roles, assets and sources, as the roster and asset files give them
 *
 * Indexes into these arrays are stable within one configuration generation; the record keeps slugs and database ids.
 */
#ifndef TOCSIN_MODEL_PERSON_H
#define TOCSIN_MODEL_PERSON_H

#include "base/arena.h"
#include "model/vocab.h"

struct org {
    const char *slug; /* "main" */
    const char *name;
    const char *tz;   /* "Europe/Berlin" */
    bool compensating; /* sod_mode: compensating */
    int64_t db_id;    /* set by the desk after reconciling */
};

struct binding { /* a role of a person in an organisation */
    uint16_t org;
    uint8_t role;
    int64_t from, to; /* us; to 0 = open */
    const char *reason;
    const char *exception_ref; /* the dated, approved document that allows a role conflict, or NULL (process.md 3) */
};

struct person {
    const char *login;    /* "iso", unique: the word people are called by in the client, policy and audit */
    const char *name;
    const char *email;    /* validated addr-spec or NULL */
    const char *webhook;  /* URL or NULL */
    const char *webhook_secret_file;
    const char *function; /* iso, it, management, dpo, legal, hr, comms, audit, business, authority, other */
    int64_t uid;          /* unix uid mapped to this person, -1 none */
    const struct binding *bindings;
    size_t nbindings;
    uint8_t channels[4];  /* CHANNEL_..., in order of preference */
    uint8_t nchannels;
    int64_t absent_from, absent_to; /* us; away now when from <= now < to: kept by the desk, 0 in the files */
    int64_t db_id;
};

struct asset {
    const char *key;  /* host name, address or any name that messages carry */
    const char *name;
    uint16_t org;
    uint8_t need[3];
    uint8_t data;
    int64_t db_id;
};

struct source {
    const char *name; /* host name or peer address as messages carry it */
    uint16_t org;
    const char *tz;   /* NULL = the daemon's zone */
    int16_t year;     /* of stamps that have none; 0 = the one nearest to their arrival */
    int64_t heartbeat; /* us; 0 = not watched for silence */
    uint8_t trust;    /* 0..100 */
    int64_t db_id;
};

struct roster {
    struct org *orgs;
    size_t norgs;
    struct person *people;
    size_t npeople;
    struct asset *assets;
    size_t nassets;
    struct source *sources;
    size_t nsources;
    struct arena *memory; /* owns everything above (roster_fini) */
};

/* Bits ROLE_BIT() of the roles a person holds in org at `now`; 0 when none. */
uint32_t person_roles(const struct person *p, uint16_t org, int64_t now);
const struct person *roster_person(const struct roster *r, struct str login); /* NULL */
const struct person *roster_uid(const struct roster *r, int64_t uid);
/* The asset that `key` names in org (without case), or NULL. */
const struct asset *roster_asset(const struct roster *r, uint16_t org, struct str key);
const struct source *roster_source(const struct roster *r, struct str name);
int roster_org(const struct roster *r, struct str slug); /* index or -1 */
const char *roster_org_like(const struct roster *r, struct str slug); /* the one that was probably meant, or NULL */

#endif
