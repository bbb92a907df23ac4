/* SPDX-License-Identifier: ISC
 *
 * sockets.c - what the parent opens for the roles: folders, listeners, the control socket
 *
 * The parent keeps every listening socket for as long as it lives: what arrives while a role is started again waits in the kernel.
 */
#include "daemon/sockets.h"

#include "base/file.h"
#include "base/log.h"
#include "intake/socket.h"

#include <errno.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int kept(const struct listen_conf *l, const struct sockets *old) {
    for (size_t i = 0; old && i < old->n; i++)
        if (listen_fits(l, old->fd[i]))
            return old->fd[i];
    return -1;
}

static bool holds(const struct sockets *s, int fd) {
    for (size_t i = 0; s && i < s->n; i++)
        if (s->fd[i] == fd)
            return true;
    return false;
}

void sockets_close(struct sockets *old, const struct sockets *keep) {
    for (size_t i = 0; i < old->n; i++)
        if (old->fd[i] >= 0 && !holds(keep, old->fd[i]))
            close(old->fd[i]);
    old->n = 0;
}

static enum rc open_one(const struct listen_conf *l, const struct sockets *old, struct sd_fds *given, int *fd, struct err *e) {
    *fd = given ? sd_take(given, l->name) : -1;
    if (*fd >= 0 && !listen_fits(l, *fd))
        log_warn("intake", "%s: the socket handed over is not what tocsin.yaml says, used as it is", l->name);
    if (*fd < 0)
        *fd = kept(l, old);
    return *fd >= 0 ? fd_nonblock(*fd, e) : listen_open(l, fd, e);
}

enum rc sockets_open(const struct config *c, const struct sockets *old, struct sd_fds *given, struct sockets *out,
                     struct err *e) {
    const struct listen_conf *l = c->intake.listen.v;
    enum rc rc = RC_OK;

    out->n = 0;
    for (size_t i = 0; rc == RC_OK && i < c->intake.listen.n && i < LISTENERS_MAX; i++) {
        rc = open_one(&l[i], old, given, &out->fd[out->n], e);
        out->n += rc == RC_OK;
    }
    if (rc != RC_OK)
        sockets_close(out, old);
    return rc;
}

/* ---- folders */
static enum rc folder(const char *path, mode_t mode, const struct spawn *who, struct err *e) {
    struct stat st;

    if (mkdir(path, mode) == 0) {
        if (who->drop && chown(path, who->uid, who->gid) != 0)
            return err_set(e, RC_IO, "cannot give %s to the user of the roles: %s", path, strerrordesc_np(errno));
        chmod(path, mode); /* whatever the umask says */
        return RC_OK;
    }
    int no = errno;
    if (no == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return RC_OK;
    err_set(e, RC_IO, "cannot make the folder %s: %s", path, strerrordesc_np(no));
    err_hint(e, "the folder above it must be there and writable");
    return RC_IO;
}

enum rc sockets_folders(const struct config *c, const struct spawn *who, struct err *e) {
    enum rc rc = folder(c->state, 0700, who, e);

    return rc == RC_OK ? folder(c->run, 0755, who, e) : rc;
}

/* ---- the control socket */
static void give_to_group(const struct config *c, const char *path, const struct spawn *who) {
    const struct group *g = c->control_group && c->control_group[0] ? getgrnam(c->control_group) : NULL;
    uid_t uid = who->drop ? who->uid : (uid_t)-1;

    if (g && chown(path, uid, g->gr_gid) == 0 && chmod(path, 0660) == 0)
        return;
    if (c->control_group && c->control_group[0])
        log_note("control", "%s: open to its owner and root only: %s \"%s\"", path,
                 g ? "cannot give it to the group" : "there is no group", c->control_group);
    if (who->drop && chown(path, uid, (gid_t)-1) != 0)
        log_warn("control", "%s: cannot give it to the roles' user: %s", path, strerrordesc_np(errno));
}

enum rc sockets_control(const struct config *c, const struct spawn *who, struct sd_fds *given, int *fd, struct err *e) {
    char path[200], mode[] = "0600";
    struct listen_conf l = {.kind = LISTEN_UNIX, .name = path, .address = path, .mode = mode};

    if ((*fd = given ? sd_take(given, "control") : -1) >= 0)
        return fd_nonblock(*fd, e);
    snprintf(path, sizeof path, "%s/" CONTROL_SOCKET, c->run);
    enum rc rc = listen_open(&l, fd, e);
    if (rc == RC_OK)
        give_to_group(c, path, who);
    return rc;
}
