/* SPDX-License-Identifier: ISC
 *
 * dialect.c - webhook bodies to messages, by a small YAML file of JSON pointers
 *
 * Takes   a validated body.
 * Gives   fields, host, time, and what the sender itself claims about the event. Values are copied into the arena.
 * Keeps   the pointers of the file, nothing of a body.
 */
#include "parse/dialect.h"

#include <stdlib.h>
#include <string.h>

#define POINTERS_MAX 16
#define FIELDS_MAX 60 /* below MSG_FIELDS_MAX, so that the message itself finds room */
#define LEVELS_MAX 64
#define VALUE_MAX (64u << 10)
#define TESTS_MAX 32
#define WANTED_MAX 16

struct pointers { /* the first that is there counts; a constant when it does not begin with '/' (class, program) */
    struct str v[POINTERS_MAX];
    size_t n;
};
struct map_field {
    uint16_t id;
    struct str name;
    struct pointers from;
};
struct map_level {
    struct str word;
    int level;
};
struct test { /* the value there is one of these */
    struct str pointer, wanted[WANTED_MAX];
    size_t n, map; /* of which map of a list */
};
struct tests {
    struct test v[TESTS_MAX];
    size_t n;
};
struct dialect_map {
    struct arena arena;
    struct str name;
    struct pointers title, text, time, host, key, severity, class, program;
    struct map_level levels[LEVELS_MAX];
    size_t nlevels;
    int level; /* when the sender says nothing we know */
    struct map_field fields[FIELDS_MAX];
    size_t nfields;
    struct tests when, resolve_when;
    struct str split;
};

/* ---- loading */

struct loader {
    struct dialect_map *d;
    struct errs *es;
    bool bad;
};

static void complain(struct loader *l, const struct tree_node *n, const char *text, struct str what) {
    struct err e = {0};

    tree_err(n, &e, RC_CONFIG, "%s \"%.*s\"", text, STR_FMT(what));
    errs_add(l->es, &e);
    l->bad = true;
}

static void add_pointer(struct loader *l, const struct tree_node *n, struct pointers *out, bool constant) {
    struct str s = tree_text(n);

    if (s.n == 0 || (s.p[0] != '/' && !constant))
        complain(l, n, "not a JSON pointer (it begins with '/'):", s);
    else if (out->n == POINTERS_MAX)
        complain(l, n, "more than 16 pointers:", s);
    else
        out->v[out->n++] = arena_str(&l->d->arena, s);
}

static void load_pointers(struct loader *l, const struct tree_node *n, struct pointers *out, bool constant) {
    if (tree_kind(n) == TREE_SCALAR)
        add_pointer(l, n, out, constant);
    else if (tree_kind(n) == TREE_LIST)
        for (const struct tree_node *k = tree_first(n); k; k = tree_next(k))
            add_pointer(l, k, out, constant);
    else
        complain(l, n, "a pointer or a list of pointers is wanted for", tree_key(n));
}

static int load_level(struct loader *l, const struct tree_node *n) {
    int w = word_find(WORDS_level, tree_text(n));

    if (w < 0)
        complain(l, n, "not a level (informational, low, medium, high, critical):", tree_text(n));
    return w;
}

static void load_severity(struct loader *l, const struct tree_node *n) {
    for (const struct tree_node *k = tree_first(n); k; k = tree_next(k)) {
        if (str_is(tree_key(k), "from")) {
            load_pointers(l, k, &l->d->severity, false);
        } else if (str_is(tree_key(k), "default")) {
            l->d->level = load_level(l, k);
        } else if (str_is(tree_key(k), "map") && tree_kind(k) == TREE_MAP) {
            for (const struct tree_node *w = tree_first(k); w && l->d->nlevels < LEVELS_MAX; w = tree_next(w))
                l->d->levels[l->d->nlevels++] = (struct map_level){arena_str(&l->d->arena, tree_key(w)), load_level(l, w)};
        } else {
            complain(l, k, "severity has from, map and default, not", tree_key(k));
        }
    }
}

