/* SPDX-License-Identifier: ISC
 *
 * fuzz_body.c - bodies: what a text is taken for, what every decoder makes of it, and what a file of normalise.d makes of that
 *
 * Input: the first byte chooses a decoder (or what the text itself looks like), the second how much room there is for what must be
 * decoded; the rest is the text.
 */
#include "base/tree.h"
#include "parse/body.h"
#include "parse/normalise.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const char file[] =
    "body: [json, cef, leef, xml, audit, journal, pairs, access]\nwhen: [{a: '*'}, {type: ['A*', '?x*y']}, {src: '*', b: ~}]\nprogram: [p, _COMM]\n"
    "map: {src_ip: [src, addr, a], user: [user, acct, usrName], time: [t, audit_time], host: [node], src_host: [h]}\njoin: {CommandLine: [a, EXECVE.ARGV]}\n"
    "set: {action: x, program: p}\ncases:\n  - when: {res: failed}\n    set: {outcome: failure}\ntext: [msg, message, MESSAGE]\n"
    "patterns:\n  - match: \"<src_ip:ip> <*> <:pairs>\"\n"
    "---\nprogram: [p, '*']\npatterns:\n  - match: \"<*>from <src_ip:ip> <:json>\"\n";

static struct normaliser *shared(void) {
    static struct normaliser *nz;
    static struct errs es;
    static struct tree **docs;
    size_t n = 0;

    if (nz)
        return nz;
    if (tree_from_yaml("f", str_of(file), &docs, &n, NULL) != RC_OK || normaliser_load((const struct tree *const *)(void *)docs, n, &nz, &es) != RC_OK)
        abort();
    return nz;
}

static bool within(struct str s, const char *p, size_t n) {
    return s.n == 0 || (s.p >= p && s.p + s.n <= p + n);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    static char memory[MSG_SPARE];
    static struct message m;
    struct spare spare = {memory, 0, 0};

    if (n < 2)
        return 0;
    struct str text = str_n(p + 2, n - 2);
    m.flags = 0;
    m.nfields = m.fields_dropped = 0;
    spare.cap = p[1] == 255 ? sizeof memory : p[1] * 4u;
    m.spare = p[1] ? &spare : NULL;
    m.raw = m.msg = m.text = text;
    m.program = p[0] & 128 ? STR("kernel") : STR_NONE;
    m.host = STR_NONE;
    m.ts = (struct msg_time){0};
    m.body = p[0] & 15 ? (uint8_t)((p[0] & 15) % BODY__COUNT) : (uint8_t)body_sniff(m.program, text);
    if (p[0] & 64)
        body_fields(&m);
    else
        normalise(shared(), &m);
    if (m.nfields > MSG_FIELDS_MAX || spare.n > spare.cap)
        abort();
    for (size_t i = 0; i < m.nfields; i++) {
        const struct field *f = &m.fields[i];
        if (!(f->flags & FIELD_DERIVED) && !within(f->value, text.p, text.n))
            abort();
        if (f->value.n && !within(f->value, text.p, text.n) && !within(f->value, memory, spare.n) && !(f->flags & FIELD_DERIVED))
            abort();
    }
    return 0;
}
