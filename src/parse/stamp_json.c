/* SPDX-License-Identifier: ISC
 *
 * stamp_json.c - the time of a line that is a JSON object
 *
 * Takes   the line; it may be damaged, and is never decoded here.
 * Gives   the stamp of the first outermost member with a name that means the time of the event, also {"t":{"$date":"..."}} of mongod.
 * Keeps   nothing; looks at LOOK bytes at most.
 */
#include "parse/stamp_parts.h"

#define LOOK 16384

static const struct str names[] = {{"time", 4},      {"timestamp", 9},       {"@timestamp", 10}, {"ts", 2},       {"t", 1},
                                   {"date", 4},      {"datetime", 8},        {"eventTime", 9},   {"event_time", 10},
                                   {"created_at", 10}, {"asctime", 7},       {"logged_at", 9},   {"$date", 5},    {"instant", 7},
                                   {"syslog_timestamp", 16}, {"__REALTIME_TIMESTAMP", 20},       {"_SOURCE_REALTIME_TIMESTAMP", 26}};

static bool means_time(struct str name) {
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_eqi(names[i], name))
            return true;
    return false;
}

/* Behind the closing quote of the string whose opening one stands before i. */
static size_t string_end(struct str s, size_t i) {
    while (i < s.n && s.p[i] != '"')
        i += s.p[i] == '\\' ? 2 : 1;
    return i < s.n ? i + 1 : s.n;
}

static bool read_value(struct str v, struct msg_time *t) {
    if (v.n && v.p[0] == '"')
        return stamp_value(str_sub(v, 1, v.n), t);
    return v.n && is_digit(v.p[0]) && stamp_epoch(v, t);
}

bool stamp_json(struct str s, struct msg_time *t) {
    struct str name = STR_NONE;
    bool is_time = false; /* the value we are in belongs to a name that means the time */
    int depth = 0;

    s = str_sub(s, 0, LOOK);
    for (size_t i = 0; i < s.n;) {
        char c = s.p[i];
        if (c == '"') {
            size_t end = string_end(s, i + 1);
            name = str_sub(s, i + 1, end - 1);
            i = end;
            continue;
        }
        i++;
        if (c == ':' && (depth == 1 || (depth == 2 && is_time))) {
            while (at(s, i, ' '))
                i++;
            bool known = means_time(name);
            if (known && read_value(str_sub(s, i, s.n), t))
                return true;
            is_time = depth == 1 ? known : is_time;
        }
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
    }
    return false;
}
