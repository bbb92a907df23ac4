/* SPDX-License-Identifier: ISC
 *
 * letter.h - one letter written twice: as text and as HTML, the same sentences in the same order
 *
 * Every value that may be a stranger's goes through here and is escaped for its sink.
 */
#ifndef TOCSIN_ESCALATE_LETTER_H
#define TOCSIN_ESCALATE_LETTER_H

#include "base/buf.h"
#include "base/zone.h"

struct letter {
    struct buf *text, *html;
    bool rows; /* within a table of rows */
};

void letter_open(struct letter *l, struct buf *text, struct buf *html);
void letter_close(struct letter *l);
void letter_heading(struct letter *l, const char *words);
void letter_line(struct letter *l, struct str line);                      /* a paragraph */
void letter_row(struct letter *l, const char *label, struct str value);   /* absent and empty values give no row */
void letter_raw(struct letter *l, struct str line);                       /* as a log has it: marked, cut to 1,000 bytes */
void letter_command(struct letter *l, const char *verb, struct str ref, const char *rest); /* "    tocsin claim EV-2026-000001" */

/* "2026-10-11 22:14:40 +0200" */
void letter_time(struct buf *b, int64_t us, const struct zone *zone);
/* "30 min", "2 h", "3 d": rounded to the nearest, at least "1 min" */
void letter_span(struct buf *b, int64_t us);

#endif
