/* SPDX-License-Identifier: ISC
 *
 * config_check.c - does what the files say fit together?
 *
 * Takes   everything bound.
 * Gives   one sentence for each thing that would fail at night: a name nobody has, a person nobody can reach, a password in the clear.
 */
#include "daemon/config_check.h"

#include <string.h>
#include <strings.h>

static const struct tree_node *nth(const struct tree_node *list, size_t i) {
    const struct tree_node *n = tree_first(list);

    while (n && i--)
        n = tree_next(n);
    return n;
}

/* the node a sentence is about: the member if it is written, else what should hold it */
static const struct tree_node *about(const struct tree_node *map, const char *key) {
    const struct tree_node *n = tree_get(map, key);

    return n ? n : map;
}

#define COMPLAIN(c, node, ...)                                                                                                   \
    do {                                                                                                                         \
        struct err e_ = {0};                                                                                                     \
        if (node)                                                                                                                \
            tree_err(node, &e_, RC_CONFIG, __VA_ARGS__);                                                                         \
        else                                                                                                                     \
            err_set(&e_, RC_CONFIG, __VA_ARGS__);                                                                                \
        errs_add((c)->es, &e_);                                                                                                  \
    } while (0)

bool zone_name_valid(struct str name) {
    static const char ok[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";

    if (name.n == 0 || name.n > 64 || name.p[0] == '/' || name.p[name.n - 1] == '/')
        return false;
    for (size_t i = 0; i < name.n; i++)
        if (!memchr(ok, name.p[i], sizeof ok - 1))
            return false;
    return true; /* no dot, so no ".." either */
}

bool address_is_loopback(struct str a) {
    size_t scheme = str_find(a, STR("://"));

    if (scheme != SIZE_MAX)
        a = str_sub(a, scheme + 3, a.n);
    if (str_starts(a, STR("[::1]")) || str_is(a, "::1"))
        return true;
    struct str host = str_cut(&a, ':');
    if (str_eqi(host, STR("localhost")))
        return true;
    if (!str_starts(host, STR("127.")))
        return false;
    for (size_t i = 0; i < host.n; i++)
        if (!strchr("0123456789.", host.p[i]))
            return false; /* 127.evil.example is a name */
    return true;
}

static void check_org(const struct check *c, const struct tree_node *map, const char *org) {
    const char *near = org ? roster_org_like(c->roster, str_of(org)) : NULL;
    struct err e = {0};

    if (!org || roster_org(c->roster, str_of(org)) >= 0)
        return;
    tree_err(about(map, "org"), &e, RC_CONFIG, "organisation \"%s\" is not in the roster", org);
    err_hint(&e, near ? "did you mean \"%s\"?" : "add it to orgs in a file of files.roster%s", near ? near : "");
    errs_add(c->es, &e);
}

static void check_listeners(const struct check *c) {
    const struct listen_conf *l = c->config->intake.listen.v;

    for (size_t i = 0; i < c->config->intake.listen.n; i++) {
        const struct tree_node *map = nth(tree_get(c->root, "listen"), i);
        check_org(c, map, l[i].org);
        if (!l[i].address)
            COMPLAIN(c, map, "listener %s has no address", l[i].name);
        else if ((l[i].kind == LISTEN_UNIX || l[i].kind == LISTEN_UNIXGRAM) &&
                 (l[i].address[0] != '/' || strlen(l[i].address) > 107))
            COMPLAIN(c, about(map, "address"), "\"%s\" is no absolute path of at most 107 bytes", l[i].address);
        for (size_t j = 0; j < i; j++)
            if (strcmp(l[i].name, l[j].name) == 0)
                COMPLAIN(c, about(map, "name"), "two listeners are called \"%s\"", l[i].name);
    }
}

static bool webhook_name_valid(const char *name) {
    return name && name[0] && strlen(name) <= 64 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static bool dialect_known(const struct check *c, const char *name) {
    for (size_t i = 0; i < c->ndialects; i++)
        if (str_is(dialect_map_name(c->dialects[i]), name))
            return true;
    return false;
}

static bool has_http_listener(const struct check *c) {
    const struct listen_conf *l = c->config->intake.listen.v;

    for (size_t i = 0; i < c->config->intake.listen.n; i++)
        if (l[i].kind == LISTEN_HTTP)
            return true;
    return false;
}

static void check_webhooks(const struct check *c) {
    const struct webhook_conf *w = c->config->intake.webhooks.v;

    for (size_t i = 0; i < c->config->intake.webhooks.n; i++) {
        const struct tree_node *map = nth(tree_get(c->root, "webhooks"), i);
        check_org(c, map, w[i].org);
        if (!webhook_name_valid(w[i].name))
            COMPLAIN(c, about(map, "name"), "\"%s\" is no name of a webhook: 1 to 64 of a-z, 0-9 and -",
                     w[i].name ? w[i].name : "");
        if (w[i].dialect && !dialect_known(c, w[i].dialect))
            COMPLAIN(c, about(map, "dialect"), "there is no dialect \"%s\" in the files of files.dialects", w[i].dialect);
        if (!w[i].secret_file)
            COMPLAIN(c, map, "webhook %s needs a secret_file: whoever knows the address could make events",
                     w[i].name ? w[i].name : "");
        for (size_t j = 0; j < i; j++)
            if (w[i].name && w[j].name && strcmp(w[i].name, w[j].name) == 0)
                COMPLAIN(c, about(map, "name"), "two webhooks are called \"%s\"", w[i].name);
    }
    if (c->config->intake.webhooks.n && !has_http_listener(c))
        COMPLAIN(c, tree_get(c->root, "webhooks"), "there are webhooks but no listener of kind http");
}

static void check_mail(const struct check *c) {
    const struct mail_conf *m = &c->config->notify.mail;
    const struct tree_node *map = tree_get(c->root, "mail");

    if (!m->server)
        return;
    if (!m->from)
        COMPLAIN(c, map, "mail.from is missing: notices need a sender");
    bool clear = m->tls != 0 && strncasecmp(m->server, "smtps://", 8) != 0;
    if (clear && !address_is_loopback(str_of(m->server)))
        COMPLAIN(c, about(map, "tls"), "mail without TLS is accepted only for a server on this machine, not for %s", m->server);
    if (m->password_file && !m->user)
        COMPLAIN(c, about(map, "password_file"), "mail.password_file is given but no mail.user");
}

static const struct tree_node *person_node(const struct check *c, const char *login) {
    for (size_t d = 0; c->roster_docs && d < c->roster_docs->n; d++) {
        const struct tree_node *p = tree_first(tree_get(tree_root(c->roster_docs->v[d]), "people"));
        for (; p; p = tree_next(p))
            if (str_is(tree_get_text(p, "login"), login))
                return p;
    }
    return NULL;
}

static uint32_t rungs_of(const struct policy *p) {
    uint32_t who = 0;

    for (int prio = 1; prio <= 5; prio++)
        for (size_t i = 0; i < p->ladders[prio].n; i++)
            who |= p->ladders[prio].steps[i].who;
    return who;
}

/* A hole in the ladder is a mistake of the configuration: at night it would be silence. */
static void check_people(const struct check *c) {
    uint32_t rungs = rungs_of(c->policy);

    for (size_t i = 0; i < c->roster->npeople; i++) {
        const struct person *p = &c->roster->people[i];
        uint32_t held = 0;
        for (size_t b = 0; b < p->nbindings; b++)
            held |= ROLE_BIT(p->bindings[b].role);
        const struct tree_node *node = person_node(c, p->login);
        if (!(held & rungs))
            continue;
        if (!p->email && !p->webhook)
            COMPLAIN(c, node, "%s stands on a ladder but has neither email nor webhook", p->login);
    }
}

size_t config_unreachable(const struct config *c, const struct roster *r, const char **first) {
    size_t n = 0;

    for (size_t i = 0; !c->notify.mail.server && i < r->npeople; i++) {
        if (r->people[i].webhook || !r->people[i].email)
            continue;
        if (n++ == 0)
            *first = r->people[i].login;
    }
    return n;
}

/* notify opens these itself, and knows no folder of tocsin.yaml */
static void check_certificates(const struct check *c, const char *part, const char *file) {
    if (file && file[0] != '/')
        COMPLAIN(c, about(tree_get(c->root, part), "ca_file"), "%s.ca_file must be an absolute path, not \"%s\"", part, file);
}

static void check_paths(const struct check *c) {
    check_certificates(c, "mail", c->config->notify.mail.ca_file);
    check_certificates(c, "webhook_out", c->config->notify.webhook.ca_file);
    if (c->config->state[0] != '/')
        COMPLAIN(c, about(c->root, "state"), "state must be an absolute path, not \"%s\"", c->config->state);
    if (c->config->backup && c->config->backup[0] != '/')
        COMPLAIN(c, about(c->root, "backup"), "backup must be an absolute path, not \"%s\"", c->config->backup);
    if (c->config->run[0] != '/')
        COMPLAIN(c, about(c->root, "run"), "run must be an absolute path, not \"%s\"", c->config->run);
}

void config_check(const struct check *c) {
    check_paths(c);
    check_listeners(c);
    check_webhooks(c);
    check_mail(c);
    check_people(c);
}
