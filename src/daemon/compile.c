/* SPDX-License-Identifier: ISC
 *
 * compile.c - from a bundle of files to an image
 *
 * Takes   the bytes of every file, already opened by somebody who may.
 * Gives   one block that every role can use where it lies, or every mistake with file:line:col.
 */
#include <config.h>

#include "daemon/compile.h"
#include "daemon/config_check.h"
#include "daemon/image.h"
#include "detect/refused.h"
#include "daemon/secrets.h"

#include "base/file.h"
#include "base/log.h"
#include "parse/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ZONEINFO "/usr/share/zoneinfo"

/* Without a roster of one's own somebody must still be there, or explain could not say who would be told. */
static const char builtin_roster[] =
    "orgs: [{slug: main, name: This organisation}]\n"
    "people:\n"
    "  - {login: iso, name: Information Security Officer, email: root@localhost, function: iso,\n"
    "     roles: [{org: main, role: iso, from: 2000-01-01, reason: built in}]}\n"
    "  - {login: deputy, name: Deputy, email: root@localhost, function: iso,\n"
    "     roles: [{org: main, role: deputy, from: 2000-01-01, reason: built in}]}\n"
    "  - {login: management, name: Management, email: root@localhost, function: management,\n"
    "     roles: [{org: main, role: management, from: 2000-01-01, reason: built in}]}\n";

struct docs {
    struct tree **v;
    size_t n;
};
struct compile {
    struct errs *es;
    struct docs docs[SEC__COUNT];
    struct buf sec[SEC__COUNT];
    struct config config;
    struct roster roster;
    struct policy policy;
    struct ruleset *rules;
    struct normaliser *normaliser;
    struct dialect_map **dialects;
    size_t ndialects;
    struct spare spare; /* of the sample that is read */
    unsigned flags;  /* RULESET_... */
    unsigned refused;
    unsigned broken; /* mask of 1 << SEC_*: what is missing from the rest, so that nobody complains about that */
    bool failed;
};

static void mistake(struct compile *c, const struct err *e) {
    errs_add(c->es, e);
    c->failed = true;
}

static void broke(struct compile *c, enum section kind) {
    c->broken |= 1u << kind;
    c->failed = true;
}

/* ---- a bad rule alone */

static bool keeps_bad(const struct compile *c) {
    return (c->flags & RULESET_KEEP_BAD) != 0;
}

static void on_refused(void *ctx, const struct err *e) {
    struct compile *c = ctx;

    if (keeps_bad(c) && c->refused++ < REFUSED_MAX)
        refused_add(&c->sec[SEC_REFUSED], c->docs[SEC_RULES].v, c->docs[SEC_RULES].n, e);
}

/* From here to the end of it every mistake is one of a rule. */
static void refusing(struct compile *c, bool begin) {
    c->es->also = begin ? on_refused : NULL;
    c->es->ctx = begin ? c : NULL;
}

static void bad_file(struct compile *c, const struct err *e) {
    refusing(c, true);
    errs_add(c->es, e);
    refusing(c, false);
}

static bool whole(const struct compile *c, unsigned parts) {
    return (c->broken & parts) == 0;
}

static void read_one(struct compile *c, enum section kind, struct str name, struct str bytes) {
    struct err e = {0};
    char file[160];

    str_copy(file, sizeof file, name);
    if (kind == SEC_ZONES || kind == SEC_LISTS) {
        pairs_add(&c->sec[kind], file, bytes);
    } else if (tree_from_yaml(file, bytes, &c->docs[kind].v, &c->docs[kind].n, &e) != RC_OK) {
        if (kind == SEC_RULES && keeps_bad(c)) {
            bad_file(c, &e);
            return;
        }
        mistake(c, &e);
        broke(c, kind);
    }
}

static void read_all(struct compile *c, struct str bundle) {
    enum section kind;
    struct str name, bytes;
    struct err e = {0};
    bool bad = false;

    while (bundle_next(&bundle, &kind, &name, &bytes, &bad))
        read_one(c, kind, name, bytes);
    if (bad) {
        err_set(&e, RC_INVALID, "the bundle of files is cut off");
        mistake(c, &e);
    }
}

static const struct tree_node *config_root(const struct compile *c) {
    return c->docs[SEC_CONFIG].n ? tree_root(c->docs[SEC_CONFIG].v[0]) : NULL;
}

