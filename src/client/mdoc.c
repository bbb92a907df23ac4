/* SPDX-License-Identifier: ISC
 *
 * mdoc.c - the table of commands as a part of the manual
 *
 * man/tocsin.1 and man/tocsin-api.7 hold what these print between two marks; contrib/regen.sh renews it and a test compares.
 */
#include "client/client.h"

#include "client/help.h"

#define WIDTH 76

/* Words until the line is full; what roff would read as its own is defused. */
struct fold {
    struct buf *b;
    size_t col;
    bool literal; /* lines go on with a backslash, as a shell wants it */
};

static void put_word(struct fold *f, struct str word) {
    size_t from;

    if (f->col && f->col + 1 + word.n > WIDTH) {
        buf_text(f->b, f->literal ? " \\e\n  " : "\n");
        f->col = f->literal ? 2 : 0;
    } else if (f->col) {
        buf_c(f->b, ' ');
        f->col++;
    }
    from = f->b->n;
    if (!f->col && word.n && (word.p[0] == '.' || word.p[0] == '\''))
        buf_text(f->b, "\\&");
    for (size_t i = 0; i < word.n; i++) {
        char ch = word.p[i];
        if (ch == '\\')
            buf_text(f->b, "\\e");
        else if (ch == '-' && f->literal)
            buf_text(f->b, "\\-");
        else if (ch == '\'' && f->literal)
            buf_text(f->b, "\\(aq");
        else
            buf_c(f->b, ch);
    }
    f->col += f->b->n - from;
}

static void put_folded(struct buf *b, const char *text, bool literal) {
    struct fold f = {b, 0, literal};
    struct str rest = str_of(text);

    while (!str_absent(rest))
        put_word(&f, str_cut(&rest, ' '));
    buf_c(b, '\n');
}

static void put_item(const struct pattern_item *it, struct buf *b) {
    const char *open = it->optional ? "Op " : "", *dots = it->repeat ? " Ns ..." : "";

    if (it->kind == PATTERN_WORD)
        buf_printf(b, ".Cm %.*s\n", STR_FMT(it->word));
    else if (it->kind == PATTERN_VALUE)
        buf_printf(b, ".%sAr %.*s%s\n", open, STR_FMT(it->word), dots);
    else if (it->arg->kind == ARG_SWITCH)
        buf_printf(b, ".%sFl -%.*s\n", open, STR_FMT(it->word));
    else
        buf_printf(b, ".%sFl -%.*s Ar %s%s\n", open, STR_FMT(it->word),
                   it->arg->kind == ARG_TIME     ? "time"
                   : it->arg->kind == ARG_NUMBER ? "n"
                                                 : "text",
                   dots);
}

static void put_roles(const struct command *cmd, struct buf *b) {
    const char *sep = "";
    struct buf line;

    if (cmd->who == WHO_ANYONE)
        return;
    buf_init(&line, 512);
    buf_text(&line, "For ");
    if ((cmd->who & WHO_KNOWN) == WHO_KNOWN)
        buf_text(&line, "everybody who is known");
    else
        for (int r = 0; r < ROLE__COUNT; r++)
            if (cmd->who & ROLE_BIT(r)) {
                buf_printf(&line, "%s%s", sep, role_name((enum role)r));
                sep = ", ";
            }
    buf_text(&line, ".");
    put_folded(b, buf_cstr(&line), false);
    buf_fini(&line);
}

void help_mdoc(struct buf *b) {
    const struct command *cmd;
    struct pattern_item it;

    buf_text(b, ".Bl -tag -width Ds\n");
    for (size_t i = 0; (cmd = command_at(i)); i++) {
        if (!cmd->pattern[0])
            continue;
        buf_text(b, ".It Xo\n");
        for (const char *at = cmd->pattern; pattern_next(&at, &it);)
            put_item(&it, b);
        buf_text(b, ".Xc\n");
        struct buf line;
        buf_init(&line, 1024);
        buf_printf(&line, "%s.", cmd->help);
        put_folded(b, buf_cstr(&line), false);
        buf_fini(&line);
        put_roles(cmd, b);
        buf_text(b, ".Bd -literal\n");
        put_folded(b, cmd->example, true);
        buf_text(b, ".Ed\n");
    }
    buf_text(b, ".El\n");
}

static void put_names(const struct command *cmd, struct buf *b) {
    struct pattern_item it;
    struct buf line;

    buf_init(&line, 2048);
    for (const char *at = cmd->pattern; pattern_next(&at, &it);)
        if (it.arg && !it.arg->local)
            buf_printf(&line, "%s%s%s%s", line.n ? ", " : "Arguments: ", it.arg->name,
                       it.repeat && it.kind == PATTERN_FLAG ? "[]" : "", it.optional ? "?" : "");
    if (line.n) {
        buf_text(&line, ".");
        put_folded(b, buf_cstr(&line), false);
    }
    buf_fini(&line);
}

void help_mdoc_api(struct buf *b) {
    const struct command *cmd;

    buf_text(b, ".Bl -tag -width Ds\n");
    for (size_t i = 0; (cmd = command_at(i)); i++) {
        if (!cmd->route)
            continue;
        buf_printf(b, ".It Cm %s Pa %s\n", method_name(cmd->method), cmd->route);
        struct buf line;
        buf_init(&line, 1024);
        buf_printf(&line, "%s.", cmd->help);
        put_folded(b, buf_cstr(&line), false);
        buf_fini(&line);
        put_names(cmd, b);
        put_roles(cmd, b);
    }
    buf_text(b, ".El\n");
}
