/* SPDX-License-Identifier: ISC
 *
 * logsource.h - which rules may speak about a message at all
 *
 * A message carries a set of tags (an sshd line: linux, syslog, auth, sshd); a rule asks for those that its `logsource:` names.
 * A service that the table does not know names the program itself. An unknown product or category fits no message: the rule loads
 * and is never asked.
 */
#ifndef TOCSIN_DETECT_LOGSOURCE_H
#define TOCSIN_DETECT_LOGSOURCE_H

#include "base/tree.h"
#include "model/message.h"

enum log_tag {
#define LOGTAG(id, kind, word) id,
#define PROGRAM(name, tags)
#include "detect/logsources.def"
#undef LOGTAG
#undef PROGRAM
    T__COUNT
};
#define TAG(id) (UINT64_C(1) << (id))

struct logsource { /* what a rule asks for */
    uint64_t tags;
    struct str program; /* absent unless the service is a program's name */
    bool known;         /* false: fits no message of ours */
};

/* false: not a map, or nothing in it. Texts are borrowed from the tree. */
bool logsource_read(const struct tree_node *map, struct logsource *out);
bool logsource_fits(const struct logsource *l, uint64_t tags, struct str program);
uint64_t logsource_tags(const struct message *m);

#endif