static void bind(struct compile *c) {
    struct err e = {0};

    if (c->docs[SEC_CONFIG].n > 1) {
        tree_err(tree_root(c->docs[SEC_CONFIG].v[1]), &e, RC_CONFIG, "a configuration file holds one document, this is another");
        mistake(c, &e);
    }
    if (config_bind(config_root(c), &c->config, c->es) != RC_OK)
        c->failed = true;
}

/* ---- loading */
#define CONST_DOCS(c, kind) ((const struct tree *const *)(void *)(c)->docs[kind].v), (c)->docs[kind].n

static void load_dialects(struct compile *c) {
    const struct docs *d = &c->docs[SEC_DIALECTS];

    if (!(c->dialects = calloc(d->n + 1, sizeof *c->dialects))) {
        broke(c, SEC_DIALECTS);
        return;
    }
    for (size_t i = 0; i < d->n; i++) {
        if (dialect_load(d->v[i], &c->dialects[c->ndialects], c->es) == RC_OK)
            c->ndialects++;
        else
            broke(c, SEC_DIALECTS);
    }
}

static void load_rules(struct compile *c) {
    struct lists lists = {0};
    const struct ruleset_site site = {CONST_DOCS(c, SEC_SOURCES), lists_of(buf_view(&c->sec[SEC_LISTS]), &lists), lists.n, true,
                                      c->normaliser ? site_derives : NULL, c->normaliser ? site_needs : NULL, site_group, c->normaliser};

    refusing(c, true);
    if (ruleset_load_at(&site, CONST_DOCS(c, SEC_RULES), c->flags, &c->rules, c->es) != RC_OK && !(keeps_bad(c) && c->rules))
        broke(c, SEC_RULES);
    refusing(c, false);
    free(lists.v);
}

static void load(struct compile *c) {
    if (!config_root(c) && c->docs[SEC_ROSTER].n == 0)
        read_one(c, SEC_ROSTER, STR("built-in roster"), str_of(builtin_roster));
    if (roster_load(CONST_DOCS(c, SEC_ROSTER), &c->roster, c->es) != RC_OK)
        broke(c, SEC_ROSTER);
    if (policy_load(CONST_DOCS(c, SEC_POLICY), &c->policy, c->es) != RC_OK)
        broke(c, SEC_POLICY);
    if (normaliser_load(CONST_DOCS(c, SEC_NORMALISE), &c->normaliser, c->es) != RC_OK)
        broke(c, SEC_NORMALISE);
    load_rules(c); /* behind the patterns: they say which fields stand in the text */
    load_dialects(c);
}

static struct trees trees_of(const struct compile *c, enum section kind) {
    return (struct trees){(const struct tree **)(void *)c->docs[kind].v, c->docs[kind].n};
}

static void check(struct compile *c) {
    struct trees roster = trees_of(c, SEC_ROSTER);
    struct check k = {.config = &c->config,
                      .root = config_root(c),
                      .roster = &c->roster,
                      .roster_docs = &roster,
                      .policy = &c->policy,
                      .dialects = c->dialects,
                      .ndialects = c->ndialects,
                      .es = c->es};
    unsigned before = c->es->n + c->es->dropped;

    config_check(&k);
    if (c->es->n + c->es->dropped != before)
        c->failed = true;
}

/* ---- zones */
static void add_zone(struct compile *c, const char *tz, const char *as, const struct tree_node *where) {
    struct buf bytes;
    struct err e = {0};
    char path[128];
    struct zone *z = NULL;

    if (!tz || !str_absent(pairs_find(buf_view(&c->sec[SEC_ZONES]), as)))
        return;
    buf_init(&bytes, 1u << 20);
    snprintf(path, sizeof path, ZONEINFO "/%s", tz);
    if (zone_name_valid(str_of(tz)) && file_read(path, 1u << 20, &bytes, NULL) == RC_OK)
        z = zone_parse(buf_view(&bytes));
    if (z) {
        pairs_add(&c->sec[SEC_ZONES], as, buf_view(&bytes));
    } else {
        if (where)
            tree_err(where, &e, RC_CONFIG, "there is no time zone \"%s\" in " ZONEINFO, tz);
        else
            err_set(&e, RC_CONFIG, "there is no time zone \"%s\" in " ZONEINFO, tz);
        err_hint(&e, "a name such as Europe/Berlin; the package tzdata brings the zones");
        mistake(c, &e);
    }
    zone_free(z);
    buf_fini(&bytes);
}

