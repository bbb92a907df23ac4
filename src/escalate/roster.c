/* SPDX-License-Identifier: ISC
 *
 * roster.c - organisations, people, assets and sources from their files
 *
 * Takes   the trees of the roster files; what one file says about people may name an organisation of another.
 * Gives   a roster whose addresses, dates and roles hold; otherwise every mistake by file and line.
 * Keeps   everything in one arena of the roster, up to ROSTER_MEMORY.
 */
#include "escalate/roster_conf.h"

#include "base/clock.h"
#include "base/table.h"
#include "escalate/address.h"
#include "escalate/policy.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROSTER_MEMORY ((size_t)256 * 1024 * 1024)
#define ORGS_MAX 200
#define PEOPLE_MAX 5000
#define ROLES_MAX 64
#define ASSETS_MAX 200000
#define SOURCES_MAX 50000

const char *const function_words[] = {"",   "iso",   "it",       "management", "dpo",   "legal",
                                      "hr", "audit", "business", "authority",  "other", NULL};
static const char *const sod_words[] = {"strict", "compensating", NULL};

static const struct opt org_opts[] = {
    {"slug", OPT_STR, offsetof(struct org_conf, slug), 0, 0, "!", "the short name by which everything refers to it", NULL, NULL,
     0},
    {"name", OPT_STR, offsetof(struct org_conf, name), 1, 200, "!", "its name", NULL, NULL, 0},
    {"tz", OPT_STR, offsetof(struct org_conf, tz), 1, 64, "UTC", "its time zone", NULL, NULL, 0},
    {"sod_mode", OPT_ENUM, offsetof(struct org_conf, sod_mode), 0, 0, "strict",
     "compensating: a small organisation, where the same person may approve a close a day later and management is told",
     sod_words, NULL, 0},
    OPT_END,
};
static const struct opt role_opts[] = {
    {"org", OPT_STR, offsetof(struct role_conf, org), 1, 64, NULL, "of which organisation; may be left out when there is but one",
     NULL, NULL, 0},
    {"role", OPT_STR, offsetof(struct role_conf, role), 1, 64, "!",
     "iso, deputy, management, dpo, analyst, auditor, action_owner, reporter, admin", NULL, NULL, 0},
    {"from", OPT_STR, offsetof(struct role_conf, from), 1, 64, "1970-01-01", "first day, or instant", NULL, NULL, 0},
    {"to", OPT_STR, offsetof(struct role_conf, to), 1, 64, NULL, "the day it has ended, or instant", NULL, NULL, 0},
    {"reason", OPT_STR, offsetof(struct role_conf, reason), 0, 500, "", "why, for the record", NULL, NULL, 0},
    {"exception_ref", OPT_STR, offsetof(struct role_conf, exception_ref), 1, 500, NULL,
     "the approved document that allows a conflict of roles", NULL, NULL, 0},
    OPT_END,
};
static const struct opt person_opts[] = {
    {"login", OPT_STR, offsetof(struct person_conf, login), 0, 0, "!", "the word by which they are called everywhere", NULL, NULL,
     0},
    {"name", OPT_STR, offsetof(struct person_conf, name), 1, 200, "!", "their name", NULL, NULL, 0},
    {"email", OPT_STR, offsetof(struct person_conf, email), 1, 254, NULL, "where mail reaches them", NULL, NULL, 0},
    {"webhook", OPT_STR, offsetof(struct person_conf, webhook), 1, 1000, NULL, "an address that is called for them", NULL, NULL,
     0},
    {"webhook_secret_file", OPT_STR, offsetof(struct person_conf, webhook_secret_file), 1, 4000, NULL,
     "the secret the call is signed with", NULL, NULL, 0},
    {"function", OPT_ENUM, offsetof(struct person_conf, function), 0, 0, "",
     "what they are in the house; from their roles when left out", function_words, NULL, 0},
    {"uid", OPT_INT, offsetof(struct person_conf, uid), -1, UINT32_MAX - INT64_C(1), "-1",
     "their account on this machine; -1 = none", NULL, NULL, 0},
    {"channels", OPT_STRS, offsetof(struct person_conf, channels), 0, 4, NULL, "email, webhook: in this order", NULL, NULL, 0},
    {"roles", OPT_LIST, offsetof(struct person_conf, roles), 0, ROLES_MAX, NULL, "what they are responsible for", NULL, role_opts,
     sizeof(struct role_conf)},
    OPT_END,
};
static const struct opt need_opts[] = {
    {"c", OPT_INT, offsetof(struct need_conf, c), 1, 4, "2", "need of confidentiality: 1 low, 2 normal, 3 high, 4 very high",
     NULL, NULL, 0},
    {"i", OPT_INT, offsetof(struct need_conf, i), 1, 4, "2", "need of integrity", NULL, NULL, 0},
    {"a", OPT_INT, offsetof(struct need_conf, a), 1, 4, "2", "need of availability", NULL, NULL, 0},
    OPT_END,
};
static const struct opt asset_opts[] = {
    {"key", OPT_STR, offsetof(struct asset_conf, key), 1, 255, "!", "host name or address as messages carry it", NULL, NULL, 0},
    {"name", OPT_STR, offsetof(struct asset_conf, name), 0, 200, "", "what people call it", NULL, NULL, 0},
    {"org", OPT_STR, offsetof(struct asset_conf, org), 1, 64, NULL, "whose it is", NULL, NULL, 0},
    {"need", OPT_MAP, offsetof(struct asset_conf, need), 0, 0, NULL, "how much it needs protection", NULL, need_opts, 0},
    {"data", OPT_INT, offsetof(struct asset_conf, data), 0, 4, "0",
     "0 none, 1 internal, 2 personal or confidential, 3 special categories or secrets, 4 life-critical", NULL, NULL, 0},
    OPT_END,
};
static const struct opt source_opts[] = {
    {"name", OPT_STR, offsetof(struct source_conf, name), 1, 255, "!", "host name or address as messages carry it", NULL, NULL,
     0},
    {"org", OPT_STR, offsetof(struct source_conf, org), 1, 64, NULL, "whose it is", NULL, NULL, 0},
    {"zone", OPT_STR, offsetof(struct source_conf, zone), 1, 64, NULL, "its time zone, when its messages name none", NULL, NULL,
     0},
    {"year", OPT_INT, offsetof(struct source_conf, year), 0, 2099, "0",
     "of its old messages, whose stamps have none; 0 = the one nearest to their arrival", NULL, NULL, 0},
    {"heartbeat", OPT_DURATION, offsetof(struct source_conf, heartbeat), 0, 366 * US_PER_DAY, "0",
     "silent longer than this makes an event; 0 = not watched", NULL, NULL, 0},
    {"trust", OPT_INT, offsetof(struct source_conf, trust), 0, 100, "80", "how far it is believed, of 100", NULL, NULL, 0},
    OPT_END,
};
const struct opt roster_opts[] = {
    {"orgs", OPT_LIST, offsetof(struct roster_conf, orgs), 0, ORGS_MAX, NULL, "organisations", NULL, org_opts,
     sizeof(struct org_conf)},
    {"people", OPT_LIST, offsetof(struct roster_conf, people), 0, PEOPLE_MAX, NULL, "people", NULL, person_opts,
     sizeof(struct person_conf)},
    {"assets", OPT_LIST, offsetof(struct roster_conf, assets), 0, ASSETS_MAX, NULL, "assets", NULL, asset_opts,
     sizeof(struct asset_conf)},
    {"sources", OPT_LIST, offsetof(struct roster_conf, sources), 0, SOURCES_MAX, NULL, "sources of messages", NULL, source_opts,
     sizeof(struct source_conf)},
    OPT_END,
};

