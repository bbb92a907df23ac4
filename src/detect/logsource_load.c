/* SPDX-License-Identifier: ISC
 *
 * logsource_load.c - logsources.yaml to a table
 *
 * Takes   documents of `sets:` (a name for several tags) and `rows:`; tocsin-rules(5) describes them.
 * Gives   rows sorted by how they are found: program, body, neither. A row that is wrong is left out, with file:line:col.
 * Keeps   everything in the caller's arena; texts are the trees'.
 */
#include <string.h>

#include "detect/logsource_own.h"

#define ROWS_MAX 4096
#define NAMES_MAX 16384
#define BEGINNINGS_MAX 64
#define LOGS (1u << TRANSPORT_UDP | 1u << TRANSPORT_TCP | 1u << TRANSPORT_UNIX | 1u << TRANSPORT_UNIXGRAM)

struct loading {
    struct arena *a;
    struct logsources *ls;
    const struct tree_node *sets; /* of this document */
    struct err *e;
    struct source_row *row;
    const struct tree_node *programs, *bodies;
    bool transports_set;
};

static bool wrong(struct loading *l, const struct tree_node *n, const char *text) {
    tree_err(n, l->e, RC_CONFIG, "%s", text);
    return false;
}

long logsource_word(const struct logsources *ls, struct str word) {
    for (size_t i = 0; i < ls->nwords; i++)
        if (str_eqi(ls->words[i], word))
            return (long)i;
    return -1;
}

/* A scalar stands for a list of one. */
static const struct tree_node *first_of(const struct tree_node *n) {
    return tree_kind(n) == TREE_LIST ? tree_first(n) : tree_kind(n) == TREE_SCALAR ? n : NULL;
}

static const struct tree_node *next_of(const struct tree_node *list, const struct tree_node *n) {
    return tree_kind(list) == TREE_LIST ? tree_next(n) : NULL;
}

static bool each_text(struct loading *l, const struct tree_node *list, bool (*fn)(struct loading *, const struct tree_node *)) {
    if (!first_of(list))
        return wrong(l, list, "a text or a list of texts is expected");
    for (const struct tree_node *n = first_of(list); n; n = next_of(list, n)) {
        if (tree_text(n).n == 0)
            return wrong(l, n, "a text is expected");
        if (!fn(l, n))
            return false;
    }
    return true;
}

/* --- the keys of a row */

static bool add_tag(struct loading *l, const struct tree_node *n) {
    const struct tree_node *set = tree_get(l->sets, tree_text(n).p);
    long i = logsource_word(l->ls, tree_text(n));
    if (set) {
        for (const struct tree_node *w = first_of(set); w; w = next_of(set, w))
            if (tree_text(w).n == 0 || tree_get(l->sets, tree_text(w).p) || !add_tag(l, w))
                return wrong(l, w, "a set holds tags, and no other set");
        return first_of(set) || wrong(l, set, "a set is a list of tags");
    }
    if (i < 0 && l->ls->nwords == MSG_TAGS_MAX)
        return wrong(l, n, "there are more than 256 different tags");
    if (i < 0) {
        i = (long)l->ls->nwords++;
        l->ls->words[i] = tree_text(n);
    }
    tag_set(&l->row->tags, (size_t)i);
    return true;
}

static bool key_tags(struct loading *l, const struct tree_node *n) {
    return each_text(l, n, add_tag);
}

static bool key_program(struct loading *l, const struct tree_node *n) {
    l->programs = n;
    return first_of(n) || wrong(l, n, "the name of a program or a list of names is expected");
}

static int find_word(const char *const *words, size_t n, struct str s) {
    for (size_t i = 0; i < n; i++)
        if (words[i] && str_is(s, words[i]))
            return (int)i;
    return -1;
}

static const char *const body_words[BODY__COUNT] = {
    [BODY_JSON] = "json",   [BODY_CEF] = "cef",         [BODY_LEEF] = "leef",     [BODY_XML] = "xml",
    [BODY_AUDIT] = "audit", [BODY_JOURNAL] = "journal", [BODY_ACCESS] = "access", [BODY_PAIRS] = "pairs"};

static bool add_body(struct loading *l, const struct tree_node *n) {
    return find_word(body_words, BODY__COUNT, tree_text(n)) > 0 || wrong(l, n, "body is json, cef, leef, xml, audit, journal, access or pairs");
}

static bool key_body(struct loading *l, const struct tree_node *n) {
    l->bodies = n;
    return each_text(l, n, add_body);
}

