/* SPDX-License-Identifier: ISC
 *
 * grammar.c - a command line as a row of the table and its arguments
 *
 * Takes   argv. Options of the client itself may stand anywhere; a flag of the command goes before one of the client.
 * Gives   the row with the most words that fit. Rows of the same words (show <incident>, show <event>) are told apart by the reference.
 */
#include "client/client.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void said_fini(struct said *s) {
    for (size_t i = 0; i < s->n; i++)
        free(s->v[i].value);
    *s = (struct said){0};
}

const char *said_get(const struct said *s, const char *arg) {
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->v[i].arg->name, arg) == 0)
            return s->v[i].value;
    return NULL;
}

/* The daemon opens it: its working directory is not ours. */
static char *absolute(struct str path) {
    char here[4096];
    struct buf b;

    if (!path.n || path.p[0] == '/' || str_is(path, "-") || !getcwd(here, sizeof here))
        return str_dup(path);
    buf_init(&b, 8192);
    buf_printf(&b, "%s/%.*s", here, STR_FMT(path));
    return buf_take(&b);
}

struct choice {
    struct str value;
    const char *words[64];
    char names[64][40];
    size_t n;
    bool found;
};

static void try_choice(void *ctx, struct str word) {
    struct choice *c = ctx;

    c->found |= str_eq(word, c->value);
    if (c->n < 64 && str_copy(c->names[c->n], sizeof c->names[0], word)) {
        c->words[c->n] = c->names[c->n];
        c->n++;
    }
}

static enum rc check_choice(const struct command_arg *a, struct str value, struct err *e) {
    struct choice c = {.value = value};
    struct buf all;

    command_arg_choices(a, try_choice, &c);
    if (!c.n || c.found)
        return RC_OK;
    const char *near = str_nearest(value, c.words, c.n);
    err_set(e, RC_USAGE, "%s: \"%.*s\" is none of its words", a->name, (int)(value.n < 80 ? value.n : 80), value.p);
    buf_init(&all, 1024);
    for (size_t i = 0; i < c.n; i++)
        buf_printf(&all, "%s%s", i ? ", " : "", c.words[i]);
    if (near)
        err_hint(e, "did you mean \"%s\"?", near);
    else
        err_hint(e, "one of: %s", buf_cstr(&all));
    buf_fini(&all);
    return RC_USAGE;
}

static enum rc check_value(const struct command_arg *a, struct str value, struct err *e) {
    int kind = ref_kind(value);
    const char *want = a->kind == ARG_EVENT ? "an event, such as EV-12" : "an incident, such as INC-7";

    if ((a->kind == ARG_EVENT || a->kind == ARG_INCIDENT) && kind != (int)a->kind && kind != ARG_NUMBER)
        return err_set(e, RC_USAGE, "\"%.*s\" is not %s", (int)(value.n < 80 ? value.n : 80), value.p ? value.p : "", want);
    if (!value.n)
        return err_set(e, RC_USAGE, "%s is empty", a->name);
    return check_choice(a, value, e);
}

/* Values of "<words...>" grow by a blank and the next word. */
static struct given *open_rest(struct said *s, const struct pattern_item *it) {
    if (it->kind == PATTERN_VALUE && it->repeat)
        for (size_t i = 0; i < s->n; i++)
            if (s->v[i].arg == it->arg)
                return &s->v[i];
    return NULL;
}

static char *joined(const char *head, char between, struct str tail) {
    struct buf b;

    buf_init(&b, 1u << 20);
    buf_printf(&b, "%s%c", head, between);
    buf_str(&b, tail);
    return buf_take(&b);
}

enum rc said_add(struct said *s, const struct pattern_item *it, struct str value, struct err *e) {
    struct given *rest = open_rest(s, it);
    enum rc rc = check_value(it->arg, value, e);
    char *copy;

