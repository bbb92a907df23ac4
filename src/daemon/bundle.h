/* SPDX-License-Identifier: ISC
 *
 * bundle.h - the files of a configuration as bytes, on their way from the parent (which opens) to the compile role (which reads)
 */
#ifndef TOCSIN_DAEMON_BUNDLE_H
#define TOCSIN_DAEMON_BUNDLE_H

#include "daemon/config.h"

#define BUNDLE_MAX (64u << 20)
#define BUNDLE_FILE_MAX (8u << 20)

/* kind: the section it belongs to (enum section); name: as it stands in messages. SEC_ZONES: name "" is the machine's own zone. */
void bundle_add(struct buf *b, enum section kind, const char *name, struct str bytes);
/* Takes the next file off *rest; false at the end or when the rest is nonsense (then *bad). */
bool bundle_next(struct str *rest, enum section *kind, struct str *name, struct str *bytes, bool *bad);

void bundle_zone(struct buf *b); /* the machine's */
/* tocsin.yaml itself, and the machine's zone. RC_CONFIG and an entry in es when it cannot be read. */
enum rc bundle_config(const char *path, struct buf *b, struct errs *es);
/* The files that `files` names, relative to the folder of path; folders are searched for *.yml and *.yaml, those
 * of rules with the folders in them. */
enum rc bundle_files(const char *path, const struct paths_conf *files, struct buf *b, struct errs *es);
/* More rule files or folders, as they are named. */
enum rc bundle_rules(const struct opt_strs *extra, struct buf *b, struct errs *es);

#endif