static bool add_facility(struct loading *l, const struct tree_node *n) {
    static const char *const words[] = {"kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
                                        "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
                                        "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};
    int i = find_word(words, sizeof words / sizeof *words, tree_text(n));
    if (i < 0)
        return wrong(l, n, "there is no such facility: auth, authpriv, cron, daemon, local0 and so on");
    l->row->facilities |= 1u << i;
    return true;
}

static bool key_facility(struct loading *l, const struct tree_node *n) {
    return each_text(l, n, add_facility);
}

static bool add_transport(struct loading *l, const struct tree_node *n) {
    if (str_is(tree_text(n), "http"))
        l->row->transports |= 1u << TRANSPORT_HTTP;
    else if (str_is(tree_text(n), "internal"))
        l->row->transports |= 1u << TRANSPORT_INTERNAL;
    else if (str_is(tree_text(n), "log"))
        l->row->transports |= LOGS;
    else
        return wrong(l, n, "transport is log, http or internal");
    l->transports_set = true;
    return true;
}

static bool key_transport(struct loading *l, const struct tree_node *n) {
    return each_text(l, n, add_transport);
}

static bool key_otherwise(struct loading *l, const struct tree_node *n) {
    l->row->otherwise = str_is(tree_text(n), "yes") || str_is(tree_text(n), "true");
    return l->row->otherwise || wrong(l, n, "otherwise: yes, or leave it out");
}

static bool globs(struct loading *l, const struct tree_node *list, struct glob **out, size_t *n) {
    struct draft d;
    *out = arena_alloc(l->a, (tree_count(list) + 1) * sizeof **out);
    *n = 0;
    for (const struct tree_node *v = first_of(list); v; v = next_of(list, v))
        if (!*out || !draft_parse(l->a, tree_text(v), &d) || !glob_make(l->a, &d, false, &(*out)[(*n)++]))
            return wrong(l, v, "the log sources do not fit into memory");
    return *n || wrong(l, list, "a text with * and ? or a list of them is expected");
}

static bool key_text(struct loading *l, const struct tree_node *n) {
    return globs(l, n, &l->row->text, &l->row->ntext);
}

static bool key_fields(struct loading *l, const struct tree_node *map) {
    struct source_row *r = l->row;
    if (tree_kind(map) != TREE_MAP || !(r->fields = arena_alloc(l->a, tree_count(map) * sizeof *r->fields)))
        return wrong(l, map, "a map of field names to texts is expected");
    for (const struct tree_node *n = tree_first(map); n; n = tree_next(n)) {
        struct source_field *f = &r->fields[r->nfields++];
        f->id = (uint16_t)field_find(tree_key(n));
        f->name = tree_key(n);
        if (!globs(l, n, &f->globs, &f->nglobs))
            return false;
        if (str_is(tree_text(n), "*"))
            f->nglobs = 0; /* present is enough */
    }
    return true;
}

static const struct row_key {
    const char *word;
    bool (*fn)(struct loading *l, const struct tree_node *n);
} row_keys[] = {{"program", key_program},   {"body", key_body},           {"facility", key_facility}, {"fields", key_fields},
                {"text", key_text},         {"otherwise", key_otherwise}, {"tags", key_tags},         {"transport", key_transport}};
#define ROW_KEYS (sizeof row_keys / sizeof *row_keys)

static bool read_key(struct loading *l, const struct tree_node *n) {
    const char *words[ROW_KEYS];
    for (size_t i = 0; i < ROW_KEYS; i++) {
        words[i] = row_keys[i].word;
        if (str_is(tree_key(n), words[i]))
            return row_keys[i].fn(l, n);
    }
    const char *near = str_nearest(tree_key(n), words, ROW_KEYS);
    tree_err(n, l->e, RC_CONFIG, "a row has no \"%.*s\"%s%s%s", STR_FMT(tree_key(n)), near ? ", did you mean \"" : "",
             near ? near : "", near ? "\"?" : "");
    return false;
}

/* --- where a row is found */

static bool push(struct loading *l, const struct source_row ***v, size_t *n) {
    if ((*n & (*n - 1)) == 0) { /* full at every power of two */
        const struct source_row **more = arena_alloc(l->a, (*n ? 2 * *n : 1) * sizeof *more);
        if (!more)
            return false;
        if (*n)
            memcpy(more, *v, *n * sizeof *more);
        *v = more;
    }
    (*v)[(*n)++] = l->row;
    return true;
}

static struct source_name *place(struct loading *l, struct str name) {
    struct logsources *ls = l->ls;
    if (name.p[name.n - 1] == '*') {
        struct str text = str_sub(name, 0, name.n - 1);
        for (size_t i = 0; i < ls->nbeginnings; i++)
            if (str_eqi(ls->beginnings[i].text, text))
                return &ls->beginnings[i];
        if (ls->nbeginnings == BEGINNINGS_MAX)
            return NULL;
        ls->beginnings[ls->nbeginnings].text = text;
        return &ls->beginnings[ls->nbeginnings++];
    }
    uint32_t at = logsource_hash(name) & ls->mask;
    while (ls->names[at].nrows && !str_eqi(ls->names[at].text, name))
        at = (at + 1) & ls->mask;
    ls->names[at].text = name;
    return &ls->names[at];
}

static bool file_row(struct loading *l) {
    struct logsources *ls = l->ls;
    for (const struct tree_node *n = l->programs ? first_of(l->programs) : NULL; n; n = next_of(l->programs, n)) {
        struct source_name *p = tree_text(n).n ? place(l, tree_text(n)) : NULL;
        if (!p || !push(l, &p->rows, &p->nrows))
            return wrong(l, n, p ? "the log sources do not fit into memory" : "no name of a program, or too many with *");
    }
    for (const struct tree_node *n = l->bodies ? first_of(l->bodies) : NULL; n && !l->programs; n = next_of(l->bodies, n)) {
        int b = find_word(body_words, BODY__COUNT, tree_text(n));
        if (!push(l, &ls->of_body[b], &ls->nof_body[b]))
            return wrong(l, n, "the log sources do not fit into memory");
    }
    return l->programs || l->bodies || push(l, &ls->of_all, &ls->nof_all);
}

static bool read_row(struct loading *l, const struct tree_node *map) {
    l->programs = l->bodies = NULL;
    l->transports_set = false;
    if (tree_kind(map) != TREE_MAP)
        return wrong(l, map, "a row is a map: program, tags and so on");
    if (!(l->row = arena_alloc(l->a, sizeof *l->row)))
        return wrong(l, map, "the log sources do not fit into memory");
    for (const struct tree_node *n = tree_first(map); n; n = tree_next(n))
        if (!read_key(l, n))
            return false;
    if (!tree_get(map, "tags"))
        return wrong(l, map, "a row without tags says nothing");
    if (l->programs && l->bodies)
        return wrong(l, l->bodies, "a row is found by program or by body, not by both");
    if (!l->transports_set) /* what a webhook brings may be anybody's body, but is no line of a program's */
        l->row->transports = LOGS | (l->bodies ? 1u << TRANSPORT_HTTP : 0u);
    return file_row(l);
}

static void read_doc(struct loading *l, const struct tree_node *root, struct errs *es) {
    size_t n = 0;
    l->sets = tree_get(root, "sets");
    if (tree_kind(root) != TREE_MAP || tree_kind(tree_get(root, "rows")) != TREE_LIST) {
        tree_err(root, l->e, RC_CONFIG, "log sources are a map with a list of rows, see tocsin-rules(5)");
        errs_add(es, l->e);
        return;
    }
    for (const struct tree_node *r = tree_first(tree_get(root, "rows")); r && n++ < ROWS_MAX; r = tree_next(r)) {
        *l->e = (struct err){0};
        if (!read_row(l, r))
            errs_add(es, l->e);
    }
}

static size_t count_names(const struct tree *const *docs, size_t n) {
    size_t k = 0;
    for (size_t i = 0; i < n; i++)
        for (const struct tree_node *r = tree_first(tree_get(tree_root(docs[i]), "rows")); r; r = tree_next(r)) {
            const struct tree_node *p = tree_get(r, "program");
            k += tree_kind(p) == TREE_LIST ? tree_count(p) : 1;
        }
    return k;
}

/* A rule may name the word or the program: service falco. */
static bool name_words(struct loading *l) {
    for (size_t i = 0; i < l->ls->nwords; i++) {
        struct source_row *r = l->row = arena_alloc(l->a, sizeof *r);
        struct str word = l->ls->words[i];
        if (!r)
            return false;
        r->self = true;
        r->transports = UINT32_MAX;
        tag_set(&r->tags, i);
        struct source_name *p = word.p[word.n - 1] == '*' ? NULL : place(l, word);
        if (p && !push(l, &p->rows, &p->nrows))
            return false;
    }
    return true;
}

struct logsources *logsources_new(struct arena *a, const struct tree *const *docs, size_t n, struct errs *es) {
    struct err e = {0};
    struct loading l = {.a = a, .ls = arena_alloc(a, sizeof *l.ls), .e = &e};
    size_t names = count_names(docs, n) + MSG_TAGS_MAX, cap = 16;
    while (cap < 2 * names && cap < 4 * NAMES_MAX)
        cap *= 2;
    if (!l.ls || names > NAMES_MAX)
        return NULL;
    l.ls->mask = (uint32_t)cap - 1;
    l.ls->names = arena_alloc(a, cap * sizeof *l.ls->names);
    l.ls->beginnings = arena_alloc(a, BEGINNINGS_MAX * sizeof *l.ls->beginnings);
    if (!l.ls->names || !l.ls->beginnings)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (tree_kind(tree_root(docs[i])) != TREE_NULL)
            read_doc(&l, tree_root(docs[i]), es);
    return name_words(&l) ? l.ls : NULL;
}