    if (rc != RC_OK)
        return rc;
    if (!rest && !(it->kind == PATTERN_FLAG && it->repeat) && said_get(s, it->arg->name))
        return err_set(e, RC_USAGE, "%s is given twice", it->arg->name);
    if (!rest && s->n == SAID_MAX)
        return err_set(e, RC_LIMIT, "too many arguments");
    copy = rest ? joined(rest->value, it->arg->kind == ARG_PATHS ? '\n' : ' ', value) : it->arg->kind == ARG_PATH ? absolute(value) : str_dup(value);
    if (!copy)
        return err_set(e, RC_NOMEM, "out of memory");
    if (rest) {
        free(rest->value);
        rest->value = copy;
    } else {
        s->v[s->n++] = (struct given){it->arg, it->kind == PATTERN_FLAG && it->repeat, copy};
    }
    return RC_OK;
}

/* ---- options of the client itself */

static const struct option {
    const char *name, *letter;
    size_t offset;
    bool text;
} options[] = {
    {"socket", NULL, offsetof(struct client, socket), true},
    {"token-file", NULL, offsetof(struct client, token_file), true},
    {"org", NULL, offsetof(struct client, org), true},
    {"color", NULL, offsetof(struct client, color), true},
    {"json", NULL, offsetof(struct client, json), false},
    {"csv", NULL, offsetof(struct client, csv), false},
    {"quiet", "-q", offsetof(struct client, quiet), false},
    {"utc", NULL, offsetof(struct client, utc), false},
    {"dry-run", "-n", offsetof(struct client, dry_run), false},
    {"no-prompt", NULL, offsetof(struct client, no_prompt), false},
    {"no-token", NULL, offsetof(struct client, no_token), false},
    {"help", "-h", offsetof(struct client, help), false},
    {"version", "-V", offsetof(struct client, version), false},
};
#define NOPTIONS (sizeof options / sizeof *options)

static const struct option *option_find(struct str flag) {
    for (size_t i = 0; i < NOPTIONS; i++)
        if ((str_starts(flag, STR("--")) && str_is(str_sub(flag, 2, flag.n), options[i].name)) ||
            (options[i].letter && str_is(flag, options[i].letter)))
            return &options[i];
    return NULL;
}

struct words { /* argv, and where we are in it */
    int n, at;
    char *const *v;
};

/* The value behind '=' or the next word. */
static enum rc flag_value(struct words *w, struct str flag, struct str given, struct str *out, struct err *e) {
    *out = given;
    if (!str_absent(given))
        return RC_OK;
    if (w->at >= w->n)
        return err_set(e, RC_USAGE, "%.*s wants a value", STR_FMT(flag));
    *out = str_of(w->v[w->at++]);
    return RC_OK;
}

static enum rc take_option(struct client *c, const struct option *o, struct words *w, struct str flag, struct str given,
                           struct err *e) {
    struct str value;
    enum rc rc;

    if (!o->text) {
        if (!str_absent(given))
            return err_set(e, RC_USAGE, "%.*s takes no value", STR_FMT(flag));
        *(bool *)((char *)c + o->offset) = true;
        return RC_OK;
    }
    if ((rc = flag_value(w, flag, given, &value, e)) == RC_OK)
        *(const char **)((char *)c + o->offset) = value.p; /* argv lives as long as we */
    return rc;
}

/* ---- which row */

static size_t words_of(const struct command *cmd) {
    struct pattern_item it;
    size_t n = 0;

    for (const char *at = cmd->pattern; pattern_next(&at, &it) && it.kind == PATTERN_WORD;)
        n++;
    return n;
}

static struct str first_word(const struct command *cmd) {
    const char *at = cmd->pattern;
    struct pattern_item it;

    return pattern_next(&at, &it) ? it.word : STR_NONE;
}

static bool words_fit(const struct command *cmd, const struct words *w, struct str first) {
    struct pattern_item it;
    int i = w->at;

    for (const char *at = cmd->pattern; pattern_next(&at, &it) && it.kind == PATTERN_WORD; i++)
        if (i >= w->n || !str_eq(it.word, i == w->at ? first : str_of(w->v[i])))
            return false;
    return i > w->at;
}

