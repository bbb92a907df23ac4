/* SPDX-License-Identifier: ISC
 *
 * socket.c - makes and binds what is listened on
 */
#include "intake/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"

#define BACKLOG 1024

static const struct {
    const char *word;
    int family, type;
} kinds[] = {
#define LISTENER(id, word, transport, family, type) [id] = {word, family, type},
#include "intake/listeners.def"
#undef LISTENER
};

/* ---- addresses */

bool address_parse(struct str s, struct sockaddr_storage *ss, socklen_t *len) {
    struct sockaddr_in *v4 = (struct sockaddr_in *)ss;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ss;
    char host[INET6_ADDRSTRLEN];
    uint64_t port;
    size_t colon = SIZE_MAX;

    memset(ss, 0, sizeof *ss);
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == ':')
            colon = i;
    if (colon == SIZE_MAX || !str_u64(str_sub(s, colon + 1, s.n), 65535, &port))
        return false;
    struct str name = str_sub(s, 0, colon);
    bool bracket = name.n >= 2 && name.p[0] == '[' && name.p[name.n - 1] == ']';
    if (bracket)
        name = str_sub(name, 1, name.n - 1);
    if (!str_copy(host, sizeof host, name) || memchr(host, 0, sizeof host) != host + name.n)
        return false;
    if (bracket && inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        *len = sizeof *v6;
        return true;
    }
    if (!bracket && inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        *len = sizeof *v4;
        return true;
    }
    return false;
}

size_t address_format(const struct sockaddr_storage *ss, char out[ADDRESS_TEXT]) {
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)ss;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)ss;
    char host[INET6_ADDRSTRLEN];
    int n = 0;

    out[0] = '\0';
    if (ss->ss_family == AF_INET && inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host))
        n = snprintf(out, ADDRESS_TEXT, "%s:%u", host, ntohs(v4->sin_port));
    else if (ss->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) && inet_ntop(AF_INET, &v6->sin6_addr.s6_addr[12], host, sizeof host))
        n = snprintf(out, ADDRESS_TEXT, "%s:%u", host, ntohs(v6->sin6_port));
    else if (ss->ss_family == AF_INET6 && inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host))
        n = snprintf(out, ADDRESS_TEXT, "[%s]:%u", host, ntohs(v6->sin6_port));
    return n > 0 && n < ADDRESS_TEXT ? (size_t)n : 0;
}

/* ---- unix sockets */

/* A socket nobody listens on is left over from a crash and may go; anything else is somebody's. */
static enum rc clear_path(const struct sockaddr_un *un, int type, struct err *e) {
    struct stat st;

    if (lstat(un->sun_path, &st) != 0)
        return errno == ENOENT ? RC_OK : err_set(e, RC_IO, "cannot look at %s: %s", un->sun_path, strerrordesc_np(errno));
    if (!S_ISSOCK(st.st_mode))
        return err_set(e, RC_CONFLICT, "%s is there already and is no socket", un->sun_path);
    int probe = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (probe < 0)
        return err_set(e, RC_IO, "socket: %s", strerrordesc_np(errno));
    bool stale = connect(probe, (const struct sockaddr *)un, sizeof *un) != 0 && errno == ECONNREFUSED;
    close(probe);
    if (!stale)
        return err_set(e, RC_CONFLICT, "somebody listens on %s already", un->sun_path);
    if (unlink(un->sun_path) != 0)
        return err_set(e, RC_IO, "cannot remove the stale socket %s: %s", un->sun_path, strerrordesc_np(errno));
    return RC_OK;
}

static bool mode_parse(const char *text, mode_t *mode) {
    mode_t v = 0;

    for (*mode = 0; text && *text >= '0' && *text <= '7' && v <= 0777; text++)
        v = v * 8 + (mode_t)(*text - '0');
    *mode = v;
    return text && *text == '\0' && v && v <= 0777;
}

static enum rc bind_unix(int fd, const struct listen_conf *c, struct err *e) {
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    mode_t mode;

