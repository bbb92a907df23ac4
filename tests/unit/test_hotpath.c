/* SPDX-License-Identifier: ISC
 *
 * test_hotpath.c - a harmless line costs no allocation and no system call
 *
 * Takes   the shipped configuration, a hundred thousand harmless lines of many kinds and two formats, as they are and through sockets.
 * Keeps   a count of allocations, by standing before the allocator (json-c's objects are among them), and one of system calls, by tracing a child.
 */
#include "unit.h"

#include "daemon/pipeline.h"
#include "daemon/tally.h"
#include "intake/intake.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define DISTINCT 1000
#define ROUNDS 100

static size_t allocations;

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#endif

#ifdef SANITIZED
void __sanitizer_malloc_hook(const volatile void *p, size_t n);
void __sanitizer_malloc_hook(const volatile void *p, size_t n) {
    (void)p, (void)n;
    allocations++;
}
#else
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t k, size_t n);
void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n) {
    allocations++;
    return __libc_malloc(n);
}

void *calloc(size_t k, size_t n) {
    allocations++;
    return __libc_calloc(k, n);
}

void *realloc(void *p, size_t n) {
    allocations++;
    return __libc_realloc(p, n);
}
#endif

static struct generation *g;
static struct buf image; /* which g borrows */
static struct pipeline p;
static struct message m;
static char lines[DISTINCT][256];

static void write_lines(void) {
    static const struct {
        const char *program, *text;
    } kinds[] = {
        {"sshd", "pam_unix(sshd:session): session opened for user alice(uid=1000) by (uid=0)"},
        {"sshd", "Connection closed by 10.20.1.7 port 40022"},
        {"CRON", "(root) CMD (   cd / && run-parts --report /etc/cron.hourly)"},
        {"kernel", "eth0: NIC Link is Up, 1000 Mbps full duplex, flow control: RX/TX"},
        {"nginx", "10.30.1.7 - - [11/Oct/2026:22:14:15 +0000] \"GET /login HTTP/1.1\" 200 5123 \"-\" \"Mozilla/5.0\""},
        {"postfix/smtpd", "connect from mail7.example.test[10.40.1.7]"},
        {"postfix/qmgr", "4FAB: from=<alice@example.test>, size=4711, nrcpt=1 (queue active)"},
        {"named", "client @0x7f00 10.50.1.7#4711 (example.test): query: example.test IN A +E(0)K (10.0.0.53)"},
        {"systemd", "Started Session 4 of user alice."},
        {"backup", "{\"done\":true,\"files\":4711,\"note\":{\"a\":\"\\u00e9\"}}"},
        {"audispd", "type=PROCTITLE msg=audit(1700000000.123:48): proctitle=6C73002D6C61"},
        {"guard", "CEF:0|V|P|1|1|Link up|3|src=10.20.1.7 msg=a\\=b cs1Label=l cs1=x"},
        {"leases", "addr=10.20.1.7 state=active ends=\"2026-10-11 23:14\" n=4"},
        {"dashboard", "logger=x t=2026-10-11T22:14:15Z level=info msg=\"a \\\"b\\\"\" n=4"},
        {"sysmon", "<Event><System><EventID>5</EventID><Computer>h</Computer></System><EventData><Data Name=\"a\">&lt;</Data></EventData></Event>"},
    };

    for (unsigned i = 0; i < DISTINCT; i++) {
        const char *program = kinds[i % ARRAY_N(kinds)].program, *text = kinds[i % ARRAY_N(kinds)].text;
        if (i / 10 % 3 == 0)
            snprintf(lines[i], sizeof lines[i], "<38>1 2026-10-11T22:14:%02u.003Z host%02u %s %u - [meta@32473 seq=\"1\"] %s", i % 60, i % 64, program,
                     300 + i, text);
        else
            snprintf(lines[i], sizeof lines[i], "<38>Oct 11 22:14:%02u host%02u %s[%u]: %s", i % 60, i % 64, program, 300 + i, text);
    }
}

