/* SPDX-License-Identifier: ISC
 *
 * sockets.h - what the parent opens for the roles: folders, listeners, the control socket
 */
#ifndef TOCSIN_DAEMON_SOCKETS_H
#define TOCSIN_DAEMON_SOCKETS_H

#include "daemon/config.h"
#include "daemon/sdnotify.h"
#include "daemon/spawn.h"

#define LISTENERS_MAX 64

struct sockets { /* in the order of config.intake.listen */
    int fd[LISTENERS_MAX];
    size_t n;
};
/* Opens every listener of c: what systemd handed over under its name, else what `old` holds for the same address (the same descriptor
 * then stands in both), else a new one. On an error nothing is left open and old is as it was. */
enum rc sockets_open(const struct config *c, const struct sockets *old, struct sd_fds *given, struct sockets *out, struct err *e);
/* Closes those of `old` that do not stand in `keep` (NULL = closes all). */
void sockets_close(struct sockets *old, const struct sockets *keep);

/* The folders state (0700) and run (0755: local programs reach the log sockets, the control socket has its own mode), made when missing,
 * of the roles' user. */
enum rc sockets_folders(const struct config *c, const struct spawn *who, struct err *e);
#define CONTROL_SOCKET "control.sock"
/* run/control.sock, 0660 of config.control_group (0600 and a word in the log when there is no such group). A stale one is replaced. */
enum rc sockets_control(const struct config *c, const struct spawn *who, struct sd_fds *given, int *fd, struct err *e);

#endif
