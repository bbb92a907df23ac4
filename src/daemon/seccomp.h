/* SPDX-License-Identifier: ISC
 * seccomp.h - the system call filter of a role (confine.def) as a BPF program
 */
#ifndef TOCSIN_DAEMON_SECCOMP_H
#define TOCSIN_DAEMON_SECCOMP_H

#include "daemon/confine.h"

#if defined(__SANITIZE_ADDRESS__)
#define CONFINE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONFINE_SANITIZED 1
#endif
#endif
#ifndef CONFINE_SANITIZED
#define CONFINE_SANITIZED 0
#endif

/* For this process and for good. RC_UNREACHABLE when the kernel or the machine has no such filter, with the reason in e. */
enum rc seccomp_confine(enum confined role, struct err *e);

#endif
