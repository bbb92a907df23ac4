/* SPDX-License-Identifier: ISC
 *
 * confine.h - a role gives away what it does not need
 *
 * Before anything a role reads from a stranger: no_new_privs, Landlock (files and TCP, as far as the kernel's ABI goes) and a seccomp
 * filter with the calls listed for this role in confine.def; any other call answers EPERM (clone3: ENOSYS, so that glibc falls back).
 * EPERM and not death, because a library that tries something new should degrade and not take the role down for ever.
 */
#ifndef TOCSIN_DAEMON_CONFINE_H
#define TOCSIN_DAEMON_CONFINE_H

#include "base/buf.h"
#include "base/err.h"

enum confined { CONFINE_INGEST, CONFINE_DESK, CONFINE_NOTIFY, CONFINE_COMPILE, CONFINE__COUNT };

struct confine_paths {       /* absent ones are NULL */
    const char *state;       /* desk: read and write below it, nowhere else */
    const char *const *read; /* NULL-terminated: more files or folders that may be read (notify: ca_file) */
};

const char *confine_name(enum confined role); /* "ingest", "desk", "notify", "compile" */
/* Confines this process as `role` ("ingest", "desk", "notify", "compile") for good. What the kernel could not do is appended to
 * *missing in words, separated by "; ", for FRAME_READY; the role goes on. RC_INVALID for an unknown role, else RC_OK. p may be NULL. */
enum rc confine_role(const char *role, const struct confine_paths *p, struct buf *missing);

/* One more file or folder that the role of this process may read (--read=); borrowed for good, at most 8. */
void confine_also_read(const char *path);

/* One more folder that the desk may write to (--write=). */
void confine_also_write(const char *path);

/* For every process of ours, first thing: descriptors 0 to 2 open, as many more as the limit allows, no core
 * file, not dumpable, umask 077. */
void confine_process(void);
/* Tries what the role must not do and prints a line for each attempt: "desk open /etc/shadow: denied (EACCES)". Called in a
 * process of its own. Gives the number of attempts that ended otherwise than they should. */
int confine_selftest(const char *role);

#endif
