/* SPDX-License-Identifier: ISC
 * notify_conf.h - what can be configured about carrying notices: the `mail:` and `notify:` parts of tocsin.yaml
 */
#ifndef TOCSIN_NOTIFY_NOTIFY_CONF_H
#define TOCSIN_NOTIFY_NOTIFY_CONF_H

#include "base/opt.h"

struct mail_conf {
    char *server;        /* smtp://host:port or smtps://host:port; absent = no e-mail */
    char *from;          /* "tocsin@example.org" */
    char *user;
    char *password_file; /* 0600; read by the parent, handed to notify only */
    char *ca_file;       /* extra trust anchor */
    int tls;             /* 0 required, 1 opportunistic, 2 none (only accepted for loopback) */
    int64_t timeout;     /* us for one attempt, default 30 s */
};
struct hook_conf {
    bool insecure_http;     /* allow http:// (loopback and tests) */
    bool private_addresses; /* allow targets that resolve to loopback, private or link-local addresses */
    int64_t timeout;        /* us, default 15 s */
    char *ca_file;
};
struct notify_conf {
    struct mail_conf mail;
    struct hook_conf webhook;
    int64_t parallel;       /* transfers at a time, default 8 */
};
extern const struct opt mail_opts[], hook_opts[];
#endif
