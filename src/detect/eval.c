/* SPDX-License-Identifier: ISC
 *
 * eval.c - whether a detection holds for a message whose fields are made
 *
 * Takes   a message and the programs of rules.
 * Gives   yes or no; and in words why not.
 * Keeps   nothing; allocates nothing.
 *
 * Semantics: a field that stands several times matches when any of its values does. null: absent, or present as null; '' is present
 * and empty; exists asks for presence only, and a null is present. neq: none of the values, so an absent field differs from all.
 * A rule's field is the one of exactly that name; where there is none, one that fields.def calls the same thing. In an object of
 * fields (MSG_EXACT) nothing but the exact name counts, the header neither.
 */
#include "detect/eval.h"

#include <string.h>

#include "base/esc.h"
#include "detect/modifiers.h"

struct look { /* walks the values of a field */
    const struct message *m;
    uint16_t id;
    struct str name;
    size_t next;
    bool by_name; /* only what is spelt exactly so, because there is such a field, or because it has to be */
    bool any;     /* something was given already */
    bool header;
    struct field from_header;
};

static const struct field *look_next(struct look *l) {
    while (l->next < l->m->nfields) {
        const struct field *f = &l->m->fields[l->next++];
        if (f->id == l->id && (!l->by_name || field_spelt(f, l->name))) {
            l->any = true;
            return f;
        }
    }
    if (l->any || l->header || l->id == F_OTHER || (l->m->flags & MSG_EXACT))
        return NULL;
    l->header = true;
    l->from_header = (struct field){.id = l->id, .value = message_field(l->m, (enum field_id)l->id, l->name)};
    return str_absent(l->from_header.value) ? NULL : &l->from_header;
}

static struct look look_at(const struct message *m, uint16_t id, struct str name) {
    bool by_name = id == F_OTHER || (m->flags & MSG_EXACT);
    for (size_t i = 0; i < m->nfields && !by_name; i++)
        by_name = m->fields[i].id == id && field_spelt(&m->fields[i], name);
    return (struct look){.m = m, .id = id, .name = name, .by_name = by_name};
}

/* --- one value against one text */

static bool in_network(const struct value *v, struct str text) {
    uint8_t a[16];
    bool v6;
    if (!modifiers_address(text, a, &v6) || v6 != v->v6)
        return false;
    size_t whole = v->bits / 8;
    if (memcmp(a, v->addr, whole) != 0)
        return false;
    uint8_t mask = (uint8_t)(0xff00u >> (v->bits % 8));
    return v->bits % 8 == 0 || ((a[whole] ^ v->addr[whole]) & mask) == 0;
}

static bool compare(enum value_op op, double a, double b) {
    return op == V_LT ? a < b : op == V_LTE ? a <= b : op == V_GT ? a > b : a >= b;
}

static bool same_field(const struct value *v, struct str a, struct str b) {
    size_t from = v->ref_shape == GLOB_SUFFIX ? a.n - b.n : 0;
    if (v->ref_shape == GLOB_EXACT)
        return glob_equal(a, b, v->ref_cased);
    if (b.n > a.n)
        return false;
    if (v->ref_shape != GLOB_CONTAINS)
        return glob_equal(str_sub(a, from, from + b.n), b, v->ref_cased);
    for (size_t i = 0; i + b.n <= a.n; i++)
        if (glob_equal(str_sub(a, i, i + b.n), b, v->ref_cased))
            return true;
    return false;
}

static bool same_as_ref(const struct eval *ev, const struct value *v, struct str text) {
    struct look l = look_at(ev->m, v->ref, v->ref_name);
    for (const struct field *f; (f = look_next(&l));)
        if (!(f->flags & FIELD_NULL) && same_field(v, text, f->value))
            return true;
    return false;
}

static bool regex_holds(struct eval *ev, const struct value *v, struct str text) {
    enum regex_answer r = regex_match(ev->regex, v->re, text);
    if (r == REGEX_GAVE_UP)
        ++*ev->gave_up;
    return r == REGEX_YES;
}

