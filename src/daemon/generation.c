/* SPDX-License-Identifier: ISC
 *
 * generation.c - what a role binds from an image
 *
 * Takes   the bytes of an image, or its descriptor, and a mask of the parts wanted.
 * Gives   structs that borrow from the image, which stays mapped as long as the generation lives.
 */
#include "daemon/config_check.h"
#include "daemon/image.h"

#include "base/digest.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct opening {
    struct generation *g;
    struct image im;
    struct errs *es;
};

static enum rc report(struct opening *o, const struct err *e, enum rc rc) {
    errs_add(o->es, e);
    return rc;
}

static enum rc docs_of(struct opening *o, enum section sec, struct trees *t) {
    struct err e = {0};
    enum rc rc = trees_open(o->im.sec[sec], t, &e);

    return rc == RC_OK ? RC_OK : report(o, &e, rc);
}

static enum rc bind_config(struct opening *o) {
    struct trees t;
    enum rc rc = docs_of(o, SEC_CONFIG, &t);

    if (rc == RC_OK)
        rc = config_bind(t.n ? tree_root(t.v[0]) : NULL, &o->g->config, o->es);
    trees_fini(&t);
    return rc;
}

static enum rc bind_roster(struct opening *o) {
    struct trees t;
    enum rc rc = docs_of(o, SEC_ROSTER, &t);

    if (rc == RC_OK)
        rc = roster_load(t.v, t.n, &o->g->roster, o->es);
    trees_fini(&t);
    return rc;
}

static enum rc bind_policy(struct opening *o) {
    struct trees t;
    enum rc rc = docs_of(o, SEC_POLICY, &t);

    if (rc == RC_OK)
        rc = policy_load(t.v, t.n, &o->g->policy, o->es);
    trees_fini(&t);
    return rc;
}

static enum rc bind_rules(struct opening *o) {
    struct trees t, sources = {0};
    struct lists lists = {0};
    enum rc rc = docs_of(o, SEC_RULES, &t);

    if (rc == RC_OK)
        rc = docs_of(o, SEC_SOURCES, &sources);
    if (rc == RC_OK) {
        /* without what the patterns would say of literals: those come with the prefilter */
        const struct ruleset_site site = {.sources = sources.v, .nsources = sources.n, .lists = lists_of(o->im.sec[SEC_LISTS], &lists), .nlists = lists.n, .lasting = true};
        rc = ruleset_load_at(&site, t.v, t.n, o->im.flags, &o->g->rules, o->es);
    }
    free(lists.v);
    trees_fini(&sources);
    trees_fini(&t);
    return o->g->rules ? RC_OK : rc;
}

static enum rc bind_prefilter(struct opening *o) {
    struct err e = {0};

    if (!o->g->rules || o->im.sec[SEC_PREFILTER].n == 0)
        return RC_OK;
    enum rc rc = ruleset_prefilter_load(o->g->rules, o->im.sec[SEC_PREFILTER], &e);
    return rc == RC_OK ? RC_OK : report(o, &e, rc);
}

static enum rc bind_normalise(struct opening *o) {
    struct trees t;
    enum rc rc = docs_of(o, SEC_NORMALISE, &t);

    if (rc == RC_OK)
        rc = normaliser_open(t.v, t.n, &o->g->normaliser, o->es);
    trees_fini(&t);
    return rc;
}

static enum rc bind_dialects(struct opening *o) {
    struct generation *g = o->g;
    struct trees t;
    enum rc rc = docs_of(o, SEC_DIALECTS, &t);

    if (rc == RC_OK && !(g->dialects = calloc(t.n + 1, sizeof(struct dialect_map *))))
        rc = RC_NOMEM;
    for (size_t i = 0; rc == RC_OK && i < t.n; i++) {
        rc = dialect_load(t.v[i], &g->dialects[g->ndialects], o->es);
        g->ndialects += rc == RC_OK;
    }
    trees_fini(&t);
    return rc;
}

static struct zone *zone_named(struct opening *o, const char *name) {
    struct str bytes = pairs_find(o->im.sec[SEC_ZONES], name);

    return str_absent(bytes) ? NULL : zone_parse(bytes);
}

static enum rc bind_zones(struct opening *o) {
    struct generation *g = o->g;
    const struct roster *r = &g->roster;

    g->zone = zone_named(o, "");
    if (r->nsources == 0)
        return RC_OK;
    if (!(g->source_zones = calloc(r->nsources, sizeof(struct zone *))))
        return RC_NOMEM;
    for (size_t i = 0; i < r->nsources; i++)
        if (r->sources[i].tz)
            g->source_zones[i] = zone_named(o, r->sources[i].tz);
    return RC_OK;
}

