/* SPDX-License-Identifier: ISC
 *
 * wording_object.h - what an event and an incident have in common for whoever is told of them (between the wording files)
 */
#ifndef TOCSIN_ESCALATE_WORDING_OBJECT_H
#define TOCSIN_ESCALATE_WORDING_OBJECT_H

#include "escalate/wording.h"

struct wording_object {
    const char *kind; /* "event", "incident", "test" */
    struct str ref, title, owner;
    enum state state;
    int priority; /* 0 for a test */
    int level;    /* impact I0..I4 */
    struct str rsit_class, rsit_type;
};
struct wording_voice {
    const char *word;  /* "escalated": the type in JSON and the header */
    const char *lead;  /* the first sentence */
    bool asks;         /* something is asked of the reader */
};

void wording_object(const struct wording_in *in, struct wording_object *o);
const struct wording_voice *wording_voice(enum wording_why why);
const char *wording_tlp(const struct wording_in *in); /* one of the five words of TLP 2.0 */
bool wording_ref_only(const struct wording_in *in);   /* TLP:RED: nothing but the reference leaves by this way */
bool wording_management(const struct wording_in *in); /* reads as management and nothing else */
const char *wording_priority(int priority);           /* "P2 (high)" */
void wording_body(const struct wording_in *in, const struct wording_object *o, struct buf *text, struct buf *html);

#endif
