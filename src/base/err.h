/* SPDX-License-Identifier: ISC
 *
 * err.h - how a call says that it failed
 *
 * A function that can fail returns `enum rc` and fills the `struct err` it was handed with one sentence (what failed, why) and,
 * where there is something to do about it, a hint. The same words reach the client, the log and "tocsin.yaml:12:3:".
 */
#ifndef TOCSIN_BASE_ERR_H
#define TOCSIN_BASE_ERR_H

#include <stdarg.h>

enum rc {
#define RC(name, word, http, exit, meaning) name,
#include "base/rc.def"
#undef RC
    RC__COUNT
};

struct err {
    enum rc rc;
    char file[160]; /* "" or the file the sentence is about */
    int line;       /* 1.., 0 = none */
    int col;        /* 1.., 0 = none */
    char text[512]; /* one sentence, no newline; strangers' bytes already escaped */
    char hint[256]; /* "" or what to do */
};

/* Fills e (which may be NULL) and returns rc, so that callers write `return err_set(e, RC_INVALID, "...", ...)`. Control bytes
 * that come in through %s are replaced, so that a sentence can be logged as it is. Keeps file/line/col as they are. */
enum rc err_set(struct err *e, enum rc rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
enum rc err_at(struct err *e, enum rc rc, const char *file, int line, int col, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
void err_hint(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void err_hint_words(struct err *e, const char *const *words, unsigned long n); /* "one of a, b, c", as many as there is room for */
void err_clear(struct err *e);

/* "file:line:col: text" or "text"; returns out. */
const char *err_format(const struct err *e, char *out, unsigned long size);

const char *rc_word(enum rc rc); /* "not-found" */
int rc_http(enum rc rc);
int rc_exit(enum rc rc);

/* A bounded list of errors, so that one run reports them all (configuration, rules). */
#define ERRS_MAX 64
struct errs {
    struct err v[ERRS_MAX];
    unsigned n;       /* stored */
    unsigned dropped; /* beyond ERRS_MAX, counted */
    void (*also)(void *ctx, const struct err *e); /* hears of every one, those beyond ERRS_MAX too; or NULL */
    void *ctx;
};
void errs_add(struct errs *es, const struct err *e);

#endif
