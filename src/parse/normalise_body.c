/* SPDX-License-Identifier: ISC
 *
 * normalise_body.c - what the fields of a body mean to us
 *
 * Takes   a message with a body, and the files of normalise.d with `body:`.
 * Gives   our names for the sender's, the raw ones staying beside; the program, host and time that a body names where the header
 *         does not; and what the patterns say to the texts in it.
 * Keeps   nothing; a field of the message is looked up once, whatever the number of files.
 */
#include "parse/normalise_body.h"

#include "parse/body.h"
#include "parse/format.h"
#include "parse/normalise_file.h"
#include "parse/stamp.h"

#include <string.h>

#define PROGRAM_MAX 64
#define NONE 0xff /* no field: there are fewer */

struct seen { /* the sender's fields by word */
    const struct normalise_bodies *b;
    struct message *m;
    size_t ours; /* from here on fields are not the sender's */
    bool unsure; /* two of them say where it came from, and one may be a stranger's: none is believed that stands behind his name */
    uint8_t first[NB_WORDS_MAX], next[MSG_FIELDS_MAX];
};

static void index_fields(struct seen *s, size_t from) {
    uint16_t word[MSG_FIELDS_MAX];

    for (size_t i = from; i < s->m->nfields; i++)
        word[i] = nb_word(s->b, s->m->fields[i].name);
    for (size_t i = s->m->nfields; i-- > from;) { /* backwards: the first one stands at the front */
        if (word[i] == UINT16_MAX)
            continue;
        s->next[i] = s->first[word[i]];
        s->first[word[i]] = (uint8_t)i;
    }
}

/* '*' and '?' alone; every star but the last is settled once it is passed. */
static bool glob(struct str g, struct str s) {
    size_t i = 0, k = 0, star = SIZE_MAX, mark = 0;

    while (k < s.n) {
        if (i < g.n && g.p[i] == '*') {
            star = i++;
            mark = k;
        } else if (i < g.n && (g.p[i] == s.p[k] || g.p[i] == '?')) {
            i++, k++;
        } else if (star != SIZE_MAX) {
            i = star + 1;
            k = ++mark;
        } else {
            return false;
        }
    }
    while (i < g.n && g.p[i] == '*')
        i++;
    return i == g.n;
}

static bool cond_holds(const struct seen *s, const struct nb_cond *c) {
    if (c->nglobs == 0)
        return s->first[c->word] == NONE;
    for (uint8_t i = s->first[c->word]; i != NONE; i = s->next[i])
        for (size_t k = 0; k < c->nglobs; k++)
            if (glob(c->globs[k], s->m->fields[i].value))
                return true;
    return false;
}

static bool fits(const struct seen *s, const struct nb_case *c) {
    for (size_t i = 0; i < c->nwhen; i++) {
        size_t k = 0;
        while (k < c->when[i].nconds && cond_holds(s, &c->when[i].conds[k]))
            k++;
        if (k == c->when[i].nconds)
            return true;
    }
    return c->nwhen == 0;
}

/* ---- one of our names */

static bool has_from(const struct message *m, size_t from, uint16_t id, struct str name) {
    for (size_t i = from; i < m->nfields; i++)
        if (m->fields[i].id == id && (id != F_OTHER || str_eq(m->fields[i].name, name)))
            return true;
    return false;
}

static bool has(const struct message *m, uint16_t id, struct str name) {
    return has_from(m, 0, id, name);
}

/* Seconds, milli-, micro- or nanoseconds since 1970, by how many digits they have. */
static bool epoch(struct str s, struct msg_time *t) {
    uint64_t v, unit = 0;
    struct str whole = str_sub(s, 0, str_chr(s, '.'));

    if (whole.n == 10)
        return stamp_epoch(s, t) > 0;
    unit = whole.n == 13 ? 1000 : whole.n == 16 ? 1 : 0;
    if (whole.n == 19)
        whole.n = 16, unit = 1;
    if (unit == 0 || !str_u64(whole, INT64_MAX / 1000, &v))
        return false;
    *t = (struct msg_time){.present = true, .has_year = true, .has_zone = true, .zone_z = true, .has_frac = true, .text = s};
    civil_from_us((int64_t)(v * unit), &t->civil);
    return civil_valid(&t->civil);
}

