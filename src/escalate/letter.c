/* SPDX-License-Identifier: ISC
 *
 * letter.c - one letter written twice: as text and as HTML
 *
 * Takes   headings, sentences, labelled values, log lines, commands.
 * Gives   both forms; nothing in either is a stranger's markup, control byte or change of writing direction.
 * Keeps   the buffers it was given and whether a table is open.
 */
#include "escalate/letter.h"

#include "base/esc.h"

#include <stdlib.h>

#define RAW_MAX 1000

static void end_rows(struct letter *l) {
    if (l->rows)
        buf_text(l->html, "</table>\n");
    l->rows = false;
}

void letter_open(struct letter *l, struct buf *text, struct buf *html) {
    *l = (struct letter){text, html, false};
    buf_text(html, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"></head>\n"
                   "<body style=\"font-family:sans-serif;max-width:46em\">\n");
}

void letter_close(struct letter *l) {
    end_rows(l);
    buf_text(l->html, "</body></html>\n");
}

void letter_heading(struct letter *l, const char *words) {
    end_rows(l);
    buf_printf(l->text, "\n%s\n", words);
    buf_text(l->html, "<h3>");
    esc_html(l->html, str_of(words));
    buf_text(l->html, "</h3>\n");
}

void letter_line(struct letter *l, struct str line) {
    end_rows(l);
    esc_term(l->text, line);
    buf_c(l->text, '\n');
    buf_text(l->html, "<p>");
    esc_html(l->html, line);
    buf_text(l->html, "</p>\n");
}

void letter_row(struct letter *l, const char *label, struct str value) {
    if (value.n == 0)
        return;
    if (!l->rows)
        buf_text(l->html, "<table>\n");
    l->rows = true;
    buf_printf(l->text, "  %-10s ", label);
    esc_term(l->text, value);
    buf_c(l->text, '\n');
    buf_text(l->html, "<tr><th align=\"left\">");
    esc_html(l->html, str_of(label));
    buf_text(l->html, "</th><td>");
    esc_html(l->html, value);
    buf_text(l->html, "</td></tr>\n");
}

void letter_raw(struct letter *l, struct str line) {
    struct str shown = str_sub(line, 0, RAW_MAX);

    end_rows(l);
    buf_text(l->text, "  | ");
    esc_term(l->text, shown);
    buf_text(l->text, shown.n < line.n ? " ...\n" : "\n");
    buf_text(l->html, "<pre style=\"white-space:pre-wrap;border-left:3px solid #999;padding-left:.6em\">");
    esc_html(l->html, shown);
    buf_text(l->html, shown.n < line.n ? " ...</pre>\n" : "</pre>\n");
}

void letter_command(struct letter *l, const char *verb, struct str ref, const char *rest) {
    end_rows(l);
    buf_printf(l->text, "    tocsin %s ", verb);
    esc_term(l->text, ref);
    buf_printf(l->text, "%s\n", rest);
    buf_printf(l->html, "<pre>tocsin %s ", verb);
    esc_html(l->html, ref);
    esc_html(l->html, str_of(rest));
    buf_text(l->html, "</pre>\n");
}

void letter_time(struct buf *b, int64_t us, const struct zone *zone) {
    struct civil c;
    int off = zone_offset(zone, us) / 60;

    zone_from_us(zone, us, &c);
    buf_printf(b, "%04d-%02d-%02d %02d:%02d:%02d %c%02d%02d", c.year, c.mon, c.day, c.hour, c.min, c.sec, off < 0 ? '-' : '+',
               abs(off) / 60, abs(off) % 60);
}

void letter_span(struct buf *b, int64_t us) {
    int64_t min = (us + US_PER_MIN / 2) / US_PER_MIN;

    if (min < 1)
        min = 1;
    if (min < 120)
        buf_printf(b, "%lld min", (long long)min);
    else if (min < 48 * 60)
        buf_printf(b, "%lld h", (long long)((min + 30) / 60));
    else
        buf_printf(b, "%lld d", (long long)((min + 720) / 1440));
}
