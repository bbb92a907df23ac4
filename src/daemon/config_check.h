/* SPDX-License-Identifier: ISC
 *
 * config_check.h - does what the files say fit together?
 */
#ifndef TOCSIN_DAEMON_CONFIG_CHECK_H
#define TOCSIN_DAEMON_CONFIG_CHECK_H

#include "daemon/config.h"
#include "daemon/image.h"

/* Binds config_opts and fills in the defaults that follow from other options. *out zeroed before; given back by
 * opt_fini(config_opts, out) whatever the answer. */
enum rc config_bind(const struct tree_node *root, struct config *out, struct errs *es);

struct check {
    const struct config *config;
    const struct tree_node *root; /* of tocsin.yaml, NULL for the built-in defaults */
    const struct roster *roster;
    const struct trees *roster_docs;
    const struct policy *policy;
    struct dialect_map *const *dialects;
    size_t ndialects;
    struct errs *es;
};
/* References between the parts: every mistake is an entry in es. */
void config_check(const struct check *c);

/* People who have e-mail only while there is no mail.server: how many, and who first. Allowed, for a trial, and said aloud. */
size_t config_unreachable(const struct config *c, const struct roster *r, const char **first);

/* "smtp://127.0.0.1:25", "127.0.0.1:514", "[::1]:25": is that this machine? */
bool address_is_loopback(struct str address);
/* A name as zoneinfo files have: no "..", nothing absolute, [A-Za-z0-9_+-/] only. */
bool zone_name_valid(struct str name);

#endif
