/* SPDX-License-Identifier: ISC
 *
 * cisco.h - what Cisco's systems write in front of their time stamp; inside the room only
 */
#ifndef TOCSIN_PARSE_CISCO_H
#define TOCSIN_PARSE_CISCO_H

#include "model/message.h"

/* "29: ", "29: gw1: ", ": gw1 : ", "29: RP/0/RSP0/CPU0:" and the stamp behind it, which must end in a colon. Gives where that colon
 * stands, with *t and *host (absent when it is not named) filled; 0 when s does not begin so. */
size_t cisco_head(struct str s, struct msg_time *t, struct str *host);

#endif
