/* SPDX-License-Identifier: ISC
 *
 * test_hotpath.c - a harmless line costs no allocation and no system call
 *
 * Takes   the shipped configuration, a hundred thousand harmless lines of many kinds and two formats.
 * Keeps   a count of allocations, by standing before the allocator. System calls are counted by dying of the first: the lines are run in
 *         a child under strict seccomp.
 */
#include "unit.h"

#include "daemon/pipeline.h"

#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/seccomp.h>
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

/* Gives how many were not harmless. */
static size_t run_all(void) {
    uint32_t hits[PIPELINE_HITS_MAX];
    size_t seen = 0;

    for (unsigned i = 0; i < ROUNDS * DISTINCT; i++) {
        m.raw = str_of(lines[i % DISTINCT]);
        m.peer = STR("192.0.2.250:40000");
        m.arrived = INT64_C(1791756900000000) + i;
        m.transport = TRANSPORT_TCP;
        m.source = m.org = 0;
        m.flags = 0;
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

static void a_harmless_line_costs_no_system_call(void **state) {
#ifdef SANITIZED
    (void)state;
    skip();
#else
    int status;

    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
            _exit(77);
        syscall(SYS_exit, run_all() ? 1 : 0); /* strict mode knows no exit_group */
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        skip();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_harmless_line_costs_no_allocation),
        cmocka_unit_test(a_harmless_line_costs_no_system_call),
    };
    return cmocka_run_group_tests(tests, open_shipped, close_shipped);
}
