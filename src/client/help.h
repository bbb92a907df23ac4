/* SPDX-License-Identifier: ISC
 *
 * help.h - the table of commands as help, manual and completion
 */
#ifndef TOCSIN_CLIENT_HELP_H
#define TOCSIN_CLIENT_HELP_H

#include "base/buf.h"
#include "model/command.h"

void help_usage(const struct command *cmd, struct buf *b);
void help_all(struct buf *b);
void help_command(struct str words, struct buf *b, bool *found); /* every row whose words begin so */
void help_bash(struct buf *b);
void help_mdoc(struct buf *b);     /* mdoc.c: the commands of tocsin(1) */
void help_mdoc_api(struct buf *b); /* mdoc.c: the routes of tocsin-api(7) */

#endif
