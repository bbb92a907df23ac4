/* SPDX-License-Identifier: ISC
 *
 * confine.c - a role gives away what it does not need
 */
#include "daemon/confine.h"

#include "daemon/landlock.h"
#include "daemon/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALSO_MAX 8
#define READ_MAX 48
#define FILES_MAX 65536

static const char *also[ALSO_MAX];
static size_t nalso;
static const char *also_write;

/* What looking names up and checking certificates takes. Single files and not /etc, because /etc/shadow lies there too; so a
 * resolv.conf that is replaced (and not rewritten) is seen by the next notify role only. */
static const char *const notify_reads[] = {"/etc/resolv.conf",
                                           "/etc/hosts",
                                           "/etc/nsswitch.conf",
                                           "/etc/host.conf",
                                           "/etc/gai.conf",
                                           "/etc/services",
                                           "/etc/protocols",
                                           "/etc/ld.so.cache",
                                           "/etc/ssl",
                                           "/etc/pki/tls",
                                           "/etc/ca-certificates",
                                           "/etc/crypto-policies",
                                           "/usr/share/ca-certificates",
                                           "/usr/local/share/ca-certificates",
                                           "/usr/lib",
                                           "/usr/lib64",
                                           "/lib",
                                           "/lib64",
                                           "/run/systemd/resolve",
                                           "/run/NetworkManager",
                                           "/run/resolvconf",
                                           "/run/connman",
                                           "/dev/urandom",
                                           "/dev/null",
                                           NULL};
static const char *const desk_reads[] = {"/dev/urandom", "/dev/null", NULL}; /* SQLite seeds itself there */
static const char *const compile_reads[] = {"/usr/share/zoneinfo", NULL};

static const struct {
    const char *name;
    const char *const *read;
    bool connect;
} roles[] = {
    [CONFINE_INGEST] = {"ingest", NULL, false},
    [CONFINE_DESK] = {"desk", desk_reads, false},
    [CONFINE_NOTIFY] = {"notify", notify_reads, true},
    [CONFINE_COMPILE] = {"compile", compile_reads, false},
};

const char *confine_name(enum confined role) {
    return roles[role].name;
}

void confine_also_read(const char *path) {
    if (nalso < ALSO_MAX)
        also[nalso++] = path;
}

void confine_also_write(const char *path) {
    also_write = path;
}

static size_t add_paths(const char **out, size_t n, const char *const *paths) {
    while (paths && *paths && n < READ_MAX)
        out[n++] = *paths++;
    return n;
}

static void confine_files(enum confined role, const struct confine_paths *p, struct buf *missing) {
    const char *read[READ_MAX + 1] = {NULL};
    const char *write[] = {p ? p->state : NULL, p ? also_write : NULL, NULL};
    size_t n = add_paths(read, 0, roles[role].read);

    n = add_paths(read, n, p ? p->read : NULL);
    for (size_t i = 0; i < nalso && n < READ_MAX; i++)
        read[n++] = also[i];
    landlock_confine(&(struct fence){.read = read, .write = write, .connect = roles[role].connect}, missing);
}

enum rc confine_role(const char *role, const struct confine_paths *p, struct buf *missing) {
    struct err e = {0};
    size_t i = 0;

    while (i < CONFINE__COUNT && strcmp(roles[i].name, role) != 0)
        i++;
    if (i == CONFINE__COUNT)
        return RC_INVALID;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        buf_printf(missing, "%sno_new_privs refused: %s", missing->n ? "; " : "", strerrordesc_np(errno));
    confine_files((enum confined)i, p, missing);
    if (seccomp_confine((enum confined)i, &e) != RC_OK)
        buf_printf(missing, "%s%s", missing->n ? "; " : "", e.text);
    else if (CONFINE_SANITIZED)
        buf_printf(missing, "%sa sanitizer build: system calls are refused by a short list only", missing->n ? "; " : "");
    return RC_OK;
}

void confine_process(void) {
    struct rlimit none = {0, 0}, files;

    for (int fd = 0; fd <= 2; fd++) /* a database must never be opened as descriptor 2 */
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) < 0)
            _exit(71);
    setrlimit(RLIMIT_CORE, &none);               /* no secret in a core file */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) { /* 4096 connections do not fit into the usual 1024; nothing here uses select() */
        files.rlim_cur = files.rlim_max < FILES_MAX ? files.rlim_max : FILES_MAX;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    umask(077);
}
