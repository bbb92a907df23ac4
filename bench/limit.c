/* SPDX-License-Identifier: ISC
 *
 * limit.c - the least that a receiver can do: read the socket and count the lines. The yardstick of every ratio
 *
 * Takes   -t PORT (TCP: one connection, newline framing) or -u PORT (UDP: until -n datagrams or 2 s of silence), loopback.
 * Gives   "READY" when it listens, then one JSON line: lines, wall seconds since the first byte, CPU seconds, kernel drops.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdbool.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double seconds(clockid_t c)
{
    struct timespec t;
    clock_gettime(c, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char data[256 << 10];
static uint64_t lines, drops;
static double first, last;

static void tcp(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    for (ssize_t n; (n = read(fd, data, sizeof data)) > 0;) {
        if (!first) first = seconds(CLOCK_MONOTONIC);
        size_t left = (size_t)n;
        for (const char *p = data, *q; left && (q = memchr(p, '\n', left)); lines++) left -= (size_t)(q + 1 - p), p = q + 1;
    }
    last = seconds(CLOCK_MONOTONIC);
    close(fd);
}

static void udp(int fd, uint64_t want)
{
    static char slot[64][2048];
    struct mmsghdr m[64];
    struct iovec v[64];
    char control[64][64];
    while (lines < want) {
        struct pollfd p = {fd, POLLIN, 0};
        if (poll(&p, 1, 2000) <= 0) break;
        for (unsigned i = 0; i < 64; i++) {
            v[i] = (struct iovec){slot[i], sizeof slot[i]};
            m[i].msg_hdr = (struct msghdr){.msg_iov = &v[i], .msg_iovlen = 1, .msg_control = control[i], .msg_controllen = sizeof control[i]};
        }
        int n = recvmmsg(fd, m, 64, MSG_DONTWAIT, NULL);
        if (n <= 0) continue;
        if (!first) first = seconds(CLOCK_MONOTONIC);
        lines += (uint64_t)n;
        last = seconds(CLOCK_MONOTONIC);
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&m[n - 1].msg_hdr); c; c = CMSG_NXTHDR(&m[n - 1].msg_hdr, c))
            if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
                uint32_t o;
                memcpy(&o, CMSG_DATA(c), sizeof o);
                drops = o;
            }
    }
}

int main(int argc, char **argv)
{
    bool is_udp = false;
    unsigned long port = 0;
    uint64_t want = UINT64_MAX;
    for (int c; (c = getopt(argc, argv, "t:u:n:")) != -1;) {
        if (c == 'n') want = strtoull(optarg, NULL, 10);
        else if (c == '?') return 2;
        else port = strtoul(optarg, NULL, 10), is_udp = c == 'u';
    }
    int one = 1, size = 16 << 20;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, (is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size)) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof one);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || (!is_udp && listen(fd, 16))) return perror("limit"), 1;
    puts("READY");
    fflush(stdout);
    if (is_udp) udp(fd, want);
    else tcp(fd);
    printf("{\"lines\":%" PRIu64 ",\"seconds\":%.6f,\"cpu\":%.6f,\"drops\":%" PRIu64 "}\n", lines, last - first, seconds(CLOCK_PROCESS_CPUTIME_ID), drops);
    return 0;
}
