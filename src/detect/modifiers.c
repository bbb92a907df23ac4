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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "detect/expand.h"
#include "detect/need.h"
#include "detect/regex.h"

#define VALUES_MAX 20000
#define VALUE_BYTES_MAX 16384

struct working { /* one value under way */
    struct draft d;
    struct str raw; /* as written */
    bool null, quoted;
    bool also; /* a form of the one before */
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
    bool starred; /* contains, startswith or endswith was there */
    size_t count; /* modifiers so far */
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
    m->starred = true;
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
    return m->op == V_TEXT || m->op == V_REF || wrong(m, "cased works on texts only; a regular expression minds case anyway");
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
    return m->starred || m->cased ? wrong(m, "cidr does not go together with modifiers for texts") : set_op(m, V_CIDR);
}

static bool mod_number(struct modding *m, int arg) {
    return m->starred || m->cased ? wrong(m, "a comparison of numbers does not go together with modifiers for texts")
                                  : set_op(m, (enum value_op)arg);
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
    struct {
        struct draft *v;
        size_t n;
    } *all = arena_alloc(&m->rs->arena, m->n * sizeof *all);
    size_t total = 0, at = 0;
    (void)arg;
    for (size_t i = 0; all && i < m->n; i++) {
        if (!expand_draft(m->rs, &m->w[i].d, &all[i].v, &all[i].n) || (total += all[i].n) > VALUES_MAX)
            return wrong(m, "its placeholders stand for too many values");
    }
    struct working *w = all ? arena_alloc(&m->rs->arena, (total + 1) * sizeof *w) : NULL;
    if (!w)
        return no_memory(m);
    for (size_t i = 0; i < m->n; i++)
        for (size_t k = 0; k < all[i].n; k++, at++) {
            w[at] = m->w[i];
            w[at].d = all[i].v[k];
            w[at].quoted = w[at].quoted && !m->it->part; /* the quotes were for the placeholder's sake */
            if (!w[at].null)
                w[at].raw = expand_text(&m->rs->arena, &w[at].d);
        }
    m->w = w;
    m->n = total;
    return total > 0 || wrong(m, "its placeholder stands for an empty list");
}

