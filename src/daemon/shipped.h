/* SPDX-License-Identifier: ISC
 *
 * shipped.h - where the rules, patterns and dialects that came with this program lie
 */
#ifndef TOCSIN_DAEMON_SHIPPED_H
#define TOCSIN_DAEMON_SHIPPED_H

#include "base/buf.h"

/* The folder with rules.d, normalise.d and dialects.d, appended to out: the installed one, else the etc of the source around the
 * build tree that this program runs from. False when there is neither. */
bool shipped_folder(struct buf *out);

#endif