/* The header's own time goes before: it is what the rest of the host's log goes by. */
static void take_time(struct message *m, struct str s) {
    struct msg_time t;

    if (!m->ts.present && (epoch(s, &t) || stamp_iso(s, &t)))
        m->ts = t;
}

static void take_host(struct message *m, struct str s) {
    if (str_absent(m->host) && !m->ts.present) /* a header without a host stays without */
        m->host = s;
}

/* The first of their fields that says something. True when the search is over. */
static bool take(struct seen *s, const struct nb_map *map, size_t at) {
    struct message *m = s->m;
    struct field *f = &m->fields[at];
    enum field_id id = (enum field_id)map->id;
    struct str value = f->value, port;

    if (f->flags & FIELD_NULL || value.n == 0)
        return false;
    if (map->time) {
        take_time(m, value);
        return true;
    }
    port = STR_NONE;
    if (((id == F_USER || id == F_DST_USER) && f->flags & FIELD_NUMBER) || (id != F_OTHER && !body_clean(&id, &value, &port)))
        return false;
    if (id != map->id && (map->id != F_SRC_HOST || has(m, (uint16_t)id, STR_NONE))) /* a name is no address; an address is better than a name */
        return map->id == F_SRC_HOST;
    if (id == F_HOST)
        take_host(m, value);
    if (f->id == F_OTHER && str_eq(f->name, map->name)) /* it has our name already, and now our meaning */
        *f = (struct field){(uint16_t)id, f->flags, f->name, value};
    else
        message_add(m, id, id == map->id ? map->name : STR_NONE, value, f->flags & (FIELD_DERIVED | FIELD_NUMBER));
    if (id == F_SRC_IP && port.n && !has(m, F_SRC_PORT, STR_NONE))
        message_add(m, F_SRC_PORT, STR_NONE, port, f->flags & FIELD_DERIVED);
    return true;
}

/* All values of one name; what there is no room for is left out. */
static bool join(struct seen *s, const struct nb_map *map, uint8_t first) {
    struct message *m = s->m;
    size_t room = 0, n = 0;

    for (uint8_t at = first; at != NONE; at = s->next[at])
        room += m->fields[at].value.n + 1;
    char *p = first == NONE ? NULL : message_spare(m, room);
    if (!p)
        return false;
    for (uint8_t at = first; at != NONE; at = s->next[at]) {
        struct str v = m->fields[at].value;
        if (n)
            p[n++] = ' ';
        if (v.n)
            memcpy(p + n, v.p, v.n);
        n += v.n;
    }
    m->flags |= MSG_DECODED;
    return message_add(m, (enum field_id)map->id, map->name, body_keep(m, p, room, n), FIELD_DERIVED);
}

static void apply(struct seen *s, const struct nb_case *c) {
    for (size_t i = 0; i < c->nmap; i++) {
        const struct nb_map *map = &c->map[i];
        bool done = (!map->time && has(s->m, map->id, map->name) && map->id != F_OTHER) ||
                    (s->unsure && (map->id == F_SRC_IP || map->id == F_SRC_PORT));
        for (size_t w = 0; w < map->nwords && !done && map->join; w++)
            done = join(s, map, s->first[map->words[w]]);
        if (map->join)
            continue;
        for (size_t w = 0; w < map->nwords && !done; w++)
            for (uint8_t at = s->first[map->words[w]]; at != NONE && !done; at = s->next[at])
                done = take(s, map, at);
    }
    for (size_t i = 0; i < c->nset; i++) {
        const struct nb_set *set = &c->set[i];
        if (has_from(s->m, s->ours, set->id, set->name)) /* beside what the sender calls so, which stays the first */
            continue;
        message_add(s->m, (enum field_id)set->id, set->name, set->value, FIELD_DERIVED);
        if (set->id == F_PROGRAM)
            s->m->program = set->value;
    }
}

