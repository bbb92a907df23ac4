/* SPDX-License-Identifier: ISC
 *
 * blast.c - sends a file of syslog lines to a loopback socket as fast as it goes, or at a given rate
 *
 * Takes   -t HOST:PORT (TCP) or -u HOST:PORT (UDP, a datagram a line) or -x PATH (unix stream), -r lines per second (0 = flat out),
 *         -c rounds over the file, FILE. Loopback only, so that it cannot be pointed at somebody.
 * Gives   one JSON line: lines and bytes sent, seconds of wall clock, seconds of CPU.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static double seconds(clockid_t c)
{
    struct timespec t;
    clock_gettime(c, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int dial(int kind, const char *where)
{
    if (kind == 'x') {
        struct sockaddr_un a = {.sun_family = AF_UNIX};
        snprintf(a.sun_path, sizeof a.sun_path, "%s", where);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        return fd >= 0 && !connect(fd, (struct sockaddr *)&a, sizeof a) ? fd : -1;
    }
    struct sockaddr_in a = {.sin_family = AF_INET};
    const char *colon = strrchr(where, ':');
    if (!colon || strncmp(where, "127.", 4)) return fputs("blast: only 127.x:PORT\n", stderr), -1;
    a.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, (kind == 'u' ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    return fd >= 0 && !connect(fd, (struct sockaddr *)&a, sizeof a) ? fd : -1;
}

static uint64_t count_lines(const char *p, size_t n)
{
    uint64_t c = 0;
    for (const char *q; n && (q = memchr(p, '\n', n)); c++) n -= (size_t)(q + 1 - p), p = q + 1;
    return c;
}

static void pace(double start, uint64_t sent, double rate)
{
    double ahead = rate > 0 ? (double)sent / rate - (seconds(CLOCK_MONOTONIC) - start) : 0;
    if (ahead > 0.0005) {
        struct timespec t = {(time_t)ahead, (long)((ahead - (double)(time_t)ahead) * 1e9)};
        nanosleep(&t, NULL);
    }
}

static bool stream(int fd, const char *p, size_t n, double rate, double start, uint64_t *sent)
{
    size_t step = rate > 0 ? 16384 : 1u << 20;
    while (n) {
        size_t want = n < step ? n : step;
        ssize_t w = write(fd, p, want);
        if (w < 0) return false;
        if (rate > 0) *sent += count_lines(p, (size_t)w), pace(start, *sent, rate);
        p += w, n -= (size_t)w;
    }
    return true;
}

static bool datagrams(int fd, const char *p, size_t n, double rate, double start, uint64_t *sent)
{
    struct mmsghdr m[64];
    struct iovec v[64];
    memset(m, 0, sizeof m);
    while (n) {
        unsigned k = 0;
        for (const char *q; k < 64 && n && (q = memchr(p, '\n', n)); k++) {
            v[k] = (struct iovec){(void *)(uintptr_t)p, (size_t)(q - p)};
            m[k].msg_hdr = (struct msghdr){.msg_iov = &v[k], .msg_iovlen = 1};
            n -= (size_t)(q + 1 - p), p = q + 1;
        }
        if (!k) return true;
        for (unsigned done = 0; done < k;) {
            int w = sendmmsg(fd, m + done, k - done, 0);
            if (w < 0) return false;
            done += (unsigned)w;
        }
        *sent += k;
        pace(start, *sent, rate);
    }
    return true;
}

int main(int argc, char **argv)
{
    int kind = 0;
    const char *where = NULL;
    double rate = 0;
    unsigned long rounds = 1;
    for (int c; (c = getopt(argc, argv, "t:u:x:r:c:")) != -1;) {
        if (c == 'r') rate = strtod(optarg, NULL);
        else if (c == 'c') rounds = strtoul(optarg, NULL, 10);
        else if (c == '?') return 2;
        else kind = c, where = optarg;
    }
    struct stat st;
    int f = kind && optind < argc ? open(argv[optind], O_RDONLY | O_CLOEXEC) : -1;
    if (f < 0 || fstat(f, &st)) return fputs("usage: blast -t|-u 127.0.0.1:PORT | -x PATH [-r rate] [-c rounds] FILE\n", stderr), 2;
    size_t n = (size_t)st.st_size;
    const char *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE | MAP_POPULATE, f, 0);
    int fd = dial(kind, where);
    if (p == MAP_FAILED || fd < 0) return perror("blast"), 1;
    uint64_t each = count_lines(p, n), sent = 0;
    double start = seconds(CLOCK_MONOTONIC);
    for (unsigned long r = 0; r < rounds; r++)
        if (!(kind == 'u' ? datagrams : stream)(fd, p, n, rate, start, &sent)) return perror("blast: send"), 1;
    if (kind != 'u') shutdown(fd, SHUT_WR);
    printf("{\"lines\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"start\":%.6f,\"seconds\":%.6f,\"cpu\":%.6f}\n", each * rounds, (uint64_t)n * rounds, start,
           seconds(CLOCK_MONOTONIC) - start, seconds(CLOCK_PROCESS_CPUTIME_ID));
    if (kind == 'u') return 0;
    char c;
    return read(fd, &c, 1) < 0; /* wait until the far side has read everything and closed */
}
