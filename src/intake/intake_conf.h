/* SPDX-License-Identifier: ISC
 *
 * intake_conf.h - what can be configured about listening: the `listen:`, `webhooks:` and `limits:` parts of tocsin.yaml
 */
#ifndef TOCSIN_INTAKE_INTAKE_CONF_H
#define TOCSIN_INTAKE_INTAKE_CONF_H

#include "base/opt.h"

enum listen_kind {
#define LISTENER(id, word, transport, family, type) id,
#include "intake/listeners.def"
#undef LISTENER
    LISTEN__COUNT
};

struct listen_conf {
    int kind;         /* enum listen_kind */
    char *name;       /* for messages and LISTEN_FDNAMES; default kind + number */
    char *address;    /* "127.0.0.1:5514", "[::]:514", or a path for unix kinds */
    char *org;        /* slug; default: the first organisation */
    int time;         /* 0 skew, 1 event, 2 receive (parse.h time_policy) */
    int64_t skew;     /* us, default 10 min */
    uint64_t rcvbuf;  /* UDP, unixgram: asked for, default 16 MiB */
    char *mode;       /* unix kinds: "0666" */
};

struct webhook_conf {
    char *name;        /* NAME of POST /v1/in/NAME: [a-z0-9-]{1,64} */
    char *org;
    char *dialect;     /* default "generic" */
    int auth;          /* 0 bearer, 1 github (X-Hub-Signature-256), 2 standard (Standard Webhooks) */
    char *secret_file; /* mode 0600; two lines = two secrets for rotation. Read by the parent, handed on in the image */
    int64_t window;    /* standard: replay window, default 5 min */
    char *host;        /* host field when the body gives none; default: the webhook's name */
};

struct limits_conf {
    uint64_t line;        /* 64 KiB: longer is cut, flagged, counted */
    uint64_t body;        /* 1 MiB webhook body */
    int64_t connections;  /* 4096 in all */
    int64_t per_source;   /* 64 from one address */
    int64_t idle;         /* us, 10 min: a silent TCP syslog connection is closed; 0 = never */
    int64_t header_time;  /* 10 s for a request's header */
    int64_t body_time;    /* 30 s for its body */
    uint64_t in_flight;   /* 8 MiB of sightings not yet acknowledged by the desk before streams wait; twice that before datagrams
                           * wait too and webhooks are answered 503: a flood over TCP does not deafen those who cannot wait */
};

struct intake_conf {
    struct opt_list listen;   /* of struct listen_conf */
    struct opt_list webhooks; /* of struct webhook_conf */
    struct limits_conf limits;
};
extern const struct opt listen_opts[], webhook_opts[], limits_opts[];

#endif