static void load_fields(struct loader *l, const struct tree_node *n) {
    if (tree_kind(n) != TREE_MAP || tree_count(n) > FIELDS_MAX) {
        complain(l, n, "a map of at most 60 field names to pointers is wanted for", tree_key(n));
        return;
    }
    for (const struct tree_node *k = tree_first(n); k; k = tree_next(k)) {
        struct map_field *f = &l->d->fields[l->d->nfields++];
        f->id = (uint16_t)field_find(tree_key(k));
        f->name = arena_str(&l->d->arena, tree_key(k));
        load_pointers(l, k, &f->from, false);
    }
}

static void load_name(struct loader *l, const struct tree_node *n) {
    struct str s = tree_text(n);

    for (size_t i = 0; i < s.n; i++)
        if (!(s.p[i] == '-' || (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'z'))) {
            complain(l, n, "a dialect's name is of a-z, 0-9 and '-', not", s);
            return;
        }
    l->d->name = arena_str(&l->d->arena, s);
}

static void load_test(struct loader *l, const struct tree_node *k, size_t map, struct tests *out) {
    struct str pointer = tree_key(k);

    if (pointer.n == 0 || pointer.p[0] != '/' || out->n == TESTS_MAX) {
        complain(l, k, out->n == TESTS_MAX ? "more than 32 tests:" : "not a JSON pointer (it begins with '/'):", pointer);
        return;
    }
    struct test *t = &out->v[out->n++];
    t->pointer = arena_str(&l->d->arena, pointer);
    t->map = map;
    if (tree_kind(k) == TREE_SCALAR)
        t->wanted[t->n++] = arena_str(&l->d->arena, tree_text(k));
    for (const struct tree_node *w = tree_kind(k) == TREE_LIST ? tree_first(k) : NULL; w; w = tree_next(w)) {
        if (t->n == WANTED_MAX) {
            complain(l, w, "more than 16 values for", pointer);
            return;
        }
        t->wanted[t->n++] = arena_str(&l->d->arena, tree_text(w));
    }
}

/* A map, all of which must hold, or a list of maps, one of which must. */
static void load_tests(struct loader *l, const struct tree_node *n, struct tests *out) {
    if (tree_kind(n) == TREE_MAP) {
        for (const struct tree_node *k = tree_first(n); k; k = tree_next(k))
            load_test(l, k, 0, out);
        return;
    }
    size_t map = 0;
    for (const struct tree_node *m = tree_kind(n) == TREE_LIST ? tree_first(n) : NULL; m; m = tree_next(m), map++)
        for (const struct tree_node *k = tree_kind(m) == TREE_MAP ? tree_first(m) : NULL; k; k = tree_next(k))
            load_test(l, k, map, out);
    if (out->n == 0)
        complain(l, n, "a map of pointers to values, or a list of such maps, is wanted for", tree_key(n));
}

static void load_split(struct loader *l, const struct tree_node *k) {
    struct str s = tree_text(k);

    if (str_absent(s) || (s.n && s.p[0] != '/'))
        complain(l, k, "not a JSON pointer (it begins with '/', or is empty):", s);
    else
        l->d->split = s.n ? arena_str(&l->d->arena, s) : STR("");
}

static void load_key(struct loader *l, const struct tree_node *k) {
    struct dialect_map *d = l->d;
    const struct {
        const char *key;
        struct pointers *to;
        bool constant;
    } rows[] = {{"title", &d->title, false}, {"text", &d->text, false}, {"time", &d->time, false},   {"host", &d->host, false},
                {"key", &d->key, false},     {"class", &d->class, true}, {"program", &d->program, true}};
    static const char *const words[] = {"name", "title", "text", "time", "host", "key", "class", "program", "severity", "fields",
                                        "split", "when", "resolve_when"};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (str_is(tree_key(k), rows[i].key)) {
            load_pointers(l, k, rows[i].to, rows[i].constant);
            return;
        }
    if (str_is(tree_key(k), "name")) {
        load_name(l, k);
    } else if (str_is(tree_key(k), "severity")) {
        load_severity(l, k);
    } else if (str_is(tree_key(k), "fields")) {
        load_fields(l, k);
    } else if (str_is(tree_key(k), "split")) {
        load_split(l, k);
    } else if (str_is(tree_key(k), "when")) {
        load_tests(l, k, &l->d->when);
    } else if (str_is(tree_key(k), "resolve_when")) {
        load_tests(l, k, &l->d->resolve_when);
    } else {
        const char *near = str_nearest(tree_key(k), words, sizeof words / sizeof *words);
        complain(l, k, near ? "unknown key; did you mean" : "unknown key", near ? str_of(near) : tree_key(k));
    }
}