static int open_shipped(void **state) {
    const char *src = getenv("srcdir");
    static struct errs es;
    char path[512];
    struct err e = {0};

    (void)state;
    snprintf(path, sizeof path, "%s/etc/tocsin.yaml", src ? src : ".");
    buf_init(&image, 256u << 20);
    if (config_compile(path, NULL, 0, false, &image, &es) != RC_OK || generation_open(buf_view(&image), 1, UINT32_MAX, &g, &es) != RC_OK)
        fail_msg("%s:%d: %s", es.v[0].file, es.v[0].line, es.v[0].text);
    assert_int_equal(pipeline_init(&p, g, true, &e), RC_OK);
    write_lines();
    return 0;
}

static int close_shipped(void **state) {
    (void)state;
    pipeline_fini(&p);
    generation_free(g);
    buf_fini(&image);
    return 0;
}

static void make_message(unsigned i) {
    m.raw = str_of(lines[i % DISTINCT]);
    m.peer = STR("192.0.2.250:40000");
    m.arrived = INT64_C(1791756900000000) + i;
    m.transport = TRANSPORT_TCP;
    m.source = m.org = 0;
    m.flags = 0;
}

/* Gives how many were not harmless. */
static size_t run_all(void) {
    uint32_t hits[PIPELINE_HITS_MAX];
    size_t seen = 0;

    for (unsigned i = 0; i < ROUNDS * DISTINCT; i++) {
        make_message(i);
        seen += pipeline_line(&p, &m, NULL, hits) > 0;
    }
    return seen;
}

static void a_harmless_line_costs_no_allocation(void **state) {
    (void)state;
    free(malloc(1));
    run_all(); /* the first of a program's messages has its patterns made */
    size_t before = allocations;
    assert_true(before > 0);
    assert_int_equal(run_all(), 0);
    assert_int_equal(allocations, before);
}

#ifndef SANITIZED
/* ---- through sockets, in a child */

static struct tally *heard;
static size_t received, relevant;

static void on_line(void *ctx, struct message *line) {
    uint32_t hits[PIPELINE_HITS_MAX];
    size_t n = pipeline_line(&p, line, NULL, hits);

    (void)ctx;
    tally_line(heard, &p, line, n > 0);
    relevant += n > 0;
    received++;
}

static int bound(int type, struct sockaddr_in *at) {
    socklen_t len = sizeof *at;
    int fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_true(fd >= 0 && bind(fd, (struct sockaddr *)at, sizeof *at) == 0 && getsockname(fd, (struct sockaddr *)at, &len) == 0);
    return fd;
}

static size_t append_line(char *to, unsigned i) {
    size_t n = strlen(lines[i % DISTINCT]);

    memcpy(to, lines[i % DISTINCT], n);
    to[n] = '\n';
    return n + 1;
}

/* In a process of its own: writes all lines and closes. */
static pid_t sender(const struct sockaddr_in *to) {
    static char out[DISTINCT * 257];
    size_t n = 0, at = 0;
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    for (unsigned i = 0; i < DISTINCT; i++)
        n += append_line(out + n, i);
    bool ok = fd >= 0 && connect(fd, (const struct sockaddr *)to, sizeof *to) == 0;
    for (unsigned r = 0; ok && r < ROUNDS; r++)
        for (at = 0; ok && at < n;) {
            ssize_t w = write(fd, out + at, n - at);
            ok = w > 0;
            at += ok ? (size_t)w : 0;
        }
    _exit(ok ? 0 : 1);
}

static void loop_until(struct event_base *base, size_t count) {
    while (received < count && event_base_loop(base, EVLOOP_ONCE) == 0)
        ;
}

#define TOGETHER 64 /* datagrams; as many as one buffer of the kernel's holds by default, and more */

static void send_datagrams(int fd, const struct sockaddr_in *to, unsigned first) {
    struct mmsghdr mh[TOGETHER] = {0};
    struct iovec iov[TOGETHER];

    for (unsigned i = 0; i < TOGETHER; i++) {
        char *line = lines[(first + i) % DISTINCT];
        iov[i] = (struct iovec){line, strlen(line)};
        mh[i].msg_hdr = (struct msghdr){.msg_name = (void *)(uintptr_t)to, .msg_namelen = sizeof *to, .msg_iov = &iov[i], .msg_iovlen = 1};
    }
    if (sendmmsg(fd, mh, TOGETHER, 0) != TOGETHER)
        _exit(4);
}

