/* SPDX-License-Identifier: ISC
 *
 * notify_conf.c - the option rows of `mail:` and `webhook_out:`
 */
#include "notify/notify_conf.h"

#include "base/clock.h"

static const char *const tls_words[] = {"required", "opportunistic", "none", NULL};

#define AT(type, field) offsetof(type, field)

const struct opt mail_opts[] = {
    {"server", OPT_STR, AT(struct mail_conf, server), 0, 256, NULL, "smtp://host:port or smtps://host:port; without it nobody gets e-mail", NULL, NULL, 0},
    {"from", OPT_STR, AT(struct mail_conf, from), 0, 254, NULL, "sender address of every notice", NULL, NULL, 0},
    {"user", OPT_STR, AT(struct mail_conf, user), 0, 254, NULL, "login at the mail server", NULL, NULL, 0},
    {"password_file", OPT_STR, AT(struct mail_conf, password_file), 0, 4096, NULL, "file with the password, readable by its owner only", NULL, NULL, 0},
    {"ca_file", OPT_STR, AT(struct mail_conf, ca_file), 0, 4096, NULL, "trust these certificates instead of the system's", NULL, NULL, 0},
    {"tls", OPT_ENUM, AT(struct mail_conf, tls), 0, 0, "required", "required, opportunistic, none; only required is accepted unless the server is loopback",
     tls_words, NULL, 0},
    {"timeout", OPT_DURATION, AT(struct mail_conf, timeout), US_PER_S, 10 * US_PER_MIN, "30s", "for one attempt", NULL, NULL, 0},
    OPT_END,
};

const struct opt hook_opts[] = {
    {"insecure_http", OPT_BOOL, AT(struct hook_conf, insecure_http), 0, 0, "no", "allow http:// targets (tests, loopback)", NULL, NULL, 0},
    {"private_addresses", OPT_BOOL, AT(struct hook_conf, private_addresses), 0, 0, "no",
     "allow targets that resolve to loopback, private or link-local addresses", NULL, NULL, 0},
    {"timeout", OPT_DURATION, AT(struct hook_conf, timeout), US_PER_S, 10 * US_PER_MIN, "15s", "for one attempt", NULL, NULL, 0},
    {"ca_file", OPT_STR, AT(struct hook_conf, ca_file), 0, 4096, NULL, "trust these certificates instead of the system's", NULL, NULL, 0},
    OPT_END,
};
