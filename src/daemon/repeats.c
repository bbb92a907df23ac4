/* SPDX-License-Identifier: ISC
 *
 * repeats.c - "last message repeated 3 times": which message was that?
 *
 * Takes   every message in order.
 * Gives   for that sentence the program and text of the host's last message.
 * Keeps   SLOTS messages of at most TEXT_MAX bytes. A harmless message costs a hash of its host's name.
 */
#include "daemon/repeats.h"

#include "parse/parse.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS 64 /* as many as a word has bits */
#define TEXT_MAX 1024
#define NAME_MAX_BYTES 256

struct slot {
    int16_t pri;
    uint16_t host, app, program_at, program, text; /* lengths; program is a part of app */
    char host_bytes[NAME_MAX_BYTES], app_bytes[NAME_MAX_BYTES], text_bytes[TEXT_MAX];
};
struct repeats {
    uint64_t live; /* a bit per slot that is wanted: a harmless message touches no other memory */
    struct slot slots[SLOTS];
};

struct repeats *repeats_new(void) {
    return calloc(1, sizeof(struct repeats));
}

void repeats_free(struct repeats *r) {
    free(r);
}

/* Not keyed: who sends under many names only makes us forget, and then his own sentence counts for nothing. */
static size_t slot_of(struct str host) {
    uint32_t h = 2166136261u;

    for (size_t i = 0; i < host.n && i < NAME_MAX_BYTES; i++)
        h = (h ^ (unsigned char)host.p[i]) * 16777619u;
    return (h ^ h >> 16) & (SLOTS - 1);
}

static struct str host_of(const struct message *m) {
    return str_absent(m->host) ? m->peer : m->host;
}

static bool says_so(const struct message *m) {
    return str_absent(m->app) && str_starts(m->text, STR("last message repeated "));
}

bool repeats_resolve(const struct repeats *r, struct message *m) {
    if (!says_so(m))
        return false;
    size_t i = slot_of(host_of(m));
    const struct slot *s = &r->slots[i];
    if (!(r->live >> i & 1) || !str_eq(host_of(m), str_n(s->host_bytes, s->host)))
        return false;
    m->text = str_n(s->text_bytes, s->text);
    /* not the app: that is what this message's header says, and it says nothing */
    m->program = str_n(s->app_bytes + s->program_at, s->program);
    parse_body(m);
    if (m->pri < 0)
        m->pri = s->pri;
    m->flags |= MSG_DECODED;
    return true;
}

void repeats_note(struct repeats *r, const struct message *m, bool wanted) {
    if (!wanted && r->live == 0)
        return;
    struct str host = host_of(m);
    size_t i = slot_of(host);
    struct slot *s = &r->slots[i];
    wanted = wanted && host.n <= NAME_MAX_BYTES && m->app.n <= NAME_MAX_BYTES && m->app.n && m->program.n && m->text.n <= TEXT_MAX;
    r->live &= ~(UINT64_C(1) << i);
    if (!wanted)
        return;
    r->live |= UINT64_C(1) << i;
    s->pri = m->pri;
    s->host = (uint16_t)host.n;
    s->app = (uint16_t)m->app.n;
    /* a program that the body named is found there again */
    bool in_app = m->program.p >= m->app.p && m->program.p + m->program.n <= m->app.p + m->app.n;
    s->program_at = in_app ? (uint16_t)(m->program.p - m->app.p) : 0;
    s->program = in_app ? (uint16_t)m->program.n : s->app;
    s->text = (uint16_t)m->text.n;
    if (host.n)
        memcpy(s->host_bytes, host.p, host.n);
    memcpy(s->app_bytes, m->app.p, m->app.n);
    memcpy(s->text_bytes, m->text.p, m->text.n);
}
