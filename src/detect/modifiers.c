/* SPDX-License-Identifier: ISC
 *
 * modifiers.c - "field|mod|mod: value" to the values a matcher compares
 *
 * Takes   one line of a selection.
 * Gives   its values as drafts that each modifier transforms in turn, frozen at the end; or what is wrong with it.
 * Keeps   the compiled regexes in the rule set.
 */
#include "detect/modifiers.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "detect/regex.h"

#define VALUES_MAX 20000
#define VALUE_BYTES_MAX 16384

struct working { /* one value under way */
    struct draft d;
    struct str raw; /* as written */
    bool null, quoted;
};

struct modding {
    struct ruleset *rs;
    const struct tree_node *at;
    struct err *e;
    struct item *it;
    struct working *w;
    size_t n;
    enum value_op op;
    bool cased;
    uint32_t re_flags;
    enum glob_shape ref_shape;
    const char *last; /* the modifier before this one, or NULL */
};

typedef bool (*modifier_fn)(struct modding *m, int arg);

static bool wrong(struct modding *m, const char *text) {
    tree_err(m->at, m->e, RC_CONFIG, "%s", text);
    return false;
}

static bool no_memory(struct modding *m) {
    tree_err(m->at, m->e, RC_NOMEM, "the rules do not fit into memory");
    return false;
}

/* --- one function per modifier */

static bool mod_star(struct modding *m, int arg) {
    bool front = arg & 1, behind = arg & 2;
    if (m->op == V_REF) {
        m->ref_shape = front ? (behind ? GLOB_CONTAINS : GLOB_SUFFIX) : GLOB_PREFIX;
        return true;
    }
    if (m->op == V_RE)
        return true; /* a regex is found anywhere already */
    if (m->op != V_TEXT)
        return wrong(m, "this modifier works on texts only");
    for (size_t i = 0; i < m->n; i++) {
        if (m->w[i].null)
            return wrong(m, "null is no text that could stand in a field");
        if (!draft_star(&m->rs->arena, &m->w[i].d, front, behind, &m->w[i].d))
            return no_memory(m);
    }
    return true;
}

static bool mod_all(struct modding *m, int arg) {
    (void)arg;
    m->it->all = true;
    return true;
}

static bool mod_cased(struct modding *m, int arg) {
    (void)arg;
    m->cased = true;
    return true;
}

static bool mod_neq(struct modding *m, int arg) {
    (void)arg;
    m->it->negate = true;
    return true;
}

static bool set_op(struct modding *m, enum value_op op) {
    if (m->op != V_TEXT)
        return wrong(m, "these modifiers do not go together");
    m->op = op;
    return true;
}

static bool mod_exists(struct modding *m, int arg) {
    (void)arg;
    return set_op(m, V_EXISTS);
}

static bool mod_re(struct modding *m, int arg) {
    (void)arg;
    return set_op(m, V_RE);
}

static bool mod_re_flag(struct modding *m, int arg) {
    if (m->op != V_RE)
        return wrong(m, "i, m and s stand behind re");
    m->re_flags |= arg == 'i' ? REGEX_CASELESS : arg == 'm' ? REGEX_LINES : REGEX_DOTALL;
    return true;
}

static bool mod_cidr(struct modding *m, int arg) {
    (void)arg;
    return set_op(m, V_CIDR);
}

static bool mod_number(struct modding *m, int arg) {
    return set_op(m, (enum value_op)arg);
}

static bool mod_part(struct modding *m, int arg) {
    if (m->it->part)
        return wrong(m, "one part of a date at a time");
    m->it->part = arg;
    return true;
}

static bool mod_fieldref(struct modding *m, int arg) {
    (void)arg;
    m->ref_shape = GLOB_EXACT;
    return set_op(m, V_REF);
}

static bool mod_expand(struct modding *m, int arg) {
    (void)arg;
    return wrong(m, "expand needs a list for its %placeholder%, and there is none: write the values out");
}

