/* SPDX-License-Identifier: ISC
 *
 * explain.c - what the running daemon would make of log lines, for a person
 */
#include "client/client.h"

#include <string.h>

static void line_of(struct client *c, const char *label, const struct json *v) {
    if (json_kind(v) == JSON_NULL || (json_kind(v) == JSON_MAP && !json_count(v)))
        return;
    buf_printf(&c->out, "  %-10s ", label);
    text_value(c, v, &c->out);
    buf_c(&c->out, '\n');
}

static void lines_of(struct client *c, const char *label, const struct json *list) {
    for (size_t i = 0; i < json_count(list); i++)
        line_of(c, label, json_at(list, i));
}

static void one(struct client *c, const struct json *x) {
    const struct json *parse = json_get(x, "parse");

    buf_printf(&c->out, "line %lld\n", (long long)json_int(json_get(x, "n"), 0));
    line_of(c, "parse", parse);
    line_of(c, "time", json_get(x, "time"));
    line_of(c, "fields", json_get(x, "fields"));
    lines_of(c, "rule", json_get(x, "sightings"));
    lines_of(c, "nearly", json_get(x, "nearest"));
    lines_of(c, "alert", json_get(x, "alerts"));
    if (json_kind(json_get(x, "event")) == JSON_NULL)
        buf_text(&c->out, "  event      none\n");
    else
        line_of(c, "event", json_get(x, "event"));
}

enum rc view_explain(struct client *c, const struct json *reply, struct err *e) {
    const char *expect = said_get(&c->said, "expect");
    bool event = false;

    for (size_t i = 0; i < json_count(reply); i++) {
        one(c, json_at(reply, i));
        event |= json_kind(json_get(json_at(reply, i), "event")) == JSON_MAP || json_count(json_get(json_at(reply, i), "alerts"));
    }
    if (!expect)
        return RC_OK;
    if (strcmp(expect, "event") != 0 && strcmp(expect, "none") != 0)
        return err_set(e, RC_USAGE, "--expect is event or none");
    return (strcmp(expect, "event") == 0) == event
               ? RC_OK
               : err_set(e, RC_CHECK, "expected %s, but %s came of it", expect, event ? "an event" : "none");
}
