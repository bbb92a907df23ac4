/* SPDX-License-Identifier: ISC
 *
 * text.c - values as a person reads them
 *
 * Strangers' bytes come through here on their way to a terminal; every one of them goes through base/esc.
 */
#include "client/client.h"

#include "base/clock.h"
#include "base/esc.h"

#include <string.h>

void text_time(const struct client *c, int64_t us, struct buf *b) {
    char text[TIME_TEXT];
    struct civil t;

    if (!us)
        return;
    if (c->utc || !c->zone) {
        buf_text(b, time_format(us, 0, text));
        return;
    }
    zone_from_us(c->zone, us, &t);
    buf_printf(b, "%04d-%02d-%02d %02d:%02d:%02d", t.year, t.mon, t.day, t.hour, t.min, t.sec);
}

void text_ago(const struct client *c, int64_t us, struct buf *b) {
    static const struct {
        int64_t unit;
        const char *word;
    } units[] = {{US_PER_DAY, "d"}, {US_PER_H, "h"}, {US_PER_MIN, "min"}, {US_PER_S, "s"}};
    int64_t d = c->now - us, size = d < 0 ? -d : d;

    if (!us)
        return;
    if (c->utc) {
        text_time(c, us, b);
        return;
    }
    if (size < US_PER_S) {
        buf_text(b, "now");
        return;
    }
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (size >= units[i].unit) {
            buf_printf(b, d < 0 ? "in %lld %s" : "%lld %s ago", (long long)(size / units[i].unit), units[i].word);
            return;
        }
}

/* RFC 3339 in UTC is how the API says every time. */
static bool is_time(struct str s, int64_t *us) {
    return s.n >= 20 && s.n <= 32 && s.p[10] == 'T' && time_parse(s, us, NULL);
}

static void text_list(const struct client *c, const struct json *v, struct buf *b) {
    for (size_t i = 0; i < json_count(v); i++) {
        if (i)
            buf_text(b, ", ");
        text_value(c, json_at(v, i), b);
    }
}

struct pairs {
    const struct client *c;
    struct buf *b;
    bool any;
};

static void text_pair(void *ctx, struct str key, const struct json *v) {
    struct pairs *p = ctx;

    if (json_kind(v) == JSON_NULL)
        return;
    buf_text(p->b, p->any ? " " : "");
    p->any = true;
    esc_term(p->b, key);
    buf_c(p->b, '=');
    text_value(p->c, v, p->b);
}

void text_value(const struct client *c, const struct json *v, struct buf *b) {
    struct pairs p = {c, b, false};
    struct buf raw;
    int64_t us;

    switch (json_kind(v)) {
    case JSON_NULL:
        break;
    case JSON_BOOL:
        buf_text(b, json_bool(v, false) ? "yes" : "no");
        break;
    case JSON_STRING:
        if (is_time(json_text(v), &us))
            text_time(c, us, b);
        else
            esc_term(b, json_text(v));
        break;
    case JSON_INT:
    case JSON_REAL:
        buf_init(&raw, 64);
        json_scalar(v, &raw);
        buf_str(b, buf_view(&raw));
        buf_fini(&raw);
        break;
    case JSON_LIST:
        text_list(c, v, b);
        break;
    case JSON_MAP:
        json_each(v, text_pair, &p);
        break;
    }
}

void text_label(const char *key, struct buf *b) {
    for (; *key; key++)
        buf_c(b, *key == '_' ? ' ' : *key);
}

static const struct {
    const char *key, *value, *color;
} colors[] = {
    {"priority", "P1", "\033[1;31m"},  {"priority", "P2", "\033[31m"}, {"priority", "P3", "\033[33m"},
    {"state", "declared", "\033[1m"},  {"state", "new", "\033[1m"},    {"state", "dead", "\033[31m"},
    {"result", "missing", "\033[31m"}, {"result", "met", "\033[32m"},  {"state", "missing", "\033[31m"},
    {"state", "met", "\033[32m"},
};

const char *text_color(const struct client *c, struct str key, struct str value) {
    if (c->colors)
        for (size_t i = 0; i < sizeof colors / sizeof *colors; i++)
            if (str_is(key, colors[i].key) && str_is(value, colors[i].value))
                return colors[i].color;
    return "";
}
