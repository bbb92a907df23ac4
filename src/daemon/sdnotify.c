/* SPDX-License-Identifier: ISC
 *
 * sdnotify.c - what systemd and we say to each other, without its library
 */
#include "daemon/sdnotify.h"

#include "base/str.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool sd_say(const char *text) {
    const char *where = getenv("NOTIFY_SOCKET");
    struct sockaddr_un un = {.sun_family = AF_UNIX};

    if (!where || (where[0] != '/' && where[0] != '@') || strlen(where) >= sizeof un.sun_path)
        return false;
    memcpy(un.sun_path, where, strlen(where));
    if (where[0] == '@')
        un.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(where));
    ssize_t n = sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&un, len);
    close(fd);
    return n >= 0;
}

bool sd_sayf(const char *fmt, ...) {
    char text[1024];
    va_list ap;

    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return n >= 0 && sd_say(text);
}

static bool env_number(const char *name, uint64_t max, uint64_t *out) {
    const char *text = getenv(name);

    return text && str_u64(str_of(text), max, out);
}

int64_t sd_watchdog_us(void) {
    uint64_t us, pid;

    if (getenv("WATCHDOG_PID") && (!env_number("WATCHDOG_PID", INT32_MAX, &pid) || pid != (uint64_t)getpid()))
        return 0;
    return env_number("WATCHDOG_USEC", INT64_MAX, &us) ? (int64_t)us : 0;
}

void sd_listen_fds(struct sd_fds *out) {
    uint64_t pid, n;

    out->n = 0;
    if (env_number("LISTEN_PID", INT32_MAX, &pid) && pid == (uint64_t)getpid() &&
        env_number("LISTEN_FDS", SD_LISTEN_FDS_MAX, &n)) {
        struct str names = str_of(getenv("LISTEN_FDNAMES"));
        for (int i = 0; i < (int)n; i++) {
            struct str name = str_absent(names) ? STR("") : str_cut(&names, ':');
            out->v[out->n].fd = SD_LISTEN_FDS_START + i;
            str_copy(out->v[out->n].name, sizeof out->v[out->n].name, name);
            if (fcntl(SD_LISTEN_FDS_START + i, F_SETFD, FD_CLOEXEC) == 0)
                out->n++;
        }
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
}

int sd_take(struct sd_fds *fds, const char *name) {
    for (int i = 0; i < fds->n; i++) {
        int fd = fds->v[i].fd;
        if (fd < 0 || strcmp(fds->v[i].name, name) != 0)
            continue;
        fds->v[i].fd = -1;
        return fd;
    }
    return -1;
}
