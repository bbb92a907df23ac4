/* SPDX-License-Identifier: ISC
 *
 * secrets.h - reads the files that hold secrets and puts each role's into a sealed memory of its own
 */
#ifndef TOCSIN_DAEMON_SECRETS_H
#define TOCSIN_DAEMON_SECRETS_H

#include "daemon/config.h"
#include "daemon/confine.h"
#include "daemon/image.h"

/* path: tocsin.yaml, whose folder relative names start from; "credential:NAME" stands for $CREDENTIALS_DIRECTORY/NAME. Every mistake
 * (missing, readable by others) is in es, with the place that names the file. fds[role] is a sealed memfd or -1 where the role has none. */
enum rc secrets_read(const char *path, const struct generation *g, int fds[CONFINE__COUNT], struct errs *es);
/* Only looks, at what these documents name: they need not be valid otherwise. */
enum rc secrets_check(const char *path, const struct trees *config, const struct trees *roster, struct errs *es);

#endif