static bool word_char(uint32_t c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* \B[-/]\b: a dash or slash before a word and not behind one. */
static bool mod_windash(struct modding *m, int arg) {
    (void)arg;
    for (size_t i = 0; i < m->n; i++) {
        struct draft *d = &m->w[i].d;
        for (size_t k = 0; k + 1 < d->n; k++)
            if ((d->t[k] == '-' || d->t[k] == '/') && word_char(d->t[k + 1]) && (k == 0 || !word_char(d->t[k - 1])))
                d->t[k] = GLOB_DASH;
    }
    return true;
}

static bool plain_texts(struct modding *m) {
    if (m->op != V_TEXT)
        return wrong(m, "only texts can be encoded");
    for (size_t i = 0; i < m->n; i++)
        if (m->w[i].null || !draft_plain(&m->w[i].d))
            return wrong(m, "a value with wildcards, or null, cannot be encoded");
    return true;
}

static bool encode(struct modding *m, struct str plain, struct draft *out, size_t drop_front, size_t drop_behind) {
    struct buf b;
    buf_init(&b, VALUE_BYTES_MAX * 4);
    bool ok = base64_add(&b, plain.p, plain.n, 0) && !b.over && b.n >= drop_front + drop_behind &&
              draft_bytes(&m->rs->arena, b.p + drop_front, b.n - drop_front - drop_behind, out);
    buf_fini(&b);
    return ok || no_memory(m);
}

static bool mod_base64(struct modding *m, int arg) {
    (void)arg;
    if (!plain_texts(m))
        return false;
    for (size_t i = 0; i < m->n; i++)
        if (!encode(m, draft_text(&m->rs->arena, &m->w[i].d), &m->w[i].d, 0, 0))
            return false;
    return true;
}

/* What is the same in Base64 whatever stands before and behind: at offset 1 and 2 the first 2 and 3 digits hold foreign bits, and
 * of the last group what is not full. */
static bool mod_base64offset(struct modding *m, int arg) {
    static const size_t front[3] = {0, 2, 3}, behind[3] = {0, 3, 2};
    (void)arg;
    if (!plain_texts(m))
        return false;
    struct working *w = arena_alloc(&m->rs->arena, m->n * 3 * sizeof *w);
    if (!w)
        return no_memory(m);
    for (size_t i = 0; i < m->n * 3; i++) {
        size_t off = i % 3;
        struct str text = draft_text(&m->rs->arena, &m->w[i / 3].d);
        if (text.n < 3)
            return wrong(m, "too short for base64offset: nothing of it stays the same");
        char *p = arena_alloc(&m->rs->arena, text.n + 2);
        if (!p)
            return no_memory(m);
        memset(p, ' ', off);
        memcpy(p + off, text.p, text.n);
        w[i] = m->w[i / 3];
        if (!encode(m, str_n(p, text.n + off), &w[i].d, front[off], behind[(text.n + off) % 3]))
            return false;
    }
    m->w = w;
    m->n *= 3;
    return true;
}

static size_t put16(char *p, uint32_t unit, bool big) {
    p[big] = (char)(unit & 0xff);
    p[!big] = (char)(unit >> 8);
    return 2;
}

static bool mod_utf16(struct modding *m, int arg) {
    if (!plain_texts(m))
        return false;
    for (size_t i = 0; i < m->n; i++) {
        struct str s = draft_text(&m->rs->arena, &m->w[i].d);
        char *p = arena_alloc(&m->rs->arena, 2 * s.n + 4);
        size_t n = 0;
        if (!p)
            return no_memory(m);
        if (arg == 'm')
            n += put16(p, 0xfeff, false);
        while (s.n) {
            uint32_t r;
            size_t used = str_rune(s, &r);
            if (!used)
                return wrong(m, "this is no UTF-8");
            if (r > 0xffff)
                n += put16(p + n, 0xd800 + ((r - 0x10000) >> 10), arg == 'b');
            n += put16(p + n, r > 0xffff ? 0xdc00 + ((r - 0x10000) & 0x3ff) : r, arg == 'b');
            s = str_sub(s, used, s.n);
        }
        if (!draft_bytes(&m->rs->arena, p, n, &m->w[i].d))
            return no_memory(m);
    }
    return true;
}

static const struct modifier {
    const char *word;
    modifier_fn fn;
    int arg;
    const char *help;
} modifiers[] = {
#define MODIFIER(word, fn, arg, help) {word, fn, arg, help},
#include "detect/modifiers.def"
#undef MODIFIER
};
#define MODIFIERS (sizeof modifiers / sizeof *modifiers)

bool modifiers_at(size_t i, const char **word, const char **help) {
    if (i >= MODIFIERS)
        return false;
    *word = modifiers[i].word;
    *help = modifiers[i].help;
    return true;
}

/* --- values frozen, by what they have become */

bool modifiers_number(struct str s, double *out) {
    char tmp[64], *end;
    size_t digits = 0;
    if (s.n == 0 || s.n >= sizeof tmp)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        bool digit = s.p[i] >= '0' && s.p[i] <= '9';
        digits += digit;
        if (!digit && !strchr("+-.eE", s.p[i]))
            return false;
    }
    str_copy(tmp, sizeof tmp, s);
    *out = strtod(tmp, &end);
    return digits && *end == 0 && end == tmp + s.n;
}