void roster_complain(struct errs *es, const struct tree_node *n, const char *fmt, ...) {
    struct err e = {0};
    char text[400];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n)
        (void)tree_err(n, &e, RC_CONFIG, "%s", text);
    else
        (void)err_set(&e, RC_CONFIG, "roster: %s", text);
    errs_add(es, &e);
}

struct load { /* the files being read */
    struct roster *r;
    struct errs *es;
    struct table *assets; /* names there are already: there may be many */
};

static const char *keep(struct load *l, const char *s) {
    char *copy = s ? arena_cstr(l->r->memory, str_of(s)) : NULL;

    if (s && !copy)
        roster_complain(l->es, NULL, "too large");
    return copy;
}

/* The organisation by its short name; when there is but one it need not be named. */
static uint16_t org_of(struct load *l, const char *slug, const struct tree_node *at) {
    int o = slug ? roster_org(l->r, str_of(slug)) : 0;

    const char *near = slug && o < 0 ? roster_org_like(l->r, str_of(slug)) : NULL;

    if (!slug && l->r->norgs != 1)
        roster_complain(l->es, at, "which organisation? there is more than one");
    else if (o < 0)
        roster_complain(l->es, at, "there is no organisation \"%s\"%s%s%s", slug, near ? "; did you mean \"" : "", near ? near : "",
                        near ? "\"?" : "");
    return o < 0 ? 0 : (uint16_t)o;
}

