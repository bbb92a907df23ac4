/* SPDX-License-Identifier: ISC
 *
 * normalise_body.h - files of normalise.d with `body:`, loaded and applied; inside the room only
 *
 * Words (the senders' names that any file asks for) are numbered when the files are loaded, so that applying them costs one look-up a
 * field of the message and one index a question.
 */
#ifndef TOCSIN_PARSE_NORMALISE_BODY_H
#define TOCSIN_PARSE_NORMALISE_BODY_H

#include "base/arena.h"
#include "base/tree.h"
#include "model/message.h"

#define NB_WORDS_MAX 2048

struct nb_cond { /* the field is there and one of its values fits one of the globs; none: it is absent */
    uint16_t word;
    const struct str *globs;
    size_t nglobs;
};
struct nb_when {
    const struct nb_cond *conds;
    size_t nconds;
};
struct nb_map {
    uint16_t id; /* of our name, F_OTHER for others */
    bool time;   /* the event's own time */
    bool join;   /* all values of the first of them there is, with blanks between: a list of arguments */
    struct str name;
    const uint16_t *words;
    size_t nwords;
};
struct nb_set {
    uint16_t id;
    struct str name, value;
};
struct nb_case {
    const struct nb_when *when; /* one of them; none: always */
    size_t nwhen;
    const struct nb_map *map;
    size_t nmap;
    const struct nb_set *set;
    size_t nset;
};
struct nb_file {
    uint32_t kinds; /* bits of enum body */
    struct nb_case all;
    const struct nb_case *cases;
    size_t ncases;
    const uint16_t *program, *text;
    size_t nprogram, ntext;
};
struct nb_word {
    struct str name;
};
struct normalise_bodies {
    struct nb_file *files;
    size_t nfiles;
    struct nb_word *words; /* the number of a word is its place */
    size_t nwords;
    uint16_t *hash; /* number + 1 by hash of its name */
    size_t mask;
};

/* Reads one file; mistakes go to es and set *bad. b->files has room for it. */
void nb_load(struct normalise_bodies *b, const struct tree_node *root, struct arena *a, struct errs *es, bool *bad);
/* NB_WORDS_MAX words, and files for n; false without memory. */
bool nb_init(struct normalise_bodies *b, size_t n, struct arena *a);
/* The number of a word, or UINT16_MAX. */
uint16_t nb_word(const struct normalise_bodies *b, struct str name);

struct normaliser;
struct search; /* normalise.c's: what one message's search has done */
/* Decodes m's body and gives its fields our names. The texts inside it go through the patterns. */
void normalise_body(const struct normaliser *nz, struct message *m, struct search *q);
/* Of a web request's full target the path, which rules ask for, too. */
void normalise_web_path(struct message *m);

#endif
