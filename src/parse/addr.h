/* SPDX-License-Identifier: ISC
 *
 * addr.h - an address in the middle of a text; inside the room only
 */
#ifndef TOCSIN_PARSE_ADDR_H
#define TOCSIN_PARSE_ADDR_H

#include "base/str.h"

/* The length of the IPv4 or IPv6 address (RFC 4291, maybe [bracketed], maybe with %zone) s begins with, 0 when there is none. It ends
 * where a reader would see it end: "192.0.2.1.5" and "192.0.2.1x" are none. *value is the address alone: without brackets and zone,
 * and the IPv4 address of a mapped one (::ffff:192.0.2.1), so that one sender has one name. */
size_t addr_length(struct str s, struct str *value);
/* The same for an address with a port behind it that would else be read as a part of it: "192.0.2.1.5", "2001:db8::1:50123",
 * "::ffff:192.0.2.1:5". The length is that of the address, in front of the '.' or ':'. */
size_t addr_before_port(struct str s, struct str *value);
/* The length of the host name s begins with: letters, digits, '-', '_', '.', at least one of them no digit or dot; 0 when none. */
size_t host_name_length(struct str s);

#endif
