/* SPDX-License-Identifier: ISC
 *
 * vocab.c - the closed vocabularies: words to values and back
 *
 * Takes   a word or a value.
 * Gives   the other; -1 or NULL for what is no word of the list.
 * Keeps   nothing; every list is a .def.
 */
#include "model/vocab.h"

static const char *const role_words[ROLE__COUNT] = {
#define ROLE(id, word, label) [id] = word,
#include "model/roles.def"
#undef ROLE
};
static const char *const role_labels[ROLE__COUNT] = {
#define ROLE(id, word, label) [id] = label,
#include "model/roles.def"
#undef ROLE
};

const char *role_name(enum role r) {
    return r < ROLE__COUNT ? role_words[r] : "?";
}

const char *role_label(enum role r) {
    return r < ROLE__COUNT ? role_labels[r] : "?";
}

int role_find(struct str word) {
    for (int i = 0; i < ROLE__COUNT; i++)
        if (str_is(word, role_words[i]))
            return i;
    return -1;
}

static const struct {
    enum machine machine;
    const char *word;
} states[STATE__COUNT] = {
    [STATE_NONE] = {MACHINE__COUNT, "-"},
#define STATE(machine, id, word, terminal) [id] = {MACHINE_##machine, word},
#include "model/states.def"
#undef STATE
};

const char *state_name(enum state s) {
    return s < STATE__COUNT ? states[s].word : "?";
}

int state_find(enum machine m, struct str word) {
    for (int i = 0; i < STATE__COUNT; i++)
        if ((states[i].machine == m || i == STATE_NONE) && str_is(word, states[i].word))
            return i;
    return -1;
}

enum machine state_machine(enum state s) {
    return s < STATE__COUNT ? states[s].machine : MACHINE__COUNT;
}

static const struct {
    enum word_list list;
    const char *word;
    int value;
} word_rows[WORD__COUNT] = {
#define WORD(list, id, word, value) [id] = {WORDS_##list, word, value},
#include "model/words.def"
#undef WORD
};

/* One row per list, each word at the place of its id: the words of a list stand together in words.def, so a NULL is behind them. */
static const char *const list_words[WORDS__COUNT][WORD__COUNT + 1] = {
#define WORD(list, id, word, value) [WORDS_##list][id] = word,
#include "model/words.def"
#undef WORD
};

const char *word_name(enum word_id w) {
    return w < WORD__COUNT ? word_rows[w].word : "?";
}

int word_value(enum word_id w) {
    return w < WORD__COUNT ? word_rows[w].value : 0;
}

int word_find(enum word_list l, struct str word) {
    for (int i = 0; i < WORD__COUNT; i++)
        if (word_rows[i].list == l && str_is(word, word_rows[i].word))
            return i;
    return -1;
}

const char *const *word_list(enum word_list l) {
    const char *const *row = list_words[l];

    while (!*row)
        row++;
    return row;
}

static const struct rsit rsits[] = {
#define RSIT(cls, type, c, i, a, floor, route) {cls, type, c, i, a, floor, route},
#include "model/rsit.def"
#undef RSIT
};

const struct rsit *rsit_find(struct str cls, struct str type) {
    for (size_t i = 0; i < sizeof rsits / sizeof *rsits; i++)
        if (str_is(cls, rsits[i].cls) && str_is(type, rsits[i].type))
            return &rsits[i];
    return NULL;
}

const struct rsit *rsit_parse(struct str both) {
    struct str cls = str_cut(&both, '/');
    return rsit_find(cls, both);
}

const struct rsit *rsit_undetermined(void) {
    return rsit_find(STR("other"), STR("undetermined"));
}

static const struct rootcause rootcauses[] = {
#define ROOTCAUSE(code, group, title) {code, group, title},
#include "model/rootcauses.def"
#undef ROOTCAUSE
};

const struct rootcause *rootcause_find(struct str code) {
    for (size_t i = 0; i < sizeof rootcauses / sizeof *rootcauses; i++)
        if (str_is(code, rootcauses[i].code))
            return &rootcauses[i];
    return NULL;
}

const struct rootcause *rootcause_at(size_t i) {
    return i < sizeof rootcauses / sizeof *rootcauses ? &rootcauses[i] : NULL;
}
