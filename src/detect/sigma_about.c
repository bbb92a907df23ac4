/* SPDX-License-Identifier: ISC
 *
 * sigma_about.c - what stands around a rule's detection: title, id, level, dates and the like
 *
 * Takes   the tree of a document.
 * Gives   the parts others want, or the first key that is not what the specification says it is.
 * Keeps   nothing. What only people read is checked too: a list where a text belongs is a slip of the indentation, and then the
 *         rest of the rule is seldom what its author meant.
 */
#include "detect/sigma_load.h"

#include <string.h>

#define TITLE_MAX 256
#define TEXT_MAX 65535

static bool wrong(const struct tree_node *n, struct err *e, const char *text) {
    tree_err(n, e, RC_CONFIG, "%.*s %s", STR_FMT(tree_key(n)), text);
    return false;
}

static bool about_text(const struct tree_node *n, struct err *e) {
    if (tree_kind(n) != TREE_SCALAR)
        return wrong(n, e, "is a text");
    return tree_text(n).n <= TEXT_MAX || wrong(n, e, "has more than 65535 bytes");
}

static bool about_word(const struct tree_node *n, struct err *e) {
    if (tree_kind(n) != TREE_SCALAR || tree_text(n).n == 0)
        return wrong(n, e, "is a text");
    return tree_text(n).n <= TITLE_MAX || wrong(n, e, "has more than 256 bytes");
}

static bool about_list(const struct tree_node *n, struct err *e) {
    if (tree_kind(n) != TREE_LIST)
        return wrong(n, e, "is a list");
    for (const struct tree_node *c = tree_first(n); c; c = tree_next(c))
        if (tree_kind(c) == TREE_LIST || tree_kind(c) == TREE_MAP)
            return wrong(n, e, "is a list of texts");
    return true;
}

static bool about_notes(const struct tree_node *n, struct err *e) {
    return tree_kind(n) == TREE_SCALAR || about_list(n, e);
}

static bool about_related(const struct tree_node *n, struct err *e) {
    static const char *const types[] = {"derived", "obsolete", "merged", "renamed", "similar", NULL};
    if (tree_kind(n) != TREE_LIST)
        return wrong(n, e, "is a list of maps with id and type");
    for (const struct tree_node *c = tree_first(n); c; c = tree_next(c)) {
        size_t i = 0;
        while (types[i] && !str_eqi(tree_get_text(c, "type"), str_of(types[i])))
            i++;
        if (tree_kind(c) != TREE_MAP || tree_get_text(c, "id").n == 0 || !types[i])
            return wrong(n, e, "has an id and a type: derived, obsolete, merged, renamed or similar");
    }
    return true;
}

static int digits(struct str *s, size_t least, size_t most) {
    int v = 0;
    size_t n = 0;
    while (n < s->n && n < most && s->p[n] >= '0' && s->p[n] <= '9')
        v = 10 * v + (s->p[n++] - '0');
    *s = str_sub(*s, n, s->n);
    return n < least ? -1 : v;
}

/* YYYY-MM-DD; with slashes, as older rules have it, one digit will do. */
static bool about_date(const struct tree_node *n, struct err *e) {
    struct str s = tree_text(n);
    struct civil c = {.year = digits(&s, 4, 4)};
    char sep = s.n ? s.p[0] : 0;
    size_t least = sep == '/' ? 1 : 2;
    bool ok = sep == '-' || sep == '/';
    s = str_sub(s, 1, s.n);
    c.mon = digits(&s, least, 2);
    ok = ok && s.n && s.p[0] == sep;
    s = str_sub(s, 1, s.n);
    c.day = digits(&s, least, 2);
    return (ok && s.n == 0 && civil_valid(&c)) || wrong(n, e, "is a day such as 2026-11-22");
}

static const struct about {
    const char *key;
    bool (*fn)(const struct tree_node *n, struct err *e);
} abouts[] = {
    {"title", about_word},       {"id", about_word},          {"name", about_word},     {"description", about_text},
    {"author", about_text},      {"license", about_text},     {"taxonomy", about_word}, {"date", about_date},
    {"modified", about_date},    {"references", about_notes}, {"tags", about_list},     {"fields", about_list},
    {"related", about_related},  {"scope", about_list},       {"status", about_word},   {"level", about_word},
    {"falsepositives", about_notes},
};

/* A key without a value is as good as none. */
static bool check_keys(const struct tree_node *root, struct err *e) {
    for (size_t i = 0; i < sizeof abouts / sizeof *abouts; i++) {
        const struct tree_node *n = tree_get(root, abouts[i].key);
        bool none = tree_kind(n) == TREE_NULL || (tree_kind(n) == TREE_SCALAR && !tree_quoted(n) && tree_text(n).n == 0);
        if (n && !none && !abouts[i].fn(n, e))
            return false;
    }
    return true;
}

static long word_at(const struct tree_node *n, const char *const *words) {
    for (size_t i = 0; words[i]; i++)
        if (str_eqi(tree_text(n), str_of(words[i])))
            return (long)i;
    return -1;
}

static bool read_level(const struct tree_node *root, struct rule_info *i, struct err *e) {
    const struct tree_node *n = tree_get(root, "level");
    i->level = LEVEL_MEDIUM;
    if (!n)
        return true;
    long at = word_at(n, word_list(WORDS_level));
    if (at < 0) {
        tree_err(n, e, RC_CONFIG, "level is informational, low, medium, high or critical");
        return false;
    }
    i->level = word_find(WORDS_level, str_of(word_list(WORDS_level)[at]));
    return true;
}

static bool read_status(const struct tree_node *root, struct rule *r, struct err *e) {
    static const char *const words[] = {"stable", "test", "experimental", "deprecated", "unsupported", NULL};
    const struct tree_node *n = tree_get(root, "status");
    if (!n)
        return true;
    long at = word_at(n, words);
    r->disabled = at > 2;
    if (at >= 0)
        return true;
    tree_err(n, e, RC_CONFIG, "status is stable, test, experimental, deprecated or unsupported");
    return false;
}

bool sigma_title(const struct tree_node *root, struct str *out, struct err *e) {
    const struct tree_node *action = tree_get(root, "action");
    *out = tree_get_text(root, "title");
    if (str_is(tree_text(action), "global") || str_is(tree_text(action), "reset") || str_is(tree_text(action), "repeat")) {
        tree_err(action, e, RC_CONFIG, "rule collections (action: %.*s) are left out: write every rule out", STR_FMT(tree_text(action)));
        return false;
    }
    if (!check_keys(root, e))
        return false;
    if (out->n)
        return true;
    tree_err(root, e, RC_CONFIG, "the title is missing");
    return false;
}

bool sigma_about(const struct tree_node *root, struct rule *r, struct err *e) {
    struct rule_info *i = &r->info;
    i->file = str_of(tree_file(tree_of(root)));
    i->line = tree_line(root);
    if (!sigma_title(root, &i->title, e))
        return false;
    i->name = tree_get_text(root, "name");
    i->id = tree_get_text(root, "id");
    i->description = tree_get_text(root, "description");
    r->id_given = i->id.n > 0;
    if (!r->id_given)
        i->id = i->name.n ? i->name : i->title;
    return read_level(root, i, e) && read_status(root, r, e);
}
