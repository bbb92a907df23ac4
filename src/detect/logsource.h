/* SPDX-License-Identifier: ISC
 *
 * logsource.h - which rules may speak about a message at all
 *
 * A message carries a set of tags (an sshd line: linux, syslog, auth, sshd); a rule asks for the words that its `logsource:` names,
 * whichever of product, category and service they stand under. Which message carries what is data: logsources.yaml,
 * tocsin-rules(5). A service that no row of it gives is the name of a program; a product or category that none gives fits no
 * message of ours, and the rule says so. Without a table every source fits: then nothing is known about sources.
 */
#ifndef TOCSIN_DETECT_LOGSOURCE_H
#define TOCSIN_DETECT_LOGSOURCE_H

#include "base/arena.h"
#include "base/tree.h"
#include "model/message.h"

struct logsources;

/* The rows of all documents, texts borrowed from their trees. A row that is wrong is left out and reported; NULL only without memory. */
struct logsources *logsources_new(struct arena *a, const struct tree *const *docs, size_t n, struct errs *es);

struct logsource { /* what a rule asks for; texts borrowed from its tree */
    struct str product, category, service;
    struct tagset tags;
    struct str program; /* absent unless the service is a program's name */
    struct str unknown; /* the word that no message carries; absent when there is none */
};

/* false: it is no logsource, and e says why. */
bool logsource_read(const struct logsources *ls, const struct tree_node *map, struct logsource *out, struct err *e);
bool logsource_fits(const struct logsource *l, const struct tagset *tags, struct str program);
/* Is `narrow` part of what `wide` names? A filter for product linux is one for every rule of that product. */
bool logsource_includes(const struct logsource *wide, const struct logsource *narrow);
/* All bits without a table. True when program, priority, transport, dialect and kind of body decided, so that they will again; false
 * when a row looked at the text or a field. */
bool logsource_tags(const struct logsources *ls, const struct message *m, struct tagset *out);

#endif
