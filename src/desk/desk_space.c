/* SPDX-License-Identifier: ISC
 *
 * desk_space.c - free space: below the floor intake stops, the ballast keeps people's work going, and it recovers alone
 *
 * Takes   the file system of the database.
 * Gives   pause and go on, each said once; a ballast file that is given up when the disk is full after all (reliability.md F5).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/log.h"
#include "desk/desk_int.h"

#define SPACE_EVERY (5 * US_PER_S)
#define FLOOR_LEAST (UINT64_C(64) << 20)
#define BALLAST_DEFAULT (UINT64_C(32) << 20)

static bool in_memory(const struct desk *d) {
    return !strcmp(d->database, ":memory:") || !*d->database;
}

static void ballast_path(const struct desk *d, char out[4096]) {
    snprintf(out, 4096, "%s.ballast", d->database);
}

static void ballast_fill(struct desk *d) {
    char path[4096];
    if (in_memory(d) || !d->conf.ballast)
        return;
    ballast_path(d, path);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int why = fd < 0 ? errno : posix_fallocate(fd, 0, (off_t)d->conf.ballast);
    if (fd >= 0)
        close(fd);
    d->ballast_gone = why != 0;
    if (why)
        log_warn("space", "no ballast file of %llu bytes: error %d", (unsigned long long)d->conf.ballast, why);
}

void space_open(struct desk *d) {
    if (d->conf.ballast == 0 && !in_memory(d))
        d->conf.ballast = BALLAST_DEFAULT;
    if (d->conf.ballast == UINT64_MAX) /* none wanted */
        d->conf.ballast = 0;
    ballast_fill(d);
}

static void set_paused(struct desk *d, bool paused, const char *why) {
    if (d->paused == paused)
        return;
    d->paused = paused;
    snprintf(d->pause_why, sizeof d->pause_why, "%s", why);
    log_at(paused ? LOG_ALERT_ : LOG_NOTE_, "space", "%s", why);
    if (d->ops.pause)
        d->ops.pause(d->ctx, paused, why);
}

static void ballast_drop(struct desk *d) {
    char path[4096];
    if (in_memory(d) || !d->conf.ballast || d->ballast_gone)
        return;
    ballast_path(d, path);
    if (truncate(path, 0) == 0)
        log_note("space", "the ballast of %llu bytes was given up", (unsigned long long)d->conf.ballast);
    d->ballast_gone = true;
}

/* The disk was full although we stopped before: give up the ballast, so that people can go on deciding. */
void space_full(struct desk *d) {
    ballast_drop(d);
    set_paused(d, true, "disk full: nothing more is accepted until there is room");
}

void space_tick(struct desk *d, int64_t now) {
    struct statvfs v;
    char dir[4096], why[160];
    if (in_memory(d) || now - d->space_at < SPACE_EVERY)
        return;
    d->space_at = now;
    snprintf(dir, sizeof dir, "%s", d->database);
    char *slash = strrchr(dir, '/');
    if (slash)
        slash[slash == dir] = '\0';
    if (statvfs(slash ? dir : ".", &v))
        return;
    uint64_t free_bytes = (uint64_t)v.f_bavail * v.f_frsize, floor = d->conf.free_floor;
    if (!floor) {
        floor = (uint64_t)v.f_blocks * v.f_frsize / 20;
        floor = floor < FLOOR_LEAST ? FLOOR_LEAST : floor;
    }
    bool few_inodes = v.f_files && v.f_favail < v.f_files / 20;
    if (free_bytes < floor || few_inodes) {
        snprintf(why, sizeof why, "%s: %llu MiB free, %llu MiB must stay free: intake stops, people's work goes on", few_inodes ? "few inodes left" : "little space left",
                 (unsigned long long)(free_bytes >> 20), (unsigned long long)(floor >> 20));
        set_paused(d, true, why);
    } else if (d->paused && free_bytes >= floor + floor / 10) { /* not at the edge: it would stop and go */
        if (d->ballast_gone)
            ballast_fill(d);
        snprintf(why, sizeof why, "%llu MiB free again: intake goes on", (unsigned long long)(free_bytes >> 20));
        set_paused(d, false, why);
    }
}
