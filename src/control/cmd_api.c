/* SPDX-License-Identifier: ISC
 *
 * cmd_api.c - for machines: health, metrics, and the table of commands as OpenAPI
 */
#include "control/cmd.h"

#include "config.h"

#include <string.h>

void cmd_healthy(struct call *k) {
    http_reply(k->r, 200, "text/plain", "", STR("ok\n"));
}

void cmd_ready(struct call *k) {
    if (desk_ready(k->c->desk))
        http_reply(k->r, 200, "text/plain", "", STR("ready\n"));
    else
        http_reply(k->r, 503, "text/plain", "", STR("not ready\n"));
}

static void gauge(struct buf *b, const char *name, const char *help, double v) {
    buf_printf(b, "# HELP %s %s\n# TYPE %s gauge\n%s %.6g\n", name, help, name, name, v);
}

static void counter(struct buf *b, const char *name, const char *help, uint64_t v) {
    buf_printf(b, "# HELP %s %s\n# TYPE %s counter\n%s %llu\n", name, help, name, name, (unsigned long long)v);
}

void cmd_metrics(struct call *k) {
    struct control *c = k->c;
    struct buf b;

    buf_init(&b, REPLY_MAX);
    buf_printf(
        &b,
        "# HELP tocsin_build_info Which tocsin this is.\n# TYPE tocsin_build_info gauge\ntocsin_build_info{version=\"%s\"} 1\n",
        TOCSIN_VERSION);
    gauge(&b, "tocsin_config_last_reload_successful", "1 when the last reload was taken into use.",
          c->reload.ok || !c->reload.at);
    gauge(&b, "tocsin_config_last_reload_timestamp_seconds", "When the last reload was tried.",
          (double)(c->reload.at ? c->reload.at : c->started) / 1e6);
    counter(&b, "tocsin_api_requests_total", "Requests on the control socket.", c->requests);
    counter(&b, "tocsin_api_refused_total", "Requests answered with an error.", c->refused);
    counter(&b, "tocsin_watch_dropped_total", "Watchers let go because they did not read.", c->watch_dropped);
    gauge(&b, "tocsin_rules_refused", "Rules of the configuration that are refused, or break their samples.", (double)rulebook_refused(c));
    account_metrics(c, &b);
    desk_metrics(c->desk, k->now, &b);
    http_reply(k->r, b.over ? 500 : 200, "text/plain; version=0.0.4; charset=utf-8", "", buf_view(&b));
    buf_fini(&b);
}

/* ---- OpenAPI */

static const char *arg_type(const struct command_arg *a) {
    return a->kind == ARG_NUMBER ? "integer" : a->kind == ARG_SWITCH ? "boolean" : "string";
}

static void enum_word(void *ctx, struct str word) {
    jw_str(ctx, word);
}

static void arg_schema(struct jw *w, const struct pattern_item *it) {
    jw_map(w);
    if (it->repeat && it->kind == PATTERN_FLAG) {
        jw_kv_text(w, "type", "array");
        jw_key(w, "items");
        jw_map(w);
    }
    jw_kv_text(w, "type", arg_type(it->arg));
    if (it->arg->kind == ARG_TIME)
        jw_kv_text(w, "format", "date-time");
    if (it->arg->choices[0] && it->arg->kind != ARG_NUMBER) {
        jw_key(w, "enum");
        jw_list(w);
        command_arg_choices(it->arg, enum_word, w);
        jw_list_end(w);
    }
    if (it->repeat && it->kind == PATTERN_FLAG)
        jw_map_end(w);
    jw_kv_text(w, "description", it->arg->help);
    jw_map_end(w);
}

static bool in_path(const struct command *cmd, const struct pattern_item *it) {
    char name[64];
    size_t at, n = strlen(it->arg->name);
    struct str route = str_of(cmd->route);

    if (n + 3 > sizeof name)
        return false;
    name[0] = '{';
    memcpy(name + 1, it->arg->name, n);
    memcpy(name + 1 + n, "}", 2);
    at = str_find(route, str_of(name));
    return at != SIZE_MAX;
}

