/* SPDX-License-Identifier: ISC
 * landlock.h - which files a process may still reach (Landlock, ABI 1 to 6)
 */
#ifndef TOCSIN_DAEMON_LANDLOCK_H
#define TOCSIN_DAEMON_LANDLOCK_H

#include "base/buf.h"

#define LANDLOCK_ABI_WANTED 6

int landlock_abi(void); /* 0 = the kernel has none or it is switched off */

struct fence { /* both lists are NULL-terminated; what is not in them cannot be reached */
    const char *const *read;
    const char *const *write;
    bool connect; /* may connect by TCP */
};
/* For this process and for good; no_new_privs must be set. What could not be done is appended to missing. Paths that are not there
 * are passed over. */
void landlock_confine(const struct fence *f, struct buf *missing);

#endif
