/* SPDX-License-Identifier: ISC
 *
 * spawn.c - starts a role: the same program again, with one descriptor and next to no environment
 *
 * A fresh exec gives every role an address space of its own (ASLR) and nothing of what the parent had read.
 */
#include "daemon/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* what a role may know of the parent's environment: where the log goes, the sanitizers' and coverage's wishes */
static const char *const kept[] = {"JOURNAL_STREAM", "ASAN_OPTIONS",      "UBSAN_OPTIONS",     "LSAN_OPTIONS",
                                   "GCOV_PREFIX",    "GCOV_PREFIX_STRIP", "LLVM_PROFILE_FILE"};
#define KEPT (sizeof kept / sizeof kept[0])

static size_t environment(char room[KEPT][512], char *env[KEPT + 1]) {
    size_t n = 0;

    for (size_t i = 0; i < KEPT; i++) {
        const char *v = getenv(kept[i]);
        if (v && snprintf(room[n], sizeof room[n], "%s=%s", kept[i], v) < (int)sizeof room[n]) {
            env[n] = room[n];
            n++;
        }
    }
    env[n] = NULL;
    return n;
}

static bool drop_to(const struct spawn *how) {
    return setgroups(0, NULL) == 0 && setresgid(how->gid, how->gid, how->gid) == 0 &&
           setresuid(how->uid, how->uid, how->uid) == 0;
}

/* In the child; only calls that are safe after fork. */
static void become(int fd, const struct spawn *how, char *const argv[], char *const env[]) {
    sigset_t none;

    if (fd != SPAWN_FD && dup2(fd, SPAWN_FD) < 0)
        _exit(71);
    fcntl(SPAWN_FD, F_SETFD, 0);
    if (close_range(SPAWN_FD + 1, ~0u, 0) != 0) /* kernels before 5.9: everything is close-on-exec anyway */
        errno = 0;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (how->drop && !drop_to(how))
        _exit(77);
    execve("/proc/self/exe", argv, env); /* the program that runs, even when its file was replaced meanwhile */
    _exit(72);
}

enum rc spawn_role(const char *role, const struct spawn *how, pid_t *pid, int *fd, struct err *e) {
    char room[KEPT][512], *env[KEPT + 1], roleopt[48], fdopt[16], stateopt[4096 + 16], writeopt[4096 + 16], readopt[3][4096 + 16],
        verbose[24];
    char *argv[12] = {(char *)(uintptr_t) "tocsind", roleopt, fdopt, verbose};
    size_t n = 4;
    int pair[2];

    environment(room, env);
    snprintf(roleopt, sizeof roleopt, "--role=%s", role);
    snprintf(fdopt, sizeof fdopt, "--fd=%d", SPAWN_FD);
    snprintf(verbose, sizeof verbose, "--verbose=%d", how->verbose);
    if (how->state) {
        snprintf(stateopt, sizeof stateopt, "--state=%s", how->state);
        argv[n++] = stateopt;
    }
    if (how->write) {
        snprintf(writeopt, sizeof writeopt, "--write=%s", how->write);
        argv[n++] = writeopt;
    }
    for (int i = 0; i < 3 && how->read[i]; i++) {
        snprintf(readopt[i], sizeof readopt[i], "--read=%s", how->read[i]);
        argv[n++] = readopt[i];
    }
    argv[n] = NULL;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return err_set(e, RC_IO, "socketpair: %s", strerrordesc_np(errno));
    *pid = fork();
    if (*pid == 0)
        become(pair[1], how, argv, env);
    close(pair[1]);
    if (*pid < 0) {
        int no = errno;
        close(pair[0]);
        return err_set(e, RC_IO, "fork: %s", strerrordesc_np(no));
    }
    *fd = pair[0];
    return RC_OK;
}

int spawn_selftest(const char *role) {
    char room[KEPT][512], *env[KEPT + 1], roleopt[64];
    char *argv[] = {(char *)(uintptr_t) "tocsind", roleopt, NULL};
    int status = 0;

    environment(room, env);
    snprintf(roleopt, sizeof roleopt, "--role=selftest-%s", role);
    pid_t pid = fork();
    if (pid == 0) {
        execve("/proc/self/exe", argv, env);
        _exit(72);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return 70;
    return WEXITSTATUS(status);
}

const char *spawn_status(int status, char out[64]) {
    if (WIFSIGNALED(status))
        snprintf(out, 64, "signal %d (%s)", WTERMSIG(status),
                 sigdescr_np(WTERMSIG(status)) ? sigdescr_np(WTERMSIG(status)) : "?");
    else
        snprintf(out, 64, "status %d", WEXITSTATUS(status));
    return out;
}
