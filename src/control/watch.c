/* SPDX-License-Identifier: ISC
 *
 * watch.c - what happens, to those who watch, line by line (NDJSON)
 *
 * Keeps   at most WATCHERS_MAX. One that does not read is let go and counted: nobody who watches may slow down the desk.
 */
#include "control/cmd.h"

#include "base/log.h"

static void on_gone(void *ctx) {
    struct watcher *w = ctx;
    struct http_request *r = w->r;

    w->r = NULL;
    if (r)
        http_stream_end(r);
}

static struct watcher *watcher_free(struct control *c) {
    for (size_t i = 0; i < WATCHERS_MAX; i++)
        if (!c->watchers[i].r)
            return &c->watchers[i];
    return NULL;
}

void cmd_watch(struct call *k) {
    struct watcher *w = watcher_free(k->c);
    struct err e = {0};

    if (str_is(http_method(k->r), "HEAD")) {
        http_reply(k->r, 200, "application/x-ndjson", "", STR_NONE);
        return;
    }
    if (!w) {
        err_set(&e, RC_BUSY, "%d watch already", WATCHERS_MAX);
        reply_error(k->c, k->r, &e, "");
        return;
    }
    *w = (struct watcher){.c = k->c, .r = k->r, .who = k->who, .roles = k->cmd->who};
    str_copy(w->login, sizeof w->login, k->who.login);
    http_stream(k->r, 200, "application/x-ndjson", on_gone, w);
}

/* A line of an organisation goes to those who may watch there, one that names none to those who may everywhere. Who they are is
 * asked again each time, for roles end. */
static bool may_see(const struct control *c, const struct watcher *w, struct str org, int64_t now) {
    const struct person *p = c->roster ? roster_person(c->roster, str_of(w->login)) : NULL;
    int index = org.n && c->roster ? roster_org(c->roster, org) : -1;

    if (!p)
        return false;
    if (index >= 0)
        return (person_roles(p, (uint16_t)index, now) & w->roles) != 0;
    for (size_t i = 0; i < c->roster->norgs; i++)
        if (!(person_roles(p, (uint16_t)i, now) & w->roles))
            return false;
    return true;
}

void control_watch(struct control *c, struct str json_line) {
    struct json *j = NULL;
    struct buf b;
    struct str org;
    bool any = false;

    for (size_t i = 0; i < WATCHERS_MAX; i++)
        any |= c->watchers[i].r != NULL;
    if (!any || json_parse(str_trim(json_line), BODY_MAX, &j, NULL) != RC_OK)
        return;
    org = json_get_text(j, "org");
    buf_init(&b, BODY_MAX + 1);
    buf_str(&b, str_trim(json_line));
    buf_c(&b, '\n');
    for (size_t i = 0; i < WATCHERS_MAX; i++) {
        struct watcher *w = &c->watchers[i];
        if (!w->r || !may_see(c, w, org, clock_now()) || http_stream_send(w->r, buf_view(&b)))
            continue;
        on_gone(w);
        c->watch_dropped++;
        log_warn("control", "watch ended for=%s: it does not read", w->login);
    }
    buf_fini(&b);
    json_free(j);
}

void watch_end(struct control *c) {
    for (size_t i = 0; i < WATCHERS_MAX; i++) {
        struct http_request *r = c->watchers[i].r;
        c->watchers[i].r = NULL;
        if (r)
            http_stream_end(r);
    }
}
