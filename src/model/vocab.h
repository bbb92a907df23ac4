/* SPDX-License-Identifier: ISC
 *
 * vocab.h - the closed vocabularies as enumerations, with names and look-up
 *
 * Every list comes from a .def; X_name() gives the word stored and shown, X_find() the value or -1.
 */
#ifndef TOCSIN_MODEL_VOCAB_H
#define TOCSIN_MODEL_VOCAB_H

#include "base/str.h"

enum role {
#define ROLE(id, word, label) id,
#include "model/roles.def"
#undef ROLE
    ROLE__COUNT
};
#define ROLE_BIT(r) (1u << (r))
const char *role_name(enum role r);
const char *role_label(enum role r);
int role_find(struct str word);

enum machine { MACHINE_EVENT, MACHINE_INCIDENT, MACHINE_NOTIFICATION, MACHINE__COUNT };
enum state {
    STATE_NONE = 0, /* "-": does not exist yet */
#define STATE(machine, id, word, terminal) id,
#include "model/states.def"
#undef STATE
    STATE__COUNT
};
const char *state_name(enum state s);
int state_find(enum machine m, struct str word); /* -1 when it is no state of m */
enum machine state_machine(enum state s);

enum word_list { WORDS_disposition, WORDS_outcome, WORDS_activity, WORDS_level, WORDS_channel, WORDS__COUNT };
enum word_id {
#define WORD(list, id, word, value) id,
#include "model/words.def"
#undef WORD
    WORD__COUNT
};
const char *word_name(enum word_id w);
int word_value(enum word_id w);
int word_find(enum word_list l, struct str word); /* enum word_id or -1 */
/* The words of a list, NULL-terminated, for messages and option tables. */
const char *const *word_list(enum word_list l);

/* RSIT v1003 (rsit.def): classification/type with defaults of process/rsit.tsv. */
struct rsit {
    const char *cls, *type;
    int c, i, a;       /* impact if it succeeded */
    int floor;         /* impact level floor if confirmed, 0 = none */
    const char *route; /* event, incident, vulnerability, exercise, restricted */
};
const struct rsit *rsit_find(struct str cls, struct str type); /* NULL when unknown */
const struct rsit *rsit_parse(struct str both);                /* "intrusion-attempts/brute-force" */
const struct rsit *rsit_undetermined(void);

/* Root causes (rootcauses.def): code, group, title. */
struct rootcause {
    const char *code, *group, *title;
};
const struct rootcause *rootcause_find(struct str code);
const struct rootcause *rootcause_at(size_t i); /* NULL behind the last */

#endif