/* the node in the roster that names this zone */
static const struct tree_node *zone_node(const struct compile *c, const char *list, const char *tz) {
    for (size_t d = 0; d < c->docs[SEC_ROSTER].n; d++) {
        const struct tree_node *n = tree_first(tree_get(tree_root(c->docs[SEC_ROSTER].v[d]), list));
        for (; n; n = tree_next(n))
            if (str_is(tree_get_text(n, "tz"), tz) || str_is(tree_get_text(n, "zone"), tz))
                return n;
    }
    return NULL;
}

static void zones(struct compile *c) {
    if (c->config.zone) {
        buf_reset(&c->sec[SEC_ZONES]); /* the machine's own does not count then */
        add_zone(c, c->config.zone, "", tree_get(config_root(c), "zone"));
    }
    for (size_t i = 0; i < c->roster.norgs; i++)
        add_zone(c, c->roster.orgs[i].tz, c->roster.orgs[i].tz ? c->roster.orgs[i].tz : "",
                 zone_node(c, "orgs", c->roster.orgs[i].tz));
    for (size_t i = 0; i < c->roster.nsources; i++)
        add_zone(c, c->roster.sources[i].tz, c->roster.sources[i].tz, zone_node(c, "sources", c->roster.sources[i].tz));
}

/* ---- samples and the prefilter */
static void sample(void *ctx, struct str line, struct message *m) {
    struct compile *c = ctx;

    m->raw = line;
    c->spare.n = 0; /* what the line before had decoded is judged by now */
    m->spare = &c->spare;
    m->arrived = clock_now();
    parse_message(m);
    parse_time(m, NULL, TIME_EVENT, 0, 0);
    normalise(c->normaliser, m);
}

static unsigned mistakes(const struct compile *c) {
    return c->es->n + c->es->dropped;
}

static void samples(struct compile *c) {
    unsigned before = mistakes(c);

    c->spare = (struct spare){malloc(MSG_SPARE), 0, MSG_SPARE};
    if (!c->spare.p)
        c->spare.cap = 0;
    refusing(c, true);
    if (whole(c, 1u << SEC_NORMALISE))
        normaliser_test(c->normaliser, c->es);
    if (whole(c, 1u << SEC_NORMALISE | 1u << SEC_RULES))
        ruleset_test(c->rules, sample, c, c->es);
    refusing(c, false);
    free(c->spare.p);
    if (mistakes(c) != before && !keeps_bad(c))
        c->failed = true;
}

static void prefilter(struct compile *c) {
    struct err e = {0};

    if (ruleset_prefilter_make(c->rules, &c->sec[SEC_PREFILTER], &e) != RC_OK)
        mistake(c, &e);
}

/* ---- the whole */
static void start(struct compile *c, unsigned flags, struct errs *es) {
    memset(c, 0, sizeof *c);
    c->es = es;
    c->flags = flags;
    for (int i = 0; i < SEC__COUNT; i++)
        buf_init(&c->sec[i], IMAGE_MAX / 2);
}

static enum rc write_image(struct compile *c, struct buf *out) {
    struct image im = {.flags = c->flags};
    struct err e = {0};

    for (int i = 0; i < SEC__COUNT; i++) {
        if (c->docs[i].n)
            trees_write(c->docs[i].v, c->docs[i].n, &c->sec[i]);
        im.sec[i] = buf_view(&c->sec[i]);
        if (c->sec[i].over)
            c->failed = true;
    }
    if (c->failed || !image_write(&im, out)) {
        err_set(&e, RC_LIMIT, "the compiled configuration has more than %u MiB", IMAGE_MAX >> 20);
        mistake(c, &e);
    }
    return c->failed ? RC_CONFIG : RC_OK;
}

static void finish(struct compile *c) {
    for (size_t i = 0; i < c->ndialects; i++)
        dialect_free(c->dialects[i]);
    free(c->dialects);
    normaliser_free(c->normaliser);
    ruleset_free(c->rules);
    roster_fini(&c->roster);
    opt_fini(config_opts, &c->config);
    for (int i = 0; i < SEC__COUNT; i++) {
        for (size_t d = 0; d < c->docs[i].n; d++)
            tree_free(c->docs[i].v[d]);
        free(c->docs[i].v);
        buf_fini(&c->sec[i]);
    }
}

enum rc compile_config(struct str bundle, struct buf *out, struct errs *es) {
    struct compile c;

