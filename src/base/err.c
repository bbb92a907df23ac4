/* SPDX-License-Identifier: ISC
 *
 * err.c - how a call says that it failed
 */
#include "base/err.h"

#include "base/esc.h"

#include <stdio.h>
#include <string.h>

static const struct rc_row {
    const char *word;
    int http, exit;
} rc_rows[] = {
#define RC(name, word, http, exit, meaning) {word, http, exit},
#include "base/rc.def"
#undef RC
};

static const struct rc_row *row_of(enum rc rc) {
    return &rc_rows[(unsigned)rc < RC__COUNT ? rc : RC_IO];
}

const char *rc_word(enum rc rc) {
    return row_of(rc)->word;
}

int rc_http(enum rc rc) {
    return row_of(rc)->http;
}

int rc_exit(enum rc rc) {
    return row_of(rc)->exit;
}

/* Through a text of its own, because callers wrap a sentence in another: err_set(e, rc, "%s: %s", name, e->text). */
static void __attribute__((format(printf, 3, 0))) sentence(char *out, size_t size, const char *fmt, va_list ap) {
    char text[sizeof((struct err *)0)->text];

    if (vsnprintf(text, size < sizeof text ? size : sizeof text, fmt, ap) < 0)
        text[0] = '\0';
    esc_plain(text);
    memcpy(out, text, strlen(text) + 1);
}

enum rc err_set(struct err *e, enum rc rc, const char *fmt, ...) {
    if (e) {
        va_list ap;
        va_start(ap, fmt);
        sentence(e->text, sizeof e->text, fmt, ap);
        va_end(ap);
        e->rc = rc;
    }
    return rc;
}

enum rc err_at(struct err *e, enum rc rc, const char *file, int line, int col, const char *fmt, ...) {
    if (e) {
        va_list ap;
        va_start(ap, fmt);
        sentence(e->text, sizeof e->text, fmt, ap);
        va_end(ap);
        if (file != e->file) {
            str_copy(e->file, sizeof e->file, str_of(file));
            esc_plain(e->file);
        }
        e->rc = rc;
        e->line = line;
        e->col = col;
    }
    return rc;
}

void err_hint(struct err *e, const char *fmt, ...) {
    if (e) {
        va_list ap;
        va_start(ap, fmt);
        sentence(e->hint, sizeof e->hint, fmt, ap);
        va_end(ap);
    }
}

void err_hint_words(struct err *e, const char *const *words, unsigned long n) {
    char all[sizeof e->hint];
    size_t at = 0;

    for (size_t i = 0; i < n && at + strlen(words[i]) + 16 < sizeof all; i++)
        at += (size_t)snprintf(all + at, sizeof all - at, "%s%s", i ? ", " : "", words[i]);
    err_hint(e, "one of %.*s", (int)at, all);
}

void err_clear(struct err *e) {
    if (e)
        *e = (struct err){.rc = RC_OK};
}

const char *err_format(const struct err *e, char *out, unsigned long size) {
    if (e->file[0] && e->line > 0 && e->col > 0)
        snprintf(out, size, "%s:%d:%d: %s", e->file, e->line, e->col, e->text);
    else if (e->file[0] && e->line > 0)
        snprintf(out, size, "%s:%d: %s", e->file, e->line, e->text);
    else if (e->file[0])
        snprintf(out, size, "%s: %s", e->file, e->text);
    else
        snprintf(out, size, "%s", e->text);
    return out;
}

void errs_add(struct errs *es, const struct err *e) {
    if (!es)
        return;
    if (es->also)
        es->also(es->ctx, e);
    if (es->n < ERRS_MAX)
        es->v[es->n++] = *e;
    else
        es->dropped++;
}