static bool value_holds(struct eval *ev, const struct value *v, struct str text, bool number) {
    double x;
    switch (v->op) {
    case V_TEXT:
        return glob_match(&v->glob, text) || (number && v->numeric && modifiers_number(text, &x) && x == v->num) ||
               (v->boolean && str_eqi(text, v->want ? STR("true") : STR("false")));
    case V_RE:
        return regex_holds(ev, v, text);
    case V_CIDR:
        return in_network(v, text);
    case V_LT:
    case V_LTE:
    case V_GT:
    case V_GTE:
        return modifiers_number(text, &x) && compare(v->op, x, v->num);
    case V_REF:
        return same_as_ref(ev, v, text);
    case V_NULL:
    case V_EXISTS:
        break; /* not about a text */
    }
    return false;
}

/* --- parts of a date */

static int iso_week(const struct civil *c, int64_t us) {
    int week = (civil_yearday(c) - civil_weekday(us) + 10) / 7; /* both from 0 */
    if (week < 1) {
        struct civil last = {.year = c->year - 1, .mon = 12, .day = 31};
        return iso_week(&last, civil_to_us(&last));
    }
    if (week == 53) { /* it belongs to next year when its Thursday does */
        struct civil thursday;
        civil_from_us(us + (3 - civil_weekday(us)) * US_PER_DAY, &thursday);
        return thursday.year == c->year ? 53 : 1;
    }
    return week;
}

static bool two(struct str s, size_t at, int *out) {
    if (at + 2 > s.n || s.p[at] < '0' || s.p[at] > '9' || s.p[at + 1] < '0' || s.p[at + 1] > '9')
        return false;
    *out = 10 * (s.p[at] - '0') + s.p[at + 1] - '0';
    return true;
}

/* 2026-11-22, and behind a T or blank 22:14: as it is written, zones are not converted. *clock says whether there is an hour. */
static bool read_date(struct str s, struct civil *c, bool *clock) {
    int century, year;
    if (!two(s, 0, &century) || !two(s, 2, &year) || !two(s, 5, &c->mon) || !two(s, 8, &c->day) || s.p[4] != '-' || s.p[7] != '-')
        return false;
    c->year = 100 * century + year;
    *clock = s.n > 10 && (s.p[10] == 'T' || s.p[10] == 't' || s.p[10] == ' ') && two(s, 11, &c->hour) && two(s, 14, &c->min) &&
             s.p[13] == ':';
    return civil_valid(c);
}

static struct str civil_part(const struct item *it, const struct civil *c, char out[16]) {
    const int parts[] = {0, c->min, c->hour, c->day, it->part == PART_WEEK ? iso_week(c, civil_to_us(c)) : 0, c->mon, c->year};
    unsigned v = (unsigned)parts[it->part];
    size_t n = 16;
    do {
        out[--n] = (char)('0' + v % 10);
        v /= 10;
    } while (v && n);
    return str_n(out + n, 16 - n);
}

static struct str date_part(const struct item *it, struct str text, char out[16]) {
    struct civil c = {0};
    bool clock;
    if (!read_date(text, &c, &clock) || (it->part <= PART_HOUR && !clock))
        return STR_NONE;
    return civil_part(it, &c, out);
}

/* The stamp of the message itself, where nothing in it is called so; what it lacks, its year or its zone, stays unknown. */
static struct str stamp_part(const struct eval *ev, const struct item *it, char out[16]) {
    const struct msg_time *ts = &ev->m->ts;
    if (!it->part || !str_eqi(it->name, STR("timestamp")) || !ts->present || (!ts->has_year && (it->part == PART_WEEK || it->part == PART_YEAR)))
        return STR_NONE;
    return civil_part(it, &ts->civil, out);
}

/* --- items */

static bool field_holds(struct eval *ev, const struct item *it, const struct value *v) {
    struct look l = look_at(ev->m, it->field, it->name);
    size_t seen = 0, nulls = 0;
    char part[16];
    for (const struct field *f; (f = look_next(&l)); seen++) {
        if (f->flags & FIELD_NULL) {
            nulls++;
            continue;
        }
        struct str text = it->part ? date_part(it, f->value, part) : f->value;
        if (!str_absent(text) && value_holds(ev, v, text, it->part || (f->flags & FIELD_NUMBER)))
            return true;
    }
    struct str stamp = seen ? STR_NONE : stamp_part(ev, it, part);
    if (!str_absent(stamp) && value_holds(ev, v, stamp, true))
        return true;
    return v->op == V_NULL ? seen == nulls : v->op == V_EXISTS && (seen > 0) == v->want;
}