/* in this order: later ones look at earlier ones */
static const struct {
    enum section sec;
    enum rc (*bind)(struct opening *o);
} binders[] = {
    {SEC_CONFIG, bind_config},       {SEC_ROSTER, bind_roster},       {SEC_POLICY, bind_policy},     {SEC_NORMALISE, bind_normalise}, {SEC_RULES, bind_rules},
    {SEC_PREFILTER, bind_prefilter}, {SEC_DIALECTS, bind_dialects}, {SEC_ZONES, bind_zones},
};

enum rc generation_open(struct str image, uint32_t number, unsigned parts, struct generation **out, struct errs *es) {
    struct opening o = {.es = es};
    struct err e = {0};
    uint8_t digest[SHA256_SIZE];
    enum rc rc = image_open(image, &o.im, &e);

    *out = NULL;
    if (rc != RC_OK)
        return report(&o, &e, rc);
    if (!(o.g = calloc(1, sizeof *o.g)))
        return RC_NOMEM;
    o.g->number = number;
    o.g->parts = parts;
    o.g->image = image;
    o.g->refused = o.im.sec[SEC_REFUSED];
    sha256_of(image, digest);
    hex_of(digest, sizeof digest, o.g->digest);
    for (size_t i = 0; rc == RC_OK && i < sizeof binders / sizeof binders[0]; i++)
        if (parts & (1u << binders[i].sec))
            rc = binders[i].bind(&o);
    if (rc == RC_OK)
        *out = o.g;
    else
        generation_free(o.g);
    return rc;
}

static enum rc map_fd(int fd, void **map, size_t *size, struct err *e) {
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);

    if (seals < 0 || (seals & (F_SEAL_SHRINK | F_SEAL_WRITE)) != (F_SEAL_SHRINK | F_SEAL_WRITE))
        return err_set(e, RC_INVALID, "the configuration image is not sealed"); /* a shrinking map would be SIGBUS */
    if (fstat(fd, &st) != 0 || st.st_size <= 0 || st.st_size > IMAGE_MAX)
        return err_set(e, RC_INVALID, "the configuration image has no sensible size");
    *size = (size_t)st.st_size;
    *map = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, fd, 0);
    return *map == MAP_FAILED ? err_set(e, RC_IO, "cannot map the configuration image: %s", strerrordesc_np(errno)) : RC_OK;
}

enum rc generation_open_fd(int fd, uint32_t number, unsigned parts, struct generation **out, struct errs *es) {
    struct err e = {0};
    void *map = NULL;
    size_t size = 0;
    enum rc rc = map_fd(fd, &map, &size, &e);

    *out = NULL;
    if (rc != RC_OK) {
        errs_add(es, &e);
        return rc;
    }
    rc = generation_open(str_n(map, size), number, parts, out, es);
    if (rc != RC_OK) {
        munmap(map, size);
        return rc;
    }
    (*out)->map = map;
    (*out)->map_size = size;
    return RC_OK;
}

static void forget_secrets(struct generation *g) {
    if (g->secrets)
        wipe(g->secrets, g->secrets_size);
    free(g->secrets);
    g->secrets = NULL;
    g->secrets_size = 0;
}

enum rc generation_secrets_fd(struct generation *g, int fd, struct err *e) {
    void *map = NULL;
    size_t size = 0;
    enum rc rc = map_fd(fd, &map, &size, e);

    if (rc != RC_OK)
        return rc;
    forget_secrets(g);
    if ((g->secrets = malloc(size))) {
        memcpy(g->secrets, map, size);
        g->secrets_size = size;
    }
    munmap(map, size);
    return g->secrets ? RC_OK : err_set(e, RC_NOMEM, "out of memory");
}

struct str generation_secret(const struct generation *g, const char *name) {
    return pairs_find(str_n(g->secrets, g->secrets_size), name);
}

void generation_free(struct generation *g) {
    if (!g)
        return;
    for (size_t i = 0; g->source_zones && i < g->roster.nsources; i++)
        zone_free(g->source_zones[i]);
    free(g->source_zones);
    zone_free(g->zone);
    for (size_t i = 0; i < g->ndialects; i++)
        dialect_free(g->dialects[i]);
    free(g->dialects);
    normaliser_free(g->normaliser);
    ruleset_free(g->rules);
    if (g->parts & (1u << SEC_ROSTER))
        roster_fini(&g->roster);
    opt_fini(config_opts, &g->config);
    forget_secrets(g);
    if (g->map)
        munmap(g->map, g->map_size);
    free(g);
}