static bool word_char(uint32_t c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

/* \B[-/]\b: a dash or slash before a word and not behind one. Bytes of other alphabets count as letters, those of U+2013 to U+2015
 * do not. */
static bool letter_at(const struct draft *d, size_t i) {
    return word_char(d->t[i]) || (d->t[i] > 0xbf && d->t[i] <= 0xff && d->t[i] != 0xe2);
}

static bool letter_before(const struct draft *d, size_t i) {
    if (i == 0 || d->t[i - 1] < 0x80 || d->t[i - 1] > 0xff)
        return i && word_char(d->t[i - 1]);
    size_t from = i - 1;
    while (from && d->t[from] >= 0x80 && d->t[from] <= 0xbf)
        from--;
    return letter_at(d, from);
}

static bool mod_windash(struct modding *m, int arg) {
    (void)arg;
    if (m->op != V_TEXT)
        return wrong(m, "windash works on texts only");
    for (size_t i = 0; i < m->n; i++) {
        struct draft *d = &m->w[i].d;
        for (size_t k = 0; k + 1 < d->n; k++)
            if ((d->t[k] == '-' || d->t[k] == '/') && letter_at(d, k + 1) && !letter_before(d, k))
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
        if (text.n < 2)
            return wrong(m, "too short for base64offset: nothing of it stays the same");
        char *p = arena_alloc(&m->rs->arena, text.n + 2);
        if (!p)
            return no_memory(m);
        memset(p, ' ', off);
        memcpy(p + off, text.p, text.n);
        w[i] = m->w[i / 3];
        w[i].also = w[i].also || off;
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

static void put_draft(struct draft *d, uint32_t unit, bool big) {
    char two[2];
    put16(two, unit, big);
    d->t[d->n++] = (unsigned char)two[0];
    d->t[d->n++] = (unsigned char)two[1];
}

/* Wildcards stay what they are, between the encoded runs. */
static bool one_utf16(struct modding *m, struct draft *in, int arg) {
    struct draft out = {arena_alloc(&m->rs->arena, (2 * in->n + 4) * sizeof *out.t), 0};
    if (!out.t)
        return no_memory(m);
    if (arg == 'm')
        put_draft(&out, 0xfeff, false);
    for (size_t i = 0; i < in->n;) {
        char bytes[4];
        uint32_t r;
        size_t have = 0;
        if (in->t[i] > 0xff) {
            out.t[out.n++] = in->t[i++];
            continue;
        }
        while (have < 4 && i + have < in->n && in->t[i + have] <= 0xff) {
            bytes[have] = (char)in->t[i + have];
            have++;
        }
        size_t used = str_rune(str_n(bytes, have), &r);
        if (!used)
            return wrong(m, "this is no UTF-8");
        if (r > 0xffff)
            put_draft(&out, 0xd800 + ((r - 0x10000) >> 10), arg == 'b');
        put_draft(&out, r > 0xffff ? 0xdc00 + ((r - 0x10000) & 0x3ff) : r, arg == 'b');
        i += used;
    }
    *in = out;
    return true;
}

static bool mod_utf16(struct modding *m, int arg) {
    if (m->op != V_TEXT)
        return wrong(m, "only texts can be encoded");
    for (size_t i = 0; i < m->n; i++)
        if (m->w[i].null ? !wrong(m, "null cannot be encoded") : !one_utf16(m, &m->w[i].d, arg))
            return false;
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

/* The words of YAML 1.1, in which rules are written. */
static bool yaml_bool(struct str s, bool *out) {
    *out = str_eqi(s, STR("true")) || str_eqi(s, STR("yes")) || str_eqi(s, STR("on"));
    return *out || str_eqi(s, STR("false")) || str_eqi(s, STR("no")) || str_eqi(s, STR("off"));
}

static bool freeze_text(struct modding *m, const struct working *w, struct value *v) {
    if (w->null) {
        v->op = V_NULL;
        return true;
    }
    v->numeric = !w->quoted && !m->starred && modifiers_number(w->raw, &v->num);
    v->boolean = !w->quoted && !m->starred && yaml_bool(w->raw, &v->want);
    if (m->it->part && !v->numeric && str_absent(m->rs->lacking)) /* without its list the rule is never asked */
        return wrong(m, "a part of a time is a number");
    v->literal = v->boolean ? STR_NONE : draft_literal(&m->rs->arena, &w->d, m->cased);
    return glob_make(&m->rs->arena, &w->d, m->cased, &v->glob) || no_memory(m);
}

/* Bits of a mask such as 255.255.0.0; false when it has holes. */
static bool mask_bits(struct str s, uint64_t *bits) {
    uint8_t a[16];
    bool v6;
    if (!modifiers_address(s, a, &v6) || v6)
        return false;
    uint32_t mask = (uint32_t)a[12] << 24 | (uint32_t)a[13] << 16 | (uint32_t)a[14] << 8 | a[15];
    for (*bits = 0; *bits < 32 && mask >> 31; mask <<= 1)
        ++*bits;
    return mask == 0;
}

static bool host_bits(const struct value *v) {
    for (unsigned i = v->bits; i < 128; i++)
        if (v->addr[i / 8] >> (7 - i % 8) & 1)
            return true;
    return false;
}

static bool freeze_cidr(struct modding *m, const struct working *w, struct value *v) {
    struct str rest = w->raw, net = str_cut(&rest, '/');
    uint64_t bits = 0;
    if (!modifiers_address(net, v->addr, &v->v6))
        return wrong(m, "this is no network such as 192.0.2.0/24 or 2001:db8::/32");
    if (str_absent(rest))
        bits = v->v6 ? 128 : 32;
    else if (!str_u64(rest, v->v6 ? 128 : 32, &bits) && (v->v6 || !mask_bits(rest, &bits)))
        return wrong(m, "the number of bits behind / is off");
    v->bits = (uint8_t)(v->v6 ? bits : bits + 96);
    return !host_bits(v) || wrong(m, "this is an address in a network, not a network: bits behind the mask are set");
}

static bool freeze_exists(struct modding *m, const struct working *w, struct value *v) {
    if (w->quoted || !yaml_bool(w->raw, &v->want))
        return wrong(m, "exists wants true or false");
    return m->count == 1 || wrong(m, "exists stands alone, without other modifiers");
}

static bool freeze_re(struct modding *m, const struct working *w, struct value *v) {
    char why[160];
    if (str_find(w->raw, STR("(?<=")) != SIZE_MAX || str_find(w->raw, STR("(?<!")) != SIZE_MAX)
        return wrong(m, "the regular expression is wrong: looking behind is no part of Sigma's");
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
    v->need = need_of_regex(&m->rs->arena, w->raw, m->re_flags & REGEX_CASELESS);
    return true;
}

static bool freeze_number(struct modding *m, const struct working *w, struct value *v) {
    return modifiers_number(w->raw, &v->num) || wrong(m, "this is no number to compare with");
}

static bool freeze_ref(struct modding *m, const struct working *w, struct value *v) {
    if (w->null || w->raw.n == 0)
        return wrong(m, "fieldref wants the name of a field");
    if (str_chr(w->raw, '*') != SIZE_MAX || str_chr(w->raw, '?') != SIZE_MAX)
        return wrong(m, "the name of a field has no wildcards");
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
    v->also = w->also;
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

/* 0x1f without quotes is the number 31 to YAML, and is compared as such. */
static struct str yaml_int(struct modding *m, struct str s) {
    uint64_t v = 0;
    char digits[24];
    if (s.n < 3 || s.n > 17 || s.p[0] != '0' || s.p[1] != 'x')
        return s;
    for (size_t i = 2; i < s.n; i++) {
        const char *at = strchr("0123456789abcdef", s.p[i] >= 'A' && s.p[i] <= 'F' ? s.p[i] | 0x20 : s.p[i]);
        if (!at || !s.p[i])
            return s;
        v = v << 4 | (uint64_t)(at - "0123456789abcdef");
    }
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)v);
    struct str out = arena_str(&m->rs->arena, str_of(digits));
    return out.n ? out : s;
}

static bool take(struct modding *m, const struct tree_node *n) {
    struct working *w = &m->w[m->n++];
    m->at = n;
    if (tree_kind(n) == TREE_LIST || tree_kind(n) == TREE_MAP)
        return wrong(m, "a value is a text, a number or null: no list or map stands here");
    w->null = is_null(n);
    w->quoted = tree_quoted(n);
    w->raw = w->null ? STR("null") : w->quoted ? tree_text(n) : yaml_int(m, tree_text(n));
    if (w->raw.n > VALUE_BYTES_MAX)
        return wrong(m, "this value is too long");
    return draft_parse(&m->rs->arena, w->null ? STR("") : w->raw, &w->d) || no_memory(m);
}

static bool take_values(struct modding *m, const struct tree_node *n) {
    bool list = tree_kind(n) == TREE_LIST;
    size_t count = list ? tree_count(n) : 1;
    if (count > VALUES_MAX)
        return wrong(m, "too many values");
    m->w = arena_alloc(&m->rs->arena, (count + 1) * sizeof *m->w);
    if (!m->w)
        return no_memory(m);
    if (count == 0 && m->it->keyword)
        return wrong(m, "an empty list matches nothing");
    if (count == 0) { /* a field with no value: as null */
        m->w[m->n++] = (struct working){.null = true, .raw = STR("null")};
        return draft_parse(&m->rs->arena, STR(""), &m->w[0].d) || no_memory(m);
    }
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
        if (str_is(word, words[i])) {
            m->count++;
            return modifiers[i].fn(m, modifiers[i].arg);
        }
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