/* Keywords are looked for in the text; where that is not what the sender wrote (JSON), in every value too. */
static bool keyword_holds(struct eval *ev, const struct value *v) {
    const struct message *m = ev->m;
    if (v->op == V_NULL)
        return false;
    if (value_holds(ev, v, m->text, false))
        return true;
    for (size_t i = 0; (m->flags & MSG_DECODED) && i < m->nfields; i++)
        if (!(m->fields[i].flags & FIELD_NULL) && value_holds(ev, v, m->fields[i].value, false))
            return true;
    return false;
}

/* --- long lists */

#define LIST_LONG 6 /* values: with fewer, looking pair by pair costs more than it saves */

static unsigned pair_of(const char *p) {
    return ((unsigned)(unsigned char)(p[0] | 0x20) * 37 + (unsigned char)(p[1] | 0x20)) % EVAL_PAIRS;
}

static void add_pairs(struct eval_pairs *g, struct str text) {
    for (size_t i = 0; i + 1 < text.n; i++) {
        unsigned at = pair_of(text.p + i);
        g->w[at / 64] |= UINT64_C(1) << at % 64;
    }
}

static bool same_texts(const struct item *a, const struct item *b) {
    return a && a->keyword == b->keyword && a->field == b->field && str_eq(a->name, b->name);
}

static void look_for_pairs(struct eval *ev, const struct item *it) {
    const struct message *m = ev->m;
    struct eval_pairs *g = &ev->pairs;
    if (same_texts(g->item, it))
        return;
    g->item = it;
    for (size_t i = 0; i < sizeof g->w / sizeof *g->w; i++)
        g->w[i] = 0;
    if (it->keyword) {
        add_pairs(g, m->text);
        for (size_t i = 0; (m->flags & MSG_DECODED) && i < m->nfields; i++)
            add_pairs(g, m->fields[i].value);
        return;
    }
    struct look l = look_at(m, it->field, it->name);
    for (const struct field *f; (f = look_next(&l));)
        add_pairs(g, f->value);
}

/* Whether the value's literal may stand there. Numbers and truths have other ways to be written. */
static bool may_hold(const struct eval *ev, const struct value *v) {
    if (v->op != V_TEXT || v->numeric || v->boolean || v->literal.n < 2)
        return true;
    unsigned first = pair_of(v->literal.p), last = pair_of(v->literal.p + v->literal.n - 2);
    return ev->pairs.w[first / 64] >> first % 64 & ev->pairs.w[last / 64] >> last % 64 & 1;
}

static bool item_holds(struct eval *ev, const struct item *it) {
    bool hit = it->all, many = it->nvalues >= LIST_LONG && !it->part;
    if (many)
        look_for_pairs(ev, it);
    for (size_t i = 0; i < it->nvalues && hit == it->all;) {
        hit = false;
        do
            hit = hit || ((!many || may_hold(ev, &it->values[i])) &&
                          (it->keyword ? keyword_holds(ev, &it->values[i]) : field_holds(ev, it, &it->values[i])));
        while (++i < it->nvalues && it->values[i].also);
    }
    return hit != it->negate;
}

static bool selection_holds(struct eval *ev, const struct selection *s) {
    for (size_t g = 0; g < s->ngroups; g++) {
        size_t i = 0;
        while (i < s->groups[g].nitems && item_holds(ev, &s->groups[g].items[i]))
            i++;
        if (i == s->groups[g].nitems)
            return true;
    }
    return false;
}

static bool enough_hold(struct eval *ev, const struct detection *d, const struct op *op) {
    uint32_t have = 0;
    for (uint32_t i = 0; i < op->n && have < op->k && have + (op->n - i) >= op->k; i++)
        have += selection_holds(ev, &d->sels[d->lists[op->a + i]]);
    return have >= op->k;
}

