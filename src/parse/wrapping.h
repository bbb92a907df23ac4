/* SPDX-License-Identifier: ISC
 *
 * wrapping.h - the time stamp that a program's own log has in front of its text; inside the room only
 */
#ifndef TOCSIN_PARSE_WRAPPING_H
#define TOCSIN_PARSE_WRAPPING_H

#include "base/str.h"

/* The length of a stamp at the front of s with its brackets and what parts it from the text; 0 when there is none. A text that is
 * nothing else is not cut. */
size_t wrapping_stamp(struct str s);

#endif