static void as_they_are(struct event_base *base, int fd, const struct sockaddr_in *at) {
    (void)base, (void)fd, (void)at;
    relevant += run_all();
}

static void by_tcp(struct event_base *base, int fd, const struct sockaddr_in *at) {
    (void)fd, (void)at;
    loop_until(base, ROUNDS * DISTINCT);
}

static void by_udp(struct event_base *base, int fd, const struct sockaddr_in *at) {
    for (unsigned i = 0; i < ROUNDS * DISTINCT / 10; i += TOGETHER) {
        send_datagrams(fd, at, i);
        loop_until(base, i + TOGETHER);
    }
}

/* The child: is stopped, reads everything, and ends with 0 when nothing was allocated but for its connection and the loop's lists. */
static void child(int kind, int fd, const struct sockaddr_in *at, void (*run)(struct event_base *, int, const struct sockaddr_in *)) {
    static const struct limits_conf limits = {.line = 64 << 10, .connections = 10, .per_source = 10};
    struct event_base *base = event_base_new();
    struct intake *in = intake_new(base, &limits, on_line, NULL);
    int out = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct err e;

    run_all();
    heard = tally_new(g->rules);
    if (!in || !heard || out < 0 || intake_listen(in, kind, fd, 0, 0, &e) != RC_OK)
        _exit(2);
    for (unsigned i = 0; i < 10 * DISTINCT; i++) { /* what is looked at of a new program's first messages has been */
        make_message(i);
        on_line(NULL, &m);
    }
    received = 0;
    size_t before = allocations;
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(77);
    raise(SIGSTOP);
    run(base, out, at);
    _exit(relevant ? 5 : allocations - before > 16 ? 3 : 0);
}

/* Runs it, and gives the number of its system calls. */
static size_t calls_of(int kind, int type, void (*run)(struct event_base *, int, const struct sockaddr_in *), size_t *n) {
    struct sockaddr_in at;
    int fd = bound(type, &at), status = 0;
    size_t stops = 0;

    if (type == SOCK_STREAM)
        assert_int_equal(listen(fd, 4), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        child(kind, fd, &at, run);
    pid_t from = type == SOCK_STREAM ? sender(&at) : 0;
    for (int deliver = 0; waitpid(pid, &status, 0) == pid && WIFSTOPPED(status); stops++) {
        deliver = WSTOPSIG(status) == SIGTRAP || WSTOPSIG(status) == SIGSTOP ? 0 : WSTOPSIG(status);
        ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(intptr_t)deliver);
    }
    if (from > 0)
        waitpid(from, NULL, 0);
    close(fd);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    *n = stops / 2;
    return *n;
}
#endif

static void a_harmless_line_costs_no_system_call(void **state) {
    (void)state;
#ifdef SANITIZED
    skip();
#else
    size_t n = 0;

    calls_of(LISTEN_UDP, SOCK_DGRAM, as_they_are, &n);
    assert_true(n <= 2); /* the stop it begins with, and its end */
#endif
}

static void lines_over_tcp_cost_a_call_for_hundreds(void **state) {
    (void)state;
#ifdef SANITIZED
    skip();
#else
    size_t n = 0, count = (size_t)ROUNDS * DISTINCT;

    calls_of(LISTEN_TCP, SOCK_STREAM, by_tcp, &n);
    print_message("%zu lines over TCP: %zu system calls\n", count, n);
    assert_true(n > 0 && n <= count / 50);
#endif
}

static void datagrams_that_wait_are_read_together(void **state) {
    (void)state;
#ifdef SANITIZED
    skip();
#else
    size_t n = 0, count = (size_t)ROUNDS * DISTINCT / 10;

    calls_of(LISTEN_UDP, SOCK_DGRAM, by_udp, &n);
    print_message("%zu datagrams: %zu system calls, those that sent them among them\n", count, n);
    assert_true(n > 0 && n <= count / 8);
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_harmless_line_costs_no_allocation),
        cmocka_unit_test(a_harmless_line_costs_no_system_call),
        cmocka_unit_test(lines_over_tcp_cost_a_call_for_hundreds),
        cmocka_unit_test(datagrams_that_wait_are_read_together),
    };
    return cmocka_run_group_tests(tests, open_shipped, close_shipped);
}
