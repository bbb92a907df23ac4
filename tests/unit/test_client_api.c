/* SPDX-License-Identifier: ISC
 *
 * test_client_api.c - the client's end of the socket, against a peer that plays a script
 */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/client.h"

static struct {
    char dir[64], sock[96], token[96];
    int fd, heard; /* listening socket; what the peer heard */
    pid_t peer;
    struct client c;
    struct buf reply;
} t;

static int set_up(void **state) {
    struct sockaddr_un a = {.sun_family = AF_UNIX};

    (void)state;
    memset(&t, 0, sizeof t);
    snprintf(t.dir, sizeof t.dir, "/tmp/tocsin-api-XXXXXX");
    assert_non_null(mkdtemp(t.dir));
    snprintf(t.sock, sizeof t.sock, "%s/s", t.dir);
    snprintf(t.token, sizeof t.token, "%s/token", t.dir);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", t.sock);
    t.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(t.fd, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(t.fd, 8), 0);
    t.c.socket = t.sock;
    t.c.no_token = true;
    buf_init(&t.reply, 16 << 20);
    buf_init(&t.c.details, 4096);
    return 0;
}

/* For each answer in turn: takes a connection, reads a whole request and says the answer; NULL hangs up instead. */
static void play(const char *const *answers, size_t n, int heard) {
    char part[65536];

    for (size_t i = 0; i < n; i++) {
        int c = accept(t.fd, NULL, NULL);
        size_t got = 0;
        ssize_t k;
        while (got < sizeof part - 1 && (k = read(c, part + got, sizeof part - 1 - got)) > 0) {
            got += (size_t)k;
            part[got] = '\0';
            if (strstr(part, "\r\n\r\n"))
                break;
        }
        if (write(heard, part, got) < 0)
            _exit(1);
        if (answers[i] && write(c, answers[i], strlen(answers[i])) < 0)
            _exit(1);
        close(c);
    }
    _exit(0);
}

static void peer(const char *const *answers, size_t n) {
    int pair[2];

    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    t.peer = fork();
    if (t.peer == 0)
        play(answers, n, pair[1]);
    close(pair[1]);
    t.heard = pair[0];
}

static const char *heard(void) {
    static char text[65536];
    size_t n = 0;
    ssize_t k;

    while (n < sizeof text - 1 && (k = read(t.heard, text + n, sizeof text - 1 - n)) > 0)
        n += (size_t)k;
    text[n] = '\0';
    return text;
}

static int tear_down(void **state) {
    (void)state;
    if (t.peer) {
        kill(t.peer, SIGKILL);
        waitpid(t.peer, NULL, 0);
        close(t.heard);
    }
    close(t.fd);
    unlink(t.sock);
    unlink(t.token);
    rmdir(t.dir);
    buf_fini(&t.reply);
    buf_fini(&t.c.details);
    return 0;
}

static const struct command *row(const char *route) {
    const struct command *cmd;

    for (size_t i = 0; (cmd = command_at(i)); i++)
        if (cmd->route && strcmp(cmd->route, route) == 0)
            return cmd;
    return NULL;
}

static enum rc call(const char *route, const char *body, struct err *e) {
    *e = (struct err){0};
    return api_call(&t.c, row(route), str_of("/v1/x"), str_of(body), &t.reply, e);
}

#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"

static void an_answer_that_was_lost_is_asked_for_once_more_under_the_same_id(void **state) {
    static const char *const answers[] = {NULL, OK_ANSWER};
    struct err e;
    const char *first, *second;

    (void)state;
    peer(answers, 2);
    if (call("/v1/events/{event}/claim", "{}", &e) != RC_OK)
        fail_msg("%s", e.text);
    assert_str(buf_view(&t.reply), "{}");
    first = strstr(heard(), "X-Request-Id: ");
    assert_non_null(first);
    second = strstr(first + 1, "X-Request-Id: ");
    assert_non_null(second);
    assert_memory_equal(first, second, strlen("X-Request-Id: ") + 32);
}

static void a_daemon_that_only_hangs_up_is_unreachable(void **state) {
    static const char *const answers[] = {NULL, NULL, OK_ANSWER};
    struct err e;

    (void)state;
    peer(answers, 3);
    assert_int_equal(call("/v1/events/{event}/claim", "{}", &e), RC_UNREACHABLE);
    assert_non_null(strstr(e.text, "does not answer"));
    assert_true(e.hint[0]);
}

