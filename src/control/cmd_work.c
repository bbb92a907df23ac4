/* SPDX-License-Identifier: ISC
 *
 * cmd_work.c - work on the record and the daemon: verify, backup, reload, explain, a test message
 *
 * Keeps   at most PENDING_MAX requests that wait for their answer; one more is told to come back.
 */
#include "control/cmd.h"

#include "base/log.h"

#include <stdlib.h>
#include <string.h>

struct pending *pending_take(struct call *k, bool held, struct err *e) {
    struct control *c = k->c;
    struct pending *p;

    for (size_t i = 0; i < PENDING_MAX; i++) {
        if (c->pending[i])
            continue;
        if (!(p = calloc(1, sizeof *p))) {
            err_set(e, RC_NOMEM, "out of memory");
            return NULL;
        }
        *p = (struct pending){.c = c, .r = k->r, .id = ++c->last_id, .held = held};
        return c->pending[i] = p;
    }
    err_set(e, RC_BUSY, "too much long work is under way");
    err_hint(e, "wait for the verify, backup or reload that runs");
    return NULL;
}

static void pending_forget(struct control *c, const struct pending *p) {
    for (size_t i = 0; i < PENDING_MAX; i++)
        if (c->pending[i] == p)
            c->pending[i] = NULL;
}

/* Answers and gives it back. */
static void pending_answer(struct pending *p, enum rc rc, struct str json, const struct err *e) {
    struct call k = {.c = p->c, .r = p->r};
    struct buf b;

    if (p->c) { /* else answered already: the daemon was stopping */
        pending_forget(p->c, p);
        buf_init(&b, REPLY_MAX);
        buf_str(&b, json);
        reply_or_error(&k, rc, &b, e);
    }
    free(p);
}

void pending_end(struct control *c) {
    struct err e = {0};

    err_set(&e, RC_UNDECIDED, "the daemon stops before this was done");
    for (size_t i = 0; i < PENDING_MAX; i++) {
        struct pending *p = c->pending[i];
        if (!p)
            continue;
        reply_error(c, p->r, &e, "");
        p->c = NULL;
        if (!p->held)
            free(p);
    }
}

static void on_done(void *ctx, enum rc rc, struct str json, const struct err *e) {
    static const struct err silent = {0};

    pending_answer(ctx, rc, json, e ? e : &silent);
}

static void refuse(struct call *k, struct pending *p, enum rc rc, struct err *e) {
    if (p) {
        pending_forget(k->c, p);
        free(p);
    }
    e->rc = rc;
    reply_error(k->c, k->r, e, "");
}

void cmd_verify(struct call *k) {
    struct err e = {0};
    struct pending *p = pending_take(k, true, &e);
    enum rc rc = e.rc;

    if (!p || (rc = desk_verify(k->c->desk, &k->who, k->now, on_done, p, &e)) != RC_OK)
        refuse(k, p, rc, &e);
}

void cmd_backup(struct call *k) {
    struct err e = {0};
    struct str file;
    struct pending *p = NULL;
    enum rc rc;

    if ((rc = args_need(&k->args, "file", &file, &e)) == RC_OK && file.p[0] != '/')
        rc = err_set(&e, RC_INVALID, "the file of a backup is named from the root on: \"%.*s\"", STR_FMT(file));
    if (rc == RC_OK && !(p = pending_take(k, true, &e)))
        rc = e.rc;
    if (rc == RC_OK) {
        const char *path = arena_cstr(&k->arena, file);
        rc = path ? desk_backup(k->c->desk, &k->who, path, k->now, on_done, p, &e) : RC_NOMEM;
    }
    if (rc != RC_OK)
        refuse(k, p, rc, &e);
}

void cmd_reload(struct call *k) {
    struct err e = {0};
    struct pending *p = NULL;

    if (!k->c->ops || !k->c->ops->reload)
        err_set(&e, RC_REFUSED, "this daemon cannot reload");
    else
        p = pending_take(k, false, &e);
    if (p) {
        log_note("control", "reload asked for by %.*s", STR_FMT(k->who.login));
        k->c->ops->reload(k->c->ctx, p->id, arg_get(&k->args, "force_reload").n > 0);
    } else {
        refuse(k, p, e.rc, &e);
    }
}

static void reload_json(struct buf *b, struct str text) {
    struct jw w;

    jw_init(&w, b);
    jw_map(&w);
    jw_key(&w, "said");
    jw_list(&w);
    jw_text(&w, "The new configuration is in use.");
    while (text.n) {
        struct str line = str_trim(str_cut(&text, '\n'));
        if (line.n)
            jw_str(&w, line);
    }
    jw_list_end(&w);
    jw_map_end(&w);
}

/* Every mistake is told, line by line: whoever reloads sits at a terminal with the file open. */
static void reload_refused(struct http_request *r, struct control *c, struct str text) {
    struct buf b;
    struct jw w;

    c->refused++;
    buf_init(&b, 64u << 10);
    jw_init(&w, &b);
    jw_map(&w);
    jw_key(&w, "error");
    jw_map(&w);
    jw_kv_text(&w, "code", rc_word(RC_CONFIG));
    jw_kv_text(&w, "message", "the new configuration has mistakes");
    jw_kv_text(&w, "hint", "the configuration before stays in use; check with: tocsind -t");
    jw_key(&w, "details");
    jw_list(&w);
    while (text.n) {
        struct str line = str_trim(str_cut(&text, '\n'));
        if (line.n && b.n < b.max / 2)
            jw_str(&w, line);
    }
    jw_list_end(&w);
    jw_map_end(&w);
    jw_map_end(&w);
    http_reply(r, rc_http(RC_CONFIG), "application/json", "", buf_view(&b));
    buf_fini(&b);
}

void control_reloaded(struct control *c, uint64_t request, bool ok, struct str text) {
    static const struct err none = {0};
    struct buf b;

    c->reload.at = clock_now();
    c->reload.ok = ok;
    str_copy(c->reload.text, sizeof c->reload.text, str_trim(text));
    for (size_t i = 0; i < PENDING_MAX; i++) {
        struct pending *p = c->pending[i];
        if (!p || p->held || p->id != request)
            continue;
        if (!ok) {
            reload_refused(p->r, c, text);
            c->pending[i] = NULL;
            free(p);
            return;
        }
        buf_init(&b, 64u << 10);
        reload_json(&b, text);
        pending_answer(p, RC_OK, buf_view(&b), &none);
        buf_fini(&b);
        return;
    }
}

void cmd_explain(struct call *k) {
    struct str lines = http_body(k->r);
    struct buf json;
    struct err e = {0};
    enum rc rc;

    buf_init(&json, REPLY_MAX);
    if (!k->c->ops || !k->c->ops->explain)
        rc = err_set(&e, RC_REFUSED, "this daemon cannot explain; use: tocsind explain");
    else if (lines.n > BODY_MAX)
        rc = err_set(&e, RC_LIMIT, "that is too much for the running daemon; use: tocsind explain");
    else
        rc = k->c->ops->explain(k->c->ctx, lines, &json, &e);
    reply_or_error(k, rc, &json, &e);
}

void cmd_notify_test(struct call *k) {
    struct answer a;
    struct err e = {0};
    struct str login;
    enum rc rc;

    answer_init(k, &a);
    if ((rc = args_need(&k->args, "login", &login, &e)) == RC_OK)
        rc = desk_notify_test(k->c->desk, &k->who, login, k->now, &a, &e);
    reply_answer(k, rc, &a, &e);
}
