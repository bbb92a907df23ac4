/* SPDX-License-Identifier: ISC
 *
 * address.h - what a mail address, a login and a short name may look like, before anything is sent to it or filed under it
 */
#ifndef TOCSIN_ESCALATE_ADDRESS_H
#define TOCSIN_ESCALATE_ADDRESS_H

#include "base/str.h"

/* RFC 5321 Mailbox without quoted strings and address literals: dot-atom "@" host name, ASCII, at most 254 bytes. */
bool address_mail(struct str s);
/* http:// or https:// with a host, printable ASCII only, at most 1000 bytes. Whether it may be reached is the carrier's to judge. */
bool address_url(struct str s);
/* 1 to 32 of a-z 0-9 . _ - with a letter or digit first: a login, the short name of an organisation. */
bool address_word(struct str s);

#endif
