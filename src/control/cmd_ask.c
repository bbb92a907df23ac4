/* SPDX-License-Identifier: ISC
 *
 * cmd_ask.c - questions: lists, one thing, what comes next, whether all is well, who am I
 */
#include "control/cmd.h"

#include <string.h>

typedef enum rc (*ask_fn)(struct call *k, struct buf *json, struct err *e);

static void ask(struct call *k, ask_fn fn) {
    struct buf json;
    struct err e = {0};

    buf_init(&json, REPLY_MAX);
    enum rc rc = fn(k, &json, &e);
    reply_or_error(k, rc, &json, &e);
}

static enum rc one_list(struct call *k, const char *kind, struct buf *json, struct err *e) {
    struct args filter = k->args;

    bool open = !arg_get(&filter, "all").n && !arg_get(&filter, "state").n; /* what is over is asked for by name */

    if (!args_add(&filter, "kind", str_of(kind)) || (open && !args_add(&filter, "open", STR("yes"))))
        return err_set(e, RC_LIMIT, "too many arguments");
    return desk_list(k->c->desk, &k->who, &filter, k->now, json, e);
}

/* Two arrays as one: "[1,2]" "[3]" -> "[1,2,3]". */
static void join(struct buf *json, const struct buf *more) {
    struct str tail = str_trim(buf_view(more)), head = str_trim(buf_view(json));

    if (tail.n <= 2)
        return;
    if (head.n <= 2) {
        buf_reset(json);
        buf_str(json, tail);
        return;
    }
    json->n = (size_t)(head.p + head.n - json->p) - 1; /* drops the closing bracket */
    buf_c(json, ',');
    buf_add(json, tail.p + 1, tail.n - 1);
    json->over |= more->over;
}

static enum rc list(struct call *k, struct buf *json, struct err *e) {
    struct buf more;
    enum rc rc;

    if (!str_is(k->verb, "open")) {
        char kind[32];
        str_copy(kind, sizeof kind, k->verb);
        return one_list(k, kind, json, e);
    }
    buf_init(&more, REPLY_MAX);
    if ((rc = one_list(k, "incidents", json, e)) == RC_OK && (rc = one_list(k, "events", &more, e)) == RC_OK)
        join(json, &more);
    buf_fini(&more);
    return rc;
}

static enum rc show(struct call *k, struct buf *json, struct err *e) {
    return desk_show(k->c->desk, &k->who, k->machine, k->ref, k->now, json, e);
}

static enum rc next(struct call *k, struct buf *json, struct err *e) {
    return desk_next(k->c->desk, &k->who, k->machine, k->ref, k->now, json, e);
}

static enum rc check_close(struct call *k, struct buf *json, struct err *e) {
    return desk_check_close(k->c->desk, &k->who, k->ref, k->now, json, e);
}

static enum rc whoami(struct call *k, struct buf *json, struct err *e) {
    struct jw w;

    (void)e;
    jw_init(&w, json);
    jw_map(&w);
    jw_kv_str(&w, "login", k->who.login);
    jw_kv_text(&w, "name", k->who.person ? k->who.person->name : NULL);
    jw_key(&w, "roles");
    jw_list(&w);
    for (int r = 0; r < ROLE__COUNT; r++)
        if (k->roles & ROLE_BIT(r))
            jw_text(&w, role_name((enum role)r));
    jw_list_end(&w);
    jw_map_end(&w);
    return RC_OK;
}

/* What somebody should look at now. What is over (a message given up last week) stands in lists and counters. */
static void problems_json(struct control *c, struct str record, struct jw *w) {
    struct json *j = NULL;
    struct buf b;
    struct str why;
    int64_t failed;

    json_parse(record, REPLY_MAX, &j, NULL);
    why = json_get_text(j, "paused_because");
    failed = json_int(json_pointer(j, STR("/outbox/failed")), 0);
    buf_init(&b, 1024);
    jw_key(w, "problems");
    jw_list(w);
    if (why.n) {
        buf_printf(&b, "nothing is taken in: %.*s", STR_FMT(why));
        jw_str(w, buf_view(&b));
    } else if (!desk_ready(c->desk)) {
        jw_text(w, "not ready: nothing is taken in until the record can be written");
    }
    if (c->reload.at && !c->reload.ok)
        jw_text(w, "the last reload failed; the configuration before it is in use");
    if (failed) {
        buf_reset(&b);
        buf_printf(&b, "%lld messages could not be delivered yet: tocsin list notices --state failed", (long long)failed);
        jw_str(w, buf_view(&b));
    }
    if (rulebook_refused(c)) {
        buf_reset(&b);
        buf_printf(&b, "%zu rules are refused or break their samples: tocsin rule coverage", rulebook_refused(c));
        jw_str(w, buf_view(&b));
    }
    jw_list_end(w);
    buf_fini(&b);
    json_free(j);
}

static enum rc status(struct call *k, struct buf *json, struct err *e) {
    struct control *c = k->c;
    struct buf record;
    struct jw w;
    enum rc rc;

    buf_init(&record, REPLY_MAX);
    if ((rc = desk_status(c->desk, &k->who, k->now, &record, e)) == RC_OK) {
        jw_init(&w, json);
        jw_map(&w);
        jw_kv_bool(&w, "ready", desk_ready(c->desk));
        jw_kv_time(&w, "now", k->now);
        jw_kv_time(&w, "started", c->started);
        problems_json(c, str_trim(buf_view(&record)), &w);
        jw_key(&w, "reload");
        jw_map(&w);
        jw_kv_time(&w, "at", c->reload.at);
        jw_kv_bool(&w, "ok", c->reload.ok || !c->reload.at);
        jw_kv_text(&w, "text", c->reload.text[0] ? c->reload.text : NULL);
        jw_map_end(&w);
        jw_key(&w, "intake");
        account_json(c, &w);
        jw_key(&w, "record");
        jw_raw(&w, str_trim(buf_view(&record)));
        jw_map_end(&w);
    }
    buf_fini(&record);
    return rc;
}

void cmd_list(struct call *k) {
    ask(k, list);
}

void cmd_show(struct call *k) {
    ask(k, show);
}

void cmd_next(struct call *k) {
    ask(k, next);
}

void cmd_check_close(struct call *k) {
    ask(k, check_close);
}

void cmd_whoami(struct call *k) {
    ask(k, whoami);
}

void cmd_status(struct call *k) {
    ask(k, status);
}
