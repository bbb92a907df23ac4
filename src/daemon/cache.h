/* SPDX-License-Identifier: ISC
 *
 * cache.h - the configuration as it was compiled last, on disk, so that a start with the same files need not compile it again
 *
 * One file, CACHE_FILE in systemd's folder for such (CACHE_DIRECTORY), else in that of the record: magic, key, digest of what follows, what the compile role said and its image. The
 * key is a digest of every byte that goes into the image: the files, the program, Vectorscan and what this machine's processor can, the time
 * zones' edition. Only the parent reads and writes it; what is not wholly its own (owner, mode, links) or not wholly what was written is no cache,
 * and the compile role is asked as if there were none.
 */
#ifndef TOCSIN_DAEMON_CACHE_H
#define TOCSIN_DAEMON_CACHE_H

#include "base/digest.h"
#include "base/err.h"

#define CACHE_FILE "compiled"

struct cached { /* besides the image: */
    uint32_t mistakes; /* rules refused, or breaking their samples */
    struct buf text;   /* what is wrong with them */
};

const char *cache_folder(const char *state); /* where it is; the others are given the folder of the record, too */
void cache_key(struct str bundle, uint8_t key[SHA256_SIZE]);
/* A sealed descriptor of the image kept under this key, and *c filled; -1 when there is none: *why says what is wrong with the
 * file that is there, NULL when nothing is. */
int cache_load(const char *state, const uint8_t key[SHA256_SIZE], struct cached *c, const char **why);
/* Keeps it, in the place of the one before. The file is whole or not there; it is not waited for the disk, the digest would tell. */
enum rc cache_store(const char *state, const uint8_t key[SHA256_SIZE], const struct cached *c, struct str image, struct err *e);
void cache_drop(const char *state);

#endif
