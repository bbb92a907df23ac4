/* SPDX-License-Identifier: ISC
 *
 * args.c - what a request says, as the named arguments of its command
 *
 * Takes   a JSON map (POST) or a query (GET). A name that the command's pattern has not is refused, with the one that was meant.
 * Gives   texts, checked by kind: numbers are numbers, words are of their list, times are RFC 3339. An empty text is as if not given.
 */
#include "control/cmd.h"

#include <string.h>

bool args_add(struct args *a, const char *name, struct str value) {
    if (a->n >= sizeof a->v / sizeof *a->v)
        return false;
    a->v[a->n++] = (struct arg){name, value};
    return true;
}

enum rc args_need(const struct args *a, const char *name, struct str *out, struct err *e) {
    *out = arg_get(a, name);
    return out->n ? RC_OK : err_set(e, RC_INVALID, "%s is missing", name);
}

/* The pattern's argument of this name, unless it is the client's own or stands in the path. */
static const struct command_arg *find_arg(const struct command *cmd, struct str name, const char **nearest) {
    const char *words[32], *at = cmd->pattern;
    struct pattern_item it;
    size_t n = 0;

    while (pattern_next(&at, &it)) {
        if (!it.arg || it.arg->local)
            continue;
        if (str_is(name, it.arg->name))
            return it.arg;
        if (n < sizeof words / sizeof *words)
            words[n++] = it.arg->name;
    }
    *nearest = str_nearest(name, words, n);
    return NULL;
}

struct choice {
    struct str value;
    bool found;
};

static void try_choice(void *ctx, struct str word) {
    struct choice *c = ctx;

    c->found |= str_eq(c->value, word);
}

/* A due time may be said as a day or as a span from now; the desk gets an instant. */
static bool read_time(struct call *k, struct str *v) {
    char text[TIME_TEXT];
    struct civil day = {0};
    uint64_t y, m, d;
    int64_t us;

    if (time_parse(*v, &us, NULL))
        return true;
    if (v->n == 10 && v->p[4] == '-' && v->p[7] == '-' && str_u64(str_sub(*v, 0, 4), 9999, &y) &&
        str_u64(str_sub(*v, 5, 7), 12, &m) && str_u64(str_sub(*v, 8, 10), 31, &d)) {
        day = (struct civil){(int)y, (int)m, (int)d, 23, 59, 59, 0};
        if (!civil_valid(&day))
            return false;
        us = civil_to_us(&day);
    } else if (str_duration(*v, &us) && us < 3650 * US_PER_DAY) {
        us += k->now;
    } else {
        return false;
    }
    *v = arena_str(&k->arena, str_of(time_format(us, 0, text)));
    return !str_absent(*v);
}

static enum rc check_kind(struct call *k, const struct command_arg *a, struct str *v, struct err *e) {
    struct choice c = {*v, false};
    uint64_t number;
    int shown = (int)(v->n < 100 ? v->n : 100);

    if (a->choices[0]) {
        command_arg_choices(a, try_choice, &c);
        if (!c.found) {
            err_set(e, RC_INVALID, "%s: \"%.*s\" is none of its words", a->name, shown, v->p);
            if (a->choices[0] != '@')
                err_hint(e, "one of: %s", a->choices);
            return RC_INVALID;
        }
    }
    if (a->kind == ARG_NUMBER && !str_u64(*v, INT64_MAX, &number))
        return err_set(e, RC_INVALID, "%s: \"%.*s\" is not a number", a->name, shown, v->p);
    if (a->kind == ARG_TIME && !read_time(k, v)) {
        err_set(e, RC_INVALID, "%s: \"%.*s\" is not a time", a->name, shown, v->p);
        err_hint(e, "such as 2026-06-30T12:00:00Z, a day such as 2026-06-30, or a span from now such as 7d");
        return RC_INVALID;
    }
    if (!str_utf8(*v))
        return err_set(e, RC_INVALID, "%s is not UTF-8", a->name);
    return RC_OK;
}

static enum rc take_arg(struct call *k, struct str name, struct str value, struct err *e) {
    const char *nearest = NULL;
    const struct command_arg *a = find_arg(k->cmd, name, &nearest);
    enum rc rc;

    if (!a && str_is(name, "org")) /* tells references of several organisations apart, whatever the command */
        a = command_arg_find(name);
    if (!a) {
        err_set(e, RC_INVALID, "\"%.*s\" is no argument of this", (int)(name.n < 64 ? name.n : 64), name.p ? name.p : "");
        if (nearest)
            err_hint(e, "did you mean \"%s\"?", nearest);
        return RC_INVALID;
    }
    if (!value.n)
        return RC_OK;
    if ((rc = check_kind(k, a, &value, e)) != RC_OK)
        return rc;
    return args_add(&k->args, a->name, value) ? RC_OK : err_set(e, RC_LIMIT, "too many arguments");
}

struct reader {
    struct call *k;
    struct err *e;
    enum rc rc;
};

static void take_value(struct reader *rd, struct str name, const struct json *v) {
    struct buf b;
    struct str value = json_text(v);

    if (rd->rc != RC_OK || json_kind(v) == JSON_NULL)
        return;
    if (json_kind(v) == JSON_BOOL) {
        value = json_bool(v, false) ? STR("yes") : STR("");
    } else if (json_kind(v) == JSON_INT) {
        buf_init(&b, 64);
        json_scalar(v, &b);
        value = arena_str(&rd->k->arena, buf_view(&b));
        buf_fini(&b);
    } else if (json_kind(v) != JSON_STRING) {
        rd->rc = err_set(rd->e, RC_INVALID, "%.*s is neither a text nor a number", (int)(name.n < 64 ? name.n : 64), name.p);
        return;
    }
    rd->rc = take_arg(rd->k, name, value, rd->e);
}

static void take_member(void *ctx, struct str name, const struct json *v) {
    struct reader *rd = ctx;

    if (json_kind(v) != JSON_LIST) {
        take_value(rd, name, v);
        return;
    }
    for (size_t i = 0; i < json_count(v); i++)
        take_value(rd, name, json_at(v, i));
}

static enum rc read_body(struct call *k, struct err *e) {
    struct reader rd = {k, e, RC_OK};
    struct str body = http_body(k->r);
    enum rc rc;

    if (!str_trim(body).n)
        return RC_OK;
    if ((rc = json_parse(body, BODY_MAX, &k->body, e)) != RC_OK)
        return rc == RC_LIMIT || rc == RC_NOMEM ? rc : err_set(e, RC_INVALID, "%s", e->text);
    if (json_kind(k->body) != JSON_MAP)
        return err_set(e, RC_INVALID, "the body is no JSON object");
    json_each(k->body, take_member, &rd);
    return rd.rc;
}

static enum rc read_query(struct call *k, struct err *e) {
    struct str rest = http_query(k->r);
    enum rc rc = RC_OK;

    while (rest.n && rc == RC_OK) {
        struct str pair = str_cut(&rest, '&'), name = str_cut(&pair, '=');
        char cname[64];
        struct buf value;

        if (!name.n)
            continue;
        str_copy(cname, sizeof cname, name);
        buf_init(&value, BODY_MAX);
        if (!http_query_get(k->r, cname, &value) || value.over)
            rc = err_set(e, RC_INVALID, "the query cannot be read");
        else
            rc = take_arg(k, name, arena_str(&k->arena, buf_view(&value)), e);
        buf_fini(&value);
    }
    return rc;
}

enum rc args_read(struct call *k, struct err *e) {
    return k->cmd->method == METHOD_GET || command_takes_lines(k->cmd) ? read_query(k, e) : read_body(k, e);
}
