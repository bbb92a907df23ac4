/* SPDX-License-Identifier: ISC
 *
 * backup.h - a consistent copy of the record while it is being written, a few pages at a time
 *
 * The copy is made on the writer's own connection (reliability.md F3: there is no second one), so that commits in between reach it too.
 * It appears under its name only when it is whole.
 */
#ifndef TOCSIN_STORE_BACKUP_H
#define TOCSIN_STORE_BACKUP_H

#include "store/store.h"

struct backup;
/* RC_CONFLICT when the file exists already. */
enum rc backup_open(struct store *s, const char *file, struct backup **out, struct err *e);
/* Copies up to `pages`. *more says whether there is more to do; without more and with RC_OK the file is there. */
enum rc backup_step(struct backup *b, int pages, bool *more, struct err *e);
void backup_close(struct backup *b); /* removes what is unfinished */

#endif
