/* SPDX-License-Identifier: ISC
 *
 * seccomp.c - the system call filter of a role as a BPF program
 *
 * The table is walked once, at the start. A call of another machine's numbering (int 0x80, x32) ends the process: nobody of ours
 * makes one. A sanitizer build needs calls that no list can foresee: there the filter only refuses what the role must not do.
 */
#include "daemon/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MACHINE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define MACHINE AUDIT_ARCH_RISCV64
#else
#define MACHINE 0 /* not tried: no filter there, and FRAME_READY says so */
#endif
#define X32 0x40000000u

#define PROGRAM_MAX 1024

struct program {
    struct sock_filter v[PROGRAM_MAX];
    unsigned short n;
};

static void put(struct program *p, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf) {
    if (p->n < PROGRAM_MAX)
        p->v[p->n++] = (struct sock_filter){code, jt, jf, k};
}

#define LOAD(p, field) put(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)(field), 0, 0)
#define RETURN(p, what) put(p, BPF_RET | BPF_K, what, 0, 0)
#define UNLESS_EQUAL_SKIP(p, k, n) put(p, BPF_JMP | BPF_JEQ | BPF_K, k, 0, n)
#define NR offsetof(struct seccomp_data, nr)
#define ARG(n) (offsetof(struct seccomp_data, args) + 8 * (n)) /* little-endian: the low half comes first */
#define REFUSE(no) (SECCOMP_RET_ERRNO | ((uint32_t)(no) & SECCOMP_RET_DATA))

static void rule(struct program *p, uint32_t nr, uint32_t verdict) {
    UNLESS_EQUAL_SKIP(p, nr, 1);
    RETURN(p, verdict);
}

static void rule_arg(struct program *p, uint32_t nr, unsigned n, uint32_t value, uint32_t verdict) {
    UNLESS_EQUAL_SKIP(p, nr, 4);
    LOAD(p, ARG(n));
    UNLESS_EQUAL_SKIP(p, value, 1);
    RETURN(p, verdict);
    LOAD(p, NR);
}

static void head(struct program *p) {
    LOAD(p, offsetof(struct seccomp_data, arch));
    put(p, BPF_JMP | BPF_JEQ | BPF_K, MACHINE, 1, 0);
    RETURN(p, SECCOMP_RET_KILL_PROCESS);
    LOAD(p, NR);
#ifdef __x86_64__
    put(p, BPF_JMP | BPF_JGE | BPF_K, X32, 0, 1);
    RETURN(p, SECCOMP_RET_KILL_PROCESS);
#endif
}

#define I (1u << CONFINE_INGEST)
#define D (1u << CONFINE_DESK)
#define N (1u << CONFINE_NOTIFY)
#define C (1u << CONFINE_COMPILE)
#define A (I | D | N | C)

static void allow_list(struct program *p, unsigned role) {
#define SYSCALL(name, roles)                                                                                                     \
    if ((roles)&role)                                                                                                            \
        rule(p, SYS_##name, SECCOMP_RET_ALLOW);
#define SYSCALL_ARG(name, roles, n, value)                                                                                       \
    if ((roles)&role)                                                                                                            \
        rule_arg(p, SYS_##name, n, (uint32_t)(value), SECCOMP_RET_ALLOW);
#define SYSCALL_ABSENT(name) rule(p, SYS_##name, REFUSE(ENOSYS));
#include "daemon/confine.def"
#undef SYSCALL
#undef SYSCALL_ARG
#undef SYSCALL_ABSENT
    RETURN(p, REFUSE(EPERM));
}

/* ptrace is left out: the leak check at the end of a sanitizer build traces its own process */
static void deny_list(struct program *p, unsigned role) {
    static const uint32_t denied[] = {SYS_execve, SYS_execveat, SYS_listen, SYS_kill};
    static const uint32_t outward[] = {SYS_socket, SYS_connect, SYS_bind};

    for (size_t i = 0; i < sizeof denied / sizeof denied[0]; i++)
        rule(p, denied[i], REFUSE(EPERM));
    for (size_t i = 0; !(role & N) && i < sizeof outward / sizeof outward[0]; i++)
        rule(p, outward[i], REFUSE(EPERM));
    rule_arg(p, SYS_socket, 0, AF_UNIX, REFUSE(EPERM));
    RETURN(p, SECCOMP_RET_ALLOW);
}

enum rc seccomp_confine(enum confined role, struct err *e) {
    static struct program p;
    struct sock_fprog prog = {.filter = p.v};

    if (!MACHINE)
        return err_set(e, RC_UNREACHABLE, "no system call filter for this machine");
    p.n = 0;
    head(&p);
    if (CONFINE_SANITIZED)
        deny_list(&p, 1u << role);
    else
        allow_list(&p, 1u << role);
    prog.len = p.n;
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) != 0)
        return err_set(e, RC_UNREACHABLE, "no system call filter: %s", strerrordesc_np(errno));
    return RC_OK;
}
