/* SPDX-License-Identifier: ISC
 *
 * request.c - what was said, as path, query and body of the API
 */
#include "client/client.h"

#include <string.h>

static void percent(struct buf *b, const char *value) {
    for (const unsigned char *p = (const unsigned char *)value; *p; p++) {
        bool plain = (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || strchr("-._~", *p);
        if (plain)
            buf_c(b, (char)*p);
        else
            buf_printf(b, "%%%02X", *p);
    }
}

static bool in_route(const struct said *s, const char *name) {
    struct str route = str_of(s->cmd->route);

    while (!str_absent(route)) {
        struct str seg = str_cut(&route, '/');
        if (seg.n > 2 && seg.p[0] == '{' && str_is(str_sub(seg, 1, seg.n - 1), name))
            return true;
    }
    return false;
}

static bool goes_along(const struct said *s, const struct given *g) {
    return !g->arg->local && !in_route(s, g->arg->name);
}

enum rc request_path(const struct client *c, struct buf *out, struct err *e) {
    const struct said *s = &c->said;
    struct str route = str_of(s->cmd->route);
    char mark = '?';

    str_cut(&route, '/'); /* what stands before the first one: nothing */
    while (!str_absent(route)) {
        struct str seg = str_cut(&route, '/');
        char name[64];
        buf_c(out, '/');
        if (seg.n && seg.p[0] == '{') {
            str_copy(name, sizeof name, str_sub(seg, 1, seg.n - 1));
            const char *value = said_get(s, name);
            if (!value)
                return err_set(e, RC_USAGE, "%s is missing", name);
            percent(out, value);
        } else {
            buf_str(out, seg);
        }
    }
    for (size_t i = 0; (s->cmd->method == METHOD_GET || command_takes_lines(s->cmd)) && i < s->n; i++) {
        if (!goes_along(s, &s->v[i]))
            continue;
        buf_printf(out, "%c%s=", mark, s->v[i].arg->name);
        percent(out, s->v[i].value);
        mark = '&';
    }
    if (s->cmd->method == METHOD_GET && c->org && !said_get(s, "org")) {
        buf_printf(out, "%corg=", mark);
        percent(out, c->org);
    }
    return out->over ? err_set(e, RC_LIMIT, "that is too long") : RC_OK;
}

static bool seen_before(const struct said *s, size_t i) {
    for (size_t j = 0; j < i; j++)
        if (s->v[j].arg == s->v[i].arg)
            return true;
    return false;
}

static void put_list(struct jw *w, const struct said *s, const struct command_arg *arg) {
    jw_list(w);
    for (size_t i = 0; i < s->n; i++)
        if (s->v[i].arg == arg)
            jw_text(w, s->v[i].value);
    jw_list_end(w);
}

enum rc request_body(const struct client *c, struct buf *out, struct err *e) {
    const struct said *s = &c->said;
    struct jw w;

    for (size_t i = 0; i < s->n; i++)
        if (!str_utf8(str_of(s->v[i].value)))
            return err_set(e, RC_USAGE, "%s is not UTF-8", s->v[i].arg->name);
    jw_init(&w, out);
    jw_map(&w);
    for (size_t i = 0; i < s->n; i++) {
        if (!goes_along(s, &s->v[i]) || seen_before(s, i))
            continue;
        jw_key(&w, s->v[i].arg->name);
        if (s->v[i].list)
            put_list(&w, s, s->v[i].arg);
        else
            jw_text(&w, s->v[i].value);
    }
    if (c->org && !said_get(s, "org"))
        jw_kv_text(&w, "org", c->org);
    jw_map_end(&w);
    return out->over ? err_set(e, RC_LIMIT, "that is too long") : RC_OK;
}
