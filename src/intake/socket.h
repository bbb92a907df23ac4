/* SPDX-License-Identifier: ISC
 *
 * socket.h - makes and binds what is listened on; called by the parent, who keeps the descriptors over the deaths of ingest
 */
#ifndef TOCSIN_INTAKE_SOCKET_H
#define TOCSIN_INTAKE_SOCKET_H

#include <sys/socket.h>

#include "base/err.h"
#include "intake/intake_conf.h"

#define ADDRESS_TEXT 64

/* Bound and, for streams, listening; non-blocking, close-on-exec. A stale socket file is replaced when nobody listens on it; any other
 * file in its place is an error. Warns in the log when the kernel grants a smaller receive buffer than was asked for. */
enum rc listen_open(const struct listen_conf *conf, int *fd, struct err *e);
/* Whether fd (from systemd, or kept over a reload) is what conf asks for. */
bool listen_fits(const struct listen_conf *conf, int fd);
/* "192.0.2.1:514", "[2001:db8::1]:514" to a socket address. False on names: nothing is looked up. */
bool address_parse(struct str s, struct sockaddr_storage *ss, socklen_t *len);
/* The reverse; an IPv4 address in IPv6 clothes is shown bare. Gives a length, 0 for what is no internet address. */
size_t address_format(const struct sockaddr_storage *ss, char out[ADDRESS_TEXT]);
/* Datagrams the kernel dropped on this socket since it was made; false when it cannot say. */
bool socket_drops(int fd, uint32_t *drops);

#endif
