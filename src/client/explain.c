/* SPDX-License-Identifier: ISC
 *
 * explain.c - what the running daemon would make of log lines, for a person
 */
#include "client/client.h"

#include "base/esc.h"

#include <string.h>

/* The daemon has escaped what came from strangers; a terminal is worth a second look. */
static void lines_of(struct client *c, struct str text) {
    while (text.n) {
        esc_term(&c->out, str_cut(&text, '\n'));
        buf_c(&c->out, '\n');
    }
}

enum rc view_explain(struct client *c, const struct json *reply, struct err *e) {
    const char *expect = said_get(&c->said, "expect");
    bool event = false;

    for (size_t i = 0; i < json_count(reply); i++) {
        lines_of(c, json_get_text(json_at(reply, i), "text"));
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