/* "2026-01-31" (00:00 UTC) or an RFC 3339 instant; absent gives 0. */
static int64_t day_of(struct load *l, const char *text, const struct tree_node *at) {
    char whole[64];
    int64_t us = 0;

    if (!text)
        return 0;
    (void)snprintf(whole, sizeof whole, "%s%s", text, strlen(text) == 10 ? "T00:00:00Z" : "");
    if (!time_parse(str_of(whole), &us, NULL))
        roster_complain(l->es, at, "\"%s\" is not a day such as 2026-01-31", text);
    return us;
}

static void add_org(struct load *l, const void *from, const struct tree_node *at) {
    const struct org_conf *c = from;
    struct org *o = &l->r->orgs[l->r->norgs];

    if (!address_word(str_of(c->slug)))
        roster_complain(l->es, at, "slug: \"%s\" is not 1 to 32 of a-z 0-9 . _ -", c->slug);
    if (roster_org(l->r, str_of(c->slug)) >= 0)
        roster_complain(l->es, at, "there are two organisations \"%s\"", c->slug);
    *o = (struct org){.slug = keep(l, c->slug), .name = keep(l, c->name), .tz = keep(l, c->tz), .compensating = c->sod_mode == 1};
    l->r->norgs++;
}

static void add_bindings(struct load *l, const struct opt_list *roles, const struct tree_node *at, struct person *p) {
    const struct role_conf *c = roles->v;
    struct binding *b = roles->n ? arena_alloc(l->r->memory, roles->n * sizeof *b) : NULL;

    p->bindings = b;
    for (size_t i = 0; b && i < roles->n; i++, c++) {
        int role = role_find(str_of(c->role));

        if (role < 0 || role == ROLE_SYSTEM || role == ROLE_SOURCE) {
            roster_complain(l->es, at, "\"%s\" is no role that a person can have", c->role);
            continue;
        }
        b[p->nbindings] = (struct binding){org_of(l, c->org, at), (uint8_t)role,      day_of(l, c->from, at),
                                           day_of(l, c->to, at),  keep(l, c->reason), keep(l, c->exception_ref)};
        if (b[p->nbindings].to && b[p->nbindings].to <= b[p->nbindings].from)
            roster_complain(l->es, at, "the role %s of %s ends before it begins", c->role, p->login);
        p->nbindings++;
    }
}

static void add_channel(struct load *l, struct person *p, int channel, const char *word, const struct tree_node *at) {
    const char *address = channel == CHANNEL_EMAIL ? p->email : channel == CHANNEL_WEBHOOK ? p->webhook : NULL;

    if (channel < 0)
        roster_complain(l->es, at, "\"%s\" is no channel; there are email and webhook", word);
    else if (!address)
        roster_complain(l->es, at, "%s is to be told by %s, but has none", p->login, word);
    else if (p->nchannels < sizeof p->channels)
        p->channels[p->nchannels++] = (uint8_t)channel;
}

static void add_channels(struct load *l, const struct opt_strs *given, struct person *p, const struct tree_node *at) {
    for (size_t i = 0; i < given->n; i++)
        add_channel(l, p, word_find(WORDS_channel, str_of(given->v[i])), given->v[i], at);
    if (given->n == 0 && p->email)
        add_channel(l, p, CHANNEL_EMAIL, "email", at);
    if (given->n == 0 && p->webhook)
        add_channel(l, p, CHANNEL_WEBHOOK, "webhook", at);
}

/* What somebody is in the house follows from the roles when it is not said. */
static const char *function_of(const struct person *p) {
    static const struct {
        uint8_t role;
        const char *function;
    } by_role[] = {{ROLE_MANAGEMENT, "management"}, {ROLE_ISO, "iso"},    {ROLE_DEPUTY, "iso"}, {ROLE_DPO, "dpo"},
                   {ROLE_AUDITOR, "audit"},         {ROLE_ANALYST, "it"}, {ROLE_ADMIN, "it"}};

    for (size_t k = 0; k < sizeof by_role / sizeof *by_role; k++)
        for (size_t i = 0; i < p->nbindings; i++)
            if (p->bindings[i].role == by_role[k].role)
                return by_role[k].function;
    return "other";
}