static void nobody_listening_is_said_with_what_to_do(void **state) {
    struct err e;

    (void)state;
    close(t.fd);
    t.fd = -1;
    assert_int_equal(call("/v1/status", "", &e), RC_UNREACHABLE);
    assert_non_null(strstr(e.text, "nobody listens there"));
    unlink(t.sock);
    assert_int_equal(call("/v1/status", "", &e), RC_UNREACHABLE);
    assert_non_null(strstr(e.text, "no such socket"));
    assert_non_null(strstr(e.hint, "--socket"));
    assert_int_equal(rc_exit(RC_UNREACHABLE), 4);
}

static void a_token_goes_along_when_it_is_its_owners_alone(void **state) {
    static const char *const answers[] = {OK_ANSWER};
    struct err e;
    FILE *f;

    (void)state;
    t.c.no_token = false;
    t.c.token_file = t.token;
    assert_int_equal(call("/v1/status", "", &e), RC_UNAUTH);
    assert_non_null(f = fopen(t.token, "w"));
    fputs("tok_abc\n", f);
    fclose(f);
    chmod(t.token, 0644);
    assert_int_not_equal(call("/v1/status", "", &e), RC_OK);
    assert_non_null(strstr(e.hint, "chmod 600"));
    chmod(t.token, 0600);
    peer(answers, 1);
    assert_int_equal(call("/v1/status", "", &e), RC_OK);
    assert_non_null(strstr(heard(), "Authorization: Bearer tok_abc\r\n"));
}

static void a_refusal_keeps_its_words_and_details(void **state) {
    static const char *const answers[] = {"HTTP/1.1 500 X\r\nConnection: close\r\n\r\n{\"error\":{\"code\":\"config\",\"message\":\"wrong\",\"hint\":\"look\","
                                          "\"details\":[\"a:1: \\u001b[31mx\"]}}"};
    struct err e;

    (void)state;
    peer(answers, 1);
    assert_int_equal(call("/v1/reload", "", &e), RC_CONFIG);
    assert_string_equal(e.text, "wrong");
    assert_string_equal(e.hint, "look");
    assert_str(buf_view(&t.c.details), "a:1: \\x1B[31mx\n");
}

static void log_lines_go_as_they_are(void **state) {
    static const char *const answers[] = {OK_ANSWER};
    struct err e;

    (void)state;
    peer(answers, 1);
    assert_int_equal(call("/v1/explain", "<13>x", &e), RC_OK);
    assert_non_null(strstr(heard(), "Content-Type: text/plain\r\n"));
}

static bool first_line(void *ctx, struct str line) {
    assert_str(line, "{\"a\":1}");
    *(int *)ctx += 1;
    return false;
}

static bool every_line(void *ctx, struct str line) {
    (void)line;
    *(int *)ctx += 1;
    return true;
}

static void following_ends_after_enough_lines_or_with_the_daemon(void **state) {
    static const char *const answers[] = {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"a\"\r\n6\r\n:1}\n{\"\r\n",
                                          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"a\":1}\n\r\n0\r\n\r\n"};
    struct err e = {0};
    int n = 0;

    (void)state;
    peer(answers, 2);
    assert_int_equal(api_stream(&t.c, STR("/v1/watch"), first_line, &n, &e), RC_OK);
    assert_int_equal(n, 1);
    assert_int_equal(api_stream(&t.c, STR("/v1/watch"), every_line, &n, &e), RC_UNREACHABLE);
    assert_int_equal(n, 2);
}

int main(void) {
#define PROMISE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        PROMISE(an_answer_that_was_lost_is_asked_for_once_more_under_the_same_id),
        PROMISE(a_daemon_that_only_hangs_up_is_unreachable),
        PROMISE(nobody_listening_is_said_with_what_to_do),
        PROMISE(a_token_goes_along_when_it_is_its_owners_alone),
        PROMISE(a_refusal_keeps_its_words_and_details),
        PROMISE(log_lines_go_as_they_are),
        PROMISE(following_ends_after_enough_lines_or_with_the_daemon),
    };

    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
