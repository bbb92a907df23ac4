/* SPDX-License-Identifier: ISC
 *
 * test_sdnotify.c - what systemd and we say to each other
 */
#include "unit.h"

#include "daemon/sdnotify.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int listener(const char *name, bool abstract) {
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(un.sun_path, sizeof un.sun_path, "%s", name);
    if (abstract)
        un.sun_path[0] = '\0';
    assert_return_code(bind(fd, (const struct sockaddr *)&un, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
                       0);
    return fd;
}

static void hears(const char *name, bool abstract) {
    char got[256] = "";
    int fd = listener(name, abstract);

    setenv("NOTIFY_SOCKET", name, 1);
    assert_true(sd_sayf("READY=1\nSTATUS=%d listeners", 3));
    assert_true(recv(fd, got, sizeof got - 1, MSG_DONTWAIT) > 0);
    assert_string_equal(got, "READY=1\nSTATUS=3 listeners");
    close(fd);
    unsetenv("NOTIFY_SOCKET");
}

static void a_socket_of_either_kind_hears_us(void **state) {
    char dir[] = "/tmp/tocsin-sdXXXXXX", path[64], name[64];

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/notify", dir);
    hears(path, false);
    unlink(path);
    rmdir(dir);
    snprintf(name, sizeof name, "@tocsin-test-%d", (int)getpid());
    hears(name, true);
}

static void without_a_socket_nothing_is_said(void **state) {
    char longname[300];

    (void)state;
    unsetenv("NOTIFY_SOCKET");
    assert_false(sd_say("READY=1"));
    setenv("NOTIFY_SOCKET", "relative", 1);
    assert_false(sd_say("READY=1"));
    memset(longname, 'x', sizeof longname - 1);
    longname[0] = '/';
    longname[sizeof longname - 1] = '\0';
    setenv("NOTIFY_SOCKET", longname, 1);
    assert_false(sd_say("READY=1"));
    unsetenv("NOTIFY_SOCKET");
}

static void only_a_watchdog_meant_for_us_counts(void **state) {
    char pid[32];

    (void)state;
    unsetenv("WATCHDOG_PID");
    unsetenv("WATCHDOG_USEC");
    assert_int_equal(sd_watchdog_us(), 0);
    setenv("WATCHDOG_USEC", "30000000", 1);
    assert_int_equal(sd_watchdog_us(), 30000000);
    setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(sd_watchdog_us(), 0);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(sd_watchdog_us(), 30000000);
    setenv("WATCHDOG_USEC", "30s", 1);
    assert_int_equal(sd_watchdog_us(), 0);
    unsetenv("WATCHDOG_PID");
    unsetenv("WATCHDOG_USEC");
}

static void offer(const char *pid, const char *n, const char *names) {
    char own[32];

    snprintf(own, sizeof own, "%d", (int)getpid());
    setenv("LISTEN_PID", pid ? pid : own, 1);
    setenv("LISTEN_FDS", n, 1);
    if (names)
        setenv("LISTEN_FDNAMES", names, 1);
}

/* The descriptors are 3 and up by definition, so this runs in a child of its own. */
static int take_two(void) {
    struct sd_fds fds;

    if (dup2(0, 3) != 3 || dup2(0, 4) != 4)
        return 1;
    offer(NULL, "2", "udp1:control");
    sd_listen_fds(&fds);
    if (fds.n != 2 || sd_take(&fds, "control") != 4 || sd_take(&fds, "control") != -1 || sd_take(&fds, "udp1") != 3)
        return 2;
    if (!(fcntl(3, F_GETFD) & FD_CLOEXEC) || getenv("LISTEN_FDS") || getenv("LISTEN_FDNAMES") || getenv("LISTEN_PID"))
        return 3;
    offer(NULL, "2", "one");
    sd_listen_fds(&fds);
    return fds.n == 2 && strcmp(fds.v[1].name, "") == 0 ? 0 : 4;
}

static void sockets_are_found_by_their_name_once(void **state) {
    int status = 0;
    pid_t pid = fork();

    (void)state;
    if (pid == 0)
        _exit(take_two());

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void an_offer_that_makes_no_sense_is_none(void **state) {
    static const struct {
        const char *why, *pid, *n;
    } rows[] = {
        {"another process", "1", "2"}, {"no number", NULL, "two"}, {"a sign", NULL, "-1"},
        {"too many", NULL, "65"},      {"none", NULL, "0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sd_fds fds;
        offer(rows[i].pid, rows[i].n, "a:b");
        sd_listen_fds(&fds);
        if (fds.n != 0)
            fail_msg("%s: %d descriptors", rows[i].why, fds.n);
        assert_null(getenv("LISTEN_FDS"));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_of_either_kind_hears_us),     cmocka_unit_test(without_a_socket_nothing_is_said),
        cmocka_unit_test(only_a_watchdog_meant_for_us_counts),  cmocka_unit_test(sockets_are_found_by_their_name_once),
        cmocka_unit_test(an_offer_that_makes_no_sense_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