    if (!c->address || c->address[0] != '/' || !str_copy(un.sun_path, sizeof un.sun_path, str_of(c->address)))
        return err_set(e, RC_INVALID, "\"%s\" is no absolute path of less than %zu bytes", c->address ? c->address : "", sizeof un.sun_path);
    if (!mode_parse(c->mode, &mode))
        return err_set(e, RC_INVALID, "\"%s\" is no mode such as 0666", c->mode ? c->mode : "");
    enum rc rc = clear_path(&un, kinds[c->kind].type, e);
    if (rc != RC_OK)
        return rc;
    /* Nobody can connect before listen(), and the umask is the parent's strict one: the mode is widened when all is in place. */
    if (bind(fd, (const struct sockaddr *)&un, sizeof un) != 0)
        return err_set(e, RC_IO, "cannot bind %s: %s", un.sun_path, strerrordesc_np(errno));
    if (chmod(un.sun_path, mode) != 0)
        return err_set(e, RC_IO, "cannot set the mode of %s: %s", un.sun_path, strerrordesc_np(errno));
    return RC_OK;
}

/* ---- internet sockets */

static enum rc bind_inet(int fd, const struct listen_conf *c, const struct sockaddr_storage *ss, socklen_t len, struct err *e) {
    int one = 1, zero = 0;

    if (kinds[c->kind].type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (ss->ss_family == AF_INET6) /* [::] serves IPv4 too, whatever the machine's default is */
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    if (bind(fd, (const struct sockaddr *)ss, len) != 0) {
        enum rc rc = errno == EADDRINUSE ? RC_CONFLICT : RC_IO;
        err_set(e, rc, "cannot bind %s %s: %s", kinds[c->kind].word, c->address, strerrordesc_np(errno));
        if (errno == EACCES)
            err_hint(e, "ports below 1024 need root, CAP_NET_BIND_SERVICE or socket activation");
        return rc;
    }
    return RC_OK;
}

static void grow_buffer(int fd, const struct listen_conf *c) {
    int want = c->rcvbuf > INT32_MAX / 2 ? INT32_MAX / 2 : (int)c->rcvbuf, got = 0;
    socklen_t len = sizeof got;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &want, sizeof want) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &want, sizeof want);
    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &got, &len) == 0 && got / 2 < want) /* the kernel tells twice what counts */
        log_warn("intake", "%s %s: the kernel grants a receive buffer of %d KiB, %d KiB were asked for: raise net.core.rmem_max", kinds[c->kind].word,
                 c->address, got / 2048, want / 1024);
}

/* ---- both */

enum rc listen_open(const struct listen_conf *c, int *out, struct err *e) {
    struct sockaddr_storage ss = {.ss_family = AF_UNIX};
    socklen_t len = 0;
    int one = 1, type = kinds[c->kind].type;
    bool inet = kinds[c->kind].family == AF_INET;

    *out = -1;
    if (inet && !address_parse(str_of(c->address), &ss, &len))
        return err_set(e, RC_INVALID, "\"%s\" is no address such as 127.0.0.1:514 or [::]:514", c->address ? c->address : "");
    int fd = socket(ss.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return err_set(e, RC_IO, "socket: %s", strerrordesc_np(errno));
    enum rc rc = inet ? bind_inet(fd, c, &ss, len, e) : bind_unix(fd, c, e);
    if (rc == RC_OK && type == SOCK_STREAM && listen(fd, BACKLOG) != 0)
        rc = err_set(e, RC_IO, "cannot listen on %s: %s", c->address, strerrordesc_np(errno));
    if (rc != RC_OK) {
        close(fd);
        return rc;
    }
    if (type == SOCK_DGRAM) {
        grow_buffer(fd, c);
        setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof one);
    }
    *out = fd;
    return RC_OK;
}

bool listen_fits(const struct listen_conf *c, int fd) {
    struct sockaddr_storage want, have;
    socklen_t want_len, len = sizeof have, tlen = sizeof(int);
    int type = 0;

    memset(&have, 0, sizeof have);
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &tlen) != 0 || type != kinds[c->kind].type || getsockname(fd, (struct sockaddr *)&have, &len) != 0)
        return false;
    if (kinds[c->kind].family == AF_UNIX)
        return have.ss_family == AF_UNIX && c->address && str_is(str_of(((struct sockaddr_un *)&have)->sun_path), c->address);
    char a[ADDRESS_TEXT], b[ADDRESS_TEXT];
    return address_parse(str_of(c->address), &want, &want_len) && want.ss_family == have.ss_family && address_format(&want, a) &&
           address_format(&have, b) && str_eq(str_of(a), str_of(b));
}

bool socket_drops(int fd, uint32_t *drops) {
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t len = sizeof info;

    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &len) != 0 || len <= SK_MEMINFO_DROPS * sizeof *info)
        return false;
    *drops = info[SK_MEMINFO_DROPS];
    return true;
}