enum rc dialect_load(const struct tree *doc, struct dialect_map **out, struct errs *es) {
    struct loader l = {.d = calloc(1, sizeof *l.d), .es = es};
    const struct tree_node *root = tree_root(doc);

    *out = NULL;
    if (!l.d)
        return RC_NOMEM;
    arena_init(&l.d->arena, 1u << 20);
    l.d->level = LEVEL_MEDIUM;
    l.d->split = STR_NONE;
    for (const struct tree_node *k = tree_kind(root) == TREE_MAP ? tree_first(root) : NULL; k; k = tree_next(k))
        load_key(&l, k);
    if (!l.bad && (l.d->name.n == 0 || l.d->title.n == 0))
        complain(&l, root, "a dialect needs", l.d->name.n ? STR("title") : STR("name"));
    struct pointers *cls = &l.d->class;
    for (size_t i = 0; i < cls->n; i++)
        if (cls->v[i].n && cls->v[i].p[0] != '/' && !rsit_parse(cls->v[i]))
            complain(&l, tree_get(root, "class"), "not a class of the taxonomy:", cls->v[i]);
    if (l.bad) {
        dialect_free(l.d);
        return RC_CONFIG;
    }
    *out = l.d;
    return RC_OK;
}

void dialect_free(struct dialect_map *d) {
    if (!d)
        return;
    arena_fini(&d->arena);
    free(d);
}

struct str dialect_map_name(const struct dialect_map *d) {
    return d->name;
}

/* ---- applying */

struct place { /* where pointers are looked for: in the element first, then in the body */
    const struct json *part, *body;
};

static const struct json *look(const struct place *at, struct str pointer) {
    const struct json *j = json_pointer(at->part, pointer);
    return j || at->part == at->body ? j : json_pointer(at->body, pointer);
}

/* The value as text in the arena; absent when it is not there or null. */
static struct str value(const struct json *j, struct arena *a, uint16_t *number) {
    struct str s = json_text(j);
    struct buf b;

    if (!j || json_kind(j) == JSON_NULL)
        return STR_NONE;
    if (!str_absent(s))
        return arena_str(a, s.n ? s : STR(""));
    if (number && (json_kind(j) == JSON_INT || json_kind(j) == JSON_REAL))
        *number = FIELD_NUMBER;
    buf_init(&b, VALUE_MAX);
    json_scalar(j, &b);
    s = b.over ? STR_NONE : arena_str(a, buf_view(&b));
    buf_fini(&b);
    return s;
}

static struct str first(const struct pointers *p, const struct place *j, struct arena *a, uint16_t *number) {
    for (size_t i = 0; i < p->n; i++) {
        struct str s = p->v[i].p[0] == '/' ? value(look(j, p->v[i]), a, number) : p->v[i];
        if (!str_absent(s))
            return s;
    }
    return STR_NONE;
}

static int level_of(const struct dialect_map *d, struct str said) {
    if (str_absent(said))
        return d->level;
    for (size_t i = 0; i < d->nlevels; i++)
        if (str_eqi(d->levels[i].word, said))
            return d->levels[i].level;
    int w = word_find(WORDS_level, said);
    return w < 0 ? d->level : w;
}

/* RFC 3339, or seconds (milliseconds when there are 13 digits) since 1970. */
static bool instant(struct str s, int64_t *us, int *offset) {
    uint64_t v;

    *offset = 0;
    if (time_parse(s, us, offset))
        return true;
    if (s.n > 13 || s.n < 9 || !str_u64(s, UINT64_C(9999999999999), &v))
        return false;
    *us = (int64_t)(s.n == 13 ? v * 1000 : v * US_PER_S);
    return true;
}