bool eval_detection(struct eval *ev, const struct detection *d) {
    bool acc = false;
    for (size_t pc = 0; pc < d->nops; pc++) {
        const struct op *op = &d->ops[pc];
        switch (op->code) {
        case OP_SEL:
            acc = selection_holds(ev, &d->sels[op->a]);
            break;
        case OP_OF:
            acc = enough_hold(ev, d, op);
            break;
        case OP_NOT:
            acc = !acc;
            break;
        case OP_JUMP_FALSE:
        case OP_JUMP_TRUE:
            if (acc == (op->code == OP_JUMP_TRUE))
                pc = op->a - 1;
            break;
        }
    }
    return acc;
}

bool eval_rule(struct eval *ev, const struct rule *r, const struct filter **by) {
    *by = NULL;
    if (!eval_detection(ev, &r->det))
        return false;
    for (size_t i = 0; i < r->nfilters && !*by; i++)
        if (eval_detection(ev, &r->filters[i]->det) != r->filters[i]->keeps)
            *by = r->filters[i];
    return !*by;
}

/* --- why not */

static void say_wanted(const struct item *it, struct buf *out) {
    const size_t shown = it->nvalues < 3 ? it->nvalues : 3;
    buf_str(out, it->spelled);
    buf_text(out, it->negate        ? " wanted none of "
                  : it->nvalues > 1 ? (it->all ? " wanted all of " : " wanted one of ")
                                    : " wanted ");
    for (size_t i = 0; i < shown; i++) {
        buf_text(out, i ? ", '" : "'");
        esc_term(out, it->values[i].text);
        buf_c(out, '\'');
    }
    if (shown < it->nvalues)
        buf_printf(out, " and %zu more", it->nvalues - shown);
}

static void say_found(const struct message *m, const struct item *it, struct buf *out) {
    struct look l = look_at(m, it->field, it->name);
    size_t n = 0;
    if (it->keyword) {
        buf_text(out, ", not in the text");
        return;
    }
    for (const struct field *f; (f = look_next(&l)) && n < 3; n++) {
        buf_text(out, n ? ", '" : ", found '");
        esc_term(out, f->flags & FIELD_NULL ? STR("null") : str_sub(f->value, 0, 120));
        buf_c(out, '\'');
    }
    if (n == 0)
        buf_text(out, ", and there is no such field");
}

static bool say_failed(struct eval *ev, const struct selection *s, struct buf *out) {
    for (size_t g = 0; g < s->ngroups; g++)
        for (size_t i = 0; i < s->groups[g].nitems; i++)
            if (!item_holds(ev, &s->groups[g].items[i])) {
                buf_str(out, s->name);
                buf_text(out, ": ");
                say_wanted(&s->groups[g].items[i], out);
                say_found(ev->m, &s->groups[g].items[i], out);
                return true;
            }
    return false;
}

/* A selection that fails and whose failure matters: one that is not negated. Else it is a negated one, or a filter, that held. */
bool eval_why_not(struct eval *ev, const struct rule *r, struct buf *out) {
    const struct detection *d = &r->det;
    const struct filter *by;
    if (eval_rule(ev, r, &by))
        return false;
    if (by) {
        buf_text(out, "the filter \"");
        esc_term(out, by->info.title);
        return buf_text(out, "\" excludes it");
    }
    for (size_t pc = 0; pc < d->nops; pc++) {
        const struct op *op = &d->ops[pc];
        bool negated = pc + 1 < d->nops && d->ops[pc + 1].code == OP_NOT;
        if (op->code == OP_SEL && !negated && say_failed(ev, &d->sels[op->a], out))
            return true;
        for (uint32_t i = 0; op->code == OP_OF && !negated && !enough_hold(ev, d, op) && i < op->n; i++)
            if (!selection_holds(ev, &d->sels[d->lists[op->a + i]]) && say_failed(ev, &d->sels[d->lists[op->a + i]], out))
                return true;
    }
    return buf_text(out, "the condition excludes it: a selection behind \"not\" holds");
}