static void check_words(struct load *l, const struct person_conf *c, const struct tree_node *at) {
    if (!address_word(str_of(c->login)) || strcmp(c->login, "tocsin") == 0 || strcmp(c->login, "root") == 0)
        roster_complain(l->es, at, "login: \"%s\" is not 1 to 32 of a-z 0-9 . _ - (nor \"tocsin\" or \"root\")", c->login);
    if (c->email && !address_mail(str_of(c->email)))
        roster_complain(l->es, at, "email: \"%s\" is not an address such as name@example.org", c->email);
    if (c->webhook && !address_url(str_of(c->webhook)))
        roster_complain(l->es, at, "webhook: \"%s\" is not an http or https address", c->webhook);
    if (c->uid == 0)
        roster_complain(l->es, at, "uid 0 is root: root administers the daemon and is nobody of the roster");
}

static void add_person(struct load *l, const void *from, const struct tree_node *at) {
    const struct person_conf *c = from;
    struct person *p = &l->r->people[l->r->npeople++];

    check_words(l, c, at);
    *p = (struct person){.login = keep(l, c->login),
                         .name = keep(l, c->name),
                         .email = keep(l, c->email),
                         .webhook = keep(l, c->webhook),
                         .webhook_secret_file = keep(l, c->webhook_secret_file),
                         .uid = c->uid};
    add_bindings(l, &c->roles, at, p);
    add_channels(l, &c->channels, p, at);
    p->function = c->function ? function_words[c->function] : function_of(p);
    if (p->login)
        roster_check_person(l->r, p, at, l->es);
}

/* The name of an asset within its organisation, without case: what roster_asset() looks for. */
static void check_twice(struct load *l, uint16_t org, const char *name, const struct tree_node *at) {
    char key[260];
    size_t n = 0;
    bool fresh = true;

    key[n++] = (char)(org >> 8);
    key[n++] = (char)org;
    for (; *name && n < sizeof key; name++)
        key[n++] = *name >= 'A' && *name <= 'Z' ? (char)(*name + 32) : *name;
    if (!l->assets || !table_get(l->assets, str_n(key, n), &fresh))
        roster_complain(l->es, at, "out of memory");
    else if (!fresh)
        roster_complain(l->es, at, "there are two assets \"%s\"", name - (n - 2));
}

static void add_asset(struct load *l, const void *from, const struct tree_node *at) {
    const struct asset_conf *c = from;
    uint16_t org = org_of(l, c->org, at);

    check_twice(l, org, c->key, at);
    l->r->assets[l->r->nassets++] = (struct asset){.key = keep(l, c->key),
                                                   .name = keep(l, c->name[0] ? c->name : c->key),
                                                   .org = org,
                                                   .need = {(uint8_t)c->need.c, (uint8_t)c->need.i, (uint8_t)c->need.a},
                                                   .data = (uint8_t)c->data};
}

static void add_source(struct load *l, const void *from, const struct tree_node *at) {
    const struct source_conf *c = from;

    l->r->sources[l->r->nsources++] = (struct source){.name = keep(l, c->name),
                                                      .org = org_of(l, c->org, at),
                                                      .tz = keep(l, c->zone),
                                                      .year = (int16_t)c->year,
                                                      .heartbeat = c->heartbeat,
                                                      .trust = (uint8_t)c->trust};
}

/* ---- all files, kind by kind: organisations first, since the others name them */

static const struct kind {
    const char *key;
    size_t conf, list, count, size, max; /* offsets in roster_conf and roster; size of one, and how many there may be */
    size_t conf_size;
    void (*add)(struct load *l, const void *from, const struct tree_node *at);
} kinds[] = {
    {"orgs", offsetof(struct roster_conf, orgs), offsetof(struct roster, orgs), offsetof(struct roster, norgs),
     sizeof(struct org), ORGS_MAX, sizeof(struct org_conf), add_org},
    {"people", offsetof(struct roster_conf, people), offsetof(struct roster, people), offsetof(struct roster, npeople),
     sizeof(struct person), PEOPLE_MAX, sizeof(struct person_conf), add_person},
    {"assets", offsetof(struct roster_conf, assets), offsetof(struct roster, assets), offsetof(struct roster, nassets),
     sizeof(struct asset), ASSETS_MAX, sizeof(struct asset_conf), add_asset},
    {"sources", offsetof(struct roster_conf, sources), offsetof(struct roster, sources), offsetof(struct roster, nsources),
     sizeof(struct source), SOURCES_MAX, sizeof(struct source_conf), add_source},
};

