/* SPDX-License-Identifier: ISC
 *
 * reply.c - the shapes of answers
 *
 * Success   what the command gives: lists are arrays, an act is {"ref","state","made","said":[...],"next":[...]}.
 * Failure   {"error":{"code","message","hint"}} with the status of rc.def.
 */
#include "control/cmd.h"

static const char json_type[] = "application/json";

void reply_error(struct control *c, struct http_request *r, const struct err *e, const char *headers) {
    struct buf b;
    struct jw w;
    enum rc rc = e->rc == RC_OK ? RC_IO : e->rc; /* a failure that says nothing is ours */
    int status = rc == RC_CHECK ? 422 : rc_http(rc);

    c->refused++;
    if (rc == RC_USAGE && headers && *headers)
        status = 405;
    buf_init(&b, 8192);
    jw_init(&w, &b);
    jw_map(&w);
    jw_key(&w, "error");
    jw_map(&w);
    jw_kv_text(&w, "code", rc_word(rc));
    jw_kv_text(&w, "message", e->text[0] ? e->text : "it did not work");
    jw_kv_text(&w, "hint", e->hint[0] ? e->hint : NULL);
    jw_map_end(&w);
    jw_map_end(&w);
    buf_c(&b, '\n');
    http_reply(r, status, json_type, headers ? headers : "", buf_view(&b));
    buf_fini(&b);
}

void reply_json(struct call *k, int status, struct buf *json) {
    struct err e = {0};

    if (json->over) {
        err_set(&e, RC_LIMIT, "the answer is too long");
        err_hint(&e, "ask for less: --limit, --state, --priority");
        reply_error(k->c, k->r, &e, "");
    } else {
        buf_c(json, '\n');
        http_reply(k->r, status, json_type, "", buf_view(json));
    }
    buf_fini(json);
}

void reply_or_error(struct call *k, enum rc rc, struct buf *json, const struct err *e) {
    if (rc == RC_OK || rc == RC_CHECK) {
        reply_json(k, 200, json);
        return;
    }
    struct err own = *e;
    own.rc = rc;
    reply_error(k->c, k->r, &own, "");
    buf_fini(json);
}

void answer_init(struct call *k, struct answer *a) {
    *a = (struct answer){.arena = &k->arena};
    buf_init(&a->said, ANSWER_MAX);
    buf_init(&a->next, ANSWER_MAX);
}

void answer_fini(struct answer *a) {
    buf_fini(&a->said);
    buf_fini(&a->next);
}

static void lines_json(struct jw *w, const char *key, const struct buf *lines) {
    struct str rest = buf_view(lines);

    jw_key(w, key);
    jw_list(w);
    while (rest.n) {
        struct str line = str_trim(str_cut(&rest, '\n'));
        if (line.n)
            jw_str(w, line);
    }
    jw_list_end(w);
}

void reply_answer(struct call *k, enum rc rc, struct answer *a, const struct err *e) {
    struct buf b;
    struct jw w;

    buf_init(&b, 4 * ANSWER_MAX);
    jw_init(&w, &b);
    jw_map(&w);
    jw_kv_str(&w, "ref", a->ref);
    jw_kv_str(&w, "state", a->state);
    jw_kv_str(&w, "made", a->made);
    lines_json(&w, "said", &a->said);
    lines_json(&w, "next", &a->next);
    jw_map_end(&w);
    reply_or_error(k, rc, &b, e);
    answer_fini(a);
}
