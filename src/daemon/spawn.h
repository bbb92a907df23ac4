/* SPDX-License-Identifier: ISC
 *
 * spawn.h - starts a role: the same program again, with one descriptor and next to no environment
 */
#ifndef TOCSIN_DAEMON_SPAWN_H
#define TOCSIN_DAEMON_SPAWN_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

#define SPAWN_FD 3

struct spawn {
    uid_t uid; /* used when drop is true */
    gid_t gid;
    bool drop;
    const char *state;   /* --state=, for the desk; or NULL */
    const char *write;   /* --write=, one more folder for the desk; or NULL */
    const char *read[3]; /* --read=, NULL-terminated: certificates for notify */
    int verbose;         /* --verbose=, how many -v */
};
/* fork and exec; *fd is our end of the socketpair (close-on-exec). Everything the child must not have is closed or dropped before the exec. */
enum rc spawn_role(const char *role, const struct spawn *how, pid_t *pid, int *fd, struct err *e);
/* Runs --role=selftest-ROLE and waits for it; our output is its. Gives its exit status, 70 when it did not exit by itself. */
int spawn_selftest(const char *role);
/* How a child ended, in words: "signal 9 (Killed)", "status 75"; in out. */
const char *spawn_status(int status, char out[64]);

#endif
