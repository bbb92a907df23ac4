/* SPDX-License-Identifier: ISC
 *
 * logsource.c - which rules may speak about a message at all
 *
 * Takes   the rows of logsources.yaml (logsource_load.c); the `logsource:` of a rule; program, facility, body, fields of a message.
 * Gives   a set of tags for either.
 * Keeps   nothing. A program is found by one hash, so that a longer table costs a plain line nothing; rows about fields are asked
 *         only of a message with the body they name.
 */
#include "detect/logsource.h"

#include <string.h>

#include "detect/logsource_own.h"

/* --- what a rule asks for */

static bool has_all(const struct tagset *set, const struct tagset *wanted) {
    for (size_t i = 0; i < MSG_TAG_WORDS; i++)
        if ((set->w[i] & wanted->w[i]) != wanted->w[i])
            return false;
    return true;
}

static bool read_word(const struct tree_node *map, const char *key, struct str *out, struct err *e) {
    const struct tree_node *n = tree_get(map, key);
    *out = STR_NONE;
    if (!n || tree_kind(n) == TREE_NULL)
        return true;
    *out = tree_text(n);
    if (tree_kind(n) == TREE_SCALAR && out->n)
        return true;
    tree_err(n, e, RC_CONFIG, "%s is one word", key);
    return false;
}

static void ask_for(const struct logsources *ls, struct str word, struct logsource *out) {
    long i = logsource_word(ls, word);
    if (i >= 0)
        tag_set(&out->tags, (size_t)i);
    else if (str_absent(out->unknown))
        out->unknown = word;
}

bool logsource_read(const struct logsources *ls, const struct tree_node *map, struct logsource *out, struct err *e) {
    memset(out, 0, sizeof *out);
    if (tree_kind(map) != TREE_MAP) {
        tree_err(map, e, RC_CONFIG, "logsource is a map of product, category and service");
        return false;
    }
    if (!read_word(map, "product", &out->product, e) || !read_word(map, "category", &out->category, e) ||
        !read_word(map, "service", &out->service, e))
        return false;
    if (!out->product.n && !out->category.n && !out->service.n) {
        tree_err(map, e, RC_CONFIG, "logsource names no product, category or service");
        return false;
    }
    if (!ls)
        return true;
    if (out->product.n)
        ask_for(ls, out->product, out);
    if (out->category.n)
        ask_for(ls, out->category, out);
    if (out->service.n && logsource_word(ls, out->service) < 0)
        out->program = out->service;
    else if (out->service.n)
        ask_for(ls, out->service, out);
    return true;
}

bool logsource_fits(const struct logsource *l, const struct tagset *tags, struct str program) {
    return str_absent(l->unknown) && has_all(tags, &l->tags) && (str_absent(l->program) || str_eqi(l->program, program));
}

bool logsource_includes(const struct logsource *wide, const struct logsource *narrow) {
    return (!wide->product.n || str_eqi(wide->product, narrow->product)) &&
           (!wide->category.n || str_eqi(wide->category, narrow->category)) &&
           (!wide->service.n || str_eqi(wide->service, narrow->service));
}

/* --- what a message carries */

static bool any_glob(const struct glob *g, size_t n, struct str text) {
    for (size_t i = 0; i < n; i++)
        if (glob_match(&g[i], text))
            return true;
    return n == 0;
}

static bool field_fits(const struct message *m, const struct source_field *f) {
    const struct field *own = NULL; /* of that name: an alias is somebody else's word for something */
    return message_has(m, (enum field_id)f->id, f->name, &own) && (!own || field_spelt(own, f->name)) &&
           any_glob(f->globs, f->nglobs, own ? own->value : message_field(m, (enum field_id)f->id, f->name));
}

static enum body body_of(const struct message *m) {
    static const uint8_t by_dialect[DIALECT__COUNT] = {
        [DIALECT_JSON] = BODY_JSON, [DIALECT_CEF] = BODY_CEF, [DIALECT_LEEF] = BODY_LEEF};
    return m->body != BODY_NONE || m->dialect >= DIALECT__COUNT ? (enum body)m->body : (enum body)by_dialect[m->dialect];
}

struct asking { /* one message's rows */
    const struct message *m;
    struct tagset *out;
    bool known;  /* some row knew its program or body */
    bool looked; /* at its text or a field */
};

/* All but the program and the body, by which rows are found. */
static bool row_fits(struct asking *q, const struct source_row *r) {
    const struct message *m = q->m;
    if (!(r->transports >> m->transport & 1) || (r->otherwise && q->known))
        return false;
    if (r->facilities && (m->pri < 0 || !(r->facilities >> (m->pri >> 3) & 1)))
        return false;
    q->looked = q->looked || r->nfields || r->ntext;
    for (size_t i = 0; i < r->nfields; i++)
        if (!field_fits(m, &r->fields[i]))
            return false;
    return any_glob(r->text, r->ntext, m->text);
}

static void add(struct tagset *out, const struct tagset *more) {
    for (size_t i = 0; i < MSG_TAG_WORDS; i++)
        out->w[i] |= more->w[i];
}

static void add_rows(struct asking *q, const struct source_row *const *rows, size_t n) {
    bool any = false;
    for (size_t i = 0; i < n; i++)
        if (row_fits(q, rows[i])) {
            add(q->out, &rows[i]->tags);
            any = any || !rows[i]->self;
        }
    q->known = q->known || any;
}

static const struct source_name *by_name(const struct logsources *ls, struct str program) {
    uint32_t at = logsource_hash(program) & ls->mask;
    while (ls->names[at].nrows) {
        if (ls->names[at].text.n == program.n && str_eqi(ls->names[at].text, program))
            return &ls->names[at];
        at = (at + 1) & ls->mask;
    }
    return NULL;
}

static const struct source_name *by_beginning(const struct logsources *ls, struct str program) {
    const struct source_name *best = NULL; /* of the beginnings, the longest: they are few */
    for (size_t i = 0; i < ls->nbeginnings; i++) {
        struct str b = ls->beginnings[i].text;
        if (b.n <= program.n && (!best || b.n > best->text.n) && str_eqi(str_sub(program, 0, b.n), b))
            best = &ls->beginnings[i];
    }
    return best;
}

bool logsource_tags(const struct logsources *ls, const struct message *m, struct tagset *out) {
    struct asking q = {m, out, false, false};
    if (!ls) {
        memset(out, 0xff, sizeof *out);
        return true;
    }
    memset(out, 0, sizeof *out);
    enum body body = body_of(m);
    const struct source_name *name = m->program.n ? by_name(ls, m->program) : NULL;
    if (name)
        add_rows(&q, name->rows, name->nrows);
    if (!q.known && m->program.n && (name = by_beginning(ls, m->program)))
        add_rows(&q, name->rows, name->nrows);
    if (body < BODY__COUNT && body != BODY_NONE)
        add_rows(&q, ls->of_body[body], ls->nof_body[body]);
    add_rows(&q, ls->of_all, ls->nof_all);
    return !q.looked;
}
