/* SPDX-License-Identifier: ISC
 *
 * message.c - the fields of a message, its header among them
 *
 * Takes   a message and the id (or, for F_OTHER, the name) of a field.
 * Gives   its value as the sender or a pattern gave it; absent when it is not there.
 * Keeps   nothing; facility and severity are lent from a constant table, so that nothing is formatted per line.
 */
#include "model/message.h"

const char *dialect_name(enum dialect d) {
    static const char *const names[DIALECT__COUNT] = {"text", "rfc5424", "rfc3164", "cef", "leef", "json"};
    return d < DIALECT__COUNT ? names[d] : "text";
}

const char *transport_name(enum transport t) {
    static const char *const names[TRANSPORT__COUNT] = {"udp", "tcp", "unix", "unixgram", "http", "internal"};
    return t < TRANSPORT__COUNT ? names[t] : "internal";
}

static struct str decimal(int n) {
    static const char digits[] = "000102030405060708091011121314151617181920212223";
    return n < 10 ? str_n(digits + 2 * n + 1, 1) : str_n(digits + 2 * n, 2);
}

static struct str header_field(const struct message *m, enum field_id id) {
    bool pri = m->pri >= 0 && m->pri <= 191;

    switch (id) {
    case F_MESSAGE:
        return m->text;
    case F_HOST:
        return m->host;
    case F_PROGRAM:
        return str_absent(m->program) ? m->app : m->program;
    case F_PID:
        return m->procid;
    case F_FACILITY:
        return pri ? decimal(m->pri >> 3) : STR_NONE;
    case F_SEVERITY:
        return pri ? decimal(m->pri & 7) : STR_NONE;
    default:
        return STR_NONE;
    }
}

/* The one of exactly this name, else the first that is called the same thing. */
static const struct field *own_field(const struct message *m, enum field_id id, struct str name) {
    const struct field *alias = NULL;
    for (size_t i = 0; i < m->nfields; i++) {
        const struct field *f = &m->fields[i];
        if (f->id != id)
            continue;
        if (str_absent(name) || field_spelt(f, name))
            return f;
        alias = alias || id == F_OTHER ? alias : f;
    }
    return alias;
}

bool message_has(const struct message *m, enum field_id id, struct str name, const struct field **f) {
    const struct field *own = own_field(m, id, name);

    if (f)
        *f = own;
    return own || !str_absent(header_field(m, id));
}

/* What a pattern or the sender named stands before the header: "host" in a JSON body is the host it speaks of. */
struct str message_field(const struct message *m, enum field_id id, struct str name) {
    const struct field *own = own_field(m, id, name);
    return own ? own->value : header_field(m, id);
}

void message_drop(struct message *m) {
    m->fields_dropped += m->fields_dropped < UINT16_MAX;
}

bool message_add(struct message *m, enum field_id id, struct str name, struct str value, uint16_t flags) {
    if (m->nfields >= MSG_FIELDS_MAX) {
        message_drop(m);
        return false;
    }
    m->fields[m->nfields++] = (struct field){(uint16_t)id, flags, name, value};
    return true;
}

char *message_spare(struct message *m, size_t n) {
    struct spare *s = m->spare;

    if (!s || n > s->cap - s->n) {
        message_drop(m);
        return NULL;
    }
    s->n += n;
    return s->p + s->n - n;
}

struct str peer_host(struct str peer) {
    size_t n = peer.n;

    while (n > 0 && peer.p[n - 1] != ':')
        n--;
    struct str host = n > 0 ? str_n(peer.p, n - 1) : peer;
    return host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']' ? str_n(host.p + 1, host.n - 2) : host;
}
