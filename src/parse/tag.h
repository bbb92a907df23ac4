/* SPDX-License-Identifier: ISC
 *
 * tag.h - the words of a BSD header: host, TAG and what stands in brackets behind it; inside the room only
 */
#ifndef TOCSIN_PARSE_TAG_H
#define TOCSIN_PARSE_TAG_H

#include "base/str.h"

enum { TAG_CHAR = 1, HOST_CHAR = 2, HEX_COLON = 4 };
extern const uint8_t tag_kind[256];

/* How many bytes at the front of s are of a kind; of both a tag's and a host's. */
static inline size_t tag_run(struct str s, uint8_t which) {
    size_t n = 0;

    while (n < s.n && (tag_kind[(unsigned char)s.p[n]] & which))
        n++;
    return n;
}

static inline size_t tag_run_both(struct str s) {
    size_t n = 0;

    while (n < s.n && (tag_kind[(unsigned char)s.p[n]] & (TAG_CHAR | HOST_CHAR)) == (TAG_CHAR | HOST_CHAR))
        n++;
    return n;
}

struct tag {
    struct str app, pid; /* pid absent when there is none */
    size_t end;          /* where the text begins */
};

/* Whether s begins with a tag. */
bool tag_read(struct str s, struct tag *t);
/* The length of the host name at the front of s, 0 when none is there. */
size_t tag_host(struct str s);
/* The length of a word that names a facility and a severity ("auth.info", "<auth.info>") or, where it stands before a tag, a severity
 * alone ("notice sshd[1]:"), with the blank behind it; 0 when it is none. */
size_t tag_priority(struct str s);
/* "INFO", "warn": a word that other programs have where syslog has the host. */
bool tag_level(struct str word);

#endif
