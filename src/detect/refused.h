/* SPDX-License-Identifier: ISC
 *
 * refused.h - the rules that a configuration names and that are not in force, or do not keep what their samples promise
 *
 * The compile role writes the list into the image (SEC_REFUSED); the desk shows it. What is read from an image is as foreign as a frame.
 */
#ifndef TOCSIN_DETECT_REFUSED_H
#define TOCSIN_DETECT_REFUSED_H

#include "base/tree.h"

#define REFUSED_MAX 20000 /* beyond it they are counted only, by struct errs */
#define REFUSED_BYTES (8u << 20)

struct refused {
    bool sample; /* the rule is in force, a sample of its does not do what it promises */
    struct str id, title, level; /* as far as the document could be read */
    struct str file, text, hint;
    uint32_t line, col;
};
/* docs: of all rules, to find the title by the place of the mistake. */
void refused_add(struct buf *out, struct tree *const *docs, size_t ndocs, const struct err *e);
/* Takes the next one off *rest; false at the end, or when the rest is nonsense. */
bool refused_next(struct str *rest, struct refused *out);

#endif
