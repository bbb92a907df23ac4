/* SPDX-License-Identifier: ISC
 * file.h - whole files in and out, descriptors, directories
 */
#ifndef TOCSIN_BASE_FILE_H
#define TOCSIN_BASE_FILE_H
#include "base/buf.h"
#include "base/err.h"
enum rc file_read(const char *path, size_t max, struct buf *out, struct err *e); /* O_CLOEXEC, regular files only */
enum rc file_read_fd(int fd, size_t max, struct buf *out, struct err *e);
/* Refuses a file that others than its owner (or root) can read or write: for secrets. Trims one trailing newline. */
enum rc file_read_secret(const char *path, size_t max, struct buf *out, struct err *e);
enum rc file_write(const char *path, struct str bytes, unsigned mode, struct err *e); /* temp + fsync + rename + fsync dir */
/* Names (not paths) of the regular files in dir that end in `suffix`, sorted bytewise, each NUL-terminated in out; those of its folders
 * when suffix is "/". */
enum rc file_list(const char *dir, const char *suffix, struct buf *out, size_t *count, struct err *e);
enum rc fd_nonblock(int fd, struct err *e);
int fd_memfd(const char *name);       /* sealable, cloexec; -1 with errno */
int fd_sealed(const char *name, struct str bytes); /* a sealed one with these bytes; -1 when there is none to be had */
enum rc fd_seal(int memfd, struct err *e); /* no more write, grow, shrink */
enum rc fd_write_all(int fd, struct str bytes, struct err *e);
#endif