bool modifiers_address(struct str s, uint8_t out[16], bool *v6) {
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char tmp[INET6_ADDRSTRLEN + 1];
    if (s.n == 0 || !str_copy(tmp, sizeof tmp, s) || strlen(tmp) != s.n)
        return false;
    memcpy(out, mapped, sizeof mapped);
    *v6 = false;
    if (inet_pton(AF_INET, tmp, out + 12) == 1)
        return true;
    if (inet_pton(AF_INET6, tmp, out) != 1)
        return false;
    *v6 = memcmp(out, mapped, sizeof mapped) != 0;
    return true;
}

static bool freeze_text(struct modding *m, const struct working *w, struct value *v) {
    if (w->null) {
        v->op = V_NULL;
        return true;
    }
    v->numeric = !w->quoted && modifiers_number(w->raw, &v->num);
    v->literal = draft_literal(&m->rs->arena, &w->d, m->cased);
    return glob_make(&m->rs->arena, &w->d, m->cased, &v->glob) || no_memory(m);
}

static bool freeze_cidr(struct modding *m, const struct working *w, struct value *v) {
    struct str rest = w->raw, net = str_cut(&rest, '/');
    uint64_t bits = 0;
    if (!modifiers_address(net, v->addr, &v->v6))
        return wrong(m, "this is no network such as 192.0.2.0/24 or 2001:db8::/32");
    if (str_absent(rest))
        bits = v->v6 ? 128 : 32;
    else if (!str_u64(rest, v->v6 ? 128 : 32, &bits))
        return wrong(m, "the number of bits behind / is off");
    v->bits = (uint8_t)(v->v6 ? bits : bits + 96);
    return true;
}

static bool freeze_exists(struct modding *m, const struct working *w, struct value *v) {
    v->want = str_eqi(w->raw, STR("true")) || str_eqi(w->raw, STR("yes"));
    if (!v->want && !str_eqi(w->raw, STR("false")) && !str_eqi(w->raw, STR("no")))
        return wrong(m, "exists wants true or false");
    return true;
}

static bool freeze_re(struct modding *m, const struct working *w, struct value *v) {
    char why[160];
    v->re = regex_new(w->raw, m->re_flags, why, sizeof why);
    if (!v->re) {
        tree_err(m->at, m->e, RC_CONFIG, "the regular expression is wrong: %s", why);
        return false;
    }
    if (m->rs->ncodes == m->rs->codes_cap) {
        size_t cap = m->rs->codes_cap ? 2 * m->rs->codes_cap : 32;
        void *p = realloc(m->rs->codes, cap * sizeof *m->rs->codes);
        if (!p) {
            regex_free(v->re);
            return no_memory(m);
        }
        m->rs->codes = p;
        m->rs->codes_cap = cap;
    }
    m->rs->codes[m->rs->ncodes++] = v->re;
    return true;
}

static bool freeze_number(struct modding *m, const struct working *w, struct value *v) {
    return modifiers_number(w->raw, &v->num) || wrong(m, "this is no number to compare with");
}

static bool freeze_ref(struct modding *m, const struct working *w, struct value *v) {
    if (w->null || w->raw.n == 0)
        return wrong(m, "fieldref wants the name of a field");
    v->ref = (uint16_t)field_find(w->raw);
    v->ref_name = w->raw;
    v->ref_shape = m->ref_shape;
    v->ref_cased = m->cased;
    return true;
}

