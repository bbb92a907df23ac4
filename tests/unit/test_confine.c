/* SPDX-License-Identifier: ISC
 *
 * test_confine.c - what a confined process can no longer do, each in a child of its own because it is for good
 */
#include "unit.h"

#include "daemon/confine.h"
#include "daemon/landlock.h"
#include "daemon/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int in_child(int (*fn)(void)) {
    int status = 0;
    pid_t pid = fork();

    if (pid == 0)
        _exit(fn());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status))
        fail_msg("ended by signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

static char dir[64];

static int desk_writes_its_folder_only(void) {
    struct buf missing;
    struct confine_paths p = {.state = dir};
    char path[128];

    buf_init(&missing, 4096);
    if (confine_role("desk", &p, &missing) != RC_OK)
        return 1;
    snprintf(path, sizeof path, "%s/record", dir);
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || ftruncate(fd, 0) != 0 || fsync(fd) != 0)
        return 2;
    if (unlink(path) != 0)
        return 3;
    if (landlock_abi() > 0 && (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES))
        return 4;
    return socket(AF_INET, SOCK_STREAM, 0) < 0 && errno == EPERM ? 0 : 5;
}

static void the_desk_writes_its_folder_and_nothing_else(void **state) {
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/tocsin-confineXXXXXX");
    assert_non_null(mkdtemp(dir));
    int status = in_child(desk_writes_its_folder_only);
    rmdir(dir);
    assert_int_equal(status, 0);
}

static int ingest_opens_nothing(void) {
    struct buf missing;

    buf_init(&missing, 4096);
    if (confine_role("ingest", NULL, &missing) != RC_OK)
        return 1;
    int fd = open("/etc/passwd", O_RDONLY);
    if (fd >= 0 && (landlock_abi() > 0 || !CONFINE_SANITIZED))
        return 2;
    if (!CONFINE_SANITIZED && fork() >= 0)
        return 3;
    return socket(AF_UNIX, SOCK_STREAM, 0) < 0 ? 0 : 4;
}

static void ingest_opens_nothing_at_all(void **state) {
    (void)state;
    assert_int_equal(in_child(ingest_opens_nothing), 0);
}

/* what every role must still be able to do */
static int still_works(void) {
    struct buf missing;
    int pair[2];
    char c;

    buf_init(&missing, 4096);
    if (confine_role("notify", NULL, &missing) != RC_OK)
        return 1;
    char *big = malloc(8u << 20);
    if (!big)
        return 2;
    memset(big, 1, 8u << 20);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || write(pair[0], "x", 1) != 1 || read(pair[1], &c, 1) != 1)
        return 3;
    return socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : 4;
}

static void memory_and_own_sockets_remain(void **state) {
    (void)state;
    assert_int_equal(in_child(still_works), 0);
}

/* as our own user it would be an administrator on the control socket */
static int notify_and_local_sockets(void) {
    struct rlimit none = {0, 0};
    struct buf missing;

    buf_init(&missing, 4096);
    if (confine_role("notify", NULL, &missing) != RC_OK)
        return 1;
    if (socket(AF_UNIX, SOCK_STREAM, 0) >= 0 || errno != EPERM)
        return 2;
    if (socket(AF_INET6, SOCK_STREAM, 0) < 0 && errno == EPERM)
        return 3;
    if (!CONFINE_SANITIZED && prlimit(getppid(), RLIMIT_NOFILE, NULL, &none) == 0)
        return 4;
    return getrlimit(RLIMIT_NOFILE, &none) == 0 ? 0 : 5;
}

static void notify_cannot_speak_to_the_control_socket(void **state) {
    (void)state;
    assert_int_equal(in_child(notify_and_local_sockets), 0);
}

static void an_unknown_role_is_refused_and_not_confined(void **state) {
    struct buf missing;

    (void)state;
    buf_init(&missing, 64);
    assert_int_equal(confine_role("janitor", NULL, &missing), RC_INVALID);
    int fd = open("/etc/passwd", O_RDONLY);
    assert_true(fd >= 0);
    close(fd);
    buf_fini(&missing);
}

static int prepares(void) {
    struct rlimit core;

    close(0);
    close(2);
    confine_process();
    if (fcntl(0, F_GETFD) < 0 || fcntl(2, F_GETFD) < 0)
        return 1;
    return getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 ? 0 : 2;
}

static void the_standard_descriptors_are_open_and_there_is_no_core(void **state) {
    (void)state;
    assert_int_equal(in_child(prepares), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_desk_writes_its_folder_and_nothing_else),
        cmocka_unit_test(ingest_opens_nothing_at_all),
        cmocka_unit_test(memory_and_own_sockets_remain),
        cmocka_unit_test(notify_cannot_speak_to_the_control_socket),
        cmocka_unit_test(an_unknown_role_is_refused_and_not_confined),
        cmocka_unit_test(the_standard_descriptors_are_open_and_there_is_no_core),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
