/* SPDX-License-Identifier: ISC
 *
 * fuzz_yaml.c - whatever YAML is accepted makes trees that tree_open accepts
 */
#include "base/tree.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n) {
    struct tree **v = NULL;
    const struct tree *back = NULL;
    struct err e = {0};
    size_t count = 0;
    enum rc rc = tree_from_yaml("fuzz", str_n(p, n), &v, &count, &e);

    if (rc != RC_OK && (count || !e.text[0]))
        abort();
    while (count) {
        struct tree *t = v[--count];
        if (tree_open(tree_bytes(t), &back, NULL) != RC_OK)
            abort();
        tree_free(t);
    }
    free(v);
    return 0;
}
