/* SPDX-License-Identifier: ISC
 *
 * blast.c - sends a file of syslog lines to a loopback socket as fast as it goes, or at a given rate
 *
 * Takes   -t HOST:PORT (TCP) or -u HOST:PORT (UDP, a datagram a line) or -x PATH (unix stream), -r lines per second (0 = flat out),
 *         -c rounds over the file, -n lines at most (UDP), FILE. Loopback only, so that it cannot be pointed at somebody.
 * Gives   one JSON line: lines and bytes sent, seconds of wall clock, seconds of CPU.
 *
 * A datagram costs the kernel more to send than to receive, so lines of the same length are handed over 64 at a time and cut into datagrams by the
 * kernel (UDP_SEGMENT): the receiver sees single datagrams as ever. For that the lines are put in order of length within windows of 8,192.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/udp.h>
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

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

enum { WINDOW = 8192, SEGMENTS = 64, LONGEST = 2048, PAYLOAD = 60000 };

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

/* ---- datagrams */
static void by_length(struct iovec *v, struct iovec *spare, size_t n)
{
    uint32_t at[LONGEST + 1] = {0};
    for (size_t i = 0; i < n; i++)
        if (v[i].iov_len < LONGEST) at[v[i].iov_len + 1]++;
    for (size_t i = 1; i <= LONGEST; i++) at[i] += at[i - 1];
    for (size_t i = 0; i < n; i++) spare[at[v[i].iov_len]++] = v[i];
    memcpy(v, spare, n * sizeof *v);
}

static struct iovec *cut(const char *p, size_t n, uint64_t lines)
{
    struct iovec *v = calloc(lines + 1, sizeof *v), *spare = calloc(WINDOW, sizeof *v);
    if (!v || !spare) return free(v), free(spare), NULL;
    uint64_t k = 0;
    for (const char *q; k < lines && (q = memchr(p, '\n', n)); k++) {
        size_t len = (size_t)(q - p);
        v[k] = (struct iovec){(void *)(uintptr_t)p, len < LONGEST ? len : LONGEST - 1};
        n -= len + 1, p = q + 1;
    }
    for (uint64_t i = 0; i < k; i += WINDOW) by_length(v + i, spare, k - i < WINDOW ? (size_t)(k - i) : WINDOW);
    free(spare);
    return v;
}

static bool segmented(int fd, struct iovec *v, size_t n)
{
    union {
        char room[CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr align;
    } control = {.room = {0}};
    struct msghdr m = {.msg_iov = v, .msg_iovlen = n, .msg_control = control.room, .msg_controllen = sizeof control.room};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    uint16_t size = (uint16_t)v->iov_len;
    c->cmsg_level = IPPROTO_UDP, c->cmsg_type = UDP_SEGMENT, c->cmsg_len = CMSG_LEN(sizeof size);
    memcpy(CMSG_DATA(c), &size, sizeof size);
    return sendmsg(fd, &m, 0) >= 0;
}

static bool single(int fd, struct iovec *v, size_t n)
{
    struct mmsghdr m[SEGMENTS];
    memset(m, 0, sizeof m);
    for (size_t i = 0; i < n; i++) m[i].msg_hdr = (struct msghdr){.msg_iov = &v[i], .msg_iovlen = 1};
    for (size_t done = 0; done < n;) {
        int w = sendmmsg(fd, m + done, (unsigned)(n - done), 0);
        if (w < 0) return false;
        done += (unsigned)w;
    }
    return true;
}

static size_t alike(const struct iovec *v, size_t n)
{
    size_t most = v->iov_len ? PAYLOAD / v->iov_len : 1, k = 1;
    if (most > SEGMENTS) most = SEGMENTS;
    while (k < n && k < most && v[k].iov_len == v->iov_len) k++;
    return k;
}

static bool send_alike(int fd, struct iovec *v, size_t n)
{
    static bool unable; /* a kernel before 4.18 */
    if (n > 1 && !unable) {
        if (segmented(fd, v, n)) return true;
        if (errno != EINVAL && errno != EIO && errno != ENOPROTOOPT) return false;
        unable = true;
    }
    return single(fd, v, n);
}

static bool datagrams(int fd, struct iovec *v, uint64_t n, double rate, double start, uint64_t *sent)
{
    for (uint64_t i = 0, k; i < n; i += k) {
        k = alike(v + i, (size_t)(n - i));
        if (!send_alike(fd, v + i, (size_t)k)) return false;
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
    uint64_t most = UINT64_MAX;
    for (int c; (c = getopt(argc, argv, "t:u:x:r:c:n:")) != -1;) {
        if (c == 'r') rate = strtod(optarg, NULL);
        else if (c == 'c') rounds = strtoul(optarg, NULL, 10);
        else if (c == 'n') most = strtoull(optarg, NULL, 10);
        else if (c == '?') return 2;
        else kind = c, where = optarg;
    }
    struct stat st;
    int f = kind && optind < argc ? open(argv[optind], O_RDONLY | O_CLOEXEC) : -1;
    if (f < 0 || fstat(f, &st)) return fputs("usage: blast -t|-u 127.0.0.1:PORT | -x PATH [-r rate] [-c rounds] [-n lines] FILE\n", stderr), 2;
    size_t n = (size_t)st.st_size;
    const char *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE | MAP_POPULATE, f, 0);
    int fd = dial(kind, where);
    if (p == MAP_FAILED || fd < 0) return perror("blast"), 1;
    uint64_t each = count_lines(p, n), sent = 0;
    struct iovec *v = kind == 'u' ? cut(p, n, each) : NULL;
    if (kind == 'u' && !v) return perror("blast"), 1;
    double start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (unsigned long r = 0; r < rounds && sent < most; r++)
        if (!(v ? datagrams(fd, v, most - sent < each ? most - sent : each, rate, start, &sent) : stream(fd, p, n, rate, start, &sent)))
            return perror("blast: send"), 1;
    if (!v) sent = each * rounds, shutdown(fd, SHUT_WR);
    printf("{\"lines\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"start\":%.6f,\"seconds\":%.6f,\"cpu\":%.6f}\n", sent, (uint64_t)n * rounds, start,
           seconds(CLOCK_MONOTONIC) - start, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    fflush(stdout);
    free(v);
    if (kind == 'u') return 0;
    char c;
    return read(fd, &c, 1) < 0; /* wait until the far side has read everything and closed */
}