/* ---- whose pair is it? */

/* As key="..." or key='...'. */
static bool quoted(struct str name) {
    char c = name.p[name.n] == '=' ? name.p[name.n + 1] : '"';

    return c == '"' || c == '\'';
}

/* Where values are not quoted a stranger's name may bring a pair of its own: "username=x rhost=198.51.100.1 ip=192.0.2.1". Where the
 * first name without quotes stands; NULL when there is none. */
static const char *bare_user(const struct seen *s, const struct nb_case *c) {
    const char *first = NULL;

    for (size_t i = 0; i < c->nmap; i++)
        for (size_t w = 0; w < c->map[i].nwords && c->map[i].id == F_USER; w++)
            for (uint8_t at = s->first[c->map[i].words[w]]; at != NONE; at = s->next[at]) {
                const struct field *f = &s->m->fields[at];
                if (f->value.n && !quoted(f->name) && (!first || f->name.p < first))
                    first = f->name.p;
            }
    return first;
}

/* Whether the sender's names for where it came from say different things, some of them behind `user`. *known is what it said before
 * that, if anything. */
static bool differ(const struct seen *s, const struct nb_case *c, const char *user, struct field *known) {
    struct str first = STR_NONE, port;
    bool behind = false, different = false;

    for (size_t i = 0; i < c->nmap; i++)
        for (size_t w = 0; w < c->map[i].nwords && c->map[i].id == F_SRC_IP; w++)
            for (uint8_t at = s->first[c->map[i].words[w]]; at != NONE; at = s->next[at]) {
                const struct field *f = &s->m->fields[at];
                struct str value = f->value;
                enum field_id id = F_SRC_IP;
                if (!body_clean(&id, &value, &port) || id != F_SRC_IP)
                    continue;
                different |= !str_absent(first) && !str_eq(first, value);
                first = value;
                behind |= f->name.p >= user;
                if (f->name.p < user && str_absent(known->value))
                    *known = (struct field){F_SRC_IP, f->flags & FIELD_DERIVED, STR_NONE, value};
            }
    return behind && different;
}

/* Takes away again what is called where it came from: by the sender in our own words, or by a pattern. */
static void unsay(struct message *m, size_t from) {
    size_t n = from;

    for (size_t i = from; i < m->nfields; i++)
        if (m->fields[i].id != F_SRC_IP && m->fields[i].id != F_SRC_PORT)
            m->fields[n++] = m->fields[i];
    m->nfields = (uint16_t)n;
}

/* An address that a pattern found in a text, and that is a part of the name that stands beside the text: the stranger's own words. */
static bool of_the_user(const struct message *m, size_t from) {
    const struct field *user = NULL;

    for (size_t i = 0; i < from && !user; i++)
        user = m->fields[i].id == F_USER ? &m->fields[i] : NULL;
    for (size_t i = from; user && i < m->nfields; i++)
        if (m->fields[i].id == F_SRC_IP && str_find(user->value, m->fields[i].value) != SIZE_MAX)
            return true;
    return false;
}

/* ---- a file */

static bool body_files(const struct normaliser *nz, struct message *m, enum body kind, bool deep, size_t from, struct search *q);

static const struct field *first_text(const struct seen *s, const uint16_t *words, size_t n) {
    for (size_t w = 0; w < n; w++)
        for (uint8_t at = s->first[words[w]]; at != NONE; at = s->next[at])
            if (s->m->fields[at].value.n)
                return &s->m->fields[at];
    return NULL;
}

/* Spans of a decoded text are no spans of raw. */
static void mark_derived(struct message *m, size_t from) {
    for (size_t i = from; i < m->nfields; i++) {
        struct field *f = &m->fields[i];
        if (f->value.n && (f->value.p < m->raw.p || f->value.p + f->value.n > m->raw.p + m->raw.n))
            f->flags |= FIELD_DERIVED;
    }
}