static const struct opt_list *list_of(const struct roster_conf *c, const struct kind *k) {
    return (const struct opt_list *)(const void *)((const char *)c + k->conf);
}

static void load_kind(struct load *l, const struct kind *k, const struct tree *const *docs, const struct roster_conf *confs,
                      size_t n) {
    size_t total = 0;
    void *array;

    for (size_t i = 0; i < n; i++)
        total += list_of(&confs[i], k)->n;
    array = total && total <= k->max ? arena_alloc(l->r->memory, total * k->size) : NULL;
    memcpy((char *)l->r + k->list, &array, sizeof array);
    if (total && !array) {
        roster_complain(l->es, NULL, "%s: more than %zu, or out of memory", k->key, k->max);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const char *from = list_of(&confs[i], k)->v;

        for (const struct tree_node *at = tree_first(tree_get(tree_root(docs[i]), k->key)); at;
             at = tree_next(at), from += k->conf_size)
            k->add(l, from, at);
    }
}

/* ---- what can be said of files with mistakes in them: only the trees are sound */

struct sketch {
    const struct tree *const *docs;
    size_t n;
    struct errs *es;
};

static bool sketched(const struct sketch *s, struct str slug) {
    for (size_t i = 0; i < s->n; i++)
        for (const struct tree_node *o = tree_first(tree_get(tree_root(s->docs[i]), "orgs")); o; o = tree_next(o))
            if (str_eq(tree_get_text(o, "slug"), slug))
                return true;
    return false;
}

static void sketch_org(const struct sketch *s, const struct tree_node *at) {
    struct str slug = tree_get_text(at, "org");

    if (!str_absent(slug) && !sketched(s, slug))
        roster_complain(s->es, tree_get(at, "org"), "there is no organisation \"%.*s\"", STR_FMT(str_sub(slug, 0, 64)));
}

static void sketch_list(const struct sketch *s, const struct tree_node *list) {
    for (const struct tree_node *at = tree_first(list); at; at = tree_next(at)) {
        sketch_org(s, at);
        for (const struct tree_node *role = tree_first(tree_get(at, "roles")); role; role = tree_next(role))
            sketch_org(s, role);
    }
}

static void sketch(const struct sketch *s) {
    static const char *const lists[] = {"people", "assets", "sources"};

    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < sizeof lists / sizeof *lists; k++)
            sketch_list(s, tree_get(tree_root(s->docs[i]), lists[k]));
}

enum rc roster_load(const struct tree *const *docs, size_t n, struct roster *out, struct errs *es) {
    struct roster_conf *confs = calloc(n ? n : 1, sizeof *confs);
    struct load l = {out, es, table_new(ASSETS_MAX + 1, 1, NULL, NULL)};
    unsigned before = es->n + es->dropped;
    bool bound = true;

    memset(out, 0, sizeof *out);
    out->memory = malloc(sizeof *out->memory);
    if (out->memory)
        arena_init(out->memory, ROSTER_MEMORY);
    for (size_t i = 0; confs && out->memory && i < n; i++)
        bound = opt_bind(roster_opts, tree_root(docs[i]), &confs[i], es) == RC_OK && bound;
    if (!confs || !out->memory)
        roster_complain(es, NULL, "out of memory");
    else if (!bound)
        sketch(&(struct sketch){docs, n, es});
    else {
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
            if (i == 0 || out->norgs)
                load_kind(&l, &kinds[i], docs, confs, n);
        if (out->norgs == 0)
            roster_complain(es, NULL, "there is no organisation");
        roster_check_orgs(out, NULL, es);
    }
    for (size_t i = 0; confs && i < n; i++)
        opt_fini(roster_opts, &confs[i]);
    free(confs);
    table_free(l.assets);
    if (es->n + es->dropped == before)
        return RC_OK;
    roster_fini(out);
    return RC_CONFIG;
}

void roster_fini(struct roster *r) {
    if (r->memory)
        arena_fini(r->memory);
    free(r->memory);
    memset(r, 0, sizeof *r);
}
