/* SPDX-License-Identifier: ISC
 *
 * compile.h - from a bundle of files to an image
 */
#ifndef TOCSIN_DAEMON_COMPILE_H
#define TOCSIN_DAEMON_COMPILE_H

#include "daemon/bundle.h"

/* Only tocsin.yaml: an image with nothing but SEC_CONFIG, so that the parent learns which files to open. */
enum rc compile_config(struct str bundle, struct buf *out, struct errs *es);
/* Everything; zones are read from /usr/share/zoneinfo. Every mistake is in es; RC_CONFIG when there was one. With RULESET_KEEP_BAD a
 * bad rule, a file of rules that is no YAML, and a sample that fails (of a rule or a pattern, which stays in force) are in es and in the image (SEC_REFUSED), and are no failure. */
enum rc compile_bundle(struct str bundle, unsigned ruleset_flags, bool run_samples, struct buf *out, struct errs *es);
/* The role: answers each FRAME_IMAGE (payload u32 generation; fd 0 = bundle) with FRAME_COMPILED; a generation of 0 asks for the
 * configuration only. Ends when the parent closes. Gives the exit status. */
int role_compile_main(int parent_fd);

#endif
