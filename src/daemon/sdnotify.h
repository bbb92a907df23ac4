/* SPDX-License-Identifier: ISC
 *
 * sdnotify.h - what systemd and we say to each other (sd_notify(3), sd_listen_fds(3)), without its library
 */
#ifndef TOCSIN_DAEMON_SDNOTIFY_H
#define TOCSIN_DAEMON_SDNOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#define SD_LISTEN_FDS_START 3
#define SD_LISTEN_FDS_MAX 64

/* Sends "READY=1", "STATUS=...", ... to $NOTIFY_SOCKET (a path, or @ for the abstract name space). False when there is none or it
 * does not take it: nothing to do about it. */
bool sd_say(const char *text);
bool sd_sayf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int64_t sd_watchdog_us(void); /* WATCHDOG_USEC meant for this process; 0 = none wanted */

struct sd_fds { /* descriptors handed over, by name; names are copied */
    int n;
    struct {
        int fd;
        char name[256];
    } v[SD_LISTEN_FDS_MAX];
};
/* Reads LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, marks the descriptors close-on-exec and takes the variables away. A missing name
 * is "". n is 0 when there are none, they are meant for another process, or the variables make no sense. */
void sd_listen_fds(struct sd_fds *out);
int sd_take(struct sd_fds *fds, const char *name); /* gives the first descriptor of that name and forgets it; -1 */

#endif