static void parameters(struct jw *w, const struct command *cmd) {
    struct pattern_item it;

    jw_key(w, "parameters");
    jw_list(w);
    for (const char *at = cmd->pattern; pattern_next(&at, &it);) {
        if (!it.arg || it.arg->local || (!in_path(cmd, &it) && cmd->method != METHOD_GET && !command_takes_lines(cmd)))
            continue;
        jw_map(w);
        jw_kv_text(w, "name", it.arg->name);
        jw_kv_text(w, "in", in_path(cmd, &it) ? "path" : "query");
        jw_kv_bool(w, "required", in_path(cmd, &it) || (command_takes_lines(cmd) && !it.optional));
        jw_key(w, "schema");
        arg_schema(w, &it);
        jw_map_end(w);
    }
    jw_list_end(w);
}

static void body_schema(struct jw *w, const struct command *cmd) {
    struct pattern_item it;

    jw_kv_text(w, "type", "object");
    jw_kv_bool(w, "additionalProperties", false);
    jw_key(w, "properties");
    jw_map(w);
    for (const char *at = cmd->pattern; pattern_next(&at, &it);) {
        if (!it.arg || it.arg->local || in_path(cmd, &it))
            continue;
        jw_key(w, it.arg->name);
        arg_schema(w, &it);
    }
    jw_map_end(w);
    jw_key(w, "required");
    jw_list(w);
    for (const char *at = cmd->pattern; pattern_next(&at, &it);)
        if (it.arg && !it.arg->local && !it.optional && !in_path(cmd, &it))
            jw_text(w, it.arg->name);
    jw_list_end(w);
}

static void request_body(struct jw *w, const struct command *cmd) {
    bool lines = command_takes_lines(cmd);

    jw_key(w, "requestBody");
    jw_map(w);
    jw_key(w, "content");
    jw_map(w);
    jw_key(w, lines ? "text/plain" : "application/json");
    jw_map(w);
    jw_key(w, "schema");
    jw_map(w);
    if (lines)
        jw_kv_text(w, "type", "string");
    else
        body_schema(w, cmd);
    jw_map_end(w);
    jw_map_end(w);
    jw_map_end(w);
    jw_map_end(w);
}

static void operation(struct jw *w, const struct command *cmd) {
    jw_key(w, cmd->method == METHOD_GET ? "get" : "post");
    jw_map(w);
    jw_kv_text(w, "summary", cmd->help);
    jw_key(w, "x-roles");
    jw_list(w);
    for (int r = 0; r < ROLE__COUNT; r++)
        if (cmd->who & ROLE_BIT(r))
            jw_text(w, role_name((enum role)r));
    jw_list_end(w);
    parameters(w, cmd);
    if (cmd->method == METHOD_POST)
        request_body(w, cmd);
    jw_key(w, "responses");
    jw_map(w);
    jw_key(w, "200");
    jw_map(w);
    jw_kv_text(w, "description", "done");
    jw_map_end(w);
    jw_key(w, "default");
    jw_map(w);
    jw_kv_text(w, "description", "{\"error\":{\"code\",\"message\",\"hint\"}}");
    jw_map_end(w);
    jw_map_end(w);
    jw_map_end(w);
}

/* Rows of one route are written where the first of them stands. */
static bool first_of_route(size_t i) {
    for (size_t j = 0; j < i; j++)
        if (command_at(j)->route && strcmp(command_at(j)->route, command_at(i)->route) == 0)
            return false;
    return true;
}

static void paths(struct jw *w) {
    const struct command *cmd, *same;

    for (size_t i = 0; (cmd = command_at(i)); i++) {
        if (!cmd->route || !first_of_route(i))
            continue;
        jw_key(w, cmd->route);
        jw_map(w);
        for (size_t j = i; (same = command_at(j)); j++)
            if (same->route && strcmp(same->route, cmd->route) == 0)
                operation(w, same);
        jw_map_end(w);
    }
}

void cmd_openapi(struct call *k) {
    struct buf json;
    struct jw w;

    buf_init(&json, REPLY_MAX);
    jw_init(&w, &json);
    jw_map(&w);
    jw_kv_text(&w, "openapi", "3.0.3");
    jw_key(&w, "info");
    jw_map(&w);
    jw_kv_text(&w, "title", "tocsin control API");
    jw_kv_text(&w, "version", TOCSIN_VERSION);
    jw_map_end(&w);
    jw_key(&w, "paths");
    jw_map(&w);
    paths(&w);
    jw_map_end(&w);
    jw_map_end(&w);
    reply_json(k, 200, &json);
}