    start(&c, 0, es);
    read_all(&c, bundle);
    bind(&c);
    enum rc rc = c.failed ? RC_CONFIG : write_image(&c, out);
    finish(&c);
    return rc;
}

enum rc compile_bundle(struct str bundle, unsigned ruleset_flags, bool run_samples, struct buf *out, struct errs *es) {
    struct compile c;

    start(&c, ruleset_flags, es);
    read_all(&c, bundle);
    bind(&c);
    load(&c);
    if (whole(&c, 1u << SEC_ROSTER | 1u << SEC_POLICY | 1u << SEC_DIALECTS)) { /* else they would only repeat what was said */
        check(&c);
        zones(&c);
    }
    if (run_samples)
        samples(&c);
    if (!c.failed)
        prefilter(&c);
    enum rc rc = c.failed ? RC_CONFIG : write_image(&c, out);
    finish(&c);
    return rc;
}

/* ---- in this process: explain, -t, tests */
static enum rc gather_shipped(const struct config_source *from, struct buf *bundle, struct errs *es) {
    static char folders[][16] = {"rules.d", "normalise.d", "dialects.d"};
    char *names[] = {folders[0], folders[1], folders[2]};
    const struct paths_conf files = {
        .rules = {names, !from->only_these}, .normalise = {names + 1, 1}, .dialects = {names + 2, 1}};
    struct buf path;

    buf_init(&path, 4096);
    buf_printf(&path, "%s/", from->shipped);
    bundle_zone(bundle);
    enum rc rc = bundle_files(buf_cstr(&path), &files, bundle, es);
    buf_fini(&path);
    return rc;
}

/* Mistakes in tocsin.yaml are left to be told by who compiles the bundle, together with those of the other files. */
static enum rc gather_named(const struct config_source *from, struct buf *bundle, struct errs *es) {
    struct errs *own = calloc(1, sizeof *own);
    struct paths_conf files;
    struct compile c;
    enum rc rc = own ? bundle_config(from->path, bundle, es) : RC_NOMEM;

    if (rc == RC_OK) {
        start(&c, 0, own);
        read_all(&c, buf_view(bundle));
        bind(&c);
        files = c.config.files;
        if (from->only_these)
            files.rules.n = 0;
        if (whole(&c, 1u << SEC_CONFIG) && bundle_files(from->path, &files, bundle, es) != RC_OK)
            rc = RC_CONFIG;
        for (unsigned i = 0; rc != RC_OK && i < own->n; i++)
            errs_add(es, &own->v[i]);
        finish(&c);
    }
    free(own);
    return rc;
}

/* What can be read is gathered to its end, so that one run tells every name that is wrong. */
enum rc config_gather(const struct config_source *from, struct buf *bundle, struct errs *es) {
    enum rc rc = RC_OK;

    if (from->path)
        rc = gather_named(from, bundle, es);
    else if (from->shipped)
        rc = gather_shipped(from, bundle, es);
    return bundle_rules(from->rules, bundle, es) == RC_OK ? rc : RC_CONFIG;
}

static enum rc look_at_secrets(const char *path, struct str bundle, struct errs *es) {
    struct errs *said = calloc(1, sizeof *said); /* by compile_bundle */
    struct compile c;
    enum rc rc = RC_NOMEM;

    if (said) {
        start(&c, 0, said);
        read_all(&c, bundle);
        struct trees config = trees_of(&c, SEC_CONFIG), roster = trees_of(&c, SEC_ROSTER);
        rc = secrets_check(path, &config, &roster, es);
        finish(&c);
    }
    free(said);
    return rc;
}

enum rc config_compile_from(const struct config_source *from, unsigned ruleset_flags, bool run_samples, struct buf *out,
                            struct errs *es) {
    struct buf bundle;

    buf_init(&bundle, BUNDLE_MAX);
    enum rc rc = config_gather(from, &bundle, es);
    if (rc == RC_OK)
        rc = compile_bundle(buf_view(&bundle), ruleset_flags, run_samples, out, es);
    if (from->path && from->secrets && look_at_secrets(from->path, buf_view(&bundle), es) != RC_OK)
        rc = RC_CONFIG;
    buf_fini(&bundle);
    return rc;
}

enum rc config_compile(const char *path, const struct opt_strs *rules_extra, unsigned ruleset_flags, bool run_samples,
                       struct buf *out, struct errs *es) {
    return config_compile_from(&(struct config_source){.path = path, .rules = rules_extra}, ruleset_flags, run_samples, out, es);
}
