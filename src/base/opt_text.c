/* SPDX-License-Identifier: ISC
 *
 * opt_text.c - options as words: what a value may be, what was wrong with it, and the default configuration
 */
#include "base/opt_text.h"

#include "base/clock.h"

#include <string.h>

static const struct {
    const char *word;
    bool value;
} bools[] = {{"yes", true}, {"no", false}, {"true", true}, {"false", false}, {"on", true}, {"off", false}};

bool opt_bool(struct str s, bool *out) {
    for (size_t i = 0; i < sizeof bools / sizeof *bools; i++)
        if (str_eqi(s, str_of(bools[i].word))) {
            *out = bools[i].value;
            return true;
        }
    return false;
}

struct unit {
    const char *word;
    int64_t factor;
};

static const struct unit time_units[] = {{"d", US_PER_DAY}, {"h", US_PER_H},       {"m", US_PER_MIN},
                                         {"s", US_PER_S},   {"ms", INT64_C(1000)}, {"us", 1}};
static const struct unit size_units[] = {{"GiB", INT64_C(1) << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}};

/* In the largest unit that leaves nothing over. */
static void quantity(struct buf *b, int64_t v, const struct unit *units, size_t n) {
    size_t i = 0;

    while (i + 1 < n && (v == 0 || v % units[i].factor))
        i++;
    buf_printf(b, "%lld%s", (long long)(v / units[i].factor), v ? units[i].word : "");
}

static void bound(struct buf *b, const struct opt *row, int64_t v) {
    if (row->type == OPT_DURATION)
        quantity(b, v, time_units, sizeof time_units / sizeof *time_units);
    else if (row->type == OPT_SIZE)
        quantity(b, v, size_units, sizeof size_units / sizeof *size_units);
    else
        buf_printf(b, "%lld", (long long)v);
}

static void bounds(struct buf *b, const struct opt *row) {
    if (row->hi == INT64_MAX && row->lo <= 0)
        return;
    buf_text(b, row->hi == INT64_MAX ? ", at least " : ", from ");
    bound(b, row, row->lo);
    if (row->hi == INT64_MAX)
        return;
    buf_text(b, " to ");
    bound(b, row, row->hi);
}

void opt_expected(const struct opt *row, struct buf *b) {
    switch (row->type) {
    case OPT_STR:
        if (row->hi)
            buf_printf(b, "a text of %lld to %lld bytes", (long long)row->lo, (long long)row->hi);
        else
            buf_text(b, "a text");
        break;
    case OPT_BOOL:
        buf_text(b, "yes or no");
        break;
    case OPT_INT:
        buf_text(b, "a whole number");
        bounds(b, row);
        break;
    case OPT_DURATION:
        buf_text(b, "a duration such as 15m or 2h");
        bounds(b, row);
        break;
    case OPT_SIZE:
        buf_text(b, "a size such as 64KiB or 8MiB");
        bounds(b, row);
        break;
    case OPT_ENUM:
        for (size_t i = 0; row->words[i]; i++)
            buf_printf(b, "%s%s", i == 0 ? "" : row->words[i + 1] ? ", " : " or ", row->words[i]);
        break;
    case OPT_STRS:
        buf_text(b, "a list of words");
        break;
    default:
        buf_text(b, row->type == OPT_LIST ? "a list" : "a map");
    }
}

void opt_refuse(const struct opt *row, struct str value, struct err *e) {
    struct buf what;
    const char *near = NULL;

    buf_init(&what, 400);
    opt_expected(row, &what);
    err_set(e, RC_CONFIG, "%s: \"%.*s\" is not %s", row->key, STR_FMT(str_sub(value, 0, 64)), buf_cstr(&what));
    buf_fini(&what);
    if (row->type == OPT_ENUM) {
        size_t n = 0;
        while (row->words[n])
            n++;
        near = str_nearest(value, row->words, n);
    }
    if (near)
        err_hint(e, "did you mean \"%s\"?", near);
}

/* Could the text stand unquoted and mean itself? */
static bool plain(struct str s) {
    static const char more[] = "_./-+@";

    if (s.n == 0 || str_is(s, "~") || str_eqi(s, STR("null")) || s.p[0] == '-' || s.p[0] == '@')
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || strchr(more, c)))
            return false;
    }
    return true;
}

static void print_text(struct buf *b, struct str s) {
    if (plain(s)) {
        buf_str(b, s);
        return;
    }
    buf_c(b, '\'');
    for (size_t i = 0; i < s.n; i++) {
        buf_c(b, s.p[i]);
        if (s.p[i] == '\'')
            buf_c(b, '\'');
    }
    buf_c(b, '\'');
}

static void print_words(struct buf *b, const char *def) {
    bool first = true;

    buf_c(b, '[');
    for (struct str rest = str_of(def); !str_absent(rest);) {
        struct str word = str_trim(str_cut(&rest, ','));
        if (word.n == 0)
            continue;
        if (!first)
            buf_text(b, ", ");
        print_text(b, word);
        first = false;
    }
    buf_c(b, ']');
}

static void begin(struct buf *b, const char *lead, int indent) {
    buf_text(b, lead);
    buf_printf(b, "%*s", indent, "");
}

/* lead: "" or "#" when the rows belong to an element that is only shown. */
static void print_rows(const struct opt *rows, const char *lead, int indent, struct buf *b) {
    for (const struct opt *row = rows; row->key; row++) {
        bool required = row->def && strcmp(row->def, "!") == 0;
        bool shown = *lead == '\0' && (row->type == OPT_MAP || (row->def && !required));

        begin(b, lead, indent);
        buf_printf(b, "# %s (", row->help ? row->help : row->key);
        opt_expected(row, b);
        buf_text(b, required ? "; required)\n" : ")\n");
        begin(b, *lead ? lead : shown ? "" : "#", indent);
        buf_printf(b, "%s:", row->key);
        if (row->type == OPT_MAP) {
            buf_c(b, '\n');
            print_rows(row->sub, lead, indent + 2, b);
            continue;
        }
        if (row->type == OPT_LIST) {
            buf_c(b, '\n');
            begin(b, "#", indent + 2);
            buf_text(b, "-\n");
            print_rows(row->sub, "#", indent + 4, b);
            continue;
        }
        buf_c(b, ' ');
        if (row->type == OPT_STRS && !required)
            print_words(b, row->def);
        else if (row->def && !required)
            print_text(b, str_of(row->def));
        buf_c(b, '\n');
    }
}

void opt_print(const struct opt *rows, int indent, struct buf *b) {
    print_rows(rows, "", indent, b);
}
