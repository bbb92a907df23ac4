/* SPDX-License-Identifier: ISC
 *
 * fuzz_dialect.c - webhook bodies against a dialect, and dialects that a site might write
 *
 * Input: a body; beginning with '=', a YAML file, a line "---" and a body.
 */
#include "parse/dialect.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static const char file[] = "name: f\ntitle: [/title, /a/0]\ntext: /text\nseverity: {from: /s, map: {x: high}, default: low}\ntime: /time\nhost: /host\n"
                           "key: /key\nclass: /class\nsplit: /list\nwhen: [{/when: [a, \"*\"]}, {/title: b}]\nresolve_when: {/s: over}\nfields: {src_ip: /ip, user: [/user, /a/b~1c], x: /x}\n";

static struct dialect_map *load(struct str yaml) {
    static struct errs es;
    struct tree **docs = NULL;
    size_t n = 0;
    struct dialect_map *d = NULL;

    es.n = 0;
    if (tree_from_yaml("f", yaml, &docs, &n, NULL) == RC_OK && n > 0 && (dialect_load(docs[0], &d, &es) == RC_OK) != (es.n == 0))
        abort();
    for (size_t i = 0; i < n; i++)
        tree_free(docs[i]);
    free(docs);
    return d;
}

static void apply(const struct dialect_map *d, struct str body) {
    static struct message m;
    struct dialect_event ev;
    struct json *j;
    struct arena a;

    if (json_parse(body, 1 << 20, &j, NULL) != RC_OK)
        return;
    arena_init(&a, 1 << 20);
    m.raw = body;
    m.flags = 0;
    m.arrived = 1;
    size_t over, parts = dialect_parts(d, j, &over);
    for (size_t p = 0; p < parts; p++) {
        dialect_part(d, j, p, &a, &m, &ev);
        for (size_t i = 0; i < m.nfields; i++)
            str_utf8(m.fields[i].value); /* read every byte */
        if (!ev.rsit || str_utf8(ev.title) + str_utf8(ev.text) == 7 || (ev.resolved && !ev.claims))
            abort();
    }
    json_free(j);
    arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    static struct dialect_map *shared;
    struct str in = str_n(p, n), yaml;

    if (!shared && !(shared = load(str_of(file))))
        abort();
    if (n == 0 || p[0] != '=') {
        apply(shared, in);
        return 0;
    }
    size_t cut = str_find(in, STR("\n---\n"));
    yaml = str_sub(in, 1, cut);
    struct dialect_map *d = load(yaml);
    if (d && cut != SIZE_MAX)
        apply(d, str_sub(in, cut + 5, n));
    dialect_free(d);
    return 0;
}