static bool freeze(struct modding *m, const struct working *w, struct value *v) {
    static bool (*const by_op[])(struct modding *, const struct working *, struct value *) = {
        [V_TEXT] = freeze_text,     [V_NULL] = freeze_text,  [V_RE] = freeze_re,     [V_CIDR] = freeze_cidr,
        [V_LT] = freeze_number,     [V_LTE] = freeze_number, [V_GT] = freeze_number, [V_GTE] = freeze_number,
        [V_EXISTS] = freeze_exists, [V_REF] = freeze_ref};
    v->op = m->op;
    v->text = w->raw;
    if (w->null && m->op != V_TEXT)
        return wrong(m, "null does not go with this modifier");
    return by_op[m->op](m, w, v);
}

/* --- reading */

static bool is_null(const struct tree_node *n) {
    struct str t = tree_text(n);
    return tree_kind(n) == TREE_NULL ||
           (tree_kind(n) == TREE_SCALAR && !tree_quoted(n) && (t.n == 0 || str_is(t, "~") || str_eqi(t, STR("null"))));
}

static bool take(struct modding *m, const struct tree_node *n) {
    struct working *w = &m->w[m->n++];
    m->at = n;
    if (tree_kind(n) == TREE_LIST || tree_kind(n) == TREE_MAP)
        return wrong(m, "a value is a text, a number or null: no list or map stands here");
    w->null = is_null(n);
    w->quoted = tree_quoted(n);
    w->raw = w->null ? STR("null") : tree_text(n);
    if (w->raw.n > VALUE_BYTES_MAX)
        return wrong(m, "this value is too long");
    return draft_parse(&m->rs->arena, w->null ? STR("") : w->raw, &w->d) || no_memory(m);
}

static bool take_values(struct modding *m, const struct tree_node *n) {
    bool list = tree_kind(n) == TREE_LIST;
    size_t count = list ? tree_count(n) : 1;
    if (count > VALUES_MAX)
        return wrong(m, "too many values");
    if (count == 0)
        return wrong(m, "an empty list matches nothing");
    m->w = arena_alloc(&m->rs->arena, count * sizeof *m->w);
    if (!m->w)
        return no_memory(m);
    if (!list)
        return take(m, n);
    for (const struct tree_node *c = tree_first(n); c; c = tree_next(c))
        if (!take(m, c))
            return false;
    m->at = n;
    return true;
}

static bool apply_one(struct modding *m, struct str word) {
    const char *words[MODIFIERS];
    for (size_t i = 0; i < MODIFIERS; i++) {
        words[i] = modifiers[i].word;
        if (str_is(word, words[i]))
            return modifiers[i].fn(m, modifiers[i].arg);
    }
    const char *near = str_nearest(word, words, MODIFIERS);
    tree_err(m->at, m->e, RC_CONFIG, "there is no modifier \"%.*s\"%s%s%s", STR_FMT(word), near ? ", did you mean \"" : "",
             near ? near : "", near ? "\"?" : "");
    return false;
}

static bool apply_all(struct modding *m, struct str words) {
    while (!str_absent(words))
        if (!apply_one(m, str_cut(&words, '|')))
            return false;
    if (m->it->keyword && m->op == V_TEXT) /* found anywhere */
        return mod_star(m, 3);
    return !m->it->keyword || m->op == V_RE || wrong(m, "this modifier needs a field");
}

static bool freeze_all(struct modding *m) {
    struct item *it = m->it;
    it->nvalues = m->n;
    it->values = arena_alloc(&m->rs->arena, m->n * sizeof *it->values);
    if (!it->values)
        return no_memory(m);
    for (size_t i = 0; i < m->n; i++)
        if (!freeze(m, &m->w[i], &it->values[i]))
            return false;
    return true;
}

enum rc modifiers_apply(struct ruleset *rs, const struct tree_node *n, bool keyword, struct item *it, struct err *e) {
    struct modding m = {.rs = rs, .at = n, .e = e, .it = it};
    struct str words = keyword ? STR_NONE : tree_key(n);
    it->spelled = words.n ? words : STR("keywords");
    it->name = str_cut(&words, '|');
    it->keyword = keyword || it->name.n == 0;
    it->field = it->keyword ? F_OTHER : (uint16_t)field_find(it->name);
    return take_values(&m, n) && apply_all(&m, words) && freeze_all(&m) ? RC_OK : (e->rc ? e->rc : RC_CONFIG);
}
