/* SPDX-License-Identifier: ISC
 *
 * config.h - tocsin.yaml and what it names, from files to one sealed image that every role shares
 *
 * The parent only opens the files; the sandboxed compile role parses them into trees (base/tree), checks everything (options,
 * rules and their samples, normalisers, dialects, roster, policy), compiles the prefilter and writes the image; every role binds what it needs
 * from the image's trees.
 */
#ifndef TOCSIN_DAEMON_CONFIG_H
#define TOCSIN_DAEMON_CONFIG_H

#include "base/opt.h"
#include "base/zone.h"
#include "detect/ruleset.h"
#include "escalate/policy.h"
#include "intake/intake_conf.h"
#include "notify/notify_conf.h"
#include "parse/dialect.h"
#include "parse/normalise.h"

struct paths_conf { /* files: relative to the configuration file's folder */
    struct opt_strs roster, policy, rules, normalise, dialects, logsources, placeholders;
};
struct config {
    char *state;         /* folder of the database */
    char *backup;        /* folder backups may be written to, besides that of the record; or NULL */
    char *run;           /* folder of the control socket */
    char *control_group; /* group of the control socket */
    char *user;          /* to run as when started as root; default _tocsin */
    char *zone;          /* default: /etc/localtime */
    char *domain;        /* for Message-ID and List-Id; default: the mail sender's */
    char *tlp;
    int64_t workers;
    uint64_t free_floor, ballast;
    int64_t max_groups;
    bool cache; /* keep what was compiled, beside the record */
    struct paths_conf files;
    struct intake_conf intake;
    struct notify_conf notify;
};
extern const struct opt config_opts[];

/* ---- the image: sections of bytes, 8-aligned, each checked when opened */
enum section {
    SEC_CONFIG,
    SEC_ROSTER,
    SEC_POLICY,
    SEC_RULES,
    SEC_NORMALISE,
    SEC_DIALECTS,
    SEC_PREFILTER,
    SEC_ZONES,
    SEC_SECRETS,
    SEC_SOURCES, /* logsources.yaml */
    SEC_LISTS,   /* (name, values) of %placeholders% */
    SEC_REFUSED, /* rules that are not in force, and why: refused.h */
    SEC__COUNT
};

/* Everything a role may want, bound from an image. Secrets are not in the image, which every role sees. */
struct generation {
    uint32_t number;
    unsigned parts; /* mask of 1 << SEC_* that were bound */
    struct config config;
    struct roster roster;
    struct policy policy;
    struct ruleset *rules;
    struct normaliser *normaliser;
    struct dialect_map **dialects;
    size_t ndialects;
    struct zone *zone;          /* the daemon's */
    struct zone **source_zones; /* per roster.sources, NULL = the daemon's */
    struct str refused;         /* rules that are not in force: refused.h */
    char digest[65];
    struct str image; /* borrowed, or this: */
    void *map;        /* the mapped image */
    size_t map_size;
    char *secrets; /* (name, bytes) pairs, wiped by generation_free */
    size_t secrets_size;
};
/* Opens an image (bytes borrowed or a descriptor mapped) and binds the parts asked for by a mask of 1 << SEC_*. */
enum rc generation_open(struct str image, uint32_t number, unsigned parts, struct generation **out, struct errs *es);
enum rc generation_open_fd(int fd, uint32_t number, unsigned parts, struct generation **out, struct errs *es);
void generation_free(struct generation *g);
/* Names: "mail.password", "webhook.NAME" (ingest), "person.LOGIN" (signing secret of a person's webhook; notify). absent when there is none */
struct str generation_secret(const struct generation *g, const char *name);
/* Secrets travel in a sealed memory of their own, the second descriptor of FRAME_IMAGE (ingest and notify only). Copies them; fd
 * stays the caller's. */
enum rc generation_secrets_fd(struct generation *g, int fd, struct err *e);

/* Where a configuration comes from: */
struct config_source {
    const char *path;             /* tocsin.yaml, or NULL: built-in options, roster and policy, and of files those of */
    const char *shipped;          /* this folder: its rules.d, normalise.d and dialects.d; NULL: none */
    const struct opt_strs *rules; /* more rule files or folders (explain --rules), or NULL */
    bool only_these;              /* and no rules but these */
    bool secrets;                 /* look at the files with secrets, too */
};
/* The bytes of all files that it names (bundle.h), unread. */
enum rc config_gather(const struct config_source *from, struct buf *bundle, struct errs *es);
/* Reads the files that it names and compiles them in this process (explain, -t, tests; the compile role does the same with bytes from
 * the parent): image appended to out. Every mistake is in es; RC_CONFIG when there was one. */
enum rc config_compile_from(const struct config_source *from, unsigned ruleset_flags, bool run_samples, struct buf *out,
                            struct errs *es);
/* The same from a file and the rules it names; or without a file, from rules_extra only. */
enum rc config_compile(const char *path, const struct opt_strs *rules_extra, unsigned ruleset_flags, bool run_samples,
                       struct buf *out, struct errs *es);
void config_print_defaults(struct buf *out); /* tocsind --print-config */

#endif
