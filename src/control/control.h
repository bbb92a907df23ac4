/* SPDX-License-Identifier: ISC
 *
 * control.h - what a person may say: the API on the unix socket, from commands.def
 *
 * commands.def: COMMAND(pattern, method, route, least role, handler, help, example). The pattern is the client's grammar, the route
 * the API's; the role check stands in control_request and nowhere else. Requests come from http (handed over by daemon/role_desk).
 */
#ifndef TOCSIN_CONTROL_CONTROL_H
#define TOCSIN_CONTROL_CONTROL_H

#include "desk/desk.h"
#include "detect/ruleset.h"
#include "http/http.h"

struct control;
struct control_ops {
    /* tocsin reload: the answer comes later through control_reloaded */
    void (*reload)(void *ctx, uint64_t request, bool force);
    /* explain through the running daemon: log lines as they are in, JSON array out */
    enum rc (*explain)(void *ctx, struct str lines, struct buf *json, struct err *e);
    /* what each line does to one rule: a JSON array */
    enum rc (*rule_test)(void *ctx, uint32_t rule, struct str lines, struct buf *json, struct err *e);
};
/* tokens: path of the token file (0600, sha256 of tokens, one per line: login, digest, created), made by `tocsin token add`. */
struct control *control_new(struct event_base *base, struct desk *d, const char *token_file, const struct control_ops *ops, void *ctx);
/* Answers who still waits; before http_server_free. The desk may go before or after. */
void control_free(struct control *c);
void control_configure(struct control *c, const struct roster *r); /* who is who changed */
void control_request(struct control *c, struct http_request *r);   /* for http_ops.on_request */
void control_reloaded(struct control *c, uint64_t request, bool ok, struct str text);
void control_watch(struct control *c, struct str json_line); /* for desk_ops.watch */
void control_stats(struct control *c, const struct ingest_stats *s); /* last words of a worker, for status and /metrics */

/* The rules in force, and those that were refused (detect/refused.h); both borrowed until the next call. */
void control_rules(struct control *c, const struct ruleset *rules, struct str refused);
void control_tally(struct control *c, const struct tally_frame *f);         /* what an ingest worker counted since */
void control_fired(struct control *c, struct str rule, int64_t last);       /* for desk_ops.fired */

#endif
