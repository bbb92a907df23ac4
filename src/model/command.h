/* SPDX-License-Identifier: ISC
 *
 * command.h - everything a person may say to tocsin, as data
 *
 * commands.def holds the rows. It stands in model because two rooms that do not see each other read it: control makes the API, the
 * rights and the OpenAPI description of it, the client its grammar, usage, help and completion. A handler's name is a word here; in
 * control it becomes a function that answers, in the client one that shows the answer.
 */
#ifndef TOCSIN_MODEL_COMMAND_H
#define TOCSIN_MODEL_COMMAND_H

#include "model/vocab.h"

/* Who may ask. A mask of ROLE_BIT; the role an object asks for in its state is judged by the desk (flow.def). */
#define WHO_ANYONE 0u /* nobody has to be known: health */
#define WHO_WORK (ROLE_BIT(ROLE_ANALYST) | ROLE_BIT(ROLE_ISO) | ROLE_BIT(ROLE_DEPUTY))
#define WHO_LEAD (ROLE_BIT(ROLE_ISO) | ROLE_BIT(ROLE_DEPUTY))
#define WHO_HEAD (WHO_LEAD | ROLE_BIT(ROLE_MANAGEMENT))
#define WHO_ADMIN ROLE_BIT(ROLE_ADMIN)
#define WHO_READ (WHO_WORK | WHO_HEAD | ROLE_BIT(ROLE_REPORTER) | ROLE_BIT(ROLE_DPO) | ROLE_BIT(ROLE_AUDITOR))
#define WHO_KNOWN (WHO_READ | ROLE_BIT(ROLE_ACTION_OWNER) | WHO_ADMIN)

enum method { METHOD_NONE, METHOD_GET, METHOD_POST }; /* NONE: the client does it alone */
const char *method_name(enum method m);

enum handler {
#define HANDLER(id, name) id,
#include "model/handlers.def"
#undef HANDLER
    HANDLER__COUNT
};

struct command {
    const char *pattern; /* "dismiss <event> --disposition --rationale": see pattern_next */
    enum method method;
    const char *route;   /* "/v1/events/{event}/dismiss"; NULL with METHOD_NONE */
    uint32_t who;
    enum handler handler;
    const char *help;    /* one sentence */
    const char *example;
};
const struct command *command_at(size_t i); /* NULL behind the last */
/* Its body is log lines as they are; what else it has to say stands in the query. */
bool command_takes_lines(const struct command *cmd);

/* One item of a pattern:
 *   word          a literal word                      <name> [<name>]   one value, needed or not
 *   <name...>     the rest of the line, joined by blanks
 *   --flag [--flag] [--flag...]   needed, optional, or any number of times
 * A flag fills the argument of its own name ('-' becomes '_') or, as in --note=containment_note, the one named behind '='. */
enum pattern_kind { PATTERN_WORD, PATTERN_VALUE, PATTERN_FLAG };
struct pattern_item {
    enum pattern_kind kind;
    bool optional, repeat;
    struct str word;      /* the word, the name of the value, or the flag without its dashes */
    const struct command_arg *arg; /* NULL for words */
};
/* Gives the next item and moves *at behind it; false at the end. */
bool pattern_next(const char **at, struct pattern_item *out);

/* What an argument is (command_args.def). */
enum arg_kind {
    ARG_EVENT, ARG_INCIDENT, /* a reference */
    ARG_LOGIN, ARG_WORD, ARG_LINE, /* a word, a sentence */
    ARG_TEXT,                /* several lines: the client may open an editor */
    ARG_NUMBER, ARG_TIME, ARG_PATH, /* PATH: made absolute by the client, opened by the daemon */
    ARG_PATHS,               /* several, as they were said: the client's own, a line each */
    ARG_SWITCH,              /* a flag without a value; "yes" */
};
struct command_arg {
    const char *name;
    enum arg_kind kind;
    bool local;          /* the client's own business, never sent */
    const char *choices; /* "no|unknown|yes", "@disposition" and the like for a list of words.def, "@rootcause", or "" */
    const char *help;    /* half a sentence, also what a person is asked */
};
const struct command_arg *command_arg_find(struct str name); /* NULL when there is none */
const struct command_arg *command_arg_at(size_t i);
/* Calls fn for every choice an argument has, in order. */
void command_arg_choices(const struct command_arg *a, void (*fn)(void *ctx, struct str choice), void *ctx);

/* What kind of thing a reference names: ARG_EVENT for "EV-...", ARG_INCIDENT for "INC-...", ARG_NUMBER for bare digits, -1 else. */
int ref_kind(struct str ref);

#endif