/* The kind of thing the row's first value names, and that of the first reference said. */
static int row_kind(const struct command *cmd) {
    struct pattern_item it;

    for (const char *at = cmd->pattern; pattern_next(&at, &it);)
        if (it.kind == PATTERN_VALUE)
            return (int)it.arg->kind;
    return -1;
}

static int said_kind(const struct words *w, size_t words) {
    for (int i = w->at + (int)words; i < w->n; i++)
        if (w->v[i][0] != '-')
            return ref_kind(str_of(w->v[i]));
    return -1;
}

static const struct command *find_row(const struct words *w, struct str first) {
    const struct command *cmd, *best = NULL;

    for (size_t i = 0; (cmd = command_at(i)); i++) {
        size_t n = words_of(cmd);
        if (!n || !words_fit(cmd, w, first))
            continue;
        if (!best || n > words_of(best) || (n == words_of(best) && row_kind(cmd) == said_kind(w, n)))
            best = cmd;
    }
    return best;
}

static void list_words(struct str first, struct buf *b) {
    const struct command *cmd;

    for (size_t i = 0; (cmd = command_at(i)); i++)
        if (str_eq(first_word(cmd), first) && words_of(cmd) > 1)
            buf_printf(b, "%s%s", b->n ? "; " : "", cmd->pattern);
}

/* "tocsin task": no row of that word alone. */
static enum rc no_row(struct str first, struct err *e) {
    const char *words[128];
    char names[128][24];
    const struct command *cmd;
    size_t n = 0;
    struct buf b;

    buf_init(&b, 4096);
    list_words(first, &b);
    if (b.n) {
        err_set(e, RC_USAGE, "%.*s what?", STR_FMT(first));
        err_hint(e, "%s", buf_cstr(&b));
        buf_fini(&b);
        return RC_USAGE;
    }
    buf_fini(&b);
    for (size_t i = 0; (cmd = command_at(i)) && n < 128; i++)
        if (str_copy(names[n], sizeof names[n], first_word(cmd)) && names[n][0]) {
            words[n] = names[n];
            n++;
        }
    const char *near = str_nearest(first, words, n);
    err_set(e, RC_USAGE, "there is no command \"%.*s\"", (int)(first.n < 60 ? first.n : 60), first.p);
    if (near)
        err_hint(e, "did you mean \"%s\"? tocsin help lists them all", near);
    else
        err_hint(e, "tocsin help lists the commands");
    return RC_USAGE;
}

/* The one first word that begins so, or the word itself; ambiguity is an error that names them. */
static enum rc expand(struct str *first, struct err *e) {
    const struct command *cmd;
    struct str found = STR_NONE;
    struct buf b;
    size_t n = 0;

    buf_init(&b, 1024);
    for (size_t i = 0; (cmd = command_at(i)); i++) {
        struct str word = first_word(cmd);
        if (!word.n || !str_starts(word, *first) || str_eq(word, found))
            continue;
        found = word;
        buf_printf(&b, "%s%.*s", n++ ? ", " : "", STR_FMT(word));
    }
    if (n > 1) {
        err_set(e, RC_USAGE, "\"%.*s\" could be: %s", STR_FMT(*first), buf_cstr(&b));
        buf_fini(&b);
        return RC_USAGE;
    }
    buf_fini(&b);
    if (n)
        *first = found;
    return RC_OK;
}

/* ---- the rest of the line */

/* A flag of the pattern; or one of its values, said by name: "--disposition false_positive". */
static bool flag_find(const struct command *cmd, struct str name, struct pattern_item *out) {
    for (const char *at = cmd->pattern; pattern_next(&at, out);)
        if (out->kind != PATTERN_WORD && str_eq(out->word, name))
            return true;
    return false;
}