static void set_time(struct message *m, struct str s) {
    int64_t us;
    int offset;

    m->time = m->arrived;
    if (str_absent(s) || !instant(s, &us, &offset))
        return;
    m->time = us;
    m->ts = (struct msg_time){.present = true, .has_year = true, .has_zone = true, .offset_min = offset, .text = s,
                              .zone_z = s.p[s.n - 1] == 'Z' || str_chr(s, ':') == SIZE_MAX};
    civil_from_us(us + offset * US_PER_MIN, &m->ts.civil);
    m->ts.has_frac = m->ts.civil.us != 0;
}

static void set_header(const struct dialect_map *d, const struct place *j, struct arena *a, struct message *m) {
    m->dialect = DIALECT_JSON;
    m->valid = true;
    m->pri = m->version = -1;
    m->repeat = 1;
    m->nfields = m->fields_dropped = 0;
    m->flags |= MSG_DECODED | MSG_FIELDS;
    m->host = first(&d->host, j, a, NULL);
    m->program = m->app = first(&d->program, j, a, NULL);
    m->text = m->raw; /* keywords are looked for in the body as received (semantics.md 5.3) */
    set_time(m, first(&d->time, j, a, NULL));
}

static bool holds(const struct test *t, const struct place *at, struct arena *a) {
    const struct json *j = look(at, t->pointer);

    if (!j || json_kind(j) == JSON_NULL)
        return false;
    for (size_t i = 0; i < t->n; i++)
        if (str_is(t->wanted[i], "*") || str_eqi(t->wanted[i], value(j, a, NULL)))
            return true;
    return false;
}

/* Tests of one map stand together. */
static bool fits(const struct tests *t, const struct place *at, struct arena *a) {
    for (size_t i = 0; i < t->n;) {
        size_t map = t->v[i].map;
        bool all = true;
        for (; i < t->n && t->v[i].map == map; i++)
            all = all && holds(&t->v[i], at, a);
        if (all)
            return true;
    }
    return false;
}

static const struct json *list_of(const struct dialect_map *d, const struct json *j) {
    const struct json *l = str_absent(d->split) ? NULL : d->split.n ? json_pointer(j, d->split) : j;
    return l && json_kind(l) == JSON_LIST ? l : NULL;
}

size_t dialect_parts(const struct dialect_map *d, const struct json *j, size_t *over) {
    const struct json *l = list_of(d, j);
    size_t n = l ? json_count(l) : 1;

    *over = n > DIALECT_PARTS_MAX ? n - DIALECT_PARTS_MAX : 0;
    return n - *over;
}

void dialect_apply(const struct dialect_map *d, const struct json *j, struct arena *a, struct message *m, struct dialect_event *out) {
    dialect_part(d, j, 0, a, m, out);
}

void dialect_part(const struct dialect_map *d, const struct json *body, size_t part, struct arena *a, struct message *m, struct dialect_event *out) {
    const struct json *l = list_of(d, body), *element = l ? json_at(l, part) : NULL;
    struct place at = {element ? element : body, body}, *j = &at;

    set_header(d, j, a, m);
    *out = (struct dialect_event){.title = first(&d->title, j, a, NULL), .text = first(&d->text, j, a, NULL), .key = first(&d->key, j, a, NULL)};
    out->level = level_of(d, first(&d->severity, j, a, NULL));
    struct str cls = first(&d->class, j, a, NULL);
    out->rsit = str_absent(cls) ? NULL : rsit_parse(cls);
    if (!out->rsit)
        out->rsit = rsit_undetermined();
    out->claims = d->when.n == 0 || fits(&d->when, j, a);
    out->resolved = out->claims && d->resolve_when.n && fits(&d->resolve_when, j, a);
    m->msg = out->text;
    for (size_t i = 0; i < d->nfields; i++) {
        uint16_t flags = FIELD_DERIVED;
        struct str s = first(&d->fields[i].from, j, a, &flags);
        if (!str_absent(s))
            message_add(m, (enum field_id)d->fields[i].id, d->fields[i].name, s, flags | FIELD_DERIVED);
    }
    if (out->text.n)
        message_add(m, F_MESSAGE, STR("message"), out->text, FIELD_DERIVED);
    if (out->title.n)
        message_add(m, F_TITLE, STR("title"), out->title, FIELD_DERIVED);
    if (out->key.n)
        message_add(m, F_DEDUP, STR("dedup_key"), out->key, FIELD_DERIVED);
}
