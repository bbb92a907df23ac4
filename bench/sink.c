/* SPDX-License-Identifier: ISC
 *
 * sink.c - the far side of outgoing webhooks: checks every signature, counts, and notes when each arrived
 *
 * Takes   -s KEY (the secret, base64, without "whsec_"), -q: says nothing of good ones; GET answers how many there were. Loopback, any port; HTTP/1.1 with Content-Length, connections kept. At most 64 connections and
 *         bodies of 64 KiB: it is for measuring, not for the world.
 * Gives   "READY PORT", then a line per request: "HOOK SECONDS good|bad ID BODY" (monotonic clock, as Python's time.monotonic()).
 */
#include "base/digest.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 64, MOST = 80 << 10 };

static struct conn {
    size_t have;
    char data[MOST + 1];
} conns[CONNECTIONS];
static struct pollfd fds[CONNECTIONS + 1];
static struct buf key;
static bool quiet;
static unsigned long counted;

static struct str header(const char *head, const char *end, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = head; p < end;) {
        const char *q = memchr(p, '\r', (size_t)(end - p));
        if (!q) q = end;
        if ((size_t)(q - p) > n && p[n] == ':' && !strncasecmp(p, name, n)) {
            for (p += n + 1; p < q && *p == ' ';) p++;
            return (struct str){p, (size_t)(q - p)};
        }
        p = q + 2;
    }
    return (struct str){"", 0};
}

static bool good(struct str id, struct str stamp, struct str given, struct str body)
{
    struct str dot = {".", 1}, pieces[] = {id, dot, stamp, dot, body};
    uint8_t mac[SHA256_SIZE];
    struct buf want;
    buf_init(&want, 256);
    hmac_sha256_v((struct str){key.p, key.n}, pieces, 5, mac);
    buf_add(&want, "v1,", 3);
    base64_add(&want, mac, sizeof mac, 0);
    bool same = want.n == given.n && !memcmp(want.p, given.p, want.n);
    buf_fini(&want);
    return same;
}

static void tell_count(int fd)
{
    char body[32], answer[128];
    int n = snprintf(body, sizeof body, "%lu", counted);
    int all = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", n, body);
    if (write(fd, answer, (size_t)all) != all) perror("sink: answer");
}

static size_t one_request(struct conn *c, int fd) /* bytes used, 0 when it is not whole yet */
{
    c->data[c->have] = '\0';
    char *end = strstr(c->data, "\r\n\r\n");
    if (!end) return 0;
    struct str length = header(c->data, end, "content-length");
    size_t n = (size_t)strtoul(length.p, NULL, 10), head = (size_t)(end + 4 - c->data);
    if (head + n > c->have) return 0;
    if (!strncmp(c->data, "GET ", 4)) return tell_count(fd), head + n;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    struct str id = header(c->data, end, "webhook-id"), body = {c->data + head, n};
    bool ok = good(id, header(c->data, end, "webhook-timestamp"), header(c->data, end, "webhook-signature"), body);
    static const char answer[] = "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n";
    if (write(fd, answer, sizeof answer - 1) < 0) return c->have;
    for (size_t i = 0; i < n; i++)
        if (body.p[i] == '\n' || body.p[i] == '\r') c->data[head + i] = ' ';
    counted += ok;
    if (!ok || !quiet)
        printf("HOOK %lld.%06ld %s %.*s %.*s\n", (long long)t.tv_sec, t.tv_nsec / 1000, ok ? "good" : "bad", (int)id.n, id.p, (int)n, body.p);
    return head + n;
}

static void on_readable(unsigned i)
{
    struct conn *c = &conns[i];
    int fd = fds[i].fd;
    ssize_t n = read(fd, c->data + c->have, MOST - c->have);
    if (n <= 0) {
        close(fd), fds[i].fd = -1, c->have = 0;
        return;
    }
    c->have += (size_t)n;
    for (size_t used; c->have && (used = one_request(c, fd)) > 0;) memmove(c->data, c->data + used, c->have -= used);
    fflush(stdout);
}

static void on_connection(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    for (unsigned i = 0; fd >= 0 && i < CONNECTIONS; i++)
        if (fds[i].fd < 0) {
            fds[i] = (struct pollfd){fd, POLLIN, 0};
            return;
        }
    if (fd >= 0) close(fd);
}

int main(int argc, char **argv)
{
    buf_init(&key, 256);
    for (int c; (c = getopt(argc, argv, "s:q")) != -1;)
        if (c == 'q') quiet = true;
        else if (c != 's' || !base64_parse((struct str){optarg, strlen(optarg)}, &key)) return fputs("usage: sink -s BASE64 [-q]\n", stderr), 2;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&a, sizeof a) || listen(listener, 64) || getsockname(listener, (struct sockaddr *)&a, &size)) return perror("sink"), 1;
    printf("READY %u\n", ntohs(a.sin_port));
    fflush(stdout);
    for (unsigned i = 0; i < CONNECTIONS; i++) fds[i].fd = -1;
    fds[CONNECTIONS] = (struct pollfd){listener, POLLIN, 0};
    while (poll(fds, CONNECTIONS + 1, -1) >= 0) {
        for (unsigned i = 0; i < CONNECTIONS; i++)
            if (fds[i].fd >= 0 && fds[i].revents) on_readable(i);
        if (fds[CONNECTIONS].revents) on_connection(listener);
    }
    return 1;
}