/* The first value not said yet; "<words...>" take all that comes. */
static bool next_value(const struct said *s, struct pattern_item *out) {
    for (const char *at = s->cmd->pattern; pattern_next(&at, out);)
        if (out->kind == PATTERN_VALUE && (out->repeat || !said_get(s, out->arg->name)))
            return true;
    return false;
}

static enum rc unknown_flag(const struct command *cmd, struct str name, struct err *e) {
    char names[SAID_MAX][40];
    const char *words[SAID_MAX];
    struct pattern_item it;
    size_t n = 0;

    for (const char *at = cmd->pattern; pattern_next(&at, &it) && n < SAID_MAX;)
        if (it.kind == PATTERN_FLAG && str_copy(names[n], sizeof names[n], it.word)) {
            words[n] = names[n];
            n++;
        }
    const char *near = str_nearest(name, words, n);
    err_set(e, RC_USAGE, "there is no --%.*s here", (int)(name.n < 60 ? name.n : 60), name.p);
    if (near)
        err_hint(e, "did you mean --%s?", near);
    else
        err_hint(e, "tocsin help %.*s", STR_FMT(first_word(cmd)));
    return RC_USAGE;
}

static enum rc take_flag(struct client *c, struct words *w, struct str word, struct err *e) {
    struct str value = word, flag = str_cut(&value, '=');
    struct str name = str_starts(flag, STR("--")) ? str_sub(flag, 2, flag.n) : STR_NONE;
    const struct option *o = option_find(flag);
    struct pattern_item it;
    enum rc rc;

    if (name.n && c->said.cmd && flag_find(c->said.cmd, name, &it)) {
        if (it.arg->kind == ARG_SWITCH)
            return said_add(&c->said, &it, STR("yes"), e);
        rc = flag_value(w, flag, value, &value, e);
        return rc == RC_OK ? said_add(&c->said, &it, value, e) : rc;
    }
    if (o)
        return take_option(c, o, w, flag, value, e);
    if (c->said.cmd)
        return unknown_flag(c->said.cmd, name.n ? name : flag, e);
    err_set(e, RC_USAGE, "there is no option %.*s", (int)(flag.n < 60 ? flag.n : 60), flag.p);
    err_hint(e, "tocsin help");
    return RC_USAGE;
}

static bool is_flag(const char *word) {
    return word[0] == '-' && word[1] != '\0';
}

static enum rc take_rest(struct client *c, struct words *w, struct err *e) {
    bool plain = false; /* behind "--" */
    struct pattern_item it;
    enum rc rc = RC_OK;

    while (w->at < w->n && rc == RC_OK) {
        const char *word = w->v[w->at++];
        if (!plain && strcmp(word, "--") == 0) {
            plain = true;
        } else if (!plain && is_flag(word)) {
            rc = take_flag(c, w, str_of(word), e);
        } else if (next_value(&c->said, &it)) {
            rc = said_add(&c->said, &it, str_of(word), e);
        } else {
            rc = err_set(e, RC_USAGE, "\"%.80s\" is one word too many", word);
            err_hint(e, "tocsin %s", c->said.cmd->pattern);
        }
    }
    return rc;
}

enum rc grammar_read(struct client *c, int argc, char *const *argv, bool abbreviate, struct err *e) {
    struct words w = {argc, 1, argv};
    struct str first;
    enum rc rc;

    while (w.at < w.n && is_flag(w.v[w.at])) {
        struct str word = str_of(w.v[w.at++]);
        if ((rc = take_flag(c, &w, word, e)) != RC_OK)
            return rc;
    }
    if (w.at >= w.n)
        return RC_OK; /* nothing said: help */
    first = str_of(w.v[w.at]);
    if (!find_row(&w, first) && abbreviate && (rc = expand(&first, e)) != RC_OK)
        return rc;
    if (!(c->said.cmd = find_row(&w, first)))
        return no_row(first, e);
    w.at += (int)words_of(c->said.cmd);
    return take_rest(c, &w, e);
}
