/* SPDX-License-Identifier: ISC
 *
 * desk_work.c - long work in slices between commits: verify, backup
 */
#include "desk/desk_int.h"

bool work_step(struct desk *d, int64_t now) {
    (void)d;
    (void)now;
    return false;
}
void work_free(struct desk *d) {
    (void)d;
}
