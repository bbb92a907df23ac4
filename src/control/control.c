/* SPDX-License-Identifier: ISC
 *
 * control.c - a request from a person, from its bytes to the function that answers it
 *
 * Takes   whole requests from the unix socket.
 * Gives   one answer each. The way is the same for every command: find the row, find out who asks, check the right, read the
 *         arguments, call the handler. The right is checked here and nowhere else.
 */
#include "control/cmd.h"
#include "control/rulebook.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

static void (*const handlers[])(struct call *) = {
#define HANDLER(id, name) [id] = cmd_##name,
#define HANDLER_CLIENT(id, name) /* has no route: route_find never leads there */
#include "model/handlers.def"
#undef HANDLER
};

struct control *control_new(struct event_base *base, struct desk *d, const char *token_file, const struct control_ops *ops,
                            void *ctx) {
    struct control *c = calloc(1, sizeof *c);
    struct err e = {0};

    (void)base;
    if (!c || !(c->token_file = str_dup(str_of(token_file))) || !(c->tokens = calloc(TOKENS_MAX, sizeof *c->tokens))) {
        control_free(c);
        return NULL;
    }
    c->desk = d;
    if (!(c->book = rulebook_new(c->started = clock_now()))) {
        control_free(c);
        return NULL;
    }
    c->ops = ops;
    c->ctx = ctx;
    if (identity_load(c, &e) != RC_OK)
        log_err("control", "tokens not read, nobody is known by one: %s", e.text);
    return c;
}

void control_free(struct control *c) {
    if (!c)
        return;
    pending_end(c);
    watch_end(c);
    rulebook_free(c->book);
    free(c->tokens);
    free(c->token_file);
    free(c);
}

void control_configure(struct control *c, const struct roster *r) {
    c->roster = r;
}

/* "iso or deputy": who a command is for, for the sentence that refuses. */
static void who_text(uint32_t who, struct buf *b) {
    for (int r = 0; r < ROLE__COUNT; r++) {
        if (!(who & ROLE_BIT(r)))
            continue;
        who &= ~ROLE_BIT(r);
        buf_printf(b, "%s%s", role_name((enum role)r), who & (who - 1) ? ", " : who ? " or " : "");
    }
}

static enum rc check_right(const struct call *k, struct err *e) {
    struct buf may;

    if (k->cmd->who == WHO_ANYONE || (k->roles & k->cmd->who) || (k->cmd->who & WHO_KNOWN) == WHO_KNOWN)
        return RC_OK;
    buf_init(&may, 256);
    who_text(k->cmd->who, &may);
    err_set(e, RC_DENIED, "%.*s may not do that: it is for %s", STR_FMT(k->who.login), buf_cstr(&may));
    if (k->who.admin)
        err_hint(e, "administrators run the daemon and read no cases; work as a person: tocsin token add LOGIN --out FILE");
    else if (k->cmd->who == WHO_ADMIN)
        err_hint(e, "as root, or as the user the daemon runs as: tocsin --no-token ...");
    buf_fini(&may);
    return RC_DENIED;
}

static enum rc prepare(struct call *k, const char **headers, struct err *e) {
    enum rc rc;

    if ((rc = route_find(k, http_method(k->r), http_path(k->r), headers, e)) != RC_OK)
        return rc;
    if (k->cmd->who != WHO_ANYONE && (rc = identity_of(k, e)) != RC_OK) {
        *headers = rc == RC_UNAUTH ? "WWW-Authenticate: Bearer\r\n" : "";
        return rc;
    }
    if ((rc = check_right(k, e)) != RC_OK)
        return rc;
    return args_read(k, e);
}

void control_request(struct control *c, struct http_request *r) {
    struct call k = {.c = c, .r = r, .now = clock_now()};
    struct err e = {0};
    const char *headers = "";

    c->requests++;
    arena_init(&k.arena, 4 * BODY_MAX);
    k.request_id = http_header(r, "X-Request-Id");
    if (k.request_id.n > 128)
        k.request_id = STR_NONE;
    if (prepare(&k, &headers, &e) == RC_OK)
        handlers[k.cmd->handler](&k);
    else
        reply_error(c, r, &e, headers);
    json_free(k.body);
    arena_fini(&k.arena);
}