/* A text in the body: patterns, else a body of its own, one deep ("log" of a container's JSON line is often JSON). */
static void inner(const struct normaliser *nz, struct message *m, struct str text, bool deep, struct search *q) {
    size_t from = m->nfields;
    enum body kind = deep ? BODY_NONE : body_sniff(m->program, text);

    bool sure = true;
    if (kind != BODY_NONE) {
        body_decode(m, kind, text);
        sure = body_files(nz, m, kind, true, from, q);
    }
    if (kind == BODY_NONE || (kind == BODY_PAIRS && sure))
        normalise_text(nz, m, text, q);
    mark_derived(m, from);
}

static void file_apply(const struct normaliser *nz, struct seen *s, const struct nb_file *f, bool deep, struct search *q) {
    const struct field *program = first_text(s, f->program, f->nprogram), *text = first_text(s, f->text, f->ntext);
    struct message *m = s->m;
    struct str within = text ? text->value : STR_NONE; /* its field may become another */

    if (program && program->value.n <= PROGRAM_MAX)
        m->program = program->value;
    for (size_t i = 0; i < f->ncases; i++)
        if (fits(s, &f->cases[i]))
            apply(s, &f->cases[i]);
    apply(s, &f->all);
    size_t from = m->nfields;
    if (within.n)
        inner(nz, m, within, deep, q);
    if (of_the_user(m, from))
        unsay(m, from);
}

static void seen_from(struct seen *s, size_t from) {
    s->ours = s->m->nfields;
    memset(s->first, NONE, s->b->nwords);
    index_fields(s, from);
}

/* False when the sender contradicts himself. */
static bool body_files(const struct normaliser *nz, struct message *m, enum body kind, bool deep, size_t from, struct search *q) {
    struct seen s;

    s.b = &nz->bodies;
    s.m = m;
    s.unsure = false;
    seen_from(&s, from);
    for (size_t i = 0; i < s.b->nfiles; i++) {
        const struct nb_file *f = &s.b->files[i];
        if (!(f->kinds & 1u << kind) || !fits(&s, &f->all))
            continue;
        struct field known = {.value = STR_NONE};
        const char *user = 1u << kind & (1u << BODY_PAIRS | 1u << BODY_CEF | 1u << BODY_LEEF) ? bare_user(&s, &f->all) : NULL;
        s.unsure = user && differ(&s, &f->all, user, &known);
        if (s.unsure) {
            unsay(m, from);
            seen_from(&s, from);
            if (!str_absent(known.value))
                message_add(m, F_SRC_IP, STR_NONE, known.value, known.flags);
        }
        file_apply(nz, &s, f, deep, q);
        break;
    }
    return !s.unsure;
}

/* Rules ask for the path, too. */
void normalise_web_path(struct message *m) {
    const struct field *target = NULL, *path;

    if (!message_has(m, F_WEB_TARGET, STR_NONE, &target) || !target || message_has(m, F_WEB_PATH, STR_NONE, &path))
        return;
    message_add(m, F_WEB_PATH, STR_NONE, str_sub(target->value, 0, str_chr(target->value, '?')), target->flags & FIELD_DERIVED);
}

void normalise_body(const struct normaliser *nz, struct message *m, struct search *q) {
    size_t from;
    bool known = m->body == BODY_PAIRS && normalise_program(nz, m, m->text, q); /* a program's own patterns know better */

    from = m->nfields;
    body_fields(m);
    bool sure = body_files(nz, m, (enum body)m->body, false, from, q);
    if (!known && sure && !normalise_kind(nz, m, body_patterns_name((enum body)m->body), q) && (m->body == BODY_PAIRS || m->body == BODY_ACCESS) &&
        !has(m, F_SRC_IP, STR_NONE) && !has(m, F_ACTION, STR_NONE))
        normalise_text(nz, m, m->text, q);
}
