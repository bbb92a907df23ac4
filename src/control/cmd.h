/* SPDX-License-Identifier: ISC
 *
 * cmd.h - inside control: one call of a command, and what its files share
 */
#ifndef TOCSIN_CONTROL_CMD_H
#define TOCSIN_CONTROL_CMD_H

#include "base/json.h"
#include "control/control.h"
#include "model/command.h"

#define BODY_MAX (64u << 10)   /* of a request's JSON */
#define ANSWER_MAX (32u << 10) /* of what is said and what comes next */
#define REPLY_MAX (8u << 20)   /* of a list */
#define PENDING_MAX 16         /* requests that wait for long work */
#define WATCHERS_MAX 32
#define WORKERS_MAX 64
#define TOKENS_MAX 1024

struct token {
    char login[64];
    char digest[65]; /* sha256 of the token, hex */
    int64_t created;
};

struct pending {       /* a request answered later */
    struct control *c; /* NULL: the daemon stops; whoever still holds this gives it back */
    struct http_request *r;
    uint64_t id;
    bool held; /* by the desk, which calls back for certain */
};

struct watcher { /* the slot is free when r is NULL */
    uint32_t roles; /* one of these is needed in the organisation of a line */
    struct control *c;
    struct http_request *r;
    struct actor who;
    char login[64];
};

struct worker {
    uint32_t worker;
    struct ingest_stats last;
};

struct control {
    struct desk *desk;
    const struct roster *roster;
    char *token_file;
    struct token *tokens; /* TOKENS_MAX */
    size_t ntokens;
    const struct control_ops *ops;
    void *ctx;
    int64_t started;
    uint64_t requests, refused; /* answered with an error status */
    struct pending *pending[PENDING_MAX];
    uint64_t last_id;
    struct {
        int64_t at;
        bool ok;
        char text[512];
    } reload;
    struct watcher watchers[WATCHERS_MAX];
    uint64_t watch_dropped;
    struct worker workers[WORKERS_MAX];
    size_t nworkers;
    struct account gone[TRANSPORT__COUNT]; /* of workers that were replaced */
    struct rulebook *book;
};

struct call {
    struct control *c;
    struct http_request *r;
    const struct command *cmd;
    struct actor who;
    uint32_t roles;
    int64_t now;
    enum machine machine;
    struct str ref;  /* of {event} or {incident} */
    struct str verb; /* last segment of the route */
    struct str request_id;
    struct arena arena;
    struct json *body;
    struct args args;
};

/* One function per handler that has a route; answers exactly once, now or later. */
#define HANDLER(id, name) void cmd_##name(struct call *k);
#define HANDLER_CLIENT(id, name)
#include "model/handlers.def"
#undef HANDLER

/* ---- reply.c */
void reply_error(struct control *c, struct http_request *r, const struct err *e, const char *headers);
void reply_json(struct call *k, int status, struct buf *json); /* ends json */
void answer_init(struct call *k, struct answer *a);
void answer_fini(struct answer *a);
void reply_answer(struct call *k, enum rc rc, struct answer *a, const struct err *e);   /* ends a */
void reply_or_error(struct call *k, enum rc rc, struct buf *json, const struct err *e); /* ends json */

/* ---- route.c: RC_NOTFOUND; RC_INVALID with *allow filled when only the method is wrong */
enum rc route_find(struct call *k, struct str method, struct str path, const char **allow, struct err *e);

/* ---- args.c: the body's or query's arguments, each of them one that the pattern names, checked by its kind */
enum rc args_read(struct call *k, struct err *e);
bool args_add(struct args *a, const char *name, struct str value);
enum rc args_need(const struct args *a, const char *name, struct str *out, struct err *e);

/* ---- identity.c */
enum rc identity_of(struct call *k, struct err *e);
bool identity_everywhere(const struct call *k); /* who asks may do it in every organisation */
enum rc identity_load(struct control *c, struct err *e);
enum rc identity_save(struct control *c, struct err *e);

/* ---- account.c */
void account_json(const struct control *c, struct jw *w);
void account_metrics(const struct control *c, struct buf *b);

/* ---- rulebook.c: rulebook.h */
size_t rulebook_refused(const struct control *c); /* rules that are not in force, or break their samples */

/* ---- watch.c */
void watch_end(struct control *c);

/* ---- cmd_work.c */
struct pending *pending_take(struct call *k, bool held, struct err *e); /* NULL: why is in e */
void pending_end(struct control *c);

#endif
