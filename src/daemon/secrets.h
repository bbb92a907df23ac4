/* SPDX-License-Identifier: ISC
 *
 * secrets.h - reads the files that hold secrets and puts each role's into a sealed memory of its own
 */
#ifndef TOCSIN_DAEMON_SECRETS_H
#define TOCSIN_DAEMON_SECRETS_H

#include "daemon/config.h"
#include "daemon/confine.h"

/* path: tocsin.yaml, whose folder relative names start from; "credential:NAME" stands for $CREDENTIALS_DIRECTORY/NAME. Every mistake
 * (missing, readable by others) is in es. fds[role] is a sealed memfd or -1 where the role has none. fds NULL: only checks. */
enum rc secrets_read(const char *path, const struct generation *g, int fds[CONFINE__COUNT], struct errs *es);

#endif
