/* SPDX-License-Identifier: ISC
 *
 * fuzz_normalise.c - texts against patterns, and patterns that a site might write
 *
 * Input: "program\ntext", matched by a small file of every kind of capture; beginning with '=', a pattern, a newline and a text.
 */
#include "base/tree.h"
#include "parse/normalise_file.h"
#include "parse/pattern.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const char file[] =
    "program: [sshd, \"*\"]\nprefixes: [\"error: \"]\nsuffixes: [\" [preauth]\"]\nnocase: yes\npatterns:\n"
    "  - match: [\"Failed <method:word> for {invalid user |}<user> from <src_ip:addr>{ port <src_port:port>|}{ ssh<:int>|}\",\n"
    "            \"a <x:lazy> b <y:quoted> <z:ip><*>\", \"<*>{failed|failure|from}<:text>{rhost=| from |[}<src_ip:ip><*>\"]\n"
    "    set: {action: x}\n    then: [who, where]\n"
    "  - match: ['p <:pairs>', 'j <:json>', '<*><x:qstr> <:edge>{@w|{a|b{c|}}} <y:hex><z:until '',;''><*>']\n"
    "words: {w: [denied, '{refused|rejected} <:word>', login, logon, log in, '']}\nnothing: [none, '-']\n"
    "parts:\n  who:\n    - match: '<*><:edge>{user|for}{ |=}<user:user><*>'\n"
    "  where:\n    - match: '<*>from <:ip><*>from <:ip><*>'\n    - match: ['<*><:edge>{from|ip|src}{ |=}<src_ip:ip><*>', '<*>{@w}<:text>{ by | @}<src_ip:ip>']\n";

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

static void one_pattern(struct str in) {
    struct str pattern = str_cut(&in, '\n');
    struct captures c;
    struct arena a;
    struct err e = {0};
    long budget = 20000;

    arena_init(&a, 1 << 20);
    struct str list[] = {STR("a"), STR("<x:user> b"), STR("from")};
    struct pattern_words words = {STR("w"), list, 3};
    struct pattern_env env = {pattern.n % 2, &words, 1};
    struct pattern *p = pattern_compile(pattern, &env, &a, &e);
    if (!p != (e.text[0] != '\0'))
        abort();
    if (p && pattern_match(p, in, (struct pattern_help){0}, &budget, &c))
        for (size_t i = 0; i < c.n; i++)
            if (c.v[i].value.n && (c.v[i].value.p < in.p || c.v[i].value.p + c.v[i].value.n > in.p + in.n))
                abort();
    arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    static struct message m, other;
    static char bytes[2][4096];
    struct spare spare = {bytes[0], 0, sizeof bytes[0]}, other_spare = {bytes[1], 0, sizeof bytes[1]};
    struct str in = str_n(p, n);

    if (n && p[0] == '=') {
        one_pattern(str_sub(in, 1, n));
        return 0;
    }
    m.flags = 0;
    m.nfields = m.fields_dropped = 0;
    m.program = str_cut(&in, '\n');
    m.raw = m.msg = m.text = in;
    m.spare = &spare;
    other = m;
    other.spare = &other_spare;
    normalise(shared(), &m);
    if (in.n <= 120) { /* the indexes rule out, they decide nothing */
        normalise_plain(shared(), &other);
        if (other.nfields != m.nfields)
            abort();
    }
    for (size_t i = 0; i < m.nfields; i++)
        if (!(m.fields[i].flags & FIELD_DERIVED) && m.fields[i].value.n &&
            (m.fields[i].value.p < in.p || m.fields[i].value.p + m.fields[i].value.n > in.p + in.n))
            abort();
    return 0;
}
