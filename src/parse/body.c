/* SPDX-License-Identifier: ISC
 *
 * body.c - which kind of body a text is, and its fields under our roof
 *
 * Takes   the text behind a header.
 * Gives   the kind, by its first bytes; and for the decoders: adding a field, checking a value, room for what is decoded.
 */
#include "parse/body.h"

#include "parse/addr.h"
#include "parse/format.h"

#include <string.h>

static const struct {
    const char *name, *patterns;
    size_t (*fields)(struct message *m, struct str s);
} bodies[BODY__COUNT] = {
#define BODY(id, name, fn) [id] = {name, " " name, fn},
#include "parse/bodies.def"
#undef BODY
};

enum body body_find(struct str name) {
    for (unsigned i = 0; i < BODY__COUNT; i++)
        if (bodies[i].name && str_is(name, bodies[i].name))
            return (enum body)i;
    return BODY__COUNT;
}

struct str body_patterns_name(enum body b) {
    return str_of(b < BODY__COUNT && bodies[b].patterns ? bodies[b].patterns : "");
}

size_t body_decode(struct message *m, enum body kind, struct str s) {
    return kind < BODY__COUNT && bodies[kind].fields ? bodies[kind].fields(m, s) : 0;
}

size_t body_fields(struct message *m) {
    return body_decode(m, (enum body)m->body, m->text);
}

/* An access log's line has no names in it: patterns for "access" make its fields. */
size_t body_access(struct message *m, struct str s) {
    (void)m;
    (void)s;
    return 0;
}

/* ---- one field */

/* What logs write in place of nothing. */
static bool nothing(struct str s) {
    static const char *const words[] = {"-", "--", "?", "N/A", "n/a", "NA", "(null)", "null", "nil", "<nil>", "undefined", "None", "none", "unknown", "(unknown)",
                                        "<invalid>", "(invalid user)", "true", "false", "(none)", "(unset)", "unset"};

    if (s.n == 0)
        return true;
    if (s.n > 14)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_is(s, words[i]))
            return true;
    return false;
}

/* "192.0.2.1", "[2001:db8::1]:443", "192.0.2.1:443"; *host when it is the name of one. */
static bool address(struct str *v, struct str *port, bool *host) {
    struct str ip, s = str_trim(*v);
    size_t n = addr_length(s, &ip);

    *port = STR_NONE;
    *host = false;
    if (n && n < s.n && s.p[n] == ':' && s.n - n <= 6) {
        *port = str_sub(s, n + 1, s.n);
        for (size_t i = 0; i < port->n; i++)
            if (!is_digit(port->p[i]))
                return false;
        n = s.n;
    }
    if (n == 0 && host_name_length(s) == s.n && s.n) {
        *host = true;
        *v = s;
        return !nothing(s);
    }
    if (n != s.n || n == 0 || str_is(ip, "0.0.0.0") || str_is(ip, "::"))
        return false;
    *v = ip;
    return true;
}

static bool number(struct str s) {
    uint64_t v;
    return str_u64(s, 65535, &v);
}

bool body_clean(enum field_id *id, struct str *value, struct str *port) {
    bool host;

    *port = STR_NONE;
    switch (*id) {
    case F_SRC_IP:
    case F_DST_IP:
    case F_SRC_HOST:
        if (!address(value, port, &host))
            return false;
        if (host)
            *id = *id == F_DST_IP ? F_DST_HOST : F_SRC_HOST;
        else if (*id == F_SRC_HOST)
            *id = F_SRC_IP;
        return true;
    case F_SRC_PORT:
    case F_DST_PORT:
        return number(*value);
    case F_USER:
    case F_DST_USER:
    case F_HOST:
    case F_PROGRAM:
    case F_ACTION:
    case F_QUERY:
        return !nothing(*value);
    case F_WEB_AGENT:
    case F_WEB_REFERER:
    case F_WEB_COOKIE:
    case F_WEB_HOST:
    case F_WEB_METHOD:
    case F_WEB_TARGET:
    case F_WEB_PATH:
    case F_WEB_STATUS:
        return value->n && !str_is(*value, "-");
    default:
        return true;
    }
}

static bool inside(struct str s, struct str whole) {
    return s.p >= whole.p && s.p + s.n <= whole.p + whole.n;
}

bool body_room(struct message *m) {
    if (m->nfields < BODY_FIELDS_MAX)
        return true;
    message_drop(m);
    return false;
}

bool body_put(struct message *m, struct str name, struct str value, uint16_t flags) {
    enum field_id id = field_own(name);
    struct str port;

    if (!body_room(m))
        return false;
    if (id == F_HOST) /* the sensor's, the request's or the machine's: only a file of normalise.d can know */
        id = F_OTHER;
    if (id != F_OTHER && !(flags & FIELD_NULL) && !body_clean(&id, &value, &port))
        return false;
    if (!(flags & FIELD_NULL) && !inside(value, m->raw)) {
        flags |= FIELD_DERIVED;
        m->flags |= MSG_DECODED;
    }
    return message_add(m, id, name, value, flags);
}

struct str body_keep(struct message *m, const char *p, size_t reserved, size_t used) {
    m->spare->n -= reserved - used;
    return str_n(p, used);
}

size_t body_utf8(char *out, uint32_t rune) {
    if (rune < 0x80) {
        out[0] = (char)rune;
        return 1;
    }
    if (rune < 0x800) {
        out[0] = (char)(0xc0 | rune >> 6);
        out[1] = (char)(0x80 | (rune & 63));
        return 2;
    }
    if (rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000))
        rune = 0xfffd;
    if (rune < 0x10000) {
        out[0] = (char)(0xe0 | rune >> 12);
        out[1] = (char)(0x80 | (rune >> 6 & 63));
        out[2] = (char)(0x80 | (rune & 63));
        return 3;
    }
    out[0] = (char)(0xf0 | rune >> 18);
    out[1] = (char)(0x80 | (rune >> 12 & 63));
    out[2] = (char)(0x80 | (rune >> 6 & 63));
    out[3] = (char)(0x80 | (rune & 63));
    return 4;
}
