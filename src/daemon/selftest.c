/* SPDX-License-Identifier: ISC
 *
 * selftest.c - confines this process as a role and tries what the role must not be able to do
 */
#include "daemon/confine.h"

#include "daemon/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <unistd.h>

/* Each gives 0 when the kernel let it, else the errno it answered with. */
static int try_shadow(void) {
    int fd = open("/etc/shadow", O_RDONLY | O_CLOEXEC);

    return fd < 0 ? errno : (close(fd), 0);
}

static int try_write(void) {
    int fd = open("/tmp/tocsin-selftest", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return errno;
    close(fd);
    unlink("/tmp/tocsin-selftest");
    return 0;
}

static int on_socket(int (*fn)(int, const struct sockaddr *, socklen_t), in_port_t port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return errno;
    int no = fn(fd, (const struct sockaddr *)&a, sizeof a) != 0 ? errno : 0;
    close(fd);
    return no == ECONNREFUSED ? 0 : no; /* the kernel tried */
}

static int try_connect(void) {
    return on_socket(connect, 9);
}

/* The control socket takes our own user for an administrator. */
static int try_local(void) {
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    return fd < 0 ? errno : (close(fd), 0);
}

static int bind_and_listen(int fd, const struct sockaddr *a, socklen_t len) {
    return bind(fd, a, len) != 0 ? -1 : listen(fd, 1);
}

static int try_listen(void) {
    return on_socket(bind_and_listen, 0);
}

static int try_exec(void) {
    char *const argv[] = {NULL}, *const env[] = {NULL};

    execve("/bin/false", argv, env); /* comes back only when refused; had it worked, its exit status would tell */
    return errno;
}

static int try_ptrace(void) {
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) != 0 ? errno : 0;
}

static int try_signal(void) {
    return kill(getppid(), 0) != 0 ? errno : 0;
}

static const struct {
    const char *what;
    int (*attempt)(void);
    unsigned allowed; /* roles that may */
    bool judged;      /* in this build */
} attempts[] = {
    {"open /etc/shadow", try_shadow, 0, true},
    {"write to /tmp", try_write, 0, true},
    {"connect by TCP", try_connect, 1u << CONFINE_NOTIFY, true},
    {"listen on TCP", try_listen, 0, true},
    {"open a local socket", try_local, 0, true},
    {"ptrace the parent", try_ptrace, 0, !CONFINE_SANITIZED},
    {"signal the parent", try_signal, 0, true},
    {"execute a program", try_exec, 0, true}, /* last: see there */
};

static enum confined role_named(const char *role) {
    unsigned i = 0;

    while (i < CONFINE__COUNT && strcmp(confine_name((enum confined)i), role) != 0)
        i++;
    return (enum confined)i;
}

int confine_selftest(const char *role) {
    enum confined r = role_named(role);
    struct buf missing;
    int bad = 0;

    buf_init(&missing, 4096);
    if (r == CONFINE__COUNT || confine_role(role, NULL, &missing) != RC_OK)
        return 1;
    if (missing.n)
        printf("%s: %s\n", role, buf_cstr(&missing));
    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        int no = attempts[i].attempt();
        bool may = (attempts[i].allowed >> r & 1) != 0, good = may == (no == 0);
        printf("%s %s: %s%s%s%s%s\n", role, attempts[i].what, no ? "denied (" : "allowed", no ? strerrorname_np(no) : "",
               no ? ")" : "", may && good ? ", as it must be" : "",
               good                 ? ""
               : attempts[i].judged ? " - NOT AS IT SHOULD BE"
                                    : " - not judged in a sanitizer build");
        fflush(stdout);
        bad += !good && attempts[i].judged;
    }
    buf_fini(&missing);
    return bad;
}
